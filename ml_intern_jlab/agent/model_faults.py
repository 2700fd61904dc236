"""Faults of models: which of them pass, which mean that the prompt was too long, and what to tell the person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from ..errors import ModelUnavailable

MAX_RETRY_AFTER = 60.0
"""Seconds that a server may make us wait; one that asks for more is tried again after this long."""

# What servers call a prompt that is longer than the model's window. Checked on OpenAI, vLLM, SGLang, TGI, llama.cpp,
# Ollama, LM Studio, Anthropic and Google wordings.
_OVERFLOW = re.compile(
    r"context[ _](length|window|size)|maximum context|prompt is too long|input is too long|request too large"
    r"|longer than the model'?s context|exceed_context|tokens? .{0,40}exceeds? .{0,40}(limit|maximum|context)"
    r"|inputs? tokens? \+ .?max_new_tokens|reduce the length of the (messages|input|prompt)",
    re.IGNORECASE,
)
_NO_ANSWER = {"TransportError", "ConnectionError", "TimeoutError", "APIConnectionError", "Timeout"}
_OVERFLOW_KINDS = {"ContextWindowExceededError"}


class ModelFault(Exception):
    """A model's server refused a request, or answered with something that is no answer.

    Args:
        text: what the server said, or what was wrong with its answer.
        status: the HTTP status that stands for it; 0 for an answer that can't be read or broke off.
        retry_after: the seconds that the server asks to wait, as it wrote them.
    """

    def __init__(self, text: str, status: int = 0, retry_after: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after


def is_transient(error: BaseException) -> bool:
    """Whether the same request may go through a little later: a time-out, a lost connection, 408, 425, 429, 5xx, or
    an answer that can't be read."""
    if isinstance(error, ModelUnavailable) or context_overflow(error):
        return False
    status = _status(error)
    return _no_answer(error) or _broken(error) or status in (408, 425, 429) or status >= 500


def context_overflow(error: BaseException) -> bool:
    """Whether the prompt was longer than the model's window: the same request never goes through, a shorter may."""
    if isinstance(error, ModelUnavailable):
        return False
    for each in _chain(error):
        if _kinds(each) & _OVERFLOW_KINDS:
            return True
        # llama.cpp and others answer 500; a limit on tokens a minute is 429 and passes.
        if _own_status(each) != 429 and _OVERFLOW.search(f"{each} {_body(each)}"):
            return True
    return False


def retry_after(error: BaseException) -> float | None:
    """The seconds that the server asked to wait (`Retry-After`), at most `MAX_RETRY_AFTER`; None: it said nothing."""
    for each in _chain(error):
        response = getattr(each, "response", None)
        headers = getattr(each, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
        said = getattr(each, "retry_after", "") or headers.get("retry-after", "")
        seconds = _seconds(str(said).strip())
        if seconds is not None:
            return min(max(seconds, 0.0), MAX_RETRY_AFTER)
    return None


def readable(error: BaseException, model: Any) -> str:
    """What a person should know of a request that failed for good: what happened, to which model, what to do."""
    if isinstance(error, ModelUnavailable):
        return str(error)
    name = getattr(model, "model_id", None) or type(model).__name__
    base_url = getattr(model, "base_url", "")
    where = f" at {base_url}" if base_url else ""
    status = _status(error)
    detail = _detail(error)
    if context_overflow(error):
        return f"The conversation is longer than the window of the model {name}{where}. Use a model with a larger one."
    if _no_answer(error):
        return f"The model {name}{where} can't be reached ({detail}). Check that its server runs, then start again."
    if _broken(error):
        return f"The model {name}{where} gave no whole answer ({detail}). Start again; if it stays so, see its log."
    if status in (401, 403):
        return f"The model {name}{where} refused the key ({status}). {getattr(model, 'key_advice', _CHECK_KEY)}"
    if status == 402:
        return (
            f"The account behind the model {name}{where} has no credit left (402). Add some, or choose another model."
        )
    if status == 404:
        return f"The server{where} has no model {name} (404). Check the model's name and the base URL."
    if status == 429:
        return f"The model {name}{where} allows no more requests for now (429). Wait a while, then start again."
    return f"The model {name}{where} failed: {detail}"


_CHECK_KEY = "Check the key for this server."


def _detail(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300].rstrip(".") if lines else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it: a client library often wraps the one that tells."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__


def _kinds(error: BaseException) -> set[str]:
    """Told by name: each client library brings its own transport (httpx or a successor of it, requests)."""
    return {kind.__name__ for kind in type(error).__mro__}


def _no_answer(error: BaseException) -> bool:
    return _status(error) == 0 and any(_kinds(each) & _NO_ANSWER for each in _chain(error))


def _broken(error: BaseException) -> bool:
    """An answer that can't be read: JSON that is none, a stream that broke off."""
    return _status(error) == 0 and any(
        isinstance(each, ModelFault) or "JSONDecodeError" in _kinds(each) for each in _chain(error)
    )


def _status(error: BaseException) -> int:
    """The HTTP status that an error stands for, 0 for none."""
    return next((status for each in _chain(error) if (status := _own_status(each))), 0)


def _own_status(error: BaseException) -> int:
    response = getattr(error, "response", None)
    for owner, name in ((error, "status"), (response, "status_code"), (error, "status_code")):
        status = getattr(owner, name, 0)
        if isinstance(status, int) and status:
            return status
    return 0


def _body(error: BaseException) -> str:
    """What the server wrote, where the client kept it and it was read."""
    try:
        text = getattr(getattr(error, "response", None), "text", "")
    except Exception:  # httpx's ResponseNotRead, under whichever name
        return ""
    return text[:4000] if isinstance(text, str) else ""


def _seconds(said: str) -> float | None:
    """`Retry-After` as RFC 9110 has it: a number of seconds or a date."""
    try:
        return float(said)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    return (when - datetime.now(timezone.utc)).total_seconds()
