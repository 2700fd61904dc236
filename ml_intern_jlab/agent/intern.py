"""The agent: smolagents' CodeAgent, where one step is at most one cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from smolagents import CodeAgent
from smolagents.agents import ActionOutput
from smolagents.memory import ActionStep
from smolagents.models import ChatMessage, MessageRole, Model
from smolagents.monitoring import AgentLogger, LogLevel

from ..errors import ModelUnavailable
from ..protocol import PlanItem
from ..recipes.grounding import ground, listed_tables
from ..recipes.model import RecipesModel
from ..recipes.task import read_task
from .answers import answer_form, supported
from .asking import Asking
from .context import Situation, estimated_tokens, message, system_prompt
from .deliverables import derive_deliverables
from .demand import FIRST_PLAN, SUMMARISE, demand, files_there, owed_item
from .draft import DoesNotFit, whole
from .ending import NOT_YET, Ending
from .executor import GaveUp, News, NotebookExecutor, Workbench, split_final
from .figures import data_urls
from .givens import completed
from .goal import progress, read_goal
from .guards import NO_CODE, REPEATED, UNREADABLE, Guards
from .history import FOLDS, UNFOLDED, Past, Step, notebook_text
from .plan import item_named, parse_plan
from .reply import Turn, read_turn
from .skills.mentions import Mention
from .snippets import snippet

KEPT_STEPS = 2
"""The last steps, which a summary never replaces."""
_EXPLORES = re.compile(r"\b(?:explor|analy[sz]|investigat|plot|chart|visuali|clean|summar|explain|why)", re.I)
"""Words of a task that a single step doesn't answer."""


@dataclass(frozen=True)
class Conclusion:
    """How the agent's work ended; `reason` explains a failure."""

    status: Literal["finished", "failed"]
    answer: str
    reason: str = ""


