"""How fast a client may send."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST_SECONDS = 2.0
"""So many seconds' worth may come at once: a page that comes back sends what had waited."""


class Rate:
    """A bucket of tokens that fills evenly.

    Args:
        per_second: how many may come in a second; 0 sets no limit.
        clock: seconds that only go forward.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left = per_second * BURST_SECONDS
        self._seen = clock()

    def take(self) -> bool:
        """Whether one more may come now."""
        if not self._per_second:
            return True
        now = self._clock()
        full = max(1.0, self._per_second * BURST_SECONDS)
        self._left = min(full, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
