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
from typing import Any

__all__ = ["MIME", "Display", "Experiment", "finish", "log", "start"]

MIME = "application/vnd.ml-intern.metrics+json"
"""The media type in which a cell's output carries its experiments: data that is read, never run."""
VERSION = 1
MOST_SHOWN = 50
"""Metrics of one experiment that are kept; the latest value of each."""
PAUSE = 0.5
"""Seconds between two drawings of the same table."""


class Display:
    """One output of the cell that is drawn anew; outside a notebook it shows nothing."""

    def __init__(self) -> None:
        self._id = f"ml-intern-{uuid.uuid4().hex[:12]}"
        self._shown = False

    def show(self, thing: Any) -> None:
        """Draw `thing`, as IPython's `display` would."""
        if not in_notebook():
            return
        from IPython.core.formatters import format_display_data
        from IPython.display import publish_display_data

        data = thing._data() if isinstance(thing, Experiment) else format_display_data(thing)[0]
        publish_display_data(data, transient={"display_id": self._id}, update=self._shown)
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

    def __init__(self, name: str, parameters: Mapping[str, Any], project: str = "") -> None:
        self.name, self.parameters = name, {key: _plain(value) for key, value in parameters.items()}
        self.metrics: dict[tuple[str, str], Metric] = {}
        self.seconds: float | None = None
        self._started = time.time()
        self._display, self._drawn = Display(), 0.0
        self._tracker = _trackio(project, name, self.parameters) if project else None
        self._dirty = False

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
        self._dirty = True
        if not in_notebook():
            where = f" ({split})" if split else ""
            print(self.name, *(f"{name}{where}: {value:.6g}" for name, value in values.items()), sep=" - ", flush=True)
        elif time.monotonic() - self._drawn > PAUSE:
            self.draw()

    def draw(self) -> None:
        """Show what was logged since the last drawing."""
        if self._dirty:
            self._dirty, self._drawn = False, time.monotonic()
            self._display.show(self)

    def finish(self) -> None:
        """No more numbers will come."""
        self.draw()
        if self._tracker is not None:
            self._tracker.finish()
            self._tracker = None

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        lines = [f"{self.name}({given})"[:500]]
        for each in self.metrics.values():
            where = f" ({each.split})" if each.split else ""
            lines.append(f"  {each.name}{where} {each.value:.6g}" + (f" at step {each.step}" if each.step else ""))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        given = ", ".join(f"{name} = {value}" for name, value in self.parameters.items())
        rows = "".join(
            f"<tr><td>{html.escape(each.name)}</td><td>{html.escape(each.split)}</td><td>{each.value:.6g}</td>"
            f"<td>{'' if each.step is None else each.step}</td></tr>"
            for each in self.metrics.values()
        )
        head = "<tr><th>metric</th><th>on</th><th>value</th><th>step</th></tr>"
        caption = f"<b>{html.escape(self.name)}</b> {html.escape(given[:500])}"
        return f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"

    def _data(self) -> dict[str, Any]:
        """The output that a notebook keeps: for the panel, for people, and for the model."""
        facts = {
            "version": VERSION,
            "experiment": self.name,
            "parameters": self.parameters,
            "seconds": self.seconds,
            # JSON has no word for what is not finite.
            "metrics": [vars(each) for each in self.metrics.values() if math.isfinite(each.value)],
        }
        return {MIME: facts, "text/html": self._repr_html_(), "text/plain": repr(self)}


_current: list[Experiment] = []


def start(name: str, /, project: str = "", **parameters: Any) -> Experiment:
    """Begin an experiment; the one before it is finished. See `Experiment`."""
    finish()
    experiment = Experiment(name, parameters, project)
    _current[:] = [experiment]
    _draw_after_cells()
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


def _draw_after_cells() -> None:
    """Draw at the end of each cell what was logged too soon after the last drawing."""
    if in_notebook():
        from IPython import get_ipython

        events = get_ipython().events
        with contextlib.suppress(ValueError):
            events.unregister("post_run_cell", _after_cell)
        events.register("post_run_cell", _after_cell)


def _after_cell(result: Any) -> None:
    for experiment in _current:
        experiment.draw()


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
