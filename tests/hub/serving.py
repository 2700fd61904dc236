"""A small HTTP/1.1 server on loopback: routes by method and path, bodies that stream, and faults that tests ask for."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked for. `path` is decoded, so a quoted slash in a revision looks like any other slash."""

    method: str
    path: str
    raw_path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON; an empty one is an empty object."""
        return json.loads(self.body or b"{}")

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def number(self, name: str, default: int) -> int:
        """A query parameter as a whole number."""
        text = self.first(name)
        return int(text) if text.lstrip("-").isdigit() else default

    @property
    def bearer(self) -> str:
        """The token that came with the request, or ""."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in {"bearer", "token"} else ""


@dataclass(frozen=True)
class Response:
    """What goes back. A body that is an iterable is sent piece by piece as it comes."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Raised by a route: the status and headers that the real service would answer with."""

    def __init__(self, status: int, message: str, code: str = "", **extra: Any) -> None:
        super().__init__(message)
        self.response = json_response(
            {"error": message, **extra},
            status,
            {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})},
        )


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response whose body is `value` as JSON."""
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def text_response(text: str, kind: str = "text/plain", status: int = 200) -> Response:
    """A response whose body is text."""
    return Response(status, text.encode(), {"Content-Type": f"{kind}; charset=utf-8"})


@dataclass
class Fault:
    """How a test makes requests go wrong.

    Args:
        path: a regular expression that is searched in the path.
        status: what to answer instead of the truth; 0: the truth.
        times: for how many requests; -1: until taken away.
        seconds: how long to wait before anything is sent.
        cut_after: bytes of the body after which the connection is cut; None: not cut.
        headers: more headers, such as `Retry-After`.
        method: only this method; "": any.
    """

    path: str
    status: int = 0
    times: int = 1
    seconds: float = 0
    cut_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = ""

    def meets(self, request: Request) -> bool:
        """Whether it strikes this request."""
        return bool(self.times and self.method in {"", request.method} and re.search(self.path, request.path))


Route = Callable[..., Response]


class Router:
    """Routes in the order in which they were added; the first whose pattern fits the whole path answers."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []

    def add(self, methods: str, pattern: str, route: Route) -> None:
        """Answer `methods` (separated by blanks) on paths that fit `pattern` by `route(request, **groups)`."""
        for method in methods.split():
            self._routes.append((method, re.compile(pattern), route))

    def answer(self, request: Request) -> Response:
        """The response to a request, refusals included."""
        try:
            for method, pattern, route in self._routes:
                if method == request.method and (match := pattern.fullmatch(request.path)):
                    return route(request, **match.groupdict())
        except Refusal as refusal:
            return refusal.response
        return json_response({"error": f"Nothing answers {request.method} {request.path}"}, 404)


class Server:
    """A router behind a port on loopback, each connection in a thread of its own."""

    def __init__(self, router: Router, port: int = 0) -> None:
        self.router = router
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and let go of the port."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def note(self, request: Request) -> Fault | None:
        """Remember a request; the fault that strikes it, if any."""
        with self._lock:
            self.requests.append(request)
            fault = next((each for each in self.faults if each.meets(request)), None)
            if fault and fault.times > 0:
                fault.times -= 1
            return fault


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        super().__init__(address, _Handler)
        self.owner = server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; anything else is shown by the base."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: `Server.requests` is the log."""

    def _serve(self) -> None:
        request = self._read()
        fault = self.server.owner.note(request)
        if fault:
            time.sleep(fault.seconds)
        if fault and fault.status:
            response = json_response({"error": f"Asked to fail with {fault.status}"}, fault.status, fault.headers)
        else:
            response = self.server.owner.router.answer(request)
        self._send(request, response, fault.cut_after if fault else None)

    def _read(self) -> Request:
        url = urlsplit(self.path)
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(pieces)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return Request(
            self.command,
            unquote(url.path),
            url.path,
            parse_qs(url.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )

    def _send(self, request: Request, response: Response, cut_after: int | None) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        whole = response.body if isinstance(response.body, bytes) else None
        if whole is None:
            self.send_header("Transfer-Encoding", "chunked")
        elif "Content-Length" not in response.headers:
            self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        if request.method == "HEAD":
            return
        if cut_after is not None:
            body = whole if whole is not None else b"".join(response.body)  # type: ignore[arg-type]
            self.wfile.write(body[:cut_after])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif whole is not None:
            self.wfile.write(whole)
        else:
            for piece in response.body:
                assert isinstance(piece, bytes)
                if piece:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _serve
