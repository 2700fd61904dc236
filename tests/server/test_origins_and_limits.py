"""A browser that holds the login cookie but shows another's page, a person without rights, and clients that send too
much, too fast, or read too slowly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from ml_intern_jlab.protocol import SendMessage, StepFinished
from ml_intern_jlab.server import routes
from ml_intern_jlab.server.rate import Rate

Fetch = Callable[..., Any]
STRANGER = {"Origin": "https://stranger.test"}
REQUESTS = [
    ("GET", "health"),
    ("GET", "models"),
    ("GET", "sessions"),
    ("POST", "sessions"),
    ("POST", "examples"),
    ("GET", "sessions/{}"),
    ("PATCH", "sessions/{}"),
    ("DELETE", "sessions/{}"),
]
BODIES = {"sessions": '{"path": "b.ipynb"}', "examples": '{"name": "penguins"}', "sessions/{}": '{"path": "b.ipynb"}'}


@pytest.fixture
def base(jp_serverapp: Any) -> str:
    return f"http://127.0.0.1:{jp_serverapp.port}{jp_serverapp.base_url}"


@pytest.fixture
def cookie(base: str, jp_serverapp: Any, jp_fetch: Fetch, jp_asyncio_loop: asyncio.AbstractEventLoop) -> dict[str, str]:
    """The cookies of a browser that has logged in, as a header; `jp_fetch` is what lets the server answer."""

    async def log_in() -> Any:
        return await AsyncHTTPClient().fetch(f"{base}api/me?token={jp_serverapp.identity_provider.token}")

    answer = jp_asyncio_loop.run_until_complete(log_in())
    pairs = [each.split(";", 1)[0] for each in answer.headers.get_list("Set-Cookie")]
    assert any(pair.startswith("username-") for pair in pairs)
    return {"Cookie": "; ".join(pairs)}


async def status(url: str, **request: Any) -> int:
    try:
        return int((await AsyncHTTPClient().fetch(HTTPRequest(url, **request))).code)
    except HTTPClientError as error:
        return int(error.code)


async def test_with_the_cookie_alone_a_strangers_page_gets_and_changes_nothing(
    cookie: dict[str, str], base: str, new_session: Fetch, jp_fetch: Fetch
) -> None:
    session_id = await new_session()
    assert await status(f"{base}ml-intern/sessions", headers=cookie) == 200
    for method, path in REQUESTS:
        url = f"{base}ml-intern/{path.format(session_id)}"
        body = BODIES.get(path) if method in ("POST", "PATCH") else None
        assert await status(url, method=method, body=body, headers=cookie | STRANGER) in (403, 404)
        if method != "GET":  # a form of another page sends no origin that tells; then the XSRF token is missing
            assert await status(url, method=method, body=body, headers=cookie) == 403
    found = json.loads((await jp_fetch("ml-intern", "sessions")).body)
    assert [(each["session_id"], each["path"]) for each in found] == [(session_id, "a.ipynb")]


async def test_the_socket_opens_for_no_other_origin(cookie: dict[str, str], base: str, new_session: Fetch) -> None:
    url = f"{base}ml-intern/sessions/{await new_session()}/events?since=0".replace("http:", "ws:", 1)
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(HTTPRequest(url, headers=cookie | STRANGER))
    assert refused.value.code == 403
    own = await websocket_connect(HTTPRequest(url, headers=cookie))
    message = await own.read_message()
    assert isinstance(message, str)
    assert json.loads(message)["type"] == "hello"
    own.close()


async def test_a_user_without_rights_gets_nothing_though_others_do(
    jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch, base: str, new_session: Fetch, cookie: dict[str, str]
) -> None:
    session_id = await new_session()
    xsrf = "0123456789abcdef0123456789abcdef"
    headers = {"Cookie": f"{cookie['Cookie']}; _xsrf={xsrf}", "X-XSRFToken": xsrf}
    assert await status(f"{base}ml-intern/sessions/{session_id}", method="PATCH", body="{}", headers=headers) == 400
    asked: list[tuple[str, str]] = []

    def is_authorized(handler: Any, user: Any, action: str, resource: str) -> bool:
        asked.append((action, resource))
        return resource != routes.RESOURCE or "Authorization" in handler.request.headers

    monkeypatch.setattr(jp_serverapp.authorizer, "is_authorized", is_authorized)
    for method, path in REQUESTS:
        body = BODIES.get(path) if method in ("POST", "PATCH") else None
        url = f"{base}ml-intern/{path.format(session_id)}"
        assert await status(url, method=method, body=body, headers=headers) == 403
    actions = [action for action, resource in asked if resource == routes.RESOURCE]
    assert actions == ["read" if method == "GET" else "write" for method, _ in REQUESTS]
    token = {"Authorization": f"token {jp_serverapp.identity_provider.token}"}
    assert await status(f"{base}ml-intern/sessions/{session_id}", headers=token) == 200


async def test_who_sends_too_fast_is_told_and_can_go_on(connect: Fetch, new_session: Fetch, jp_serverapp: Any) -> None:
    jp_serverapp.web_app.settings["ml_intern_jlab"].commands_per_second = 5.0
    client = await connect(await new_session())
    for number in range(200):
        await client.send("stop_run", request_id=str(number))
    codes = [(await client.until("reply", request_id=str(number)))["code"] for number in range(200)]
    assert codes[:5] == ["refused"] * 5
    assert codes.count("too_fast") > 100
    await asyncio.sleep(0.5)
    assert (await client.command("stop_run"))["code"] == "refused"


async def test_what_is_longer_than_configured_is_refused(connect: Fetch, new_session: Fetch, jp_serverapp: Any) -> None:
    jp_serverapp.web_app.settings["ml_intern_jlab"].max_message_bytes = 2000
    client = await connect(await new_session())
    reply = await client.command("send_message", text="x" * 2000)
    assert reply["error"] == "The command is longer than 2,000 bytes; it was not read."
    assert (await client.command("send_message", text="x"))["code"] == "refused"


async def test_a_slow_reader_is_cut_off_and_comes_back_without_loss(
    connect: Fetch, new_session: Fetch, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_QUEUE", 5)
    session_id = await new_session()
    slow = await connect(session_id)
    await slow.next()
    sessions = jp_serverapp.web_app.settings["ml_intern_jlab"].sessions
    for step in range(50):  # without a pause: the socket's sender has no turn in between
        sessions.journal.append(StepFinished(session_id=session_id, step=step))
    seen = []
    while (data := await slow.socket.read_message()) is not None:
        seen.append(json.loads(data)["seq"])
    assert slow.socket.close_code == 1013
    again = await connect(session_id, since=seen[-1] if seen else 0)
    assert (await again.next())["type"] == "hello"
    rest = [(await again.next())["seq"] for _ in range(50 - len(seen))]
    assert seen + rest == list(range(1, 51))


def test_the_rate_is_a_bucket_that_fills() -> None:
    now = [0.0]
    rate = Rate(10, clock=lambda: now[0])
    assert [rate.take() for _ in range(21)] == [True] * 20 + [False]
    now[0] += 0.25
    assert [rate.take() for _ in range(3)] == [True, True, False]
    assert all(Rate(0).take() for _ in range(1000))


def test_bytes_are_counted_not_characters() -> None:
    from ml_intern_jlab.errors import BadCommand
    from ml_intern_jlab.protocol import parse_command

    data = SendMessage(text="€" * 100).model_dump_json()
    with pytest.raises(BadCommand, match="longer than 300 bytes"):
        parse_command(data, 300)
    parse_command(data, len(data.encode()))
