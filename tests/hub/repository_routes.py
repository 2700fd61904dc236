"""Repositories over HTTP: search, facts, trees, creating, committing, branches, collections."""

from __future__ import annotations

import base64
import fnmatch
import json
import re
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import parse_qs

from tests.hub.descriptions import paths_info, repo_facts, tree
from tests.hub.repositories import Blob, Commit, Repository, User, metadata, now
from tests.hub.serving import Refusal, Request, Response, Router, json_response, text_response
from tests.hub.state import HubState, Kind, is_large

KINDS = r"/api/(?P<kind>model|dataset|space)s"
ID = r"(?P<id>[\w.-]+(?:/[\w.-]+)?)"
SORTED_BY = {"downloads", "likes", "lastModified", "createdAt", "trendingScore"}


class RepositoryRoutes:
    """The Hub's API about repositories, answered from a `HubState`."""

    def __init__(self, state: HubState, router: Router, url: str) -> None:
        self._state = state
        self._url = url
        one = f"{KINDS}/{ID}"
        for methods, pattern, route in (
            ("GET", "/api/whoami-v2", self.whoami),
            ("POST", "/api/validate-yaml", self.validate_card),
            ("POST", "/api/repos/create", self.create),
            ("DELETE", "/api/repos/delete", self.delete),
            ("GET", "/api/collections", self.collections),
            ("GET", KINDS, self.search),
            ("POST", rf"{one}/preupload/(?P<revision>.+)", self.preupload),
            ("POST", rf"{one}/commit/(?P<revision>.+)", self.commit),
            ("GET", rf"{one}/tree/(?P<rest>.+)", self.tree),
            ("POST", rf"{one}/paths-info/(?P<revision>.+)", self.paths_info),
            ("GET", rf"{one}/commits/(?P<revision>.+)", self.commits),
            ("GET", rf"{one}/refs", self.refs),
            ("POST DELETE", rf"{one}/(?P<what>branch|tag)/(?P<name>.+)", self.change_ref),
            ("PUT", rf"{one}/settings", self.settings),
            ("GET", rf"{one}/auth-check(?P<write>/write)?", self.auth_check),
            ("GET", rf"{one}/discussions", self.discussions),
            ("GET", rf"{one}/discussions/(?P<number>\d+)", self.discussion),
            ("GET", rf"{one}/revision/(?P<revision>.+)", self.facts),
            ("GET", one, self.facts),
            ("GET", rf"/(?:(?P<kind>dataset|space)s/)?{ID}", self.page),
        ):
            router.add(methods, pattern, route)

    # --- reading ---------------------------------------------------------------------------------------------------

    def whoami(self, request: Request) -> Response:
        """Who a token belongs to."""
        user = self._state.user(request)
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        return json_response(
            {
                "type": "user",
                "id": user.name,
                "name": user.name,
                "fullname": user.name.title(),
                "email": f"{user.name}@example.org",
                "orgs": [{"type": "org", "name": each, "roleInOrg": "write"} for each in user.organizations],
                "auth": {"type": "access_token", "accessToken": {"displayName": "tests", "role": user.role}},
            }
        )

    def search(self, request: Request, kind: Kind) -> Response:
        """Repositories by words, tags, author and task, in an order, page by page."""
        user = self._state.user(request)
        words = request.first("search").lower().split()
        tags = {*request.query.get("filter", []), *request.query.get("filter[]", []), *request.query.get("tags", [])}
        tags = {part for each in tags for part in each.split(",") if part}
        found = []
        for repo in self._state.repositories.values():
            if repo.kind != kind or (repo.private and not self._state.belongs(repo, user)):
                continue
            facts = repo_facts(repo, repo.head, self._state.large)
            if (
                all(word in repo.id.lower() for word in words)
                and tags <= set(facts["tags"])
                and request.first("author", repo.namespace) == repo.namespace
                and request.first("pipeline_tag", facts.get("pipeline_tag") or "") == (facts.get("pipeline_tag") or "")
            ):
                found.append(facts)
        order = request.first("sort", "trendingScore")
        if order not in SORTED_BY:
            raise Refusal(400, f"Invalid sort parameter: {order}")
        found.sort(key=lambda facts: facts[order], reverse=request.first("direction", "-1") != "1")
        return self._page(request, [self._brief(request, facts) for facts in found])

    def _brief(self, request: Request, facts: dict[str, Any]) -> dict[str, Any]:
        """What a list tells of a repository: less than its own page, unless asked for more."""
        asked = {*request.query.get("expand", []), *request.query.get("expand[]", [])}
        hidden = {"usedStorage", "safetensors", "model-index"}
        if not request.first("full"):
            hidden |= {"siblings", "lastModified", "author", "sha", "gated", "disabled"}
        hidden |= set() if request.first("config") else {"config"}
        hidden |= set() if request.first("cardData") or request.first("full") else {"cardData"}
        if asked:
            return {key: value for key, value in facts.items() if key in asked | {"_id", "id", "modelId"}}
        return {key: value for key, value in facts.items() if key not in hidden}

    def _page(self, request: Request, found: list[dict[str, Any]]) -> Response:
        limit, start = min(request.number("limit", 1000), 1000), request.number("cursor", 0)
        headers = {}
        if start + limit < len(found):
            kept = "&".join(f"{k}={v}" for k, values in request.query.items() for v in values if k != "cursor")
            headers["Link"] = f'<{self._url}{request.raw_path}?{kept}&cursor={start + limit}>; rel="next"'
        return json_response(found[start : start + limit], headers=headers)

    def facts(self, request: Request, kind: Kind, id: str, revision: str = "main") -> Response:
        """All facts of one repository."""
        repo = self._state.readable(request, kind, id)
        commit = self._commit(repo, revision)
        return json_response(repo_facts(repo, commit, self._state.large, blobs=bool(request.first("blobs"))))

    def page(self, request: Request, id: str, kind: Kind | None = None) -> Response:
        """A repository's page for people: its card."""
        repo = self._state.readable(request, kind or "model", id)
        return text_response(repo.card(repo.head)[1] or f"{repo.id} has no card.")

    def tree(self, request: Request, kind: Kind, id: str, rest: str) -> Response:
        """The files of a folder, or of all folders below it."""
        repo = self._state.readable(request, kind, id)
        commit, folder = self._commit_and_path(repo, rest)
        found = tree(commit, folder, recursive=request.first("recursive").lower() in {"1", "true"})
        if folder and not found:
            raise Refusal(404, f"{folder} does not exist on {commit.sha}", "EntryNotFound")
        return self._page(request, found)

    def paths_info(self, request: Request, kind: Kind, id: str, revision: str) -> Response:
        """Some paths of one commit."""
        repo = self._state.readable(request, kind, id)
        asked = request.json if "json" in request.headers.get("content-type", "") else parse_qs(request.body.decode())
        return json_response(paths_info(self._commit(repo, revision), asked.get("paths", [])))

    def commits(self, request: Request, kind: Kind, id: str, revision: str) -> Response:
        """A branch's history, newest first."""
        repo = self._state.readable(request, kind, id)
        told: list[dict[str, Any]] = []
        commit: Commit | None = self._commit(repo, revision)
        while commit:
            told.append(
                {
                    "id": commit.sha,
                    "title": commit.title,
                    "message": commit.message,
                    "date": commit.date,
                    "authors": [{"user": commit.author}],
                }
            )
            commit = repo.commits.get(commit.parent)
        return self._page(request, told)

    def refs(self, request: Request, kind: Kind, id: str) -> Response:
        """Branches, tags and pull requests."""
        repo = self._state.readable(request, kind, id)
        branches = [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": sha}
            for name, sha in repo.branches.items()
            if not name.startswith("refs/pr/")
        ]
        pulls = [
            {"name": name.removeprefix("refs/"), "ref": name, "targetCommit": sha}
            for name, sha in repo.branches.items()
            if name.startswith("refs/pr/")
        ]
        tags = [{"name": name, "ref": f"refs/tags/{name}", "targetCommit": sha} for name, sha in repo.tags.items()]
        return json_response({"branches": branches, "converts": [], "tags": tags, "pullRequests": pulls})

    def auth_check(self, request: Request, kind: Kind, id: str, write: str | None) -> Response:
        """200 where the asker may read (or write) the files."""
        if write:
            self._state.writable(request, kind, id)
        self._state.with_content(request, kind, id)
        return json_response({})

    def discussions(self, request: Request, kind: Kind, id: str) -> Response:
        """Discussions and pull requests."""
        repo = self._state.readable(request, kind, id)
        return json_response({"discussions": repo.discussions, "count": len(repo.discussions), "start": 0})

    def discussion(self, request: Request, kind: Kind, id: str, number: str) -> Response:
        """One of them."""
        repo = self._state.readable(request, kind, id)
        found = next((each for each in repo.discussions if each["num"] == int(number)), None)
        if found is None:
            raise Refusal(404, f"There is no discussion {number}")
        return json_response({**found, "events": [], "changes": {"base": "refs/heads/main"}, "diffUrl": ""})

    def collections(self, request: Request) -> Response:
        """Collections, all or those that hold a paper or an item."""
        paper, item = request.first("paper"), request.first("item")
        wanted = {f"papers/{paper}"} if paper else {item} if item else set()
        found = [
            each
            for each in self._state.collections
            if wanted <= {f"{entry['type']}s/{entry['id']}" for entry in each["items"]}
        ]
        return self._page(request, found)

    # --- writing ---------------------------------------------------------------------------------------------------

    def create(self, request: Request) -> Response:
        """A new repository; 409 with its address when it is already there."""
        user, asked = self._writer(request), request.json
        namespace = asked.get("organization") or user.name
        kind, id = cast(Kind, asked.get("type") or "model"), f"{namespace}/{asked['name']}"
        if not user.may_write(namespace):
            raise Refusal(403, f"You don't have the rights to create a {kind} under the namespace {namespace!r}.")
        if kind == "space" and not asked.get("sdk"):
            raise Refusal(400, "A Space needs an sdk")
        with self._state.lock:
            if (kind, id) in self._state.repositories:
                url = f"{self._url}/{self._state.repositories[kind, id].address}"
                raise Refusal(409, f"You already created this {kind} repo", url=url)
            private = asked.get("private") or asked.get("visibility") in {"private", "protected"}
            repo = self._state.add_repo(kind, id, private=bool(private), sdk=asked.get("sdk") or "")
        return json_response({"url": f"{self._url}/{repo.address}", "name": id, "id": repo.head.sha[:24]})

    def delete(self, request: Request) -> Response:
        """Away with a repository."""
        user, asked = self._writer(request), request.json
        kind, id = asked.get("type") or "model", f"{asked.get('organization') or user.name}/{asked['name']}"
        with self._state.lock:
            self._state.writable(request, kind, id)
            del self._state.repositories[kind, id]
        return json_response({})

    def settings(self, request: Request, kind: Kind, id: str) -> Response:
        """Private or public, gated or not."""
        repo, _ = self._state.writable(request, kind, id)
        asked = request.json
        repo.gated = asked.get("gated", repo.gated)
        if "private" in asked or "visibility" in asked:
            repo.private = bool(asked.get("private")) or asked.get("visibility") == "private"
        return json_response({"private": repo.private, "gated": repo.gated})

    def preupload(self, request: Request, kind: Kind, id: str, revision: str) -> Response:
        """Which of the files to come are large, ignored, or there already."""
        repo, _ = self._state.writable(request, kind, id)
        commit = self._commit(repo, revision)
        asked = request.json
        lines = [line.strip() for line in asked.get("gitIgnore", "").splitlines()]
        ignored = [line for line in lines if line and not line.startswith("#")]
        files = []
        for each in asked["files"]:
            path, blob = each["path"], commit.files.get(each["path"])
            large = is_large(path, each["size"], base64.b64decode(each["sample"]))
            files.append(
                {
                    "path": path,
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": any(fnmatch.fnmatch(path, pattern) for pattern in ignored),
                    "oid": (blob.sha256 or blob.oid) if blob else None,
                }
            )
        return json_response({"files": files})

    def commit(self, request: Request, kind: Kind, id: str, revision: str) -> Response:
        """A commit from lines of JSON, on a branch or as a new pull request."""
        lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        with self._state.lock:
            repo, user = self._state.writable(request, kind, id)
            before = self._commit(repo, revision)
            if header.get("parentCommit") not in {None, before.sha}:
                raise Refusal(412, "A commit has happened since. Please refresh and try again.")
            files = self._changed(dict(before.files), lines)
            number = len(repo.discussions) + 1 if request.first("create_pr") else 0
            branch = f"refs/pr/{number}" if number else revision
            commit = repo.add_commit(branch, header["summary"], files, user.name, header.get("description") or "")
            if number:
                repo.discussions.append(self._pull_request(repo, number, header["summary"], user))
        url = f"{self._url}/{repo.address}"
        return json_response(
            {
                "success": True,
                "commitOid": commit.sha,
                "commitUrl": f"{url}/commit/{commit.sha}",
                "hookOutput": "",
                "pullRequestUrl": f"{url}/discussions/{number}" if number else None,
            }
        )

    def _changed(self, files: dict[str, Blob], lines: Iterable[dict[str, Any]]) -> dict[str, Blob]:
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "file":
                files[value["path"]] = Blob.regular(base64.b64decode(value["content"]))
            elif key == "lfsFile":
                if value["oid"] not in self._state.large.contents:
                    raise Refusal(400, f"LFS pointer pointed to a file that does not exist: {value['path']}")
                size = len(self._state.large.contents[value["oid"]])
                files[value["path"]] = Blob.large(value["oid"], size)
            elif key == "deletedFile":
                if files.pop(value["path"], None) is None:
                    raise Refusal(404, f"{value['path']} does not exist", "EntryNotFound")
            elif key == "deletedFolder":
                inside = [path for path in files if path.startswith(value["path"].rstrip("/") + "/")]
                if not inside:
                    raise Refusal(404, f"{value['path']} does not exist", "EntryNotFound")
                for path in inside:
                    del files[path]
        return files

    @staticmethod
    def _pull_request(repo: Repository, number: int, title: str, user: User) -> dict[str, Any]:
        return {
            "num": number,
            "title": title,
            "status": "open",
            "isPullRequest": True,
            "author": {"name": user.name},
            "repo": {"name": repo.id, "type": repo.kind},
            "createdAt": now(),
        }

    def change_ref(self, request: Request, kind: Kind, id: str, what: str, name: str) -> Response:
        """A branch or a tag comes or goes."""
        with self._state.lock:
            repo, _ = self._state.writable(request, kind, id)
            if request.method == "DELETE":
                if (repo.branches if what == "branch" else repo.tags).pop(name, None) is None:
                    raise Refusal(404, f"There is no {what} {name}", "RevisionNotFound")
                return json_response({})
            asked = request.json
            # A new branch is named by the address; a tag by the body, and the address says where it begins.
            refs, new = (repo.branches, name) if what == "branch" else (repo.tags, asked["tag"])
            if new in refs:
                raise Refusal(409, f"Reference already exists: {new}")
            refs[new] = self._commit(repo, asked.get("startingPoint", "main") if what == "branch" else name).sha
        return json_response({})

    def validate_card(self, request: Request) -> Response:
        """Whether a card's metadata can be read, and a licence is given."""
        content = request.json["content"]
        try:
            data = metadata(content)
        except Exception as error:
            return json_response({"errors": [{"message": str(error)}], "warnings": []}, 400)
        has_head = re.match(r"---\s*\n", content)
        warnings = [] if has_head and data else [{"message": "empty or missing yaml metadata in repo card"}]
        license_name = data.get("license")
        if license_name is not None and not isinstance(license_name, str | list):
            return json_response({"errors": [{"message": '"license" must be a string'}], "warnings": warnings}, 400)
        return json_response({"errors": [], "warnings": warnings})

    # --- what they share -------------------------------------------------------------------------------------------

    def _writer(self, request: Request) -> User:
        user = self._state.user(request)
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        return user

    @staticmethod
    def _commit(repo: Repository, revision: str) -> Commit:
        commit = repo.commit_at(revision)
        if commit is None:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    def _commit_and_path(self, repo: Repository, rest: str) -> tuple[Commit, str]:
        """The longest revision that begins `rest` (revisions may hold slashes), and the path after it."""
        parts = rest.strip("/").split("/")
        for length in range(min(3, len(parts)), 0, -1):
            commit = repo.commit_at("/".join(parts[:length]))
            if commit:
                return commit, "/".join(parts[length:])
        return self._commit(repo, parts[0]), ""
