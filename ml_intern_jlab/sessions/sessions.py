"""All conversations of a process: which there are, who owns them, and which command goes to which."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from ..errors import InternError, JournalUnavailable, Refused
from ..protocol import Command, RunStatus, SessionInfo, StartRun, WarningRaised
from .day import Day
from .host import Host
from .journal import Journal, Listener
from .session import Session, Settings

CUT_OFF = "The server that did the run ended before the run did."


class Sessions:
    """All sessions of one process.

    Args:
        journal: where they are kept.
        host: where they get kernels and writers from.
        settings: what holds for all of them.

    Attributes:
        closed: whether this process is done with them.
    """

    def __init__(self, journal: Journal, host: Host, settings: Settings) -> None:
        self.journal = journal
        self._host = host
        self._settings = settings
        self._day = Day(settings.day, journal, settings.user_day)
        settings.bounds.apply(journal)
        self._live: dict[str, Session] = {}
        self.closed = False
        host.watch_rooms(self._rooms_changed)

    def list(self) -> list[SessionInfo]:
        """All sessions of the journal, the newest first."""
        return self.journal.sessions()

    def create(self, path: str, kernel_name: str = "", user: str = "") -> SessionInfo:
        """A new session of `user` for the notebook at `path`.

        Raises:
            Refused: the administrator allows no more of them, or the journal has no room.
        """
        self._settings.bounds.check_sessions(self.journal, user)
        self._settings.bounds.check_room(self.journal)
        return self.journal.create_session(path, kernel_name, self._host.root, user)

    def get(self, session_id: str) -> Session:
        """The live session, which this process owns from now on.

        Raises:
            UnknownSession: there is none with that id.
            Refused: another living process works on it.
        """
        if session_id not in self._live:
            info = self.journal.session(session_id)
            self.journal.claim(session_id, os.getpid())
            session = Session(info, self.journal, self._host, self._settings, self._day)
            self._live[session_id] = session
            if info.run_status is RunStatus.running:
                session.interrupted(CUT_OFF)
            session.own.end_abandoned(self.journal, session_id)
        return self._live[session_id]

    async def recover(self) -> None:
        """Find what an earlier process left behind: its runs pause, their notebooks get what the journal has."""
        for info in self.journal.abandoned(self._host.root):
            session = self.get(info.session_id)
            try:
                await session.bring_up()
            except InternError as error:
                session.emit(WarningRaised(run_id=info.run_id, code=error.code, message=str(error)))

    async def handle(self, session_id: str, command: Command, by: str, where: str = "", user: str = "") -> None:
        """Carry out one command of the person `by`, who sent it from `where` (an address, "terminal"). Limits per
        person go by the username `user`, "" where nobody logged in.

        Raises:
            InternError: it can't be done; the message says why.
        """
        session = self.get(session_id)
        if isinstance(command, StartRun):
            for other in self._live.values():
                if other is not session and other.path == session.path and other.running:
                    raise Refused(f"Another session's run works on {session.path}. Stop it first, or wait.")
        await session.handle(command, by, where, user)

    def rename(self, session_id: str, path: str) -> None:
        """The session's notebook lies at `path` from now on, and so do that notebook's other sessions.

        Raises:
            UnknownSession: there is none with that id.
        """
        old = self.journal.session(session_id).path
        self.journal.rename_sessions(old, path)
        for session in self._live.values():
            if session.path == old:
                session.rename(path)

    async def delete(self, session_id: str) -> None:
        """Stop the session's run and remove it from the journal for good."""
        session = self.get(session_id)
        await session.close()
        self.journal.delete_session(session_id)
        self._live.pop(session_id, None)

    def subscribe(self, session_id: str, listener: Listener) -> Callable[[], None]:
        """See `Journal.subscribe`."""
        return self.journal.subscribe(session_id, listener)

    async def _rooms_changed(self) -> None:
        for session in list(self._live.values()):
            await session.rooms_changed()

    @property
    def running(self) -> int:
        """How many runs work now."""
        return sum(session.running for session in self._live.values())

    async def close(self) -> None:
        """Stop every run, save every notebook, close the journal."""
        self.closed = True
        for session in self._live.values():
            try:
                await session.close()
            except InternError as error:
                # Nobody is left to answer; the journal keeps what the notebook lacks.
                session.emit(WarningRaised(code=error.code, message=str(error)))
            with contextlib.suppress(JournalUnavailable):  # then the next process finds the session abandoned
                self.journal.let_go(session.session_id)
        self.journal.close()
