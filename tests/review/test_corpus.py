from __future__ import annotations

import pytest

from bench.review import FORM, tally
from ml_intern_jlab.review.rule import all_rules

from .corpus_loader import Sample, samples

PARTS = ("development", "held_out", "wild", "wild_2", "wild_3", "wild_4", "wild_5", "wild_6", "wild_7", "wild_8")
EVERY = [sample for part in PARTS for sample in samples(part)]


@pytest.mark.parametrize("part", PARTS)
def test_what_is_planted_is_found_and_little_else(part: str) -> None:
    result = tally(part)
    assert result.recall >= 0.9, result.wrong
    assert result.precision >= 0.95, result.wrong


def test_the_corpus_is_large_and_names_rules_that_exist() -> None:
    assert len(EVERY) >= 120
    assert sum(not sample.expected for sample in EVERY) >= 60
    named = frozenset[str]().union(*(sample.expected | sample.allowed | sample.absent for sample in EVERY))
    assert named <= {rule.id for rule in all_rules()}


def test_every_evaluation_rule_is_planted() -> None:
    planted = frozenset[str]().union(*(sample.expected for sample in EVERY))
    assert {rule.id for rule in all_rules() if rule.area == "evaluation"} - FORM <= planted


def test_a_tally_counts_what_is_missed_and_what_is_false() -> None:
    result = tally()
    blank: dict[str, object] = {"cells": [], "metadata": {}}
    result.add(Sample("missed", blank, frozenset({"no_seed"})))
    noisy = {"cells": [{"cell_type": "code", "source": "print(nowhere)", "outputs": [], "execution_count": 1}]}
    result.add(Sample("false", noisy, frozenset()))
    assert (result.missed["no_seed"], result.false["undefined_name"]) == (1, 1)
    assert (result.precision, result.recall) == (0.0, 0.0)
