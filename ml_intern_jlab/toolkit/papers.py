"""Papers: what is new, search, details, full text by sections, citations with their contexts, models and data.

A paper is named by its arXiv id (`1706.03762`), with or without `arXiv:` before or a version after it, or by the
address of its page on arXiv or the Hub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from . import evidence, hub_reading
from .errors import BadRequest, NotFound, ToolkitError, did_you_mean
from .http import TIMEOUT, Answer, Source, get
from .paper_text import Section, sections_of, with_parts
from .services import AR5IV, ARXIV, HUB, SEMANTIC_SCHOLAR
from .tables import Passage, Record, Table, passage, shown, table

MOST_OF_A_SECTION = 8000
RANKED = 300
"""Citations among which the most cited are looked for."""

_ID = re.compile(r"(?:arxiv:|/(?:abs|pdf|html|papers)/|^)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.I)
_FIELDS = "title,year,authors,citationCount,externalIds,url,abstract"


@dataclass(frozen=True, repr=False)
class Paper(Record):
    """A paper, as far as the service that was asked knows it."""

    title: str = shown(link="url")
    id: str = shown("arXiv id")
    year: int | None = None
    upvotes: int | None = shown(kind="count", default=None)
    citations: int | None = shown(kind="count", default=None)
    authors: tuple[str, ...] = ()
    summary: str = shown(hidden=True, default="")
    url: str = shown(hidden=True, default="")


@dataclass(frozen=True, repr=False)
class PaperDetails(Record):
    """All about one paper."""

    title: str = shown(link="url")
    id: str = shown("arXiv id")
    published: str = ""
    authors: tuple[str, ...] = ()
    summary: str = ""
    keywords: tuple[str, ...] = ()
    upvotes: int | None = None
    github: str = shown("code", link="github", default="")
    project: str = shown("project page", link="project", default="")
    models: int | None = shown("models on the Hub", default=None)
    datasets: int | None = shown("datasets on the Hub", default=None)
    url: str = shown(hidden=True, default="")
    source: Source | None = None


@dataclass(frozen=True)
class SectionHead:
    """A heading of a paper; `papers.read(id, section=title)` reads what stands below it."""

    number: int
    title: str = shown(link="url")
    level: int = 2
    characters: int = shown(kind="count", default=0)
    url: str = shown(hidden=True, default="")


@dataclass(frozen=True)
class Citation:
    """A paper that cites, or is cited, and the sentences in which that happens."""

    title: str = shown(link="url")
    id: str = shown("arXiv id")
    year: int | None = None
    citations: int | None = shown(kind="count", default=None)
    influential: bool = False
    intents: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    url: str = shown(hidden=True, default="")


@dataclass(frozen=True)
class Snippet:
    """A stretch of a paper's text that fits a search."""

    paper: str
    section: str
    text: str
    score: float


@dataclass(frozen=True)
class Linked:
    """A repository or collection on the Hub that belongs to a paper."""

    id: str = shown(link="url")
    downloads: int | None = shown(kind="count", default=None)
    likes: int | None = shown(kind="count", default=None)
    license: str = ""
    url: str = shown(hidden=True, default="")


def paper_id(paper: str) -> str:
    """The arXiv id in what a person wrote.

    Raises:
        BadRequest: there is none in it.
    """
    found = _ID.search(paper.strip())
    if not found:
        raise BadRequest(f"{paper!r} holds no arXiv id. Ids look like 1706.03762; papers.search finds one by words.")
    return found[1]


def trending(limit: int = 20, date: str | None = None, *, timeout: float = TIMEOUT) -> Table[Paper]:
    """What people on the Hub read, the most voted first.

    Args:
        limit: how many.
        date: the papers of a day, as `2025-10-29`; None: the newest.
        timeout: seconds.
    """
    answer = get(HUB, "/api/daily_papers", {"limit": limit, "date": date}, timeout=timeout, fresh=900)
    rows = [_hub_paper(each) for each in answer.entries()]
    rows.sort(key=lambda row: row.upvotes or 0, reverse=True)
    return table(f"Papers of {date or 'these days'}, by votes", rows[:limit], answer.source)


