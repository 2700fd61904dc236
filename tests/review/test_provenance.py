from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ml_intern_jlab.cli import main
from ml_intern_jlab.protocol import source_hash
from ml_intern_jlab.review.provenance import is_signed, origins, runs, server_key, signed, strip
from ml_intern_jlab.review.report import review_file

KEY = b"k" * 32


def facts(source: str) -> dict[str, Any]:
    decision = {"by": "ann", "mode": "ask", "time": "2026-01-02T03:04:05Z", "edited": True}
    return {"kind": "cell", "source_hash": source_hash(source), "model": "m", "step": 3, "decision": decision}


def agents_cell(source: str, key: bytes | None = KEY) -> Any:
    provenance = signed(facts(source), key)
    return new_code_cell(source, metadata={"ml_intern": {"run_id": "r", "status": "done", "provenance": provenance}})


def notebook(*cells: Any) -> Any:
    record = signed({"kind": "run", "task": "Count."}, KEY)
    return new_notebook(cells=list(cells), metadata={"ml_intern": {"runs": {"r": record}, "sessions": {"s": 3}}})


def standings(document: Any, key: bytes | None = KEY) -> list[str]:
    return [origin.standing for origin in origins(json.loads(json.dumps(document)), key)]


def test_a_cell_is_as_approved_until_somebody_changes_it() -> None:
    document = notebook(new_markdown_cell("# T"), agents_cell("x = 1"), new_code_cell("y"), agents_cell("z = 1"))
    assert standings(document) == ["approved", "approved"]
    document.cells[3].source = "z = 2"
    assert standings(document) == ["approved", "changed"]
    told = origins(document, KEY)[1].told
    assert "Cell 4: changed by a person since" in told
    assert "approved by ann in mode ask" in told
    assert "edited before it ran" in told


def test_a_note_is_as_its_run_recorded_it() -> None:
    note = new_markdown_cell("## Why\nMedian, since the tail is long.", id="n", metadata={"ml_intern": {"run_id": "r"}})
    record = {"kind": "run", "run_id": "r", "model": "m", "notes": {"n": source_hash(note.source), "m": "…"}}
    copied = nbformat.from_dict({**note, "id": "copy"})
    changed = nbformat.from_dict({**note, "id": "m", "source": "## Why\nMean."})
    foreign = nbformat.from_dict({**note, "id": "other", "source": "Trust me."})
    document = notebook(note, copied, changed, foreign)
    document.metadata.ml_intern.runs.r = signed(record, KEY)
    assert standings(document) == ["approved", "approved", "changed", "unsigned"]
    assert origins(document, KEY)[2].told == "Cell 3: changed by a person since; a note by m."
    assert standings(document, b"another") == ["unsigned"] * 4
    converted, _ = NotebookExporter().from_notebook_node(document)  # type: ignore[no-untyped-call]
    assert standings(json.loads(converted)) == ["approved", "approved", "changed", "unsigned"]
    del document.metadata["ml_intern"]  # nothing is recorded, so nothing is said
    assert standings(document) == []


def test_what_another_server_or_nobody_signed_is_a_claim() -> None:
    document = notebook(agents_cell("x", key=b"other"), agents_cell("x", key=None), agents_cell("x"))
    assert standings(document) == ["unsigned", "unsigned", "approved"]
    assert standings(document, None) == ["unsigned"] * 3
    assert [signed_by_us for _, signed_by_us in runs(document, KEY)] == [True]
    assert [signed_by_us for _, signed_by_us in runs(document, b"other")] == [False]


@pytest.mark.parametrize(
    "change",
    [
        {"source_hash": source_hash("evil")},
        {"model": "another"},
        {"decision": {"by": "eve"}},
        {"signature": ""},
        {"signature": 1},
        {"signature": "ä"},
        {"more": "\ud800"},
        {"kind": "run"},
    ],
)
def test_a_forged_fact_breaks_the_signature(change: dict[str, Any]) -> None:
    cell = agents_cell("good")
    cell.metadata.ml_intern.provenance.update(change)
    assert standings(notebook(cell)) == ["unsigned"]


