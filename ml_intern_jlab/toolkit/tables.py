"""How results look: tables and records for people, a compact print for a model, data frames for code."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload
from urllib.parse import urlsplit

from . import evidence
from .http import Source

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 25
"""Rows that a table shows; all of them are there for code."""

MOST_CELL = 60
MOST_CELL_HTML = 160
MOST_PRINTED = 4000

T = TypeVar("T")

WHOLE = "text-align:left;vertical-align:top"
STYLE = f"{WHOLE};max-width:32em;overflow-wrap:break-word"


def shown(title: str = "", *, link: str = "", kind: str = "", hidden: bool = False, **field: Any) -> Any:
    """A field of a result, with how it is shown.

    Args:
        title: the column's head; the field's name where it is empty.
        link: the name of the field or property that holds the address to which the value leads.
        kind: `count` (12 300 000 → 12.3M), `bytes` (1.5 GB), `links` (several addresses); "": as it is.
        hidden: only for code.
        field: passed on to `dataclasses.field`.
    """
    return dataclasses.field(metadata={"title": title, "link": link, "kind": kind, "hidden": hidden}, **field)


def short(value: Any, kind: str = "", most: int = MOST_CELL) -> str:
    """A value on one line of at most `most` characters."""
    if value is None or value == "" or value == ():
        return "–"
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif kind == "bytes" and isinstance(value, int | float):
        text = size(value)
    elif kind == "count" and isinstance(value, int):
        text = count(value)
    elif isinstance(value, float):
        text = f"{value:.4g}"
    elif isinstance(value, tuple | list):
        text = ", ".join(short(each, kind, most) for each in value)
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def size(number: float) -> str:
    """Bytes in a unit that people read: 1.5 GB is 1.5e9 bytes."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return f"{number:.0f} B"


