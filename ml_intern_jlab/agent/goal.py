"""Tasks that say "iterate until …": a value to reach, a number of tries, a time; and how far the tries have come.

A try is an experiment of the scoreboard, or a cell that prints the metric. Tries are judged on cross-validation or
validation data where they have it: what is then measured on held-out data only is the final estimate and no try.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..protocol import Deliverable
from .history import Step
from .metrics import Metric, better, metric_name, target_in

GOAL_ID = "goal"
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12}
_TRIES = r"(?:tries|attempts?|experiments?|iterations?|rounds?|trials?|times)"
_COUNT = rf"(?:\d{{1,3}}|{'|'.join(_COUNTS)})"
_NUMBER_OF_TRIES = re.compile(rf"\b(?P<number>{_COUNT})\s+(?:\w+\s+)?{_TRIES}\b", re.I)
_ITERATES = re.compile(
    r"\b(?:iterat\w+|until|till|hill[- ]climb\w*|repeat(?:edly)?|again and again|one (?:change|idea) at a time"
    r"|keep (?:on )?(?:trying|improving|going|tuning|working|experimenting))\b"
    rf"|\b(?:at most|up to|no more than|maximum(?: of)?|max\.?|within|in)\s+{_COUNT}\s+{_TRIES}\b",
    re.I,
)
_LESS = re.compile(r"\b(?:below|under|at most|less than|lower than|no more than|down to)\b|[<≤]", re.I)
_JUDGED = ("cv", "validation", "dev", "")
_FINAL = ("hold-out", "test")


@dataclass(frozen=True)
class Goal:
    """What the task wants to be reached. `metric` is "" where it names none, then the first one measured counts.

    `target` is the value to reach, `lower` says that less is better; `tries` and `seconds` bound the work. None: not
    said.
    """

    metric: str = ""
    target: float | None = None
    lower: bool = False
    tries: int | None = None
    seconds: float | None = None

    @property
    def words(self) -> str:
        """The goal in a few words."""
        shown = (self.metric or "the metric").replace("_", " ")
        wanted = f"{shown} of at {'most' if self.lower else 'least'} {self.target:g}" if self.target is not None else ""
        bounds = [f"at most {self.tries} tries"] * bool(self.tries)
        if self.seconds:
            bounds.append(f"at most {self.seconds:.0f} s")
        return ", ".join([wanted or f"the best {shown}", *bounds])


@dataclass(frozen=True)
class Try:
    """One attempt with its value; `step` is the step of its cell."""

    step: int
    name: str
    value: float
    split: str


@dataclass(frozen=True)
class Progress:
    """The tries so far, the best of them, and why the work is to stop, "" where it goes on."""

    goal: Goal
    tries: tuple[Try, ...] = ()
    best: Try | None = None
    stop: str = ""
    reached: bool = False

    @property
    def told(self) -> str:
        """How things stand, for the model."""
        lines = [f"wanted: {self.goal.words}"]
        first = max(0, len(self.tries) - 8)
        lines += [f"… and {first} tries before"] * bool(first)
        for number, each in enumerate(self.tries[first:], first + 1):
            where = f" on {each.split}" if each.split else ""
            lines.append(f"try {number} (step {each.step}, {each.name}): {each.value:.6g}{where}")
        lines += [f"best so far: {self._best}"] * bool(self.best)
        return "\n".join([*lines, f"stop: {self.stop}" if self.stop else self._left])

    @property
    def verdict(self) -> Deliverable:
        """The goal as one of the task's deliverables."""
        status: Literal["passed", "failed", "open"] = "passed" if self.reached else "failed" if self.stop else "open"
        detail = self.stop or (f"best so far {self._best}" if self.best else "")
        return Deliverable(
            deliverable_id=GOAL_ID,
            kind="metric",
            description=self.goal.words,
            metric=self.goal.metric,
            status=status,
            detail=detail,
        )

    @property
    def demand(self) -> str:
        """What the model is to do now."""
        if not self.stop and not self.tries:
            return (
                "No try was measured yet. Write the next cell: look at the data, then a baseline, printed as such, "
                "then the tries, one a cell, each logged or printed under a name of its own."
            )
        if not self.stop:
            return (
                "The goal is not reached yet. Write the next try: one change that the outputs so far suggest (data, "
                "features, another kind of model, a setting), under a name of its own, measured on the same rows in "
                "the same way as the tries before. Keep the best one in a variable of its own."
            )
        kept = (
            f"Model and files must be those of the best try, {self._best}: if a later one has overwritten them, make "
        )
        kept = kept + "them again. Then " if self.best else ""
        return (
            f"Stop here: {self.stop}. {kept}"
            'finish with final_answer("…"): the best value, the number of tries, and why the work stopped.'
        )

    @property
    def _best(self) -> str:
        best = self.best
        return f"{best.value:.4g} by {best.name} (step {best.step})" if best else ""

    @property
    def _left(self) -> str:
        tries = self.goal.tries
        return "not reached yet" + (f"; {tries - len(self.tries)} of {tries} tries are left" if tries else "")


