"""Text that a stranger may have written: what its reading by the model changes, and what must not come of it."""

from __future__ import annotations

import re

from ..protocol import CellProposed, Event, Reason, RiskClass, RunFinished
from .policy import SENDING, risk_of

FEWEST_WORDS = 3
"""Words that it takes to tell the model to do something; figures and shapes hold fewer."""
FEWEST_SIGNS = 6
"""The same for scripts that don't put spaces between words, in characters."""

WHY = Reason(
    risk=RiskClass.network,
    line=1,
    text="comes after output that the model has read and that a stranger may have written, so it always asks",
)
"""Why a cell asks that sends something out or spends, where a person had allowed that."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_UNSPACED = re.compile(r"[^\W\d_\u0000-\u024f]")
_NAMED = re.compile(r"^\w+: \w+")
"""A variable's own name and type, which the model's cells gave it."""
_PICTURE = re.compile(r"!(?=\[)")
_LOADING = re.compile(
    r"<(?=\s*/?\s*(?:img|image|svg|picture|video|audio|source|track|i?frame|object|embed|link|style|script|meta|base|form|"
    r"input|button)\b|[a-z][^>]*?[\s/\"'](?:style|background|poster|src|srcset|class|id|data-[\w-]+|on\w+)\s*=)",
    re.IGNORECASE,
)


class StrangersWords:
    """Whether such text entered the model's context since a person last let something out.

    Silence doesn't clear it: a cell without output may be what the text itself asked for. What a person sees and
    approves does, for they are told why they are asked.
    """

    def __init__(self) -> None:
        self.unanswered = False
        self._heard: set[int] = set()

    def heard(self, text: str, pictures: bool = False) -> None:
        """The model is shown a cell's output: `text`, and perhaps `pictures`, in which words may stand."""
        self.unanswered = self.unanswered or pictures or _speaks(text)

    def glimpsed(self, text: str) -> None:
        """The model is shown what we looked up, such as files' names and variables' values. What it was shown before
        counts once."""
        lines = {hash(line): line for line in text.splitlines()}
        new = (_NAMED.sub("", line) for key, line in lines.items() if key not in self._heard)
        self.heard("\n".join(new))
        self._heard |= set(lines)

    def approved(self, cell: CellProposed) -> None:
        """A person approved `cell`, with its reasons before their eyes."""
        if SENDING & set(cell.risk):
            self.unanswered = False

    def reasons(self, reasons: list[Reason]) -> list[Reason]:
        """Why a cell of these reasons asks on account of such text; empty where it doesn't."""
        sending = [risk for risk in risk_of(reasons) if risk in SENDING]
        return [WHY.model_copy(update={"risk": risk}) for risk in sending] if self.unanswered else []


def _speaks(text: str) -> bool:
    return len(_WORD.findall(text)) >= FEWEST_WORDS or len(_UNSPACED.findall(text)) >= FEWEST_SIGNS


def quiet(event: Event) -> Event:
    """`event` with a note that loads nothing by being shown.

    A page fetches a picture as soon as it is there, and its address could carry data out. So a picture becomes a link,
    and HTML that loads, or dresses up as something else, becomes text.
    """
    if not isinstance(event, CellProposed | RunFinished) or event.note is None:
        return event
    source = _LOADING.sub("&lt;", _PICTURE.sub("", event.note.source))
    return event.model_copy(update={"note": event.note.model_copy(update={"source": source})})
