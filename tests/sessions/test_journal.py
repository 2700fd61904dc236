from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest

from ml_intern_jlab.errors import JournalUnavailable, Refused, UnknownSession
from ml_intern_jlab.protocol import (
    CellOutput,
    Event,
    IOPubMessage,
    Mode,
    RunFinished,
    RunStarted,
    RunStatus,
    TextDelta,
    WarningRaised,
)
from ml_intern_jlab.sessions.journal import Journal

# The schema and a row as version 1 wrote them; never change these, that's the point.
VERSION_1 = """
CREATE TABLE sessions (session_id TEXT PRIMARY KEY, path TEXT NOT NULL, kernel_name TEXT NOT NULL,
 created REAL NOT NULL, owner TEXT NOT NULL DEFAULT '');
CREATE TABLE events (session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE, seq INTEGER NOT NULL,
 time REAL NOT NULL, run_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
 PRIMARY KEY (session_id, seq)) WITHOUT ROWID;
CREATE INDEX events_by_type ON events (session_id, type, seq);
INSERT INTO sessions VALUES ('0123456789ab', 'old.ipynb', 'python3', 1.0, '');
INSERT INTO events VALUES ('0123456789ab', 1, 2.0, 'r', 'run_started',
 '{"task":"t","mode":"ask","model":"recipes","max_steps":3,"by":"ann","after":null,"note":null,"versions":{}}');
INSERT INTO events VALUES ('0123456789ab', 2, 3.0, 'r', 'run_finished',
 '{"status":"finished","answer":"42","reason":"","note":null,"field_of_another_version":1}');
INSERT INTO events VALUES ('0123456789ab', 3, 3.0, 'r', 'event_of_another_version', '{}');
PRAGMA user_version=1;
"""


def started(task: str = "t") -> RunStarted:
    return RunStarted(run_id="r", task=task, mode=Mode.ask, model="recipes", max_steps=3, by="ann")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "folder" / "journal.sqlite")


def test_append_mints_seq_per_session_and_stores_before_it_tells(journal: Journal) -> None:
    one, two = journal.create_session("a.ipynb"), journal.create_session("b.ipynb")
    told: list[tuple[int, int]] = []

    def listener(event: Event) -> None:
        reader = Journal(journal.path)
        told.append((event.seq, len(list(reader.events(one.session_id)))))
        reader.close()

    journal.subscribe(one.session_id, listener)
    for _ in range(3):
        journal.append(started().model_copy(update={"session_id": one.session_id}))
    journal.append(started().model_copy(update={"session_id": two.session_id}))
    assert told == [(1, 1), (2, 2), (3, 3)]
    assert [event.seq for event in journal.events(two.session_id)] == [1]