@pytest.mark.parametrize("odd", [None, 1, [], "x", {"provenance": 3}, {"provenance": {"kind": []}}])
def test_odd_metadata_is_survived(odd: Any) -> None:
    document = {"cells": [{"cell_type": "code", "source": ["a", 1], "metadata": {"ml_intern": odd}}, 1], "metadata": 2}
    assert all(origin.standing == "unsigned" for origin in origins(document, KEY))
    assert origins({"cells": 3}, KEY) == []
    assert runs({"metadata": {"ml_intern": {"runs": {"r": 1}}}}, KEY) == []


def test_copies_splits_and_merges() -> None:
    """As JupyterLab does them: a copy has another id, both halves of a split keep the metadata."""
    whole = agents_cell("a = 1\nb = 2")
    copied = nbformat.from_dict({**whole, "id": "another"})
    halves = [nbformat.from_dict({**whole, "id": source[0], "source": source}) for source in ("a = 1", "b = 2")]
    merged = nbformat.from_dict({**whole, "id": "merged", "source": "a = 1\nb = 2"})
    assert standings(notebook(whole, copied, *halves, merged)) == [
        "approved",
        "approved",
        "changed",
        "changed",
        "approved",
    ]


def test_facts_survive_a_save_and_nbconvert(tmp_path: Path) -> None:
    document = notebook(agents_cell("x = 'ü'"))
    nbformat.write(document, tmp_path / "a.ipynb")
    assert standings(nbformat.read(tmp_path / "a.ipynb", as_version=4)) == ["approved"]
    converted, _ = NotebookExporter().from_notebook_node(document)  # type: ignore[no-untyped-call]
    assert standings(json.loads(converted)) == ["approved"]


def test_facts_survive_jupytext() -> None:
    jupytext = pytest.importorskip("jupytext")
    text = jupytext.writes(notebook(agents_cell("x = 1\ny = 'ü'")), fmt="py:percent")
    assert standings(jupytext.reads(text, fmt="py:percent")) == ["approved"]
    assert standings(jupytext.reads(text.replace("x = 1", "x = 2"), fmt="py:percent")) == ["changed"]


def test_the_servers_key_is_its_owners_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    server_key.cache_clear()
    key = server_key()
    server_key.cache_clear()
    assert key
    assert server_key() == key
    assert (tmp_path / "data" / "notebook_secret").stat().st_mode & 0o077 == 0
    assert is_signed(signed({"a": 1}, key), key)
    server_key.cache_clear()


def test_a_report_tells_them_apart(tmp_path: Path) -> None:
    key = server_key()
    document = notebook(agents_cell("x = 1", key), agents_cell("y = 1", key), agents_cell("z = 1", None))
    document.cells[1].source = "y = 2"
    nbformat.write(document, tmp_path / "a.ipynb")
    told = review_file(tmp_path / "a.ipynb").told
    assert told[0] == "Cells of an agent: 1 as approved, 1 changed by a person since, 1 an unsigned claim."
    assert len(told) == 3


def test_strip_takes_all_of_it_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    document = notebook(agents_cell("x = 'ü'"), new_code_cell("y", metadata={"tags": ["t"]}))
    assert strip(json.loads(json.dumps(document))) == 1
    path = tmp_path / "a.ipynb"
    nbformat.write(document, path)
    with pytest.raises(SystemExit) as ended:
        main(["strip", str(path)])
    assert ended.value.code == 0
    assert "1 cell and the notebook's own record stripped" in capfd.readouterr().out
    left = nbformat.read(path, as_version=4)
    assert "ml_intern" not in path.read_text(encoding="utf-8")
    assert [cell.source for cell in left.cells] == ["x = 'ü'", "y"]
    assert left.cells[1].metadata.tags == ["t"]
    assert [each.name for each in tmp_path.iterdir()] == ["a.ipynb"]
    path.write_text("{}")
    with pytest.raises(SystemExit) as ended:
        main(["strip", str(path)])
    assert ended.value.code == 2
