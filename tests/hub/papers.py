"""Papers that the loopback services know: on the Hub, at Semantic Scholar, and as HTML at arXiv."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any


@dataclass(frozen=True)
class Paper:
    """A paper.

    Attributes:
        id: its arXiv id.
        parts: its full text: level, heading and HTML of each section; () where no HTML exists.
        cites: the papers that it cites, with the sentence that does it.
        on_hub: whether the Hub has a page for it.
    """

    id: str
    title: str
    authors: tuple[str, ...] = ("A. Author",)
    summary: str = ""
    published: str = "2025-01-01"
    upvotes: int = 0
    parts: tuple[tuple[int, str, str], ...] = ()
    cites: dict[str, str] = field(default_factory=dict)
    github: str = ""
    on_hub: bool = True

    def on_the_hub(self) -> dict[str, Any]:
        """What `/api/papers/{id}` answers."""
        return {
            "id": self.id,
            "title": self.title,
            "authors": [{"name": name, "hidden": False} for name in self.authors],
            "summary": self.summary,
            "publishedAt": f"{self.published}T00:00:00.000Z",
            "upvotes": self.upvotes,
            **({"githubRepo": self.github} if self.github else {}),
        }

    def at_the_scholar(self, citations: int) -> dict[str, Any]:
        """What Semantic Scholar says."""
        return {
            "paperId": f"s2-{self.id}",
            "title": self.title,
            "year": int(self.published[:4]),
            "authors": [{"authorId": str(at), "name": name} for at, name in enumerate(self.authors)],
            "citationCount": citations,
            "externalIds": {"ArXiv": self.id},
            "url": f"https://www.semanticscholar.org/paper/s2-{self.id}",
            "abstract": self.summary,
        }

    def page(self) -> str:
        """The full text as LaTeXML writes it."""
        pieces = [
            f'<h1 class="ltx_title ltx_title_document">{escape(self.title)}</h1>',
            f'<div class="ltx_abstract"><h6 class="ltx_title ltx_title_abstract">Abstract</h6>'
            f'<p class="ltx_p">{escape(self.summary)}</p></div>',
        ]
        for number, (level, heading, text) in enumerate(self.parts, 1):
            pieces.append(
                f'<section id="S{number}" class="ltx_section"><h{level} class="ltx_title ltx_title_section">'
                f'<span class="ltx_tag ltx_tag_section">{number} </span>{escape(heading)}</h{level}>'
                f'<div class="ltx_para"><p class="ltx_p">{text}</p></div></section>'
            )
        body = "".join(pieces)
        return (
            "<!DOCTYPE html><html><head><title>x</title><style>p{color:red}</style></head><body>"
            "<nav>Back to the list <h2>Navigation</h2></nav>"
            f'<article class="ltx_document">{body}'
            '<section class="ltx_bibliography"><h2 class="ltx_title">References</h2>'
            "<ul><li>Somebody, 1999.</li></ul></section></article><script>alert(1)</script></body></html>"
        )
