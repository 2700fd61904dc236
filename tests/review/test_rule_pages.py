from __future__ import annotations

from pathlib import Path

from ml_intern_jlab.review.rule_pages import pages

FOLDER = Path(__file__).parents[2] / "docs" / "rules"


def test_the_pages_are_what_the_rules_say() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == pages(), "run `make rules-docs`"
