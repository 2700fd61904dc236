"""Metrics of experiments, in two lines: they show as a table under the cell, and reach the panel's scoreboard.

    track.start("ridge", alpha=1.0)
    track.log(rmse=0.41, split="cv")

With a `project` the same goes to trackio (extra `track`), whose dashboard and history then have it too.
"""

from __future__ import annotations

import contextlib
import html
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["MIME", "Display", "Experiment", "finish", "log", "start"]

MIME = "application/vnd.ml-intern.metrics+json"
"""The media type in which a cell's output carries its experiments: data that is read, never run."""
VERSION = 1
MOST_SHOWN = 50
"""Metrics of one experiment that are kept; the latest value of each."""
PAUSE = 0.5
"""Seconds between two drawings of the same table."""


class Shown(Protocol):
    """What has a form for each reader."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]: ...


class Display:
    """One output of the cell that is drawn anew; outside a notebook it shows nothing."""

    def __init__(self) -> None:
        self._id = f"ml-intern-{uuid.uuid4().hex[:12]}"
        self._shown = False

    def show(self, thing: Shown) -> None:
        """Draw `thing`."""
        if not in_notebook():
            return
        from IPython.display import publish_display_data

        publish_display_data(thing._repr_mimebundle_(), transient={"display_id": self._id}, update=self._shown)
        self._shown = True


def in_notebook() -> bool:
    """Whether this code runs in a kernel, whose cells have outputs."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


@dataclass(frozen=True)
class Metric:
    """The latest value of one metric. `split` says on what it was measured, `step` how far training was."""

    name: str
    value: float
    split: str = ""
    step: int | None = None


class Experiment:
    """One attempt: its name, its parameters and the latest value of each metric.

    Args:
        name: what the scoreboard calls it.
        parameters: plain values.
        project: trackio's project on this machine, "" does without trackio.

    Raises:
        RuntimeError: a project is named and trackio isn't installed.
    """

    def __init__(self, name: str, parameters: Mapping[str, Any], project: str = "", table: Table | None = None) -> None:
        self.name, self.parameters = name, {key: _plain(value) for key, value in parameters.items()}
        self.metrics: dict[tuple[str, str], Metric] = {}
        self.seconds: float | None = None
        self._started = time.time()
        self._table = table
        self._tracker = _trackio(project, name, self.parameters) if project else None

    def log(
        self,
        metrics: Mapping[str, float] | None = None,
        *,
        step: int | None = None,
        split: str = "",
        seconds: float | None = None,
        **named: float,
    ) -> None:
        """Log numbers that belong together.

        Args:
            metrics: names and values; `named` are more of them.
            step: how far training was.
            split: on what they were measured, such as "cv", "hold-out" or "train"; "baseline" marks the experiment
                that the others are compared to.
            seconds: how long the experiment took; None: since it was started.

        Raises:
            TypeError: a value is no number.
        """
        values = {name: _number(name, value) for name, value in {**(metrics or {}), **named}.items()}
        self.seconds = time.time() - self._started if seconds is None else seconds
        for name, value in values.items():
            if len(self.metrics) < MOST_SHOWN or (name, split) in self.metrics:
                self.metrics[name, split] = Metric(name, value, split, step)
        if self._tracker is not None:
            prefix = f"{split}/" if split else ""
            self._tracker.log({f"{prefix}{name}": value for name, value in values.items()}, step=step)
        if self._table is not None:
            self._table.changed()
        else:
            where = f" ({split})" if split else ""
            print(self.name, *(f"{name}{where}: {value:.6g}" for name, value in values.items()), sep=" - ", flush=True)

    def finish(self) -> None:
        """No more numbers will come."""
        if self._tracker is not None:
            self._tracker.finish()
            self._tracker = None

    def __repr__(self) -> str:
        lines = [f"{self.name}({_given(self.parameters, '=')})"[:500]]
        for each in self.metrics.values():
            where = f" ({each.split})" if each.split else ""
            lines.append(f"  {each.name}{where}: {each.value:.6g}" + (f" at step {each.step}" if each.step else ""))
        return "\n".join(lines)

    @property
    def facts(self) -> dict[str, Any]:
        """What the media type `MIME` says of it."""
        return {
            "experiment": self.name,
            "parameters": self.parameters,
            "seconds": self.seconds,
            # JSON has no word for what is not finite.
            "metrics": [vars(each) for each in self.metrics.values() if math.isfinite(each.value)],
        }


