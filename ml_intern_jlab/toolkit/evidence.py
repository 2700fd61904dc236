"""What was read in this process, so that a claim can be held against it."""

from __future__ import annotations

import re
from urllib.parse import urldefrag

_ARXIV = re.compile(r"(?:arxiv\.org|ar5iv\.[\w.]+|/papers|/arxiv|/ar5iv)/(?:\w+/)?(\d{4}\.\d{4,5})", re.I)
_read: set[str] = set()


def note(address: str) -> None:
    """Remember that the page at an address was read."""
    if address:
        _read.add(_key(address))


def was_read(address: str) -> bool:
    """Whether it was; a paper counts by its id, wherever it was read, and a section of a page as the page."""
    return _key(address) in _read


def forget() -> None:
    """Begin anew."""
    _read.clear()


def _key(address: str) -> str:
    paper = _ARXIV.search(address)
    return f"arXiv:{paper[1]}" if paper else urldefrag(address).url.rstrip("/").removesuffix(".md")
