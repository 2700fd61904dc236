"""A person's words in mid-run, read as an amendment of the task."""

from __future__ import annotations

import re
from dataclasses import replace

from .metrics import metrics_in
from .names import find_column, normalised
from .state import State
from .task import TaskFacts, read_task

STAGE_OF = {
    "target": "load",
    "leave_out": "tidy",
    "metric": "baseline",
    "positive_class": "baseline",
    "probabilities": "baseline",
    "output": "predict",
    "seconds": "tune",
}
"""The first stage whose cell changes with each part of the task."""


def amend(state: State, words: str) -> list[str]:
    """Take over what `words` change in the task; returns which parts changed, named as in `STAGE_OF`."""
    old = state.facts
    heard = read_task(words)
    new = old
    columns = state.columns.get(state.train_file, [])
    if heard.metrics and metrics_in(words)[0] != old.metric:
        new = replace(new, metric=heard.metric, metrics=heard.metrics, kind=None)
    left_out = tuple(
        column for name in heard.leave_out if (column := find_column(name, columns)) and column not in old.leave_out
    )
    mentioned = _unwanted(words, columns)
    extra = tuple(dict.fromkeys(name for name in (*left_out, *mentioned) if name not in old.leave_out))
    if extra and state.target not in extra:
        new = replace(new, leave_out=(*old.leave_out, *extra))
    target = _target(heard, columns, words)
    if target and target != state.target and target not in new.leave_out:
        new = replace(new, target=target, target_hints=(target, *old.target_hints), target_quoted=True)
    if heard.probabilities and not old.probabilities:
        new = replace(new, probabilities=True)
    if old.probabilities and re.search(r"(?:not|no|instead of|rather than)\s+(?:the\s+)?probabilit", words, re.I):
        new = replace(new, probabilities=False)
    if heard.positive_class and heard.positive_class != old.positive_class:
        new = replace(new, positive_class=heard.positive_class)
    named = heard.output_file if heard.output_file != "predictions.csv" or "predictions.csv" in words else ""
    named = named or (heard.train_file if re.search(r"\b(?:writ|sav|call|nam|output|stor|put)\w*", words, re.I) else "")
    if named and named not in (old.output_file, old.train_file, old.predict_file):
        new = replace(new, output_file=named)
    if heard.output_columns and heard.output_columns != old.output_columns and not extra:
        new = replace(new, output_columns=heard.output_columns)
    if heard.seconds and heard.seconds != old.seconds:
        new = replace(new, seconds=heard.seconds)
    state.facts = new
    return _changes(old, new)


def _changes(old: TaskFacts, new: TaskFacts) -> list[str]:
    changed = [
        part
        for part in ("target", "leave_out", "metric", "positive_class", "probabilities", "seconds")
        if getattr(old, part) != getattr(new, part)
    ]
    if (old.output_file, old.output_columns) != (new.output_file, new.output_columns):
        changed.append("output")
    return changed


def _unwanted(words: str, columns: list[str]) -> list[str]:
    """Columns named in a sentence that says not to use something."""
    found = []
    for sentence in re.split(r"(?<=[.!?;])\s+|\n", words):
        match = re.search(
            r"\b(?:ignor\w*|drop\w*|exclud\w*|leav\w* out|omit\w*|remov\w*|without|(?:don['’]t|do not|never|not) "
            r"(?:be )?us\w*|leaks?|cheat\w*|giv\w+ (?:it|the \w+) away)\b",
            sentence,
            re.I,
        )
        if not match:
            continue
        flat = f" {_words(sentence)} "
        for column in columns:
            name = _words(column)
            if len(normalised(column)) > 1 and f" {name} " in flat:
                found.append(column)
    return found


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _target(heard: TaskFacts, columns: list[str], words: str) -> str:
    if not re.search(r"\b(?:target|predict\w*|forecast|estimate|classify|label)\b", words, re.I):
        return ""
    for hint in heard.target_hints:
        column = find_column(hint, columns)
        if column:
            return column
    return ""
