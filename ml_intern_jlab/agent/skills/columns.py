"""What a question about a table names: columns, values of them, parts of dates, and figures of its own.

A small model that is told so takes the right rows and columns; and what no cell uses was overlooked.
"""

from __future__ import annotations

import json
import re
from calendar import month_name
from dataclasses import dataclass
from typing import Any

from ...recipes.source import literal
from ..answers import FORM_DEMAND
from ..data_profile import DataProfile, Inspect
from ..metrics import numbers_in
from ..snippets import snippet
from ..snippets.columns import core_of

_PARTS = (
    ("day of the week", r"\b(weekdays?|days? of the week|weekends?)\b"),
    ("year", r"\b(years?|yearly|annual(ly)?)\b"),
    ("quarter", r"\bquarter(s|ly)?\b"),
    ("month", r"\bmonth(s|ly)?\b"),
    ("hour", r"\b(hours?|hourly)\b"),
    ("date", r"\b(daily|dates?|(?:which|what|per|each|every) days?)\b(?! of the week)"),
)
"""The parts of a date that a question may go by."""
_SPELT = {"day of the week": "day_name()"}
"""How a part is written, where that isn't its name."""
_BOUNDS = {"since", "after", "before", "from", "until", "till", "between", "than", "to", "through", "by", "and"}
"""Words before a year that isn't the only one meant."""
_CONDITION = re.compile(
    r"(?:[\w-]+ ){0,3}(?<![\w.])(?P<figure>\d[\d.,]*\d|\d)(?:[a-z]{1,2}\b)?(?! ?(?:decimal|digit|significant|dp\b))"
    r"(?: [\w-]+){0,2}",
    re.I,
)
_ENOUGH = re.compile(
    r"(?P<what>\b\w+(?: \w+)?) (?:with|having|that have|of) (?:at least|a minimum of) "
    r"(?P<figure>\d[\d,]*) (?!%|percent)",
    re.I,
)
"""Groups with enough rows, such as "carriers with at least 100 flights"."""
_COUNTED = re.compile(r"\b(?:how (?:many|much)|(?:number|amount|total) of) (?P<what>(?:\w+ ?){1,2})", re.I)
_SUBJECTS = {
    "groups": r"\b(?:which|each|per|by|among|highest|lowest|most|least|best|worst|largest|smallest|longest|shortest)\b",
    "counts": r"\b(?:how many|count|number of)\b",
    "frequencies": r"\b(?:how often|most|least|fewest|frequent|common|rare(?:st)?)\b",
    "shares": r"%|\b(?:percent(?:age)?|share|proportion|fraction|rate|ratio)s?\b",
    "correlations": r"\bcorrelat|\bassociat",
    "gaps": r"\b(?:missing|null|nan|empty|blank|unknown|not (?:recorded|given|known)|without (?:a|any) value|gaps?)\b",
}
"""What a question speaks of, by its words."""


@dataclass(frozen=True)
class Mention:
    """Something that the question names: a column, perhaps with values of it, or a figure. `told` is what the model
    is told of it."""

    told: str
    column: str = ""
    values: tuple[str, ...] = ()
    figure: str = ""
    part: str = ""
    """The expression of the part of a date that the question goes by."""
    is_number: bool = False
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


def overlooked(mentions: tuple[Mention, ...], sources: list[str]) -> str:
    """What the question names and no cell uses, in a sentence; "" where all is used."""
    source = "\n".join(sources)
    missing = [each for each in mentions if not each.is_used(source)]
    if not missing:
        return ""
    return "No cell uses what the question names: " + "; ".join(each.where or each.told for each in missing) + "."


def question_facts(
    task: str, reads: list[tuple[str, str]], profile: DataProfile, inspect: Inspect
) -> dict[str, object]:
    """What the templates may tell of a question.

    `mentions`, `asks(subject)` for what it speaks of, `reads` with the tables' dates, `by`, the part of a date to group
    by, or the word "column", `rows`, those of a single table that the question is about, `large_groups`, which keeps
    the groups with enough of them, `amount`, a column of numbers to be added up, and `number`, the first column of
    numbers that it names, or the word "one".

    Args:
        task: the person's words.
        reads: the variables that have the tables, and the expressions that load them.
        profile: which tables there are.
        inspect: runs a snippet in the kernel.
    """
    found: list[Mention] = []
    dated: list[tuple[str, str]] = []
    asked = _without_files(task, profile)
    for name, reading in reads:
        try:
            about = json.loads(inspect(snippet("columns", reading=reading, task=asked)))
        except ValueError:
            dated.append((name, reading))
            continue
        dated.append((name, _with_dates(reading, about["columns"])))
        found += [each for column in about["columns"] if (each := _column_named(asked, name, column, dated[-1][1]))]
    table = reads[0][0] if reads else ""
    spoken = {subject for subject, words in _SUBJECTS.items() if re.search(words, asked, re.I)}
    return {
        "reads": dated,
        "mentions": (*found, *_figures(asked)),
        "asks": lambda subject: subject in spoken,
        "by": next((each.part.replace(f"{table}[", "rows[") for each in found if each.part), "column"),
        # A share is one of all rows.
        "rows": _rows(table, [] if "shares" in spoken else found) if len(reads) == 1 else "",
        "large_groups": _large_groups(asked, found),
        "amount": _amount(asked, found),
        "number": next((literal(each.column) for each in found if each.is_number), "one"),
    }


def _rows(table: str, mentions: list[Mention]) -> str:
    """The expression of the rows that the question is about."""
    conditions = [each.rows for each in mentions if each.rows]
    return f"{table}[{_all(conditions)}]" if conditions else table


