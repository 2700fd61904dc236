"""Evaluates expressions other than calls: names, operators, comparisons, subscripts, comprehensions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from .facts import Facts, Score
from .values import (
    NOTHING,
    Columns,
    Derivation,
    Estimator,
    Part,
    Place,
    Rows,
    Taint,
    Value,
    constant,
    disjoint,
    gathered,
    join,
    overlap,
)

_INDEXERS = {"loc", "iloc", "at", "iat", "values", "array", "T", "data", "str", "dt", "cat"}
_LEARNT = {"feature_importances_", "coef_", "ranking_", "support_", "scores_", "pvalues_", "importances_mean"}


class Expressions:
    """The part of the interpreter that evaluates expressions; `Interpreter` completes it."""

    facts: Facts
    loops: int
    scopes: list[dict[str, Value]]

    # Completed by the classes below this one.
    place: Callable[[], Place]
    lookup: Callable[[str], Value]
    assign: Callable[[ast.expr, Value], None]
    call: Callable[[ast.Call], Value]
    choose: Callable[[frozenset[int], int], Taint]
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
        inside = [gathered(self.evaluate(each.value)) for each in node.values if isinstance(each, ast.FormattedValue)]
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
        return join(self.evaluate(node.body), self.evaluate(node.orelse))

    def _value_Await(self, node: ast.Await) -> Value:
        return self.evaluate(node.value)

    def _value_Starred(self, node: ast.Starred) -> Value:
        return self.evaluate(node.value)

    def _value_Slice(self, node: ast.Slice) -> Value:
        bounds = [self._bound(each) for each in (node.lower, node.upper)]
        low, high = self.evaluate(node.lower), self.evaluate(node.upper)
        return Value("slice", items=(constant(bounds[0]), constant(bounds[1])), taints=low.taints | high.taints)

    def _bound(self, node: ast.expr | None) -> Any:
        if node is None:
            return None
        value = self.evaluate(node)
        if value.known and isinstance(value.constant, int | float | str):
            return value.constant
        return ast.unparse(node)

    def _value_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        return self._comprehended(node.generators, lambda: Value(element=self.evaluate(node.elt)))

    _value_SetComp = _value_GeneratorExp = _value_ListComp

    def _value_DictComp(self, node: ast.DictComp) -> Value:
        def entry() -> Value:
            key, value = self.evaluate(node.key), self.evaluate(node.value)
            return Value("dict", keys=((str(key.constant), value),)) if key.known else Value("dict", element=value)

        return self._comprehended(node.generators, entry)

    def _comprehended(self, generators: list[ast.comprehension], entry: Callable[[], Value]) -> Value:
        self.scopes.append({})
        self.loops += 1
        try:
            first = self.evaluate(generators[0].iter)
            items = first.items if first.items is not None and 0 < len(first.items) <= 8 else None
            built: list[Value] = []
            for item in items or (self.element_of(first),):
                self.assign(generators[0].target, item)
                for generator in generators[1:]:
                    self.assign(generator.target, self.element_of(self.evaluate(generator.iter)))
                built.append(entry())
        finally:
            self.loops -= 1
            self.scopes.pop()
        if items is None or len(generators) > 1 or generators[0].ifs:
            result = built[0]
            for each in built[1:]:
                result = join(result, each)
            mask = Taint("", frozenset(), self.place())
            chosen = self._condition_taints(generators) - {mask}
            return result.but(taints=result.taints | chosen)
        if built[0].kind == "dict":
            return Value("dict", keys=tuple(pair for each in built for pair in each.keys))
        return Value(items=tuple(each.element or NOTHING for each in built))

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
        if isinstance(operator, ast.Add) and left.items is not None and right.items is not None:
            return Value(items=left.items + right.items)
        if left.items is not None or right.items is not None:
            left, right = gathered(left), gathered(right)
        kinds = {left.kind, right.kind}
        if "prediction" in kinds and isinstance(operator, ast.Sub) and left.rows and right.rows:
            return self.residual(left, right)
        main = next((each for each in (left, right) if each.kind in ("prediction", "residual", "data", "index")), None)
        if main is None:
            main = left if left.kind else right
        other = right if main is left else left
        taints = left.taints | right.taints
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
            scale=main.scale or other.scale if main.kind == "expression" else main.scale,
        )

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
            return value.but(mark="out" if value.mark == "in" else "in")
        if isinstance(node.op, ast.USub) and value.known and isinstance(value.constant, int | float):
            return constant(-value.constant)
        return value

    def _value_BoolOp(self, node: ast.BoolOp) -> Value:
        values = [gathered(self.evaluate(each)) for each in node.values]
        return values[-1].but(scores=frozenset().union(*(each.scores for each in values)), known=False)

    def _value_Compare(self, node: ast.Compare) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.comparators[0])
        gl, gr = gathered(left), gathered(right)
        values = {left.kind, right.kind}
        operator = node.ops[0]
        if "prediction" in values and left.rows and right.rows and isinstance(operator, ast.Eq | ast.NotEq):
            return self.residual(left, right, "accuracy")
        if "prediction" in values:
            main = left if left.kind == "prediction" else right
            return main.but(scale="label", taints=gl.taints | gr.taints, scores=gl.scores | gr.scores)
        scores = gl.scores | gr.scores
        if scores:
            return Value(scores=scores, taints=gl.taints | gr.taints)
        if "stat" in values and not (gl.rows or gr.rows):
            return Value("stat", taints=gl.taints | gr.taints, columns=left.columns or right.columns)
        if gl.rows or gr.rows:
            text, mark = condition_of(node)
            rows = gl.rows or gr.rows
            if left.kind in ("index", "random") or right.kind == "random":
                text = f"{text}@{self.place()}" if not isinstance(node.left, ast.Name) else text
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
        number = len(self.facts.scores)
        self.facts.scores.append(
            Score(number, metric, rows, self.place(), estimator, fitted, taints, true, predicted, folds, self.loops)
        )
        return Value("score", scores=frozenset({number}), taints=frozenset(t for t in taints if t.kind == "choice"))

    def reduced(self, value: Value) -> Value:
        """A mean or sum over residuals is a score."""
        inside = value.attributes or {}
        return self.score(
            value.mark, value.rows, value.estimator, value.taints, inside.get("true"), inside.get("predicted")
        )

    # --- attributes and subscripts ------------------------------------------------------------------------------------

    def _value_Attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.evaluate(node.value), node.attr)

    def attribute(self, owner: Value, name: str) -> Value:
        """The value of an attribute."""
        if owner.kind == "module":
            return owner.but(origin=f"{owner.origin}.{name}")
        if owner.attributes is not None and name in owner.attributes:
            return owner.attributes[name]
        if owner.kind in ("dict", "frames") and owner.key(name) is not None:
            return owner.key(name) or NOTHING
        if owner.estimator is not None and owner.kind == "estimator":
            return self._of_estimator(owner.estimator, owner, name)
        if owner.rows:
            if name == "index":
                return Value("index", rows=owner.rows)
            if name == "columns":
                return Value("names", rows=frozenset(), columns=owner.columns, mark="columns")
            if name == "shape":
                return Value(items=(Value("length", rows=owner.rows), NOTHING))
            if name in _INDEXERS or name.startswith("_"):
                return owner.but(mark=name if name in ("loc", "iloc") else owner.mark)
            if name in ("target", "labels") and re.match(r"(load|fetch)_", owner.origin.rsplit(".", 1)[-1]):
                return owner.but(
                    columns=Columns(frozenset({"target"})), derivation=Derivation(frozenset({"target"})), keys=()
                )
            if name == "data" or owner.kind == "index":
                return owner
            if owner.columns is not None:
                return self.column(owner, name)
            return owner.but(columns=None)
        return owner.but(known=False, constant=None) if owner.kind in ("score", "stat") else NOTHING

    def _of_estimator(self, estimator: Estimator, owner: Value, name: str) -> Value:
        if name in ("best_estimator_", "model", "named_steps", "base_estimator"):
            return owner
        if name in ("best_score_", "best_score", "cv_results_", "oob_score_"):
            features = estimator.features or NOTHING
            return self.score(name, features.rows, estimator, gathered(features).taints, folds=True)
        if name in _LEARNT:
            taint = Taint("supervised_selection", estimator.fitted, self.place(), what=estimator.name)
            return Value("stat", taints=frozenset({taint}))
        if name in ("labels_", "embedding_") and estimator.features is not None:
            return estimator.features.but(columns=None)
        return Value(taints=estimator.taints)

    def column(self, table: Value, name: str) -> Value:
        """One column of a table."""
        derived = dict(table.derived).get(name, Derivation())
        kept = frozenset(t for t in table.taints if not t.columns or name in t.columns or t.kind != "imputation")
        return table.but(
            kind=table.kind if table.kind in ("prediction", "group", "window") else "data",
            columns=Columns(frozenset({name})),
            derivation=Derivation(derived.columns | {name}, derived.through),
            derived=(),
            taints=kept,
            mark="column",
            keys=(),
        )

    def _value_Subscript(self, node: ast.Subscript) -> Value:
        owner, index = self.evaluate(node.value), self.evaluate(node.slice)
        return self.item(owner, index)

    def item(self, owner: Value, index: Value) -> Value:
        """`owner[index]`."""
        if owner.mark == "ranked" and index.known and index.constant in (0, -1) and owner.scores:
            return owner.but(taints=owner.taints | {self.choose(owner.scores, 0)})
        if owner.kind in ("dict", "frames", "instance") or owner.keys:
            if index.known and owner.key(str(index.constant)) is not None:
                return owner.key(str(index.constant)) or NOTHING
            inside = [value for _, value in owner.keys]
            if inside and not owner.rows:
                result = inside[0]
                for each in inside[1:]:
                    result = join(result, each)
                return self._picked(result, index)
        if owner.items is not None:
            return self._of_items(owner, index)
        if owner.kind in ("data", "prediction", "index", "residual", "group", "window") and owner.rows:
            return self._of_rows(owner, index)
        if owner.kind == "names":
            return owner.but(columns=None, taints=owner.taints | gathered(index).taints)
        if owner.kind == "stat":
            named = frozenset({str(index.constant)}) if index.known and isinstance(index.constant, str) else frozenset()
            relation = {
                t if t.kind != "relation" or not named else Taint("relation", t.rows, t.place, named, t.what)
                for t in owner.taints
            }
            return owner.but(taints=frozenset(relation) | index.taints)
        if owner.element is not None:
            return self._picked(owner.element.but(taints=owner.element.taints | owner.taints), index)
        if owner.kind == "estimator":
            return owner
        return self._picked(owner.but(known=False, constant=None), index)

    @staticmethod
    def _picked(value: Value, index: Value) -> Value:
        """What was picked by a chosen position carries the choice."""
        chosen = {taint for taint in gathered(index).taints if taint.kind == "choice"}
        return value.but(taints=value.taints | chosen)

    def _of_items(self, owner: Value, index: Value) -> Value:
        items = owner.items or ()
        if index.known and isinstance(index.constant, int) and -len(items) <= index.constant < len(items):
            return items[index.constant]
        if index.kind == "slice" and index.items:
            low, high = (each.constant for each in index.items)
            if all(bound is None or isinstance(bound, int) for bound in (low, high)):
                return owner.but(items=items[low:high])
        result = NOTHING
        for each in items:
            result = join(result, each)
        return self._picked(result, index)

    def _of_rows(self, owner: Value, index: Value) -> Value:
        first = index.items[0] if index.items and index.kind != "slice" else index
        taints = gathered(index).taints
        two = (
            index.kind != "slice"
            and index.items is not None
            and owner.mark in ("loc", "iloc", "")
            and any(
                each.kind in ("slice", "mask", "index") or (each.known and isinstance(each.constant, int))
                for each in index.items
            )
        )
        if two and index.items is not None and len(index.items) == 2:
            rows = self._rows_at(owner, index.items[0], owner.mark)
            return self._columns_at(rows, index.items[1])
        if owner.mark == "archive" and index.known and (side := _SIDE.search(str(index.constant))):
            # Arrays of one file that are named after the sides of a split hold different rows.
            key = f"archive {sorted(part.key for part in owner.rows)}"
            part = Part(key, side[0].lower(), owner.rows, "file")
            return owner.but(mark="", rows=frozenset({part}))
        if owner.mark != "iloc" and index.known and isinstance(index.constant, str) and owner.mark != "loc":
            return self.column(owner, index.constant)
        if first.kind in ("slice", "mask", "index") or index.mark == "folds":
            return self._rows_at(owner, first, owner.mark)
        if owner.mark in ("loc", "iloc"):
            return owner.but(mark="", rows=owner.rows)
        names = _names(index)
        if names is not None:
            kept = tuple((name, each) for name, each in owner.derived if name in names)
            return owner.but(
                columns=Columns(names), derived=kept, taints=owner.taints | taints, derivation=Derivation(names)
            )
        selecting = frozenset(self._selecting(each) for each in taints)
        columns = index.columns if index.mark == "columns" else None
        return owner.but(columns=columns, taints=owner.taints | selecting, mark="")

    @staticmethod
    def _selecting(taint: Taint) -> Taint:
        kinds = {"statistic": "selection", "relation": "relation"}
        return Taint(kinds.get(taint.kind, taint.kind), taint.rows, taint.place, taint.columns, taint.what)

    def _columns_at(self, owner: Value, index: Value) -> Value:
        owner = owner.but(mark="")
        if index.kind == "slice" and index.items:
            low, high = (each.constant for each in index.items)
            if low is None and high == -1:
                return owner.but(columns=Columns(whole=True, without=frozenset({"#-1"})))
            return owner.but(columns=owner.columns if low is None and high is None else None)
        if index.known and isinstance(index.constant, int):
            name = f"#{index.constant}"
            return owner.but(columns=Columns(frozenset({name})), derivation=Derivation(frozenset({name})))
        names = _names(index)
        if names is not None:
            return self.column(owner, next(iter(names))) if index.known else owner.but(columns=Columns(names))
        selecting = frozenset(self._selecting(each) for each in gathered(index).taints)
        return owner.but(columns=None, taints=owner.taints | selecting)

    def _rows_at(self, owner: Value, index: Value, mark: str) -> Value:
        """Some rows of the owner: by position, by mask, by slice."""
        if not owner.rows:
            return owner
        changed = owner.but(mark="", taints=owner.taints | {t for t in index.taints if t.kind == "choice"})
        if index.kind == "index" and index.rows:
            return changed.but(rows=index.rows)
        if index.kind == "range":
            low, high = (index.key(end) for end in ("low", "high"))
            bounds = (constant(None) if low is None or low.constant == 0 else low, high or NOTHING)
            return self._rows_at(owner, Value("slice", items=bounds), mark)
        if index.kind == "mask":
            if owner.kind == "stat" or not owner.rows:
                return changed
            if not overlap(index.rows, owner.rows) and disjoint(index.rows, owner.rows):
                return changed
            kind = "random" if index.scale == "random" else "mask"
            part = Part(f"mask {index.origin}", index.mark, owner.rows, kind)
            return changed.but(rows=frozenset({part}))
        if index.kind == "slice" and index.items:
            low, high = (each.constant for each in index.items)
            if low is None and high is None:
                return changed
            if self.loops and isinstance(low, str) and isinstance(high, str) and high.startswith(f"{low} +"):
                derivation = Derivation(changed.derivation.columns, changed.derivation.through | {"window"})
                return changed.but(derivation=derivation)  # a window that slides over all rows
            key = f"slice {sorted(part.key for part in owner.rows)}"
            part = Part(key, f"{low}:{high}", owner.rows, "slice", low, high)
            return changed.but(rows=frozenset({part}))
        return changed

    def element_of(self, value: Value) -> Value:
        """What a loop over the value gets each time."""
        if value.kind == "folds":
            return value.element or NOTHING
        if value.items is not None and value.items:
            result = value.items[0]
            for each in value.items[1:]:
                result = join(result, each)
            return result
        if value.element is not None:
            return value.element
        if value.kind in ("names", "dict", "module", "estimator"):
            return NOTHING
        return value.but(known=False, constant=None)


_SIDE = re.compile(r"(?<![a-z])(train|test|valid(?:ation)?|val|dev|holdout|held_out)(?![a-z])", re.IGNORECASE)


def _names(index: Value) -> frozenset[str] | None:
    """The column names in a subscript, where all are known."""
    if index.known and isinstance(index.constant, str):
        return frozenset({index.constant})
    if (
        index.items
        and index.kind != "slice"
        and all(each.known and isinstance(each.constant, str) for each in index.items)
    ):
        return frozenset(str(each.constant) for each in index.items)
    return None


_FLIPPED = {ast.GtE: (ast.Lt, "out"), ast.Gt: (ast.LtE, "out"), ast.NotEq: (ast.Eq, "out"), ast.NotIn: (ast.In, "out")}
_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.In: "in"}


def condition_of(node: ast.Compare) -> tuple[str, str]:
    """A condition in one form with its side, so that `<` and `>=` are the two sides of one cut."""
    operator, side = _FLIPPED.get(type(node.ops[0]), (type(node.ops[0]), "in"))
    left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
    for wrapper in ("pd.Timestamp(", "pd.to_datetime(", "np.datetime64("):
        right = right.removeprefix(wrapper).rstrip(")") if right.startswith(wrapper) else right
    # The table's own name doesn't matter: X[X.t < 3] and y[X.t < 3] are the same cut.
    return f"{left} {_SIGNS.get(operator, operator.__name__)} {right}", side
