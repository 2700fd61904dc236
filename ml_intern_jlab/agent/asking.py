"""One answer of a model: streamed, asked for again after a fault that passes, with a shorter prompt where it was too
long, and accounted for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from smolagents.models import ChatMessage, agglomerate_stream_deltas

from ..errors import ModelUnavailable
from .context import ASSUMED_WINDOW, estimated_tokens, reply_room
from .executor import Usage, Workbench
from .models import context_overflow, is_transient, readable, retry_after

RETRY_SECONDS = (1.0, 4.0, 10.0)
"""Waits before a failed request to the model is made again."""
SQUEEZE = 0.6
"""What is left of the room after a server has said that the prompt was too long."""
MAX_SQUEEZES = 3
SMALL_WINDOW = 32_768
"""Up to this window an answer is limited to the room kept for it, so that it can't run into the window's end."""


_LINE_OF_WORDS = re.compile(r"\n[^\n]*[a-z]{3}", re.I)
LOOKED_AT = 6000
"""Characters at a text's end in which a loop is looked for."""


class Asking:
    """Asks whichever model it is given, for one run.

    Args:
        workbench: hears what is written and what it took.
        model: returns the model of the moment.
    """

    def __init__(self, workbench: Workbench, model: Callable[[], Any]) -> None:
        self._workbench = workbench
        self._model = model
        self._squeezed = 1.0
        self._squeezed_for: Any = None
        self._looped = False

    @property
    def window(self) -> int:
        """Tokens that prompt and answer may have together."""
        return getattr(self._model(), "context_window", None) or ASSUMED_WINDOW

    @property
    def room(self) -> int:
        """Tokens that a prompt may have."""
        return int((self.window - reply_room(self.window)) * self._squeezed)

    @property
    def cut_off(self) -> bool:
        """Whether the last answer ended before its end: by the limit of tokens, or because it went round in a loop."""
        return self._looped or bool(getattr(self._model(), "cut_off", False))

    def answer(self, prompt: Callable[[int], list[ChatMessage]], step: int) -> str:
        """The answer to `prompt(room)`, which is asked for again with less room where it was too long.

        Raises:
            ModelUnavailable: no answer can be had; the sentence says why.
        """
        if self._squeezed_for is not self._model():  # the person chose another: how much it takes is found out anew
            self._squeezed, self._squeezed_for = 1.0, self._model()
        waits = iter(RETRY_SECONDS)
        squeezes = 0
        while True:
            messages = prompt(self.room)
            started = time.monotonic()
            try:
                reply, first = self._generate(messages, step, started)
            except Exception as error:
                if context_overflow(error) and squeezes < MAX_SQUEEZES:
                    squeezes += 1
                    self._squeezed *= SQUEEZE
                    continue
                wait = next(waits, None)
                if wait is None or not is_transient(error):
                    raise ModelUnavailable(readable(error, self._model())) from error
                self._workbench.pause(max(wait, retry_after(error) or 0.0))
                continue
            usage = self._usage(messages, reply, time.monotonic() - started, first)
            self._workbench.step_finished(step, usage)
            return str(reply.content or "")

    def _generate(self, messages: list[ChatMessage], step: int, started: float) -> tuple[ChatMessage, float | None]:
        model = self._model()
        known = getattr(model, "context_window", None)
        options = {"max_tokens": reply_room(known)} if known and known <= SMALL_WINDOW else {}
        if not hasattr(model, "generate_stream"):
            return model.generate(messages, **options), None
        deltas, first, tail = [], None, ""
        self._looped = False
        for delta in model.generate_stream(messages, **options):
            deltas.append(delta)
            if delta.content:
                first = first if first is not None else time.monotonic() - started
                # Raises RunStopped once the run is stopped, which closes the stream and so the request.
                self._workbench.text_delta(step, delta.content)
                # Small models fall into loops, and on a small machine their limit of tokens is minutes away.
                tail = (tail + delta.content)[-LOOKED_AT:]
                if len(deltas) % 32 == 0 and goes_round(tail):
                    self._looped = True
                    break
        return agglomerate_stream_deltas(deltas), first

    def _usage(self, messages: list[ChatMessage], reply: ChatMessage, seconds: float, first: float | None) -> Usage:
        """What it took; where the server counts no tokens they are estimated, so that a budget still holds."""
        counted = reply.token_usage
        model = self._model()
        # A stream without counts comes out with counts of nothing.
        if counted is not None and counted.input_tokens + counted.output_tokens > 0:
            read, written = counted.input_tokens, counted.output_tokens
        else:
            read = sum(estimated_tokens(text_of(message)) for message in messages)
            written = estimated_tokens(str(reply.content or ""))
        prices = getattr(model, "price_in", None), getattr(model, "price_out", None)
        cost = None if None in prices else (read * (prices[0] or 0) + written * (prices[1] or 0)) / 1e6
        shown = sha256("\0".join(map(text_of, messages)).encode("utf-8", "surrogatepass")).hexdigest()
        return Usage(read, written, seconds, first, cost, shown)


def goes_round(text: str) -> bool:
    """Whether text ends in the same piece eight times, or sixteen times in the same words and lines but for numbers."""
    if any(text.endswith(text[-size:] * 8) for size in range(12, len(text) // 8 + 1)):
        return True
    plain = re.sub(r"\d+", "0", text)
    sizes = range(12, len(plain) // 16 + 1)
    return any(plain.endswith(plain[-size:] * 16) and _LINE_OF_WORDS.search(plain[-2 * size :]) for size in sizes)


def text_of(message: ChatMessage) -> str:
    """The text of a chat message, images left out."""
    content = message.content
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or [])
