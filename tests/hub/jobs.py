"""Jobs that really run: each command is a child process of the loopback Hub, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hub.repositories import User, now

TERMINAL = {"COMPLETED", "CANCELED", "ERROR", "DELETED"}
MOST_LINES = 20_000

HARDWARE: list[dict[str, Any]] = [
    {"name": name, "prettyName": pretty, "cpu": cpu, "ram": ram, "accelerator": accelerator, "unitLabel": "minute"}
    | {"unitCostMicroUSD": micro, "unitCostUSD": micro / 1e6}
    for name, pretty, cpu, ram, accelerator, micro in (
        ("cpu-basic", "CPU Basic", "2 vCPU", "16 GB", None, 167),
        ("cpu-upgrade", "CPU Upgrade", "8 vCPU", "32 GB", None, 500),
        (
            "t4-small",
            "Nvidia T4 - small",
            "4 vCPU",
            "15 GB",
            {"type": "gpu", "model": "T4", "quantity": "1", "vram": "16 GB", "manufacturer": "Nvidia"},
            6667,
        ),
        (
            "a100-large",
            "Nvidia A100 - large",
            "12 vCPU",
            "142 GB",
            {"type": "gpu", "model": "A100", "quantity": "1", "vram": "80 GB", "manufacturer": "Nvidia"},
            41667,
        ),
    )
]


@dataclass
class Job:
    """One job: what was asked for, and how it stands.

    Attributes:
        lines: what it wrote so far, with the time of each line.
        changed: notified at every line and every new stage.
    """

    id: str
    owner: User
    namespace: str
    asked: Mapping[str, Any]
    stage: str = "SCHEDULING"
    message: str | None = None
    created: str = field(default_factory=now)
    started: str | None = None
    finished: str | None = None
    lines: list[tuple[str, str]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    process: subprocess.Popen[str] | None = None

    def facts(self) -> dict[str, Any]:
        """What `/api/jobs/{namespace}/{id}` answers. Secrets are never told."""
        return {
            "id": self.id,
            "createdAt": self.created,
            "startedAt": self.started,
            "finishedAt": self.finished,
            "dockerImage": self.asked.get("dockerImage"),
            "spaceId": self.asked.get("spaceId"),
            "command": self.asked.get("command"),
            "arguments": self.asked.get("arguments", []),
            "environment": self.asked.get("environment", {}),
            "secrets": dict.fromkeys(self.asked.get("secrets", {}), ""),
            "flavor": self.asked.get("flavor", "cpu-basic"),
            "labels": self.asked.get("labels", {}),
            "timeoutSeconds": self.asked.get("timeoutSeconds"),
            "status": {"stage": self.stage, "message": self.message},
            "owner": {"id": self.owner.name, "name": self.namespace, "type": "user"},
            "initiator": {"type": "user", "id": self.owner.name, "name": self.owner.name},
        }

    def move(self, stage: str, message: str | None = None) -> None:
        """Into another stage; an ended job stays as it ended."""
        with self.changed:
            if self.stage in TERMINAL:
                return
            self.stage, self.message = stage, message
            self.started = self.started or (now() if stage == "RUNNING" else None)
            self.finished = now() if stage in TERMINAL else None
            self.changed.notify_all()

    def write(self, line: str) -> None:
        """One more line of its log."""
        with self.changed:
            if len(self.lines) < MOST_LINES:
                self.lines.append((now(), line))
            self.changed.notify_all()

    def follow(self, first: int = 0) -> Iterator[tuple[str, str]]:
        """The log's lines from `first` on, as they come, until the job has ended."""
        at = first
        while True:
            with self.changed:
                if at >= len(self.lines):
                    if self.stage in TERMINAL or not self.changed.wait(timeout=60):
                        return
                    continue
                entry = self.lines[at]
            at += 1
            yield entry


class JobRunner:
    """Starts, watches and cancels jobs.

    Attributes:
        never_start: jobs stay in the queue, as when the hardware is not to be had.
        environment: more variables for every job, such as the Hub's address.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.never_start = False
        self.environment: dict[str, str] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="loopback-jobs-")
        self._threads: list[threading.Thread] = []
        self._programs = self._write_programs(Path(self._folder.name) / "bin")

    @staticmethod
    def _write_programs(folder: Path) -> Path:
        """`python` and `uv run` as a job's image has them: this interpreter, with what is installed here."""
        folder.mkdir()
        for name in ("python", "python3"):
            (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (folder / "uv").write_text(
            "#!/bin/sh\n# uv run [--with PACKAGE] [--python VERSION] SCRIPT [ARGUMENTS]\nshift\n"
            'while true; do case "$1" in --with|--python|-p) shift 2;; --*) shift;; *) break;; esac; done\n'
            f'[ "$1" = python ] && shift\nexec "{sys.executable}" "$@"\n'
        )
        for program in folder.iterdir():
            program.chmod(0o755)
        return folder

    def submit(self, owner: User, namespace: str, asked: Mapping[str, Any]) -> Job:
        """A new job, which begins at once unless `never_start`."""
        job = Job(f"{len(self.jobs) + 1:024x}", owner, namespace, dict(asked))
        self.jobs[job.id] = job
        if not self.never_start:
            thread = threading.Thread(target=self._run, args=(job,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return job

    def cancel(self, job: Job) -> None:
        """End a job."""
        job.move("CANCELED", "Canceled by the user")
        if job.process is not None:
            job.process.kill()

    def close(self) -> None:
        """End all jobs and forget their folders."""
        for job in self.jobs.values():
            self.cancel(job)
        for thread in self._threads:
            thread.join(10)
        self._folder.cleanup()

    def _run(self, job: Job) -> None:
        folder = Path(self._folder.name) / job.id
        folder.mkdir()
        given = {**job.asked.get("environment", {}), **job.asked.get("secrets", {})}
        process = subprocess.Popen(
            [*job.asked["command"], *job.asked.get("arguments", [])],
            cwd=folder,
            env={
                "PATH": f"{self._programs}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(folder),
                "PYTHONUNBUFFERED": "1",
                "JOB_ID": job.id,
                **self.environment,
                **{name: str(value) for name, value in given.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        job.process = process
        if job.stage in TERMINAL:
            process.kill()
        job.move("RUNNING")
        job.write(f"===== Job started at {time.strftime('%Y-%m-%d %H:%M:%S')} =====")
        late = threading.Timer(job.asked.get("timeoutSeconds") or 3600, self._time_out, args=(job,))
        late.daemon = True
        late.start()
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                job.write(line.rstrip("\n"))
        code = process.wait()
        late.cancel()
        job.move("COMPLETED" if code == 0 else "ERROR", None if code == 0 else f"Job failed with exit code: {code}")

    @staticmethod
    def _time_out(job: Job) -> None:
        job.move("ERROR", "Job timeout")
        if job.process is not None:
            job.process.kill()
