"""What methods of tables, arrays and loaders do, as far as rows and what informs them are concerned."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from .expressions import texts_in
from .facts import Concatenation
from .known import RELATIONS, SHARES, STATISTICS
from .row_methods import Named, RowMethods, is_true
from .values import NOTHING, Columns, Derivation, Rows, Taint, Value, constant, gathered


class DataMethods(RowMethods):
    """Methods whose object holds rows."""

    mutate: Callable[[ast.expr, Value], None]
    with_column: Callable[[Value, str, Value], Value]
    inline: Callable[..., Value]

    def data_method(self, node: ast.Call, owner: Value, name: str, arguments: list[Value], named: Named) -> Value:
        """The value of `owner.name(…)`; `node` is the call, for what changes its object in place."""
        special: Callable[..., Value] | None = getattr(self, f"_data_{name}", None)
        if special is not None:
            result = special(owner, arguments, named)
        elif name in STATISTICS:
            result = self.statistic(
                owner, name, named.get("axis", NOTHING if name in SHARES else (arguments or [NOTHING])[0])
            )
        elif name in RELATIONS:
            taint = Taint(
                "relation",
                owner.rows,
                self.place(),
                (arguments[0].derivation.columns if arguments else frozenset()),
                name,
            )
            result = Value("stat", taints=owner.taints | {taint}, columns=owner.columns)
        else:
            result = self._plain(owner, arguments, named)
        if (
            name == "pop"
            and arguments
            and arguments[0].known
            and owner.columns
            and isinstance(node.func, ast.Attribute)
        ):
            dropped = owner.columns.dropped(frozenset({str(arguments[0].constant)}))
            self.mutate(node.func.value, owner.but(columns=dropped))
        if is_true(named.get("inplace")) and isinstance(node.func, ast.Attribute):
            self.mutate(node.func.value, result)
            return constant(None)
        return result

    def statistic(self, owner: Value, name: str, axis: Value = NOTHING) -> Value:
        """A mean or the like over rows, or, along an axis that is known to be another, one for each row."""
        if owner.kind == "residual":
            return self.reduced(owner)
        if owner.kind in ("data", "prediction") and axis.known and axis.constant in (1, -1, "columns"):
            return owner.but(columns=None, derived=(), mark="")
        if owner.kind == "expression":
            return owner.but(mark="self_statistic")
        if owner.kind == "window":
            return owner.but(kind="data")
        if owner.kind == "group":
            kind = "group_statistic"
        elif owner.kind == "mask":
            return NOTHING
        else:
            kind = "statistic"
        if owner.kind in ("index", "length"):
            return NOTHING
        if self.loops and owner.derivation.looped:  # a figure of one file
            return owner.but(kind="data", columns=None, derived=(), mark="")
        taint = Taint(kind, owner.rows, self.place(), owner.derivation.columns, name)
        return Value("stat", taints=owner.taints | {taint}, columns=owner.columns)

    def names_method(self, node: ast.Call, owner: Value, name: str, arguments: list[Value]) -> Value:
        """The value of a method of a table's column names."""
        if name not in ("drop", "difference", "remove", "tolist", "to_list", "copy", "unique", "astype", "sort_values"):
            return owner.but(columns=None)
        if name in ("drop", "difference", "remove"):
            texts = texts_in(arguments[0]) if arguments else frozenset()
            columns = owner.columns.dropped(texts) if owner.columns and texts is not None else None
            owner = owner.but(columns=columns)
        if name == "remove" and isinstance(node.func, ast.Attribute):
            self.mutate(node.func.value, owner)
        return owner

    def _data_fillna(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        value = arguments[0] if arguments else named.get("value", NOTHING)
        given = gathered(value)
        taints = owner.taints
        if value.kind == "dict" and value.keys:  # a value for each column
            filled = [self._data_fillna(self.column(owner, name), [each], {}) for name, each in value.keys]
            return owner.but(taints=taints.union(*(each.taints for each in filled)))
        if value.known and value.constant is not None:
            fixed = Taint("imputation", frozenset(), self.place(), what=f"fillna({value.constant!r})")
            self.facts.filled.append((owner, fixed, self.place()))
        for each in given.taints:
            if each.kind in ("statistic", "group_statistic"):
                taint = Taint("imputation", each.rows, self.place(), each.columns, "fillna")
                taints |= {taint}
                self.facts.filled.append((owner, taint, self.place()))
        return owner.but(taints=taints)

    _data_fill_null = _data_fill_nan = _data_fillna

    def _data_map(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        table = gathered(arguments[0] if arguments else NOTHING)
        if table.kind == "stat":
            taints = {
                t if t.kind != "group_statistic" else Taint(t.kind, t.rows, self.place(), t.columns, t.what)
                for t in table.taints
            }
            averaged = Derivation(frozenset(), frozenset({"group"}))
            return owner.but(taints=owner.taints | taints, derivation=owner.derivation | averaged)
        return owner

    _data_replace = _data_map

    def _data_merge(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        other = gathered(arguments[0] if arguments else NOTHING)
        if named.get("how", NOTHING).constant == "anti":  # polars: those that the other lacks
            return self._data_drop(owner, [], {"labels": other.but(kind="index")})
        averaged = {t for t in other.taints if t.kind == "group_statistic"}
        taints = owner.taints | {Taint(t.kind, t.rows, self.place(), t.columns, t.what) for t in averaged}
        columns = owner.columns if owner.columns and owner.columns.whole else None
        return owner.but(taints=taints | (other.taints - averaged), columns=columns, mark="")

    _data_join = _data_merge

    def _data_groupby(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        by = named.get("by") or (arguments[0] if arguments else NOTHING)
        for each in (by, *(by.items or ())):
            if each.known and isinstance(each.constant, str):
                self.facts.grouped.append((owner, each.constant, self.place()))
        return owner.but(kind="group", mark="", columns=owner.columns)

    _data_group_by = _data_groupby

    def _data_transform(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        if owner.kind == "group":
            taint = Taint("group_statistic", owner.rows, self.place(), owner.derivation.columns, "transform")
            averaged = Derivation(frozenset(), frozenset({"group"}))
            return owner.but(kind="data", taints=owner.taints | {taint}, derivation=averaged)
        return self._plain(owner, arguments, named)

    def _data_agg(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        if owner.kind != "group":
            return self.statistic(owner, "agg")
        columns = owner.derivation.columns.union(
            *(
                frozenset({str(item.constant)})
                for each in named.values()
                for item in (each.items or ())[:1]
                if item.known
            )
        )
        taint = Taint("group_statistic", owner.rows, self.place(), columns, "agg")
        return Value("stat", taints=owner.taints | {taint})

    _data_aggregate = _data_agg

    def _data_shift(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return self._through(owner, "lead" if _backwards(arguments, named) else "shift")

    def _through(self, owner: Value, step: str) -> Value:
        derivation = owner.derivation | Derivation(frozenset(), frozenset({step}))
        return owner.but(derivation=derivation, kind="data" if owner.kind == "group" else owner.kind)

    def _data_rolling(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        if is_true(named.get("center")):
            owner = self._through(owner, "centred")
        return self._through(owner, "window").but(kind="window")

    _data_expanding = _data_ewm = _data_rolling

    def _data_cumsum(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return self._through(owner, "window")

    _data_cummax = _data_cummin = _data_cumprod = _data_cumsum

    def _data_pipe(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        """`table.pipe(function, …)`: the function, called with the table."""
        function = arguments[0] if arguments else NOTHING
        if function.kind != "function":
            return self._plain(owner, arguments, named)
        return self.inline(function, [owner, *arguments[1:]], named)

    def _data_diff(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return self._through(owner, "lead" if _backwards(arguments, named) else "window")

    _data_pct_change = _data_diff

    def _data_assign(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        for name, value in named.items():
            if value.kind == "function":
                value = gathered(self.inline(value, [owner], {}))
            owner = self.with_column(owner, name, value)
        return owner

    def _data_with_columns(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        """polars: expressions over the table's own columns."""
        pairs = [(str(name), value) for name, value in named.items()]
        pairs += [(value.origin, value) for each in arguments for value in (each.items or (each,))]
        for name, value in pairs:
            columns = value.derivation.columns
            if value.mark == "over" or value.mark == "self_statistic":
                kind = "group_statistic" if value.mark == "over" else value.scale or "scaling"
                taint = Taint(kind, owner.rows, self.place(), columns, "with_columns")
                owner = owner.but(taints=owner.taints | {taint})
            owner = self.with_column(owner, name or next(iter(columns), ""), value.but(rows=owner.rows))
        return owner

    def _data_eval(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        """`table.eval("a / b")`: a column made from those that the text names."""
        text = arguments[0].constant if arguments and isinstance(arguments[0].constant, str) else ""
        name, made, expression = text.rpartition("=") if re.match(r"\s*\w+\s*=[^=]", text) else ("", "", text)
        columns = frozenset(re.findall(r"[^\W\d]\w*", expression))
        value = owner.but(derivation=Derivation(columns), columns=Columns(), derived=())
        return self.with_column(owner, name.strip(), value) if made else value

    def _data_apply(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        function = arguments[0] if arguments else NOTHING
        if function.kind == "function":
            result = self.inline(function, [owner.but(kind="data")], {})
            through = frozenset({"group"}) if owner.kind == "group" else frozenset()
            return owner.but(
                kind="data",
                taints=owner.taints | result.taints,
                derivation=owner.derivation | Derivation(result.derivation.columns, through),
            )
        return self._plain(owner, arguments, named)

    def _data_backward(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return NOTHING

    def _data_concat(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return self.concatenated([owner, *arguments])

    _data_append = _data_vstack = _data_concatenate = _data_concat

    def concatenated(self, parts: list[Value]) -> Value:
        """Rows under one another."""
        flat = [inner for each in parts for inner in (each.items if each.items is not None else (each,))]
        holding = [each for each in flat if each.rows]
        if not holding:
            return gathered(Value(items=tuple(flat))) if flat else NOTHING
        rows: Rows = frozenset().union(*(each.rows for each in holding))
        repeated = len({each.rows for each in holding}) < len(holding)
        taints = frozenset[Taint]().union(*(each.taints for each in holding))
        columns = holding[0].columns if all(each.columns == holding[0].columns for each in holding) else None
        result = holding[0].but(rows=rows, taints=taints, columns=columns, mark="")
        self.facts.concatenations.append(Concatenation(result, tuple(holding), self.place(), repeated))
        return result

    def expression_method(self, owner: Value, name: str, arguments: list[Value]) -> Value:
        """polars expressions: `pl.col('a').fill_null(pl.col('a').mean())`."""
        statistics = any(each.mark == "self_statistic" for each in arguments)
        if name in STATISTICS:
            return owner.but(mark="self_statistic", scale="scaling")
        if name == "over" and owner.mark != "self_statistic":
            return owner  # a step within each group
        if name == "over":
            averaged = owner.derivation | Derivation(frozenset(), frozenset({"group"}))
            return owner.but(mark="over", derivation=averaged)
        if name == "alias" and arguments:
            return owner.but(origin=str(arguments[0].constant))
        if name == "shift":
            return self._data_shift(owner, arguments, {})
        if name.startswith(("rolling", "cum_", "ewm")):
            return self._through(owner, "window")
        if statistics:
            return owner.but(mark="self_statistic", scale="imputation" if name.startswith("fill") else "scaling")
        return owner


def _backwards(arguments: list[Value], named: Named) -> bool:
    """Whether the number of steps is surely negative: it looks at later rows."""
    steps = arguments[0] if arguments else named.get("periods", named.get("n", NOTHING))
    return steps.known and isinstance(steps.constant, int | float) and steps.constant < 0
