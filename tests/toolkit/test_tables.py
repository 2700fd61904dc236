"""How results look to people and to a model."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass

import pytest

from ml_intern_jlab.toolkit.http import Source
from ml_intern_jlab.toolkit.tables import MOST_PRINTED, MOST_ROWS, Record, Table, passage, short, shown, table


@dataclass(frozen=True)
class Row:
    name: str = shown("who", link="url")
    number: int | None = shown(kind="count", default=None)
    url: str = shown(hidden=True, default="")


ROWS = [Row(f"row {n}", n * 1000, f"https://example.org/{n}") for n in range(60)]


def test_a_table_is_bounded_for_a_model_and_whole_for_code() -> None:
    long = table("Rows", [Row("x" * 5000, n) for n in range(60)], Source("example.org", 200))
    assert len(repr(long)) < MOST_PRINTED + 50
    assert "…" in repr(long)
    assert "60 rows, 25 shown" in repr(table("Rows", ROWS))
    assert repr(table("Rows", ROWS)).count("row ") == MOST_ROWS
    assert "from example.org, read 3 min ago" in table("Rows", ROWS, Source("example.org", 200))._repr_html_()
    assert len(long) == 60
    assert len(long[:3]) == 3
    assert long[0].number == 0


def test_html_is_escaped_and_links_only_to_the_web() -> None:
    evil = Row("<script>alert(1)</script>", 1, "javascript:alert(1)")
    page = table("<b>T</b>", [evil, Row("good", 2, 'https://example.org/"onclick="x')], note="<i>")._repr_html_()
    assert "<script>" not in page
    assert "javascript:" not in page
    assert "<b>T" not in page
    assert "<i>" not in page
    assert 'href="https://example.org/&quot;onclick=&quot;x"' in page


def test_sorting_puts_what_is_unknown_last() -> None:
    found = table("T", [Row("a", None), Row("b", 1), Row("c", 2)])
    assert [each.name for each in found.sorted("number")] == ["c", "b", "a"]
    assert [each.name for each in found.sorted("number", descending=False)] == ["b", "c", "a"]


def test_mappings_are_rows_with_their_keys_as_columns() -> None:
    found = Table("Rows", ({"a": 1, "b": "<x>"}, {"a": 2, "c": [1, 2]}))
    assert repr(found).splitlines()[1].split() == ["a", "b", "c"]
    assert "&lt;x&gt;" in found._repr_html_()


def test_nothing_found_is_said() -> None:
    assert repr(table("Rows", [], Source("example.org"))) == "Rows: nothing found. from example.org, read just now"
    assert "nothing found" in table("Rows", [])._repr_html_()


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (12_300_000, "count", "12.3M"),
        (8_030_261_248, "count", "8.03B"),
        (9_999, "count", "9999"),
        (1_500_000_000, "bytes", "1.5 GB"),
        (None, "", "–"),
        (True, "", "yes"),
        (0.123456, "", "0.1235"),
        (("a", "b"), "", "a, b"),
        ("a\n  b", "", "a b"),
    ],
)
def test_values_are_short(value: object, kind: str, text: str) -> None:
    assert short(value, kind) == text


@dataclass(frozen=True, repr=False)
class Thing(Record):
    title: str = shown(link="url")
    empty: str = ""
    inside: Table[Row] | None = None
    url: str = shown(hidden=True, default="https://example.org")


def test_a_record_shows_what_it_has() -> None:
    thing = Thing("<a>", inside=table("Rows", ROWS[:2]))
    assert repr(thing).splitlines()[:3] == ["Thing", "title: <a>", "inside:"]
    assert "row 1" in repr(thing)
    assert "empty" not in repr(thing)
    assert '<a href="https://example.org" target="_blank" rel="noopener">&lt;a&gt;</a>' in thing._repr_html_()
    assert list(thing.to_pandas().columns) == ["title", "empty", "inside", "url"]
    with pytest.raises(FrozenInstanceError):
        thing.title = "b"  # type: ignore[misc]


def test_a_passage_says_where_to_read_on() -> None:
    text = "\n".join(f"line {n}" for n in range(100))
    first = passage("T", text, "https://example.org", 0, 200, None)
    assert first.text.endswith(tuple("0123456789"))
    second = passage("T", text, "https://example.org", len(first.text), 10_000, None)
    assert first.text + second.text == text
    assert (second.rest, f"start={len(first.text)}" in repr(first)) == (0, True)
    assert "<pre" in first._repr_html_()


def test_importing_the_toolkit_is_light() -> None:
    parts = "papers, datasets, models, docs, github, web"
    code = (
        f"import sys; from ml_intern_jlab.toolkit import {parts}; import ml_intern_jlab.toolkit as kit; kit.papers;"
        "heavy = {'pandas', 'numpy', 'torch', 'datasets', 'transformers', 'smolagents', 'jupyter_server', 'pydantic'};"
        "print(heavy & {name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr
