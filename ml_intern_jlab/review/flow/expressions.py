"""Evaluates expressions other than calls: names, operators, comparisons, subscripts, comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .conditions import OTHER_SIDE, both, condition_of
from .facts import Facts, Fit, Score
from .values import (
    NOTHING,
    Columns,
    Estimator,
    Place,
    Rows,
    Taint,
    Value,
    constant,
    disjoint,
    gathered,
    join,
)


class Expressions:
    """The part of the interpreter that evaluates expressions; `Interpreter` completes it."""

    facts: Facts
    loops: int
    looping: list[int]
    framing: int
    strides: dict[str, str]  # the step of a loop over a range, by the name that it binds
    inner: tuple[int, int]  # line and column of what was evaluated last, in functions, too
    unrolled: bool  # every loop around goes over items that are known, each evaluated once
    scopes: list[dict[str, Value]]

    # Completed by the classes below this one.
    place: Callable[[], Place]
    lookup: Callable[[str], Value]
    assign: Callable[[ast.expr, Value], None]
    call: Callable[[ast.Call], Value]
    choose: Callable[..., Taint]
    element_of: Callable[[Value], Value]
    _count: Callable[[ast.AST], None]

    def evaluate(self, node: ast.expr | None) -> Value:
        """The value of an expression."""
        if node is None:
            return NOTHING
        self._count(node)
        handler: Callable[[Any], Value] | None = getattr(self, f"_value_{type(node).__name__}", None)
        if handler is not None:
            return handler(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child)
        return NOTHING

    def _value_Constant(self, node: ast.Constant) -> Value:
        return constant(node.value)

    def _value_Name(self, node: ast.Name) -> Value:
        found = self.lookup(node.id)
        return Value("module", origin=node.id) if found is NOTHING else found

    def _value_Call(self, node: ast.Call) -> Value:
        return self.call(node)

    def _value_JoinedStr(self, node: ast.JoinedStr) -> Value:
        inside: list[Value] = []
        text: str | None = ""
        for each in node.values:
            value = self.evaluate(each.value if isinstance(each, ast.FormattedValue) else each)
            inside.append(gathered(value))
            plain = value.known and isinstance(value.constant, str | int) and getattr(each, "format_spec", None) is None
            text = f"{text}{value.constant}" if plain and text is not None else None
        if text is not None:
            return constant(text)
        return Value(scores=frozenset().union(*(each.scores for each in inside)))

    def _value_Tuple(self, node: ast.Tuple | ast.List | ast.Set) -> Value:
        items: list[Value] = []
        for each in node.elts:
            if isinstance(each, ast.Starred):
                inner = self.evaluate(each.value)
                items += inner.items if inner.items is not None else [self.element_of(inner)]
            else:
                items.append(self.evaluate(each))
        return Value(items=tuple(items))

    _value_List = _value_Set = _value_Tuple

    def _value_Dict(self, node: ast.Dict) -> Value:
        value = Value("dict")
        for key, each in zip(node.keys, node.values, strict=True):
            name, held = self.evaluate(key), self.evaluate(each)
            if key is None:
                for inner, old in held.keys:
                    value = value.with_key(inner, old)
            elif name.known:
                value = value.with_key(str(name.constant), held)
            else:
                value = value.but(element=held)
        return value

    def _value_Lambda(self, node: ast.Lambda) -> Value:
        return Value("function", node=node, scope=[dict(each) for each in self.scopes[1:]])

    def _value_NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.assign(node.target, value)
        return value

    def _value_IfExp(self, node: ast.IfExp) -> Value:
        self.evaluate(node.test)
        sure = self.decided(node.test)
        if sure is not None:
            return self.evaluate(node.body if sure else node.orelse)
        return join(self.evaluate(node.body), self.evaluate(node.orelse))

    def decided(self, test: ast.expr) -> bool | None:
        """Whether a condition surely holds, or surely doesn't: a flag, `x is None`, `mode == "fit"`; else None."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.decided(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.Name):
            value = self.lookup(test.id)
            return bool(value.constant) if value.known and isinstance(value.constant, bool | None) else None
        if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Name):
            return None
        left, right = self.lookup(test.left.id), self.evaluate(test.comparators[0])
        if not right.known:
            return None
        if isinstance(test.ops[0], ast.Is | ast.IsNot) and right.constant is None:
            if not left.known and not left.rows and left.kind not in ("stat", "estimator", "function", "dict"):
                return None
            return (left.known and left.constant is None) is isinstance(test.ops[0], ast.Is)
        if isinstance(test.ops[0], ast.Eq | ast.NotEq) and left.known and isinstance(left.constant, str):
            return (left.constant == right.constant) is isinstance(test.ops[0], ast.Eq)
        return None

    def _value_Await(self, node: ast.Await) -> Value:
        return self.evaluate(node.value)

    def _value_Starred(self, node: ast.Starred) -> Value:
        return self.evaluate(node.value)

    def _value_Slice(self, node: ast.Slice) -> Value:
        bounds = [self._bound(each) for each in (node.lower, node.upper)]
        low, high = self.evaluate(node.lower), self.evaluate(node.upper)
        step = self.evaluate(node.step)
        return Value("slice", items=(constant(bounds[0]), constant(bounds[1]), step), taints=low.taints | high.taints)

    def _bound(self, node: ast.expr | None) -> Any:
        if node is None:
            return None
        value = self.evaluate(node)
        if value.known and isinstance(value.constant, int | float | str):
            return value.constant
        return ast.unparse(node)

    def _value_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        def entry() -> Value:
            return Value(element=self.evaluate(node.elt))

        target = node.generators[0].target
        plain = isinstance(node.elt, ast.Name) and isinstance(target, ast.Name) and node.elt.id == target.id
        return self._comprehended(node.generators, entry, plain)

    _value_SetComp = _value_GeneratorExp = _value_ListComp

    def _value_DictComp(self, node: ast.DictComp) -> Value:
        def entry() -> Value:
            key, value = self.evaluate(node.key), self.evaluate(node.value)
            return Value("dict", keys=((str(key.constant), value),)) if key.known else Value("dict", element=value)

        return self._comprehended(node.generators, entry)

    def _comprehended(
        self, generators: list[ast.comprehension], entry: Callable[[], Value], plain: bool = False
    ) -> Value:
        self.scopes.append({})
        self.loops += 1
        self.looping.append(id(generators[0]))
        try:
            first = self.evaluate(generators[0].iter)
            if first.kind == "names" and plain and len(generators) == 1:
                return self._names_kept(first, generators[0])
            items = self.unrolled_items(first)
            built: list[Value] = []
            chosen: frozenset[Taint] = frozenset()
            for item in items or (self.element_of(first),):
                self.assign(generators[0].target, item)
                self.note_stride(generators[0].target, generators[0].iter)
                for generator in generators[1:]:
                    self.assign(generator.target, self.element_of(self.evaluate(generator.iter)))
                chosen |= self._condition_taints(generators)
                built.append(entry())
        finally:
            self.loops -= 1
            self.looping.pop()
            self.scopes.pop()
        if items is None or len(generators) > 1 or generators[0].ifs:
            result = built[0]
            for each in built[1:]:
                result = join(result, each)
            return result.but(taints=result.taints | chosen)
        if built[0].kind == "dict":
            return Value("dict", keys=tuple(pair for each in built for pair in each.keys))
        return Value(items=tuple(each.element or NOTHING for each in built))

    @staticmethod
    def unrolled_items(collection: Value) -> tuple[Value, ...] | None:
        """What a loop over the collection gets in turn, where that is known and few; None otherwise."""
        items = collection.items
        if collection.kind in ("dict", "frames") and collection.keys:
            items = tuple(constant(key) for key, _ in collection.keys)
        return items if items is not None and 0 < len(items) <= 8 else None

    def note_stride(self, target: ast.expr, collection: ast.expr) -> None:
        """`for start in range(0, n, step)`: remember the step."""
        if isinstance(target, ast.Name):
            ranged = isinstance(collection, ast.Call) and len(collection.args) == 3
            self.strides[target.id] = ast.unparse(collection.args[2]) if ranged else ""  # type: ignore[attr-defined]

    def _names_kept(self, names: Value, generator: ast.comprehension) -> Value:
        """`[c for c in table.columns if c != "y"]`: the columns that stay."""
        kept = names.but(taints=names.taints | self._condition_taints([generator]))
        for condition in generator.ifs:
            test = condition if isinstance(condition, ast.Compare) else None
            excluded = self.evaluate(test.comparators[0]) if test else NOTHING
            texts = texts_in(excluded)
            if test is None or texts is None or not isinstance(test.ops[0], ast.NotEq | ast.NotIn):
                return kept.but(columns=None)
            kept = kept.but(columns=kept.columns.dropped(texts) if kept.columns else None)
        return kept

    def _condition_taints(self, generators: list[ast.comprehension]) -> frozenset[Taint]:
        """`[c for c in X if corr[c] > 0.1]`: what decides which elements stay."""
        found: frozenset[Taint] = frozenset()
        for generator in generators:
            for condition in generator.ifs:
                for name in ast.walk(condition):
                    if isinstance(name, ast.Name):
                        value = self.lookup(name.id)
                        if value.kind == "stat":
                            found |= value.taints
        return found

    # --- operators ----------------------------------------------------------------------------------------------------

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


def texts_in(value: Value) -> frozenset[str] | None:
    """The texts that a value surely is or holds; None where one isn't known."""
    items = value.items if value.items is not None and value.kind != "slice" else (value,)
    if all(each.known and isinstance(each.constant, str) for each in items):
        return frozenset(str(each.constant) for each in items)
    return None
