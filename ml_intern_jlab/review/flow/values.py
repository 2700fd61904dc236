"""What the data flow knows of a value: whose rows it holds, what has informed it, which model made it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Any

from .conditions import exclude_each_other

Rows = frozenset["Part"]
SHUFFLED = "shuffled slice"
"""What the keys of slices of rows in random order begin with."""


@dataclass(frozen=True)
class Part:
    """A set of rows: a source (no parents), or one side of a split or filter of its parents.

    `key` names the split, `name` the side. Sides of one split are disjoint, unless they are slices that overlap.
    """

    key: str
    name: str = "all"
    parents: Rows = frozenset()
    kind: str = "source"  # source, random, ordered, group, slice, mask, fold, file
    low: Any = None
    high: Any = None

    def lineage(self) -> frozenset[Part]:
        """The part and everything that it is a part of."""
        known = _LINEAGES.get(self)
        if known is None:
            known = frozenset({self}).union(*(parent.lineage() for parent in self.parents))
            if len(_LINEAGES) > 20_000:
                _LINEAGES.clear()
            _LINEAGES[self] = known
        return known


_LINEAGES: dict[Part, frozenset[Part]] = {}


def covers(whole: Rows, part: Rows) -> bool:
    """Whether some rows of `part` surely lie in `whole`: it holds them, or what they were taken from."""
    return any(whole & each.lineage() for each in part)


def includes(whole: Rows, part: Rows) -> bool:
    """Whether every row of `part` surely lies in `whole`."""
    return bool(part) and all(whole & each.lineage() for each in part)


def overlap(one: Rows, other: Rows) -> bool:
    """Whether the two share rows surely: one lies in the other."""
    return covers(one, other) or covers(other, one)


def disjoint(one: Rows, other: Rows) -> bool:
    """Whether the two surely share no row: different sides of one split, or different sources."""
    return bool(one and other) and all(_apart(a, b) for a in one for b in other)


def on_two_sides(one: Rows, other: Rows) -> bool:
    """Whether the two are different sides of one split. Features and target may come from two files."""
    return any(
        a.key == b.key and a.name != b.name and _sides_apart(a, b)
        for first in one
        for second in other
        for a in first.lineage()
        for b in second.lineage()
    )


def drawn_twice(one: Rows, other: Rows) -> bool:
    """Whether the two are independent draws from the same rows, so that many rows are in both."""
    return not disjoint(one, other) and any(
        _drawn(a) and _drawn(b) and a.parents == b.parents and a.key != b.key
        for first in one
        for second in other
        for a in first.lineage()
        for b in second.lineage()
    )


def _drawn(part: Part) -> bool:
    return (part.kind == "random" and not part.key.startswith("mask")) or part.key.startswith(SHUFFLED)


def rejoined(rows: Rows) -> Rows:
    """The rows, with both sides of a condition replaced by what they are the sides of."""
    for part in rows:
        sides = {each for each in rows if part.kind == "mask" and (each.key, each.parents) == (part.key, part.parents)}
        if len(sides) > 1:
            return rejoined((rows - sides) | part.parents)
    return rows


def _apart(one: Part, other: Part) -> bool:
    mine, theirs = one.lineage(), other.lineage()
    if one in theirs or other in mine:
        return False
    if any(a.key == b.key and a.name != b.name and _sides_apart(a, b) for a in mine for b in theirs):
        return True
    if any(a.kind == b.kind == "mask" and _excluded(a, b) for a in mine for b in theirs):
        return True
    return not {a for a in mine if not a.parents} & {b for b in theirs if not b.parents}


def _excluded(one: Part, other: Part) -> bool:
    return exclude_each_other((one.key.removeprefix("mask "), one.name), (other.key.removeprefix("mask "), other.name))


def _sides_apart(one: Part, other: Part) -> bool:
    if "slice" not in (one.kind, other.kind) or one.kind != other.kind:
        return True
    for first, second in ((one, other), (other, one)):
        if first.high is not None and second.low is not None:
            if first.high == second.low:
                return True
            if isinstance(second.low, str) and second.low.startswith(f"{first.high} +"):
                return True  # a gap between the two
            if type(first.high) is type(second.low) and isinstance(first.high, int | float):
                if first.high <= second.low and (first.high >= 0) == (second.low >= 0):
                    return True
            elif first.low is None and second.high is None:
                return True  # a beginning and an end
    return False


@dataclass(frozen=True, order=True)
class Place:
    """Where in the notebook: index of the code cell in the list of all cells, and line."""

    cell: int
    line: int


@dataclass(frozen=True)
class Taint:
    """Something that rows told: a mean, a vocabulary, a selection of columns, the choice of a parameter.

    `kind` is scaling, imputation, encoding, vectorising, projection, binning, statistic, selection,
    supervised_selection, resampling, group_statistic or choice; `rows` are those that told it;
    `columns` those whose values were averaged.
    """

    kind: str
    rows: Rows
    place: Place
    columns: frozenset[str] = frozenset()
    what: str = ""


@dataclass(frozen=True)
class Columns:
    """Which columns a table surely has: `known`, or (`whole`) all of its source but `without`; `numeric` ones only.

    `source` is the file that they come from, where there is one.
    """

    known: frozenset[str] = frozenset()
    whole: bool = False
    without: frozenset[str] = frozenset()
    numeric: bool = False
    source: str = field(default="", compare=False)

    def has(self, name: str) -> bool:
        """Whether the column is surely there."""
        # Where a column was dropped by its position, any of those with names may be it.
        by_position = any(each.startswith("#") for each in self.without) and not name.startswith("#")
        return name in self.known or (self.whole and name not in self.without and not by_position)

    def dropped(self, names: frozenset[str]) -> Columns:
        """These columns less `names`."""
        return replace(self, known=self.known - names, without=self.without | names)

    def added(self, name: str) -> Columns:
        """These columns and one more."""
        return replace(self, known=self.known | {name}, without=self.without - {name})


@dataclass(frozen=True)
class Derivation:
    """From which columns of its table a value was computed, and by what (`shift`, `lead`, `window`, `random` …).

    `each file` with the number of loops around: read by a loop over files, so a figure of it is one row's; `pieces`:
    cut out of such a file in a further loop, so several rows come from one file.
    """

    columns: frozenset[str] = frozenset()
    through: frozenset[str] = frozenset()

    @property
    def looped(self) -> frozenset[str]:
        """Of `through`, what tells the loop over files."""
        return frozenset(each for each in self.through if each.startswith("each file"))

    def __or__(self, other: Derivation) -> Derivation:
        return Derivation(self.columns | other.columns, self.through | other.through)


@dataclass(eq=False)
class Estimator:
    """Something that is fitted. One object stands for one object of the program, changed as it is fitted.

    `role` is model, search, scaling, imputation, encoding, vectorising, projection, binning, selection,
    supervised_selection, resampling or unsupervised. `folded`: each row was predicted by a
    model that hadn't seen it. `draws` is the library whose chance its training takes, where no
    argument seeds it.
    """

    name: str
    role: str
    place: Place
    steps: list[Estimator] = field(default_factory=list)
    arguments: dict[str, Value] = field(default_factory=dict)
    in_loop: int = 0
    fitted: Rows = frozenset()
    taints: frozenset[Taint] = frozenset()
    target: Value | None = None
    features: Value | None = None
    scale: str = ""
    classifies: bool | None = None
    evaluated_on: Value | None = None
    draws: str = ""
    kept: tuple[Any, Rows] | None = None
    folded: bool = False

    def every(self) -> list[Estimator]:
        """This one and all of its steps, within each other."""
        return [self, *(each for step in self.steps for each in step.every())]


@dataclass(frozen=True)
class Value:
    """An abstract value. What isn't known is left empty; nothing is guessed.

    `kind`: data, prediction, residual, score, stat, index, mask, length, folds, splitter, estimator, frames (named
    parts), function, class, instance, module, group, expression, or empty. `shuffled`: its rows lie in random order.
    `predicted`: columns of a table that hold what a model said.
    """

    kind: str = ""
    rows: Rows = frozenset()
    origin: str = ""
    constant: Any = None
    known: bool = False
    items: tuple[Value, ...] | None = None
    element: Value | None = None
    keys: tuple[tuple[str, Value], ...] = ()
    attributes: dict[str, Value] | None = field(default=None, compare=False)
    taints: frozenset[Taint] = frozenset()
    columns: Columns | None = None
    derived: tuple[tuple[str, Derivation], ...] = ()
    derivation: Derivation = Derivation()
    estimator: Estimator | None = None
    scores: frozenset[int] = frozenset()
    scale: str = ""
    node: ast.AST | None = field(default=None, compare=False)
    scope: Any = field(default=None, compare=False)
    mark: str = ""
    shuffled: bool = False
    predicted: tuple[tuple[str, Value], ...] = ()

    def but(self, **changes: Any) -> Value:
        """The value with some fields changed."""
        return replace(self, **changes)

    def key(self, name: str) -> Value | None:
        """What is kept under a name, for dictionaries and named parts."""
        return next((value for key, value in self.keys if key == name), None)

    def with_key(self, name: str, value: Value) -> Value:
        """The dictionary with one entry set."""
        return self.but(keys=(*((key, old) for key, old in self.keys if key != name), (name, value)))


NOTHING = Value()


def constant(value: Any) -> Value:
    """A value that is known."""
    return Value(constant=value, known=True)


def join(one: Value, other: Value) -> Value:
    """A value that is one or the other."""
    if one is other or one == other:
        return one
    if one == NOTHING or (one.known and one.constant is None):
        return other
    if other == NOTHING or (other.known and other.constant is None):
        return one
    items = None
    if one.items is not None and other.items is not None:
        if len(one.items) == len(other.items):
            items = tuple(map(join, one.items, other.items))
        else:
            items = one.items if len(one.items) > len(other.items) else other.items
    keys = dict(one.keys)
    for key, value in other.keys:
        keys[key] = join(keys[key], value) if key in keys else value
    same = one.kind == other.kind
    return other.but(
        kind=other.kind or one.kind,
        rows=one.rows | other.rows,
        constant=None,
        known=False,
        items=items if items is not None else one.items or other.items,
        element=join(one.element, other.element) if one.element and other.element else one.element or other.element,
        keys=tuple(keys.items()),
        taints=one.taints | other.taints,
        columns=other.columns if one.columns == other.columns else None,
        derived=tuple(dict([*one.derived, *other.derived]).items()),
        derivation=one.derivation | other.derivation,
        estimator=other.estimator or one.estimator,
        scores=one.scores | other.scores,
        scale=other.scale if one.scale == other.scale or same else other.scale or one.scale,
        attributes=other.attributes or one.attributes,
        origin=other.origin or one.origin,
        mark=other.mark or one.mark,
        shuffled=one.shuffled and other.shuffled,
        predicted=other.predicted or one.predicted,
    )


def parts_of(value: Value) -> list[Value]:
    """The values inside a container, and the value itself where it is none."""
    inside = [*(value.items or ()), *(each for _, each in value.keys), *([value.element] if value.element else [])]
    return [value, *inside]


def gathered(value: Value, depth: int = 4) -> Value:
    """The value with rows, taints, scores and derivation of everything inside it."""
    inside = parts_of(value)[1:]
    if not inside or depth == 0:
        return value
    deep = [gathered(each, depth - 1) for each in inside]
    return value.but(
        rows=value.rows.union(*(each.rows for each in deep)),
        taints=value.taints.union(*(each.taints for each in deep)),
        scores=value.scores.union(*(each.scores for each in deep)),
        estimator=value.estimator or next((each.estimator for each in deep if each.estimator), None),
        derivation=value.derivation
        | Derivation(
            frozenset().union(*(each.derivation.columns for each in deep)),
            frozenset().union(*(each.derivation.through for each in deep)),
        ),
    )
