"""A cell that is written as changes to one the model was shown: to the skill's draft, or to the last cell.

Writing is what takes a model on a small machine its time. A draft whose names are filled in from the data may be run as
it is, or be changed by the lines of a diff; so may a cell that failed. What is proposed is always the whole cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .reply import Turn

_HEADER = re.compile(r"^(?:diff |index |---(?: |$)|\+\+\+(?: |$)|\\ No newline)")
_GAP = re.compile(r"^\s*(?:@@.*|\.\.\.|…|# ?\.\.\.)\s*$")


class DoesNotFit(Exception):
    """The changes don't fit the cell; `args[0]` tells the model which line isn't there."""


def whole(turn: Turn, draft: str, last: str) -> Turn:
    """The turn with the whole cell as its code, where it was written as changes or takes the draft.

    Args:
        turn: code of its own wins over everything.
        draft: the skill's, "" where there is none.
        last: the cell that was shown last, to which changes belong unless the turn names the draft.

    Raises:
        DoesNotFit: a line to be changed isn't in that cell.
    """
    if turn.code is not None or not (turn.takes_draft or turn.changes):
        return turn
    base = draft if turn.takes_draft or not last else last
    if not base:
        return turn
    return replace(turn, code=changed(base, turn.changes) if turn.changes else base)


@dataclass
class _Change:
    """Lines to be found (`old`, with whether they stay) and what comes after the last of those that stay."""

    old: list[tuple[bool, str]]
    new: list[str]


def changed(base: str, changes: str) -> str:
    """`base` with the lines of a diff applied.

    Line numbers aren't needed, and lines are found without regard to their indentation, since models get both wrong.
    Lines that are only added come at the end.

    Raises:
        DoesNotFit: a line to be changed or removed isn't there.
    """
    lines = base.splitlines()
    start = 0
    for change in _parsed(changes):
        if not change.old:
            lines += change.new
            continue
        place = _place([text for _, text in change.old], lines, start)
        if place is None:  # what surrounds a change is often quoted wrongly
            change.old = [(stays, text) for stays, text in change.old if not stays]
            place = _place([text for _, text in change.old], lines, start) if change.old else None
        if place is None:
            missing = next((text for _, text in change.old if _place([text], lines, 0) is None), "")
            raise DoesNotFit(
                f"The changes don't fit the cell: it has no line `{missing.strip()}`. "
                if missing
                else "The changes don't fit the cell: the lines to be changed don't stand there one after the other. "
            )
        kept = [lines[place + number] for number, (stays, _) in enumerate(change.old) if stays]
        shift = _indent(lines[place]) - _indent(change.old[0][1])
        added = [_shifted(text, shift) for text in change.new]
        lines[place : place + len(change.old)] = [*kept, *added]
        start = place + len(kept) + len(added)
    return "\n".join(lines)


def _parsed(changes: str) -> list[_Change]:
    found = [_Change([], [])]
    for line in changes.splitlines():
        if _HEADER.match(line):
            continue
        if _GAP.match(line):
            found.append(_Change([], []))
        elif line.startswith("+"):
            found[-1].new.append(line[1:])
        elif line.strip():
            if found[-1].new:
                found.append(_Change([], []))
            stays = not line.startswith("-")
            found[-1].old.append((stays, line[1:] if line[0] in "- " else line))
    return [change for change in found if change.new or any(not stays for stays, _ in change.old)]


def _place(wanted: list[str], lines: list[str], start: int) -> int | None:
    """Where `wanted` stands in `lines`, from `start` on first."""
    stripped, sought = [line.strip() for line in lines], [line.strip() for line in wanted]
    places = [at for at in range(len(lines) - len(sought) + 1) if stripped[at : at + len(sought)] == sought]
    return next((at for at in places if at >= start), places[0] if places else None)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _shifted(line: str, by: int) -> str:
    return " " * by + line if by > 0 else line[min(-by, _indent(line)) :]
