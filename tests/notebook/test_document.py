from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ml_intern_jlab.notebook.document import METADATA_KEY, Document
from ml_intern_jlab.protocol import (
    CellDecided,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    Event,
    IOPubMessage,
    Mode,
    Note,
    RiskClass,
    RunFinished,
    RunRedone,
    RunStarted,
    RunUndone,
    source_hash,
)

SESSION = "0123456789ab"


def numbered(events: Iterable[Event]) -> list[Event]:
    return [
        event.model_copy(update={"seq": seq, "session_id": SESSION, "run_id": "r"})
        for seq, event in enumerate(events, 1)
    ]


def started(after: str | None = None) -> RunStarted:
    note = Note(cell_id="title", source="# Task")
    return RunStarted(task="t", mode=Mode.ask, model="m", max_steps=3, by="ann", after=after, note=note)


def proposed(cell_id: str, after: str | None, source: str = "1+1", **more: Any) -> CellProposed:
    return CellProposed(
        step=1,
        cell_id=cell_id,
        after=after,
        source=source,
        hash=source_hash(source),
        title="t",
        risk=[RiskClass.compute],
        reasons=[],
        asks=True,
        **more,
    )


def ran(cell_id: str, text: str = "2", source: str = "1+1", status: Any = "done") -> list[Event]:
    message = IOPubMessage(msg_type="stream", content={"name": "stdout", "text": text})
    return [
        CellDecided(cell_id=cell_id, decision="approve", source=source, hash=source_hash(source), by="ann"),
        CellStarted(cell_id=cell_id, hash=source_hash(source)),
        CellOutput(cell_id=cell_id, message=message),
        CellFinished(cell_id=cell_id, status=status, execution_count=7),
    ]


def document(events: Iterable[Event], notebook: dict[str, Any] | None = None) -> Document:
    made = Document(SESSION)
    made.adopt(notebook or new_notebook(), 0)
    for event in events:
        made.apply(event)
    return made


def cell(made: Document, cell_id: str) -> Any:
    return next(each for each in made.notebook["cells"] if each["id"] == cell_id)


def test_a_run_becomes_cells_in_order_and_valid() -> None:
    note = Note(cell_id="note", source="## 1. Load")
    end = RunFinished(status="finished", answer="a", note=Note(cell_id="end", source="## Summary"))
    made = document(numbered([started(), proposed("one", "title", note=note), *ran("one"), end]))
    assert made.cell_ids == ["title", "note", "one", "end"]
    nbformat.validate(made.notebook)
    one = cell(made, "one")
    assert one["execution_count"] == 7
    assert one["outputs"][0]["text"] == "2"
    assert one["metadata"][METADATA_KEY]["status"] == "done"


def test_applying_twice_changes_nothing() -> None:
    events = numbered([started(), proposed("one", "title"), *ran("one"), proposed("two", "one")])
    made = document(events)
    before = nbformat.writes(nbformat.from_dict(made.notebook))
    for event in [*events, *events]:
        assert not made.apply(event)
    assert nbformat.writes(nbformat.from_dict(made.notebook)) == before


def test_a_saved_notebook_is_brought_up_by_what_it_lacks() -> None:
    events = numbered([started(), proposed("one", "title"), *ran("one"), proposed("two", "one"), *ran("two", "4")])
    whole = document(events).notebook
    for cut in range(len(events)):
        saved = nbformat.from_dict(document(events[:cut]).notebook)
        again = Document(SESSION)
        again.adopt(saved, events[-1].seq)
        for event in events:
            again.apply(event)
        assert again.notebook == whole, cut


def test_a_cell_that_the_person_deleted_stays_deleted() -> None:
    events = numbered([started(), proposed("one", "title"), *ran("one"), proposed("two", "one")])
    made = document(events[:-1])
    made.notebook["cells"] = [each for each in made.notebook["cells"] if each["id"] != "one"]
    made.adopt(made.notebook, events[-1].seq)
    for event in events:
        made.apply(event)
    assert made.cell_ids == ["title", "two"]


def test_a_claim_beyond_the_journal_is_not_believed() -> None:
    poisoned = new_notebook(metadata={METADATA_KEY: {"sessions": {SESSION: 10**9}}})
    events = numbered([started(), proposed("one", "title")])
    made = Document(SESSION)
    made.adopt(poisoned, events[-1].seq)
    for event in events:
        made.apply(event)
    assert made.cell_ids == ["title", "one"]


def test_odd_metadata_of_others_does_no_harm() -> None:
    for odd in ("text", [1], {"sessions": [1]}, {"sessions": {SESSION: "x"}}):
        made = document(numbered([started()]), new_notebook(metadata={METADATA_KEY: odd}))
        assert made.cell_ids == ["title"]


