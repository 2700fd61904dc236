"""`jupyter ml-intern`: run a task headless, review notebooks, try the policy, list sessions, say what is missing."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import __version__, risk_command
from .errors import InternError, JournalUnavailable
from .model_commands import add_model_commands
from .protocol import (
    CellFinished,
    CellProposed,
    Deliverable,
    Event,
    MetricLogged,
    Mode,
    PlanChanged,
    RunFinished,
    StartRun,
    StepFinished,
)
from .review_command import add_review_parser, add_strip_parser
from .sessions_command import add_sessions_parser

FINISHED, FAILED, WRONG_USE, STOPPED = 0, 1, 2, 3
TURN = {"step", "input_tokens", "output_tokens", "cost", "seconds", "first_token_seconds", "tokens_per_second"}
"""What `--json` tells of each turn of the model."""
EXIT_STATUS = {"finished": FINISHED, "failed": FAILED, "stopped": STOPPED}


@dataclass
class Summary:
    """What `--json` prints, gathered from the session's events."""

    status: str = "failed"
    answer: str = ""
    reason: str = ""
    deliverables: list[Deliverable] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    cells: int = 0
    errors: int = 0
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model_seconds: float = 0.0
    turns: list[dict[str, Any]] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case PlanChanged():
                self.deliverables = event.deliverables
            case CellProposed():
                self.cells += 1
            case CellFinished():
                self.errors += event.status == "failed"
            case StepFinished():
                self.steps = max(self.steps, event.step)
                self.input_tokens += event.input_tokens
                self.output_tokens += event.output_tokens
                self.model_seconds = round(self.model_seconds + event.seconds, 3)
                self.turns.append(event.model_dump(mode="json", include=TURN))
                if event.cost is not None:
                    self.cost = (self.cost or 0.0) + event.cost
            case MetricLogged():
                self.metrics.append({"name": event.name, "value": event.value, "split": event.split})
            case RunFinished():
                self.status, self.answer, self.reason = event.status, event.answer, event.reason
            case _:
                pass

    def as_json(self, **more: Any) -> str:
        """One line of JSON."""
        deliverables = [each.model_dump(mode="json") for each in self.deliverables]
        return json.dumps({**vars(self), "deliverables": deliverables, **more}, ensure_ascii=False)


