"""Findings are bounded, ranked, and held against what was read."""

from __future__ import annotations

import pytest

from ml_intern_jlab.toolkit import datasets, evidence, github, papers, research
from ml_intern_jlab.toolkit.errors import BadRequest
from tests.hub.hub import LoopbackHub
from tests.hub.seeds import seed


@pytest.fixture
def seeded(hub: LoopbackHub) -> LoopbackHub:
    evidence.forget()
    seed(hub)
    return hub


def test_sources_that_were_read_are_told_from_those_that_were_not(seeded: LoopbackHub) -> None:
    passage = papers.read("1706.03762", "Optimizer")
    script = github.read("huggingface/trl", "examples/scripts/sft.py")
    report = datasets.inspect("stanfordnlp/imdb")
    good = research.recipe("28.4 BLEU", "WMT", "Transformer", "4000 warmup steps", [passage, script, report])
    assert good.read
    assert good.sources == (passage.url, script.url, report.url)
    # The same paper elsewhere, and another section of it, count as read.
    assert research.recipe("r", "d", "m", "h", "https://arxiv.org/abs/1706.03762").read
    invented = research.recipe("99 %", "all", "magic", "none", "https://arxiv.org/abs/2401.99999")
    found = research.findings("the best warmup", [good, invented])
    assert [each.read for each in found] == [True, False]
    assert "Not read here, so not checked: https://arxiv.org/abs/2401.99999" in repr(found)
    assert f'href="{passage.url}"' in found._repr_html_()


def test_a_claim_without_a_source_is_refused(seeded: LoopbackHub) -> None:
    wrong: list[str | list[str]] = [[], "somewhere", "javascript:alert(1)"]
    for source in wrong:
        with pytest.raises(BadRequest, match="source"):
            research.recipe("r", "d", "m", "h", source)


def test_findings_are_few_and_short(seeded: LoopbackHub) -> None:
    long = research.recipe("r" * 5000, "d" * 5000, "m" * 5000, "h" * 5000, "https://example.org/a")
    assert len(repr(research.findings("q" * 5000, [long] * 5))) < 4200
    for number in (0, 6):
        with pytest.raises(BadRequest, match="1 to 5"):
            research.findings("q", [long] * number)
