"""`jupyter ml-intern sessions`: list, show, export, diff, delete, prune, resume."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InternError
from .protocol import (
    CellDecided,
    CellFinished,
    CellProposed,
    Event,
    MessageSent,
    ResumeRun,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUndone,
    SessionInfo,
    WarningRaised,
)

if TYPE_CHECKING:
    from .sessions.journal import Journal

FINISHED, FAILED = 0, 1
EXIT_STATUS = {"finished": FINISHED, "failed": FAILED, "stopped": 3}


def add_sessions_parser(commands: Any) -> None:
    """Add the command to the command line's."""
    sessions = commands.add_parser("sessions", help="list, show, export, delete or resume the sessions in the journal")
    _add_options(sessions, listing=True)
    sessions.set_defaults(command=_with_journal(_list))
    actions = sessions.add_subparsers(metavar="ACTION")

    def add(name: str, what: str, action: Callable[[Journal, argparse.Namespace], int]) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = actions.add_parser(name, help=what)
        parser.set_defaults(command=_with_journal(action))
        return parser

    _add_options(add("list", "list them, the newest first", _list), listing=True)
    show = add("show", "tell what happened in one", _show)
    export = add("export", "write one out: a trace of all its events, or its cells as a notebook", _export)
    export.add_argument("--as", dest="form", choices=("jsonl", "ipynb"), default="jsonl", help="the form")
    export.add_argument("--output", "-o", type=Path, metavar="FILE", help="where to (default: standard output)")
    diff = add("diff", "show what a run changed in its notebook, as that is saved now", _diff)
    diff.add_argument("--run", default="", metavar="ID", help="which run (default: the session's last)")
    diff.add_argument("--json", action="store_true", help="print the changes as JSON, cell by cell")
    delete = add("delete", "forget one for good; its notebook stays", _delete)
    resume = add("resume", "let a paused run go on here, in a fresh kernel", _resume)
    resume.add_argument("--cwd", type=Path, metavar="DIR", help="the kernel's folder (default: the notebook's)")
    resume.add_argument("--base-url", default="", metavar="URL", help="the server that answers for `openai:` models")
    prune = add("prune", "forget sessions by age or size; those with an unfinished run stay", _prune)
    prune.add_argument("--days", type=float, default=0.0, help="those in which nothing happened for so many days")
    prune.add_argument("--megabytes", type=float, default=0.0, help="the oldest, until the rest takes so much")
    for parser in (show, export, diff, delete, resume):
        parser.add_argument("session_id", help="as `sessions` lists it; its first characters do")
    for parser in (show, export, diff, delete, resume, prune):
        _add_options(parser)


def _add_options(parser: argparse.ArgumentParser, listing: bool = False) -> None:
    # An action must not undo by its default what was said before it.
    parser.add_argument(
        "--journal", type=Path, default=argparse.SUPPRESS, help="the journal's file (default: in Jupyter's data folder)"
    )
    if listing:
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print a JSON list")


def _with_journal(
    action: Callable[[Journal, argparse.Namespace], int],
) -> Callable[[argparse.Namespace], int]:
    def command(options: argparse.Namespace) -> int:
        from .server.extension import default_journal_path
        from .sessions.journal import Journal

        try:
            journal = Journal(getattr(options, "journal", None) or default_journal_path())
            if hasattr(options, "session_id"):
                options.session_id = _whole_id(journal, options.session_id)
            return action(journal, options)
        except InternError as error:
            print(f"jupyter ml-intern: {error}", file=sys.stderr)
            return FAILED

    return command


def _whole_id(journal: Journal, start: str) -> str:
    """The id of the one session whose id begins so.

    Raises:
        InternError: there is none, or there are several.
    """
    found = [info.session_id for info in journal.sessions() if info.session_id.startswith(start)]
    if len(found) > 1:
        raise InternError(f"{len(found)} sessions begin with {start}; give more of the id.")
    return found[0] if found else journal.session(start).session_id


def _list(journal: Journal, options: argparse.Namespace) -> int:
    found = journal.sessions()
    if getattr(options, "json", False):
        print(json.dumps([info.model_dump(mode="json") for info in found], ensure_ascii=False))
        return FINISHED
    if not found:
        print("No sessions yet. `jupyter ml-intern run TASK` begins one.")
    for info in found:
        print(_line(info))
    return FINISHED


