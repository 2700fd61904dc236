"""One run as its events tell it: where it stood when its kernel, its server or the power was gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..agent.history import Past, Step
from ..agent.metrics import Metric
from ..notebook.outputs import OutputArea
from ..protocol import (
    CellDecided,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    Deliverable,
    Event,
    FilesListed,
    MessageSent,
    MetricLogged,
    Mode,
    ModeChanged,
    ModelChanged,
    PlanChanged,
    PlanItem,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StepFinished,
)
from .outcome import outcome_of, rejection


@dataclass
class CellStory:
    """One proposed cell: the plan as it then stood, and what became of it."""

    proposal: CellProposed
    items: list[PlanItem]
    decision: CellDecided | None = None
    started: bool = False
    finished: CellFinished | None = None
    area: OutputArea = field(default_factory=OutputArea)
    metrics: list[Metric] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do about the cell."""
        return self.finished is not None or self.rejected

    @property
    def rejected(self) -> bool:
        """Whether it was turned down."""
        return self.decision is not None and self.decision.decision == "reject"

    @property
    def step(self) -> Step:
        """The cell as a step of the agent's."""
        numbers = {item.item_id: number for number, item in enumerate(self.items, 1)}
        number = numbers.get(self.proposal.plan_item, 0)
        step = Step(self.proposal.step, self.proposal.source, number, messages=self.messages)
        if self.decision is not None and self.rejected:
            step.outcome = rejection(self.decision)
        elif self.decision is not None and self.finished is not None:
            outcome = outcome_of(self.decision, self.finished, self.area.outputs)
            step.outcome = replace(outcome, metrics=tuple(self.metrics))
        return step


@dataclass
class Story:
    """What a run's events say of it. `opening` holds the messages that came before its first cell."""

    started: RunStarted
    mode: Mode
    model: str
    listing: str | None = None
    items: list[PlanItem] = field(default_factory=list)
    deliverables: list[Deliverable] = field(default_factory=list)
    cells: list[CellStory] = field(default_factory=list)
    opening: list[str] = field(default_factory=list)
    steps: list[StepFinished] = field(default_factory=list)
    paused: RunPaused | None = None
    ended: RunFinished | None = None

    def heading(self, cells: list[CellStory]) -> str:
        """The plan item whose heading is the last among those of `cells`."""
        # A cell that was turned down took its heading along.
        notes = [(cell.proposal.plan_item, cell.proposal.note) for cell in cells if not cell.rejected]
        return next((item for item, note in reversed(notes) if note and note.source.startswith("## ")), "")

    def past(self) -> Past:
        """What the agent needs to know of its own work; the open cell comes last and has no outcome yet."""
        return Past(
            self.listing,
            list(self.opening),
            [cell.step for cell in self.cells],
            [cell.items for cell in self.cells],
        )

    def add(self, event: Event) -> None:
        """Take in the run's next event."""
        match event:
            case PlanChanged():
                self.items, self.deliverables = event.items, event.deliverables
            case FilesListed():
                self.listing = event.listing
            case MessageSent():
                (self.cells[-1].messages if self.cells else self.opening).append(event.text)
            case ModeChanged():
                self.mode = event.mode
            case ModelChanged():
                self.model = event.model
            case StepFinished():
                self.steps.append(event)
            case RunPaused(resumable=True):
                self.paused = event
                if self.cells and self.cells[-1].finished and self.cells[-1].finished.status == "stopped":
                    self.cells[-1].finished = None  # cut off by the server's end, not by the person
            case RunResumed():
                self.paused = None
            case RunFinished():
                self.ended = event
            case CellProposed():
                self.cells.append(CellStory(event, self.items))
            case CellDecided() | CellStarted() | CellOutput() | CellFinished() | MetricLogged():
                self._add_to_cell(event)
            case _:
                pass

    def _add_to_cell(self, event: CellDecided | CellStarted | CellOutput | CellFinished | MetricLogged) -> None:
        cell = next((cell for cell in reversed(self.cells) if cell.proposal.cell_id == event.cell_id), None)
        match event:
            case _ if cell is None:
                pass
            case CellDecided():
                cell.decision = event
            case CellStarted():
                cell.started, cell.finished, cell.area = True, None, OutputArea()
            case CellOutput():
                cell.area.add(event.message)
            case CellFinished():
                cell.finished = event
            case MetricLogged():
                cell.metrics.append(Metric(event.name, event.value, event.split, event.experiment))


def last_story(events: Iterable[Event]) -> Story | None:
    """The story of a session's last run; None where it has none."""
    story: Story | None = None
    for event in events:
        if isinstance(event, RunStarted):
            story = Story(event, event.mode, event.model)
        elif story is not None and event.run_id == story.started.run_id:
            story.add(event)
    return story
