"""Figures that a cell displayed, small enough to be sent to a model that sees."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable

MAX_FIGURES = 3
"""Figures of one cell that are sent, the last ones."""
MAX_SIDE = 1024
"""Pixels of the longer side; a larger figure is made smaller."""
MAX_BASE64 = 8_000_000
"""A figure longer than this isn't even opened."""


def data_urls(images: Iterable[str]) -> list[str]:
    """PNGs in base64 as data URLs, at most `MAX_FIGURES` of at most `MAX_SIDE` pixels; what is no image is left out."""
    from PIL import Image, UnidentifiedImageError

    urls = []
    for encoded in list(images)[-MAX_FIGURES:]:
        if len(encoded) > MAX_BASE64:
            continue
        try:
            with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
                image.thumbnail((MAX_SIDE, MAX_SIDE))
                buffer = io.BytesIO()
                image.convert("RGB").save(buffer, "PNG", optimize=True)
        except (UnidentifiedImageError, OSError, ValueError):
            continue
        urls.append("data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode())
    return urls
