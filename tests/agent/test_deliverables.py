from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from jupyter_client.manager import start_new_kernel

from ml_intern_jlab.agent.deliverables import check_code, derive_deliverables, verdicts
from ml_intern_jlab.protocol import Deliverable
from ml_intern_jlab.recipes.grounding import ground
from ml_intern_jlab.recipes.task import read_task

Run = Callable[[str], str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs source in a real kernel and gives what it printed; its folder is the working folder of the tests."""
    manager, client = start_new_kernel(kernel_name="python3")
    before = Path.cwd()
    folder = tmp_path_factory.mktemp("work")
    os.chdir(folder)

    def execute(source: str) -> str:
        printed: list[str] = []

        def hear(message: dict[str, dict[str, str]]) -> None:
            printed.append(message["content"].get("text") or message["content"].get("evalue", ""))

        client.execute_interactive(source, output_hook=hear, timeout=60)
        return "".join(printed)

    execute(f"import os; os.chdir({str(folder)!r})")
    yield execute
    os.chdir(before)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def derived(task: str) -> list[Deliverable]:
    return derive_deliverables(task, read_task(task))


def judged(run: Run, wanted: Deliverable) -> tuple[str, str]:
    [verdict] = verdicts([wanted], run(check_code([wanted])), "", "")
    return verdict.status, verdict.detail


def file(path: str, columns: tuple[str, ...] = (), rows_of: str = "") -> Deliverable:
    return Deliverable(
        deliverable_id="d1", kind="file", description=path, path=path, columns=list(columns), rows_of=rows_of
    )


@pytest.mark.parametrize(
    ("task", "rows_of"),
    [
        ("What will the houses in next.csv cost? past.csv has prices. I want out.csv: id, price.", "next.csv"),
        ("Merge past.csv and next.csv by id and write out.csv.", ""),
    ],
)
def test_a_prediction_gives_each_row_an_answer(task: str, rows_of: str) -> None:
    tables = {"past.csv": ["id", "size", "price"], "next.csv": ["id", "size"]}
    [wanted] = [each for each in derive_deliverables(task, ground(read_task(task), tables)) if each.kind == "file"]
    assert (wanted.path, wanted.rows_of) == ("out.csv", rows_of)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Predict species from a.csv and write the predictions for test.csv", [("predictions.csv", "test.csv")]),
        ("Explore a.csv. Save the plot as fig.png, write report.md and save the model to model.joblib.",
         [("fig.png", ""), ("report.md", ""), ("model.joblib", "")]),
        ("Read a.csv and b.csv, merge them and save the result to out/merged.parquet", [("out/merged.parquet", "")]),
        ("Fit a model to a.csv and save plots/a.png and plots/b.png. Compare with old.csv.",
         [("plots/a.png", ""), ("plots/b.png", "")]),
        ("Create a file called `my summary.json` that holds the mean of each column of data.csv",
         [("my summary.json", "")]),
        ("Plot a histogram of age from people.csv.", []),
        ("Load model.pkl and evaluate it on test.csv.", []),
    ],
)  # fmt: skip
def test_files_that_a_task_demands(task: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.path, each.rows_of) for each in derived(task) if each.kind == "file"] == expected


def test_columns_metric_and_answer_that_a_task_demands() -> None:
    task = "Train on train.csv, predict `y` for test.csv and write out.csv with columns id and y. Use macro F1."
    wanted, metric = derived(task)
    assert (wanted.path, wanted.columns, wanted.rows_of) == ("out.csv", ["id", "y"], "test.csv")
    assert wanted.description == "out.csv with the columns id, y and one row for each row of test.csv"
    assert (metric.kind, metric.metric) == ("metric", "macro_f1")
    [answer] = derived("How many rows has data.csv? Answer with a number.")
    assert (answer.kind, answer.description) == ("answer", "the answer: a number")
    assert [each.kind for each in derived("Look at data.csv.")] == ["answer"]


def test_a_missing_an_empty_and_a_broken_file(run: Run) -> None:
    Path("empty.csv").write_text("")
    Path("broken.json").write_text("{")
    assert judged(run, file("nowhere.csv")) == ("failed", "nowhere.csv was not written.")
    assert judged(run, file("empty.csv")) == ("failed", "empty.csv is empty.")
    status, detail = judged(run, file("broken.json"))
    assert status == "failed"
    assert detail.startswith("broken.json can't be read: JSONDecodeError")


def test_rows_and_columns_of_a_table(run: Run) -> None:
    Path("test.csv").write_text('id;note\n1;"two\nlines"\n2;b\n3;c\n')
    Path("p.csv").write_text("Species\nx\ny\n")
    assert judged(run, file("p.csv", ("kind",), "test.csv")) == (
        "failed",
        "p.csv lacks the column kind (it has: Species).",
    )
    assert judged(run, file("p.csv", ("Species",), "test.csv")) == ("failed", "p.csv has 2 rows, test.csv has 3.")
    Path("p.csv").write_text("id,Species\n1,x\n2,\n3,y\n")
    assert judged(run, file("p.csv", ("Species",), "test.csv")) == (
        "failed",
        "p.csv has 1 empty cell in the column Species.",
    )
    pd.DataFrame({"Species": list("xyz")}).to_csv("p.csv")
    status, detail = judged(run, file("p.csv", ("Species",), "test.csv"))
    assert (status, "without the row index" in detail) == ("failed", True)
    pd.DataFrame({"Species": list("xyz")}).to_csv("p.csv", index=False)
    assert judged(run, file("p.csv", ("Species",), "test.csv")) == (
        "passed",
        "p.csv has 3 rows and the columns Species.",
    )


@pytest.mark.parametrize(
    "name", ["a.csv", "a.tsv", "a.csv.gz", "a.json", "b.json", "a.jsonl", "utf16.csv", "a.parquet"]
)
def test_kinds_of_tables(run: Run, name: str) -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "näme": ["a, b", "c", None]})
    match name:
        case "a.tsv":
            frame.to_csv(name, index=False, sep="\t")
        case "a.json":
            frame.to_json(name, orient="records")
        case "b.json":
            frame.to_json(name)
        case "a.jsonl":
            frame.to_json(name, orient="records", lines=True)
        case "utf16.csv":
            frame.to_csv(name, index=False, encoding="utf-16")
        case "a.csv.gz":
            with gzip.open(name, "wt", encoding="utf-8") as text:
                frame.to_csv(text, index=False)
        case "a.parquet":
            pytest.importorskip("pyarrow")
            frame.to_parquet(name)
        case _:
            frame.to_csv(name, index=False)
    assert judged(run, file(name, ("id",))) == ("passed", f"{name} has 3 rows and the columns id.")
    assert judged(run, file(name, ("näme",))) == ("failed", f"{name} has 1 empty cell in the column näme.")


@pytest.mark.parametrize(
    ("target", "predicted", "said"),
    [
        (["cat", "dog"] * 4, ["Dog", "cat"], ""),
        (["cat", "dog"] * 4, ["dog", "cow"], "the value 'cow'; known.csv has cat, dog there"),
        (["cat", "dog"] * 4, [0, 1], "numbers; known.csv has cat, dog there"),
        (["cat", "dog"] * 4, [0.2, 0.4, 0.9], ""),  # the chance of one of two, though nobody said so
        (["a", "b", "c"] * 4, [0.2, 0.4, 0.9], "numbers; known.csv has a, b, c there"),
        ([90_000, 400_000, 120_000], [11.4, 12.9], "numbers from 11.4 to 12.9; known.csv has numbers from 90000"),
        ([90_000, 400_000, 120_000], [80_000, 450_000], ""),
        ([1, 2, 3], [250, 260], "numbers from 250 to 260; known.csv has numbers from 1 to 3 there"),
        ([-1.5, 2, 3], ["high", "high", "low"], "the value 'high'; known.csv has numbers from -1.5 to 3 there"),
        (["1,5", "2,5", "3,5"], [2.25, 3.0], ""),
        ([f"text {n}" for n in range(9)], [1, 2], ""),  # as good as each row has words of its own
        (["12 kg", 7, "n/a"], [1, 2], ""),
    ],
)
def test_predictions_look_like_the_target(run: Run, target: list[object], predicted: list[object], said: str) -> None:
    pd.DataFrame({"x": range(len(target)), "y": target}).to_csv("known.csv", index=False)
    pd.DataFrame({"x": range(len(predicted))}).to_csv("new.csv", index=False)
    pd.DataFrame({"x": range(len(predicted)), "y": predicted}).to_csv("p.csv", index=False)
    wanted = file("p.csv", ("x", "y"), "new.csv").model_copy(update={"values_of": "known.csv", "target": "y"})
    status, detail = judged(run, wanted)
    assert status == ("failed" if said else "passed"), detail
    assert said in detail


@pytest.mark.parametrize(("chance", "status"), [(0.7, "passed"), (1.7, "failed"), (-0.1, "failed")])
def test_probabilities_lie_between_0_and_1(run: Run, chance: float, status: str) -> None:
    Path("known.csv").write_text("x,y\n1,yes\n2,no\n3,no\n4,no\n")
    Path("new.csv").write_text("x\n1\n2\n")
    Path("p.csv").write_text(f"p_yes\n0.5\n{chance}\n")
    task = "Predict for new.csv the probability that y is yes, learn from known.csv, write p.csv with the column p_yes."
    tables = {"known.csv": ["x", "y"], "new.csv": ["x"]}
    [wanted] = [each for each in derive_deliverables(task, ground(read_task(task), tables)) if each.kind == "file"]
    assert (wanted.values_of, wanted.target, wanted.probabilities) == ("known.csv", "y", True)
    assert judged(run, wanted)[0] == status


def test_other_files_need_only_exist(run: Run) -> None:
    Path("fig.png").write_bytes(b"\x89PNG")
    Path("model").mkdir()
    Path("model/weights").write_bytes(b"1")
    assert judged(run, file("fig.png")) == ("passed", "fig.png exists, 4 bytes.")
    assert judged(run, file("model"))[0] == "passed"


def test_tables_without_a_header_may_count_their_first_row(run: Run) -> None:
    Path("pixels.csv").write_text("1,2\n3,4\n5,6\n")
    for rows, status in ((2, "passed"), (3, "passed"), (4, "failed")):
        Path("p.csv").write_text("label\n" + "a\n" * rows)
        assert judged(run, file("p.csv", ("label",), "pixels.csv"))[0] == status


def test_the_check_leaves_the_kernel_as_it_was(run: Run) -> None:
    run("json = 'mine'; check_files = 1; csv = 2")
    before = run("print(sorted(name for name in globals() if name != '_i' and not name.startswith('_')))")
    run(check_code([file("a.csv", ("id",), "test.csv")]))
    assert run("print(sorted(name for name in globals() if name != '_i' and not name.startswith('_')))") == before
    assert run("print(json, check_files, csv, [name for name in globals() if 'ml_intern' in name])") == "mine 1 2 []\n"


def test_a_path_can_not_become_code(run: Run) -> None:
    evil = "a'\"\\\n}}); import os; os.mkdir('hacked') #.csv"
    assert judged(run, file(evil))[1] == f"{evil} was not written."
    assert not Path("hacked").exists()


def test_a_check_without_an_answer_fails() -> None:
    [verdict] = verdicts([file("p.csv")], "KeyboardInterrupt", "", "")
    assert (verdict.status, "could not be checked" in verdict.detail) == ("failed", True)


def metric(name: str) -> Deliverable:
    return Deliverable(deliverable_id="d1", kind="metric", description=name, metric=name)


@pytest.mark.parametrize(
    ("answer", "outputs", "status", "detail"),
    [
        ("", "cv accuracy: 0.95\nhold-out accuracy: 0.969", "passed", "accuracy 0.969 (hold-out)."),
        ("The hold-out accuracy is 0.97.", "hold-out accuracy: 0.969", "passed", "accuracy 0.969 (hold-out)."),
        (
            "The accuracy is 0.93.",
            "hold-out accuracy: 0.85",
            "failed",
            "The answer states accuracy 0.93, but no printed output shows it.",
        ),
        (
            "Done.",
            "baseline accuracy: 0.5\ntrain accuracy: 1.0",
            "failed",
            "No printed output shows the accuracy: print it as a line such as “hold-out accuracy: …”.",
        ),
    ],
)
def test_a_metric_has_to_be_printed(answer: str, outputs: str, status: str, detail: str) -> None:
    [verdict] = verdicts([metric("accuracy")], "", answer, outputs)
    assert (verdict.status, verdict.detail) == (status, detail)


def test_f1_may_come_in_a_variant() -> None:
    assert verdicts([metric("f1")], "", "", "hold-out macro F1: 0.5")[0].status == "passed"
    assert verdicts([metric("macro_f1")], "", "", "hold-out weighted F1: 0.5")[0].status == "failed"
