"""Review of one notebook, by every rule: nothing is executed, no model and no network is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from .dismissing import reason_in_cell
from .fixes import fixed
from .parsed_notebook import ParsedNotebook, parse
from .rule import Found, Rule, Severity, Subject, all_rules


class Finding(BaseModel):
    """What a rule found: the fields of `protocol.FindingAdded` that are not the event's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    severity: Severity
    cell_id: str
    line: int
    message: str
    advice: str
    fix: str = ""


def review(notebook: dict[str, Any], folder: Path | None = None) -> list[Finding]:
    """What the rules find, in the order of the cells. `folder` is where the notebook lies, where that is known.

    Raises:
        NotebookUnavailable: `notebook` isn't shaped like a notebook.
    """
    return [
        Finding(
            rule=rule.id,
            severity=found.severity or rule.severity,
            cell_id=found.cell.cell_id,
            line=found.line,
            message=found.message,
            advice=found.advice or rule.advice,
            fix=fixed(rule.id, found),
        )
        for rule, found in findings(parse(notebook, folder))
        if not reason_in_cell(rule.id, found)
    ]


def findings(notebook: ParsedNotebook) -> list[tuple[Rule, Found]]:
    """What each rule finds, in the order of the cells, also what a comment dismisses."""
    subject = Subject(notebook)
    found = [(rule, each) for rule in all_rules() for each in _checked(rule, subject)]
    return sorted(found, key=lambda pair: (pair[1].cell.number, pair[1].line, pair[0].id))


def _checked(rule: Rule, subject: Subject) -> Iterator[Found]:
    try:
        yield from rule.check(subject)
    except RecursionError:
        return  # expressions nested beyond what can be walked: nothing can be said
