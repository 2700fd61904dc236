"""Whatever dies, the finished notebook is the one of an undisturbed run, and nothing in it is doubled or lost."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager

from ml_intern_jlab.protocol import CellProposed, CellStarted, RunFinished, RunResumed, source_hash
from ml_intern_jlab.sessions.journal import Journal
from tests.faults import victim

Connection = tuple[str, int] | None
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.victim"])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A kernel that outlives every process that works in it."""
    manager = KernelManager(connection_file=str(tmp_path_factory.mktemp("kernel") / "kernel.json"))
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.stop_channels()
    process: Any = manager.provisioner
    yield manager.connection_file, process.pid
    manager.shutdown_kernel(now=True)


def in_process(work: Any, *arguments: Any) -> int | None:
    """Do the work in a process of its own; returns how that ended."""
    process = PROCESSES.Process(target=work, args=arguments)
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        raise AssertionError("The process did not end within a minute.")
    return process.exitcode


def content(folder: Path) -> list[tuple[Any, ...]]:
    """The notebook without what is minted anew in each run."""
    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    return [
        (cell.cell_type, cell.source, status_of(cell), [dict(output) for output in cell.get("outputs", [])])
        for cell in notebook.cells
    ]


def status_of(cell: Any) -> Any:
    return cell.metadata.get("ml_intern", {}).get("status")


def without_counts(cells: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(*cell[:3], [{**out, "execution_count": None} for out in cell[3]]) for cell in cells]


def assert_invariants(folder: Path) -> None:
    journal = Journal(folder / "journal.sqlite")
    (info,) = journal.sessions()
    events = list(journal.events(info.session_id))
    journal.close()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    approved = {event.cell_id: event.hash for event in events if event.type == "cell_decided"}
    sources = {event.cell_id: event.source for event in events if isinstance(event, CellProposed)}
    for event in events:
        if isinstance(event, CellStarted):
            assert event.hash == approved[event.cell_id] == source_hash(sources[event.cell_id])
    ended = [event for event in events if isinstance(event, RunFinished)]
    assert [event.status for event in ended] == ["finished"]


@pytest.fixture(scope="module")
def undisturbed(kernel: Connection, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Any, ...]]]:
    """The folder of an undisturbed run, with what stood there at each of its events, and its notebook."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert in_process(victim.begin, folder, kernel, victim.kept) == 0
    assert_invariants(folder)
    found = content(folder)
    assert [cell[1] for cell in found if cell[0] == "code"] == [victim.REPAIR]
    return folder, without_counts(found)


def test_a_server_that_dies_at_any_event_loses_nothing(
    kernel: Connection, undisturbed: tuple[Path, list[tuple[Any, ...]]]
) -> None:
    folders = sorted((undisturbed[0] / "at").iterdir(), key=lambda folder: int(folder.name))
    assert len(folders) > 15
    assert in_process(victim.go_on, folders, kernel) == 0
    for folder in folders:
        assert_invariants(folder)
        assert without_counts(content(folder)) == undisturbed[1], f"died at event {folder.name}"


@pytest.mark.parametrize("seq", [10, 17])
def test_a_process_that_is_killed_loses_nothing(
    kernel: Connection, undisturbed: tuple[Path, list[tuple[Any, ...]]], tmp_path: Path, seq: int
) -> None:
    assert in_process(victim.begin, tmp_path, kernel, victim.KilledAt(seq)) == -9
    assert in_process(victim.go_on, [tmp_path], kernel) == 0
    assert_invariants(tmp_path)
    assert without_counts(content(tmp_path)) == undisturbed[1]


def test_a_kernel_that_dies_with_its_server_is_replaced(
    undisturbed: tuple[Path, list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    last = max(int(folder.name) for folder in (undisturbed[0] / "at").iterdir())
    assert in_process(victim.begin, tmp_path, None, victim.KilledAt(last - 1)) == -9
    assert in_process(victim.go_on, [tmp_path], None) == 0
    assert_invariants(tmp_path)
    assert without_counts(content(tmp_path)) == undisturbed[1]
    journal = Journal(tmp_path / "journal.sqlite")
    resumed = [each for each in journal.events(journal.sessions()[0].session_id) if isinstance(each, RunResumed)]
    journal.close()
    assert [each.cells for each in resumed] == [1]


def test_a_full_disk_costs_nothing_once_there_is_room_again(
    kernel: Connection, undisturbed: tuple[Path, list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    theirs = nbformat.v4.new_markdown_cell("x" * 2_000_000)
    nbformat.write(nbformat.v4.new_notebook(cells=[theirs]), tmp_path / "a.ipynb")
    assert in_process(victim.begin, tmp_path, kernel, victim.disk_full) == 0
    assert_invariants(tmp_path)
    cells = content(tmp_path)
    assert cells[0][1] == theirs.source
    assert without_counts(cells[1:]) == undisturbed[1]


@pytest.mark.parametrize(
    "fault", [victim.file_deleted, victim.clock_jumps, victim.journal_locked], ids=lambda each: each.__name__
)
def test_a_fault_that_passes_changes_nothing(
    kernel: Connection, undisturbed: tuple[Path, list[tuple[Any, ...]]], tmp_path: Path, fault: Any
) -> None:
    assert in_process(victim.begin, tmp_path, kernel, fault) == 0
    assert_invariants(tmp_path)
    assert without_counts(content(tmp_path)) == undisturbed[1]
