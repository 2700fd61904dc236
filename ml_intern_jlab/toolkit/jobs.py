"""Work that outgrows this kernel: a script or a function as a job on this machine, on a Ray cluster or on the Hub.

    job = jobs.submit(train, {"epochs": 3}, files=["train.csv"], artifacts=["model.joblib"], timeout="30m")
    job.wait()      # shows the log; raises where the job failed
    job.result      # what the function returned

A job outlives the kernel: `jobs.attach(job.id)` finds it again.
"""

from __future__ import annotations

import html
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..redaction import environment_secrets, redact
from .jobs_local import LocalPlace
from .jobs_log import Log
from .jobs_script import script_of
from .jobs_spec import JobError, JobFailed, Place, Spec, Status, seconds

if TYPE_CHECKING:
    from .jobs_sweep import Range, Sweep, sweep

__all__ = ["Job", "JobError", "JobFailed", "Range", "Status", "Sweep", "attach", "estimate", "submit", "sweep"]

MOST_SHOWN = 20_000
"""Characters of a log that a cell shows as they come; the rest only as a count, and the last lines."""
SMOKE_SECONDS = 60.0
"""Seconds that a smoke test may run; what is still at work then has passed."""
_ENDINGS = {"timed_out": "ran out of time", "lost": "was lost", "cancelled": "was cancelled"}
POLL = 0.25, 5.0
"""Seconds between two looks at a job: at first, and at most."""


def place(backend: str) -> Place:
    """Where jobs run: "local"; "ray" or "ray:ADDRESS"; "hf" or "hf:NAMESPACE".

    Raises:
        JobError: there is no such place, or it can't be used from here.
    """
    kind, _, rest = backend.partition(":")
    if kind == "local" and not rest:
        return LocalPlace()
    if kind == "ray":
        from .jobs_ray import RayPlace

        return RayPlace(rest)
    if kind == "hf":
        from .jobs_hf import HubPlace

        return HubPlace(rest)
    raise JobError(f"There is no backend {backend!r}. Use 'local', 'ray:http://HOST:8265' or 'hf'.")


def estimate(hardware: str = "", timeout: float | str = "1h", backend: str = "local") -> float | None:
    """The most that a job may cost in US dollars, its price times its time-out; None where the price is unknown.

    Raises:
        JobError: there is no such hardware, or the price list can't be reached.
    """
    price = place(backend).price(hardware)
    return None if price is None else price * seconds(timeout) / 3600


class Job:
    """A job that was submitted. `id` finds it again from anywhere that reaches its place."""

    def __init__(self, place: Place, job_id: str, secrets: Iterable[str] = ()) -> None:
        self.id = f"{place.name}/{job_id}"
        self._place, self._job_id = place, job_id
        self._secrets = frozenset(secrets) | environment_secrets()
        self._log, self._position = Log(), 0

    def __repr__(self) -> str:
        status = self.status()
        return f"<Job {self.id}: {status.state}{f'. {status.detail}' if status.detail else ''}>"

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self)[1:-1])}</code>"

    def status(self) -> Status:
        """How it stands."""
        status = self._place.status(self._job_id)
        if status.state == "failed" and "timed_out" in self._log.facts:
            return replace(status, state="timed_out", detail=f"Its time of {self._log.facts['timed_out']:g} s was up.")
        return status

    def cancel(self) -> None:
        """End it; a job that has ended stays as it is."""
        self._place.cancel(self._job_id)

    def wait(self, artifacts: str | Path = "", start_timeout: float | str = "30m", quiet: bool = False) -> Any:
        """Show the log until the job ends, fetch its artifacts, and return its function's result.

        Interrupting the cell leaves the job alone.

        Args:
            artifacts: the folder that they go to; "" is `artifacts/<job>`.
            start_timeout: how long it may queue before this gives up waiting.
            quiet: show nothing.

        Raises:
            JobFailed: it ended as anything but done.
            JobError: it queues for too long, or an artifact came mutilated.
        """
        show = _Shown(sys.stdout.write if not quiet else lambda text: None)
        try:
            status = self._follow(show, time.monotonic() + seconds(start_timeout))
        except KeyboardInterrupt:
            print(f"The job goes on. jobs.attach({self.id!r}) finds it again; its .cancel() ends it.")
            raise
        show.close(self._log.last)
        if status.state != "done":
            words = {"timed_out": "ran out of time", "lost": "was lost", "cancelled": "was cancelled"}.get(
                status.state, "failed"
            )
            tail = "\n".join(self._log.last)
            raise JobFailed(
                f"The job {self.id} {words}. {status.detail}\nIts last lines:\n{redact(tail, self._secrets)}"
            )
        self.fetch(artifacts)
        return self.result

    def fetch(self, folder: str | Path = "") -> list[Path]:
        """Copy the artifacts of an ended job into `folder` ("" is `artifacts/<job>`) and return their paths."""
        self._read(ended=True)
        target = Path(folder) if folder else Path("artifacts") / self._job_id
        copied = self._place.fetch(self._job_id, target)
        return self._log.files(target) if copied is None else copied

    @property
    def result(self) -> Any:
        """What the job's function returned, as JSON has it; None while it runs, and for a script."""
        if "result" not in self._log.facts:
            self._read(ended=self.status().ended)
        return self._log.facts.get("result")

    def _follow(self, show: _Shown, latest_start: float) -> Status:
        pause = POLL[0]
        while True:
            status = self.status()
            text = self._read(status.ended)
            show(text)
            if status.ended:
                return self.status()
            if status.state == "waiting" and time.monotonic() > latest_start:
                raise JobError(
                    f"The job {self.id} has not begun yet. {status.detail} It still queues: wait() again, or "
                    "cancel() it."
                )
            pause = POLL[0] if text else min(pause * 1.5, POLL[1])
            time.sleep(pause)

    def _read(self, ended: bool) -> str:
        shown = ""
        while True:
            text, self._position = self._place.log(self._job_id, self._position)
            shown += self._log.add(text, ended and not text)
            if not text:
                return redact(shown, self._secrets) if shown else ""


