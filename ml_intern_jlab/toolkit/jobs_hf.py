"""Jobs on the Hub (Hugging Face Jobs), through huggingface_hub; `HF_ENDPOINT` moves them."""

from __future__ import annotations

import base64
import difflib
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

from .hub_faults import TRANSPORT
from .jobs_spec import ENTRY, JobError, Spec, State, Status

IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
"""Debian with Python and uv, which installs a job's requirements."""
DEFAULT_HARDWARE = "cpu-basic"
LONGEST_ENTRY = 100_000
"""Characters that fit into one environment variable of a container, with some room left."""
_STATES: dict[str, State] = {
    "SCHEDULING": "waiting",
    "RUNNING": "running",
    "COMPLETED": "done",
    "ERROR": "failed",
    "CANCELED": "cancelled",
    "DELETED": "cancelled",
}
_HOURS = {"second": 1 / 3600, "minute": 1 / 60, "hour": 1.0, "day": 24.0}


class HubPlace:
    """Jobs that a namespace of the Hub pays for.

    Args:
        namespace: a user or an organisation; "": the token's own.

    Raises:
        JobError: the Hub can't be reached, or there is no valid token.
    """

    sends = True

    def __init__(self, namespace: str = "") -> None:
        self._api = HfApi()
        if not namespace:
            with self._explained("say whose token this is"):
                namespace = self._api.whoami()["name"]
        self._namespace = namespace
        self.name = f"hf:{namespace}"

    def price(self, hardware: str) -> float | None:
        """From the Hub's own list."""
        with self._explained("list its hardware"):
            offered = {each.name: each for each in self._api.list_jobs_hardware()}
        wanted = hardware or DEFAULT_HARDWARE
        if wanted not in offered:
            near = difflib.get_close_matches(wanted, offered, 3) or sorted(offered)
            raise JobError(f"The Hub has no hardware {wanted!r} for jobs. There is: {', '.join(near)}.")
        hours = _HOURS.get(offered[wanted].unit_label)
        return None if hours is None else offered[wanted].unit_cost_usd / hours

    def start(self, spec: Spec) -> str:
        """Send the script and start a container."""
        if spec.files:
            raise JobError(
                f"A job on the Hub finds no files of this machine ({', '.join(spec.files)}). Put them into a dataset "
                "of the Hub, and let the job read them from there."
            )
        entry = base64.b64encode(spec.entry(send=True).encode()).decode()
        if len(entry) > LONGEST_ENTRY:
            raise JobError(f"The script is too long to be sent along ({len(entry):,} characters of {LONGEST_ENTRY:,}).")
        installs = " ".join(f"--with {shlex.quote(each)}" for each in spec.requirements)
        command = f'printf %s "$ML_INTERN_ENTRY" | base64 -d > {ENTRY} && exec uv run {installs} python -u {ENTRY}'
        with self._explained("start the job"):
            info = self._api.run_job(
                image=IMAGE,
                command=["sh", "-c", command],
                env={"PYTHONUNBUFFERED": "1", **spec.env, "ML_INTERN_ENTRY": entry},
                secrets=dict(spec.secrets),
                flavor=spec.hardware or DEFAULT_HARDWARE,
                timeout=int(spec.timeout),
                name=spec.name,
                namespace=self._namespace,
            )
        return str(info.id)

    def status(self, job_id: str) -> Status:
        """What the Hub says."""
        with self._explained(f"tell about the job {job_id}"):
            info = self._api.inspect_job(job_id=job_id, namespace=self._namespace)
        state = _STATES[str(info.status.stage.value if hasattr(info.status.stage, "value") else info.status.stage)]
        length = info.durations.running_secs if info.durations else None
        return Status(state, info.status.message or "", length)

    def log(self, job_id: str, position: int) -> tuple[str, int]:
        """The log from the character `position` on."""
        with self._explained(f"send the log of {job_id}"):
            lines = list(self._api.fetch_job_logs(job_id=job_id, namespace=self._namespace))
        text = "".join(f"{line.rstrip(chr(10))}\n" for line in lines)
        return text[position:], max(position, len(text))

    def cancel(self, job_id: str) -> None:
        """Ask the Hub to end it."""
        if not self.status(job_id).ended:
            with self._explained(f"cancel {job_id}"):
                self._api.cancel_job(job_id=job_id, namespace=self._namespace)

    def fetch(self, job_id: str, folder: Path) -> list[Path] | None:
        """They came with the log."""
        return None

    @contextmanager
    def _explained(self, deed: str) -> Iterator[None]:
        """Say what went wrong between us and the Hub."""
        host = httpx.URL(self._api.endpoint).host
        try:
            yield
        except LocalTokenNotFoundError as error:
            raise JobError(f"Jobs on {host} need a token: set HF_TOKEN, or run `hf auth login`.") from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            why = {
                401: "the token is not valid there",
                402: "the account has no credit left",
                403: "the token may not do that",
                404: "there is no such job or namespace",
                429: "too many requests; wait a minute",
            }.get(status, f"it answered {status}")
            said = error.server_message or ""
            raise JobError(f"{host} did not {deed}: {why}. {said}".strip()) from error
        except TRANSPORT as error:
            raise JobError(f"{host} could not be reached, so it did not {deed}. {error}") from error
