"""Reads a task: which files, which column, which metric, what to write. Pure text; the data confirm the names later."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from .metrics import Kind, kind_of, metrics_in
from .task_columns import NOT_A_NAME, column_lists, id_column, left_out, position_named, target_hints
from .task_files import file_roles, mentions_in
from .wording import NAME

_STRAIGHT = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x201E: '"', 0xAB: '"', 0xBB: '"'}
"""Typographic quotes and their plain forms."""


@dataclass(frozen=True)
class TaskFacts:
    """What a task's words say. Empty strings and tuples mean that it doesn't say.

    `target` is the best reading, `target_hints` are all readings, best first; `target_quoted` says that the person
    spelt the name out. `target_position` is 0 for "the first column", -1 for "the last". `metric` is the chief one of
    `metrics`. `output_file` is `predictions.csv` where predictions of some file are asked for without naming one.
    `seconds` is the person's time budget. `refusal` explains why the recipes can't do such a task.
    """

    text: str
    target: str = ""
    target_quoted: bool = False
    target_hints: tuple[str, ...] = ()
    target_position: Literal[0, -1] | None = None
    train_file: str = ""
    predict_file: str = ""
    output_file: str = ""
    sample_file: str = ""
    other_files: tuple[str, ...] = ()
    output_columns: tuple[str, ...] = ()
    id_column: str = ""
    probabilities: bool = False
    metric: str = ""
    metrics: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    leave_out_quoted: tuple[str, ...] = ()
    positive_class: str = ""
    seconds: float | None = None
    kind: Kind | None = None
    forecast: bool = False
    refusal: str = ""


def read_task(text: str) -> TaskFacts:
    """Read a task as a person wrote it; looks at no file."""
    text = text.translate(_STRAIGHT)
    files, masked = mentions_in(text)
    roles = file_roles(text, files)
    metrics = metrics_in(masked)
    hints, quoted = target_hints(masked)
    lists = column_lists(masked)
    leave_out, leave_out_quoted = left_out(masked)
    hints = tuple(hint for hint in hints if hint.casefold() not in {name.casefold() for name in leave_out})
    facts = TaskFacts(
        text=text,
        train_file=roles.train,
        predict_file=roles.predict,
        output_file=roles.output,
        sample_file=roles.sample,
        other_files=roles.others,
        target=hints[0] if hints else "",
        target_quoted=quoted and bool(hints),
        target_hints=hints,
        target_position=position_named(masked),
        output_columns=lists,
        id_column=id_column(masked),
        probabilities=_wants_probabilities(masked),
        metric=metrics[0] if metrics else "",
        metrics=metrics,
        leave_out=leave_out,
        leave_out_quoted=leave_out_quoted,
        positive_class=_positive_class(masked),
        seconds=_seconds(masked),
        kind=_kind(masked, metrics),
        forecast=bool(
            re.search(r"\bforecast|\bfuture\b|\bnext (?:\w+ )?(?:days?|weeks?|months?|years?)\b", masked, re.I)
        ),
    )
    return replace(facts, refusal=_refusal(facts, masked))


# --- what the predictions look like -----------------------------------------------------------------------------


def _wants_probabilities(masked: str) -> bool:
    words = re.search(
        r"(?P<no>(?:not|no|instead of|rather than)\s+(?:the\s+)?)?\b(?:probabilit(?:y|ies)|predict_proba|"
        r"likelihoods?|chances? (?:of|that)|how (?:likely|probable)|(?:between|from) 0 (?:and|to) 1)\b",
        masked,
        re.I,
    )
    return bool(words and not words.group("no"))


def _positive_class(masked: str) -> str:
    for pattern in (
        rf"\bpositive\s+(?:class|label|outcome|case)\s*(?:is|=|:|being)?\s*(?:the\s+)?(?:class\s+|label\s+)?{NAME}",
        rf"{NAME}\s+(?:is|as|being)\s+(?:the\s+)?positive\b",
        rf"\bprobabilit(?:y|ies)\s+(?:of|for)\s+(?:the\s+)?(?:class\s+|label\s+|value\s+|being\s+)?{NAME}",
        rf"\bprobabilit(?:y|ies)\s+that\s+[^.!?\n]{{0,60}}\b(?:is|equals|=|be)\s+{NAME}",
    ):
        match = re.search(pattern, masked, re.I)
        if match:
            name = match.group("quoted") or match.group("bare")
            if name.casefold() not in NOT_A_NAME | {"positive", "class"}:
                return name
    return ""


_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "half a": 0.5}


def _seconds(masked: str) -> float | None:
    match = re.search(
        r"\b(?:within|under|at most|no more than|not more than|budget(?: of| is|:)?|up to|less than|limit(?: of| is|:)?"
        r"|"
        r"maximum(?: of)?|max\.?|in)\s+(?:about\s+)?(\d+(?:\.\d+)?|half a|an?|one|two|three|four|five|ten)\s*"
        r"(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b",
        masked,
        re.I,
    )
    if not match:
        return None
    number = _NUMBERS.get(match.group(1).lower()) or float(match.group(1))
    return float(number * {"s": 1, "m": 60, "h": 3600}[match.group(2)[0].lower()])


def _kind(masked: str, metrics: tuple[str, ...]) -> Kind | None:
    """Classes or numbers: the metric decides; failing that the words."""
    if metrics:
        return kind_of(metrics[0])
    if re.search(
        r"\bclassif|\bcategor(?:y|ise|ize)|\bwhether\b|\bwhich (?:class|kind|type|species|group)|\bclass\b|"
        r"\bdetect (?:spam|fraud)|\bprobabilit",
        masked,
        re.I,
    ):
        return "classification"
    if re.search(
        r"\bregress|\bhow (?:much|many|long|old|far)\b|\bcontinuous|\bforecast|\bnumeric(?:al)? (?:value|target)",
        masked,
        re.I,
    ):
        return "regression"
    return None


_OTHER_TASKS = re.compile(
    r"fine[\s-]?tun|\bllms?\b|language models?\b|\bgpt|\btransformers?\b|\bsummari[sz]|\btranslat|\bchat\s?bot|"
    r"\bscrap(?:e|ing)\b|question[\s-]answering|object detection|segmentation|\bspeech\b|\baudio\b|\bvideos?\b|"
    r"\breinforcement|\bessay\b|\bpoem\b|\bweb ?app\b|\bdashboard\b|\bcluster(?:ing|s)?\b|\bpretrain|\bdiffusion\b|"
    r"\bembedding|\bLoRA\b|\brecommender\b|generate (?:text|images?|a )|\bdeploy",
    re.I,
)


def _refusal(facts: TaskFacts, masked: str) -> str:
    """Why the recipes can't do this, or an empty string. A named table and a wish to predict speak for them."""
    if not facts.text.strip():
        return "The task is empty: say what to predict, and from which file."
    other = _OTHER_TASKS.search(masked)
    predicts = re.search(r"\b(?:predict|forecast|classif|estimat|regress|target)", masked, re.I)
    tables = facts.train_file and not facts.train_file.lower().endswith((".txt", ".json", ".jsonl"))
    if other and not (predicts and (tables or facts.target_quoted)):
        return f"The task speaks of “{other.group(0).strip()}” and names no table with a column to predict."
    return ""
