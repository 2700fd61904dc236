"""One conversation on a notebook: what each command does, and one run at a time."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from typing_extensions import assert_never

from ..agent.intern import Intern
from ..agent.models import DEFAULT_MODEL, create_model, model_label, model_name
from ..errors import BadTask, JournalUnavailable, NotebookUnavailable, Refused
from ..notebook.document import Document, Writer
from ..notebook.kernel import Kernel
from ..protocol import (
    AllowClass,
    AnswerInput,
    ClassesAllowed,
    Command,
    DecideCell,
    DismissFinding,
    EditPlan,
    Event,
    FindingAdded,
    FindingDismissed,
    InterruptCell,
    MessageSent,
    Note,
    RedoRun,
    RerunNotebook,
    ResumeRun,
    ReviewFinished,
    ReviewNotebook,
    RiskClass,
    RunChanges,
    RunFinished,
    RunOwnCell,
    RunPaused,
    RunStarted,
    SendMessage,
    SessionInfo,
    SetMode,
    SetModel,
    StartRun,
    StopRerun,
    StopRun,
    TakeLease,
    UndoRun,
    WarningRaised,
    new_id,
)
from ..review.notebook_rules import review
from ..review.provenance import origins, server_key
from .bounds import Bounds
from .budget import Limits
from .changes import changes
from .day import Day, DayLimits, Share
from .edits import Edits
from .host import Host
from .journal import Journal
from .lease import Lease
from .ledger import Ledger
from .own_cells import OwnCells
from .policy import Knowledge, Policy
from .rerunning import Rerunning
from .run import Run
from .story import Story, last_story
from .undo import redone, undone
from .wording import opening

SHUT_DOWN = "The server was shut down while the run worked."
MOST_FAULTS = 10
"""Errors of the review that an agent is told at once, and a summary lists."""
_PACKAGES = ("ml-intern-jlab", "smolagents", "jupyter_server", "ipykernel")


@dataclass(frozen=True)
class Settings:
    """What the administrator or the command line decides for all sessions of a process."""

    model: str = DEFAULT_MODEL
    base_url: str = ""
    limits: Limits = field(default_factory=Limits)
    day: DayLimits = field(default_factory=DayLimits)
    user_day: DayLimits = field(default_factory=DayLimits)
    bounds: Bounds = field(default_factory=Bounds)
    policy: Policy = field(default_factory=Policy)
    interactive: bool = True
    create_model: Callable[[str, str], Any] = create_model
    without: frozenset[str] = frozenset()
    """Parts of the agent's context that are left out, for measuring what they are worth."""


