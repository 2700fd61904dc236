"""The pages of the rules in the documentation, written from the rules themselves: `python -m …rule_pages FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from .rule import Rule, all_rules

_AREAS = {
    "reproducibility": "Does it run again and give the same?",
    "evaluation": "Is the figure an honest estimate?",
    "care": "Will it break, or harm somebody?",
    "reading": "Can a reader follow it?",
}


def pages() -> dict[str, str]:
    """The text of every page, by the name of its file."""
    rules = all_rules()
    lines = ["# The rules of the review", "", "Written from the rule files by `make rules-docs`; change those.", ""]
    for area, question in _AREAS.items():
        lines += [f"## {area.capitalize()}: {question}", "", "| rule | severity | fault |", "| --- | --- | --- |"]
        lines += [f"| [{r.id}]({r.id}.md) | {r.severity} | {r.title} |" for r in rules if r.area == area]
        lines.append("")
    return {"README.md": "\n".join(lines), **{f"{rule.id}.md": _page(rule) for rule in rules}}


def _page(rule: Rule) -> str:
    return (
        f"# {rule.title}\n\n`{rule.id}` · {rule.area} · {rule.severity}\n\n## Why\n\n{rule.why}\n\n## What to do\n\n"
        f"{rule.advice}\n\n## Found\n\n{_fenced(rule.bad)}\n## Not found\n\n{_fenced(rule.good)}"
    )


def _fenced(text: str) -> str:
    """The example, its long outputs cut."""
    lines = text.strip("\n").splitlines()
    shown = [line for number, line in enumerate(lines) if number < 30 or not line.startswith("#>")]
    if len(shown) < len(lines):
        shown.append(f"#> … {len(lines) - len(shown)} more lines")
    return "```python\n" + "\n".join(shown) + "\n```\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for name, page in pages().items():
        (folder / name).write_text(page, encoding="utf-8")
