"""Facts about repositories on the Hub, with errors that tell apart what is missing, private and gated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from .errors import BadRequest, NoAccess, NotFound, ToolkitError, did_you_mean, nearest
from .http import FRESH, TIMEOUT, Answer, Params, get
from .services import HUB, hub_token

Kind = Literal["model", "dataset", "space"]
ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
ORDERS = {
    "downloads": "downloads",
    "likes": "likes",
    "trending": "trendingScore",
    "updated": "lastModified",
    "created": "createdAt",
}
TOLD = ("downloads", "likes", "tags", "gated", "lastModified")
MORE = {"model": ("pipeline_tag", "library_name", "safetensors")}
"""What a search is told of each repository, so that one request is enough."""


@dataclass(frozen=True)
class RepoFacts:
    """What the Hub says about a repository, and who may read its files."""

    kind: Kind
    id: str
    facts: dict[str, Any]
    answer: Answer = field(repr=False)

    @property
    def url(self) -> str:
        """Its page."""
        return repo_url(self.kind, self.id)

    @property
    def gated(self) -> bool:
        """Whether its files need the owner's consent."""
        return bool(self.facts.get("gated"))

    def tagged(self, prefix: str) -> tuple[str, ...]:
        """The values of the tags that begin with `prefix:`."""
        return tagged(self.facts, prefix)

    @property
    def license(self) -> str:
        """The licence, or ""."""
        return ", ".join(self.tagged("license"))


def tagged(facts: dict[str, Any], prefix: str) -> tuple[str, ...]:
    """The values of a repository's tags that begin with `prefix:`."""
    tags = facts.get("tags") or []
    return tuple(tag.removeprefix(f"{prefix}:") for tag in tags if tag.startswith(f"{prefix}:"))


def repo_url(kind: Kind, id: str) -> str:
    """The address of a repository's page."""
    return f"{HUB.base}/{id if kind == 'model' else f'{kind}s/{id}'}"


def checked_id(id: str) -> str:
    """The id, also when it is given as its page's address.

    Raises:
        BadRequest: it can't be one.
    """
    short = re.sub(r"^https?://[^/]+/(?:datasets/|spaces/)?", "", id.strip()).rstrip("/")
    if not ID.fullmatch(short):
        raise BadRequest(f"{id!r} can't be a repository's id. Ids look like owner/name.")
    return short


def repo_facts(
    kind: Kind, id: str, *, timeout: float = TIMEOUT, fresh: float = FRESH, blobs: bool = False
) -> RepoFacts:
    """All that the Hub says about one repository.

    Args:
        kind: model, dataset or space.
        id: owner/name, or its address.
        timeout: seconds.
        fresh: seconds for which what was read before will do.
        blobs: with the sizes of its files.

    Raises:
        NotFound: there is no such repository that this token may see; nearest names are given.
        NoAccess: the token is wrong.
        Unreachable, RateLimited: the Hub can't be asked now.
    """
    id = checked_id(id)
    try:
        answer = get(HUB, f"/api/{kind}s/{id}", {"blobs": blobs or None}, timeout=timeout, fresh=fresh)
    except (NotFound, NoAccess) as error:
        raise missing(kind, id, error) from None
    return RepoFacts(kind, id, answer.facts(), answer)


def missing(kind: Kind, id: str, error: ToolkitError) -> ToolkitError:
    """The refusal of a repository in words that say what may be done."""
    if "invalid credentials" in str(error).lower():
        return NoAccess(
            f"{HUB.host} does not know the token that is set. Log in anew, or unset HF_TOKEN.", error.status
        )
    if error.code == "GatedRepo":
        return gated(kind, id)
    login = "" if hub_token() else " It may also be private: no token is set, so only public ones can be seen."
    also = "" if login else " It may also be private and not yours."
    return NotFound(
        f"{HUB.host} shows no {kind} {id}.{did_you_mean(near(kind, id))}{login or also}", error.status, error.code
    )


def gated(kind: Kind, id: str) -> NoAccess:
    """That a repository's files need consent, and what to do."""
    how = (
        "the account of the token that is set has not been let in"
        if hub_token()
        else "no token is set (log in with `hf auth login`, or set HF_TOKEN)"
    )
    text = f"The {kind} {id} is gated: accept its conditions at {repo_url(kind, id)} first; {how}."
    return NoAccess(text, 403, "GatedRepo")


def near(kind: Kind, id: str) -> list[str]:
    """Names of repositories that look like `id`; [] where the Hub can't be asked."""
    words = [part for part in re.split(r"[-_.\d]+", id.rpartition("/")[2]) if len(part) > 2]
    searches = [id.rpartition("/")[2], *sorted(words, key=len, reverse=True)[:2]]
    owner = id.rpartition("/")[0]
    known: list[str] = []
    try:
        for words_of in searches:
            found = get(HUB, f"/api/{kind}s", {"search": words_of, "limit": 20}, timeout=8).entries(need="id")
            known += [each["id"] for each in found]
        if owner:
            known += [
                each["id"]
                for each in get(HUB, f"/api/{kind}s", {"author": owner, "limit": 50}, timeout=8).entries(need="id")
            ]
    except ToolkitError:
        # The suggestion is a courtesy; the error that asked for it is what matters.
        return nearest(id, known)
    return nearest(id, known)


def search(
    kind: Kind,
    *,
    words: str = "",
    tags: list[str] | None = None,
    author: str = "",
    order: str = "downloads",
    limit: int = 20,
    timeout: float = TIMEOUT,
    extra: Params | None = None,
) -> Answer:
    """Repositories by words and tags, in an order.

    Raises:
        BadRequest: an order that the Hub does not know, or a limit below one.
    """
    if order not in ORDERS:
        raise BadRequest(f"{order!r} is no order. Take one of {', '.join(ORDERS)}.")
    if not 1 <= limit <= 1000:
        raise BadRequest("A limit is a number from 1 to 1000.")
    asked: dict[str, Any] = {"search": words or None, "filter": tags or None, "author": author or None}
    asked |= {"sort": ORDERS[order], "direction": -1, "limit": limit, "expand": [*TOLD, *MORE.get(kind, ())]}
    asked |= extra or {}
    return get(HUB, f"/api/{kind}s", asked, timeout=timeout)


def repo_file(kind: Kind, id: str, path: str, *, revision: str = "main", timeout: float = TIMEOUT) -> Answer:
    """A small file of a repository.

    Raises:
        NotFound: the repository or the file is not there.
        NoAccess: the repository is gated or the token is wrong.
    """
    prefix = "" if kind == "model" else f"/{kind}s"
    try:
        return get(
            HUB, f"{prefix}/{id}/resolve/{quote(revision, safe='')}/{quote(path)}", timeout=timeout, accept="*/*"
        )
    except NotFound as error:
        if error.code != "EntryNotFound":
            raise missing(kind, id, error) from None
        raise NotFound(f"The {kind} {id} has no file {path}.", 404, "EntryNotFound") from None
    except NoAccess as error:
        raise missing(kind, id, error) from None
