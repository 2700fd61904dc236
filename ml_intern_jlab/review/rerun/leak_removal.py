"""A leak taken out of a notebook by rewriting it, so that both can be run and the figures laid side by side.

Only where that takes no judgement: whole statements outside functions, in the forms below. The rewritten notebook is
run and thrown away; nothing is written into the person's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..notebook_rules import findings
from ..parsed_notebook import Cell, ParsedNotebook
from ..rule import Found, last_name
from .reseeding import Shift

_CROSS_VALIDATIONS = ("cross_val_score", "cross_validate", "cross_val_predict")
_LEARNT_BEFORE = (
    "preprocessing_before_split",
    "selection_before_split",
    "resampling_before_split",
    "target_encoding_before_split",
)


@dataclass(frozen=True)
class Removal:
    """A leak and the notebook without it: `sources` are the new sources of cells by the old ones; `what` was done."""

    rule: str
    cell: int
    what: str
    sources: dict[str, str]

    def changed(self, source: str) -> str:
        """The new source of a cell."""
        return self.sources.get(source, source)


@dataclass(frozen=True)
class WithoutLeak:
    """The notebook's metrics with a leak (`first`) and without it (`second`); `note` says why there are none."""

    rule: str
    cell: int
    what: str
    shifts: list[Shift] = field(default_factory=list)
    note: str = ""

    @property
    def told(self) -> list[str]:
        """The comparison in sentences."""
        lines = [
            f"Cell {each.cell}: {each.metric} {each.first:.6g}; {each.second:.6g} without the leak of cell {self.cell} "
            f"({self.rule}: {self.what})"
            for each in self.shifts
        ]
        return lines or [f"Without the leak of cell {self.cell} ({self.rule}): {self.note}"]


@dataclass
class _Statement:
    """A statement outside functions, which has its lines for itself."""

    cell: Cell
    node: ast.stmt


class _Edits:
    """New lines for statements, and lines before and after them."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Cell, dict[int, tuple[int, list[str]]]]] = {}

    def replace(self, statement: _Statement, *lines: str) -> None:
        """Put lines in the place of a statement."""
        cell, node = statement.cell, statement.node
        self._made.setdefault(cell.number, (cell, {}))[1][node.lineno] = (node.end_lineno or node.lineno, list(lines))

    def sources(self) -> dict[str, str]:
        """The new sources by the old ones."""
        found = {}
        for cell, edits in self._made.values():
            lines = cell.source.split("\n")
            for start, (end, new) in sorted(edits.items(), reverse=True):
                lines[start - 1 : end] = new
            found[cell.source] = "\n".join(lines)
        return found


def removals(notebook: ParsedNotebook) -> Iterator[Removal]:
    """The notebook without each leak, one at a time, where its removal is mechanical."""
    statements = [
        _Statement(cell, node)
        for cell in notebook.code
        for node in (cell.tree.body if cell.tree else [])
        if _alone(cell, node)
    ]
    told: set[tuple[str, int, int]] = set()
    for rule, found in findings(notebook):
        make = _MAKERS.get(rule.id)
        place = (rule.id, found.cell.number, found.line)
        if make is None or place in told:
            continue
        told.add(place)
        made = make(found, statements)
        if made is not None:
            what, edits = made
            yield Removal(rule.id, found.cell.number, what, edits.sources())


def _alone(cell: Cell, node: ast.stmt) -> bool:
    """Whether the statement is the person's own text, and alone on its lines."""
    lines = cell.source.split("\n")[node.lineno - 1 : node.end_lineno]
    try:
        [own] = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError):
        return False
    return ast.dump(own) == ast.dump(node)


def _at(found: Found, statements: list[_Statement]) -> int | None:
    for number, each in enumerate(statements):
        if each.cell is found.cell and each.node.lineno <= found.line <= (each.node.end_lineno or 0):
            return number
    return None


# --- what was learnt before the split -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """`made[, target] = step.fit_transform(given[, target])`."""

    step: str
    made: str
    given: str
    target: str
    resamples: bool


def _step_of(node: ast.stmt) -> _Step | None:
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.value, ast.Call):
        return None
    call, goal = node.value, node.targets[0]
    made = [each.id for each in _parts(goal) if isinstance(each, ast.Name)]
    given = [each.id for each in call.args if isinstance(each, ast.Name)]
    name = last_name(call.func)
    if not isinstance(call.func, ast.Attribute) or call.keywords or len(given) != len(call.args) or not given:
        return None
    step, target = ast.unparse(call.func.value), given[1] if len(given) == 2 else ""
    if name == "fit_transform" and len(made) == 1 and len(_parts(goal)) == 1:
        return _Step(step, made[0], given[0], target, False)
    if name == "fit_resample" and len(made) == 2 and made[1] == target:
        return _Step(step, made[0], given[0], target, True)
    return None


def _after_split(found: Found, statements: list[_Statement]) -> tuple[str, _Edits] | None:
    """The step is fitted on the training rows: after the split, or within each fold."""
    start = _at(found, statements)
    step = _step_of(statements[start].node) if start is not None else None
    if start is None or step is None:
        return None
    edits = _Edits()
    before = [f"{step.made} = {step.given}"] if step.made != step.given else []
    edits.replace(statements[start], *before)
    for each in statements[start + 1 :]:
        if step.made not in _names(each.node):
            continue
        call = each.node.value if isinstance(each.node, ast.Assign) else None
        if isinstance(call, ast.Call) and last_name(call.func) == "train_test_split":
            lines = _fitted_after(step, each.node)
            if lines is None:
                return None
            edits.replace(each, ast.unparse(each.node), *lines)
            return "fitted on the training rows after the split", edits
        if not isinstance(each.node, ast.Expr | ast.Assign) or not _cross_validated(step, each, edits):
            if isinstance(each.node, ast.Expr) and not _calls(each.node, "fit"):
                continue  # it is shown
            return None
        return "fitted anew on the training rows of each fold", edits
    return None


