"""Drives `RecipesModel` over a real kernel as the agent does: plan, then cell after cell with its printed output."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from ml_intern_jlab.recipes.model import RecipesModel

LIMIT = 8000


@dataclass
class Turn:
    """One answer of the planner and what running it printed."""

    item: int
    prose: str
    source: str
    status: str = "done"
    output: str = ""
    stderr: str = ""
    seconds: float = 0.0


@dataclass
class Story:
    """A whole run: the plan, the cells that ran, and the call that ended it."""

    plan: list[str]
    turns: list[Turn] = field(default_factory=list)
    ending: str = ""
    words: str = ""
    seconds: float = 0.0

    @property
    def cells(self) -> list[str]:
        """The sources that ran."""
        return [turn.source for turn in self.turns if turn.status == "done"]

    @property
    def text(self) -> str:
        """All outputs, one below the other."""
        return "\n".join(turn.output for turn in self.turns)


@contextmanager
def kernel_in(folder: Path, **options: Any) -> Iterator[BlockingKernelClient]:
    """A fresh kernel whose working folder is `folder`."""
    manager, client = start_new_kernel(cwd=str(folder), **options)
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def execute(client: BlockingKernelClient, source: str, limit: float = 600) -> tuple[str, str, str]:
    """Run one cell; returns status, the text of stdout, results and traceback, and stderr alone."""
    request = client.execute(source)
    text, errors, status = "", "", "done"
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            message = client.get_iopub_msg(timeout=1)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                text += content["text"]
                errors += content["text"] if content["name"] == "stderr" else ""
            case "execute_result" | "display_data":
                text += content["data"].get("text/plain", "") + "\n"
            case "error":
                status = "failed"
                text += re.sub(r"\x1b\[[\d;]*m", "", "\n".join(content["traceback"]))
            case "status" if content["execution_state"] == "idle":
                return status, text, errors
    raise TimeoutError(source)


def bounded(text: str) -> str:
    """Head and tail of a text, as the agent shows it."""
    if len(text) <= LIMIT:
        return text
    half = LIMIT // 2
    return f"{text[:half]}\n… {len(text) - LIMIT} characters are left out …\n{text[-half:]}"


def parse_turn(answer: str) -> Turn:
    """Read an answer by the contract: `Item N`, prose, exactly one fenced block."""
    match = re.fullmatch(r"Item (\d+)\n\n(.+?)\n\n```python\n(.*)\n```", answer, re.S)
    assert match is not None, answer
    assert "```" not in match.group(3)
    return Turn(int(match.group(1)), match.group(2), match.group(3))


Reply = Callable[[Turn, int], str | None]


def drive(
    task: str, client: BlockingKernelClient, reply: Reply | None = None, until: int = 99, max_turns: int = 60
) -> Story:
    """Run a task to its end.

    Args:
        task: the task's text.
        client: the kernel.
        reply: may answer a proposal instead of running it: a whole user message, or None to run the cell.
        until: stop before the first cell of a later item than this.
        max_turns: the run must end within so many turns.
    """
    began = time.monotonic()
    model = RecipesModel()
    messages: list[Mapping[str, Any]] = [
        {"role": "system", "content": "You write one cell at a time."},
        {"role": "user", "content": [{"type": "text", "text": f"<task>\n{task}\n</task>\nWrite the plan."}]},
    ]
    plan = re.findall(r"^\d+\. (.+)$", model.generate(messages).content, re.M)
    assert 3 <= len(plan) <= 8
    story = Story(plan)
    shown = "<plan>\n" + "\n".join(f"{i}. [open] {title}" for i, title in enumerate(plan, 1)) + "\n</plan>"
    user = shown
    for count in range(max_turns):
        messages += [{"role": "assistant", "content": "…"}, {"role": "user", "content": user}]
        turn = parse_turn(model.generate(messages).content)
        ending = re.fullmatch(r"(final_answer|give_up)\((.*)\)", turn.source, re.S)
        if ending:
            story.ending, story.words = ending.group(1), eval(ending.group(2))
            answer = reply(turn, count) if reply else None
            if answer is None:
                break
            user = answer
            continue
        if turn.item > until:
            break
        answer = reply(turn, count) if reply else None
        if answer is not None:
            turn.status = "rejected"
            story.turns.append(turn)
            user = answer if "<plan>" in answer else answer + "\n" + shown
            continue
        start = time.monotonic()
        turn.status, turn.output, turn.stderr = execute(client, turn.source)
        turn.seconds = time.monotonic() - start
        story.turns.append(turn)
        safe = bounded(turn.output).replace("</", "<\\/")
        user = f'<result status="{turn.status}" seconds="{turn.seconds:.1f}">\n{safe}\n</result>\n{shown}'
    else:
        raise AssertionError(f"no end within {max_turns} turns")
    story.seconds = time.monotonic() - began
    return story
