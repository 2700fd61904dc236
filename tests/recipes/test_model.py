"""The planner over a real kernel: what it loads, refuses, amends, and how its notebook ends and runs again."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.recipes.driver import Turn, drive, execute, kernel_in


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingKernelClient]:
    with kernel_in(tmp_path_factory.mktemp("kernel")) as client:
        yield client


@pytest.fixture
def folder(kernel: BlockingKernelClient, tmp_path: Path) -> Path:
    """A fresh folder that the kernel works in."""
    execute(kernel, f"%reset -f\nimport os\nos.chdir({str(tmp_path)!r})")
    return tmp_path


def flowers(rows: int, seed: int = 0) -> pd.DataFrame:
    """Three kinds that two numbers and a category tell apart, with gaps."""
    random = np.random.default_rng(seed)
    kind = random.choice(["rose", "tulip", "aster"], rows)
    size = random.normal(size=rows) + 3 * (kind == "rose") + 6 * (kind == "tulip")
    colour = np.where(random.random(rows) < 0.8, np.where(kind == "aster", "blue", "red"), "white")
    table = pd.DataFrame({"size": size.round(3), "weight": random.normal(size=rows).round(3), "colour": colour})
    table.loc[random.random(rows) < 0.05, "size"] = np.nan
    return table.assign(kind=kind)


def sources(turns: list[Turn]) -> str:
    return "\n".join(turn.source for turn in turns)


# --- a whole run ------------------------------------------------------------------------------------------------


@pytest.mark.timeout(400)
def test_a_whole_run_predicts_well_and_runs_again(tmp_path: Path) -> None:
    table = flowers(330)
    table.insert(0, "Nr", range(1, 331))
    train, test = table[:250], table[250:]
    train.to_csv(tmp_path / "train.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    test.drop(columns="kind").to_csv(tmp_path / "new.csv", index=False, sep=";", decimal=",")
    task = "Learn from train.csv to predict kind for new.csv within 20 seconds; write Nr and kind to out/kinds.csv "
    task += "(columns Nr, kind). Macro F1 counts."
    with kernel_in(tmp_path) as client:
        story = drive(task, client)
    assert story.ending == "final_answer", story.words
    assert all(turn.status == "done" for turn in story.turns)
    assert not [turn.stderr for turn in story.turns if turn.stderr]
    written = pd.read_csv(tmp_path / "out/kinds.csv")
    assert written.columns.tolist() == ["Nr", "kind"]
    assert written["Nr"].tolist() == test["Nr"].tolist()
    truth = test["kind"].to_numpy()
    assert (written["kind"] == truth).mean() > 0.85
    assert re.search(r"^hold-out macro F1: 0\.\d+", story.text, re.M)
    assert re.search(r"^baseline macro F1: 0\.\d+", story.text, re.M)
    assert "recipes (no language model)" in story.words
    assert [turn.item for turn in story.turns] == sorted(turn.item for turn in story.turns)

    with kernel_in(tmp_path) as client:
        again = [execute(client, source) for source in story.cells]
    assert [status for status, *_ in again] == ["done"] * len(again)

    def figures(text: str) -> list[str]:
        return re.findall(r"^(?:cv|hold-out|baseline) .+?: [\d.]+ ?(?:± [\d.e-]+)?", text, re.M)

    assert figures("\n".join(text for _, text, _ in again)) == figures(story.text)
    assert pd.read_csv(tmp_path / "out/kinds.csv").equals(written)


@pytest.mark.timeout(300)
def test_a_tiny_table_is_judged_by_cross_validation(folder: Path, kernel: BlockingKernelClient) -> None:
    random = np.random.default_rng(1)
    table = pd.DataFrame({"a": random.normal(size=24), "b": random.normal(size=24)})
    table.assign(y=3 * table["a"] + 5 + 0.2 * random.normal(size=24)).to_csv(folder / "tiny.csv", index=False)
    story = drive("Predict y from tiny.csv, within 8 seconds. R2.", kernel)
    assert story.ending == "final_answer", story.words
    assert "hold-out" not in re.sub(r"hold-out would", "", story.text)
    estimate = re.findall(r"^cv R²: (\S+) .*fresh folds", story.text, re.M)
    assert float(estimate[0]) > 0.9
    assert not (folder / "predictions.csv").exists()


# --- what can't be done -----------------------------------------------------------------------------------------


def test_a_missing_file_offers_the_nearest(folder: Path, kernel: BlockingKernelClient) -> None:
    (folder / "trains.csv").write_text("a,y\n1,2\n")
    story = drive("predict y in train.csv", kernel)
    assert story.ending == "give_up"
    assert "“train.csv”" in story.words
    assert "“trains.csv”" in story.words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("a,y\n", "no rows"),
        ("a,y\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n7,x\n", "one class"),
        ("a,y\n1,\n2,\n3,\n4,\n", "no values"),
        ("a,why\n1,2\n2,3\n", "why"),
        ("a,y\n1,2\n2,3\n", "too few"),
        ("a,y\n1,p\n1,q\n1,p\n1,q\n1,p\n1,q\n1,p\n1,q\n", "left to learn"),
    ],
    ids=["empty", "header only", "one class", "target missing", "target absent", "two rows", "constant"],
)
def test_a_hopeless_table_is_given_up_in_a_sentence(
    folder: Path, kernel: BlockingKernelClient, content: str, words: str
) -> None:
    (folder / "t.csv").write_text(content)
    story = drive("predict the column `y` of t.csv", kernel)
    assert story.ending == "give_up"
    assert words in story.words
    assert "Traceback" not in story.words


def test_a_task_of_another_kind_is_refused_at_once(kernel: BlockingKernelClient) -> None:
    story = drive("Summarise the letters in this folder.", kernel)
    assert story.ending == "give_up"
    assert story.turns == []
    assert "language model" in story.words


# --- what the data look like ------------------------------------------------------------------------------------


def test_odd_columns_become_features(folder: Path, kernel: BlockingKernelClient) -> None:
    random = np.random.default_rng(2)
    rows = 300
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 500, rows), "D")
    gapped = random.normal(size=rows).round(2).astype(str)
    gapped[::9] = "?"
    table = pd.DataFrame(
        {
            "record_id": random.permutation(rows) + 1000,
            "price": [f"${value:,.2f}" for value in random.uniform(100, 9000, rows)],
            "sold": days.strftime("%d/%m/%Y"),
            "gapped": gapped,
            "same": 7,
            "only here": random.normal(size=rows),
            "remark": ["the " + " ".join(random.choice(list("abcdefgh"), 9)) for _ in range(rows)],
            "y": random.choice(["yes", "no"], rows),
        }
    )
    table.loc[5, "y"] = None
    table.to_csv(folder / "train.csv", index=False)
    table.drop(columns=["y", "only here"]).to_csv(folder / "test.csv", index=False)
    story = drive("Predict y for test.csv from train.csv, macro F1", kernel, until=2)
    text = sources(story.turns)
    assert all(turn.status == "done" for turn in story.turns), story.text
    assert 'na_values=["?"]' in text
    assert 'format="%d/%m/%Y"' in text
    assert 'for name in ["price"]' in text
    assert 'TEXTS = ["remark"]' in text
    assert "dropna(subset=[TARGET])" in text
    prose = " ".join(turn.prose for turn in story.turns)
    for name in ("record_id", "same", "only here"):
        assert f"`{name}`" in prose
    assert re.search(r"^X: 299 rows × \d+ features", story.text, re.M)
    assert re.search(r"^gaps: \{'gapped': \d+\}", story.text, re.M)


def test_a_copy_of_the_target_is_dropped(folder: Path, kernel: BlockingKernelClient) -> None:
    table = flowers(220).assign(code=lambda t: t["kind"].map({"rose": 4, "tulip": 9, "aster": 2}))
    table.to_csv(folder / "flowers.csv", index=False)
    story = drive("predict kind in flowers.csv", kernel, until=3)
    assert 'DROPPED = ["code"]' in sources(story.turns)


def test_later_rows_are_split_by_time(folder: Path, kernel: BlockingKernelClient) -> None:
    months = pd.date_range("2010-01-01", periods=240, freq="MS")
    table = pd.DataFrame({"month": months.strftime("%Y-%m"), "sales": np.arange(240.0) + 10})
    table[:210].to_csv(folder / "history.csv", index=False)
    table[210:][["month"]].to_csv(folder / "future.csv", index=False)
    task = "Forecast sales; history.csv has the past, future.csv the months to fill"
    story = drive(task, kernel, until=3)
    assert "TimeSeriesSplit" in sources(story.turns)
    assert "DROPPED" not in sources(story.turns)  # the running day carries the trend

    table["sales"] = 10.0 + 5 * (months.month == 7) + np.random.default_rng(0).normal(size=240)
    table[:210].to_csv(folder / "history.csv", index=False)
    story = drive(task, kernel, until=3)
    assert 'DROPPED = ["month_days", "month_year"]' in sources(story.turns)


def test_new_groups_are_split_by_group(folder: Path, kernel: BlockingKernelClient) -> None:
    random = np.random.default_rng(3)
    patients = np.repeat(np.arange(60), 6)
    table = pd.DataFrame({"patient_id": patients, "x": random.normal(size=360), "sick": random.integers(0, 2, 360)})
    table[:300].to_csv(folder / "train.csv", index=False)
    table[300:].drop(columns="sick").to_csv(folder / "test.csv", index=False)
    story = drive("Predict sick for test.csv using train.csv", kernel, until=3)
    assert "GroupKFold" in sources(story.turns)


def test_the_column_that_only_training_has_is_the_target(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(60).rename(columns={"kind": "label"}).to_csv(folder / "train.csv", index=False)
    flowers(20).drop(columns="kind").to_csv(folder / "test.csv", index=False)
    task = "train.csv has labelled flowers (column label: rose or tulip). Classify the flowers in test.csv."
    story = drive(task, kernel, until=2)
    assert 'TARGET = "label"' in sources(story.turns)


@pytest.mark.timeout(300)
def test_spellings_do_not_make_other_values(folder: Path, kernel: BlockingKernelClient) -> None:
    """Ids with leading zeros, labels and categories spelt in several ways, amounts with signs, other column names."""
    random = np.random.default_rng(0)
    rows = 260
    late = random.random(rows) < 0.4
    amount = random.gamma(2, 40, rows) + 90 * late
    table = pd.DataFrame(
        {
            "order": [f"{n:06}" for n in random.permutation(900_000)[:rows]],
            "Mail Box": np.where(late ^ (random.random(rows) < 0.2), "web", "Post"),
            "amount": [f"€{value:.2f}" if n % 2 else f"EUR {value:.2f}" for n, value in enumerate(amount)],
            "late": np.where(late, "yes", "no"),
        }
    )
    spelt: list[Callable[[str], str]] = [str, str.upper, str.title, lambda text: text + " "]
    table["late"] = [spelt[n % 4](text) for n, text in enumerate(table["late"])]
    table["Mail Box"] = [spelt[n % 3](text) for n, text in enumerate(table["Mail Box"])]
    train, test = table[:200], table[200:]
    train.to_csv(folder / "past.csv", index=False)
    test.drop(columns="late").rename(columns={"Mail Box": "mail_box"}).to_csv(folder / "open.csv", index=False)
    task = "Predict late for open.csv from past.csv within 15 seconds; write order and late to flags.csv "
    story = drive(task + "(columns order, late).", kernel)
    assert story.ending == "final_answer", story.words
    written = pd.read_csv(folder / "flags.csv", dtype=str)
    assert written["order"].tolist() == test["order"].tolist()
    assert set(written["late"]) == {"yes", "no"}
    assert (written["late"] == np.where(late[200:], "yes", "no")).mean() > 0.75
    assert "'amount'" in story.text.replace('"', "'")
    features = sources(story.turns)
    assert '"amount"' in features.split("def tidy")[1]
    assert '"Mail Box"' in features.split("def tidy")[1]


def test_a_column_that_is_empty_in_the_prediction_file_is_told(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(60).to_csv(folder / "train.csv", index=False)
    flowers(20).drop(columns="kind").assign(weight=np.nan).to_csv(folder / "test.csv", index=False)
    story = drive("Predict kind for test.csv using train.csv", kernel, until=3)
    assert "missing in the prediction file: {'weight': 20}" in story.text
    assert "failed" not in {turn.status for turn in story.turns}


def test_a_target_with_words_among_its_numbers_is_a_number(folder: Path, kernel: BlockingKernelClient) -> None:
    random = np.random.default_rng(0)
    size = random.uniform(10, 90, 120)
    rent = [f"{12 * value + random.normal(0, 9):.2f} €" for value in size]
    rent[3] = rent[77] = "pending"
    pd.DataFrame({"size": size.round(1), "rent": rent}).to_csv(folder / "let.csv", index=False)
    story = drive("Predict rent from let.csv within 15 seconds.", kernel)
    assert story.ending == "final_answer", story.words
    assert "X: 118 rows" in story.text


def test_dates_of_several_formats_and_names_for_a_file_without_a_header(
    folder: Path, kernel: BlockingKernelClient
) -> None:
    days = pd.date_range("2023-01-01", periods=150)
    forms = ["%Y-%m-%d", "%d.%m.%Y", "%d-%b-%y"]
    table = pd.DataFrame(
        {
            "nr": range(1, 151),
            "day": [day.strftime(forms[n % 3]) for n, day in enumerate(days)],
            "sold": [f"{100 + n + 40 * (day.weekday() == 5):.1f}" for n, day in enumerate(days)],
        }
    )
    table[:130].to_csv(folder / "sales.dat", index=False, header=False, sep="|")
    table.loc[130:, ["nr", "day"]].to_csv(folder / "next.dat", index=False, header=False, sep="|")
    task = (
        "Learn from sales.dat to predict the last column for next.dat in 15 s; write out.csv (columns record, amount)."
    )
    story = drive(task, kernel)
    assert story.ending == "final_answer", story.words
    written = pd.read_csv(folder / "out.csv")
    assert written.columns.tolist() == ["record", "amount"]
    assert written["record"].tolist() == table["nr"][130:].tolist()
    assert 'format="mixed", dayfirst=True' in sources(story.turns)


def test_no_column_of_the_prediction_file_becomes_the_target(folder: Path, kernel: BlockingKernelClient) -> None:
    table = pd.DataFrame({"Inserat": [f"B{n}" for n in range(40)], "Kalt": range(40), "Warm": range(5, 45)})
    table.to_csv(folder / "old.csv", index=False)
    table[["Inserat"]].to_csv(folder / "neu.csv", index=False)
    task = (
        "old.csv is what we let, neu.csv comes next. How much will each cost? Put it into out.csv with Inserat and fee."
    )
    story = drive(task, kernel)
    assert story.ending == "give_up"
    assert "Kalt" in story.words
    assert "Inserat" not in story.words


def test_exchanged_files_are_noticed(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(60).to_csv(folder / "a.csv", index=False)
    flowers(20).drop(columns="kind").to_csv(folder / "b.csv", index=False)
    story = drive("Using b.csv predict kind for a.csv", kernel, until=2)
    assert 'train = pd.read_csv("a.csv")' in sources(story.turns)


# --- what a person says -----------------------------------------------------------------------------------------


def test_a_rejection_that_names_a_metric_changes_the_metric(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(80).to_csv(folder / "flowers.csv", index=False)
    said: list[str] = []

    def reply(turn: Turn, count: int) -> str | None:
        if 'METRIC = "accuracy"' in turn.source and not said:
            said.append("x")
            return '<result status="rejected">\nuse balanced accuracy instead of accuracy\n</result>'
        return None

    story = drive("predict kind in flowers.csv, accuracy", kernel, reply=reply, until=3)
    after = [turn for turn in story.turns if turn.status == "done"][-1]
    rejected = next(turn for turn in story.turns if turn.status == "rejected")
    accepted = next(turn for turn in story.turns if 'METRIC = "balanced accuracy"' in turn.source)
    assert story.turns.index(accepted) == story.turns.index(rejected) + 1
    assert "As you asked" in accepted.prose
    assert after.status == "done"


def test_a_rejection_can_take_a_column_out(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(80).to_csv(folder / "flowers.csv", index=False)

    def reply(turn: Turn, count: int) -> str | None:
        if '"colour"' in turn.source and "def tidy" in turn.source:
            return '<result status="rejected">\nplease do not use colour, we will not know it\n</result>'
        return None

    story = drive("predict kind in flowers.csv", kernel, reply=reply, until=2)
    last = story.turns[-1]
    assert last.status == "done"
    assert "def tidy" in last.source
    assert "colour" not in last.source


def test_words_that_nobody_understands_end_the_run_plainly(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(80).to_csv(folder / "flowers.csv", index=False)

    def reply(turn: Turn, count: int) -> str | None:
        return '<result status="rejected">\nhmm, this feels off\n</result>' if count == 1 else None

    story = drive("predict kind in flowers.csv", kernel, reply=reply)
    assert story.ending == "give_up"
    assert "hmm, this feels off" in story.words
    assert "language model" in story.words


def test_a_message_in_mid_run_amends_the_task(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(80).to_csv(folder / "flowers.csv", index=False)
    model_messages = ["the metric should be log loss"]

    def reply(turn: Turn, count: int) -> str | None:
        if "def describe" in turn.source and model_messages:
            status, text, _ = execute(kernel, turn.source)
            return f'<result status="{status}">\n{text}\n</result>\n<message>\n{model_messages.pop()}\n</message>'
        return None

    story = drive("predict kind in flowers.csv, accuracy", kernel, reply=reply, until=3)
    assert 'METRIC = "log loss"' in sources(story.turns)
    assert any("As you asked: the metric is log loss" in turn.prose for turn in story.turns)


def test_items_are_numbered_as_the_person_ordered_them(folder: Path, kernel: BlockingKernelClient) -> None:
    flowers(80).to_csv(folder / "flowers.csv", index=False)
    shown: list[str] = []

    def reply(turn: Turn, count: int) -> str | None:
        if count:
            return None
        status, text, _ = execute(kernel, turn.source)
        plan = ["Talk to the customer", "Look at the files and load them", "Audit the columns and tidy them"]
        shown.append("\n".join(f"{i}. [open] {title}" for i, title in enumerate(plan, 1)))
        return f'<result status="{status}">\n{text}\n</result>\n<plan>\n{shown[0]}\n</plan>'

    story = drive("predict kind in flowers.csv", kernel, reply=reply, until=2)
    assert [turn.item for turn in story.turns[:2]] == [1, 2]


def test_a_repeated_question_gets_the_same_cell(folder: Path) -> None:
    from ml_intern_jlab.recipes.model import RecipesModel

    model = RecipesModel()
    opening = [{"role": "user", "content": "<task>\npredict y in t.csv\n</task>"}]
    assert model.generate(opening).content.startswith("1. ")
    first = model.generate([*opening, {"role": "user", "content": "go"}])
    second = model.generate([*opening, {"role": "user", "content": "that was no code; write the turn again"}])
    assert first.content == second.content
    assert first.token_usage.total_tokens == 0


def test_cells_are_laid_out_as_ruff_lays_them_out(folder: Path, kernel: BlockingKernelClient) -> None:
    random = np.random.default_rng(4)
    table = pd.DataFrame(
        random.lognormal(size=(70, 6)), columns=[f"a rather long name of column {i}" for i in range(6)]
    )
    table["day"] = pd.date_range("2021-03-01", periods=70).strftime("%d.%m.%Y").to_numpy()[random.permutation(70)]
    table["kind"] = random.choice(["p", "q", "r"], 70)
    table.loc[3, "kind"] = None
    table.assign(cost=table.iloc[:, 0] * 3 + random.random(70)).to_csv(folder / "t.csv", index=False)
    table.to_csv(folder / "test.csv", index=False)
    story = drive("Within 5 seconds predict cost in t.csv for test.csv, MAE", kernel, until=4)
    assert all(turn.status == "done" for turn in story.turns), story.text
    for turn in story.turns:
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"],
            input=turn.source + "\n",
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == turn.source + "\n"
