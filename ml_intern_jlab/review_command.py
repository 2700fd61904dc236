"""`jupyter ml-intern review` and `strip`: what the rules find in notebooks, for a person, a code host or a hook."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

CLEAN, FOUND, WRONG_USE = 0, 1, 2
_FEW = 4
_MOST_FIXES = 100
_AT_OR_ABOVE = {"error": ("error",), "warning": ("error", "warning"), "never": ()}


def add_review_parser(commands: Any) -> None:
    """Register the command with the subparsers of `jupyter ml-intern`."""
    parser = commands.add_parser(
        "review",
        help="say what is wrong with notebooks, without running them",
        description="Reviews notebooks by rules; executes nothing, needs no model and no network. Exit status: "
        "0 clean, "
        "1 findings at or above --fail-on, 2 wrong use.",
    )
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="a notebook, or a folder of them")
    parser.add_argument(
        "--format", choices=["text", "json", "html", "md", "sarif"], default="text", help="of the report"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the report goes (default: stdout)")
    parser.add_argument("--fail-on", choices=list(_AT_OR_ABOVE), default="error", help="what makes the exit status 1")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: one for each core)")
    parser.add_argument(
        "--fix", action="store_true", help="mend in the files what needs no judgement; a mended cell loses its outputs"
    )
    parser.add_argument("--model", default="", metavar="M", help="a language model that reads the notebooks, too")
    parser.add_argument("--base-url", default="", metavar="URL", help="the server that answers for `openai:` models")
    _add_rerun(parser)
    parser.set_defaults(command=_review)


def add_strip_parser(commands: Any) -> None:
    """Register the command `strip` with the subparsers of `jupyter ml-intern`."""
    parser = commands.add_parser(
        "strip",
        help="take out of notebooks what tells how their cells came about",
        description="Removes the metadata `ml_intern` from notebooks and their cells: task, plan, model, decisions and "
        "signatures. Sources and outputs stay as they are.",
    )
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.set_defaults(command=_strip)


def _strip(options: argparse.Namespace) -> int:
    from .errors import NotebookUnavailable
    from .review.parsed_notebook import parse, read_json
    from .review.provenance import strip

    for path in options.notebooks:
        try:
            notebook = read_json(path)
            parse(notebook)
        except NotebookUnavailable as error:
            return _wrong(str(error), "strip")
        cells = strip(notebook)
        if error_said := _write(path, notebook):
            return _wrong(error_said, "strip")
        print(f"{path}: {cells} cell{'' if cells == 1 else 's'} and the notebook's own record stripped.")
    return CLEAN


def _write(path: Path, notebook: Any) -> str:
    """Replace the notebook's file, whole or not at all; returns what went wrong."""
    written = path.with_name(path.name + ".new")
    try:
        written.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        shutil.copymode(path, written)
        written.replace(path)
    except OSError as error:
        written.unlink(missing_ok=True)
        return f"{path} can't be written: {error.strerror}."
    return ""


def _fix(path: Path) -> str:
    """Mend a notebook's file, one finding after another; returns what went wrong."""
    from .errors import NotebookUnavailable
    from .review.notebook_rules import review
    from .review.parsed_notebook import read_json

    try:
        notebook = read_json(path)
        mended = 0
        for _ in range(_MOST_FIXES if "cells" in notebook else 0):
            finding = next((each for each in review(notebook, path.resolve().parent) if each.fix), None)
            if finding is None:
                break
            # One without an id is named by its place.
            cells = {str(cell.get("id") or f"cell {number}"): cell for number, cell in enumerate(notebook["cells"], 1)}
            cell = cells[finding.cell_id]
            cell.update(source=finding.fix, outputs=[], execution_count=None)
            print(f"{path}: mended {finding.rule}: {finding.message}", file=sys.stderr)
            mended += 1
    except NotebookUnavailable:
        return ""  # the review says so
    return _write(path, notebook) if mended else ""


def _add_rerun(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "run again",
        "Runs each notebook's code, with your rights, in a clean kernel and a copy of its folder, and compares.",
    )
    group.add_argument("--rerun", action="store_true", help="run the notebooks again and compare what comes out")
    group.add_argument(
        "--other-seed", action="store_true", help="and once more with another seed: how far metrics move"
    )
    group.add_argument(
        "--without-leaks",
        action="store_true",
        help="and once more for each leak that can be taken out mechanically: both figures side by side",
    )
    group.add_argument("--seconds", type=float, default=600, help="for one run of one notebook (default: 600)")
    group.add_argument("--memory", type=float, default=4096, metavar="MB", help="of one kernel (default: 4096)")
    group.add_argument("--tolerance", type=float, default=1e-3, help="between two numbers, relative (default: 0.001)")
    group.add_argument(
        "--kernels", type=int, default=0, metavar="N", help="at a time (default: one for every two cores)"
    )


