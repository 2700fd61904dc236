"""The text of a paper by its sections, from the HTML that LaTeXML makes of it (arXiv's and ar5iv's pages)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

SKIPPED = {"script", "style", "nav", "footer", "button", "svg", "head", "annotation", "annotation-xml"}
VOID = {"br", "img", "meta", "link", "hr", "input", "col", "wbr", "source", "area", "base", "embed", "track"}
BLOCKS = {
    "p",
    "div",
    "section",
    "article",
    "li",
    "tr",
    "table",
    "figure",
    "figcaption",
    "blockquote",
    "pre",
    "dd",
    "dt",
}


@dataclass(frozen=True)
class Section:
    """A part of a paper.

    Attributes:
        level: 1 for the title, 2 for a section or the abstract, 3 for a subsection, and so on.
        title: its heading.
        text: what stands below the heading, up to the next one.
        anchor: its place on the page, for a link; "" where it has none.
    """

    level: int
    title: str
    text: str
    anchor: str = ""


class _Reader(HTMLParser):
    """Collects headings and the text after each. Formulas are given as the TeX that they were written in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[Section] = []
        self._open: list[tuple[str, bool]] = []  # each open element, and whether its content is left out
        self._anchors: list[str] = []
        self._title: list[str] | None = None
        self._level = 1
        self._text: list[str] = []
        self._head = ("", 1, "")

    @property
    def _hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = values.get("class", "").split()
        hidden = self._hidden or tag in SKIPPED or tag == "math" or "ltx_bibliography" in classes
        if tag == "math" and not self._hidden:
            self._add(f"${values.get('alttext', '').strip()}$")
        if tag in VOID:
            self._add("\n" if tag == "br" else "")
            return
        self._open.append((tag, hidden))
        self._anchors.append(values.get("id") or (self._anchors[-1] if self._anchors else ""))
        if hidden:
            return
        if re.fullmatch(r"h[1-6]", tag) and "ltx_title" in classes:
            self._end_section()
            # LaTeXML makes the abstract's heading the smallest of all.
            self._level, self._title = (2 if "ltx_title_abstract" in classes else int(tag[1])), []
        elif tag in BLOCKS:
            self._add("\n")
        elif tag in {"td", "th"}:
            self._add(" | ")

    def handle_endtag(self, tag: str) -> None:
        if tag not in {name for name, _ in self._open}:
            return
        while self._open:
            name, _ = self._open.pop()
            anchor = self._anchors.pop()
            if name == tag:
                break
        if self._title is not None and re.fullmatch(r"h[1-6]", tag):
            self._head = (_line("".join(self._title)), self._level, anchor)
            self._title = None
        elif tag in BLOCKS and not self._hidden:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._add(data)

    def _add(self, text: str) -> None:
        (self._text if self._title is None else self._title).append(text)

    def _end_section(self) -> None:
        title, level, anchor = self._head
        text = _paragraphs("".join(self._text))
        if title:
            self.sections.append(Section(level, title, text, anchor))
        self._text, self._head = [], ("", 1, "")

    def close(self) -> None:
        super().close()
        self._end_section()


def _line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str) -> str:
    lines = (_line(line) for line in text.split("\n"))
    return "\n".join(line for line in lines if line.strip(" |"))


def sections_of(page: str) -> list[Section]:
    """The sections of a paper's page, in order; [] where it has no such headings (no HTML of this paper exists)."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.sections


def with_parts(sections: list[Section], at: int) -> str:
    """The text of a section and of the subsections below it, with their headings."""
    first = sections[at]
    pieces = [first.text]
    for each in sections[at + 1 :]:
        if each.level <= first.level:
            break
        pieces += [f"{'#' * each.level} {each.title}", each.text]
    return "\n\n".join(piece for piece in pieces if piece)


def plain_text(page: str) -> str:
    """The readable text of any page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    pieces = [f"{each.title}\n{each.text}" for each in reader.sections]
    return "\n\n".join(pieces) or _paragraphs(re.sub(r"<[^>]+>", " ", page))
