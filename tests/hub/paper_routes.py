"""Papers over HTTP: the Hub's pages, Semantic Scholar's graph, arXiv's and ar5iv's HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.hub.papers import Paper
from tests.hub.serving import Refusal, Request, Response, Router, json_response, text_response

SCHOLAR_ID = r"ARXIV:(?P<id>[\w.-]+)"


class PaperRoutes:
    """Answers about `papers`, which tests fill."""

    def __init__(self, papers: dict[str, Paper], router: Router) -> None:
        self._papers = papers
        router.add("GET", "/api/daily_papers", self.daily)
        router.add("GET", "/api/papers/search", self.search)
        router.add("GET", r"/api/papers/(?P<id>[\w.-]+)", self.one)
        router.add("GET", r"/papers/(?P<id>[\w.-]+?)\.md", self.markdown)
        for site in ("arxiv", "ar5iv"):
            router.add("GET", rf"/{site}/html/(?P<id>[\w.-]+)", self.html)
        router.add("GET", "/scholar/graph/v1/paper/search/bulk", self.bulk)
        router.add("GET", "/scholar/graph/v1/snippet/search", self.snippets)
        router.add("GET", rf"/scholar/graph/v1/paper/{SCHOLAR_ID}", self.scholar_one)
        router.add("GET", rf"/scholar/graph/v1/paper/{SCHOLAR_ID}/(?P<way>references|citations)", self.graph)
        router.add("GET", rf"/scholar/recommendations/v1/papers/forpaper/{SCHOLAR_ID}", self.recommend)

    def daily(self, request: Request) -> Response:
        """The newest papers, or those of a day."""
        day = request.first("date")
        found = [each for each in self._on_hub() if day in {"", each.published}]
        found.sort(key=lambda each: each.published, reverse=True)
        told = [
            {
                "paper": each.on_the_hub(),
                "title": each.title,
                "publishedAt": f"{each.published}T00:00:00.000Z",
                "numComments": 0,
            }
            for each in found[: request.number("limit", 50)]
        ]
        return json_response(told)

    def search(self, request: Request) -> Response:
        """The Hub's papers by words."""
        found = self._fitting(self._on_hub(), request.first("q"))
        return json_response([{"paper": each.on_the_hub(), "title": each.title} for each in found])

    def one(self, request: Request, id: str) -> Response:
        """One paper of the Hub's."""
        return json_response(self._known(id, on_hub=True).on_the_hub())

    def markdown(self, request: Request, id: str) -> Response:
        """A paper's page as text."""
        paper = self._known(id, on_hub=True)
        return text_response(f"# {paper.title}\n\n{paper.summary}\n", "text/markdown")

    def html(self, request: Request, id: str) -> Response:
        """The full text; 404 where none was made."""
        paper = self._known(id)
        if not paper.parts:
            raise Refusal(404, f"No HTML for {id}")
        return text_response(paper.page(), "text/html")

    def bulk(self, request: Request) -> Response:
        """Semantic Scholar's search."""
        found = self._fitting(self._papers.values(), request.first("query"))
        return json_response({"total": len(found), "data": [self._scholar(each) for each in found]})

    def snippets(self, request: Request) -> Response:
        """Passages of full texts by words."""
        words = request.first("query").lower().split()
        told = []
        for paper in self._papers.values():
            for _, heading, text in paper.parts:
                plain = re.sub(r"<[^>]+>", " ", text)
                hits = sum(word in plain.lower() for word in words)
                if hits:
                    snippet = {"text": plain, "snippetKind": "body", "section": heading}
                    told.append({"score": hits / len(words), "paper": {"title": paper.title}, "snippet": snippet})
        return json_response({"data": told[: request.number("limit", 10)]})

    def scholar_one(self, request: Request, id: str) -> Response:
        """One paper of Semantic Scholar's."""
        return json_response(self._scholar(self._known(id)))

    def graph(self, request: Request, id: str, way: str) -> Response:
        """What a paper cites, or what cites it."""
        paper = self._known(id)
        if way == "references":
            pairs = [(self._papers[other], words) for other, words in paper.cites.items() if other in self._papers]
        else:
            pairs = [(each, each.cites[id]) for each in self._papers.values() if id in each.cites]
        key = "citedPaper" if way == "references" else "citingPaper"
        told = [
            {
                "contexts": [words],
                "intents": ["methodology"],
                "isInfluential": "we build on" in words.lower(),
                key: self._scholar(other),
            }
            for other, words in pairs
        ]
        return json_response({"offset": 0, "data": told[: request.number("limit", 100)]})

    def recommend(self, request: Request, id: str) -> Response:
        """Papers that share a word of the title."""
        words = {word for word in self._known(id).title.lower().split() if len(word) > 4}
        found = [each for each in self._papers.values() if each.id != id and words & set(each.title.lower().split())]
        return json_response({"recommendedPapers": [self._scholar(each) for each in found]})

    def _scholar(self, paper: Paper) -> dict[str, object]:
        return paper.at_the_scholar(sum(paper.id in each.cites for each in self._papers.values()))

    def _on_hub(self) -> list[Paper]:
        return [each for each in self._papers.values() if each.on_hub]

    @staticmethod
    def _fitting(papers: Iterable[Paper], words: str) -> list[Paper]:
        wanted = words.lower().split()
        return [each for each in papers if all(word in f"{each.title} {each.summary}".lower() for word in wanted)]

    def _known(self, id: str, *, on_hub: bool = False) -> Paper:
        paper = self._papers.get(id)
        if paper is None or (on_hub and not paper.on_hub):
            raise Refusal(404, f"Paper with id {id} not found")
        return paper
