"""The rows of datasets, as the dataset viewer describes them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Split:
    """The rows of one split of one configuration.

    Attributes:
        classes: the names of the classes of columns that hold labels.
    """

    rows: list[dict[str, Any]]
    classes: dict[str, list[str]] = field(default_factory=dict)

    def features(self) -> dict[str, Any]:
        """The type of each column, read from its first values."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        return {
            name: {"names": self.classes[name], "_type": "ClassLabel"}
            if name in self.classes
            else _feature(next((row[name] for row in self.rows if row.get(name) is not None), None))
            for name in names
        }

    def listed_features(self) -> list[dict[str, Any]]:
        """The same, as the viewer lists them beside rows."""
        return [
            {"feature_idx": at, "name": name, "type": kind} for at, (name, kind) in enumerate(self.features().items())
        ]

    def page(self, offset: int, length: int) -> list[dict[str, Any]]:
        """Some rows with their numbers."""
        part = self.rows[offset : offset + length]
        return [{"row_idx": offset + at, "row": row, "truncated_cells": []} for at, row in enumerate(part)]

    def statistics(self) -> list[dict[str, Any]]:
        """What each column holds."""
        return [
            {"column_name": name, **_column([row.get(name) for row in self.rows], self.classes.get(name))}
            for name in self.features()
        ]


def _feature(value: Any) -> Any:
    if isinstance(value, bool):
        return {"dtype": "bool", "_type": "Value"}
    if isinstance(value, int):
        return {"dtype": "int64", "_type": "Value"}
    if isinstance(value, float):
        return {"dtype": "float64", "_type": "Value"}
    if isinstance(value, list):
        return [_feature(value[0] if value else None)]
    if isinstance(value, dict):
        if {"src", "height", "width"} <= set(value):
            return {"_type": "Image"}
        return {name: _feature(each) for name, each in value.items()}
    return {"dtype": "string", "_type": "Value"}


def _column(values: list[Any], classes: list[str] | None) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    missing = {"nan_count": len(values) - len(known), "nan_proportion": 1 - len(known) / len(values) if values else 0}
    if classes:
        counts = {name: known.count(at) for at, name in enumerate(classes)}
        told = {**missing, "no_label_count": 0, "n_unique": len(classes), "frequencies": counts}
        return {"column_type": "class_label", "column_statistics": told}
    if known and all(isinstance(value, str) for value in known):
        if len(set(known)) <= 10 < len(known):
            counts = {name: known.count(name) for name in sorted(set(known))}
            told = {**missing, "n_unique": len(counts), "frequencies": counts}
            return {"column_type": "string_label", "column_statistics": told}
        return {"column_type": "string_text", "column_statistics": {**missing, **_numbers([len(v) for v in known])}}
    if known and all(isinstance(value, int | float) for value in known):
        kind = "int" if all(isinstance(value, int) for value in known) else "float"
        return {"column_type": kind, "column_statistics": {**missing, **_numbers(known)}}
    if known and all(isinstance(value, list) for value in known):
        return {"column_type": "list", "column_statistics": {**missing, **_numbers([len(v) for v in known])}}
    return {"column_type": "string_text", "column_statistics": missing}


def _numbers(values: list[Any]) -> dict[str, float]:
    return {
        "min": min(values),
        "max": max(values),
        "mean": statistics.fmean(values),
        "median": statistics.median(values),
        "std": statistics.pstdev(values),
    }
