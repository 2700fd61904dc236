"""The writer while a browser tab has the notebook open: the tab itself.

The server sends the tab every event through its socket; the tab applies them to its own document and saves it. So there
is nothing to apply here. What the tab has saved is read through the contents manager.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from nbformat.v4 import new_notebook

from ..errors import NotebookUnavailable
from ..protocol import Event
from .file_writer import Contents, reason_of

RETRY_AFTER = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds until a notebook that could not be read is read again: the tab may just be saving it."""


class TabWriter:
    """Stands for the tab that writes the notebook at `path`."""

    kind: Literal["tab"] = "tab"

    def __init__(self, contents: Contents, path: str) -> None:
        self.path = path
        self._contents = contents

    async def open(self) -> None:
        """The tab has it open already."""

    async def bring_up(self) -> None:
        """The tab does so by itself."""

    def apply(self, event: Event) -> None:
        """The tab hears of it through its socket."""

    async def flush(self) -> None:
        """The tab saves."""

    async def notebook(self) -> dict[str, Any]:
        """The notebook as the tab saved it last.

        Raises:
            NotebookUnavailable: it can't be read, not even a little later.
        """
        for pause in (*RETRY_AFTER, None):
            if not await self._contents.file_exists(self.path):
                break
            try:
                model = await self._contents.get(self.path, content=True, type="notebook")
            except Exception as error:
                if pause is None:
                    reason = reason_of(error)
                    raise NotebookUnavailable(f"{self.path} can't be read as a notebook ({reason}).") from error
                # A save isn't atomic for who reads meanwhile.
                await asyncio.sleep(pause)
            else:
                content: dict[str, Any] = model["content"]
                return content
        empty: dict[str, Any] = new_notebook()
        return empty

    async def close(self) -> None:
        """The tab goes on by itself."""

    async def drop(self) -> None:
        """The tab goes on by itself."""
