"""One task at work: the agent's thread on one side, kernel, journal and person on the other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Any

from ..agent.executor import Draft, News, Outcome, RunStopped, Usage
from ..agent.intern import Conclusion, Intern
from ..agent.plan import activate, finish
from ..agent.streaming import LanguageModel
from ..errors import InternError, Refused
from ..notebook.kernel import Kernel
from ..notebook.outputs import observation_text
from ..protocol import (
    AnswerInput,
    ArtifactAdded,
    CellDecided,
    CellProposed,
    Deliverable,
    EditPlan,
    Event,
    FilesListed,
    InputAnswered,
    InputRequested,
    MessageSent,
    Mode,
    ModeChanged,
    ModelChanged,
    ModelProgress,
    Note,
    PlanChanged,
    PlanItem,
    RiskClass,
    RunFinished,
    RunPaused,
    StepFinished,
    TextDelta,
    WarningRaised,
    new_id,
)
from ..redaction import Pieces, safe_logger, secrets_in
from .budget import Budget, Limits
from .day import Share
from .deciding import Deciding
from .desk import Desk
from .edits import Edits
from .ledger import environment
from .measuring import Measuring
from .outcome import outcome_of, rejection
from .policy import Knowledge, Policy
from .proposing import heading_of, proposal, secret_words
from .run_kernel import Renew, RunKernel
from .story import Story
from .strangers import quiet
from .wording import summary

log = safe_logger(__name__)

MAX_OUTPUT_TEXT = 200_000
"""Characters of a run's printed output that are kept for checking claims."""


