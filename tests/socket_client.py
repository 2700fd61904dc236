"""A client of a session's socket."""

from __future__ import annotations

import json
from typing import Any

from tornado.websocket import WebSocketClientConnection


class Client:
    """A WebSocket client as the panel is one."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self._missed: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        """The next frame; the events of a replay one by one."""
        while not self._missed:
            data = await self.socket.read_message()
            assert data is not None, "the server closed the socket"
            frame = json.loads(data)
            self._missed = frame["events"] if frame["type"] == "replay" else [frame]
        self.frames.append(self._missed.pop(0))
        return self.frames[-1]

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next frame of a type (with these fields), reading past others."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.write_message(json.dumps({"type": kind, **fields}))

    async def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        await self.send(kind, request_id=kind, **fields)
        return await self.until("reply", request_id=kind)
