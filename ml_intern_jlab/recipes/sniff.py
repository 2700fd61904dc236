"""From a file's first bytes to the arguments that pandas needs to read it."""

from __future__ import annotations

import ast
import csv
import itertools
import re
from dataclasses import dataclass, field

from .names import normalised

SEPARATORS = (",", ";", "\t", "|")

CUTS = (1800, 200)
"""The first cell prints at most so many characters of a file's first line, and of the lines after it."""


@dataclass(frozen=True)
class FileLook:
    """What the first cell printed about one file. `lines` are raw lines, the first of the file first."""

    name: str
    size: int = 0
    encoding: str = "utf-8"
    lines: tuple[str, ...] = ()
    missing: bool = False
    trouble: str = ""
    count: int = 0
    binary: bool = False


@dataclass(frozen=True)
class Reading:
    """How to read one file: the pandas function, its arguments as Python source, and the columns, where known.

    `renamed` has pairs of a column's name in the file and the one that it gets.
    """

    function: str = "read_csv"
    arguments: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    def call(self, name: str) -> str:
        """The Python expression that reads the file `name`."""
        return ", ".join([f"pd.{self.function}({quoted(name)}", *(f"{k}={v}" for k, v in self.arguments.items())]) + ")"


def quoted(text: str) -> str:
    """A Python string literal in double quotes where that needs no escapes."""
    literal = repr(text)
    if '"' in text or not literal.startswith("'") or "\\'" in literal:
        return literal
    return '"' + literal[1:-1] + '"'


def read_looks(output: str) -> tuple[list[FileLook], list[str]]:
    """Read the first cell's output: what it says of each file, and the tables that lie in the folder."""
    looks: list[FileLook] = []
    tables: list[str] = []
    for part in re.split(r"^(?==== )", output, flags=re.M):
        head = re.match(r"=== ('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"): (.*)", part)
        if not head:
            continue
        name = ast.literal_eval(head.group(1))
        facts = head.group(2)
        if facts.startswith("not found"):
            looks.append(FileLook(name, missing=True))
            continue
        lines = tuple(
            ast.literal_eval(line.strip()) for line in part.splitlines()[1:] if re.match(r"\s+('.*'|\".*\")$", line)
        )
        size = re.search(r"([\d,]+) bytes", facts)
        encoding = re.search(r"encoding ([\w-]+)", facts)
        count = re.search(r"([\d,]+) lines", facts)
        looks.append(
            FileLook(
                name,
                size=int(size.group(1).replace(",", "")) if size else 0,
                encoding=encoding.group(1) if encoding else "utf-8",
                lines=lines,
                trouble=facts.removeprefix("unreadable: ") if facts.startswith("unreadable: ") else "",
                binary="not a text file" in facts,
                count=int(count.group(1).replace(",", "")) if count else 0,
            )
        )
    listed = re.search(r"^tables in this folder: (\[.*\])$", output, re.M)
    if listed:
        tables = ast.literal_eval(listed.group(1))
    return looks, tables


def read_arguments(look: FileLook) -> Reading:
    """Decide how pandas reads a file, from its name and its first lines."""
    ending = re.sub(r"\.(gz|bz2|xz|zip)$", "", look.name.lower()).rsplit(".", 1)[-1]
    if ending in ("parquet", "pq"):
        return Reading("read_parquet")
    if ending == "feather":
        return Reading("read_feather")
    if ending in ("xlsx", "xls"):
        return Reading("read_excel")
    if ending in ("jsonl", "ndjson"):
        return Reading("read_json", {"lines": "True"})
    if ending == "json":
        first = "".join(look.lines).lstrip()
        return (
            Reading("read_json", {"lines": "True"})
            if first.startswith("{") and look.count > 1
            else Reading("read_json")
        )
    return _delimited(look)


