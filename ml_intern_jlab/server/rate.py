"""How fast a client may send."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_USERS = 1000
"""People whose rates are remembered; who was silent longest is forgotten first."""
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
        self._full = max(1.0, per_second * BURST_SECONDS)
        self._left = self._full
        self._seen = clock()

    def take(self) -> bool:
        """Whether one more may come now."""
        if not self._per_second:
            return True
        now = self._clock()
        self._left = min(self._full, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Rates:
    """One rate for each person, however many sockets and requests they use.

    Args:
        per_second: how many may come from one person in a second; 0 sets no limit.
    """

    def __init__(self, per_second: Callable[[], float]) -> None:
        self._per_second = per_second
        self._of: OrderedDict[str, Rate] = OrderedDict()

    def take(self, user: str) -> bool:
        """Whether one more may come now from `user`."""
        rate = self._of.setdefault(user, Rate(self._per_second()))
        self._of.move_to_end(user)
        if len(self._of) > MOST_USERS:
            self._of.popitem(last=False)
        return rate.take()
