"""What becomes of old sessions: pruned by age and size, exported as a trace or a notebook."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from .. import __version__
from ..notebook.document import Document
from ..protocol import PROTOCOL_VERSION, RunStatus, SessionInfo
from ..redaction import redacted
from .journal import Journal

UNFINISHED = (RunStatus.running, RunStatus.paused)


def prune(journal: Journal, max_days: float, max_bytes: float, now: float | None = None) -> list[SessionInfo]:
    """Delete sessions in which nothing happened for `max_days`, then the oldest until the rest takes `max_bytes`.

    0 sets no limit. A session with a run that works or is paused is never deleted. The notebooks stay as they are.

    Raises:
        JournalUnavailable: the journal can't be written.
    """
    now = time.time() if now is None else now
    ended = [info for info in journal.sessions() if info.run_status not in UNFINISHED]
    by_age = sorted(((journal.last_active(info.session_id), info) for info in ended), key=lambda each: each[0])
    gone = []
    for active, info in by_age:
        too_old = max_days and now - active > max_days * 86_400
        # A clock that once stood in the future must not make a session immortal, nor one that jumps delete all.
        if not too_old and not (max_bytes and journal.size > max_bytes):
            break
        journal.delete_session(info.session_id)
        gone.append(info)
    return gone


def trace(journal: Journal, session_id: str) -> Iterator[str]:
    """The session as lines of JSON: what it is, then its events; secrets are taken out, those in sources included.

    Raises:
        UnknownSession: there is none with that id.
    """
    info = journal.session(session_id)
    head = {"protocol": PROTOCOL_VERSION, "version": __version__, "session": info.model_dump(mode="json")}
    yield json.dumps(redacted(head), ensure_ascii=False)
    for event in journal.events(session_id):
        yield json.dumps(redacted(event.model_dump(mode="json")), ensure_ascii=False)


def notebook_of(journal: Journal, session_id: str) -> dict[str, Any]:
    """The session's own cells as a notebook (nbformat v4 JSON), as if nobody else had touched it; secrets taken out.

    Raises:
        UnknownSession: there is none with that id.
    """
    journal.session(session_id)
    document = Document(session_id)
    for event in journal.events(session_id):
        document.apply(event)
    clean: dict[str, Any] = redacted(document.notebook)
    return clean
