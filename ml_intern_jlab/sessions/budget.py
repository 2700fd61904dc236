"""What a run may use and what it has used: turns of the model, tokens, money, seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields

from .day import Share

WARN_SHARE = 0.8
"""Share of a limit at which the person is told."""


@dataclass(frozen=True)
class Limits:
    """What a run may use (None: no limit): turns of the model, seconds in all, tokens read and written together, and US
    dollars, where the model's price is known. A cell that runs for `cell_seconds` makes a question of it."""

    max_steps: int = 30
    seconds: float | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    cell_seconds: float | None = None

    def tightened(self, asked: Limits) -> Limits:
        """These limits, and those of `asked` where they are lower."""
        both = {each.name: (getattr(self, each.name), getattr(asked, each.name)) for each in fields(self)}
        lowest = {name: min((one for one in pair if one is not None), default=None) for name, pair in both.items()}
        return Limits(**lowest)  # type: ignore[arg-type]  # one is there wherever it may not be None


@dataclass
class Budget:
    """Counts one run against its limits. Belongs to the event loop.

    `seconds` count only where `timed`: an unattended run is ended by its own clock instead.
    """

    limits: Limits
    timed: bool = True
    day: Share | None = None
    steps: int = 0
    tokens: int = 0
    cost: float = 0.0
    began: float = field(default_factory=time.monotonic)
    _warned: set[str] = field(default_factory=set)
    _grants: dict[str, int] = field(default_factory=dict)

    def _lines(self) -> list[tuple[str, float, float, str]]:
        """Name, used, allowed and unit of each limit that there is."""
        used = {
            "max_steps": (float(self.steps), "steps"),
            "seconds": (time.monotonic() - self.began, "s"),
            "max_tokens": (float(self.tokens), "tokens"),
            "max_cost": (self.cost, "US dollars"),
        }
        lines = []
        for name, (amount, unit) in used.items():
            limit = getattr(self.limits, name)
            if limit is not None and (self.timed or name != "seconds"):
                lines.append((name, amount, limit * self._grants.get(name, 1), unit))
        return lines

    def used(self, step: int, tokens: int, cost: float | None) -> None:
        """One turn of the model ended; `cost` is None where the price isn't known."""
        self.steps = max(self.steps, step)
        self.tokens += tokens
        self.cost += cost or 0.0

    @property
    def left(self) -> str:
        """What is left, in words for the model."""
        parts = [
            f"{max(0, allowed - amount):,.6g} of {allowed:,.6g} {unit}" for _, amount, allowed, unit in self._lines()
        ]
        return f"left: {', '.join(parts)}"

    @property
    def over(self) -> str:
        """The sentence that says which limit is used up, "" where none is."""
        for name, amount, allowed, unit in self._lines():
            if amount >= allowed:
                what = "time limit" if name == "seconds" else "limit"
                return (
                    f"The {what} of {allowed:,.6g} {unit} was reached before the task was done. What was done is kept."
                )
        return self.day.over if self.day else ""

    def extend(self) -> None:
        """The person lets the run go on: each limit of the run that is used up is granted once more."""
        for name, amount, allowed, _ in self._lines():
            if amount >= allowed:
                self._grants[name] = self._grants.get(name, 1) + 1
                self._warned.discard(name)

    def warnings(self) -> list[str]:
        """What has newly passed `WARN_SHARE` of its limit, a sentence each."""
        said = []
        for name, amount, allowed, unit in self._lines():
            if name not in self._warned and WARN_SHARE * allowed <= amount < allowed and allowed > 1:
                self._warned.add(name)
                said.append(f"{amount:,.6g} of {allowed:,.6g} {unit} of this run are used; at the limit it pauses.")
        return said