def test_cells_go_after_the_named_cell_of_the_person() -> None:
    own = new_notebook(cells=[new_code_cell("a = 1", id="own1"), new_code_cell("b = 2", id="own2")])
    made = document(numbered([started(after="own1"), proposed("one", "title")]), own)
    assert made.cell_ids == ["own1", "title", "one", "own2"]


def test_a_missing_anchor_falls_back_to_the_runs_last_cell() -> None:
    own = new_notebook(cells=[new_code_cell("a = 1", id="own1"), new_code_cell("b = 2", id="own2")])
    made = document(numbered([started(after="own1"), proposed("one", "gone")]), own)
    assert made.cell_ids == ["own1", "title", "one", "own2"]


def test_a_new_notebooks_blank_cell_stays_the_last_one() -> None:
    document = Document(SESSION)
    document.adopt(new_notebook(cells=[new_code_cell("", id="blank")]), 0)
    for event in numbered([started("blank"), proposed("a", "title"), *ran("a")]):
        document.apply(event)
    assert document.cell_ids == ["title", "a", "blank"]


def test_a_rejected_proposal_vanishes_with_its_note() -> None:
    note = Note(cell_id="note", source="## 1. Load")
    rejected = CellDecided(cell_id="one", decision="reject", source="1+1", hash="", by="ann")
    assert document(numbered([started(), proposed("one", "title", note=note), rejected])).cell_ids == ["title"]


def test_the_persons_edit_is_what_the_notebook_shows() -> None:
    made = document(numbered([started(), proposed("one", "title"), *ran("one", source="2+2")]))
    assert made.source("one") == "2+2"


def failed_then_repaired() -> list[Event]:
    old, new = (
        Note(cell_id="note1", source="## 1. Load\n\nFirst try."),
        Note(cell_id="note2", source="The name was wrong."),
    )
    return [
        started(),
        proposed("one", "title", "1/0", note=old),
        *ran("one", "boom", "1/0", "failed"),
        proposed("two", "one", note=new, replaces="one"),
        *ran("two"),
    ]


def test_a_repair_takes_the_failed_cells_place_and_heading() -> None:
    made = document(numbered(failed_then_repaired()))
    assert made.cell_ids == ["title", "note2", "two"]
    assert made.source("note2") == "## 1. Load\n\nThe name was wrong."


def test_a_failed_cell_that_the_person_changed_is_kept() -> None:
    events = numbered(failed_then_repaired())
    made = document(events[:6])
    cell(made, "one")["source"] = "1/1  # mine"
    for event in events[6:]:
        made.apply(event)
    assert made.cell_ids == ["title", "note1", "one", "note2", "two"]


def test_an_update_reaches_an_earlier_cells_display() -> None:
    def display(kind: Any, text: str) -> IOPubMessage:
        content = {"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "d"}}
        return IOPubMessage(msg_type=kind, content=content)

    events: list[Event] = [started(), proposed("one", "title"), *ran("one")]
    events.insert(4, CellOutput(cell_id="one", message=display("display_data", "0 %")))
    events += [proposed("two", "one"), *ran("two")]
    events.append(CellOutput(cell_id="two", message=display("update_display_data", "100 %")))
    made = document(numbered(events))
    assert any(each.get("data") == {"text/plain": "100 %"} for each in cell(made, "one")["outputs"])


def test_undo_takes_out_what_the_event_names() -> None:
    own = new_notebook(cells=[new_markdown_cell("mine", id="own")])
    events = [started(after="own"), proposed("one", "title"), *ran("one")]
    events.append(RunUndone(removed=["title", "one"], kept=[], by="ann"))
    made = document(numbered(events), own)
    assert made.cell_ids == ["own"]


def test_what_belongs_to_other_sessions_or_is_not_stored_is_ignored() -> None:
    made = document([])
    assert not made.apply(started().model_copy(update={"session_id": "other", "seq": 1}))
    assert not made.apply(started().model_copy(update={"session_id": SESSION, "seq": 0}))
    assert made.cell_ids == []


def test_a_redo_brings_an_edit_back_into_a_notebook_that_was_read_again() -> None:
    edited = CellDecided(cell_id="a", decision="approve", source="2+2", hash=source_hash("2+2"), by="ann", edited=True)
    begun = numbered([started(), proposed("a", "title"), edited])
    saved = document(begun).notebook
    undone = RunUndone(removed=["a"], kept=[], by="ann")
    redone = RunRedone(restored=["a"], after=["title"], by="ann")
    events = numbered([*begun, undone, redone])
    made = Document(SESSION)
    made.adopt(saved, len(events))
    for event in events:
        made.apply(event)
    assert made.source("a") == "2+2"
