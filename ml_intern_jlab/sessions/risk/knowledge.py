"""What a run knows of the cells that a kernel has executed, and what it says of the next one."""

from __future__ import annotations

from ...protocol import Reason
from .statements import CellReader


class Knowledge:
    """What the cells that ran in a kernel left behind for those that follow: names, functions, files.

    Only sources that were executed belong in here: a cell that merely stands in a notebook proves nothing.

    Args:
        folder: the kernel's working folder, an absolute path; "" where it isn't known, so that every absolute path
            counts as outside.
    """

    def __init__(self, folder: str = "") -> None:
        self._reader = CellReader(folder)

    @property
    def folder(self) -> str:
        """The kernel's working folder; "" where it isn't known."""
        return self._reader.folder

    @folder.setter
    def folder(self, path: str) -> None:
        self._reader.folder = path if path.startswith("/") else ""

    def classify(self, source: str) -> list[Reason]:
        """Why a cell is more than computing, by line; empty for a cell that only computes.

        Never raises: what can't be read is `opaque`. Nothing is learnt from the cell, which may never run.
        """
        kept = self._reader.state()
        self._reader.read(source)
        reasons = self._reader.reasons()
        self._reader.restore(kept)
        return reasons

    def learn(self, source: str, *, completed: bool = True) -> None:
        """The cell was executed; where it didn't come to its end, what its names stood for before stays possible."""
        self._reader.read(source, certain=completed)


def classify(source: str, known: Knowledge | None = None) -> list[Reason]:
    """Why a cell is more than computing, after the cells that `known` has learnt; see `Knowledge.classify`."""
    return (known or Knowledge()).classify(source)
