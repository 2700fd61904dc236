from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ml_intern_jlab.testing import Line, ScriptedModel
from tests.socket_client import Client


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"ml_intern_jlab": True}},
        "MLInternExtension": {"journal_path": str(tmp_path / "journal.sqlite")},
    }


@pytest.fixture
def script(jp_serverapp: Any) -> Callable[..., ScriptedModel]:
    """Let the server's runs be answered by a script."""

    def use(*lines: Line) -> ScriptedModel:
        model = ScriptedModel(lines)
        sessions = jp_serverapp.web_app.settings["ml_intern_jlab"].sessions
        sessions._settings = replace(sessions._settings, create_model=lambda name, url: model)
        return model

    return use


@pytest.fixture
def connect(jp_serverapp: Any, jp_ws_fetch: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    sockets = []

    async def open_socket(session_id: str, since: int = 0) -> Client:
        socket = await jp_ws_fetch("ml-intern", "sessions", session_id, "events", params={"since": str(since)})
        sockets.append(socket)
        return Client(socket)

    yield open_socket
    for socket in sockets:
        socket.close()


@pytest.fixture
def new_session(jp_fetch: Callable[..., Any]) -> Callable[..., Any]:
    async def create(path: str = "a.ipynb") -> str:
        response = await jp_fetch("ml-intern", "sessions", method="POST", body=json.dumps({"path": path}))
        assert response.code == 201
        session_id = json.loads(response.body)["session_id"]
        assert isinstance(session_id, str)
        return session_id

    return create


@pytest.fixture
def written(jp_serverapp: Any, jp_root_dir: Path) -> Callable[..., Any]:
    """Waits until everything of a session is written, and reads its notebook."""

    async def read(session_id: str, path: str = "a.ipynb") -> Any:
        await jp_serverapp.web_app.settings["ml_intern_jlab"].sessions.get(session_id).wait()
        return nbformat.read(jp_root_dir / path, as_version=4)

    return read
