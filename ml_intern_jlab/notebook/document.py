"""What a writer of the notebook must do, and the fold from events to cells that every writer shares.

The fold is idempotent: every cell has an id that the server minted, and the notebook's metadata says up to which `seq`
of a session it has been brought. Applying an event again, or all of them, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ..protocol import (
    OWN_CELLS,
    CellDecided,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    CellStatus,
    Event,
    Note,
    RunFinished,
    RunPaused,
    RunRedone,
    RunStarted,
    RunUndone,
)
from .content import METADATA_KEY, Content, JsonContent
from .outputs import OutputArea

__all__ = ["METADATA_KEY", "Document", "Writer", "WriterKind"]


WriterKind = Literal["tab", "file", "room"]


class Writer(Protocol):
    """The one party that writes a session's notebook at a time; `path` follows a rename."""

    path: str

    @property
    def kind(self) -> WriterKind:
        """Who it is."""

    async def open(self) -> None:
        """Load the notebook, or begin it, and bring it up to the session's history.

        Raises:
            NotebookUnavailable: it can't be read, is no notebook, or can't be written.
        """

    async def bring_up(self) -> None:
        """Give the notebook, where it exists, what it lacks of the session's history, and let go of it.

        Raises:
            NotebookUnavailable: it can't be read or written.
        """

    def apply(self, event: Event) -> None:
        """Take in one more event; returns at once."""

    async def flush(self) -> None:
        """Return when everything applied so far is saved.

        Raises:
            NotebookUnavailable: it could not be saved.
        """

    async def notebook(self) -> dict[str, Any]:
        """The notebook as it stands now, the person's changes included (nbformat v4 JSON)."""

    async def close(self) -> None:
        """Flush and let go of the notebook."""

    async def drop(self) -> None:
        """Let go of the notebook without another save: the next writer has the same history."""


