"""The agent: smolagents' CodeAgent, where one step is at most one cell."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal

from rich.console import Console
from smolagents import CodeAgent
from smolagents.agents import ActionOutput
from smolagents.memory import ActionStep
from smolagents.models import ChatMessage, MessageRole, Model, agglomerate_stream_deltas
from smolagents.monitoring import AgentLogger, LogLevel

from ..errors import ModelUnavailable
from ..recipes.grounding import ground, listed_tables
from ..recipes.task import read_task
from .context import LOOK_AT_FILES, fenced, message, read_turn, result_text, state_text, system_prompt, task_text
from .deliverables import check_code, derive_deliverables, verdicts
from .executor import GaveUp, NotebookExecutor, Workbench, split_final
from .guards import Guards
from .models import is_transient, readable
from .plan import item_named, parse_plan

MAX_FAILED_CHECKS = 2
"""How often an agent may come back from a failed check of its deliverables before the run ends as failed."""
RETRY_SECONDS = (1.0, 4.0, 10.0)
"""Waits before a failed request to the model is made again."""


@dataclass(frozen=True)
class Conclusion:
    """How the agent's work ended; `reason` explains a failure."""

    status: Literal["finished", "failed"]
    answer: str
    reason: str = ""


class Intern(CodeAgent):  # type: ignore[misc]  # smolagents has no type information
    """Works on one task at a `Workbench`. `work` blocks until the end: call it from a thread of its own."""

    def __init__(self, model: Model, workbench: Workbench, max_steps: int) -> None:
        self._workbench = workbench
        self._guards = Guards()
        self._failed_checks = 0
        self._plan_reply = ""
        self._opening = ""
        quiet = AgentLogger(level=LogLevel.OFF, console=Console(file=StringIO()))
        super().__init__(
            tools=[],
            model=model,
            executor=NotebookExecutor(workbench),
            code_block_tags="markdown",
            max_steps=max_steps,
            logger=quiet,
        )

    def initialize_system_prompt(self) -> str:
        """The slim prompt instead of smolagents' own."""
        return system_prompt()

    def work(self, task: str) -> Conclusion:
        """Plan, then one cell after another until the deliverables are there, the agent gives up or steps run out.

        Raises:
            RunStopped: the run was stopped.
        """
        try:
            listing = self._workbench.inspect(LOOK_AT_FILES)
            self._opening = task_text(task, listing)
            started = [message(MessageRole.SYSTEM, self.system_prompt), message(MessageRole.USER, self._opening)]
            self._plan_reply = self._write(started, step=0)
            deliverables = derive_deliverables(task, ground(read_task(task), listed_tables(listing)))
            self._workbench.set_plan(parse_plan(self._plan_reply, task), deliverables)
            answer = ""
            for output in self.run(task, stream=True):
                if isinstance(output, ActionOutput) and output.is_final_answer:
                    answer = str(output.output)
            return Conclusion("finished", answer)
        except GaveUp as ended:
            return Conclusion("failed", "", str(ended.args[0]))
        except ModelUnavailable as error:
            return Conclusion("failed", "", str(error))

    def _step_stream(self, memory_step: ActionStep) -> Generator[ActionOutput, None, None]:
        news = self._workbench.news()
        self._hear(news.messages)
        state = state_text(news.items, news.deliverables)
        text = self._write(self._messages(state), memory_step.step_number)
        memory_step.model_output = text
        turn = read_turn(text)
        code, call, _ = split_final(turn.code or "")
        nudge = self._guards.objection(None if turn.code is None else code, final=bool(call == "final_answer"))
        if self._guards.exhausted:
            raise GaveUp("The model went in circles and was asked in vain to go on. Try another model or task.")
        if nudge:
            memory_step.observations = fenced("check", nudge)
            yield ActionOutput(output=None, is_final_answer=False)
            return
        executor: NotebookExecutor = self.python_executor
        executor.introduce(turn.thought, item_named(news.items, turn.item), memory_step.step_number)
        memory_step.code_action = turn.code
        ended = executor(turn.code or "")
        if executor.outcome:
            self._guards.saw(code, executor.outcome)
            memory_step.observations = result_text(executor.outcome)
        if ended.is_final_answer:
            wanting = self._wanting(str(ended.output))
            if wanting:
                memory_step.observations = "\n".join(filter(None, [memory_step.observations, fenced("check", wanting)]))
        final = ended.is_final_answer and not wanting
        yield ActionOutput(output=ended.output if final else None, is_final_answer=final)

    def _wanting(self, answer: str) -> str:
        """Check the deliverables in the kernel; returns what is wrong with them, or "".

        Raises:
            GaveUp: it was wrong too often.
        """
        news = self._workbench.news()
        open_ones = [each for each in news.deliverables if each.status not in ("waived", "passed")]
        printed = self._workbench.inspect(check_code(news.deliverables)) if open_ones else ""
        checked = verdicts(news.deliverables, printed, answer, self._workbench.outputs())
        checked = [old if old.status == "waived" else new for old, new in zip(news.deliverables, checked, strict=True)]
        self._workbench.set_plan(news.items, checked)
        failed = [each.detail or each.description for each in checked if each.status in ("failed", "open")]
        if not failed:
            self._hear(news.messages)
            return ""
        self._failed_checks += 1
        if self._failed_checks > MAX_FAILED_CHECKS:
            raise GaveUp(f"Not everything that the task demands is there: {' '.join(failed)} The answer was: {answer}")
        return "You can't finish yet. " + " ".join(failed)

    def _hear(self, messages: list[str]) -> None:
        """A person's messages become part of the last observation, and so stay in the conversation."""
        if not messages:
            return
        text = "\n".join(fenced("message", each) for each in messages)
        steps = [step for step in self.memory.steps if isinstance(step, ActionStep)]
        if steps:
            steps[-1].observations = "\n".join(filter(None, [steps[-1].observations, text]))
        else:
            self._opening += "\n" + text

    def _messages(self, state: str) -> list[ChatMessage]:
        """The conversation so far; plan and deliverables stand in the last message only, as they are now."""
        told = [(MessageRole.USER, self._opening), (MessageRole.ASSISTANT, self._plan_reply)]
        # The first turn has no result to show, only the state.
        observation = ""
        for step in self.memory.steps:
            if isinstance(step, ActionStep) and step.model_output is not None:
                told += [(MessageRole.USER, observation or "Go on."), (MessageRole.ASSISTANT, str(step.model_output))]
                observation = step.observations or ""
        told.append((MessageRole.USER, "\n".join(filter(None, [observation, state]))))
        return [message(MessageRole.SYSTEM, self.system_prompt), *(message(role, text) for role, text in told)]

    def _write(self, messages: list[ChatMessage], step: int) -> str:
        """One answer of the model, streamed where it can, asked for again after a passing fault.

        Raises:
            ModelUnavailable: it can't be had.
        """
        for wait in (*RETRY_SECONDS, None):
            started = time.monotonic()
            try:
                reply = self._generate(messages, step)
            except Exception as error:
                if wait is None or not is_transient(error):
                    raise ModelUnavailable(readable(error, self.model)) from error
                self._workbench.pause(wait)
                continue
            usage = reply.token_usage
            self._workbench.step_finished(
                step,
                usage.input_tokens if usage else 0,
                usage.output_tokens if usage else 0,
                time.monotonic() - started,
            )
            return str(reply.content or "")
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _generate(self, messages: list[ChatMessage], step: int) -> ChatMessage:
        if not hasattr(self.model, "generate_stream"):
            return self.model.generate(messages)
        deltas = []
        for delta in self.model.generate_stream(messages):
            deltas.append(delta)
            if delta.content:
                # Raises RunStopped once the run is stopped, which closes the stream and so the request.
                self._workbench.text_delta(step, delta.content)
        return agglomerate_stream_deltas(deltas)

    def _handle_max_steps_reached(self, task: str) -> Any:
        raise GaveUp(
            f"The limit of {self.max_steps} steps was reached before the task was done. Run it again with more steps, "
            "or with a smaller task."
        )