class _Shown:
    """Writes a log into a cell's output: all of it at first, then only that it goes on."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._room = MOST_SHOWN
        self._left_out = 0
        self._told = 0.0

    def __call__(self, text: str) -> None:
        if text and self._room:
            self._write(text[: self._room])
        self._left_out += max(0, len(text) - self._room)
        self._room = max(0, self._room - len(text))
        if self._left_out and time.monotonic() - self._told > 2:
            self._told = time.monotonic()
            self._write(f"\r[… {self._left_out:,} more characters …]")

    def close(self, last: Iterable[str]) -> None:
        """Show how a long log ended."""
        if self._left_out:
            self._write(
                "\r" + "\n".join([f"[… {self._left_out:,} more characters, of which the last lines are:]", *last, ""])
            )


def submit(
    work: str | Path | Callable[..., Any],
    arguments: Mapping[str, Any] | Sequence[str] = (),
    *,
    backend: str = "local",
    name: str = "",
    requirements: Sequence[str] = (),
    hardware: str = "",
    timeout: float | str = "1h",
    env: Mapping[str, str] | None = None,
    secrets: Sequence[str] | Mapping[str, str] = (),
    files: Sequence[str | Path] = (),
    artifacts: Sequence[str] = (),
    workers: int = 1,
    budget: float | None = None,
    smoke: bool | Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Job:
    """Start a job.

    It first says what the job may cost at most, and lets the same entry point run at home for a moment: a job that
    fails there isn't submitted.

    Args:
        work: a script's path, or a function; what it returns must be what JSON can hold.
        arguments: see `jobs_script.script_of`.
        backend: see `place`.
        name: for people; "" is the script's or the function's.
        requirements: packages that it needs, as pip names them.
        hardware: in the words of the backend; "" is its default.
        timeout: after which it is ended, in seconds or as "30m", "2h".
        env: environment variables that anybody may see.
        secrets: names of environment variables whose values it gets, or names with values.
        files: files and folders that it finds in its working folder, under their last name.
        artifacts: patterns of the files that it must leave; `wait` fetches them.
        workers: processes that run it side by side on the job's machine, each told its place by torch's launcher, for
            training on several GPUs or CPUs with accelerate or a Trainer. The first one's result is the job's.
        budget: US dollars that it may cost at most; None: no limit.
        smoke: whether to test at home first (None: wherever the job runs elsewhere), or the arguments for the test.
        quiet: say nothing.

    Raises:
        JobError: it can't be started as asked, or may cost more than the budget.
        JobFailed: the smoke test failed.
    """
    if workers < 1:
        raise JobError(f"A job has at least one worker, not {workers}.")
    where = place(backend)
    script = script_of(work, arguments or ({} if callable(work) else ()))
    spec = Spec(
        **script,
        name=re.sub(r"[^A-Za-z0-9_-]+", "-", name or Path(script["filename"]).stem)[:40] or "job",
        requirements=tuple(requirements),
        hardware=hardware,
        timeout=seconds(timeout),
        env={key: str(value) for key, value in (env or {}).items()},
        secrets=_secrets(secrets),
        files=_files(files),
        artifacts=tuple(artifacts),
        workers=workers,
    )
    say = print if not quiet else lambda *words: None
    say(_cost(where, spec, budget))
    test = where.name != "local" if smoke is None else smoke is not False
    if test:
        say(_smoke(spec if smoke in (None, True) else replace(spec, **script_of(work, cast("Any", smoke)))))
    job = Job(where, where.start(spec), spec.secrets.values())
    say(f"Submitted: {job.id}")
    return job


def attach(job_id: str) -> Job:
    """A job that was submitted earlier, by its `id`.

    Raises:
        JobError: there is no such job, or its place can't be reached.
    """
    backend, _, own = job_id.rpartition("/")
    job = Job(place(backend), own)
    job.status()
    return job


def _cost(where: Place, spec: Spec, budget: float | None) -> str:
    """What a job may cost, as a sentence.

    Raises:
        JobError: more than the budget, or nobody knows.
    """
    price = where.price(spec.hardware)
    hours = spec.timeout / 3600
    machine = spec.hardware or "its default hardware"
    if price is None:
        if budget is not None:
            raise JobError(
                f"The price of {machine} on {where.name} is unknown, so a budget of ${budget:.2f} can't be kept. "
                "Choose hardware with a price, or submit without a budget."
            )
        return f"{where.name}, {machine}: the price is unknown, the time-out is {spec.timeout:g} s."
    if budget is not None and price * hours > budget:
        raise JobError(
            f"The job may cost ${price * hours:.2f} ({spec.timeout:g} s at ${price:.2f} an hour), more than the budget "
            f"of ${budget:.2f}. Give it less time or cheaper hardware."
        )
    if not price:
        return f"{where.name}: costs nothing, the time-out is {spec.timeout:g} s."
    return f"{where.name}, {machine}: at most ${price * hours:.2f} ({spec.timeout:g} s at ${price:.2f} an hour)."


def _smoke(spec: Spec) -> str:
    """Let the job run at home for a moment; returns how that went.

    Raises:
        JobFailed: it failed there.
    """
    home = LocalPlace()
    # What it leaves only counts where it runs to its end.
    test = replace(spec, hardware="", timeout=SMOKE_SECONDS, env={**spec.env, "ML_INTERN_SMOKE": "1"}, artifacts=())
    job = Job(home, home.start(replace(test, name=f"smoke-{spec.name}"[:40])), spec.secrets.values())
    try:
        job.wait(quiet=True)
    except JobFailed as failed:
        if job.status().state != "timed_out":
            raise JobFailed(f"The smoke test at home failed, so nothing was submitted. {failed}") from None
        return f"Smoke test at home: still at work after {SMOKE_SECONDS:g} s, so it starts well."
    except KeyboardInterrupt:
        job.cancel()
        raise
    return f"Smoke test at home: passed in {job.status().seconds or 0:.1f} s."


def _secrets(secrets: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(secrets, Mapping):
        return dict(secrets)
    if absent := [name for name in secrets if name not in os.environ]:
        raise JobError(f"The environment has no {', '.join(absent)}; set it, or pass secrets as a dict.")
    return {name: os.environ[name] for name in secrets}


def _files(files: Sequence[str | Path]) -> dict[str, Path]:
    paths = [Path(path).expanduser().resolve() for path in files]
    if absent := [str(path) for path in paths if not path.exists()]:
        raise JobError(f"The job needs {', '.join(absent)}, which isn't there.")
    if len({path.name for path in paths}) < len(paths):
        raise JobError(
            "Two of the files have the same name; in the job's working folder one would take the other's place."
        )
    return {path.name: path for path in paths}


def __getattr__(name: str) -> Any:
    """Sweeps stand on jobs, so this module brings them in only when they are asked for."""
    if name in ("Range", "Sweep", "sweep"):
        from . import jobs_sweep

        return getattr(jobs_sweep, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
