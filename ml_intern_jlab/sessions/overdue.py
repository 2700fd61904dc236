"""A cell that runs for longer than the administrator thinks that cells should: the person is asked, and it runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

MOST_DOUBLINGS = 20


async def watch(limit: float | None, ask: Callable[[float], Awaitable[None]]) -> None:
    """Call `ask` with the seconds that the cell has run after `limit` seconds, then each time that they have doubled.

    Runs beside the cell until it is cancelled; without a limit it ends at once.
    """
    if limit is None:
        return
    passed = 0.0
    for doubling in range(MOST_DOUBLINGS):
        until = limit * 2**doubling
        await asyncio.sleep(until - passed)
        passed = until
        await ask(passed)
