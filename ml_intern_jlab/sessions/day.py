"""What all runs of a journal, and those of each person, may use in a day and have used."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from ..protocol import OWN_CELLS, CellFinished, Event, RunStarted, StepFinished
from .journal import Journal


@dataclass(frozen=True)
class DayLimits:
    """What runs together may use from midnight to midnight (None: no limit): turns of the model, seconds in which a
    model wrote or a cell ran, tokens read and written together, and US dollars, where the model's price is known."""

    steps: int | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None


_UNITS = {"steps": "steps", "seconds": "seconds of work", "tokens": "tokens", "cost": "US dollars"}


class Day:
    """Counts what is used today, starting with what the journal tells of it. Belongs to the event loop.

    Args:
        limits: what all runs may use together.
        journal: tells what was used before.
        each: what the runs that one person began may use.
    """

    def __init__(self, limits: DayLimits, journal: Journal, each: DayLimits = DayLimits()) -> None:
        self.limits = limits
        self.each = each
        self._journal = journal
        self._ends = 0.0
        self._used = _nothing()
        self._used_by: dict[str, dict[str, float]] = {}
        self._began: dict[str, str] = {}
        """Who began each run, by its id."""

    def count(self, event: Event) -> None:
        """Take in an event that the journal has just stored."""
        if not self._begin():
            self._add(event)

    @property
    def over(self) -> str:
        """The sentence that says which limit of all runs is used up, "" where none is."""
        self._begin()
        return _over(self.limits, self._used, "for all runs")

    def over_for(self, user: str) -> str:
        """The sentence that says which limit is used up for a run that `user` began, "" where none is."""
        return self.over or _over(self.each, self._used_by.get(user, _nothing()), "for each person")

    def _begin(self) -> bool:
        """Start to count from the journal where a new day has begun; whether it had."""
        if time.time() < self._ends:
            return False
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        self._ends = (midnight + timedelta(days=1)).timestamp()
        self._used, self._used_by = _nothing(), {}
        if self.each != DayLimits():  # else nobody asks who began a run, which may have been before midnight
            for event in self._journal.since(0.0, RunStarted):
                self._add(event)
        for event in self._journal.since(midnight.timestamp(), StepFinished, CellFinished):
            self._add(event)
        return True

    def _add(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._began[event.run_id] = event.user
        if not isinstance(event, StepFinished | CellFinished) or event.run_id == OWN_CELLS:
            return
        user = self._began.get(event.run_id, "")
        for used in (self._used, self._used_by.setdefault(user, _nothing())):
            used["seconds"] += event.seconds
            if isinstance(event, StepFinished):
                used["steps"] += 1
                used["tokens"] += event.input_tokens + event.output_tokens
                used["cost"] += event.cost or 0.0


@dataclass(frozen=True)
class Share:
    """The part of a day that is left to the runs that `user` began."""

    day: Day
    user: str

    @property
    def over(self) -> str:
        """The sentence that says which limit is used up, "" where none is."""
        return self.day.over_for(self.user)


def _nothing() -> dict[str, float]:
    return dict.fromkeys(_UNITS, 0.0)


def _over(limits: DayLimits, used: dict[str, float], whose: str) -> str:
    for each in fields(limits):
        limit = getattr(limits, each.name)
        if limit is not None and used[each.name] >= limit:
            return (
                f"The limit of {limit:,.6g} {_UNITS[each.name]} a day {whose} was reached. It begins anew at midnight; "
                "only the server's administrator can raise it. What was done is kept."
            )
    return ""
