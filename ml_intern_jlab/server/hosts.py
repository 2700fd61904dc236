"""Where sessions get their kernels and writers: from a Jupyter server, or from this process alone."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.fileio import path_to_intermediate
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.services.contents.manager import ContentsManager
from traitlets.config import Config

from ..errors import KernelUnavailable
from ..notebook.document import Writer
from ..notebook.file_writer import FileWriter
from ..notebook.kernel import Kernel
from ..notebook.projection import Projection
from ..notebook.tab_writer import TabWriter
from ..protocol import Event
from .document_rooms import DocumentRooms
from .rooms import Rooms, rooms_of


class AwaitableContents:
    """A contents manager, synchronous or not, as `FileWriter` wants it: everything awaitable."""

    def __init__(self, manager: ContentsManager) -> None:
        self._manager = manager

    async def get(self, path: str, content: bool = True, type: str | None = None) -> dict[str, Any]:
        """The model of a file."""
        model: dict[str, Any] = await ensure_async(self._manager.get(path, content=content, type=type))
        return model

    async def save(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        """Write a notebook."""
        saved: dict[str, Any] = await ensure_async(self._manager.save(model, path))
        return saved

    async def file_exists(self, path: str) -> bool:
        """Whether there is a file."""
        return bool(await ensure_async(self._manager.file_exists(path)))

    async def restore(self, path: str) -> bool:
        """Put back the copy that the contents manager makes of a file before it writes it, if that was left behind."""
        root = getattr(self._manager, "root_dir", "")
        target = Path(root) / path.strip("/")
        return bool(root) and await asyncio.to_thread(_put_back, target)


def _put_back(target: Path) -> bool:
    copy = Path(path_to_intermediate(str(target)))
    try:
        nbformat.reads(copy.read_text(encoding="utf-8"), as_version=4)
        os.replace(copy, target)
    except (OSError, ValueError):
        return False
    return True


class _ContentsHost:
    """The half that both hosts share: notebooks go through a contents manager, or into open rooms."""

    def __init__(self, manager: ContentsManager, rooms: Rooms | DocumentRooms | None = None) -> None:
        self._manager = manager
        self._rooms = rooms
        self._contents = AwaitableContents(manager)
        self.root = str(getattr(manager, "root_dir", ""))

    def open_writer(
        self,
        path: str,
        session_id: str,
        kernel: Kernel | None,
        history: Callable[[], Iterable[Event]],
        warn: Callable[[str, str], None],
    ) -> Writer:
        """The server itself writes, into the room that the notebook is open in, or through the contents manager."""
        kernelspec, language = (kernel.kernelspec, kernel.language) if kernel else (None, "")
        projection = Projection(session_id, history, kernelspec=kernelspec, language=language)
        if self._rooms and (room := self._rooms.find(path)):
            from ..notebook.room_writer import RoomWriter

            return RoomWriter(room, path, projection, warn)
        return FileWriter(self._contents, path, projection, warn)

    def is_shared(self, path: str) -> bool:
        """Whether pages have the notebook open in a room."""
        return self._rooms is not None and self._rooms.find(path) is not None

    def watch_rooms(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Call `changed` whenever a page came to a room or left it."""
        if self._rooms is not None:
            self._rooms.watch(changed)

    def folder(self, path: str) -> Path | None:
        """Where the notebook lies in the file system; None for a contents manager that keeps it elsewhere."""
        return (Path(self.root) / path.strip("/")).parent if self.root else None

    def tab_writer(self, path: str) -> Writer:
        """A tab writes; see `TabWriter`."""
        return TabWriter(self._contents, path)


class ServerHost(_ContentsHost):
    """Kernels and notebooks of a running Jupyter server.

    Args:
        settings: the server's tornado settings.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings["contents_manager"], rooms_of(settings))
        self._sessions = settings["session_manager"]
        self._kernels = settings["kernel_manager"]

    async def open_kernel(self, path: str, kernel_name: str) -> Kernel:
        """The kernel of the notebook's Jupyter session, which is created where there is none.

        Raises:
            KernelUnavailable: it can't be started.
        """
        running = await ensure_async(self._sessions.list_sessions())
        model = next((each for each in running if each["path"] == path), None)
        if model is not None:
            return await self._attach(model)
        model = await self._begin(path, kernel_name)
        try:
            return await self._attach(model)
        except KernelUnavailable:
            # It ended at once: most often another program got one of its ports first. A new one gets others.
            await self._sessions.delete_session(model["id"])
        return await self._attach(await self._begin(path, kernel_name))

    async def _begin(self, path: str, kernel_name: str) -> dict[str, Any]:
        """A new Jupyter session, and with it a kernel."""
        try:
            model: dict[str, Any] = await self._sessions.create_session(
                path=path,
                name=Path(path).name,
                type="notebook",
                kernel_name=kernel_name or self._kernels.default_kernel_name,
            )
        except Exception as error:
            text = getattr(error, "log_message", None) or str(error)
            raise KernelUnavailable(f"No kernel could be started for {path}: {text}") from error
        return model

    async def _attach(self, model: dict[str, Any]) -> Kernel:
        """Our connection to the kernel of a Jupyter session."""
        manager = self._kernels.get_kernel(model["kernel"]["id"])
        if not await ensure_async(manager.is_alive()):
            await ensure_async(self._kernels.restart_kernel(model["kernel"]["id"]))
        from .gateway import remote_channels

        return await Kernel.attach(manager, open_socket=remote_channels(manager))

    async def close_kernel(self, kernel: Kernel) -> None:
        """Only our connection ends: the kernel is the person's."""
        await kernel.close()


class HeadlessHost(_ContentsHost):
    """A kernel of our own in the folder `cwd`, and notebooks anywhere on this machine, without a server.

    Args:
        root: the folder that notebook paths are relative to.
        cwd: the kernel's working directory.
    """

    def __init__(self, root: Path, cwd: Path) -> None:
        checkpoints = tempfile.mkdtemp(prefix="ml-intern-")
        atexit.register(shutil.rmtree, checkpoints, ignore_errors=True)
        # The contents manager insists on a checkpoint; nobody asked for one in the person's folder.
        config = Config({"FileCheckpoints": {"checkpoint_dir": checkpoints}})
        super().__init__(AsyncLargeFileManager(root_dir=str(root), allow_hidden=True, config=config))
        self._cwd = cwd

    async def open_kernel(self, path: str, kernel_name: str) -> Kernel:
        """A new kernel of our own."""
        return await Kernel.start(kernel_name, self._cwd)

    async def close_kernel(self, kernel: Kernel) -> None:
        """The kernel was ours: end it."""
        await kernel.close()
