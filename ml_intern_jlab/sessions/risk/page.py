"""What HTML and SVG do when a page shows them."""

from __future__ import annotations

import re

from ...protocol import RiskClass as Risk
from .values import shown

ACTIVE = re.compile(r"<\s*(script|iframe|object|embed|form|meta|base)\b|\bon[a-z]{3,}\s*=|javascript:", re.IGNORECASE)
FOREIGN = re.compile(
    r"(!\[[^\]]*\]\(\s*<?|\b(src|srcset|action|poster)\s*=\s*['\"]?|url\(\s*['\"]?|@import\s+['\"]?)(https?:)?//", re.I
)


def page_risks(text: str) -> list[tuple[Risk, str]]:
    """What a piece of HTML or SVG does beyond being looked at, when a page shows it."""
    found = []
    if match := ACTIVE.search(text):
        found.append((Risk.opaque, f"puts active content into the page ({shown(match[0], 20)})"))
    if FOREIGN.search(text):
        found.append((Risk.network, "lets the page load something from another host"))
    return found
