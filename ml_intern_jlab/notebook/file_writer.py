"""The writer for a notebook that no browser has open: the server itself, through the contents manager."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal, Protocol

from nbformat.v4 import new_notebook

from ..errors import NotebookUnavailable
from ..protocol import Event
from .projection import Projection, unsaved

SAVE_DELAY = 0.5
"""Seconds that a change may wait before it is saved, so that a burst of outputs costs one save."""


class Contents(Protocol):
    """What is needed of jupyter_server's contents manager, whose sync form the caller wraps."""

    async def get(self, path: str, content: bool = True, type: str | None = None) -> dict[str, Any]:
        """The model of a file; with `content`, a notebook's JSON under that key."""

    async def save(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        """Write `model["content"]` and return the model without content."""

    async def file_exists(self, path: str) -> bool:
        """Whether there is a file at `path`."""

    async def restore(self, path: str) -> bool:
        """Put back what stood at `path` before a save that was cut off half-way; whether there was something."""


class FileWriter:
    """Projects one session onto the notebook file at `path`.

    Somebody else's save in between is taken over and our cells are brought into it by id. A notebook that is deleted
    while the run works is written again: its cells are in no other place.

    Args:
        contents: reads and writes the file.
        path: of the notebook, as the contents manager names it.
        projection: the session that it gets.
        warn: called with a code and a sentence when something goes wrong that a later save may mend.
    """

    kind: Literal["file"] = "file"

    def __init__(
        self,
        contents: Contents,
        path: str,
        projection: Projection,
        warn: Callable[[str, str], None],
    ) -> None:
        self.path = path
        self._contents = contents
        self._projection = projection
        self._document = projection.document
        self._warn = warn
        self._modified: object = None
        self._dirty = False
        self._saving: asyncio.Task[None] | None = None
        self._last_save = 0.0
        self._lock = asyncio.Lock()
        self._warned = False

    async def open(self) -> None:
        """Load the notebook or begin it, bring it up to the session's history, and prove that it can be written."""
        self._projection.settle()
        if await self._contents.file_exists(self.path):
            await self._load()
        else:
            self._projection.bring_up(new_notebook())
        # Should the process be killed before the first cell is saved, the next one knows whose notebook this is.
        self._document.acquaint()
        self._dirty = True
        await self.flush()

    async def bring_up(self) -> None:
        """Save the notebook with what it lacks; one that lacks nothing, or isn't there, is left alone."""
        self._projection.settle()
        if await self._contents.file_exists(self.path):
            try:
                self._dirty = await self._load()
            except NotebookUnavailable:
                # Only now, when nobody writes: another's save that isn't done yet looks the same.
                if not await self._contents.restore(self.path):
                    raise
                self._dirty = await self._load()
                self._warn("notebook_restored", f"A save of {self.path} was cut off; what stood there was put back.")
            await self.flush()

    def apply(self, event: Event) -> None:
        """Fold `event` in; a save follows within about half a second."""
        if self._document.apply(event):
            self._dirty = True
            if self._saving is None or self._saving.done():
                self._saving = asyncio.get_running_loop().create_task(self._save_soon())

    async def flush(self) -> None:
        """Save now if anything is unsaved."""
        async with self._lock:
            if self._dirty:
                await self._save()

    async def notebook(self) -> dict[str, Any]:
        """The notebook with what others saved in between."""
        async with self._lock:
            if await self._changed_elsewhere():
                await self._load()
            return self._document.notebook

    async def close(self) -> None:
        """Save what is unsaved."""
        await self.drop()
        await self.flush()

    async def drop(self) -> None:
        """Save no more."""
        if self._saving is not None and not self._saving.done():
            self._saving.cancel()

    async def _save_soon(self) -> None:
        while self._dirty:
            # A large notebook that takes long to save is saved less often.
            await asyncio.sleep(max(SAVE_DELAY, 5 * self._last_save))
            try:
                await self.flush()
                self._warned = False
            except NotebookUnavailable as error:
                if not self._warned:
                    self._warn(*unsaved(error))
                self._warned = True
                await asyncio.sleep(5 * SAVE_DELAY)

    async def _save(self) -> None:
        if await self._changed_elsewhere():
            await self._load()
        # Events may arrive while the contents manager works on this state; they make it dirty again.
        self._dirty = False
        started = time.monotonic()
        model = {"type": "notebook", "format": "json", "content": self._document.notebook}
        try:
            saved = await self._contents.save(model, self.path)
        except Exception as error:
            self._dirty = True
            raise NotebookUnavailable(
                f"{self.path} can't be written ({reason_of(error)}). Check its rights and the free space."
            ) from error
        self._modified = saved["last_modified"]
        self._last_save = time.monotonic() - started

    async def _changed_elsewhere(self) -> bool:
        if self._modified is None:
            return False
        try:
            model = await self._contents.get(self.path, content=False)
        except Exception:
            if not await self._contents.file_exists(self.path):
                self._warn("notebook_deleted", f"{self.path} was deleted during the run; it is written again.")
                self._modified = None
                return False
            raise
        return bool(model["last_modified"] != self._modified)

    async def _load(self) -> bool:
        """Read the notebook; returns whether it lacked something of the history."""
        try:
            model = await self._contents.get(self.path, content=True, type="notebook")
        except Exception as error:
            raise NotebookUnavailable(
                f"{self.path} can't be read as a notebook ({reason_of(error)}). Repair it or choose another file."
            ) from error
        if not model.get("writable", True):
            raise NotebookUnavailable(f"{self.path} is read-only. Change its rights or choose another file.")
        self._modified = model["last_modified"]
        return self._projection.bring_up(model["content"])


def reason_of(error: Exception) -> str:
    """What the contents manager says; its HTTP errors keep the sentence in `log_message`."""
    return str(getattr(error, "log_message", None) or error).strip().rstrip(".")
