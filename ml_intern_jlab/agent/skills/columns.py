"""The columns that a question about a table is likely to be about, for examples written with their names."""

from __future__ import annotations

import json
import re
from typing import Any

from ...recipes.source import literal
from ..data_profile import DataProfile, Inspect
from ..snippets import snippet

_SUBJECTS = {
    "correlations": r"\bcorrelat|\brelat(ed|ion)|\bassociat",
    "shares": r"%|\b(percent(age)?|share|proportion|fraction|rate|ratio)s?\b",
    "groups": r"\b(which|each|per|by|among|highest|lowest|most|least|best|worst|largest|smallest|top|rank\w*)\b",
    "enough": r"\b(at least|or more|minimum|more than|over|with enough)\b",
    "rows": r"\d|\b(only|where|without|whose|who|below|above|under|over|less|fewer|between|except|other than)\b",
    "counts": r"\b(how (many|often)|count|number of|most|least|frequent\w*|common\w*|rar(e|est))\b",
}
"""What a question speaks of, by its words."""
_PARTS = (
    ("dayofweek", r"\b(weekdays?|days? of the week|weekends?)\b"),
    ("year", r"\b(years?|yearly|annual(ly)?)\b"),
    ("quarter", r"\bquarter(s|ly)?\b"),
    ("month", r"\bmonth(s|ly)?\b"),
    ("hour", r"\b(hours?|hourly)\b"),
    ("date", r"\b(days?|daily|dates?)\b"),
)
"""The parts of a date that a question may go by."""


def column_facts(task: str, table: str, profile: DataProfile, inspect: Inspect) -> dict[str, object]:
    """What the templates may name of the first table's columns, those first that the task names.

    `number` is a column of numbers, `by` is what to group by (a part of a date where the task speaks of one, else a
    column with few values), `word` a column of words and `value` a value of it; "" where there is none. `spelt` has the
    frequent values of the columns of few words, and `asks(subject)` says whether the task speaks of a subject.

    Args:
        task: the person's words.
        table: the variable that has the first table.
        profile: how the tables are read.
        inspect: runs a snippet in the kernel.
    """
    reading = next(iter(profile.readings.values()), "")
    try:
        columns: list[dict[str, Any]] = json.loads(inspect(snippet("columns", reading=reading))) if reading else []
    except ValueError:
        columns = []
    # A table's name means its rows: "the flights" aren't the column of their numbers.
    rows = next(iter(profile.readings), "").rsplit("/", 1)[-1].partition(".")[0]
    task = re.sub(rf"(?<!\w){re.escape(rows)}(?!\w)", "", task) if rows else task
    held = {each["name"]: each["values"] if each["kind"] == "words" else [] for each in columns}
    columns.sort(key=lambda each: (not _named(task, each["name"], *held[each["name"]]), each["unique"]))
    words, dates = ([each for each in columns if each["kind"] == kind] for kind in ("words", "date"))
    numbers = [each for each in columns if each["kind"] == "number"]
    few = [each for each in words if each["few"]]
    # What is averaged isn't grouped by.
    by = next(iter([*few, *(each for each in numbers[1:] if each["few"]), *words]), None)
    number = next((each for each in numbers if each is not by), None)
    word = next(iter(few or words), None)
    values = sorted(word["values"], key=lambda value: not _named(task, value)) if word else []
    part = next((part for part, words in _PARTS if re.search(words, task, re.I)), "")
    if dates and part:
        grouper = f"pd.to_datetime({table}[{literal(dates[0]['name'])}]{dates[0]['values'][0]}).dt.{part}"
    else:
        grouper = literal(by["name"]) if by else ""
    spoken = {subject for subject, words in _SUBJECTS.items() if re.search(words, task, re.I)}
    if values and _named(task, values[0]):
        spoken.add("rows")
    return {
        "asks": lambda subject: subject in spoken,
        "number": literal(number["name"]) if number else "",
        "by": grouper,
        "word": literal(word["name"]) if word else "",
        "value": literal(values[0]) if values else "",
        "spelt": {each["name"]: [str(value) for value in each["values"]] for each in few[:6]},
    }


def _named(task: str, *names: object) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(str(name))}(?:e?s)?(?!\w)", task, re.I) for name in names)
