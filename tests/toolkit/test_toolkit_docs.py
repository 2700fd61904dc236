"""What the documentation and the skill show works: each example runs against the loopback Hub, each call exists."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from bench.safety import Cell, judge
from ml_intern_jlab.protocol import RiskClass
from ml_intern_jlab.toolkit import services
from ml_intern_jlab.toolkit.suitability import USES
from ml_intern_jlab.toolkit.tables import Passage, Record, Table
from tests.hub.hub import LoopbackHub
from tests.hub.seeds import seed

PAGE = Path(__file__).parents[2] / "docs" / "toolkit.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
SKILL = files("ml_intern_jlab.agent.skills").joinpath("research.md").read_text(encoding="utf-8")
CALLS = [
    code
    for code in re.findall(r"`([^`\n]+\))`", SKILL)
    if re.match(r"(report = )?(papers|datasets|models|docs|github)\.\w+\(", code)
]


def test_every_example_of_the_page_runs_and_shows_something(hub: LoopbackHub) -> None:
    seed(hub)
    space: dict[str, Any] = {}
    shown = 0
    for example in EXAMPLES:
        for statement in ast.parse(example).body:
            code = ast.Module([statement], [])
            if not isinstance(statement, ast.Expr):
                exec(compile(code, str(PAGE), "exec"), space)
                continue
            value = eval(compile(ast.Expression(statement.value), str(PAGE), "eval"), space)
            if isinstance(value, Table | Record | Passage):
                shown += 1
                assert "nothing found" not in repr(value), ast.unparse(statement)
                assert value._repr_html_().startswith("<")
    assert shown > 25
    assert space["best"].read
    assert len(space["frame"]) == 150
    assert space["verdict"].verdict == "yes"
    assert not space["full"].fits(1)
    assert space["light"].total < space["full"].total


def test_the_page_names_every_variable_and_use() -> None:
    text = PAGE.read_text(encoding="utf-8")
    known = [each for each in vars(services).values() if isinstance(each, services.Service)]
    assert len(known) >= 7
    for service in known:
        assert f"`{service.variable}`" in text
        assert not service.default or f"`{service.default}`" in text
    assert not [use for use in USES if f"`{use}`" not in text]


def test_calls_of_the_skill_are_there_and_take_what_they_are_given() -> None:
    assert len(CALLS) >= 15
    for code in CALLS:
        call = ast.parse(code.removeprefix("report = "), mode="eval").body
        while (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Call)
        ):
            call = call.func.value
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Attribute)
        assert isinstance(call.func.value, ast.Name)
        module = importlib.import_module(f"ml_intern_jlab.toolkit.{call.func.value.id}")
        named = {each.arg: None for each in call.keywords if each.arg}
        inspect.signature(getattr(module, call.func.attr)).bind(*call.args, **named)


@pytest.mark.parametrize("code", CALLS)
def test_calls_of_the_skill_are_known_to_the_policy(code: str) -> None:
    source = f"from ml_intern_jlab.toolkit import papers, datasets, models, docs, github\n{code}"
    classes = judge(Cell("", RiskClass.network, source)).classes
    assert classes == ({RiskClass.compute} if code.startswith("docs.look(") else {RiskClass.network})
