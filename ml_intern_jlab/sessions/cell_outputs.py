"""What the agent takes from a cell's outputs beside their text."""

from __future__ import annotations

from typing import Any


def result_text(outputs: list[dict[str, Any]]) -> str | None:
    """`text/plain` of the cell's result (`Out[n]`), None where it has none."""
    results = [each for each in outputs if each["output_type"] == "execute_result"]
    text = results[-1]["data"].get("text/plain") if results else None
    return "".join(text) if text is not None else None


def figures_of(outputs: list[dict[str, Any]]) -> tuple[str, ...]:
    """The figures among a cell's outputs, PNG in base64."""
    found = (each["data"].get("image/png") for each in outputs if "data" in each)
    return tuple(data if isinstance(data, str) else "".join(data) for data in found if data)
