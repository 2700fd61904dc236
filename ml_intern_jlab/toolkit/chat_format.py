"""How the rows of a dataset hold conversations and preferences, and whether they are well formed."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .tables import Record, shown

ROLES = {"system", "developer", "user", "assistant", "tool", "function", "ipython"}
SHARE_ROLES = {"human": "user", "gpt": "assistant", "system": "system", "user": "user", "assistant": "assistant"}
SHARE_ROLES |= {"chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "tool": "tool"}

MARKS = re.compile(
    r"<\|im_start\|>|<\|(user|assistant|start_header_id)\|>|\[INST\]|<start_of_turn>|^### ?(Human|Instruction|User)|"
    r"^(Human|User|Assistant): ",
    re.MULTILINE,
)
"""How chat templates mark whose turn it is."""

Row = Mapping[str, Any]
Turn = tuple[str, str]


@dataclass(frozen=True, repr=False)
class ChatFormat(Record):
    """What a sample of rows holds.

    Attributes:
        kind: `messages` (role and content), `sharegpt` (from and value), `prompt_completion`, `preference`
            (chosen and rejected), `instruction` (instruction, input, output), `problem` (a question with an answer
            that can be checked), `marked_text` (text in which the turns are marked), `text`, or "" for none of them.
        columns: the columns that make it so, in their order of meaning.
        rows: how many were looked at.
        turns: the turns of a conversation, at the median.
        characters: of a conversation or text, at the median and at most.
        roles: how often each role speaks.
        faults: what is wrong in how many rows, in words.
    """

    kind: str
    columns: tuple[str, ...] = ()
    rows: int = 0
    turns: float | None = None
    characters: tuple[int, int] | None = shown("characters (median, most)", default=None)
    roles: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def chat_format(rows: Sequence[Row]) -> ChatFormat:
    """Tell the format of a sample of rows by their columns and values."""
    if not rows:
        return ChatFormat("")
    names = list(dict.fromkeys(name for row in rows for name in row))
    lower = {name.lower(): name for name in names}
    if {"chosen", "rejected"} <= set(lower):
        return _preference(rows, lower)
    for name in names:
        found = [turns_of(row.get(name)) for row in rows]
        if sum(turns is not None for turns in found) > len(rows) / 2:
            return _conversations(rows, name, found)
    for kind, wanted in (
        ("prompt_completion", ("prompt", "completion")),
        ("prompt_completion", ("prompt", "response")),
        ("prompt_completion", ("question", "response")),
        ("instruction", ("instruction", "output")),
        ("instruction", ("instruction", "response")),
        ("problem", ("problem", "answer")),
        ("problem", ("problem", "solution")),
        ("problem", ("question", "answer")),
        ("problem", ("prompt", "answer")),
        ("text", ("text",)),
        ("text", ("content",)),
    ):
        if set(wanted) <= set(lower):
            columns = [lower[name] for name in wanted]
            if kind == "text" and sum(bool(MARKS.search(str(row.get(columns[0])))) for row in rows) > len(rows) / 2:
                kind = "marked_text"
            columns[1:1] = [lower["input"]] if kind == "instruction" and "input" in lower else []
            return _texts(rows, kind, columns)
    return ChatFormat("", rows=len(rows))


def turns_of(value: Any) -> list[Turn] | None:
    """The turns (role, text) in a cell, in either convention; None where it holds none."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if not isinstance(value, list) or not value or not all(isinstance(each, Mapping) for each in value):
        return None
    if all({"role", "content"} <= set(each) for each in value):
        return [(str(each["role"]), _content(each)) for each in value]
    if all({"from", "value"} <= set(each) for each in value):
        return [(SHARE_ROLES.get(str(each["from"]), str(each["from"])), str(each["value"] or "")) for each in value]
    return None


def _content(turn: Mapping[str, Any]) -> str:
    content = turn["content"]
    if isinstance(content, list):
        content = " ".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return str(content or turn.get("tool_calls") or "")


