"""What was read before, on disk: one file for each answer, replaced as a whole, the oldest dropped first."""

from __future__ import annotations

import json
import os
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

MOST_BYTES = 200 * 2**20


@dataclass(frozen=True)
class Kept:
    """An answer that was kept.

    Attributes:
        body: its content.
        headers: its headers, names in lower case.
        fetched: when it was read, in seconds since 1970.
    """

    body: bytes
    headers: Mapping[str, str]
    fetched: float


def folder() -> Path:
    """Where answers are kept: `ML_INTERN_CACHE`, or `ml-intern/toolkit` in the person's cache folder."""
    chosen = os.environ.get("ML_INTERN_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ml-intern" / "toolkit"


def clear() -> None:
    """Forget everything that was kept."""
    for path in folder().glob("*.answer"):
        path.unlink(missing_ok=True)


def read(key: str) -> Kept | None:
    """What was kept under a key; None where nothing (readable) was."""
    try:
        head, _, body = _path(key).read_bytes().partition(b"\n")
        facts = json.loads(head)
        return Kept(body, facts["headers"], facts["fetched"])
    except (OSError, ValueError, KeyError):
        return None


def write(key: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Keep an answer. Where nothing can be written, say so once and go on without."""
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_oldest_once(path.parent)
        head = json.dumps({"headers": dict(headers), "fetched": time.time()}).encode()
        # Readers see the old answer or the new one, never half of one.
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(head + b"\n" + body)
        os.replace(name, path)
    except OSError as error:
        _say_once(str(path.parent), str(error))


def _path(key: str) -> Path:
    return folder() / f"{sha256(key.encode()).hexdigest()[:40]}.answer"


@lru_cache(maxsize=8)
def _drop_oldest_once(where: Path) -> None:
    """Once in a process: keep the folder below its size."""
    # Another process may drop the same files.
    found = [(path, path.stat()) for path in where.glob("*.answer") if path.exists()]
    size = sum(each.st_size for _, each in found)
    for path, each in sorted(found, key=lambda pair: pair[1].st_mtime):
        if size <= MOST_BYTES:
            break
        path.unlink(missing_ok=True)
        size -= each.st_size


@lru_cache(maxsize=8)
def _say_once(where: str, why: str) -> None:
    warnings.warn(
        f"Nothing that is read can be kept in {where} ({why}). Set ML_INTERN_CACHE to a folder that can be written.",
        stacklevel=2,
    )
