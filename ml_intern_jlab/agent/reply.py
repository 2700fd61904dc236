"""What a model wrote: its prose, the plan item that it names, and the code of one cell."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

MAX_THOUGHT = 700
"""Characters of a thought that become a markdown cell; more is no note to a reader."""


@dataclass(frozen=True)
class Turn:
    """A model's answer: the plan item's number if it named one, its prose, and the code or None.

    `changes` are the lines of a diff, `takes_draft` says that it wants the skill's draft; see `draft.whole`.
    """

    item: int | None
    thought: str
    code: str | None
    changes: str = ""
    takes_draft: bool = False


_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S)
_ITEM = re.compile(r"^\W*(?:plan )?item\s+(\d{1,2})\b[ \t]*[:.–-]?[ \t]*", re.I)
_PYTHON = {"", "python", "py", "python3", "ipython", "ipython3"}
_WORDS = {"answer", "final_answer", "markdown", "md", "output", "plaintext", "result", "text", "txt"}
"""What a block is called that holds words."""
_DRAFT = re.compile(r"^[\s#*`\"'>-]*run[ _](?:the[ _])?draft\b[ \t]*(?:\(\))?[\s.`*\"']*$", re.I | re.M)


def read_turn(text: str) -> Turn:
    """Read a model's answer.

    Survives what small models write: thinking aloud between `<think>` tags, several code blocks (joined), blocks in
    another language (left in the prose), prose after the code, a missing closing fence (the code counts when it is
    complete Python), sentences in a block, tags `<code>` instead of fences, and no fence at all around an answer
    that is nothing but code. A line `RUN DRAFT` may stand anywhere, also as the only line of a block.
    """
    text = re.sub(r"<think>.*?(</think>|\Z)", "", text, flags=re.S)
    text = re.sub(r"^[ \t]*<code>[ \t]*\n?(.*?)(</code>|\Z)", r"```python\n\1\n```", text, flags=re.S | re.M)
    takes_draft = bool(_DRAFT.search(text))
    text = _DRAFT.sub("", text)
    blocks: list[str] = []
    diffs: list[str] = []

    def take(match: re.Match[str]) -> str:
        closed = match.group(0).rstrip().endswith(match.group(1)) and "\n" in match.group(0).strip()
        if match.group(2).lower() in ("diff", "patch"):
            diffs.append(match.group(3).strip("\n"))
            return ""
        if takes_draft and not match.group(3).strip():
            return ""
        if match.group(2).lower() in _WORDS:
            return match.group(3)
        if match.group(2).lower() not in _PYTHON or not (closed or _is_python(match.group(3))):
            return match.group(0)
        if _is_prose(match.group(3)):
            return match.group(3)
        blocks.append(_requoted(match.group(3).strip("\n")))
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
        changes="\n".join(diffs),
        takes_draft=takes_draft,
    )


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return bool(source.strip())


def _requoted(source: str) -> str:
    """The source with other quotes inside the braces of its f-strings, where only that makes it Python before 3.12."""

    def inside(match: re.Match[str]) -> str:
        quote, other = match["quote"], "'" if match["quote"] == '"' else '"'
        text = re.sub(r"\{[^{}]*\}", lambda found: found.group().replace(quote, other), match["text"])
        return f"{match['start']}{quote}{text}{quote}"

    if _is_python(source):
        return source
    mended = re.sub(r"(?P<start>\bf)(?P<quote>[\"'])(?P<text>.*)(?P=quote)", inside, source)
    return mended if _is_python(mended) else source


def _is_prose(source: str) -> bool:
    """Whether a block holds sentences: not even one of its lines is code."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    letters = sum(character.isalpha() or character.isspace() for character in source)
    return len(source.split()) > 5 and letters > 0.8 * len(source) and not any(map(_is_python, lines))


def _shortened(thought: str) -> str:
    """A note's worth of prose: no headings of the model's own, cut at the end of a sentence."""
    thought = re.sub(r"^\W*item \d{1,2}\W*$", "", thought, flags=re.M | re.I)
    thought = re.sub(r"\n{3,}", "\n\n", re.sub(r"^#+\s+", "", thought, flags=re.M)).strip()
    if len(thought) <= MAX_THOUGHT:
        return thought
    cut = thought[:MAX_THOUGHT]
    end = max(cut.rfind(mark) for mark in (". ", ".\n", "! ", "? "))
    return cut[: end + 1] if end > MAX_THOUGHT // 3 else cut.rsplit(" ", 1)[0] + " …"
