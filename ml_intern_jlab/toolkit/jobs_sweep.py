"""Many trials of one function as jobs: the first alone, the others side by side, in a table that fills."""

from __future__ import annotations

import html
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from . import track
from .jobs import Job, JobFailed, submit
from .jobs_spec import JobError

Direction = Literal["maximize", "minimize"]
POLL = 0.5


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, on a logarithmic scale where `log`; whole ones where both ends are."""

    low: float
    high: float
    log: bool = False


Space = Mapping[str, Sequence[Any] | Range]


@dataclass
class Trial:
    """One point of the search. `value` is its metric; None before its end, and for a trial that failed."""

    number: int
    parameters: dict[str, Any]
    job: Job | None = None
    state: str = "waiting"
    value: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    error: str = ""


class Sweep:
    """The trials of a sweep, in their order. `best` is the one with the best metric, None where all failed."""

    def __init__(self, name: str, metric: str, direction: Direction) -> None:
        self.name, self.metric, self.direction = name, metric, direction
        self.trials: list[Trial] = []

    @property
    def best(self) -> Trial | None:
        """The trial with the best metric so far."""
        done = [trial for trial in self.trials if trial.value is not None]
        sign = 1 if self.direction == "maximize" else -1
        return max(done, key=lambda trial: sign * (trial.value or 0.0), default=None)

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each trial."""
        import pandas as pd

        rows = [
            {"trial": each.number, **each.parameters, "state": each.state, self.metric: each.value} | each.metrics
            for each in self.trials
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        best = self.best
        lines = [f"Sweep over {len(self.trials)} trials, {self.direction} {self.metric}"]
        order = sorted(self.trials, key=lambda trial: (trial.value is None, self._rank(trial)))
        lines += [f"{trial.number}: {trial.parameters} {self._told(trial)}" for trial in order[:20]]
        if len(order) > 20:
            lines.append(f"… and {len(order) - 20} more")
        if best is not None:
            lines.append(f"best: {best.parameters} with {self.metric} {best.value:.6g}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The output that a notebook keeps; the trials that ended well reach the scoreboard."""
        experiments = [self._experiment(trial).facts for trial in self.trials if trial.value is not None]
        facts = {"version": track.VERSION, "experiments": experiments}
        return {track.MIME: facts, "text/html": self._repr_html_(), "text/plain": repr(self)}

    def _experiment(self, trial: Trial) -> track.Experiment:
        experiment = track.Experiment(f"{self.name} {trial.number}", trial.parameters)
        experiment.seconds = trial.seconds
        metrics = trial.metrics or {self.metric: trial.value or 0.0}
        experiment.metrics = {(name, ""): track.Metric(name, value) for name, value in metrics.items()}
        return experiment

    def _repr_html_(self) -> str:
        names = sorted({name for trial in self.trials for name in trial.parameters})
        heads = ["", *names, self.metric, "state", "s"]
        rows = []
        for trial in self.trials:
            cells = [
                str(trial.number),
                *(str(trial.parameters.get(name, "")) for name in names),
                "" if trial.value is None else f"{trial.value:.6g}",
                f"{trial.state}: {trial.error}" if trial.error else trial.state,
                "" if trial.seconds is None else f"{trial.seconds:.1f}",
            ]
            best = ' style="font-weight: bold"' if trial is self.best else ""
            rows.append(f"<tr{best}>" + "".join(f"<td>{html.escape(cell[:200])}</td>" for cell in cells) + "</tr>")
        head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

    def _rank(self, trial: Trial) -> float:
        return (trial.value or 0.0) * (-1 if self.direction == "maximize" else 1)

    def _told(self, trial: Trial) -> str:
        if trial.value is None:
            return f"{trial.state}. {trial.error}".strip(". ")
        return f"{self.metric} {trial.value:.6g}"


def sweep(
    work: Callable[..., Any],
    space: Space,
    *,
    metric: str,
    direction: Direction = "maximize",
    trials: int | None = None,
    parallel: int = 2,
    seed: int = 0,
    fixed: Mapping[str, Any] | None = None,
    **how: Any,
) -> Sweep:
    """Try a function with many parameters, each trial a job.

    The first trial runs alone: one that fails ends the sweep before the rest costs anything. The scoreboard has every
    trial that ended well.

    Args:
        work: as for `jobs.submit`; it returns the metric, or a dict that holds it.
        space: for each parameter the values to try, or a `Range`. Lists alone make a grid; a range, or fewer trials
            than the grid has points, is searched with optuna (extra `sweep`).
        metric: what the trials are judged by.
        direction: whether more of it is better.
        trials: how many; None: the whole grid.
        parallel: how many jobs at once, at most.
        seed: of the search.
        fixed: arguments that are the same in every trial.
        how: what else `jobs.submit` takes, such as `backend`, `timeout`, `files`. A `budget` holds for all together.

    Raises:
        JobFailed: the first trial failed.
        JobError: the space is empty, or needs optuna, which isn't installed.
    """
    search = _search(space, trials, direction, seed)
    count = search.count
    if budget := how.pop("budget", None):
        how["budget"] = budget / count
    found, shown = Sweep(work.__name__, metric, direction), track.Display()
    waiting = iter(range(count))
    running: list[Trial] = []

    def begin(number: int) -> None:
        trial = Trial(number, search.ask(number))
        found.trials.append(trial)
        # What the first trial shows and tests at home holds for the others.
        later = {"smoke": False, "quiet": True} if number else {}
        arguments = {**(fixed or {}), **trial.parameters}
        trial.job = submit(work, arguments, **{"name": f"{work.__name__}-{number}", **how, **later})
        running.append(trial)

    try:
        begin(next(waiting))
        while running:
            for trial in [each for each in running if _ended(each, metric)]:
                running.remove(trial)
                search.tell(trial)
                if trial.number == 0 and trial.value is None:
                    raise JobFailed(f"The first trial failed, so the sweep ended there. {trial.error}")
                if not track.in_notebook() and trial.value is not None:
                    print(f"{work.__name__} {trial.number}: {trial.parameters}, {metric} {trial.value:.6g}", flush=True)
            if found.trials[0].value is not None:
                for number in itertools.islice(waiting, max(0, parallel - len(running))):
                    begin(number)
            shown.show(found)
            if running:
                time.sleep(POLL)
    finally:
        for trial in running:
            if trial.job is not None:
                trial.job.cancel()
                trial.state = "cancelled"
        shown.show(found)
    return found


def _ended(trial: Trial, metric: str) -> bool:
    """Whether a trial has ended; what it came to is then written into it."""
    assert trial.job is not None
    status = trial.job.status()
    trial.state, trial.seconds = status.state, status.seconds
    if not status.ended:
        return False
    try:
        result = trial.job.wait(quiet=True)
    except JobError as error:
        trial.error = str(error)
        return True
    numbers = result if isinstance(result, dict) else {metric: result}
    trial.metrics = {
        name: float(value)
        for name, value in numbers.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    trial.value = trial.metrics.get(metric)
    if trial.value is None or trial.value != trial.value:
        trial.value = None
        trial.state, trial.error = "failed", f"It returned no number {metric!r}, but {str(result)[:100]}."
    return True


class _Search(Protocol):
    count: int

    def ask(self, number: int) -> dict[str, Any]: ...

    def tell(self, trial: Trial) -> None: ...


class _Grid:
    """All combinations, in their order."""

    def __init__(self, space: Mapping[str, Sequence[Any]]) -> None:
        self._points = [dict(zip(space, point, strict=True)) for point in itertools.product(*space.values())]
        self.count = len(self._points)

    def ask(self, number: int) -> dict[str, Any]:
        return self._points[number]

    def tell(self, trial: Trial) -> None:
        pass


class _Optuna:
    """Optuna's default sampler, which learns from the trials that ended."""

    def __init__(self, space: Space, count: int, direction: Direction, seed: int) -> None:
        try:
            import optuna
        except ImportError as error:
            raise JobError(
                'A search needs optuna: pip install "ml-intern-jlab[sweep]". A whole grid does not.'
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.count = count
        self._failed = optuna.trial.TrialState.FAIL
        self._study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=seed))
        self._space = {name: self._distribution(values) for name, values in space.items()}
        self._asked: dict[int, Any] = {}

    def ask(self, number: int) -> dict[str, Any]:
        self._asked[number] = self._study.ask(self._space)
        parameters: dict[str, Any] = self._asked[number].params
        return parameters

    def tell(self, trial: Trial) -> None:
        state = self._failed if trial.value is None else None
        self._study.tell(self._asked[trial.number], trial.value, state=state)

    @staticmethod
    def _distribution(values: Sequence[Any] | Range) -> Any:
        import optuna

        if not isinstance(values, Range):
            return optuna.distributions.CategoricalDistribution(list(values))
        if isinstance(values.low, int) and isinstance(values.high, int):
            return optuna.distributions.IntDistribution(values.low, values.high, log=values.log)
        return optuna.distributions.FloatDistribution(values.low, values.high, log=values.log)


def _search(space: Space, trials: int | None, direction: Direction, seed: int) -> _Search:
    lists = {name: values for name, values in space.items() if not isinstance(values, Range)}
    if empty := [name for name, values in lists.items() if not len(values)]:
        raise JobError(f"There is nothing to try for {', '.join(empty)}.")
    if not space or (trials is not None and trials < 1):
        raise JobError("A sweep needs at least one parameter and one trial.")
    grid = _Grid(lists) if len(lists) == len(space) else None
    if grid is not None and (trials is None or trials >= grid.count):
        return grid
    if trials is None:
        raise JobError("A sweep over a range needs the number of trials.")
    return _Optuna(space, trials, direction, seed)
