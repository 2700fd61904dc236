"""Reports of a review: plain text, JSON, Markdown, HTML and SARIF. Everything from a notebook is escaped."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .. import __version__
from ..errors import NotebookUnavailable
from ..redaction import redact
from .dismissing import reason_in_cell
from .fixes import fixed
from .notebook_rules import findings
from .parsed_notebook import parse, read_json
from .provenance import WORDS, Origin, origins, server_key
from .rule import Severity, all_rules
from .source_lines import source_lines

if TYPE_CHECKING:
    from .rerun.verdict import Rerun

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
UNREADABLE = "unreadable_notebook"
_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


@dataclass(frozen=True)
class Row:
    """One finding. `cell` counts all cells from 1 (0: the file), `line` the lines of the cell (0: all of it)."""

    rule: str
    severity: Severity
    cell: int
    cell_id: str
    line: int
    message: str
    why: str
    advice: str
    fix: str = ""
    """The cell's source with the fault mended, where that needs no judgement."""


@dataclass(frozen=True)
class Dismissed:
    """A finding that a comment in its cell puts aside."""

    rule: str
    cell: int
    line: int
    message: str
    reason: str


@dataclass(frozen=True)
class FileReport:
    """What was found in one file."""

    path: str
    findings: list[Row] = field(default_factory=list)
    rerun: Rerun | None = None
    origins: list[Origin] = field(default_factory=list)
    dismissed: list[Dismissed] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """What there is to say of the whole file: how its cells came about, and what a second run gave."""
        number = Counter(origin.standing for origin in self.origins)
        counted = ", ".join(f"{number[each]} {WORDS[each]}" for each in WORDS if number[each])
        lines = [f"Cells of an agent: {counted}."] if self.origins else []
        lines += [origin.told for origin in self.origins if origin.standing != "approved"]
        lines += [f"Cell {row.cell}: {row.rule} was dismissed: {row.reason}" for row in self.dismissed]
        return lines + (self.rerun.told if self.rerun else [])


RUN_RULES: dict[str, tuple[str, Severity, str, str]] = {
    "rerun_failed": (
        "A cell fails when the notebook is run again",
        "error",
        "Nobody but its author can get what the notebook shows.",
        "Restart the kernel, run all cells, and mend the one that fails.",
    ),
    "rerun_different": (
        "A cell gives another output when it is run again",
        "warning",
        "The figures in the text are those of one lucky or unlucky run.",
        "Set the seeds, pin the versions, and run the notebook from top to bottom before it is shared.",
    ),
}
"""What a second run may find: title, severity, why and advice."""
READING = "second_reading"


def with_rerun(report: FileReport, path: Path, run: Callable[[Path], Rerun]) -> FileReport:
    """The report with what came of running the notebook at `path` again."""
    if any(row.rule == UNREADABLE for row in report.findings):
        return report
    try:
        again = run(path)
    except NotebookUnavailable as error:
        return replace(report, findings=[*report.findings, _run_row("rerun_failed", 0, "", str(error))])
    rows = [
        _run_row(rule, cell.cell, cell.cell_id, f"Run again, cell {cell.cell} {words}: {cell.detail}")
        for cell in again.cells
        for rule, words in [_RUN_WORDS.get(cell.verdict, ("", ""))]
        if rule
    ]
    return replace(report, findings=[*report.findings, *rows], rerun=again)


_RUN_WORDS = {"failed": ("rerun_failed", "failed"), "different": ("rerun_different", "is different")}


def _run_row(rule: str, cell: int, cell_id: str, message: str) -> Row:
    _, severity, why, advice = RUN_RULES[rule]
    return Row(rule, severity, cell, cell_id, 0, message, why, advice)


