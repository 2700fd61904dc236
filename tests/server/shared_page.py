"""A page that has a notebook open in a room: the part of jupyter-collaboration's front end that the server sees."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from jupyter_ydoc import YNotebook
from pycrdt import Provider
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect


class _Channel:
    """A tornado WebSocket as pycrdt's `Provider` wants it."""

    def __init__(self, socket: WebSocketClientConnection, path: str) -> None:
        self._socket = socket
        self.path = path

    def __aiter__(self) -> _Channel:
        return self

    async def __anext__(self) -> bytes:
        return await self.recv()

    async def send(self, message: bytes) -> None:
        await self._socket.write_message(message, binary=True)

    async def recv(self) -> bytes:
        message = await self._socket.read_message()
        if message is None:
            raise StopAsyncIteration
        assert isinstance(message, bytes)
        return message


class SharedPage:
    """One open page; `document` is its copy of the notebook."""

    def __init__(self, fetch: Callable[..., Any], server: str, headers: dict[str, str]) -> None:
        self.document = YNotebook()
        self._fetch = fetch
        self._server = server
        self._headers = headers
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self, path: str) -> None:
        """Open the notebook, and return when it is here."""
        body = json.dumps({"format": "json", "type": "notebook"})
        answer = await self._fetch("api/collaboration/session", path, method="PUT", body=body)
        session = json.loads(answer.body)
        room = f"json:notebook:{session['fileId']}"
        # As browsers do it, with bare colons: the server takes the address as it stands for the room's name.
        address = f"{self._server}api/collaboration/room/{room}?sessionId={session['sessionId']}"
        socket = await websocket_connect(HTTPRequest(address, headers=self._headers))
        self._task = asyncio.get_running_loop().create_task(self._follow(socket, room))
        await self.until(lambda: self.document.ycells)

    async def until(self, holds: Callable[[], object], seconds: float = 60) -> None:
        """Return when something holds of what the page shows."""
        until = time.monotonic() + seconds
        while not holds():
            assert self._task is None or not self._task.done(), self._task
            assert time.monotonic() < until, f"The page does not show what it should after {seconds:g} s."
            await asyncio.sleep(0.02)

    def printed(self) -> str:
        """The text of all outputs."""
        found = [output for cell in self.cells() for output in cell.get("outputs", [])]
        return "".join(str(output.get("text", "")) for output in found)

    def cells(self) -> list[dict[str, Any]]:
        """The cells as the page shows them now."""
        cells: list[dict[str, Any]] = self.document.get()["cells"]
        return cells

    async def close(self) -> None:
        """Leave."""
        self._leave.set()
        if self._task is not None:
            await self._task

    async def _follow(self, socket: WebSocketClientConnection, room: str) -> None:
        async with Provider(self.document.ydoc, _Channel(socket, room)):
            await self._leave.wait()
        socket.close()
