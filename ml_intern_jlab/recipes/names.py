"""Confirms names that a person wrote against the names that the data have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence


def normalised(name: str) -> str:
    """Letters and digits only, in lower case: "Sale Price" and `sale_price` are one."""
    return re.sub(r"[\W_]+", "", name.casefold())


def find_column(name: str, columns: Sequence[str]) -> str | None:
    """The column that `name` means: exactly, then without regard to case, then to punctuation and plural."""
    if name in columns:
        return name
    for reading in (str.casefold, normalised, lambda text: normalised(text).removesuffix("s")):
        wanted = reading(name)
        matches = [column for column in columns if reading(column) == wanted and wanted]
        if len(matches) == 1:
            return matches[0]
    return None


def find_in_phrase(phrase: str, columns: Sequence[str]) -> str | None:
    """The column that a phrase speaks of: its longest run of words that is a column's name, from the left."""
    words = re.findall(r"[\w%\-.?]+", phrase)
    for length in range(min(len(words), 6), 0, -1):
        for start in range(len(words) - length + 1):
            column = find_column(" ".join(words[start : start + length]), columns)
            if column:
                return column
    return None


def nearest(name: str, choices: Sequence[str], count: int = 3) -> list[str]:
    """The choices that look most like `name`, best first."""
    by_key = {choice.casefold(): choice for choice in choices}
    return [by_key[key] for key in difflib.get_close_matches(name.casefold(), list(by_key), count, 0.5)]


def offer(name: str, choices: Sequence[str]) -> str:
    """The end of a sentence that offers the nearest names, or the first few."""
    close = nearest(name, choices)
    if close:
        return "the nearest names are " + ", ".join(f"“{choice}”" for choice in close)
    some = ", ".join(f"“{choice}”" for choice in list(choices)[:12])
    return f"there are {some}" + (" and more" if len(choices) > 12 else "")
