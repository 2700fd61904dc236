from __future__ import annotations

from collections.abc import Callable

from ml_intern_jlab.testing import turn

from .conftest import Desk

MakeDesk = Callable[..., Desk]
PLAN = "1. Add\n2. Tell"
DONE = turn('final_answer("It is 2.")', item=2)
# It runs, and nobody can run it again: no cell defines the name.
HIDDEN = "def later():\n    return hidden\n\nprint(later.__name__)"


async def test_errors_of_the_review_go_back_once_and_then_stand_in_the_summary(desk: MakeDesk) -> None:
    d = desk([PLAN, turn(HIDDEN), DONE, DONE])
    ended = await d.run()
    assert ended.status == "finished"
    assert "a review of your cells found" in d.model.seen[3]
    assert "uses hidden, which no cell defines" in d.model.seen[3]
    assert len(d.model.seen) == 4
    summary = (await d.notebook()).cells[-1].source
    assert "The review of these cells found:\n\n- ✗ Cell" in summary
    assert "uses hidden" in summary


async def test_a_clean_run_is_not_held_up(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("x = 1 + 1\nx"), DONE])
    assert (await d.run()).status == "finished"
    assert "The review" not in (await d.notebook()).cells[-1].source
