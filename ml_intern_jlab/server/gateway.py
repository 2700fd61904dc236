"""The WebSocket to a kernel behind the gateway that this server was started with (`--gateway-url`)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.gateway.managers import GatewayKernelManager
from jupyter_server.services.kernels.connection.base import deserialize_binary_message
from jupyter_server.utils import url_escape, url_path_join
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from ..notebook.connection import MAX_MESSAGE_BYTES, Message
from ..notebook.remote import Socket


class GatewaySocket:
    """See `notebook.remote.Socket`."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection

    async def read(self) -> tuple[Message, int] | None:
        """The next message and its size."""
        data = await self._connection.read_message()
        if data is None:
            return None
        message = json.loads(data) if isinstance(data, str) else deserialize_binary_message(data)
        return message, len(data)

    def write(self, text: str) -> None:
        """Send it; what fails shows when reading."""
        self._connection.write_message(text)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def remote_channels(manager: Any) -> Callable[[str], Awaitable[Socket]] | None:
    """What opens sockets to the kernel of a manager, None for a kernel of this machine."""
    if not isinstance(manager, GatewayKernelManager):
        return None

    async def open_socket(session: str) -> Socket:
        gateway = GatewayClient.instance()
        path = (gateway.ws_url or "", gateway.kernels_endpoint, url_escape(str(manager.kernel_id)), "channels")
        # A gateway keeps what a session missed while its socket was cut.
        address = f"{url_path_join(*path)}?session_id={url_escape(session)}"
        request = HTTPRequest(address, **gateway.load_connection_args())
        return GatewaySocket(await websocket_connect(request, max_message_size=MAX_MESSAGE_BYTES))

    return open_socket
