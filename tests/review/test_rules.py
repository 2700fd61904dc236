from __future__ import annotations

import pytest

from ml_intern_jlab.review.notebook_rules import review
from ml_intern_jlab.review.parsed_notebook import parse
from ml_intern_jlab.review.rule import Rule, Subject, all_rules

from .corpus_loader import sample

RULES = all_rules()


def named(rule: Rule) -> str:
    return rule.id


def found_by(rule: Rule, text: str, folder: object) -> list[str]:
    notebook = parse(sample(rule.id, text).notebook)
    notebook.folder = folder  # type: ignore[assignment]
    return [found.message for found in rule.check(Subject(notebook))]


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_each_rule_finds_its_bad_example(rule: Rule, tmp_path: object) -> None:
    messages = found_by(rule, rule.bad, tmp_path)
    assert messages
    assert all(len(message) < 400 for message in messages)


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_each_rule_is_silent_at_its_good_example(rule: Rule, tmp_path: object) -> None:
    assert found_by(rule, rule.good, tmp_path) == []


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_good_example_has_no_error_of_any_rule(rule: Rule) -> None:
    findings = review(sample(rule.id, rule.good).notebook)
    assert [finding for finding in findings if finding.severity == "error"] == []


def test_ids_are_unique_and_texts_are_whole() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.id.replace("_", "").isalpha()
        assert rule.why.endswith("."), rule.id
        assert rule.advice.endswith("."), rule.id
        assert not rule.title.endswith("."), rule.id
