"""Any server that speaks OpenAI's chat protocol: vLLM, Ollama, llama.cpp, LM Studio, OpenAI itself."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from ..model_faults import ModelFault
from ..streaming import LanguageModel, Piece, Request
from .server_facts import Facts, ServedModels, is_loopback

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
"""A server that says nothing for this long counts as gone."""


class ChatServerModel(LanguageModel):
    """A model behind a base URL. A connection lives as long as its request, so ending one ends the other.

    Args:
        model_id: as the server names it.
        base_url: up to and including `/v1`.
        api_key: sent to that server only; None sends none.
        key_advice: what to do when the server refuses the key.
        read_seconds: the longest silence.
    """

    def __init__(
        self,
        model_id: str,
        base_url: str,
        api_key: str | None = None,
        key_advice: str = "",
        read_seconds: float = READ_SECONDS,
    ) -> None:
        super().__init__(model_id)
        self.base_url = base_url.rstrip("/")
        self.key_advice = key_advice or self.key_advice
        self._api_key = api_key
        self._read_seconds = read_seconds

    def find_facts(self) -> Facts:
        """What the server says."""
        return ServedModels(self.base_url, self._api_key).facts(self.model_id)

    def pieces(self, messages: list[dict[str, Any]], request: Request, options: dict[str, Any]) -> Iterator[Piece]:
        """See `LanguageModel.pieces`.

        Raises:
            ModelFault: the server refuses, or its answer is none.
            httpx.TransportError: it can't be reached, is silent for too long, or the connection broke.
        """
        body = {"model": self.model_id, "messages": messages, "stream": True, **options}
        try:
            yield from self._ask({**body, "stream_options": {"include_usage": True}}, request)
            return
        except ModelFault as fault:
            # Some servers know no such option; they refuse before they answer.
            if fault.status not in (400, 422) or "stream_options" not in str(fault):
                raise
        yield from self._ask(body, request)

    def _ask(self, body: dict[str, Any], request: Request) -> Iterator[Piece]:
        headers = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        timeout = httpx.Timeout(CONNECT_SECONDS, read=self._read_seconds)

        def trace(event: str, info: dict[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                opened = info["return_value"].get_extra_info("socket")
                request.on_cancel(lambda: _hang_up(opened))

        with (
            httpx.Client(headers=headers, timeout=timeout, trust_env=not is_loopback(self.base_url)) as client,
            client.stream(
                "POST", f"{self.base_url}/chat/completions", json=body, extensions={"trace": trace}
            ) as response,
        ):
            if not response.is_success:
                response.read()
                raise _refusal(response)
            if "json" in response.headers.get("content-type", ""):
                response.read()
                yield from _pieces([_parsed(response.text)])
                return
            yield from _pieces(_events(response.iter_lines()))


def _hang_up(opened: socket.socket) -> None:
    """Wake the thread that reads there, and let the server know."""
    with contextlib.suppress(OSError, ValueError):
        opened.shutdown(socket.SHUT_RDWR)


def _refusal(response: httpx.Response) -> ModelFault:
    """A refusal with what the server says about it, `Retry-After` included."""
    try:
        text = _error_text(response.json())
    except ValueError:
        text = ""
    if not text and "html" not in response.headers.get("content-type", ""):
        text = response.text.strip()
    text = text or f"{response.status_code} {response.reason_phrase}".strip()
    return ModelFault(text[:2000], response.status_code, response.headers.get("retry-after", ""))


def _error_text(body: Any) -> str:
    """The message in an error's body, with its type and code: they tell what the words may not."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error)
    kinds = [str(error[name]) for name in ("type", "code") if error.get(name) and not isinstance(error[name], int)]
    text = str(error.get("message") or error.get("detail") or "")
    return text + (f" ({', '.join(kinds)})" if kinds else "")


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ModelFault(f"the server sent something that is no JSON: {text[:80]!r}") from error
    if not isinstance(found, dict):
        raise ModelFault(f"the server sent something else than an answer: {text[:80]!r}")
    if found.get("error"):
        code = found["error"].get("code") if isinstance(found["error"], dict) else 0
        raise ModelFault(_error_text(found), code if isinstance(code, int) else 500)
    return found


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Server-sent events, as far as chat servers use them: each `data:` line is one JSON object.

    Raises:
        ModelFault: a line is no JSON, reports an error, or the stream ends before the answer does.
    """
    ended = False
    for line in lines:
        name, colon, data = line.partition(":")
        data = data.strip()
        if not colon or name != "data" or not data:
            continue
        if data == "[DONE]":
            return
        event = _parsed(data)
        ended = ended or any(choice.get("finish_reason") for choice in _choices(event))
        yield event
    if not ended:
        raise ModelFault("the stream broke off")


def _choices(event: dict[str, Any]) -> list[dict[str, Any]]:
    choices = event.get("choices") or []
    if not isinstance(choices, list) or not all(isinstance(each, dict) for each in choices):
        raise ModelFault("the server sent something else than an answer")
    return choices


def _pieces(events: Iterable[dict[str, Any]]) -> Iterator[Piece]:
    """The text of the first choice; what the model thought apart stands between think tags. Tokens come last: some
    servers tell them with every event, as a running total."""
    usage: dict[str, Any] = {}
    thinking = False
    for event in events:
        usage = event.get("usage") or usage
        for choice in _choices(event)[:1]:
            said = choice.get("delta") or choice.get("message") or {}
            thought = said.get("reasoning_content") or said.get("reasoning") or ""
            content = said.get("content") or ""
            if thought:
                yield Piece(thought if thinking else f"<think>{thought}")
                thinking = True
            if thinking and (content or choice.get("finish_reason")):
                content, thinking = f"</think>\n{content}", False
            cut_off = choice.get("finish_reason") == "length"
            if content or cut_off:
                yield Piece(content, cut_off=cut_off)
    yield Piece("", int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
