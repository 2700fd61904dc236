"""Findings that a person has looked at and put aside, with a reason: by a comment in the cell.

`# ml-intern: ignore[rule] reason` on the finding's line or the one above it, or anywhere in the cell for a finding
about the whole cell; `<!-- ml-intern: ignore[rule] reason -->` in Markdown. Several rules are parted by commas.
Without a reason nothing is dismissed.
"""

from __future__ import annotations

import re

from .rule import Found

_COMMENT = re.compile(r"(?:#|<!--)\s*ml-intern:\s*ignore\[([\w\s,]+)\]\s*(.*?)\s*(?:-->)?\s*$")


def reason_in_cell(rule: str, found: Found) -> str:
    """Why a comment in the finding's cell dismisses it; empty where none does."""
    if "ml-intern:" not in found.cell.source:
        return ""
    for number, line in enumerate(found.cell.source.split("\n"), 1):
        match = _COMMENT.search(line)
        near = not found.line or number in (found.line, found.line - 1)
        if match and near and rule in re.split(r"[\s,]+", match[1].strip()):
            return match[2]
    return ""
