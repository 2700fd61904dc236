"""What follows from task and data together: the target, its kind, the metric, the split, the output's columns."""

from __future__ import annotations

import re

from .errors import GiveUp
from .metrics import Kind, kind_of, metric_named
from .names import find_column, find_in_phrase, nearest, normalised, offer
from .profile import Column
from .roles import number_mark
from .source import literal
from .state import SMALL, State

COMMON_TARGETS = ("target", "label", "class", "y", "outcome", "response")
TRUE_LABELS = ("1", "1.0", "true", "yes", "y", "t", "positive", "pos", "present", "success")


def find_target(state: State) -> str:
    """The training table's column that the task wants predicted.

    Raises:
        GiveUp: no column fits; the sentence offers the nearest names.
    """
    facts = state.facts
    columns = state.columns[state.train_file]
    test = state.columns.get(state.predict_file)
    lacking = [name for name in columns if test is not None and name not in test]
    for hint in facts.target_hints:
        column = find_column(hint, columns)
        if column:
            return column
    if facts.target_position is not None:
        return columns[facts.target_position]
    unwanted = {find_column(name, columns) for name in facts.leave_out}
    lacking = [name for name in lacking if name not in unwanted]
    if facts.target_quoted and not _speaks_of(facts.target, columns):
        raise GiveUp(
            f"{state.train_file} has no column “{facts.target}”; {offer(facts.target, columns)}. "
            "Name the column to predict as it is spelt in the file."
        )
    for hint in facts.target_hints:
        column = find_in_phrase(hint, lacking or columns)
        if column:
            return column
    if len(lacking) == 1:
        return lacking[0]
    for name in facts.output_columns:
        column = find_column(name, lacking)
        if column:
            return column
    for name in [*facts.target_hints, facts.text]:
        column = find_in_phrase(name, lacking) or (None if lacking else find_in_phrase(name, columns))
        if column:
            return column
    for name in COMMON_TARGETS:
        column = find_column(name, lacking or columns)
        if column:
            return column
    wanted = facts.target or "the target"
    raise GiveUp(
        f"No column of {state.train_file} is the one to predict as the task words it (“{wanted}”); "
        f"{offer(wanted, lacking or columns)}. Say for instance: predict "
        f"`{(nearest(wanted, lacking or columns) or (lacking or columns)[-1:])[0]}`."
    )


def _speaks_of(phrase: str, columns: list[str]) -> bool:
    return find_in_phrase(phrase, columns) is not None


def decide_kind(state: State) -> None:
    """Set the kind of the task (classes or numbers) and the spelling of its classes.

    Raises:
        GiveUp: there is nothing to predict, such as a target with one value.
    """
    column = state.profile.columns.get(state.target)
    facts = state.facts
    if column is None:
        raise GiveUp(f"The audit printed nothing about the column “{state.target}”, so the task can't be planned.")
    known = state.rows[state.train_file] - column.missing
    if known == 0:
        raise GiveUp(
            f"The column “{state.target}” has no values in {state.train_file}: there is nothing to learn from."
        )
    if column.distinct < 2:
        only = literal(next(iter(state.profile.target_counts), "one value"))
        raise GiveUp(
            f"Every row of {state.train_file} has the same “{state.target}” ({only}): with one class there is "
            "nothing to tell apart. Check that the file holds all classes."
        )
    if known < 6:
        raise GiveUp(
            f"{state.train_file} has only {known} rows with a known “{state.target}”: that is too few to learn "
            "from and to check. Add rows."
        )
    state.target_missing = column.missing > 0
    numeric = column.numeric
    state.target_mark = ""
    if not numeric and column.distinct > 10:
        mark = number_mark(column)
        if mark and facts.kind != "classification":
            numeric, state.target_mark = True, mark
    state.kind = _kind(state, numeric, column, known)
    state.target_low = column.low
    if state.kind == "classification" and (column.alike or column.distinct) > max(50, 0.5 * known) and known > 20:
        raise GiveUp(
            f"The column “{state.target}” has {column.distinct} different values in {known} rows: that is no "
            "class to predict. Name another target, or a metric for numbers (such as RMSE) if it is a number."
        )


