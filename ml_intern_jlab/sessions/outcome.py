"""What became of a cell, in the form that the agent is told it."""

from __future__ import annotations

from typing import Any

from ..agent.executor import Outcome
from ..notebook.outputs import observation_text
from ..protocol import CellDecided, CellFinished

Output = dict[str, Any]


def outcome_of(decided: CellDecided, finished: CellFinished, outputs: list[Output]) -> Outcome:
    """The outcome of a cell that ran."""
    text = observation_text(outputs)
    return Outcome(
        finished.status,
        decided.source,
        "\n".join(filter(None, [text, finished.reason])),
        finished.seconds,
        decided.edited,
        _result(outputs),
        finished.error,
        _images(outputs),
    )


def rejection(decided: CellDecided) -> Outcome:
    """The outcome of a cell that was turned down: the words of whoever did."""
    return Outcome("rejected", decided.source, decided.feedback)


def _result(outputs: list[Output]) -> str | None:
    results = [each for each in outputs if each["output_type"] == "execute_result"]
    text = results[-1]["data"].get("text/plain") if results else None
    return "".join(text) if text is not None else None


def _images(outputs: list[Output]) -> tuple[str, ...]:
    """The figures among a cell's outputs, PNG in base64."""
    found = (each["data"].get("image/png") for each in outputs if "data" in each)
    return tuple(data if isinstance(data, str) else "".join(data) for data in found if data)
