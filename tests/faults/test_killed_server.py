"""A real Jupyter server is killed in mid-run; the next one finds the run, mends the notebook and resumes it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import websocket_connect

from tests.saved_notebook import saved_with
from tests.socket_client import Client

TOKEN = "test"
TASK = "Predict good from train.csv."


class Server:
    """`jupyter server` with our extension in a folder, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={self.port}"]
        options = [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0"]
        ours = ["--ServerApp.jpserver_extensions={'ml_intern_jlab': True, 'jupyter_server_ydoc': False}"]
        journal = [f"--MLInternExtension.journal_path={folder / 'journal.sqlite'}"]
        self.process = subprocess.Popen(
            command + options + ours + journal, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 100
        while True:
            try:
                self.get("health")
                return
            except OSError:
                assert self.process.poll() is None, "the server ended at once"
                assert time.monotonic() < until, "the server doesn't come up"
                time.sleep(0.2)

    def get(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/ml-intern/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Server]]:
    made: list[Server] = []
    yield made
    for server in made:
        if server.process.poll() is None:
            server.process.terminate()
            server.process.wait(30)


async def connected(server: Server, session_id: str, since: int = 0) -> Client:
    address = f"ws://127.0.0.1:{server.port}/ml-intern/sessions/{session_id}/events?since={since}&token={TOKEN}"
    return Client(await websocket_connect(address))


@pytest.mark.timeout(240)
async def test_the_next_server_mends_the_notebook_and_resumes_the_run(servers: list[Server], tmp_path: Path) -> None:
    rows = "\n".join(f"{n % 7},{n % 5},{'yes' if n % 7 + n % 5 > 5 else 'no'}" for n in range(120))
    (tmp_path / "train.csv").write_text("a,b,good\n" + rows + "\n")
    servers.append(Server(tmp_path))
    session_id = servers[0].get("sessions", {"path": "a.ipynb"})["session_id"]
    client = await connected(servers[0], session_id)
    await client.send("start_run", task=TASK, mode="ask")
    first = await client.until("cell_proposed")
    await client.send("decide_cell", cell_id=first["cell_id"], decision="approve", hash=first["hash"])
    second = await client.until("cell_proposed")
    client.socket.close()
    servers[0].kill()

    servers.append(Server(tmp_path))
    (info,) = servers[1].get("sessions")
    assert info["run_status"] == "paused"
    client = await connected(servers[1], session_id)
    paused = await client.until("run_paused")
    assert paused["resumable"]
    assert "server" in paused["reason"]
    ids = [cell.id for cell in (await saved_with(tmp_path / "a.ipynb", second["cell_id"])).cells]
    assert {first["cell_id"], second["cell_id"]} <= set(ids)
    await client.send("resume_run")
    resumed = await client.until("run_resumed")
    assert resumed["cells"] == 1
    assert (await client.until("cell_finished"))["cell_id"] == first["cell_id"]
    approve = {"cell_id": second["cell_id"], "decision": "approve", "hash": second["hash"]}
    for _ in range(100):  # the proposal waits again a moment later
        reply = await client.command("decide_cell", **approve)
        if reply["ok"]:
            break
        await asyncio.sleep(0.1)
    assert reply["ok"], reply
    assert (await client.until("cell_finished"))["cell_id"] == second["cell_id"]
    client.socket.close()
