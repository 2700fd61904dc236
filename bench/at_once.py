"""Many sessions at once on one Jupyter server, each with a kernel of its own: what it needs, and how it answers.

Each session's run waits in its first cell until all of them are there. Then all cells print at the same time, while one
command after another goes to the runs in turn. What a run left is compared with what it must leave.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from ml_intern_jlab.testing import ScriptedServer, turn

TOKEN = "bench"
CELLS = 3
LINES = 40
PAUSE = 0.25
"""Seconds between two lines of a cell."""
STARTING = 3
"""Kernels that start at the same time; people don't come all in one second."""
COMMANDS = 200
PLAN = "1. Count\n2. Tell"


def cell(number: int) -> str:
    """The source of a run's cell, the first of which waits for all others."""
    wait = "while not Path('go').exists():\n    time.sleep(0.5)\n" if number == 1 else ""
    return (
        f"# Part {number}\nimport time\nfrom pathlib import Path\n\n{wait}"
        f"for line in range({LINES}):\n    print('part {number} line', line, flush=True)\n    time.sleep({PAUSE})"
    )


def printed(number: int) -> str:
    """What that cell prints."""
    return "".join(f"part {number} line {line}\n" for line in range(LINES))


class Scripts:
    """What the model says to each session, told apart by the number in its task."""

    def __init__(self) -> None:
        self._told: dict[str, Iterator[str]] = {}

    def answer(self, prompt: str) -> str:
        """The next turn of the session that asks."""
        found = re.search(r"Session number (\d+)\.", prompt)
        assert found, prompt
        return next(self._told.setdefault(found[1], self._turns()))

    def _turns(self) -> Iterator[str]:
        yield PLAN
        for number in range(1, CELLS + 1):
            yield turn(cell(number), f"Part {number}.")
        while True:
            yield turn('final_answer("Counted.")', item=2)


