"""What the model is shown, and how what it writes is read.

Everything from kernel, files or persons stands between tags, and such tags inside it are defused, so that no output can
pretend to be something else.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from importlib.resources import files

from smolagents.models import ChatMessage, MessageRole

from ..protocol import Deliverable, PlanItem
from ..redaction import redact
from .executor import Outcome
from .plan import deliverables_text, plan_text

TAGS = ("task", "files", "result", "edited", "message", "plan", "deliverables", "check")
MAX_THOUGHT = 700
"""Characters of a thought that become a markdown cell; more is no note to a reader."""

LOOK_AT_FILES = r"""
def _ml_intern_look():
    import os
    shown = 0
    for folder, folders, names in os.walk("."):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))[:20]
        if folder.count(os.sep) > 1:
            folders[:] = []
        for name in sorted(names):
            if name.startswith(".") or name.endswith(".ipynb"):
                continue
            path = os.path.relpath(os.path.join(folder, name))
            shown += 1
            if shown > 40:
                print("... and more files")
                return
            try:
                print(f"{path} ({os.path.getsize(path):,} bytes)")
                if name.lower().endswith((".csv", ".tsv", ".txt", ".json", ".jsonl", ".md")):
                    with open(path, encoding="utf-8", errors="replace") as file:
                        for most in (3000, 300, 300):
                            line = file.readline().rstrip()
                            if len(line) > most:
                                line = line[: most // 2] + " ... " + line[-(most // 2) :]
                            if line:
                                print("    " + line)
            except OSError as error:
                print(f"{path} can't be read: {error}")
    if not shown:
        print("(no files)")
_ml_intern_look()
del _ml_intern_look
"""
"""Runs silently in the kernel at the start of a run: the files there, with the first lines of text files, the
first of them long enough for the header of a wide table."""


def system_prompt() -> str:
    """The slim system prompt."""
    return files(__package__).joinpath("prompts/system.md").read_text(encoding="utf-8")


def fenced(tag: str, text: str, **attributes: object) -> str:
    """`text` between tags; whatever in it looks like one of our own tags is defused with a backslash."""
    safe = re.sub(rf"<(\s*/?\s*)({'|'.join(TAGS)})\b", r"<\\\1\2", text, flags=re.IGNORECASE)
    named = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{named}>\n{safe.strip()}\n</{tag}>"


def task_text(task: str, listing: str) -> str:
    """The opening message: the task and the files, and the demand for a plan."""
    return "\n".join(
        [
            fenced("task", task),
            fenced("files", listing),
            "Write the plan first: 3 to 7 short numbered items, nothing else. No code yet.",
        ]
    )


def result_text(outcome: Outcome) -> str:
    """What became of the last cell, with the person's edit where there was one."""
    parts = [fenced("edited", outcome.source)] if outcome.edited else []
    text = outcome.text or ("(no output)" if outcome.status != "rejected" else "(no reason given)")
    parts.append(fenced("result", text, status=outcome.status, seconds=f"{outcome.seconds:.1f}"))
    return "\n".join(parts)


def state_text(items: list[PlanItem], deliverables: list[Deliverable]) -> str:
    """Plan and deliverables as they stand."""
    parts = [fenced("plan", plan_text(items))]
    if deliverables:
        parts.append(fenced("deliverables", deliverables_text(deliverables)))
    return "\n".join(parts)


def message(role: MessageRole, text: str) -> ChatMessage:
    """A chat message of one text part. Every prompt is made of these, so this is where secrets are taken out of it."""
    return ChatMessage(role=role, content=[{"type": "text", "text": redact(text)}])


@dataclass(frozen=True)
class Turn:
    """A model's answer: the plan item's number if it named one, its prose, and the code or None."""

    item: int | None
    thought: str
    code: str | None


_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S)
_ITEM = re.compile(r"^\W*(?:plan )?item\s+(\d{1,2})\b[ \t]*[:.–-]?[ \t]*", re.I)
_PYTHON = {"", "python", "py", "python3", "ipython", "ipython3"}


def read_turn(text: str) -> Turn:
    """Read a model's answer.

    Survives what small models write: thinking aloud between `<think>` tags, several code blocks (joined), blocks in
    another language (left in the prose), prose after the code, a missing closing fence (the code counts when it is
    complete Python), tags `<code>` instead of fences, and no fence at all around an answer that is nothing but code.
    """
    text = re.sub(r"<think>.*?(</think>|\Z)", "", text, flags=re.S)
    text = re.sub(r"^[ \t]*<code>[ \t]*\n?(.*?)(</code>|\Z)", r"```python\n\1\n```", text, flags=re.S | re.M)
    blocks: list[str] = []

    def take(match: re.Match[str]) -> str:
        closed = match.group(0).rstrip().endswith(match.group(1)) and "\n" in match.group(0).strip()
        if match.group(2).lower() not in _PYTHON or not (closed or _is_python(match.group(3))):
            return match.group(0)
        blocks.append(match.group(3).strip("\n"))
        return ""

    prose = _FENCE.sub(take, text).strip()
    if not blocks and "final_answer(" in prose and _is_python(prose):
        blocks, prose = [prose], ""
    item = _ITEM.match(prose)
    prose = prose[item.end() :].strip() if item else prose
    return Turn(
        item=int(item.group(1)) if item else None,
        thought=_shortened(prose),
        code="\n\n".join(blocks) if blocks else None,
    )


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return bool(source.strip())


def _shortened(thought: str) -> str:
    """A note's worth of prose: no headings of the model's own, cut at the end of a sentence."""
    thought = re.sub(r"^#+\s+", "", thought, flags=re.M).strip()
    if len(thought) <= MAX_THOUGHT:
        return thought
    cut = thought[:MAX_THOUGHT]
    end = max(cut.rfind(mark) for mark in (". ", ".\n", "! ", "? "))
    return cut[: end + 1] if end > MAX_THOUGHT // 3 else cut.rsplit(" ", 1)[0] + " …"