class Run:
    """One task from `run_started` to `run_finished`. Everything here belongs to the event loop.

    Args:
        run_id: names it in every event.
        emit: journals an event and tells everybody.
        kernel: where cells run, with what is known of it, and how another is had where it is gone.
        intern: builds the agent for a workbench.
        policy: which risk asks in which mode.
        allowed: the classes that the person allows in this notebook.
        mode: how much runs without asking.
        limits: at which the run pauses, or ends as failed where nobody is there.
        day: what is left of the day, to all runs and to the person who began this one.
        tail: the cell after which the first proposal goes.
        interactive: whether somebody is there for `input()`, for decisions, and to resume a run that lost its kernel.
        edits: what the person changes in cells that ran.
        faults: what the review calls an error in the cells of the run that it is given.
        story: where a run that was interrupted stood, which `by` resumes.
    """

    def __init__(
        self,
        run_id: str,
        emit: Callable[[Event], Event],
        kernel: tuple[Kernel, Knowledge, Renew],
        intern: Callable[[Desk], Intern],
        policy: Policy,
        allowed: Callable[[], Collection[RiskClass]],
        mode: Mode,
        limits: Limits,
        day: Share,
        tail: str | None,
        interactive: bool,
        edits: Edits,
        faults: Callable[[str], Awaitable[list[str]]],
        story: Story | None = None,
        by: str = "",
    ) -> None:
        self.run_id = run_id
        self.items: list[PlanItem] = []
        self.deliverables: list[Deliverable] = []
        self.finished = asyncio.Event()
        self._emit_event = emit
        self._kernel = RunKernel(
            run_id, *kernel, self._emit, self._ask if interactive else None, self._fail, limits.cell_seconds
        )
        self._intern = intern
        self._agent: Intern | None = None
        self.deciding = Deciding(policy, allowed, mode, lambda source: self._kernel.known.classify(source), interactive)
        self._limits = limits
        self._budget = Budget(limits, timed=interactive, day=day)
        self._tail = tail
        self._interactive = interactive
        self._faults = faults
        self.edits = edits
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Conclusion] = self._loop.create_future()
        # A run that its time limit ended never looks at how the thread ended.
        self._ended.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        self._stopping = False
        self._failure = ""
        self._input: asyncio.Future[str] | None = None
        self._input_cell = ""
        self._resumed: asyncio.Future[None] | None = None
        self._suspended = ""
        self._messages: list[str] = []
        self._printed = ""
        self._headed = ""
        self._failed_cell = ""
        self._writing, self._writing_step = Pieces(), 0
        self._story, self._by = story, by
        if story is not None:
            self._recall(story)

    # --- from start to end ----------------------------------------------------------------------------------------

    async def work(self, task: str) -> RunFinished | RunPaused:
        """Run the agent in a thread until it ends, is stopped or its time is up; returns the last event."""
        threading.Thread(target=self._think, args=(task,), name=f"ml-intern-{self.run_id}", daemon=True).start()
        try:
            seconds = None if self._interactive else self._limits.seconds
            conclusion = await asyncio.wait_for(asyncio.shield(self._ended), seconds)
        except asyncio.TimeoutError:
            self._failure = (
                f"The time limit of {self._limits.seconds:g} s was reached before the task was done. Run it again with "
                "more time, or with a smaller task."
            )
            await self.stop()
            conclusion = Conclusion("failed", "", self._failure)
        except RunStopped:
            conclusion = None
        if conclusion is None or conclusion.status == "failed":
            return self._finish(conclusion)
        return self._finish(conclusion, await environment(self.inspect), await self.faults())

    def _finish(
        self, conclusion: Conclusion | None, versions: dict[str, str] | None = None, faults: list[str] | None = None
    ) -> RunFinished | RunPaused:
        ended: RunFinished | RunPaused
        if conclusion is None and not self._failure and self._suspended:
            ended = RunPaused(reason=self._suspended, resumable=True)
        elif conclusion is None and not self._failure:
            ended = RunFinished(status="stopped", reason="The run was stopped.")
        elif conclusion is None or conclusion.status == "failed":
            reason = self._failure or (conclusion.reason if conclusion else "")
            note = Note(cell_id=new_id(), source=f"## Not finished\n\n{reason}")
            ended = RunFinished(status="failed", reason=reason, note=note)
        else:
            self._plan(finish(self.items), self.deliverables, "agent")
            note = Note(cell_id=new_id(), source=summary(conclusion.answer, self.deliverables, faults or []))
            ended = RunFinished(status="finished", answer=conclusion.answer, note=note, environment=versions or {})
        self.finished.set()
        event = self._emit(ended)
        assert isinstance(event, (RunFinished, RunPaused))
        return event

    def _think(self, task: str) -> None:
        """The agent's thread."""
        result: Conclusion | BaseException
        try:
            self._agent = self._intern(Desk(self, self._loop))
            self._listen(self._agent.model)
            result = self._agent.work(task)
        except RunStopped as stopped:
            result = stopped
        except InternError as error:
            result = Conclusion("failed", "", str(error))
        except Exception as error:
            log.exception("Run %s failed by a fault of ours.", self.run_id)
            result = Conclusion(
                "failed", "", f"A fault in ml-intern itself ended the run: {error!r}. Its log has more."
            )
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, result)

    def _settle(self, result: Conclusion | BaseException) -> None:
        if self._ended.done():
            return
        if isinstance(result, BaseException):
            self._ended.set_exception(result)
        else:
            self._ended.set_result(result)

    async def stop(self) -> None:
        """End the run: pending decisions and inputs fall, the kernel is interrupted. Returns within about 2 s."""
        if self._stopping:
            return
        self._stopping = True
        if self._agent is not None and isinstance(self._agent.model, LanguageModel):
            self._agent.model.abort()
        self.deciding.stop(RunStopped())
        for waiting in (self._input, self._resumed):
            if waiting is not None and not waiting.done():
                waiting.set_exception(RunStopped())
        await self._kernel.stop()
        # The cell's last event comes before the run's.
        await self._kernel.idle.wait()
        self._settle(RunStopped())

    async def suspend(self, reason: str) -> None:
        """Stop in such a way that the run can be resumed; `reason` is told."""
        self._suspended = reason
        await self.stop()

    # --- commands -------------------------------------------------------------------------------------------------

    def edit_plan(self, command: EditPlan, by: str) -> None:
        """Replace the plan by the person's; the agent sees it at its next step."""
        waived = set(command.waived)
        deliverables = [
            each.model_copy(update={"status": "waived"}) if each.deliverable_id in waived else each
            for each in self.deliverables
        ]
        self._plan(command.items, deliverables, by)

    def send_message(self, text: str, by: str) -> None:
        """Tell the agent something at its next step; a run that has paused goes on."""
        self._emit(MessageSent(text=text, by=by))
        self._messages.append(text)
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    def set_mode(self, mode: Mode, by: str) -> None:
        """Change the mode. A pending proposal that needn't ask any more is approved.

        Raises:
            Refused: the administrator has locked that mode.
        """
        self.deciding.set_mode(mode)
        self._emit(ModeChanged(mode=mode, by=by))
        self.deciding.reconsider(by)

    def set_model(self, model: Any, label: str, by: str) -> None:
        """Let another model write from the next step on.

        Raises:
            Refused: the agent isn't there yet.
        """
        if self._agent is None:
            raise Refused("The run is only just starting; choose the model again in a moment.")
        self._listen(model)
        self._agent.model = model
        self._emit(ModelChanged(model=label, by=by))

    async def resume(self, by: str) -> None:
        """Go on in another kernel, where the run's own is gone.

        Raises:
            Refused: the run doesn't wait for that.
            KernelUnavailable: no kernel can be had.
        """
        await self._kernel.resume(by)

    def answer_input(self, command: AnswerInput, by: str) -> None:
        """Give a running cell the line that its `input()` waits for.

        Raises:
            Refused: that cell doesn't ask.
        """
        if self._input is None or self._input.done() or command.cell_id != self._input_cell:
            raise Refused("That cell isn't waiting for input.")
        self._emit(InputAnswered(cell_id=command.cell_id, by=by))
        self._input.set_result(command.text)

    # --- what the agent asks for, called through the desk ------------------------------------------------------------

    async def propose(self, draft: Draft) -> Outcome:
        """Propose a cell, wait for the decision, run it. A source that holds a secret isn't even proposed."""
        if lines := secrets_in(draft.source):
            return Outcome("rejected", draft.source, f"The cell was neither shown nor run: {secret_words(lines)}")
        await self._kernel.locate()
        headed = self._headed
        if draft.item:
            self._plan(activate(self.items, draft.item.item_id), self.deliverables, "agent")
        cell = self._proposal(draft)
        self._emit(cell)
        return await self._carry_out(cell, headed)

    async def _carry_out(self, cell: CellProposed, headed: str, decided: CellDecided | None = None) -> Outcome:
        """Take a proposed cell to its end; `headed` is the item that has its heading where this cell is rejected."""
        if decided is None:
            decided = await self.deciding.decision(cell)
            self._emit(decided)
        if decided.decision == "reject":
            self._headed = headed
            return rejection(decided)
        if decided.where != "policy":
            self.deciding.strangers.approved(cell)
        self._tail = cell.cell_id
        return await self._execute(cell, decided)

    def _proposal(self, draft: Draft) -> CellProposed:
        reasons = self.deciding.reasons(draft.source)
        # A repair stands under its failed cell's heading.
        begins = draft.item is not None and draft.item.item_id != self._headed and not self._failed_cell
        heading = heading_of(draft.item, self.items) if draft.item and begins else ""
        if draft.item and begins:
            self._headed = draft.item.item_id
        cell = proposal(
            draft,
            after=self._tail,
            reasons=reasons,
            asks=self.deciding.asks(reasons),
            heading=heading,
            replaces=self._failed_cell,
        )
        return cell.model_copy(update={"may_allow": self.deciding.may_allow(reasons)})

    async def _execute(self, cell: CellProposed, decided: CellDecided) -> Outcome:
        measuring = Measuring(cell.cell_id, self._emit)
        finished, area = await self._kernel.run(cell, decided, measuring.message)
        self._failed_cell = cell.cell_id if finished.status == "failed" else ""
        self.edits.ran(cell.cell_id, cell.source, decided.source)
        outcome = outcome_of(decided, finished, area.outputs)
        self.deciding.strangers.heard(outcome.text, pictures=bool(outcome.images))
        self._measure(cell, measuring, area.outputs)
        return replace(outcome, metrics=tuple(measuring.found))

    async def interrupt_cell(self, cell_id: str) -> None:
        """Interrupt the running cell; the model is told, and goes on.

        Raises:
            Refused: that cell doesn't run, or ignores the interrupt.
        """
        if self._tail != cell_id:
            raise Refused("That cell isn't running any more.")
        await self._kernel.interrupt()

    def _fail(self, reason: str) -> None:
        """End the run as failed because of something outside the agent."""
        if not self._failure:
            self._failure = reason
            self._loop.create_task(self.stop())

    def _measure(self, cell: CellProposed, measuring: Measuring, outputs: list[dict[str, Any]]) -> None:
        """Tell the metrics that a cell printed; its last one becomes its plan item's result."""
        self._printed = (self._printed + "\n" + measuring.finish(outputs, MAX_OUTPUT_TEXT))[-MAX_OUTPUT_TEXT:]
        metric = measuring.last
        if metric and cell.plan_item:
            result = f"{metric.name.replace('_', ' ')} {metric.value:.4g}"[:200]
            items = [
                item.model_copy(update={"result": result}) if item.item_id == cell.plan_item else item
                for item in self.items
            ]
            self._plan(items, self.deliverables, "agent")

    async def _ask(self, cell_id: str, prompt: str, password: bool) -> str:
        self._input, self._input_cell = self._loop.create_future(), cell_id
        self._emit(InputRequested(cell_id=cell_id, prompt=prompt, password=password))
        return await self._input

    async def inspect(self, source: str) -> str:
        """Run a snippet of ours for the model silently and return what it printed, errors as text."""
        printed = await self._kernel.inspect(source)
        self.deciding.strangers.glimpsed(printed)
        return printed

    async def listed(self, listing: str) -> None:
        """Keep the files that the agent saw; from now on the kernel knows the run."""
        self._emit(FilesListed(listing=listing))
        await self._kernel.begin()

    async def catch_up(self) -> Outcome | None:
        """Bring the kernel to where the interrupted run left it, and finish the cell that was open then."""
        assert self._story is not None
        await self._kernel.take_up(self._by)
        last = self._story.cells[-1] if self._story.cells else None
        if last is None or last.rejected:
            return None
        if not last.settled:
            headed = self._story.heading(self._story.cells[:-1])
            return await self._carry_out(last.proposal, headed, last.decision)
        if not last.metrics:
            self._measure(last.proposal, Measuring(last.proposal.cell_id, self._emit), last.area.outputs)
        return None

    def _recall(self, story: Story) -> None:
        """Stand where the interrupted run stood."""
        self.items, self.deliverables = story.items, story.deliverables
        self._headed = story.heading(story.cells)
        for each in story.steps:
            self._budget.used(each.step, each.input_tokens + each.output_tokens, each.cost)
        for cell in story.cells:
            decided, finished = cell.decision, cell.finished
            if decided is None or finished is None:
                continue
            self._tail = cell.proposal.cell_id
            self._failed_cell = cell.proposal.cell_id if finished.status == "failed" else ""
            text = observation_text(cell.area.outputs, limit=MAX_OUTPUT_TEXT)
            self.deciding.strangers.heard(text)
            self._printed = (self._printed + "\n" + text)[-MAX_OUTPUT_TEXT:]
            self.edits.ran(cell.proposal.cell_id, cell.proposal.source, decided.source)
            if finished.status == "done":
                self._kernel.ran.append((cell.proposal, decided))

    async def faults(self) -> list[str]:
        """What the review rules call an error in the cells of this run, a sentence each."""
        return await self._faults(self.run_id)

    async def news(self) -> News:
        """What the agent hasn't seen yet."""
        messages, self._messages = self._messages, []
        return News(messages, self.items, self.deliverables, self._budget.left, self._budget.over)

    async def ask_person(self, reason: str) -> list[str] | None:
        """Pause until the person says something; None where nobody is there to ask."""
        if not self._interactive:
            return None
        if not self._messages:  # else they have spoken already
            self._resumed = self._loop.create_future()
            self._emit(RunPaused(reason=f"{reason} Send a message to go on, or stop the run."))
            try:
                await self._resumed
            finally:
                self._resumed = None
        self._budget.extend()
        messages, self._messages = self._messages, []
        return messages

    async def set_plan(self, items: list[PlanItem], deliverables: list[Deliverable]) -> None:
        """Replace plan and deliverables by the agent's; a file that passed its check is an artifact."""
        passed = {each.deliverable_id for each in self.deliverables if each.status == "passed"}
        self._plan(items, deliverables, "agent")
        for each in deliverables:
            if each.kind == "file" and each.status == "passed" and each.deliverable_id not in passed:
                self._emit(ArtifactAdded(path=each.path, size=each.size))

    async def printed(self) -> str:
        """The text that the run's cells printed."""
        return self._printed

    async def step_finished(self, step: int, usage: Usage) -> None:
        """Account for one turn of the model."""
        self._emit(
            StepFinished(
                step=step,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cost=usage.cost,
                seconds=usage.seconds,
                first_token_seconds=usage.first_token,
                tokens_per_second=usage.tokens_per_second,
                prompt_hash=usage.prompt_hash,
            )
        )
        self._budget.used(step, usage.input_tokens + usage.output_tokens, usage.cost)
        for warning in self._budget.warnings():
            self._warn("budget", warning)

    async def text_delta(self, step: int, text: str) -> None:
        """Tell everybody what the model is writing."""
        if step != self._writing_step:
            self._writing, self._writing_step = Pieces(), step
        if shown := self._writing.add(text):
            self._emit(TextDelta(step=step, text=shown))

    # --- small things -------------------------------------------------------------------------------------------------

    @property
    def stopping(self) -> bool:
        """Whether the run was stopped: the agent's thread must end."""
        return self._stopping or self.finished.is_set()

    def _plan(self, items: list[PlanItem], deliverables: list[Deliverable], by: str) -> None:
        if (items, deliverables) != (self.items, self.deliverables):
            self.items, self.deliverables = items, deliverables
            self._emit(PlanChanged(items=items, deliverables=deliverables, by=by))

    def _emit(self, event: Event) -> Event:
        return self._emit_event(quiet(event.model_copy(update={"run_id": self.run_id})))

    def _listen(self, model: Any) -> None:
        """Tell everybody what a model does before it can write."""
        if isinstance(model, LanguageModel):
            model.on_progress = self._model_progress

    def _model_progress(self, text: str, done: float | None) -> None:
        """Called in whichever thread the model works."""
        if not self._loop.is_closed() and not self.stopping:
            self._loop.call_soon_threadsafe(self._emit, ModelProgress(text=text, done=done))

    def _warn(self, code: str, text: str) -> None:
        self._emit(WarningRaised(code=code, message=text))
