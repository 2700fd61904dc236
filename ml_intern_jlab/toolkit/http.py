"""Reading from a service: with a time-out, a few tries, the cache, and errors that name the host."""

from __future__ import annotations

import atexit
import json
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

import httpx

from . import cache
from .errors import BadRequest, NoAccess, NotFound, RateLimited, ToolkitError, Unreachable
from .services import Service

TIMEOUT = 30.0
"""Seconds for a call, all its tries together."""

TRIES = 4
PAUSE = 0.3
"""Seconds before the second try; each further pause is twice as long."""

PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses after which the same request may succeed."""

LONGEST_WAIT = 20.0
"""Seconds that a service may ask us to wait; more than that is told to the person."""

FRESH = 600.0
"""Seconds for which a kept answer is as good as a new one: what was just published must not stay unseen for long."""

MOST_BYTES = 25 * 2**20

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """Where something comes from.

    Attributes:
        host: the host that was asked.
        age: seconds since it was read; 0 when it was read just now.
        stale: why an old answer has to do; "" where it doesn't.
    """

    host: str
    age: float = 0.0
    stale: str = ""

    def __str__(self) -> str:
        told = f"{self.host}, read {ago(self.age)}" if self.age >= 1 else f"{self.host}, read just now"
        return f"{told} ({self.stale})" if self.stale else told


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    body: bytes
    headers: Mapping[str, str]
    source: Source

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Unreachable: it is something else, such as the page of a proxy.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            told = "answered with something that is not JSON; a proxy or a login page may stand between."
            raise Unreachable(f"{self.source.host} {told}") from None

    def facts(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            Unreachable: it is something else.
        """
        value = self.json()
        if not isinstance(value, dict):
            raise self._unknown_form("no object")
        return value

    def part(self, key: str) -> Any:
        """What stands under a key of the JSON object in the body.

        Raises:
            Unreachable: nothing does.
        """
        facts = self.facts()
        if key not in facts:
            raise self._unknown_form(f"no {key!r}")
        return facts[key]

    def entries(self, key: str = "", need: str = "") -> list[dict[str, Any]]:
        """The JSON objects of the list in the body, or of that under a key of it; null is an empty list.

        Args:
            key: where the list stands; "": it is the body itself.
            need: what each of them must have.

        Raises:
            Unreachable: there is no such list.
        """
        value = self.part(key) if key else self.json()
        found = [] if value is None else value
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._unknown_form("no list")
        if need and not all(need in each for each in found):
            raise self._unknown_form(f"no {need!r}")
        return found

    def _unknown_form(self, what: str) -> Unreachable:
        told = f"answers in a form that is not known here ({what}): it may be another service, or a newer version."
        return Unreachable(f"{self.source.host} {told}")


def get(
    service: Service,
    path: str,
    params: Params | None = None,
    *,
    timeout: float = TIMEOUT,
    fresh: float = FRESH,
    most_bytes: int = MOST_BYTES,
    accept: str = "application/json",
) -> Answer:
    """Read `path` of a service, from the cache when that is younger than `fresh` seconds.

    When the host can't be reached, an older answer is given instead, and its source says so.

    Args:
        service: where.
        path: what, beginning with a slash; what has to be quoted is quoted already.
        params: the query; None values are left out.
        timeout: seconds for everything, waiting and trying again included.
        fresh: seconds for which a kept answer will do; 0: ask anew.
        most_bytes: a longer answer is refused.
        accept: the media type that is asked for.

    Raises:
        Unreachable: no answer within the time, and nothing kept.
        NotFound, NoAccess, RateLimited, BadRequest: what the service answered.
    """
    given = {name: value for name, value in (params or {}).items() if value is not None}
    url = str(httpx.URL(service.base + path, params=given)) if given else service.base + path
    headers = service.credentials()
    # Another person's token must not find what this one read.
    who = sha256(repr(sorted(headers.items())).encode()).hexdigest()[:16]
    key = f"{url} {accept} {who}"
    kept = cache.read(key)
    if kept and time.time() - kept.fetched < fresh:
        return Answer(kept.body, kept.headers, Source(service.host, time.time() - kept.fetched))
    try:
        response = _ask(service, url, {**headers, "Accept": accept}, timeout, most_bytes)
    except Unreachable:
        if not kept:
            raise
        why = f"{service.host} could not be reached now"
        return Answer(kept.body, kept.headers, Source(service.host, time.time() - kept.fetched, why))
    cache.write(key, response.body, response.headers)
    return response


