"""What makes a notebook hard to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject, last_name

_LARGE = 200_000
_LINES = 400


def _no_text(subject: Subject) -> Iterator[Found]:
    code, prose = subject.notebook.code, subject.notebook.prose
    commented = sum("#" in cell.source or '"""' in cell.source for cell in code)
    if len(code) >= 6 and not prose and commented * 2 < len(code):
        yield Found(code[0], 0, f"{len(code)} cells of code and not a word about what is decided and why.")


def _duplicates(subject: Subject) -> Iterator[Found]:
    seen: dict[str, Cell] = {}
    for cell in subject.notebook.code:
        body = _normal(cell)
        if body.count("\n") < 2:
            continue
        if body in seen:
            yield Found(cell, 0, f"Cell {cell.number} is the same as cell {seen[body].number}.")
        seen.setdefault(body, cell)


def _normal(cell: Cell) -> str:
    return "\n".join(
        line.strip() for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")
    )


def _dead(subject: Subject) -> Iterator[Found]:
    if any(cell.tree is None for cell in subject.notebook.code):
        return
    used: set[str] = set()
    for _, node in subject.notebook.nodes():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used |= set(re.findall(r"\b[A-Za-z_]\w*\b", node.value)) if len(node.value) < 2000 else set()
    for cell in subject.notebook.code:
        for node in cell.tree.body if cell.tree else ():
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name not in used and not node.decorator_list:
                yield Found(cell, node.lineno, f"{node.name} is defined and never used.")
        lines = [line for line in cell.source.splitlines() if line.strip()]
        commented = [
            line
            for line in lines
            if re.match(r"\s*#\s*(?:[\w.\[\]'\"]+ = |[\w.]+\(.*\)\s*$|for .*:$|if .*:$|import )", line)
        ]
        if len(commented) >= 5 and len(commented) * 2 >= len(lines):
            yield Found(cell, 0, f"Cell {cell.number} is mostly code that was commented out.")


def _giant(subject: Subject) -> Iterator[Found]:
    for cell in subject.notebook.code:
        size = sum(output.size for output in cell.outputs)
        lines = sum(output.text.count("\n") for output in cell.outputs if output.kind in ("stdout", "stderr", "result"))
        if size > _LARGE or lines > _LINES:
            yield Found(
                cell, 0, f"Cell {cell.number} has an output of {max(lines, 1):,} lines and {size:,} characters."
            )


_SUCCESS = re.compile(
    r"\b(all (?:\w+ )?(?:deliverables|checks|tests|tasks|steps|files)(?: \w+)? (?:passed|pass|were|are|is|was)?|"
    r"everything (?:works|passed|"
    r"is done|was done)|completed successfully|successfully (?:completed|finished|produced|created|trained)|"
    r"no (?:errors|failures)|"
    r"task (?:is )?complete)\b",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"(?m)^.*(?:\bFAILED\b|✗|❌|\bcheck failed\b|\bMISSING\b|\bnot (?:found|written|produced|created)\b|"
    r"AssertionError).*$"
)
_ADMITS = re.compile(
    r"\b(fail\w*|missing|not (?:found|written|produced|done|met)|except|error|could not|couldn't|incomplete)\b", re.I
)


def _summary(subject: Subject) -> Iterator[Found]:
    prose = subject.notebook.prose
    if not prose:
        return
    last = prose[-1]
    yield from _caught_and_left_out(subject, last)
    claim = _SUCCESS.search(last.source)
    if not claim or _ADMITS.search(last.source.replace(claim[0], "")):
        return
    failed: tuple[Cell, str] | None = None
    for cell in subject.notebook.code:
        for output in cell.outputs:
            match = _FAILED.search(output.text) if output.kind in ("stdout", "result") else None
            if output.kind == "error":
                failed = (cell, output.name)
            elif match:
                failed = (cell, match[0].strip()[:80])
    if failed:
        line = last.source.count("\n", 0, claim.start()) + 1
        yield Found(last, line, f"The summary says “{claim[0]}”, but cell {failed[0].number} shows: {failed[1]}.")


