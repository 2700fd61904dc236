"""A kernel that runs behind a Kernel Gateway: its messages come through a WebSocket, its life is told over HTTP.

The pieces have the shape of `connection.py` and `process.py`, which do the same for a kernel of this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from jupyter_core.utils import ensure_async

from ..errors import KernelUnavailable
from ..redaction import safe_logger
from .connection import Listener, Message
from .process import KernelProcess

LOOK_SECONDS = 2.0
"""How often a gateway is asked whether it still has the kernel."""
AGAIN_SECONDS = 1.0
"""How long to wait before a WebSocket that was cut is opened again."""

_log = safe_logger(__name__)


class RemoteListener(Listener, Protocol):
    """Whoever makes use of what a remote kernel sends."""

    def on_missed(self) -> None:
        """The socket was cut, and all that came before is over by now."""


class Socket(Protocol):
    """A WebSocket to the channels of one kernel."""

    async def read(self) -> tuple[Message, int] | None:
        """The next message and its size in bytes; None: the socket is closed."""

    def write(self, text: str) -> None:
        """Send a message."""

    def close(self) -> None:
        """Close it."""


OpenSocket = Callable[[str], Awaitable[Socket]]
"""Opens a WebSocket to the kernel of an id, for the client session whose id is in the query."""


class RemoteProcess(KernelProcess):
    """What a gateway tells of a kernel of its own."""

    def __init__(self, manager: Any) -> None:
        """Look at the kernel of `manager`, a GatewayKernelManager."""
        super().__init__(manager)
        self._looked, self._gone = time.monotonic(), False

    @property
    def alive(self) -> bool:
        """Whether the gateway had the kernel when it was last asked."""
        return bool(self._manager.has_kernel)

    @property
    def has_begun(self) -> bool:
        """The gateway queues what comes too soon."""
        return True

    @property
    def identity(self) -> tuple[Any, ...]:
        """The kernel's id; a restart is told by the kernel itself."""
        return (self._manager.kernel_id,)

    async def ended(self) -> bool:
        """Whether the gateway no longer has the kernel. One that can't be reached says nothing about it."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            try:
                await ensure_async(self._manager.is_alive())
                self._gone = not self._manager.has_kernel
            except Exception as error:  # of HTTP, of the socket, of JSON
                _log.warning("The gateway did not tell of the kernel: %s", error)
            self._looked = time.monotonic()
        return self._gone

    async def interrupt(self) -> None:
        """Have it interrupted by the gateway."""
        try:
            await ensure_async(self._manager.interrupt_kernel())
        except Exception as error:
            _log.warning("The gateway did not interrupt the kernel: %s", error)

    async def obituary(self) -> str:
        """What is known from afar."""
        return "The kernel ended on the gateway while the cell ran; its variables are gone. Restart the kernel."


class RemoteClient:
    """Sends requests as a jupyter_client's KernelClient does."""

    def __init__(self, session: Any, send: Callable[[str, Message], None]) -> None:
        self.session = session
        self._send = send

    def execute(self, code: str, *, silent: bool, store_history: bool, allow_stdin: bool, stop_on_error: bool) -> str:
        """Ask for a cell to be run; the request's id."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": stop_on_error,
        }
        message: Message = self.session.msg("execute_request", content)
        self._send("shell", message)
        return str(message["header"]["msg_id"])

    def input(self, text: str) -> None:
        """Answer `input()`."""
        self._send("stdin", self.session.msg("input_reply", {"value": text}))


class RemoteConnection:
    """An open WebSocket to a kernel behind a gateway, opened again when it is cut.

    Args:
        open_socket: opens it.
        session: a jupyter_client's Session.
        process: what is known of the kernel.
        listener: is told what comes.
    """

    def __init__(self, open_socket: OpenSocket, session: Any, process: KernelProcess, listener: RemoteListener) -> None:
        self.client = RemoteClient(session, self._send)
        self.identity = process.identity
        self.info: dict[str, Any] = {}
        self._open_socket, self._process, self._listener = open_socket, process, listener
        self._socket: Socket | None = None
        self._opened, self._subscribed = asyncio.Event(), False
        self._trouble = ""
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    @property
    def current(self) -> bool:
        """Whether the socket leads to the kernel, and what it publishes reaches us."""
        return self._opened.is_set() and self._subscribed and self.identity == self._process.identity

    async def until_ready(self, timeout: float) -> None:
        """Wait until the kernel answers.

        Raises:
            KernelUnavailable: it ends, or takes longer than `timeout` seconds.
        """
        until = time.monotonic() + timeout
        while not (self.info and self._subscribed):
            if not self._process.alive or time.monotonic() > until:
                how = f"did not answer within {timeout:g} s" if self._process.alive else "ended before it answered"
                raise KernelUnavailable(f"The kernel behind the gateway {how}.{self._trouble}")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._opened.wait(), 0.5)
                # One busy with a cell answers on the control channel.
                self.info = await asyncio.wait_for(self.ask("control"), 1) or self.info

    def ask(self, channel: str) -> asyncio.Future[dict[str, Any]]:
        """Ask the kernel what it is; see `Connection.ask`."""
        message = self.client.session.msg("kernel_info_request")
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[message["header"]["msg_id"]] = answer
        self._send(channel, message)
        return answer

    def close(self) -> None:
        """Close the socket."""
        self._reading.cancel()
        if self._socket is not None:
            self._socket.close()

    def _send(self, channel: str, message: Message) -> None:
        if self._socket is None:
            raise KernelUnavailable(f"The connection to the gateway is cut.{self._trouble} Run the cell again.")
        self._socket.write(json.dumps({**message, "channel": channel, "buffers": []}, default=str))

    async def _read(self) -> None:
        """Pass on what comes; open the socket again for as long as it takes.

        A gateway may replay what was missed meanwhile. Once the kernel, which answers in order, is free again, a cell
        whose end has not come has lost it.
        """
        cut = False
        while True:
            try:
                self._socket = await self._open_socket(str(self.client.session.session))
                self._trouble = ""
                self._opened.set()
                if cut:
                    asked = self.ask("shell")
                    asked.add_done_callback(
                        lambda _: asyncio.get_running_loop().call_later(1, self._listener.on_missed)
                    )
                while (came := await self._socket.read()) is not None:
                    self._take(*came)
            except Exception as error:  # of the socket, of HTTP: the person hears of it if it lasts
                self._trouble = f" The gateway says: {error}."
                _log.warning("The WebSocket to the gateway failed: %s", error)
            cut = cut or self._subscribed
            self._socket, self._subscribed = None, False
            self._opened.clear()
            await asyncio.sleep(AGAIN_SECONDS)

    def _take(self, message: Message, size: int) -> None:
        channel = message.get("channel")
        try:
            if channel in ("shell", "control"):
                answer = self._answers.pop(message["parent_header"].get("msg_id", ""), None)
                if answer is not None and not answer.done():
                    answer.set_result(message["content"])
                self._listener.on_reply(message)
            elif channel == "stdin":
                self._listener.on_stdin(message)
            elif channel == "iopub":
                self._subscribed = True
                parts = (message["header"], message["parent_header"], message["content"])
                if not self._listener.skips(lambda: parts[0], lambda: parts[1], lambda: parts[2], size):
                    self._listener.on_published(message, size)
        except (ValueError, TypeError, KeyError) as error:
            _log.warning("A message of the kernel could not be read and was left out: %s", error)
