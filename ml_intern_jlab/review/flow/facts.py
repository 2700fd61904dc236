"""What the data flow finds out about a notebook, in the order in which it happens. The rules ask these facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from .values import Estimator, Place, Rows, Taint, Value, disjoint, overlap


@dataclass(frozen=True)
class Split:
    """Rows are parted: `how` is random, ordered, group or given; `key` names it; `source` is what is parted."""

    source: Value
    how: str
    key: str
    place: Place
    folds: bool = False


@dataclass(frozen=True, eq=False)
class Fit:
    """An estimator learns from rows. `stopping` are the rows that decide when it stops, where there are any."""

    estimator: Estimator
    features: Value
    target: Value | None
    rows: Rows
    place: Place
    stopping: Rows = frozenset()
    in_loop: int = 0
    loops: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class Score:
    """A figure that says how good a model is. `folds`: every fold was held out in turn (cross-validation).

    `number` counts the facts of this kind, `loops` are those that it is repeated in.
    `fitted` are the rows that the model had learnt from by then.
    """

    number: int
    metric: str
    rows: Rows
    place: Place
    estimator: Estimator | None
    fitted: Rows
    taints: frozenset[Taint]
    true: Value | None = None
    predicted: Value | None = None
    folds: bool = False
    in_loop: int = 0
    loops: frozenset[int] = frozenset()

    @property
    def held_out(self) -> bool:
        """Whether the rows are surely none of those that the model learnt from."""
        return self.folds or (bool(self.rows) and bool(self.fitted) and disjoint(self.rows, self.fitted))

    @property
    def seen(self) -> bool:
        """Whether rows are surely among those that the model learnt from."""
        return not self.folds and overlap(self.rows, self.fitted)


@dataclass(frozen=True)
class Choice:
    """The best of several scores is picked: `scores` are those compared, `tries` how many at least (0: unknown).

    `how` is the function that picks, empty where a comparison does.
    """

    scores: frozenset[int]
    place: Place
    tries: int
    in_loop: bool
    how: str = ""


@dataclass(frozen=True)
class Concatenation:
    """Rows are put under one another; `repeated`: the same rows more than once."""

    result: Value
    parts: tuple[Value, ...]
    place: Place
    repeated: bool


@dataclass(frozen=True)
class Draw:
    """Something is left to chance. `library` draws; `seeded` where this very call is given a seed."""

    what: str
    library: str
    seeded: bool
    place: Place


@dataclass
class Facts:
    """Everything found out, each list in program order."""

    splits: list[Split] = field(default_factory=list)
    cuts: list[Split] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    concatenations: list[Concatenation] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)
    seeds: list[tuple[str, Place]] = field(default_factory=list)
    deduplicated: list[tuple[Value, Place]] = field(default_factory=list)
    duplicate_checks: list[tuple[Value, Place]] = field(default_factory=list)
    grouped: list[tuple[Value, str, Place]] = field(default_factory=list)
    transforms: list[tuple[Estimator, Value, Place, bool]] = field(default_factory=list)
    dummies: list[tuple[Value, Place]] = field(default_factory=list)
    predictions: list[tuple[Estimator, Rows, Place]] = field(default_factory=list)
    filled: list[tuple[Value, Taint, Place]] = field(default_factory=list)
    complete: bool = True

    @cached_property
    def partings(self) -> list[Split]:
        """The splits, and those slices and masks that turn out to be one: a score is on the other side of a fit.

        To be asked when the facts are complete.
        """
        used: set[str] = set()
        for score in self.scores:
            if score.held_out and not score.folds:
                fitted = {part.key: part.name for each in score.fitted for part in each.lineage()}
                tested = {part for each in score.rows for part in each.lineage()}
                used |= {part.key for part in tested if fitted.get(part.key, part.name) != part.name}
        return [*self.splits, *(cut for cut in self.cuts if cut.key in used)]