def test_events_since_and_until(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    for number in range(5):
        message = IOPubMessage(msg_type="stream", content={"name": "stdout", "text": f"{number}"})
        journal.append(CellOutput(session_id=session.session_id, cell_id="c", message=message))
    assert [event.seq for event in journal.events(session.session_id, 2)] == [3, 4, 5]
    assert [event.seq for event in journal.events(session.session_id, 1, 3)] == [2, 3]
    first = next(iter(journal.events(session.session_id)))
    assert isinstance(first, CellOutput)
    assert first.message.content["text"] == "0"
    assert first.time > 0


def test_text_deltas_are_told_but_not_stored(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    told: list[Event] = []
    end = journal.subscribe(session.session_id, told.append)
    journal.append(TextDelta(session_id=session.session_id, step=1, text="x"))
    end()
    journal.append(TextDelta(session_id=session.session_id, step=1, text="y"))
    assert [event.seq for event in told] == [0]
    assert list(journal.events(session.session_id)) == []


def test_a_failing_listener_does_not_stop_the_others(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    session = journal.create_session("a.ipynb")
    told: list[Event] = []

    def fails(event: Event) -> None:
        raise ValueError("no")

    journal.subscribe(session.session_id, fails)
    journal.subscribe(session.session_id, told.append)
    journal.append(started().model_copy(update={"session_id": session.session_id}))
    assert len(told) == 1
    assert "A listener of session" in caplog.text


def test_the_state_of_the_last_run(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    assert journal.session(session.session_id).run_status is None
    journal.append(started("first").model_copy(update={"session_id": session.session_id}))
    assert journal.session(session.session_id).run_status is RunStatus.running
    journal.append(RunFinished(session_id=session.session_id, run_id="r", status="failed"))
    info = journal.session(session.session_id)
    assert (info.run_status, info.task, info.run_id) == (RunStatus.failed, "first", "r")
    journal.append(started("second").model_copy(update={"session_id": session.session_id, "run_id": "s"}))
    assert journal.session(session.session_id).run_status is RunStatus.running


def test_delete_and_unknown(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    journal.append(started().model_copy(update={"session_id": session.session_id}))
    journal.delete_session(session.session_id)
    assert list(journal.events(session.session_id)) == []
    with pytest.raises(UnknownSession, match="There is no session"):
        journal.session(session.session_id)


def _read(path: str, session_id: str, result: multiprocessing.Queue[int]) -> None:
    result.put(len(list(Journal(path).events(session_id))))


def test_another_process_reads_while_this_one_writes(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    context = multiprocessing.get_context("spawn")
    result: multiprocessing.Queue[int] = context.Queue()
    for _ in range(100):
        journal.append(started().model_copy(update={"session_id": session.session_id}))
    reader = context.Process(target=_read, args=(journal.path, session.session_id, result))
    reader.start()
    while reader.is_alive():
        journal.append(started().model_copy(update={"session_id": session.session_id}))
    assert result.get(timeout=10) >= 100
    reader.join()
    seqs = [event.seq for event in journal.events(session.session_id)]
    assert seqs == list(range(1, len(seqs) + 1))


def test_a_journal_of_version_1_opens(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    db = sqlite3.connect(path)
    db.executescript(VERSION_1)
    db.close()
    journal = Journal(path)
    assert journal.session("0123456789ab").run_status is RunStatus.finished
    events = list(journal.events("0123456789ab"))
    assert isinstance(events[1], RunFinished)
    assert events[1].answer == "42"
    assert isinstance(events[2], WarningRaised)
    assert events[2].code == "unreadable_event"
    assert journal.append(started().model_copy(update={"session_id": "0123456789ab"})).seq == 4


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    Journal(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(JournalUnavailable, match="newer version"):
        Journal(path)


def test_what_is_no_journal_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes " * 1000)
    with pytest.raises(JournalUnavailable, match="can't be opened"):
        Journal(path)
    assert path.read_text().startswith("my notes")


def test_a_full_disk_is_a_sentence(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    journal._db.execute("PRAGMA max_page_count=20")
    told: list[Event] = []
    journal.subscribe(session.session_id, told.append)

    def fill() -> None:
        for _ in range(1000):
            journal.append(started("x" * 1000).model_copy(update={"session_id": session.session_id}))

    with pytest.raises(JournalUnavailable, match=r"can't be written.*full"):
        fill()
    assert len(told) == len(list(journal.events(session.session_id)))


def test_one_process_owns_a_session(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    journal.claim(session.session_id, os.getpid())
    journal.claim(session.session_id, os.getpid())
    with pytest.raises(Refused, match="end it first"):
        journal.claim(session.session_id, os.getpid() + 1)


def test_a_dead_owner_is_succeeded(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    dead = multiprocessing.get_context("spawn").Process(target=int)
    dead.start()
    dead.join()
    assert dead.pid
    journal.claim(session.session_id, dead.pid)
    journal.claim(session.session_id, os.getpid())


def test_rows_are_json_that_other_tools_can_read(journal: Journal) -> None:
    session = journal.create_session("a.ipynb")
    journal.append(started("schön 😀").model_copy(update={"session_id": session.session_id}))
    body = journal._db.execute("SELECT body FROM events").fetchone()[0]
    assert json.loads(body)["task"] == "schön 😀"
