from __future__ import annotations

import pytest

from ml_intern_jlab.agent.plan import parse_plan


@pytest.mark.parametrize(
    ("reply", "titles"),
    [
        ("1. Load\n2) **Fit**: a model", ["Load", "Fit: a model"]),
        ("<think>1. hm</think>- Load\n- Fit", ["Load", "Fit"]),
        ("Item 1\nLoad the data\n\nItem 2\nFit a model", ["Load the data", "Fit a model"]),
        ("**Item 1:** Load\nItem 2: Fit", ["Load", "Fit"]),
        ("I shall do it.", ["The task"]),
    ],
)
def test_a_plan_is_read_however_it_is_listed(reply: str, titles: list[str]) -> None:
    assert [item.title for item in parse_plan(reply, "The task\nand more")] == titles
