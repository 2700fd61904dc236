from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ml_intern_jlab.errors import Refused
from ml_intern_jlab.protocol import RerunFinished, RerunNotebook, RerunProgress, RerunStarted, StopRerun

from .conftest import Desk

MakeDesk = Callable[..., Desk]


def save(d: Desk, *cells: tuple[str, str]) -> None:
    made = [
        new_code_cell(
            source, outputs=[new_output("stream", name="stdout", text=text)] if text else [], execution_count=1
        )
        for source, text in cells
    ]
    nbformat.write(new_notebook(cells=made), d.folder / "a.ipynb")


async def test_a_notebook_is_run_again_and_each_cell_gets_a_verdict(desk: MakeDesk) -> None:
    d = desk([])
    save(d, ("print('score:', 0.5)", "score: 0.9\n"), ("open('left', 'w').write('x')", ""))
    await d.send(RerunNotebook())
    ended = await d.until(RerunFinished)
    assert d.all(RerunStarted)[0].total == 2
    assert [each.done for each in d.all(RerunProgress)] == [1, 2]
    assert [each.verdict for each in ended.cells] == ["different", "different"]
    assert "score: 0.9" in ended.cells[0].diff
    assert not ended.stopped
    assert not (d.folder / "left").exists()  # only its copy was written to
    kept = [event.type for event in d.journal.events(d.session_id)]
    assert kept[-2:] == ["rerun_started", "rerun_finished"]  # how far it came isn't kept


async def test_it_is_stopped_in_the_middle_of_a_cell(desk: MakeDesk) -> None:
    d = desk([])
    save(d, ("1", ""), ("import time\ntime.sleep(600)", ""))
    await d.send(RerunNotebook())
    await d.until(RerunProgress)
    with pytest.raises(Refused, match="already"):
        await d.send(RerunNotebook())
    await d.send(StopRerun())
    ended = await d.until(RerunFinished)
    assert ended.stopped
    assert ended.cells[1].detail == "It was stopped."


async def test_what_a_server_that_ended_left_open_is_closed(desk: MakeDesk) -> None:
    d = desk([])
    await d.send(StopRerun())
    assert d.all(RerunFinished)[0].stopped


async def test_what_cannot_be_run_is_told(desk: MakeDesk) -> None:
    d = desk([])
    kernel = {"name": "julia-9", "display_name": "Julia"}
    notebook = new_notebook(
        cells=[new_code_cell("1")], metadata={"kernelspec": kernel, "language_info": {"name": "julia"}}
    )
    nbformat.write(notebook, d.folder / "a.ipynb")
    await d.send(RerunNotebook())
    assert "julia-9" in (await d.until(RerunFinished)).reason
