"""The check of files that runs in the kernel: which exist, and what the tables among them hold.

`check_source` sends this module's own text there, so it imports only the standard library, and pandas where a format
needs it and the kernel has it.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

MARK = "ml_intern_check"
MOST_ROWS = 5_000_000
MOST_VALUES = 200_000
MOST_WORDS = 200
HEAD_BYTES = 65_536


def check_source(wanted: dict[str, list[str]]) -> str:
    """Source that prints one JSON line with what `facts_of` finds of each file, and leaves no name behind.

    `wanted` names for each file the columns whose cells are looked at.
    """
    with open(__file__, encoding="utf-8") as text:
        module = text.read()
    # Executed in a namespace of its own, so that no name of the person's is read or changed.
    return (
        f"def _{MARK}():\n"
        f"    space = {{'__name__': {MARK!r}}}\n"
        f"    exec({module!r}, space)\n"
        f"    space['report']({json.dumps(wanted)!r})\n"
        f"try:\n    _{MARK}()\nfinally:\n    del _{MARK}\n"
    )


def report(wanted: str) -> None:
    """Print what `facts_of` finds; `wanted` is a JSON object of columns by path."""
    found = {path: facts_of(path, columns) for path, columns in json.loads(wanted).items()}
    print(json.dumps({MARK: found}, default=str))


def facts_of(path: str, wanted: list[str]) -> dict[str, Any]:
    """What is known of one file.

    `exists`, `size` in bytes (of a folder: how many entries it has), and for a table that can be read `rows`,
    `columns`, `empty` (cells by column of `wanted`), `values` (see `_summary`, likewise) and `headless` (its first row
    looks like data); `error` where it can't be read.
    """
    facts: dict[str, Any] = {"exists": os.path.exists(path)}
    try:
        if os.path.isdir(path):
            facts["size"] = len(os.listdir(path))
        elif facts["exists"]:
            facts["size"] = os.path.getsize(path)
            if facts["size"]:
                facts.update(_table(path, wanted))
    except Exception as error:
        # Whatever is wrong with the file is what the check is there to tell.
        facts["error"] = f"{type(error).__name__}: {error}"[:300]
    return facts


def _table(path: str, wanted: list[str]) -> dict[str, Any]:
    name = path.lower().removesuffix(".gz")
    if name.endswith((".csv", ".tsv", ".tab")):
        separator = "\t" if name.endswith((".tsv", ".tab")) else _separator(path)
        with _opened(path) as text:
            return _of_rows(csv.reader(text, delimiter=separator), wanted)
    if name.endswith((".jsonl", ".ndjson")):
        with _opened(path) as text:
            return _of_objects([json.loads(line) for line in text if line.strip()], wanted)
    if name.endswith(".json"):
        with _opened(path) as text:
            return _of_json(json.load(text), wanted)
    if name.endswith((".parquet", ".pq", ".feather", ".xlsx")):
        return _of_frame(path, name, wanted)
    return {}


def _opened(path: str) -> io.TextIOWrapper:
    """The file as text, unpacked, in the encoding that its start speaks for."""
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    opened: Any = gzip.open(path, "rb") if packed else open(path, "rb")  # noqa: SIM115
    head = opened.read(HEAD_BYTES)
    opened.seek(0)
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        # The last bytes may be a part of a character.
        head[: -4 if len(head) == HEAD_BYTES else None].decode(encoding)
    except UnicodeDecodeError:
        encoding = encoding if encoding == "utf-16" else "latin-1"
    return io.TextIOWrapper(opened, encoding=encoding, errors="replace", newline="")


def _separator(path: str) -> str:
    """The separator that splits the first lines into the most cells, the same number in each."""
    with _opened(path) as text:
        lines = list(itertools.islice(text, 20))
    best, most = ",", 1
    for separator in ",;\t|":
        widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        if widths and min(widths) > most and len(set(widths)) == 1:
            best, most = separator, widths[0]
    return best


def _of_rows(rows: Iterator[Iterable[Any]], wanted: list[str]) -> dict[str, Any]:
    columns = [str(cell) for cell in next(rows, [])]
    places = {name: columns.index(name) for name in wanted if name in columns}
    empty = dict.fromkeys(places, 0)
    values: dict[str, Counter[str]] = {name: Counter() for name in places}
    count = 0
    for row in rows:
        cells = list(row)
        if not cells:
            continue
        count += 1
        if count > MOST_ROWS:
            raise ValueError(f"it has more than {MOST_ROWS:,} rows")
        for name, place in places.items():
            cell = cells[place] if place < len(cells) else None
            text = "" if cell is None or cell != cell else str(cell).strip()
            if text.lower() in ("", "nan", "<na>"):
                empty[name] += 1
            elif len(values[name]) < MOST_VALUES:
                values[name][text] += 1
    headless = bool(columns) and all(cell.strip().lstrip("-").replace(".", "", 1).isdigit() for cell in columns)
    summaries = {name: _summary(counts) for name, counts in values.items()}
    return {"rows": count, "columns": columns, "empty": empty, "values": summaries, "headless": headless}


def _summary(counts: Counter[str]) -> dict[str, Any]:
    """What a column's cells look like: numbers by `low`, `median`, `high` and how many are `different`, words by all
    `words`, the most frequent first. A mixture, and very many words, are told by neither.
    """
    numbers = {text: number for text in counts if (number := _number(text)) is not None}
    known = sorted(numbers[text] for text in counts.elements() if text in numbers)
    if known and len(numbers) == len(counts):
        return {"low": known[0], "median": known[len(known) // 2], "high": known[-1], "different": len(counts)}
    if not known and len(counts) <= MOST_WORDS:
        return {"words": [word for word, _ in counts.most_common()]}
    return {}


def _number(text: str) -> float | None:
    """A number as Python or people with decimal commas write it, None where it is none."""
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _of_json(value: Any, wanted: list[str]) -> dict[str, Any]:
    """A list of objects, or an object of columns as pandas writes it; anything else is no table."""
    if isinstance(value, list):
        return _of_objects(value, wanted)
    if value and isinstance(value, dict) and all(isinstance(each, dict | list) for each in value.values()):
        columns = [list(each.values()) if isinstance(each, dict) else each for each in value.values()]
        if len({len(each) for each in columns}) == 1:
            return _of_rows(iter([list(value), *zip(*columns, strict=True)]), wanted)
    return {}


def _of_objects(objects: list[Any], wanted: list[str]) -> dict[str, Any]:
    if not objects or not all(isinstance(each, dict) for each in objects):
        return {"rows": len(objects)}
    columns = list(dict.fromkeys(str(key) for each in objects for key in each))
    rows = [columns, *([each.get(column) for column in columns] for each in objects)]
    return {**_of_rows(iter(rows), wanted), "headless": False}


def _of_frame(path: str, name: str, wanted: list[str]) -> dict[str, Any]:
    """A table that only pandas reads; without it, or what it needs for the format, there is nothing to say."""
    try:
        import pandas

        readers: dict[str, Any] = {".feather": pandas.read_feather, ".xlsx": pandas.read_excel}
        frame: Any = readers.get(os.path.splitext(name)[1], pandas.read_parquet)(path)
    except ImportError:
        return {}
    rows = iter([list(frame.columns), *frame.itertuples(index=False)])
    return {**_of_rows(rows, wanted), "headless": False}
