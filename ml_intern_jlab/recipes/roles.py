"""Decides from the audit what each column is: a number, a category, a text, a date, or nothing to learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from .names import find_column
from .profile import Column, Profile

DATE_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%d.%m.%Y",
    "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y", "%m-%d-%Y", "%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M", "%d/%m/%y",
    "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%Y-%m", "%Y/%m", "%b %Y", "%B %Y", "%b-%y", "%b-%Y", "%m/%Y", "%Y-%b",
    "%YM%m", "%Y-%b-%d", "%a %b %d %Y", "%H:%M", "%H:%M:%S",
)  # fmt: skip
"""Formats tried in this order; those with a leading day before those with a leading month."""

ISO_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$")
_ID_NAME = re.compile(
    r"(?:^|[_\W])(?:id|uuid|guid|key|identifier|index|idx|rownum)s?$|^(?:id|unnamed)(?:\b|_)|^no\.?$|_(?:no|nr|num)$|"
    r"^(?:row|record|serial|sample)[\s_]?(?:no|num|number|nr|id)?$",
    re.I,
)
_CAMEL_ID = re.compile(r"[a-z](?:Id|ID)$|^ID(?:[A-Z_]|$)")
_TIME_NAME = re.compile(
    r"(?:^|_|\b)(?:year|yr|date|time|t|week|day|month|quarter|period|timestamp|season)s?(?:$|_|\b)", re.I
)
_ENTITY = re.compile(
    r"patient|subject|user|customer|client|person|session|group|participant|household|store|machine|device|"
    r"animal|student|player|speaker|family|cluster|site|unit|engine|well|ride?r|individual",
    re.I,
)
_PLAIN_NUMBER = re.compile(r"\s*[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?\s*")


_CURRENCIES = {"€": "eur", "$": "usd", "us$": "usd", "£": "gbp", "¥": "jpy", "euro": "eur", "euros": "eur"}
NOT_A_NUMBER = "number"
"""Among a column's refused readings: it looked like numbers written as text, and was not."""


@dataclass(frozen=True)
class Roles:
    """The columns by role. `dropped` says why; `parsed` holds decimal marks of numbers written as text.

    `dates` maps a column to its format ("" for a real datetime, "ISO8601" and "mixed" as pandas spells them);
    `missing` are spellings of a missing value that hide numbers; `reread` the columns that they hide. `loose` are
    categories whose values are spelt with and without capitals or spaces, `heavy` are skewed numbers, `codes` whole
    numbers of few values, `many` categories of many values.
    """

    numbers: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    many: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    dates: dict[str, str] | None = None
    parsed: dict[str, str] | None = None
    dropped: dict[str, str] | None = None
    loose: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reread: tuple[str, ...] = ()
    group: str = ""
    time: str = ""


