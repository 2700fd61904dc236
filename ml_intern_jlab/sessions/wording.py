"""What a run writes into the notebook in its own words."""

from __future__ import annotations

from ..protocol import Deliverable


def summary(answer: str, deliverables: list[Deliverable], faults: list[str]) -> str:
    """The closing cell: the answer, what was checked, and what the review still calls an error."""
    lines = ["## Summary", "", answer.strip()]
    if deliverables:
        marks = {"passed": "✓", "waived": "–"}
        checks = [f"- {marks.get(each.status, '✗')} {each.description}" for each in deliverables]
        lines += ["", "Checked in the kernel:", "", *checks]
    if faults:
        lines += ["", "The review of these cells found:", "", *(f"- ✗ {fault}" for fault in faults)]
    return "\n".join(lines)
