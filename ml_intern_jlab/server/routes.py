"""The routes under `/ml-intern/`, each authenticated and authorised as jupyter_server does it, XSRF kept on."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from .. import __version__
from ..errors import BadCommand, InternError, Refused, TooFast, UnknownSession
from ..protocol import (
    PROTOCOL_VERSION,
    Beat,
    Event,
    Health,
    Hello,
    ModelInfo,
    Reply,
    TakeLease,
    Value,
    parse_command,
)
from ..redaction import redact, safe_logger
from .examples import ExampleRequest, copy_example
from .rate import Rate

if TYPE_CHECKING:
    from ..sessions.sessions import Sessions
    from .extension import MLInternExtension

log = safe_logger(__name__)
B = TypeVar("B", bound=BaseModel)
RESOURCE = "ml_intern"
"""What an authorizer is asked about."""
GRACE_SECONDS = 8.0
"""How long a tab that vanished may take to come back before the server writes in its place.

A reload on a slow machine takes 5 s. A file that is being written just then can't be read by the page that opens it.
"""
MAX_QUEUE = 5_000
"""Events that wait for a slow client; one that falls further behind is cut off and comes back with `since`."""
BEAT_SECONDS = 20.0
"""A socket is silent for so long at most. Proxies often cut one after 60 s, and a page takes it for dead then, too."""
REPLAY_EVENTS = 500
"""Events in one frame of a replay at most: a page reads 20 frames much faster than 10,000."""
REPLAY_BYTES = 1_000_000
"""A frame of a replay ends with the event that makes it so long: figures are large."""
TOO_FAST = "Commands come faster than this server takes them; this one was not read. Slow down."
SESSION = r"/ml-intern/sessions/(?P<session_id>[0-9a-f]{12})"


class NewSession(BaseModel):
    """The body of a request for a new session."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=4096, pattern=r"\.ipynb$")
    kernel_name: str = Field(default="", max_length=200)