def _fitted_after(step: _Step, split: ast.stmt) -> list[str] | None:
    goal = split.targets[0] if isinstance(split, ast.Assign) else None
    call = split.value if isinstance(split, ast.Assign) else None
    names = [each.id for each in _parts(goal) if isinstance(each, ast.Name)] if goal is not None else []
    if not isinstance(call, ast.Call) or len(names) != 2 * len(call.args):
        return None
    given = [each.id if isinstance(each, ast.Name) else "" for each in call.args]
    if step.made not in given or (step.target and step.target not in given):
        return None
    train, test = (names[2 * given.index(step.made) + side] for side in (0, 1))
    target = names[2 * given.index(step.target)] if step.target else ""
    if step.resamples:
        return [f"{train}, {target} = {step.step}.fit_resample({train}, {target})"]
    learnt_from = f"{train}, {target}" if target else train
    return [
        f"_fitted_after_split = {step.step}",
        f"{train} = _fitted_after_split.fit_transform({learnt_from})",
        f"{test} = _fitted_after_split.transform({test})",
    ]


def _cross_validated(step: _Step, statement: _Statement, edits: _Edits) -> bool:
    """The step goes into a pipeline with the model that is cross-validated."""
    node = ast.parse(ast.unparse(statement.node)).body[0]
    changed = False
    for call in _calls(node, *_CROSS_VALIDATIONS):
        if len(call.args) >= 2 and isinstance(call.args[1], ast.Name) and call.args[1].id == step.made:
            pipeline = f"_make_pipeline({step.step}, {ast.unparse(call.args[0])})"
            call.args[0] = ast.parse(pipeline, mode="eval").body
            changed = True
    if changed:
        home = "imblearn" if step.resamples else "sklearn"
        source = f"from {home}.pipeline import make_pipeline as _make_pipeline"
        edits.replace(statement, source, ast.unparse(node))
    return changed


# --- the other leaks ------------------------------------------------------------------------------------------------


def _in_order(found: Found, statements: list[_Statement]) -> tuple[str, _Edits] | None:
    """The latest rows are the test rows."""
    start = _at(found, statements)
    if start is None:
        return None
    node = ast.parse(ast.unparse(statements[start].node)).body[0]
    calls = _calls(node, "train_test_split")
    if len(calls) != 1:
        return None
    kept = [each for each in calls[0].keywords if each.arg not in ("shuffle", "stratify", "random_state")]
    calls[0].keywords = [*kept, ast.keyword("shuffle", ast.Constant(False))]
    edits = _Edits()
    edits.replace(statements[start], ast.unparse(node))
    return "tested on the last rows", edits


def _watching_others(found: Found, statements: list[_Statement]) -> tuple[str, _Edits] | None:
    """Early stopping watches a fifth of the training rows."""
    start = _at(found, statements)
    if start is None:
        return None
    node = ast.parse(ast.unparse(statements[start].node)).body[0]
    calls = [each for each in _calls(node, "fit") if len(each.args) >= 2]
    if len(calls) != 1 or not all(isinstance(each, ast.Name) for each in calls[0].args[:2]):
        return None
    features, target = (ast.unparse(each) for each in calls[0].args[:2])
    watched = [each for each in calls[0].keywords if each.arg in ("eval_set", "validation_data")]
    names = [each for keyword in watched for each in ast.walk(keyword.value) if isinstance(each, ast.Name)]
    others = [each for each in names if each.id not in (features, target)]
    if len(others) != 2:
        return None
    for each, name in zip(others, ("_watched", "_watched_target"), strict=True):
        each.id = name
    edits = _Edits()
    edits.replace(
        statements[start],
        "from sklearn.model_selection import train_test_split as _part",
        f"{features}, _watched, {target}, _watched_target = _part({features}, {target}, test_size=0.2, random_state=0)",
        ast.unparse(node),
    )
    return "stopped by a fifth of the training rows", edits


def _each_row_once(found: Found, statements: list[_Statement]) -> tuple[str, _Edits] | None:
    """Of equal rows one is kept, before the split."""
    start = _at(found, statements)
    if start is None:
        return None
    calls = _calls(statements[start].node, "train_test_split")
    if len(calls) != 1 or len(calls[0].args) != 1 or not isinstance(calls[0].args[0], ast.Name):
        return None
    name = calls[0].args[0].id
    edits = _Edits()
    edits.replace(statements[start], f"{name} = {name}.drop_duplicates()", ast.unparse(statements[start].node))
    return "each row once", edits


_MAKERS: dict[str, Callable[[Found, list[_Statement]], tuple[str, _Edits] | None]] = {
    **dict.fromkeys(_LEARNT_BEFORE, _after_split),
    "time_split_at_random": _in_order,
    "early_stopping_on_test": _watching_others,
    "duplicates_across_split": _each_row_once,
}
REMOVABLE = frozenset(_MAKERS)
"""Rules whose leaks can be taken out, in the simplest forms."""


def _parts(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple | ast.List) else [node]


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _calls(node: ast.AST, *names: str) -> list[ast.Call]:
    return [each for each in ast.walk(node) if isinstance(each, ast.Call) and last_name(each.func) in names]
