"""What all runs of a journal may use in a day, and have used."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from ..protocol import OWN_CELLS, CellFinished, Event, StepFinished
from .journal import Journal


@dataclass(frozen=True)
class DayLimits:
    """What all runs together may use from midnight to midnight (None: no limit): turns of the model, seconds in which a
    model wrote or a cell ran, tokens read and written together, and US dollars, where the model's price is known."""

    steps: int | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None


_UNITS = {"steps": "steps", "seconds": "seconds of work", "tokens": "tokens", "cost": "US dollars"}


class Day:
    """Counts what is used today, starting with what the journal tells of it. Belongs to the event loop."""

    def __init__(self, limits: DayLimits, journal: Journal) -> None:
        self.limits = limits
        self._journal = journal
        self._ends = 0.0
        self._used = dict.fromkeys(_UNITS, 0.0)

    def count(self, event: Event) -> None:
        """Take in an event that the journal has just stored."""
        if not self._begin():
            self._add(event)

    @property
    def over(self) -> str:
        """The sentence that says which limit is used up, "" where none is."""
        self._begin()
        for each in fields(self.limits):
            limit = getattr(self.limits, each.name)
            if limit is not None and self._used[each.name] >= limit:
                return (
                    f"The limit of {limit:,.6g} {_UNITS[each.name]} a day for all runs was reached. It begins anew at "
                    "midnight; only the server's administrator can raise it. What was done is kept."
                )
        return ""

    def _begin(self) -> bool:
        """Start to count from the journal where a new day has begun; whether it had."""
        if time.time() < self._ends:
            return False
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        self._ends = (midnight + timedelta(days=1)).timestamp()
        self._used = dict.fromkeys(_UNITS, 0.0)
        for event in self._journal.since(midnight.timestamp(), StepFinished, CellFinished):
            self._add(event)
        return True

    def _add(self, event: Event) -> None:
        if event.run_id == OWN_CELLS:
            return
        if isinstance(event, StepFinished):
            self._used["steps"] += 1
            self._used["tokens"] += event.input_tokens + event.output_tokens
            self._used["cost"] += event.cost or 0.0
        if isinstance(event, StepFinished | CellFinished):
            self._used["seconds"] += event.seconds
