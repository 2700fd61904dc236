"""Undo and redo of a run or its last cell: the agent's cells go and come back, what the person wrote stays."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from ml_intern_jlab.errors import Refused
from ml_intern_jlab.protocol import CellProposed, RedoRun, RunRedone, RunUndone, UndoRun
from ml_intern_jlab.testing import turn

from .conftest import Desk

PLAN = "1. Add\n2. Tell"
DONE = turn('final_answer("It is 2.")', item=2)
MakeDesk = Callable[..., Desk]


def change(d: Desk, old: str, new: str) -> None:
    """The person edits the saved notebook."""
    path = d.folder / "a.ipynb"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    later = time.time() + 5
    os.utime(path, (later, later))


async def test_a_run_goes_and_comes_back_and_the_persons_change_stays(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("a = 1\nprint(a)", "First."), turn("b = 2", "Second."), DONE])
    ended = await d.run()
    before = await d.notebook()
    change(d, '"b = 2"', '"b = 3  # mine"')
    await d.send(UndoRun(run_id=ended.run_id))
    assert await d.sources() == ["b = 3  # mine"]
    undone = d.all(RunUndone)[0]
    assert undone.kept == [d.all(CellProposed)[1].cell_id]
    assert len(undone.removed) == len(undone.after) == len(before.cells) - 1

    await d.send(RedoRun(run_id=ended.run_id))
    after = await d.notebook()
    assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
    first = next(cell for cell in after.cells if cell.cell_type == "code")
    assert (first.source, first.execution_count, first.outputs[0].text) == ("a = 1\nprint(a)", 1, "1\n")
    assert first.metadata.ml_intern.status == "done"
    assert (await d.sources())[1] == "b = 3  # mine"
    with pytest.raises(Refused, match="nothing to bring back"):
        await d.send(RedoRun(run_id=ended.run_id))


async def test_a_cell_that_both_touched_goes_only_when_the_person_says_so(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("a = 1"), DONE])
    ended = await d.run()
    cell_id = d.all(CellProposed)[0].cell_id
    await d.notebook()
    change(d, '"a = 1"', '"a = 2"')
    await d.send(UndoRun(run_id=ended.run_id))
    assert await d.sources() == ["a = 2"]
    await d.send(UndoRun(run_id=ended.run_id, cells=[cell_id], overwrite=[cell_id]))
    assert await d.sources() == []
    with pytest.raises(Refused, match="nothing to undo"):
        await d.send(UndoRun(run_id=ended.run_id))
    # Nothing that the person wrote is lost.
    await d.send(RedoRun(run_id=ended.run_id))
    assert await d.sources() == ["a = 2"]


async def test_what_the_notebook_says_of_a_run_goes_with_its_last_cell_and_comes_back(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("a = 1"), turn("b = 2"), DONE])
    ended = await d.run()
    before = await d.notebook()
    runs = before.metadata.ml_intern.runs
    assert ended.run_id in runs
    await d.send(UndoRun(run_id=ended.run_id, cells=[d.all(CellProposed)[1].cell_id]))
    assert (await d.notebook()).metadata.ml_intern.runs == runs
    await d.send(UndoRun(run_id=ended.run_id))
    assert (await d.notebook()).metadata.ml_intern.runs == {}
    await d.send(RedoRun(run_id=ended.run_id))
    after = await d.notebook()
    assert after.metadata.ml_intern.runs == runs
    assert [cell.metadata for cell in after.cells] == [cell.metadata for cell in before.cells]


async def test_the_last_cell_alone_goes_with_its_note(desk: MakeDesk) -> None:
    d = desk([PLAN, turn("a = 1", "First."), turn("b = 2", "Second."), DONE])
    ended = await d.run()
    await d.send(UndoRun(run_id=ended.run_id, cells=[d.all(CellProposed)[1].cell_id]))
    assert await d.sources() == ["a = 1"]
    text = [cell.source for cell in (await d.notebook()).cells if cell.cell_type == "markdown"]
    assert not any("Second." in each for each in text)
    assert any("First." in each for each in text)
    await d.send(RedoRun(run_id=ended.run_id))
    assert await d.sources() == ["a = 1", "b = 2"]
    assert len(d.all(RunRedone)[0].restored) == 2
    with pytest.raises(Refused, match="has no run"):
        await d.send(UndoRun(run_id="nope"))
