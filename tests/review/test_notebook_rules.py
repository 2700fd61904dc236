from __future__ import annotations

from typing import Any

import pytest

from ml_intern_jlab.errors import NotebookUnavailable
from ml_intern_jlab.protocol import FindingAdded
from ml_intern_jlab.review.notebook_rules import Finding, review


def notebook(*sources: str, counts: list[int | None] | None = None, **outputs: list[dict[str, Any]]) -> dict[str, Any]:
    counts = counts or list(range(1, len(sources) + 1))
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "source": source,
                "execution_count": count,
                "outputs": outputs.get(f"c{i}", []),
            }
            for i, (source, count) in enumerate(zip(sources, counts, strict=True), 1)
        ]
    }


ABOUT_THE_WHOLE = {"environment_not_recorded", "skipped_counts", "undefined_name"}


def found(document: dict[str, Any]) -> list[Finding]:
    return [finding for finding in review(document) if finding.rule not in ABOUT_THE_WHOLE]


def rules(document: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(finding.rule, finding.cell_id, finding.line) for finding in found(document)]


def test_a_clean_notebook_has_no_findings() -> None:
    assert found(notebook("import pandas as pd\n%matplotlib inline", "df = pd.DataFrame()\ndf", "print(len(df))")) == []


def test_executions_out_of_order() -> None:
    assert rules(notebook("1", "2", "3", "4", counts=[1, 5, 3, 6])) == [("out_of_order", "c3", 0)]


def test_cells_that_were_never_run() -> None:
    assert rules(notebook("1", "  ", "3", counts=[1, None, None])) == [("never_run", "c3", 0)]


def test_cells_that_ended_in_an_error() -> None:
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}
    [finding] = review(notebook("1", c1=[{"output_type": "stream", "text": "a"}, error]))
    assert (finding.rule, finding.severity) == ("error_output", "error")
    assert finding.message == "Cell 1 ended with KeyError: 'x'"


def test_a_name_that_only_a_later_cell_defines() -> None:
    document = notebook("a = 1", "print(a)\nprint(b)", "b = 2", "import c.d")
    [finding] = found(document)
    assert (finding.rule, finding.cell_id, finding.line) == ("defined_later", "c2", 2)
    assert finding.message == "Cell 2 uses b, which only cell 3 below defines."


@pytest.mark.parametrize(
    "sources",
    [
        ("def f():\n    return b", "b = 2\nf()"),
        ("[x for x in range(3)]", "x = 1"),
        ("print(b)",),
        ("from a import *\nprint(b)", "b = 2"),
        ("%run setup.py", "print(b)", "b = 1"),
        ("try:\n    b\nexcept NameError:\n    b = 1", "b = 2"),
        ("print(len)", "len = 2"),
        ("b = 1\nprint(b)", "b = 2"),
        ("lines = !ls\nprint(lines)", "lines = 1"),
        ("this is no python", "print(b)", "b = 1"),
    ],
)
def test_what_can_not_be_known_is_no_finding(sources: tuple[str, ...]) -> None:
    assert rules(notebook(*sources)) == []


def test_absolute_paths() -> None:
    assert rules(notebook("x = 1\ny = open('/home/me/a.csv')", "r'C:\\data\\a.csv'", "'/api/v1'\n'a/b.csv'")) == [
        ("absolute_path", "c1", 2),
        ("absolute_path", "c2", 1),
    ]


def test_a_finding_fits_the_wire() -> None:
    [finding] = review(notebook("1", counts=[None]))
    assert FindingAdded(session_id="s", **finding.model_dump()).rule == "never_run"
    assert Finding.model_fields.keys() == FindingAdded.model_fields.keys() - {
        "session_id",
        "run_id",
        "seq",
        "time",
        "type",
    }


@pytest.mark.parametrize("document", [None, [], {}, {"cells": 1}, {"cells": [1]}, "text"])
def test_what_is_no_notebook_gets_a_sentence(document: Any) -> None:
    with pytest.raises(NotebookUnavailable, match="notebook"):
        review(document)


@pytest.mark.parametrize(
    "cell",
    [
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": ["a\n", 1], "outputs": [1, {}], "execution_count": "x", "id": 3},
        {"cell_type": "code", "source": "x" * 10 + "(" * 500, "outputs": {}},
        {"cell_type": "code", "source": "\x00"},
        {"cell_type": "markdown", "source": "print(b)"},
    ],
)
def test_odd_cells_are_read_as_far_as_they_go(cell: dict[str, Any]) -> None:
    assert all(finding.message for finding in review({"cells": [cell]}))
