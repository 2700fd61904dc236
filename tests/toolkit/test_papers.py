"""Papers, read from the loopback services."""

from __future__ import annotations

import pytest

from ml_intern_jlab.toolkit import papers
from ml_intern_jlab.toolkit.errors import BadRequest, NotFound, Unreachable
from tests.hub.hub import LoopbackHub

ATTENTION = "1706.03762"


@pytest.fixture
def library(hub: LoopbackHub) -> LoopbackHub:
    hub.add_paper(
        ATTENTION,
        "Attention Is All You Need",
        authors=("A. Vaswani", "N. Shazeer"),
        summary="The Transformer, based solely on attention.",
        published="2017-06-12",
        upvotes=5,
        github="https://github.com/tensorflow/tensor2tensor",
        parts=(
            (2, "Introduction", "Recurrent models compute along positions."),
            (2, "Training", "We describe the training."),
            (3, "Optimizer", 'We used Adam with <math alttext="\\beta_1=0.9"><mi>β</mi><mn>1</mn></math>.'),
            (3, "Schedule", "Warmup of 4000 steps. " * 600),
            (2, "Conclusion", "Attention suffices."),
        ),
    )
    hub.add_paper(
        "1810.04805",
        "BERT: Attention Pre-training",
        upvotes=9,
        summary="<b>Bidirectional</b>",
        cites={ATTENTION: "We build on the Transformer of Vaswani et al."},
        published="2018-10-11",
    )
    hub.add_paper("2001.00001", "Reading only", cites={ATTENTION: "As in [1]."}, on_hub=False, published="2020-01-01")
    card = f"---\nlicense: mit\n---\nFrom https://arxiv.org/abs/{ATTENTION}\n"
    hub.add_repo("model", "lab/transformer", {"README.md": card}, downloads=7)
    hub.add_repo("model", "lab/other", {"README.md": "---\nlicense: mit\n---\n"})
    hub.add_repo("dataset", "lab/wmt14", {"README.md": card}, downloads=3)
    return hub


@pytest.mark.parametrize(
    "written",
    [
        ATTENTION,
        f"arXiv:{ATTENTION}v7",
        f"https://arxiv.org/abs/{ATTENTION}",
        f"https://huggingface.co/papers/{ATTENTION}",
    ],
)
def test_a_paper_is_named_in_many_ways(written: str) -> None:
    assert papers.paper_id(written) == ATTENTION


def test_a_name_that_holds_no_id_is_told() -> None:
    with pytest.raises(BadRequest, match=r"papers\.search"):
        papers.paper_id("attention is all you need")


def test_trending_and_search_are_sorted_tables(library: LoopbackHub) -> None:
    assert [each.id for each in papers.trending()] == ["1810.04805", ATTENTION]
    assert [each.id for each in papers.trending(date="2017-06-12")] == [ATTENTION]
    found = papers.search("attention")
    assert {each.id for each in found} == {ATTENTION, "1810.04805"}
    assert "Attention Is All You Need" in repr(found)
    assert f'href="{library.url}/papers/{ATTENTION}"' in found._repr_html_()
    everywhere = papers.search("reading", where="semantic_scholar")
    assert everywhere[0].title == "Reading only"
    assert "nothing found" in repr(papers.search("nonsense words"))


def test_details_come_from_the_hub_or_else_from_the_scholar(library: LoopbackHub) -> None:
    known = papers.details(ATTENTION)
    assert (known.authors[0], known.published, known.github) == (
        "A. Vaswani",
        "2017-06-12",
        "https://github.com/tensorflow/tensor2tensor",
    )
    assert papers.details("2001.00001").title == "Reading only"
    with pytest.raises(NotFound, match=ATTENTION):
        papers.details("1706.03763")


def test_text_of_papers_is_shown_and_never_run(library: LoopbackHub) -> None:
    assert "<b>Bidirectional" not in papers.details("1810.04805")._repr_html_()
    assert "&lt;b&gt;Bidirectional" in papers.details("1810.04805")._repr_html_()


def test_sections_are_read_by_heading_or_number_with_their_formulas(library: LoopbackHub) -> None:
    heads = papers.sections(ATTENTION)
    titles = [each.title for each in heads]
    assert titles[1:] == ["Abstract", "1 Introduction", "2 Training", "3 Optimizer", "4 Schedule", "5 Conclusion"]
    assert "References" not in titles
    assert "Navigation" not in titles
    assert "$\\beta_1=0.9$" in papers.read(ATTENTION, "optimizer").text
    training = papers.read(ATTENTION, "Training")
    assert "### 3 Optimizer" in training.text
    assert "suffices" not in training.text
    assert papers.read(ATTENTION, 6).text == "Attention suffices."
    assert papers.read(ATTENTION).text == "The Transformer, based solely on attention."
    with pytest.raises(NotFound, match="5 Conclusion"):
        papers.read(ATTENTION, "Limitations")


def test_a_long_section_is_bounded_and_can_be_read_on(library: LoopbackHub) -> None:
    first = papers.read(ATTENTION, "Schedule", most=5000)
    assert len(first.text) <= 5000
    assert f"start={len(first.text)}" in repr(first)
    whole, at = first.text, first
    while at.rest:
        at = papers.read(ATTENTION, "Schedule", start=at.start + len(at.text), most=5000)
        whole += at.text
    assert whole.split() == ("Warmup of 4000 steps. " * 600).split()


def test_without_a_full_text_there_is_still_the_abstract(library: LoopbackHub) -> None:
    assert papers.read("1810.04805").text == "<b>Bidirectional</b>"
    with pytest.raises(NotFound, match="no readable full text"):
        papers.read("1810.04805", "Introduction")


def test_ar5iv_stands_in_for_arxiv(library: LoopbackHub) -> None:
    library.fail("^/arxiv/", 503, times=-1)
    assert papers.read(ATTENTION, "Conclusion", timeout=4).text == "Attention suffices."


def test_citations_come_with_their_contexts(library: LoopbackHub) -> None:
    citing = papers.citations(ATTENTION)
    assert [each.id for each in citing] == ["1810.04805", "2001.00001"]
    assert citing[0].influential
    assert citing[0].contexts == ("We build on the Transformer of Vaswani et al.",)
    assert [each.id for each in papers.references("1810.04805")] == [ATTENTION]
    assert [each.id for each in papers.recommend(ATTENTION)] == ["1810.04805"]
    assert papers.snippets("warmup steps")[0].section == "Schedule"
    with pytest.raises(NotFound, match=r"9999\.99999"):
        papers.citations("9999.99999")


def test_what_belongs_to_a_paper(library: LoopbackHub) -> None:
    library.collections.append(
        {"slug": "lab/best-1", "title": "Best", "upvotes": 2, "items": [{"type": "paper", "id": ATTENTION}]}
    )
    assert [each.id for each in papers.models(ATTENTION)] == ["lab/transformer"]
    assert papers.datasets(ATTENTION)[0].license == "mit"
    assert [each.id for each in papers.collections(ATTENTION)] == ["Best"]
    assert not papers.collections("1810.04805")


def test_a_service_that_is_down_is_named_with_what_works_without_it(library: LoopbackHub) -> None:
    library.fail("^/scholar", 500, times=-1)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1.*Semantic Scholar.*papers\.search"):
        papers.citations(ATTENTION, timeout=2)
