"""Guards against an agent that goes in circles. Each nudges the model in plain words before it ends the run."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .executor import Outcome

MAX_NUDGES = 3
"""Nudges in a row after which the run ends: a model that ignores three won't heed a fourth."""

NO_CODE = (
    "Your answer has no complete ```python block, so nothing ran. Answer with `Item N`, one sentence, and one whole "
    '```python block; when all is done, a block with only final_answer("…").'
)
REPEATED = (
    "You proposed this very cell before, and nothing has changed since. Look at what it gave, and write a different "
    "cell: another approach, or the next item of the plan."
)
NOTHING_RUN = "No cell has run yet. Work the answer out in a cell first, look at its output, then finish."


@dataclass
class Guards:
    """Watches what one run proposes."""

    nudges: int = 0
    _recent: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=4))
    _ran: bool = False

    def objection(self, code: str | None, final: bool) -> str:
        """What speaks against a turn before it is proposed: a nudge for the model, or "" for nothing."""
        nudge = ""
        if code is None:
            nudge = NO_CODE
        elif final and not self._ran and not code.strip():
            nudge = NOTHING_RUN
        elif any(code.strip() == seen and status != "stopped" for seen, status in self._recent) and code.strip():
            nudge = REPEATED
        self.nudges = self.nudges + 1 if nudge else 0
        return nudge

    def saw(self, proposed: str, outcome: Outcome) -> None:
        """A proposed cell was decided on and perhaps ran."""
        self._ran = self._ran or outcome.status in ("done", "failed")
        self._recent.append((proposed.strip(), outcome.status))

    @property
    def exhausted(self) -> bool:
        """Whether the model has been nudged in vain too often."""
        return self.nudges > MAX_NUDGES
