"""What a question says of a column of dates: the parts that it goes by, and the times that its rows are of."""

from __future__ import annotations

import re
from calendar import day_name, month_name
from typing import Any

from ...recipes.source import literal
from .measures import all_of, years_condition, years_of
from .mentions import GROUP, Mention, named, place

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


def date_named(task: str, where: str, about: dict[str, Any], reading: str) -> Mention | None:
    """What is told of a column of dates: how they are read, and the parts that the question goes by."""
    years = years_within(task, about)
    is_read = "parse_dates=" in reading or not about["is_text"]
    date = where if is_read else f"pd.to_datetime({where}{about['arguments']})"
    time = {
        "year": years_condition(task, years, f"{date}.dt.year"),
        "quarter": equal_to(f"{date}.dt.quarter", _quarters(task)),
        "month": "" if _quarters(task) else equal_to(f"{date}.dt.month", months_of(task)),
        "day of the week": equal_to(
            f"{date}.dt.day_name()", [literal(day) for day in day_name if re.search(rf"\b{day}s?\b", task)]
        )
        or _weekend(f"{date}.dt.dayofweek", task),
    }
    rows = [each for each in time.values() if each]
    parts = [
        part for part, words in _PARTS if time.get(part) or (part == "year" and years) or re.search(words, task, re.I)
    ]
    if not parts and not named(task, about["name"]):
        return None
    how = "" if is_read else f" as text, read by `{date}`"
    told = f"{where}: dates{how}" + "".join(f"; the {part} is `{date}.dt.{_SPELT.get(part, part)}`" for part in parts)
    words = dict(_PARTS)
    asked = [part for part in parts if re.search(rf"{GROUP}{words[part]}", task, re.I)]
    asked = asked or [part for part in parts if not time.get(part)] or parts
    part = f"{date}.dt.{_SPELT.get(asked[0], asked[0])}" if asked else ""
    at = min([place(task, about["name"]), *(place(task, str(year)) for year in years)])
    return Mention(told, about["name"], part=part, at=at, rows=all_of(rows))


def equal_to(where: str, values: list[Any]) -> str:
    """The condition of the only value, "" where there are none or several."""
    return f"{where} == {values[0]}" if len(values) == 1 else ""


def _weekend(weekday: str, task: str) -> str:
    """The condition on the number of a weekday that takes the weekends, or the days between them, or ""."""
    found = re.search(
        r"\b(?:on|at|during|over) (?:a |the |any )?(week-?ends?|working days?|week-?days?|business days?)\b", task, re.I
    )
    return "" if not found else f"{weekday} >= 5" if "end" in found[1].lower() else f"{weekday} < 5"


def months_of(task: str) -> list[int]:
    """The months that the question names, from 1 to 12."""
    return [number for number, month in enumerate(month_name) if month and re.search(rf"\b{month}\b", task)]


def _quarters(task: str) -> list[int]:
    found = re.findall(r"\b(first|second|third|fourth) quarter\b|\bQ([1-4])\b", task, re.I)
    ordinals = {"first": 1, "second": 2, "third": 3, "fourth": 4}
    return [int(number) if number else ordinals[word.lower()] for word, number in found]


def years_within(task: str, about: dict[str, Any]) -> list[int]:
    """The years that the question names, where a column that goes from `low` to `high` has them all."""
    years = years_of(task)
    return years if all(about["low"] <= year <= about["high"] for year in years) else []
