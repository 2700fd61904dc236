from __future__ import annotations

import pytest

from ml_intern_jlab.recipes.grounding import ground, listed_tables
from ml_intern_jlab.recipes.task import read_task

TABLES = {"past.csv": ["id", "size", "town", "fee"], "next.csv": ["id", "size", "town"], "notes.md": []}


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (
            "past.csv has what was paid (fee). What will next.csv cost? I want fees.csv with the column fee.",
            ("past.csv", "next.csv", "fee", "fees.csv", ("fee",)),
        ),
        (
            "next.csv lists new jobs, past.csv old ones. Put the fee of each into out/answer.csv with id and fee.",
            ("past.csv", "next.csv", "fee", "out/answer.csv", ("id", "fee")),
        ),
        (
            "Columns of guess.csv: id, p_fee. Estimate the fee in next.csv from past.csv.",
            ("past.csv", "next.csv", "fee", "guess.csv", ("id", "p_fee")),
        ),
        (
            "How much will next.csv cost? past.csv has fees. I want fees.csv: id, fee.",
            ("past.csv", "next.csv", "fee", "fees.csv", ("id", "fee")),
        ),
        (
            "Learn the fee from past.csv. Write guess.csv (id and fee) for next.csv.",
            ("past.csv", "next.csv", "fee", "guess.csv", ("id", "fee")),
        ),
        (
            "Learn the fee from past.csv for next.csv. Write guess.csv with record and guess.",
            ("past.csv", "next.csv", "fee", "guess.csv", ("record", "guess")),
        ),
        (
            "Learn the fee from past.csv for next.csv. Write guess.csv with care and a look at the outliers.",
            ("past.csv", "next.csv", "fee", "guess.csv", ()),
        ),
        (
            "Learn the fee from past.csv and write guess.csv: as good as you can, for next.csv.",
            ("past.csv", "next.csv", "fee", "guess.csv", ()),
        ),
        (
            "Learn the fee from past.csv for next.csv, and save id and fee to guess.csv. Many gaps, sorry.",
            ("past.csv", "next.csv", "fee", "guess.csv", ("id", "fee")),
        ),
        (
            "Learn the fee from past.csv for next.csv, put what you find into guess.csv. Town, size: no idea.",
            ("past.csv", "next.csv", "fee", "guess.csv", ()),
        ),
        (
            "Predict the `fee` from past.csv for next.csv",
            ("past.csv", "next.csv", "fee", "predictions.csv", ()),
        ),
    ],
)
def test_roles_follow_from_what_is_there(task: str, expected: tuple[object, ...]) -> None:
    facts = ground(read_task(task), TABLES)
    found = (facts.train_file, facts.predict_file, facts.target, facts.output_file, facts.output_columns)
    assert found == expected


def test_a_word_for_another_task_gives_way_to_tables_that_ask_to_be_filled() -> None:
    task = "Jobs of our compute cluster: past.csv has the fee, next.csv lacks it. Write fees.csv with the column fee."
    assert read_task(task).refusal
    facts = ground(read_task(task), TABLES)
    assert (facts.refusal, facts.target, facts.output_file) == ("", "fee", "fees.csv")
    assert ground(read_task("Cluster the rows of past.csv."), TABLES).refusal


def test_without_the_files_the_words_stand() -> None:
    facts = read_task("Predict fee from past.csv for next.csv")
    assert ground(facts, {}) == facts
    assert ground(facts, {"other.csv": ["a", "fee"]}) == facts


def test_a_listing_is_read_with_its_separators_and_its_cuts() -> None:
    listing = (
        'a.csv (1,234 bytes)\n    x;"y z";w\n    1;2;3\nsub/b.tsv (5 bytes)\n    p\tq\nc.parquet (9 bytes)\n'
        "wide.csv (9 bytes)\n    n1,n2,n ... 7,n98,n99"
    )
    assert listed_tables(listing) == {
        "a.csv": ["x", "y z", "w"],
        "sub/b.tsv": ["p", "q"],
        "c.parquet": [],
        "wide.csv": ["n1", "n2", "n98", "n99"],
    }


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ("with column y_hat, MAE", ("y_hat",)),
        ("with the column fee, and evaluate it", ("fee",)),
        ("with the columns id, fee and tune the model", ("id", "fee")),
        ("with the columns x and y, scored by RMSE", ("x", "y")),
        ('with the columns "y" and "mae"', ("y", "mae")),
        ("with columns accuracy and y", ("accuracy", "y")),  # the data have such a column
    ],
)
def test_a_metric_is_no_column(words: str, columns: tuple[str, ...]) -> None:
    tables = {"a.csv": ["x", "accuracy", "y"], "b.csv": ["x", "accuracy"]}
    assert ground(read_task(f"Predict y for b.csv from a.csv, write p.csv {words}"), tables).output_columns == columns


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ("I want id and y in p.csv", ("id", "y")),
        ("For these, tell me y: id and y (0/1) in p.csv", ("id", "y")),
        ("Save id, x and y (in EUR) to p.csv", ("id", "x", "y")),
        ("I'd like to have b and y in p.csv", ()),
        ("Put y in p.csv", ("y",)),
    ],
)
def test_columns_are_named_before_their_file(words: str, columns: tuple[str, ...]) -> None:
    tables = {"a.csv": ["id", "x", "y"], "b.csv": ["id", "x"]}
    assert ground(read_task(f"Predict y for b.csv from a.csv. {words}."), tables).output_columns == columns
