from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml_intern_jlab.agent.second_reading import read_again
from ml_intern_jlab.errors import ModelUnavailable
from ml_intern_jlab.review.report import FORMATS, FileReport, review_file
from ml_intern_jlab.testing import ScriptedModel


def written(folder: Path, *sources: str) -> Path:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "execution_count": i, "outputs": []}
        for i, source in enumerate(sources, 1)
    ]
    path = folder / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def read(path: Path, model: ScriptedModel) -> FileReport:
    return read_again(review_file(path), path, model)


def test_a_model_gets_cells_and_findings_and_may_add(tmp_path: Path) -> None:
    entry = {"cell": 2, "line": 1, "severity": "error", "message": "The score\x1b is old.", "advice": "Run it."}
    model = ScriptedModel([f"Here it is:\n```json\n{json.dumps([entry])}\n```"])
    report = read(written(tmp_path, "x = 1", "print(nowhere)"), model)
    assert "uses nowhere, which no cell defines" in model.seen[0]
    assert "<cell number=2 kind=code>\nprint(nowhere)" in model.seen[0]
    added = report.findings[-1]
    assert (added.rule, added.severity, added.cell, added.cell_id, added.line) == (
        "second_reading",
        "warning",
        2,
        "c2",
        1,
    )
    assert added.message == "A model says: The score  is old."
    assert all("A model says" in form([report]) for form in FORMATS.values())


@pytest.mark.parametrize(
    "answer", ["", "nothing to add", "[", "[1, null]", '[{"cell": 9, "message": "x"}]', '[{"cell": "1"}]', '{"a": []}']
)
def test_an_answer_that_makes_no_sense_adds_nothing(tmp_path: Path, answer: str) -> None:
    path = written(tmp_path, "x = 1")
    assert read(path, ScriptedModel([answer])) == review_file(path)


def test_a_small_window_gets_what_fits_and_no_secret(tmp_path: Path) -> None:
    token = "hf_" + "A1b2C3d4" * 4
    model = ScriptedModel(["[]"], context_window=3000)
    read(written(tmp_path, f"t = '{token}'", "\n".join(f"x{i} = {i}" for i in range(5000))), model)
    assert token not in model.seen[0]
    assert "cells from 2 on are left out" in model.seen[0]


def test_a_model_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        read(written(tmp_path, "1"), ScriptedModel([RuntimeError("no route")]))
