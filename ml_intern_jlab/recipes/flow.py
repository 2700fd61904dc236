"""The run as a whole: stages in order, what a rejection or a person's message changes, and when to give up."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator

from .amending import STAGE_OF, amend
from .errors import GiveUp, Restart
from .names import normalised
from .source import literal
from .state import State
from .task import TaskFacts
from .turns import Cell, Outcome, PlanEntry

Flow = Generator[Cell, Outcome, None]
Attempt = Generator[Cell, Outcome, Outcome | None]

STAGES = (
    "look",
    "load",
    "audit",
    "tidy",
    "split",
    "baseline",
    "giveaways",
    "counters",
    "compare",
    "tune",
    "estimate",
    "explain",
    "predict",
)
"""All stages in order; an amendment of the task sends the run back to one of them."""

ITEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Look at the files and load them", ("look", "load")),
    ("Audit the columns and tidy them", ("audit", "tidy")),
    ("Split the data and measure the baseline", ("split", "baseline", "giveaways", "counters")),
    ("Compare models by cross-validation", ("compare",)),
    ("Tune the best ones", ("tune",)),
    ("Estimate how good the model is", ("estimate",)),
    ("Explain the model", ("explain",)),
    ("Write the predictions", ("predict",)),
)
"""The plan's items and the stages that each holds; the last is there only where predictions are asked for."""

OPTIONAL = {"tune", "estimate", "explain", "predict"}
"""Stages that the person may skip or refuse without ending the run."""

MAX_REPAIRS = 2


def plan_titles(facts: TaskFacts) -> list[str]:
    """The plan for a task, before any data were seen."""
    if facts.refusal:
        return ["Read the task", "Look for a table to learn from", "Say what the recipes can do"]
    titles = [title for title, _ in ITEMS]
    if not facts.output_file:
        return titles[:-1]
    return [*titles[:-1], f"Write {facts.output_file}"[:190]]


def _title(stage: str, facts: TaskFacts) -> tuple[int, str]:
    titles = plan_titles(facts)
    if facts.refusal:
        return 0, titles[0]
    position = next((i for i, (_, stages) in enumerate(ITEMS) if stage in stages), len(titles) - 1)
    position = min(position, len(titles) - 1)
    return position, titles[position]


def number_of(stage: str, facts: TaskFacts, plan: tuple[PlanEntry, ...]) -> int:
    """The number of the plan item that a stage serves, after the person's reordering and retitling."""
    position, title = _title(stage, facts)
    entry = _entry(title, position, plan, facts)
    if entry is None:
        live = [entry for entry in plan if entry.status != "skipped"]
        return live[-1].number if live else position + 1
    return entry.number


def _entry(title: str, position: int, plan: tuple[PlanEntry, ...], facts: TaskFacts) -> PlanEntry | None:
    """The plan's entry for one of our titles: the same title, else an unknown title in its place."""
    for entry in plan:
        if normalised(entry.title) == normalised(title):
            return entry
    ours = {normalised(known) for known in plan_titles(facts)}
    here = plan[position] if position < len(plan) else None
    return here if here and normalised(here.title) not in ours else None


def _skipped(stage: str, outcome: Outcome, facts: TaskFacts) -> bool:
    """Whether the person skipped the item of a stage, or took it out of the plan."""
    if not outcome.plan:
        return False
    position, title = _title(stage, facts)
    entry = _entry(title, position, outcome.plan, facts)
    return entry is None or entry.status == "skipped"


def as_is(prose: str, source: str) -> Callable[[], tuple[str, str]]:
    """A cell that doesn't depend on anything that may still change."""
    return lambda: (prose, source)


class Run:
    """One run: the state, the last outcome, and how a cell is proposed until it ran, was skipped or can't be."""

    def __init__(self, facts: TaskFacts) -> None:
        self.state = State(facts, output_file=facts.output_file)
        self.outcome = Outcome()
        self.stage = "look"

    def wanted(self, stage: str) -> bool:
        """Whether the person has left the item of `stage` in the plan."""
        return not _skipped(stage, self.outcome, self.state.facts)

    def attempt(
        self, make: Callable[[], tuple[str, str]], repair: Callable[[str], bool] | None = None, optional: bool = False
    ) -> Attempt:
        """Propose a cell until it ran; returns its outcome, or None where it was skipped.

        Args:
            make: returns prose and source from the state as it is.
            repair: told the traceback, changes the state so that `make` writes another cell, or returns False.
            optional: the run can go on without this cell.

        Raises:
            GiveUp: the cell fails or is refused for good.
            Restart: the person amended something that an earlier stage decided.
        """
        failures = silences = 0
        while True:
            prose, source = make()
            self.outcome = outcome = yield Cell(self.stage, self._acknowledge(prose), source)
            if outcome.edited:
                self._adopt(outcome.edited)
            changed = self._hear(outcome.messages)
            if outcome.status == "done":
                self._restart_if(changed)
                return outcome
            if outcome.status == "rejected":
                changed += self._hear((outcome.output,), always=False)
                self._restart_if(changed, including=True)
                if make() != (prose, source):
                    continue
                if optional:
                    self.state.remarks.append(
                        f"You refused a cell of “{_title(self.stage, self.state.facts)[1]}”; it was left out."
                    )
                    return None
                raise GiveUp(_not_understood(outcome.output))
            if outcome.status == "stopped":
                if optional:
                    self.state.remarks.append(
                        f"A cell of “{_title(self.stage, self.state.facts)[1]}” was stopped and left out."
                    )
                    return None
                raise GiveUp(
                    "The cell was stopped, and the next ones need what it makes. Start the task again to go on."
                )
            if outcome.status is None:
                self._restart_if(changed)
                silences += 1
                if silences > 3:
                    raise GiveUp("The cell was proposed four times and never run.")
                continue
            failures += 1
            if failures <= MAX_REPAIRS and repair is not None and repair(outcome.output):
                continue
            if optional:
                self.state.remarks.append(
                    f"A cell of “{_title(self.stage, self.state.facts)[1]}” failed: {last_line(outcome.output)}"
                )
                return None
            raise GiveUp(
                f"A cell of “{_title(self.stage, self.state.facts)[1]}” failed and the recipes know no repair: "
                f"{last_line(outcome.output)}"
            )

    def _acknowledge(self, prose: str) -> str:
        heard, self.state.acknowledged = self.state.acknowledged, []
        return " ".join([*heard, prose])

    def _hear(self, messages: tuple[str, ...], always: bool = True) -> list[str]:
        """Take over what messages change; say in the next prose what was understood."""
        changed: list[str] = []
        for words in messages:
            parts = amend(self.state, words)
            changed += parts
            if parts:
                self.state.acknowledged.append(f"As you asked: {_said(parts, self.state)}.")
            elif always and words.strip():
                self.state.acknowledged.append(
                    f"Your message (“{_short(words)}”) names nothing that the recipes can change; there is no language "
                    "model to understand it, so the plan goes on."
                )
        return changed

    def _restart_if(self, changed: list[str], including: bool = False) -> None:
        """Go back to the earliest stage that an amendment concerns, if that was passed already."""
        if not changed:
            return
        earliest = min((STAGE_OF[part] for part in changed), key=STAGES.index)
        here, there = STAGES.index(self.stage), STAGES.index(earliest)
        if there < here or (there == here and including):
            raise Restart(earliest)

    def _adopt(self, edited: str) -> None:
        """Take over the constants that a person's edit sets."""
        target = re.search(r"^TARGET = (['\"])(.+?)\1\s*$", edited, re.M)
        columns = self.state.columns.get(self.state.train_file, [])
        if target and target.group(2) in columns and target.group(2) != self.state.target:
            amend(self.state, f"the target is `{target.group(2)}`")
            self.state.target = target.group(2)


