"""The writer while a browser tab has the notebook open: the tab itself.

The server sends the tab every event through its socket; the tab applies them to its own document and saves it. So there
is nothing to apply here. What the tab has saved is read through the contents manager.
"""

from __future__ import annotations

from typing import Any

from nbformat.v4 import new_notebook

from ..errors import NotebookUnavailable
from ..protocol import Event
from .file_writer import Contents, reason_of


class TabWriter:
    """Stands for the tab that writes the notebook at `path`."""

    def __init__(self, contents: Contents, path: str) -> None:
        self.path = path
        self._contents = contents

    async def open(self) -> None:
        """The tab has it open already."""

    def apply(self, event: Event) -> None:
        """The tab hears of it through its socket."""

    async def flush(self) -> None:
        """The tab saves."""

    async def notebook(self) -> dict[str, Any]:
        """The notebook as the tab saved it last."""
        if not await self._contents.file_exists(self.path):
            empty: dict[str, Any] = new_notebook()
            return empty
        try:
            model = await self._contents.get(self.path, content=True, type="notebook")
        except Exception as error:
            raise NotebookUnavailable(f"{self.path} can't be read as a notebook ({reason_of(error)}).") from error
        content: dict[str, Any] = model["content"]
        return content

    async def close(self) -> None:
        """The tab goes on by itself."""
