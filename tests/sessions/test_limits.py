"""What an administrator bounds: a day, a cell, the journal; over a limit there is an answer, never a crash."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ml_intern_jlab.errors import JournalUnavailable, Refused
from ml_intern_jlab.protocol import (
    CellFinished,
    CellOverdue,
    InterruptCell,
    MessageSent,
    Mode,
    RunFinished,
    RunPaused,
    RunStarted,
    SendMessage,
    StartRun,
    StepFinished,
    StopRun,
)
from ml_intern_jlab.sessions.bounds import Bounds
from ml_intern_jlab.sessions.budget import Limits
from ml_intern_jlab.sessions.day import Day, DayLimits
from ml_intern_jlab.sessions.journal import Journal
from ml_intern_jlab.testing import turn

from .conftest import Desk

PLAN = "1. Add"
DONE = turn('final_answer("It is 2.")')
MakeDesk = Callable[..., Desk]


async def test_a_day_limit_pauses_the_run_and_nobody_extends_it(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("1 + 1"), turn("2 + 2"), DONE], day=DayLimits(steps=2))
    await d.send(StartRun(task="t", mode=Mode.auto))
    paused = await d.until(RunPaused)
    assert "The limit of 2 steps a day for all runs was reached" in paused.reason
    assert len(d.all(CellFinished)) == 1
    await d.send(SendMessage(text="Go on."))
    await d.until(MessageSent)
    await d.until(RunPaused, nth=2)
    await d.send(StopRun())
    await d.until(RunFinished)
    with pytest.raises(Refused, match="begins anew at midnight"):
        await d.send(StartRun(task="t", mode=Mode.auto))


async def test_where_nobody_is_there_a_day_limit_ends_the_run(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("1 + 1"), DONE], day=DayLimits(steps=1), interactive=False)
    ended = await d.run()
    assert ended.status == "failed"
    assert "a day for all runs was reached" in ended.reason


@pytest.mark.parametrize("limit", [{"steps": 2}, {"tokens": 30}, {"cost": 0.5}, {"seconds": 4.0}])
def test_a_day_counts_all_sessions_and_what_the_journal_tells(limit: dict[str, float]) -> None:
    journal = Journal(":memory:")
    one, other = (journal.create_session(path).session_id for path in ("a.ipynb", "b.ipynb"))
    step = StepFinished(session_id=one, step=1, input_tokens=10, output_tokens=5, cost=0.25, seconds=1.0)
    cell = CellFinished(session_id=other, cell_id="c", status="done", seconds=1.0)
    journal.append(step)
    journal.append(cell)
    day = Day(DayLimits(**limit), journal)  # type: ignore[arg-type]
    assert day.over == ""
    for event in (step.model_copy(update={"session_id": other}), cell):
        day.count(journal.append(event))
    assert "a day for all runs was reached" in day.over
    assert Day(DayLimits(**limit), journal).over == day.over  # type: ignore[arg-type]
    journal.close()


async def test_a_long_cell_makes_a_question_and_runs_on(desk: MakeDesk) -> None:
    code = "import time\nfor _ in range(600):\n    time.sleep(0.05)"
    d = desk([PLAN, turn(code), turn("1 + 1"), DONE, DONE], limits=Limits(cell_seconds=0.3))
    await d.send(StartRun(task="t", mode=Mode.auto))
    first = await d.until(CellOverdue)
    again = await d.until(CellOverdue, nth=2)
    assert again.seconds == 2 * first.seconds
    assert not d.all(CellFinished)
    with pytest.raises(Refused, match="isn't running any more"):
        await d.send(InterruptCell(cell_id="000000000000"))
    await d.send(InterruptCell(cell_id=first.cell_id))
    assert (await d.until(RunFinished)).status == "finished"
    assert [event.status for event in d.all(CellFinished)] == ["stopped", "done"]


async def test_where_nobody_is_there_a_long_cell_is_interrupted(desk: MakeDesk) -> None:
    code = "import time\ntime.sleep(60)"
    d = desk([PLAN, turn(code), turn("1 + 1"), DONE, DONE], limits=Limits(cell_seconds=0.5), interactive=False)
    ended = await d.run()
    assert ended.status == "finished", ended.reason
    assert [event.status for event in d.all(CellFinished)] == ["stopped", "done"]


async def test_sessions_and_journal_are_bounded(desk: MakeDesk) -> None:
    d = desk([], bounds=Bounds(sessions=2))
    d.sessions.create("b.ipynb")
    with pytest.raises(Refused, match="keeps 2 sessions at most"):
        d.sessions.create("c.ipynb")
    await d.sessions.delete(d.session_id)
    d.sessions.create("c.ipynb")


async def test_a_full_journal_refuses_and_has_room_again(desk: MakeDesk) -> None:
    d = desk([], bounds=Bounds(journal_bytes=200_000))
    event = MessageSent(session_id=d.session_id, text="word " * 2000, by="ann")
    while d.journal.size < 200_000:
        d.journal.append(event)
    with pytest.raises(Refused, match="The journal has reached its limit of 0 MB"):
        await d.send(StartRun(task="t"))
    with pytest.raises(Refused, match="max_journal_bytes"):
        d.sessions.create("b.ipynb")
    with pytest.raises(JournalUnavailable):
        [d.journal.append(event) for _ in range(20)]
    await d.sessions.delete(d.session_id)
    assert d.journal.size < 100_000
    d.session_id = d.sessions.create("b.ipynb").session_id


def test_a_persons_day_counts_the_runs_that_they_began_in_whichever_session() -> None:
    journal = Journal(":memory:")
    session_id = journal.create_session("a.ipynb", user="ann").session_id
    day = Day(DayLimits(), journal, DayLimits(steps=2))
    for user in ("ann", "bob"):
        started = RunStarted(
            session_id=session_id, run_id=user, task="t", mode=Mode.ask, model="m", max_steps=9, by="x"
        )
        day.count(journal.append(started.model_copy(update={"user": user})))
    for user in ("ann", "bob", "bob"):
        day.count(journal.append(StepFinished(session_id=session_id, run_id=user, step=1)))
    for each in (day, Day(DayLimits(), journal, DayLimits(steps=2))):  # as it was counted, and as the journal tells it
        assert each.over_for("bob").startswith("The limit of 2 steps a day for each person was reached")
        assert (each.over_for("ann"), each.over_for(""), each.over) == ("", "", "")
    journal.close()