def review_file(path: Path) -> FileReport:
    """The report on a file; one that can't be read has that as its only finding."""
    try:
        document = read_json(path)
        found = findings(parse(document, path.resolve().parent))
        # The key is looked for only where there is something to verify.
        came = origins(document, None) and origins(document, server_key())
    except (NotebookUnavailable, RecursionError, MemoryError) as error:
        message = str(error) or f"{path} is too large to be reviewed."
        advice = "Open the notebook in JupyterLab and save it again."
        return FileReport(str(path), [Row(UNREADABLE, "error", 0, "", 0, message, "It can't be opened.", advice)])
    reasons = [reason_in_cell(rule.id, each) for rule, each in found]
    dismissed = [
        Dismissed(rule.id, each.cell.number, each.line, each.message, reason)
        for (rule, each), reason in zip(found, reasons, strict=True)
        if reason
    ]
    rows = [
        Row(
            rule.id,
            each.severity or rule.severity,
            each.cell.number,
            each.cell.cell_id,
            each.line,
            redact(each.message),
            rule.why,
            each.advice or rule.advice,
            fixed(rule.id, each),
        )
        for (rule, each), reason in zip(found, reasons, strict=True)
        if not reason
    ]
    return FileReport(str(path), rows, origins=came, dismissed=dismissed)


def counts(reports: list[FileReport]) -> Counter[str]:
    """How many findings of each severity there are."""
    return Counter(row.severity for report in reports for row in report.findings)


def worst_first(report: FileReport) -> list[Row]:
    """The findings by severity, then by place."""
    return sorted(report.findings, key=lambda row: (SEVERITIES.index(row.severity), row.cell, row.line))


def summary(reports: list[FileReport]) -> str:
    """One line: how many findings of each severity in how many notebooks."""
    number = counts(reports)
    parts = [f"{number[each]} {each}{'' if number[each] == 1 else 's'}" for each in SEVERITIES if number[each]]
    return f"{len(reports)} notebook{'' if len(reports) == 1 else 's'}: {', '.join(parts) or 'no findings'}."


def place(row: Row) -> str:
    """`cell 3, line 2`, `cell 3`, or `file`."""
    if not row.cell:
        return "file"
    return f"cell {row.cell}, line {row.line}" if row.line else f"cell {row.cell}"


# Control characters would steer the terminal that shows them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text on one line, without what would steer a terminal."""
    return _CONTROL.sub(" ", text)


def as_text(reports: list[FileReport]) -> str:
    """For a terminal."""
    lines: list[str] = []
    for report in reports:
        for row in worst_first(report):
            lines.append(f"{plain(report.path)}: {place(row)}: {row.severity}: {plain(row.message)} [{row.rule}]")
            lines.append(f"    {plain(row.advice)}")
            lines += [f"    | {plain(line)}" for line in _diff_at(report, row)]
        lines += [f"{plain(report.path)}: {plain(line)}" for line in report.told]
    return "\n".join([*lines, summary(reports)]) + "\n"


def _diff_at(report: FileReport, row: Row) -> list[str]:
    """What a second run gave otherwise in the cell of a finding."""
    cells = report.rerun.cells if report.rerun and row.rule == "rerun_different" else []
    return next((cell.diff.splitlines() for cell in cells if cell.cell == row.cell), [])


def as_json(reports: list[FileReport]) -> str:
    """A list of files, each with its findings."""
    return json.dumps([asdict(report) for report in reports], ensure_ascii=False, indent=1) + "\n"


def as_markdown(reports: list[FileReport]) -> str:
    """For a pull request or a wiki."""
    lines = ["# Review", "", summary(reports), ""]
    for report in reports:
        lines += [f"## {_marked(report.path)}", ""]
        if report.told:
            lines += [*(f"- {_marked(line)}" for line in report.told), ""]
        if not report.findings:
            lines += ["No findings.", ""]
            continue
        lines += ["| severity | where | finding | advice |", "| --- | --- | --- | --- |"]
        for row in worst_first(report):
            message = f"{_marked(row.message)} (`{row.rule}`)"
            lines.append(f"| {row.severity} | {place(row)} | {message} | {_marked(row.advice)} |")
        lines.append("")
        for row in worst_first(report):
            if diff := _diff_at(report, row):
                lines += [f"Cell {row.cell}:", "", *(f"    {plain(line)}" for line in diff), ""]
    return "\n".join(lines)


