"""Serve the loopback Hub with the content of `seeds` until Ctrl-C, or while a command runs.

python -m tests.hub                 prints the environment that leads clients to it
python -m tests.hub jupyter lab     runs the command in that environment
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.hub.hub import LoopbackHub
from tests.hub.seeds import seed


def main(command: list[str]) -> int:
    """Serve; the command's exit status, or 0."""
    with LoopbackHub() as hub, tempfile.TemporaryDirectory(prefix="loopback-hub-") as folder:
        seed(hub)
        # Caches of their own: what was read here must not be taken for the world's.
        caches = {"HF_HOME": str(Path(folder) / "hf"), "ML_INTERN_CACHE": str(Path(folder) / "toolkit")}
        environment = {**hub.environment(), **caches}
        try:
            if command:
                process = subprocess.Popen(command, env={**os.environ, **environment})
                # The Hub serves until the command has ended. Ctrl-C reaches it by itself, an order to end through us.
                signal.signal(signal.SIGINT, lambda number, frame: None)
                signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
                return process.wait()
            for name, value in environment.items():
                print(f"export {name}={shlex.quote(value)}", flush=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
