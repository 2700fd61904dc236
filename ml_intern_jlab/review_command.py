"""`jupyter ml-intern review`: what the rules find in notebooks, for a person, a code host or a hook."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

CLEAN, FOUND, WRONG_USE = 0, 1, 2
_FEW = 4
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
    parser.set_defaults(command=_review)


def _review(options: argparse.Namespace) -> int:
    from .review.report import FORMATS, counts

    paths: list[Path] = []
    for given in options.notebooks:
        if given.is_dir():
            paths += _in_folder(given)
        elif given.is_file():
            paths.append(given)
        else:
            return _wrong(f"there is no file or folder {given}.")
    if not paths:
        return _wrong("no notebook in what was given: a notebook's name ends in .ipynb.")
    if options.jobs < 0:
        return _wrong("--jobs: must be at least 1.")
    if options.output is not None and not options.output.parent.is_dir():
        return _wrong(f"--output: there is no folder {options.output.parent}.")
    reports = list(_reports(paths, options.jobs or os.cpu_count() or 1))
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


def _wrong(sentence: str) -> int:
    print(f"jupyter ml-intern review: {sentence}", file=sys.stderr)
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
