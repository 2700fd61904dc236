"""Where the agent's thread meets the event loop: the one place that crosses between the two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from ..agent.executor import Draft, GaveUp, News, Outcome, RunStopped, Usage
from ..protocol import Deliverable, PlanItem

if TYPE_CHECKING:
    from .run import Run

T = TypeVar("T")


class Desk:
    """The agent's `Workbench` for one run: every method blocks the calling thread until the event loop has answered."""

    def __init__(self, run: Run, loop: asyncio.AbstractEventLoop) -> None:
        self._run = run
        self._loop = loop

    def _cross(self, call: Coroutine[Any, Any, T]) -> T:
        if self._run.stopping or self._loop.is_closed():
            call.close()
            raise RunStopped
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    def catch_up(self) -> Outcome | None:
        """See `Workbench.catch_up`."""
        return self._cross(self._run.catch_up())

    def listed(self, listing: str) -> None:
        """See `Workbench.listed`."""
        self._cross(self._run.listed(listing))

    def propose(self, draft: Draft) -> Outcome:
        """See `Workbench.propose`."""
        return self._cross(self._run.propose(draft))

    def inspect(self, source: str) -> str:
        """See `Workbench.inspect`."""
        return self._cross(self._run.inspect(source))

    def news(self) -> News:
        """See `Workbench.news`."""
        return self._cross(self._run.news())

    def edits(self) -> dict[str, str]:
        """See `Workbench.edits`."""
        return self._cross(self._run.edits.found())

    def set_plan(self, items: list[PlanItem], deliverables: list[Deliverable]) -> None:
        """See `Workbench.set_plan`."""
        self._cross(self._run.set_plan(items, deliverables))

    def outputs(self) -> str:
        """See `Workbench.outputs`."""
        return self._cross(self._run.printed())

    def faults(self) -> list[str]:
        """See `Workbench.faults`."""
        return self._cross(self._run.faults())

    def text_delta(self, step: int, text: str) -> None:
        """See `Workbench.text_delta`."""
        self._cross(self._run.text_delta(step, text))

    def step_finished(self, step: int, usage: Usage) -> None:
        """See `Workbench.step_finished`."""
        self._cross(self._run.step_finished(step, usage))

    def ask_person(self, reason: str) -> list[str]:
        """See `Workbench.ask_person`."""
        messages = self._cross(self._run.ask_person(reason))
        if messages is None:
            raise GaveUp(f"{reason} Run it again with another model, a higher limit or a smaller task.")
        return messages

    def pause(self, seconds: float) -> None:
        """See `Workbench.pause`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._run.stopping:
                raise RunStopped
            time.sleep(0.1)
