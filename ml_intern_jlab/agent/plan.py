"""The plan as the model writes it and as it is shown to the model."""

from __future__ import annotations

import re

from ..protocol import Deliverable, PlanItem, new_id

MAX_ITEMS = 12
_ITEM = re.compile(r"^\s{0,3}(?:\d{1,2}[.)]|[-*])\s+(?:\[.?\]\s*)?(\S.*)$")
_BOLD = re.compile(r"^\*\*(.+?)\*\*:?\s*")


def parse_plan(text: str, task: str) -> list[PlanItem]:
    """The items of a numbered or bulleted list in a model's reply, at most twelve.

    A reply without any list makes a plan of one item, the task itself, so that every run has a plan.
    """
    titles = []
    for line in re.sub(r"<think>.*?(</think>|$)", "", text, flags=re.S).splitlines():
        if match := _ITEM.match(line):
            titles.append(_BOLD.sub(r"\1: ", match.group(1)).strip().rstrip(":")[:200])
    if not titles:
        titles = [task.strip().splitlines()[0][:200]]
    return [PlanItem(item_id=new_id(), title=title) for title in titles[:MAX_ITEMS]]


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
