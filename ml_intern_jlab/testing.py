"""Deterministic stand-ins for the parts that can't be had in a test: a language model that says what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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
        content = messages[-1].content
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
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


def turn(code: str, thought: str = "", item: int = 1) -> str:
    """An answer in the form that the prompt asks for."""
    return f"Item {item}\n{thought}\n```python\n{code}\n```"


class ScriptedServer:
    """A server on loopback that speaks OpenAI's chat protocol and answers from a script: `with ScriptedServer(…) as s`.

    Each line is an answer, or an HTTP status with which a request is refused. Answers are streamed in pieces when the
    request says `stream`. `base_url` ends in `/v1`; `requests` keeps what was asked, headers included.
    """

    def __init__(self, script: Iterable[str | int]) -> None:
        self.requests: list[dict[str, Any]] = []
        self._script = list(script)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append({**body, "headers": dict(self.headers)})
                line = outer._script.pop(0) if outer._script else 500
                if isinstance(line, int):
                    self.send_error(line)
                    return
                self.send_response(200)
                kind = "text/event-stream" if body.get("stream") else "application/json"
                self.send_header("Content-Type", kind)
                self.end_headers()
                for piece in outer._answer(line, bool(body.get("stream"))):
                    self.wfile.write(piece.encode())
                    self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def _answer(self, text: str, stream: bool) -> Iterator[str]:
        usage = {"prompt_tokens": 10, "completion_tokens": len(text) // 4, "total_tokens": 10 + len(text) // 4}
        envelope = {"id": "x", "created": 0, "model": "scripted", "system_fingerprint": ""}
        if not stream:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            yield json.dumps({**envelope, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        for start in range(0, len(text), 20):
            delta = {"role": "assistant", "content": text[start : start + 20]}
            chunk = {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
            yield f"data: {json.dumps(chunk)}\n\n"
        yield f"data: {json.dumps({**envelope, 'choices': [], 'usage': usage})}\n\n"
        yield "data: [DONE]\n\n"

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
