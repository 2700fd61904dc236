"""The verdict of a second run: cell by cell, and for the whole notebook."""

from __future__ import annotations

import copy
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ..parsed_notebook import read_notebook
from .comparing import TOLERANCE, compare_outputs
from .leak_removal import WithoutLeak, removals
from .reseeding import Metric, Shift, reseeded, shifts
from .running import Limits, Ran, read_v4, run_notebook

Verdict = Literal["same", "tolerance", "different", "failed", "not_run", "no_record"]
WORDS: dict[Verdict, str] = {
    "same": "the same",
    "tolerance": "the same within tolerance",
    "different": "different",
    "failed": "failed",
    "not_run": "not run",
    "no_record": "ran; the notebook holds no run to compare with",
}
_WORST_FIRST: tuple[Verdict, ...] = ("failed", "different", "not_run", "tolerance", "same", "no_record")
OTHER_SEED = 20_241
LONGEST_DIFF = 4_000


@dataclass(frozen=True)
class CellVerdict:
    """What became of one code cell: `cell` counts all cells from 1, `diff` shows what is different."""

    cell: int
    cell_id: str
    verdict: Verdict
    detail: str = ""
    diff: str = ""


@dataclass(frozen=True)
class Rerun:
    """What came of running a notebook again. `shifts` are the metrics under another seed; `reseeded` how many seeds.

    `without_leaks` are the metrics beside those of the notebook rewritten without a leak.
    """

    verdict: Verdict
    seconds: float
    cells: list[CellVerdict] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    reseeded: int = 0
    note: str = ""
    without_leaks: list[WithoutLeak] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The whole in sentences: the verdict first, then how far the metrics moved."""
        number = Counter(cell.verdict for cell in self.cells)
        counted = ", ".join(f"{number[each]} {WORDS[each]}" for each in WORDS if number[each])
        lines = [f"Run again in {self.seconds:.1f} s: {WORDS[self.verdict]} ({counted or 'no code'})."]
        lines += [
            f"Cell {each.cell}: {each.metric} {each.first:.6g}; with another seed {each.second:.6g} "
            f"({each.second - each.first:+.2g})"
            for each in self.shifts
        ]
        if self.shifts and not self.reseeded:
            lines.append("The notebook sets no seed that could be changed: both runs were left to chance.")
        lines += [line for each in self.without_leaks for line in each.told]
        return lines + ([self.note] if self.note else [])


def rerun(
    path: Path,
    limits: Limits,
    *,
    tolerance: float = TOLERANCE,
    metrics_in: Callable[[str], Iterable[Metric]] | None = None,
    other_seed: bool = True,
    without_leaks: bool = False,
    progress: Callable[[], None] = lambda: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Rerun:
    """Run a notebook again and compare; with `metrics_in`, what its metrics are otherwise, too.

    Args:
        path: of the notebook.
        limits: of each run.
        tolerance: between two numbers, relative.
        metrics_in: the metrics that a text states.
        other_seed: run it a second time with another seed.
        without_leaks: run it once more for each leak that can be taken out mechanically.
        progress: called after each cell.
        stopped: whether it is to end now.

    Raises:
        NotebookUnavailable: it can't be run at all.
    """
    stored = read_v4(path).cells
    run = partial(run_notebook, path, limits, progress=progress, stopped=stopped)
    first = run()
    cells = [
        _verdict(number, old, first, tolerance)
        for number, old in enumerate(stored, 1)
        if old.cell_type == "code" and old.source.strip()
    ]
    found = {each.verdict for each in cells}
    overall: Verdict = next((verdict for verdict in _WORST_FIRST if verdict in found), "same")
    if metrics_in is None or first.failed:
        return Rerun(overall, first.seconds, cells)
    moved: list[Shift] = []
    seeds, note = 0, ""
    if other_seed:
        moved, seeds, note = _with_another_seed(run, first, metrics_in)
    compared = list(_without_leaks(path, run, first, metrics_in)) if without_leaks else []
    return Rerun(overall, first.seconds, cells, moved, seeds, note, compared)


def _without_leaks(
    path: Path, run: Callable[..., Ran], first: Ran, metrics_in: Callable[[str], Iterable[Metric]]
) -> Iterator[WithoutLeak]:
    for removal in removals(read_notebook(path)):
        second = run(change=removal.changed)
        about = (removal.rule, removal.cell, removal.what)
        if second.failed:
            yield WithoutLeak(*about, note=f"the rewritten cell {second.failed} failed: {second.reason}")
            continue
        moved = shifts(first.cells, second.cells, metrics_in)
        yield WithoutLeak(*about, moved, "" if moved else "it runs, and prints no metric that could be compared.")


def _with_another_seed(
    run: Callable[..., Ran], first: Ran, metrics_in: Callable[[str], Iterable[Metric]]
) -> tuple[list[Shift], int, str]:
    seeds = 0

    def change(source: str) -> str:
        nonlocal seeds
        source, replaced = reseeded(source, OTHER_SEED)
        seeds += replaced
        return source

    second = run(change=change)
    if second.failed:
        return [], seeds, f"With another seed cell {second.failed} failed: {second.reason}"
    return shifts(first.cells, second.cells, metrics_in), seeds, ""


def _verdict(number: int, stored: Any, ran: Ran, tolerance: float) -> CellVerdict:
    cell_id = str(stored.get("id") or f"cell {number}")
    if number == ran.failed:
        return CellVerdict(number, cell_id, "failed", ran.reason)
    if number > ran.reached:
        return CellVerdict(number, cell_id, "not_run", "An earlier cell ended the run.")
    if stored.get("execution_count") is None and not stored.get("outputs"):
        return CellVerdict(number, cell_id, "no_record")
    again = ran.cells[number - 1]
    compared = compare_outputs(stored.outputs, again.outputs, tolerance)
    diff = _diff(stored, again) if compared.sameness == "different" else ""
    return CellVerdict(number, cell_id, compared.sameness, compared.detail, diff)


def _diff(stored: Any, again: Any) -> str:
    """What is different between a cell's outputs: nbdime's words where it is installed, else a diff of the text."""
    try:
        from nbdime.diffing.notebooks import diff_notebooks
        from nbdime.prettyprint import PrettyPrintConfig, pretty_print_notebook_diff
    except ImportError:
        before, after = (_text(cell).splitlines() for cell in (stored, again))
        return "\n".join(unified_diff(before, after, "stored", "again", lineterm="", n=1))[:LONGEST_DIFF]
    from nbformat.v4 import new_notebook

    old, new = (copy.deepcopy(stored), copy.deepcopy(again))
    new.source, new.metadata, new.execution_count = old.source, old.metadata, old.execution_count
    one, other = new_notebook(cells=[old]), new_notebook(cells=[new])
    written = io.StringIO()
    config = PrettyPrintConfig(out=written, use_color=False, use_git=False, use_diff=False)
    pretty_print_notebook_diff("stored", "again", one, diff_notebooks(one, other), config)
    return "\n".join(written.getvalue().splitlines()[3:])[:LONGEST_DIFF].strip()


def _text(cell: Any) -> str:
    return "".join(
        each.get("text") or each.get("data", {}).get("text/plain") or f"{each.get('ename')}: {each.get('evalue')}\n"
        for each in cell.outputs
    )
