"""Code on GitHub: repositories, their files and notebooks as text, examples, releases.

Works without a token within GitHub's limit for anonymous reading (60 requests an hour); `GITHUB_TOKEN` raises it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any
from urllib.parse import quote

from .errors import BadRequest, NotFound, ToolkitError, did_you_mean, nearest
from .http import TIMEOUT, Answer, get
from .services import GITHUB
from .tables import Passage, Table, passage, shown, table

MOST_OF_A_FILE = 12_000
MOST_OF_AN_OUTPUT = 400
RAW = "application/vnd.github.raw+json"
EXAMPLE_PLACES = re.compile(
    r"(^|/)(examples?|samples?|scripts?|notebooks?|tutorials?|cookbooks?|recipes?|demos?|docs)/", re.I
)
CODE = (".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".md", ".mdx", ".rst", ".r", ".jl")


@dataclass(frozen=True)
class Repository:
    """A repository."""

    name: str = shown(link="url")
    stars: int = shown(kind="count", default=0)
    language: str = ""
    license: str = ""
    about: str = ""
    pushed: str = ""
    archived: bool = False
    branch: str = shown(hidden=True, default="")
    url: str = shown(hidden=True, default="")


@dataclass(frozen=True)
class File:
    """A file of a repository; `github.read(repository, path)` reads it."""

    path: str = shown(link="url")
    bytes: int | None = shown(kind="bytes", default=None)
    score: float = shown(hidden=True, default=0.0)
    url: str = shown(hidden=True, default="")


@dataclass(frozen=True)
class Release:
    """A release and its notes."""

    tag: str = shown(link="url")
    published: str = ""
    notes: str = ""
    url: str = shown(hidden=True, default="")


def repository_name(repository: str) -> str:
    """owner/name, also from the repository's address.

    Raises:
        BadRequest: it is neither.
    """
    found = re.fullmatch(r"(?:https?://[^/]+/|git@[^:]+:)?([\w.-]+/[\w.-]+?)(?:\.git)?(?:/.*)?", repository.strip())
    if not found:
        raise BadRequest(f"{repository!r} is no repository. They are called owner/name.")
    return found[1]


def search(words: str, limit: int = 20, *, language: str = "", timeout: float = TIMEOUT) -> Table[Repository]:
    """Repositories by words, the most starred first."""
    query = f"{words} language:{language}" if language else words
    params = {"q": query, "sort": "stars", "order": "desc", "per_page": min(limit, 100)}
    answer = get(GITHUB, "/search/repositories", params, timeout=timeout)
    rows = [_repository(each) for each in answer.entries("items", need="full_name")]
    return table(f"Repositories for {query!r}, most starred first", rows[:limit], answer.source)


def repositories(owner: str, limit: int = 30, *, timeout: float = TIMEOUT) -> Table[Repository]:
    """The repositories of a user or an organization, the most starred of the newest hundred first.

    Raises:
        NotFound: there is no such owner.
    """
    params = {"sort": "pushed", "per_page": 100}
    try:
        answer = get(GITHUB, f"/users/{quote(owner)}/repos", params, timeout=timeout)
    except NotFound:
        raise NotFound(f"{GITHUB.host} has no user or organization {owner}.") from None
    rows = sorted(
        (_repository(each) for each in answer.entries(need="full_name")), key=lambda row: row.stars, reverse=True
    )
    return table(f"Repositories of {owner}, most starred first", rows[:limit], answer.source)


def files(repository: str, pattern: str = "*", *, ref: str | None = None, timeout: float = TIMEOUT) -> Table[File]:
    """The files of a repository whose path or name fits a pattern such as `*.ipynb` or `examples/*sft*`.

    Raises:
        NotFound: there is no such repository, branch or tag.
    """
    name = repository_name(repository)
    tree, answer, ref = _tree(name, ref, timeout)
    fitting = [
        each for each in tree if fnmatch(each["path"], pattern) or fnmatch(each["path"].rpartition("/")[2], pattern)
    ]
    rows = [_file(name, ref, each) for each in fitting]
    note = "GitHub gave only a part of the tree" if answer.facts().get("truncated") else ""
    return table(f"Files of {name} at {ref} that fit {pattern}", rows, answer.source, note)


def examples(
    repository: str, words: str = "", limit: int = 20, *, ref: str | None = None, timeout: float = TIMEOUT
) -> Table[File]:
    """Examples, scripts and notebooks of a repository that fit the words, the best match first.

    A file counts by the folder that it lies in (`examples/`, `scripts/`, `notebooks/` and the like) and by how many of
    the words stand in its path.

    Raises:
        NotFound: there is no such repository, branch or tag.
    """
    name = repository_name(repository)
    tree, answer, ref = _tree(name, ref, timeout)
    wanted = [word for word in re.split(r"[^a-z0-9]+", words.lower()) if word]
    rows = []
    for each in tree:
        path = each["path"]
        if not path.lower().endswith(CODE) or "/test" in f"/{path.lower()}":
            continue
        place = bool(EXAMPLE_PLACES.search(path))
        hits = sum(word in path.lower() for word in wanted)
        # The file's own name says more than its folders'.
        hits_of_name = sum(word in path.lower().rpartition("/")[2] for word in wanted)
        score = (2.0 if place else 0.0) + hits + hits_of_name
        if (hits or not wanted) and (place or hits_of_name):
            rows.append(_file(name, ref, each, score - len(path) / 1000))
    rows.sort(key=lambda row: row.score, reverse=True)
    told = f" for {words!r}" if words else ""
    note = "" if rows else "Other words, or files(repository, '*.py'), may show more"
    return table(f"Examples in {name}{told}, best match first", rows[:limit], answer.source, note)


def read(
    repository: str,
    path: str,
    *,
    ref: str | None = None,
    start: int = 0,
    most: int = MOST_OF_A_FILE,
    timeout: float = TIMEOUT,
) -> Passage:
    """A file as text; a notebook as its cells, with short outputs.

    Args:
        repository: owner/name, or its address.
        path: the file's path.
        ref: branch, tag or commit; None: the default branch.
        start: the character to begin at, to read on.
        most: characters at most.
        timeout: seconds.

    Raises:
        NotFound: there is no such repository, file or ref; files of nearly that name are given.
        BadRequest: it is a folder, or no text.
    """
    name, path = repository_name(repository), path.strip("/")
    try:
        answer = get(GITHUB, f"/repos/{name}/contents/{quote(path)}", {"ref": ref}, timeout=timeout, accept=RAW)
    except NotFound:
        raise _no_file(name, path, ref, timeout) from None
    if (
        answer.body[:1] == b"["
        and isinstance(entries := _json(answer), list)
        and entries
        and "download_url" in entries[0]
    ):
        raise BadRequest(f"{path} is a folder of {name}; files('{name}', '{path}/*') lists it.")
    if b"\0" in answer.body[:8000]:
        raise BadRequest(f"{path} of {name} is no text ({len(answer.body)} bytes).")
    text = notebook_text(answer.text) if path.endswith(".ipynb") else answer.text
    return passage(f"{name}: {path}", text, _address(name, ref or "HEAD", path), start, most, answer.source)


def releases(repository: str, limit: int = 10, *, timeout: float = TIMEOUT) -> Table[Release]:
    """The newest releases of a repository with their notes.

    Raises:
        NotFound: there is no such repository.
    """
    name = repository_name(repository)
    try:
        answer = get(GITHUB, f"/repos/{name}/releases", {"per_page": min(limit, 100)}, timeout=timeout)
    except NotFound:
        raise _no_repository(name, timeout) from None
    rows = [
        Release(each["tag_name"], (each.get("published_at") or "")[:10], each.get("body") or "", each["html_url"])
        for each in answer.entries(need="tag_name")
    ]
    return table(f"Releases of {name}, newest first", rows[:limit], answer.source)


def notebook_text(source: str) -> str:
    """A notebook's cells as text: markdown as it is, code between fences, outputs shortened.

    Raises:
        BadRequest: it is no notebook.
    """
    try:
        cells = json.loads(source)["cells"]
    except (ValueError, KeyError, TypeError):
        cells = None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise BadRequest("The file ends in .ipynb, but is no notebook that can be read.")
    pieces = []
    for number, cell in enumerate(cells):
        text = _joined(cell.get("source"))
        if cell.get("cell_type") != "code":
            pieces.append(text)
            continue
        pieces.append(f"```python  # cell {number}\n{text}\n```")
        told = "\n".join(filter(None, map(_output, cell.get("outputs") or [])))
        if told:
            pieces.append(f"Output: {told[:MOST_OF_AN_OUTPUT]}{'…' if len(told) > MOST_OF_AN_OUTPUT else ''}")
    return "\n\n".join(piece for piece in pieces if piece.strip())


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value or "")


def _output(output: dict[str, Any]) -> str:
    if "text" in output:
        return _joined(output["text"]).strip()
    if "ename" in output:
        return f"{output['ename']}: {output.get('evalue', '')}"
    return _joined((output.get("data") or {}).get("text/plain")).strip()


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _tree(name: str, ref: str | None, timeout: float) -> tuple[list[dict[str, Any]], Answer, str]:
    """All files at a ref, the answer that told them, and the ref."""
    if ref is None:
        ref = _facts(name, timeout).get("default_branch") or "main"
    try:
        answer = get(GITHUB, f"/repos/{name}/git/trees/{quote(ref, safe='')}", {"recursive": 1}, timeout=timeout)
    except NotFound:
        _facts(name, timeout)
        raise NotFound(f"{name} has no branch, tag or commit {ref!r}.") from None
    return [each for each in answer.entries("tree", need="path") if each.get("type") == "blob"], answer, ref


def _facts(name: str, timeout: float) -> dict[str, Any]:
    try:
        answer = get(GITHUB, f"/repos/{name}", timeout=timeout)
    except NotFound:
        raise _no_repository(name, timeout) from None
    return answer.facts()


def _no_repository(name: str, timeout: float) -> NotFound:
    owner = name.partition("/")[0]
    try:
        known = [each.name for each in repositories(owner, 100, timeout=min(timeout, 8))]
    except ToolkitError:
        # The suggestion is a courtesy; that there is no such repository is what matters.
        known = []
    return NotFound(f"{GITHUB.host} shows no repository {name}.{did_you_mean(nearest(name, known))} It may be private.")


def _no_file(name: str, path: str, ref: str | None, timeout: float) -> NotFound:
    tree, _, ref = _tree(name, ref, timeout)
    near = nearest(path, [each["path"] for each in tree])
    return NotFound(f"{name} has no file {path} at {ref}.{did_you_mean(near)}")


def _repository(facts: dict[str, Any]) -> Repository:
    return Repository(
        facts["full_name"],
        facts.get("stargazers_count") or 0,
        facts.get("language") or "",
        (facts.get("license") or {}).get("spdx_id") or "",
        facts.get("description") or "",
        (facts.get("pushed_at") or "")[:10],
        bool(facts.get("archived")),
        facts.get("default_branch") or "",
        facts.get("html_url") or "",
    )


def _file(name: str, ref: str, entry: dict[str, Any], score: float = 0.0) -> File:
    return File(entry["path"], entry.get("size"), score, _address(name, ref, entry["path"]))


def _address(name: str, ref: str, path: str) -> str:
    """Where a person sees the file: on the site that the interface belongs to."""
    site = "https://github.com" if GITHUB.base == GITHUB.default else GITHUB.base
    return f"{site}/{name}/blob/{quote(ref)}/{quote(path)}"
