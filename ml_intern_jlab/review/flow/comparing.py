"""Scores, and picking the best of them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from .known import CURVES, STATISTICS
from .origins import Origins
from .row_methods import Named
from .values import NOTHING, Value, gathered

BEST = {
    "max",
    "min",
    "argmax",
    "argmin",
    "idxmax",
    "idxmin",
    "nanmax",
    "nanargmax",
    "nlargest",
    "nsmallest",
    "amax",
    "amin",
    "nanmin",
    "nanargmin",
    "arg_max",
}


class Comparisons(Origins):
    """The part of the interpreter that scores and compares."""

    called_instance: Callable[[Value, list[Value], Named], Value]

    def optimised(self, function: Value) -> Value:
        """A search that calls a function of the notebook's time and again, and keeps the best of what it returns."""
        self.loops += 1
        try:
            trial = [Value("trial")]
            instance = function.kind == "instance"
            found = gathered(
                self.called_instance(function, trial, {}) if instance else self.inline(function, trial, {})
            )
        finally:
            self.loops -= 1
        taints = frozenset({self.choose(found.scores, 0)}) if found.scores else frozenset()
        return Value("score", scores=found.scores, taints=taints)

    def _metric(self, name: str, arguments: list[Value], named: Named) -> Value:
        true = named.get("y_true") or (arguments[0] if arguments else NOTHING)
        predicted = (
            named.get("y_pred")
            or named.get("y_score")
            or named.get("y_prob")
            or (arguments[1] if len(arguments) > 1 else NOTHING)
        )
        one, other = gathered(true), gathered(predicted)
        model = other if other.kind == "prediction" or other.estimator else one
        rows = (other.rows if model is other else one.rows) or one.rows
        if not rows:
            return NOTHING
        value = self.score(name, rows, model.estimator, one.taints | other.taints, one, other, model.mark == "folds")
        if name in CURVES:
            return Value(items=(value, value, value))
        return value

    def _best(self, name: str, arguments: list[Value], named: Named) -> Value:
        values = [gathered(each) for each in arguments]
        scores: frozenset[int] = frozenset().union(*(each.scores for each in values)) if values else frozenset()
        key = named.get("key")
        if key is not None and key.kind == "function" and arguments:
            scores |= gathered(self.inline(key, [self.element_of(arguments[0])], {})).scores
        first = arguments[0] if arguments else NOTHING
        if not scores:
            if name in STATISTICS and values and values[0].rows and values[0].kind != "prediction":
                return self.statistic(values[0], name, named.get("axis", NOTHING))
            if first.kind == "prediction" and name == "argmax":
                return first.but(known=False, constant=None, scale="class")
            return first.but(known=False, constant=None) if first.kind in ("prediction", "residual") else NOTHING
        items = [each for each in (first.items or ()) if each.scores]
        tries = len(items) or len(scores)
        taint = self.choose(scores, tries if first.element is None else 0, name)
        element = self.element_of(first)
        picked = element if first.items is not None or first.element is not None else NOTHING
        return picked.but(scores=scores, taints=picked.taints | {taint}, known=False, constant=None, keys=picked.keys)

    def _ranked(self, owner: Value, name: str, node: ast.Call | None = None) -> Value:
        deep = gathered(owner)
        if name == "sort" and node is not None and isinstance(node.func, ast.Attribute):
            self.mutate(node.func.value, owner.but(mark="ranked", scores=deep.scores))
            return NOTHING
        if name in BEST and deep.scores:
            return self._best(name, [owner], {})
        return owner.but(mark="ranked" if name.startswith("sort") else owner.mark, scores=deep.scores)
