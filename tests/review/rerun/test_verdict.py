from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from ml_intern_jlab.agent.metrics import metrics_in
from ml_intern_jlab.errors import NotebookUnavailable
from ml_intern_jlab.review.rerun import running
from ml_intern_jlab.review.rerun.running import Limits
from ml_intern_jlab.review.rerun.verdict import rerun


def cell(source: str, text: str = "", error: str = "", count: int | None = 1) -> Any:
    outputs = [new_output("stream", name="stdout", text=text)] if text else []
    outputs += [new_output("error", ename=error, evalue="x", traceback=[])] if error else []
    return new_code_cell(source, outputs=outputs, execution_count=count)


def saved(folder: Path, *cells: Any, **metadata: Any) -> Path:
    path = folder / "study.ipynb"
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def test_each_cell_gets_a_verdict_and_nothing_outside_the_copy_changes(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    path = saved(
        tmp_path,
        new_markdown_cell("# Study"),
        cell("import random\nfrom pathlib import Path\nprint(Path('data.csv').read_text())", "a\n1\n\n"),
        cell("Path('data.csv').write_text('changed')\nprint(1.00001)", "1.0\n"),
        cell("random.seed(1)\nprint('accuracy:', random.random())", "accuracy: 0.5\n"),
        cell("print(Path.cwd())", f"{tmp_path}\n"),
        cell("1 / 0", error="ZeroDivisionError"),
        cell("print('new')", count=None),
        kernelspec={"name": "an-environment-of-somebodys", "display_name": "theirs"},
    )
    before = path.read_bytes()
    steps: list[None] = []
    again = rerun(path, Limits(), metrics_in=metrics_in, progress=lambda: steps.append(None))
    verdicts = {each.cell: each.verdict for each in again.cells}
    assert verdicts == {2: "same", 3: "tolerance", 4: "different", 5: "same", 6: "different", 7: "no_record"}
    assert again.verdict == "different"
    assert "accuracy: 0.5" in again.cells[2].diff
    [shift] = again.shifts
    assert (shift.cell, shift.metric, again.reseeded) == (4, "accuracy", 1)
    assert shift.first != shift.second
    assert "1 different" not in again.told[0]
    assert "2 different" in again.told[0]
    assert len(steps) == 12
    assert path.read_bytes() == before
    assert (tmp_path / "data.csv").read_text() == "a\n1\n"


def test_a_failure_ends_the_run(tmp_path: Path) -> None:
    again = rerun(saved(tmp_path, cell("nowhere"), cell("print(1)", "1\n")), Limits())
    assert [each.verdict for each in again.cells] == ["failed", "not_run"]
    assert "NameError: name 'nowhere' is not defined" in again.cells[0].detail
    assert again.verdict == "failed"


def test_time_is_limited(tmp_path: Path) -> None:
    again = rerun(saved(tmp_path, cell("while True: pass")), Limits(seconds=1))
    assert (again.verdict, again.cells[0].detail) == ("failed", "The limit of 1 s was reached.")


def test_memory_is_limited(tmp_path: Path) -> None:
    again = rerun(
        saved(tmp_path, cell("x = b'1' * 400_000_000\nimport time\ntime.sleep(60)")), Limits(memory=300 * 1024**2)
    )
    assert (again.verdict, again.cells[0].detail) == ("failed", "It needed more than 300 MB of memory.")


def test_printing_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LARGEST_OUTPUT", 1024**2)
    again = rerun(saved(tmp_path, cell("while True: print('x' * 1000)")), Limits())
    assert (again.verdict, again.cells[0].detail) == ("failed", "It printed more than 1 MB.")


def test_what_cannot_be_run_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(
        tmp_path, cell("1"), language_info={"name": "julia"}, kernelspec={"name": "julia-9", "display_name": ""}
    )
    with pytest.raises(NotebookUnavailable, match="kernel julia-9 isn't installed"):
        rerun(path, Limits())
    monkeypatch.setattr(running, "LARGEST_FOLDER", 10)
    with pytest.raises(NotebookUnavailable, match="too large to be copied"):
        rerun(saved(tmp_path, cell("1")), Limits())
    path.write_text("{}")
    with pytest.raises(NotebookUnavailable, match="no notebook"):
        rerun(path, Limits())
