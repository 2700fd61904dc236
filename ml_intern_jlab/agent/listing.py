"""The file list as the model reads it: a table whose columns were just listed isn't listed again, numbered columns are
told by their first and last. Reading is what takes small machines their time."""

from __future__ import annotations

import re

from ..recipes.grounding import listed_tables

FEW = 6
"""Columns that are named one by one where a table lacks them or has more."""
RUN = 6
"""Numbered names in a row, from which on only the first two and the last are shown."""
ROW = 160
"""Characters of a row of data."""
_FILE = re.compile(r"^(?! )(?P<path>.+) \([\d,]+ bytes\)$")
_NUMBERED = re.compile(r"^(.*?)(\d+)$")


def shown_listing(listing: str, rows: bool = True) -> str:
    """The listing of `snippets/look_at_files.py`, shortened; without `rows` of tables, their columns only."""
    tables = listed_tables(listing)
    shown: list[str] = []
    seen: dict[str, list[str]] = {}
    path, below = "", 0
    for line in listing.splitlines():
        if match := _FILE.match(line):
            path, below = match["path"].replace("\\", "/"), 0
            shown.append(line)
            continue
        columns = tables.get(path, [])
        below += 1
        if len(columns) < 2 or not line.startswith("    "):
            shown.append(line)
        elif below == 1:
            shown.append(_header(line, path, columns, seen))
            seen[path] = columns
        elif rows and not (below == 3 and "columns of" in shown[-2]):
            shown.append(line if len(line) <= ROW else line[:ROW] + " ...")
    return "\n".join(shown)


def _header(line: str, path: str, columns: list[str], seen: dict[str, list[str]]) -> str:
    for other, theirs in seen.items():
        lacks = [name for name in theirs if name not in columns]
        more = [name for name in columns if name not in theirs]
        if len(columns) > FEW and len(lacks) <= FEW and len(more) <= FEW:
            parts = [f"without {', '.join(lacks)}"] * bool(lacks) + [f"and {', '.join(more)}"] * bool(more)
            return f"    (the columns of {other}{' ' if parts else ''}{' '.join(parts)})"
    short = folded_names(columns)
    separator = max(",;\t|", key=line.count)
    return f"    {separator.join(short)}  ({len(columns)} columns)" if len(short) < len(columns) else line


def folded_names(names: list[str]) -> list[str]:
    """Names in their order; of those that are numbered one after the other the first two, "..." and the last."""
    folded: list[str] = []
    start = 0
    while start < len(names):
        end = start + 1
        while end < len(names) and _follows(names[end - 1], names[end]):
            end += 1
        run = names[start:end]
        folded += run if len(run) < RUN else [*run[:2], "...", run[-1]]
        start = end
    return folded


def _follows(one: str, other: str) -> bool:
    first, second = _NUMBERED.match(one), _NUMBERED.match(other)
    return bool(first and second and first[1] == second[1] and int(second[2]) == int(first[2]) + 1)
