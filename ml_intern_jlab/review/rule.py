"""What a rule is, and the list of all of them."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from .flow.facts import Facts
from .flow.values import Place
from .parsed_notebook import Cell, ParsedNotebook

Severity = Literal["error", "warning", "note"]
Area = Literal["reproducibility", "evaluation", "care", "reading"]


@dataclass(frozen=True)
class Found:
    """One finding of a rule: in which cell, on which line (0: the whole cell), and what, in a sentence."""

    cell: Cell
    line: int
    message: str
    severity: Severity | None = None
    advice: str = ""


@dataclass
class Subject:
    """What a rule looks at: the notebook, and what its data flow says."""

    notebook: ParsedNotebook

    @cached_property
    def facts(self) -> Facts:
        """The facts of the data flow over all cells, worked out once."""
        from .flow.interpreter import interpret

        return interpret(self.notebook)

    def found(self, place: Place, message: str, severity: Severity | None = None) -> Found:
        """A finding at a place that the data flow names."""
        return Found(self.notebook.cells[place.cell - 1], place.line, message, severity)


@dataclass(frozen=True)
class Rule:
    """A rule.

    Args:
        id: its name in reports, in snake case.
        area: the group that it belongs to.
        severity: of its findings, where they don't say otherwise.
        title: the fault in a few words.
        why: why it matters, with the size of the effect and its source where that was measured.
        advice: what to do.
        bad: a notebook in percent format that has the fault.
        good: the same without it.
        check: yields what it finds.
    """

    id: str
    area: Area
    severity: Severity
    title: str
    why: str
    advice: str
    bad: str
    good: str
    check: Callable[[Subject], Iterator[Found]] = field(repr=False)


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule: the `RULES` of every module under `review/rules/`, in the order of their names."""
    from . import rules

    found: list[Rule] = []
    for module in pkgutil.walk_packages(rules.__path__, f"{rules.__name__}."):
        if not module.ispkg:
            found += getattr(importlib.import_module(module.name), "RULES", ())
    return tuple(sorted(found, key=lambda rule: (rule.area, rule.id)))


def calls_named(notebook: ParsedNotebook, *names: str) -> Iterator[tuple[Cell, ast.Call]]:
    """Calls of a function or method by the last part of its name, wherever it comes from."""
    for cell, node in notebook.nodes():
        if isinstance(node, ast.Call) and last_name(node.func) in names:
            yield cell, node


def last_name(node: ast.AST) -> str:
    """`c` of `a.b.c`, or an empty text."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
