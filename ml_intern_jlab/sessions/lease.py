"""Who writes a session's notebook: an open tab, or the server, into the file or a shared document. Each move is an
event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ..errors import NotebookUnavailable, Refused
from ..notebook.document import Writer, WriterKind
from ..notebook.kernel import Kernel
from ..notebook.projection import unsaved
from ..protocol import Event, LeaseMoved
from .host import Host


class Lease:
    """The one writer of a session's notebook, and its moves. Belongs to the event loop.

    Args:
        session_id: the session's.
        path: of the notebook.
        host: makes the writers.
        history: gives the session's stored events so far.
        emit: journals an event.
        warn: raises a warning of a code and a sentence.
    """

    def __init__(
        self,
        session_id: str,
        path: str,
        host: Host,
        history: Callable[[], Iterable[Event]],
        emit: Callable[[Event], Event],
        warn: Callable[[str, str], None],
    ) -> None:
        self.path = path
        self.tab_id = ""
        self.kind: WriterKind = "file"
        self._session_id = session_id
        self._host = host
        self._history = history
        self._emit = emit
        self._warn = warn
        self.writer: Writer | None = None
        self._moving = asyncio.Lock()
        self._meanwhile: list[Event] = []

    def apply(self, event: Event) -> None:
        """Hand a stored event to the writer, where there is one."""
        if self.writer is not None:
            self.writer.apply(event)
        elif self._moving.locked():
            self._meanwhile.append(event)

    async def open(self, open_kernel: Callable[[], Awaitable[Kernel]]) -> tuple[Kernel, Writer]:
        """The kernel and the writer, opened where they aren't.

        Raises:
            KernelUnavailable: there is no kernel.
            NotebookUnavailable: the notebook can't be read or written.
        """
        # A tab that takes the lease meanwhile waits, and finds a writer that it can end.
        async with self._moving:
            kernel = await open_kernel()
            return kernel, await self._open_writer(kernel)

    async def _open_writer(self, kernel: Kernel) -> Writer:
        if self.writer is None:
            writer = self._host.open_writer(self.path, self._session_id, kernel, self._history, self._warn)
            self._meanwhile.clear()
            await writer.open()
            # What happened while it opened isn't in the history that it read; what is changes nothing.
            for event in self._meanwhile:
                writer.apply(event)
            self.writer = writer
            self._moved(writer.kind)
        return self.writer

    def _moved(self, kind: WriterKind) -> None:
        if kind != self.kind or kind == "tab":
            self.kind = kind
            self._emit(LeaseMoved(writer=kind, tab_id=self.tab_id))

    async def bring_up(self) -> None:
        """Bring the notebook to the journal's state and let go of it again, where nobody writes it.

        Raises:
            NotebookUnavailable: it can't be read or written.
        """
        async with self._moving:
            if self.writer is None:
                writer = self._host.open_writer(self.path, self._session_id, None, self._history, self._warn)
                await writer.bring_up()

    async def take(self, tab_id: str, kernel: Callable[[], Kernel | None]) -> None:
        """The tab writes the notebook from now on; what the server had to write is saved before.

        Where the notebook is open in a room, the server goes on writing, from now on into that.

        Raises:
            Refused: another tab does so.
        """
        async with self._moving:
            await self._settle(kernel)
            if self.kind == "room":
                return
            if self.tab_id not in ("", tab_id):
                raise Refused("Another tab has this notebook open and writes it; this one follows.")
            if self.tab_id == tab_id:
                return
            if self.writer is not None:
                await self.writer.close()
            self.writer = self._host.tab_writer(self.path)
            self.tab_id = tab_id
            self._moved("tab")

    async def release(self, tab_id: str, kernel: Callable[[], Kernel | None]) -> None:
        """The tab is gone: the server writes, bringing the file up to the journal first, where a run's `kernel` works
        on."""
        async with self._moving:
            if self.tab_id != tab_id:
                return
            self.tab_id, self.writer = "", None
            self._moved("room" if self._host.is_shared(self.path) else "file")
            await self._go_on(kernel)

    async def reconsider(self, kernel: Callable[[], Kernel | None]) -> None:
        """Pages may have opened the notebook in a room, or left it: write into that, or into the file again.

        A tab that wrote lets go when it hears of it.
        """
        async with self._moving:
            if self.writer is not None or self.kind == "room":
                await self._settle(kernel)

    async def _settle(self, kernel: Callable[[], Kernel | None]) -> None:
        shared = self._host.is_shared(self.path)
        if shared == (self.kind == "room"):
            return
        if self.writer is not None:
            try:
                # The room has read the file; a save now would make it read that anew, over what is written in it.
                await (self.writer.drop() if shared else self.writer.close())
            except NotebookUnavailable as error:
                self._warn(*unsaved(error))
        self.tab_id, self.writer = "", None
        self._moved("room" if shared else "file")
        await self._go_on(kernel)

    async def _go_on(self, kernel: Callable[[], Kernel | None]) -> None:
        working = kernel()
        if working is not None:
            try:
                await self._open_writer(working)
            except NotebookUnavailable as error:
                self._warn(*unsaved(error))

    def rename(self, path: str) -> None:
        """The notebook lies at `path` from now on."""
        self.path = path
        if self.writer is not None:
            self.writer.path = path

    async def flush(self) -> None:
        """Return when everything so far is saved.

        Raises:
            NotebookUnavailable: it could not be saved.
        """
        if self.writer is not None:
            await self.writer.flush()

    async def close(self) -> None:
        """Save the notebook and let go of it.

        Raises:
            NotebookUnavailable: it could not be saved.
        """
        if self.writer is not None:
            await self.writer.close()
        self.writer = None
