"""The rooms of jupyter-collaboration's server side (`jupyter-server-ydoc` 3), where it is installed and switched on.

It offers no public way to what is needed here, so that this file alone knows its private names;
`tests/server/test_rooms.py` holds it to them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from ..errors import NotebookUnavailable
from ..notebook.file_writer import reason_of
from .document_rooms import SESSION_SCHEMA, DocumentRooms

if TYPE_CHECKING:
    from jupyter_ydoc import YNotebook

GRACE_SECONDS = 8.0
"""How long the last page that left a room may take to come back: a reload is no farewell."""

SETTLE_SECONDS = 1.0
"""After so long it is looked once more at who came in: a page is counted only after its coming was told."""

_AWARENESS = "https://schema.jupyter.org/jupyter_collaboration/awareness/v1"


class OpenRoom:
    """A room in which a notebook is open now; see `Room` in `notebook/room_writer.py`."""

    def __init__(self, server: Any, room: Any) -> None:
        self._server = server
        self._room = room

    @property
    def document(self) -> YNotebook:
        """The notebook that all its pages share."""
        found: YNotebook = self._room._document
        return found

    @property
    def open(self) -> bool:
        """Whether the room is still there."""
        return self._server.rooms.get(self._room.room_id) is self._room

    def writing(self) -> AbstractAsyncContextManager[object]:
        """The room holds the same lock while it reads the file anew, in a transaction that lasts."""
        lock: asyncio.Lock = self._room._update_lock
        return lock

    async def save(self) -> None:
        """Save now. Somebody else's change of the file wins, as the room has it; ours are brought in again.

        Raises:
            NotebookUnavailable: the file can't be written.
        """
        from jupyter_server_ydoc.utils import OutOfBandChanges

        room, document = self._room, self._room._document
        content = await document.aget()
        model = {"format": room.file_format, "type": room.file_type, "content": content}
        try:
            saved = await room._file.maybe_save_content(model)
        except OutOfBandChanges:
            await room._on_outofband_change()
            return
        except Exception as error:
            raise NotebookUnavailable(
                f"{document.path} can't be written ({reason_of(error)}). Check its rights and the free space."
            ) from error
        if saved is None:
            raise NotebookUnavailable(f"{document.path} is read-only. Change its rights or choose another file.")
        async with room._update_lock:
            document.dirty = False
            document.hash = saved["hash"]


class Rooms:
    """Which notebooks are open in rooms.

    Args:
        settings: the server's tornado settings.
        extension: the `YDocExtension`.
    """

    def __init__(self, settings: dict[str, Any], extension: Any) -> None:
        self._settings = settings
        self._extension = extension
        self._waiting: set[asyncio.Task[None]] = set()

    def find(self, path: str) -> OpenRoom | None:
        """The room in which pages have the notebook at `path` open; None where there is none."""
        file_id = self._settings["file_id_manager"].get_id(path)
        server = self._extension.ywebsocket_server
        room = server.rooms.get(f"json:notebook:{file_id}")
        return OpenRoom(server, room) if room is not None and room.ready and room.clients else None

    def watch(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Call `changed` whenever a page may have opened a notebook or left it."""

        async def after(seconds: float) -> None:
            await asyncio.sleep(seconds)
            await changed()

        async def listen(logger: object, schema_id: str, data: dict[str, Any]) -> None:
            if data.get("action") in ("join", "clean"):
                await changed()
            if data.get("action") in ("join", "leave"):
                again = after(SETTLE_SECONDS if data["action"] == "join" else GRACE_SECONDS)
                task = asyncio.get_running_loop().create_task(again)
                self._waiting.add(task)
                task.add_done_callback(self._waiting.discard)

        for schema_id in (_AWARENESS, SESSION_SCHEMA):
            self._settings["event_logger"].add_listener(schema_id=schema_id, listener=listen)

    def close(self) -> None:
        """Wait for nobody any more."""
        for task in self._waiting:
            task.cancel()


def rooms_of(settings: dict[str, Any]) -> Rooms | DocumentRooms | None:
    """The server's rooms; None where notebooks aren't shared, or by an extension that nobody here knows."""
    if "yroom_manager" in settings:
        return DocumentRooms(settings)
    extension = settings.get("jupyter_server_ydoc")
    # What somebody else puts there has neither.
    if getattr(extension, "disable_rtc", True) or not hasattr(extension, "ywebsocket_server"):
        return None
    return Rooms(settings, extension)
