"""The server's surface under what a stranger, a broken client or a fuzzer would send: no 5xx, no hang, nothing done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tornado.httpclient import HTTPClientError

from ml_intern_jlab.protocol import COMMAND, MAX_COMMAND_BYTES

Fetch = Callable[..., Any]
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted(
    {name for each in COMMAND.json_schema()["$defs"].values() for name in each.get("properties", {})} | {"path"}
)
TYPES = sorted(
    each["properties"]["type"]["const"]
    for each in COMMAND.json_schema()["$defs"].values()
    if "const" in each.get("properties", {}).get("type", {})
)
SOCKETS = 500


async def status(fetch: Fetch, *parts: str, **request: Any) -> int:
    """The status code of an answer, whatever it is."""
    try:
        return int((await fetch("ml-intern", *parts, **request)).code)
    except HTTPClientError as error:
        return int(error.code)


@pytest.mark.parametrize(
    "header", [{"Authorization": ""}, {"Authorization": "token wrong"}, {"Authorization": "Bearer x"}]
)
@pytest.mark.parametrize(
    ("method", "parts"),
    [
        ("GET", ("health",)),
        ("GET", ("models",)),
        ("GET", ("sessions",)),
        ("POST", ("sessions",)),
        ("POST", ("examples",)),
        ("GET", ("sessions", "0" * 12)),
        ("PATCH", ("sessions", "0" * 12)),
        ("DELETE", ("sessions", "0" * 12)),
        ("GET", ("sessions", "0" * 12, "runs", "0" * 12, "changes")),
    ],
)
async def test_without_the_token_nothing_is_answered(
    jp_fetch: Fetch, method: str, parts: tuple[str, ...], header: dict[str, str]
) -> None:
    body = "{}" if method in ("POST", "PATCH") else None
    assert await status(jp_fetch, *parts, method=method, body=body, headers=header) == 403


@pytest.mark.parametrize(
    "path",
    [
        "../a.ipynb",
        "a/../../b.ipynb",
        "..%2fa.ipynb",
        "/../a.ipynb",
        ".hidden/a.ipynb",
        "a\x00.ipynb",
        "~/../../a.ipynb",
    ],
)
async def test_no_path_leads_out(jp_fetch: Fetch, path: str) -> None:
    code = await status(jp_fetch, "sessions", method="POST", body=json.dumps({"path": path}))
    assert code in (201, 400, 404)
    assert code != 201 or ".." not in path.split("/")


async def test_what_is_too_long_is_refused_in_a_sentence(connect: Fetch, new_session: Fetch, jp_fetch: Fetch) -> None:
    assert await status(jp_fetch, "sessions", method="POST", body=json.dumps({"path": "a" * 5000 + ".ipynb"})) == 400
    assert await status(jp_fetch, "sessions", method="POST", body='{"path": ' + "[" * 100_000) == 400
    client = await connect(await new_session())
    await client.next()
    reply = await client.command("send_message", text="x" * MAX_COMMAND_BYTES)
    assert (reply["ok"], reply["code"]) == (False, "bad_command")
    assert (await client.command("stop_run"))["code"] == "refused"


@BOUNDED
@given(
    body=JSON | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
    where=st.sampled_from(
        [
            ("POST", ("sessions",)),
            ("POST", ("examples",)),
            ("PATCH", ("sessions", "0" * 12)),
            ("GET", ("sessions", "zz")),
            ("DELETE", ("sessions", "f" * 12)),
        ]
    ),
)
def test_no_body_breaks_a_route(
    body: Any, where: tuple[str, tuple[str, ...]], jp_fetch: Fetch, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> None:
    method, parts = where
    sent = json.dumps(body) if method in ("POST", "PATCH") else None
    code = jp_asyncio_loop.run_until_complete(
        asyncio.wait_for(status(jp_fetch, *parts, method=method, body=sent), timeout=60)
    )
    assert 200 <= code < 500


@pytest.fixture
def one_client(connect: Fetch, new_session: Fetch, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Any:
    """One socket for all examples of a test."""

    async def make() -> Any:
        client = await connect(await new_session())
        await client.next()
        return client

    return jp_asyncio_loop.run_until_complete(make())


@BOUNDED
@given(
    frame=JSON
    | st.builds(
        lambda kind, fields: {**fields, "type": kind, "request_id": "fuzz"},
        st.sampled_from([kind for kind in TYPES if kind != "take_lease"]),
        st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5),
    )
)
def test_no_frame_breaks_the_socket(frame: Any, one_client: Any, jp_asyncio_loop: asyncio.AbstractEventLoop) -> None:
    async def exchange() -> dict[str, Any]:
        await one_client.socket.write_message(json.dumps(frame))
        reply: dict[str, Any] = await one_client.until("reply")
        return reply

    reply = jp_asyncio_loop.run_until_complete(asyncio.wait_for(exchange(), timeout=60))
    assert reply["code"] != "fault"
    assert reply["ok"] or len(reply["error"]) > 20


async def test_many_sockets_are_all_served(jp_ws_fetch: Fetch, new_session: Fetch, jp_fetch: Fetch) -> None:
    session_id = await new_session()
    sockets = await asyncio.gather(
        *(jp_ws_fetch("ml-intern", "sessions", session_id, "events", params={"since": "0"}) for _ in range(SOCKETS))
    )
    try:
        hellos = [json.loads(await socket.read_message()) for socket in sockets]
        assert {hello["type"] for hello in hellos} == {"hello"}
        command = {"type": "allow_class", "risk": "shell", "allowed": True, "request_id": "r"}
        await sockets[0].write_message(json.dumps(command))
        told = [json.loads(await socket.read_message()) for socket in sockets]
        assert {frame["type"] for frame in told} == {"classes_allowed"}
        assert await status(jp_fetch, "health") == 200
    finally:
        for socket in sockets:
            socket.close()
