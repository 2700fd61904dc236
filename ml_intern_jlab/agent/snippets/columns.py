"""What the columns of a table are, and which of their values a question names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 200
FEW_VALUES = 30
SHOWN_VALUES = 8
MOST_VALUES = 5000
"""Different values of a column that are looked for in the question."""


_SHORT_WORDS = r"all|and|any|are|but|can|did|for|has|how|its|may|new|not|now|old|one|out|per|ten|the|two|was|who|yes"
"""Words of three letters that many questions have."""
_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|\d{{1,2}}[- ]{_MONTHS}[-, ]+\d{{2,4}}|{_MONTHS} \d{{1,2}},? \d{{4}}"
"""The beginning of a date, as a pattern."""


_UNKNOWN = {"?", "-", "--", ".", "..", "..."}
"""Marks that stand for a missing value in any column."""


def main(reading: str, task: str) -> None:
    """Print JSON: the table's `rows`, and its `columns`, each with `name`, `kind` (number, date, words), how many
    `different` and `missing` values it has, and

    * a number: `low` and `high`, and the `gaps`, words for a missing value without which the column is one of numbers,
      or `parsed`, the expression that makes numbers of its `{}`, and the `strangers`, words that it can't read;
    * a date: the years `low` and `high`, `arguments`, which `pd.to_datetime` needs beside the column, and whether it
      still `is_text`;
    * words: the most `frequent` values, those that are `spoken` of in the task, and those that are `meant` by other
      words, with these.

    Args:
        reading: the expression that reads the table, such as `pd.read_csv("a.csv")`.
        task: the question's words.
    """
    import pandas as pd

    table = eval(reading, {"pd": pd})
    comma = 'decimal=","' in reading
    found = []
    for name in list(table.columns)[:MOST_COLUMNS]:
        column = table[name].dropna()
        if not isinstance(name, str) or not hasattr(column, "dtype") or not len(column):
            continue
        column, gaps = _without_gaps(column, comma)
        if not gaps and (gaps := sorted({*column.astype(str)} & _UNKNOWN)):
            column = column[~column.astype(str).isin(gaps)]
        if not len(column):
            continue
        column, parsed, strangers = (column, "", []) if gaps else _amounts(column, comma)
        about = {"name": name, "different": int(column.astype(str).nunique()), "missing": len(table) - len(column)}
        about |= {"gaps": gaps, "parsed": parsed, "strangers": strangers}
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            about |= {"kind": "number", "low": float(column.min()), "high": float(column.max())}
        elif (arguments := _date_arguments(column)) is not None:
            is_text = not pd.api.types.is_datetime64_any_dtype(column)
            days = _days(column, arguments) if is_text else column
            about |= {"kind": "date", "arguments": arguments, "is_text": is_text}
            about |= {"low": int(days.min().year), "high": int(days.max().year)}
        else:
            counts = column.astype(str).value_counts()
            values = [str(value) for value in counts.index[:MOST_VALUES]]
            about |= {"kind": "words", "frequent": [value[:40] for value in values[:SHOWN_VALUES]]}
            meant = _of_sex(values, task)
            about |= {"meant": meant, "spoken": _all_spoken(values, task, list(meant))[:6]}
        found.append(about)
    print(json.dumps({"rows": len(table), "columns": found}))


def _without_gaps(column: pd.Series, comma: bool) -> tuple[pd.Series, list[str]]:
    """A column of numbers or dates without its gaps, where up to three short words among these stand for a missing
    value."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) or not pd.api.types.is_string_dtype(column.astype(str)):
        return column, []
    numbers = pd.to_numeric(column.astype(str).str.replace(",", ".") if comma else column, errors="coerce")
    for there in (numbers.notna(), column.astype(str).str.match(_DATE, case=False)):
        gaps = sorted(set(column[~there].astype(str)))
        if there.mean() >= 0.5 and 1 <= len(gaps) <= 3 and all(len(gap) <= 5 for gap in gaps):
            return (numbers if numbers.notna().any() else column)[there], gaps
    return column, []


