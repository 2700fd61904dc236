"""What a table to be made is, and the ways of splitting one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

Split = tuple[pd.DataFrame, pd.DataFrame]
UCI = "CC BY 4.0 (UCI Machine Learning Repository)"


@dataclass(frozen=True)
class Table:
    """One task to be made. `load` gives training and test rows, both with the target.

    `train_only` columns are taken out of the visible test rows, as the target is. `positive` is the class that `f1`
    and `roc_auc` are about. `model` makes the unfitted reference.
    """

    name: str
    title: str
    kinds: list[str]
    task: str
    target: str
    metric: str
    source: str
    licence: str
    load: Callable[[], Split]
    model: Callable[[], Any]
    train_file: str = "train.csv"
    test_file: str = "test.csv"
    output_file: str = "predictions.csv"
    output_column: str = ""
    id_column: str = ""
    positive: str = ""
    train_only: tuple[str, ...] = ()
    sep: str = ","
    decimal: str = "."


def shuffled(frame: pd.DataFrame, test_share: float, *, by: str = "", rows: int = 0) -> Split:
    """A random split, stratified `by` a column; `rows` first takes a sample of the table."""
    if rows and rows < len(frame):
        frame = frame.sample(rows, random_state=7)
    train, test = train_test_split(frame, test_size=test_share, random_state=7, stratify=frame[by] if by else None)
    return train, test


def numbered(frame: pd.DataFrame, column: str, start: int) -> pd.DataFrame:
    """The table with running numbers as its first column."""
    numbered_frame = frame.reset_index(drop=True)
    numbered_frame.insert(0, column, np.arange(start, start + len(frame)))
    return numbered_frame
