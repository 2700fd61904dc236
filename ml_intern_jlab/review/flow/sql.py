"""What a query tells of the columns that it makes: which are averages over groups of rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

IS_QUERY = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_AVERAGE = re.compile(
    r"\b(?:avg|sum|mean|median)\s*\(\s*(?:\w+\.)?(\w+)\s*\)(?:\s*over\s*\(([^()]*)\))?(?:\s+as)?\s+(\w+)", re.IGNORECASE
)
_OPENING = re.compile(r"\(\s*select\b", re.IGNORECASE)


def group_averages(query: str) -> dict[str, str]:
    """Columns that hold an average over all rows of their group, with the column that is averaged.

    Averages of a part of the rows (`where`, a window that ends somewhere) are left out.
    """
    found: dict[str, str] = {}
    for text in _selections(query):
        grouped = re.search(r"\bgroup\s+by\b", text, re.IGNORECASE)
        if re.search(r"\bwhere\b", text, re.IGNORECASE):
            continue
        for column, window, name in _AVERAGE.findall(text):
            whole = re.search(r"\bpartition\b", window, re.IGNORECASE) and not re.search(
                r"\border\b|\brows\b|\brange\b", window, re.IGNORECASE
            )
            if whole or (grouped and not window):
                found[name] = column
    return found


def _selections(query: str) -> Iterator[str]:
    """Each selection by itself, without those inside it."""
    inner = []
    for match in _OPENING.finditer(query):
        depth, end = 1, match.start() + 1
        while end < len(query) and depth:
            depth += {"(": 1, ")": -1}.get(query[end], 0)
            end += 1
        inner.append((match.start(), end))
    for start, end in [(0, len(query)), *inner]:
        text, position = "", start
        for low, high in sorted(each for each in inner if start < each[0] and each[1] <= end and each != (start, end)):
            if low >= position:
                text, position = text + query[position:low], high
        yield text + query[position:end]
