"""Repairs that need no judgement: a cell's source with the one edit that takes a finding away."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version

from .flow.known import METRICS, RANDOM_MODELS
from .parsed_notebook import Cell
from .rule import Found, last_name

_SEEDABLE = RANDOM_MODELS | {"train_test_split", "sample"}
_INSTALL = re.compile(r"^(\s*[!%]\s*(?:uv\s+)?(?:pip3?|python3? -m pip)\s+install\s+)(.*)$")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[\w,-]+\])?$")


def fixed(rule: str, found: Found) -> str:
    """The source of the finding's cell with the fault mended; empty where that takes a person's judgement."""
    mend = _FIXES.get(rule)
    source = mend(found.cell, found.line) if mend and found.line else None
    return source if source and source != found.cell.source else ""


def _swap(cell: Cell, line: int) -> str | None:
    """Truth first, predictions second."""
    for call in _calls(cell, line):
        if last_name(call.func) in METRICS and len(call.args) >= 2:
            first, second = call.args[:2]
            texts = [_text(cell, first), _text(cell, second)]
            if None not in texts and not any(isinstance(each, ast.Starred) for each in (first, second)):
                changed = _replaced(cell, second, texts[0] or "")
                return _replaced(cell, first, texts[1] or "", changed)
    return None


def _seed(cell: Cell, line: int) -> str | None:
    """A number for what draws from chance."""
    for call in _calls(cell, line):
        given = {keyword.arg for keyword in call.keywords}
        if last_name(call.func) in _SEEDABLE and not given & {"random_state", "seed", None}:
            text = _text(cell, call)
            if text and text.endswith(")"):
                inside = text[:-1].rstrip()
                comma = "" if inside.endswith(("(", ",")) else ", "
                comma = " " if inside.endswith(",") else comma
                return _replaced(cell, call, f"{inside}{comma}random_state=0)")
    return None


def _transform(cell: Cell, line: int) -> str | None:
    """What was learnt from the training rows is applied, not learnt anew."""
    lines = cell.source.split("\n")
    if lines[line - 1].count(".fit_transform(") != 1:
        return None
    lines[line - 1] = lines[line - 1].replace(".fit_transform(", ".transform(")
    return "\n".join(lines)


def _pin(cell: Cell, line: int) -> str | None:
    """The versions that are installed here."""
    lines = cell.source.split("\n")
    match = _INSTALL.match(lines[line - 1])
    if not match:
        return None
    words = match[2].split()
    try:
        pinned = [f"{word}=={version(word.partition('[')[0])}" if _NAME.match(word) else word for word in words]
    except PackageNotFoundError:
        return None
    lines[line - 1] = match[1] + " ".join(pinned)
    return "\n".join(lines)


def _without_statement(cell: Cell, line: int) -> str | None:
    """The cell without one whole statement."""
    lines = cell.source.split("\n")
    for node in cell.tree.body if cell.tree else []:
        if isinstance(node, ast.Expr) and node.lineno == line and node.col_offset == 0:
            end = node.end_lineno or line
            alone = lines[end - 1].encode()[node.end_col_offset :].decode().lstrip()
            if not alone or alone.startswith("#"):
                return "\n".join(lines[: line - 1] + lines[end:])
    return None


_FIXES: dict[str, Callable[[Cell, int], str | None]] = {
    "swapped_arguments": _swap,
    "no_seed": _seed,
    "refitted_on_test": _transform,
    "unpinned_install": _pin,
    "warnings_silenced": _without_statement,
}


def _calls(cell: Cell, line: int) -> Iterator[ast.Call]:
    """The calls that touch a line."""
    for node in ast.walk(cell.tree) if cell.tree else ():
        if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or node.lineno):
            yield node


def _text(cell: Cell, node: ast.expr) -> str | None:
    """A node's own text; None where the line isn't the person's, as with a magic that IPython rewrote."""
    text = ast.get_source_segment(cell.source, node)
    try:
        return text if text and ast.dump(ast.parse(text, mode="eval").body) == ast.dump(node) else None
    except SyntaxError:
        return None


def _replaced(cell: Cell, node: ast.expr, text: str, source: str | None = None) -> str:
    """The source with a node's text replaced; nodes further on are replaced first."""
    lines = (cell.source if source is None else source).split("\n")
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode()
    return "\n".join([*lines[:first], *(before + text + after).split("\n"), *lines[last + 1 :]])
