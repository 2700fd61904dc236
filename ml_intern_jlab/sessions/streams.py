"""A running cell's messages on their way into the journal: a secret that a program prints in pieces stays out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from ..protocol import IOPubMessage
from ..redaction import Pieces


class SafeStreams:
    """Hands messages on in order; what a stream may go on to make a secret of waits for more, or for its end.

    Args:
        emit: takes each message.
    """

    def __init__(self, emit: Callable[[IOPubMessage], None]) -> None:
        self._emit = emit
        self._streams: dict[str, Pieces] = defaultdict(Pieces)

    def add(self, message: IOPubMessage) -> None:
        """Take in one message of the kernel."""
        if message.msg_type != "stream":
            self.end()
            self._emit(message)
            return
        name = str(message.content.get("name", "stdout"))
        self._tell(name, self._streams[name].add(str(message.content.get("text", ""))))

    def end(self) -> None:
        """Let go of what was held back: the cell has ended, waits for input, or shows something else."""
        for name, pieces in self._streams.items():
            self._tell(name, pieces.end())

    def _tell(self, name: str, text: str) -> None:
        if text:
            self._emit(IOPubMessage(msg_type="stream", content={"name": name, "text": text}))
