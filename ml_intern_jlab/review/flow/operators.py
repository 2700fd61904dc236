"""Evaluates operators and comparisons: arithmetic over rows, masks, what is predicted beside what is true."""

from __future__ import annotations

import ast

from .conditions import OTHER_SIDE, both, condition_of
from .expressions import Expressions
from .facts import Fit, Score
from .values import (
    NOTHING,
    Columns,
    Estimator,
    Rows,
    Taint,
    Value,
    constant,
    disjoint,
    gathered,
    join,
)


class Operators(Expressions):
    """The part of the interpreter that combines and compares values."""

    def _value_BinOp(self, node: ast.BinOp) -> Value:
        return self.combine(node.op, self.evaluate(node.left), self.evaluate(node.right))

    def combine(self, operator: ast.operator, left: Value, right: Value) -> Value:
        """The value of an arithmetic operation."""
        if (
            left.known
            and right.known
            and isinstance(left.constant, int | float)
            and isinstance(right.constant, int | float)
        ):
            return (
                NOTHING
                if isinstance(left.constant, bool)
                else self._arithmetic(operator, left.constant, right.constant)
            )
        if isinstance(operator, ast.Add) and isinstance(left.constant, str) and isinstance(right.constant, str):
            return constant(left.constant + right.constant)
        if isinstance(operator, ast.MatMult) and self._by_hand(left, right):
            return self._said_by_hand(left, right)
        if isinstance(operator, ast.Add) and left.items is not None and right.items is not None:
            return Value(items=left.items + right.items)
        if isinstance(operator, ast.Mult) and (left.items is not None) is not (right.items is not None):
            many, count = (left, right) if left.items is not None else (right, left)
            if count.kind == "length" or not count.rows:
                return many.but(items=(many.items or ()) * 2)  # a list, repeated
        if left.kind == right.kind == "mask" and isinstance(operator, ast.BitAnd):
            origin = both([(each.origin, each.mark) for each in (left, right)])
            return left.but(
                origin=origin,
                mark="in",
                taints=left.taints | right.taints,
                derivation=left.derivation | right.derivation,
            )
        if left.items is not None or right.items is not None:
            left, right = gathered(left), gathered(right)
        kinds = {left.kind, right.kind}
        if "prediction" in kinds and isinstance(operator, ast.Sub) and left.rows and right.rows:
            return self.residual(left, right)
        if isinstance(operator, ast.BitAnd | ast.BitOr) and kinds in ({"prediction", "mask"}, {"prediction", "data"}):
            return self.residual(left, right)  # `(y == 1) & ~flagged`
        main = next((each for each in (left, right) if each.kind in ("prediction", "residual", "data", "index")), None)
        if main is None:
            main = left if left.kind else right
        other = right if main is left else left
        taints = left.taints | right.taints
        scale = main.scale or other.scale if main.kind == "expression" else main.scale
        if main.kind == "prediction" and scale == "scaled" and not other.rows:
            scale = "label"  # brought back by hand
        if other.kind == "stat" and main.kind != "stat":
            taints = (taints - other.taints) | {self._scaling(each, main) for each in other.taints}
        return main.but(
            rows=left.rows | right.rows
            if kinds <= {"data", "index", "prediction", "residual"}
            else main.rows or other.rows,
            taints=taints,
            scores=left.scores | right.scores,
            derivation=left.derivation | right.derivation,
            columns=None if main.kind == "data" and main.columns and not main.columns.whole else main.columns,
            known=False,
            constant=None,
            items=None,
            keys=(),
            element=None,
            mark="self_statistic" if "self_statistic" in (left.mark, right.mark) else main.mark,
            scale=scale,
        )

    @staticmethod
    def _by_hand(rows: Value, weights: Value) -> bool:
        """Whether rows are multiplied with what other rows told: the prediction of a model written out."""
        return rows.kind == weights.kind == "data" and disjoint(rows.rows, weights.rows)

    def _said_by_hand(self, rows: Value, weights: Value) -> Value:
        taints = rows.taints | weights.taints
        estimator = Estimator("the model", "model", self.place(), fitted=weights.rows, taints=weights.taints)
        self.facts.fits.append(Fit(estimator, weights, None, weights.rows, self.place()))
        return Value("prediction", rows=rows.rows, estimator=estimator, taints=taints, columns=Columns())

    def _scaling(self, taint: Taint, main: Value) -> Taint:
        kind = "scaling" if taint.kind == "statistic" and main.rows else taint.kind
        return Taint(
            kind, taint.rows, self.place() if taint.kind == "statistic" else taint.place, taint.columns, taint.what
        )

    @staticmethod
    def _arithmetic(operator: ast.operator, left: float, right: float) -> Value:
        try:
            match operator:
                case ast.Add():
                    return constant(left + right)
                case ast.Sub():
                    return constant(left - right)
                case ast.Mult():
                    return constant(left * right)
                case ast.Div():
                    return constant(left / right)
        except (ArithmeticError, ValueError):
            return NOTHING
        return NOTHING

    def _value_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Invert | ast.Not) and value.kind == "mask":
            return value.but(mark=OTHER_SIDE.get(value.mark, "in"))
        if isinstance(node.op, ast.USub) and value.known and isinstance(value.constant, int | float):
            return constant(-value.constant)
        return value

    def _value_BoolOp(self, node: ast.BoolOp) -> Value:
        values = [gathered(self.evaluate(each)) for each in node.values]
        scores: frozenset[int] = frozenset().union(*(each.scores for each in values))
        if isinstance(node.op, ast.Or):  # `given or {}`
            for each in values[:-1]:
                values[-1] = join(values[-1], each)
        return values[-1].but(scores=scores, known=False)

    def _value_Compare(self, node: ast.Compare) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.comparators[0])
        gl, gr = gathered(left), gathered(right)
        values = {left.kind, right.kind}
        operator = node.ops[0]
        if "prediction" in values and left.rows and right.rows and isinstance(operator, ast.Eq | ast.NotEq):
            return self.residual(left, right, "accuracy")
        if "prediction" in values:
            main = left if left.kind == "prediction" else right
            return main.but(scale="class", taints=gl.taints | gr.taints, scores=gl.scores | gr.scores)
        scores = gl.scores | gr.scores
        if scores:
            return Value(scores=scores, taints=gl.taints | gr.taints)
        if "stat" in values and not (gl.rows or gr.rows):
            return Value("stat", taints=gl.taints | gr.taints, columns=left.columns or right.columns)
        compared = right.constant if right.known else None
        if "expression" in values:
            text, mark = condition_of(node, compared)
            derivation = gl.derivation | gr.derivation
            return Value("mask", origin=text, mark=mark, derivation=derivation, taints=gl.taints | gr.taints)
        if gl.rows or gr.rows:
            text, mark = condition_of(node, compared)
            rows = gl.rows or gr.rows
            if left.kind in ("index", "random") or right.kind == "random":
                text = text if isinstance(node.left, ast.Name | ast.Attribute) else f"{text}@{self.place()}"
            return Value(
                "mask",
                rows=rows,
                origin=text,
                mark=mark,
                taints=gl.taints | gr.taints,
                derivation=gl.derivation | gr.derivation,
                scale="random" if "random" in values else "",
            )
        return Value(taints=gl.taints | gr.taints)

    def residual(self, left: Value, right: Value, metric: str = "error") -> Value:
        """Predictions beside what is true: not a score yet, one for each row."""
        predicted, true = (left, right) if left.kind == "prediction" else (right, left)
        return Value(
            "residual",
            rows=predicted.rows,
            estimator=predicted.estimator,
            taints=left.taints | right.taints,
            mark=metric,
            items=None,
            attributes={"predicted": predicted, "true": true},
        )

    def score(
        self,
        metric: str,
        rows: Rows,
        estimator: Estimator | None,
        taints: frozenset[Taint],
        true: Value | None = None,
        predicted: Value | None = None,
        folds: bool = False,
    ) -> Value:
        """Note a score; returns its value."""
        fitted = estimator.fitted if estimator else frozenset()
        if estimator:
            taints |= estimator.taints
            folds = folds or estimator.folded
        number = len(self.facts.scores)
        self.facts.scores.append(
            Score(
                number,
                metric,
                rows,
                self.place(),
                estimator,
                fitted,
                taints,
                true,
                predicted,
                folds,
                self.loops,
                frozenset(self.looping),
            )
        )
        return Value("score", scores=frozenset({number}), taints=frozenset(t for t in taints if t.kind == "choice"))

    def reduced(self, value: Value) -> Value:
        """A mean or sum over residuals is a score."""
        inside = value.attributes or {}
        return self.score(
            value.mark, value.rows, value.estimator, value.taints, inside.get("true"), inside.get("predicted")
        )
