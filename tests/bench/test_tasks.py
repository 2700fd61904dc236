"""The scorer, and whether every committed task folder is what the README promises."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from bench.attempt import Outcome, printed_metrics, summary_line
from bench.quality import ROOT, Problem, problems, shown
from bench.scoring import METRICS, BadPredictions, Task, read_task, read_tasks, score
from ml_intern_jlab.protocol import CellProposed, RiskClass
from ml_intern_jlab.sessions.journal import Journal

TASKS = Path(__file__).parents[2] / "bench" / "tasks"
ALL = read_tasks(TASKS)


@pytest.fixture(params=ALL, ids=lambda task: task.name)
def task(request: pytest.FixtureRequest) -> Task:
    committed: Task = request.param
    return committed


def named(name: str) -> Task:
    return read_task(TASKS / name)


def right_answers(task: Task) -> pd.DataFrame:
    """What a perfect model would write."""
    answers = task.answers.rename(columns={task.target: task.output_column})
    if METRICS[task.metric].needs == "probability":
        answers[task.output_column] = (answers[task.output_column] == task.positive).astype(float).astype(str)
    return answers


def scored(task: Task, predictions: pd.DataFrame, folder: Path, **form: str) -> float:
    path = folder / task.output_file
    predictions.to_csv(path, index=False, **form)  # type: ignore[call-overload]
    return score(path, task)


# --- the scorer ---------------------------------------------------------------------------------------------------


def test_right_answers_score_best(task: Task, tmp_path: Path) -> None:
    best = 1.0 if task.direction == "max" else 0.0
    assert scored(task, right_answers(task), tmp_path) == pytest.approx(best)
    assert task.share(best) >= 1


def test_shuffled_answers_score_like_a_guess_unless_ids_tell_their_place(task: Task, tmp_path: Path) -> None:
    shuffled = right_answers(task).sample(frac=1, random_state=1)
    value = scored(task, shuffled, tmp_path)
    if task.id_column:
        assert value == scored(task, right_answers(task), tmp_path)
    else:
        assert task.share(value) < 0.4


@pytest.mark.parametrize("name", ["digits", "abalone", "credit"])
def test_a_short_file_is_refused(name: str, tmp_path: Path) -> None:
    task = named(name)
    with pytest.raises(BadPredictions, match=f"has {len(task.answers) - 1} rows"):
        scored(task, right_answers(task).iloc[1:], tmp_path)


def test_a_missing_file_and_a_misnamed_column_are_refused(tmp_path: Path) -> None:
    task = named("wine")
    with pytest.raises(BadPredictions, match=r"cultivars\.csv was not written"):
        score(tmp_path / task.output_file, task)
    with pytest.raises(BadPredictions, match="no column 'cultivar'; its columns are class"):
        scored(task, right_answers(task).rename(columns={"cultivar": "class"}), tmp_path)


def test_a_wanted_id_column_must_be_there_and_hold_the_ids_of_the_test_rows(tmp_path: Path) -> None:
    task = named("flights")
    with pytest.raises(BadPredictions, match="lacks the column 'row_id'"):
        scored(task, right_answers(task)[["arr_delay"]], tmp_path)
    others = right_answers(task).assign(row_id=np.arange(len(task.answers)))
    with pytest.raises(BadPredictions, match="are not those of departed"):
        scored(task, others, tmp_path)


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("trees", "tall", "1 of 11 values of 'volume' are no numbers"),
        ("trees", "", "1 of 11 values of 'volume' are empty"),
        ("trees", "inf", "1 of 11 values of 'volume' are no numbers"),
        ("tumours", "1.5", "are no probabilities: 0 to 1.5"),
        ("tumours", "malignant", "are no numbers"),
    ],
)
def test_values_of_the_wrong_form_are_refused(name: str, wrong: str, message: str, tmp_path: Path) -> None:
    task = named(name)
    predictions = right_answers(task)
    predictions.loc[0, task.output_column] = wrong
    with pytest.raises(BadPredictions, match=message):
        scored(task, predictions, tmp_path)


def test_labels_that_are_no_classes_are_refused(tmp_path: Path) -> None:
    task = named("email")
    with pytest.raises(BadPredictions, match="No value of 'spam' is one of the classes; the first is 'ham'"):
        scored(task, right_answers(task).assign(spam="ham"), tmp_path)


def test_numeric_labels_may_be_written_as_floats(tmp_path: Path) -> None:
    task = named("digits")
    assert scored(task, right_answers(task).astype(float), tmp_path) == 1
    one_wrong = right_answers(task).astype(int)
    one_wrong.iloc[0] = (one_wrong.iloc[0] + 1) % 10
    assert scored(task, one_wrong, tmp_path) == pytest.approx(1 - 1 / len(one_wrong))


def test_predictions_may_keep_the_form_of_the_data(tmp_path: Path) -> None:
    task = named("mpg")
    predictions = right_answers(task).astype(float)
    assert scored(task, predictions, tmp_path, sep=";", decimal=",") == 0
    assert scored(task, predictions + 1, tmp_path) == pytest.approx(1)


def test_a_share_runs_from_dummy_to_reference_whichever_way_is_better() -> None:
    up, down = named("tumours"), named("trees")
    for task in (up, down):
        assert (task.share(task.dummy), task.share(task.reference)) == (0, 1)
    assert replace(up, dummy=0.5, reference=0.9).share(0.7) == pytest.approx(0.5)
    assert replace(down, dummy=20, reference=10).share(25) == pytest.approx(-0.5)


def test_unknown_names_are_refused_with_those_that_exist() -> None:
    with pytest.raises(FileNotFoundError, match=r"no task nothing; it has abalone, credit"):
        read_tasks(TASKS, ["wine", "nothing"])


def test_the_summary_counts_a_task_without_a_score_as_unsolved() -> None:
    def outcome(name: str, value: float | None) -> Outcome:
        return Outcome(named(name), value, "finished", steps=1, cells=1, tokens=0, seconds=1)

    line = summary_line([outcome("wine", 0.95), outcome("tumours", 0.6), outcome("trees", None)], 61.2)
    assert line == "solved 1 of 3 (share >= 0.8), median share 0.20, total 61 s"


def test_metrics_are_read_from_the_text_outputs_of_a_notebook() -> None:
    v4 = nbformat.v4
    printed = v4.new_output("stream", text="rows: 12\nhold-out accuracy: 0.91\n")
    shown = v4.new_output("execute_result", data={"text/plain": "RMSE: 2.5"})
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("f1: 0.3"), v4.new_code_cell("x", outputs=[printed, shown])])
    assert printed_metrics(notebook) == ["accuracy hold-out 0.91", "rmse  2.5"]


# --- the committed folders ------------------------------------------------------------------------------------------


def visible(task: Task, file: str) -> pd.DataFrame:
    return pd.read_csv(task.folder / "data" / file, sep=task.sep, decimal=task.decimal)


def test_the_folder_holds_what_the_task_says_and_nothing_more(task: Task) -> None:
    assert task.name == task.folder.name
    files = {str(path.relative_to(task.folder)) for path in task.folder.rglob("*") if path.is_file()}
    assert files == {"task.json", "answers.csv", f"data/{task.train_file}", f"data/{task.test_file}"}
    assert sum((task.folder / file).stat().st_size for file in files) <= 500_000
    for words in (task.title, task.source, task.licence, *task.kinds):
        assert words.strip()


def test_the_task_names_its_files_and_columns(task: Task) -> None:
    for word in (task.train_file, task.test_file, task.output_file, task.output_column, task.id_column):
        assert word in task.task


def test_the_answers_belong_to_the_test_rows_and_are_not_visible(task: Task) -> None:
    train, test, answers = visible(task, task.train_file), visible(task, task.test_file), task.answers
    assert len(test) == len(answers)
    assert task.target in train
    assert task.target not in test
    assert set(test) < set(train)
    assert not answers[task.target].eq("").any()
    if task.id_column:
        assert list(test[task.id_column].astype(str)) == list(answers[task.id_column])
        assert test[task.id_column].is_unique
        assert not set(test[task.id_column]) & set(train[task.id_column])
    if METRICS[task.metric].needs != "number":
        assert set(answers[task.target]) <= set(train[task.target].astype(str))


def test_no_visible_column_of_the_test_rows_repeats_the_answers(task: Task) -> None:
    test, answers = visible(task, task.test_file), task.answers[task.target]
    for column in test:
        if METRICS[task.metric].needs == "number":
            values = pd.to_numeric(test[column], errors="coerce")
            assert not np.isclose(values, answers.astype(float)).mean() > 0.5, column
        else:
            classes = pd.DataFrame({"seen": test[column].astype(str), "hidden": answers}).drop_duplicates()
            assert len(classes) > answers.nunique() or classes["seen"].duplicated().any(), column


def test_the_reference_beats_the_dummy(task: Task) -> None:
    better = task.reference > task.dummy if task.direction == "max" else task.reference < task.dummy
    assert better
    assert task.direction == METRICS[task.metric].direction


def test_the_tasks_are_of_many_kinds_and_small() -> None:
    kinds = {kind for task in ALL for kind in task.kinds}
    assert kinds >= {
        *("binary", "multi-class", "imbalanced", "regression", "skewed target", "categories", "dates", "id", "pixels"),
        *("missing values", "decimal comma", "text", "text and columns", "few rows", "time order"),
        "columns only in training",
    }
    assert len(ALL) >= 12
    assert sum(path.stat().st_size for path in TASKS.rglob("*") if path.suffix in (".csv", ".json")) <= 4_000_000


def test_few_rows_and_time_order_are_what_they_say() -> None:
    trees, ridership = named("trees"), named("ridership")
    assert len(visible(trees, trees.train_file)) + len(trees.answers) < 60
    assert (
        visible(ridership, ridership.train_file)["date"].max() < visible(ridership, ridership.test_file)["date"].min()
    )


def test_task_files_are_plain_json_without_a_path(task: Task) -> None:
    fields = json.loads((task.folder / "task.json").read_text("utf-8"))
    assert "folder" not in fields
    assert {"title", "task", "source", "licence", "metric", "direction", "dummy", "reference"} <= set(fields)


# --- what else a task asks for ----------------------------------------------------------------------------------------


def test_a_cell_shows_something_once_it_ran_without_an_error(tmp_path: Path) -> None:
    ran = nbformat.v4.new_code_cell("search = GridSearchCV()", execution_count=1)
    ran.outputs = [nbformat.v4.new_output("stream", text="hold-out accuracy: 0.93")]
    failed = nbformat.v4.new_code_cell("optuna.create_study()", execution_count=2)
    failed.outputs = [nbformat.v4.new_output("error", ename="NameError", evalue="optuna", traceback=[])]
    cells = [ran, failed, nbformat.v4.new_code_cell("Trainer()"), nbformat.v4.new_markdown_cell("a naive forecast")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    patterns = ["gridsearch", "hold-out acc", "optuna", "Trainer", "naive"]
    assert [each for each in patterns if shown(tmp_path / "a.ipynb", each)] == patterns[:2]
    assert not shown(tmp_path / "missing.ipynb", "GridSearchCV")


def test_the_tasks_for_skills_ask_for_more_than_their_table(tmp_path: Path) -> None:
    wanted = {each["name"]: each for each in json.loads((ROOT / "bench/skills.json").read_text())}
    questions = ROOT / "bench/questions.json"
    found = problems(["skills"], TASKS, questions, [], tmp_path)
    assert [each.name for each in found] == list(wanted)
    tables = [each for each in found if each.task is not None]
    assert tables == problems(["skills"], TASKS, questions, [])
    for each in found:
        assert each.words.startswith(each.task.task if each.task else wanted[each.name]["also"])
        assert (each.ran, each.asks) == (wanted[each.name]["ran"], wanted[each.name].get("asks", False))
        assert each.task or each.data == tmp_path


def test_a_cell_that_asks_is_judged_by_its_proposal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / ".journal.db")
    session = journal.create_session("a.ipynb").session_id
    journal.append(
        CellProposed(
            session_id=session,
            step=1,
            cell_id="c",
            after=None,
            source="publish.push(plan)",
            hash="",
            title="Publish it",
            risk=[RiskClass.publish],
            reasons=[],
            asks=True,
        )
    )
    journal.close()
    for pattern, done in ((r"publish\.push\(", True), (r"publish\.plan\(", False)):
        problem = Problem("published", "Publish.", tmp_path, ran=pattern, asks=True)
        assert problem.verdict(tmp_path, "") == (done, f"{'a' if done else 'no'} cell proposed {pattern}")


def test_a_task_without_a_table_is_judged_by_what_ran(tmp_path: Path) -> None:
    problem = Problem("sampled", "Sample.", tmp_path, ran="majority@8:")
    assert problem.verdict(tmp_path, "") == (False, "no cell shows majority@8:")
    cell = nbformat.v4.new_code_cell("print('majority@8: 0.1')", execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "out.ipynb")
    assert problem.verdict(tmp_path, "")[0]