class Intern(CodeAgent):  # type: ignore[misc]  # smolagents has no type information
    """Works on one task at a `Workbench`. `work` blocks until the end: call it from a thread of its own.

    Args:
        model: any smolagents model; the recipes are shown no more than they read.
        workbench: all that the agent can do.
        folder: the notebook's, where `.ml-intern/skills/` may add skills.
        without: parts of the context that are left out, for measuring what they are worth.
        past: what a run that goes on after an interruption has behind it.
    """

    def __init__(
        self,
        model: Model,
        workbench: Workbench,
        folder: Path | None = None,
        without: frozenset[str] = frozenset(),
        past: Past | None = None,
    ) -> None:
        self._workbench = workbench
        self._past = past
        self._behind = past.steps[-1].number if past and past.steps else 0
        self._folder = folder
        self._without = without
        self._guards = Guards()
        self._asking = Asking(workbench, lambda: self.model)
        self._steps: list[Step] = []
        self._told: list[str] = []
        self._situation = Situation("")
        self._reads: tuple[tuple[str, str], ...] = ()
        self._ending: Ending
        quiet = AgentLogger(level=LogLevel.OFF, console=Console(file=StringIO()))
        super().__init__(
            tools=[],
            model=model,
            executor=NotebookExecutor(workbench),
            code_block_tags="markdown",
            max_steps=1_000_000,  # the run's budget ends it
            logger=quiet,
        )

    def initialize_system_prompt(self) -> str:
        """The slim prompt instead of smolagents' own."""
        return system_prompt()

    @property
    def _knows_how(self) -> bool:
        """Whether the planner of the recipes is at work, which needs no help."""
        return isinstance(self.model, RecipesModel)

    def work(self, task: str) -> Conclusion:
        """Plan, then one cell after another until the deliverables are there or the agent gives up.

        Raises:
            RunStopped: the run was stopped.
        """
        try:
            if self._past is None:
                self._prepare(task)
            else:
                self._take_up(task, self._past)
            answer = ""
            for output in self.run(task, stream=True):
                if isinstance(output, ActionOutput) and output.is_final_answer:
                    answer = str(output.output)
            return Conclusion("finished", answer)
        except GaveUp as ended:
            return Conclusion("failed", "", str(ended.args[0]))
        except ModelUnavailable as error:
            return Conclusion("failed", "", str(error))

    def _prepare(self, task: str, listing: str | None = None, planned: bool = False) -> None:
        """Look at the files, find what the task demands and which skill fits, and let the model plan."""
        if listing is None:
            listing = self._workbench.inspect(snippet("look_at_files"))
            self._workbench.listed(listing)
        facts = ground(read_task(task), listed_tables(listing))
        self._situation = Situation(task=task, listing=listing, without=self._without, steps=self._steps)
        goal = None if self._knows_how else read_goal(task, facts.seconds)
        plan, computed, mentions = "", "", tuple[Mention, ...]()
        if not self._knows_how and "skill" not in self._without:
            from .skills.choice import know_how

            found = know_how(facts, listing, self._workbench.inspect, self._folder, self._without)
            self._situation.skill, self._situation.drafts, plan = found.text, found.drafts, found.plan
            self._situation.owed = found.owed
            self._situation.first, self._reads, mentions = found.first, found.reads, found.mentions
            computed = found.computed
        helps, reviews = (lambda: not self._knows_how), "review" not in self._without
        self._ending = Ending(self._workbench, self._situation, goal, mentions, self._behind, helps, reviews, computed)
        wanted = derive_deliverables(task, facts)
        # A question whose skill knows a single step isn't worth a call of the model.
        asks = "?" in task or all(map(answer_form, wanted))
        only_asks = asks and all(each.kind == "answer" for each in wanted) and not _EXPLORES.search(task)
        planned_by_skill = len(plan.splitlines()) == 1 and (bool(computed) or only_asks)
        self._situation.demand = FIRST_PLAN + (f" One that fits such tasks:\n{plan}" if plan else "")
        # The recipes begin with their plan, even where it stands already.
        if not (planned or planned_by_skill) or self._knows_how:
            plan = self._asking.answer(self._messages, step=0)
        if not planned:
            if goal:
                wanted.append(progress(goal, [], 0).verdict)
            self._workbench.set_plan(parse_plan(plan, task), wanted)

    def _take_up(self, task: str, past: Past) -> None:
        """Go on where the run was interrupted."""
        outcome = self._workbench.catch_up()
        if past.steps and past.steps[-1].outcome is None:
            past.steps[-1].outcome = outcome
        news = self._workbench.news()
        self._prepare(task, past.listing, planned=bool(news.items))
        self._situation.opening_messages = [*past.opening]
        for step, items in zip(past.steps, past.plans, strict=True):
            if self._knows_how:
                self._relive(step, items)
            self._steps.append(step)
            self._guards.saw(step)
        self._hear(news.messages)
        self._refresh()
        if self._steps and not self._knows_how:
            self._steps[-1].help = self._help(self._steps[-1]) if self._steps[-1].status == "failed" else ""
            self._ending.check()

    def _relive(self, step: Step, items: list[PlanItem]) -> None:
        """Lead the recipes, which plan from what each cell gave, past a cell that they wrote before.

        Raises:
            GaveUp: they would write another one now.
        """
        self._situate(News([], items, []))
        self._situation.items = items
        turn = read_turn(str(self.model.generate(self._messages(0)).content))
        if split_final(turn.code or "")[0].strip() != step.source.strip():
            raise GaveUp(
                f"The recipes can't go on: from what is stored they would not write the cell of step {step.number} "
                "again. The notebook keeps all that was done; start the task anew."
            )

    def _step_stream(self, memory_step: ActionStep) -> Generator[ActionOutput, None, None]:
        news = self._news()
        self._situate(news)
        number = self._behind + memory_step.step_number
        text = self._asking.answer(self._messages, number)
        memory_step.model_output = text
        turn, misfit = self._written(read_turn(text))
        code, call, _ = split_final(turn.code or "")
        step = Step(number, source=code)
        cut_off = self._asking.cut_off
        final = call == "final_answer"
        nudge = misfit or self._guards.objection(None if turn.code is None else code, final, cut_off, self._steps)
        prose = nudge in (NO_CODE, REPEATED) and self._ending.may_be_prose(turn)
        self._steps.append(step)
        answer = None
        if prose:
            nudge, answer = "", turn.thought
        elif not nudge:
            answer = self._run_cell(turn, step, news, memory_step) or self._ending.printed_answer(step) or None
        step.repeats = nudge == REPEATED
        if answer is not None:
            answer = self._ending.in_form(answer)
            self._refresh()
            wanting = self._ending.wanting(answer)
            if not wanting:
                yield ActionOutput(output=self._ending.in_full(answer), is_final_answer=True)
                return
            step.checks.append(wanting)
            if self._ending.is_in_vain:
                self._ask_person(
                    f"Not everything that the task demands is there: {wanting.removeprefix(NOT_YET)} "
                    f"The answer was: {answer}"
                )
        self._watch(step, nudge)
        memory_step.observations = "\n".join([step.outcome.text if step.outcome else "", *step.checks])
        yield ActionOutput(output=None, is_final_answer=False)

    def _written(self, turn: Turn) -> tuple[Turn, str]:
        """The turn with its whole cell, or a sentence that says why the changes don't fit."""
        if turn.code is None and not turn.changes and turn.item and turn.item == owed_item(self._situation):
            # Asked for it in three lines, small models write the two others.
            turn = replace(turn, takes_draft=True)
        try:
            turn = whole(turn, self._situation.draft, self._situation.last_cell)
        except DoesNotFit as misfit:
            return turn, f"{misfit}Write the whole cell as a ```python block."
        if self._knows_how or not turn.code or not split_final(turn.code)[0].strip():
            return turn, ""
        done, failed = self._sources("done"), self._sources("failed")
        turn = replace(turn, code=completed(turn.code, done, failed, self._reads, self._defined))
        return turn, self._unreadable(split_final(turn.code or "")[0])

    def _unreadable(self, code: str) -> str:
        """What keeps the kernel from reading a cell, with what helps; "" where it can be read."""
        try:
            ast.parse(code)
            return ""
        except (SyntaxError, ValueError):  # or a magic, or the syntax of a newer Python
            found = self._workbench.inspect(snippet("syntax", source=code)).strip()
        if not found:
            return ""
        quotes = " Inside the braces of an f-string use the other kind of quotes." if "f-string" in found else ""
        return f"{UNREADABLE}{found}.{quotes} Write the whole cell as a ```python block."

    def _supported(self, turn: Turn) -> str:
        """The turn's prose without figures that the model can't know yet."""
        if self._knows_how:
            return turn.thought
        now = self._situation
        known = [now.task, now.listing, now.skill, now.variables, self._workbench.outputs(), turn.code or ""]
        return supported(turn.thought, "\n".join([*known, *now.told, *now.news]), self.system_prompt)

    def _sources(self, status: str) -> list[str]:
        """The sources of the run's cells with this status."""
        return [step.source_now for step in self._steps if step.status == status]

    def _defined(self, names: list[str]) -> set[str]:
        """Which of the names the kernel has."""
        return set(self._workbench.inspect(snippet("defined", names=names)).split())

    def _run_cell(self, turn: Turn, step: Step, news: News, memory_step: ActionStep) -> str | None:
        """Propose the turn's cell and run it; returns the final answer where it gave one."""
        item = item_named(news.items, turn.item)
        step.item = news.items.index(item) + 1 if item else 0
        step.research = bool(item and item.title.lower().startswith("research"))
        executor: NotebookExecutor = self.python_executor
        executor.introduce(self._supported(turn), item, step.number)
        memory_step.code_action = turn.code
        ended = executor(turn.code or "")
        step.outcome = executor.outcome
        self._guards.saw(step)
        if step.status == "failed" and not self._knows_how and "help" not in self._without:
            step.help = self._help(step)
        if step.status == "done" and not ended.is_final_answer and not self._knows_how:
            self._refresh()
            self._ending.check()
        return str(ended.output) if ended.is_final_answer else None

    def _help(self, step: Step) -> str:
        """What the kernel knows that may help after an exception."""
        error = step.outcome.error if step.outcome else None
        if error is None or step.outcome is None:
            return ""
        lines = step.outcome.source.splitlines()
        line = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
        asked = {"ename": error.ename, "evalue": error.evalue[:2000], "line": line, "source": step.outcome.source}
        found = self._workbench.inspect(snippet("error_help", **asked))
        return "\n".join(filter(None, [f"The line that failed: {line.strip()}" if line else "", found.strip()]))

    def _watch(self, step: Step, nudge: str) -> None:
        """Tell the model what is wrong with its way of working; ask the person where that was in vain."""
        nudges = list(filter(None, [nudge, self._guards.stuck(self._steps)]))
        for words in nudges:
            step.checks.append(words)
            trouble = self._guards.nudge(words)
            if trouble:
                self._ask_person(trouble)

    def _ask_person(self, reason: str) -> None:
        """Pause the run until the person has said how to go on."""
        self._hear(self._workbench.ask_person(reason))
        self._guards.relieve()
        self._ending.relieve()

    # --- what the model is shown --------------------------------------------------------------------------------------

    def _news(self) -> News:
        """What happened meanwhile. Where a budget is used up, the person is asked first."""
        news = self._refresh()
        if news.over:
            self._ask_person(news.over)
            news = self._refresh()
        return news

    def _refresh(self) -> News:
        news = self._workbench.news()
        self._hear(news.messages)
        self._situation.items, self._situation.deliverables = news.items, news.deliverables
        return news

    def _hear(self, messages: list[str]) -> None:
        """The last step's messages are new to the model; it has seen those before."""
        if self._steps:
            self._steps[-1].messages += messages
        else:
            self._situation.opening_messages += messages

    def _situate(self, news: News) -> None:
        """Bring the situation up to date."""
        now = self._situation
        earlier = [text for step in self._steps[:-1] for text in step.messages]
        now.told = (now.opening_messages if self._steps else []) + earlier
        if self._knows_how:
            now.demand = ""
            return
        self._see_edits()
        now.budget, now.progress = news.budget, self._ending.progress()
        now.overlooked = self._ending.overlooked()
        now.demand = demand(now)
        looks = "variables" not in self._without and not files_there(now)
        now.variables = ""
        if looks and any(step.status in ("done", "failed") for step in self._steps):
            now.variables = self._workbench.inspect(snippet("variables")).strip()

    def _see_edits(self) -> None:
        """Note which cells the person has changed since they ran."""
        edits = self._workbench.edits()
        for step in self._steps:
            step.changed = edits.get(step.outcome.cell_id, "") if step.outcome else ""

    def _messages(self, room: int) -> list[ChatMessage]:
        """System prompt and situation, in at most `room` tokens."""
        if self._knows_how:
            text, images = self._situation.text(UNFOLDED), []
        else:
            room -= estimated_tokens(self.system_prompt) + 20
            text, fits = self._situation.fitting(room)
            if not fits and self._summarise(room):
                text, _ = self._situation.fitting(room)
            last = self._steps[-1].outcome if self._steps else None
            sees = last is not None and last.images and getattr(self.model, "sees_images", False)
            images = data_urls(last.images) if last and sees else []
        return [
            message(MessageRole.SYSTEM, self.system_prompt),
            message(MessageRole.USER, text, images),
        ]

    def _summarise(self, room: int) -> bool:
        """Let the model sum up the older steps, once for each that is added; returns whether it did."""
        now = self._situation
        older = self._steps[:-KEPT_STEPS]
        if not older or older[-1].number <= now.summarised:
            return False
        told = notebook_text(older, FOLDS[2], now.summary, now.summarised)
        ask = [message(MessageRole.USER, f"{SUMMARISE}\n{told[: room * 2]}")]
        now.summary = self._asking.answer(lambda _: ask, older[-1].number)[:2000]
        now.summarised = older[-1].number
        return True

    def _handle_max_steps_reached(self, task: str) -> Any:
        raise GaveUp("The agent took more steps than can be counted.")
