"""From a kernel's IOPub messages to a notebook's outputs, and to the text that the model reads.

Nothing here talks to a kernel: `OutputArea` folds messages into nbformat outputs exactly as JupyterLab shows them,
and keeps them bounded whatever a cell prints.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

from ..protocol import CellError, IOPubMessage

MAX_TEXT = 1_000_000
"""Characters of stream text that one cell keeps: one half from its beginning, one from its end."""

MAX_OUTPUTS = 500
"""Outputs that one cell keeps: one half from its beginning, one from its end."""

MAX_LINE = 100_000
"""Characters of an unfinished line, counted from its end, that a carriage return can still rewrite."""

OBSERVATION_LIMIT = 8_000
"""Characters that the model reads of one cell's outputs, unless told otherwise."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile(r"[\n\r\b]")
_CELL_FRAME = re.compile(r"^\s*(?:Cell |Input )In ?\[(\d+)\],? (?:line |in <cell line: )(\d+)", re.MULTILINE)
_LIBRARY_FRAME = re.compile(r"^File \S*(?:site-packages|dist-packages|lib/python\d|<frozen |\.pyx:|\.pxi:)")
_HEADER = "Traceback (most recent call last)"


def plain_text(text: str) -> str:
    """The text without its ANSI escape codes."""
    return _ANSI.sub("", text)


def display_id(message: IOPubMessage) -> str:
    """The id under which a display may be updated later, "" where it has none."""
    return str((message.content.get("transient") or {}).get("display_id") or "")


class _Stream:
    """The text of one stream output: a fixed head, a tail that may lose its oldest pieces, and the open line.

    Only the open line can still be rewritten. It is a list of characters, so that every message costs time in
    proportion to its own length only.
    """

    def __init__(self, name: str, room: int, max_line: int) -> None:
        self.name = name
        self.room = room
        self.max_line = max_line
        self.head: list[str] = []
        self.tail: deque[str] = deque()
        self.tail_size = 0
        self.omitted = 0
        self.line: list[str] = []
        self.cursor = 0

    def write(self, text: str) -> None:
        """Apply a piece of stream text: newline, carriage return and backspace move as they do in JupyterLab."""
        if "\r" not in text and "\b" not in text and "\n" in text:
            first, _, rest = text.partition("\n")
            self._overwrite(first)
            self.end_line()
            done, newline, text = rest.rpartition("\n")
            self._commit(done + newline)
            self._overwrite(text)
            return
        start = 0
        for match in _CONTROL.finditer(text):
            self._overwrite(text[start : match.start()])
            start = match.end()
            if match[0] == "\n":
                self.end_line()
            elif match[0] == "\r":
                self.cursor = 0
            elif self.cursor:
                # JupyterLab drops the character before the cursor and the one under it.
                del self.line[self.cursor - 1 : self.cursor + 1]
                self.cursor -= 1
        self._overwrite(text[start:])

    def drop_tail(self, size: int) -> None:
        """Forget the oldest `size` characters of the tail, or all that it has."""
        while size > 0 and self.tail:
            piece = self.tail.popleft()
            if len(piece) > size:
                self.tail.appendleft(piece[size:])
                piece = piece[:size]
            size -= len(piece)
            self.tail_size -= len(piece)
            self.omitted += len(piece)

    @property
    def text(self) -> str:
        """What the stream shows now."""
        cut = f"\n[… {self.omitted:,} characters left out …]\n" if self.omitted else ""
        return "".join([*self.head, cut, *self.tail, *self.line])

    def _overwrite(self, text: str) -> None:
        if len(text) > self.max_line:
            self.end_line(text[: -self.max_line])
            text = text[-self.max_line :]
        self.line[self.cursor : self.cursor + len(text)] = text
        self.cursor += len(text)
        if len(self.line) > 2 * self.max_line:
            done = "".join(self.line[: self.max_line])
            del self.line[: self.max_line]
            self.cursor = max(0, self.cursor - self.max_line)
            self._commit(done)

    def end_line(self, end: str = "\n") -> None:
        """Close the open line: nothing of it can be rewritten any more."""
        done = "".join(self.line) + end
        self.line, self.cursor = [], 0
        self._commit(done)

    def _commit(self, text: str) -> None:
        if self.room:
            self.head.append(text[: self.room])
            text, self.room = text[self.room :], max(0, self.room - len(text))
        if text:
            self.tail.append(text)
            self.tail_size += len(text)