def _all(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " & ".join(f"({each})" for each in conditions)


def _amount(task: str, mentions: list[Mention]) -> str:
    """The column of numbers of which the question asks how many there are in all, "" where rows are counted."""
    counted = _COUNTED.search(task)
    named = [each for each in mentions if each.is_number and counted and _named(counted["what"], each.column)]
    return literal(named[0].column) if named else ""


def _large_groups(task: str, mentions: list[Mention]) -> str:
    """The expression that keeps of `rows` the groups with enough of them, "" where the question asks for none."""
    found = _ENOUGH.search(task)
    for each in mentions:
        if found and each.column and not (each.values or each.part) and _named(found["what"], each.column):
            fewest = found["figure"].replace(",", "")
            return f"rows.groupby({literal(each.column)}).filter(lambda group: len(group) >= {fewest})"
    return ""


def _with_dates(reading: str, columns: list[dict[str, Any]]) -> str:
    """The expression that reads a table, and its dates as such where all are written alike."""
    dates = [each for each in columns if each["kind"] == "date"]
    if not reading.startswith("pd.read_csv(") or len({each["arguments"] for each in dates}) != 1:
        return reading
    names = ", ".join(literal(each["name"]) for each in dates)
    return f"{reading[:-1]}, parse_dates=[{names}]{dates[0]['arguments']})"


def _without_files(task: str, profile: DataProfile) -> str:
    """The question without the files' names; a table's name means its rows: "the flights" are no column of numbers."""
    for path in profile.readings:
        file = path.rsplit("/", 1)[-1]
        task = task.replace(path, "").replace(file, "")
        task = re.sub(rf"(?<!\w){re.escape(file.partition('.')[0])}(?!\w)", "rows", task)
    return task


def _column_named(task: str, table: str, about: dict[str, Any], reading: str) -> Mention | None:
    """What is told of a column that the question names, None where it doesn't."""
    name, where = about["name"], f"{table}[{literal(about['name'])}]"
    if about["kind"] == "date":
        return _date_named(task, where, about, reading)
    spoken = tuple(about.get("spoken", ()))
    year = _year(task, about) if name.lower() == "year" and about["kind"] == "number" else 0
    if not (spoken or year or _named(task, name)):
        return None
    if about["kind"] == "number":
        told = f"{where}: numbers from {about['low']:g} to {about['high']:g}"
    else:
        more = ", ..." if about["different"] > len(about["frequent"]) else ""
        told = f"{where}: {about['different']} different words: {', '.join(map(literal, about['frequent']))}{more}"
    told += f"; {about['missing']} are missing" if about["missing"] else ""
    conditions = [f"{where} == {literal(value)}" for value in spoken]
    told += f"; the question names {' and '.join(conditions)}" if spoken else ""
    is_one = len(spoken) == 1 and (core_of(spoken[0]) in task or _named(task, name))
    rows = f"{where} == {year}" if year else conditions[0] if is_one else ""
    is_number = about["kind"] == "number"
    return Mention(told, name, spoken, is_number=is_number, where=" or ".join(conditions), rows=rows)


def _date_named(task: str, where: str, about: dict[str, Any], reading: str) -> Mention | None:
    """What is told of a column of dates: how they are read, and the parts that the question goes by."""
    year = _year(task, about)
    months = [number for number, month in enumerate(month_name) if month and re.search(rf"\b{month}\b", task)]
    time = {"year": year, "month": months[0] if len(months) == 1 else 0}
    parts = [part for part, words in _PARTS if time.get(part) or re.search(words, task, re.I)]
    if not parts and not _named(task, about["name"]):
        return None
    is_read = "parse_dates=" in reading or not about["is_text"]
    date = where if is_read else f"pd.to_datetime({where}{about['arguments']})"
    how = "" if is_read else f" as text, read by `{date}`"
    told = f"{where}: dates{how}" + "".join(f"; the {part} is `{date}.dt.{_SPELT.get(part, part)}`" for part in parts)
    rows = [f"{date}.dt.{part} == {one}" for part, one in time.items() if one]
    part = f"{date}.dt.{_SPELT.get(parts[-1], parts[-1])}" if parts else ""
    return Mention(told, about["name"], part=part, rows=_all(rows) if rows else "")


def _year(task: str, about: dict[str, Any]) -> int:
    """The year that the question is about, 0 where it names none, several, or one that begins or ends something."""
    found = list(re.finditer(r"(?<![\w.,])(?:1[5-9]|20)\d\d(?!\w|[.,]\d)", task))
    if len(found) != 1 or not about["low"] <= int(found[0].group()) <= about["high"]:
        return 0
    before = task[: found[0].start()].rstrip().rpartition(" ")[2].lower()
    return 0 if before in _BOUNDS else int(found[0].group())


def _named(task: str, name: str) -> bool:
    """Whether the words of a column's name stand in the question one after the other."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", "", name)
    words = [word for word in re.split(r"[\s_.\-/]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", bare)) if word]
    spelt = r"[\s_.\-]*".join(
        rf"{re.escape(word[:-1])}(?:y|ies)" if word.endswith("y") else re.escape(word) + r"(?:e?s)?" for word in words
    )
    return bool(words) and bool(re.search(rf"(?<!\w){spelt}(?!\w)", task, re.I))


def _figures(task: str) -> list[Mention]:
    """The figures of the question's conditions; those in brackets and in the demand for a form are none."""
    asked = FORM_DEMAND.sub("", re.sub(r"\([^)]*\)", "", task))
    return [Mention(f'"{each.group(0).strip()}"', figure=each["figure"]) for each in _CONDITION.finditer(asked)]
