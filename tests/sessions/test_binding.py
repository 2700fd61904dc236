"""For any order of edits, decisions and replays: what was executed was approved with that hash."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ml_intern_jlab.errors import Refused
from ml_intern_jlab.protocol import (
    CellDecided,
    CellProposed,
    CellStarted,
    DecideCell,
    Mode,
    RunFinished,
    SetMode,
    StartRun,
    source_hash,
)
from ml_intern_jlab.testing import turn

from .conftest import Desk

CELLS = 3
ATTACKS = st.sampled_from(["stale hash", "wrong cell", "replay", "edited replay", "forged hash", "same mode"])
ENDINGS = st.sampled_from(["approve", "edit", "reject", "twice"])
STORIES = st.lists(st.tuples(st.lists(ATTACKS, max_size=4), ENDINGS), min_size=CELLS, max_size=CELLS)


@pytest.fixture
def one_desk(desk: Callable[..., Desk]) -> Desk:
    """One session and its kernel for all examples."""
    return desk([])


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stories=STORIES)
def test_what_ran_was_approved(
    stories: list[tuple[list[str], str]], one_desk: Desk, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> None:
    jp_asyncio_loop.run_until_complete(one_run(stories, one_desk))


async def one_run(stories: list[tuple[list[str], str]], d: Desk) -> None:
    begun = len(d.events)
    base = len(d.all(CellProposed))
    sources = [f"ran = [*globals().get('ran', []), {base + number}]" for number in range(CELLS)]
    d.model._script += ["1. Add", *(turn(source) for source in sources), turn('final_answer("Done.")')]
    await d.send(StartRun(task="t", mode=Mode.ask))
    for number, (attacks, ending) in enumerate(stories):
        cell = await d.until(CellProposed, nth=base + number + 1)
        for attack in attacks:
            with contextlib.suppress(Refused):
                await d.send(attacking(attack, cell, d.all(CellProposed)))
            assert not d.all(CellDecided, lambda event, cell=cell: event.cell_id == cell.cell_id)  # type: ignore[misc]
        await finish(d, cell, ending)
    await d.until(RunFinished, nth=len(d.all(RunFinished)) + (not isinstance(d.events[-1], RunFinished)))
    told = d.events[begun:]
    approved: dict[str, str] = {}
    for event in told:
        if isinstance(event, CellDecided):
            assert event.cell_id not in approved
            assert event.hash == source_hash(event.source)
            approved[event.cell_id] = event.hash if event.decision == "approve" else ""
        if isinstance(event, CellStarted):
            assert approved[event.cell_id] == event.hash
    expected = [ending != "reject" for _, ending in stories]
    assert [bool(each) for each in approved.values()] == expected
    assert sum(isinstance(event, CellStarted) for event in told) == sum(expected)


async def finish(d: Desk, cell: CellProposed, ending: str) -> None:
    source = f"{cell.source}  # edited" if ending == "edit" else None
    choice = "reject" if ending == "reject" else "approve"
    command = DecideCell.model_validate(
        {"type": "decide_cell", "cell_id": cell.cell_id, "decision": choice, "source": source, "hash": cell.hash}
    )
    await d.send(command)
    if ending == "twice":
        with contextlib.suppress(Refused):
            await d.send(command.model_copy(update={"source": "print('other')"}))


def attacking(attack: str, cell: CellProposed, all_cells: list[CellProposed]) -> DecideCell | SetMode:
    """A command that must change nothing about `cell`."""
    other = all_cells[0]
    fields = {"cell_id": cell.cell_id, "decision": "approve", "hash": cell.hash}
    match attack:
        case "stale hash":
            fields["hash"] = "0" * 64
        case "wrong cell":
            fields["cell_id"] = "000000000000"
        case "replay" | "edited replay":
            if other is cell:
                fields["hash"] = "1" * 64
            else:
                fields |= {"cell_id": other.cell_id, "hash": other.hash}
            if attack == "edited replay":
                fields["source"] = cell.source
        case "forged hash":
            # The hash of what is sent along, not of what was shown.
            fields |= {"source": "print('x')", "hash": source_hash("print('x')")}
        case _:
            return SetMode(mode=Mode.ask)
    return DecideCell.model_validate({"type": "decide_cell", **fields})