def count(number: int) -> str:
    """A number in a unit that people read."""
    for unit, factor in (("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if abs(number) >= factor * (10 if unit == "k" else 1):
            return f"{number / factor:.3g}{unit}"
    return str(number)


def safe_link(address: object) -> str:
    """The address when it is one of the web; "" for anything else, such as a script."""
    text = str(address or "")
    return text if urlsplit(text).scheme in {"http", "https"} else ""


@dataclass(frozen=True)
class _Column:
    """One column of a table: how its cells are read and shown."""

    title: str
    name: str
    kind: str = ""
    link: str = ""

    def text(self, row: Any, most: int = MOST_CELL) -> str:
        value = row.get(self.name) if isinstance(row, Mapping) else getattr(row, self.name)
        # An address that is cut leads nowhere.
        return short(value, self.kind, max(most, 300) if self.kind == "links" else most)

    def html(self, row: Any, most: int = MOST_CELL_HTML) -> str:
        if self.kind == "links":
            return "<br>".join(_anchor(each, short(each, "", most)) for each in getattr(row, self.name))
        return _anchor(getattr(row, self.link) if self.link else "", self.text(row, most))


def _anchor(address: object, text: str) -> str:
    """The text, leading to the address where that is one of the web."""
    link = html.escape(safe_link(address))
    return f'<a href="{link}" target="_blank" rel="noopener">{html.escape(text)}</a>' if link else html.escape(text)


def _columns(rows: Sequence[Any]) -> list[_Column]:
    """The columns of rows of one kind: dataclasses by their fields, mappings by their keys."""
    if isinstance(rows[0], Mapping):
        return [_Column(str(name), name) for name in dict.fromkeys(name for row in rows for name in row)]
    return [_column(field) for field in _fields(type(rows[0]))]


def _column(field: dataclasses.Field[Any]) -> _Column:
    told = field.metadata
    title = told.get("title") or field.name.replace("_", " ")
    return _Column(title, field.name, told.get("kind", ""), told.get("link", ""))


def _fields(kind: type) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(kind) if not field.metadata.get("hidden")]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


@dataclass(frozen=True, repr=False)
class Table(Sequence[T], Generic[T]):
    """Rows of one kind, in an order that the title tells.

    Attributes:
        title: what the rows are, in what order.
        rows: frozen dataclasses or mappings, all of them.
        source: where they come from, and how old they are.
        note: what should be known about them, such as that there are more.
    """

    title: str
    rows: tuple[T, ...]
    source: Source | None = None
    note: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Table[T]: ...
    def __getitem__(self, index: int | slice) -> T | Table[T]:
        if isinstance(index, slice):
            return dataclasses.replace(self, rows=self.rows[index])
        return self.rows[index]

    def sorted(self, by: str, *, descending: bool = True) -> Table[T]:
        """The same rows by the value of a field; rows without one come last."""
        known = [row for row in self.rows if getattr(row, by) is not None]
        unknown = [row for row in self.rows if getattr(row, by) is None]
        known.sort(key=lambda row: getattr(row, by), reverse=descending)
        return dataclasses.replace(self, rows=(*known, *unknown), title=f"{self.title}, sorted by {by}")

    def to_pandas(self) -> pd.DataFrame:
        """One row for each row, one column for each field, nothing shortened."""
        import pandas

        return pandas.DataFrame([_plain(row) for row in self.rows])

    def _foot(self) -> str:
        told = [f"{len(self.rows)} rows, {MOST_ROWS} shown"] if len(self.rows) > MOST_ROWS else []
        told += [self.note] if self.note else []
        told += [f"from {self.source}"] if self.source else []
        return ". ".join(told)

    def __repr__(self) -> str:
        if not self.rows:
            return f"{self.title}: nothing found. {self._foot()}".strip()
        columns = _columns(self.rows)
        lines = [[column.title for column in columns]]
        lines += [[column.text(row) for column in columns] for row in self.rows[:MOST_ROWS]]
        widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
        body = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return bounded("\n".join([self.title, *body, self._foot()]).rstrip())

    def _repr_html_(self) -> str:
        title = f"<caption style='caption-side:top;text-align:left'>{html.escape(self.title)}</caption>"
        foot = f"<div style='opacity:.7'>{html.escape(self._foot())}</div>" if self._foot() else ""
        if not self.rows:
            return f"<div>{html.escape(self.title)}: nothing found.</div>{foot}"
        columns = _columns(self.rows)
        head = "".join(f"<th style='text-align:left'>{html.escape(column.title)}</th>" for column in columns)
        body = "".join(
            "<tr>" + "".join(f"<td style='{STYLE}'>{column.html(row)}</td>" for column in columns) + "</tr>"
            for row in self.rows[:MOST_ROWS]
        )
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


class Record:
    """Base of results about one thing: shown as names and values. Subclasses are frozen dataclasses."""

    def _shown(self) -> Iterator[tuple[_Column, Any]]:
        for field in _fields(type(self)):
            value = getattr(self, field.name)
            if value is not None and value not in ("", ()):
                yield _column(field), value

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for column, value in self._shown():
            if isinstance(value, Table | Record):
                lines += [f"{column.title}:", *(f"  {line}" for line in repr(value).splitlines())]
            else:
                lines.append(f"{column.title}: {column.text(self, 600)}")
        return bounded("\n".join(lines))

    def _repr_html_(self) -> str:
        rows = []
        for column, value in self._shown():
            style = STYLE
            if isinstance(value, Table | Record):
                inner, style = value._repr_html_(), WHOLE
            elif isinstance(value, tuple) and any(len(str(each)) > 40 for each in value):
                inner = "".join(f"<div>{html.escape(short(each, '', 600))}</div>" for each in value[:40])
            else:
                inner = column.html(self, 2000)
            head = html.escape(column.title)
            rows.append(f"<tr><th style='{WHOLE}'>{head}</th><td style='{style}'>{inner}</td></tr>")
        return f"<table><tbody>{''.join(rows)}</tbody></table>"

    def to_pandas(self) -> pd.DataFrame:
        """One row with a column for each field."""
        import pandas

        return pandas.DataFrame([_plain(self)])


def bounded(text: str, most: int = MOST_PRINTED) -> str:
    """The text, or its beginning and how much is missing."""
    return text if len(text) <= most else f"{text[:most].rstrip()}\n… ({len(text) - most} more characters)"


@dataclass(frozen=True, repr=False)
class Passage:
    """A stretch of text from somewhere, bounded. `print(passage.text)` shows all that was read.

    Attributes:
        title: what it is.
        text: the text.
        url: where a person finds it.
        start: how many characters come before it.
        total: how many there are in all.
        source: where it was read.
    """

    title: str
    text: str
    url: str
    start: int
    total: int
    source: Source | None = None

    @property
    def rest(self) -> int:
        """Characters that come after it; read on with `start=passage.start + len(passage.text)`."""
        return max(0, self.total - self.start - len(self.text))

    def _foot(self) -> str:
        told = [f"{self.rest} more characters: start={self.start + len(self.text)}"] if self.rest else []
        return ". ".join([*told, *([f"from {self.source}"] if self.source else [])])

    def __repr__(self) -> str:
        return f"{self.title} <{self.url}>\n\n{self.text}\n\n[{self._foot()}]"

    def _repr_html_(self) -> str:
        link, title = safe_link(self.url), html.escape(self.title)
        head = f'<a href="{html.escape(link)}" target="_blank" rel="noopener">{title}</a>' if link else title
        return (
            f"<div><b>{head}</b><pre style='white-space:pre-wrap'>{html.escape(self.text)}</pre>"
            f"<div style='opacity:.7'>{html.escape(self._foot())}</div></div>"
        )


def passage(title: str, text: str, url: str, start: int, most: int, source: Source | None) -> Passage:
    """At most `most` characters of a text from `start` on, ending with a line where one ends near."""
    piece = text[start : start + most]
    if start + most < len(text):
        cut = piece.rfind("\n", most // 2)
        piece = piece[:cut] if cut > 0 else piece
    evidence.note(url)
    return Passage(title, piece, url, start, len(text), source)


def table(title: str, rows: Iterable[T], source: Source | None = None, note: str = "") -> Table[T]:
    """A table of these rows."""
    return Table(title, tuple(rows), source, note)