def read_goal(task: str, seconds: float | None = None) -> Goal | None:
    """The goal that a task's words set, None where it asks for no iterating.

    Args:
        task: the person's words.
        seconds: the time that they allow, as `read_task` found it.
    """
    if not _ITERATES.search(task):
        return None
    metric, target = target_in(task) or (metric_name(task), None)
    counted = _NUMBER_OF_TRIES.search(task)
    tries = int(_COUNTS.get(counted["number"].lower(), 0) or counted["number"]) if counted else None
    if target is None and tries is None and seconds is None:
        return None
    way = better(metric)
    lower = way == "lower" or (not way and target is not None and bool(_LESS.search(task)))
    return Goal(metric, target, lower, tries, seconds)


def progress(goal: Goal, steps: Iterable[Step], seconds: float) -> Progress:
    """How far the tries of some steps have come, `seconds` after the work began."""
    tries = _tries(goal, [step for step in steps if step.outcome and step.status == "done"])
    sign = -1 if goal.lower else 1
    best = max(tries, key=lambda each: sign * each.value, default=None)
    reached = best is not None and goal.target is not None and sign * best.value >= sign * goal.target
    standing = Progress(goal, tuple(tries), best, reached=reached)
    stop = ""
    if reached and best is not None:
        stop = f"reached: {standing._best}, after {len(tries)} {'try' if len(tries) == 1 else 'tries'}"
    elif goal.tries and len(tries) >= goal.tries:
        stop = f"all {goal.tries} tries are used; the best is {standing._best}"
    elif goal.seconds and seconds >= goal.seconds:
        stop = f"the {goal.seconds:.0f} s are over; " + (
            f"the best is {standing._best}" if best else "nothing was measured"
        )
    if stop and not reached and goal.target is None:
        reached = best is not None  # as good as the tries allowed was all that was asked
    elif stop and not reached:
        stop += f", which does not reach {goal.target:g}" if best else ""
    return Progress(goal, tuple(tries), best, stop, reached)


def _tries(goal: Goal, steps: list[Step]) -> list[Try]:
    """The attempts in their order, each with one value."""
    metric = goal.metric or _first_metric(steps)
    found: list[Try] = []
    for step in steps:
        assert step.outcome is not None
        by_name: dict[str, list[Metric]] = {}
        for each in step.outcome.metrics:
            if _same(each.name, metric) and each.split in (*_JUDGED, *_FINAL):
                by_name.setdefault(each.experiment, []).append(each)
        for name, measured in by_name.items():
            split = min((each.split for each in measured), key=(*_JUDGED, *_FINAL).index)
            values = [each.value for each in measured if each.split == split]
            # What a cell only prints may tell of several models.
            value = values[-1] if name else (min(values) if goal.lower else max(values))
            found.append(Try(step.number, name or _title(step), value, split))
    judged = [each for each in found if each.split in _JUDGED]
    return judged or found


def _first_metric(steps: list[Step]) -> str:
    names = (each.name for step in steps if step.outcome for each in step.outcome.metrics if better(each.name))
    return next(names, "")


def _same(found: str, wanted: str) -> bool:
    return (
        found == wanted
        or (metric_name(found.replace("_", " ")) or found) == wanted
        or (wanted in ("f1", "kappa") and found.endswith(wanted))
    )


def _title(step: Step) -> str:
    """What a cell calls itself in its first comment, else its step."""
    first = step.source.strip().partition("\n")[0]
    return first.lstrip("# ").strip()[:60] if first.startswith("#") else f"the cell of step {step.number}"
