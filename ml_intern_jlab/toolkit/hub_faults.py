"""What huggingface_hub lets through when a connection fails: newer versions stand on httpx2, older ones on httpx."""

from __future__ import annotations

import importlib
from typing import Any

import httpx


def _transport() -> tuple[type[Exception], ...]:
    try:
        newer: Any = importlib.import_module("httpx2")
    except ImportError:
        return (httpx.HTTPError, ConnectionError)
    return (httpx.HTTPError, newer.HTTPError, ConnectionError)


TRANSPORT = _transport()
"""Errors of the connection itself. Answers with a status are `HfHubHTTPError`, which has to be caught before."""
