"""What a run has done so far, as the model is shown it: short sources, bounded outputs, folded by rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..notebook.outputs import bounded
from ..protocol import PlanItem
from .executor import Outcome

CHANGED = ", changed by the person after it ran, and not run again since"
THE_DRAFT = "# the skill's draft, as it stands above"
SHOWN_FAILURES = 3
"""Repaired failures of which a line is kept, so that the same mistake isn't made again."""


@dataclass
class Step:
    """One turn of the model: what it proposed and what became of it.

    `checks` are what our guards and the deliverables' check say of it, `messages` what the person said after it,
    `help` what may help after an error, `changed` the cell's source where the person has changed it since it ran.
    """

    number: int
    source: str = ""
    item: int = 0
    outcome: Outcome | None = None
    checks: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    help: str = ""
    research: bool = False
    """Whether it gathers evidence: once that is over, only what it found stays in view."""
    changed: str = ""
    repeats: bool = False
    """Whether it was refused because it repeats the cell before."""

    @property
    def source_now(self) -> str:
        """The cell's source as it stands in the notebook."""
        return self.changed or (self.outcome.source if self.outcome else "") or self.source

    @property
    def status(self) -> str:
        """The cell's status; "" where the turn had none."""
        return self.outcome.status if self.outcome else ""

    @property
    def error(self) -> str:
        """The exception in one line, "" where there was none."""
        error = self.outcome.error if self.outcome else None
        return f"{error.ename}: {bounded(error.evalue, 160)}".strip() if error else ""


@dataclass(frozen=True)
class Past:
    """What an interrupted run has behind it.

    `listing` are the files as the agent saw them at the beginning (None: it hadn't looked yet), `opening` what the
    person said before the first cell, `plans` the plan as it stood at each of the `steps`. Where the run was cut off in
    a cell, that cell's step is the last, without an outcome.
    """

    listing: str | None
    opening: list[str]
    steps: list[Step]
    plans: list[list[PlanItem]]


@dataclass(frozen=True)
class Fold:
    """How much is shown, in characters: of a cell's source and output, of the last cell's output, of the variables and
    of the file list. `skill` says whether the skill is still there."""

    source: int
    output: int
    last: int
    variables: int
    files: int
    skill: bool = True


UNFOLDED = Fold(source=200_000, output=200_000, last=200_000, variables=200_000, files=200_000)
"""For a reader without a window."""

FOLDS = (
    Fold(source=4000, output=2500, last=8000, variables=6000, files=8000),
    Fold(source=2000, output=900, last=5000, variables=4000, files=4000),
    Fold(source=1000, output=350, last=3000, variables=2200, files=1800),
    Fold(source=400, output=150, last=1800, variables=1000, files=800),
    Fold(source=120, output=80, last=1000, variables=500, files=400, skill=False),
)
"""From everything to hardly anything; the first that fits the model's window is taken."""


def notebook_text(
    steps: list[Step],
    fold: Fold,
    summary: str = "",
    summarised: int = 0,
    last: Step | None = None,
    drafts: tuple[str, ...] = (),
) -> str:
    """The cells of `steps` in order; those up to step `summarised` are replaced by `summary`.
    `last` is the step after them, which is shown elsewhere, as are the skills' `drafts`.

    A failed cell whose repair came after it vanishes but for a line; a turn without a cell vanishes.
    """
    parts = [f"Before step {summarised + 1}, in short: {summary}"] if summary else []
    shown = _without_evidence([step for step in steps if step.number > summarised], last)
    failures = [step for step in shown if step.status == "failed"][-SHOWN_FAILURES:]
    for position, step in enumerate(shown):
        if step.outcome is None:
            continue
        repaired = any(
            later.status in ("done", "failed") for later in [*shown[position + 1 :], *([last] if last else [])]
        )
        if step.status == "failed" and repaired:
            if step in failures:
                parts.append(f"(Step {step.number}: a cell failed with {step.error or 'an error'} and was rewritten.)")
        elif step.research and is_over(step, [*shown, *([last] if last else [])]):
            parts.append("(Evidence was gathered in cells that are no longer shown here. What they found:)")
            parts.append(
                cell_text(step, replace(fold, source=min(fold.source, 600), output=max(fold.output, 4000)), drafts)
            )
        else:
            parts.append(cell_text(step, fold, drafts))
    return "\n".join(parts)


def is_over(step: Step, steps: list[Step]) -> bool:
    """Whether work other than research came after a step."""
    return any(later.number > step.number and later.outcome and not later.research for later in steps)


def _without_evidence(steps: list[Step], last: Step | None) -> list[Step]:
    """Without the steps of a research that is over, but for the last that ended well: the one with the findings."""
    everything = [*steps, *([last] if last else [])]
    over = [step for step in steps if step.research and is_over(step, everything)]
    found = [step for step in over if step.status == "done"][-1:]
    return [step for step in steps if step not in over or step in found]


def same_cell(source: str, draft: str) -> bool:
    """Whether a cell is the skill's draft, which stands in the prompt already."""
    return bool(draft.strip()) and source.strip() == draft.strip()


def cell_text(step: Step, fold: Fold, drafts: tuple[str, ...] = ()) -> str:
    """One older cell: its head, its source and what it gave."""
    assert step.outcome is not None
    edited = CHANGED if step.changed else ", edited by the person" if step.outcome.edited else ""
    head = (
        f"Step {step.number}, item {step.item}, {step.status}{edited}:" if step.item else f"Step {step.number}{edited}:"
    )
    source = step.source_now
    source = THE_DRAFT if any(same_cell(source, each) for each in drafts) else bounded(source, fold.source)
    gave = bounded(step.outcome.text.strip(), fold.output)
    return "\n".join([head, "```python", source, "```", *([f"gave: {gave}"] if gave else [])])
