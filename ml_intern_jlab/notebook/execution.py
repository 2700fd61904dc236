"""One cell's course in a kernel: what it has said so far, when it is over, and how it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from ..protocol import CellError, IOPubMessage
from .handover import Handover
from .outputs import cell_error

Status = Literal["done", "failed", "stopped", "died", "restarted", "timeout"]
OnMessage = Callable[[IOPubMessage], None]
OnInput = Callable[[str, bool], Awaitable[str]]

INTERRUPTS = {"KeyboardInterrupt", "CancelledError"}
"""The exceptions by which an interrupted cell ends; the second where it awaited something at its top level."""


@dataclass(frozen=True)
class Execution:
    """How one cell ended. `seconds` is the time from sending it; `reason` is a sentence, empty where nothing is odd."""

    status: Status
    execution_count: int | None = None
    seconds: float = 0.0
    error: CellError | None = None
    reason: str = ""


class RunningCell:
    """A cell under way. It is over when the kernel has replied *and* says that it is idle, in whichever order."""

    def __init__(self, on_message: OnMessage, on_input: OnInput | None, on_failure: Callable[[], None]) -> None:
        """`on_failure` is called when `on_message` or `on_input` has raised; the error is then in `failure`."""
        self._on_message = on_message
        self._on_input = on_input
        self._on_failure = on_failure
        self._asking: asyncio.Task[None] | None = None
        self.handover = Handover(self._deliver)
        self.interrupted = False
        self.late = False
        self.reason = ""  # what the person should know though the cell has ended as it should
        self.failure: Exception | None = None
        self.begin_again()

    def begin_again(self) -> None:
        """Back to a cell that was never sent."""
        self.msg_id = ""
        self.reply: dict[str, Any] | None = None
        self.started = False
        self.idle = False
        self.sent_at = self.heard_at = time.monotonic()
        self.ended: asyncio.Future[Execution | None] = asyncio.get_running_loop().create_future()

    def sent(self, msg_id: str) -> None:
        """The kernel was given the cell in the request `msg_id`."""
        self.msg_id = msg_id
        self.sent_at = self.heard_at = time.monotonic()

    @property
    def dropped(self) -> bool:
        """Whether the kernel dropped the request because a cell before it in its queue failed."""
        return self.reply is not None and self.reply.get("status") == "aborted"

    @property
    def interrupted_by_others(self) -> bool:
        """Whether the cell ended by an interrupt that isn't ours."""
        return not self.interrupted and (self.reply or {}).get("ename") in INTERRUPTS

    @property
    def complete(self) -> bool:
        """Whether everything that a kernel says about a cell was said."""
        return self.reply is not None and self.idle

    def end(self, status: Status | None = None, reason: str = "") -> None:
        """Let `execute` return: as the reply has it, or with a status and reason that make a reply needless."""
        if not self.ended.done():
            self.ended.set_result(Execution(status, reason=reason) if status else None)

    def take_output(self, msg_type: str, content: dict[str, Any], size: int) -> None:
        """One of the cell's IOPub messages; `size` is that of its content in bytes."""
        self.heard_at = time.monotonic()
        if msg_type == "stream":
            self.handover.add_stream(*stream_text(content))
        elif msg_type in _OUTPUT_TYPES:
            self.handover.add(IOPubMessage.model_validate({"msg_type": msg_type, "content": content}), size)

    def skip_stream(self, size: int, read: Callable[[], dict[str, Any]]) -> None:
        """A stream message of `size` bytes in a flood; `read` decodes its content, if that should be needed."""
        self.heard_at = time.monotonic()
        self.handover.skip(size, lambda: stream_text(read()))

    def note_loss(self, what: str) -> None:
        """`what` of the cell's output never arrived; the outputs and the reason say so."""
        self.heard_at = time.monotonic()
        self.handover.note(f"{what} was left out")
        self.reason = f"{what[:1].upper()}{what[1:]} was left out."

    def ask(self, content: dict[str, Any], answer: Callable[[str], None]) -> None:
        """The cell called `input()`: have `on_input` find the text and pass it to `answer`."""
        on_input = self._on_input
        if on_input is None:
            self._fail(RuntimeError("The kernel asks for input though it was told that nobody can give any."))
            return

        async def find_answer() -> None:
            try:
                text = await on_input(str(content.get("prompt", "")), bool(content.get("password")))
            except Exception as error:
                self._fail(error)
            else:
                answer(text)

        self._asking = asyncio.create_task(find_answer())

    def leave(self) -> None:
        """Nobody waits for the cell any more."""
        if self._asking is not None:
            self._asking.cancel()

    def outcome(self, language: str, timeout: float | None) -> Execution:
        """How the cell ended; hands over what was held back.

        Raises:
            Exception: whatever `on_message` or `on_input` raised.
        """
        self.handover.finish()
        if self.failure is not None:
            raise self.failure
        seconds = time.monotonic() - self.sent_at
        if not self.ended.done():
            reason = f"{_ran_long(timeout)} and goes on though it was interrupted."
            return Execution("timeout", None, seconds, None, reason)
        without_reply = self.ended.result()
        if without_reply is not None and without_reply.status == "stopped" and self.late:
            return Execution("timeout", None, seconds, None, f"{_ran_long(timeout)} and was interrupted.")
        if without_reply is not None:
            return Execution(without_reply.status, None, seconds, None, without_reply.reason)
        reply = self.reply or {}
        count = reply.get("execution_count")
        if reply.get("status") == "ok":
            swallowed = "The cell ended by itself although it was interrupted."
            return Execution("done", count, seconds, None, swallowed if self.interrupted else self.reason)
        if self.dropped:
            reason = "The kernel dropped the cell because cells before it in its queue failed. Run it again."
            return Execution("stopped" if self.interrupted else "failed", None, seconds, None, reason)
        error = cell_error(IOPubMessage(msg_type="error", content=reply))
        if self.late:
            return Execution("timeout", count, seconds, error, f"{_ran_long(timeout)} and was interrupted.")
        if self.interrupted_by_others:
            return Execution("stopped", count, seconds, error, "The cell was interrupted by somebody else.")
        if self.interrupted and (error.ename in INTERRUPTS or language != "python"):
            return Execution("stopped", count, seconds, error)
        return Execution("failed", count, seconds, error, self.reason)

    def _deliver(self, message: IOPubMessage) -> None:
        if self.failure is None:
            try:
                self._on_message(message)
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.failure = error
        if not self.ended.done():
            self._on_failure()


_OUTPUT_TYPES = {"display_data", "update_display_data", "execute_result", "error", "clear_output"}


def stream_text(content: dict[str, Any]) -> tuple[str, str]:
    """Name and text of a stream message."""
    return str(content.get("name", "stdout")), str(content.get("text", ""))


def _ran_long(timeout: float | None) -> str:
    return f"The cell ran longer than {timeout or 0:g} s"
