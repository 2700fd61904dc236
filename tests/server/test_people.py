"""Two people on one server: what each of them may use is counted for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.httpclient import HTTPClientError

from ml_intern_jlab.server.rate import MOST_USERS, Rates
from ml_intern_jlab.testing import turn
from tests.socket_client import Client

Fetch = Callable[..., Any]
TWO_TURNS = ["1. Add", turn("1 + 1")]


class People(IdentityProvider):
    """Who has the token is whoever the header says, as a hub in front of the server would tell."""

    async def get_user_token(self, handler: Any) -> User | None:
        """The person that the header names."""
        known = await super().get_user_token(handler)
        name = handler.request.headers.get("X-Person", "ann")
        # Two people may share the name that is shown.
        return User(username=name, name="A. N. Other") if known else None


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    jp_server_config["ServerApp"]["identity_provider_class"] = People
    jp_server_config["MLInternExtension"] |= {"user_sessions": 2, "user_day_steps": 2}
    return jp_server_config


@pytest.fixture
def join(jp_serverapp: Any, jp_ws_fetch: Fetch) -> Iterator[Callable[..., Any]]:
    sockets = []

    async def open_socket(session_id: str, person: str) -> Client:
        headers = {"Authorization": f"token {jp_serverapp.identity_provider.token}", "X-Person": person}
        socket = await jp_ws_fetch("ml-intern", "sessions", session_id, "events", headers=headers)
        sockets.append(socket)
        return Client(socket)

    yield open_socket
    for socket in sockets:
        socket.close()


@pytest.fixture
def ask(jp_serverapp: Any, jp_fetch: Fetch) -> Callable[..., Any]:
    async def request(person: str, *parts: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"token {jp_serverapp.identity_provider.token}", "X-Person": person}
        try:
            answer = await jp_fetch("ml-intern", *parts, headers=headers, **fields)
        except HTTPClientError as error:
            answer = error.response
        return int(answer.code), json.loads(answer.body or "{}")

    return request


async def test_each_person_keeps_so_many_sessions(ask: Fetch) -> None:
    async def create(person: str) -> tuple[int, dict[str, Any]]:
        found: tuple[int, dict[str, Any]] = await ask(person, "sessions", method="POST", body='{"path": "a.ipynb"}')
        return found

    _, first = await create("ann")
    assert (await create("ann"))[0] == 201
    status, refused = await create("ann")
    assert (status, refused["code"]) == (409, "refused")
    assert "2 sessions of each person" in refused["message"]
    assert (await create("bob"))[0] == 201
    assert (await ask("ann", "sessions", first["session_id"], method="DELETE"))[0] == 204
    assert (await create("ann"))[0] == 201


async def test_each_person_has_a_day_of_their_own(ask: Fetch, join: Fetch, script: Fetch, new_session: Fetch) -> None:
    script(*TWO_TURNS, *TWO_TURNS)
    session_id = await new_session()
    ann, bob = await join(session_id, "ann"), await join(session_id, "bob")
    started = {"task": "Add.", "mode": "auto"}
    assert (await ann.command("start_run", **started))["ok"]
    ended = await ann.until("run_paused")  # two turns
    assert "2 steps a day for each person" in ended["reason"]
    assert (await ann.command("stop_run"))["ok"]
    refused = await ann.command("start_run", **started)
    assert "2 steps a day for each person" in refused["error"]
    assert (await bob.command("start_run", **started))["ok"]
    began = [frame for frame in bob.frames if frame["type"] == "run_started"]
    assert [(frame["user"], frame["by"]) for frame in began] == [("ann", "A. N. Other"), ("bob", "A. N. Other")]
    await bob.until("run_paused", run_id=began[1]["run_id"])
    assert (await bob.command("stop_run"))["ok"]


async def test_many_sockets_of_a_person_share_one_rate(
    jp_serverapp: Any, ask: Fetch, join: Fetch, new_session: Fetch
) -> None:
    jp_serverapp.web_app.settings["ml_intern_jlab"].user_requests_per_second = 0.001
    session_id = await new_session()  # of ann's: her burst of one is used
    for number in range(3):
        reply = await (await join(session_id, "ann")).command("stop_run")
        assert reply["code"] == "too_fast", number
    assert (await (await join(session_id, "bob")).command("stop_run"))["code"] == "refused"
    status, answer = await ask("ann", "sessions", method="POST", body='{"path": "a.ipynb"}')
    assert (status, answer["code"]) == (429, "too_fast")
    assert (await ask("ann", "sessions", session_id))[0] == 200  # looking costs nothing


def test_only_so_many_people_are_remembered() -> None:
    rates = Rates(lambda: 0.001)
    assert rates.take("ann")
    assert not rates.take("ann")
    for number in range(MOST_USERS):
        rates.take(str(number))
    assert rates.take("ann")
