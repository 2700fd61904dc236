"""What runs inside a job, wherever that is. Its source is sent along, so it needs nothing but the standard library.

Facts travel home as lines of the log that begin with `MARK`, since a log is all that every kind of job sends back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import runpy
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

MARK = "@@ml-intern "
PIECE = 60_000
"""Bytes of a file that one line of the log carries."""
TROUBLE = ".ml-intern-worker.txt"
"""Where a worker that fails leaves its exception."""
WORKER = "ML_INTERN_JOB_WORKER"
"""Set in the processes of a job with several workers."""
MOST_SENT = 8_000_000
"""Bytes of all files together that may come back with the log."""


def tell(**fact: Any) -> None:
    """Send one fact home."""
    sys.stderr.flush()
    print(f"\n{MARK}{json.dumps(fact, default=_plain)}", flush=True)


def main(payload: dict[str, Any]) -> None:
    """Run a job's script, call its function where it has one, and send home what it leaves.

    Args:
        payload: `filename` and `script`, the `argv`; `call`, the function to call with `arguments`, or ""; `artifacts`,
            patterns of the files that it leaves, and whether to `send` them; `timeout` in seconds; `workers`, how many
            processes do it in parallel, the first of which speaks for all.
    """
    watch = threading.Timer(payload["timeout"], _time_is_up, [payload["timeout"]])
    watch.daemon = True
    watch.start()
    script = Path(payload["filename"])
    rank = int(os.environ["RANK"]) if WORKER in os.environ else -1
    if rank < 0:
        script.write_text(payload["script"], encoding="utf-8")
        if payload["workers"] > 1:
            _launch(payload["workers"])
            leave(payload["artifacts"], payload["send"])
            watch.cancel()
            return
    sys.argv = [str(script), *payload["argv"]]
    sys.path.insert(0, os.getcwd())
    try:
        space = runpy.run_path(str(script), run_name="__main__")
        if payload["call"]:
            result = space[payload["call"]](**payload["arguments"])
            if rank < 1:
                tell(result=result)
    except Exception as error:
        # The frames of this file say nothing to anybody.
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename != str(script):
            trace = trace.tb_next
        traceback.print_exception(error.with_traceback(trace or error.__traceback__))
        if rank >= 0:
            Path(TROUBLE).write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        sys.exit(1)
    if rank < 0:
        leave(payload["artifacts"], payload["send"])
    watch.cancel()


def _launch(workers: int) -> None:
    """Run this file once for each worker; torch's launcher tells them of each other, and ends all where one fails."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={workers}"]
    done = subprocess.run([*command, os.path.abspath(__file__)], env={**os.environ, WORKER: "1"}, check=False)
    if done.returncode:
        # The launcher's own last words say which process failed, not why.
        trouble = Path(TROUBLE).read_text(encoding="utf-8") if Path(TROUBLE).exists() else ""
        print(trouble, file=sys.stderr, flush=True)
        sys.exit(done.returncode)


def leave(patterns: list[str], send: bool) -> None:
    """Check that the job left what it was to leave, and send it home where `send`."""
    found = {pattern: [path for path in sorted(Path().glob(pattern)) if path.is_file()] for pattern in patterns}
    if missing := [pattern for pattern, paths in found.items() if not paths]:
        sys.exit(f"The job ended, but left no file {', '.join(missing)}.")
    paths = sorted({path for paths in found.values() for path in paths})
    size = sum(path.stat().st_size for path in paths)
    if send and size > MOST_SENT:
        sys.exit(
            f"The artifacts have {size:,} bytes, more than the {MOST_SENT:,} that come back with the log. Let the job "
            "push them to the Hub, or write them to a folder that both machines see."
        )
    for path in paths if send else []:
        content = path.read_bytes()
        pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)] or [b""]
        for number, piece in enumerate(pieces):
            facts = {"file": path.as_posix(), "piece": number, "of": len(pieces)}
            tell(**facts, data=base64.b64encode(piece).decode(), sha256=hashlib.sha256(content).hexdigest())


def _time_is_up(seconds: float) -> None:
    tell(timed_out=seconds)
    os._exit(124)


def _plain(value: Any) -> Any:
    """What JSON can hold of a value: a NumPy scalar's number, else its text."""
    return value.item() if hasattr(value, "item") else str(value)
