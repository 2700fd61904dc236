"""Jobs on this machine: processes that outlive the kernel that started them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from .jobs_spec import JobError, Spec, State, Status
from .jobs_supervisor import end_tree

START = 30.0
"""Seconds that a job's supervisor may take to come up before the job counts as lost."""


def jobs_folder() -> Path:
    """Where local jobs live: `$ML_INTERN_JOBS`, else a folder of the user's cache."""
    return Path(os.environ.get("ML_INTERN_JOBS") or Path.home() / ".cache" / "ml-intern" / "jobs").expanduser()


class LocalPlace:
    """Each job is a folder: `job.json`, `status.json`, `log.txt` and the job's working folder `work`."""

    name = "local"
    sends = False

    def price(self, hardware: str) -> float | None:
        """Nothing."""
        if hardware:
            raise JobError(f"A local job runs on this machine as it is; hardware={hardware!r} can't be had here.")
        return 0.0

    def start(self, spec: Spec) -> str:
        """Lay out the job's folder and start its supervisor."""
        job_id = f"{spec.name}-{uuid.uuid4().hex[:8]}"
        folder = jobs_folder() / job_id
        work = folder / "work"
        work.mkdir(parents=True)
        spec.lay_out(work, send=False)
        job = {"timeout": spec.timeout, "requirements": list(spec.requirements), "artifacts": list(spec.artifacts)}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        with (folder / "supervisor.txt").open("wb") as trouble:
            supervisor = subprocess.Popen(
                [sys.executable, "-m", "ml_intern_jlab.toolkit.jobs_supervisor", str(folder)],
                env={**os.environ, "PYTHONUNBUFFERED": "1", **spec.env, **spec.secrets},
                stdin=subprocess.DEVNULL,
                stdout=trouble,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # The job goes on without this process; while it lives, somebody has to take note of the supervisor's end.
        threading.Thread(target=supervisor.wait, daemon=True).start()
        return job_id

    def status(self, job_id: str) -> Status:
        """What the supervisor wrote down; `lost` where it is gone without a word."""
        folder, facts = self._folder(job_id), self._facts(job_id)
        if not facts:
            if time.time() - (folder / "supervisor.txt").stat().st_mtime < START:
                return Status("waiting")
            trouble = (folder / "supervisor.txt").read_text(encoding="utf-8", errors="replace")[-2000:]
            return Status("lost", f"Its supervisor did not come up. {trouble}".strip())
        state: State = facts["state"]
        length = facts.get("ended", time.time()) - facts["started"]
        if state == "running" and not _alive(facts):
            # It may have ended between our two looks.
            facts = self._facts(job_id)
            if (state := facts["state"]) == "running":
                return Status("lost", "Its process was ended from outside, or the machine was restarted.", length)
        return Status(state, facts.get("detail", ""), length)

    def log(self, job_id: str, position: int) -> tuple[str, int]:
        """The log from the byte `position` on; a character that is still being written waits."""
        path = self._folder(job_id) / "log.txt"
        if not path.exists():
            return "", position
        with path.open("rb") as log:
            log.seek(position)
            read = log.read(2_000_000)
        cut = next((back for back in range(1, min(4, len(read) + 1)) if read[-back] >= 0xC0), 0)
        if cut and len(read) > cut and not _complete(read[-cut:]):
            read = read[:-cut]
        return read.decode("utf-8", "replace"), position + len(read)

    def cancel(self, job_id: str) -> None:
        """Ask the supervisor to end the job."""
        facts = self._facts(job_id)
        if not facts and not self.status(job_id).ended:
            raise JobError(f"The job {job_id} is only just starting; cancel it again in a moment.")
        if facts.get("state") == "running" and _alive(facts):
            if os.name == "nt":
                end_tree(facts["process"])
            else:
                os.kill(facts["process"], 15)

    def fetch(self, job_id: str, folder: Path) -> list[Path] | None:
        """Copy the artifacts."""
        home = self._folder(job_id)
        patterns = json.loads((home / "job.json").read_text(encoding="utf-8"))["artifacts"]
        work, copied = home / "work", []
        for source in sorted({path for pattern in patterns for path in work.glob(pattern) if path.is_file()}):
            target = folder / source.relative_to(work)
            target.parent.mkdir(parents=True, exist_ok=True)
            copied.append(Path(shutil.copy2(source, target)))
        return copied

    def _folder(self, job_id: str) -> Path:
        folder = jobs_folder() / job_id
        if Path(job_id).name != job_id or not (folder / "job.json").is_file():
            known = sorted(path.name for path in jobs_folder().glob("*") if path.is_dir())[-5:]
            others = f" Jobs there: {', '.join(known)}." if known else ""
            raise JobError(f"There is no job {job_id} in {jobs_folder()}.{others}")
        return folder

    def _facts(self, job_id: str) -> dict[str, Any]:
        path = self._folder(job_id) / "status.json"
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return facts


def _alive(facts: dict[str, Any]) -> bool:
    import psutil

    try:
        process = psutil.Process(facts["process"])
        return bool(abs(process.create_time() - facts["born"]) < 2 and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _complete(end: bytes) -> bool:
    try:
        end.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data"
    return True