def _marked(text: str) -> str:
    """The text with everything escaped that Markdown or HTML would read as more than text."""
    return re.sub(r"([\\`*_\[\]#|!~])", r"\\\1", html.escape(plain(text), quote=False))


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1b1b }
h2 { border-bottom: 1px solid #ccc; overflow-wrap: anywhere } .where { color: #555 } code { background: #f2f2f2 }
article { border-left: .3rem solid; margin: 1rem 0; padding: .1rem 1rem; overflow-wrap: anywhere }
pre { overflow-x: auto }
.error { border-color: #b3261e } .warning { border-color: #a86400 }
.note { border-color: #4a6fa5 } p { margin: .4rem 0 }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #e6e6e6 } code { background: #2a2a2a }
.where { color: #aaa } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_html(reports: list[FileReport]) -> str:
    """One page that needs nothing else: no script, no picture, no address."""
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Review</title>',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
        f"<h1>Review</h1><p>{html.escape(summary(reports))}</p>",
    ]
    for report in reports:
        parts.append(f"<h2>{html.escape(plain(report.path))}</h2>")
        parts += [f"<p>{html.escape(plain(line))}</p>" for line in report.told]
        parts += [_article(row, _diff_at(report, row)) for row in worst_first(report)] or ["<p>No findings.</p>"]
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _article(row: Row, diff: list[str]) -> str:
    shown = f"<pre>{html.escape(chr(10).join(map(plain, diff)))}</pre>" if diff else ""
    message, why, advice = (html.escape(plain(text)) for text in (row.message, row.why, row.advice))
    return (
        f'<article class="{row.severity}"><p><strong>{row.severity}</strong> <span class="where">{place(row)}</span> '
        f"<code>{row.rule}</code></p><p>{message}</p><p>{why}</p><p><em>{advice}</em></p>{shown}</article>"
    )


def as_sarif(reports: list[FileReport]) -> str:
    """SARIF 2.1.0, for code hosts."""
    rules: list[dict[str, Any]] = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.why},
            "help": {"text": rule.advice},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            "properties": {"tags": [rule.area]},
        }
        for rule in all_rules()
    ]
    rules.append({"id": UNREADABLE, "shortDescription": {"text": "The notebook can't be read"}})
    rules += [
        {"id": rule, "shortDescription": {"text": title}, "defaultConfiguration": {"level": _LEVELS[severity]}}
        for rule, (title, severity, _, _) in RUN_RULES.items()
    ]
    rules.append({"id": READING, "shortDescription": {"text": "Added by a second reading of a language model"}})
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [
        {
            "ruleId": row.rule,
            "ruleIndex": numbers[row.rule],
            "level": _LEVELS[row.severity],
            "message": {"text": f"{plain(row.message)} {plain(row.advice)} ({place(row)})"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(Path(report.path).as_posix())},
                        "region": {"startLine": _line_in_file(lines, row)},
                    },
                    "logicalLocations": [{"name": place(row), "kind": "module"}],
                }
            ],
            "properties": {"cell": row.cell, "cell_id": row.cell_id, "line": row.line},
        }
        for report in reports
        for lines in [source_lines(Path(report.path)) if report.findings else {}]
        for row in report.findings
    ]
    driver = {"name": "ml-intern review", "semanticVersion": __version__, "rules": rules}
    return (
        json.dumps(
            {
                "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
                "version": "2.1.0",
                "runs": [{"tool": {"driver": driver}, "results": results}],
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


def _line_in_file(lines: dict[int, list[int]], row: Row) -> int:
    """The line of the notebook's file on which a finding stands; 1 where that isn't known."""
    of_cell = lines.get(row.cell) or [1]
    return of_cell[min(max(row.line, 1), len(of_cell)) - 1]


FORMATS: dict[str, Callable[[list[FileReport]], str]] = {
    "text": as_text,
    "json": as_json,
    "html": as_html,
    "md": as_markdown,
    "sarif": as_sarif,
}
"""How a report is written, by the name of the format."""