def _line(info: SessionInfo) -> str:
    when = datetime.fromtimestamp(info.created).strftime("%Y-%m-%d %H:%M")
    status = info.run_status.value if info.run_status else "empty"
    return f"{info.session_id}  {when}  {status:<8}  {info.path}  {(info.task or '-').splitlines()[0][:80]}"


def _show(journal: Journal, options: argparse.Namespace) -> int:
    print(_line(journal.session(options.session_id)))
    for event in journal.events(options.session_id):
        if words := _words(event):
            print(f"  {datetime.fromtimestamp(event.time).strftime('%H:%M:%S')}  {words}")
    return FINISHED


def _words(event: Event) -> str:
    """What a person wants to read of an event; "" for what they don't."""
    match event:
        case RunStarted():
            return f"run {event.run_id} by {event.by} with {event.model}, {event.mode.value}: {event.task}"
        case CellProposed():
            return f"cell {event.cell_id} proposed: {event.title}"
        case CellDecided():
            edited = ", edited" if event.edited else ""
            return f"cell {event.cell_id} {event.decision}d by {event.by}{edited} {event.feedback}".rstrip()
        case CellFinished():
            error = f" {event.error.ename}: {event.error.evalue}" if event.error else ""
            return f"cell {event.cell_id} {event.status} after {event.seconds:.1f} s{error}"
        case MessageSent():
            return f"{event.by}: {event.text}"
        case RunPaused():
            return f"paused: {event.reason}"
        case RunResumed():
            return f"resumed by {event.by}; {event.cells} cells run again"
        case RunUndone():
            return f"run {event.run_id} undone by {event.by}: {len(event.removed)} cells removed"
        case WarningRaised():
            return f"warning: {event.message}"
        case RunFinished():
            return f"{event.status}: {event.answer or event.reason}"
        case _:
            return ""


def _export(journal: Journal, options: argparse.Namespace) -> int:
    from .sessions.housekeeping import notebook_of, trace

    if options.form == "ipynb":
        lines = [json.dumps(notebook_of(journal, options.session_id), ensure_ascii=False, indent=1)]
    else:
        lines = list(trace(journal, options.session_id))
    text = "".join(f"{line}\n" for line in lines)
    if options.output is None:
        sys.stdout.write(text)
        return FINISHED
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InternError(f"{options.output} can't be written ({error.strerror}). Choose another file.") from error
    return FINISHED


def _diff(journal: Journal, options: argparse.Namespace) -> int:
    from .sessions.changes import changes, words

    info, events = journal.session(options.session_id), list(journal.events(options.session_id))
    path = Path(journal.root(info.session_id)) / info.path
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InternError(f"The notebook {path} can't be read ({error}). Has it been moved or deleted?") from error
    told = changes(events, info.session_id, options.run or info.run_id, info.path, notebook)
    print(told.model_dump_json() if options.json else words(notebook, told))
    return FINISHED


def _delete(journal: Journal, options: argparse.Namespace) -> int:
    import os

    journal.claim(options.session_id, os.getpid())  # not while another process works on it
    journal.delete_session(options.session_id)
    print(f"Session {options.session_id} is forgotten; its notebook stays as it is.")
    return FINISHED


def _prune(journal: Journal, options: argparse.Namespace) -> int:
    from .sessions.housekeeping import prune

    gone = prune(journal, options.days, options.megabytes * 1e6)
    for info in gone:
        print(_line(info))
    print(f"{len(gone)} sessions are forgotten; the journal takes {journal.size / 1e6:.1f} MB.")
    return FINISHED


def _resume(journal: Journal, options: argparse.Namespace) -> int:
    return asyncio.run(_resume_here(journal, options))


async def _resume_here(journal: Journal, options: argparse.Namespace) -> int:
    from .headless import attend
    from .server.hosts import HeadlessHost
    from .sessions.session import Settings
    from .sessions.sessions import Sessions

    info, root = journal.session(options.session_id), journal.root(options.session_id)
    if not root:
        raise InternError(f"Where {info.path} lies isn't known: an older version began this session. Resume it there.")
    folder = options.cwd or (Path(root) / info.path).parent
    sessions = Sessions(journal, HeadlessHost(Path(root), folder), Settings(base_url=options.base_url))
    ended: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, RunFinished):
            ended.append(event.status)

    try:
        await attend(sessions, info.session_id, ResumeRun(), listen)
    finally:
        await sessions.close()
    return EXIT_STATUS[ended[-1]] if ended else FAILED
