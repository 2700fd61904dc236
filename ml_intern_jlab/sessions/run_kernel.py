"""A run's hold on its kernel: run approved sources there, notice when it is gone, and go on in another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from ..agent.executor import RunStopped
from ..agent.snippets import snippet
from ..errors import JournalUnavailable, KernelUnavailable, Refused
from ..notebook.kernel import Execution, Kernel, OnInput, OnMessage
from ..notebook.outputs import OutputArea, observation_text
from ..protocol import (
    CellDecided,
    CellFinished,
    CellOutput,
    CellOverdue,
    CellProposed,
    CellStarted,
    Event,
    IOPubMessage,
    ModelProgress,
    RunPaused,
    RunResumed,
    WarningRaised,
)
from .outcome import end_of
from .overdue import watch
from .policy import Knowledge
from .streams import SafeStreams

STOP_SECONDS = 2.0
"""How long a stop waits for the running cell before it says that it could not end it."""

LOST_BETWEEN = "The kernel was restarted or ended between two cells; its variables are gone."

Renew = Callable[[], Awaitable[tuple[Kernel, Knowledge]]]


class RunKernel:
    """The kernel of one run. Belongs to the event loop.

    Args:
        run_id: the run's.
        kernel: where its cells run.
        known: what the cells that ran there left behind.
        renew: the notebook's kernel, started where it is gone, and what is known of it.
        emit: journals an event of the run's.
        on_input: answers `input()`; None where nobody is there, who could also resume the run.
        fail: ends the run with a sentence.
        cell_seconds: how long a cell may run before the person is asked; where nobody is there it is interrupted.
    """

    def __init__(
        self,
        run_id: str,
        kernel: Kernel,
        known: Knowledge,
        renew: Renew,
        emit: Callable[[Event], Event],
        on_input: Callable[[str, str, bool], Awaitable[str]] | None,
        fail: Callable[[str], None],
        cell_seconds: float | None,
    ) -> None:
        self.known = known
        self.ran: list[tuple[CellProposed, CellDecided]] = []
        self._run_id = run_id
        self._kernel = kernel
        self._emit = emit
        self._renew = renew
        self._on_input = on_input
        self._fail = fail
        self._cell_seconds = cell_seconds
        self._process = kernel.identity
        self._todo: list[tuple[CellProposed, CellDecided]] = []
        self._resumed: asyncio.Future[str] | None = None
        self._executing: asyncio.Task[Execution] | None = None
        self._stopped = False
        self.idle = asyncio.Event()
        self.idle.set()

    # --- cells --------------------------------------------------------------------------------------------------------

    async def run(
        self, cell: CellProposed, decided: CellDecided, heard: Callable[[IOPubMessage], None]
    ) -> tuple[CellFinished, OutputArea]:
        """Run an approved source; each message goes to `heard` once it is stored.

        Where the kernel is lost meanwhile it waits until the run is resumed.

        A cell in whose course somebody restarted the kernel is run again then. One that killed it has failed.

        Raises:
            RunStopped: the run was stopped.
        """
        while True:
            await self.hold()
            ended, finished, area = await self._run(cell, decided, heard)
            if self._stopped:
                raise RunStopped
            if ended.status not in ("died", "restarted"):
                return finished, area
            await self._lost(ended.reason)
            if ended.status == "died":
                return finished, area

    async def _run(
        self, cell: CellProposed, decided: CellDecided, heard: Callable[[IOPubMessage], None]
    ) -> tuple[Execution, CellFinished, OutputArea]:
        area = OutputArea()

        def tell(message: IOPubMessage) -> None:
            try:
                self._emit(CellOutput(cell_id=cell.cell_id, message=message))
                heard(message)
            except JournalUnavailable as error:
                self._fail(str(error))

        streams = SafeStreams(tell)

        def on_message(message: IOPubMessage) -> None:
            area.add(message)
            streams.add(message)

        self.idle.clear()
        overdue = asyncio.get_running_loop().create_task(
            watch(self._cell_seconds, lambda passed: self._late(cell, passed))
        )
        self._emit(CellStarted(cell_id=cell.cell_id, hash=decided.hash))
        try:
            ended = await self._execute(decided.source, on_message, self._answering(cell, streams))
        finally:
            overdue.cancel()
            streams.end()
            self.idle.set()
        finished = end_of(cell.cell_id, ended)
        self._emit(finished)
        self.known.learn(decided.source, completed=finished.status == "done")
        if finished.status == "done" and (cell, decided) not in self.ran:
            self.ran.append((cell, decided))
        return ended, finished, area

    async def _execute(self, source: str, on_message: OnMessage, on_input: OnInput | None) -> Execution:
        self._executing = asyncio.get_running_loop().create_task(
            self._kernel.execute(source, on_message=on_message, on_input=on_input)
        )
        started = time.monotonic()
        try:
            return await self._executing
        except asyncio.CancelledError:
            return Execution("stopped", None, time.monotonic() - started, None, "The cell ignored the interrupt.")
        finally:
            self._executing = None

    def _answering(self, cell: CellProposed, streams: SafeStreams) -> OnInput | None:
        ask = self._on_input
        if ask is None:
            return None

        async def on_input(prompt: str, password: bool) -> str:
            streams.end()
            return await ask(cell.cell_id, prompt, password)

        return on_input

    async def _late(self, cell: CellProposed, passed: float) -> None:
        self._emit(CellOverdue(cell_id=cell.cell_id, seconds=passed))
        if self._on_input is None:  # nobody is there to say that it may go on
            await self._kernel.interrupt()

    async def interrupt(self) -> None:
        """Interrupt the running cell.

        Raises:
            Refused: none runs, or it ignores the interrupt.
        """
        if self._executing is None:
            raise Refused("That cell isn't running any more.")
        if not await self._kernel.interrupt():
            raise Refused("The cell ignores the interrupt. Stop the run, or restart the kernel to end the cell.")

    async def inspect(self, source: str) -> str:
        """Run a snippet of ours silently and return what it printed, errors as text."""
        await self.hold()
        return await self._inspect(source)

    async def _inspect(self, source: str) -> str:
        area = OutputArea()
        await self._kernel.execute(source, on_message=area.add, silent=True, timeout=60)
        return observation_text(area.outputs, limit=20_000)

    async def locate(self) -> None:
        """Learn the kernel's working folder."""
        if not self.known.folder:
            self.known.folder = (await self.inspect("print(__import__('os').getcwd())")).strip()

    async def begin(self) -> bool:
        """Note in the kernel that the run is at work there; returns whether it was so already."""
        return (await self._inspect(snippet("mark", run_id=self._run_id))).strip() == "known"

    async def stop(self) -> None:
        """Interrupt the running cell and fail whatever waits for a resume. Returns within about 2 s."""
        self._stopped = True
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_exception(RunStopped())
        executing = self._executing
        if executing is not None and not executing.done():
            await self._kernel.interrupt()
            await asyncio.wait([executing], timeout=STOP_SECONDS / 2)
            if not executing.done():
                text = "The running cell ignores the interrupt; restart the kernel to end it. The run itself has ended."
                self._emit(WarningRaised(code="cell_still_running", message=text))
                executing.cancel()

    # --- a kernel that is gone ----------------------------------------------------------------------------------------

    async def hold(self) -> None:
        """Return once the kernel is the one in which the run's cells ran.

        Raises:
            RunStopped: the run was stopped while it waited to be resumed.
        """
        if not (self._kernel.alive and self._kernel.identity == self._process):
            await self._lost(LOST_BETWEEN)

    async def resume(self, by: str) -> None:
        """Go on in the notebook's kernel, a fresh one where the old one is gone.

        Raises:
            Refused: the run doesn't wait for that.
            KernelUnavailable: no kernel can be had.
        """
        if self._resumed is None or self._resumed.done():
            raise Refused("The run is at work; there is nothing to resume.")
        kernel, known = await self._renew()
        if not self._resumed.done():
            self._kernel, self.known, self._process = kernel, known, kernel.identity
            self._resumed.set_result(by)

    async def take_up(self, by: str) -> None:
        """Bring the kernel to where the run was interrupted; `by` asked for it.

        Raises:
            RunStopped: the run was stopped meanwhile.
        """
        if trouble := await self._go_on(by):
            await self._lost(trouble)

    async def _lost(self, reason: str) -> None:
        if self._on_input is None:
            self._fail(f"{reason} The run can't go on without what the kernel held; start it again.")
            raise RunStopped
        while reason:
            self._resumed = asyncio.get_running_loop().create_future()
            advice = "Resume the run to run its approved cells again in a fresh kernel, or end it."
            self._emit(RunPaused(reason=f"{reason} {advice}", resumable=True))
            try:
                by = await self._resumed
            finally:
                self._resumed = None
            reason = await self._go_on(by)

    async def _go_on(self, by: str) -> str:
        """Run again what the kernel lacks; returns "", or why that wasn't possible."""
        try:
            if not await self.begin():
                self._todo = list(self.ran)
                self.known.folder = (await self._inspect("print(__import__('os').getcwd())")).strip()
            else:
                for _, decided in self.ran:
                    self.known.learn(decided.source, completed=True)
            self._emit(RunResumed(cells=len(self._todo), by=by))
            total = len(self._todo)
            while self._todo:
                cell, decided = self._todo[0]
                done = total - len(self._todo)
                self._emit(ModelProgress(text=f"Running cell {done + 1} of {total} again", done=done / total))
                ended, finished, _ = await self._run(cell, decided, lambda message: None)
                if self._stopped:
                    raise RunStopped
                if finished.status != "done":
                    error = f" ({finished.error.ename}: {finished.error.evalue})" if finished.error else ""
                    return ended.reason or f"The cell “{cell.title}” did not run through when it was run again{error}."
                self._todo.pop(0)
        except KernelUnavailable as error:
            return str(error)
        return ""