def _said(parts: list[str], state: State) -> str:
    facts = state.facts
    words = {
        "target": f"the target is `{facts.target}`",
        "leave_out": "left out are " + ", ".join(f"`{name}`" for name in facts.leave_out),
        "metric": f"the metric is {facts.metric}",
        "positive_class": f"the positive class is {facts.positive_class}",
        "probabilities": "the file holds probabilities" if facts.probabilities else "the file holds labels",
        "output": f"the predictions go to `{facts.output_file or 'predictions.csv'}`"
        + (
            " with the columns " + ", ".join(f"`{name}`" for name in facts.output_columns)
            if facts.output_columns
            else ""
        ),
        "seconds": f"the time budget is {facts.seconds or 0:.0f} s",
    }
    return "; ".join(words[part] for part in dict.fromkeys(parts))


def _not_understood(words: str) -> str:
    return (
        f"The cell was refused (“{_short(words)}”), and there is no language model here to understand why. Name a "
        "metric, a target or columns to leave out, edit the cell yourself, or configure a language model."
        if words.strip()
        else "The cell was refused without a reason, and the next ones need it. Say what to change (metric, "
        "target, columns to leave out), or edit the cell."
    )


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 80 else line[:77] + "…"


def last_line(traceback: str) -> str:
    """The line of a traceback that says what went wrong."""
    lines = [line.strip() for line in traceback.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]*(?:Error|Exception|Warning|Interrupt)\b", line)]
    return (errors or lines or ["no reason was given"])[-1][:300]


def whole_run(facts: TaskFacts) -> Flow:
    """The run of a task as a generator: it yields cells and is sent their outcomes; the first `send` starts it."""
    from .stages import STAGE_FUNCTIONS, summary

    run = Run(facts)
    run.outcome = yield Cell("look", "", "")  # never shown: the caller begins with the outcome so far
    run._hear(run.outcome.messages)
    reason = facts.refusal
    try:
        if reason:
            raise GiveUp(
                f"{reason} The recipes (no language model) predict columns of tables: numbers, "
                "categories, dates, short texts, images as pixels. Configure a language model for other tasks, or name "
                "a table and the column to predict."
            )
        start = "look"
        while True:
            try:
                for stage in STAGES[STAGES.index(start) :]:
                    run.stage = stage
                    if stage in OPTIONAL and not run.wanted(stage):
                        run.state.remarks.append(f"“{_title(stage, run.state.facts)[1]}” was skipped, as you wished.")
                        continue
                    yield from STAGE_FUNCTIONS[stage](run)
                yield from _finish(run, summary(run.state))
                return
            except Restart as restart:
                start = restart.stage
    except GiveUp as trouble:
        yield from _end(run, "give_up", str(trouble))


def _finish(run: Run, answer: str) -> Flow:
    """Hand over the summary; a deliverable that the caller finds wanting is written anew, at most twice."""
    from .stages import predict

    for _ in range(MAX_REPAIRS + 1):
        written = run.state.written
        run.outcome = yield Cell(
            run.stage, "All items of the plan are done.", f"final_answer({literal(answer)})", last=True
        )
        run._restart_if(run._hear(run.outcome.messages), including=True)
        run._hear(run.outcome.checks, always=False)
        run.stage = "predict"
        if run.outcome.checks and run.state.output_file:
            yield from predict(run)
        if run.state.written == written and run.outcome.checks:
            raise GiveUp(
                f"A deliverable was found wanting, and the recipes know no way to mend it: {run.outcome.checks[0]}"
            )


def _end(run: Run, function: str, words: str) -> Flow:
    while True:
        run.outcome = yield Cell(
            run.stage, "The recipes can go no further.", f"{function}({literal(words)})", last=True
        )