def main(argv: list[str] | None = None) -> None:
    """Run the command line; ends through `SystemExit` with 0 finished, 1 failed, 2 wrong use or 3 stopped."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    # What jupyter_client logs with a traceback, a kernel that can't start for one, is told in a sentence of ours.
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    sys.exit(options.command(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter ml-intern",
        description="An ML intern that lives in the notebook: it plans, proposes one cell at a time, and runs what "
        "you approve.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="do a task in a new kernel and leave a notebook")
    run.add_argument("task", help="what to do, in plain words, with the names of the files")
    run.add_argument("--notebook", metavar="OUT.ipynb", help="where the notebook goes, relative to --cwd")
    run.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="the kernel's working directory")
    run.add_argument("--model", default="", metavar="M", help="`recipes` (default) or one of `models`")
    run.add_argument("--base-url", default="", metavar="URL", help="the server that answers for `openai:` models")
    run.add_argument("--kernel", default="", metavar="NAME", help="the kernel's name (default: python3)")
    run.add_argument(
        "--approve", type=Mode, choices=list(Mode), default=Mode.ask, metavar="ask|auto_safe|auto", help="what asks"
    )
    run.add_argument(
        "--max-steps",
        type=_positive,
        metavar="N",
        help="turns of the model at most (default: the server's)",
    )
    run.add_argument("--timeout", type=_amount, metavar="S", help="seconds after which the run ends as failed")
    run.add_argument("--max-tokens", type=_positive, metavar="N", help="tokens read and written at most")
    run.add_argument("--max-cost", type=_amount, metavar="USD", help="US dollars at most, where the price is known")
    run.add_argument("--without", action="append", default=[], help=argparse.SUPPRESS)  # for bench/quality.py
    run.add_argument("--json", action="store_true", help="print one JSON object as the last line of stdout")
    run.add_argument("--journal", type=Path, help="the journal's file (default: in Jupyter's data folder)")
    run.set_defaults(command=_run)

    add_sessions_parser(commands)
    add_model_commands(commands)
    add_review_parser(commands)
    add_strip_parser(commands)

    doctor = commands.add_parser("doctor", help="say what is installed, enabled and reachable")
    doctor.add_argument("--model", default="", metavar="M", help="a model to try")
    doctor.add_argument("--base-url", default="", metavar="URL", help="its server")
    doctor.set_defaults(command=_doctor)
    risk_command.add_parser(commands)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _amount(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


# --- run ----------------------------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    summary, started = Summary(), time.monotonic()
    notebook, session_id = None, ""
    try:
        notebook = _notebook_path(options)
        status, session_id = asyncio.run(_work(options, notebook, summary))
    except InternError as error:
        summary.reason = str(error)
        print(f"jupyter ml-intern: {error}", file=sys.stderr)
        status = FAILED if isinstance(error, JournalUnavailable) else WRONG_USE
    if notebook is not None and notebook.exists():
        print(f"notebook: {notebook}", file=sys.stderr)
    if options.json:
        seconds = round(time.monotonic() - started, 3)
        print(summary.as_json(seconds=seconds, notebook=str(notebook or ""), session_id=session_id))
    return status


def _notebook_path(options: argparse.Namespace) -> Path:
    """Where the notebook goes: as told, else a free name in the working directory.

    Raises:
        InternError: the folder is missing, or the name isn't a notebook's.
    """
    cwd: Path = options.cwd.expanduser().resolve()
    if not cwd.is_dir():
        raise InternError(f"--cwd: there is no folder {cwd}.")
    if not options.notebook:
        names = ["ml-intern.ipynb", *(f"ml-intern-{number}.ipynb" for number in range(2, 10_000))]
        return next(cwd / name for name in names if not (cwd / name).exists())
    path: Path = (cwd / Path(options.notebook).expanduser()).resolve()
    if path.suffix != ".ipynb":
        raise InternError(f"--notebook: {path.name} doesn't end in .ipynb.")
    if not path.parent.is_dir():
        raise InternError(f"--notebook: there is no folder {path.parent}.")
    return path


async def _work(options: argparse.Namespace, notebook: Path, summary: Summary) -> tuple[int, str]:
    """One session with one run; returns the exit status and the session's id."""
    from .headless import attend
    from .server.extension import configuration
    from .server.hosts import HeadlessHost
    from .sessions.budget import Limits
    from .sessions.journal import Journal
    from .sessions.sessions import Sessions

    extension = configuration()
    journal = Journal(options.journal or extension.journal_path)
    # In `ask` mode answers may come through a pipe; otherwise a question without a terminal has nobody to answer it.
    interactive = options.approve is Mode.ask or sys.stdin.isatty()
    configured = extension.run_settings()
    steps = options.max_steps or configured.limits.max_steps
    asked = Limits(steps, options.timeout, options.max_tokens, options.max_cost)
    settings = replace(
        configured,
        model=options.model or configured.model,
        base_url=options.base_url or configured.base_url,
        limits=configured.limits.tightened(asked),
        interactive=interactive,
        without=frozenset(options.without),
    )
    sessions = Sessions(journal, HeadlessHost(notebook.parent, options.cwd.expanduser().resolve()), settings)
    info = sessions.create(notebook.name, options.kernel)
    begun = False

    def listen(event: Event) -> None:
        nonlocal begun
        begun = True
        summary.add(event)

    try:
        start = StartRun(task=options.task, mode=options.approve, max_steps=options.max_steps)
        await attend(sessions, info.session_id, start, listen)
    finally:
        if not begun:
            await sessions.delete(info.session_id)
        await sessions.close()
    return EXIT_STATUS[summary.status], info.session_id


# --- doctor ------------------------------------------------------------------------------------------------------


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import examine

    healthy = True
    for check in examine(options.model, options.base_url):
        mark = "✓" if check.ok else "✗" if check.required else "–"
        print(f"{mark} {check.what}: {check.found}")
        if not check.ok and check.advice:
            print(f"    {check.advice}")
        healthy = healthy and (check.ok or not check.required)
    return FINISHED if healthy else FAILED


if __name__ == "__main__":
    main()
