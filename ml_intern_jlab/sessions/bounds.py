"""How much a journal may hold."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Refused
from .journal import Journal

SPARE = 1.1
"""A run that is under way when the journal reaches its size may go on until it has so many times that."""


@dataclass(frozen=True)
class Bounds:
    """How many sessions a journal may keep, how many bytes, and how many sessions of one person (0: no limit)."""

    sessions: int = 0
    journal_bytes: int = 0
    user_sessions: int = 0

    def apply(self, journal: Journal) -> None:
        """Let the file itself hold the size."""
        if self.journal_bytes:
            journal.bound(int(self.journal_bytes * SPARE))

    def check_sessions(self, journal: Journal, user: str = "") -> None:
        """Let a new session of `user` pass.

        Raises:
            Refused: there are as many as the administrator allows.
        """
        if self.sessions and len(journal.sessions()) >= self.sessions:
            raise Refused(
                f"This server keeps {self.sessions:,} sessions at most. Delete one that you don't need any more; its "
                "notebook stays as it is."
            )
        if self.user_sessions and journal.sessions_of(user) >= self.user_sessions:
            raise Refused(
                f"This server keeps {self.user_sessions:,} sessions of each person at most. Delete one of yours that "
                "you don't need any more; its notebook stays as it is."
            )

    def check_room(self, journal: Journal) -> None:
        """Let a session or a run pass that will write to the journal.

        Raises:
            Refused: it is as large as the administrator allows.
        """
        if self.journal_bytes and journal.size >= self.journal_bytes:
            raise Refused(
                f"The journal has reached its limit of {self.journal_bytes / 1e6:,.0f} MB. Delete sessions that you "
                "don't need any more, or ask the server's administrator for a larger max_journal_bytes."
            )