class Document:
    """A notebook (changed in place) and the state that folding one session's events into it needs.

    Args:
        session_id: events of other sessions are ignored.
    """

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self._proposals: dict[str, CellProposed] = {}
        self._notes: dict[str, str] = {}
        self._areas: dict[str, OutputArea] = {}
        self._stale: set[str] = set()
        self._run_cells: dict[str, list[str]] = {}
        self._running = ""
        self._ends: dict[str, CellFinished] = {}
        self._provenances: dict[str, dict[str, Any]] = {}
        self._undone: dict[str, str] = {}
        self.adopt(new_notebook(), 0)

    def adopt(self, notebook: dict[str, Any] | Content, last_seq: int, settled: int = 0) -> None:
        """Write to `notebook` from now on: nbformat JSON that was just read, perhaps saved by somebody else in between,
        or a document that others change at the same time.

        Applying the session's history again brings in what it lacks. A notebook that claims to be further than
        `last_seq`, the session's last stored event, is not believed. One that doesn't know the session at all gets
        only what came after `settled`.
        """
        self._content = JsonContent(notebook) if isinstance(notebook, dict) else notebook
        claimed = self.claimed
        self._seq = claimed if isinstance(claimed, int) and 0 <= claimed <= last_seq else settled

    def acquaint(self) -> None:
        """Let the notebook know of the session, so that it counts as its own from now on."""
        if self.claimed is None:
            self._content.set_entry("sessions", self.session_id, self._seq)

    @property
    def claimed(self) -> object:
        """Up to which `seq` of the session the notebook says that it was brought; None where it doesn't know it."""
        return self._content.entries("sessions").get(self.session_id)

    @property
    def seq(self) -> int:
        """Up to which `seq` the notebook was brought."""
        return self._seq

    @property
    def notebook(self) -> dict[str, Any]:
        """The notebook, complete to the last event applied."""
        self.render()
        return self._content.to_json()

    def render(self) -> None:
        """Write the outputs that changed into the notebook."""
        # Not with each event: a cell that prints 20,000 lines changes its outputs as often.
        for cell_id in self._stale:
            self._change(cell_id, None, outputs=self._areas[cell_id].outputs)
        self._stale.clear()

    @property
    def cell_ids(self) -> list[str]:
        """The ids of all cells in order."""
        return self._content.ids

    def source(self, cell_id: str) -> str | None:
        """The cell's source as the notebook has it; None when there is no such cell."""
        return self._content.source(cell_id)

    def set_kernel(self, kernelspec: dict[str, str], language: str) -> None:
        """Record the kernel that a notebook without one runs in."""
        self._content.set_default("kernelspec", dict(kernelspec))
        self._content.set_default("language_info", {"name": language})

    def apply(self, event: Event) -> bool:
        """Fold one event in; returns whether the notebook changed."""
        if event.session_id != self.session_id or event.seq == 0:
            return False
        fresh = event.seq > self._seq
        changed = self._fold(event, fresh)
        if isinstance(event, RunFinished) and event.provenance:
            self._provenances[event.run_id] = event.provenance
            changed = self._tell_origin(event.run_id) if fresh else changed
        if fresh:
            self._seq = event.seq
            if changed:
                self._content.set_entry("sessions", self.session_id, event.seq)
        return fresh and changed

    # Each branch remembers what later events need, and touches the notebook only for a `fresh` event.
    def _fold(self, event: Event, fresh: bool) -> bool:
        match event:
            case RunStarted(note=note) | RunFinished(note=note) if note:
                self._remember(event.run_id, note.cell_id, note.source)
                after = event.after if isinstance(event, RunStarted) else None
                return fresh and self._insert(_markdown(note, event.run_id), after, event.run_id)
            case CellProposed():
                return self._propose(event, fresh)
            case CellDecided(decision="approve"):
                self._notes[event.cell_id] = event.source
                return fresh and self._change(event.cell_id, CellStatus.approved, source=event.source)
            case CellDecided(decision="reject"):
                note = self._proposals[event.cell_id].note if event.cell_id in self._proposals else None
                return fresh and self._remove([event.cell_id, *([note.cell_id] if note else [])])
            case CellStarted():
                own = event.run_id == OWN_CELLS
                self._areas[event.cell_id] = OutputArea()
                if not own:
                    self._running = event.cell_id
                    if fresh:
                        self._supersede(event.cell_id)
                status = None if own else CellStatus.running
                return fresh and self._change(event.cell_id, status, outputs=[], execution_count=None)
            case CellOutput():
                return self._output(event, fresh)
            case RunPaused(resumable=True) if self._running:
                # Its server is gone, and with it whoever could tell the cell's end.
                return fresh and self._change(self._running, CellStatus.stopped)
            case CellFinished() if event.run_id == OWN_CELLS:
                return fresh and self._change(event.cell_id, None, execution_count=event.execution_count)
            case CellFinished():
                self._running = ""
                status = CellStatus(event.status)
                self._ends[event.cell_id] = event
                facts = {"provenance": event.provenance} if event.provenance else {}
                return fresh and self._change(event.cell_id, status, facts, execution_count=event.execution_count)
            case RunUndone(removed=removed):
                self._undone = {key: text for key, text in self._undone.items() if key not in removed} | event.sources
                changed = fresh and self._remove(removed)
                if fresh and not set(self.run_cells(event.run_id)) & set(self.cell_ids):
                    self._content.set_entry("runs", event.run_id, None)
                return changed
            case RunRedone():
                back = zip(event.restored, event.after, strict=True)
                changed = fresh and any([self._bring_back(cell_id, after, event.run_id) for cell_id, after in back])
                return (changed and self._tell_origin(event.run_id)) or changed
            case _:
                return False

    def _tell_origin(self, run_id: str) -> bool:
        """Note in the notebook what is known of a run that wrote it."""
        if run_id in self._provenances:
            self._content.set_entry("runs", run_id, self._provenances[run_id])
        return run_id in self._provenances

    def run_cells(self, run_id: str) -> dict[str, str]:
        """The ids of the cells that a run put into the notebook, with the source that each was given last."""
        return {cell_id: self._notes[cell_id] for cell_id in self._run_cells.get(run_id, []) if cell_id in self._notes}

    def _remember(self, run_id: str, cell_id: str, source: str) -> None:
        cells = self._run_cells.setdefault(run_id, [])
        if cell_id not in cells:
            cells.append(cell_id)
        self._notes[cell_id] = source

    def _propose(self, event: CellProposed, fresh: bool) -> bool:
        self._proposals[event.cell_id] = event
        after = event.after
        changed = False
        if event.note:
            self._remember(event.run_id, event.note.cell_id, event.note.source)
            changed = fresh and self._insert(_markdown(event.note, event.run_id), after, event.run_id)
            after = event.note.cell_id
        self._remember(event.run_id, event.cell_id, event.source)
        return (fresh and self._insert(_code(event), after, event.run_id)) or changed

    def _bring_back(self, cell_id: str, after: str, run_id: str) -> bool:
        """Put a cell back that undoing its run took out: with its last source, its outputs and its end."""
        proposal = self._proposals.get(cell_id)
        source = self._undone.get(cell_id, self._notes.get(cell_id))
        if source is None:
            return False
        cell = _code(proposal) if proposal else _markdown(Note(cell_id=cell_id, source=source), run_id)
        cell["source"] = source
        ended = self._ends.get(cell_id)
        if proposal and ended:
            cell["execution_count"] = ended.execution_count
            facts = {"status": ended.status} | ({"provenance": ended.provenance} if ended.provenance else {})
            cell["metadata"][METADATA_KEY] |= facts
            cell["outputs"] = self._areas[cell_id].outputs if cell_id in self._areas else []
        if after == "" and cell_id not in self.cell_ids:
            self._content.insert(0, cell)
            return True
        return self._insert(cell, after, run_id)

    def _insert(self, cell: dict[str, Any], after: str | None, run_id: str) -> bool:
        """Put `cell` after the cell `after`; where that is gone, after the last cell of the run, else at the end.

        A new notebook's only, blank cell stays the last one, for the person to go on in.
        """
        ids = self.cell_ids
        if cell["id"] in ids:
            return False
        if after not in ids:
            after = next((other for other in reversed(self._run_cells.get(run_id, [])) if other in ids), None)
        position = ids.index(after) + 1 if after else len(ids)
        if self._content.is_blank():
            position = 0
        self._content.insert(position, cell)
        return True

    def _supersede(self, cell_id: str) -> None:
        """A repair starts: the failed cell goes, and its heading moves to the repair's note.

        Text that a person changed stays where it is.
        """
        repair = self._proposals.get(cell_id)
        failed = self._proposals.get(repair.replaces) if repair and repair.replaces else None
        if repair is None or failed is None or self.source(failed.cell_id) != self._notes.get(failed.cell_id):
            return
        self._remove([failed.cell_id])
        old, new = failed.note, repair.note
        if old is None or new is None or self.source(old.cell_id) != self._notes.get(old.cell_id):
            return
        heading = self._notes[old.cell_id].partition("\n")[0]
        self._remove([old.cell_id])
        if heading.startswith("#") and self.source(new.cell_id) == new.source:
            self._notes[new.cell_id] = f"{heading}\n\n{new.source}"
            self._change(new.cell_id, None, source=self._notes[new.cell_id])

    def _output(self, event: CellOutput, fresh: bool) -> bool:
        area = self._areas.setdefault(event.cell_id, OutputArea())
        message = event.message
        if message.msg_type == "update_display_data":
            return self._update_display(message.content, fresh)
        area.add(message)
        if fresh:
            self._stale.add(event.cell_id)
        return fresh and self._content.has(event.cell_id)

    def _update_display(self, content: dict[str, Any], fresh: bool) -> bool:
        """An update changes every display with that id, in whichever cell it stands."""
        display_id = content.get("transient", {}).get("display_id", "")
        data, metadata = content.get("data", {}), content.get("metadata", {})
        shown = {cell_id for cell_id, area in self._areas.items() if area.update_display(display_id, data, metadata)}
        if fresh:
            self._stale |= shown
        return fresh and bool(shown)

    def _change(
        self, cell_id: str, status: CellStatus | None, facts: dict[str, Any] | None = None, **fields: Any
    ) -> bool:
        """Set a cell's fields, status and other facts. A cell that the person deleted stays deleted."""
        if "source" in fields:
            self._notes[cell_id] = fields["source"]
        return self._content.change(cell_id, fields, {**({"status": status.value} if status else {}), **(facts or {})})

    def _remove(self, cell_ids: Iterable[str]) -> bool:
        return self._content.remove(set(cell_ids))


def _code(event: CellProposed) -> dict[str, Any]:
    cell: dict[str, Any] = new_code_cell(event.source, id=event.cell_id)
    cell["metadata"][METADATA_KEY] = {
        "run_id": event.run_id,
        "status": CellStatus.proposed.value,
        "risk": [risk.value for risk in event.risk],
        "plan_item": event.plan_item,
    }
    return cell


def _markdown(note: Note, run_id: str) -> dict[str, Any]:
    cell: dict[str, Any] = new_markdown_cell(note.source, id=note.cell_id)
    cell["metadata"][METADATA_KEY] = {"run_id": run_id}
    return cell
