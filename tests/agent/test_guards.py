from __future__ import annotations

import pytest

from ml_intern_jlab.agent.executor import Outcome
from ml_intern_jlab.agent.guards import CIRCLES, CUT_OFF, NO_CODE, NO_PROGRESS, NOTHING_RUN, REPEATED, Guards
from ml_intern_jlab.agent.history import Step
from ml_intern_jlab.protocol import CellError


def step(source: str, status: str = "done", error: str = "") -> Step:
    failure = CellError(ename="ValueError", evalue=error) if error else None
    return Step(1, source, outcome=Outcome(status, source, "", error=failure))  # type: ignore[arg-type]


def propose(guards: Guards, steps: list[Step], source: str, status: str = "done") -> str:
    objection = guards.objection(source, False, False, steps)
    if not objection:
        steps.append(step(source, status))
        guards.saw(steps[-1])
    return objection


def test_the_same_cell_twice_in_a_row_is_refused_even_when_it_only_looks_different() -> None:
    guards, steps = Guards(), list[Step]()
    assert propose(guards, steps, "x = 1", "failed") == ""
    assert propose(guards, steps, "x  =  1  # again", "failed") == REPEATED


def test_a_cell_may_be_run_again_once_something_else_has_run() -> None:
    guards, steps = Guards(), list[Step]()
    assert [propose(guards, steps, each) for each in ("df.head()", "df = clean(df)", "df.head()")] == ["", "", ""]


@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_a_repeated_pattern_is_refused(length: int) -> None:
    guards, steps = Guards(), list[Step]()
    said = [propose(guards, steps, f"cell_{number % length}()") for number in range(2 * length)]
    assert said == [""] * (2 * length - 1) + [CIRCLES]


def test_three_identical_cells_are_refused() -> None:
    guards, steps = Guards(), list[Step]()
    said = [propose(guards, steps, each) for each in ("a()", "b()", "a()", "c()", "d()", "a()")]
    assert said == ["", "", "", "", "", CIRCLES]


def test_an_answer_that_was_cut_off_or_has_no_code_is_not_run() -> None:
    guards = Guards()
    assert guards.objection("x = 1", False, True, []) == CUT_OFF
    assert guards.objection(None, False, False, []) == NO_CODE
    assert guards.objection("", True, False, []) == NOTHING_RUN
    assert guards.objection("", True, False, [step("1")]) == ""


def test_a_nudge_said_in_vain_asks_the_person_and_a_cell_that_runs_forgives() -> None:
    guards = Guards()
    assert guards.nudge(NO_CODE) == ""
    assert "without a cell" in guards.nudge(NO_CODE)
    guards.saw(step("x = 1"))
    assert guards.nudge(NO_CODE) == ""


def test_turns_that_bring_nothing_and_one_error_again_and_again_are_noticed() -> None:
    guards = Guards()
    barren = [step(str(number), "failed", f"no {number}") for number in range(NO_PROGRESS)]
    assert guards.stuck(barren[:-1]) == ""
    assert "brought nothing" in guards.stuck(barren)
    same = [step(str(number), "failed", "bad shape") for number in range(3)]
    assert "ValueError: bad shape" in guards.stuck(same)
    assert guards.stuck([*same, step("x")]) == ""