class _Route(APIHandler):
    """What the plain routes share: the sessions, and our errors as status codes with a sentence."""

    auth_resource = RESOURCE

    @property
    def extension(self) -> MLInternExtension:
        found: MLInternExtension = self.settings["ml_intern_jlab"]
        return found

    @property
    def sessions(self) -> Sessions:
        return self.extension.sessions

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if not isinstance(error, InternError):
            super().write_error(status_code, **kwargs)
            return
        codes = {UnknownSession: 404, Refused: 409, TooFast: 429}
        self.set_status(next((code for kind, code in codes.items() if isinstance(error, kind)), 400))
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": redact(str(error)), "code": error.code}))

    def log_exception(self, kind: Any, value: Any, trace: Any) -> None:
        # An error of ours was answered with its sentence; it is no fault of the server to log.
        if not isinstance(value, InternError):
            super().log_exception(kind, value, trace)

    @property
    def user(self) -> str:
        """The username of who sent the request."""
        return str(self.current_user.username)

    def pace(self) -> None:
        """Count a request that changes something.

        Raises:
            TooFast: this person sends more than the server takes.
        """
        if not self.extension.rates.take(self.user):
            raise TooFast(TOO_FAST)

    def read(self, kind: type[B], failure: str) -> B:
        """The request's body as a value of `kind`.

        Raises:
            BadCommand: it isn't one; the message begins with `failure`.
            TooFast: this person sends more than the server takes.
        """
        self.pace()
        try:
            return kind.model_validate_json(self.request.body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the request"
            raise BadCommand(f"{failure}: {where}: {first['msg']}.") from error

    async def allowed(self, path: str) -> str:
        """The path without slashes at its ends.

        Raises:
            BadCommand: it leads outside the folder that the server shows, or to something hidden.
        """
        contents = self.settings["contents_manager"]
        path = path.strip("/")
        if ".." in path.split("/") or (await ensure_async(contents.is_hidden(path)) and not contents.allow_hidden):
            raise BadCommand(f"The path {path} lies outside the folder that this server shows; nothing was changed.")
        return path

    def answer(self, value: Value) -> None:
        self.finish(value.model_dump_json())


class HealthRoute(_Route):
    """`GET /ml-intern/health`: that the server half is there, of which version, and how busy."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Answer without opening the journal: a health check must not import the agent."""
        loaded = self.extension.loaded
        self.answer(
            Health(
                version=__version__,
                protocol=PROTOCOL_VERSION,
                sessions=len(self.sessions.list()) if loaded else 0,
                running=self.sessions.running if loaded else 0,
            )
        )


class ModelsRoute(_Route):
    """`GET /ml-intern/models`: the models to choose from."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of `ModelInfo`, the server's own choice first."""
        found = await asyncio.to_thread(self._known)
        self.finish(json.dumps([model.model_dump(mode="json") for model in found]))

    def _known(self) -> list[ModelInfo]:
        """Asks servers and imports the agent: both would hold up the event loop."""
        from ..agent.model_catalog import known_models

        extension = self.extension
        return known_models(extension.model, extension.base_url, extension.models)


class SessionsRoute(_Route):
    """`/ml-intern/sessions`: list them, or create one for a notebook."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Answer a list of `SessionInfo`, the newest first; `?path=` keeps one notebook's."""
        path = self.get_argument("path", "")
        found = [info.model_dump(mode="json") for info in self.sessions.list() if path in ("", info.path)]
        self.finish(json.dumps(found))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Create a session; answers 201 with its `SessionInfo`."""
        body = self.read(NewSession, "The session was not created")
        path = await self.allowed(body.path)
        self.set_status(201)
        self.answer(self.sessions.create(path, body.kernel_name, self.user))


class SessionRoute(_Route):
    """`/ml-intern/sessions/{session_id}`: look at one, follow a rename, or delete it for good."""

    @web.authenticated
    @authorized
    def get(self, session_id: str) -> None:
        """Answer the `SessionInfo`."""
        self.answer(self.sessions.journal.session(session_id))

    @web.authenticated
    @authorized
    async def patch(self, session_id: str) -> None:
        """The notebook was renamed or moved; answers the `SessionInfo`."""
        body = self.read(NewSession, "The session was not renamed")
        self.sessions.rename(session_id, await self.allowed(body.path))
        self.answer(self.sessions.journal.session(session_id))

    @web.authenticated
    @authorized
    async def delete(self, session_id: str) -> None:
        """Stop its run, forget its events. The notebook stays as it is."""
        self.pace()
        await self.sessions.delete(session_id)
        self.set_status(204)
        self.finish()


class ChangesRoute(_Route):
    """`GET /ml-intern/sessions/{session_id}/runs/{run_id}/changes`: what a run changed in its notebook."""

    @web.authenticated
    @authorized
    async def get(self, session_id: str, run_id: str) -> None:
        """Answer `RunChanges`, of the notebook as it is saved."""
        self.answer(await self.sessions.get(session_id).changes(run_id))


class ExamplesRoute(_Route):
    """`POST /ml-intern/examples`: put an example's data into a folder."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer 201 with the files and the task to try on them."""
        request = self.read(ExampleRequest, "The example was not copied")
        example = await copy_example(request, self.settings["contents_manager"])
        self.set_status(201)
        self.answer(example)


class EventsSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """`/ml-intern/sessions/{session_id}/events?since=SEQ`: `hello`, the events after `since` in `replay` frames, then
    events as they happen. Each text frame of the client is one command, answered by a `reply` with its `request_id`."""

    auth_resource = RESOURCE
    session_id = ""
    _unsubscribe: Callable[[], None] | None = None
    _sender: asyncio.Task[None] | None = None
    _tab_id = ""

    @ws_authenticated
    async def get(self, session_id: str) -> None:
        """Authorise before the connection is upgraded.

        Raises:
            web.HTTPError: not allowed (403), no such session (404), `since` is no number (400).
        """
        user = self.current_user
        if not await ensure_async(self.authorizer.is_authorized(self, user, "execute", RESOURCE)):
            raise web.HTTPError(403)
        since = self.get_argument("since", "0")
        if not since.isdecimal():
            raise web.HTTPError(400, "`since` must be a number: the seq of the last event that you have.")
        self.session_id, self._since = session_id, int(since)
        self._by, self._user = user.name or user.username, str(user.username)
        extension: MLInternExtension = self.settings["ml_intern_jlab"]
        self._sessions: Sessions = extension.sessions
        self._rate, self._rates = Rate(extension.commands_per_second), extension.rates
        self._most_bytes = extension.max_message_bytes
        try:
            self._info = self._sessions.journal.session(session_id)
        except UnknownSession as error:
            raise web.HTTPError(404, str(error)) from error
        await super().get()

    def open(self) -> None:
        """Subscribe first, then replay: nothing that happens in between is missed or told twice."""
        super().open()
        self._queue: asyncio.Queue[Event | Reply] = asyncio.Queue(MAX_QUEUE)
        last_seq = self._sessions.journal.last_seq(self.session_id)
        self._unsubscribe = self._sessions.subscribe(self.session_id, self._enqueue)
        self._sender = asyncio.get_running_loop().create_task(self._send(last_seq))

    async def _send(self, last_seq: int) -> None:
        allowed = self._sessions.journal.allowed_classes(self._info.path)
        hello = Hello(
            protocol=PROTOCOL_VERSION,
            version=__version__,
            session=self._info,
            last_seq=last_seq,
            allowed=sorted(allowed),
        )
        with contextlib.suppress(WebSocketClosedError):
            await self.write_message(hello.model_dump_json())
            for frame in _replays(self._sessions.journal.events(self.session_id, self._since, last_seq)):
                await self.write_message(frame)
                await asyncio.sleep(0)  # others are served between two frames
            while True:
                await self.write_message((await self._next()).model_dump_json())

    async def _next(self) -> Event | Reply | Beat:
        try:
            return await asyncio.wait_for(self._queue.get(), BEAT_SECONDS)
        except asyncio.TimeoutError:
            return Beat()

    def _enqueue(self, frame: Event | Reply) -> None:
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.close(1013, "Too slow; connect again with the last seq that you have.")

    async def on_message(self, data: str | bytes) -> None:
        """Carry out a command and answer it."""
        request_id = ""
        try:
            if isinstance(data, bytes):
                raise BadCommand("A command is a text frame of JSON; this one was binary.")
            if not self._rate.take() or not self._rates.take(self._user):
                raise TooFast(TOO_FAST)
            command = parse_command(data, self._most_bytes)
            request_id = command.request_id
            where = self.request.remote_ip or ""
            await self._sessions.handle(self.session_id, command, self._by, where, self._user)
            if isinstance(command, TakeLease):
                self._tab_id = command.tab_id
                _tabs[self.session_id, self._tab_id] = self
            reply = Reply(request_id=request_id, ok=True)
        except InternError as error:
            sentence = redact(str(error))
            reply = Reply(request_id=request_id or _request_id(data), ok=False, code=error.code, error=sentence)
        except Exception as error:
            log.exception("A command of session %s failed by a fault of ours.", self.session_id)
            text = redact(f"A fault in ml-intern itself: {error!r}. The server's log has more.")
            reply = Reply(request_id=request_id, ok=False, code="fault", error=text)
        self._enqueue(reply)

    def on_close(self) -> None:
        """The run goes on; only this listener ends, and the lease of its tab unless that comes back soon."""
        if self._unsubscribe:
            self._unsubscribe()
        if self._sender:
            self._sender.cancel()
        if self._tab_id:
            asyncio.get_running_loop().create_task(self._release_lease())

    async def _release_lease(self) -> None:
        await asyncio.sleep(GRACE_SECONDS)
        tab = (self.session_id, self._tab_id)
        if _tabs.get(tab) is self and not self._sessions.closed:
            del _tabs[tab]
            with contextlib.suppress(UnknownSession):  # it was deleted meanwhile
                await self._sessions.get(self.session_id).release_lease(self._tab_id)

    @property
    def max_message_size(self) -> int:
        """Tornado closes the connection on anything longer."""
        most: int = self.settings["ml_intern_jlab"].max_message_bytes
        return 2 * most

    def get_compression_options(self) -> dict[str, Any]:
        """Compress: events are text."""
        return {}


_tabs: dict[tuple[str, str], EventsSocket] = {}
"""The socket through which each tab that holds a lease spoke last."""


def _replays(events: Iterable[Event]) -> Iterator[str]:
    """The events in `Replay` frames that are bounded in number and in size, as JSON; each is written once."""
    texts: list[str] = []
    size = 0
    for event in events:
        texts.append(event.model_dump_json())
        size += len(texts[-1])
        if len(texts) == REPLAY_EVENTS or size >= REPLAY_BYTES:
            yield _replay(texts)
            texts, size = [], 0
    if texts:
        yield _replay(texts)


def _replay(texts: list[str]) -> str:
    return f'{{"type":"replay","events":[{",".join(texts)}]}}'


def _request_id(data: str | bytes) -> str:
    """The id of a command that could not be read otherwise, so that its sender knows which failed."""
    try:
        found = json.loads(data)["request_id"]
    except (ValueError, TypeError, KeyError):
        return ""
    return found[:64] if isinstance(found, str) else ""


def routes() -> list[tuple[str, type[JupyterHandler]]]:
    """All routes of the extension."""
    return [
        (r"/ml-intern/health", HealthRoute),
        (r"/ml-intern/models", ModelsRoute),
        (r"/ml-intern/examples", ExamplesRoute),
        (r"/ml-intern/sessions", SessionsRoute),
        (SESSION, SessionRoute),
        (SESSION + r"/runs/(?P<run_id>[0-9a-f]{12})/changes", ChangesRoute),
        (SESSION + "/events", EventsSocket),
    ]
