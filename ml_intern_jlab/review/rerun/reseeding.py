"""Another seed for a notebook, and what that moves: how far a figure would be off by chance alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from ..parsed_notebook import parse_source

_SEEDING = {"seed", "manual_seed", "manual_seed_all", "set_seed", "seed_everything", "default_rng", "RandomState"}
_SEEDING |= {"set_random_seed", "PRNGKey", "Generator", "fix_seed", "seed_all"}
_KEYWORDS = {"random_state", "seed", "random_seed", "rng", "random_state_seed", "data_seed"}
_NAMED = re.compile(r"^(?:.*_)?(?:seed|random_state|rng_seed)$", re.IGNORECASE)


def reseeded(source: str, seed: int) -> tuple[str, int]:
    """A cell's source with every constant that seeds something replaced by `seed`, and how many there were."""
    tree, _ = parse_source(source)
    if tree is None:
        return source, 0
    places = {(each.lineno, each.col_offset): each for node in ast.walk(tree) for each in _constants(node)}
    lines = source.split("\n")
    replaced = 0
    for (number, start), constant in sorted(places.items(), reverse=True):
        line = lines[number - 1].encode() if number <= len(lines) else b""
        end = constant.end_col_offset or 0
        # A line that IPython rewrote, such as one with a magic, is not the source's own.
        if constant.end_lineno == number and line[start:end] == str(constant.value).encode():
            lines[number - 1] = (line[:start] + str(seed).encode() + line[end:]).decode()
            replaced += 1
    return "\n".join(lines), replaced


def _constants(node: ast.AST) -> Iterable[ast.Constant]:
    """The whole numbers that seed something at this node."""
    values: list[ast.expr | None] = []
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        values += node.args[:1] if name in _SEEDING else []
        values += [each.value for each in node.keywords if each.arg in _KEYWORDS]
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        values += [node.value] if any(_NAMED.match(_name(target)) for target in targets) else []
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        positional = [*node.args.posonlyargs, *node.args.args]
        given = zip(positional[len(positional) - len(node.args.defaults) :], node.args.defaults, strict=True)
        named = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        values += [value for argument, value in [*given, *named] if _NAMED.match(argument.arg)]
    for value in values:
        if isinstance(value, ast.Constant) and type(value.value) is int:
            yield value


def _name(target: ast.expr) -> str:
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


class Metric(Protocol):
    """A number with a name that an output states."""

    @property
    def name(self) -> str:
        """Which metric."""

    @property
    def value(self) -> float:
        """Its value."""

    @property
    def split(self) -> str:
        """On what it was measured, where that is said."""


@dataclass(frozen=True)
class Shift:
    """A metric of a cell (counted from 1) under the notebook's own seed and under another."""

    cell: int
    metric: str
    first: float
    second: float


def shifts(
    first: list[dict[str, Any]], second: list[dict[str, Any]], metrics_in: Callable[[str], Iterable[Metric]]
) -> list[Shift]:
    """How far the metrics that the cells print moved between two runs; each cell's are matched by name and order."""
    found = []
    for number, (one, other) in enumerate(zip(first, second, strict=True), 1):
        before, after = (list(metrics_in(_printed(cell))) for cell in (one, other))
        if [(each.name, each.split) for each in before] == [(each.name, each.split) for each in after]:
            for old, new in zip(before, after, strict=True):
                label = f"{old.name} ({old.split})" if old.split else old.name
                found.append(Shift(number, label, old.value, new.value))
    return found


def _printed(cell: dict[str, Any]) -> str:
    outputs = cell.get("outputs", [])
    texts = [each["text"] for each in outputs if each["output_type"] == "stream" and each["name"] == "stdout"]
    texts += [each["data"].get("text/plain", "") for each in outputs if each["output_type"] == "execute_result"]
    return "\n".join(texts)
