"""What the data are, found by the recipes' own first stages, whose cells run silently and leave no name there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..recipes.decisions import plan_split, resolve_output
from ..recipes.errors import GiveUp, Restart
from ..recipes.flow import Run
from ..recipes.loading import look_source
from ..recipes.sniff import read_arguments, read_looks
from ..recipes.stages import STAGE_FUNCTIONS
from ..recipes.state import State
from ..recipes.task import TaskFacts
from ..recipes.turns import Outcome
from .answers import SPLIT, short_answer

PLACE = "_ml_intern_profile"
FAILED = "ml_intern_profile_failed"
MAX_BYTES = 150_000_000
"""Larger files aren't read a second time just to be looked at."""
MAX_CELLS = 25
_LISTED = re.compile(r"^(?! )(?P<path>.+) \((?P<size>[\d,]+) bytes\)$", re.M)
_PREDICTS = re.compile(r"\b(?:predict|forecast|classif|regress|train|learn|model|impute|estimat)", re.I)
_TRAINS = re.compile(r"(?:^|[.!?] +)Train|\btrain|(?i:\b(?:classif|cross[- ]?valid|learn|model))")
"""What is more than a figure of the data, such as the slope of a line."""
_TABLE = re.compile(r"\.(csv|tsv|tab|parquet|feather|jsonl?|xlsx?)(\.gz)?$", re.I)

Inspect = Callable[[str], str]
"""Runs a snippet silently in the kernel and returns what it printed."""


@dataclass(frozen=True)
class DataProfile:
    """What is known of the data.

    `readings` has the expression that reads each table, such as `pd.read_csv("a.csv", sep=";")`. `state` is what the
    recipes learnt of a task to predict; None where it is none, or where they gave up, which `trouble` then explains.
    """

    readings: dict[str, str] = field(default_factory=dict)
    state: State | None = None
    trouble: str = ""


def profile_data(facts: TaskFacts, listing: str, inspect: Inspect) -> DataProfile:
    """Look at the tables that the task speaks of; of a task to predict, find target, kind and columns.

    Args:
        facts: what the task's words say.
        listing: the files there, as `snippets/look_at_files.py` prints them.
        inspect: runs a snippet in the kernel.
    """
    sizes = {found["path"]: int(found["size"].replace(",", "")) for found in _LISTED.finditer(listing)}
    if any(sizes.get(name, 0) > MAX_BYTES for name in (facts.train_file, facts.predict_file)):
        return DataProfile(trouble="The files are too large to be read twice.")
    readings = _readings(facts, sizes, inspect)
    # Who says how the rows are to be split wants that figure, and no better model.
    asks = SPLIT.search(facts.text) or (short_answer(facts.text) and not (facts.metric or _TRAINS.search(facts.text)))
    asks = asks and not facts.output_file
    predicts = facts.predict_file or (_PREDICTS.search(facts.text) and not asks)
    if facts.refusal or not facts.train_file or not predicts:
        return DataProfile(readings, trouble=facts.refusal or "The task names no column to predict.")
    run = Run(facts)
    try:
        with _place(inspect):
            for stage in ("look", "load", "audit", "tidy"):
                run.stage = stage
                _drive(run, stage, inspect)
        plan_split(run.state)
        resolve_output(run.state)
    except (GiveUp, Restart) as trouble:
        return DataProfile(readings, trouble=str(trouble))
    return DataProfile(readings, run.state)


def _readings(facts: TaskFacts, sizes: dict[str, int], inspect: Inspect) -> dict[str, str]:
    """How to read the tables that the task names, or where it names none, those that lie there."""
    tables = [name for name, size in sizes.items() if _TABLE.search(name) and size <= MAX_BYTES]
    named = [name for name in tables if name in facts.text or name.rsplit("/", 1)[-1] in facts.text]
    wanted = (named or tables)[:4]
    if not wanted:
        return {}
    with _place(inspect):
        looks, _ = read_looks(_run_in_place(look_source(wanted), inspect)[1])
    return {look.name: read_arguments(look).call(look.name) for look in looks if not look.missing and not look.trouble}


def _drive(run: Run, stage: str, inspect: Inspect) -> None:
    """Run a stage to its end: each of its cells silently, its outcome sent back."""
    flow = STAGE_FUNCTIONS[stage](run)
    try:
        cell = next(flow)
        for _ in range(MAX_CELLS):
            done, printed = _run_in_place(cell.source, inspect)
            cell = flow.send(Outcome("done" if done else "failed", printed))
    except StopIteration:
        return
    raise GiveUp("The data could not be profiled in a bounded number of looks.")


def _run_in_place(source: str, inspect: Inspect) -> tuple[bool, str]:
    """Run a cell in the namespace of the profile; returns whether it went through, and what it printed."""
    code = (
        f"import sys, warnings\nspace = sys.modules[{PLACE!r}].__dict__\n"
        f"try:\n    with warnings.catch_warnings():\n        warnings.simplefilter('ignore')\n"
        f"        exec({source!r}, space)\n"
        f"except Exception as error:\n    print(f'{{type(error).__name__}}: {{error}}'[:2000])\n    print({FAILED!r})\n"
    )
    printed = inspect(f'__import__("builtins").exec({code!r}, {{}})')
    return FAILED not in printed, printed.replace(FAILED, "").strip()


@contextmanager
def _place(inspect: Inspect) -> Iterator[None]:
    """A namespace in the kernel that the profile's cells share, away from the person's own."""
    inspect(f'__import__("sys").modules[{PLACE!r}] = __import__("types").ModuleType({PLACE!r})')
    try:
        yield
    finally:
        inspect(f'__import__("sys").modules.pop({PLACE!r}, None)\n__import__("gc").collect()')