class Session:
    """One conversation with the agent about one notebook. Belongs to the event loop."""

    def __init__(self, info: SessionInfo, journal: Journal, host: Host, settings: Settings, day: Day) -> None:
        self.session_id = info.session_id
        self.path = info.path
        self.kernel_name = info.kernel_name
        self.run: Run | None = None
        self._journal = journal
        self._host = host
        self._settings = settings
        self._day = day
        self._kernel: Kernel | None = None
        self._process: tuple[Any, ...] = ()
        self._known = Knowledge()
        self._ledger = Ledger()
        self._working: asyncio.Task[None] | None = None
        self._starting = False
        self._rerunning = Rerunning(host.folder, self.emit)
        self._lease = Lease(
            self.session_id,
            self.path,
            host,
            lambda: journal.events(self.session_id),
            self.emit,
            self._warn,
        )
        self.own = OwnCells(
            self.emit,
            lambda: host.open_kernel(self.path, self.kernel_name),
            host.close_kernel,
            self._lease.flush,
        )

    @property
    def running(self) -> bool:
        """Whether a run works now."""
        return self._starting or (self.run is not None and not self.run.finished.is_set())

    def emit(self, event: Event) -> Event:
        """Journal an event, tell everybody, and hand it to the notebook's writer."""
        event = self._ledger.completed(event.model_copy(update={"session_id": self.session_id}))
        stored = self._journal.append(event)
        self._ledger.saw(stored)
        self._day.count(stored)
        self._lease.apply(stored)
        return stored

    async def handle(self, command: Command, by: str, where: str = "", user: str = "") -> None:
        """Carry out one command of the person `by`, whose username is `user`, and who sent it from `where`.

        Raises:
            InternError: it can't be done; the message says why.
        """
        match command:
            case StartRun():
                await self._start(command, by, user)
            case DecideCell():
                self._active().deciding.decide(command, by, where)
            case EditPlan():
                self._active().edit_plan(command, by)
            case SendMessage():
                self._tell(command.text, by)
            case SetMode():
                self._active().set_mode(command.mode, by)
            case SetModel():
                await self._set_model(command.model, by)
            case AllowClass():
                self._allow(command, by)
            case AnswerInput():
                self._active().answer_input(command, by)
            case StopRun():
                await self._stop(by)
            case InterruptCell():
                await self._active().interrupt_cell(command.cell_id)
            case ResumeRun():
                await self._resume(by)
            case TakeLease():
                await self._lease.take(command.tab_id, self._working_kernel)
            case UndoRun() | RedoRun():
                await self._undo(command, by)
            case ReviewNotebook():
                await self._review(by)
            case RerunNotebook():
                if self.running:
                    raise Refused("A run is working; wait until it has ended before you run the notebook again.")
                await self._rerunning.start(self._lease.writer or self._host.tab_writer(self.path), command, by)
            case StopRerun():
                self._rerunning.stop()
            case RunOwnCell():
                if self._lease.writer is None:
                    await self._open()
                await self.own.run(command)
            case DismissFinding(rule=rule, cell_id=cell_id, reason=reason):
                self.emit(FindingDismissed(rule=rule, cell_id=cell_id, reason=reason.strip(), by=by))
            case _ as unknown:
                assert_never(unknown)

    async def wait(self) -> None:
        """Return when no run works any more and the notebook is saved."""
        if self._working is not None:
            await self._working

    async def close(self) -> None:
        """Let the run pause where somebody can resume it, else stop it; save the notebook, let go of the kernel."""
        if self.run is not None and self.running:
            await (self.run.suspend(SHUT_DOWN) if self._settings.interactive else self.run.stop())
            await self.wait()
        await self._rerunning.close()
        await self.own.close()
        await self._lease.close()
        if self._kernel is not None:
            await self._host.close_kernel(self._kernel)
        self._kernel = None

    def _active(self) -> Run:
        if self.run is None or not self.running:
            raise Refused(
                "The run on this notebook is paused; resume it or end it first."
                if self._paused()
                else "No run is working on this notebook; start one first."
            )
        return self.run

    def _tell(self, text: str, by: str) -> None:
        if story := self._paused():  # the agent reads it when it is back
            self.emit(MessageSent(run_id=story.started.run_id, text=text, by=by))
        else:
            self._active().send_message(text, by)

    def _allow(self, command: AllowClass, by: str) -> None:
        if command.allowed and not self._settings.policy.allowable(command.risk):
            raise Refused(
                f"Cells that may {command.risk.value} always ask on this server; no notebook can change that."
            )
        allowed = self._journal.allowed_classes(self.path) - {command.risk}
        allowed |= {command.risk} if command.allowed else frozenset()
        told = self.emit(ClassesAllowed(allowed=[risk for risk in RiskClass if risk in allowed], by=by))
        for other in self._journal.sessions():
            if other.path == self.path and other.session_id != self.session_id:
                # Their panels show the same notebook.
                self._journal.publish(told.model_copy(update={"session_id": other.session_id, "seq": 0}))
        if self.run is not None and self.running:
            self.run.deciding.reconsider(by)

    # --- a run --------------------------------------------------------------------------------------------------------

    async def _start(self, command: StartRun, by: str, user: str) -> None:
        if self.running:
            raise Refused(f"A run already works on {self.path}. Stop it first, or wait until it has ended.")
        if self._paused():
            raise Refused(f"A run on {self.path} is paused. Resume it or end it first.")
        task = command.task.strip()
        self._settings.policy.check_mode(command.mode)
        self._settings.bounds.check_room(self._journal)
        if over := self._day.over_for(user):
            raise Refused(over)
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
            known = self._lease.kind != "file" or command.after in ids
            after = command.after if command.after and known else ids[-1] if ids else None
            max_steps = command.max_steps or self._settings.limits.max_steps
            note = Note(cell_id=new_id(), source=opening(task, model_name))
            started = RunStarted(
                run_id=new_id(),
                task=task,
                mode=command.mode,
                model=model_label(model_name),
                max_steps=max_steps,
                by=by,
                user=user,
                after=after,
                note=note,
                versions=_versions(),
            )
            self.run = self._run(started, kernel, model)
            self.emit(started)
            self._working = asyncio.get_running_loop().create_task(self._work(self.run, task))
        finally:
            self._starting = False

    def _run(self, started: RunStarted, kernel: Kernel, model: Any, story: Story | None = None, by: str = "") -> Run:
        past = story.past() if story else None
        return Run(
            run_id=started.run_id,
            emit=self.emit,
            kernel=(kernel, self._known, self._renew),
            intern=lambda desk: Intern(model, desk, self._host.folder(self.path), self._settings.without, past),
            policy=self._settings.policy,
            allowed=lambda: self._journal.allowed_classes(self.path),
            mode=story.mode if story else started.mode,
            limits=replace(self._settings.limits, max_steps=started.max_steps),
            day=Share(self._day, started.user),
            tail=started.note.cell_id if started.note else None,
            interactive=self._settings.interactive,
            edits=Edits(self._notebook),
            faults=self._faults,
            story=story,
            by=by,
        )

    # --- a run that was interrupted -------------------------------------------------------------------------------

    def interrupted(self, reason: str) -> None:
        """The run that the journal has as working lost its server; it waits to be resumed or ended."""
        story = last_story(self._journal.events(self.session_id))
        if story is not None and story.ended is None and story.paused is None:
            self.emit(RunPaused(run_id=story.started.run_id, reason=reason, resumable=True))

    async def bring_up(self) -> None:
        """Bring the notebook to the journal's state, where no tab does so.

        Raises:
            NotebookUnavailable: it can't be read or written.
        """
        await self._lease.bring_up()

    def _paused(self) -> Story | None:
        """The run that waits to be resumed and isn't in this process any more."""
        story = None if self.running else last_story(self._journal.events(self.session_id))
        return story if story is not None and story.ended is None else None

    async def _resume(self, by: str) -> None:
        if self.running:
            await self._active().resume(by)
            return
        story = self._paused()
        if story is None:
            raise Refused("No run was interrupted on this notebook; there is nothing to resume.")
        self._starting = True
        try:
            model = await self._model(model_name(story.model))
            kernel, _ = await self._open()
            self._ledger = Ledger()
            for event in self._journal.events(self.session_id):
                self._ledger.saw(event)
            self.run = self._run(story.started, kernel, model, story, by)
            self._working = asyncio.get_running_loop().create_task(self._work(self.run, story.started.task))
        finally:
            self._starting = False

    async def _stop(self, by: str) -> None:
        story = self._paused()
        if story is None:
            await self._active().stop()
            return
        self.emit(RunFinished(run_id=story.started.run_id, status="stopped", reason=f"The run was ended by {by}."))
        await self._lease.flush()

    async def _renew(self) -> tuple[Kernel, Knowledge]:
        kernel, _ = await self._open()
        return kernel, self._known

    async def _notebook(self) -> dict[str, Any]:
        """The notebook as it is now; one that can't be read for the moment counts as empty."""
        writer = self._lease.writer
        try:
            return await writer.notebook() if writer else {"cells": []}
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
            ended: RunFinished | RunPaused = await run.work(task)
        except JournalUnavailable as error:
            # Nothing can be stored any more; who listens hears at least why.
            ended = RunFinished(session_id=self.session_id, run_id=run.run_id, status="failed", reason=str(error))
            self._journal.publish(ended)
        try:
            await self._lease.flush()
        except NotebookUnavailable as error:
            how = ended.status if isinstance(ended, RunFinished) else "paused"
            lost = f"{error} The run {how}, and everything it did stands in the journal only."
            with contextlib.suppress(JournalUnavailable):  # both are full: the run's end has said so
                self._warn("notebook_unsaved", lost)

    async def _open(self) -> tuple[Kernel, Writer]:
        return await self._lease.open(self._open_kernel)

    async def _open_kernel(self) -> Kernel:
        if self._kernel is not None and (not self._kernel.alive or self._kernel.identity != self._process):
            self._known = Knowledge()
            if not self._kernel.alive:
                await self._host.close_kernel(self._kernel)
                self._kernel = None
        if self._kernel is None:
            self._kernel = await self._host.open_kernel(self.path, self.kernel_name)
            self._known = Knowledge()
        self._process = self._kernel.identity
        return self._kernel

    def rename(self, path: str) -> None:
        """The notebook lies at `path` from now on; a run goes on there."""
        self.path = path
        self._lease.rename(path)

    async def release_lease(self, tab_id: str) -> None:
        """The tab is gone: while a run or a cell of the person's works the server writes, bringing the file up to the
        journal first."""
        await self._lease.release(tab_id, self._working_kernel)

    async def rooms_changed(self) -> None:
        """Pages may have opened the notebook in a room, or left it; see `Lease.reconsider`."""
        await self._lease.reconsider(self._working_kernel)

    def _working_kernel(self) -> Kernel | None:
        if self.running:
            return self._kernel
        return self.own.kernel if self.own.busy else None

    def _warn(self, code: str, text: str) -> None:
        run_id = self.run.run_id if self.run else ""
        self.emit(WarningRaised(run_id=run_id, code=code, message=text))

    # --- after a run --------------------------------------------------------------------------------------------------

    async def _undo(self, command: UndoRun | RedoRun, by: str) -> None:
        """Take a run's cells out, or bring them back."""
        if self.running:
            raise Refused("A run is working; stop it before you undo.")
        _, writer = await self._open()
        notebook = await writer.notebook()
        events = self._journal.events(self.session_id)
        if isinstance(command, UndoRun):
            self.emit(undone(events, self.session_id, notebook, command, by))
        else:
            self.emit(redone(events, notebook, command, by))
        await writer.flush()

    async def changes(self, run_id: str) -> RunChanges:
        """What a run changed in the notebook as it is saved now; see `sessions/changes.py`."""
        writer = self._lease.writer or self._host.tab_writer(self.path)
        events = self._journal.events(self.session_id)
        return changes(events, self.session_id, run_id, self.path, await writer.notebook())

    async def _faults(self, run_id: str) -> list[str]:
        """What the rules call an error in a run's cells, which may be further than what a tab has saved."""
        writer = self._lease.writer
        if writer is None:
            return []
        document = Document(self.session_id)
        events = list(self._journal.events(self.session_id))
        try:
            saved = await writer.notebook()
        except NotebookUnavailable:
            return []  # the end of the run says that it can't be saved
        document.adopt(copy.deepcopy(saved), events[-1].seq)
        for event in events:
            document.apply(event)
        own = document.run_cells(run_id)
        try:
            found = await asyncio.to_thread(review, document.notebook, self._host.folder(self.path))
        except Exception as error:  # a fault of a rule must not cost the run
            self._warn("review_failed", f"The review of the run's cells failed by a fault of ours: {error!r}.")
            return []
        return [f"{each.message} {each.advice}" for each in found if each.severity == "error" and each.cell_id in own][
            :MOST_FAULTS
        ]

    async def _review(self, by: str) -> None:
        # Without a run there is no need of a kernel: nothing is executed.
        writer = self._lease.writer or self._host.tab_writer(self.path)
        notebook = await writer.notebook()
        findings = review(notebook, self._host.folder(self.path))
        for finding in findings:
            self.emit(FindingAdded(**finding.model_dump()))
        for dismissed in self._journal.dismissals(self.path):
            if dismissed.session_id != self.session_id:
                self.emit(FindingDismissed(**dismissed.model_dump(include={"rule", "cell_id", "reason", "by"})))
        standings = {origin.cell_id: origin.standing for origin in origins(notebook, server_key())}
        self.emit(ReviewFinished(findings=len(findings), by=by, standings=standings))


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
