"""The metrics of one cell: what it prints, and what it logs through `toolkit.track`, which arrives while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from ..agent.metrics import Metric, better, metrics_in
from ..notebook.outputs import observation_text
from ..protocol import IOPubMessage, MetricLogged
from ..toolkit.track import MIME

MOST_PRINTED = 20
"""Metrics that are read from what one cell prints."""
MOST_TRACKED = 500
"""Logged values of one cell that are told; a training that logs each step reaches it."""
MOST_BYTES = 300_000


class _Logged(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=100)
    value: FiniteFloat
    split: str = Field(default="", max_length=50)
    step: int | None = None


class _Tracked(BaseModel):
    """One experiment as an output carries it. It comes from a cell, so nothing about it is sure."""

    model_config = ConfigDict(extra="ignore")

    experiment: str = Field(min_length=1, max_length=200)
    parameters: dict[str, str | int | float | bool | None] = Field(default={}, max_length=100)
    seconds: FiniteFloat | None = None
    metrics: list[_Logged] = Field(max_length=100)


class _Board(BaseModel):
    model_config = ConfigDict(extra="ignore")

    experiments: list[_Tracked] = Field(max_length=1000)


class Measuring:
    """Tells the metrics of the cell `cell_id` through `tell`, each value once."""

    def __init__(self, cell_id: str, tell: Callable[[MetricLogged], object]) -> None:
        self._cell_id, self._tell = cell_id, tell
        self._told: dict[tuple[str, str, str], tuple[float, int | None]] = {}
        self._left = MOST_TRACKED
        self.last: MetricLogged | None = None
        self.found: list[Metric] = []

    def message(self, message: IOPubMessage) -> None:
        """Tell what a message of the running cell logs."""
        data = message.content.get("data")
        if message.msg_type in ("display_data", "update_display_data") and isinstance(data, Mapping) and MIME in data:
            for metric in self._tracked(data[MIME]):
                place = (metric.experiment, metric.name, metric.split)
                if self._told.get(place) != (metric.value, metric.step) and self._left:
                    self._told[place] = (metric.value, metric.step)
                    self._left -= 1
                    self._emit(metric)

    def finish(self, outputs: list[dict[str, Any]], most: int) -> str:
        """Tell what the cell's outputs print, after the cell; returns all their text, of at most `most` characters."""
        plain = [each for each in outputs if MIME not in each.get("data", {})]
        for found in metrics_in(observation_text(plain, limit=most))[:MOST_PRINTED]:
            self._emit(
                MetricLogged(
                    cell_id=self._cell_id,
                    name=found.name,
                    value=found.value,
                    split=found.split,
                    better=better(found.name),
                )
            )
        return observation_text(outputs, limit=most)

    def _emit(self, metric: MetricLogged) -> None:
        self.last = metric
        self.found.append(Metric(metric.name, metric.value, metric.split, metric.experiment))
        self._tell(metric)

    def _tracked(self, data: Any) -> list[MetricLogged]:
        """The metrics of the experiments; none where the data is not what `track` writes."""
        if len(json.dumps(data, default=str)) > MOST_BYTES:
            return []
        try:
            board = _Board.model_validate(data)
        except ValidationError:
            return []
        return [
            MetricLogged(
                cell_id=self._cell_id,
                **each.model_dump(),
                better=better(each.name),
                experiment=tracked.experiment,
                parameters=tracked.parameters,
                seconds=tracked.seconds,
            )
            for tracked in board.experiments
            for each in tracked.metrics
        ]
