"""The process behind a kernel: whether it lives, whether it is still the same, how it died."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import IO, Any

import psutil
from jupyter_core.utils import ensure_async

from ..redaction import safe_logger

SIGNAL_SECONDS = 2.0
"""How long it may take to hand over an interrupt."""

BEGIN_SECONDS = 15.0
"""How old a process is taken to listen, where nothing that it said was heard."""

_log = safe_logger(__name__)


class KernelProcess:
    """What a KernelManager knows of its kernel's process."""

    def __init__(self, manager: Any, terminal: IO[bytes] | None = None) -> None:
        """Look at the process of `manager`; `terminal` is where it writes what isn't a cell's output, if we know."""
        self._manager = manager
        self._terminal = terminal
        self._read_to = 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        provisioner = self._manager.provisioner
        if provisioner is None or not provisioner.has_process:
            return False
        process = getattr(provisioner, "process", None)
        return process is None or process.poll() is None

    @property
    def has_begun(self) -> bool:
        """Whether the kernel surely listens to requests: the server has heard of it, or it is no longer young."""
        if getattr(self._manager, "execution_state", "") in ("idle", "busy"):
            return True
        pid = getattr(self._manager.provisioner, "pid", None)
        try:
            return pid is None or time.time() - psutil.Process(pid).create_time() > BEGIN_SECONDS
        except psutil.Error:  # it has ended, or isn't ours to look at
            return True

    @property
    def shutting_down(self) -> bool:
        """Whether somebody is shutting the kernel down, to restart it perhaps."""
        return bool(getattr(self._manager, "shutting_down", False))

    @property
    def identity(self) -> tuple[Any, ...]:
        """What tells this process and its sockets from any other."""
        info = self._manager.get_connection_info()
        return getattr(self._manager.provisioner, "pid", None), info.get("shell_port"), info.get("iopub_port")

    async def ended(self) -> bool:
        """Whether the process has ended, as the manager sees it."""
        return not await ensure_async(self._manager.is_alive())

    async def interrupt(self) -> None:
        """Send an interrupt; a failure to do so is logged, since the watch over the process tells what is wrong."""
        try:
            await asyncio.wait_for(ensure_async(self._manager.interrupt_kernel()), SIGNAL_SECONDS)
        except (RuntimeError, asyncio.TimeoutError) as error:
            _log.warning("The kernel could not be interrupted: %s", error)

    async def obituary(self) -> str:
        """Sentences that say how the process died during a cell, and what to do."""
        if self.shutting_down:
            return "The kernel was shut down while the cell ran; its variables are gone."
        code = await ensure_async(self._manager.provisioner.poll()) if self._manager.provisioner else None
        if code == -signal.SIGKILL:
            how = "was killed while the cell ran; most often that means that the memory was used up. Use less of it"
        elif code is not None and code < 0:
            how = f"crashed while the cell ran ({signal.strsignal(-code)}). Change the cell"
        else:
            how = f"ended while the cell ran{f' (exit status {code})' if code else ''}. Change the cell"
        return f"The kernel {how} and restart the kernel; its variables are gone.{self.last_words()}"

    def forget_words(self) -> None:
        """What the process has written to its terminal so far isn't worth repeating."""
        if self._terminal is not None:
            self._read_to = self._terminal.seek(0, 2)

    def last_words(self) -> str:
        """The last line that the process wrote to its terminal, as a sentence; "" where there is none."""
        if self._terminal is None or self._terminal.closed:
            return ""
        size = self._terminal.seek(0, 2)
        self._terminal.seek(max(self._read_to, size - 4000))
        lines = self._terminal.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" Its last words: {last[:300]}" if last else ""
