"""Scores a file of predictions against the hidden answers of a task.

A task is a folder with `task.json`, `data/` (what the agent sees) and `answers.csv` (what it never sees). Scores are
floats in the metric's own unit; `share` relates one to the task's dummy and reference scores.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn import metrics

Direction = Literal["max", "min"]


class BadPredictions(Exception):
    """A prediction file that can't be scored; the message says what is wrong with it."""


@dataclass(frozen=True)
class Metric:
    """How a metric is computed: `needs` says what a prediction is, `direction` which way is better."""

    needs: Literal["label", "number", "probability"]
    direction: Direction
    compute: Callable[[Any, Any], float]


def _rmse(truth: Any, predicted: Any) -> float:
    return float(metrics.root_mean_squared_error(truth, predicted))


def _f1_macro(truth: Any, predicted: Any) -> float:
    return float(metrics.f1_score(truth, predicted, average="macro", zero_division=0))


METRICS: dict[str, Metric] = {
    "accuracy": Metric("label", "max", metrics.accuracy_score),
    "f1": Metric("label", "max", lambda truth, predicted: float(metrics.f1_score(truth, predicted, zero_division=0))),
    "f1_macro": Metric("label", "max", _f1_macro),
    "roc_auc": Metric("probability", "max", metrics.roc_auc_score),
    "rmse": Metric("number", "min", _rmse),
    "mae": Metric("number", "min", metrics.mean_absolute_error),
    "r2": Metric("number", "max", metrics.r2_score),
}
"""For `f1` and `roc_auc`, truth is 1 where the answer is the task's positive class, else 0."""


@dataclass(frozen=True)
class Task:
    """One task folder. `output_column` of `output_file` holds the predictions, beside `id_column` where one is named.

    `train_file` and `test_file` are names inside `data/`, `target` is the training column to predict. `direction`
    is the metric's; `dummy` and `reference` are scores on the hidden answers in the metric's unit.
    """

    name: str
    title: str
    kinds: list[str]
    task: str
    train_file: str
    test_file: str
    target: str
    output_file: str
    output_column: str
    id_column: str
    metric: str
    direction: Direction
    positive: str
    sep: str
    decimal: str
    source: str
    licence: str
    dummy: float
    reference: float
    folder: Path

    @property
    def answers(self) -> pd.DataFrame:
        """The hidden answers: the target, after the id column where the task has one, as text."""
        return pd.read_csv(self.folder / "answers.csv", dtype=str, keep_default_na=False)

    def share(self, value: float) -> float:
        """How much of the way from dummy (0) to reference (1) a score covers; not bounded."""
        return (value - self.dummy) / (self.reference - self.dummy)


def read_task(folder: Path) -> Task:
    """Read `task.json` of a task folder.

    Raises:
        FileNotFoundError: the folder has no `task.json`.
        TypeError: a field is missing or unknown.
    """
    return Task(**json.loads((folder / "task.json").read_text("utf-8")), folder=folder)


def read_tasks(folder: Path, names: list[str] | None = None) -> list[Task]:
    """Read all tasks below `folder`, or those named, in order of name.

    Raises:
        FileNotFoundError: a named task, or any task at all, is missing.
    """
    found = sorted(path.parent.name for path in folder.glob("*/task.json"))
    unknown = sorted(set(names or []) - set(found))
    if unknown or not found:
        raise FileNotFoundError(f"{folder} has no task {', '.join(unknown) or 'at all'}; it has {', '.join(found)}.")
    return [read_task(folder / name) for name in found if not names or name in names]


def _read_predictions(path: Path, column: str) -> pd.DataFrame:
    """The file as text; the separator is the one that stands in its first line."""
    if not path.is_file():
        raise BadPredictions(f"{path.name} was not written.")
    try:
        head = path.read_text("utf-8-sig").partition("\n")[0]
        sep = next((mark for mark in ";\t," if mark in head), "\t")
        frame = pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise BadPredictions(f"{path.name} can't be read as a table: {error}") from error
    frame.columns = frame.columns.str.strip()
    if column not in frame:
        raise BadPredictions(f"{path.name} has no column {column!r}; its columns are {', '.join(frame.columns)}.")
    return frame


def _aligned(frame: pd.DataFrame, answers: pd.DataFrame, task: Task) -> pd.Series:
    """The predictions in the order of the answers."""
    if len(frame) != len(answers):
        raise BadPredictions(f"{task.output_file} has {len(frame)} rows, {task.test_file} has {len(answers)}.")
    if not task.id_column:
        return frame[task.output_column]
    if task.id_column not in frame:
        raise BadPredictions(f"{task.output_file} lacks the column {task.id_column!r} that the task asked for.")
    ids = frame[task.id_column].str.strip()
    if sorted(ids) != sorted(answers[task.id_column]):
        raise BadPredictions(f"The {task.id_column!r} values of {task.output_file} are not those of {task.test_file}.")
    return frame[task.output_column].set_axis(ids).loc[answers[task.id_column]]


def _numbers(values: pd.Series, what: str) -> np.ndarray[Any, Any]:
    """The values as floats; a file that has decimal commas can't have commas between its columns."""
    text = values.str.strip().str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(float)
    bad = int((~np.isfinite(numbers)).sum())
    if bad:
        raise BadPredictions(f"{bad} of {len(numbers)} values of {what} are no numbers.")
    return numbers


def _labels(values: pd.Series) -> np.ndarray[Any, Any]:
    """Labels as text, numbers in one spelling, so that 1, 1.0 and "1" are the same class."""
    text = values.str.strip()
    numbers = pd.to_numeric(text, errors="coerce")
    return np.where(numbers.notna(), numbers.map("{:g}".format), text)


def score(path: Path, task: Task) -> float:
    """The score of the prediction file at `path` in the unit of the task's metric.

    Raises:
        BadPredictions: the file is missing, unreadable, of another length or form than the task asked for.
    """
    answers = task.answers
    predicted = _aligned(_read_predictions(path, task.output_column), answers, task)
    truth, what, metric = answers[task.target], f"{task.output_column!r}", METRICS[task.metric]
    if (predicted.str.strip() == "").any():
        raise BadPredictions(f"{(predicted.str.strip() == '').sum()} of {len(predicted)} values of {what} are empty.")
    if metric.needs == "number":
        return float(metric.compute(_numbers(truth, "the answers"), _numbers(predicted, what)))
    true_labels = _labels(truth)
    if metric.needs == "label":
        labels = _labels(predicted)
        unknown = sorted(set(labels) - set(true_labels))
        if len(unknown) and not set(labels) & set(true_labels):
            raise BadPredictions(f"No value of {what} is one of the classes; the first is {unknown[0]!r}.")
        if task.positive:
            return float(metric.compute(true_labels == task.positive, labels == task.positive))
        return float(metric.compute(true_labels, labels))
    chances = _numbers(predicted, what)
    if chances.min() < 0 or chances.max() > 1:
        raise BadPredictions(f"The values of {what} are no probabilities: {chances.min():g} to {chances.max():g}.")
    return float(metric.compute(true_labels == task.positive, chances))
