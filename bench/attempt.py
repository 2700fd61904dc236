"""One attempt at a task: run the command line in a copy of the data, score what it left, perhaps run it again."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from bench.scoring import BadPredictions, Task, score
from ml_intern_jlab.agent.metrics import metrics_in

ROOT = Path(__file__).resolve().parents[1]
SOLVED = 0.8
ROW = "{:12} {:16} {:9} {:>10} {:>10} {:>10} {:>6} {:>5} {:>5} {:>7}  {}"
HEAD = ("task", "kind", "metric", "dummy", "reference", "value", "share", "steps", "cells", "seconds", "status")
GRACE = 30.0
"""Seconds that the command line has to end by itself after its own time limit, and again after being told to stop."""


@dataclass(frozen=True)
class Outcome:
    """What became of one task. `value` is None where nothing could be scored, `reason` says why."""

    task: Task
    value: float | None
    status: str
    steps: int
    cells: int
    tokens: int
    seconds: float
    reason: str = ""
    rerun: str = ""

    @property
    def share(self) -> float:
        """From dummy (0) to reference (1), 0 where nothing could be scored."""
        return 0.0 if self.value is None else self.task.share(self.value)

    def row(self) -> str:
        """The line of the printed table; the share is shown within -1 and 1.2."""
        task = self.task
        value = "-" if self.value is None else f"{self.value:.5g}"
        status = "; ".join(part for part in (self.status, self.reason, self.rerun) if part)
        shown = f"{min(max(self.share, -1.0), 1.2):.2f}"
        numbers = (f"{task.dummy:.5g}", f"{task.reference:.5g}", value, shown, self.steps, self.cells)
        return ROW.format(task.name, task.kinds[0], task.metric, *numbers, f"{self.seconds:.1f}", status)


@dataclass(frozen=True)
class Attempt:
    """How tasks are to be attempted. `timeout` is the seconds that one task may take."""

    model: str
    base_url: str
    timeout: float
    rerun: bool
    keep: Path | None
    _running: set[subprocess.Popen[str]] = field(default_factory=set)

    def stop(self) -> None:
        """Tell what runs now to stop; `solve` then returns with what there is."""
        for process in list(self._running):
            process.send_signal(signal.SIGTERM)

    def solve(self, task: Task) -> Outcome:
        """Attempt one task in a fresh copy of its data; whatever goes wrong becomes the outcome's reason."""
        started = time.monotonic()
        with self._folder(task) as folder:
            try:
                summary = self._run(task, folder)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                seconds = time.monotonic() - started
                return Outcome(task, None, "failed", 0, 0, 0, seconds, f"{type(error).__name__}: {error}")
            value, reason = None, ""
            try:
                value = score(folder / task.output_file, task)
            except BadPredictions as error:
                reason = " ".join(filter(None, [str(error), summary.get("reason", "")]))
            return Outcome(
                task=task,
                value=value,
                status=summary["status"],
                steps=summary["steps"],
                cells=summary["cells"],
                tokens=summary["input_tokens"] + summary["output_tokens"],
                seconds=time.monotonic() - started,
                reason=reason,
                rerun=rerun_verdict(task, Path(summary["notebook"])) if self.rerun else "",
            )

    @contextlib.contextmanager
    def _folder(self, task: Task) -> Iterator[Path]:
        """A copy of the visible data; it stays only where a folder to keep it in was given."""
        with contextlib.ExitStack() as stack:
            parent = self.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            folder = parent / task.name
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(task.folder / "data", folder)
            yield folder

    def _run(self, task: Task, folder: Path) -> dict[str, Any]:
        """The JSON object that the command line prints last, with a status of its own on a timeout or crash."""
        command = [sys.executable, "-m", "ml_intern_jlab.cli", "run", task.task, "--cwd", str(folder)]
        command += ["--notebook", "out.ipynb", "--approve", "auto", "--model", self.model, "--json"]
        command += ["--timeout", str(self.timeout)] + (["--base-url", self.base_url] if self.base_url else [])
        with tempfile.TemporaryDirectory(prefix="bench-journal-") as place:
            log = folder.parent / f"{task.name}.log"
            with log.open("w") as errors:
                process = subprocess.Popen(
                    [*command, "--journal", str(Path(place) / "journal.db")],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
                self._running.add(process)
                try:
                    output = _output(process, self.timeout + GRACE)
                finally:
                    self._running.discard(process)
        lines = output.strip().splitlines()
        if not lines:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise ValueError(f"exit status {process.returncode} without a summary: {' '.join(last) or 'no message'}")
        summary: dict[str, Any] = json.loads(lines[-1])
        return summary


def _output(process: subprocess.Popen[str], seconds: float) -> str:
    """The standard output of a process, which is told to stop, and then killed, where it takes longer."""
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
    try:
        return process.communicate(timeout=GRACE)[0]
    except subprocess.TimeoutExpired:
        # Its kernel ends by itself once its parent is gone.
        process.kill()
        process.communicate()
        raise


def rerun_verdict(task: Task, notebook: Path) -> str:
    """Whether a notebook that is run again in a clean copy of the data prints the metrics that it holds."""
    if not notebook.is_file():
        return "rerun: no notebook"
    document = nbformat.read(notebook, as_version=4)
    before = printed_metrics(document)
    with tempfile.TemporaryDirectory(prefix="bench-rerun-") as place:
        folder = Path(place) / task.name
        shutil.copytree(task.folder / "data", folder)
        client = nbclient.NotebookClient(document, timeout=900, resources={"metadata": {"path": str(folder)}})
        try:
            client.execute()
        except (nbclient.exceptions.CellControlSignal, nbclient.exceptions.CellTimeoutError, RuntimeError) as error:
            return f"rerun: {str(error).strip().splitlines()[-1][:120]}"
        if not (folder / task.output_file).is_file():
            return f"rerun: {task.output_file} was not written"
    after = printed_metrics(document)
    changed = [f"{old} became {new}" for old, new in zip(before, after, strict=False) if old != new]
    if changed or len(before) != len(after):
        return f"rerun: {len(before)} metrics, then {len(after)}; " + ", ".join(changed[:3])
    return f"rerun: the same {len(before)} metrics" if before else "rerun: no metric printed"


def printed_metrics(document: nbformat.NotebookNode) -> list[str]:
    """The metrics that a notebook's text outputs state, each as `name split value`, in order."""
    found = []
    for cell in document.cells:
        for output in cell.get("outputs", []):
            found += [f"{each.name} {each.split} {each.value:.6g}" for each in metrics_in(text_of(output))]
    return found


def text_of(output: nbformat.NotebookNode) -> str:
    """What an output says in plain text, "" where it has none."""
    return str(output.get("text") or output.get("data", {}).get("text/plain", ""))


def summary_line(outcomes: list[Outcome], seconds: float) -> str:
    """The last line: how many tasks are solved, the median share, the time it all took."""
    solved = sum(outcome.share >= SOLVED for outcome in outcomes)
    median = statistics.median(min(max(outcome.share, -1.0), 1.2) for outcome in outcomes)
    tokens = sum(outcome.tokens for outcome in outcomes)
    said = f"solved {solved} of {len(outcomes)} (share >= {SOLVED}), median share {median:.2f}, total {seconds:.0f} s"
    return f"{said}, {tokens:,} tokens" if tokens else said
