"""The plan as the model writes it and as it is shown to the model."""

from __future__ import annotations

import re

from ..protocol import Deliverable, PlanItem, new_id

MAX_ITEMS = 12
_ITEM = re.compile(r"^\s{0,3}(?:\d{1,2}[.)]|[-*])\s+(?:\[.?\]\s*)?(\S.*)$")
_HEADED = re.compile(r"^\W*(?:item|step)\s+\d{1,2}\b\W*(.*)$", re.I)
_BOLD = re.compile(r"^\*\*(.+?)\*\*:?\s*")


def parse_plan(text: str, task: str) -> list[PlanItem]:
    """The items of a numbered or bulleted list in a model's reply, at most twelve; `Item 1` may also head each.

    A reply without any list makes a plan of one item, the task itself, so that every run has a plan.
    """
    lines = [line for line in re.sub(r"<think>.*?(</think>|$)", "", text, flags=re.S).splitlines() if line.strip()]
    titles = [_title(match.group(1)) for line in lines if (match := _ITEM.match(line))]
    if not titles:
        headed = [
            (match.group(1), below)
            for line, below in zip(lines, [*lines[1:], ""], strict=True)
            if (match := _HEADED.match(line))
        ]
        titles = [_title(title or below) for title, below in headed if title or (below and not _HEADED.match(below))]
    if not titles:
        titles = [task.strip().splitlines()[0][:200]]
    return [PlanItem(item_id=new_id(), title=title) for title in titles[:MAX_ITEMS]]


def _title(text: str) -> str:
    return _BOLD.sub(r"\1: ", text.strip()).strip().rstrip(":")[:200]


def activate(items: list[PlanItem], item_id: str) -> list[PlanItem]:
    """`item_id` is being worked on now; an item that was active until now is done."""
    return [
        item.model_copy(update={"status": "active"})
        if item.item_id == item_id
        else item.model_copy(update={"status": "done"})
        if item.status == "active"
        else item
        for item in items
    ]


def finish(items: list[PlanItem]) -> list[PlanItem]:
    """The run ended well: nothing is active any more."""
    return [item.model_copy(update={"status": "done"}) if item.status == "active" else item for item in items]


def item_named(items: list[PlanItem], number: int | None) -> PlanItem | None:
    """The item that a model means by `Item N`; without a number the active one, else the first open one."""
    if number is not None and 1 <= number <= len(items):
        return items[number - 1]
    active = [item for item in items if item.status == "active"]
    return next(iter(active or [item for item in items if item.status == "open"]), None)


def plan_text(items: list[PlanItem]) -> str:
    """The plan for the model: one numbered line an item, with its status."""
    return "\n".join(f"{number}. [{item.status}] {item.title}" for number, item in enumerate(items, 1))


def deliverables_text(deliverables: list[Deliverable]) -> str:
    """The deliverables for the model: one line each, with its status and what the last check found."""
    return "\n".join(
        f"- [{each.status}] {each.description}" + (f" ({each.detail})" if each.detail else "") for each in deliverables
    )
