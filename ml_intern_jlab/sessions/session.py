"""Sessions: who owns which conversation, what each command does, and one run at a time on one notebook."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from typing_extensions import assert_never

from ..agent.intern import Intern
from ..agent.models import DEFAULT_MODEL, create_model, model_label
from ..errors import BadTask, InternError, JournalUnavailable, NotebookUnavailable, Refused
from ..notebook.document import Document, Writer
from ..notebook.kernel import Kernel
from ..protocol import (
    AllowClass,
    AnswerInput,
    ClassesAllowed,
    Command,
    DecideCell,
    EditPlan,
    Event,
    FindingAdded,
    LeaseMoved,
    Note,
    ReviewFinished,
    ReviewNotebook,
    RiskClass,
    RunFinished,
    RunStarted,
    RunStatus,
    RunUndone,
    SendMessage,
    SessionInfo,
    SetMode,
    SetModel,
    StartRun,
    StopRun,
    TakeLease,
    UndoRun,
    WarningRaised,
    new_id,
)
from ..review.notebook_rules import review
from .budget import Limits
from .edits import Edits
from .journal import Journal, Listener
from .policy import Knowledge, Policy
from .run import Run

_PACKAGES = ("ml-intern-jlab", "smolagents", "jupyter_server", "ipykernel")


class Host(Protocol):
    """Where sessions get kernels and writers from: a Jupyter server, or this process alone."""

    async def open_kernel(self, path: str, kernel_name: str) -> Kernel:
        """The kernel of the notebook at `path`, started if there is none.

        Raises:
            KernelUnavailable: there is none and none can be started.
        """

    def open_writer(
        self,
        path: str,
        session_id: str,
        kernel: Kernel,
        history: Callable[[], Iterable[Event]],
        warn: Callable[[str, str], None],
    ) -> Writer:
        """The server's own writer for the notebook at `path`."""

    def tab_writer(self, path: str) -> Writer:
        """The writer that stands for an open tab."""

    def folder(self, path: str) -> Path | None:
        """The folder of the notebook at `path` in the file system; None where it has none."""

    async def close_kernel(self, kernel: Kernel) -> None:
        """The session is done with the kernel."""


@dataclass(frozen=True)
class Settings:
    """What the administrator or the command line decides for all sessions of a process."""

    model: str = DEFAULT_MODEL
    base_url: str = ""
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    interactive: bool = True
    create_model: Callable[[str, str], Any] = create_model
    without: frozenset[str] = frozenset()
    """Parts of the agent's context that are left out, for measuring what they are worth."""


