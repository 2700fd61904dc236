"""Reads what the audit cell printed: a value for each column, and what the table as a whole looks like."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_NAME = r"(?P<name>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+)"
_LINE = re.compile(rf"^{_NAME}: (?P<dtype>[^,]+(?:\[[^\]]*\])?), (?P<missing>\d+) missing, (?P<rest>.*)$")
_FLOAT = r"-?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)"
_STRING = r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"


@dataclass(frozen=True)
class Column:
    """One column of the training table as the audit printed it.

    `alike` counts the distinct values of a text column but for case and outer spaces, 0 where that changes nothing.
    `low`, `middle`, `high` are minimum, median and maximum of a numeric column. `number_share` is the share of a text
    column's values that look like numbers, `others` are the commonest that don't. `common` maps the commonest values
    to their counts, `first` and `last` are the ends of the sorted values, `longest` the longest one.
    """

    name: str
    dtype: str
    missing: int
    distinct: int
    numeric: bool = False
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    whole: bool = False
    in_order: bool = False
    words: float = 0.0
    number_share: float = 0.0
    others: tuple[str, ...] = ()
    common: dict[str, int] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    longest: str = ""
    alike: int = 0

    @property
    def examples(self) -> list[str]:
        """Distinct values of a text column that were printed whole."""
        shown = [*self.common, self.first, self.last, self.longest]
        return list(dict.fromkeys(value for value in shown if value and len(value) < 40))


@dataclass(frozen=True)
class Profile:
    """The audit as a whole. `seen` is the share of each column's prediction values that training has, too."""

    columns: dict[str, Column]
    repeated: int = 0
    target_counts: dict[Any, int] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    test_missing: dict[str, int] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    later: tuple[str, ...] = ()
    wide: int = 0
    wide_missing: int = 0
    wide_range: tuple[float, float] = (0.0, 0.0)
    wide_whole: int = 0

    @property
    def pixels(self) -> bool:
        """Whether the numeric columns look like the pixels of images: many, alike, and of a bounded range."""
        low, high = self.wide_range
        others = len(self.columns) - 1
        bounded = low == 0 and (
            0 < high <= 1 or (high in (15, 16, 63, 127, 255) and self.wide_whole >= 0.99 * self.wide)
        )
        return self.wide >= 49 and others <= 5 and bounded and self.wide_missing == 0


def plain_literal(text: str) -> Any:
    """A Python literal; numpy's scalar spellings such as `np.int64(3)` are read as the number."""
    plain = re.sub(r"\bnp\.\w+\(([^()]*)\)", r"\1", text)
    plain = re.sub(r"(?<=[:\s\[{(,])nan(?=[,:}\])])", "None", plain)
    try:
        return ast.literal_eval(plain)
    except (ValueError, SyntaxError):
        return None


def _column(match: re.Match[str]) -> Column:
    rest = match.group("rest")
    name = str(ast.literal_eval(match.group("name")))
    distinct = re.match(r"(\d+) distinct", rest)
    column: dict[str, Any] = {
        "name": name,
        "dtype": match.group("dtype"),
        "missing": int(match.group("missing")),
        "distinct": int(distinct.group(1)) if distinct else 0,
    }
    numbers = re.search(rf"distinct, ({_FLOAT}) … ({_FLOAT}) … ({_FLOAT})", rest)
    if numbers:
        low, middle, high = (float(value) for value in numbers.groups())
        return Column(
            **column,
            numeric=True,
            low=low,
            middle=middle,
            high=high,
            whole=", whole" in rest,
            in_order=", in order" in rest,
        )
    words = re.search(r"distinct, ([\d.]+) words, ([\d.]+)% like numbers", rest)
    if not words:
        return Column(**column)
    common = re.search(r", most (\{.*\}), from ", rest)
    others = re.search(r", others (\[.*?\]), most ", rest)
    ends = re.search(rf", from {_STRING} to {_STRING}, longest {_STRING}$", rest)
    first, last, longest = (ast.literal_eval(text) for text in ends.groups()) if ends else ("", "", "")
    return Column(
        **column,
        words=float(words.group(1)),
        number_share=float(words.group(2)) / 100,
        others=tuple(str(value) for value in (plain_literal(others.group(1)) or [])) if others else (),
        common={str(k): int(v) for k, v in (plain_literal(common.group(1)) or {}).items()} if common else {},
        first=first,
        last=last,
        longest=longest,
        alike=int(alike.group(1)) if (alike := re.search(r"% like numbers, (\d+) but for case", rest)) else 0,
    )


def read_audit(output: str) -> Profile:
    """Read the audit cell's output; what was cut from it is simply absent."""
    columns: dict[str, Column] = {}
    for line in output.splitlines():
        match = _LINE.match(line.strip())
        if match:
            column = _column(match)
            columns[column.name] = column

    def told(label: str, empty: Callable[[], Any]) -> Any:
        return printed(label, output) or empty()

    wide = re.search(
        rf"^([\d,]+) numeric columns: ([\d,]+) missing cells, range ({_FLOAT}) … ({_FLOAT}), \d+ constant, (\d+) whole",
        output,
        re.M,
    )
    repeated = re.search(r"^repeated rows: (\d+)", output, re.M)
    return Profile(
        columns,
        repeated=int(repeated.group(1)) if repeated else 0,
        target_counts=told("target", dict),
        absent=tuple(told("not in the prediction file", list)),
        extra=tuple(told("only in the prediction file", list)),
        test_missing=told("missing in the prediction file", dict),
        seen=told("values seen in training", dict),
        later=tuple(told("beyond the training range", list)),
        wide=int(wide.group(1).replace(",", "")) if wide else 0,
        wide_missing=int(wide.group(2).replace(",", "")) if wide else 0,
        wide_range=(float(wide.group(3)), float(wide.group(4))) if wide else (0.0, 0.0),
        wide_whole=int(wide.group(5)) if wide else 0,
    )


def printed(label: str, output: str) -> Any:
    """What a cell printed after `label: `, as a Python dict or list; an empty dict where it printed nothing such."""
    found = re.search(rf"^{label}: (\{{.*\}}|\[.*\])$", output, re.M)
    return (plain_literal(found.group(1)) or {}) if found else {}
