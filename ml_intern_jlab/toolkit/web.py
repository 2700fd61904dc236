"""Searching the web through an endpoint that somebody configured. Off unless `ML_INTERN_WEB_SEARCH` is set.

The endpoint is one that answers `GET {base}/search?q=…&format=json` with `{"results": [{"title", "url", "content"}]}`,
as a SearXNG server does. A key in `ML_INTERN_WEB_SEARCH_KEY` goes along as a bearer token.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import BadRequest
from .http import TIMEOUT, get
from .services import WEB_SEARCH
from .tables import Table, safe_link, shown, table


@dataclass(frozen=True)
class Page:
    """A page that a search found."""

    title: str = shown(link="url")
    about: str = ""
    url: str = ""


def search(words: str, limit: int = 10, *, timeout: float = TIMEOUT) -> Table[Page]:
    """Pages of the web by words, in the order of the search engine.

    Raises:
        BadRequest: no search endpoint is configured.
        Unreachable, NoAccess, RateLimited: it can't be asked, or answers in another form.
    """
    if not WEB_SEARCH.base:
        raise BadRequest(
            "Web search is off. Set ML_INTERN_WEB_SEARCH to the address of a search server, such as a SearXNG, to turn "
            f"it on; {WEB_SEARCH.without}."
        )
    answer = get(WEB_SEARCH, "/search", {"q": words, "format": "json"}, timeout=timeout)
    rows = [
        Page(str(each.get("title") or each["url"]), str(each.get("content") or ""), each["url"])
        for each in answer.entries("results")
        if safe_link(each.get("url"))
    ]
    return table(f"Pages for {words!r}, in the engine's order", rows[:limit], answer.source)
