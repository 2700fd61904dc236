"""What the planner knows at a moment of a run; the stages read it and add to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .metrics import Kind, Metric, metric_named
from .profile import Profile
from .roles import Roles
from .sniff import FileLook, Reading
from .source import Piece, flat
from .task import TaskFacts

SMALL = 200
"""Below this number of rows, repeated cross-validation takes the hold-out's place."""


@dataclass
class Candidate:
    """One model of the comparison: the source that makes it, and what its cross-validation said."""

    name: str
    source: Piece
    family: str
    score: float | None = None
    spread: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Features:
    """The tidy features by kind, as the candidates use them; `gaps` are those with missing values."""

    numbers: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    many: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass
class State:
    """All that was learnt so far, in the order in which it is learnt."""

    facts: TaskFacts
    # from the files
    looks: dict[str, FileLook] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    train_file: str = ""
    predict_file: str = ""
    sample_file: str = ""
    output_file: str = ""
    readings: dict[str, Reading] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    numbered: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    wide: bool = False
    sklearn: tuple[int, int] = (0, 0)
    # from the audit
    target: str = ""
    profile: Profile = field(default_factory=lambda: Profile({}))
    roles: Roles = field(default_factory=Roles)
    refused: dict[str, set[str]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    day_first: bool = True
    infinite: bool = False
    target_missing: bool = False
    target_mark: str = ""
    target_low: float = 0.0
    target_skew: float = 0.0
    drop_repeated: bool = False
    rarest_kept: int = 0
    kind: Kind = "classification"
    classes: list[str] = field(default_factory=list)
    class_texts: list[str] = field(default_factory=list)
    class_counts: list[int] = field(default_factory=list)
    positive: str = ""
    n_rows: int = 0
    features: Features = field(default_factory=Features)
    width: int = 0
    # from the comparison
    metric: Metric = field(default_factory=lambda: metric_named("accuracy"))
    holdout: bool = True
    stratify: bool = True
    group: str = ""
    time: str = ""
    folds: int = 5
    repeats: int = 1
    sampled: int = 0
    baseline: float | None = None
    candidates: list[Candidate] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    chosen: str = ""
    estimate: dict[str, float] = field(default_factory=dict)
    interval: str = ""
    strongest: list[str] = field(default_factory=list)
    # what was decided about the predictions, and what the person should know
    output_columns: list[str] = field(default_factory=list)
    output_id: str = ""
    written: str = ""
    remarks: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    @property
    def pixels(self) -> bool:
        """Whether the features are the pixels of images."""
        return self.profile.pixels

    @property
    def has_test(self) -> bool:
        """Whether there are rows to predict: a file of their own, or the training file's rows without a target."""
        return bool(self.predict_file) or self.fills_gaps

    @property
    def fills_gaps(self) -> bool:
        """Whether predictions are asked for, no file for them is named, and rows of the table lack the target."""
        return bool(self.output_file) and not self.predict_file and self.target_missing

    @property
    def predicted_file(self) -> str:
        """The file whose rows the predictions belong to."""
        return self.predict_file or self.train_file

    @property
    def needs_probabilities(self) -> bool:
        """Whether the chosen model must know probabilities, for the metric or for the predictions."""
        named = {"ROC AUC", "log loss", "average precision", "Brier score"} & set(self.facts.metrics)
        return self.facts.probabilities or self.metric.response in ("score", "probabilities") or bool(named)

    @property
    def weighted(self) -> bool:
        """Whether class weights shall make up for rare classes."""
        counts = self.class_counts
        return self.metric.balanced and bool(counts) and max(counts) > 1.5 * min(counts)

    @property
    def logged(self) -> bool:
        """Whether regressors should also learn the target's logarithm."""
        if self.kind != "regression" or self.target_low <= -1:
            return False
        # With few rows the skew is uncertain and another candidate costs next to nothing.
        skewed = self.target_skew > (0.5 if self.compared_rows <= 300 else 1)
        return self.metric.name in ("RMSLE", "MAPE") or (self.target_low >= 0 and skewed)

    @property
    def compared_rows(self) -> int:
        """How many rows the models are compared on."""
        return self.sampled or round(self.n_rows * (0.8 if self.holdout else 1))

    @property
    def sample_names(self) -> tuple[str, str]:
        """The variables that hold the rows on which models are compared."""
        return ("X_sample", "y_sample") if self.sampled else ("X_train", "y_train")

    @property
    def hurried(self) -> bool:
        """Whether the person gave so little time that the comparison must be short."""
        return self.facts.seconds is not None and self.facts.seconds <= 60

    @property
    def all_numbers(self) -> bool:
        """Whether there is nothing but numbers to learn from."""
        return not (self.features.categories or self.features.many or self.features.texts)

    @property
    def use_codes(self) -> bool:
        """Whether linear models get one level for each value of the whole numbers with few values."""
        return bool(self.features.codes) and len(self.features.numbers) <= 60

    @property
    def use_splines(self) -> bool:
        """Whether curves for each number are affordable: enough rows for each knot, not too many numbers."""
        count = len(self.features.numbers)
        return 0 < count <= 40 and self.compared_rows >= 12 * count and not self.pixels and self.compared_rows >= 40

    @property
    def use_quadratic(self) -> bool:
        """Whether squares and products of all features are few enough for the rows."""
        levels = len(self.features.categories) * 3
        width = len(self.features.numbers) + levels
        products = width * (width + 3) // 2
        return (
            self.kind == "regression"
            and 0 < len(self.features.numbers) <= 15
            and levels <= 15
            and not (self.features.texts)
            and self.compared_rows >= min(60, 3 * products)
        )

    @property
    def needs_ordinal(self) -> bool:
        """Whether trees need a preparation of their own."""
        return not self.all_numbers

    @property
    def dense(self) -> bool:
        """Whether the prepared features should be a dense array: no text, and so few that it costs nothing."""
        return not self.features.texts

    @property
    def topics(self) -> int:
        """How many components a text is reduced to for trees."""
        return 50 if self.compared_rows > 500 else 10

    def candidate(self, name: str) -> Candidate:
        """The candidate of that name.

        Raises:
            KeyError: there is none.
        """
        for candidate in self.candidates:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def ranked(self) -> list[Candidate]:
        """The candidates that have a score, best first."""
        scored = [candidate for candidate in self.candidates if candidate.score is not None]
        sign = -1 if self.metric.greater_is_better else 1
        return sorted(scored, key=lambda candidate: sign * (candidate.score or 0.0))

    @property
    def chosen_source(self) -> str:
        """The source of the chosen model."""
        return flat(self.candidate(self.chosen).source) if self.chosen else ""
