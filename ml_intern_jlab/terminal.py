"""A run as a person follows it in a terminal: progress on stderr, and questions where the policy asks."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax

from .errors import InternError
from .notebook.outputs import OutputArea, observation_text
from .protocol import (
    AnswerInput,
    CellDecided,
    CellFinished,
    CellOutput,
    CellOverdue,
    CellProposed,
    CellStarted,
    Command,
    DecideCell,
    Event,
    InputRequested,
    ModelChanged,
    ModelProgress,
    PlanChanged,
    ResumeRun,
    RiskClass,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    SendMessage,
    StopRun,
    WarningRaised,
)

SHOWN_OUTPUT = 1_500
"""Characters of a cell's output that the terminal shows; the notebook has all of it."""
MARKS = {"open": "○", "active": "●", "done": "✓", "skipped": "–", "passed": "✓", "failed": "✗", "waived": "–"}


class Terminal:
    """Shows one session's events and answers what it asks.

    Args:
        send: carries out a command.
        console: where everything is shown; stdout stays free for the result.
    """

    def __init__(self, send: Callable[[Command], Awaitable[None]], console: Console | None = None) -> None:
        self._send = send
        self._console = console or Console(stderr=True, highlight=False)
        self._area = OutputArea()
        self._tasks: set[asyncio.Task[None]] = set()
        self._planned = False
        self._checks: list[str] = []
        self._progress = ""

    def show(self, event: Event) -> None:
        """Print what a person wants to know of `event`; questions are asked beside the event loop."""
        out = self._console
        match event:
            case RunStarted():
                out.print(f"[bold]{escape(event.task)}[/]\n[dim]{escape(event.model)} · mode {event.mode.value}[/]\n")
            case PlanChanged():
                self._show_plan(event)
            case CellProposed():
                self._show_proposal(event)
                if event.asks:
                    self._spawn(self._decide(event))
            case CellDecided(decision="reject"):
                out.print(f"  [yellow]rejected[/] by {escape(event.by)}: {escape(event.feedback)}")
            case CellStarted():
                self._area = OutputArea()
            case CellOutput():
                self._area.add(event.message)
            case CellFinished():
                self._show_result(event)
            case InputRequested():
                self._spawn(self._answer(event))
            case CellOverdue():
                out.print(f"  [yellow]! this cell runs for {event.seconds:,.0f} s now; Ctrl-C stops the run[/]")
            case RunPaused():
                self._spawn(self._revive(event) if event.resumable else self._resume(event))
            case RunResumed():
                again = f"; {event.cells} cells run again in a fresh kernel" if event.cells else ""
                out.print(f"[dim]the run goes on{again}[/]")
            case ModelProgress():
                if event.text != self._progress:  # a percentage each second is for the panel
                    self._progress = event.text
                    out.print(f"[dim]{escape(event.text)}[/]")
            case ModelChanged():
                out.print(f"[dim]{escape(event.by)} chose the model {escape(event.model)}[/]")
            case WarningRaised():
                out.print(f"[yellow]! {escape(event.message)}[/]")
            case RunFinished():
                colour = {"finished": "green", "failed": "red", "stopped": "yellow"}[event.status]
                out.print(f"\n[bold {colour}]{event.status}[/] {escape(event.answer or event.reason)}")
            case _:
                pass

    def _show_plan(self, event: PlanChanged) -> None:
        checks = [
            f"{MARKS[each.status]} {escape(each.description)} [dim]{escape(each.detail)}[/]"
            for each in event.deliverables
        ]
        if not self._planned:
            self._console.print("[bold]Plan[/]")
            for number, item in enumerate(event.items, 1):
                self._console.print(f"  {number}. {escape(item.title)}")
            for each in event.deliverables:
                self._console.print(f"  [dim]→ {escape(each.description)}[/]")
            self._console.print()
        elif checks != self._checks:
            for check in checks:
                self._console.print(f"  {check}")
        self._planned, self._checks = True, checks

    def _show_proposal(self, event: CellProposed) -> None:
        out = self._console
        if event.note:
            out.print(
                f"[bold blue]{escape(event.note.source)}[/]\n"
                if event.note.source.startswith("#")
                else f"{escape(event.note.source)}\n"
            )
        out.print(Syntax(event.source, "python", theme="ansi_dark", background_color="default", word_wrap=True))
        if event.risk != [RiskClass.compute]:
            for reason in event.reasons:
                out.print(f"  [yellow]{reason.risk.value}[/] line {reason.line} {escape(reason.text)}")

    def _show_result(self, event: CellFinished) -> None:
        text = observation_text(self._area.outputs, limit=SHOWN_OUTPUT)
        if text.strip():
            self._console.print("\n".join(f"  [dim]│[/] {escape(line)}" for line in text.splitlines()))
        mark = {"done": "[green]✓[/]", "failed": "[red]✗[/]", "stopped": "[yellow]■[/]"}[event.status]
        self._console.print(f"  {mark} [dim]{event.seconds:.1f} s[/] {escape(event.reason)}\n")

    # --- questions ------------------------------------------------------------------------------------------------

    async def _decide(self, event: CellProposed) -> None:
        """Ask until there is an answer: y, n, e, or words, which reject and tell the agent why."""
        source = event.source
        while True:
            prompt = "Run this cell? y = yes, n = no, e = edit, or say what to do instead: "
            answer = await self._ask(prompt)
            if answer is None:
                await self._try(StopRun())
                return
            match answer.strip().lower():
                case "":
                    continue
                case "y" | "yes":
                    edited = source if source != event.source else None
                    await self._try(
                        DecideCell(cell_id=event.cell_id, decision="approve", source=edited, hash=event.hash)
                    )
                    return
                case "e" | "edit":
                    source = await asyncio.to_thread(_edited, source)
                    self._console.print(Syntax(source, "python", theme="ansi_dark", background_color="default"))
                case reply:
                    words = "" if reply in ("n", "no") else answer.strip()
                    await self._try(
                        DecideCell(cell_id=event.cell_id, decision="reject", hash=event.hash, feedback=words)
                    )
                    return

    async def _answer(self, event: InputRequested) -> None:
        answer = await self._ask(event.prompt or "The cell asks for input: ")
        command: Command = StopRun() if answer is None else AnswerInput(cell_id=event.cell_id, text=answer)
        await self._try(command)

    async def _resume(self, event: RunPaused) -> None:
        """The run waits: words let it go on, an empty line asks again, the end of the input stops it."""
        self._console.print(f"[yellow]! {escape(event.reason)}[/]")
        answer: str | None = ""
        while answer is not None and not answer.strip():
            answer = await self._ask("What should it do? ")
        await self._try(StopRun() if answer is None else SendMessage(text=answer.strip()))

    async def _revive(self, event: RunPaused) -> None:
        """The run lost its kernel: yes lets it go on in another, anything else ends it."""
        self._console.print(f"[yellow]! {escape(event.reason)}[/]")
        answer = await self._ask("Resume it? y = yes, n = end it: ")
        yes = answer is not None and answer.strip().lower() in ("y", "yes")
        await self._try(ResumeRun() if yes else StopRun())

    async def _try(self, command: Command) -> None:
        """The run may have ended while the person thought."""
        try:
            await self._send(command)
        except InternError as error:
            self._console.print(f"[yellow]! {escape(str(error))}[/]")

    async def _ask(self, prompt: str) -> str | None:
        """One line of stdin, None at its end. In a daemon thread: a person who never answers holds up nothing."""
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str | None] = loop.create_future()

        def settle(text: str | None) -> None:
            if not line.done():
                line.set_result(text)

        def read() -> None:
            try:
                text: str | None = input()
            except (EOFError, OSError, ValueError):
                text = None
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, text)

        self._console.print(f"[bold cyan]{escape(prompt)}[/]", end="")
        threading.Thread(target=read, daemon=True).start()
        return await line

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _edited(source: str) -> str:
    """The source after the person's editor ($VISUAL, $EDITOR, else nano) has closed."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "nano"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.py"
        path.write_text(source, encoding="utf-8")
        subprocess.run([*shlex.split(editor), str(path)], check=False)
        return path.read_text(encoding="utf-8").rstrip("\n")