def _conversations(rows: Sequence[Row], name: str, found: list[list[Turn] | None]) -> ChatFormat:
    first = next(row[name] for row, turns in zip(rows, found, strict=True) if turns is not None)
    share = isinstance(first, list) and "from" in first[0]
    known = [turns for turns in found if turns is not None]
    lengths = [sum(len(text) for _, text in turns) for turns in known]
    roles = Counter(role for turns in known for role, _ in turns)
    faults = Counter(fault for turns in found for fault in _faults(turns))
    stored = [f"stored as JSON text in {name}: read it with json.loads first"] if isinstance(first, str) else []
    return ChatFormat(
        "sharegpt" if share else "messages",
        (name,),
        len(rows),
        statistics.median(len(turns) for turns in known),
        (int(statistics.median(lengths)), max(lengths)),
        tuple(f"{role} {number}" for role, number in roles.most_common()),
        (*stored, *(f"{number} of {len(rows)}: {fault}" for fault, number in faults.most_common())),
    )


def _faults(turns: list[Turn] | None) -> list[str]:
    """What keeps one conversation from being trained on as it is."""
    if turns is None:
        return ["no conversation"]
    spoken = [role for role, _ in turns if role not in {"system", "developer"}]
    found = [f"unknown role {role!r}" for role in dict.fromkeys(role for role, _ in turns) if role not in ROLES]
    if "assistant" not in spoken:
        found.append("the assistant never speaks")
    elif spoken[-1] != "assistant":
        found.append(f"the last turn is the {spoken[-1]}'s, so nothing is learnt from it")
    if spoken and spoken[0] not in {"user", "developer"}:
        found.append(f"the {spoken[0]} begins")
    if any(role in {"system", "developer"} for role, _ in turns[1:]):
        found.append("a system turn stands behind the first")
    talk = [role for role in spoken if role in {"user", "assistant"}]
    if "tool" not in spoken and any(one == other for one, other in pairwise(talk)):
        found.append("one role speaks twice in a row")
    if any(not text.strip() for role, text in turns if role == "assistant"):
        found.append("an answer is empty")
    return found


def _preference(rows: Sequence[Row], lower: Mapping[str, str]) -> ChatFormat:
    chosen, rejected, prompt = lower["chosen"], lower["rejected"], lower.get("prompt")
    pairs = [(row.get(chosen), row.get(rejected)) for row in rows]
    faults: Counter[str] = Counter()
    lengths = []
    for one, other in pairs:
        turns, others = turns_of(one), turns_of(other)
        lengths.append(len(str(one or "")))
        if one == other:
            faults["chosen and rejected are the same"] += 1
        if not one or not other:
            faults["chosen or rejected is empty"] += 1
        if (turns is None) != (others is None):
            faults["one is a conversation, the other text"] += 1
        elif turns and others and prompt is None and turns[:-1] != others[:-1]:
            faults["the conversations differ before the last answer"] += 1
    conversational = turns_of(pairs[0][0]) is not None
    return ChatFormat(
        "preference_messages" if conversational else "preference",
        (*((prompt,) if prompt else ()), chosen, rejected),
        len(rows),
        None,
        (int(statistics.median(lengths)), max(lengths)),
        (),
        tuple(f"{number} of {len(rows)}: {fault}" for fault, number in faults.most_common()),
    )


def _texts(rows: Sequence[Row], kind: str, columns: list[str]) -> ChatFormat:
    lengths = [sum(len(str(row.get(name) or "")) for name in columns) for row in rows]
    needed = [columns[0], columns[-1]]
    empty = sum(any(not str(row.get(name) or "").strip() for name in needed) for row in rows)
    distinct = len({str([row.get(name) for name in columns]) for row in rows})
    faults = [f"{empty} of {len(rows)}: empty"] if empty else []
    faults += [f"{len(rows) - distinct} of {len(rows)}: the same as another row"] if distinct < len(rows) else []
    return ChatFormat(
        kind,
        tuple(columns),
        len(rows),
        None,
        (int(statistics.median(lengths)), max(lengths)),
        (),
        tuple(faults),
    )
