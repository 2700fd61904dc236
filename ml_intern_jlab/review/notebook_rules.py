"""The review rules that need only the notebook itself, not its kernel or its journal."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ..errors import NotebookUnavailable

_ABSOLUTE = re.compile(
    r"^(?:/(?:home|Users|content|kaggle|mnt|media|root|data|tmp|var|opt|workspace)/|[A-Za-z]:[\\/]|~/)\S*$"
)
_GIVEN = frozenset(dir(builtins)) | {
    "get_ipython",
    "display",
    "In",
    "Out",
    "exit",
    "quit",
    "_",
    "__",
    "___",
    "__file__",
}


class Finding(BaseModel):
    """What a rule found: the fields of `protocol.FindingAdded` that are not the event's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    severity: Literal["error", "warning", "note"]
    cell_id: str
    line: int
    message: str
    advice: str


@dataclass(frozen=True)
class CodeCell:
    """A code cell that isn't blank; `number` counts all cells from 1, `tree` is None where it isn't Python."""

    number: int
    cell_id: str
    source: str
    count: int | None
    outputs: list[dict[str, Any]]
    tree: ast.Module | None


def review(notebook: dict[str, Any]) -> list[Finding]:
    """What the rules find, in the order of the cells.

    Raises:
        NotebookUnavailable: `notebook` isn't shaped like a notebook.
    """
    cells = _code_cells(notebook)
    found = [finding for rule in RULES for finding in rule(cells)]
    order = {cell.cell_id: cell.number for cell in cells}
    return sorted(found, key=lambda finding: (order.get(finding.cell_id, 0), finding.line))


def _code_cells(notebook: dict[str, Any]) -> list[CodeCell]:
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotebookUnavailable(
            "This is no notebook that can be reviewed: it has no list of cells. Open it and save it."
        )
    found = []
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict):
            raise NotebookUnavailable(
                f"Cell {number} of the notebook is malformed. Open the notebook and save it again."
            )
        source = cell.get("source", "")
        source = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if cell.get("cell_type") != "code" or not source.strip():
            continue
        count, outputs = cell.get("execution_count"), cell.get("outputs")
        found.append(
            CodeCell(
                number=number,
                cell_id=str(cell.get("id") or f"cell {number}"),
                source=source,
                count=count if isinstance(count, int) else None,
                outputs=[output for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else [],
                tree=_tree(source),
            )
        )
    return found


def _tree(source: str) -> ast.Module | None:
    # Importing IPython takes half a second, which a server shouldn't pay at its start.
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, RuntimeError):
        return None


def _out_of_order(cells: list[CodeCell]) -> Iterator[Finding]:
    highest: CodeCell | None = None
    for cell in cells:
        if cell.count is not None and highest is not None and cell.count < (highest.count or 0):
            yield Finding(
                rule="out_of_order",
                severity="warning",
                cell_id=cell.cell_id,
                line=0,
                message=f"Cell {cell.number} ran before cell {highest.number}, which stands above it "
                f"([{cell.count}] and [{highest.count}]).",
                advice="Restart the kernel and run all cells from the top.",
            )
        elif cell.count is not None:
            highest = cell


def _never_run(cells: list[CodeCell]) -> Iterator[Finding]:
    for cell in cells:
        if cell.count is None and not cell.outputs:
            yield Finding(
                rule="never_run",
                severity="note",
                cell_id=cell.cell_id,
                line=0,
                message=f"Cell {cell.number} was never run.",
                advice="Run it, or take it out.",
            )


def _ended_in_error(cells: list[CodeCell]) -> Iterator[Finding]:
    for cell in cells:
        for output in cell.outputs:
            if output.get("output_type") == "error":
                name = str(output.get("ename") or "an error")
                yield Finding(
                    rule="error_output",
                    severity="error",
                    cell_id=cell.cell_id,
                    line=0,
                    message=f"Cell {cell.number} ended with {name}: {str(output.get('evalue') or '')[:120]}".rstrip(
                        ": "
                    ),
                    advice="Repair the cell or take it out; a clean run would stop here.",
                )
                break


def _defined_later(cells: list[CodeCell]) -> Iterator[Finding]:
    bound = [_bound(cell) for cell in cells]
    if any(names is None for names in bound):
        return  # a magic or `import *` may bind anything, so nothing can be said
    earlier: set[str] = set(_GIVEN)
    for index, cell in enumerate(cells):
        later = set().union(*(names or set() for names in bound[index + 1 :]))
        seen: set[str] = set()
        for name, line in _used_at_once(cell):
            if name in later and name not in earlier | (bound[index] or set()) | seen:
                seen.add(name)
                place = next(
                    c.number
                    for c, names in zip(cells[index + 1 :], bound[index + 1 :], strict=True)
                    if name in (names or ())
                )
                yield Finding(
                    rule="defined_later",
                    severity="error",
                    cell_id=cell.cell_id,
                    line=line,
                    message=f"Cell {cell.number} uses {name}, which only cell {place} below defines.",
                    advice=f"Move the definition of {name} above this cell.",
                )
        earlier |= bound[index] or set()


def _bound(cell: CodeCell) -> set[str] | None:
    """Every name that the cell may bind at its top level; None where that can't be known."""
    if cell.tree is None:
        return None
    names: set[str] = set()
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            if any(alias.name == "*" for alias in node.names):
                return None
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "run_" in node.func.attr:
            magic = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
            if magic not in ("matplotlib", "config", "load_ext", "autoreload", "pip", "conda", "time", "timeit", "env"):
                return None
    return names


def _used_at_once(cell: CodeCell) -> Iterator[tuple[str, int]]:
    """Names that are read when the cell runs, with their lines: those in function bodies are read later."""

    def visit(node: ast.AST) -> Iterator[tuple[str, int]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id, node.lineno
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    if cell.tree is not None:
        yield from visit(cell.tree)


def _absolute_paths(cells: list[CodeCell]) -> Iterator[Finding]:
    for cell in cells:
        for node in ast.walk(cell.tree) if cell.tree else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ABSOLUTE.match(node.value):
                yield Finding(
                    rule="absolute_path",
                    severity="warning",
                    cell_id=cell.cell_id,
                    line=node.lineno,
                    message=f"Cell {cell.number} names the path {node.value}, which exists on one machine only.",
                    advice="Use a path relative to the notebook.",
                )


RULES = (_out_of_order, _never_run, _ended_in_error, _defined_later, _absolute_paths)
"""Every rule: a function of the code cells that yields findings. A new rule is a new line here."""
