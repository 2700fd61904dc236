"""A person's own cells, run by the server for them: what they give reaches the journal, whatever becomes of the tab."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Literal

from ..errors import InternError, NotebookUnavailable
from ..notebook.kernel import Kernel
from ..protocol import (
    OWN_CELLS,
    CellFinished,
    CellOutput,
    CellStarted,
    Event,
    IOPubMessage,
    RunOwnCell,
    source_hash,
)
from .journal import Journal
from .outcome import end_of
from .streams import SafeStreams

NOT_RUN = "An earlier cell failed, so this one was not run."
CUT_OFF = "The server ended before the cell did; run it again."


class OwnCells:
    """Runs cells one after another over a connection of its own, so that no stop of a run's touches them.

    Args:
        emit: journals an event.
        open_kernel: a connection to the notebook's kernel, which is started where there is none.
        close_kernel: ends that connection.
        settle: saves the notebook, once no cell is left.
    """

    def __init__(
        self,
        emit: Callable[[Event], Event],
        open_kernel: Callable[[], Awaitable[Kernel]],
        close_kernel: Callable[[Kernel], Awaitable[None]],
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self.kernel: Kernel | None = None
        self._emit = emit
        self._open_kernel = open_kernel
        self._close_kernel = close_kernel
        self._settle = settle
        self._waiting: deque[RunOwnCell] = deque()
        self._working: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a cell runs or waits to."""
        return self._working is not None and not self._working.done()

    async def run(self, command: RunOwnCell) -> None:
        """Run the cell after those that wait already; returns at once.

        Raises:
            KernelUnavailable: there is no kernel and none can be started.
        """
        if self.kernel is None or not self.kernel.alive:
            await self.close()
            self.kernel = await self._open_kernel()
        self._waiting.append(command)
        if not self.busy:
            self._working = asyncio.get_running_loop().create_task(self._work(self.kernel))

    def end_abandoned(self, journal: Journal, session_id: str) -> None:
        """Tell the end of a cell that an earlier process began and nobody can tell of any more."""
        started, finished = journal.last(session_id, CellStarted), journal.last(session_id, CellFinished)
        if started and started.run_id == OWN_CELLS and (finished is None or finished.seq < started.seq):
            self._finish(started.cell_id, "failed", reason=CUT_OFF)

    async def close(self) -> None:
        """Let go of the kernel; a cell that runs goes on there, unheard."""
        if self._working is not None:
            self._working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._working
        if self.kernel is not None:
            await self._close_kernel(self.kernel)
        self.kernel = None

    async def _work(self, kernel: Kernel) -> None:
        while self._waiting:
            command = self._waiting.popleft()
            if await self._run(kernel, command) != "done":
                # As the kernel itself does with cells that were sent together.
                while self._waiting:
                    self._finish(self._waiting.popleft().cell_id, "stopped", reason=NOT_RUN)
            if not self._waiting:
                with contextlib.suppress(NotebookUnavailable):  # the writer has warned, and the journal keeps it all
                    await self._settle()  # more may come meanwhile

    async def _run(self, kernel: Kernel, command: RunOwnCell) -> str:
        def tell(message: IOPubMessage) -> None:
            self._emit(CellOutput(run_id=OWN_CELLS, cell_id=command.cell_id, message=message))

        streams = SafeStreams(tell)
        self._emit(CellStarted(run_id=OWN_CELLS, cell_id=command.cell_id, hash=source_hash(command.source)))
        try:
            ended = await kernel.execute(command.source, on_message=streams.add)
        except asyncio.CancelledError:
            streams.end()
            self._finish(command.cell_id, "stopped", reason=CUT_OFF)
            raise
        except InternError as error:
            streams.end()
            return self._finish(command.cell_id, "failed", reason=str(error))
        streams.end()
        self._emit(end_of(command.cell_id, ended, OWN_CELLS))
        return ended.status

    def _finish(self, cell_id: str, status: Literal["failed", "stopped"], reason: str) -> str:
        self._emit(CellFinished(run_id=OWN_CELLS, cell_id=cell_id, status=status, reason=reason))
        return status
