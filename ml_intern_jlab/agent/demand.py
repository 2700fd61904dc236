"""What the model is to do now: the last line of each prompt, which depends on how things stand."""

from __future__ import annotations

from .context import Situation
from .goal import GOAL_ID

FIRST_PLAN = "Write the plan first: 2 to 6 short numbered items, nothing else. No code yet."
DRAFT = (
    "Compare the skill's draft with the task: files, target, output columns. To change it, write RUN DRAFT and a "
    "```diff block with the - and + lines. To write a cell of your own, write one whole ```python block. If the draft "
    "does what the task asks, answer with exactly three lines:\n"
    "RUN DRAFT\nItem 1\nOne sentence for the notebook's reader: what this cell does and why."
)
SUMMARISE = (
    "Sum up this work on a notebook in at most 120 words, for yourself to go on: variables and what they hold, what "
    "was found with its numbers, what failed and why, what is still open. Words only, no code."
)
_FORM = "`Item 1`, one sentence, and one ```python block."
_NO_BETTER = "If the result can't be made better, "


def files_there(now: Situation) -> bool:
    """Whether the last cell ran and all that the task demands but the answer is there and checked."""
    return bool(now.steps) and now.steps[-1].status == "done" and _all_there(now)


def _all_there(now: Situation) -> bool:
    wanted = [each for each in now.deliverables if each.kind != "answer"]
    return bool(wanted) and all(each.status in ("passed", "waived") for each in wanted)


def demand(now: Situation) -> str:
    """The sentence that ends a prompt."""
    last = now.steps[-1] if now.steps else None
    if last is None:
        if now.draft:
            return f"Now the first cell. {DRAFT}"
        skeleton = "Write the skill's skeleton whole, from its first import on, adapted to the task. "
        start = skeleton if "```" in now.skill and not now.first else ""
        return f"Now write the first cell. {start}Answer with {_FORM} {now.first}".strip()
    if last.repeats:
        return _instead_of_repeating(now)
    if now.owes and last.status not in ("failed", "rejected") and _all_there(now):
        return _owed(now)
    if last.outcome is None:
        if now.draft:
            return f"That answer ran nothing. {DRAFT}"
        return "Now answer again: `Item N`, one sentence, and one ```python block with a whole cell."
    if last.status == "rejected":
        return "The person rejected this cell, and it did not run. Follow their words in the next cell."
    if last.status == "failed":
        return (
            "The cell failed. Now write the whole corrected cell, with its imports, or only the lines that change as a "
            "```diff block: it takes the failed one's place."
        )
    goal = now.progress
    if goal and not goal.stop:
        return goal.demand
    missing = [each for each in now.deliverables if each.kind != "answer" and each.status in ("open", "failed")]
    missing = [each for each in missing if each.deliverable_id != GOAL_ID]
    if missing:
        words = "; ".join(each.detail or each.description for each in missing)
        return f"Still missing: {words}. " + (
            DRAFT if now.draft else "Now write the next cell, which must not repeat an earlier one."
        )
    if goal:
        return goal.demand
    if files_there(now):
        better = "The next draft may make it better: the line RUN DRAFT runs it. Else " if now.draft else ""
        return (
            f"All that the task demands is there and checked. {better or _NO_BETTER}finish now with a "
            'block that contains only final_answer("…"): what was done, the measured quality, where the file is.'
        )
    if now.overlooked:
        return _anew(now)
    return (
        "If the outputs above answer the task, finish now with a block that contains only "
        'final_answer("the answer"), in the form that the task asks for. Otherwise write the next cell.'
    )


def owed_item(now: Situation) -> int:
    """The number of the plan's item that the next draft serves, where the task asks for that draft and the files are
    there; else 0."""
    if not (now.owes and _all_there(now) and any(now.draft == draft for draft, _ in now.owed)):
        return 0
    return next((number for number, item in enumerate(now.items, 1) if item.title == now.owes), len(now.items))


def _owed(now: Situation) -> str:
    number = owed_item(now)
    asks = f"The file is there. The task also asks for {now.owes}, and no cell does that yet. "
    if not number:
        return f"{asks}Now write that cell: {_FORM}"
    return (
        f"{asks}The skill's second draft does: answer with exactly three lines:\nRUN DRAFT\nItem {number}\n"
        "One sentence for the notebook's reader: what this second cell does and why."
    )


def _instead_of_repeating(now: Situation) -> str:
    ran = next((step for step in reversed(now.steps) if step.outcome), None)
    if ran and ran.status == "failed":
        return (
            f"Your last cell was refused, because it fails like the one before: {ran.error}. Write the cell anew and "
            "in another way, without that call, as one whole ```python block."
        )
    if now.overlooked:
        return _anew(now)
    return (
        "That cell has run, and its output is above. If it answers the task, finish now with a block that contains "
        'only final_answer("the answer"). Otherwise write a different cell.'
    )


def _anew(now: Situation) -> str:
    return (
        f"The answer so far is to another question. {now.overlooked} Now write the whole cell anew, so that it does: "
        f"{_FORM} {now.first}"
    ).strip()
