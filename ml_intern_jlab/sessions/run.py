"""One task at work: the agent's thread on one side, kernel, journal and person on the other."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from ..agent.executor import Draft, News, Outcome, RunStopped, Usage
from ..agent.intern import Conclusion, Intern
from ..agent.plan import activate, finish
from ..agent.streaming import LanguageModel
from ..errors import InternError, JournalUnavailable, Refused, StaleDecision
from ..notebook.kernel import Execution, Kernel
from ..notebook.outputs import OutputArea, observation_text
from ..protocol import (
    AnswerInput,
    ArtifactAdded,
    CellDecided,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    DecideCell,
    Deliverable,
    EditPlan,
    Event,
    InputAnswered,
    InputRequested,
    IOPubMessage,
    MessageSent,
    MetricLogged,
    Mode,
    ModeChanged,
    ModelChanged,
    ModelProgress,
    Note,
    PlanChanged,
    PlanItem,
    Reason,
    RiskClass,
    RunFinished,
    RunPaused,
    StepFinished,
    TextDelta,
    WarningRaised,
    new_id,
    source_hash,
)
from ..redaction import secrets_in
from .budget import Budget, Limits
from .desk import Desk
from .measuring import Measuring
from .policy import SENDING, Action, Knowledge, Policy, risk_of

log = logging.getLogger(__name__)

STOP_SECONDS = 2.0
"""How long a stop waits for the running cell before it says that it could not end it."""
MAX_OUTPUT_TEXT = 200_000
"""Characters of a run's printed output that are kept for checking claims."""


STRANGERS_WORDS = Reason(
    risk=RiskClass.network,
    line=1,
    text="comes right after output that the model has read and that a stranger may have written, so it always asks",
)
"""Why a cell asks that sends something out or spends, where a person had allowed that."""