def _amounts(column: pd.Series, comma: bool) -> tuple[pd.Series, str, list[str]]:
    """A column of text as numbers, where most of its values are numbers, all with the same mark or unit if any."""
    import pandas as pd

    if not pd.api.types.is_string_dtype(column) or _date_arguments(column) is not None:
        return column, "", []
    text = column.astype(str).str.strip()
    point = '.str.replace(",", ".")' if comma else ""
    for marks in (False, True):
        how = rf'.str.replace(r"[^\d{"," if comma else "."}\-]", "", regex=True){point}' if marks else point
        numbers = pd.to_numeric(eval(f"text{how}", {"text": text}), errors="coerce")
        if marks:
            around = text.str.extract(r"^([^\w.,\-]{0,3})-?[\d.,]*\d(\s?[^\d\s]{0,5})$")
            numbers = numbers.where(around.notna().all(axis=1))
            around = around[numbers.notna()].drop_duplicates()
        share, few = numbers.notna().mean(), text[numbers.isna()].nunique() <= 3
        if (share >= 0.8 or (share >= 0.5 and few)) and (not marks or len(around) <= 2):
            strangers = list(text[numbers.isna()].value_counts().index[:SHOWN_VALUES].str[:40])
            return numbers.dropna(), f'pd.to_numeric({{}}{how}, errors="coerce")', strangers
    return column, "", []


def _all_spoken(values: list[str], task: str, found: list[str]) -> list[str]:
    """Those that were `found` and the values that the task names; one that only stands within a longer one ("low" in
    "not low") isn't."""
    for value in sorted((value for value in values if len(value) <= 80), key=len, reverse=True):
        if value not in found and _spoken(value, values, task):
            found.append(value)
            task = re.sub(rf"(?<!\w){re.escape(core_of(value))}(?!\w)", "_", task, flags=re.I)
    return [value for value in values if value in found]


_SEXES = (
    ({"f", "female", "w", "woman", "women", "girl"}, r"\b(?:wom[ae]n|females?|girls?)\b"),
    ({"m", "male", "man", "men", "boy"}, r"\b(?:m[ae]n|males?|boys?)\b"),
)
"""What stands in tables, and what people say."""


def _of_sex(values: list[str], task: str) -> dict[str, str]:
    """The values of a column of sexes that the task names, and the words that it has for them."""
    known = set().union(*(codes for codes, _ in _SEXES))
    if not {value.lower() for value in values if len(values) <= 3} & known:
        return {}
    said = [
        (value, re.search(words, task, re.I)) for value in values for codes, words in _SEXES if value.lower() in codes
    ]
    return {value: found.group() for value, found in said if found}


def _spoken(value: str, values: list[str], task: str) -> bool:
    """Whether the task names a value: as it is, without a number before or brackets behind it, or, of a few values,
    by its first word where no other begins so."""
    core = core_of(value)
    if not re.search(r"[^\W_]", core):
        return False
    # Codes such as "HA" are words, too, when they are written small.
    is_word = core.istitle() and len(values) <= FEW_VALUES and not re.fullmatch(_SHORT_WORDS, core, re.I)
    if len(core) == 3 and is_word and re.search(rf"(?<!\w){core}s?(?!\w)", task, re.I):
        return True
    case = 0 if len(core) <= 3 else re.I
    between = r"[\s_.\-]*".join(re.escape(word) for word in re.split(r"[\s_]+", core))
    if re.search(rf"(?<!\w){between}{'' if len(core) <= 3 else '(?:e?s|a?n)?'}(?!\w)", task, case):
        return True
    first = core.split()[0]
    alone = len(values) <= FEW_VALUES and sum(core_of(other).split()[:1] == [first] for other in values) == 1
    return " " in core and len(first) > 3 and alone and bool(re.search(rf"(?<!\w){re.escape(first)}(?!\w)", task))


def core_of(value: str) -> str:
    """A value without a number before it or brackets behind it, as people name it."""
    return re.sub(r"^\d+[.)]\s*|\s*\(.*?\)\s*$", "", value).strip()


def _date_arguments(column: object) -> str | None:
    """What `pd.to_datetime` needs beside the column, None where its values are no dates."""
    import pandas as pd

    assert isinstance(column, pd.Series)
    if pd.api.types.is_datetime64_any_dtype(column):
        return ""
    if not column.astype(str).head(50).str.match(_DATE, case=False).all():
        return None
    # "May" is taken for a whole name of a month, and "Sep" after it for none.
    for arguments in ("", ", dayfirst=True", ', format="mixed"'):
        try:
            _days(column, arguments)
        except (ValueError, TypeError):
            continue
        return arguments
    return None


def _days(column: pd.Series, arguments: str) -> pd.Series:
    """The column as dates, read with the arguments that the cell will have."""
    import pandas as pd

    days = eval(f"pd.to_datetime(column{arguments})", {"pd": pd, "column": column})
    assert isinstance(days, pd.Series)
    return days
