"""Kernels elsewhere: the server was started with `--gateway-url`, and a real Kernel Gateway runs the kernels."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.gateway.gateway_client import GatewayClient

from ml_intern_jlab.server.gateway import GatewaySocket
from ml_intern_jlab.testing import turn

pytest.importorskip("kernel_gateway", reason="the Kernel Gateway: pip install jupyter_kernel_gateway")

Fetch = Callable[..., Any]
PLAN = "1. Measure\n2. Tell"
# A Python in which this package can't be imported, as on a machine where it was never installed.
WITHOUT_US = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "ml_intern_jlab":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


@dataclass
class Gateway:
    """Its address and token, and the folder in which its kernels work."""

    url: str
    token: str
    folder: Path


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    spec = folder / "data" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps(
            {
                "argv": [sys.executable, "-c", WITHOUT_US, "-f", "{connection_file}"],
                "display_name": "Elsewhere",
                "language": "python",
            }
        )
    )
    work = folder / "work"
    work.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    environment = {**os.environ, "JUPYTER_PATH": str(folder / "data"), "KG_AUTH_TOKEN": token}
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "kernel_gateway",
                f"--KernelGatewayApp.port={port}",
                "--KernelGatewayApp.port_retries=0",
            ],
            cwd=work,
            env=environment,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    # A server of an earlier test may have left its own, which knows of no gateway.
    GatewayClient.clear_instance()
    try:
        request = urllib.request.Request(f"{url}/api", headers={"Authorization": f"token {token}"})
        for _ in range(600):
            try:
                urllib.request.urlopen(request, timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.1)
        yield Gateway(url, token, work)
    finally:
        # The last server has ended by now; the next test's must not go to the gateway.
        GatewayClient.clear_instance()
        process.terminate()
        process.wait(20)


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any], gateway: Gateway) -> dict[str, Any]:
    return {**jp_server_config, "GatewayClient": {"url": gateway.url, "auth_token": gateway.token}}


WRITE = (
    "import os, pandas as pd\nname = input('Whose? ')\n"
    "pd.DataFrame({'x': [1, 2, 3]}).to_csv('rows.csv', index=False)\n"
    "print('accuracy: 0.75', name, os.path.exists('rows.csv'))"
)


async def test_a_run_works_with_a_kernel_behind_a_gateway(
    connect: Fetch, new_session: Fetch, script: Fetch, gateway: Gateway, jp_root_dir: Path, written: Fetch
) -> None:
    model = script(
        PLAN, turn(WRITE), turn("1 / 0"), turn("2 + 2"), turn('final_answer("The accuracy is 0.75.")', item=2)
    )
    session_id = await new_session()
    client = await connect(session_id)
    await client.command("start_run", task="Measure the accuracy and write rows.csv.", mode="auto")
    asked = await asyncio.wait_for(client.until("input_requested"), 90)
    await client.send("answer_input", cell_id=asked["cell_id"], text="mine")
    ended = await asyncio.wait_for(client.until("run_finished"), 90)
    assert ended["status"] == "finished", ended["reason"]
    # The file lies on the gateway's side, and was checked there.
    assert (gateway.folder / "rows.csv").read_text() == "x\n1\n2\n3\n"
    assert not (jp_root_dir / "rows.csv").exists()
    plan = [frame for frame in client.frames if frame["type"] == "plan_changed"][-1]
    file = plan["deliverables"][0]
    assert (file["kind"], file["status"], file["detail"]) == ("file", "passed", "rows.csv has 3 rows.")
    finished = [frame for frame in client.frames if frame["type"] == "cell_finished"]
    assert [each["status"] for each in finished] == ["done", "failed", "done"]
    assert "ZeroDivisionError" in model.seen[3]
    assert "name: str 'mine'" in model.seen[3]
    book = await written(session_id)
    [printed] = [cell.outputs for cell in book.cells if cell.source.startswith("import os")]
    assert "accuracy: 0.75 mine True" in "".join(output.get("text", "") for output in printed)


async def test_a_toolkit_that_is_missing_there_is_offered_and_done_without(
    connect: Fetch, new_session: Fetch, script: Fetch, gateway: Gateway
) -> None:
    import_it = "from ml_intern_jlab.toolkit import datasets"
    script(
        PLAN,
        lambda shown: turn("%pip install -q ml-intern-jlab") if "is not installed where" in shown else "Item 1",
        turn(import_it),
        turn("import time\ntime.sleep(60)"),
        turn('final_answer("Done without it.")', item=2),
    )
    client = await connect(await new_session())
    await client.command("start_run", task="Find a dataset of penguins on the Hub.", mode="auto_safe")
    offered = await asyncio.wait_for(client.until("cell_proposed"), 90)
    assert (offered["asks"], offered["risk"]) == (True, ["install"])
    await client.send("decide_cell", cell_id=offered["cell_id"], decision="reject", hash=offered["hash"])
    tried = await asyncio.wait_for(client.until("cell_proposed"), 90)
    if tried["asks"]:
        await client.send("decide_cell", cell_id=tried["cell_id"], decision="approve", hash=tried["hash"])
    failed = await asyncio.wait_for(client.until("cell_finished", cell_id=tried["cell_id"]), 90)
    assert failed["error"]["ename"] == "ModuleNotFoundError"
    # A cell that runs over there is interrupted over there.
    slow = await asyncio.wait_for(client.until("cell_started"), 90)
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await client.send("stop_run")
    assert (await asyncio.wait_for(client.until("run_finished"), 60))["status"] == "stopped"
    stopped = next(frame for frame in client.frames if frame.get("cell_id") == slow["cell_id"] and "status" in frame)
    assert stopped["status"] == "stopped", stopped
    assert time.monotonic() - began < 20


async def test_a_cut_connection_is_opened_again_while_the_cell_runs_on(
    connect: Fetch, new_session: Fetch, script: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[GatewaySocket] = []

    class Noted(GatewaySocket):
        def __init__(self, connection: Any) -> None:
            super().__init__(connection)
            opened.append(self)

    monkeypatch.setattr("ml_intern_jlab.server.gateway.GatewaySocket", Noted)
    slow = "import time\nprint('one', flush=True)\ntime.sleep(3)\nprint('two')"
    model = script(PLAN, turn(slow), turn("1 + 1"), turn('final_answer("Done.")', item=2))
    client = await connect(await new_session())
    await client.command("start_run", task="Count.", mode="auto")
    await asyncio.wait_for(client.until("cell_output"), 90)
    opened[-1].close()
    finished = await asyncio.wait_for(client.until("cell_finished"), 90)
    assert len(opened) > 1
    assert (await asyncio.wait_for(client.until("run_finished"), 90))["status"] == "finished"
    if finished["status"] == "failed":  # on a machine so slow that the cell ended meanwhile
        assert "connection to the gateway was cut" in finished["reason"]
    else:
        assert "two" in model.seen[2]