class Session:
    """One conversation with the agent about one notebook. Belongs to the event loop."""

    def __init__(self, info: SessionInfo, journal: Journal, host: Host, settings: Settings) -> None:
        self.session_id = info.session_id
        self.path = info.path
        self.kernel_name = info.kernel_name
        self.run: Run | None = None
        self._journal = journal
        self._host = host
        self._settings = settings
        self._kernel: Kernel | None = None
        self._known = Knowledge()
        self._writer: Writer | None = None
        self._working: asyncio.Task[None] | None = None
        self._starting = False
        self._tab_id = ""
        self._lease = asyncio.Lock()

    @property
    def running(self) -> bool:
        """Whether a run works now."""
        return self._starting or (self.run is not None and not self.run.finished.is_set())

    def emit(self, event: Event) -> Event:
        """Journal an event, tell everybody, and hand it to the notebook's writer."""
        stored = self._journal.append(event.model_copy(update={"session_id": self.session_id}))
        if self._writer is not None:
            self._writer.apply(stored)
        return stored

    async def handle(self, command: Command, by: str, where: str = "") -> None:
        """Carry out one command of the person `by`, who sent it from `where`.

        Raises:
            InternError: it can't be done; the message says why.
        """
        match command:
            case StartRun():
                await self._start(command, by)
            case DecideCell():
                self._active().decide(command, by, where)
            case EditPlan():
                self._active().edit_plan(command, by)
            case SendMessage():
                self._active().send_message(command.text, by)
            case SetMode():
                self._active().set_mode(command.mode, by)
            case SetModel():
                await self._set_model(command.model, by)
            case AllowClass():
                self._allow(command, by)
            case AnswerInput():
                self._active().answer_input(command, by)
            case StopRun():
                await self._active().stop()
            case TakeLease():
                await self._take_lease(command.tab_id)
            case UndoRun():
                await self._undo(command.run_id, by)
            case ReviewNotebook():
                await self._review(by)
            case _ as unknown:
                assert_never(unknown)

    async def wait(self) -> None:
        """Return when no run works any more and the notebook is saved."""
        if self._working is not None:
            await self._working

    async def close(self) -> None:
        """Stop the run, save the notebook, let go of the kernel."""
        if self.run is not None and self.running:
            await self.run.stop()
            await self.wait()
        if self._writer is not None:
            await self._writer.close()
        if self._kernel is not None:
            await self._host.close_kernel(self._kernel)
        self._writer = self._kernel = None

    def _active(self) -> Run:
        if self.run is None or not self.running:
            raise Refused("No run is working on this notebook; start one first.")
        return self.run

    def _allow(self, command: AllowClass, by: str) -> None:
        if command.allowed and not self._settings.policy.allowable(command.risk):
            raise Refused(
                f"Cells that may {command.risk.value} always ask on this server; no notebook can change that."
            )
        allowed = self._journal.allowed_classes(self.path) - {command.risk}
        allowed |= {command.risk} if command.allowed else frozenset()
        self.emit(ClassesAllowed(allowed=[risk for risk in RiskClass if risk in allowed], by=by))
        if self.run is not None and self.running:
            self.run.reconsider(by)

    # --- a run --------------------------------------------------------------------------------------------------------

    async def _start(self, command: StartRun, by: str) -> None:
        if self.running:
            raise Refused(f"A run already works on {self.path}. Stop it first, or wait until it has ended.")
        task = command.task.strip()
        self._settings.policy.check_mode(command.mode)
        if not task:
            raise BadTask("The task is empty. Say in a sentence what to do with which data.")
        self._starting = True
        try:
            model_name = command.model or self._settings.model
            model = await self._model(model_name)
            kernel, writer = await self._open()
            notebook = await writer.notebook()
            ids = [cell.get("id") for cell in notebook["cells"]]
            # A tab may name a cell that it hasn't saved yet.
            known = self._tab_id or command.after in ids
            after = command.after if command.after and known else ids[-1] if ids else None
            max_steps = command.max_steps or self._settings.limits.max_steps
            note = Note(cell_id=new_id(), source=_opening(task, model_name))
            started = RunStarted(
                run_id=new_id(),
                task=task,
                mode=command.mode,
                model=model_label(model_name),
                max_steps=max_steps,
                by=by,
                after=after,
                note=note,
                versions=_versions(),
            )
            self.run = Run(
                run_id=started.run_id,
                emit=self.emit,
                kernel=kernel,
                intern=lambda desk: Intern(model, desk, self._host.folder(self.path), self._settings.without),
                policy=self._settings.policy,
                known=self._known,
                allowed=lambda: self._journal.allowed_classes(self.path),
                mode=command.mode,
                limits=replace(self._settings.limits, max_steps=max_steps),
                tail=note.cell_id,
                interactive=self._settings.interactive,
                edits=Edits(self._notebook),
            )
            self.emit(started)
            self._working = asyncio.get_running_loop().create_task(self._work(self.run, task))
        finally:
            self._starting = False

    async def _notebook(self) -> dict[str, Any]:
        """The notebook as it is now; one that can't be read for the moment counts as empty."""
        try:
            return await self._writer.notebook() if self._writer else {"cells": []}
        except NotebookUnavailable:
            return {"cells": []}

    async def _model(self, name: str) -> Any:
        """The model called `name`; keyrings and package imports are slow, so not on the event loop."""
        return await asyncio.to_thread(self._settings.create_model, name, self._settings.base_url)

    async def _set_model(self, name: str, by: str) -> None:
        run = self._active()
        if name == DEFAULT_MODEL:
            raise Refused("The recipes plan a run from its first step on. Stop this run and start one with them.")
        model = await self._model(name)
        self._active()  # it may have ended meanwhile
        run.set_model(model, model_label(name), by)

    async def _work(self, run: Run, task: str) -> None:
        try:
            ended = await run.work(task)
        except JournalUnavailable as error:
            # Nothing can be stored any more; who listens hears at least why.
            ended = RunFinished(session_id=self.session_id, run_id=run.run_id, status="failed", reason=str(error))
            self._journal.publish(ended)
        if self._writer is not None:
            try:
                await self._writer.flush()
            except NotebookUnavailable as error:
                lost = f"{error} The run {ended.status}, and everything it did stands in the journal only."
                with contextlib.suppress(JournalUnavailable):  # both are full: the run's end has said so
                    self._warn("notebook_unsaved", lost)

    async def _open(self) -> tuple[Kernel, Writer]:
        # A tab that takes the lease meanwhile waits, and finds a writer that it can end.
        async with self._lease:
            return await self._open_leased()

    async def _open_leased(self) -> tuple[Kernel, Writer]:
        if self._kernel is None or not self._kernel.alive:
            self._kernel = await self._host.open_kernel(self.path, self.kernel_name)
            self._known = Knowledge()
        if self._writer is None:
            writer = self._host.open_writer(
                self.path,
                self.session_id,
                self._kernel,
                lambda: self._journal.events(self.session_id),
                self._warn,
            )
            await writer.open()
            self._writer = writer
        return self._kernel, self._writer

    def rename(self, path: str) -> None:
        """The notebook lies at `path` from now on; a run goes on there."""
        self.path = path
        if self._writer is not None:
            self._writer.path = path

    # --- who writes ---------------------------------------------------------------------------------------------------

    async def _take_lease(self, tab_id: str) -> None:
        """The tab writes the notebook from now on; what the server had to write is saved before."""
        async with self._lease:
            if self._tab_id not in ("", tab_id):
                raise Refused("Another tab has this notebook open and writes it; this one follows.")
            if self._tab_id == tab_id:
                return
            if self._writer is not None:
                await self._writer.close()
            self._writer = self._host.tab_writer(self.path)
            self._tab_id = tab_id
            self.emit(LeaseMoved(writer="tab", tab_id=tab_id))

    async def release_lease(self, tab_id: str) -> None:
        """The tab is gone: while a run works the server writes, bringing the file up to the journal first."""
        async with self._lease:
            if self._tab_id != tab_id:
                return
            self._tab_id, self._writer = "", None
            self.emit(LeaseMoved(writer="file"))
            if self.running and self._kernel is not None:
                try:
                    await self._open_leased()
                except NotebookUnavailable as error:
                    self._warn("notebook_unsaved", f"{error} The run goes on; its journal keeps every cell and output.")

    def _warn(self, code: str, text: str) -> None:
        run_id = self.run.run_id if self.run else ""
        self.emit(WarningRaised(run_id=run_id, code=code, message=text))

    # --- after a run --------------------------------------------------------------------------------------------------

    async def _undo(self, run_id: str, by: str) -> None:
        """Take a run's cells out, except those that a person changed since."""
        if self.running:
            raise Refused("A run is working; stop it before you undo.")
        events = list(self._journal.events(self.session_id))
        if not any(isinstance(event, RunStarted) and event.run_id == run_id for event in events):
            raise Refused(f"This session has no run {run_id}.")
        document = Document(self.session_id)
        for event in events:
            document.apply(event)
        _, writer = await self._open()
        notebook = await writer.notebook()
        standing = {cell.get("id"): cell["source"] for cell in notebook["cells"]}
        own = document.run_cells(run_id)
        removed = [cell_id for cell_id, source in own.items() if standing.get(cell_id) == source]
        kept = [cell_id for cell_id in own if cell_id in standing and cell_id not in removed]
        self.emit(RunUndone(run_id=run_id, removed=removed, kept=kept, by=by))
        await writer.flush()

    async def _review(self, by: str) -> None:
        _, writer = await self._open()
        findings = review(await writer.notebook())
        for finding in findings:
            self.emit(FindingAdded(**finding.model_dump()))
        self.emit(ReviewFinished(findings=len(findings), by=by))


