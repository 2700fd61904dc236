"""“Iterate until …”: tries on the scoreboard, the next one asked for, the best kept, a stop with its reason."""

from __future__ import annotations

from collections.abc import Callable

from ml_intern_jlab.protocol import MetricLogged, PlanChanged
from ml_intern_jlab.testing import turn

from .conftest import Desk

PLAN = "1. Baseline\n2. Improve"
BASELINE = "from ml_intern_jlab.toolkit import track\ntrack.start('mean')\ntrack.log(rmse=4.0, split='baseline')"
TOO_SOON = turn('final_answer("Good enough.")', item=2)


def attempt(name: str, rmse: float) -> str:
    return turn(f"track.start({name!r}, depth=2)\ntrack.log(rmse={rmse}, split='cv')", item=2)


async def test_tries_go_on_until_the_value_is_reached(desk: Callable[..., Desk]) -> None:
    script = [PLAN, turn(BASELINE), attempt("line", 3.0), TOO_SOON, attempt("tree", 3.5), attempt("trees", 2.0)]
    d = desk([*script, turn('final_answer("RMSE: 2 with trees, the third try.")', item=2)])
    ended = await d.run("Fit the points. Iterate until the RMSE is below 2.5, in at most 8 tries.")
    assert ended.status == "finished", ended.reason
    seen = d.model.seen
    assert "No try was measured yet." in seen[1] + seen[2]
    assert "try 1 (step 2, line): 3 on cv" in seen[3]
    assert "The goal is not reached yet. Write the next try" in seen[3]
    assert "You can't finish yet. best so far 3 by line (step 2)" in seen[4]
    assert "best so far: 3 by line (step 2)" in seen[5]
    assert "6 of 8 tries are left" in seen[5]
    assert "Stop here: reached: 2 by trees (step 5), after 3 tries." in seen[6]
    assert len(d.all(MetricLogged)) == 4
    last = d.all(PlanChanged)[-1].deliverables
    [goal] = [each for each in last if each.deliverable_id == "goal"]
    assert (goal.status, goal.detail) == ("passed", "reached: 2 by trees (step 5), after 3 tries")
    note = (await d.notebook()).cells[-1].source
    assert "✓ rmse of at most 2.5, at most 8 tries: reached: 2 by trees (step 5), after 3 tries" in note


async def test_used_up_tries_end_the_work_and_say_so(desk: Callable[..., Desk]) -> None:
    script = [PLAN, turn(BASELINE), attempt("line", 3.0), attempt("tree", 3.5)]
    d = desk([*script, turn('final_answer("RMSE: 3 with the line, not below 2.5 after two tries.")', item=2)])
    ended = await d.run("Fit the points. Iterate until the RMSE is below 2.5, at most two tries.")
    assert ended.status == "finished", ended.reason
    assert "must be those of the best try, 3 by line (step 2)" in d.model.seen[4]
    note = (await d.notebook()).cells[-1].source
    assert "✗ rmse of at most 2.5, at most 2 tries: all 2 tries are used; the best is 3 by line (step 2)" in note
