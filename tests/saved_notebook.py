"""The notebook in a file that is being written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import nbformat


async def saved_with(path: Path, text: str) -> Any:
    """The notebook as soon as its file holds `text`. The contents manager writes in place: half of it may be there."""
    for _ in range(1200):
        if text in (saved := path.read_text(encoding="utf-8")):  # noqa: ASYNC240
            try:
                return nbformat.reads(saved, as_version=4)
            except nbformat.reader.NotJSONError:
                pass  # the rest of it comes
        await asyncio.sleep(0.05)
    raise AssertionError(f"{path.name} holds no {text!r} after a minute.")
