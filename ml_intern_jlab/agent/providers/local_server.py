"""llama.cpp in a child process: started on first use, shared by all sessions, ended when idle or with this process."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import ModelUnavailable
from ..streaming import LanguageModel, Piece, Progress, Request
from .chat_server import ChatServerModel
from .local_weights import LocalFile, find_weights
from .server_facts import Facts

IDLE_SECONDS = 600.0
"""A child that nobody asked anything for this long ends and gives its memory back."""
LOAD_SECONDS = 900.0
"""The longest that opening a model may take."""
READ_SECONDS = 900.0
"""The longest silence: a long prompt takes a small machine minutes. A child that dies is noticed at once."""


class LlamaServer:
    """llama.cpp's server for one GGUF file. Any thread may use it."""

    def __init__(self, file: LocalFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""
        self._key = ""
        self._users = 0
        self._last_used = 0.0
        self._words: Path | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @contextlib.contextmanager
    def use(self, tell: Progress, cancelled: Callable[[], bool] = lambda: False) -> Iterator[tuple[str, str]]:
        """The base URL and the key of the running server, which is started when there is none; it isn't idle while
        this lasts.

        Raises:
            ModelUnavailable: it can't be started, or `cancelled` became true before it was.
        """
        with self._waiting(cancelled):
            if self.pid is None:
                self._start(tell)
            self._users += 1
            address, key = self._address, self._key
        try:
            yield f"{address}/v1", key
        finally:
            with self._lock:
                self._users -= 1
                self._last_used = time.monotonic()

    def stop(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()

    @contextlib.contextmanager
    def _waiting(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Hold the lock; another request may be starting the child meanwhile."""
        while not self._lock.acquire(timeout=0.2):
            if cancelled():
                raise ModelUnavailable("The request was stopped.")
        try:
            yield
        finally:
            self._lock.release()

    def _start(self, tell: Progress) -> None:
        self._end()
        folder = Path(tempfile.mkdtemp(prefix="ml-intern-"))
        self._words = folder / "llama.log"
        self._key = secrets.token_urlsafe(24)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
        with self._words.open("wb") as words:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ml_intern_jlab.agent.providers.llama_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                cwd=folder,  # not the person's folder, whose modules would be imported
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the parent, which ends the child in its way
            )
        atexit.register(self.stop)
        assert self._process.stdin is not None
        wanted = {"path": str(self._file.path), "window": self._file.window, "key": self._key}
        with contextlib.suppress(BrokenPipeError):  # it died at once: the wait says of what
            self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
            self._process.stdin.flush()
        try:
            self._address = self._wait(self._process, tell)
        except BaseException:
            self._end()
            raise
        self._last_used = time.monotonic()
        threading.Thread(target=self._watch, args=(self._process,), name="ml-intern-idle", daemon=True).start()

    def _wait(self, process: subprocess.Popen[bytes], tell: Progress) -> str:
        """Wait until the child says its address, and tell how far its loading is."""
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        assert process.stdout is not None
        threading.Thread(target=_read_line, args=(process.stdout, lines), daemon=True).start()
        size, until = self._file.path.stat().st_size, time.monotonic() + LOAD_SECONDS
        while time.monotonic() < until:
            read = _memory_of(process.pid)
            tell(f"Loading {shown_name(self._file.path)}", None if read is None else min(read / size, 0.99))
            try:
                line = lines.get(timeout=1.0)
            except queue.Empty:
                continue
            if not line:
                raise ModelUnavailable(self._obituary(process))
            said: dict[str, Any] = json.loads(line)
            if "error" in said:
                raise ModelUnavailable(f"llama.cpp can't open {self._file.path}: {said['error']}.{self._last_words()}")
            return str(said["address"])
        raise ModelUnavailable(f"llama.cpp did not open {self._file.path} within {LOAD_SECONDS:g} s.")

    def _obituary(self, process: subprocess.Popen[bytes]) -> str:
        status = process.wait(timeout=10)
        how = "was killed; most often that means that the memory was used up" if status == -9 else "ended"
        return f"llama.cpp {how} while it opened {self._file.path} (exit status {status}).{self._last_words()}"

    def _last_words(self) -> str:
        """The last line of its log that reports an error, else the last one."""
        if self._words is None:
            return ""
        lines = self._words.read_text("utf-8", "replace").strip().splitlines()[-60:]
        errors = [line for line in lines if " E " in line or "rror" in line]
        return f" Its last words: {(errors or lines)[-1].strip()[:300]}" if lines else ""

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """End the child once it was idle for long enough."""
        while process.poll() is None:
            time.sleep(min(1.0, IDLE_SECONDS / 4))
            with self._lock:
                idle = self._users == 0 and time.monotonic() - self._last_used > IDLE_SECONDS
                if idle and self._process is process:
                    self._end()

    def _end(self) -> None:
        """End the child; the lock is held."""
        process, self._process = self._process, None
        if process is None:
            return
        atexit.unregister(self.stop)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._words is not None:
            self._words.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._words.parent.rmdir()
            self._words = None


def shown_name(path: Path) -> str:
    """A file's name without the checksum before it, which joined weights have."""
    return re.sub(r"^[0-9a-f]{16}-", "", path.name)


def _read_line(pipe: Any, lines: queue.SimpleQueue[bytes]) -> None:
    try:
        lines.put(pipe.readline())
    except (OSError, ValueError):  # closed meanwhile
        lines.put(b"")


def _memory_of(pid: int) -> int | None:
    """Bytes of memory that a process holds, which grows while it loads weights; None where the system doesn't say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


_SERVERS: dict[LocalFile, LlamaServer] = {}
_SERVERS_LOCK = threading.Lock()


def server_for(file: LocalFile) -> LlamaServer:
    """This process's one server for a file."""
    with _SERVERS_LOCK:
        return _SERVERS.setdefault(file, LlamaServer(file))


class LocalModel(LanguageModel):
    """A GGUF file on this machine, run by llama.cpp; nothing leaves the machine.

    Args:
        name: what stands after `local:`; see `find_weights`.

    Raises:
        ModelUnavailable: the package xllamacpp isn't installed.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        if find_spec("xllamacpp") is None:
            raise ModelUnavailable(
                f"local:{name} needs the package xllamacpp. Run: pip install 'ml-intern-jlab[local]'"
            )
        self._name = name
        self._file: LocalFile | None = None

    def find_facts(self) -> Facts:
        """What the running server says, which is started for that."""
        with self._server().use(self.tell) as (base_url, key):
            return ChatServerModel("local", base_url, key).find_facts()

    def glance(self) -> Facts:
        """Nothing: it would have to be loaded."""
        return Facts()

    def pieces(self, messages: list[dict[str, Any]], request: Request, options: dict[str, Any]) -> Iterator[Piece]:
        """See `LanguageModel.pieces`.

        Raises:
            ModelUnavailable: the weights can't be had, or llama.cpp can't be started.
            Exception: as of any chat server.
        """

        def cancelled() -> bool:
            return request.cancelled

        with self._server(cancelled).use(self.tell, cancelled) as (base_url, key):
            asked = ChatServerModel("local", base_url, key, read_seconds=READ_SECONDS)
            # On a processor that takes a minute for a long prompt.
            self.tell("The model reads the prompt", None)
            yield from asked.pieces(messages, request, options)

    def _server(self, cancelled: Callable[[], bool] = lambda: False) -> LlamaServer:
        if self._file is None or not self._file.path.is_file():
            self._file = find_weights(self._name, self.tell, cancelled)
        return server_for(self._file)