class OutputArea:
    """The outputs of one cell, built from its messages one after another."""

    def __init__(self, max_text: int = MAX_TEXT, max_outputs: int = MAX_OUTPUTS) -> None:
        """Keep at most `max_text` characters of stream text, and `max_outputs` outputs."""
        # Half of the text is the head; the tail and the open line, at most twice `_max_line`, share the other half.
        self._max_head = max_text // 2
        self._max_tail = max_text // 4
        self._max_line = min(MAX_LINE, max_text // 8)
        self._half_outputs = (max_outputs - 1) // 2
        self.clear()

    def clear(self) -> None:
        """Forget every output."""
        self._items: list[_Stream | dict[str, Any]] = []
        self._streams: deque[_Stream] = deque()
        self._head_used = 0
        self._tail_size = 0
        self._left_out = 0
        self._clear_waits = False
        self._displays: dict[str, list[dict[str, Any]]] = {}

    def add(self, message: IOPubMessage) -> None:
        """Fold in the cell's next message.

        An `update_display_data` changes this area's own displays; a display of another cell is reached through that
        cell's `update_display`, with the `display_id` of the message.
        """
        content = message.content
        match message.msg_type:
            case "clear_output":
                if content.get("wait"):
                    self._clear_waits = True
                else:
                    self.clear()
                return
            case "update_display_data":
                self.update_display(display_id(message), content.get("data") or {}, content.get("metadata") or {})
                return
        if self._clear_waits:
            self.clear()
        if message.msg_type == "stream":
            self._add_stream(str(content.get("name", "stdout")), str(content.get("text", "")))
        elif message.msg_type == "error":
            self._append(
                {
                    "output_type": "error",
                    "ename": str(content.get("ename", "")),
                    "evalue": str(content.get("evalue", "")),
                    "traceback": [str(line) for line in content.get("traceback") or []],
                }
            )
        else:
            self._add_display(message)

    def update_display(self, display: str, data: dict[str, Any], metadata: dict[str, Any]) -> bool:
        """Give every display shown under the id `display` new content; False when this cell shows none."""
        shown = self._displays.get(display, []) if display else []
        for output in shown:
            output["data"] = _mime_bundle(data)
            output["metadata"] = dict(metadata)
        return bool(shown)

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The outputs as nbformat 4 has them; the caller may keep and change the list."""
        shown = [
            {"output_type": "stream", "name": item.name, "text": item.text} if isinstance(item, _Stream) else {**item}
            for item in self._items
        ]
        if self._left_out:
            text = f"[… {self._left_out:,} outputs left out …]\n"
            shown.insert(self._half_outputs, {"output_type": "stream", "name": "stderr", "text": text})
        return shown

    def _add_stream(self, name: str, text: str) -> None:
        last = self._items[-1] if self._items else None
        if isinstance(last, _Stream) and last.name == name:
            stream = last
        else:
            stream = _Stream(name, self._max_head - self._head_used, self._max_line)
            self._append(stream)
            self._streams.append(stream)
        self._change(stream, lambda: stream.write(text))

    def _change(self, stream: _Stream, change: Callable[[], None]) -> None:
        """Do something to the newest stream and then drop from the oldest tails what is over the bound."""
        room, tail = stream.room, stream.tail_size
        change()
        self._head_used += room - stream.room
        self._tail_size += stream.tail_size - tail
        while self._tail_size > self._max_tail:
            oldest = self._streams[0]
            size = oldest.tail_size
            oldest.drop_tail(self._tail_size - self._max_tail)
            self._tail_size -= size - oldest.tail_size
            if not oldest.tail and oldest is not stream:
                self._streams.popleft()

    def _add_display(self, message: IOPubMessage) -> None:
        content = message.content
        data, metadata = content.get("data") or {}, content.get("metadata") or {}
        output: dict[str, Any] = {"output_type": message.msg_type, "data": _mime_bundle(data)}
        output["metadata"] = dict(metadata)
        if message.msg_type == "execute_result":
            output["execution_count"] = content.get("execution_count")
        if shown_as := display_id(message):
            # Showing an id again also renews what it showed before.
            self.update_display(shown_as, data, metadata)
            self._displays.setdefault(shown_as, []).append(output)
        self._append(output)

    def _append(self, item: _Stream | dict[str, Any]) -> None:
        last = self._items[-1] if self._items else None
        if isinstance(last, _Stream):
            self._change(last, lambda: last.end_line(""))
        self._items.append(item)
        if len(self._items) <= 2 * self._half_outputs:
            return
        gone = self._items.pop(self._half_outputs)
        self._left_out += 1
        if isinstance(gone, _Stream):
            self._tail_size -= gone.tail_size
            if gone in self._streams:
                self._streams.remove(gone)
        else:
            for shown in self._displays.values():
                shown[:] = [output for output in shown if output is not gone]


def _mime_bundle(data: dict[str, Any]) -> dict[str, Any]:
    """The bundle with text where nbformat demands text; JSON types keep what they have."""
    return {
        mime: value if isinstance(value, str) or mime.endswith(("/json", "+json")) else str(value)
        for mime, value in data.items()
    }


def cell_error(message: IOPubMessage) -> CellError:
    """The exception of an `error` message, with the line of the cell's own source that failed (0 if unknown).

    Where the cell calls a function that it defines itself, it is the line inside that function.
    IPython counts from the first line that isn't blank.
    """
    content = message.content
    frames = [plain_text(str(entry)) for entry in content.get("traceback") or []]
    starts = [index for index, frame in enumerate(frames) if frame.rstrip().endswith(_HEADER)]
    # The last entry repeats the exception's own words, which may look like a frame; with one entry it is all there is.
    block = frames[starts[-1] + 1 : -1] if starts else frames
    found = [match for frame in block if (match := _CELL_FRAME.match(frame))]
    line = int([match for match in found if match[1] == found[0][1]][-1][2]) if found else 0
    return CellError(ename=str(content.get("ename", "")), evalue=str(content.get("evalue", "")), line=line)


def short_traceback(traceback: list[str]) -> str:
    """A traceback for reading: no ANSI codes, and of the libraries' frames only the last before each exception."""
    frames = [plain_text(entry) for entry in traceback]
    kept: list[str] = []
    hidden = 0
    for index, frame in enumerate(frames):
        follows = frames[index + 1] if index + 1 < len(frames) else ""
        if _LIBRARY_FRAME.match(frame) and _is_frame(follows):
            hidden += 1
            continue
        if hidden:
            kept.append(f"[… {hidden} library frame{'s' if hidden > 1 else ''} …]")
            hidden = 0
        if frame.strip("-"):
            kept.append(frame.rstrip())
    return "\n".join(kept)


def _is_frame(entry: str) -> bool:
    return bool(_CELL_FRAME.match(entry)) or entry.startswith("File ")


def observation_text(outputs: list[dict[str, Any]], limit: int = OBSERVATION_LIMIT) -> str:
    """What the model reads of a cell's nbformat outputs, at most about `limit` characters, head and tail.

    Displays and results show their `text/plain` and the names of what else they carry, such as `[image/png]`.
    """
    return bounded("\n".join(filter(None, (_output_text(output).rstrip("\n") for output in outputs))), limit)


def bounded(text: str, limit: int) -> str:
    """The text, or its head and tail of together `limit` characters around a line that says what was left out."""
    if len(text) <= limit:
        return text
    head, tail = text[: (limit + 1) // 2], text[len(text) - limit // 2 :]
    return f"{head}\n[… {len(text) - limit:,} characters left out …]\n{tail}"


def _output_text(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return plain_text(joined(output["text"]))
    if output["output_type"] == "error":
        return short_traceback(output["traceback"]) or f"{output['ename']}: {output['evalue']}"
    data = output["data"]
    shown = [mime for mime in data if mime.startswith(("image/", "audio/", "video/", "application/"))]
    shown = [mime for mime in shown if not mime.startswith("application/vnd.ml-intern.")]  # ours, for the panel
    words = plain_text(joined(data.get("text/plain", "")))
    if not words:
        words = joined(data.get("text/markdown", "")) or ("" if shown else " ".join(f"[{mime}]" for mime in data))
    return "\n".join(filter(None, [words, " ".join(f"[{mime}]" for mime in shown)]))


def joined(text: str | list[str]) -> str:
    """A text of a notebook, which its file may hold line by line."""
    return text if isinstance(text, str) else "".join(text)


def result_text(outputs: list[dict[str, Any]]) -> str | None:
    """`text/plain` of a cell's result (`Out[n]`); None where it has none."""
    results = [each for each in outputs if each["output_type"] == "execute_result"]
    text = results[-1]["data"].get("text/plain") if results else None
    return joined(text) if text is not None else None


def pictures(outputs: list[dict[str, Any]]) -> tuple[str, ...]:
    """The figures among a cell's outputs, PNG in base64."""
    found = (each["data"].get("image/png") for each in outputs if "data" in each)
    return tuple(joined(data) for data in found if data)