def date_format(column: Column, refused: set[str]) -> str | None:
    """The format in which all printed values of a text column are dates, or None."""
    examples = [value.strip() for value in column.examples]
    if not examples or not all(re.search(r"\d", value) for value in examples):
        return None
    if all(ISO_ZONED.match(value) for value in examples):
        return "ISO8601"
    for form in DATE_FORMATS:
        if form not in refused and all(_fits(value, form) for value in examples):
            return form
    alike = sum(
        bool(re.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(\D|$)", value))
        or any("%d" in form and _fits(value, form) for form in DATE_FORMATS)
        for value in examples
    )
    return "mixed" if alike == len(examples) and "mixed" not in refused else None


def _fits(value: str, form: str) -> bool:
    try:
        return 1700 <= datetime.strptime(value, form).year <= 2200
    except ValueError:
        return False


def hidden_missing(column: Column) -> tuple[str, ...]:
    """The spellings of a missing value in a text column whose other values are plain numbers."""
    if column.numeric or column.number_share < 0.5 or not column.others or len(column.others) > 3:
        return ()
    rest = [value for value in column.examples if value not in column.others]
    if any(re.search(r"\d", value) for value in column.others) or not all(_PLAIN_NUMBER.fullmatch(v) for v in rest):
        return ()
    return column.others


def number_mark(column: Column) -> str | None:
    """The decimal mark of numbers written as text (currency, per cent, one unit, thousands), or None."""
    if column.numeric or column.number_share < 0.9:
        return None
    values = [value for value in column.examples if value not in column.others]
    units = {re.sub(r"[\d.,'\s]", "", value).casefold() for value in values}
    units = {_CURRENCIES.get(unit, unit) for unit in units}
    if len(units - {""}) > 1 or not values:
        return None
    if any(re.fullmatch(r"0\d{3,}", value) for value in values):  # codes such as 00123
        return None
    comma = [value for value in values if re.search(r"\d\.\d{3},\d|\d,\d{1,2}\D*$", value)]
    point = [value for value in values if re.search(r"\d,\d{3}\.\d|\d\.\d{1,2}\D*$", value)]
    return "," if len(comma) > len(point) else "."


def decide_roles(
    profile: Profile,
    rows: int,
    target: str,
    leave_out: tuple[str, ...],
    has_test: bool,
    refused: dict[str, set[str]],
    known_group: str = "",
) -> Roles:
    """Give each column of the audit its role.

    Args:
        profile: what the audit printed.
        rows: the training table's number of rows.
        target: the column to predict.
        leave_out: columns that the person says not to use.
        has_test: there is a prediction file.
        refused: date formats that turned out wrong, by column.
        known_group: a group column that was found earlier.
    """
    bags: dict[str, list[str]] = {
        key: [] for key in ("numbers", "heavy", "codes", "categories", "many", "texts", "loose")
    }
    dates: dict[str, str] = {}
    parsed: dict[str, str] = {}
    dropped: dict[str, str] = {}
    missing: list[str] = []
    reread: list[str] = []
    group, time = known_group, ""
    names = list(profile.columns)
    unwanted = {find_column(name, names) for name in leave_out}
    for name, column in profile.columns.items():
        if name == target:
            continue
        known = rows - column.missing
        if name in unwanted:
            dropped[name] = "the task leaves it out"
        elif has_test and name in profile.absent:
            dropped[name] = "the prediction file lacks it"
        elif column.distinct <= 1:
            dropped[name] = "it has no more than one value"
        elif known < max(10, 0.005 * rows) and rows > 100:
            dropped[name] = "it is nearly always missing"
        elif why := _identifier(column, known, profile, has_test):
            dropped[name] = why
            if "repeat" in why and not group:
                group = name
        elif column.numeric:
            if name in profile.later and _TIME_NAME.search(name):
                time = time or name
            if (
                column.whole
                and re.fullmatch(r"(?:1[89]|20)\d{6}", f"{column.low:.0f}")
                and 19000000 < column.high < 21000000
            ):
                dates[name] = "%Y%m%d"
                continue
            bags["numbers"].append(name)
            if column.low >= 0 and column.high > 25 * max(column.middle, 1e-9) and column.distinct > 20:
                bags["heavy"].append(name)
            if column.whole and 3 <= column.distinct <= 12 and column.high < 1000:
                bags["codes"].append(name)
        elif "datetime" in column.dtype:
            dates[name] = ""
        elif hidden := hidden_missing(column):
            missing += hidden
            reread.append(name)
        elif (form := date_format(column, refused.get(name, set()))) and not _all_plain(column):
            dates[name] = form
        elif (mark := number_mark(column)) and not _few(column, rows) and NOT_A_NUMBER not in refused.get(name, set()):
            parsed[name] = mark
        elif (column.words >= 3 and column.distinct > max(15, 0.2 * known)) or column.words >= 8:
            bags["texts"].append(name)
        elif column.distinct > 0.9 * known and known > 20 and column.words < 3:
            dropped[name] = "nearly every row has a value of its own"
        else:
            bags["many" if (column.alike or column.distinct) > 25 else "categories"].append(name)
            if column.alike:
                bags["loose"].append(name)
    for name in ("numbers", "categories", "many", "texts"):
        bags[name] = list(dict.fromkeys(bags[name]))
    return Roles(
        **{key: tuple(value) for key, value in bags.items()},
        dates=dates,
        parsed=parsed,
        dropped=dropped,
        missing=tuple(dict.fromkeys(missing)),
        reread=tuple(reread),
        group=group,
        time=time,
    )


def _all_plain(column: Column) -> bool:
    """Whether every printed value is a plain number, such as 2019.05."""
    return all(_PLAIN_NUMBER.fullmatch(value) for value in column.examples)


def _few(column: Column, rows: int) -> bool:
    """Whether text that looks like numbers is rather a handful of categories ("1st", "2nd")."""
    return column.distinct <= 4 and rows > 100 and not any(_PLAIN_NUMBER.fullmatch(v) for v in column.common)


def _identifier(column: Column, known: int, profile: Profile, has_test: bool) -> str:
    """Why a column only identifies rows or entities, or an empty string."""
    named = bool(_ID_NAME.search(column.name) or _CAMEL_ID.search(column.name))
    unique = column.distinct == known
    whole_or_text = column.whole or not column.numeric
    if column.numeric and column.in_order and not _TIME_NAME.search(column.name) and known > 5:
        steps = (column.high - column.low) <= 1.5 * known + 5
        if named or (steps and column.low in (0.0, 1.0)):
            return "it only counts the rows"
    if named and unique and whole_or_text and known > 5:
        return "it identifies a row"
    entity = named or bool(_ENTITY.search(column.name) and column.distinct > 20)
    if entity and whole_or_text and 1.5 * column.distinct <= known and column.distinct > 5:
        fresh = has_test and profile.seen.get(column.name, 1.0) < 0.2
        if fresh or (
            not has_test and (named or _ENTITY.search(column.name)) and column.distinct > 0.02 * known and named
        ):
            return "its values repeat, and mark groups that the prediction rows don't belong to"
    if named and whole_or_text and column.distinct > 0.8 * known and known > 20:
        return "it identifies a row"
    return ""
