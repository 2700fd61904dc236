"""What of one cell's output is handed over while it runs: in order, streams joined, floods cut."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from ..protocol import IOPubMessage

COALESCE_SECONDS = 0.05
"""How long stream text is collected before it is handed over."""

MAX_STREAM = 10_000_000
"""Characters of stream text that one cell hands over as they come; of the rest only the end follows."""

STREAM_TAIL = 100_000
"""Characters from the end of a flood that are still handed over."""

MAX_MESSAGES = 10_000
"""Messages other than streams that one cell hands over; of the rest only the last follows."""

MAX_MESSAGE_BYTES = 100_000_000
"""Bytes of such messages in all."""


class Handover:
    """Passes a running cell's messages on, bounded.

    Stream text that follows other text within `COALESCE_SECONDS` is joined for as long; any other message flushes it
    first, so that the order holds. Must be used in the event loop's thread.
    """

    def __init__(self, deliver: Callable[[IOPubMessage], None]) -> None:
        """Pass on to `deliver`."""
        self._deliver = deliver
        self._name = ""
        self._pieces: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._stream_room = MAX_STREAM
        self._tail: deque[tuple[int, Callable[[], tuple[str, str]]]] = deque()
        self._tail_size = 0
        self._skipped = 0
        self._messages = 0
        self._message_bytes = 0
        self._dropped = 0
        self._last_dropped: IOPubMessage | None = None

    @property
    def flooded(self) -> bool:
        """Whether further stream text is skipped; its messages needn't be decoded then."""
        return not self._stream_room

    def add_stream(self, name: str, text: str) -> None:
        """Take stream text."""
        if self.flooded:
            self.skip(len(text), lambda: (name, text))
            return
        if name != self._name:
            self._flush_stream()
            self._name = name
        taken, rest = text[: self._stream_room], text[self._stream_room :]
        self._stream_room -= len(taken)
        self._pieces.append(taken)
        if rest:
            end = rest[-STREAM_TAIL:]
            self._skipped += len(rest) - len(end)
            self.skip(len(end), lambda: (name, end))
        if self._timer is None:
            # What comes after a pause needn't wait.
            wait = max(0.0, self._flushed + COALESCE_SECONDS - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._flush_stream)

    def skip(self, size: int, read: Callable[[], tuple[str, str]]) -> None:
        """Count stream text of a flood; `read` gives its name and text if it turns out to belong to the end."""
        self._tail.append((size, read))
        self._tail_size += size
        while self._tail_size - self._tail[0][0] >= STREAM_TAIL:
            gone, _ = self._tail.popleft()
            self._tail_size -= gone
            self._skipped += gone

    def add(self, message: IOPubMessage, size: int) -> None:
        """Take any other message; `size` is that of its content in bytes."""
        self._messages += 1
        self._message_bytes += size
        if self._messages > MAX_MESSAGES or self._message_bytes > MAX_MESSAGE_BYTES:
            self._dropped += 1
            self._last_dropped = message
            return
        self._flush_stream()
        if message.msg_type == "clear_output":
            self._tail.clear()
            self._tail_size = self._skipped = 0
        elif message.msg_type == "error":
            self._flush_tail()
        self._deliver(message)

    def note(self, text: str) -> None:
        """Tell the reader of the outputs that something is missing here."""
        self._flush_stream()
        self._flush_tail()
        self._deliver(IOPubMessage(msg_type="stream", content={"name": "stderr", "text": f"[… {text} …]\n"}))

    def finish(self) -> None:
        """Hand over what is left: the cell has ended."""
        self._flush_stream()
        self._flush_tail()
        if self._last_dropped is not None:
            if self._dropped > 1:
                self.note(f"{self._dropped - 1:,} outputs were too many and left out")
            self._deliver(self._last_dropped)
            self._last_dropped, self._dropped = None, 0

    def _flush_stream(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pieces:
            self._flushed = time.monotonic()
            text = "".join(self._pieces)
            self._pieces = []
            self._deliver(IOPubMessage(msg_type="stream", content={"name": self._name, "text": text}))

    def _flush_tail(self) -> None:
        pieces = [read() for _, read in self._tail]
        self._tail.clear()
        self._tail_size = 0
        over = sum(len(text) for _, text in pieces) - STREAM_TAIL
        for name, text in pieces:
            if over > 0:
                cut = min(over, len(text))
                over -= cut
                self._skipped += cut
                text = text[cut:]
            if self._skipped and text:
                text = f"\n[… about {self._skipped:,} characters of output left out …]\n{text}"
                self._skipped = 0
            if text:
                self._deliver(IOPubMessage(msg_type="stream", content={"name": name, "text": text}))
