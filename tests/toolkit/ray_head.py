"""A real Ray head on loopback, for the tests of jobs on Ray."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def start_head(log: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A Ray head and the address of its dashboard; on a busy machine it may end at once (it gives itself 30 s)."""
    program = Path(sys.executable).with_name("ray")
    dashboard = free_port()
    with log.open("wb") as output:
        head = subprocess.Popen(
            [
                *(str(program), "start", "--head", "--block", "--num-cpus=1", "--num-gpus=0"),
                *(f"--port={free_port()}", "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}"),
                *(f"--temp-dir={folder}", "--object-store-memory=100000000", "--dashboard-agent-listen-port=0"),
            ],
            env={
                **os.environ,
                "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
                "RAY_USAGE_STATS_ENABLED": "0",
                "RAY_enable_worker_prestart": "0",
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return head, f"http://127.0.0.1:{dashboard}"


def comes_up(head: subprocess.Popen[bytes], log: Path) -> bool:
    """Whether it started whole: its dashboard answers some time before, also when the rest of it will fail."""
    while head.poll() is None:
        if "Ray runtime started" in log.read_text():
            return True
        time.sleep(1)
    return False


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Ray head on loopback that this test started, and alone ends."""
    pytest.importorskip("ray", reason='Ray is not installed: pip install "ml-intern-jlab[ray]"')
    log = tmp_path_factory.mktemp("ray") / "head.txt"
    # Ray's sockets need a short path.
    folder = Path("/tmp") / f"ray-{os.getpid()}"
    for _ in range(3):
        head, address = start_head(log, folder)
        try:
            if comes_up(head, log):
                yield address
                return
        finally:
            head.terminate()
            head.wait(60)
            shutil.rmtree(folder, ignore_errors=True)
    raise AssertionError(log.read_text()[-3000:])
