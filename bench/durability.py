"""What it costs that nothing is lost: the journal for each output, a replay, a large notebook, many sessions.

No kernel and no browser: what is measured is the way of an event into the journal and into the notebook, in seconds of
the processor, so that other work on the machine hardly matters. `--outputs` is the number of output messages, each of
one line. `--sessions 50` measures a real server instead, on which so many runs work in so many kernels at once
(`bench/at_once.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.at_once import at_once
from ml_intern_jlab.notebook.document import Document
from ml_intern_jlab.notebook.handover import Handover
from ml_intern_jlab.notebook.outputs import OutputArea
from ml_intern_jlab.protocol import (
    CellDecided,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    Event,
    IOPubMessage,
    Mode,
    RiskClass,
    RunStarted,
    source_hash,
)
from ml_intern_jlab.sessions.journal import Journal


def cell(number: int, outputs: int) -> Iterator[Event]:
    """The events of one cell that prints."""
    name, source = f"c{number}", f"print({number})"
    yield CellProposed(
        step=number,
        cell_id=name,
        after=f"c{number - 1}",
        source=source,
        hash=source_hash(source),
        title=source,
        risk=[RiskClass.compute],
        reasons=[],
        asks=False,
    )
    yield CellDecided(cell_id=name, decision="approve", source=source, hash=source_hash(source), by="policy")
    yield CellStarted(cell_id=name, hash=source_hash(source))
    for line in range(outputs):
        message = IOPubMessage(msg_type="stream", content={"name": "stdout", "text": f"epoch {line} loss 0.1234\n"})
        yield CellOutput(cell_id=name, message=message)
    yield CellFinished(cell_id=name, status="done", execution_count=number)


def run(cells: int, outputs: int) -> Iterator[Event]:
    """A run of so many cells, each of which prints so many messages."""
    yield RunStarted(task="t", mode=Mode.auto, model="m", max_steps=cells, by="ann")
    for number in range(1, cells + 1):
        yield from cell(number, outputs)


def filled(journal: Journal, events: Iterator[Event]) -> tuple[str, float, int]:
    """A session with these events: its id, the seconds that storing them took, and how many they are."""
    session_id = journal.create_session("a.ipynb").session_id
    stamped = [event.model_copy(update={"session_id": session_id, "run_id": "r"}) for event in events]
    began = time.process_time()
    for event in stamped:
        journal.append(event)
    return session_id, time.process_time() - began, len(stamped)


async def printing(journal: Journal, seconds: int) -> float:
    """The share of a processor that a cell costs which prints 1,000 lines a second for so long, joined as always."""
    session_id = journal.create_session("a.ipynb").session_id

    def deliver(message: IOPubMessage) -> None:
        journal.append(CellOutput(session_id=session_id, run_id="r", cell_id="c", message=message))

    handover = Handover(deliver)
    began, used = time.perf_counter(), time.process_time()
    for number in range(1000 * seconds):
        handover.add_stream("stdout", f"epoch {number} loss 0.1234\n")
        if number % 10 == 9:
            await asyncio.sleep(max(0.0, began + number / 1000 - time.perf_counter()))
    handover.finish()
    return (time.process_time() - used) / seconds


def folded(journal: Journal, session_id: str) -> float:
    """Seconds that it takes to read a session and fold it into a notebook."""
    began = time.process_time()
    document = Document(session_id)
    for event in journal.events(session_id):
        document.apply(event)
    assert document.notebook["cells"]
    return time.process_time() - began


async def flood(megabytes: int) -> float:
    """Megabytes of memory that printing so many megabytes leaves in use."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    area = OutputArea()
    handover = Handover(area.add)
    line = "x" * 999 + "\n"
    for _ in range(megabytes):
        handover.add_stream("stdout", line * 1000)
    handover.finish()
    assert area.outputs
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000


def measured(outputs: int) -> dict[str, float]:
    """The figures."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.sqlite")
        session_id, seconds, count = filled(journal, run(1, outputs))
        many, _, _ = filled(journal, run(1000, 1))
        fifty = sum(filled(journal, run(2, 20))[1] for _ in range(50))
        found = {
            "journal_microseconds_per_event": 1e6 * seconds / count,
            "share_while_printing_1000_lines_a_second": asyncio.run(printing(journal, 3)),
            "replay_seconds": folded(journal, session_id),
            "notebook_of_1000_cells_seconds": folded(journal, many),
            "fifty_sessions_seconds": fifty,
            "megabytes_after_100_printed": asyncio.run(flood(100)),
        }
        journal.close()
    return {name: round(value, 4) for name, value in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=int, default=10_000, help="output messages of the session that is replayed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--sessions", type=int, help="measure so many sessions at once, each with a kernel")
    options = parser.parse_args()
    if options.sessions:
        found = {name: round(value, 2) for name, value in at_once(options.sessions).items()}
    else:
        found = measured(options.outputs)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name.replace('_', ' '):<42} {value:>10}")


if __name__ == "__main__":
    main()