def _delimited(look: FileLook) -> Reading:
    arguments: dict[str, str] = {}
    remarks: list[str] = []
    lines = [line for line in look.lines if line.strip()]
    cut = len(lines) > 1 and any(len(line) in CUTS for line in lines)
    comments = _leading_comments(lines)
    if comments:
        arguments["comment"] = quoted(lines[0][0])
        remarks.append(f"lines that begin with `{lines[0][0]}` are comments")
        lines = lines[comments:]
    separator = _separator(lines) if not cut else _commonest(lines)
    titles = 0 if cut else _title_lines(lines, separator)
    if titles:
        arguments["skiprows"] = str(titles + comments)
        arguments.pop("comment", None)
        remarks.append("the table begins after a title")
        lines = lines[titles:]
    if separator == " ":
        arguments["sep"] = r'r"\s+"'
        remarks.append("columns are separated by spaces")
    elif separator != ",":
        arguments["sep"] = quoted(separator)
    rows = [_fields(line, separator) for line in lines]
    if separator != "," and _decimal_comma(rows[1:] or rows):
        arguments["decimal"] = '","'
        remarks.append("numbers have a decimal comma")
        if any(re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?", cell.strip()) for row in rows for cell in row):
            arguments["thousands"] = '"."'
    if separator != " " and _spaces_after(lines, separator):
        arguments["skipinitialspace"] = "True"
    if look.encoding not in ("utf-8", "ascii"):
        arguments["encoding"] = quoted(look.encoding)
        remarks.append(f"the encoding is {look.encoding}")
    columns: tuple[str, ...] = ()
    if rows and _has_header(rows):
        columns = tuple(rows[0])
        if (columns and columns[0].strip() == "") or (not cut and len(rows) > 1 and len(rows[1]) == len(columns) + 1):
            arguments["index_col"] = "0"
            columns = columns[1:] if columns[0].strip() == "" else columns
            remarks.append("the first column only counts the rows")
    elif rows:
        arguments["header"] = "None"
        remarks.append("there is no header line")
    if look.size > 20_000_000:
        arguments["low_memory"] = "False"
    return Reading("read_csv", arguments, columns, tuple(remarks))


def _leading_comments(lines: list[str]) -> int:
    if not lines or lines[0][0] not in "#%":
        return 0
    mark = lines[0][0]
    count = next((i for i, line in enumerate(lines) if not line.startswith(mark)), len(lines))
    return (
        0
        if count == 1 and len(lines) > 1 and _looks_like_header(lines[0][1:], lines[1])
        else min(count, len(lines) - 1)
    )


def _looks_like_header(first: str, second: str) -> bool:
    """Whether a line that begins with # has as many fields as the next: then it is a header, not a comment."""
    separator = _separator([second])
    return len(_fields(first, separator)) == len(_fields(second, separator)) > 1


def _fields(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    try:
        return next(csv.reader([line], delimiter=separator))
    except (csv.Error, StopIteration):
        return line.split(separator)


def _separator(lines: list[str]) -> str:
    """The separator under which the lines have the same number of fields, and more than one."""
    body = lines[:-1] if len(lines) > 3 else lines  # the last line may be cut
    best, points = ",", 0.0
    for separator in SEPARATORS:
        counts = [len(_fields(line, separator)) for line in body]
        if not counts or max(counts) < 2:
            continue
        common = max(set(counts), key=counts.count)
        agreement = counts.count(common) / len(counts)
        score = agreement * (1 + min(common, 50) / 100) if common > 1 else 0.0
        if separator == "," and all(re.search(r";", line) for line in body):
            score -= 0.5  # decimal commas between semicolons agree in number too
        if score > points:
            best, points = separator, score
    if points < 0.6 and body:
        counts = [len(line.split()) for line in body]
        if min(counts) > 1 and len(set(counts)) == 1 and re.search(r"\d\s+[\d.-]", body[-1]):
            return " "
    return best


def _commonest(lines: list[str]) -> str:
    """The separator of lines that were cut: the one that occurs most in the line that has fewest of it."""
    return max(SEPARATORS, key=lambda separator: min(len(_fields(line, separator)) for line in lines))


def _title_lines(lines: list[str], separator: str) -> int:
    """How many lines stand above the table: those with far fewer fields than the rest."""
    if separator == " " or len(lines) < 4:
        return 0
    counts = [len(_fields(line, separator)) for line in lines]
    usual = max(set(counts[1:]), key=counts[1:].count)
    first = next((i for i, count in enumerate(counts) if count >= usual - 1), 0)
    return first if usual > 2 and first <= 3 and all(count == 1 for count in counts[:first]) else 0


def _decimal_comma(rows: list[list[str]]) -> bool:
    cells = [cell.strip() for row in rows for cell in row]
    commas = sum(bool(re.fullmatch(r"-?\d+(?:\.\d{3})*,\d+", cell)) for cell in cells)
    points = sum(bool(re.fullmatch(r"-?\d+\.\d+", cell)) for cell in cells)
    return commas > points


def _spaces_after(lines: list[str], separator: str) -> bool:
    body = "\n".join(lines[1:])
    return bool(body) and body.count(separator) > 0 and body.count(separator + " ") >= 0.8 * body.count(separator)


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?", cell.strip()))


def _has_header(rows: list[list[str]]) -> bool:
    """A header is a first line of distinct names; where numbers stand below, none of its own fields is a number."""
    width = min(len(row) for row in rows)
    first, body = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])] or [row[:width] for row in rows[1:]]
    if body and len(body[0]) < len(first):
        first = first[:width]
    if sum(_is_number(cell) for cell in first) > 0.5 * len(first):
        years = [cell for cell in first if _is_number(cell)]
        return bool(len(years) == len(set(years)) and len(first) - len(years) >= 1 and body and _counting(years))
    if not body:
        return True
    if any(_is_number(cell) for cell in first if cell) and any(
        _is_number(first[i]) and _is_number(row[i]) for row in body for i in range(len(first))
    ):
        return False
    if any(not _is_number(first[i]) and _is_number(row[i]) for row in body for i in range(len(first))):
        return True
    names = [normalised(cell) for cell in first]
    repeated = any(cell in {normalised(row[i]) for row in body} for i, cell in enumerate(names) if cell)
    return len(set(first)) == len(first) and not repeated


def _counting(cells: list[str]) -> bool:
    """Whether numbers in a header merely count its columns (0, 1, 2 …), as in unnamed pixel columns."""
    values = [float(cell.replace(",", ".")) for cell in cells]
    return len(values) > 3 and all(b - a == 1 for a, b in itertools.pairwise(values))
