"""Lets a model solve the task folders through the command line, and scores what it leaves behind.

    python bench/tasks.py --model recipes [--base-url URL] [--tasks a,b] [--dir bench/tasks] [--jobs 1] [--timeout S]

A row is printed as each task ends. `share` is (value - dummy) / (reference - dummy); a task is solved from 0.8 on.
`--rerun` also runs each notebook again from the top in a clean copy of the data and compares the metrics it prints.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.attempt import HEAD, ROW, Attempt, Outcome, summary_line
from bench.scoring import Task, read_tasks


def main() -> None:
    """Attempt the tasks that the command line names; ends with 1 where it was interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="recipes", help="a model as `jupyter ml-intern run` takes it")
    parser.add_argument("--base-url", default="", help="the server of an `openai:` model")
    parser.add_argument("--tasks", default="", help="names, separated by commas (default: all)")
    parser.add_argument("--dir", type=Path, default=Path(__file__).parent / "tasks", help="the folder of task folders")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one task")
    parser.add_argument("--rerun", action="store_true", help="run each notebook again and compare its metrics")
    parser.add_argument("--keep", type=Path, help="leave working folders, notebooks and logs in this folder")
    options = parser.parse_args()
    try:
        tasks = read_tasks(options.dir, [name for name in options.tasks.split(",") if name])
    except FileNotFoundError as error:
        parser.error(str(error))
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    keep = options.keep.resolve() if options.keep else None
    attempt = Attempt(options.model, options.base_url, options.timeout, options.rerun, keep)
    lock, started = threading.Lock(), time.monotonic()
    outcomes: list[Outcome] = []
    print(ROW.format(*HEAD), flush=True)

    def solve(task: Task) -> None:
        outcome = attempt.solve(task)
        with lock:
            outcomes.append(outcome)
            print(outcome.row(), flush=True)

    # A `kill` of the bench ends what it started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        try:
            for done in [pool.submit(solve, task) for task in tasks]:
                done.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            attempt.stop()
    if outcomes:
        print(summary_line(outcomes, time.monotonic() - started))
    if len(outcomes) < len(tasks):
        sys.exit(f"Interrupted after {len(outcomes)} of {len(tasks)} tasks.")


if __name__ == "__main__":
    main()
