"""Builds notebooks from the corpus' compact form: percent format, with labels, outputs and counts in comments.

`# expect: rule, rule` says what must be found, `# absent: rule` what must not, `# allow: rule` what may be. `# %% [7]`
begins a code cell with an execution count, `# %% [ ]` one that wasn't run. `#> text` is a line of stdout, `#! text` of
stderr, `#x Name: value` an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "corpus"
_HEADER = re.compile(r"^# (expect|absent|allow|metadata):(.*)$")
_CELL = re.compile(r"^# %%(?: \[(markdown|raw|\d+| )\])?\s*$")


@dataclass(frozen=True)
class Sample:
    """A labelled notebook."""

    name: str
    notebook: dict[str, Any]
    expected: frozenset[str]
    absent: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


def load(path: Path) -> Sample:
    """The sample in a file."""
    return sample(path.stem, path.read_text(encoding="utf-8"))


def samples(part: str) -> list[Sample]:
    """All samples of a folder of the corpus."""
    return [load(path) for path in sorted((FOLDER / part).glob("*.txt"))]


def sample(name: str, text: str) -> Sample:
    """The sample that a text describes."""
    labels: dict[str, frozenset[str]] = {}
    cells: list[dict[str, Any]] = []
    for line in text.splitlines():
        header, start = _HEADER.match(line), _CELL.match(line)
        if header and not cells:
            labels[header[1]] = frozenset(re.findall(r"\w+", header[2]))
        elif start:
            cells.append(_cell(start[1], len(cells), sum(cell["cell_type"] == "code" for cell in cells)))
        elif cells:
            _add(cells[-1], line)
    for cell in cells:
        cell["source"] = cell.pop("lines").strip("\n")
    notebook = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return Sample(name, notebook, *(labels.get(key, frozenset()) for key in ("expect", "absent", "allow")))


def _cell(mark: str | None, number: int, code: int) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": "code", "id": f"c{number + 1}", "metadata": {}, "lines": ""}
    if mark in ("markdown", "raw"):
        return {**cell, "cell_type": mark}
    count = None if mark == " " else int(mark) if mark else code + 1
    return {**cell, "execution_count": count, "outputs": []}


def _add(cell: dict[str, Any], line: str) -> None:
    if cell["cell_type"] != "code":
        cell["lines"] += re.sub(r"^# ?", "", line) + "\n"
    elif line[:2] in ("#>", "#!"):
        name = "stdout" if line[1] == ">" else "stderr"
        text = line[3:] + "\n"
        if cell["outputs"] and cell["outputs"][-1].get("name") == name:
            cell["outputs"][-1]["text"] += text
        else:
            cell["outputs"].append({"output_type": "stream", "name": name, "text": text})
    elif line[:2] == "#x":
        name, _, value = line[3:].partition(": ")
        cell["outputs"].append({"output_type": "error", "ename": name, "evalue": value, "traceback": []})
    else:
        cell["lines"] += line + "\n"
