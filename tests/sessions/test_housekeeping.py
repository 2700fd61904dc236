"""Old sessions: pruned by age and size, exported, deleted for good."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ml_intern_jlab.cli import main
from ml_intern_jlab.errors import UnknownSession
from ml_intern_jlab.protocol import (
    CellDecided,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    IOPubMessage,
    Mode,
    RiskClass,
    RunFinished,
    RunPaused,
    RunStarted,
    source_hash,
)
from ml_intern_jlab.sessions.housekeeping import prune
from ml_intern_jlab.sessions.journal import Journal

SECRET = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"
DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def session(journal: Journal, printed: str = "Once.", source: str = "print(1)", ended: bool = True) -> str:
    """A session with one cell that ran."""
    session_id = journal.create_session("a.ipynb").session_id
    stream = IOPubMessage(msg_type="stream", content={"name": "stdout", "text": printed})
    cell: dict[str, Any] = {"cell_id": "c1"}
    proposed = CellProposed(
        **cell,
        step=1,
        after=None,
        source=source,
        hash=source_hash(source),
        title="Print",
        risk=[RiskClass.compute],
        reasons=[],
        asks=True,
    )
    for event in (
        RunStarted(task="Print it.", mode=Mode.ask, model="m", max_steps=3, by="ann"),
        proposed,
        CellDecided(**cell, decision="approve", source=source, hash=source_hash(source), by="ann"),
        CellStarted(**cell, hash=source_hash(source)),
        CellOutput(**cell, message=stream),
        CellFinished(**cell, status="done", execution_count=1),
        RunFinished(status="finished", answer="Done.") if ended else RunPaused(reason="Gone.", resumable=True),
    ):
        journal.append(event.model_copy(update={"session_id": session_id, "run_id": "r"}))
    return session_id


def test_what_is_old_goes_and_what_is_unfinished_stays(path: Path) -> None:
    journal = Journal(path)
    old, paused, new = session(journal), session(journal, ended=False), session(journal)
    journal._db.execute("UPDATE events SET time=time-? WHERE session_id<>?", (40 * DAY, new))
    journal._db.execute("UPDATE sessions SET created=created-? WHERE session_id<>?", (40 * DAY, new))
    assert [info.session_id for info in prune(journal, 30, 0)] == [old]
    assert {info.session_id for info in journal.sessions()} == {paused, new}
    assert prune(journal, 0, 0) == []


def test_the_oldest_go_until_the_rest_is_small_enough(path: Path) -> None:
    journal = Journal(path)
    ids = [session(journal, printed=str(number) * 300_000) for number in range(6)]
    assert journal.size > 1_500_000
    gone = [info.session_id for info in prune(journal, 0, 1_000_000)]
    assert gone == ids[: len(gone)]
    assert journal.size <= 1_000_000
    assert len(journal.sessions()) == 6 - len(gone) >= 2


def test_deleted_means_that_not_a_byte_is_left(path: Path) -> None:
    journal = Journal(path)
    gone, kept = session(journal, printed="pelican " * 2000), session(journal, printed="heron " * 2000)
    journal.delete_session(gone)
    files = b"".join(each.read_bytes() for each in path.parent.glob("journal.sqlite*"))
    assert b"pelican" not in files
    assert b"heron" in files
    with pytest.raises(UnknownSession):
        journal.session(gone)
    assert journal.session(kept).run_status == "finished"


def test_a_journal_of_the_first_version_is_taken_over(path: Path) -> None:
    journal = Journal(path)
    session_id = session(journal)
    journal.close()
    db = sqlite3.connect(path)
    for column in ("root", "user"):
        db.execute(f"ALTER TABLE sessions DROP COLUMN {column}")
    db.execute("PRAGMA user_version=1")
    db.commit()
    db.close()
    again = Journal(path)
    assert (again.session(session_id).run_status, again.root(session_id)) == ("finished", "")
    assert again.sessions_of("") == 1


def cli(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["sessions", *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command_shows_exports_and_deletes(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(path)
    session_id = session(journal, source=f"token = '{SECRET}'")
    journal.close()
    where = ("--journal", str(path))

    assert cli("show", session_id[:5], *where) == 0
    shown = capsys.readouterr().out
    assert "cell c1 approved by ann" in shown
    assert "finished: Done." in shown

    assert cli("export", session_id, *where) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["session"]["session_id"] == session_id
    assert [line["type"] for line in lines[1:]][:3] == ["run_started", "cell_proposed", "cell_decided"]
    assert SECRET not in json.dumps(lines)

    out = path.parent / "out.ipynb"
    assert cli("export", session_id, "--as", "ipynb", "-o", str(out), *where) == 0
    notebook = nbformat.read(out, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].outputs[0].text == "Once."
    assert SECRET not in out.read_text()

    assert cli("delete", session_id, *where) == 0
    assert cli("show", session_id, *where) == 1
    assert "There is no session" in capsys.readouterr().err
    assert cli("prune", "--days", "1", *where) == 0
    assert cli("resume", session_id, *where) == 1