def ago(seconds: float) -> str:
    """ "5 min ago" and the like."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {'day' if unit == 'days' and count == 1 else unit} ago"
    return f"{int(seconds)} s ago"


def close() -> None:
    """Let go of all connections."""
    global _client
    if _client is not None:
        _client.close()
        _client = None


SECRET_HEADERS = ("Authorization", "x-api-key", "Cookie")
_client: httpx.Client | None = None


def _connection() -> httpx.Client:
    global _client
    if _client is None:
        _client = httpx.Client(
            follow_redirects=True,
            headers={"User-Agent": "ml-intern-jlab"},
            verify=ssl.create_default_context(),
            event_hooks={"request": [_keep_from_others]},
        )
        atexit.register(close)
    return _client


def _keep_from_others(request: httpx.Request) -> None:
    """Take the credentials out of a request that a redirect leads to another place; httpx knows only one of the names
    that they go by."""
    meant = request.extensions.get("meant_for")
    if meant is not None and (request.url.scheme, request.url.host, request.url.port) != meant:
        for name in SECRET_HEADERS:
            request.headers.pop(name, None)


def _ask(service: Service, url: str, headers: Mapping[str, str], timeout: float, most_bytes: int) -> Answer:
    """Try until there is an answer that is no passing fault, or the time is over."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}:
        raise Unreachable(f"{service.host} was not asked, because HF_HUB_OFFLINE is set; {service.without}.")
    end = time.monotonic() + timeout
    fault: ToolkitError | None = None
    for turn in range(TRIES):
        pause = PAUSE * 2**turn
        try:
            status, answer = _once(service, url, headers, end - time.monotonic(), most_bytes)
        except httpx.TransportError as error:
            fault = Unreachable(
                f"{service.host} ({service.title}) could not be reached: {_told(error)}. Without it: {service.without}."
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"{service.host} could not be read: {_told(error)}.") from error
        else:
            if status < 400:
                return answer
            fault = _refusal(service, status, answer)
            pause = _asked_pause(answer.headers, pause)
            if status not in PASSING or pause > LONGEST_WAIT:
                raise fault
        if turn == TRIES - 1 or time.monotonic() + pause >= end:
            break
        time.sleep(pause)
    assert fault is not None
    raise fault


def _once(
    service: Service, url: str, headers: Mapping[str, str], seconds: float, most_bytes: int
) -> tuple[int, Answer]:
    if seconds <= 0:
        raise httpx.ReadTimeout("the time is over")
    end = time.monotonic() + seconds
    address = httpx.URL(url)
    meant = {"meant_for": (address.scheme, address.host, address.port)}
    with _connection().stream("GET", address, headers=headers, timeout=seconds, extensions=meant) as response:
        pieces, size = [], 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > most_bytes:
                limit = f"longer than {most_bytes // 2**20} MB"
                raise BadRequest(f"{url.partition('?')[0]} is {limit}; read a part of it, or download it.")
            if time.monotonic() > end:
                raise httpx.ReadTimeout("the answer did not end in time")
        told = {name.lower(): value for name, value in response.headers.items()}
        return response.status_code, Answer(b"".join(pieces), told, Source(service.host))


def _told(error: httpx.HTTPError) -> str:
    """What went wrong with a connection, in words."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({str(error) or 'refused'})"
    return f"the connection broke ({str(error) or type(error).__name__})"


def _asked_pause(headers: Mapping[str, str], otherwise: float) -> float:
    """Seconds that the service asks to wait, or our own pause."""
    asked = headers.get("retry-after", "")
    if asked.strip().isdigit():
        return float(asked)
    if asked:
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
        except ValueError:
            return otherwise
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, float(reset) - time.time())
    return otherwise


def _refusal(service: Service, status: int, answer: Answer) -> ToolkitError:
    """The error that a status means."""
    pause = _asked_pause(answer.headers, 0.0)
    # GitHub says with 403 that the limit is reached.
    spent = status == 403 and answer.headers.get("x-ratelimit-remaining") == "0"
    if status == 429 or spent:
        wait = f"in {max(1, round(pause / 60))} min" if pause >= 60 else f"in {max(1, round(pause))} s"
        key = f" A key in {service.token_variables[0]} raises the limit." if service.token_variables else ""
        when = wait if pause else "in a minute"
        return RateLimited(f"{service.host} allows no more requests for now; try again {when}.{key}", status)
    words, code = _words(answer), answer.headers.get("x-error-code", "")
    if status in {401, 403}:
        told = words or f"status {status}"
        return NoAccess(f"{service.host} does not let you read this: {told}.", status, code)
    if status == 404:
        return NotFound(f"{service.host} has nothing under that name{f' ({words})' if words else ''}.", status, code)
    if status >= 500:
        told = f"fails with status {status}{f' ({words})' if words else ''}"
        return Unreachable(f"{service.host} ({service.title}) {told}. Without it: {service.without}.", status, code)
    return BadRequest(f"{service.host} did not understand the request ({status}): {words or 'no reason given'}.")


def _words(answer: Answer) -> str:
    """What a service says about its refusal, in at most 200 characters."""
    told = answer.headers.get("x-error-message", "")
    if not told and "json" in answer.headers.get("content-type", ""):
        try:
            value = json.loads(answer.body)
        except ValueError:
            value = {}
        if isinstance(value, dict):
            told = str(value.get("error") or value.get("message") or value.get("detail") or "")
    return told[:200].rstrip(". ")
