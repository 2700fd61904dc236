from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.cli import main
from ml_intern_jlab.review.notebook_rules import review
from ml_intern_jlab.review.report import review_file

HEAD = """import pandas as pd
from sklearn.svm import SVC
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import precision_score
from sklearn.model_selection import train_test_split
df = pd.read_csv('a.csv')
"""
SPLIT = HEAD + "X, y = df.drop(columns='t'), df.t\nA, B, a, b = train_test_split(X, y, random_state=0)\n"


def notebook(source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "c1", "metadata": {}, "source": source, "execution_count": 1, "outputs": []}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("no_seed", HEAD + "a, b = train_test_split(df)", HEAD + "a, b = train_test_split(df, random_state=0)"),
        (
            "no_seed",
            HEAD + "a, b = train_test_split(\n    df,  # ä\n    test_size=0.2,\n)",
            HEAD + "a, b = train_test_split(\n    df,  # ä\n    test_size=0.2, random_state=0)",
        ),
        (
            "swapped_arguments",
            SPLIT + "m = SVC().fit(A, a)\nprint('ü', precision_score(m.predict(B), b))",
            SPLIT + "m = SVC().fit(A, a)\nprint('ü', precision_score(b, m.predict(B)))",
        ),
        (
            "refitted_on_test",
            SPLIT + "s = StandardScaler()\nA = s.fit_transform(A)\nB = s.fit_transform(B)\nSVC().fit(A, a).score(B, b)",
            SPLIT + "s = StandardScaler()\nA = s.fit_transform(A)\nB = s.transform(B)\nSVC().fit(A, a).score(B, b)",
        ),
        (
            "warnings_silenced",
            "import warnings\nwarnings.filterwarnings('ignore')  # quiet\nprint(1)",
            "import warnings\nprint(1)",
        ),
    ],
)
def test_a_mechanical_fault_comes_with_its_repair(rule: str, before: str, after: str) -> None:
    [finding] = [each for each in review(notebook(before)) if each.rule == rule]
    assert finding.fix == after
    assert rule not in {each.rule for each in review(notebook(after))}


def test_an_installation_gets_the_version_that_is_installed() -> None:
    [finding] = [each for each in review(notebook("%pip install -q nbformat")) if each.rule == "unpinned_install"]
    assert finding.fix.startswith("%pip install -q nbformat==")
    [finding] = [each for each in review(notebook("%pip install no-such-thing-1")) if each.rule == "unpinned_install"]
    assert finding.fix == ""


def test_what_takes_judgement_has_none() -> None:
    assert {each.fix for each in review(notebook("print(nowhere)"))} == {""}


def test_fix_mends_the_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.ipynb"
    source = HEAD + "a, b = train_test_split(df)\nc, d = train_test_split(a)"
    path.write_text(json.dumps(notebook(source)))
    with pytest.raises(SystemExit) as ended:
        main(["review", str(path), "--fix"])
    assert ended.value.code == 0
    [cell] = json.loads(path.read_text())["cells"]
    assert cell["source"].count("random_state=0") == 2
    assert (cell["execution_count"], cell["outputs"]) == (None, [])
    assert "mended no_seed" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("source", "dismissed"),
    [
        ("a = '/home/x/y'  # ml-intern: ignore[absolute_path] our cluster", True),
        ("# ml-intern: ignore[absolute_path] our cluster\na = '/home/x/y'", True),
        ("# ml-intern: ignore[no_seed, absolute_path] our cluster\na = '/home/x/y'", True),
        ("# ml-intern: ignore[absolute_path] our cluster\n\na = '/home/x/y'", False),
        ("a = '/home/x/y'  # ml-intern: ignore[absolute_path]", False),
        ("a = '/home/x/y'  # ml-intern: ignore[no_seed] our cluster", False),
    ],
)
def test_a_comment_with_a_reason_dismisses(tmp_path: Path, source: str, dismissed: bool) -> None:
    assert ("absolute_path" not in {each.rule for each in review(notebook(source))}) is dismissed
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(notebook(source)))
    report = review_file(path)
    assert [(row.rule, row.reason) for row in report.dismissed] == (
        [("absolute_path", "our cluster")] if dismissed else []
    )
    assert ("Cell 1: absolute_path was dismissed: our cluster" in report.told) is dismissed


def test_a_finding_about_the_whole_cell_is_dismissed_from_anywhere_in_it() -> None:
    cells = notebook("print(1)\n# ml-intern: ignore[never_run] it takes a day")
    cells["cells"][0]["execution_count"] = None
    cells["cells"].append({"cell_type": "code", "id": "c2", "source": "1", "execution_count": 1, "outputs": []})
    assert "never_run" not in {each.rule for each in review(cells)}