def _kind(state: State, numeric: bool, column: Column, known: int) -> Kind:
    facts, distinct, whole = state.facts, column.distinct, column.whole
    if not numeric or distinct == 2:
        return "classification"
    if facts.metric:
        wanted = kind_of(facts.metric)
        if wanted == "classification" and (not whole or distinct > max(100, 0.2 * known)):
            return "regression"
        return wanted
    if facts.kind:
        return facts.kind if whole or facts.kind == "regression" else "regression"
    # Classes are few, each is seen more than once, and their codes lie close together unless they repeat a lot.
    close = column.high - column.low < 3 * distinct or known >= 20 * distinct
    return "classification" if whole and distinct <= min(10, known // 2) and close else "regression"


def set_classes(state: State, counts: dict[object, int]) -> None:
    """Keep the classes in scikit-learn's order, with their counts, and pick the positive one of two."""
    try:
        ordered = sorted(counts.items(), key=lambda pair: pair[0])  # type: ignore[arg-type,return-value]
    except TypeError:
        ordered = sorted(counts.items(), key=lambda pair: str(pair[0]))
    state.classes = [literal(label) for label, _ in ordered]
    state.class_texts = [str(label) for label, _ in ordered]
    state.class_counts = [count for _, count in ordered]
    state.positive = ""
    if len(ordered) == 2:
        state.positive = state.classes[_positive(state)]


def _positive(state: State) -> int:
    wanted = normalised(state.facts.positive_class)
    for position, text in enumerate(state.class_texts):
        if wanted and normalised(text) == wanted:
            return position
    folded = [text.casefold() for text in state.class_texts]
    true = [position for position, text in enumerate(folded) if text in TRUE_LABELS]
    if len(true) == 1:
        return true[0]
    named = [
        position
        for position, text in enumerate(state.class_texts)
        if re.search(rf"\b{re.escape(text)}\b", state.facts.text, re.I)
    ]
    if len(named) == 1:
        return named[0]
    return min((0, 1), key=lambda position: state.class_counts[position])


def choose_metric(state: State) -> None:
    """Set the metric: the one that the task names where it fits the target, else a sensible one."""
    facts = state.facts
    several = len(state.classes) > 2
    fitting = [name for name in facts.metrics if kind_of(name) == state.kind]
    if fitting:
        state.metric = metric_named(fitting[0], state.positive, several)
        return
    if facts.metrics:
        state.remarks.append(f"The task names {facts.metrics[0]}, which does not fit a target of this kind.")
    if state.kind == "regression":
        state.metric = metric_named("RMSE")
    elif facts.probabilities:
        state.metric = metric_named("ROC AUC" if not several else "log loss", state.positive, several)
    else:
        share = max(state.class_counts) / sum(state.class_counts) if state.class_counts else 0
        expected = 1 / max(2, len(state.class_counts))
        uneven = share > max(0.8, 2.5 * expected)
        state.metric = metric_named("macro F1" if uneven else "accuracy")


def plan_split(state: State) -> None:
    """Decide hold-out, folds, repeats and how many rows the models are compared on."""
    rows = state.n_rows
    state.holdout = rows >= SMALL or bool(state.time and rows >= 20)
    training = rows * 0.8 if state.holdout else rows
    state.stratify = state.kind == "classification"
    state.folds = 5
    if state.kind == "classification":
        rarest = int(min(state.class_counts) * (0.8 if state.holdout else 1))
        if rarest < 2 or (rarest < 3 and not state.needs_probabilities and max(state.class_counts) > 8):
            state.stratify = False
        else:
            state.folds = min(5, rarest)
    elif rows < 15:
        state.folds = 3
    state.repeats = 1 if training >= 1000 else 2 if training >= 120 else 3 if training >= 40 else 5
    if state.hurried:
        state.repeats = 1 if state.holdout else 2
    cap = 20_000
    if state.pixels or state.width > 300:
        cap = 4_000
    elif state.features.texts:
        cap = 10_000
    elif state.width > 80 or len(state.classes) > 10:
        cap = 8_000
    state.sampled = cap if training > 1.25 * cap and not (state.time or state.group) else 0


def resolve_output(state: State) -> None:
    """Confirm the names of the columns to write."""
    test = state.columns.get(state.predicted_file, [])
    wanted = list(state.facts.output_columns)
    if not wanted and state.sample_file:
        wanted = state.columns.get(state.sample_file, [])
    resolved = []
    for name in wanted:
        resolved.append(name if name == state.target else find_column(name, test) or name)
    state.output_columns = resolved
    state.output_id = ""
    named = find_column(state.facts.id_column, test) if state.facts.id_column else None
    if named:
        state.output_id = named
    else:
        for name, why in (state.roles.dropped or {}).items():
            if (name in test and "identifies a row" in why) or (name in test and "counts the rows" in why):
                state.output_id = name
                break
