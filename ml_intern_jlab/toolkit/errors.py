"""What can go wrong when something is read from elsewhere. Each message tells a person what, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ToolkitError(Exception):
    """Base of the toolkit's errors.

    Args:
        message: what the person reads.
        status: the HTTP status that it comes from; 0: from none.
        code: the service's own name for it, such as `GatedRepo`.
    """

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Unreachable(ToolkitError):
    """The host does not answer: no network, no such host, a time-out, or it fails again and again."""


class NotFound(ToolkitError):
    """There is no such thing under that name. The message gives the nearest names where some are known."""


class NoAccess(ToolkitError):
    """It is there (or may be), but needs a token, another token, or the owner's consent."""


class RateLimited(ToolkitError):
    """Too many requests; the message says how long to wait."""


class BadRequest(ToolkitError):
    """An argument can't be right: a wrong id, an unknown use, a page out of range, a file of the wrong kind."""


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Those of `known` that look like `name`, the likeliest first; their owners count less than their own names."""
    own = name.rpartition("/")[2].lower()

    def likeness(other: str) -> float:
        whole = difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
        return whole + 2 * difflib.SequenceMatcher(None, own, other.rpartition("/")[2].lower()).ratio()

    ranked = sorted(((likeness(other), other) for other in dict.fromkeys(known)), reverse=True)
    return [other for score, other in ranked[:most] if score > 1.2]


def did_you_mean(names: Iterable[str]) -> str:
    """ " Did you mean a, b?" with a leading blank, or "" where there is nothing to offer."""
    offered = ", ".join(names)
    return f" Did you mean {offered}?" if offered else ""
