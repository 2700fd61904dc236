"""Something that a question names, and how people write names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...recipes.source import literal
from ..metrics import numbers_in

GROUP = r"\b(?:which|what|each|every|per|by|values? of|among(?: the)?)\s+(?:\w+\s+)?"
"""Words before what a question goes by: "which calendar year", "per cylinder"."""
_UNIT = re.compile(r"g|kg|lbs?|mm|cm|m|km|ft|mi|mpg|usd|eur|pct|percent|min|hr|sec", re.I)
"""What may stand behind a column's name without being said."""


@dataclass(frozen=True)
class Mention:
    """Something that the question names: a column, perhaps with values of it, or a figure. `told` is what the model
    is told of it."""

    told: str
    column: str = ""
    values: tuple[str, ...] = ()
    figure: str = ""
    words: tuple[str, ...] = ()
    """The most frequent values of a column of words."""
    part: str = ""
    """The expression of the part of a date that the question goes by."""
    is_number: bool = False
    is_asked: bool = False
    """Whether the question goes by it: its answer is one of its values."""
    at: int = 0
    """Where it stands in the question, an index of its text."""
    where: str = ""
    """The condition that takes the rows with these values."""
    rows: str = ""
    """A condition that all rows that the question is about fulfil, as far as can be told."""

    def is_used(self, source: str) -> bool:
        """Whether cells with this source take it into account."""
        if self.figure:
            wanted = float(self.figure.replace(",", ""))
            found = [value for value, _ in numbers_in(_spaced(source))]
            return any(abs(value * factor - wanted) < 1e-9 for value in found for factor in (1, 100))
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source) for name in (self.column, *self.values))


def _spaced(source: str) -> str:
    """Source in which each number stands alone, also where it is part of a date in quotes."""
    return " ".join(re.findall(r"\d+(?:\.\d+)?", source.replace("_", "")))


def in_rows(expression: str, table: str) -> str:
    """An expression over a table as one over `rows`, those of it that the question is about."""
    return expression.replace(f"{table}[", "rows[")


def overlooked(mentions: tuple[Mention, ...], sources: list[str]) -> str:
    """What the question names and no cell uses, in a sentence; "" where all is used."""
    source = "\n".join(sources)
    missing = [each for each in mentions if not each.is_used(source)]
    if not missing:
        return ""
    return "No cell uses what the question names: " + "; ".join(each.where or each.told for each in missing) + "."


def out_of_place(mentions: tuple[Mention, ...], answer: str) -> str:
    """What is wrong with a number as the answer to a question that asks for one of the words of a column, or ""."""
    asked = next((each for each in mentions if each.is_asked and each.words), None)
    figure = re.compile(r"\W*\d[\d.,]*\W*")
    if asked is None or not figure.fullmatch(answer) or any(figure.fullmatch(word) for word in asked.words):
        return ""
    such = ", ".join(map(literal, asked.words[:3]))
    return (
        f"The answer ({answer.strip()}) is a number, and the question asks for one of the values of {asked.column}, "
        f"such as {such}."
    )


def place(task: str, words: str) -> int:
    """Where a name stands in the question, its end where it doesn't."""
    found = re.search(rf"(?<!\w)(?:{spelt(words)})", task, re.I)
    return found.start() if found else len(task)


def named(task: str, name: str) -> bool:
    """Whether the words of a column's name stand in the question one after the other."""
    return bool(re.search(rf"(?<!\w)(?:{spelt(name)})(?!\w)", task, re.I))


def spelt(name: str) -> str:
    """A pattern of a name as people write it: without brackets and units, with spaces, in the plural."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", "", name)
    words = [word for word in re.split(r"[\s_.\-/]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", bare)) if word]
    if not words:
        return r"(?!)"
    forms = [_forms(word) for word in words]
    between = r"[\s_.\-]*"
    said = between.join(forms)
    has_unit = len(words) > 1 and bool(_UNIT.fullmatch(words[-1]))
    return f"{said}|{between.join(forms[:-1])}" if has_unit else said


def _forms(word: str) -> str:
    """A pattern of a word, its plural, and what is made of it: "countries", "aged"."""
    if word.endswith("y"):
        return rf"{re.escape(word[:-1])}(?:y|ies)"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return re.escape(word[:-1]) + r"(?:s|es)?"
    return re.escape(word) + (r"(?:s|d)?" if word.endswith("e") else r"(?:e?s)?")


def unit_of(name: str) -> str:
    """A pattern of the unit in the brackets of a column's name, "" where that is no word: `days?` of "Ran (days)"."""
    found = re.search(r"\(([A-Za-z]{3,})\)\s*$", name)
    return rf"{re.escape(found[1].removesuffix('s'))}s?(?!\w)" if found else ""


def same_word(one: str, other: str) -> bool:
    """Whether two words are forms of one, as far as their beginnings tell: "skew" and "skewness"."""
    one, other = one.lower(), other.lower()
    shorter = min(len(one), len(other))
    return one == other or (shorter >= 4 and one[:shorter] == other[:shorter])


def goes_by(task: str, mention: Mention) -> bool:
    """Whether a column is what the question goes by: "which calendar year", "per cylinder", "values of purpose"."""
    return bool(mention.column) and bool(re.search(rf"{GROUP}(?:{spelt(mention.column)})(?!\w)", task, re.I))
