from __future__ import annotations

import itertools

import pytest
from pydantic import ValidationError

from ml_intern_jlab.errors import InternError, Refused
from ml_intern_jlab.protocol import Mode, Reason, RiskClass
from ml_intern_jlab.sessions.policy import ALWAYS_ASK, NEVER_UNASKED, Action, Policy, configured

EVERY = list(RiskClass)


def of(*risks: RiskClass) -> list[Reason]:
    return [Reason(risk=risk, line=1, text="t") for risk in risks]


def test_the_tables_rows() -> None:
    policy = Policy()
    assert {risk for risk in RiskClass if not policy.asks(Mode.ask, of(risk))} == set()
    assert {risk for risk in RiskClass if not policy.asks(Mode.auto_safe, of(risk))} == {
        RiskClass.compute,
        RiskClass.write,
    }
    assert {risk for risk in RiskClass if policy.asks(Mode.auto, of(risk))} == ALWAYS_ASK
    assert policy.asks(Mode.ask, [])
    assert not policy.asks(Mode.auto_safe, [])
    assert policy.asks(Mode.auto, of(RiskClass.write, RiskClass.shell))


def test_what_a_table_does_not_name_asks() -> None:
    policy = Policy(table={Mode.auto: {RiskClass.compute: "run"}})
    assert policy.asks(Mode.auto, of(RiskClass.write))
    assert policy.asks(Mode.auto_safe, [])
    with pytest.raises(ValidationError):
        Policy.model_validate({"table": {"auto": {"compute": "maybe"}}})


def test_no_table_and_no_person_loosens_what_never_runs_unasked() -> None:
    everything: dict[RiskClass, Action] = {risk: "run" for risk in RiskClass}
    loosest = Policy(table={mode: everything for mode in Mode})
    for mode, risk in itertools.product(Mode, NEVER_UNASKED):
        assert loosest.action(mode, of(risk), allowed=EVERY) == "ask"
        assert not loosest.allowable(risk)
    assert loosest.action(Mode.auto, of(RiskClass.delete)) == "run"
    assert loosest.action(Mode.auto, of(RiskClass.delete, RiskClass.outside), allowed=EVERY) == "ask"


def test_a_person_allows_a_class_that_is_not_locked() -> None:
    policy = Policy(locked=frozenset({RiskClass.shell}))
    assert policy.action(Mode.auto_safe, of(RiskClass.network), allowed={RiskClass.network}) == "run"
    assert policy.action(Mode.auto_safe, of(RiskClass.network, RiskClass.shell), allowed=EVERY) == "ask"
    assert policy.action(Mode.ask, of(RiskClass.network), allowed=EVERY) == "ask"


def test_what_is_sent_after_a_strangers_words_asks_whatever_is_allowed() -> None:
    policy = Policy()
    assert policy.action(Mode.auto, of(RiskClass.network), EVERY, after_untrusted=True) == "ask"
    assert policy.action(Mode.auto, of(RiskClass.install), EVERY, after_untrusted=True) == "run"
    assert policy.action(Mode.auto_safe, [], after_untrusted=True) == "run"


def test_an_administrator_refuses_and_nobody_loosens_that() -> None:
    policy = configured({"auto": {"shell": "refuse"}, "auto_safe": {"write": "ask"}}, list(Mode), [])
    assert policy.action(Mode.auto, of(RiskClass.shell, RiskClass.publish), EVERY) == "refuse"
    assert policy.action(Mode.auto, of(RiskClass.outside)) == "run"
    assert policy.action(Mode.auto_safe, of(RiskClass.write)) == "ask"
    assert policy.refusal(Mode.auto, of(RiskClass.shell, RiskClass.write)) == (
        "The policy of this server refuses such a cell. Line 1 t. Find a way without that."
    )
    assert policy.refusal(Mode.auto, of(RiskClass.write)) == ""


def test_locked_modes_are_refused_in_a_sentence() -> None:
    policy = configured({}, ["ask", "auto_safe"], [])
    policy.check_mode(Mode.ask)
    with pytest.raises(Refused, match=r"The mode auto is locked on this server\. Choose one of: ask, auto_safe\."):
        policy.check_mode(Mode.auto)


@pytest.mark.parametrize(
    ("table", "modes", "locked"),
    [
        ({"auto": {"shel": "ask"}}, ["ask"], []),
        ({"quick": {}}, ["ask"], []),
        ({"auto": {"shell": "yes"}}, ["ask"], []),
        ({"auto": "run"}, ["ask"], []),
        ({}, ["never"], []),
        ({}, ["ask"], ["everything"]),
        ({}, [], []),
    ],
)
def test_a_setting_that_is_none_is_told_in_a_sentence(
    table: dict[str, object], modes: list[str], locked: list[str]
) -> None:
    with pytest.raises(InternError, match="configuration"):
        configured(table, modes, locked)
