"""Finds the drafts of the skills for a task, and runs them as cells would."""

from __future__ import annotations

import contextlib
import io
import linecache
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from threadpoolctl import threadpool_limits

from ml_intern_jlab.agent.skills.choice import KnowHow, know_how
from ml_intern_jlab.agent.snippets import snippet
from ml_intern_jlab.recipes.grounding import ground, listed_tables
from ml_intern_jlab.recipes.task import read_task


def _printed(run: Callable[[], object]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run()
    return printed.getvalue()


def known(task: str) -> KnowHow:
    """The skills for a task over the files of the working directory."""
    space: dict[str, object] = {}

    def inspect(source: str) -> str:
        return _printed(lambda: exec(source, space))

    listing = inspect(snippet("look_at_files"))
    return know_how(ground(read_task(task), listed_tables(listing)), listing, inspect)


def run_drafts(how: KnowHow, space: dict[str, Any] | None = None) -> list[str]:
    """What each draft prints, all in one namespace, which is left in `space`."""
    space = {} if space is None else space
    space["__name__"] = "__main__"
    # What libraries say among themselves isn't ours. Threads that wait for each other take minutes on a busy machine.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        return [_printed(partial(_run, draft, f"<draft {number}>", space)) for number, draft in enumerate(how.drafts)]


def _run(source: str, name: str, space: dict[str, Any]) -> None:
    # As in a kernel, the source of a function can be looked up.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), space)
