from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from nbformat.v4 import new_code_cell, new_notebook

from ml_intern_jlab.errors import NotebookUnavailable
from ml_intern_jlab.notebook.file_writer import FileWriter
from ml_intern_jlab.notebook.projection import Projection
from ml_intern_jlab.protocol import CellProposed, Event, Mode, Note, RiskClass, RunFinished, RunStarted, source_hash
from ml_intern_jlab.server.hosts import AwaitableContents

SESSION = "0123456789ab"


class Bench:
    """A writer on a real contents manager, with the history that a journal would give."""

    def __init__(self, folder: Path) -> None:
        self.history: list[Event] = []
        self.warnings: list[str] = []
        self.path = folder / "a.ipynb"
        self.writer = FileWriter(
            AwaitableContents(AsyncLargeFileManager(root_dir=str(folder))),
            "a.ipynb",
            Projection(
                SESSION,
                lambda: self.history,
                kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
                language="python",
            ),
            warn=lambda code, text: self.warnings.append(f"{code}: {text}"),
        )

    def emit(self, event: Event) -> None:
        stored = event.model_copy(update={"session_id": SESSION, "run_id": "r", "seq": len(self.history) + 1})
        self.history.append(stored)
        self.writer.apply(stored)

    def start(self) -> None:
        note = Note(cell_id="title", source="# Task")
        self.emit(RunStarted(task="t", mode=Mode.ask, model="m", max_steps=3, by="ann", note=note))

    def propose(self, cell_id: str, after: str) -> None:
        risk = [RiskClass.compute]
        values: dict[str, Any] = {"step": 1, "title": "t", "risk": risk, "reasons": [], "asks": True}
        self.emit(CellProposed(cell_id=cell_id, after=after, source="1", hash=source_hash("1"), **values))

    def saved(self) -> list[str]:
        notebook = nbformat.read(self.path, as_version=4)
        nbformat.validate(notebook)
        return [cell["id"] for cell in notebook.cells]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_new_notebook_is_begun_with_its_kernel(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    await bench.writer.close()
    notebook = nbformat.read(bench.path, as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    assert bench.saved() == ["title"]


async def test_a_change_is_saved_soon_without_a_flush(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    found: list[str] = []
    for _ in range(100):
        # The contents manager writes in place: a reader may meet half a file.
        with contextlib.suppress(nbformat.reader.NotJSONError):
            found = bench.saved()
        if found == ["title"]:
            break
        await asyncio.sleep(0.05)
    assert found == ["title"]


async def test_an_existing_notebook_keeps_its_cells_and_kernel(bench: Bench) -> None:
    own = new_notebook(
        cells=[new_code_cell("x = 1", id="own")], metadata={"kernelspec": {"name": "other", "display_name": "Other"}}
    )
    nbformat.write(own, bench.path)
    await bench.writer.open()
    bench.start()
    await bench.writer.close()
    assert bench.saved() == ["own", "title"]
    assert nbformat.read(bench.path, as_version=4).metadata.kernelspec.name == "other"


async def test_what_somebody_else_saved_in_between_stays(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    await bench.writer.flush()
    notebook = nbformat.read(bench.path, as_version=4)
    notebook.cells.insert(0, new_code_cell("mine = True", id="own"))
    await asyncio.sleep(0.02)
    nbformat.write(notebook, bench.path)
    bench.propose("one", "title")
    await bench.writer.flush()
    assert bench.saved() == ["own", "title", "one"]
    assert [cell["id"] for cell in (await bench.writer.notebook())["cells"]] == ["own", "title", "one"]


async def test_a_save_from_an_older_state_does_not_lose_cells(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    await bench.writer.flush()
    older = nbformat.read(bench.path, as_version=4)
    bench.propose("one", "title")
    await bench.writer.flush()
    older.cells.append(new_code_cell("mine = True", id="own"))
    await asyncio.sleep(0.02)
    nbformat.write(older, bench.path)
    bench.propose("two", "one")
    await bench.writer.flush()
    assert bench.saved() == ["title", "one", "two", "own"]


async def test_a_deleted_notebook_is_written_again_and_said(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    await bench.writer.flush()
    bench.path.unlink()
    bench.propose("one", "title")
    await bench.writer.flush()
    assert bench.saved() == ["title", "one"]
    assert "was deleted during the run" in bench.warnings[0]


async def test_a_folder_in_its_place_is_a_sentence_and_loses_nothing(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    await bench.writer.flush()
    bench.path.unlink()
    bench.path.mkdir()
    bench.propose("one", "title")
    with pytest.raises(NotebookUnavailable, match=r"a\.ipynb can't be read"):
        await bench.writer.flush()
    bench.path.rmdir()
    await bench.writer.flush()
    assert bench.saved() == ["title", "one"]


async def test_what_is_no_notebook_is_refused_and_kept(bench: Bench) -> None:
    bench.path.write_text("not a notebook")
    with pytest.raises(NotebookUnavailable, match="can't be read as a notebook"):
        await bench.writer.open()
    assert bench.path.read_text() == "not a notebook"


async def test_an_event_without_a_cell_does_not_save(bench: Bench) -> None:
    await bench.writer.open()
    before = bench.path.stat().st_mtime_ns
    bench.emit(RunStarted(task="t", mode=Mode.ask, model="m", max_steps=3, by="ann"))
    await bench.writer.close()
    assert bench.path.stat().st_mtime_ns == before


async def test_another_notebook_of_the_same_name_gets_no_old_cells(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    bench.emit(RunFinished(status="finished", answer="a"))
    await bench.writer.close()
    nbformat.write(new_notebook(cells=[new_code_cell("other = 1", id="own")]), bench.path)
    await bench.writer.open()
    bench.emit(
        RunStarted(task="t", mode=Mode.ask, model="m", max_steps=3, by="ann", note=Note(cell_id="n", source="n"))
    )
    await bench.writer.close()
    assert bench.saved() == ["own", "n"]


async def test_a_renamed_notebook_is_followed(bench: Bench) -> None:
    await bench.writer.open()
    bench.start()
    await bench.writer.flush()
    bench.path = bench.path.rename(bench.path.with_name("b.ipynb"))
    bench.writer.path = "b.ipynb"
    bench.propose("one", "title")
    await bench.writer.flush()
    assert bench.saved() == ["title", "one"]
    assert not bench.warnings
