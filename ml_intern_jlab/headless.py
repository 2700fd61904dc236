"""A session at work in this process, with a terminal in place of the panel."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from .errors import InternError
from .protocol import Command, Event, ResumeRun, StopRun
from .sessions.sessions import Sessions
from .sessions.story import last_story
from .terminal import Terminal

STOPPED = 3
"""The exit status of a run that was stopped."""


async def attend(sessions: Sessions, session_id: str, command: Command, listener: Callable[[Event], None]) -> None:
    """Send the command that lets a run begin or go on, and stay until it has ended.

    Raises:
        InternError: the command was refused.
    """
    person = getpass.getuser()

    async def send(each: Command) -> None:
        await sessions.handle(session_id, each, person, "terminal")

    terminal = Terminal(send)
    sessions.subscribe(session_id, terminal.show)
    sessions.subscribe(session_id, listener)
    before = last_story(sessions.journal.events(session_id))
    await send(command)
    if isinstance(command, ResumeRun) and before and before.cells and before.cells[-1].decision is None:
        terminal.show(before.cells[-1].proposal)  # it was told to whoever was there then
    with _stop_on_interrupt(send):
        await sessions.get(session_id).wait()


@contextlib.contextmanager
def _stop_on_interrupt(send: Any) -> Iterator[None]:
    """Ctrl-C stops the run and keeps the notebook; a second one ends the process."""
    loop = asyncio.get_running_loop()
    stopping: list[asyncio.Task[None]] = []

    async def stop() -> None:
        with contextlib.suppress(InternError):
            await send(StopRun())

    def interrupted() -> None:
        if stopping:
            raise SystemExit(STOPPED)
        print("\nStopping …", file=sys.stderr)
        stopping.append(loop.create_task(stop()))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
