"""What a cell takes for granted: imports by their usual short names, and the table as the skill reads it.

Small models forget the same first lines again and again. What is missing can be told from the source, so it is put
there before the cell is proposed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

IMPORTS = {
    "json": "import json",
    "math": "import math",
    "np": "import numpy as np",
    "os": "import os",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "re": "import re",
    "sns": "import seaborn as sns",
    "stats": "from scipy import stats",
}
"""The lines that bind names which nobody uses for anything else."""


def completed(
    source: str,
    earlier: Iterable[str],
    failed: Iterable[str],
    reads: Iterable[tuple[str, str]],
    defined: Callable[[list[str]], set[str]],
) -> str:
    """The cell with the lines before it that bind what it uses and nothing has bound.

    Args:
        source: the cell; one that isn't plain Python stays as it is.
        earlier: the sources of the cells that ran through before.
        failed: those of the cells that failed. What only they bound is bound anew: their repair takes their place in
            the notebook, which has to run again.
        reads: variables and the expressions that read their tables.
        defined: which of some names the kernel has; asked only where one is missing.
    """
    used, bound = _names(source)
    tables = {name: f"{name} = {reading}" for name, reading in reads}
    missing = (used - bound) & (tables.keys() | IMPORTS.keys())
    if not missing:
        return source
    missing -= set().union(*(_names(cell)[1] for cell in earlier))
    lost = set().union(*(_names(cell)[1] for cell in failed))
    if unsure := sorted(missing - lost):
        missing -= defined(unsure)
    first = [tables[name] for name in tables if name in missing]
    if first and not ({"pd"} & (bound | missing)):
        missing.add("pd")
    return "\n".join([*(line for name, line in IMPORTS.items() if name in missing), *first, source])


def _names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell uses and those that it binds anywhere."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set(), set()
    used: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return used, bound
