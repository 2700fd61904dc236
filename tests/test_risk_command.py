from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ml_intern_jlab.cli import main


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `jupyter ml-intern risk ARGUMENTS`."""
    with pytest.raises(SystemExit) as ended:
        main(["risk", *arguments])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_a_text_is_one_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cell.py"
    path.write_text("import os\nos.remove('a.csv')\n")
    status, out, _ = told(capsys, str(path))
    assert status == 0
    assert out == f"{path}, cell 1: delete\n  line 2: delete: deletes a.csv\n  ask: ask, auto_safe: ask, auto: ask\n"


def test_each_cell_of_a_notebook_knows_the_earlier_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.ipynb"
    cells = [new_markdown_cell("# A"), new_code_cell("import os\ncut = os.remove"), new_code_cell("cut('a')")]
    nbformat.write(new_notebook(cells=cells), path)
    status, out, _ = told(capsys, str(path), "--json", "--mode", "auto")
    found = json.loads(out)
    assert status == 0
    assert [each["cell"] for each in found] == [1, 2]
    assert found[1]["risk"] == ["delete"]
    assert found[1]["modes"] == {"auto": "ask"}
    assert found[1]["reasons"][0]["line"] == 1


def test_stdin_and_the_working_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"df.to_csv({str(tmp_path / 'x.csv')!r})"
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(source.encode())))
    _, out, _ = told(capsys, "-", "--cwd", str(tmp_path), "--mode", "auto_safe")
    assert out.startswith("-: write\n")
    assert out.endswith("  auto_safe: run\n")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"cells": 3}', b"\xff\xfe\x00", b'{"nbformat": 4, "cells": [1]}'])
def test_a_malformed_notebook_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    status, out, err = told(capsys, str(path))
    assert (status, out) == (2, "")
    assert err.startswith(f"jupyter ml-intern: {path} isn't ")


def test_a_missing_file_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, str(tmp_path / "none.py"))[0] == 2
    assert told(capsys, str(tmp_path))[0] == 2


def test_broken_code_is_opaque_not_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("def f(:\n")
    status, out, _ = told(capsys, str(path))
    assert status == 0
    assert "opaque" in out
