"""Jobs on a Ray cluster, through its job submission (extra `ray`)."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .jobs_spec import ENTRY, JobError, Spec, State, Status

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
_STATES: dict[str, State] = {
    "PENDING": "waiting",
    "RUNNING": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "STOPPED": "cancelled",
}


class RayPlace:
    """A cluster, by the address of its dashboard.

    Args:
        address: such as `http://127.0.0.1:8265`; "": `$RAY_API_SERVER_ADDRESS`, else that.

    Raises:
        JobError: Ray isn't installed here, or nothing answers at the address.
    """

    sends = True

    def __init__(self, address: str = "") -> None:
        self.address = address or os.environ.get("RAY_API_SERVER_ADDRESS") or DEFAULT_ADDRESS
        self.name = f"ray:{self.address}"
        try:
            from ray.job_submission import JobSubmissionClient
        except ImportError as error:
            raise JobError('Jobs on Ray need the package: pip install "ml-intern-jlab[ray]".') from error
        try:
            self._client: JobSubmissionClient = JobSubmissionClient(self.address)
        except (ConnectionError, RuntimeError, OSError) as error:
            raise JobError(
                f"No Ray cluster answers at {self.address}. `ray start --head` begins one on this machine; a running "
                f"one shows its address as that of its dashboard. ({str(error)[:200]})"
            ) from error

    def price(self, hardware: str) -> float | None:
        """Nothing: the cluster is one's own."""
        self._resources(hardware)
        return 0.0

    def start(self, spec: Spec) -> str:
        """Send script and files, and start."""
        cpus, gpus = self._resources(spec.hardware)
        with tempfile.TemporaryDirectory() as held:
            spec.lay_out(Path(held), send=True)
            environment = {
                "working_dir": held,
                "env_vars": {"PYTHONUNBUFFERED": "1", **spec.env, **spec.secrets},
            } | ({"pip": list(spec.requirements)} if spec.requirements else {})
            try:
                job_id: str = self._client.submit_job(
                    entrypoint=f"python -u {ENTRY}",
                    runtime_env=environment,
                    metadata={"name": spec.name},
                    entrypoint_num_cpus=cpus,
                    entrypoint_num_gpus=gpus,
                )
                return job_id
            except (RuntimeError, ConnectionError, ValueError) as error:
                raise JobError(f"The Ray cluster at {self.address} refused the job: {str(error)[:500]}") from error

    def status(self, job_id: str) -> Status:
        """What the cluster says."""
        try:
            info = self._client.get_job_info(job_id)
        except (RuntimeError, ConnectionError) as error:
            raise JobError(f"The Ray cluster at {self.address} knows no job {job_id}: {str(error)[:200]}") from error
        state = _STATES[str(info.status.value)]
        detail = (info.message or "") if state in ("failed", "waiting") else ""
        length = (info.end_time - info.start_time) / 1000 if info.end_time and info.start_time else None
        return Status(state, detail[:1000], length)

    def log(self, job_id: str, position: int) -> tuple[str, int]:
        """The log from the character `position` on."""
        try:
            text = self._client.get_job_logs(job_id) or ""
        except (RuntimeError, ConnectionError) as error:
            raise JobError(f"The log of {job_id} can't be had from {self.address}: {str(error)[:200]}") from error
        return text[position:], max(position, len(text))

    def cancel(self, job_id: str) -> None:
        """Ask the cluster to stop the job."""
        if not self.status(job_id).ended:
            self._client.stop_job(job_id)

    def fetch(self, job_id: str, folder: Path) -> list[Path] | None:
        """They came with the log."""
        return None

    @staticmethod
    def _resources(hardware: str) -> tuple[float, float]:
        """The CPUs and GPUs that are kept for the script itself, from words such as "4 cpu, 1 gpu"."""
        found = {"cpu": 0.0, "gpu": 0.0}
        for part in filter(None, re.split(r"[,\s]*,[,\s]*", hardware.lower().strip())):
            match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(cpu|gpu)s?", part)
            if not match:
                raise JobError(f"hardware={hardware!r} says nothing to Ray. Write for example '2 cpu, 1 gpu'.")
            found[match[2]] = float(match[1])
        return found["cpu"], found["gpu"]
