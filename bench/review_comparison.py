"""What other tools find on the review's corpus, in the same run: each is tried where it is on the PATH.

`ruff`, `pynblint` and `ml-leakproof` read; nbclient runs a sample of the notebooks (a few seconds each: starting a
kernel and importing), two at a time, in folders of their own, each for at most 20 s.
Tools name faults differently, so only this is counted: of the notebooks with a planted fault, how many does the tool
flag at all, and how many of the sound ones. A tool that flags both alike tells them apart no better than chance.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ml_intern_jlab.review.notebook_rules import review
from ml_intern_jlab.review.rerun.running import Limits, run_notebook
from ml_intern_jlab.review.rule import all_rules
from tests.review.corpus_loader import Sample, samples

Flagged = Callable[[Path], set[str]]
_PATIENCE = 900
_SECONDS_TO_RUN = 20
_KERNELS = 2


def compare(parts: tuple[str, ...], form: set[str], run: int) -> None:
    """Print the table. `form`: rules that don't count as ours; `run`: how many of each group nbclient runs, too."""
    every = [sample for part in parts for sample in samples(part)]
    areas = {rule.id: rule.area for rule in all_rules()}
    groups = {
        "evaluation": [each for each in every if "evaluation" in {areas[rule] for rule in each.expected}],
        "reproducibility": [each for each in every if "reproducibility" in {areas[rule] for rule in each.expected}],
        "sound": [each for each in every if not each.expected],
    }
    print(f"{'flagged notebooks':24}" + "".join(f"{name} ({len(group)})".rjust(22) for name, group in groups.items()))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for sample in every:
            (folder / f"{sample.name}.ipynb").write_text(json.dumps(_whole(sample)), encoding="utf-8")
        tools: dict[str, Flagged] = {"ruff": _ruff, "pynblint": _pynblint, "ml-leakproof": _leakproof}
        _print("ml-intern review", {each.name for each in every if _ours(each) - form}, groups)
        for name, tool in tools.items():
            if shutil.which(name):
                _print(name, tool(folder), groups)
            else:
                print(f"{name:24}isn't installed")
        if run:
            drawn = {name: _spread(group, run) for name, group in groups.items()}
            print(f"{'of a sample':24}" + "".join(f"({len(group)})".rjust(22) for group in drawn.values()))
            names = {each.name for group in drawn.values() for each in group}
            _print("nbclient (runs them)", _nbclient(folder, names), drawn)


def _spread(group: list[Sample], most: int) -> list[Sample]:
    """At most `most` of them, evenly spread."""
    return [group[place * len(group) // most] for place in range(most)] if len(group) > most else group


def _print(name: str, flagged: set[str], groups: dict[str, list[Sample]]) -> None:
    counts = [sum(each.name in flagged for each in group) for group in groups.values()]
    print(
        f"{name:24}"
        + "".join(
            f"{count} ({count / max(len(group), 1):.0%})".rjust(22)
            for count, group in zip(counts, groups.values(), strict=True)
        ),
        flush=True,
    )


def _whole(sample: Sample) -> dict[str, Any]:
    """The sample with what the format demands and the samples leave out."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {**sample.notebook, "metadata": {**sample.notebook["metadata"], "kernelspec": kernel}}


def _ours(sample: Sample) -> set[str]:
    return {finding.rule for finding in review(sample.notebook) if finding.severity != "note"}


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if not done.stdout:
        sys.stderr.write(done.stderr[-2000:])
    return done.stdout


def _ruff(folder: Path) -> set[str]:
    found = json.loads(_output("ruff", "check", "--isolated", "--output-format", "json", "--exit-zero", str(folder)))
    return {Path(each["filename"]).stem for each in found}


def _pynblint(folder: Path) -> set[str]:
    written = folder / "pynblint.json"
    _output("pynblint", "--yes", "--output", str(written), str(folder))
    found = json.loads(written.read_text(encoding="utf-8"))
    written.unlink()
    return {
        Path(each["notebook_metadata"]["notebook_name"]).stem for each in found["notebook_level_lints"] if each["lints"]
    }


def _leakproof(folder: Path) -> set[str]:
    found = json.loads(_output("ml-leakproof", "check", "--format", "json", str(folder)))
    return {Path(each["location"]["file"]).stem for each in found["findings"] if each["severity"] != "low"}


def _nbclient(folder: Path, names: set[str]) -> set[str]:
    """Those of the notebooks that fail when nbclient runs them; most because their data isn't there."""

    def fails(path: Path) -> bool:
        alone = folder / path.stem
        alone.mkdir()
        shutil.copy(path, alone)
        return bool(run_notebook(alone / path.name, Limits(seconds=_SECONDS_TO_RUN)).failed)

    paths = [folder / f"{name}.ipynb" for name in sorted(names)]
    with ThreadPoolExecutor(_KERNELS) as pool:
        return {path.stem for path, failed in zip(paths, pool.map(fails, paths), strict=True) if failed}
