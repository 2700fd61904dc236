from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import nbformat
import pytest

from ml_intern_jlab.protocol import (
    Command,
    Event,
    Mode,
    RunFinished,
    StartRun,
)
from ml_intern_jlab.server.hosts import HeadlessHost
from ml_intern_jlab.sessions.journal import Journal
from ml_intern_jlab.sessions.session import Settings
from ml_intern_jlab.sessions.sessions import Sessions
from ml_intern_jlab.testing import Line, ScriptedModel

E = TypeVar("E")


class Desk:
    """One session on a real kernel with a scripted model, and what a test wants to know of it."""

    def __init__(self, folder: Path, script: Iterable[Line], **settings: Any) -> None:
        self.folder = folder
        self.model = ScriptedModel(script)
        self.journal = Journal(folder / "journal.sqlite")
        made = Settings(create_model=lambda name, url: self.model, **settings)
        self.sessions = Sessions(self.journal, HeadlessHost(folder, folder), made)
        self.session_id = self.sessions.create("a.ipynb").session_id
        self.events: list[Event] = []
        self._news = asyncio.Event()
        self.sessions.subscribe(self.session_id, self._hear)

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def send(self, command: Command, by: str = "ann") -> None:
        await self.sessions.handle(self.session_id, command, by)

    async def run(self, task: str = "Add one and one.", mode: Mode = Mode.auto, **more: Any) -> RunFinished:
        await self.send(StartRun(task=task, mode=mode, **more))
        return await self.until(RunFinished)

    async def until(
        self, kind: type[E], nth: int = 1, seconds: float = 60, where: Callable[[E], bool] | None = None
    ) -> E:
        """The nth event of a kind, waiting for it."""

        async def wait() -> E:
            while True:
                found = self.all(kind, where)
                if len(found) >= nth:
                    return found[nth - 1]
                self._news.clear()
                await self._news.wait()

        return await asyncio.wait_for(wait(), seconds)

    def all(self, kind: type[E], where: Callable[[E], bool] | None = None) -> list[E]:
        return [event for event in self.events if isinstance(event, kind) and (where is None or where(event))]

    async def notebook(self) -> Any:
        await self.sessions.get(self.session_id).wait()
        notebook = nbformat.read(self.folder / "a.ipynb", as_version=4)
        nbformat.validate(notebook)
        return notebook

    async def sources(self) -> list[str]:
        return [cell.source for cell in (await self.notebook()).cells if cell.cell_type == "code"]


@pytest.fixture
def desk(tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(script: Iterable[Line], **settings: Any) -> Desk:
        made.append(Desk(tmp_path, script, **settings))
        return made[-1]

    yield make
    for each in made:
        jp_asyncio_loop.run_until_complete(each.sessions.close())
