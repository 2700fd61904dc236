"""What a run writes into the notebook in its own words."""

from __future__ import annotations

from ..agent.goal import GOAL_ID
from ..agent.models import model_label
from ..protocol import Deliverable


def summary(answer: str, deliverables: list[Deliverable], faults: list[str]) -> str:
    """The closing cell: the answer, what was checked, and what the review still calls an error."""
    lines = ["## Summary", "", answer.strip()]
    if deliverables:
        marks = {"passed": "✓", "waived": "–"}
        checks = [f"- {marks.get(each.status, '✗')} {each.description}{_why(each)}" for each in deliverables]
        lines += ["", "Checked in the kernel:", "", *checks]
    if faults:
        lines += ["", "The review of these cells found:", "", *(f"- ✗ {fault}" for fault in faults)]
    return "\n".join(lines)


def _why(each: Deliverable) -> str:
    """Why the tries of a task that says "iterate until …" came to their end."""
    return f": {each.detail}" if each.deliverable_id == GOAL_ID and each.detail else ""


def opening(task: str, model_name: str) -> str:
    """The notebook's first cell: the task as a heading, whole below it when it is long."""
    first = task.splitlines()[0].split(". ")[0].rstrip(".")
    title = first if len(first) <= 90 else first[:90].rsplit(" ", 1)[0] + " …"
    quoted = "" if title == task.rstrip(".") else "\n\n" + "\n".join(f"> {line}" for line in task.splitlines())
    return f"# {title}{quoted}\n\n*Written by ML Intern with {model_label(model_name)}.*"
