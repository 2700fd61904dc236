from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.cli import main
from ml_intern_jlab.review.report import FORMATS, review_file, with_rerun
from ml_intern_jlab.review.rerun.verdict import CellVerdict, Rerun

EVIL = "</script><script>alert(1)</script>|`x`[a](javascript:b)\x1b[31m\u202e"


def write(folder: Path, name: str, *sources: str, outputs: list[dict[str, Any]] | None = None) -> Path:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "execution_count": i, "outputs": outputs or []}
        for i, source in enumerate(sources, 1)
    ]
    path = folder / name
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def reviewed(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["review", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_the_exit_status_says_what_was_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    clean = write(tmp_path, "clean.ipynb", "print(1)")
    warned = write(tmp_path, "warned.ipynb", "%pip install seaborn")
    wrong = write(tmp_path, "wrong.ipynb", "print(nowhere)")
    assert [reviewed(clean), reviewed(warned), reviewed(wrong)] == [0, 0, 1]
    assert reviewed(warned, "--fail-on", "warning") == 1
    assert reviewed(wrong, "--fail-on", "never") == 0
    out = capfd.readouterr().out
    assert "wrong.ipynb: cell 1, line 1: error: Cell 1 uses nowhere, which no cell defines. [undefined_name]" in out
    assert "1 notebook: no findings." in out


def test_wrong_use_gets_a_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    notebook = write(tmp_path, "a.ipynb", "1")
    (tmp_path / "empty").mkdir()
    assert reviewed(tmp_path / "gone.ipynb") == 2
    assert reviewed(tmp_path / "empty") == 2
    assert reviewed(notebook, "--output", tmp_path / "no" / "x.json") == 2
    assert reviewed(notebook, "--format", "pdf") == 2
    assert "there is no file or folder" in capfd.readouterr().err
    assert reviewed("https://example.org/a.ipynb") == 2
    assert "is an address" in capfd.readouterr().err


def test_a_malformed_notebook_is_a_finding(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bad, good = tmp_path / "bad.ipynb", write(tmp_path, "good.ipynb", "1")
    bad.write_text("{")
    assert reviewed(bad, good, "--format", "json") == 1
    first, second = json.loads(capfd.readouterr().out)
    assert (first["findings"][0]["rule"], second["findings"]) == ("unreadable_notebook", [])


def test_many_notebooks_are_reviewed_in_order(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(12):
        write(tmp_path, f"{number:02}.ipynb", f"print(nowhere_{number})")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    write(tmp_path / ".ipynb_checkpoints", "00-checkpoint.ipynb", "1")
    assert reviewed(tmp_path, "--format", "json", "--jobs", "2") == 1
    files = json.loads(capfd.readouterr().out)
    assert [Path(each["path"]).name for each in files] == [f"{number:02}.ipynb" for number in range(12)]
    assert all(f"nowhere_{number}" in each["findings"][0]["message"] for number, each in enumerate(files))


def test_the_fields_of_the_json_report(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    reviewed(write(tmp_path, "a.ipynb", "x = 1\nprint(nowhere)"), "--format", "json")
    [file] = json.loads(capfd.readouterr().out)
    [finding] = file["findings"]
    assert finding.keys() == {"rule", "severity", "cell", "cell_id", "line", "message", "why", "advice", "fix"}
    assert (finding["cell"], finding["cell_id"], finding["line"]) == (1, "c1", 2)


def hostile(folder: Path) -> Path:
    error = {"output_type": "error", "ename": EVIL, "evalue": EVIL, "traceback": []}
    return write(folder, "<img src=x onerror=alert(1)>.ipynb", f"'/home/{EVIL}'", outputs=[error])


def test_the_page_is_safe_and_needs_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    assert reviewed(hostile(tmp_path), "--format", "html", "--output", target) == 1
    page = target.read_text(encoding="utf-8")
    assert not re.search(r"<(script|img|link|iframe|a)\b|https?://|\x1b|\u202e", page)
    assert "&lt;script&gt;alert(1)" in page


def test_markdown_and_text_are_defused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    notebook = hostile(tmp_path)
    reviewed(notebook, "--format", "md")
    markdown = capfd.readouterr().out
    assert "<script" not in markdown
    assert "<img" not in markdown
    assert "[a](" not in markdown
    assert all(line.replace("\\|", "").count("|") == 5 for line in markdown.splitlines() if line.startswith("| error"))
    reviewed(notebook)
    assert not re.search("\x1b|\u202e", capfd.readouterr().out)


def test_sarif_names_every_rule_that_it_uses(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    reviewed(write(tmp_path, "a b.ipynb", "print(nowhere)", "%pip install x"), "--format", "sarif")
    log = json.loads(capfd.readouterr().out)
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    assert {result["ruleId"] for result in run["results"]} == {"undefined_name", "unpinned_install"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("a%20b.ipynb")


def test_running_again_stands_in_every_report(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stale = [{"output_type": "stream", "name": "stdout", "text": "accuracy: 0.9\n"}]
    notebook = write(tmp_path, "a.ipynb", "seed = 1\nprint('accuracy:', seed / 4)", outputs=stale)
    assert reviewed(notebook, "--other-seed", "--fail-on", "warning", "--format", "json", "--seconds", "100") == 1
    [file] = json.loads(capfd.readouterr().out)
    assert file["rerun"]["verdict"] == "different"
    assert file["rerun"]["shifts"][0]["first"] == 0.25
    assert [(row["rule"], row["cell"]) for row in file["findings"] if row["rule"].startswith("rerun")] == [
        ("rerun_different", 1)
    ]


def test_a_second_run_stands_in_every_report(tmp_path: Path) -> None:
    again = Rerun("different", 2.0, [CellVerdict(1, "c1", "different", f"was {EVIL}", f"- {EVIL}\n+ 2")])
    report = with_rerun(review_file(write(tmp_path, "a.ipynb", "print(1)")), tmp_path / "a.ipynb", lambda path: again)
    for form, written in FORMATS.items():
        text = written([report])
        assert "Run again, cell 1 is different" in text, form
        assert form == "json" or not re.search("\x1b|\u202e", text), form
    assert "<script" not in FORMATS["html"]([report])
    assert not re.search(r"(?m)^ {0,3}\S.*<script", FORMATS["md"]([report])), "only a block of code may hold it"
    assert "run again in 2.0 s: different" in FORMATS["text"]([report]).lower()


def test_limits_that_make_no_sense_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert reviewed(write(tmp_path, "a.ipynb", "1"), "--rerun", "--seconds", "0") == 2
    assert "must be above 0" in capfd.readouterr().err


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_sarif_points_at_the_line_of_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], indent: int | None
) -> None:
    cells = [
        {"cell_type": "markdown", "id": "m", "metadata": {"source": ["x"]}, "source": ['# "T" {[\\n', "text"]},
        {"cell_type": "code", "id": "a", "source": ["x = 1\n", "\n", "print(nowhere)"], "execution_count": 1},
        {"cell_type": "code", "id": "b", "source": "y = 1\nprint(gone)", "execution_count": 2},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"metadata": {"cells": [1]}, "cells": cells, "nbformat": 4}, indent=indent))
    reviewed(path, "--format", "sarif")
    [run] = json.loads(capfd.readouterr().out)["runs"]
    lines = path.read_text().split("\n")
    at = {
        result["message"]["text"].split(" uses ")[1].split(",")[0]: lines[
            result["locations"][0]["physicalLocation"]["region"]["startLine"] - 1
        ]
        for result in run["results"]
        if result["ruleId"] == "undefined_name"
    }
    assert "nowhere" in at["nowhere"]
    assert "gone" in at["gone"]
    if indent:
        assert "gone" not in at["nowhere"]
