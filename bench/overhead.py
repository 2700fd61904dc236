"""What a trivial cell costs through our path, next to raw jupyter_client and to nbclient.

    python bench/overhead.py [--rounds 50]

Our path is a whole turn of a session less the model: agent, classification, approval by the policy, kernel, journal,
file writer, until the model is asked again. The ways take turns in one process, each with a kernel of its own; the
first cells of each are not counted. "alone" is the median of single cells; "in a row" is the mean over a series without
a pause, so that saving the notebook while cells run is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import queue
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output
from smolagents.models import ChatMessage, MessageRole, Model

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ml_intern_jlab.protocol import Mode, StartRun
from ml_intern_jlab.server.hosts import HeadlessHost
from ml_intern_jlab.sessions.budget import Limits
from ml_intern_jlab.sessions.journal import Journal
from ml_intern_jlab.sessions.session import Settings
from ml_intern_jlab.sessions.sessions import Sessions
from ml_intern_jlab.testing import turn

SIZES = {"small notebook": 5, "500 cells": 500}
WARM_UP = 5
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
"""Kernels write warnings of their own to the terminal."""
Way = Callable[[str], Awaitable[None]]
"""Runs one cell and returns when its result is there."""


def notebook_of(cells: int) -> Any:
    """A notebook with so many executed cells, each with a few lines of source and of output."""
    source = "total = 0\nfor number in range(10):\n    total += number\n    print(number, total)\ntotal"
    text = "".join(f"{number} {number * (number + 1) // 2}\n" for number in range(10))
    return new_notebook(
        cells=[
            new_code_cell(
                source,
                execution_count=number,
                outputs=[
                    new_output("stream", text=text),
                    new_output("execute_result", {"text/plain": "45"}, execution_count=number),
                ],
            )
            for number in range(1, cells + 1)
        ]
    )


class PacedModel(Model):  # type: ignore[misc]  # smolagents has no type information
    """A model that proposes a cell when it is given one, and says when it is asked for the next."""

    def __init__(self) -> None:
        super().__init__(model_id="paced")
        self._loop = asyncio.get_running_loop()
        self._answers: queue.Queue[str] = queue.Queue()
        self._asked = asyncio.Event()
        self._planned = False

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:
        """The plan at first, then the cell that `cell` was called with."""
        answer = "1. Add numbers"
        if self._planned:
            self._loop.call_soon_threadsafe(self._asked.set)
            answer = self._answers.get(timeout=600)
        self._planned = True
        return ChatMessage(role=MessageRole.ASSISTANT, content=answer)

    async def asked(self) -> None:
        """Wait until the model is asked."""
        await asyncio.wait_for(self._asked.wait(), 60)

    def say(self, answer: str) -> None:
        """What the model answers now."""
        self._asked.clear()
        self._answers.put(answer)

    async def cell(self, source: str) -> None:
        """One turn: propose `source` and wait until the model is asked what comes after it."""
        self.say(turn(source))
        await self.asked()


@contextlib.asynccontextmanager
async def our_path(folder: Path, cells: int) -> Any:
    """A session in mode `auto` on a notebook file that holds `cells` cells already."""
    nbformat.write(notebook_of(cells), folder / "work.ipynb")
    model = PacedModel()
    settings = Settings(create_model=lambda name, url: model, limits=Limits(max_steps=1000), interactive=False)
    sessions = Sessions(Journal(folder / "journal.db"), HeadlessHost(folder, folder), settings)
    session_id = sessions.create("work.ipynb").session_id
    try:
        await sessions.handle(session_id, StartRun(task="Add numbers.", mode=Mode.auto, max_steps=1000), "bench")
        await model.asked()
        yield model.cell
        model.say(turn('final_answer("done")'))
        await asyncio.wait_for(sessions.get(session_id).wait(), 60)
    finally:
        await sessions.close()


@contextlib.asynccontextmanager
async def raw_client(folder: Path) -> Any:
    """Nothing but jupyter_client: send, collect until the kernel is idle."""
    manager = AsyncKernelManager()
    await manager.start_kernel(cwd=str(folder), **QUIET)
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)

    async def cell(source: str) -> None:
        outputs: list[dict[str, Any]] = []
        reply = await client.execute_interactive(source, output_hook=outputs.append, timeout=60)
        assert reply["content"]["status"] == "ok"

    try:
        yield cell
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


@contextlib.asynccontextmanager
async def through_nbclient(folder: Path, cells: int) -> Any:
    """A cell appended to a notebook of `cells` cells in memory and executed."""
    client = NotebookClient(notebook_of(cells), resources={"metadata": {"path": str(folder)}})

    async def cell(source: str) -> None:
        client.nb.cells.append(new_code_cell(source))
        await client.async_execute_cell(client.nb.cells[-1], len(client.nb.cells) - 1)

    async with client.async_setup_kernel(**QUIET):
        yield cell


async def seconds_of(way: Way, source: str) -> float:
    """How long one cell takes."""
    started = time.perf_counter()
    await way(source)
    return time.perf_counter() - started


async def measure(rounds: int) -> dict[tuple[str, str], tuple[float, float]]:
    """For each way and notebook, the seconds of a cell alone (median) and in a row (mean)."""
    async with contextlib.AsyncExitStack() as stack:

        def folder() -> Path:
            return Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="overhead-", ignore_cleanup_errors=True))
            )

        ways: dict[tuple[str, str], Way] = {}
        for name, cells in SIZES.items():
            ways["jupyter_client", name] = await stack.enter_async_context(raw_client(folder()))
            ways["nbclient", name] = await stack.enter_async_context(through_nbclient(folder(), cells))
            ways["our path", name] = await stack.enter_async_context(our_path(folder(), cells))
        alone: dict[tuple[str, str], list[float]] = {key: [] for key in ways}
        for number in range(WARM_UP + rounds):
            # Each round begins with another way, so that none always follows the same one.
            keys = list(ways)
            for key in keys[number % len(keys) :] + keys[: number % len(keys)]:
                alone[key].append(await seconds_of(ways[key], f"1+{number}"))
        # Let the notebooks of the single cells be saved before the series begin.
        await asyncio.sleep(2)
        in_a_row = {}
        for key, way in ways.items():
            started = time.perf_counter()
            for number in range(rounds):
                await way(f"2+{number}")
            in_a_row[key] = (time.perf_counter() - started) / rounds
        return {key: (statistics.median(alone[key][WARM_UP:]), in_a_row[key]) for key in ways}


def report(measured: dict[tuple[str, str], tuple[float, float]]) -> str:
    """The table in milliseconds, and the ratios that the project aims at."""
    lines = [f"{'way':16}{'notebook':18}{'alone, ms':>12}{'in a row, ms':>14}"]
    lines += [
        f"{way:16}{size:18}{alone * 1000:12.2f}{row * 1000:14.2f}" for (way, size), (alone, row) in measured.items()
    ]
    small, large = SIZES
    for size in SIZES:
        for other in ("jupyter_client", "nbclient"):
            pairs = zip(measured["our path", size], measured[other, size], strict=True)
            alone, row = (ours / theirs for ours, theirs in pairs)
            lines.append(f"our path / {other}, {size}: {alone:.2f} alone, {row:.2f} in a row")
    pairs = zip(measured["our path", large], measured["our path", small], strict=True)
    alone, row = (many / few for many, few in pairs)
    lines.append(f"our path, {large} / {small}: {alone:.2f} alone, {row:.2f} in a row")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50, help="cells of each way")
    print(report(asyncio.run(measure(parser.parse_args().rounds))))


if __name__ == "__main__":
    main()
