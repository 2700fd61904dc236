"""`jupyter ml-intern risk FILE… | -`: how cells are classed, why, and what each mode would do with them."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InternError
from .protocol import Mode, Reason
from .redaction import redact, redacted

if TYPE_CHECKING:
    from .sessions.policy import Policy

MOST_BYTES = 50_000_000
DID, WRONG_USE = 0, 2


@dataclass(frozen=True)
class Judged:
    """A cell of a file with its reasons; `number` counts the file's code cells from 1."""

    file: str
    number: int
    source: str
    reasons: list[Reason]


def add_parser(commands: Any) -> None:
    """Add the command to the `commands` of a parser (what `add_subparsers` returns)."""
    parser = commands.add_parser(
        "risk",
        help="say how the policy classes cells, and what each mode would do",
        description="Classes cells as a run would, without running anything. The cells of one file are taken to run "
        "one after the other, so that what earlier ones define is known to later ones.",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help=".ipynb (each code cell), .py or any text: one cell; - reads one"
    )
    parser.add_argument("--mode", type=Mode, choices=list(Mode), metavar="ask|auto_safe|auto", help="only this mode")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="the kernel's working directory")
    parser.add_argument("--json", action="store_true", help="print a JSON list, one object for each cell")
    parser.set_defaults(command=show_risk)


def show_risk(options: argparse.Namespace) -> int:
    """Print the cells' classes; the exit status is 0, or 2 where a file can't be read."""
    modes = [options.mode] if options.mode else list(Mode)
    try:
        judged = [cell for file in options.files for cell in _judge(file, str(options.cwd.expanduser().resolve()))]
    except InternError as error:
        print(f"jupyter ml-intern: {error}", file=sys.stderr)
        return WRONG_USE
    if options.json:
        print(json.dumps(redacted([_as_json(cell, modes) for cell in judged]), ensure_ascii=False))
        return DID
    for cell in judged:
        print(redact(_as_text(cell, modes)))
    if not judged:
        print("There are no code cells.")
    return DID


def _judge(file: str, folder: str) -> list[Judged]:
    """The cells of one file.

    Raises:
        InternError: the file can't be read.
    """
    from .sessions.policy import Knowledge

    known, judged = Knowledge(folder), []
    for number, source in enumerate(_sources(file), start=1):
        judged.append(Judged(file, number, source, known.classify(source)))
        known.learn(source)
    return judged


def _sources(file: str) -> list[str]:
    try:
        if file != "-" and Path(file).stat().st_size > MOST_BYTES:
            raise InternError(f"{file} is longer than {MOST_BYTES:,} bytes; that is more than a notebook's cells.")
        data = sys.stdin.buffer.read(MOST_BYTES) if file == "-" else Path(file).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InternError(f"{file} can't be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise InternError(f"{file} isn't text in UTF-8 (byte {error.start}).") from error
    if not file.endswith(".ipynb"):
        return [text]
    import nbformat

    try:
        notebook = nbformat.reads(text, as_version=4)
        return [str(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    except Exception as error:  # nbformat raises whatever its reader stumbles over in a malformed file
        raise InternError(f"{file} isn't a notebook that can be read ({type(error).__name__}: {error}).") from error


def _actions(cell: Judged, modes: list[Mode]) -> dict[str, str]:
    policy = _policy()
    return {mode.value: policy.action(mode, cell.reasons) for mode in modes}


@cache
def _policy() -> Policy:
    from .server.extension import configuration
    from .sessions.policy import configured

    extension = configuration()
    return configured(extension.policy, extension.modes, extension.locked_classes)


def _classes(cell: Judged) -> list[str]:
    from .sessions.policy import risk_of

    return [risk.value for risk in risk_of(cell.reasons)]


def _as_json(cell: Judged, modes: list[Mode]) -> dict[str, Any]:
    reasons = [reason.model_dump(mode="json") for reason in cell.reasons]
    return {
        "file": cell.file,
        "cell": cell.number,
        "risk": _classes(cell),
        "reasons": reasons,
        "modes": _actions(cell, modes),
    }


def _as_text(cell: Judged, modes: list[Mode]) -> str:
    name = "-" if cell.file == "-" else f"{cell.file}, cell {cell.number}"
    lines = [f"{name}: {', '.join(_classes(cell))}"]
    lines += [f"  line {reason.line}: {reason.risk.value}: {reason.text}" for reason in cell.reasons]
    lines.append("  " + ", ".join(f"{mode}: {action}" for mode, action in _actions(cell, modes).items()))
    return "\n".join(lines)
