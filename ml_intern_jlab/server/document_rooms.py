"""The rooms of jupyter-server-documents, which takes the place of jupyter-collaboration's server side.

Only this file knows its names (version 0.3), which may change: where they are others, notebooks count as not shared.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from ..errors import NotebookUnavailable

if TYPE_CHECKING:
    from jupyter_ydoc import YNotebook

SETTLE_SECONDS = 1.0
"""So long after a room was opened its first page is counted."""

SESSION_SCHEMA = "https://schema.jupyter.org/jupyter_collaboration/session/v1"
"""The events of both extensions about rooms and who is in them."""


class OpenDocument:
    """A notebook's room; see `Room` in `notebook/room_writer.py`. It outlives its last page by some minutes."""

    def __init__(self, room: Any, path: str) -> None:
        self._room = room
        self._path = path

    @property
    def document(self) -> YNotebook:
        """The notebook that all its pages share."""
        found: YNotebook = self._room._jupyter_ydoc
        return found

    @property
    def open(self) -> bool:
        """Whether the room is still there."""
        return not self._room.stopped

    def writing(self) -> AbstractAsyncContextManager[object]:
        """The room reads the file anew in one go, so that nothing has to be kept from it."""
        return contextlib.nullcontext()

    async def save(self) -> None:
        """Save now.

        Raises:
            NotebookUnavailable: the file can't be written.
        """
        await self._room.file_api.save(self.document)
        # It tells a failure to its log alone.
        if self.document.dirty:
            raise NotebookUnavailable(f"{self._path} can't be written. Check its rights and the free space.")


class DocumentRooms:
    """Which notebooks are open in rooms; see `Rooms` in `server/rooms.py`.

    Args:
        settings: the server's tornado settings.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._waiting: set[asyncio.Task[None]] = set()
        self._changed: Callable[[], Awaitable[None]] | None = None
        self._watched: set[str] = set()

    def find(self, path: str) -> OpenDocument | None:
        """The room in which the notebook at `path` is open; None where there is none."""
        manager = self._settings["yroom_manager"]
        room_id = f"json:notebook:{self._settings['file_id_manager'].get_id(path)}"
        room = manager.get_room(room_id) if manager.has_room(room_id) else None
        if room is None or room.stopped or not room.file_api.content_loaded:
            return None
        if room_id not in self._watched:
            self._watched.add(room_id)
            room.add_stop_callback(lambda: self._stopped(room_id))
        return OpenDocument(room, path)

    def watch(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Call `changed` whenever a notebook may have got a room or lost it."""
        self._changed = changed

        async def listen(logger: object, schema_id: str, data: dict[str, Any]) -> None:
            if data.get("action") == "load":
                self._soon()

        self._settings["event_logger"].add_listener(schema_id=SESSION_SCHEMA, listener=listen)

    def close(self) -> None:
        """Wait for nobody any more."""
        for task in self._waiting:
            task.cancel()

    def _stopped(self, room_id: str) -> None:
        self._watched.discard(room_id)
        self._soon()

    def _soon(self) -> None:
        async def tell() -> None:
            await asyncio.sleep(SETTLE_SECONDS)
            if self._changed is not None:
                await self._changed()

        task = asyncio.get_running_loop().create_task(tell())
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