class Run:
    """One task from `run_started` to `run_finished`. Everything here belongs to the event loop.

    Args:
        run_id: names it in every event.
        emit: journals an event and tells everybody.
        kernel: where cells run.
        intern: builds the agent for a workbench.
        policy: which risk asks in which mode.
        known: what the cells that ran in the kernel left behind.
        allowed: the classes that the person allows in this notebook.
        mode: how much runs without asking.
        limits: at which the run pauses, or ends as failed where nobody is there.
        tail: the cell after which the first proposal goes.
        interactive: whether somebody may answer `input()` and wait for decisions.
    """

    def __init__(
        self,
        run_id: str,
        emit: Callable[[Event], Event],
        kernel: Kernel,
        intern: Callable[[Desk], Intern],
        policy: Policy,
        known: Knowledge,
        allowed: Callable[[], Collection[RiskClass]],
        mode: Mode,
        limits: Limits,
        tail: str | None,
        interactive: bool,
    ) -> None:
        self.run_id = run_id
        self.items: list[PlanItem] = []
        self.deliverables: list[Deliverable] = []
        self.finished = asyncio.Event()
        self._emit_event = emit
        self._kernel = kernel
        self._intern = intern
        self._agent: Intern | None = None
        self._policy = policy
        self._known = known
        self._allowed = allowed
        self._fresh_output = False
        self._mode = mode
        self._limits = limits
        self._budget = Budget(limits, timed=interactive)
        self._tail = tail
        self._interactive = interactive
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Conclusion] = self._loop.create_future()
        # A run that its time limit ended never looks at how the thread ended.
        self._ended.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        self._stopping = False
        self._failure = ""
        self._pending: CellProposed | None = None
        self._decision: asyncio.Future[CellDecided] | None = None
        self._input: asyncio.Future[str] | None = None
        self._input_cell = ""
        self._resumed: asyncio.Future[None] | None = None
        self._executing: asyncio.Task[Execution] | None = None
        self._no_cell = asyncio.Event()
        self._no_cell.set()
        self._messages: list[str] = []
        self._printed = ""
        self._headed = ""
        self._failed_cell = ""

    # --- from start to end ----------------------------------------------------------------------------------------

    async def work(self, task: str) -> RunFinished:
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
        return self._finish(conclusion)

    def _finish(self, conclusion: Conclusion | None) -> RunFinished:
        if conclusion is None and not self._failure:
            ended = RunFinished(status="stopped", reason="The run was stopped.")
        elif conclusion is None or conclusion.status == "failed":
            reason = self._failure or (conclusion.reason if conclusion else "")
            note = Note(cell_id=new_id(), source=f"## Not finished\n\n{reason}")
            ended = RunFinished(status="failed", reason=reason, note=note)
        else:
            self._plan(finish(self.items), self.deliverables, "agent")
            note = Note(cell_id=new_id(), source=self._summary(conclusion.answer))
            ended = RunFinished(status="finished", answer=conclusion.answer, note=note)
        self.finished.set()
        event = self._emit(ended)
        assert isinstance(event, RunFinished)
        return event

    def _summary(self, answer: str) -> str:
        lines = ["## Summary", "", answer.strip()]
        if self.deliverables:
            marks = {"passed": "✓", "waived": "–"}
            checks = [f"- {marks.get(each.status, '✗')} {each.description}" for each in self.deliverables]
            lines += ["", "Checked in the kernel:", "", *checks]
        return "\n".join(lines)

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
        for waiting in (self._decision, self._input, self._resumed):
            if waiting is not None and not waiting.done():
                waiting.set_exception(RunStopped())
        executing = self._executing
        if executing is not None and not executing.done():
            await self._kernel.interrupt()
            await asyncio.wait([executing], timeout=STOP_SECONDS / 2)
            if not executing.done():
                self._warn(
                    "cell_still_running",
                    "The running cell ignores the interrupt; restart the kernel to end it. The run itself has ended.",
                )
                executing.cancel()
        # The cell's last event comes before the run's.
        await self._no_cell.wait()
        self._settle(RunStopped())

    # --- commands -------------------------------------------------------------------------------------------------

    def decide(self, command: DecideCell, by: str, where: str = "") -> None:
        """Take a person's decision.

        Raises:
            StaleDecision: the cell doesn't wait, or isn't what the person saw.
            Refused: the person's edit holds a secret, or is of a class that the administrator's policy refuses.
        """
        pending, decision = self._pending, self._decision
        if pending is None or decision is None or decision.done() or pending.cell_id != command.cell_id:
            raise StaleDecision("That cell isn't waiting for a decision any more; nothing was run.")
        if command.hash != pending.hash:
            raise StaleDecision("The cell has changed since you saw it; look at it again and decide anew.")
        source = pending.source if command.source is None else command.source
        edited = command.decision == "approve" and source != pending.source
        if source != pending.source and (lines := secrets_in(source)):
            raise Refused(f"Your edit was not taken: {_secret_words(lines)}")
        if edited and (refusal := self._policy.refusal(self._mode, self._known.classify(source))):
            raise Refused(refusal)
        decision.set_result(
            CellDecided(
                cell_id=pending.cell_id,
                decision=command.decision,
                source=source,
                hash=source_hash(source),
                edited=source != pending.source,
                by=by,
                where=where,
                feedback=command.feedback,
            )
        )

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
        self._policy.check_mode(mode)
        self._mode = mode
        self._emit(ModeChanged(mode=mode, by=by))
        self.reconsider(by)

    def reconsider(self, by: str) -> None:
        """Approve or refuse a pending proposal that needn't wait any more, after `by` changed what asks."""
        waiting = self._pending if self._decision and not self._decision.done() else None
        if waiting and self._decision and (settled := self._settled(waiting, by)):
            self._decision.set_result(settled)

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
            return Outcome("rejected", draft.source, f"The cell was neither shown nor run: {_secret_words(lines)}")
        headed = self._headed
        if draft.item:
            self._plan(activate(self.items, draft.item.item_id), self.deliverables, "agent")
        if not self._known.folder:
            self._known.folder = (await self.inspect("print(__import__('os').getcwd())")).strip()
        cell = self._proposal(draft)
        self._emit(cell)
        decided = self._settled(cell, "policy") or await self._decided(cell)
        self._emit(decided)
        if decided.decision == "reject":
            self._headed = headed
            return Outcome("rejected", decided.source, decided.feedback)
        self._tail = cell.cell_id
        self._no_cell.clear()
        try:
            return await self._execute(cell, decided)
        finally:
            self._no_cell.set()

    def _proposal(self, draft: Draft) -> CellProposed:
        reasons = self._known.classify(draft.source)
        if self._fresh_output:
            reasons += [
                STRANGERS_WORDS.model_copy(update={"risk": risk}) for risk in risk_of(reasons) if risk in SENDING
            ]
        parts = [draft.thought] if draft.thought else []
        if draft.item and draft.item.item_id != self._headed and not self._failed_cell:
            number = [item.item_id for item in self.items].index(draft.item.item_id) + 1
            parts.insert(0, f"## {number}. {draft.item.title}")
            self._headed = draft.item.item_id
        return CellProposed(
            step=draft.step,
            cell_id=new_id(),
            after=self._tail,
            source=draft.source,
            hash=source_hash(draft.source),
            title=_title(draft),
            risk=sorted({reason.risk for reason in reasons}) or [RiskClass.compute],
            reasons=reasons,
            asks=self._action(reasons) == "ask",
            plan_item=draft.item.item_id if draft.item else "",
            note=Note(cell_id=new_id(), source="\n\n".join(parts)) if parts else None,
            replaces=self._failed_cell,
        )

    def _action(self, reasons: list[Reason]) -> Action:
        return self._policy.action(self._mode, reasons, self._allowed(), self._fresh_output)

    def _settled(self, cell: CellProposed, by: str) -> CellDecided | None:
        """The decision that the policy takes on a cell, where it needs no person; `by` set the policy's terms."""
        action = self._action(cell.reasons)
        if action == "run":
            return self._approved(cell, by)
        if action == "refuse":
            return self._rejected(cell, self._policy.refusal(self._mode, cell.reasons))
        return None

    def _approved(self, cell: CellProposed, by: str) -> CellDecided:
        return CellDecided(
            cell_id=cell.cell_id, decision="approve", source=cell.source, hash=cell.hash, by=by, where="policy"
        )

    def _rejected(self, cell: CellProposed, feedback: str) -> CellDecided:
        return self._approved(cell, "policy").model_copy(update={"decision": "reject", "feedback": feedback})

    async def _decided(self, cell: CellProposed) -> CellDecided:
        if not self._interactive:
            reasons = " ".join(f"Line {reason.line} {reason.text}." for reason in cell.reasons)
            feedback = f"Nobody is there to approve this cell. {reasons} Find a way without that."
            return self._rejected(cell, feedback)
        self._pending, self._decision = cell, self._loop.create_future()
        try:
            return await self._decision
        finally:
            self._pending = self._decision = None

    async def _execute(self, cell: CellProposed, decided: CellDecided) -> Outcome:
        area, measuring = OutputArea(), Measuring(cell.cell_id, self._emit)

        def on_message(message: IOPubMessage) -> None:
            area.add(message)
            try:
                self._emit(CellOutput(cell_id=cell.cell_id, message=message))
                measuring.message(message)
            except JournalUnavailable as error:
                self._fail(str(error))

        async def on_input(prompt: str, password: bool) -> str:
            return await self._ask(cell.cell_id, prompt, password)

        self._emit(CellStarted(cell_id=cell.cell_id, hash=decided.hash))
        self._executing = self._loop.create_task(
            self._kernel.execute(
                decided.source, on_message=on_message, on_input=on_input if self._interactive else None
            )
        )
        started = time.monotonic()
        try:
            ended = await self._executing
        except asyncio.CancelledError:
            ended = Execution("stopped", None, time.monotonic() - started, None, "The cell ignored the interrupt.")
        finally:
            self._executing = None
        status = ended.status if ended.status in ("done", "stopped") else "failed"
        finished = CellFinished(
            cell_id=cell.cell_id,
            status=status,
            execution_count=ended.execution_count,
            seconds=ended.seconds,
            error=ended.error,
            reason=ended.reason,
        )
        self._emit(finished)
        self._failed_cell = cell.cell_id if status == "failed" else ""
        if ended.status in ("died", "restarted"):
            self._fail(f"{ended.reason} The run can't go on without what the kernel held; start it again.")
        self._known.learn(decided.source, completed=status == "done")
        if self._stopping:
            raise RunStopped
        text = observation_text(area.outputs)
        self._fresh_output = bool(text.strip())
        self._printed = (self._printed + "\n" + measuring.finish(area.outputs, MAX_OUTPUT_TEXT))[-MAX_OUTPUT_TEXT:]
        self._show_result(cell, measuring.last)
        return Outcome(
            status,
            decided.source,
            "\n".join(filter(None, [text, ended.reason])),
            ended.seconds,
            decided.edited,
            _result(area.outputs),
            ended.error,
            _images(area.outputs),
        )

    def _fail(self, reason: str) -> None:
        """End the run as failed because of something outside the agent."""
        if not self._failure:
            self._failure = reason
            self._loop.create_task(self.stop())

    def _show_result(self, cell: CellProposed, metric: MetricLogged | None) -> None:
        """The last metric of a cell becomes its plan item's result."""
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
        """Run a snippet of ours silently and return what it printed, errors as text."""
        area = OutputArea()
        await self._kernel.execute(source, on_message=area.add, silent=True, timeout=60)
        return observation_text(area.outputs, limit=20_000)

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
            )
        )
        self._budget.used(step, usage.input_tokens + usage.output_tokens, usage.cost)
        for warning in self._budget.warnings():
            self._warn("budget", warning)

    async def text_delta(self, step: int, text: str) -> None:
        """Tell everybody what the model is writing."""
        self._emit(TextDelta(step=step, text=text))

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
        return self._emit_event(event.model_copy(update={"run_id": self.run_id}))

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


def _title(draft: Draft) -> str:
    """A line for lists: the cell's opening comment, else its plan item, else its first line."""
    first = next((line.strip() for line in draft.source.splitlines() if line.strip()), "")
    if first.startswith("#"):
        return first.lstrip("# ").rstrip(".")[:100]
    return (draft.item.title if draft.item else first)[:100]


def _secret_words(lines: list[int]) -> str:
    where = f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"
    return (
        f"{where} holds what looks like a secret, and a cell is kept word for word in journal and notebook. Read it "
        "from an environment variable (os.environ) or with getpass.getpass() instead."
    )


def _result(outputs: list[dict[str, Any]]) -> str | None:
    results = [each for each in outputs if each["output_type"] == "execute_result"]
    text = results[-1]["data"].get("text/plain") if results else None
    return "".join(text) if text is not None else None


def _images(outputs: list[dict[str, Any]]) -> tuple[str, ...]:
    """The figures among a cell's outputs, PNG in base64."""
    found = (each["data"].get("image/png") for each in outputs if "data" in each)
    return tuple(data if isinstance(data, str) else "".join(data) for data in found if data)
