"""What a job is, whoever runs it: its script, what it needs, how it stands, and what a place that runs jobs must do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from . import jobs_runner
from .errors import ToolkitError

State = Literal["waiting", "running", "done", "failed", "cancelled", "timed_out", "lost"]
ENTRY = "run_job.py"
"""The file that a place starts; it writes the script beside itself and runs it."""


class JobError(ToolkitError):
    """A job that can't be submitted, found or read; the message says what to do."""


class JobFailed(JobError):
    """A job that ended as anything but done; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class Status:
    """How a job stands. `detail` says why it ended as it did, `seconds` how long it has run; None is unknown."""

    state: State
    detail: str = ""
    seconds: float | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state not in ("waiting", "running")


@dataclass(frozen=True)
class Spec:
    """A job to be started.

    Args:
        name: for people and file names.
        filename: what the script is called.
        script: its source.
        call: the function in it to call with `arguments`; "" for a script that runs by itself with `argv`.
        requirements: packages, as pip names them.
        hardware: in the words of the place that runs it; "" is its default.
        timeout: seconds after which it is ended.
        env: environment variables that anybody may see.
        secrets: environment variables that are kept out of every file, repr and log of ours.
        files: which files it finds in its working folder, by their name there.
        artifacts: patterns of the files that it leaves.
    """

    name: str
    filename: str
    script: str
    call: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    hardware: str = ""
    timeout: float = 3600.0
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, Path] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    workers: int = 1

    def entry(self, send: bool) -> str:
        """The source of `ENTRY`; `send` makes the artifacts come back with the log."""
        payload = {
            "filename": self.filename,
            "script": self.script,
            "call": self.call,
            "arguments": dict(self.arguments),
            "argv": list(self.argv),
            "artifacts": list(self.artifacts),
            "timeout": self.timeout,
            "send": send,
            "workers": self.workers,
        }
        runner = Path(jobs_runner.__file__).read_text(encoding="utf-8")
        return f"{runner}\n\nmain(json.loads({json.dumps(payload)!r}))\n"

    def lay_out(self, folder: Path, send: bool) -> None:
        """Copy the files into `folder` and write `ENTRY` beside them; `send` as for `entry`."""
        for name, path in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                shutil.copy2(path, target)
        (folder / ENTRY).write_text(self.entry(send), encoding="utf-8")


class Place(Protocol):
    """Where jobs run. Ids are the place's own and hold all that finding the job again takes."""

    name: str
    sends: bool
    """Whether artifacts have to come back with the log."""

    def price(self, hardware: str) -> float | None:
        """US dollars an hour; 0 for one's own machines, None where it is unknown.

        Raises:
            JobError: there is no such hardware.
        """

    def start(self, spec: Spec) -> str:
        """Start a job and return its id.

        Raises:
            JobError: it can't be started here.
        """

    def status(self, job_id: str) -> Status:
        """How the job stands.

        Raises:
            JobError: there is no such job, or the place can't be reached.
        """

    def log(self, job_id: str, position: int) -> tuple[str, int]:
        """The log from `position` (0 at first) on, and the position to go on from."""

    def cancel(self, job_id: str) -> None:
        """End the job; one that has ended stays as it is."""

    def fetch(self, job_id: str, folder: Path) -> list[Path] | None:
        """Copy the artifacts into `folder`; None where they came with the log."""


def seconds(duration: float | str) -> float:
    """A duration in seconds, from a number of them or from words such as "90s", "30m", "2h", "1d".

    Raises:
        JobError: it is neither, or not above zero.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", str(duration))
    length = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]] if match else 0.0
    if length <= 0:
        raise JobError(f"{duration!r} is no duration. Write seconds as a number, or '90s', '30m', '2h', '1d'.")
    return length
