"""One persistent connection to a live kernel: execute, interrupt, input, restart, death.

This is the only module that knows jupyter_client.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import zmq
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from jupyter_core.utils import ensure_async

from ..errors import KernelUnavailable
from . import connection
from .connection import Connection, Message
from .execution import Execution, OnInput, OnMessage, RunningCell
from .process import KernelProcess
from .remote import OpenSocket, RemoteConnection, RemoteProcess

__all__ = ["Execution", "Kernel", "OnInput", "OnMessage"]

START_TIMEOUT = 60.0
"""Seconds that a kernel may take until it answers."""

INTERRUPT_TIMEOUT = 2.0
"""Seconds that an interrupted cell may take to end."""

WATCH_SECONDS = 0.2
"""How often the kernel's process is looked at while a cell runs."""

GONE_SECONDS = 1.5
"""How long a process that somebody is shutting down may take to come back before it counts as dead."""

RETURN_SECONDS = 10.0
"""How long a cell waits for a kernel that is somebody else's, and is down, to be started again."""

LOST_IDLE_SECONDS = 20.0
"""How long a cell with a reply, whose kernel publishes nothing any more, waits for the message that ends it: large
outputs may still be on their way."""

SETTLE_SECONDS = 0.2
"""How long a cell must have run before it is interrupted: a signal before its first line is lost, or strikes the
kernel's own code, which then sends this cell no reply."""

LOST_REPLY_SECONDS = 10.0
"""How long a cell whose kernel is idle again waits for its reply."""

LOSS_SECONDS = 0.5
"""Either of them where it is known that a message may be lost."""

ABORT_RETRIES = 5
"""How often a request is sent again that the kernel dropped because a cell before it failed."""

_RESTARTED = "The kernel was restarted while the cell ran; its variables are gone."

_UNHEARD = (
    "The connection to the gateway was cut while the cell ran, and how it ended was not heard. Look at what it has "
    "done before you run it again."
)


class RequestChannel(AsyncZMQSocketChannel):
    """A channel whose reader still hears of a reply that comes in during a send.

    jupyter_client sends past the asyncio socket. What ZMQ takes in on that occasion uses up the only signal that wakes
    the reader: it, and with it every later reply, would wait unread. Asking for the events makes the socket look.
    """

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        super().send(message)
        self.socket.get(zmq.EVENTS)