def search(
    words: str, limit: int = 20, *, where: Literal["hub", "semantic_scholar"] = "hub", timeout: float = TIMEOUT
) -> Table[Paper]:
    """Papers by words: the Hub's best matches first, Semantic Scholar's most cited first.

    Args:
        words: what to look for.
        limit: how many.
        where: the Hub's papers, or all that Semantic Scholar knows.
        timeout: seconds.
    """
    if where == "semantic_scholar":
        # This search ranks by nothing of its own, so the most cited come first.
        params = {"query": words, "fields": _FIELDS, "sort": "citationCount:desc"}
        answer = get(SEMANTIC_SCHOLAR, "/graph/v1/paper/search/bulk", params, timeout=timeout)
        rows = [_scholar_paper(each) for each in answer.entries("data")]
        rows.sort(key=lambda row: row.citations or 0, reverse=True)
    else:
        answer = get(HUB, "/api/papers/search", {"q": words, "limit": limit}, timeout=timeout)
        rows = [_hub_paper(each) for each in answer.entries()]
    note = "" if rows else "Other words may help, or where='semantic_scholar'"
    order = "best match first" if where == "hub" else "most cited first"
    return table(f"Papers for {words!r}, {order}", rows[:limit], answer.source, note)


def details(paper: str, *, timeout: float = TIMEOUT) -> PaperDetails:
    """Title, authors, abstract, code and numbers of one paper, from the Hub, else from Semantic Scholar.

    Raises:
        NotFound: neither knows it.
    """
    id = paper_id(paper)
    try:
        answer = get(HUB, f"/api/papers/{id}", timeout=timeout)
    except NotFound:
        return _scholar_details(id, timeout)
    facts = answer.facts()
    evidence.note(f"{HUB.base}/papers/{id}")
    return PaperDetails(
        facts.get("title") or "",
        id,
        (facts.get("publishedAt") or "")[:10],
        tuple(each.get("name", "") for each in facts.get("authors") or []),
        facts.get("summary") or "",
        tuple(facts.get("ai_keywords") or []),
        facts.get("upvotes"),
        facts.get("githubRepo") or "",
        facts.get("projectPage") or "",
        facts.get("numTotalModels"),
        facts.get("numTotalDatasets"),
        f"{HUB.base}/papers/{id}",
        answer.source,
    )


def sections(paper: str, *, timeout: float = TIMEOUT) -> Table[SectionHead]:
    """The headings of a paper's full text, in its order.

    Raises:
        NotFound: neither arXiv nor ar5iv has its text as HTML.
    """
    id = paper_id(paper)
    found, source, page = _full_text(id, timeout)
    rows = [
        SectionHead(number, each.title, each.level, len(with_parts(found, number)), _at(page, each))
        for number, each in enumerate(found)
    ]
    return table(f"Sections of {id}, in the paper's order", rows, source)


def read(
    paper: str,
    section: str | int = "Abstract",
    *,
    start: int = 0,
    most: int = MOST_OF_A_SECTION,
    timeout: float = TIMEOUT,
) -> Passage:
    """A section of a paper with its subsections; the abstract also where there is no full text.

    Args:
        paper: which.
        section: its number in `papers.sections`, or (a part of) its heading.
        start: the character to begin at, to read on.
        most: characters at most.
        timeout: seconds.

    Raises:
        NotFound: there is no such section; the headings that there are follow.
    """
    id = paper_id(paper)
    wants_abstract = isinstance(section, str) and section.strip().lower() == "abstract"
    try:
        found, source, page = _full_text(id, timeout)
    except ToolkitError:
        if not wants_abstract:
            raise
        known = details(id, timeout=timeout)
        return passage(f"{known.title}: abstract", known.summary, known.url, start, most, known.source)
    at = _section_at(found, section)
    if at is None and wants_abstract:
        known = details(id, timeout=timeout)
        return passage(f"{known.title}: abstract", known.summary, known.url, start, most, known.source)
    if at is None:
        heads = [each.title for each in found]
        raise NotFound(f"{id} has no section {section!r}. Its sections are: {'; '.join(heads)[:1500]}.")
    return passage(f"{id}: {found[at].title}", with_parts(found, at), _at(page, found[at]), start, most, source)


