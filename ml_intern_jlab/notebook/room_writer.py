"""The writer for a notebook that several people have open together: the server writes into their shared document.

Their pages show at once what is written there, and none of them has to write. The room that serves the document saves
it a second after the last change, which steady output keeps putting off; so this writer saves it too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from jupyter_ydoc import YNotebook
from pycrdt import Map

from ..errors import NotebookUnavailable
from ..protocol import Event
from .projection import Projection, unsaved
from .shared_content import SharedContent

ORIGIN = "ml-intern"
"""By which the document's other writers know our changes."""

WRITE_DELAY = 0.05
"""Seconds from one write to the next at least; a document that takes long to write is written less often."""

SAVE_DELAY = 1.5
"""Seconds from one save to the next while something is unsaved."""

_UNKNOWN = object()


class Room(Protocol):
    """A shared document and who serves it.

    Attributes:
        document: the notebook that everybody changes.
        open: whether pages are still served from it.
    """

    @property
    def document(self) -> YNotebook:
        """See the class."""

    @property
    def open(self) -> bool:
        """See the class."""

    def writing(self) -> AbstractAsyncContextManager[object]:
        """In which the document may be changed: nobody reads it anew from the file meanwhile."""

    async def save(self) -> None:
        """Write the document to its file.

        Raises:
            NotebookUnavailable: it can't be written.
        """


class RoomWriter:
    """Projects one session onto the shared document of a room. Belongs to the event loop.

    Args:
        room: serves the document.
        path: of the notebook.
        projection: the session that it gets.
        warn: called with a code and a sentence when something goes wrong that a later save may mend.
    """

    kind: Literal["room"] = "room"

    def __init__(
        self,
        room: Room,
        path: str,
        projection: Projection,
        warn: Callable[[str, str], None],
    ) -> None:
        self.path = path
        self._room = room
        self._projection = projection
        self._document = projection.document
        self._warn = warn
        self._content = SharedContent(room.document)
        self._pending: list[Event] = []
        self._claimed: object = None
        self._dirty = False
        self._saved_at = 0.0
        self._warned = False
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._working: asyncio.Task[None] | None = None
        self._metadata = room.document.ydoc.get("meta", type=Map)
        self._watching = self._metadata.observe_deep(lambda events: self._wake.set())

    async def open(self) -> None:
        """Bring the document up to the session's history, save it, and follow the session from now on."""
        self._projection.settle()
        async with self._lock, self._room.writing():
            with self._room.document.ydoc.transaction(origin=ORIGIN):
                self._adopt()
                self._document.acquaint()
            self._claimed, self._dirty = self._document.claimed, True
        await self.flush()
        self._working = asyncio.get_running_loop().create_task(self._work())

    async def bring_up(self) -> None:
        """Give the document what it lacks, and let go of it."""
        self._projection.settle()
        async with self._lock, self._room.writing():
            with self._room.document.ydoc.transaction(origin=ORIGIN):
                self._dirty = self._adopt()
            self._claimed = self._document.claimed
        await self.close()

    def apply(self, event: Event) -> None:
        """Fold `event` in, together with those that come within a moment."""
        self._pending.append(event)
        self._wake.set()

    async def flush(self) -> None:
        """Write and save what is unwritten and unsaved."""
        await self._write()
        if self._dirty:
            await self._save()

    async def notebook(self) -> dict[str, Any]:
        """The document as everybody sees it now."""
        await self._write()
        found: dict[str, Any] = await self._room.document.aget()
        return found

    async def close(self) -> None:
        """Save what is unsaved, where somebody still serves the document."""
        try:
            if self._room.open:
                await self.flush()
        finally:
            await self.drop()

    async def drop(self) -> None:
        """Write no more."""
        if self._working is not None:
            self._working.cancel()
        self._content.let_go()
        self._metadata.unobserve(self._watching)

    def _adopt(self) -> bool:
        self._pending.clear()
        changed = self._projection.bring_up(self._content)
        self._document.render()
        return changed

    async def _write(self) -> None:
        async with self._lock:
            if not self._pending and self._document.claimed == self._claimed:
                return
            async with self._room.writing():
                try:
                    self._change()
                except Exception as error:
                    self._claimed = _UNKNOWN  # all of it is looked at again next time
                    raise NotebookUnavailable(
                        f"{self.path} can't be changed where it is shared ({error!r})."
                    ) from error

    def _change(self) -> None:
        with self._room.document.ydoc.transaction(origin=ORIGIN):
            if self._document.claimed != self._claimed:
                # The file was changed by somebody else and read anew, or a page put an older state there.
                changed = self._adopt()
            else:
                pending, self._pending = self._pending, []
                changed = any([self._document.apply(event) for event in pending])
                self._document.render()
            changed = self._content.remove_doubles() or changed
        self._claimed = self._document.claimed
        self._dirty = self._dirty or changed

    async def _save(self) -> None:
        self._dirty = False
        try:
            await self._room.save()
        except NotebookUnavailable:
            self._dirty = True
            raise
        self._saved_at = time.monotonic()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            began = time.monotonic()
            try:
                await self._write()
                if self._dirty and self._room.open and began >= self._saved_at + SAVE_DELAY:
                    await self._save()
                    self._warned = False
            except NotebookUnavailable as error:
                self._saved_at = time.monotonic()
                if not self._warned:
                    self._warn(*unsaved(error))
                self._warned = True
            if self._dirty and self._room.open:
                asyncio.get_running_loop().call_later(SAVE_DELAY, self._wake.set)
            await asyncio.sleep(max(WRITE_DELAY, 5 * (time.monotonic() - began)))
