"""One run in a process of its own, which is killed or disturbed there."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbformat import validator
from smolagents.models import ChatMessage, MessageRole, Model

from ml_intern_jlab.agent.skills import choice
from ml_intern_jlab.notebook.kernel import Kernel
from ml_intern_jlab.protocol import CellFinished, CellStarted, Event, Mode, ResumeRun, RunStatus, StartRun
from ml_intern_jlab.server.hosts import HeadlessHost
from ml_intern_jlab.sessions.journal import Journal
from ml_intern_jlab.sessions.session import Settings
from ml_intern_jlab.sessions.sessions import Sessions
from ml_intern_jlab.testing import turn

FAILS = "print('begun')\n1 / 0"
REPAIR = "y = 20 + 1\nprint('repaired')\ny"
SCRIPT = ((FAILS, turn(FAILS, "A beginning.")), (REPAIR, turn(REPAIR, "Better.")))
DONE = turn('final_answer("It is 21.")', item=2)


class Replier(Model):  # type: ignore[misc]
    """Answers from what the prompt shows, so that it doesn't matter which process asks."""

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:
        text = "".join(part.get("text", "") for part in messages[-1].content)
        shown = [index for index, (source, _) in enumerate(SCRIPT) if source.splitlines()[1] in text]
        following = max(shown, default=-1) + 1
        if "Write the plan first" in text:
            answer = "1. Begin\n2. Add"
        else:
            answer = SCRIPT[following][1] if following < len(SCRIPT) else DONE
        return ChatMessage(role=MessageRole.ASSISTANT, content=answer)


class Outside:
    """The process of a kernel that another process started, and that outlives ours."""

    has_process = True

    def __init__(self, pid: int) -> None:
        self.pid = pid

    async def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 1
        return None

    async def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


class OutlivingHost(HeadlessHost):
    """Notebooks of a folder, and the one kernel whose connection file and process are given; none: a kernel of ours."""

    def __init__(self, folder: Path, kernel: tuple[str, int] | None) -> None:
        super().__init__(folder, folder)
        self._outliving = kernel

    async def open_kernel(self, path: str, kernel_name: str) -> Kernel:
        if self._outliving is None:
            return await super().open_kernel(path, kernel_name)
        manager: Any = AsyncKernelManager(connection_file=self._outliving[0])
        manager.load_connection_file()
        manager.provisioner = Outside(self._outliving[1])
        return await Kernel.attach(manager)


PRELOADED = choice, validator
"""What is imported only when it is used, and would be imported anew in each of the processes."""

Fault = Callable[["Victim", Event], None]


class Victim:
    """The process: its journal, its notebook `a.ipynb`, and the fault that strikes at each event that is committed."""

    def __init__(self, folder: Path, kernel: tuple[str, int] | None, fault: Fault | None) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal.sqlite")
        settings = Settings(create_model=lambda name, url: Replier())
        self.sessions = Sessions(self.journal, OutlivingHost(folder, kernel), settings)
        self._fault = fault

    async def begin(self) -> None:
        session_id = self.sessions.create("a.ipynb").session_id
        await self._work(session_id, StartRun(task="Add.", mode=Mode.auto))

    async def go_on(self) -> None:
        await self.sessions.recover()
        info = self.journal.sessions()[0]
        if info.run_status is RunStatus.paused:
            await self._work(info.session_id, ResumeRun())
        await self.sessions.close()

    async def _work(self, session_id: str, command: Any) -> None:
        self.sessions.subscribe(session_id, self._strike)
        await self.sessions.handle(session_id, command, "ann")
        await self.sessions.get(session_id).wait()
        if self._fault is None:
            await self.sessions.close()

    def _strike(self, event: Event) -> None:
        if event.seq and self._fault is not None:
            self._fault(self, event)


def begin(folder: Path, kernel: tuple[str, int] | None, fault: Fault | None = None) -> None:
    asyncio.run(Victim(folder, kernel, fault).begin())
    os._exit(0)  # whatever lives in another thread


def go_on(folders: list[Path], kernel: tuple[str, int] | None) -> None:
    for folder in folders:
        asyncio.run(Victim(folder, kernel, None).go_on())
    os._exit(0)


# --- faults: each is called with every event that was just committed --------------------------------------------------


class KilledAt:
    """The process is gone with the event `seq`."""

    def __init__(self, seq: int) -> None:
        self.seq = seq

    def __call__(self, victim: Victim, event: Event) -> None:
        if event.seq == self.seq:
            os.kill(os.getpid(), signal.SIGKILL)


def kept(victim: Victim, event: Event) -> None:
    """Keep what a process that is killed with this event leaves behind: its journal and the folder's files."""
    folder = victim.folder / "at" / str(event.seq)
    folder.mkdir(parents=True)
    left = sqlite3.connect(folder / "journal.sqlite")
    victim.journal._db.backup(left)
    left.execute("UPDATE sessions SET root=?", (str(folder),))
    left.commit()
    left.close()
    for name in ("a.ipynb", ".~a.ipynb"):
        if (victim.folder / name).exists():
            shutil.copy2(victim.folder / name, folder / name)


def file_deleted(victim: Victim, event: Event) -> None:
    """Somebody deletes the notebook while a cell runs."""
    if isinstance(event, CellStarted):
        (victim.folder / "a.ipynb").unlink(missing_ok=True)


def clock_jumps(victim: Victim, event: Event) -> None:
    """The clock goes back a day, and forward two at the next cell."""
    if isinstance(event, CellStarted):
        real = time.time
        days = -1 if event.seq < 12 else 1  # the first of the two cells starts before the twelfth event
        time.time = lambda: real() + days * 86_400


def journal_locked(victim: Victim, event: Event) -> None:
    """Another process holds the journal for a second."""
    if isinstance(event, CellStarted):
        held = threading.Event()

        def hold() -> None:
            other = sqlite3.connect(victim.journal.path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            held.set()
            time.sleep(1)
            other.execute("COMMIT")
            other.close()

        threading.Thread(target=hold).start()
        held.wait()


def disk_full(victim: Victim, event: Event) -> None:
    """A notebook of more than 1 MB can't be written while a cell runs."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    if isinstance(event, CellStarted):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, most))
    elif isinstance(event, CellFinished):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
