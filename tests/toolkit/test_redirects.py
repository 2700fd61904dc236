"""A token goes to its own host only, wherever that host sends the reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ml_intern_jlab.toolkit import http
from ml_intern_jlab.toolkit.services import Service


class Place:
    """A host that notes the headers that it gets, and may send the reader on."""

    def __init__(self) -> None:
        self.sends_to = ""
        self.heard: list[dict[str, str]] = []
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.heard.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(302 if place.sends_to and self.path.startswith("/start") else 200)
                if place.sends_to and self.path.startswith("/start"):
                    self.send_header("Location", place.sends_to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def places() -> Iterator[tuple[Place, Place]]:
    own, other = Place(), Place()
    yield own, other
    http.close()
    for place in (own, other):
        place.server.shutdown()
        place.server.server_close()


@pytest.mark.parametrize(("kind", "header"), [("bearer", "authorization"), ("x-api-key", "x-api-key")])
def test_a_redirect_elsewhere_does_not_take_the_token_along(
    places: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch, kind: str, header: str
) -> None:
    own, other = places
    monkeypatch.setenv("OWN_ADDRESS", own.url)
    monkeypatch.setenv("OWN_KEY", "value-of-the-key")
    service = Service("a service", "OWN_ADDRESS", "", "nothing", kind, ("OWN_KEY",))  # type: ignore[arg-type]
    own.sends_to = f"{other.url}/there"
    http.get(service, "/start")
    own.sends_to = f"{own.url}/there"
    http.get(service, "/start/anew")  # the first answer is kept
    assert [("value-of-the-key" in each.get(header, "")) for each in own.heard] == [True, True, True]
    assert len(other.heard) == 1
    assert "value-of-the-key" not in str(other.heard)
