"""What passes between the caller and the planner: the messages' text, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["done", "failed", "rejected", "stopped"]


@dataclass(frozen=True)
class PlanEntry:
    """One item of the plan as the caller shows it; `number` counts from 1."""

    number: int
    title: str
    status: str


@dataclass(frozen=True)
class Outcome:
    """What happened since the last turn. `status` is None before the first cell and when no cell was run."""

    status: Status | None = None
    output: str = ""
    edited: str = ""
    messages: tuple[str, ...] = ()
    plan: tuple[PlanEntry, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A proposal: the stage that it serves, the prose before it and its source. `last` marks the final turn."""

    stage: str
    prose: str
    source: str
    last: bool = False


def message_text(message: Any) -> str:
    """The text of a message: a `ChatMessage` or a mapping whose content is a str or a list of text parts."""
    content = message.get("content") if isinstance(message, Mapping) else getattr(message, "content", None)
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))


def read_task_text(text: str) -> str:
    """What stands between the `<task>` tags, or the whole text where there are none."""
    match = re.search(r"<task>\n?(.*?)\n?</task>", text, re.S)
    return (match.group(1) if match else text).strip()


def read_files_text(text: str) -> str:
    """The listing of the folder between the `<files>` tags, "" where there is none."""
    return "\n".join(_parts("files", text))


def read_outcome(text: str) -> Outcome:
    """Read the last user message of a turn."""
    result = re.search(r"<result\b([^>]*)>\n?(.*?)\n?</result>", text, re.S)
    status = re.search(r'status="(\w+)"', result.group(1)) if result else None
    named = status.group(1) if status else ""
    known: dict[str, Status] = {"done": "done", "failed": "failed", "rejected": "rejected", "stopped": "stopped"}
    return Outcome(
        status=known.get(named),
        output=result.group(2) if result else "",
        edited="\n".join(_parts("edited", text)),
        messages=tuple(_parts("message", text)),
        plan=_plan("\n".join(_parts("plan", text))),
        checks=tuple(_parts("check", text)),
    )


def _parts(tag: str, text: str) -> list[str]:
    return re.findall(rf"<{tag}>\n?(.*?)\n?</{tag}>", text, re.S)


def _plan(text: str) -> tuple[PlanEntry, ...]:
    rows = re.findall(r"^\s*(\d+)\.\s*\[(\w+)\]\s*(.+?)\s*$", text, re.M)
    return tuple(PlanEntry(int(number), title, status) for number, status, title in rows)


def write_turn(number: int, prose: str, source: str) -> str:
    """A turn's text: the plan item's number, the prose and one fenced block."""
    return f"Item {number}\n\n{prose.strip()}\n\n```python\n{source.strip()}\n```"
