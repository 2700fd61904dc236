"""From raw lines to the arguments of pandas: each case is read by pandas itself."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_intern_jlab.recipes.loading import look_source
from ml_intern_jlab.recipes.sniff import read_arguments, read_looks

FILES: dict[str, tuple[bytes, list[str], list[Any]]] = {
    "comma.csv": (b"a,b\n1,x\n2,y\n", ["a", "b"], [1, "x"]),
    "semicolon.csv": ("größe;ort\n1,5;Köln\n2,25;Ulm\n".encode("cp1252"), ["größe", "ort"], [1.5, "Köln"]),
    "thousands.csv": (b"a;b\n1.234,50;x\n12,25;y\n7.000,00;z\n", ["a", "b"], [1234.5, "x"]),
    "tab.txt": (b"a\tb c\n1\t2\n3\t4\n", ["a", "b c"], [1, 2]),
    "pipe.dat": (b"a|b|c\n1|2|x,y\n3|4|z,w\n", ["a", "b", "c"], [1, 2, "x,y"]),
    "spaces.dat": (b"1.5  2.5 7\n3.5  4.5 8\n5.5  6.5 9\n", ["0", "1", "2"], [1.5, 2.5, 7]),
    "bom.csv": (b"\xef\xbb\xbfa,b\n1,2\n", ["a", "b"], [1, 2]),
    "wide.tsv": ("a\tärger\n1\t2\n".encode("utf-16"), ["a", "ärger"], [1, 2]),
    "index.csv": (b",a,b\n0,5,x\n1,6,y\n", ["a", "b"], [5, "x"]),
    "comment.csv": (b"# made in a test\n# twice\na,b\n1,2\n3,4\n", ["a", "b"], [1, 2]),
    "headless.csv": (b"5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,virginica\n", ["0", "1", "2"], [5.1, 3.5, "setosa"]),
    "quoted.csv": (b'a,b\n"x, y",1\n"z ""q""",2\n', ["a", "b"], ["x, y", 1]),
    "padded.csv": (b"a, b, c\n1, x, 2\n3, y, 4\n", ["a", "b", "c"], [1, "x", 2]),
    "words.csv": (b"name,town\nann,Ulm\nbob,Bonn\n", ["name", "town"], ["ann", "Ulm"]),
    "lines.jsonl": (b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', ["a", "b"], [1, "x"]),
    "list.json": (b'[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]', ["a", "b"], [1, "x"]),
}


def look(folder: Path, name: str) -> str:
    """Run the first cell's source here and return what it prints."""
    old, printed = os.getcwd(), io.StringIO()
    os.chdir(folder)
    try:
        with redirect_stdout(printed):
            exec(look_source([name]), {})
    finally:
        os.chdir(old)
    return printed.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_reads_the_file_as_a_person_would(tmp_path: Path, name: str) -> None:
    raw, columns, first = FILES[name]
    (tmp_path / name).write_bytes(raw)
    looks, tables = read_looks(look(tmp_path, name))
    reading = read_arguments(looks[0])
    arguments = {key: eval(value) for key, value in reading.arguments.items()}
    table = getattr(pd, reading.function)(tmp_path / name, **arguments)
    assert [str(column) for column in table.columns] == columns
    assert table.iloc[0].tolist() == first
    assert tables == [name]


def test_a_compressed_file_is_looked_into(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_csv(tmp_path / "t.csv.gz", sep=";", index=False)
    looks, _ = read_looks(look(tmp_path, "t.csv.gz"))
    assert looks[0].lines[0] == "a;b"
    assert read_arguments(looks[0]).arguments == {"sep": '";"'}


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    looks, tables = read_looks(look(tmp_path, "it's.csv"))
    assert looks[0].missing
    assert looks[0].name == "it's.csv"
    assert tables == ["other.csv"]


def test_a_very_wide_file(tmp_path: Path) -> None:
    table = pd.DataFrame([[row * column % 255 for column in range(784)] for row in range(20)])
    table.columns = [f"pixel{number}" for number in range(784)]
    table.insert(0, "label", [row % 2 for row in range(20)])
    table.to_csv(tmp_path / "wide.csv", index=False)
    looks, _ = read_looks(look(tmp_path, "wide.csv"))
    assert read_arguments(looks[0]).arguments == {}
