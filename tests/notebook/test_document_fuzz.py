"""People and agent on one notebook, in any order, in its file or in a shared document: nothing is lost, doubled or
misplaced. `src/__tests__/notebookFuzz.spec.ts` does the same to the document of an open tab.

`ML_INTERN_FUZZ=20 pytest tests/notebook/test_document_fuzz.py` does twenty times as many operations.
"""

from __future__ import annotations

import copy
import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ml_intern_jlab.errors import Refused
from ml_intern_jlab.notebook.document import Document
from ml_intern_jlab.protocol import (
    CellDecided,
    CellFinished,
    CellOutput,
    CellStarted,
    Event,
    IOPubMessage,
    Note,
    RedoRun,
    RunPaused,
    UndoRun,
    source_hash,
)
from ml_intern_jlab.sessions.undo import redone, undone

from .test_document import SESSION, proposed, started

try:
    from jupyter_ydoc import YNotebook

    from ml_intern_jlab.notebook.shared_content import SharedContent
except ModuleNotFoundError:  # the extra `rtc`
    YNotebook = None

PLACES = st.integers(0, 1000)
TEXTS = st.sampled_from(["a = 1", "print(a)", "# mine", "b\nc", ""])


class PeopleAndAgent(RuleBasedStateMachine):
    """One notebook as its writer holds it, the file as it was saved last, and what must stand in both.

    Where the notebook is open in a room, the writer shares the document `room` with the person's `page`, which may be
    `behind` with what the server wrote. `ours` maps each cell of the agent's that must be there to its source, `theirs`
    each cell of the person's; `taken` are the texts that cells had when they were undone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Event] = []
        self.document = Document(SESSION)
        self.document.adopt(new_notebook(), 0)
        self.saved = copy.deepcopy(self.document.notebook)
        self.ours: dict[str, str] = {}
        self.theirs: dict[str, str] = {}
        self.given: dict[str, str] = {}
        self.taken: dict[str, str] = {}
        self.printed: dict[str, str] = {}
        self.order: list[str] = []
        self.notes: dict[str, str] = {}
        self.minted = 0
        self.room: Any = None
        self.page: Any = None
        self.behind = False
        self.pending = self.approved = self.running = self.failed = self.tail = ""
        self.emit(started())
        self.ours["title"] = self.given["title"] = "# Task"
        self.tail = "title"

    def emit(self, event: Event) -> None:
        seq = len(self.history) + 1
        self.history.append(event.model_copy(update={"seq": seq, "session_id": SESSION, "run_id": "r"}))
        self.document.apply(self.history[-1])
        if self.room:
            self.document.render()
            self.follow()

    def mint(self, kind: str) -> str:
        self.minted += 1
        return f"{kind}{self.minted}"

    def read(self, notebook: Any) -> None:
        """A writer begins from a file or a shared document: a new one, or one that found it changed."""
        self.document.adopt(notebook, len(self.history))
        for event in self.history:
            self.document.apply(event)
        self.document.render()

    def follow(self) -> None:
        """The page gets what the server wrote."""
        if not self.behind:
            self.page.ydoc.apply_update(self.room.ydoc.get_update(self.page.ydoc.get_state()))

    # --- the agent ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: not (self.pending or self.approved or self.running))
    @rule(source=TEXTS.filter(bool), noted=st.booleans())
    def propose(self, source: str, noted: bool) -> None:
        cell_id = self.mint("cell")
        note = Note(cell_id=f"{cell_id}-note", source="Because.") if noted else None
        # A repair's own note would take its failed cell's heading over; that has tests of its own.
        replaces = "" if noted else self.failed
        anchored = self.tail in self.document.cell_ids
        self.emit(proposed(cell_id, self.tail, f"{source}  # {cell_id}", note=note, replaces=replaces))
        self.given[cell_id] = self.ours[cell_id] = f"{source}  # {cell_id}"
        ids = self.document.cell_ids
        if note:
            self.given[note.cell_id] = self.ours[note.cell_id] = note.source
            self.notes[cell_id] = note.cell_id
            assert ids.index(note.cell_id) == ids.index(cell_id) - 1
        if anchored:
            assert ids.index(self.tail) == ids.index(cell_id) - (2 if note else 1)
        self.pending = cell_id

    @precondition(lambda self: self.pending)
    @rule(edit=st.booleans(), approve=st.booleans())
    def decide(self, edit: bool, approve: bool) -> None:
        cell_id, self.pending = self.pending, ""
        source = f"edited  # {cell_id}" if edit and approve else self.given[cell_id]
        decision: Any = "approve" if approve else "reject"
        self.emit(CellDecided(cell_id=cell_id, decision=decision, source=source, hash=source_hash(source), by="ann"))
        if approve:
            self.approved, self.tail, self.given[cell_id] = cell_id, cell_id, source
            if cell_id in self.ours:
                self.ours[cell_id] = source
        else:
            self.ours.pop(cell_id, None)
            self.ours.pop(self.notes.get(cell_id, ""), None)

    @precondition(lambda self: self.approved)
    @rule()
    def start(self) -> None:
        cell_id, self.approved = self.approved, ""
        replaced = self.failed if cell_id not in self.notes else ""
        self.emit(CellStarted(cell_id=cell_id, hash=""))
        if replaced and self.ours.get(replaced) == self.given[replaced]:
            del self.ours[replaced]
        self.running, self.printed[cell_id], self.failed = cell_id, "", ""

    @precondition(lambda self: self.running)
    @rule(text=st.sampled_from(["1\n", "two", "\n"]))
    def output(self, text: str) -> None:
        message = IOPubMessage(msg_type="stream", content={"name": "stdout", "text": text})
        self.emit(CellOutput(cell_id=self.running, message=message))
        self.printed[self.running] += text

    @precondition(lambda self: self.running)
    @rule(status=st.sampled_from(["done", "failed"]))
    def finish(self, status: Any) -> None:
        self.emit(CellFinished(cell_id=self.running, status=status, execution_count=1))
        self.failed = self.running if status == "failed" else ""
        self.running = ""

    @precondition(lambda self: self.running)
    @rule()
    def lose_the_server(self) -> None:
        """What ran starts again when the run is resumed."""
        self.emit(RunPaused(reason="gone", resumable=True))
        self.approved, self.running = self.running, ""

    @precondition(lambda self: not (self.pending or self.approved or self.running))
    @rule(overwrite=st.booleans(), last=st.booleans())
    def undo(self, overwrite: bool, last: bool) -> None:
        cells = [self.tail] if last else []
        command = UndoRun(run_id="r", cells=cells, overwrite=list(self.given) if overwrite else [])
        try:
            event = undone(self.history, SESSION, self.document.notebook, command, "ann")
        except Refused:
            return
        wanted = {self.tail, self.notes.get(self.tail, "")} if last else set(self.ours)
        gone = {key for key in wanted & set(self.ours) if overwrite or self.ours[key] == self.given[key]}
        assert set(event.removed) == gone
        self.emit(event)
        self.taken |= {key: self.ours[key] for key in gone}
        self.ours = {key: text for key, text in self.ours.items() if key not in gone}

    @precondition(lambda self: not (self.pending or self.approved or self.running))
    @rule()
    def redo(self) -> None:
        try:
            event = redone(self.history, self.document.notebook, RedoRun(run_id="r"), "ann")
        except Refused:
            return
        self.emit(event)
        self.ours |= {cell_id: self.taken[cell_id] for cell_id in event.restored}

    # --- the person, who saves what they did --------------------------------------------------------------------------

    @rule(place=PLACES, text=TEXTS)
    def insert(self, place: int, text: str) -> None:
        make: Any = new_markdown_cell if place % 2 else new_code_cell
        # A blank only cell is a new notebook's, before which the agent's go.
        cell = make(text or "x", id=self.mint("mine"))
        self.theirs[cell["id"]] = cell["source"]
        cells = self.shown()
        cells.insert(place % (len(cells) + 1), cell)
        self.saves(cells)

    @precondition(lambda self: self.document.cell_ids)
    @rule(place=PLACES, text=TEXTS)
    def edit(self, place: int, text: str) -> None:
        cells = self.shown()
        if not cells:
            return
        cell = cells[place % len(cells)]
        if cell["id"] in (self.pending, self.approved) or (self.behind and cell["id"] not in self.theirs):
            return  # the decision brings the source; of one that the page doesn't see yet, two changes meet
        cell["source"] = text or "y"
        (self.ours if cell["id"] in self.ours else self.theirs)[cell["id"]] = text or "y"
        self.saves(cells)

    @precondition(lambda self: self.document.cell_ids and not self.behind)
    @rule(place=PLACES, to=PLACES)
    def move(self, place: int, to: int) -> None:
        cells = self.shown()
        cell = cells.pop(place % len(cells))
        cells.insert(to % (len(cells) + 1), cell)
        self.saves(cells)

    @precondition(lambda self: self.document.cell_ids)
    @rule(place=PLACES)
    def delete(self, place: int) -> None:
        cells = self.shown()
        if not cells:
            return
        cell = cells.pop(place % len(cells))
        if self.behind and cell["id"] not in self.theirs:
            return
        self.ours.pop(cell["id"], None)
        self.theirs.pop(cell["id"], None)
        self.saves(cells)

    def shown(self) -> list[Any]:
        """The cells as the person sees them, to be changed."""
        notebook = self.page.get() if self.room else self.document.notebook
        return list(copy.deepcopy(notebook["cells"]))

    def saves(self, cells: list[Any]) -> None:
        """The person made these cells of what was shown."""
        self.order = [cell["id"] for cell in cells if cell["id"] in self.theirs]
        if self.room:
            change_page(self.page, cells)
            self.room.ydoc.apply_update(self.page.ydoc.get_update(self.room.ydoc.get_state()))
            self.save()
        else:
            self.saved = {**copy.deepcopy(self.document.notebook), "cells": cells}
            self.read(copy.deepcopy(self.saved))

    @precondition(lambda self: self.room)
    @rule(behind=st.booleans())
    def network(self, behind: bool) -> None:
        """The page stops hearing what the server writes, or hears all that it missed."""
        self.behind = behind
        self.follow()
        if not behind:
            assert self.page.get() == self.room.get()

    # --- writers ------------------------------------------------------------------------------------------------------

    @rule()
    def save(self) -> None:
        self.saved = copy.deepcopy(self.document.notebook)

    @rule()
    def another_writer(self) -> None:
        """The lease moves to the file or a tab, or the server was killed: somebody begins from the file, perhaps an old
        one."""
        self.room = None
        self.document = Document(SESSION)
        self.read(copy.deepcopy(self.saved))

    @precondition(lambda self: YNotebook and not self.room)
    @rule()
    def open_room(self) -> None:
        """The lease moves to a room that a page opened, and that has read the file."""
        self.room, self.page = YNotebook(), YNotebook()
        self.document = Document(SESSION)
        self.room_reads()

    def room_reads(self) -> None:
        """The room takes over what the file has, and the writer brings that up and saves it."""
        self.behind = False
        self.room.set(copy.deepcopy(self.saved))
        for cell in self.room.get()["cells"]:
            # An empty notebook gets a cell; others that aren't known here were ours, and go when that is brought up.
            if not cell["source"] and cell["id"] not in {**self.ours, **self.theirs}:
                self.theirs[cell["id"]] = ""
                self.order.append(cell["id"])
        self.read(SharedContent(self.room))
        self.follow()
        self.save()

    @precondition(lambda self: self.room)
    @rule()
    def leave_room(self) -> None:
        """The last page left; the room saves, and the lease moves to the file."""
        self.save()
        self.another_writer()

    @precondition(lambda self: self.room)
    @rule()
    def read_again(self) -> None:
        """The room reads the file anew, which somebody else wrote."""
        self.room_reads()

    @rule()
    def replay(self) -> None:
        for event in self.history:
            assert not self.document.apply(event)

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_doubled_or_misplaced(self) -> None:
        cells = self.document.notebook["cells"]
        ids = [cell["id"] for cell in cells]
        assert len(set(ids)) == len(ids)
        assert {cell["id"]: cell["source"] for cell in cells} == {**self.ours, **self.theirs}
        assert [cell_id for cell_id in ids if cell_id in self.theirs] == self.order
        for cell in cells:
            if self.printed.get(cell["id"]):
                assert "".join(output["text"] for output in cell["outputs"]) == self.printed[cell["id"]]


def change_page(page: Any, wanted: list[Any]) -> None:
    """Make these cells of the page's, as JupyterLab does it: a moved cell is deleted and made anew elsewhere."""
    kept = {cell["id"] for cell in wanted}
    with page.ydoc.transaction():
        for index in reversed(range(page.cell_number)):
            if page.ycells[index]["id"] not in kept:
                del page.ycells[index]
        for index, cell in enumerate(wanted):
            ids = [each["id"] for each in page.ycells]
            if index >= len(ids) or ids[index] != cell["id"]:
                made = page.get_cell(ids.index(cell["id"])) if cell["id"] in ids else cell
                if cell["id"] in ids:
                    del page.ycells[ids.index(cell["id"])]
                page.ycells.insert(index, page.create_ycell(made))
            if str(page.ycells[index]["source"]) != cell["source"]:
                page.set_cell(index, source=cell["source"])


PeopleAndAgent.TestCase.settings = settings(
    max_examples=200 * int(os.environ.get("ML_INTERN_FUZZ", "1")),
    stateful_step_count=50,
    deadline=None,
    derandomize="ML_INTERN_FUZZ" not in os.environ,
)
test_people_and_agent_on_one_notebook = PeopleAndAgent.TestCase
