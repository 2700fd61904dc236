"""The cells that look at the raw files and load them."""

from __future__ import annotations

import ast
import re

from .sniff import CUTS, FileLook, Reading
from .source import Node, assign, call, flat, literal, prefixed, render, sequence

FIRST_LINE, OTHER_LINES = CUTS

BINARY = (".parquet", ".pq", ".feather", ".xlsx", ".xls", ".zip", ".bz2", ".xz")
TABLES = (
    ".csv",
    ".tsv",
    ".tab",
    ".txt",
    ".dat",
    ".data",
    ".gz",
    ".parquet",
    ".feather",
    ".json",
    ".jsonl",
    ".xlsx",
    ".xls",
)


_DECODED = '''
def decoded(raw: bytes) -> tuple[str, str]:
    """The text of a file, and the first encoding that fits all of it."""
    wide = raw[:2] in (b"\\xff\\xfe", b"\\xfe\\xff")
    for encoding in ["utf-16"] if wide else ["utf-8", "cp1252"]:
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"


'''.lstrip("\n")

_LIST_TABLES = f"""
ENDINGS = "{" ".join(TABLES)}".split()
near = [path for pattern in ("*", "*/*") for path in Path().glob(pattern)]
tables = sorted(path.as_posix() for path in near if path.suffix.lower() in ENDINGS)
print(f"tables in this folder: {{tables[:40]}}")
"""


def look_source(files: list[str]) -> str:
    """The cell that prints each file's size, encoding and first raw lines, and the tables in the folder."""
    text = [name for name in files if not name.lower().endswith(BINARY)]
    packed = any(name.lower().endswith(".gz") for name in text)
    lines = ["import gzip"] if packed else []
    lines += ["from pathlib import Path", ""]
    if text:
        lines += ["", _DECODED.rstrip("\n"), "", ""]
    if files:
        lines += [
            "# The raw beginning, before any parser guesses: encoding, separator, decimal mark, header.",
            render(prefixed("for name in ", Node("[", tuple(literal(name) for name in files), "]:"))),
            "    path = Path(name)",
            "    if not path.is_file():",
            '        print(f"=== {name!r}: not found")',
            "        continue",
        ]
    if len(text) < len(files):
        endings = ", ".join(literal(ending) for ending in BINARY)
        lines += [
            *([f"    if name.lower().endswith(({endings})):"] if text else []),
            *[
                ("    " if text else "") + line
                for line in (
                    '    print(f"=== {name!r}: {path.stat().st_size:,} bytes, not a text file")',
                    *(["    continue"] if text else []),
                )
            ],
        ]
    if text:
        reader = 'gzip.open(path).read() if name.endswith(".gz") else path.read_bytes()'
        lines += [
            f"    text, encoding = decoded({reader if packed else 'path.read_bytes()'})",
            "    rows = text.splitlines()",
            "    size = path.stat().st_size",
            '    print(f"=== {name!r}: {size:,} bytes, {len(rows):,} lines, encoding {encoding}")',
            "    for number, row in enumerate(rows[:8]):",
            f'        print("   ", repr(row[: {OTHER_LINES} if number else {FIRST_LINE}]))',
        ]
    return "\n".join(lines) + "\n" + _LIST_TABLES


def load_source(names: dict[str, str], readings: dict[str, Reading], missing: list[str], wide: bool) -> str:
    """The cell that loads the tables.

    Args:
        names: the variable for each file, such as {"train": "train.csv", "test": "test.csv"}.
        readings: how to read each file.
        missing: further spellings of a missing value.
        wide: so many columns that their names aren't printed one by one.
    """
    lines = ["import pandas as pd", "import sklearn", ""]
    for variable, name in names.items():
        reading = readings[name]
        lines.append(assign(variable, _call(name, reading, missing)))
        lines += _renaming(variable, reading)
        if reading.renamed:
            pairs = tuple(f"{literal(old)}: {literal(new)}" for old, new in reading.renamed)
            renamed = Node(f"{variable}.rename(columns={{", pairs, "})")
            lines += ["# The same columns, spelt in another way.", assign(variable, renamed)]
    tables = ", ".join(f"{literal(name)}: {variable}" for variable, name in names.items())
    lines += [
        f"for name, table in {{{tables}}}.items():",
        '    print(f"=== {name!r}: {len(table):,} rows, {table.shape[1]:,} columns")',
    ]
    if wide:
        lines += [
            "    # Many columns: those with a running number are counted by their stem.",
            '    stems = table.columns.str.replace(r"\\d+$", "", regex=True)',
            "    counts = stems.value_counts()",
            '    print(f"numbered: { {stem: int(n) for stem, n in counts.items() if n > 9} }")',
            '    print(f"columns: {table.columns[stems.map(counts) < 10].tolist()[:150]}")',
            '    print(f"last: {[table.columns[-1]]}")',
        ]
    else:
        lines.append('    print(f"columns: {table.columns.tolist()}")')
    lines.append('print(f"pandas {pd.__version__}, scikit-learn {sklearn.__version__}")')
    lines.append("train.iloc[:5, :8]" if wide else "train.head()")
    return "\n".join(lines)


def _call(name: str, reading: Reading, missing: list[str]) -> Node:
    arguments = dict(reading.arguments)
    if missing and reading.function in ("read_csv", "read_excel"):
        arguments["na_values"] = flat(sequence(missing))
    return call(f"pd.{reading.function}", literal(name), **arguments)


def _renaming(variable: str, reading: Reading) -> list[str]:
    if reading.arguments.get("header") == "None":
        return [f'{variable} = {variable}.add_prefix("column_")']
    if reading.arguments.get("index_col") == "0":
        return [f"{variable} = {variable}.reset_index(drop=True)"]
    if reading.function != "read_csv":
        return [f"{variable} = {variable}.rename(columns=str)"]
    if any(column != column.strip() for column in reading.columns):
        return [f"{variable} = {variable}.rename(columns=str.strip)"]
    return []


def read_load(
    output: str,
) -> tuple[dict[str, int], dict[str, list[str]], dict[str, dict[str, int]], dict[str, list[str]]]:
    """Rows, column names, numbered columns (stem -> count) and last column of each loaded file."""
    rows: dict[str, int] = {}
    columns: dict[str, list[str]] = {}
    numbered: dict[str, dict[str, int]] = {}
    last: dict[str, list[str]] = {}
    for part in re.split(r"^(?==== )", output, flags=re.M):
        head = re.match(r"=== ('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"): ([\d,]+) rows, ([\d,]+) columns", part)
        if not head:
            continue
        name = ast.literal_eval(head.group(1))
        rows[name] = int(head.group(2).replace(",", ""))
        for key, store in (("columns", columns), ("numbered", numbered), ("last", last)):
            found = re.search(rf"^{key}: (.*)$", part, re.M)
            if found:
                store[name] = ast.literal_eval(found.group(1))
    return rows, columns, numbered, last


def read_version(output: str) -> tuple[int, int]:
    """The scikit-learn that the kernel has, as (major, minor); (0, 0) where the output doesn't say."""
    found = re.search(r"scikit-learn (\d+)\.(\d+)", output)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def is_wide(looks: list[FileLook], readings: dict[str, Reading]) -> bool:
    """Whether a table has so many columns, or so many numbered ones, that printing all would drown the rest."""
    for look in looks:
        columns = readings[look.name].columns
        stems = [re.sub(r"\d+$", "", column) for column in columns]
        numbered = max((stems.count(stem) for stem in set(stems)), default=0)
        if len(columns) > 90 or numbered >= 49 or any(len(line) >= FIRST_LINE for line in look.lines[:1]):
            return True
    return False
