"""Deterministic stand-ins for the parts that can't be had in a test: a language model that says what it is told."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from smolagents.models import ChatMessage, MessageRole, Model
from smolagents.monitoring import TokenUsage

Line = str | BaseException | Callable[[str], str]


class CutOff(str):
    """A line of a script: an answer that the limit of tokens cut off."""


class ScriptedModel(Model):  # type: ignore[misc]  # smolagents has no type information
    """A model that answers from a script.

    Each line is an answer, an exception to raise, or a function from the last message's text to the answer. `seen`
    keeps the text of every last message, so that a test can tell what the model was shown.

    Args:
        script: the answers.
        context_window: tokens that it pretends to take; None is unknown.
        sees_images: whether it pretends to see.

    Raises:
        AssertionError: it was asked more often than the script has lines.
    """

    def __init__(self, script: Iterable[Line], context_window: int | None = None, sees_images: bool = False) -> None:
        super().__init__(model_id="scripted")
        self.context_window, self.sees_images, self.cut_off = context_window, sees_images, False
        self._script = list(script)
        self.seen: list[str] = []

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:
        """The script's next line."""
        text = text_of(messages[-1].content)
        self.seen.append(text)
        if not self._script:
            raise AssertionError(f"The script is at its end, but the model was asked: {text}")
        line = self._script.pop(0)
        if isinstance(line, BaseException):
            raise line
        answer = line(text) if callable(line) else line
        self.cut_off = isinstance(answer, CutOff)
        return ChatMessage(
            role=MessageRole.ASSISTANT,
            content=answer,
            token_usage=TokenUsage(input_tokens=len(text) // 4, output_tokens=len(answer) // 4),
        )


def text_of(content: str | list[dict[str, Any]]) -> str:
    """The text of a message's content, without its images."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def turn(code: str, thought: str = "", item: int = 1) -> str:
    """An answer in the form that the prompt asks for."""
    return f"Item {item}\n{thought}\n```python\n{code}\n```"


@dataclass(frozen=True)
class Misbehaviour:
    """A reply that goes wrong.

    Args:
        status: of HTTP.
        body: sent as it is, in place of an answer.
        text: streamed before the rest.
        then: `drop` ends the connection in mid-stream, `silence` says nothing more until the client hangs up.
        headers: further headers, such as `Retry-After`.
        kind: the content type.
    """

    status: int = 200
    body: str = ""
    text: str = ""
    then: Literal["", "drop", "silence"] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"


class ScriptedServer:
    """A server on loopback that speaks OpenAI's chat protocol and answers from a script: `with ScriptedServer(…) as s`.

    Each line is an answer (`CutOff` ends it by the limit of tokens), a function from the last message's text to the
    answer, an HTTP status with which a request is refused, or a `Misbehaviour`. Answers are streamed in pieces when the
    request says `stream`. `base_url` ends in `/v1`; `requests` keeps what was asked, headers included; `silent` is set
    once a reply went silent, `hung_up` once its client left.

    Args:
        script: one line for each request.
        pages: JSON for other paths, such as `/v1/models`; GET and POST alike.
    """

    def __init__(
        self, script: Iterable[str | int | Misbehaviour | Callable[[str], str]], pages: Mapping[str, Any] | None = None
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.silent, self.hung_up = threading.Event(), threading.Event()
        self._script = list(script)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = (pages or {}).get(self.path)
                if page is None:
                    self.send_error(404)
                else:
                    self._send(json.dumps(page), "application/json")

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path in (pages or {}):
                    self.do_GET()
                    return
                outer.requests.append(
                    {**body, "headers": {name.lower(): value for name, value in self.headers.items()}}
                )
                line = outer._script.pop(0) if outer._script else 500
                if isinstance(line, int):
                    self.send_error(line)
                elif isinstance(line, Misbehaviour):
                    self._misbehave(line)
                else:
                    line = line(text_of(body["messages"][-1]["content"])) if callable(line) else line
                    stream = bool(body.get("stream"))
                    self._begin(200, "text/event-stream" if stream else "application/json")
                    for piece in outer._answer(line, stream):
                        self._write(piece)

            def _misbehave(self, line: Misbehaviour) -> None:
                if line.body or line.status != 200:
                    self._send(line.body, line.kind, line.status, line.headers)
                    return
                if line.text:
                    self._begin(200, "text/event-stream", chunked=True)
                    for piece in outer._deltas(line.text):
                        self._write(f"{len(piece.encode()):x}\r\n{piece}\r\n")
                if line.then == "silence":
                    outer.silent.set()
                    with contextlib.suppress(OSError):  # a client may leave without reading all
                        while self.connection.recv(1000):
                            pass
                    outer.hung_up.set()

            def _send(self, body: str, kind: str, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Type": kind}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self._write(body)

            def _begin(self, status: int, kind: str, chunked: bool = False) -> None:
                if chunked:  # a client can tell that it breaks off
                    self.protocol_version, self.close_connection = "HTTP/1.1", True
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def _write(self, text: str) -> None:
                try:
                    self.wfile.write(text.encode())
                    self.wfile.flush()
                except OSError:  # the client left, as some tests want it to
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def _deltas(self, text: str) -> Iterator[str]:
        for start in range(0, len(text), 20):
            yield self._chunk({"role": "assistant", "content": text[start : start + 20]}, None)

    def _chunk(self, delta: dict[str, str], finish_reason: str | None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return f"data: {json.dumps({**_ENVELOPE, 'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n"

    def _answer(self, text: str, stream: bool) -> Iterator[str]:
        usage = {"prompt_tokens": 10, "completion_tokens": len(text) // 4, "total_tokens": 10 + len(text) // 4}
        reason = "length" if isinstance(text, CutOff) else "stop"
        if not stream:
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            yield json.dumps({**_ENVELOPE, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        yield from self._deltas(text)
        yield self._chunk({}, reason)
        last = {**_ENVELOPE, "object": "chat.completion.chunk", "choices": [], "usage": usage}
        yield f"data: {json.dumps(last)}\n\n"
        yield "data: [DONE]\n\n"

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


_ENVELOPE = {"id": "x", "created": 0, "model": "scripted", "system_fingerprint": ""}