class Table:
    """The experiments that one cell started, as one output."""

    def __init__(self) -> None:
        self.experiments: list[Experiment] = []
        self._display, self._drawn, self._stale = Display(), 0.0, False

    def changed(self) -> None:
        """Draw, unless that was only a moment ago."""
        self._stale = True
        if time.monotonic() - self._drawn > PAUSE:
            self.draw()

    def draw(self) -> None:
        """Show what changed since the last drawing."""
        if self._stale:
            self._stale, self._drawn = False, time.monotonic()
            self._display.show(self)

    def __repr__(self) -> str:
        lines = [repr(each) for each in self.experiments[:MOST_SHOWN]]
        more = len(self.experiments) - len(lines)
        return "\n".join([*lines, *([f"… and {more} more"] if more else [])])

    def _repr_html_(self) -> str:
        columns = list(dict.fromkeys(place for each in self.experiments for place in each.metrics))
        heads = ["experiment", "parameters", *(f"{name} ({split})" if split else name for name, split in columns)]
        rows = []
        for each in self.experiments:
            values = (each.metrics.get(place) for place in columns)
            cells = [each.name, _given(each.parameters, " = "), *(f"{it.value:.6g}" if it else "" for it in values)]
            rows.append("".join(f"<td>{html.escape(cell[:500])}</td>" for cell in cells))
        head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The output that a notebook keeps: for the panel, for people, and for the model."""
        facts = {"version": VERSION, "experiments": [each.facts for each in self.experiments]}
        return {MIME: facts, "text/html": self._repr_html_(), "text/plain": repr(self)}


def _given(parameters: Mapping[str, Any], between: str) -> str:
    return ", ".join(f"{name}{between}{value}" for name, value in parameters.items())


_current: list[Experiment] = []
_tables: list[Table] = []
"""All tables whose experiments may still change; the last one is the running cell's, where that has one."""
_open = False


def start(name: str, /, project: str = "", **parameters: Any) -> Experiment:
    """Begin an experiment; the one before it is finished. See `Experiment`."""
    finish()
    table = _table_of_the_cell() if in_notebook() else None
    experiment = Experiment(name, parameters, project, table)
    if table is not None:
        table.experiments.append(experiment)
    _current[:] = [experiment]
    return experiment


def log(metrics: Mapping[str, float] | None = None, /, **named: Any) -> None:
    """Log to the experiment that was started last; see `Experiment.log`.

    Raises:
        RuntimeError: none was started.
    """
    if not _current:
        raise RuntimeError('No experiment was started: begin with track.start("its name", parameter=value).')
    _current[0].log(metrics, **named)


def finish() -> None:
    """Finish the experiment that was started last, if there is one."""
    if _current:
        _current.pop().finish()


def _table_of_the_cell() -> Table:
    global _open
    if not _open:
        from IPython import get_ipython

        _open = True
        # Of the cells before, only the experiment that may go on needs its table.
        _tables[:] = [*_tables[-1:], Table()]
        events = get_ipython().events
        with contextlib.suppress(ValueError):
            events.unregister("post_run_cell", _after_cell)
        events.register("post_run_cell", _after_cell)
    return _tables[-1]


def _after_cell(result: Any) -> None:
    """Draw what was logged too soon after the last drawing; the next cell has a table of its own."""
    global _open
    _open = False
    for table in _tables:
        table.draw()


def _trackio(project: str, name: str, parameters: Mapping[str, Any]) -> Any:
    try:
        import trackio
    except ImportError as error:
        raise RuntimeError('A project needs trackio: pip install "ml-intern-jlab[track]".') from error
    return trackio.init(project=project, name=name, config=dict(parameters), embed=False)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"The metric {name} is {str(value)[:50]!r}, which is no number.") from None


def _plain(value: Any) -> str | int | float | bool | None:
    """What the wire takes of a parameter: a number, a short text."""
    if hasattr(value, "item") and not isinstance(value, str):
        with contextlib.suppress(ValueError, TypeError):
            value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float) or value is None else str(value)[:200]
