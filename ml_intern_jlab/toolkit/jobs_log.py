"""A job's log as it arrives: what people read, and the facts and files that the runner sent in it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from pathlib import Path, PurePosixPath
from typing import Any

from .jobs_runner import MARK
from .jobs_spec import JobError

LAST_LINES = 20
"""Lines of a log that a failure shows."""


class Log:
    """Takes the pieces of a log in order.

    Attributes:
        facts: what the runner told, such as `result`.
        last: the last lines that people read.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self._open = ""
        self._files: dict[str, dict[int, str]] = {}
        self._whole: dict[str, tuple[int, str]] = {}

    def add(self, text: str, ended: bool = False) -> str:
        """Take in a piece; returns what there is of it for people to read, whole lines unless the log has `ended`."""
        self._open += text
        whole, newline, self._open = self._open.rpartition("\n")
        lines = whole.split("\n") if newline else []
        if ended and self._open:
            lines.append(self._open)
            self._open = ""
        shown: list[str] = []
        for line in lines:
            if line.startswith(MARK):
                # The runner began its line anew, in case that one was open.
                if shown and not shown[-1]:
                    shown.pop()
                self._learn(line[len(MARK) :])
            else:
                shown.append(line)
        self.last.extend(line for line in shown if line.strip())
        return "".join(f"{line}\n" for line in shown)

    def _learn(self, text: str) -> None:
        try:
            fact = json.loads(text)
            if "file" in fact:
                self._files.setdefault(fact["file"], {})[int(fact["piece"])] = fact["data"]
                self._whole[fact["file"]] = (int(fact["of"]), fact["sha256"])
            else:
                self.facts |= fact
        except (ValueError, TypeError, KeyError):
            self.last.append(f"A line of the job's runner came mutilated: {text[:200]}")

    def files(self, folder: Path) -> list[Path]:
        """Write the files that came with the log into `folder`.

        Raises:
            JobError: one came mutilated, or wants to be written elsewhere.
        """
        paths = []
        for name, pieces in self._files.items():
            count, digest = self._whole[name]
            pure = PurePosixPath(name)
            if pure.is_absolute() or ".." in pure.parts:
                raise JobError(f"The job sent a file {name!r}, which lies outside its folder; it was not written.")
            content = b"".join(base64.b64decode(pieces[number]) for number in range(count) if number in pieces)
            if hashlib.sha256(content).hexdigest() != digest:
                raise JobError(f"The file {name} came mutilated with the job's log; fetch it again.")
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            paths.append(path)
        return paths