class Server:
    """A Jupyter server in a process of its own."""

    def __init__(self, url: str, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.url, self.folder, self.process = url, folder, process

    def megabytes(self, peak: bool = False) -> float:
        """Memory that the server's process holds, or held at most; its kernels aside."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.findall(r"VmHWM:\s+(\d+)" if peak else r"VmRSS:\s+(\d+)", status)[0]) / 1024

    def cpu(self) -> float:
        """Seconds of the processor that the server's process used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def request(self, path: str, body: object = None) -> Any:
        """The JSON answer to a request; with a body it is a POST."""
        request = urllib.request.Request(
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


@contextlib.contextmanager
def served(model_url: str) -> Iterator[Server]:
    """A server with our extension in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-at-once-") as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        work = Path(home, "work")
        work.mkdir()
        options = {
            "ServerApp.root_dir": work,
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "ServerApp.log_level": "ERROR",
            "IdentityProvider.token": TOKEN,
            "MLInternExtension.journal_path": Path(home, "journal.sqlite"),
            "MLInternExtension.cell_seconds": 0,
        }
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server"),
                "--ServerApp.jpserver_extensions=ml_intern_jlab=True",
                "--ServerApp.jpserver_extensions=jupyter_server_ydoc=False",
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            cwd=home,
            env={**os.environ, "JUPYTER_CONFIG_DIR": home, "OPENAI_BASE_URL": model_url},
        )
        try:
            server = Server(f"http://127.0.0.1:{port}", work, process)
            for _ in range(240):
                with contextlib.suppress(OSError):
                    server.request("/api")
                    break
                time.sleep(0.5)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=180)


class Client:
    """One session and its socket, as a panel has it."""

    def __init__(self, server: Server, number: int) -> None:
        self.number, self.path = number, f"session-{number}.ipynb"
        self._server = server
        self.events: list[dict[str, Any]] = []
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """With a session and a socket."""
        body = {"path": self.path, "kernel_name": "python3"}
        info = await asyncio.to_thread(self._server.request, "/ml-intern/sessions", body)
        address = f"ws{self._server.url[4:]}/ml-intern/sessions/{info['session_id']}/events?token={TOKEN}"
        self._socket: WebSocketClientConnection = await websocket_connect(address)
        reading = asyncio.create_task(self._read())
        try:
            yield
        finally:
            reading.cancel()
            self._socket.close()

    async def _read(self) -> None:
        while (text := await self._socket.read_message()) is not None:
            frame = json.loads(text)
            if frame["type"] == "reply":
                self._replies.pop(frame["request_id"]).set_result(frame)
            elif frame["type"] not in ("hello", "beat"):
                async with self._changed:
                    self.events += frame["events"] if frame["type"] == "replay" else [frame]
                    self._changed.notify_all()

    async def send(self, **command: object) -> float:
        """Send a command; returns the seconds until its answer, be that a refusal since the run has just ended."""
        request_id = f"{time.monotonic_ns()}"
        reply = self._replies[request_id] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await self._socket.write_message(json.dumps({"request_id": request_id, **command}))
        answer = await asyncio.wait_for(reply, 300)
        assert answer["ok"] or answer["code"] == "refused", answer
        return time.perf_counter() - began

    async def until(self, kind: str) -> dict[str, Any]:
        """The first event of that type, once it is there."""
        async with self._changed:
            await self._changed.wait_for(lambda: any(event["type"] == kind for event in self.events))
        return next(event for event in self.events if event["type"] == kind)

    async def start(self) -> None:
        """Start the run, and wait until its first cell runs."""
        task = f"Session number {self.number}. Count."
        await self.send(type="start_run", task=task, mode="auto", model="openai:scripted")
        await self.until("cell_started")

    def is_right(self) -> bool:
        """Whether the notebook is what the run must leave: each cell once, in order, with all that it printed."""
        notebook = json.loads((self._server.folder / self.path).read_text(encoding="utf-8"))
        parts = [each for each in notebook["cells"] if each["cell_type"] == "code"]
        return [("".join(each["source"]), _text(each)) for each in parts] == [
            (cell(number), printed(number)) for number in range(1, CELLS + 1)
        ]


def _text(code_cell: dict[str, Any]) -> str:
    return "".join("".join(output.get("text", "")) for output in code_cell["outputs"])


async def measured(server: Server, sessions: int) -> dict[str, float]:
    """What so many sessions need and give."""
    alone = server.megabytes()
    clients = [Client(server, number) for number in range(sessions)]
    async with contextlib.AsyncExitStack() as stack:
        for client in clients:
            await stack.enter_async_context(client.connected())
        few = asyncio.Semaphore(STARTING)

        async def start(client: Client) -> None:
            async with few:
                await client.start()

        began = time.perf_counter()
        await asyncio.gather(*(start(client) for client in clients))
        started = time.perf_counter() - began
        kernels = len(server.request("/api/kernels"))
        began, used = time.perf_counter(), server.cpu()
        (server.folder / "go").touch()
        taken = []
        for number in range(COMMANDS):
            working = [each for each in clients if not any(event["type"] == "run_finished" for event in each.events)]
            if not working:
                break
            taken.append(await working[number % len(working)].send(type="set_mode", mode="auto"))
            await asyncio.sleep(0.1)
        seconds, processor = time.perf_counter() - began, server.cpu() - used
        ends = await asyncio.gather(*(client.until("run_finished") for client in clients))
        whole = time.perf_counter() - began
    taken.sort()
    return {
        "kernels_at_once": kernels,
        "seconds_until_all_work": started,
        "seconds_of_work": whole,
        "seconds_without_others": CELLS * LINES * PAUSE,
        "runs_finished": sum(end["status"] == "finished" for end in ends),
        "notebooks_right": sum(client.is_right() for client in clients),
        "commands": len(taken),
        "command_milliseconds_median": 1000 * statistics.median(taken),
        "command_milliseconds_95_percent": 1000 * taken[int(0.95 * len(taken))],
        "command_milliseconds_worst": 1000 * taken[-1],
        "server_share_of_a_processor": processor / seconds,
        "server_megabytes_alone": alone,
        "server_megabytes_peak": server.megabytes(peak=True),
    }


def at_once(sessions: int) -> dict[str, float]:
    """The figures of so many sessions at once."""
    with ScriptedServer([Scripts().answer] * (sessions * (CELLS + 4))) as model, served(model.base_url) as server:
        return asyncio.run(measured(server, sessions))
