"""What the review finds in notebooks that people have published: every finding is to be looked at by a person.

Without folders, the notebooks and example scripts that come with the packages installed here; with folders, those in
them, such as a checkout of a book or of scikit-learn's `examples/`. Scripts in the percent format, or in that of
sphinx-gallery, become a notebook of one cell for each part, without outputs.
"""

from __future__ import annotations

import re
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ml_intern_jlab.errors import NotebookUnavailable
from ml_intern_jlab.review.notebook_rules import findings
from ml_intern_jlab.review.parsed_notebook import ParsedNotebook, parse, read_notebook

_EXAMPLES = {"example", "examples", "tutorial", "tutorials", "demo", "demos", "gallery", "auto_examples"}
_LEARNS = re.compile(r"\b(sklearn|torch|keras|tensorflow|xgboost|lightgbm|catboost|statsmodels|transformers)\b")
_PART = re.compile(r"(?m)^(?:# ?%%.*|#{20,})$\n?")
_LONGEST = 200


def collected(folders: list[Path]) -> list[Path]:
    """The notebooks and example scripts in folders, or in those of the installed packages."""
    installed = Path(sysconfig.get_path("purelib"))
    found: list[Path] = []
    for folder in folders or [installed]:
        found += folder.rglob("*.ipynb")
        scripts = [each for each in folder.rglob("*.py") if folders or _EXAMPLES & set(each.parts)]
        found += [each for each in scripts if _LEARNS.search(each.read_text(encoding="utf-8", errors="replace"))]
    return sorted(found)


def as_notebook(script: str) -> dict[str, Any]:
    """A script as a notebook that was run from top to bottom and printed nothing."""
    cells: list[dict[str, Any]] = []
    for number, part in enumerate((each.strip("\n") for each in _PART.split(script) if each.strip()), 1):
        plain = all(line.startswith("#") or not line.strip() for line in part.splitlines())
        kind = "markdown" if plain else "code"
        cell: dict[str, Any] = {"cell_type": kind, "id": f"c{number}", "metadata": {}, "source": part}
        cells.append(cell if plain else {**cell, "outputs": [], "execution_count": number})
    return {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def _parsed(path: Path) -> ParsedNotebook:
    if path.suffix == ".ipynb":
        return read_notebook(path)
    return parse(as_notebook(path.read_text(encoding="utf-8", errors="replace")), path.parent)


def _lines(path: Path, counts: Counter[tuple[str, str]]) -> Iterator[str]:
    try:
        found = findings(_parsed(path))
    except NotebookUnavailable as error:
        yield f"{path}: {error}"
        return
    for rule, each in found:
        severity = each.severity or rule.severity
        counts[rule.id, severity] += 1
        if (severity != "note" and rule.area in ("evaluation", "care")) or severity == "error":
            source = each.cell.source.splitlines()
            line = source[each.line - 1].strip() if 0 < each.line <= len(source) else ""
            yield f"{severity:8}{rule.id:28}{path}:{each.cell.number}:{each.line}  {each.message}  {line[:_LONGEST]}"


def look(folders: list[Path]) -> None:
    """Print what is to be looked at, then how often each rule found something."""
    paths = collected(folders)
    counts: Counter[tuple[str, str]] = Counter()
    for path in tqdm(paths, unit="notebook", disable=None, leave=False):
        for line in _lines(path, counts):
            tqdm.write(line)
    print(f"\n{len(paths)} notebooks and scripts")
    for (rule, severity), count in sorted(counts.items(), key=lambda pair: -pair[1]):
        print(f"{rule:32} {severity:8} {count:5}")
