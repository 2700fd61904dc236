"""What is decided from task and data together."""

from __future__ import annotations

import pytest

from ml_intern_jlab.recipes.decisions import decide_kind
from ml_intern_jlab.recipes.profile import Column, Profile
from ml_intern_jlab.recipes.state import State
from ml_intern_jlab.recipes.task import read_task


@pytest.mark.parametrize(
    ("rows", "distinct", "low", "high", "kind"),
    [
        (150, 3, 0, 2, "classification"),
        (12, 2, 0, 1, "classification"),
        (14, 3, 1, 3, "classification"),
        (1600, 6, 3, 8, "classification"),
        (5000, 4, 100, 400, "classification"),
        (10, 9, 47, 281, "regression"),
        (10, 6, 1, 8, "regression"),
        (30, 10, 47, 281, "regression"),
        (500, 80, 0, 100, "regression"),
    ],
)
def test_whole_numbers_are_classes_only_where_they_are_few_and_repeat(
    rows: int, distinct: int, low: float, high: float, kind: str
) -> None:
    column = Column("size", "int64", 0, distinct, numeric=True, low=low, high=high, whole=True)
    state = State(read_task("Predict size for new.csv from old.csv"))
    state.train_file, state.target = "old.csv", "size"
    state.rows, state.profile = {"old.csv": rows}, Profile({"size": column})
    decide_kind(state)
    assert state.kind == kind
