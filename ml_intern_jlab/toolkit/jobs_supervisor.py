"""The process beside a local job: it outlives the kernel, keeps the log bounded, and writes down how the job ended.

`python -m ml_intern_jlab.toolkit.jobs_supervisor FOLDER` supervises the job that `jobs_local` has laid out in FOLDER.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import venv
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

MOST_LOG = 20_000_000
"""Bytes of a log that are written as they come; of what follows only the last ones are kept."""
LAST_LOG = 1_000_000
GRACE = 5.0
"""Seconds after its time is up that a job may take to end by itself, or after it was asked to."""


def end_tree(process_id: int) -> None:
    """End a process and all that it started, orphans of its group included: first politely, then for certain."""
    import psutil

    family = {process.pid: process for process in psutil.process_iter() if _group(process.pid) == process_id}
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process_id)
        family |= {process.pid: process for process in [parent, *parent.children(recursive=True)]}
    for each in family.values():
        with contextlib.suppress(psutil.Error):
            each.terminate()
    _, alive = psutil.wait_procs(family.values(), timeout=GRACE)
    for each in alive:
        with contextlib.suppress(psutil.Error):
            each.kill()


def _group(process_id: int) -> int:
    try:
        return os.getpgid(process_id)
    except (AttributeError, OSError):
        return 0  # it is gone, or this system knows no groups


def missing(requirements: Sequence[str]) -> list[str]:
    """Those of the requirements that this Python doesn't meet."""
    from packaging.requirements import InvalidRequirement, Requirement

    absent = []
    for text in requirements:
        try:
            requirement = Requirement(text)
            met = requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)
        except (importlib.metadata.PackageNotFoundError, InvalidRequirement):
            met = False
        if not met or requirement.extras:
            absent.append(text)
    return absent


class Supervisor:
    """Runs the job in `folder` to its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        self._child: subprocess.Popen[bytes] | None = None
        self._reason = ""

    def work(self) -> None:
        """Prepare, run, and write down how it ended."""
        signal.signal(signal.SIGTERM, lambda *_: self._end("cancelled"))
        started = time.time()
        self._write(state="running", started=started)
        with (self.folder / "log.txt").open("wb") as log:
            try:
                python = self._python(log)
                code = self._run([python, "-u", "run_job.py"], log, self.job["timeout"] + GRACE)
            except (OSError, subprocess.CalledProcessError) as error:
                log.write(f"{error}\n".encode())
                code = 1
        state = self._reason or {0: "done", 124: "timed_out"}.get(code, "failed")
        detail = {
            "cancelled": "It was cancelled.",
            "timed_out": f"Its time of {self.job['timeout']:g} s was up.",
            "failed": f"It ended with exit code {code}.",
        }.get(state, "")
        self._write(state=state, started=started, ended=time.time(), detail=detail)

    def _python(self, log: BinaryIO) -> str:
        """The interpreter that meets the job's requirements: this one, or one in an environment of the job's own."""
        absent = missing(self.job["requirements"])
        if not absent:
            return sys.executable
        home = self.folder / "env"
        log.write(f"Installing {', '.join(absent)} for this job.\n".encode())
        log.flush()
        uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
        venv.create(home, system_site_packages=True, with_pip=uv is None)
        python = str(home / ("Scripts" if os.name == "nt" else "bin") / "python")
        # The environment stands on the base Python, which may lack what ours has.
        sites = os.pathsep.join(path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), sites]))
        pip = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
        if code := self._run([*pip, "--quiet", *absent], log, self.job["timeout"]):
            raise OSError(f"The requirements {', '.join(absent)} could not be installed (exit code {code}).")
        return python

    def _run(self, command: list[str], log: BinaryIO, seconds: float) -> int:
        if self._reason:
            return 1
        self._child = subprocess.Popen(
            command,
            cwd=self.folder / "work",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        clock = threading.Timer(seconds, self._end, ["timed_out"])
        clock.daemon = True
        clock.start()
        assert self._child.stdout is not None
        reader = threading.Thread(target=_copy, args=(self._child.stdout, log), daemon=True)
        reader.start()
        code = self._child.wait()
        clock.cancel()
        # With its script a job is over; what it left running would hold its log open.
        end_tree(self._child.pid)
        reader.join(GRACE)
        return code

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        if self._child is not None:
            end_tree(self._child.pid)

    def _write(self, **status: Any) -> None:
        import psutil

        # With its time of birth a process is told from a later one with the same number.
        status |= {"process": os.getpid(), "born": psutil.Process().create_time()}
        path = self.folder / "status.json"
        path.with_suffix(".new").write_text(json.dumps(status), encoding="utf-8")
        path.with_suffix(".new").replace(path)


def _copy(pipe: IO[bytes], log: BinaryIO) -> None:
    written, left_out = log.tell(), 0
    tail: deque[bytes] = deque()
    held = 0
    while piece := os.read(pipe.fileno(), 65_536):
        if written < MOST_LOG:
            log.write(piece)
            log.flush()
            written += len(piece)
            continue
        tail.append(piece)
        held += len(piece)
        while held > LAST_LOG:
            gone = tail.popleft()
            held -= len(gone)
            left_out += len(gone)
    if tail:
        log.write(f"\n[… {left_out:,} bytes of the log were left out …]\n".encode())
        log.writelines(tail)


if __name__ == "__main__":
    Supervisor(Path(sys.argv[1])).work()
