"""Binds names, attributes, subscripts and columns to values."""

from __future__ import annotations

import ast

from .calls import Calls
from .values import NOTHING, Columns, Derivation, Taint, Value, gathered, join


class Binding(Calls):
    """The part of the interpreter that remembers what names stand for."""

    branch_taints: frozenset[Taint]

    def lookup(self, name: str) -> Value:
        """The value of a name, or nothing."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return NOTHING

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target: a name, an attribute, a subscript, or several."""
        if isinstance(target, ast.Name):
            if self.branch_taints:
                value = value.but(taints=value.taints | self.branch_taints)
            self.scopes[-1][target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, Value(element=value))
        elif isinstance(target, ast.Attribute):
            holder = self.evaluate(target.value)
            if holder.attributes is not None:
                holder.attributes[target.attr] = value
            elif holder.rows:
                self._rebind(target.value, self.with_column(holder, target.attr, value))
        elif isinstance(target, ast.Subscript):
            self._rebind(target.value, self._with_item(target, value))

    def _unpack(self, targets: list[ast.expr], value: Value) -> None:
        items = value.items
        star = next((i for i, each in enumerate(targets) if isinstance(each, ast.Starred)), None)
        for index, target in enumerate(targets):
            if items is not None and star is None and len(items) == len(targets):
                self.assign(target, items[index])
            elif value.element is not None:
                self.assign(target, value.element)
            else:
                self.assign(target, value.but(items=None, known=False, constant=None))

    def _with_item(self, target: ast.Subscript, value: Value) -> Value:
        holder, index = self.evaluate(target.value), self.evaluate(target.slice)
        if (
            isinstance(target.value, ast.Attribute)
            and target.value.attr in ("loc", "iloc", "at", "iat")
            and holder.rows
        ):
            column = index.items[-1] if index.items else NOTHING
            names = [column.constant] if column.known else [each.constant for each in column.items or () if each.known]
            for name in names:
                holder = self.with_column(holder, str(name), value)
            return holder.but(taints=holder.taints | value.taints, mark="")
        if holder.rows and holder.kind in ("data", "prediction", ""):
            names = [index.constant] if index.known else [each.constant for each in index.items or () if each.known]
            for name in names or ["*"]:  # a name that isn't known
                holder = self.with_column(holder, str(name), value)
            return holder.but(taints=holder.taints | value.taints)
        if index.known:
            return holder.with_key(str(index.constant), value)
        inside = gathered(value)
        return holder.but(
            element=join(holder.element, value) if holder.element else value, scores=holder.scores | inside.scores
        )

    def _rebind(self, target: ast.expr, value: Value) -> None:
        """A change of an object in place: bound to the name that holds it."""
        while isinstance(target, ast.Attribute) and target.attr in ("loc", "iloc", "at", "iat", "values"):
            target = target.value
        if isinstance(target, ast.Name):
            for scope in reversed(self.scopes):
                if target.id in scope:
                    scope[target.id] = value
                    return
            self.scopes[-1][target.id] = value
        elif isinstance(target, ast.Attribute):
            holder = self.evaluate(target.value)
            if holder.attributes is not None:
                holder.attributes[target.attr] = value
        elif isinstance(target, ast.Subscript):
            index = self.evaluate(target.slice)
            holder = self.evaluate(target.value)
            if index.known and holder.rows:
                self._rebind(target.value, self.with_column(holder, str(index.constant), value))
            elif index.known:
                self._rebind(target.value, holder.with_key(str(index.constant), value))

    def mutate(self, node: ast.expr, value: Value) -> None:
        """A method has changed its object: `rows.append(x)`, `df.drop(…, inplace=True)`."""
        self._rebind(node, value)

    def with_column(self, table: Value, name: str, value: Value) -> Value:
        """The table with a column set."""
        said = {each: held for each, held in table.predicted if each != name}
        if value.kind in ("prediction", "residual"):
            said[name] = value
        value = gathered(value)
        source = Derivation(value.derivation.columns - {name}, value.derivation.through)
        derived = {**dict(table.derived), name: source}
        taints = {each for each in value.taints if each.kind != "choice"}
        return table.but(
            columns=(table.columns or Columns()).added(name) if table.columns is not None else None,
            derived=tuple(derived.items()),
            taints=table.taints | taints,
            rows=table.rows or value.rows,
            predicted=tuple(said.items()),
        )
