"""A notebook as the rules read it: cells with source, syntax tree, outputs and counts. Nothing in it is executed."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import NotebookUnavailable

LONGEST_SOURCE = 200_000
"""Characters of a cell that are parsed; a longer cell is data, not code."""
LONGEST_OUTPUT = 100_000
"""Characters of an output's text that the rules read."""
_DEEPEST = 90
"""How deep code may nest; what nests deeper wasn't written by hand, and walking it would take too long."""
_LONGEST_LINE = 1_000
_PYTHON = {"", "python", "python2", "python3", "ipython", "ipython3"}
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Output:
    """One output: `kind` is stdout, stderr, result, display or error; `text` is plain; `size` counts all characters."""

    kind: str
    text: str
    size: int
    name: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell. `number` counts all cells from 1; `tree` is None where the source isn't Python."""

    number: int
    cell_id: str
    kind: str
    source: str
    count: int | None = None
    outputs: tuple[Output, ...] = ()
    tree: ast.Module | None = None
    magics: tuple[str, ...] = ()

    @cached_property
    def printed(self) -> str:
        """What the cell printed and returned, as plain text; errors and stderr are left out."""
        return "\n".join(each.text for each in self.outputs if each.kind in ("stdout", "result", "display"))


@dataclass
class ParsedNotebook:
    """All cells, and what the notebook says of itself. `folder` is where it lies, where that is known."""

    cells: list[Cell]
    language: str = "python"
    metadata: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @cached_property
    def code(self) -> list[Cell]:
        """The code cells that aren't blank."""
        return [cell for cell in self.cells if cell.kind == "code" and cell.source.strip()]

    @cached_property
    def prose(self) -> list[Cell]:
        """The Markdown cells that aren't blank."""
        return [cell for cell in self.cells if cell.kind == "markdown" and cell.source.strip()]

    @property
    def is_python(self) -> bool:
        """Whether the notebook's language is Python, as far as it says."""
        return self.language in _PYTHON

    def nodes(self) -> Iterator[tuple[Cell, ast.AST]]:
        """Every syntax node of every code cell."""
        for cell in self.code:
            for node in self._walked(cell):
                yield cell, node

    def _walked(self, cell: Cell) -> list[ast.AST]:
        known: dict[int, list[ast.AST]] = self.__dict__.setdefault("_nodes", {})
        if cell.number not in known:
            known[cell.number] = list(ast.walk(cell.tree)) if cell.tree else []
        return known[cell.number]


def read_notebook(path: Path) -> ParsedNotebook:
    """The notebook in a file.

    Raises:
        NotebookUnavailable: there is no such file, or it is no notebook.
    """
    return parse(read_json(path), path.resolve().parent)