class Sessions:
    """All sessions of one process.

    Args:
        journal: where they are kept.
        host: where they get kernels and writers from.
        settings: what holds for all of them.
    """

    def __init__(self, journal: Journal, host: Host, settings: Settings) -> None:
        self.journal = journal
        self._host = host
        self._settings = settings
        self._live: dict[str, Session] = {}

    def list(self) -> list[SessionInfo]:
        """All sessions of the journal, the newest first."""
        return self.journal.sessions()

    def create(self, path: str, kernel_name: str = "") -> SessionInfo:
        """A new session for the notebook at `path`."""
        return self.journal.create_session(path, kernel_name)

    def get(self, session_id: str) -> Session:
        """The live session, which this process owns from now on.

        Raises:
            UnknownSession: there is none with that id.
            Refused: another living process works on it.
        """
        if session_id not in self._live:
            info = self.journal.session(session_id)
            self.journal.claim(session_id, os.getpid())
            session = Session(info, self.journal, self._host, self._settings)
            self._live[session_id] = session
            if info.run_status is RunStatus.running:
                reason = "The process that ran it ended before the run did."
                session.emit(RunFinished(run_id=info.run_id, status="stopped", reason=reason))
        return self._live[session_id]

    async def handle(self, session_id: str, command: Command, by: str, where: str = "") -> None:
        """Carry out one command of the person `by`, who sent it from `where` (an address, "terminal").

        Raises:
            InternError: it can't be done; the message says why.
        """
        session = self.get(session_id)
        if isinstance(command, StartRun):
            for other in self._live.values():
                if other is not session and other.path == session.path and other.running:
                    raise Refused(f"Another session's run works on {session.path}. Stop it first, or wait.")
        await session.handle(command, by, where)

    def rename(self, session_id: str, path: str) -> None:
        """The session's notebook lies at `path` from now on, and so do that notebook's other sessions.

        Raises:
            UnknownSession: there is none with that id.
        """
        old = self.journal.session(session_id).path
        self.journal.rename_sessions(old, path)
        for session in self._live.values():
            if session.path == old:
                session.rename(path)

    async def delete(self, session_id: str) -> None:
        """Stop the session's run and remove it from the journal for good."""
        session = self.get(session_id)
        await session.close()
        self.journal.delete_session(session_id)
        self._live.pop(session_id, None)

    def subscribe(self, session_id: str, listener: Listener) -> Callable[[], None]:
        """See `Journal.subscribe`."""
        return self.journal.subscribe(session_id, listener)

    @property
    def running(self) -> int:
        """How many runs work now."""
        return sum(session.running for session in self._live.values())

    async def close(self) -> None:
        """Stop every run, save every notebook, close the journal."""
        for session in self._live.values():
            try:
                await session.close()
            except InternError as error:
                # Nobody is left to answer; the journal keeps what the notebook lacks.
                session.emit(WarningRaised(code=error.code, message=str(error)))
        self.journal.close()


def _opening(task: str, model_name: str) -> str:
    """The notebook's first cell: the task as a heading, whole below it when it is long."""
    first = task.splitlines()[0].split(". ")[0].rstrip(".")
    title = first if len(first) <= 90 else first[:90].rsplit(" ", 1)[0] + " …"
    quoted = "" if title == task.rstrip(".") else "\n\n" + "\n".join(f"> {line}" for line in task.splitlines())
    return f"# {title}{quoted}\n\n*Written by ML Intern with {model_label(model_name)}.*"


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
