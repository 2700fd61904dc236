"""A run that lost its kernel or its server pauses, and goes on where it stood."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ml_intern_jlab.errors import Refused
from ml_intern_jlab.protocol import (
    CellProposed,
    CellStarted,
    DecideCell,
    Mode,
    ResumeRun,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStatus,
    SendMessage,
    StartRun,
    StopRun,
)
from ml_intern_jlab.sessions.sessions import Sessions
from ml_intern_jlab.testing import Line, ScriptedModel, turn

from .conftest import Desk

PLAN = "1. Add\n2. Tell"
DONE = turn('final_answer("It is 2.")', item=2)
KILL = "import os\nos.kill(os.getpid(), 9)"
MakeDesk = Callable[..., Desk]


def again(d: Desk, script: list[Line]) -> Desk:
    """What a new server would do with the journal of one that is gone; the model goes on with `script`."""
    d.model = ScriptedModel(script)
    settings = replace(d.sessions._settings, create_model=lambda name, url: d.model)
    d.sessions = Sessions(d.journal, d.sessions._host, settings)
    return d


async def test_a_cell_that_kills_the_kernel_pauses_the_run_and_its_repair_finds_the_earlier_cells_work(
    desk: MakeDesk,
) -> None:
    d = desk([PLAN, turn("x = 1"), turn(KILL), turn("x + 1", "Smaller."), DONE])
    await d.send(StartRun(task="t", mode=Mode.auto))
    paused = await d.until(RunPaused)
    assert paused.resumable
    assert "memory" in paused.reason
    assert "Resume the run" in paused.reason
    assert d.journal.session(d.session_id).run_status is RunStatus.paused
    await d.send(ResumeRun())
    assert (await d.until(RunFinished)).status == "finished"
    assert d.all(RunResumed)[0].cells == 1
    notebook = await d.notebook()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code] == ["x = 1", "x + 1"]
    assert code[1].outputs[0].data["text/plain"] == "2"
    assert "was killed" in d.model.seen[3]


async def test_a_kernel_that_is_lost_between_two_cells_is_noticed_before_the_next(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("x = 1"), turn("x + 1"), DONE])
    await d.send(StartRun(task="t", mode=Mode.ask))
    first = await d.until(CellProposed)
    await d.send(DecideCell(cell_id=first.cell_id, decision="approve", hash=first.hash))
    second = await d.until(CellProposed, nth=2)
    kernel = d.sessions.get(d.session_id)._kernel
    assert kernel is not None
    os.kill(kernel.identity[0], signal.SIGKILL)
    await _until(lambda: not kernel.alive)
    await d.send(DecideCell(cell_id=second.cell_id, decision="approve", hash=second.hash))
    assert "between two cells" in (await d.until(RunPaused)).reason
    await d.send(ResumeRun())
    assert (await d.until(RunFinished)).status == "finished"
    assert (await d.notebook()).cells[-2].outputs[0].data["text/plain"] == "2"


async def test_a_restart_by_hand_runs_the_cell_again(desk: MakeDesk) -> None:
    source = "import time\nif 'x' not in globals():\n    pass\nprint(x)\ntime.sleep(1)"
    d = desk([PLAN, turn("x = 1"), turn(source), DONE])
    await d.send(StartRun(task="t", mode=Mode.auto))
    await d.until(CellStarted, nth=2)
    kernel = d.sessions.get(d.session_id)._kernel
    assert kernel is not None
    await kernel.restart()
    assert "restarted" in (await d.until(RunPaused)).reason
    await d.send(ResumeRun())
    assert (await d.until(RunFinished)).status == "finished"
    assert (await d.notebook()).cells[-2].outputs[0].text == "1\n"


async def test_a_paused_run_can_be_ended_and_refuses_what_makes_no_sense(desk: MakeDesk) -> None:
    d = desk([PLAN, turn(KILL)])
    with pytest.raises(Refused, match="nothing to resume"):
        await d.send(ResumeRun())
    await d.send(StartRun(task="t", mode=Mode.auto))
    await d.until(RunPaused)
    await d.send(StopRun())
    assert (await d.until(RunFinished)).status == "stopped"


async def test_a_shut_down_server_pauses_its_run_and_the_next_one_resumes_it(desk: MakeDesk) -> None:
    slow = "import os, time\nx += 1\nif not os.path.exists('quick'):\n    time.sleep(30)\nx"
    d = desk([PLAN, turn("x = 20"), turn(slow)])
    await d.send(StartRun(task="t", mode=Mode.auto))
    await d.until(CellStarted, nth=2)
    await d.sessions.get(d.session_id).close()
    assert "shut down" in d.all(RunPaused)[0].reason
    (d.folder / "quick").touch()
    again(d, [DONE])
    with pytest.raises(Refused, match="paused"):
        await d.send(StartRun(task="another"))
    await d.send(SendMessage(text="Be quick."))
    await d.send(ResumeRun())
    assert (await d.until(RunFinished)).status == "finished"
    first, second = (cell.cell_id for cell in d.all(CellProposed))
    assert [started.cell_id for started in d.all(CellStarted)] == [first, second, first, second]
    assert (await d.notebook()).cells[-2].outputs[0].data["text/plain"] == "21"
    assert "Be quick." in d.model.seen[0]


async def test_a_pending_proposal_waits_again_after_a_restart(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("6 * 7")])
    await d.send(StartRun(task="t", mode=Mode.ask))
    cell = await d.until(CellProposed)
    await d.sessions.get(d.session_id).close()
    again(d, [DONE])
    decide = DecideCell(cell_id=cell.cell_id, decision="approve", hash=cell.hash)
    with pytest.raises(Refused, match="paused"):
        await d.send(decide)
    await d.send(ResumeRun())
    await d.until(RunResumed)
    session = d.sessions.get(d.session_id)
    await _until(lambda: session.run is not None and session.run.deciding._waiting is not None)
    await d.send(decide)
    assert (await d.until(RunFinished)).status == "finished"
    assert len(d.all(CellProposed)) == 1
    assert await d.sources() == ["6 * 7"]


async def test_the_recipes_go_on_in_a_fresh_kernel(desk: MakeDesk, tmp_path: Any) -> None:
    rows = "\n".join(f"{n % 7},{n % 5},{'yes' if n % 7 + n % 5 > 5 else 'no'}" for n in range(120))
    (tmp_path / "train.csv").write_text("a,b,good\n" + rows + "\n")
    from ml_intern_jlab.agent.models import create_model

    d = desk([])
    d.sessions._settings = replace(d.sessions._settings, create_model=create_model)
    await d.send(StartRun(task="Predict good from train.csv.", mode=Mode.auto))
    await d.until(CellStarted, nth=4)
    await d.sessions.get(d.session_id).close()
    d.sessions = Sessions(d.journal, d.sessions._host, d.sessions._settings)
    proposed = len(d.all(CellProposed))
    await d.send(ResumeRun())
    # They read what the earlier cells printed, and write the one that follows.
    await d.until(CellProposed, nth=proposed + 2, seconds=100)
    await d.send(StopRun())
    assert (await d.until(RunFinished)).status == "stopped"
    titles = [cell.source for cell in d.all(CellProposed)]
    assert len(set(titles)) == len(titles)


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It did not come to that within a minute.")
