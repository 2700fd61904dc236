"""Jobs over HTTP, as huggingface_hub asks for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.hub.jobs import HARDWARE, Job, JobRunner
from tests.hub.repositories import User
from tests.hub.serving import Refusal, Request, Response, Router, json_response
from tests.hub.state import HubState

ONE = r"/api/jobs/(?P<namespace>[\w.-]+)/(?P<id>[0-9a-f]{24})"


class JobRoutes:
    """Start, list, inspect, read and cancel jobs."""

    def __init__(self, state: HubState, runner: JobRunner, router: Router) -> None:
        self._state, self._runner = state, runner
        router.add("GET", "/api/jobs/hardware", lambda request: json_response(HARDWARE))
        router.add("POST", r"/api/jobs/(?P<namespace>[\w.-]+)", self.submit)
        router.add("GET", r"/api/jobs/(?P<namespace>[\w.-]+)", self.list)
        router.add("GET", ONE, lambda request, **named: json_response(self._job(request, **named).facts()))
        router.add("GET", rf"{ONE}/logs", self.logs)
        router.add("POST", rf"{ONE}/cancel", self.cancel)

    def submit(self, request: Request, namespace: str) -> Response:
        """A new job."""
        owner, asked = self._user(request, namespace), request.json
        if asked.get("flavor", "cpu-basic") not in {each["name"] for each in HARDWARE}:
            raise Refusal(400, f"Unknown flavor: {asked['flavor']}")
        if not asked.get("command"):
            raise Refusal(400, "A job needs a command")
        with self._state.lock:
            return json_response(self._runner.submit(owner, namespace, asked).facts())

    def list(self, request: Request, namespace: str) -> Response:
        """The namespace's jobs, newest first."""
        self._user(request, namespace)
        stages = set(request.query.get("stage", []))
        found = [
            job.facts()
            for job in reversed(self._runner.jobs.values())
            if job.namespace == namespace and (not stages or job.stage in stages)
        ]
        return json_response(found)

    def logs(self, request: Request, namespace: str, id: str) -> Response:
        """The log as server-sent events, which end with the job."""
        job = self._job(request, namespace, id)
        first = max(0, len(job.lines) - request.number("tail", len(job.lines)))

        def events() -> Iterator[bytes]:
            for time, line in job.follow(first):
                yield f"data: {json.dumps({'timestamp': time, 'data': line})}\n\n".encode()

        return Response(200, events(), {"Content-Type": "text/event-stream"})

    def cancel(self, request: Request, namespace: str, id: str) -> Response:
        """End a job."""
        job = self._job(request, namespace, id)
        self._runner.cancel(job)
        return json_response(job.facts())

    def _user(self, request: Request, namespace: str) -> User:
        user = self._state.user(request)
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        if not user.may_write(namespace):
            raise Refusal(403, f"The token of {user.name} may not run jobs under {namespace}")
        return user

    def _job(self, request: Request, namespace: str, id: str) -> Job:
        self._user(request, namespace)
        job = self._runner.jobs.get(id)
        if job is None or job.namespace != namespace:
            raise Refusal(404, f"There is no job {id}")
        return job
