"""What became of a cell, in the form that the agent is told it."""

from __future__ import annotations

from typing import Any

from ..agent.executor import Outcome
from ..notebook.execution import Execution
from ..notebook.outputs import observation_text, pictures, result_text
from ..protocol import CellDecided, CellFinished


def end_of(cell_id: str, ended: Execution, run_id: str = "") -> CellFinished:
    """The event that tells how a cell's execution ended; a kernel that died or restarted made it fail."""
    return CellFinished(
        run_id=run_id,
        cell_id=cell_id,
        status=ended.status if ended.status in ("done", "stopped") else "failed",
        execution_count=ended.execution_count,
        seconds=ended.seconds,
        error=ended.error,
        reason=ended.reason,
    )


def outcome_of(decided: CellDecided, finished: CellFinished, outputs: list[dict[str, Any]]) -> Outcome:
    """The outcome of a cell that ran."""
    text = observation_text(outputs)
    return Outcome(
        finished.status,
        decided.source,
        "\n".join(filter(None, [text, finished.reason])),
        finished.seconds,
        decided.edited,
        result_text(outputs),
        finished.error,
        pictures(outputs),
        cell_id=finished.cell_id,
    )


def rejection(decided: CellDecided) -> Outcome:
    """The outcome of a cell that was turned down: the words of whoever did."""
    return Outcome("rejected", decided.source, decided.feedback)
