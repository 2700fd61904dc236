"""The child process that runs llama.cpp's server: it reads one line of JSON, serves, and ends with its parent.

Runs without the rest of the package, so that a crash of the native code is nobody else's.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time


def main() -> None:
    """Read what to open from stdin, say the address on stdout, serve until stdin ends.

    The line on stdin has `path`, `window` (tokens) and `key` (what a client must show).
    """
    wanted = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = wanted["path"]
    params.model_alias = {"local"}
    params.n_ctx = wanted["window"]
    # One at a time: two replies at once would halve the window of each.
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _threads()
    params.port = 0
    params.hostnames = ["127.0.0.1"]
    params.api_keys = [wanted["key"]]
    params.cache_ram_mib = 1024
    # Small models write code that runs more often when little is left to chance.
    params.sampling.temp = 0.2
    params.ui = False
    try:
        server = xllamacpp.Server(params)
    except Exception as error:
        print(json.dumps({"error": str(error) or type(error).__name__}), flush=True)
        sys.exit(1)
    print(json.dumps({"address": server.listening_address}), flush=True)
    while True:
        time.sleep(3600)


def _threads() -> int:
    """One thread less than there are cores to run on. Threads of llama.cpp wait for each other all the time: where
    kernels or other people have a core too, one thread too many makes it four times as slow."""
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(1, cores - 1)


def _end_with_parent() -> None:
    """Stdin ends when the parent dies, however it dies."""
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
