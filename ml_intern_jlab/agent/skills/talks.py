"""Which rows a language model could be tuned on, and by which method: told by the columns and the task's words."""

from __future__ import annotations

import ast
import re

from ...recipes.source import literal
from ..data_profile import DataProfile, Inspect

_SPEAKS_OF_IT = re.compile(
    r"\b(fine-?tun|finetun|sft|dpo|grpo|rlhf|rlvr|q?lora|peft|trl|language model|llm|instruct|preference"
    r"|chat ?(model|bot)|best[- ]of|pass@|majority|self-consist|rerank|reward|verifier|test-time|sampl)",
    re.I,
)
_NAMES_IT = re.compile(r"\b(sft|dpo|grpo|rlhf|rlvr|q?lora|trl|language model|llm)\b", re.I)
_ASKED = re.compile(r"^(?:prompt|question|problem|instruction|query|input)s?$", re.I)
_EXPECTED = re.compile(r"^(?:answer|solution|target|label|output|completion|response|reference|expected)s?$", re.I)
_BY_REWARD = re.compile(r"\b(grpo|rlvr|reinforce|reward|verifi)", re.I)
_FORMATS = (
    ("dpo", ("prompt", "chosen", "rejected")),
    ("dpo", ("chosen", "rejected")),
    ("sft", ("messages",)),
    ("sft", ("prompt", "completion")),
)
"""The columns that trl reads as they are, by method."""


def talk_facts(task: str, profile: DataProfile, inspect: Inspect, named: str) -> dict[str, object]:
    """What the templates may name of rows to tune a language model on; see `facts.template_facts`.

    `method` is "sft", "dpo", "grpo" or "" where no table suits; `talk_read` reads the table and `talk_columns` are what
    training needs of it; where they are a question and its answer, `asking` is true, and `talk_asked` and
    `talk_expected` name them. `asked`, `expected` and `asked_read` are the first table with questions and answers.

    Args:
        task: the person's words.
        profile: how the tables are read.
        inspect: runs a snippet in the kernel.
        named: the pretrained model that was named, "" for none: without one nothing is tuned.
    """
    facts: dict[str, object] = {"asked": "", "expected": "", "asked_read": ""}
    facts |= {"method": "", "talk_read": "", "talk_columns": [], "asking": False, "talk_asked": "", "talk_expected": ""}
    if not _SPEAKS_OF_IT.search(task):
        return facts
    for reading in profile.readings.values():
        columns = _columns(reading, inspect)
        asked = next((name for name in columns if _ASKED.match(name)), "")
        expected = next((name for name in columns if _EXPECTED.match(name)), "")
        if asked and expected and not facts["asked"]:
            facts |= {"asked": literal(asked), "expected": literal(expected), "asked_read": reading}
        if not facts["method"] and named and (profile.state is None or _NAMES_IT.search(task)):
            facts |= _suited(task, reading, columns, asked, expected)
    return facts


def _suited(task: str, reading: str, columns: list[str], asked: str, expected: str) -> dict[str, object]:
    """The method that a table's columns suit, and how; nothing where they suit none."""
    if asked and expected and _BY_REWARD.search(task):
        return _by_questions("grpo", reading, asked, expected)
    for method, wanted in _FORMATS:
        if set(wanted) <= set(columns):
            return {"method": method, "talk_read": reading, "talk_columns": list(wanted)}
    if asked and expected:
        return _by_questions("sft", reading, asked, expected)
    if "text" in columns and _NAMES_IT.search(task):
        return {"method": "sft", "talk_read": reading, "talk_columns": ["text"]}
    return {}


def _by_questions(method: str, reading: str, asked: str, expected: str) -> dict[str, object]:
    named = {"talk_columns": [asked, expected], "talk_asked": literal(asked), "talk_expected": literal(expected)}
    return {"method": method, "talk_read": reading, "asking": True, **named}


def _columns(reading: str, inspect: Inspect) -> list[str]:
    """The columns of a table, read in the kernel; none where it can't be read there."""
    code = f"import pandas as pd\nprint([str(name) for name in ({reading}).columns][:1000])"
    guarded = f"try:\n    exec({code!r}, {{}})\nexcept Exception as error:\n    print(type(error).__name__)"
    printed = inspect(f'__import__("builtins").exec({guarded!r}, {{}})').strip()
    try:
        found = ast.literal_eval(printed)
    except (ValueError, SyntaxError):
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