def references(paper: str, limit: int = 50, *, timeout: float = TIMEOUT) -> Table[Citation]:
    """What a paper cites, the most cited first, with the sentences that do it."""
    return _citations(paper, "references", "citedPaper", limit, timeout)


def citations(paper: str, limit: int = 50, *, timeout: float = TIMEOUT) -> Table[Citation]:
    """What cites a paper, the influential and most cited first, with the sentences that do it."""
    return _citations(paper, "citations", "citingPaper", limit, timeout)


def recommend(paper: str, limit: int = 20, *, timeout: float = TIMEOUT) -> Table[Paper]:
    """Papers like this one, the likeliest first."""
    id = paper_id(paper)
    path = f"/recommendations/v1/papers/forpaper/ARXIV:{quote(id)}"
    answer = _scholar(id, path, {"limit": limit, "fields": _FIELDS}, timeout)
    rows = [_scholar_paper(each) for each in answer.entries("recommendedPapers")]
    return table(f"Papers like {id}, likeliest first", rows[:limit], answer.source)


def snippets(words: str, limit: int = 10, *, timeout: float = TIMEOUT) -> Table[Snippet]:
    """Stretches of papers' full texts that fit the words, the best first."""
    answer = get(SEMANTIC_SCHOLAR, "/graph/v1/snippet/search", {"query": words, "limit": limit}, timeout=timeout)
    rows = [
        Snippet(
            each.get("paper", {}).get("title", ""),
            each.get("snippet", {}).get("section") or each.get("snippet", {}).get("snippetKind", ""),
            each.get("snippet", {}).get("text", ""),
            float(each.get("score") or 0),
        )
        for each in answer.entries("data")
    ]
    rows.sort(key=lambda row: row.score, reverse=True)
    return table(f"Passages for {words!r}, best match first", rows[:limit], answer.source)


def models(paper: str, limit: int = 20, *, timeout: float = TIMEOUT) -> Table[Linked]:
    """The models on the Hub whose cards cite a paper, the most downloaded first."""
    return _linked("model", paper_id(paper), limit, timeout)


def datasets(paper: str, limit: int = 20, *, timeout: float = TIMEOUT) -> Table[Linked]:
    """The datasets on the Hub whose cards cite a paper, the most downloaded first."""
    return _linked("dataset", paper_id(paper), limit, timeout)


def collections(paper: str, limit: int = 20, *, timeout: float = TIMEOUT) -> Table[Linked]:
    """The collections on the Hub that hold a paper."""
    id = paper_id(paper)
    answer = get(HUB, "/api/collections", {"paper": id, "limit": limit}, timeout=timeout)
    rows = [
        Linked(
            each.get("title") or each["slug"], None, each.get("upvotes"), "", f"{HUB.base}/collections/{each['slug']}"
        )
        for each in answer.entries(need="slug")
    ]
    rows.sort(key=lambda row: row.likes or 0, reverse=True)
    return table(f"Collections with {id}, most liked first", rows, answer.source)


def _linked(kind: hub_reading.Kind, id: str, limit: int, timeout: float) -> Table[Linked]:
    answer = hub_reading.search(kind, tags=[f"arxiv:{id}"], limit=limit, timeout=timeout)
    rows = [
        Linked(
            each["id"],
            each.get("downloads"),
            each.get("likes"),
            ", ".join(hub_reading.tagged(each, "license")),
            hub_reading.repo_url(kind, each["id"]),
        )
        for each in answer.entries(need="id")
    ]
    return table(f"{kind.title()}s for {id}, most downloaded first", rows, answer.source)


def _full_text(id: str, timeout: float) -> tuple[list[Section], Source, str]:
    """The sections, where they were read, and the page's address; ar5iv where arXiv has none."""
    told: list[str] = []
    for service, page in ((ARXIV, f"/html/{quote(id)}"), (AR5IV, f"/html/{quote(id)}")):
        try:
            answer = get(service, page, timeout=timeout, fresh=7 * 86400, accept="text/html")
        except ToolkitError as error:
            told.append(str(error))
            continue
        found = sections_of(answer.text)
        if found:
            return found, answer.source, service.base + page
        told.append(f"{service.host} has a page, but no text in it.")
    raise NotFound(f"There is no readable full text of {id}: {' '.join(told)} papers.details has its abstract.")


