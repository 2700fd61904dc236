"""Evaluates expressions other than calls and operators: names, literals, choices, comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .facts import Facts
from .values import (
    NOTHING,
    Place,
    Taint,
    Value,
    constant,
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


def texts_in(value: Value) -> frozenset[str] | None:
    """The texts that a value surely is or holds; None where one isn't known."""
    items = value.items if value.items is not None and value.kind != "slice" else (value,)
    if all(each.known and isinstance(each.constant, str) for each in items):
        return frozenset(str(each.constant) for each in items)
    return None
