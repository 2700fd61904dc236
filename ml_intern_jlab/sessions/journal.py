"""The append-only journal of every session, in one SQLite file (WAL).

An event is committed before anyone hears of it. Notebook and panel are projections: both can be rebuilt from here.
One process writes a session; any number of processes may read at the same time.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import gethostname
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import from_json

from ..errors import JournalUnavailable, Refused, UnknownSession
from ..protocol import (
    EVENT,
    ClassesAllowed,
    Event,
    EventBase,
    FindingDismissed,
    ModelProgress,
    RerunProgress,
    RiskClass,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStatus,
    SessionInfo,
    TextDelta,
    WarningRaised,
    new_id,
)
from ..redaction import redacted, safe_logger

log = safe_logger(__name__)

SCHEMA_VERSION = 3
_MIGRATIONS = {
    # version that the statements lead to: statements
    1: (
        "CREATE TABLE sessions (session_id TEXT PRIMARY KEY, path TEXT NOT NULL, kernel_name TEXT NOT NULL,"
        " created REAL NOT NULL, owner TEXT NOT NULL DEFAULT '')",
        "CREATE TABLE events (session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE, seq INTEGER NOT NULL,"
        " time REAL NOT NULL, run_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,"
        " PRIMARY KEY (session_id, seq)) WITHOUT ROWID",
        "CREATE INDEX events_by_type ON events (session_id, type, seq)",
    ),
    # The folder that `path` is relative to.
    2: ("ALTER TABLE sessions ADD COLUMN root TEXT NOT NULL DEFAULT ''",),
    # The username of who made it; "" where nobody logged in, as on the command line.
    3: ("ALTER TABLE sessions ADD COLUMN user TEXT NOT NULL DEFAULT ''",),
}
_INFO = "session_id, path, kernel_name, created"
_EVENT_TYPES: dict[str, type[EventBase]] = {
    model.model_fields["type"].default: model for model in get_args(get_args(Event)[0])
}
_ENVELOPE = {"session_id", "run_id", "seq", "time", "type"}

Listener = Callable[[Event], None]


class Journal:
    """The journal at `path`, which is created with its folders where it is missing.

    Not thread-safe: the process's event loop is its only user. `":memory:"` keeps it in memory.

    Raises:
        JournalUnavailable: the file can't be opened, is none of ours, or was written by a newer version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._listeners: dict[str, list[Listener]] = {}
        self._last_seq: dict[str, int] = {}
        try:
            if self.path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(self.path, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # heard only before the first table
            self._db.execute("PRAGMA journal_mode=WAL")
            # NORMAL survives a killed process; only a power cut can cost the last moments.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.execute("PRAGMA secure_delete=ON")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise JournalUnavailable(
                f"The journal {self.path} can't be opened ({error}). Check the folder's rights and free space, "
                "or set another journal_path."
            ) from error

    def _migrate(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise JournalUnavailable(
                f"The journal {self.path} was written by a newer version of ml-intern-jlab. Upgrade ml-intern-jlab, "
                "or set another journal_path."
            )
        for target in range(version + 1, SCHEMA_VERSION + 1):
            self._db.execute("BEGIN IMMEDIATE")
            # Another process may have migrated while this one waited for the lock.
            if self._db.execute("PRAGMA user_version").fetchone()[0] < target:
                for statement in _MIGRATIONS[target]:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={target}")
            self._db.execute("COMMIT")

    # --- sessions -------------------------------------------------------------------------------------------------

    def create_session(self, path: str, kernel_name: str = "", root: str = "", user: str = "") -> SessionInfo:
        """A new, empty session of `user` for the notebook at `path`, relative to the folder `root`."""
        info = SessionInfo(session_id=new_id(), path=path, kernel_name=kernel_name, created=time.time())
        self._write(
            "INSERT INTO sessions (session_id, path, kernel_name, created, root, user) VALUES (?, ?, ?, ?, ?, ?)",
            (info.session_id, info.path, info.kernel_name, info.created, root, user),
        )
        return info

    def sessions_of(self, user: str) -> int:
        """How many sessions `user` made and nobody has deleted."""
        return int(self._db.execute("SELECT count(*) FROM sessions WHERE user=?", (user,)).fetchone()[0])

    def root(self, session_id: str) -> str:
        """The folder that the session's path is relative to; "" where it isn't known."""
        row = self._db.execute("SELECT root FROM sessions WHERE session_id=?", (session_id,)).fetchone()
        return row[0] if row else ""

    def abandoned(self, root: str) -> list[SessionInfo]:
        """The sessions of the notebooks below `root` whose process ended without letting go of them."""
        rows = self._db.execute(f"SELECT {_INFO}, owner FROM sessions WHERE root=? AND owner<>''", (root,)).fetchall()
        mine = _owner(os.getpid())
        return [self._info(*row[:-1]) for row in rows if row[-1] != mine and not _others(row[-1], os.getpid())]

    def rename_sessions(self, old: str, path: str) -> None:
        """The notebook at `old` lies at `path` from now on."""
        self._write("UPDATE sessions SET path=? WHERE path=?", (path, old))

    def delete_session(self, session_id: str) -> None:
        """Remove a session and all its events for good: what they said is overwritten in the file."""
        self._write("DELETE FROM sessions WHERE session_id=?", (session_id,))
        self._last_seq.pop(session_id, None)
        self._write("PRAGMA incremental_vacuum", ())
        self._write("PRAGMA wal_checkpoint(TRUNCATE)", ())

    def last_active(self, session_id: str) -> float:
        """When something last happened in the session, in Unix seconds."""
        row = self._db.execute(
            "SELECT max(created, coalesce((SELECT max(time) FROM events WHERE events.session_id=sessions.session_id),"
            " 0)) FROM sessions WHERE session_id=?",
            (session_id,),
        ).fetchone()
        return float(row[0]) if row else 0.0

    def claim(self, session_id: str, pid: int) -> None:
        """The process `pid` of this machine writes the session from now on.

        Raises:
            Refused: another process does so and is alive.
        """
        row = self._db.execute("SELECT owner FROM sessions WHERE session_id=?", (session_id,)).fetchone()
        if other := _others(row[0] if row else "", pid):
            raise Refused(f"The process {other} works on session {session_id}; end it first.")
        self._write("UPDATE sessions SET owner=? WHERE session_id=?", (_owner(pid), session_id))

    def let_go(self, session_id: str) -> None:
        """No process writes the session any more."""
        self._write("UPDATE sessions SET owner='' WHERE session_id=?", (session_id,))

    def session(self, session_id: str) -> SessionInfo:
        """One session with the state of its last run.

        Raises:
            UnknownSession: there is none with that id.
        """
        row = self._db.execute(f"SELECT {_INFO} FROM sessions WHERE session_id=?", (session_id,)).fetchone()
        if row is None:
            raise UnknownSession(
                f"There is no session {session_id}. `jupyter ml-intern sessions` lists those that exist."
            )
        return self._info(*row)

    def sessions(self) -> list[SessionInfo]:
        """All sessions, the newest first."""
        rows = self._db.execute(f"SELECT {_INFO} FROM sessions ORDER BY created DESC").fetchall()
        return [self._info(*row) for row in rows]

    def _info(self, session_id: str, path: str, kernel_name: str, created: float) -> SessionInfo:
        started, finished = self.last(session_id, RunStarted), self.last(session_id, RunFinished)
        status: RunStatus | None = None
        if started:
            ended = finished is not None and finished.run_id == started.run_id
            status = RunStatus(finished.status) if ended and finished else self._unfinished(session_id, started)
        return SessionInfo(
            session_id=session_id,
            path=path,
            kernel_name=kernel_name,
            created=created,
            run_id=started.run_id if started else "",
            run_status=status,
            task=started.task if started else "",
        )

    def _unfinished(self, session_id: str, started: RunStarted) -> RunStatus:
        rows = self._db.execute(
            "SELECT seq, time, run_id, type, body FROM events WHERE session_id=? AND type IN (?, ?) AND seq>?"
            " ORDER BY seq",
            (session_id, *(model.model_fields["type"].default for model in (RunPaused, RunResumed)), started.seq),
        )
        status = RunStatus.running
        for event in (_event(session_id, *row) for row in rows):
            if isinstance(event, RunResumed):
                status = RunStatus.running
            elif isinstance(event, RunPaused) and event.resumable:
                status = RunStatus.paused
        return status

    def last(self, session_id: str, model: type[Any]) -> Any:
        """The session's last event of a type; None where there is none."""
        row = self._db.execute(
            "SELECT seq, time, run_id, type, body FROM events WHERE session_id=? AND type=? ORDER BY seq DESC LIMIT 1",
            (session_id, model.model_fields["type"].default),
        ).fetchone()
        event = _event(session_id, *row) if row else None
        return event if isinstance(event, model) else None

    def allowed_classes(self, path: str) -> frozenset[RiskClass]:
        """The classes that a person last allowed in the notebook at `path`, in whichever of its sessions."""
        row = self._db.execute(
            "SELECT session_id, seq, time, run_id, type, body FROM events JOIN sessions USING (session_id)"
            " WHERE sessions.path=? AND type=? ORDER BY time DESC, seq DESC LIMIT 1",
            (path, ClassesAllowed.model_fields["type"].default),
        ).fetchone()
        event = _event(*row) if row else None
        return frozenset(event.allowed) if isinstance(event, ClassesAllowed) else frozenset()

    def dismissals(self, path: str) -> list[FindingDismissed]:
        """The last word on each finding that was put aside in the notebook at `path`, in whichever of its sessions."""
        rows = self._db.execute(
            "SELECT session_id, seq, time, run_id, type, body FROM events JOIN sessions USING (session_id)"
            " WHERE sessions.path=? AND type=? ORDER BY time, seq",
            (path, FindingDismissed.model_fields["type"].default),
        )
        events = [event for row in rows if isinstance(event := _event(*row), FindingDismissed)]
        return list({(event.rule, event.cell_id): event for event in events}.values())

    # --- events ---------------------------------------------------------------------------------------------------

    def append(self, event: Event) -> Event:
        """Commit `event` with the session's next `seq`, then tell the session's listeners. Returns what was stored.

        Secrets are taken out first, so that neither the file nor anybody who listens gets them; the sources of cells
        stay as they are. A `text_delta` and a `model_progress` are told but not stored.

        Raises:
            JournalUnavailable: the event could not be committed; nobody was told.
        """
        event = _without_secrets(event)
        if not isinstance(event, (TextDelta, ModelProgress, RerunProgress)):
            seq = self.last_seq(event.session_id) + 1
            event = event.model_copy(update={"seq": seq, "time": time.time()})
            body = event.model_dump_json(exclude=_ENVELOPE)
            self._write(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
                (event.session_id, seq, event.time, event.run_id, event.type, body),
            )
            self._last_seq[event.session_id] = seq
        self.publish(event)
        return event

    def publish(self, event: Event) -> None:
        """Tell the session's listeners without storing. One that fails is logged and does not stop the others."""
        for listener in list(self._listeners.get(event.session_id, ())):
            try:
                listener(event)
            except Exception:
                log.exception("A listener of session %s failed on %s.", event.session_id, event.type)

    def subscribe(self, session_id: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every later event of the session; returns the function that ends it."""
        listeners = self._listeners.setdefault(session_id, [])
        listeners.append(listener)

        def unsubscribe() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return unsubscribe

    def last_seq(self, session_id: str) -> int:
        """The `seq` of the session's last stored event, 0 for none."""
        if session_id not in self._last_seq:
            row = self._db.execute("SELECT max(seq) FROM events WHERE session_id=?", (session_id,)).fetchone()
            self._last_seq[session_id] = row[0] or 0
        return self._last_seq[session_id]

    def events(self, session_id: str, since: int = 0, until: int | None = None) -> Iterator[Event]:
        """The session's stored events with `since` < seq <= `until`, in order."""
        rows = self._db.execute(
            "SELECT seq, time, run_id, type, body FROM events WHERE session_id=? AND seq>? AND seq<=? ORDER BY seq",
            (session_id, since, until if until is not None else 2**62),
        )
        for row in rows:
            yield _event(session_id, *row)

    def since(self, when: float, *kinds: type[EventBase]) -> Iterator[Event]:
        """The stored events of these kinds, in all sessions, from the time `when` on."""
        names = [kind.model_fields["type"].default for kind in kinds]
        rows = self._db.execute(
            "SELECT session_id, seq, events.time, run_id, type, body FROM sessions JOIN events USING (session_id)"
            f" WHERE type IN ({', '.join('?' * len(names))}) AND events.time>=?",
            (*names, when),
        )
        for row in rows:
            yield _event(*row)

    @property
    def size(self) -> int:
        """The bytes that sessions take; what deleted ones took is free again."""
        pages, free, page = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * page)

    def bound(self, most_bytes: int) -> None:
        """Let the file grow to about `most_bytes` at most; beyond, nothing can be stored (`JournalUnavailable`)."""
        page = self._db.execute("PRAGMA page_size").fetchone()[0]
        self._db.execute(f"PRAGMA max_page_count={most_bytes // page + 1}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._db.execute(statement, values)
        except sqlite3.IntegrityError as error:
            raise JournalUnavailable(
                f"Another process writes to the same session in {self.path} ({error}). End one of the two."
            ) from error
        except sqlite3.Error as error:
            raise JournalUnavailable(
                f"The journal {self.path} can't be written ({error}). Free some space or check its rights."
            ) from error


# A source is turned back where it holds a secret, and what is signed was made from events that were cleaned.
_KEPT = {"source", "hash", "provenance"}


def _without_secrets(event: Event) -> Event:
    fields = event.model_dump(mode="json", exclude=_ENVELOPE | _KEPT)
    clean = redacted(fields)
    if clean == fields:
        return event
    kept = event.model_dump(mode="json", include=_ENVELOPE | _KEPT)
    return EVENT.validate_python({**clean, **kept})


def _owner(pid: int) -> str:
    """What names a process among all of this machine, those to come included."""
    return f"{gethostname()}:{pid}:{_born(pid)}"


def _others(owner: str, pid: int) -> str:
    """The id of the process `owner` where it is another one than `pid`, of this machine, and alive; else ""."""
    host, _, rest = owner.partition(":")
    number, _, born = rest.partition(":")
    if host != gethostname() or number == str(pid) or not number.isdecimal() or not _alive(int(number)):
        return ""
    # After a restart of the machine another process may have the number.
    return number if born in ("", _born(int(number))) else ""


def _born(pid: int) -> str:
    """When a process began, in the machine's ticks; "" where the system doesn't tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _event(session_id: str, seq: int, when: float, run_id: str, kind: str, body: str) -> Event:
    """A stored row as an event. Fields that this version doesn't know are left out; a row that still can't be read
    becomes a `warning_raised`, so that one strange event never hides the others."""
    envelope: dict[str, Any] = {"session_id": session_id, "seq": seq, "time": when, "run_id": run_id}
    fields: dict[str, Any] = {}
    try:
        fields = from_json(body)  # several times quicker than json's on thousands of rows
        return EVENT.validate_python({**fields, **envelope, "type": kind})
    except (ValidationError, ValueError, TypeError):
        model = _EVENT_TYPES.get(kind)
        known = {key: value for key, value in fields.items() if model and key in model.model_fields}
        try:
            return EVENT.validate_python({**known, **envelope, "type": kind})
        except ValidationError:
            return WarningRaised(
                **envelope, code="unreadable_event", message=f"Event {seq} ({kind}) was written by another version."
            )