def read_json(path: Path) -> Any:
    """What a notebook's file holds.

    Raises:
        NotebookUnavailable: it can't be read or isn't JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise NotebookUnavailable(f"{path} can't be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise NotebookUnavailable(f"{path} is no notebook: it isn't valid JSON.") from error


def parse(document: Any, folder: Path | None = None) -> ParsedNotebook:
    """A notebook from its JSON, of format 3 or 4, read as far as it is well-formed.

    Raises:
        NotebookUnavailable: `document` isn't shaped like a notebook.
    """
    raw = document.get("cells") if isinstance(document, dict) else None
    if raw is None and isinstance(document, dict) and isinstance(document.get("worksheets"), list):
        sheets = [sheet for sheet in document["worksheets"] if isinstance(sheet, dict)]
        raw = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    if not isinstance(raw, list):
        raise NotebookUnavailable(
            "This is no notebook that can be reviewed: it has no list of cells. Open it and save it."
        )
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    language = _language(metadata)
    cells = []
    for number, cell in enumerate(raw, 1):
        if not isinstance(cell, dict):
            raise NotebookUnavailable(
                f"Cell {number} of the notebook is malformed. Open the notebook and save it again."
            )
        cells.append(_cell(number, cell, language in _PYTHON))
    return ParsedNotebook(cells, language, metadata, folder)


def _language(metadata: dict[str, Any]) -> str:
    for group, key in (("language_info", "name"), ("kernelspec", "language")):
        values = metadata.get(group)
        if isinstance(values, dict) and isinstance(values.get(key), str):
            return str(values[key]).lower()
    return "python"


def _cell(number: int, cell: dict[str, Any], python: bool) -> Cell:
    kind = str(cell.get("cell_type", ""))
    source = _text(cell.get("source", cell.get("input", "")))
    count = cell.get("execution_count", cell.get("prompt_number"))
    outputs = cell.get("outputs")
    tree, magics = parse_source(source) if python and kind == "code" else (None, ())
    return Cell(
        number=number,
        cell_id=str(cell.get("id") or f"cell {number}"),
        kind="markdown" if kind == "heading" else kind,
        source=_short_lines(source),
        count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        outputs=tuple(_output(each) for each in outputs if isinstance(each, dict)) if isinstance(outputs, list) else (),
        tree=tree,
        magics=magics,
    )


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _output(output: dict[str, Any]) -> Output:
    kind = str(output.get("output_type", ""))
    if kind in ("error", "pyerr"):
        value = str(output.get("evalue") or "")
        return Output("error", value[:LONGEST_OUTPUT], len(value), str(output.get("ename") or "an error"))
    if kind == "stream":
        text = _text(output.get("text", ""))
        name = output.get("name", output.get("stream", "stdout"))
        return Output("stderr" if name == "stderr" else "stdout", _plain(text), len(text))
    data = output.get("data")
    data = data if isinstance(data, dict) else output
    text = _text(data.get("text/plain", data.get("text", "")))
    # What is drawn for a person only is counted, not read.
    size = sum(
        len(_text(value)) for key, value in data.items() if "image" not in str(key) and key not in ("png", "jpeg")
    )
    return Output("result" if kind in ("execute_result", "pyout") else "display", _plain(text), size)


def _plain(text: str) -> str:
    return _short_lines(_ANSI.sub("", text[:LONGEST_OUTPUT]))


def _short_lines(text: str) -> str:
    """The text, its longest lines cut: no person wrote them, and patterns would take too long at them."""
    if len(text) <= _LONGEST_LINE:
        return text
    return "\n".join(line[:_LONGEST_LINE] for line in text[:LONGEST_SOURCE].split("\n"))


def parse_source(source: str) -> tuple[ast.Module | None, tuple[str, ...]]:
    """The syntax tree of a cell, through IPython's own transformer, and the magics and shell lines in it."""
    if len(source) > LONGEST_SOURCE or _nesting(source) > _DEEPEST:
        return None, ()
    magics: tuple[str, ...] = ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if re.search(r"(?m)^\s*[%!?]|[!?%]", source):
                # Importing IPython takes half a second, which a server shouldn't pay at its start.
                from IPython.core.inputtransformer2 import TransformerManager

                magics = tuple(line.strip() for line in re.findall(r"(?m)^\s*(?:\w+\s*=\s*)?[%!].*$", source))
                # What `%time` runs binds names like any other statement.
                source = re.sub(r"(?m)^(\s*)%time[ \t]+(?=\S)", r"\1", source)
                source = TransformerManager().transform_cell(_inside_cell_magic(source))
            tree = ast.parse(source)
            return (tree if _depth(tree) <= _DEEPEST else None), magics
    except (SyntaxError, ValueError, RecursionError, RuntimeError, MemoryError):
        return None, magics


def _inside_cell_magic(source: str) -> str:
    """The Python inside `%%time` and its like. IPython takes blank lines away at the top; a mark keeps line numbers."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        if line.strip() and not re.match(r"%%(time|timeit|capture|prun|memit|scalene|mypy)\b", line):
            break
        bound = re.match(r"%%capture\s+(?:--?[\w-]+\s+)*([^\W\d]\w*)\s*$", line)
        lines[number] = f"{bound[1]} = object()" if bound else "#"  # what it keeps the output under
    return "\n".join(lines)


def _depth(tree: ast.AST) -> int:
    """How deep the tree is."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _nesting(source: str) -> int:
    """How deep brackets and indentation nest, at most: the parser's own limits end the process for some inputs."""
    depth = deepest = 0
    for character in source:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth = max(0, depth - 1)
    return deepest
