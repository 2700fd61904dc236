"""What a draft of the agent's becomes when it is proposed: its title, its note with the plan item's heading."""

from __future__ import annotations

from ..agent.executor import Draft
from ..protocol import CellProposed, Note, PlanItem, Reason, RiskClass, new_id, source_hash


def proposal(
    draft: Draft, *, after: str | None, reasons: list[Reason], asks: bool, heading: str, replaces: str
) -> CellProposed:
    """The cell that a draft proposes.

    Args:
        draft: the agent's.
        after: the cell that it follows.
        reasons: why it is more than computing.
        asks: whether it waits for a person.
        heading: of the plan item that begins with it, "" where none does.
        replaces: the failed cell that it repairs, "" where it repairs none.
    """
    parts = [part for part in (heading, draft.thought) if part]
    return CellProposed(
        step=draft.step,
        cell_id=new_id(),
        after=after,
        source=draft.source,
        hash=source_hash(draft.source),
        title=_title(draft),
        risk=sorted({reason.risk for reason in reasons}) or [RiskClass.compute],
        reasons=reasons,
        asks=asks,
        plan_item=draft.item.item_id if draft.item else "",
        note=Note(cell_id=new_id(), source="\n\n".join(parts)) if parts else None,
        replaces=replaces,
    )


def heading_of(item: PlanItem, items: list[PlanItem]) -> str:
    """The heading under which the cells of a plan item stand."""
    return f"## {[each.item_id for each in items].index(item.item_id) + 1}. {item.title}"


def _title(draft: Draft) -> str:
    """A line for lists: the cell's opening comment, else its plan item, else its first line."""
    first = next((line.strip() for line in draft.source.splitlines() if line.strip()), "")
    if first.startswith("#"):
        return first.lstrip("# ").rstrip(".")[:100]
    return (draft.item.title if draft.item else first)[:100]


def secret_words(lines: list[int]) -> str:
    """Why a source that holds secrets in these lines isn't taken."""
    where = f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"
    return (
        f"{where} holds what looks like a secret, and a cell is kept word for word in journal and notebook. Read it "
        "from an environment variable (os.environ) or with getpass.getpass() instead."
    )
