"""The notebook is run again because a person asks for it: beside the session's own kernel, in a copy of its folder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..agent.metrics import metrics_in
from ..errors import NotebookUnavailable, Refused
from ..notebook.document import Writer
from ..protocol import Event, RerunCell, RerunFinished, RerunNotebook, RerunProgress, RerunStarted

if TYPE_CHECKING:
    from ..review.rerun.verdict import Rerun

MOST_DIFFS = 20
"""Cells whose difference is shown; of the others the verdict is."""


class Rerunning:
    """One second run at a time. Belongs to the event loop; the work is done in a thread."""

    def __init__(self, folder: Callable[[str], Path | None], emit: Callable[[Event], Event]) -> None:
        self._folder = folder
        self._emit = emit
        self._task: asyncio.Task[None] | None = None
        self._stopped = threading.Event()

    @property
    def working(self) -> bool:
        """Whether the notebook is being run again now."""
        return self._task is not None and not self._task.done()

    async def start(self, writer: Writer, command: RerunNotebook, by: str) -> None:
        """Begin on the notebook of `writer`; what comes of it is told by events.

        Raises:
            Refused: it is being run again already, or its file isn't in a folder of this machine.
            NotebookUnavailable: it can't be read.
        """
        folder = self._folder(writer.path)
        if self.working:
            raise Refused("The notebook is being run again already. Wait until that has ended, or stop it.")
        if folder is None:
            raise Refused(f"{writer.path} isn't in a folder of this machine, so there is nothing to run it in.")
        notebook = await writer.notebook()
        total = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
        self._stopped.clear()
        self._emit(RerunStarted(total=total, by=by))
        work = self._work(folder / PurePosixPath(writer.path).name, command)
        self._task = asyncio.get_running_loop().create_task(work)

    def stop(self) -> None:
        """End it soon. Where none works, such as after the server was restarted, it is told to have ended."""
        self._stopped.set()
        if not self.working:
            self._emit(RerunFinished(told=[], stopped=True))

    async def close(self) -> None:
        """End it, and wait until its kernel is gone."""
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def _work(self, path: Path, command: RerunNotebook) -> None:
        # Importing nbclient and nbformat takes a while, which a server shouldn't pay at its start.
        from ..review.rerun.running import Limits
        from ..review.rerun.verdict import rerun

        loop, done = asyncio.get_running_loop(), 0

        def ran() -> None:
            nonlocal done
            done += 1
            loop.call_soon_threadsafe(self._emit, RerunProgress(done=done))

        try:
            again = await asyncio.to_thread(
                rerun,
                path,
                Limits(),
                metrics_in=metrics_in if command.other_seed or command.without_leaks else None,
                other_seed=command.other_seed,
                without_leaks=command.without_leaks,
                progress=ran,
                stopped=self._stopped.is_set,
            )
        except NotebookUnavailable as error:
            self._emit(RerunFinished(told=[], reason=str(error)))
        except Exception as error:  # a fault of ours must not leave the panel waiting
            self._emit(RerunFinished(told=[], reason=f"It failed by a fault of ours: {error!r}."))
        else:
            stopped = self._stopped.is_set()
            self._emit(RerunFinished(told=again.told, cells=_cells(again), stopped=stopped))


def _cells(again: Rerun) -> list[RerunCell]:
    shown, cells = 0, []
    for each in again.cells:
        shown += bool(each.diff)
        cells.append(RerunCell(**{**asdict(each), **({"diff": ""} if shown > MOST_DIFFS else {})}))
    return cells