class Kernel:
    """A live kernel that runs cells one after another; made by `start` or `attach`."""

    def __init__(self, manager: Any, terminal: IO[bytes] | None = None, open_socket: OpenSocket | None = None) -> None:
        """Use `start` or `attach`; `terminal` is given for a kernel of our own, which writes into that file."""
        self._manager = manager
        self._terminal = terminal
        self._open_socket = open_socket
        self._process = RemoteProcess(manager) if open_socket else KernelProcess(manager, terminal)
        self._closed = False
        self._connection: Connection | RemoteConnection | None = None
        self._connecting = asyncio.Lock()
        self._one_cell = asyncio.Lock()
        self._cell: RunningCell | None = None
        self._sent = ""  # the last request of ours that was to run a cell
        self._recalled = ""  # the request that is to be interrupted when it starts
        self._busy = ""  # the request, ours or not, whose cell the kernel runs
        self._busy_since = 0.0
        self._free = asyncio.Event()
        self._background: set[asyncio.Task[Any]] = set()

    @classmethod
    async def start(cls, kernel_name: str = "", cwd: str | Path = ".", timeout: float = START_TIMEOUT) -> Kernel:
        """Start a kernel of our own in the folder `cwd`; `close` ends it.

        Raises:
            KernelUnavailable: there is no such kernel or folder, or it doesn't answer within `timeout` seconds.
        """
        manager = AsyncKernelManager(kernel_name=kernel_name or "python3")
        terminal = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - the kernel appends to it as long as it lives
        kernel = cls(manager, terminal)
        try:
            await manager.start_kernel(cwd=str(cwd), stdout=terminal, stderr=terminal)
            await kernel._connect(timeout)
        except BaseException as error:
            await kernel.close()
            if isinstance(error, NoSuchKernel):
                names = ", ".join(sorted(manager.kernel_spec_manager.find_kernel_specs())) or "none at all"
                reason = f"There is no kernel named {error.name!r}. Installed kernels: {names}."
            elif isinstance(error, OSError) and error.filename == str(cwd):
                reason = f"The kernel can't start in {cwd}: {error.strerror}. Choose another folder."
            elif isinstance(error, OSError):
                reason = f"The kernel {kernel.kernel_name!r} can't start: {error}. Reinstall it or choose another."
            else:
                raise
            raise KernelUnavailable(reason) from error
        return kernel

    @classmethod
    async def attach(
        cls, manager: Any, timeout: float = START_TIMEOUT, open_socket: OpenSocket | None = None
    ) -> Kernel:
        """Use a running kernel of somebody else's asynchronous KernelManager; `close` leaves it running.

        `open_socket` is given for a kernel behind a gateway.

        Raises:
            KernelUnavailable: the kernel doesn't run, or doesn't answer within `timeout` seconds.
        """
        kernel = cls(manager, open_socket=open_socket)
        try:
            await kernel._connect(timeout)
        except BaseException:
            await kernel.close()
            raise
        return kernel

    @property
    def kernel_name(self) -> str:
        """The name of the kernel's specification, such as "python3"."""
        return str(self._manager.kernel_name)

    @property
    def kernelspec(self) -> dict[str, str]:
        """What a notebook records of its kernel: name, display_name and language."""
        spec = self._manager.kernel_spec
        display = spec.display_name if spec is not None else self.kernel_name
        return {"name": self.kernel_name, "display_name": display, "language": self.language}

    @property
    def language(self) -> str:
        """The language that the kernel says it runs, such as "python"."""
        info = self._connection.info if self._connection else {}
        return str((info.get("language_info") or {}).get("name", ""))

    @property
    def alive(self) -> bool:
        """Whether the kernel's process runs."""
        return self._process.alive

    @property
    def identity(self) -> tuple[Any, ...]:
        """What tells the kernel's process from the one that it is after a restart."""
        return self._process.identity

    async def __aenter__(self) -> Kernel:
        """The kernel, closed at the end of the block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the kernel."""
        await self.close()

    # --- what a caller does ---------------------------------------------------------------------------------------

    async def execute(
        self,
        source: str,
        *,
        on_message: OnMessage,
        on_input: OnInput | None = None,
        silent: bool = False,
        timeout: float | None = None,
    ) -> Execution:
        """Run one cell and return how it ended; calls at the same time are queued in order.

        `on_message` is called in the event loop with each output, streams joined and floods cut (see `Handover`).
        `on_input(prompt, password)` answers `input()`; without it, `input()` is an error in the cell. After `timeout`
        seconds the cell is interrupted. What `on_message` or `on_input` raises interrupts the cell and is raised here.

        Raises:
            KernelUnavailable: the kernel isn't running and nothing brings it back.
        """
        async with self._one_cell:
            self._cell = cell = RunningCell(on_message, on_input, lambda: self._spawn(self._give_up(cell)))
            watch = None
            try:
                await self._connected()
                watch = asyncio.create_task(self._watch(cell))
                await self._run(cell, source, silent, on_input is not None, timeout)
            except asyncio.CancelledError:
                if cell.msg_id and not cell.ended.done():
                    self._recall(cell)
                raise
            finally:
                self._cell = None
                cell.leave()
                if watch is not None:
                    watch.cancel()
            return cell.outcome(self.language, timeout)

    async def interrupt(self, timeout: float = INTERRUPT_TIMEOUT) -> bool:
        """Stop the cell of ours that runs, never somebody else's; False if it has not ended after `timeout` seconds.

        A cell that still waits behind somebody else's is not sent any more, or stopped as soon as it starts.
        """
        cell = self._cell
        if cell is None:
            return await self._stop(self._sent, timeout)
        cell.interrupted = True
        if not cell.msg_id:
            cell.end("stopped", "The cell was stopped while it waited for another cell; it never started.")
        else:
            self._recall(cell)
        await asyncio.wait({cell.ended}, timeout=timeout)
        return cell.ended.done()

    async def restart(self, timeout: float = START_TIMEOUT) -> None:
        """Restart the kernel; a running cell ends as "restarted".

        Raises:
            KernelUnavailable: it doesn't come back within `timeout` seconds.
        """
        async with self._connecting:
            if self._cell is not None:
                self._cell.end("restarted", _RESTARTED)
            await ensure_async(self._manager.restart_kernel(now=True))
            await self._connect(timeout)

    async def close(self) -> None:
        """End our connection, and the kernel too if it is our own. Doing it twice does no harm."""
        self._closed = True
        if self._cell is not None:
            self._cell.end("died", "The kernel was closed while the cell ran.")
        self._disconnect()
        for task in self._background:
            task.cancel()
        if self._terminal is not None:
            if self._manager.has_kernel:
                await self._manager.shutdown_kernel(now=bool(self._busy) or not self.alive)
            self._terminal.close()

    # --- one cell ---------------------------------------------------------------------------------------------------

    async def _run(
        self, cell: RunningCell, source: str, silent: bool, allow_stdin: bool, timeout: float | None
    ) -> None:
        """Send the cell and wait for its end; send it again if the kernel dropped it."""
        for attempt in range(ABORT_RETRIES + 1):
            if self._busy and not cell.ended.done():
                await self._until_free(cell)
            if cell.ended.done():
                return
            self._sent = self._live.client.execute(
                source, silent=silent, store_history=not silent, allow_stdin=allow_stdin, stop_on_error=False
            )
            cell.sent(self._sent)
            await asyncio.wait({cell.ended}, timeout=timeout)
            if not cell.ended.done():
                cell.late = True
                await self.interrupt()
            if not cell.dropped or cell.interrupted or attempt == ABORT_RETRIES:
                return
            cell.begin_again()
            await asyncio.sleep(0.05 * 2**attempt)
            await self._connected()

    async def _until_free(self, cell: RunningCell) -> None:
        """Wait behind whatever the kernel runs: it answers this request only after every cell that it has."""
        answer = self._live.ask("shell")
        waiting: list[asyncio.Future[Any]] = [answer, cell.ended]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            self._set_busy("")

    async def _give_up(self, cell: RunningCell) -> None:
        """A caller's function failed: nobody can follow the cell any more."""
        if not await self.interrupt():
            cell.end("failed")

    # --- interrupt --------------------------------------------------------------------------------------------------

    def _recall(self, cell: RunningCell) -> None:
        """Interrupt the cell now or, while it waits in the kernel's queue, as soon as it starts."""
        self._recalled = cell.msg_id
        if cell.started:
            self._spawn(self._stop(cell.msg_id, INTERRUPT_TIMEOUT))

    async def _stop(self, msg_id: str, timeout: float) -> bool:
        """Interrupt the request if the kernel is at it; whether it is so no more after `timeout` seconds."""
        for _ in range(2):
            await asyncio.sleep(max(0.0, self._busy_since + SETTLE_SECONDS - time.monotonic()))
            if not msg_id or self._busy != msg_id:
                return True
            await self._process.interrupt()
            for _ in range(4):
                # A cell that awaits something sleeps on after the signal until a message wakes the kernel's loop.
                if self._connection is not None:
                    self._connection.ask("shell")
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._free.wait(), timeout / 8)
                    break
        return self._busy != msg_id

    def _set_busy(self, msg_id: str) -> None:
        self._busy = msg_id
        self._busy_since = time.monotonic()
        if msg_id:
            self._free.clear()
        else:
            self._free.set()

    # --- death and restart --------------------------------------------------------------------------------------------

    async def _watch(self, cell: RunningCell) -> None:
        """End the cell when its kernel dies or is replaced, or when the message that ends it was lost."""
        gone = 0.0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = time.monotonic()
            if self._process.identity != self._live.identity:
                cell.end("restarted", _RESTARTED)
            elif await self._process.ended():
                gone = gone or now
                if not self._process.shutting_down or now - gone > GONE_SECONDS:
                    cell.end("died", await self._process.obituary())
            elif not cell.ended.done():
                self._end_without_word(cell, now - cell.heard_at)

    def _end_without_word(self, cell: RunningCell, silence: float) -> None:
        """End the cell if a message that belongs to its end is missing, and nothing has come for `silence` seconds."""
        if cell.idle and cell.reply is None:
            if cell.interrupted and silence > LOSS_SECONDS:
                # An interrupt before the cell's first line ends it in the kernel's own code, which sends no reply then.
                cell.end("stopped")
            elif silence > LOST_REPLY_SECONDS:
                cell.end("failed", "The kernel ended the cell without a reply. Run it again.")
            return
        patience = LOSS_SECONDS if cell.reason else LOST_IDLE_SECONDS
        if cell.reply is not None and not cell.idle and silence > patience:
            cell.reason = cell.reason or "The kernel did not say that the cell had ended; outputs may be missing."
            cell.idle = True
            self._end_if_over(cell)

    # --- the connection -----------------------------------------------------------------------------------------------

    async def _connected(self) -> None:
        """Connect again if the kernel was replaced since.

        Raises:
            KernelUnavailable: it doesn't run and nobody starts it again.
        """
        if self._closed:
            raise KernelUnavailable("The connection to the kernel was closed, so the cell was not run.")
        if self.alive and self._connection is not None and self._connection.current:
            return
        async with self._connecting:
            until = time.monotonic() + (0 if self._terminal else RETURN_SECONDS)
            while not self.alive:
                if time.monotonic() >= until:
                    raise KernelUnavailable("The kernel is not running, so the cell was not run. Restart the kernel.")
                await asyncio.sleep(0.1)
            if self._connection is None or self._connection.identity != self._process.identity:
                await self._connect(START_TIMEOUT)
            else:
                await self._connection.until_ready(START_TIMEOUT)

    async def _connect(self, timeout: float) -> None:
        """Open the channels and wait until the kernel answers and its outputs reach us."""
        self._disconnect()
        self._set_busy("unknown")
        if self._open_socket is not None:
            self._connection = RemoteConnection(self._open_socket, Session(), self._process, self)
        else:
            theirs = self._manager.session
            # A session of our own: clients of one session would share a ZMQ identity, and take each other's replies.
            session = Session(key=theirs.key, signature_scheme=theirs.signature_scheme)
            channels = {f"{name}_channel_class": RequestChannel for name in ("shell", "control", "stdin")}
            self._connection = Connection(self._manager.client(session=session, **channels), self._process, self)
        await self._connection.until_ready(timeout)
        if self._terminal is not None:
            self._set_busy("")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _live(self) -> Connection | RemoteConnection:
        if self._connection is None:
            raise KernelUnavailable("The connection to the kernel was closed, so the cell was not run.")
        return self._connection

    # --- what the connection calls ------------------------------------------------------------------------------------

    def on_reply(self, message: Message) -> None:
        """See `Listener`."""
        cell = self._cell
        if cell is not None and message["parent_header"].get("msg_id") == cell.msg_id:
            cell.reply = message["content"]
            self._end_if_over(cell)

    def on_stdin(self, message: Message) -> None:
        """See `Listener`."""
        cell = self._cell
        if cell is not None and message["parent_header"].get("msg_id") == cell.msg_id:
            cell.ask(message["content"], self._live.client.input)

    def on_loss(self) -> None:
        """See `Listener`."""
        if self._cell is not None and self._cell.started and self.alive:
            self._cell.note_loss(f"an output of more than {connection.MAX_MESSAGE_BYTES // 1_000_000} MB")

    def on_missed(self) -> None:
        """See `RemoteListener`."""
        if self._cell is not None and self._cell.msg_id and not self._cell.ended.done():
            self._cell.end("failed", _UNHEARD)

    def skips(
        self, header: Callable[[], Message], parent: Callable[[], Message], content: Callable[[], Message], size: int
    ) -> bool:
        """See `Listener`: in a flood, text is counted and only its end is decoded, once the cell has ended."""
        cell = self._cell
        if cell is None or not cell.handover.flooded or header()["msg_type"] != "stream":
            return False
        if parent().get("msg_id") == cell.msg_id:
            cell.skip_stream(size, content)
        return True

    def on_published(self, message: Message, size: int) -> None:
        """See `Listener`."""
        cell = self._cell
        msg_type, parent, content = message["header"]["msg_type"], message["parent_header"], message["content"]
        if msg_type == "status":
            self._on_status(parent, content.get("execution_state", ""))
        elif cell is not None and parent.get("msg_id") == cell.msg_id:
            cell.take_output(msg_type, content, size)

    def _on_status(self, parent: dict[str, Any], state: str) -> None:
        cell = self._cell
        if state in ("starting", "restarting") and cell is not None and cell.msg_id:
            cell.end("restarted", _RESTARTED)
        if parent.get("msg_type") != "execute_request":
            return
        msg_id = parent["msg_id"]
        if state == "busy":
            self._set_busy(msg_id)
            if msg_id == self._recalled:
                self._spawn(self._stop(msg_id, INTERRUPT_TIMEOUT))
        elif state == "idle" and self._busy == msg_id:
            self._set_busy("")
        if cell is not None and msg_id == cell.msg_id:
            cell.started = cell.started or state == "busy"
            cell.idle = cell.idle or state == "idle"
            cell.heard_at = time.monotonic()
            self._end_if_over(cell)

    def _end_if_over(self, cell: RunningCell) -> None:
        """End the cell once it has its reply and the kernel is idle."""
        # Whoever shuts a kernel down interrupts it first: then the process's end is the news, not the interrupt.
        if cell.complete and not (self._process.shutting_down and cell.interrupted_by_others):
            cell.end()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