def _review(options: argparse.Namespace) -> int:
    from .review.report import FORMATS, counts

    paths: list[Path] = []
    for given in options.notebooks:
        if given.is_dir():
            paths += _in_folder(given)
        elif given.is_file():
            paths.append(given)
        elif re.match(r"[a-z][a-z0-9+.-]+:/", str(given)):
            return _wrong(f"{given} is an address: review reads files on this machine. Download the notebook first.")
        else:
            return _wrong(f"there is no file or folder {given}.")
    if not paths:
        return _wrong("no notebook in what was given: a notebook's name ends in .ipynb.")
    if options.jobs < 0:
        return _wrong("--jobs: must be at least 1.")
    if options.kernels < 0 or options.seconds <= 0 or options.memory <= 0 or not 0 <= options.tolerance < 1:
        return _wrong("--kernels, --seconds and --memory must be above 0, --tolerance from 0 to below 1.")
    if options.output is not None and not options.output.parent.is_dir():
        return _wrong(f"--output: there is no folder {options.output.parent}.")
    if options.fix:
        for path in paths:
            if error := _fix(path):
                return _wrong(error)
    reports = list(_reports(paths, options.jobs or os.cpu_count() or 1))
    if options.model:
        from .errors import ModelUnavailable

        try:
            reports = _read_again(reports, paths, options)
        except ModelUnavailable as error:
            return _wrong(f"--model: {error}")
    if options.rerun or options.other_seed or options.without_leaks:
        reports = _run_again(reports, paths, options)
    text = FORMATS[options.format](reports)
    try:
        if options.output is not None:
            options.output.write_text(text, encoding="utf-8")
        else:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has enough
    except OSError as error:
        return _wrong(f"--output: {options.output} can't be written: {error.strerror}.")
    found = counts(reports)
    return FOUND if any(found[severity] for severity in _AT_OR_ABOVE[options.fail_on]) else CLEAN


def _wrong(sentence: str, command: str = "review") -> int:
    print(f"jupyter ml-intern {command}: {sentence}", file=sys.stderr)
    return WRONG_USE


def _in_folder(folder: Path) -> list[Path]:
    """The notebooks of a folder, without Jupyter's own copies."""
    return sorted(path for path in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts and path.is_file())


def _reports(paths: list[Path], jobs: int) -> Iterator[Any]:
    from tqdm import tqdm

    from .review.report import review_file

    progress = tqdm(total=len(paths), unit="notebook", disable=None if len(paths) > _FEW else True, leave=False)
    with progress:
        if len(paths) <= _FEW or jobs == 1:
            for path in paths:
                yield review_file(path)
                progress.update()
            return
        with ProcessPoolExecutor(min(jobs, len(paths))) as pool:
            try:
                for report in pool.map(review_file, paths, chunksize=min(16, 1 + len(paths) // (4 * jobs))):
                    yield report
                    progress.update()
            except BrokenProcessPool as error:
                sentence = (
                    "a process ended while it worked, probably for want of memory. --jobs 1 shows at which notebook."
                )
                raise SystemExit(_wrong(sentence)) from error


def _read_again(reports: list[Any], paths: list[Path], options: argparse.Namespace) -> list[Any]:
    """The reports with what a language model adds."""
    from tqdm import tqdm

    from .agent.models import create_model
    from .agent.second_reading import read_again
    from .errors import ModelUnavailable

    model = create_model(options.model, options.base_url)
    if options.model == "recipes":
        raise ModelUnavailable("the recipes are no language model; name another (`jupyter ml-intern models`).")
    pairs = list(zip(reports, paths, strict=True))
    return [read_again(report, path, model) for report, path in tqdm(pairs, unit="notebook", disable=None, leave=False)]


def _run_again(reports: list[Any], paths: list[Path], options: argparse.Namespace) -> list[Any]:
    """The reports with what came of running each notebook again, a few at a time."""
    import psutil
    from tqdm import tqdm

    from .agent.metrics import metrics_in
    from .review.report import with_rerun
    from .review.rerun.running import Limits
    from .review.rerun.verdict import rerun

    limits = Limits(options.seconds, int(options.memory * 1024**2))
    kernels = options.kernels or max(1, (os.cpu_count() or 1) // 2)
    with tqdm(unit=" cells run", disable=None, leave=False) as progress, ThreadPoolExecutor(kernels) as pool:

        def ran() -> None:
            progress.update()

        def run(path: Path) -> Any:
            return rerun(
                path,
                limits,
                tolerance=options.tolerance,
                metrics_in=metrics_in if options.other_seed or options.without_leaks else None,
                other_seed=options.other_seed,
                without_leaks=options.without_leaks,
                progress=ran,
            )

        waiting = [pool.submit(with_rerun, report, path, run) for report, path in zip(reports, paths, strict=True)]
        try:
            return [each.result() for each in waiting]
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in psutil.Process().children(recursive=True):
                process.kill()  # the kernels: their runs end with them
            raise