def _section_at(found: list[Section], section: str | int) -> int | None:
    if isinstance(section, int):
        return section if 0 <= section < len(found) else None
    wanted = section.strip().lower()
    titles = [each.title.lower() for each in found]
    for fitting in (
        [title == wanted for title in titles],
        [title.lstrip("0123456789. ivx") == wanted for title in titles],
        [wanted in title for title in titles],
    ):
        if any(fitting):
            return fitting.index(True)
    return None


def _at(page: str, section: Section) -> str:
    return f"{page}#{section.anchor}" if section.anchor else page


def _hub_paper(entry: dict[str, Any]) -> Paper:
    facts = {**entry, **(entry.get("paper") or {})}
    id = facts.get("id") or ""
    return Paper(
        " ".join((facts.get("title") or "").split()),
        id,
        int(facts["publishedAt"][:4]) if facts.get("publishedAt") else None,
        facts.get("upvotes"),
        None,
        tuple(each.get("name", "") for each in facts.get("authors") or []),
        facts.get("summary") or "",
        f"{HUB.base}/papers/{id}",
    )


def _scholar_paper(facts: dict[str, Any]) -> Paper:
    id = (facts.get("externalIds") or {}).get("ArXiv") or ""
    return Paper(
        facts.get("title") or "",
        id,
        facts.get("year"),
        None,
        facts.get("citationCount"),
        tuple(each.get("name", "") for each in facts.get("authors") or []),
        facts.get("abstract") or "",
        f"https://arxiv.org/abs/{id}" if id else facts.get("url") or "",
    )


def _scholar(id: str, path: str, params: dict[str, Any], timeout: float) -> Answer:
    try:
        return get(SEMANTIC_SCHOLAR, path, params, timeout=timeout)
    except NotFound as error:
        raise NotFound(
            f"{SEMANTIC_SCHOLAR.host} does not know the paper {id}. papers.search finds one by words."
        ) from error


def _scholar_details(id: str, timeout: float) -> PaperDetails:
    try:
        answer = get(SEMANTIC_SCHOLAR, f"/graph/v1/paper/ARXIV:{quote(id)}", {"fields": _FIELDS}, timeout=timeout)
    except NotFound:
        near = _near_ids(id)
        raise NotFound(
            f"Neither {HUB.host} nor {SEMANTIC_SCHOLAR.host} knows the paper {id}.{did_you_mean(near)} "
            "papers.search finds one by words."
        ) from None
    found = _scholar_paper(answer.facts())
    year = str(found.year) if found.year else ""
    evidence.note(found.url)
    return PaperDetails(found.title, id, year, found.authors, found.summary, url=found.url, source=answer.source)


def _near_ids(id: str) -> list[str]:
    """Papers of the Hub's newest whose ids differ from `id` in one digit: it was mistyped."""
    try:
        known = [_hub_paper(each).id for each in get(HUB, "/api/daily_papers", {"limit": 100}, timeout=8).entries()]
    except ToolkitError:
        return []
    alike = [other for other in known if len(other) == len(id)]
    return [other for other in alike if sum(a != b for a, b in zip(other, id, strict=True)) <= 1][:3]


def _citations(paper: str, path: str, key: str, limit: int, timeout: float) -> Table[Citation]:
    id = paper_id(paper)
    fields = "contexts,intents,isInfluential,title,year,citationCount,externalIds,url"
    asked = max(limit, RANKED)
    answer = _scholar(id, f"/graph/v1/paper/ARXIV:{quote(id)}/{path}", {"fields": fields, "limit": asked}, timeout)
    rows = []
    for each in answer.entries("data"):
        found = _scholar_paper(each.get(key) or {})
        rows.append(
            Citation(
                found.title,
                found.id,
                found.year,
                found.citations,
                bool(each.get("isInfluential")),
                tuple(each.get("intents") or []),
                tuple(each.get("contexts") or []),
                found.url,
            )
        )
    rows.sort(key=lambda row: (row.influential, row.citations or 0), reverse=True)
    told = "What {} cites" if path == "references" else "What cites {}"
    note = f"Ranked among the newest {len(rows)}; there are more" if len(rows) == asked else ""
    return table(f"{told.format(id)}, influential and most cited first", rows[:limit], answer.source, note)
