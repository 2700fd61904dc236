"""Sentences that name the best of several, held against the figures that were printed for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...parsed_notebook import Cell
from ...rule import Found, Subject

_SPREAD = re.compile(r"(?:\+/?-|±)\s*\d[\d.]*|\(\s*(?:\+/?-|±)?\s*\d[\d.]*\s*\)")
_ROW = re.compile(
    r"^\s*(?P<label>[^\W\d][\w +/.()-]*?)\s*(?:[:=|]|\s{2,}|\s(?=-?\d))\s*(?P<figures>[^a-zA-Z]*\d[^a-zA-Z]*)$"
)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?")
_MORE_IS_BETTER = re.compile(r"f1|auc|accuracy|\bacc\b|r2|precision|recall|balanced|kappa|matthews|neg_|ndcg|r²", re.I)
_LESS_IS_BETTER = re.compile(
    r"(?<!neg_)(?<!neg_root_)(?:rmse|\bmae\b|mse\b|mean_\w+_error|\berror\b|loss|mape|brier)", re.I
)
_NAMED = re.compile(
    rf"\b(?:test|val|cv|mean|macro)?[ _-]?\w*(?:{_MORE_IS_BETTER.pattern}|{_LESS_IS_BETTER.pattern})\w*"
    r"\s*[:=]?\s*(?=-?\d)",
    re.IGNORECASE,
)
"""A metric's name before its figure."""
_BEST = re.compile(
    r"^(?:\W|\b(?:the|our|overall|here|in the end|so|thus|clearly)\b)*(?P<subject>[\w -]+?)\s+"
    r"(?:clearly |easily |consistently |again |still |also )?"
    r"(?P<verb>beats?\b|outperform(?:s|ed)|surpass(?:es|ed)|wins\b|won\b|is (?:clearly )?better than|was better than|"
    r"(?:is|was|were|remains?) (?:clearly |by far )?(?:the )?(?:best|strongest|most accurate|winner)\b|"
    r"(?:performs|performed|works|worked|does|did) best|"
    r"(?:has|had|gives|gave|reaches|reached) the (?:best|highest|lowest|smallest))(?P<rest>.*)$",
    re.IGNORECASE,
)
_NAMED_LAST = re.compile(
    r"\bbest\b[\w -]{0,25}\b(?:is|was|comes from|came from)\s+(?:the\s+)?(?P<subject>[\w -]+?)(?P<rest>[,;:(].*)?$",
    re.I,
)
_ALL = re.compile(r"\b(?:both|all|every|others?|rest|by (?:far|a))\b|^\W*$", re.IGNORECASE)
_UNSURE = re.compile(
    r"\b(?:not|no|never|neither|if|would|could|should|might|may|expect\w*|hope\w*|paper|usually|often)\b|n't", re.I
)


@dataclass(frozen=True)
class _Table:
    """Figures by label; `more`: whether the larger figure is the better one."""

    cell: Cell
    rows: dict[str, tuple[float, ...]]
    more: bool

    def better(self, one: str, other: str) -> bool:
        """Whether the one is better in some column, or as good in all."""
        pairs = list(zip(self.rows[one], self.rows[other], strict=True))
        return any((a > b) is self.more and a != b for a, b in pairs) or all(a == b for a, b in pairs)


def ranked_otherwise(subject: Subject) -> Iterator[Found]:
    """Claims that one of several is the best, where the printed figures of another are better in every column."""
    tables = [table for cell in subject.notebook.code if (table := _table(cell)) is not None]
    for cell in subject.notebook.prose if tables else ():
        for number, line in enumerate(cell.source.splitlines(), 1):
            for sentence in re.split(r"(?<=[.;!?])\s+|(?<=[a-z]),\s+(?:but|and|while)\s+", line.replace("*", "")):
                yield from _judged(sentence, tables, cell, number)


def _judged(sentence: str, tables: list[_Table], cell: Cell, line: int) -> Iterator[Found]:
    claim = _BEST.match(sentence.strip()) or _NAMED_LAST.search(sentence.strip().rstrip("."))
    if claim is None or _UNSURE.search(sentence):
        return
    for table in tables:
        best = _label(claim["subject"], table)
        if best is None:
            continue
        rest = claim["rest"] or ""
        rivals = [each for each in table.rows if each != best and _means(each, rest)]
        comparing = "verb" in claim.groupdict() and re.match(r"beat|outp|surp|.*better", claim["verb"])
        if not rivals and (not comparing or _ALL.search(rest)):
            rivals = [each for each in table.rows if each != best]
        lost = [each for each in rivals if not table.better(best, each)]
        if lost:
            yield Found(
                cell,
                line,
                f"The text puts {best} first; the outputs show {lost[0]} ahead of it "
                f"({table.rows[lost[0]][0]:g} and {table.rows[best][0]:g}, cell {table.cell.number}).",
            )
        return


def _table(cell: Cell) -> _Table | None:
    """The figures that a cell prints by label, where it is known whether more is better."""
    text = re.sub(r"(?m)^\s*(?:from .*)?import .*$", "", cell.source) + "\n" + cell.printed
    more, less = _MORE_IS_BETTER.search(text), _LESS_IS_BETTER.search(text)
    if bool(more) == bool(less):
        return None
    rows: dict[str, tuple[float, ...]] = {}
    for line in cell.printed.splitlines()[:400]:
        match = _ROW.match(_NAMED.sub("  ", _SPREAD.sub(" ", line[:300])))
        if match:
            rows.setdefault(match["label"].strip(), tuple(float(each) for each in _NUMBER.findall(match["figures"])))
    counts = {len(each) for each in rows.values()}
    return _Table(cell, rows, bool(more)) if len(rows) >= 2 and len(counts) == 1 else None


def _label(text: str, table: _Table) -> str | None:
    """The only label that a text means."""
    found = [each for each in table.rows if _means(each, text)]
    return found[0] if len(found) == 1 else None


def _means(label: str, text: str) -> bool:
    """Whether a text names what a label stands for: in its words, or (RF, kNN) by their first letters."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    parts = [each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", label)]
    kept = [each for each in parts if each not in ("classifier", "regressor", "model")]
    if not kept:
        return False
    if all(any(word == each or word.rstrip("s") == each for word in words) for each in kept):
        return True
    short = "".join(parts)
    initials = "".join(word[0] for word in words)
    return 2 <= len(short) <= 4 and len(parts) <= 2 and short in initials
