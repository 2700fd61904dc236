"""Code, documentation and web search over HTTP: GitHub's interface, the Hub's documentation pages, a search server."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from tests.hub.serving import Refusal, Request, Response, Router, json_response, text_response

NAME = r"(?P<name>[\w.-]+/[\w.-]+)"


@dataclass
class CodeRepository:
    """A repository on GitHub.

    Attributes:
        files: the content of each file of its only branch.
        releases: tag and notes, the newest first.
    """

    name: str
    files: dict[str, bytes]
    stars: int = 0
    about: str = ""
    branch: str = "main"
    releases: list[tuple[str, str]] = field(default_factory=list)

    def facts(self, url: str) -> dict[str, Any]:
        """What `/repos/{name}` answers."""
        return {
            "full_name": self.name,
            "stargazers_count": self.stars,
            "language": "Python",
            "license": {"spdx_id": "Apache-2.0"},
            "description": self.about,
            "pushed_at": "2026-01-02T00:00:00Z",
            "archived": False,
            "default_branch": self.branch,
            "html_url": f"{url}/{self.name}",
        }


@dataclass
class Shelves:
    """What these services know.

    Attributes:
        code: the repositories on GitHub.
        pages: the text of each page of the Hub's documentation by its path, such as `/docs/trl/llms.txt`.
        web: title, address and text of what the search server finds.
        left: requests that GitHub allows to those without a token; None: without end.
    """

    code: dict[str, CodeRepository] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    web: list[tuple[str, str, str]] = field(default_factory=list)
    left: int | None = None


OPENAPI = {
    "openapi": "3.1.0",
    "paths": {
        "/api/models": {"get": {"summary": "List models", "parameters": [{"name": "search", "in": "query"}]}},
        "/api/repos/create": {"post": {"summary": "Create a repository"}},
        "/api/jobs/{namespace}": {"post": {"summary": "Start a job"}, "parameters": []},
    },
}


class CodeRoutes:
    """Answers about `shelves`, which tests fill."""

    def __init__(self, shelves: Shelves, router: Router, url: str) -> None:
        self._shelves, self._url = shelves, f"{url}/github"
        for path, route in (
            ("/github/search/repositories", self.search),
            (r"/github/users/(?P<owner>[\w.-]+)/repos", self.owned),
            (rf"/github/repos/{NAME}/git/trees/(?P<ref>.+)", self.tree),
            (rf"/github/repos/{NAME}/contents/(?P<path>.*)", self.contents),
            (rf"/github/repos/{NAME}/releases", self.releases),
            (rf"/github/repos/{NAME}", self.one),
        ):
            router.add("GET", path, self._limited(route))
        router.add("GET", r"(?P<path>/docs/.+)", self.page)
        router.add("GET", r"/\.well-known/openapi\.json", lambda request: json_response(OPENAPI))
        router.add("GET", "/web/search", self.web)

    def _limited(self, route: Any) -> Any:
        def answer(request: Request, **named: str) -> Response:
            if self._shelves.left is not None and not request.bearer:
                if self._shelves.left <= 0:
                    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 1800)}
                    return json_response({"message": "API rate limit exceeded"}, 403, headers)
                self._shelves.left -= 1
            response: Response = route(request, **named)
            return response

        return answer

    def search(self, request: Request) -> Response:
        """Repositories by words."""
        words = [word for word in request.first("q").lower().split() if ":" not in word]
        fitting = [
            each for each in self._shelves.code.values() if all(w in f"{each.name} {each.about}".lower() for w in words)
        ]
        fitting.sort(key=lambda each: each.stars, reverse=True)
        return json_response({"total_count": len(fitting), "items": [each.facts(self._url) for each in fitting]})

    def owned(self, request: Request, owner: str) -> Response:
        """Somebody's repositories."""
        owned = [each.facts(self._url) for name, each in self._shelves.code.items() if name.startswith(f"{owner}/")]
        if not owned:
            raise Refusal(404, "Not Found")
        return json_response(owned)

    def one(self, request: Request, name: str) -> Response:
        """One repository."""
        return json_response(self._repository(name).facts(self._url))

    def tree(self, request: Request, name: str, ref: str) -> Response:
        """All its files."""
        repository = self._repository(name)
        if ref not in {repository.branch, "HEAD"}:
            raise Refusal(404, "Not Found")
        entries = [
            {"path": path, "type": "blob", "size": len(content), "sha": hashlib.sha1(content).hexdigest()}
            for path, content in sorted(repository.files.items())
        ]
        folders = {path.rpartition("/")[0] for path in repository.files} - {""}
        entries += [{"path": folder, "type": "tree"} for folder in sorted(folders)]
        return json_response({"sha": "0" * 40, "tree": entries, "truncated": False})

    def contents(self, request: Request, name: str, path: str) -> Response:
        """A file, raw or in JSON as asked for; a folder's entries."""
        repository = self._repository(name)
        if request.first("ref", repository.branch) != repository.branch:
            raise Refusal(404, "No commit found for the ref")
        if path in repository.files:
            content = repository.files[path]
            if "raw" in request.headers.get("accept", ""):
                return Response(200, content, {"Content-Type": "application/vnd.github.raw+json"})
            told = {"type": "file", "path": path, "encoding": "base64", "content": base64.b64encode(content).decode()}
            return json_response(told)
        inside = [each for each in repository.files if each.startswith(f"{path}/")]
        if not inside:
            raise Refusal(404, "Not Found")
        return json_response([{"path": each, "type": "file", "download_url": ""} for each in inside])

    def releases(self, request: Request, name: str) -> Response:
        """Its releases."""
        told = [
            {"tag_name": tag, "published_at": "2026-01-02T00:00:00Z", "body": notes, "html_url": f"{self._url}/{tag}"}
            for tag, notes in self._repository(name).releases
        ]
        return json_response(told)

    def page(self, request: Request, path: str) -> Response:
        """A page of the Hub's documentation."""
        if path not in self._shelves.pages:
            raise Refusal(404, "Page not found")
        return text_response(self._shelves.pages[path], "text/markdown")

    def web(self, request: Request) -> Response:
        """What the search server finds."""
        words = request.first("q").lower().split()
        found = [
            {"title": title, "url": url, "content": text}
            for title, url, text in self._shelves.web
            if all(word in f"{title} {text}".lower() for word in words)
        ]
        return json_response({"query": request.first("q"), "results": found})

    def _repository(self, name: str) -> CodeRepository:
        if name not in self._shelves.code:
            raise Refusal(404, "Not Found")
        return self._shelves.code[name]
