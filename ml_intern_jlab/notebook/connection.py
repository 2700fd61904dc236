"""The channels to one kernel process: read them for as long as it lives, and know when something was lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Protocol

import zmq

from ..errors import KernelUnavailable
from ..redaction import safe_logger
from .process import KernelProcess

CONTROL_SECONDS = 2.0
"""How long a kernel may take to answer on the control channel before it is tried on the other."""

MAX_MESSAGE_BYTES = 128_000_000
"""The largest output message that is received; a cell that prints 2 GB in one go may send them as one."""

_log = safe_logger(__name__)

Message = dict[str, Any]


class Listener(Protocol):
    """Whoever makes use of what the kernel sends; called in the event loop."""

    def on_reply(self, message: Message) -> None:
        """A reply to a request."""

    def on_stdin(self, message: Message) -> None:
        """The kernel asks for input."""

    def skips(
        self, header: Callable[[], Message], parent: Callable[[], Message], content: Callable[[], Message], size: int
    ) -> bool:
        """Whether a published message whose content has `size` bytes needn't be decoded."""

    def on_published(self, message: Message, size: int) -> None:
        """Anything else; its content has `size` bytes."""

    def on_loss(self) -> None:
        """The connection for what is published was cut, and is being built up again."""


class Connection:
    """Open channels to a kernel process."""

    def __init__(self, client: Any, process: KernelProcess, listener: Listener) -> None:
        """Open the channels of `client`, which belongs to nobody else, and pass what comes to `listener`."""
        self.client = client
        self.identity = process.identity
        self.info: dict[str, Any] = {}
        self._process = process
        self._listener = listener
        self._subscribed = asyncio.Event()
        self._began = asyncio.Event()
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        client.start_channels(shell=False, stdin=False, control=False, hb=False)
        published = client.iopub_channel.socket
        self._published_at = published.getsockopt(zmq.LAST_ENDPOINT)
        published.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        losses = published.get_monitor_socket(zmq.Event.DISCONNECTED)
        self._connect_anew(published)
        self._tasks = [
            asyncio.create_task(self._note_losses(losses)),
            asyncio.create_task(self._read(client.iopub_channel, self._take_published)),
        ]
        self._asks = False

    @property
    def current(self) -> bool:
        """Whether the process is still the one that the channels lead to, and what it publishes reaches us."""
        return self._subscribed.is_set() and self.identity == self._process.identity

    async def until_ready(self, timeout: float) -> None:
        """Wait until the kernel answers and what it publishes reaches us.

        Raises:
            KernelUnavailable: it ends, or takes longer than `timeout` seconds.
        """
        begun = time.monotonic()
        # ipykernel 7 sets its request channels up from one thread while others already listen on them: who connects
        # or asks meanwhile may leave them deaf for ever. It says that it starts once that is done.
        while not (self._began.is_set() or self._process.has_begun):
            self._check_time(begun, timeout)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._began.wait(), 0.2)
        self._open_requests()
        opened = time.monotonic()
        while not (self.info and self._subscribed.is_set()):
            self._check_time(begun, timeout)
            # A busy kernel answers on the control channel. The other is for kernels that don't listen there.
            answers = [self.ask("control")]
            if time.monotonic() > opened + CONTROL_SECONDS:
                answers.append(self.ask("shell"))
            done, _ = await asyncio.wait(answers, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            self.info = next((answer.result() for answer in done), self.info)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._subscribed.wait(), 0.1)
        self._process.forget_words()

    def _open_requests(self) -> None:
        if self._asks:
            return
        self._asks = True
        self.client.start_channels(iopub=False, hb=False)
        for channel, take in (
            (self.client.shell_channel, self._take_reply),
            (self.client.control_channel, self._take_reply),
            (self.client.stdin_channel, self._take_stdin),
        ):
            self._tasks.append(asyncio.create_task(self._read(channel, take)))

    def ask(self, channel: str) -> asyncio.Future[dict[str, Any]]:
        """Ask the kernel what it is on the channel "shell" or "control"; on "shell" it answers after its cells."""
        message = self.client.session.msg("kernel_info_request")
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[message["header"]["msg_id"]] = answer
        getattr(self.client, f"{channel}_channel").send(message)
        return answer

    def close(self) -> None:
        """Close the channels."""
        for task in self._tasks:
            task.cancel()
        self.client.iopub_channel.socket.disable_monitor()
        self.client.stop_channels()

    def _check_time(self, begun: float, timeout: float) -> None:
        died = not self._process.alive
        if died or time.monotonic() > begun + timeout:
            how = "ended before it answered" if died else f"did not answer within {timeout:g} s"
            raise KernelUnavailable(f"The kernel {how}.{self._process.last_words()}")

    async def _read(self, channel: Any, take: Callable[[Any, list[bytes]], None]) -> None:
        while True:
            frames = await channel.socket.recv_multipart()
            try:
                _, parts = channel.session.feed_identities(frames)
                take(channel.session, parts)
            except (ValueError, TypeError, KeyError) as error:
                _log.warning("A message of the kernel could not be read and was left out: %s", error)
            # What has arrived already doesn't suspend the reader: let the others have their turn.
            await asyncio.sleep(0)

    async def _note_losses(self, losses: Any) -> None:
        while True:
            await losses.recv_multipart()
            # A message that is too large makes ZMQ give the connection up for good.
            self._connect_anew(self.client.iopub_channel.socket)
            self._subscribed.clear()
            self._listener.on_loss()

    def _connect_anew(self, published: Any) -> None:
        with contextlib.suppress(zmq.ZMQError):  # it knows the address no more
            published.disconnect(self._published_at)
        published.connect(self._published_at)
        published.get(zmq.EVENTS)  # see `kernel.RequestChannel`

    def _take_reply(self, session: Any, parts: list[bytes]) -> None:
        message = session.deserialize(parts)
        answer = self._answers.pop(message["parent_header"].get("msg_id", ""), None)
        if answer is not None and not answer.done():
            answer.set_result(message["content"])
        self._listener.on_reply(message)

    def _take_stdin(self, session: Any, parts: list[bytes]) -> None:
        self._listener.on_stdin(session.deserialize(parts))

    def _take_published(self, session: Any, parts: list[bytes]) -> None:
        def part(index: int) -> Callable[[], Message]:
            return lambda: session.unpack(parts[index])

        if self._listener.skips(part(1), part(2), part(4), len(parts[4])):
            return
        message = session.deserialize(parts)
        self._subscribed.set()
        if message["header"]["msg_type"] == "status":
            self._began.set()
        self._listener.on_published(message, len(parts[4]))