_SUMMARY = re.compile(
    r"^\W*(?:\w+ ){0,3}(?:summary|conclusions?|report|results?|findings|outcome|takeaways)\b", re.I | re.M
)


def _caught_and_left_out(subject: Subject, last: Cell) -> Iterator[Found]:
    """An error was caught, printed, and isn't mentioned in the summary at the end."""
    if not _SUMMARY.search(last.source) or _ADMITS.search(last.source):
        return
    for cell in subject.notebook.code:
        if cell.number > last.number:
            continue
        for handler in (
            each for each in ast.walk(cell.tree or ast.Module([], [])) if isinstance(each, ast.ExceptHandler)
        ):
            line = _printed_by(handler, cell)
            if line:
                yield Found(last, 1, f"The summary leaves out what cell {cell.number} shows: {line[:80]}.")
                return


def _printed_by(handler: ast.ExceptHandler, cell: Cell) -> str:
    """The line of the output that an `except` has printed, where it tells of the error."""
    for node in ast.walk(handler):
        if (
            isinstance(node, ast.Call)
            and last_name(node.func) in ("print", "error", "warning", "exception")
            and node.args
        ):
            first = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
            start = str(first.value).strip() if isinstance(first, ast.Constant) else ""
            tells = any(isinstance(each, ast.Name) and each.id == handler.name for each in ast.walk(node))
            if len(start) >= 3 and (tells or re.search(r"fail|error", start, re.IGNORECASE)):
                return next((line.strip() for line in cell.printed.splitlines() if line.strip().startswith(start)), "")
    return ""


_CELLS = "".join(f"# %%\nx{i} = {i}\nprint(x{i})\n" for i in range(6))

RULES = (
    Rule(
        id="no_text",
        area="reading",
        severity="note",
        title="No word of explanation",
        why="A reader sees what was done, not why this and nothing else.",
        advice="Say before each step what is decided and why, in a Markdown cell.",
        bad=_CELLS,
        good="# %% [markdown]\n# Six numbers, to see how printing works.\n" + _CELLS,
        check=_no_text,
    ),
    Rule(
        id="duplicate_code",
        area="reading",
        severity="note",
        title="The same code twice",
        why="One of the two will be changed and the other forgotten.",
        advice="Take one out, or make a function of it.",
        bad="# %%\na = 1\nb = a + 1\nprint(b)\n# %%\na = 1\nb = a + 1\nprint(b)\n",
        good="# %%\na = 1\nb = a + 1\nprint(b)\n# %%\nprint(b + 1)\n",
        check=_duplicates,
    ),
    Rule(
        id="dead_code",
        area="reading",
        severity="note",
        title="Code that does nothing",
        why="Readers look for what it is for.",
        advice="Take it out.",
        bad="# %%\ndef area(r):\n    return 3.14 * r * r\n# %%\nprint('done')\n",
        good="# %%\ndef area(r):\n    return 3.14 * r * r\n# %%\nprint(area(2))\n",
        check=_dead,
    ),
    Rule(
        id="giant_output",
        area="reading",
        severity="note",
        title="A giant output",
        why="Nobody reads it, and it slows down everything that opens the notebook.",
        advice="Show the head, a summary or a figure.",
        bad="# %%\nfor i in range(500):\n    print(i)\n" + "".join(f"#> {i}\n" for i in range(500)),
        good="# %%\nprint(sum(range(500)))\n#> 124750\n",
        check=_giant,
    ),
    Rule(
        id="summary_omits_failure",
        area="reading",
        severity="error",
        title="The summary is silent about a failure",
        why="Who reads only the summary believes that all is well.",
        advice="Say in the summary what failed, or repair it.",
        bad="# %%\nprint('predictions.csv: FAILED')\n#> predictions.csv: FAILED\n# %% [markdown]\n# All "
        "deliverables are done.\n",
        good="# %%\nprint('predictions.csv: ok')\n#> predictions.csv: ok\n# %% [markdown]\n# All deliverables "
        "are done.\n",
        check=_summary,
    ),
)
