"""Where sessions get kernels and writers from: a Jupyter server, or this process alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

from ..notebook.document import Writer
from ..notebook.kernel import Kernel
from ..protocol import Event


class Host(Protocol):
    """What a session needs of its surroundings.

    Attributes:
        root: the folder that the notebooks' paths are relative to; "" for those that lie in no file system.
    """

    root: str

    async def open_kernel(self, path: str, kernel_name: str) -> Kernel:
        """The kernel of the notebook at `path`, started if there is none.

        Raises:
            KernelUnavailable: there is none and none can be started.
        """

    def open_writer(
        self,
        path: str,
        session_id: str,
        kernel: Kernel | None,
        history: Callable[[], Iterable[Event]],
        warn: Callable[[str, str], None],
    ) -> Writer:
        """The server's own writer for the notebook at `path`: that of a room where it `is_shared`, else of the file.

        A notebook without a kernel gets that of `kernel`.
        """

    def is_shared(self, path: str) -> bool:
        """Whether pages have the notebook at `path` open in a room now, where all of them change one document."""

    def watch_rooms(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Call `changed` whenever what `is_shared` says may have changed."""

    def tab_writer(self, path: str) -> Writer:
        """The writer that stands for an open tab."""

    def folder(self, path: str) -> Path | None:
        """The folder of the notebook at `path` in the file system; None where it has none."""

    async def close_kernel(self, kernel: Kernel) -> None:
        """The session is done with the kernel."""
