"""Guards against an agent that goes in circles. Each nudges the model once in plain words, then asks the person."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from .history import Step

NO_PROGRESS = 4
"""Turns in a row without a cell that ran through, after which the model is told to change its way."""
REMEMBERED = 10
"""Cells among which a pattern is looked for."""

NO_CODE = (
    "Your answer had no complete ```python block, so nothing ran. When all is done, the block has only "
    'final_answer("…").'
)
CUT_OFF = (
    "Your answer was cut off by the limit of tokens, so it was not run. Write a shorter one: one cell of at most 30 "
    "lines, and no long lists or comments."
)
REPEATED = (
    "You proposed this very cell before, and nothing has changed since. Look at what it gave, and write a different "
    "cell: another approach, or the next item of the plan."
)
CIRCLES = (
    "You go in circles: the same few cells come again and again. Stop, say what is still missing, and write a cell "
    "that does something new."
)
STUCK = (
    "The last {count} turns brought nothing that ran. Begin anew with something simpler: one short whole cell, with "
    "only the names and columns that are shown, and without the part that failed."
)
SAME_ERROR = (
    "The same error came three times ({error}). Leave that way: write the whole cell without the call that fails."
)
UNREADABLE = "That cell can't be read as Python, so it was not run: "
NOTHING_RUN = "No cell has run yet. Work the answer out in a cell first, look at its output, then finish."

_TROUBLE = {
    NO_CODE: "answered without a cell",
    CUT_OFF: "wrote more than its limit of tokens",
    REPEATED: "proposed a cell again that had run before",
    CIRCLES: "went in circles",
    UNREADABLE: "wrote a cell that can't be read as Python",
    NOTHING_RUN: "wanted to finish before anything had run",
}


@dataclass
class Guards:
    """Watches what one run proposes. A nudge counts until a cell runs through; the second of a kind asks the person."""

    _nudged: list[str] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _since: int = 0
    """Cells that ran through since the last of `_cells`."""

    def objection(self, code: str | None, final: bool, cut_off: bool, steps: list[Step]) -> str:
        """What speaks against a turn before it is proposed: a nudge for the model, or "" for nothing.

        Args:
            code: the cell without its final call; None where the answer has none.
            final: the answer ends the run.
            cut_off: it ended by the limit of tokens.
            steps: the turns before.
        """
        ran = any(step.status in ("done", "failed") for step in steps)
        if cut_off:
            return CUT_OFF
        if code is None:
            return NO_CODE
        if not code.strip():
            return "" if ran or not final else NOTHING_RUN
        return self._repetition(normalised(code), steps)

    def _repetition(self, cell: str, steps: list[Step]) -> str:
        stopped = bool(steps) and steps[-1].status == "stopped"
        if self._cells and self._cells[-1] == cell and not stopped:
            return REPEATED
        if self._cells.count(cell) >= 2:
            return CIRCLES
        line = [*self._cells, cell]
        for length in range(2, 6):
            if len(line) >= 2 * length and line[-length:] == line[-2 * length : -length]:
                return CIRCLES
        return ""

    def saw(self, step: Step) -> None:
        """A proposed cell was decided on and perhaps ran."""
        if step.source.strip():
            self._cells = [*self._cells, normalised(step.source)][-REMEMBERED:]
        if step.status == "done":
            self._nudged.clear()

    def stuck(self, steps: list[Step]) -> str:
        """What to say of turns that bring nothing, or "". Called once after each turn."""
        errors = [step.error for step in steps[-3:] if step.status == "failed"]
        if len(errors) == 3 and len(set(errors)) == 1:
            return SAME_ERROR.format(error=errors[0])
        barren = 0
        for step in reversed(steps):
            if step.status == "done":
                break
            barren += step.status != "rejected"
        return STUCK.format(count=barren) if barren and barren % NO_PROGRESS == 0 else ""

    def nudge(self, words: str) -> str:
        """Count a nudge. Returns "", or where it was said in vain before, a sentence that asks the person."""
        kind = words.split(" ")[0] + words[-20:]
        again = kind in self._nudged
        self._nudged.append(kind)
        if not again:
            return ""
        unknown = "brought nothing that ran for several turns"
        what = next((what for known, what in _TROUBLE.items() if words.startswith(known)), unknown)
        return f"The model {what}, was told so, and did it again."

    def relieve(self) -> None:
        """The person has spoken: nudges count from the beginning."""
        self._nudged.clear()
        self._cells.clear()


def normalised(code: str) -> str:
    """Code without comments and spacing, so that cells that only look different count as the same."""
    try:
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError):
        return re.sub(r"\s+", " ", code).strip()
