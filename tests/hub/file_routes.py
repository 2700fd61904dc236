"""File contents over HTTP: resolving, large files from a second host, and their upload."""

from __future__ import annotations

import hashlib
import re

from tests.hub.repositories import Blob, Commit, Repository
from tests.hub.serving import Refusal, Request, Response, Router, json_response
from tests.hub.state import HubState, Kind

PREFIX = r"/(?:(?P<kind>dataset|space)s/)?(?P<id>[\w.-]+(?:/[\w.-]+)?)"
LFS = "application/vnd.git-lfs+json"


class FileRoutes:
    """Reading files: those in git from the Hub itself, large ones by a redirect to `cdn_url`, which knows no tokens."""

    def __init__(self, state: HubState, router: Router, cdn: Router, url: str, cdn_url: str) -> None:
        self._state = state
        self._url, self._cdn_url = url, cdn_url
        router.add("POST", rf"{PREFIX}\.git/info/lfs/objects/batch", self.batch)
        router.add("GET HEAD", rf"{PREFIX}/resolve/(?P<rest>.+)", self.resolve)
        router.add("GET HEAD", rf"{PREFIX}/raw/(?P<rest>.+)", self.raw)
        cdn.add("GET HEAD", r"/(?P<sha256>[0-9a-f]{64})", self.large)
        cdn.add("PUT", r"/(?P<sha256>[0-9a-f]{64})", self.upload)
        cdn.add("PUT", r"/(?P<sha256>[0-9a-f]{64})/(?P<part>\d+)", self.upload_part)
        cdn.add("POST", r"/(?P<sha256>[0-9a-f]{64})/complete", self.complete)
        router.add("POST", r"/lfs/verify", self.verify)

    # --- reading ---------------------------------------------------------------------------------------------------

    def resolve(self, request: Request, id: str, rest: str, kind: Kind | None = None) -> Response:
        """A file of a commit: its content, or where it lies."""
        repo = self._state.with_content(request, kind or "model", id)
        commit, path, blob = self._file(repo, rest)
        facts = {"X-Repo-Commit": commit.sha, "Accept-Ranges": "bytes"}
        if not blob.sha256:
            return _ranged(request, blob.content, {**facts, "ETag": f'"{blob.oid}"', "Content-Type": _kind_of(path)})
        return Response(
            302,
            b"",
            {
                **facts,
                "Location": f"{self._cdn_url}/{blob.sha256}",
                "X-Linked-Etag": f'"{blob.sha256}"',
                "X-Linked-Size": str(blob.size),
            },
        )

    def raw(self, request: Request, id: str, rest: str, kind: Kind | None = None) -> Response:
        """A file as git has it: of a large one, the pointer."""
        repo = self._state.with_content(request, kind or "model", id)
        commit, path, blob = self._file(repo, rest)
        return _ranged(request, blob.content, {"X-Repo-Commit": commit.sha, "Content-Type": _kind_of(path)})

    def large(self, request: Request, sha256: str) -> Response:
        """A large file's content."""
        content = self._state.large.contents.get(sha256)
        if content is None:
            raise Refusal(404, "No such object")
        return _ranged(request, content, {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes"})

    def _file(self, repo: Repository, rest: str) -> tuple[Commit, str, Blob]:
        """The commit, path and file that `revision/path` names; revisions may hold slashes."""
        parts = rest.split("/")
        seen: Commit | None = None
        for length in range(1, min(4, len(parts))):
            commit = repo.commit_at("/".join(parts[:length]))
            path = "/".join(parts[length:])
            if commit and path in commit.files:
                return commit, path, commit.files[path]
            seen = seen or commit
        if seen is None:
            raise Refusal(404, f"Invalid rev id: {parts[0]}", "RevisionNotFound")
        refusal = Refusal(404, "Entry not found", "EntryNotFound")
        refusal.response = Response(404, refusal.response.body, {**refusal.response.headers, "X-Repo-Commit": seen.sha})
        raise refusal

    # --- writing ---------------------------------------------------------------------------------------------------

    def batch(self, request: Request, id: str, kind: Kind | None = None) -> Response:
        """Where to put large files; nothing to do for those that are there."""
        self._state.writable(request, kind or "model", id)
        objects = []
        for each in request.json["objects"]:
            sha256, size = each["oid"], each["size"]
            told = {"oid": sha256, "size": size}
            if sha256 not in self._state.large.contents:
                upload: dict[str, object] = {"href": f"{self._cdn_url}/{sha256}"}
                if self._state.part_bytes and size > self._state.part_bytes:
                    count = -(-size // self._state.part_bytes)
                    parts = {str(part): f"{self._cdn_url}/{sha256}/{part}" for part in range(1, count + 1)}
                    upload = {
                        "href": f"{self._cdn_url}/{sha256}/complete",
                        "header": {"chunk_size": str(self._state.part_bytes), **parts},
                    }
                told["actions"] = {"upload": upload, "verify": {"href": f"{self._url}/lfs/verify"}}
            objects.append(told)
        return json_response({"transfer": "basic", "objects": objects}, headers={"Content-Type": LFS})

    def upload(self, request: Request, sha256: str) -> Response:
        """One large file in one piece."""
        if not self._state.large.keep(sha256, request.body):
            raise Refusal(400, "The content is not what its name says")
        return Response(200, b"", {"ETag": f'"{sha256}"'})

    def upload_part(self, request: Request, sha256: str, part: str) -> Response:
        """One part of a large file."""
        with self._state.lock:
            self._state.large.parts.setdefault(sha256, {})[int(part)] = request.body
        return Response(200, b"", {"ETag": f'"{hashlib.md5(request.body).hexdigest()}"'})

    def complete(self, request: Request, sha256: str) -> Response:
        """All parts are there."""
        parts = self._state.large.parts.pop(sha256, {})
        named = [each["partNumber"] for each in request.json["parts"]]
        if sorted(parts) != named or not self._state.large.keep(sha256, b"".join(parts[each] for each in named)):
            raise Refusal(400, "The parts are not what their name says")
        return json_response({})

    def verify(self, request: Request) -> Response:
        """Whether an upload arrived as it was announced."""
        content = self._state.large.contents.get(request.json["oid"])
        if content is None or len(content) != request.json["size"]:
            raise Refusal(404, "The object did not arrive")
        return json_response({})


def _ranged(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """The content, or the range of it that was asked for."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not asked:
        return Response(200, content, headers)
    start, end = int(asked[1]), int(asked[2] or len(content) - 1)
    if start >= len(content):
        return Response(416, b"", {**headers, "Content-Range": f"bytes */{len(content)}"})
    piece = content[start : end + 1]
    told = f"bytes {start}-{start + len(piece) - 1}/{len(content)}"
    return Response(206, piece, {**headers, "Content-Range": told})


def _kind_of(path: str) -> str:
    return "application/json" if path.endswith(".json") else "text/plain; charset=utf-8"
