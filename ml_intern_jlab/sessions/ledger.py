"""What a notebook keeps of how its cells came about: gathered from a session's events, signed by the server."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ..agent.snippets import snippet
from ..protocol import (
    CellDecided,
    CellFinished,
    CellProposed,
    Event,
    ModeChanged,
    ModelChanged,
    PlanChanged,
    RunFinished,
    RunStarted,
    StepFinished,
    source_hash,
)
from ..review.provenance import server_key, signed

VERSION = 1
_LONGEST_TASK = 2000


@dataclass
class _Facts:
    """What is known of the run that began last."""

    run: RunStarted
    mode: str
    model: str
    prompt: str = ""
    plan: PlanChanged | None = None
    tokens: int = 0
    cost: float = 0.0
    proposals: dict[str, tuple[CellProposed, str]] = field(default_factory=dict)
    """Each with the hash of the prompt that it answers."""
    decisions: dict[str, tuple[CellDecided, str]] = field(default_factory=dict)
    """Each with the mode of that moment."""


class Ledger:
    """Follows one session's runs, and says of each cell and of each run what the notebook keeps.

    Args:
        key: gives the server's key; without one the facts stay unsigned.
    """

    def __init__(self, key: Callable[[], bytes | None] = server_key) -> None:
        self._key = key
        self._facts: _Facts | None = None

    def saw(self, event: Event) -> None:
        """Take in an event that was stored, cleaned of secrets."""
        if isinstance(event, RunStarted):
            self._facts = _Facts(event, event.mode.value, event.model)
        if self._facts is None:
            return
        facts = self._facts
        match event:
            case ModeChanged():
                facts.mode = event.mode.value
            case ModelChanged():
                facts.model = event.model
            case PlanChanged():
                facts.plan = event
            case StepFinished():
                facts.prompt = event.prompt_hash
                facts.tokens += event.input_tokens + event.output_tokens
                facts.cost += event.cost or 0.0
            case CellProposed():
                facts.proposals[event.cell_id] = event, facts.prompt
            case CellDecided():
                facts.decisions[event.cell_id] = event, facts.mode
            case _:
                pass

    def completed(self, event: Event) -> Event:
        """The event, which isn't stored yet, with the facts of the cell or the run that it ends."""
        facts = self._facts
        if facts is None or event.run_id != facts.run.run_id:
            return event
        if isinstance(event, CellFinished) and event.cell_id in facts.decisions:
            return event.model_copy(update={"provenance": signed(_of_cell(facts, event), self._key())})
        if isinstance(event, RunFinished):
            return event.model_copy(update={"provenance": signed(_of_run(facts, event), self._key())})
        return event


def _of_cell(facts: _Facts, event: CellFinished) -> dict[str, Any]:
    proposal, prompt = facts.proposals[event.cell_id]
    decision, mode = facts.decisions[event.cell_id]
    items = facts.plan.items if facts.plan else []
    return {
        "kind": "cell",
        "version": VERSION,
        "session_id": event.session_id,
        "run_id": event.run_id,
        "cell_id": event.cell_id,
        "step": proposal.step,
        "plan_item": next((item.title for item in items if item.item_id == proposal.plan_item), ""),
        "model": facts.model,
        "prompt_hash": prompt,
        "source_hash": decision.hash,
        "risk": [risk.value for risk in proposal.risk],
        "decision": {
            "by": decision.by,
            "where": decision.where,
            "time": _when(decision.time),
            "mode": mode,
            "edited": decision.edited,
        },
        "status": event.status,
        "versions": dict(facts.run.versions),
    }


def _of_run(facts: _Facts, event: RunFinished) -> dict[str, Any]:
    run, plan = facts.run, facts.plan
    proposed = [proposal.note for proposal, _ in facts.proposals.values()]
    notes = [note for note in (run.note, *proposed, event.note) if note]
    items = plan.items if plan else []
    deliverables = plan.deliverables if plan else []
    return {
        "kind": "run",
        "version": VERSION,
        "session_id": event.session_id,
        "run_id": run.run_id,
        "task": run.task[:_LONGEST_TASK],
        "by": run.by,
        "model": facts.model,
        "started": _when(run.time),
        "ended": _when(time.time()),
        "status": event.status,
        "plan": [item.model_dump(include={"title", "status", "result"}) for item in items],
        "deliverables": [each.model_dump(include={"kind", "description", "status", "detail"}) for each in deliverables],
        "tokens": facts.tokens,
        "cost": f"{facts.cost:.6f}",
        "notes": {note.cell_id: source_hash(note.source) for note in notes},
        "versions": dict(run.versions),
        "environment": event.environment,
    }


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


async def environment(inspect: Callable[[str], Awaitable[str]]) -> dict[str, str]:
    """Versions of Python and of the packages that the kernel has loaded, as far as it says; `inspect` asks it."""
    try:
        found = json.loads(await inspect(snippet("environment")))
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
