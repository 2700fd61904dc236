"""Undo and redo: which cells of a run leave the notebook, which a person changed and stay, which come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import Refused
from ..notebook.document import Document
from ..notebook.outputs import joined
from ..protocol import CellProposed, Event, RedoRun, RunRedone, RunStarted, RunUndone, UndoRun


def undone(events: Iterable[Event], session_id: str, notebook: dict[str, Any], command: UndoRun, by: str) -> RunUndone:
    """What undoing does to the notebook as it stands.

    Raises:
        Refused: the session has no such run, or nothing of it is there any more.
    """
    document, notes = _folded(events, session_id, command.run_id)
    own = document.run_cells(command.run_id)
    wanted = {*command.cells, *(notes[cell] for cell in command.cells if cell in notes)} or set(own)
    removed, after, kept = [], [], []
    sources = {}
    before = ""
    for cell in notebook["cells"]:
        cell_id = cell.get("id", "")
        if cell_id in own and cell_id in wanted:
            text = joined(cell["source"])
            if text == own[cell_id] or cell_id in command.overwrite:
                removed.append(cell_id)
                after.append(before)
                if text != own[cell_id]:
                    sources[cell_id] = text
            else:
                kept.append(cell_id)
        before = cell_id
    if not removed and not kept:
        raise Refused("Nothing of that run stands in the notebook any more; there is nothing to undo.")
    return RunUndone(run_id=command.run_id, removed=removed, after=after, kept=kept, sources=sources, by=by)


def redone(events: Iterable[Event], notebook: dict[str, Any], command: RedoRun, by: str) -> RunRedone:
    """Which cells come back where.

    Raises:
        Refused: nothing of that run was undone.
    """
    gone: dict[str, str] = {}
    for event in events:
        if isinstance(event, RunUndone) and event.run_id == command.run_id:
            # What went last comes back first: it may be what an earlier one stood behind.
            gone = dict(zip(event.removed, event.after or [""] * len(event.removed), strict=True)) | gone
        elif isinstance(event, RunRedone) and event.run_id == command.run_id:
            gone = {cell_id: after for cell_id, after in gone.items() if cell_id not in event.restored}
    standing = {cell.get("id") for cell in notebook["cells"]}
    back = {cell_id: after for cell_id, after in gone.items() if cell_id not in standing}
    if not back:
        raise Refused("Nothing of that run was undone; there is nothing to bring back.")
    return RunRedone(run_id=command.run_id, restored=list(back), after=list(back.values()), by=by)


def _folded(events: Iterable[Event], session_id: str, run_id: str) -> tuple[Document, dict[str, str]]:
    """The session's document, and the note before each of the run's cells that has one."""
    document, notes, known = Document(session_id), {}, False
    for event in events:
        document.apply(event)
        known = known or (isinstance(event, RunStarted) and event.run_id == run_id)
        if isinstance(event, CellProposed) and event.note:
            notes[event.cell_id] = event.note.cell_id
    if not known:
        raise Refused(f"This session has no run {run_id}.")
    return document, notes
