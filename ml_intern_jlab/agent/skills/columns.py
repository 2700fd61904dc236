"""The columns that a question about a table is likely to be about, for examples written with their names."""

from __future__ import annotations

import json
import re
from typing import Any

from ...recipes.source import literal
from ..data_profile import DataProfile, Inspect
from ..snippets import snippet


def column_facts(task: str, table: str, profile: DataProfile, inspect: Inspect) -> dict[str, object]:
    """What the templates may name of the first table's columns, those first that the task names.

    `number` and `other_number` are columns of numbers and `middle` is a value of the former, `by` is a column with few
    values, `word` one of words and `value` a value of it, `date` an expression of dates; "" where there is none.
    `spelt` has the frequent values of the columns of few words.

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
    columns.sort(key=lambda each: not _named(task, each["name"], *(each["values"] if each["kind"] == "words" else [])))
    words, dates = ([each for each in columns if each["kind"] == kind] for kind in ("words", "date"))
    numbers = [each for each in columns if each["kind"] == "number"]
    few = [each for each in words if each["few"]]
    # What is averaged isn't grouped by.
    by = next(iter([*few, *(each for each in numbers[1:] if each["few"]), *words]), None)
    number, other = ([each for each in numbers if each is not by] + [None, None])[:2]
    word = next(iter(few or words), None)
    values = sorted(word["values"], key=lambda value: not _named(task, value)) if word else []
    date = f"pd.to_datetime({table}[{literal(dates[0]['name'])}]{dates[0]['values'][0]})" if dates else ""
    return {
        "number": literal(number["name"]) if number else "",
        "middle": literal(number["values"][0]) if number else "",
        "other_number": literal(other["name"]) if other else "",
        "by": literal(by["name"]) if by else "",
        "word": literal(word["name"]) if word else "",
        "value": literal(values[0]) if values else "",
        "date": date,
        "spelt": {each["name"]: [str(value) for value in each["values"]] for each in few[:6]},
    }


def _named(task: str, *names: object) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(str(name))}(?:e?s)?(?!\w)", task, re.I) for name in names)
