"""What a cell may do beyond computing, read from its source before it runs.

The cell is read as IPython would run it; then names, paths and simple data flow are followed through its syntax tree
without running anything. What can't be followed is classed as the worse thing that it could be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...protocol import RiskClass as Risk
from .cell import Unreadable, as_python, automagic
from .commands import only_tells
from .imports import ImportReader
from .results import each
from .values import (
    LABEL,
    TAINT,
    UNKNOWN,
    Function,
    Items,
    PathText,
    Qualified,
    Value,
    Values,
    shown,
    text_of,
    union,
)

DEEPEST_TEXT = 3


@dataclass(frozen=True)
class State:
    """What reading a cell changes."""

    names: dict[str, Values]
    attributes: dict[str, Values]
    modules: dict[str, str | None]
    dumped: frozenset[str]
    stars: tuple[str, ...]
    moved: bool
    namespaces: dict[str, dict[str, Values]]
    searched: tuple[str, ...]


class CellReader(ImportReader):
    """Follows one cell after another; `reasons()` says what was found in the last one."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self._begin()

    def _begin(self) -> None:
        self.details.clear()
        self.mentions.clear()
        self.cell += 1
        self.scope = self.root
        self.root.outer.clear()
        self.steps = self.endless = self.branches = self.texts = 0
        self.within, self.defining = "", False
        self.functions = []
        self.entered = []
        self.making = []
        self.reading = []
        self.called = set()
        self.too_deep = {}
        self.returned = []
        self.origin = 1

    def state(self) -> State:
        """What is known now."""
        kept = frozenset(self.dumped)
        names, attributes, modules = dict(self.root.names), dict(self.attributes), dict(self.modules)
        return State(names, attributes, modules, kept, self.stars, self.moved, dict(self.namespaces), self.searched)

    def restore(self, state: State) -> None:
        """Know again what was known at `state`."""
        self.root.names = dict(state.names)
        self.attributes, self.modules = dict(state.attributes), dict(state.modules)
        self.dumped, self.stars, self.moved = set(state.dumped), state.stars, state.moved
        self.namespaces, self.searched = dict(state.namespaces), state.searched

    # --- reading source -----------------------------------------------------------------------------------------

    def read(self, source: str, *, certain: bool = True) -> None:
        """Read a whole cell, then the functions that it defines but doesn't call."""
        self._begin()
        self.branches = 0 if certain else 1
        try:
            self._read(source)
            for function in self.functions:
                if function not in self.called:
                    self.define(function)
            self._deep_ones()
        except Unreadable as error:
            self.origin = 1
            self.note(ast.Pass(), Risk.opaque, str(error))
        except (RecursionError, MemoryError):
            self.origin = 1
            self.note(ast.Pass(), Risk.opaque, "is nested too deeply to be read here")

    def _deep_ones(self) -> None:
        """Functions of earlier cells that were too many calls away: each once, whatever its arguments are."""
        done: set[Function] = set()
        while self.too_deep:
            function, line = self.too_deep.popitem()
            if function not in done:
                done.add(function)
                self.origin = line
                self.enter(function, None)
                self.too_deep = {key: at for key, at in self.too_deep.items() if key not in done}

    def _read(self, source: str) -> None:
        python, origin = as_python(source)
        self.origin = origin
        self.telling = {number for number, line in enumerate(source.splitlines(), start=1) if only_tells(line)}
        guess = automagic(python)
        if guess and self.scope.find(guess[0]) is None:
            self.magic(ast.Pass(), *guess, None)
            return
        try:
            tree = ast.parse(python)
        except SyntaxError as error:
            self.origin = origin[min(error.lineno or 1, len(origin)) - 1] if origin else 1
            self.note(ast.Pass(), Risk.opaque, "can't be read as Python")
            return
        except ValueError:
            self.origin = 1
            self.note(ast.Pass(), Risk.opaque, "can't be read as Python")
            return
        self.run(tree.body)

    def read_inner(self, node: ast.AST, code: str, *, body: bool = False) -> None:
        """Read Python that stands in a text at `node`; the lines of a magic's `body` count from there."""
        if self.texts >= DEEPEST_TEXT:
            self.note(node, Risk.opaque, "hides code in texts within texts")
            return
        outer, line = self.origin, self.line_of(node)
        self.texts += 1
        try:
            python, origin = as_python(code)
            self.origin = [line - 1 + at for at in origin] if body and isinstance(outer, list) else line
            self.run(ast.parse(python).body)
        except (SyntaxError, ValueError, Unreadable):
            self.note(node, Risk.opaque, "holds code that can't be read as Python")
        finally:
            self.origin = outer
            self.texts -= 1

    @contextmanager
    def _branch(self) -> Iterator[None]:
        """Within it a new value joins the older ones instead of taking their place."""
        self.branches += 1
        yield
        self.branches -= 1

    # --- statements ---------------------------------------------------------------------------------------------

    def run(self, body: list[ast.stmt]) -> None:
        """Follow statements in their order."""
        for statement in body:
            handler = getattr(self, f"_{type(statement).__name__.lower()}", None)
            if handler is not None:
                handler(statement)
            else:
                with self._branch():
                    self.parts(statement)

    def parts(self, node: ast.AST) -> None:
        """Read all that stands within `node`."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.run([child])
            elif isinstance(child, ast.expr):
                self.values(child)
            else:
                self.parts(child)

    def bind(self, name: str, values: Values) -> None:
        """Let `name` stand for `values` from here on."""
        outer = name in self.scope.outer
        scope = self.root if outer else self.scope
        old = scope.names.get(name, frozenset())
        scope.names[name] = union(old, values) if self.branches or outer else values

    def assign_to(self, target: ast.expr, values: Values) -> None:
        """Let a target of an assignment stand for `values`."""
        if isinstance(target, ast.Name):
            self.bind(target.id, values)
        elif isinstance(target, ast.Starred):
            self.assign_to(target.value, frozenset({Items(((None, each(values)),))}))
        elif isinstance(target, ast.Tuple | ast.List):
            for index, part in enumerate(target.elts):
                found = [v.at(index) if isinstance(v, Items) else each(frozenset({v})) for v in values]
                self.assign_to(part, union(*found) if found else UNKNOWN)
        elif isinstance(target, ast.Attribute):
            holders = self.values(target.value, base=True)
            for holder in holders:
                self.replace_attribute(target, holder, target.attr, values)
        elif isinstance(target, ast.Subscript):
            keys = self.values(target.slice)
            held = self.values(target.value, base=True)
            for holder in held:
                self.replace_item(target, holder, keys, values)
            if isinstance(target.value, ast.Name) and any(isinstance(value, Items) for value in held):
                self.add_to(target.value.id, keys, values)

    def replace_item(self, node: ast.AST, holder: Value, keys: Values, values: Values) -> None:
        """See `CallReader.replace_item`."""
        if not isinstance(holder, Qualified):
            return
        if holder.name in ("builtins.globals()", "builtins.locals()", "get_ipython().user_ns"):
            for key in keys:
                self.bind(text_of(key), values)
        elif holder.name in ("sys.modules", "builtins") or holder.name.endswith(".__dict__"):
            self.note(node, Risk.opaque, f"replaces an entry of {holder.name}, so that later code does something else")

    def replace_attribute(self, node: ast.AST, holder: Value, name: str, values: Values) -> None:
        """Let `holder.name` stand for `values`; what a library offers doesn't change unnoticed."""
        constant = all(isinstance(value, int | float | complex | None) or _is_text(value) for value in values)
        if isinstance(holder, Qualified) and "(" not in holder.name and not holder.name.startswith("?"):
            builtin = holder.name == "builtins"
            if builtin or not constant:
                text = f"replaces {shown(name)} of {holder.name}, so that later code does something else"
                self.note(node, Risk.opaque, text)
        if self.defining:  # an argument is known only where the function is called
            unknown = {v for v in values if isinstance(v, str | PathText) and text_of(v).startswith(LABEL)}
            values = values - unknown
        if not values:
            return
        self.attributes[name] = union(self.attributes.get(name, frozenset()), values)

    def add_to(self, name: str, keys: Values, values: Values) -> None:
        """Let the collection `name` hold `values` besides, at one of `keys`."""
        old = self.scope.find(name) or frozenset()
        pairs = tuple((text_of(key) if isinstance(key, str) and key != LABEL else None, values) for key in keys)
        grown = (Items(v.pairs + pairs) if isinstance(v, Items) and len(v.pairs) < 200 else v for v in old)
        self.bind(name, frozenset(grown))

    def _assign(self, node: ast.Assign) -> None:
        alias = all(isinstance(target, ast.Name) for target in node.targets)
        values = self.values(node.value, base=alias and isinstance(node.value, ast.Name | ast.Attribute))
        for target in node.targets:
            self.assign_to(target, values)

    def _annassign(self, node: ast.AnnAssign) -> None:
        self.values(node.annotation)
        if node.value is not None:
            self.assign_to(node.target, self.values(node.value))

    def _augassign(self, node: ast.AugAssign) -> None:
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        both = ast.BinOp(left=load, op=node.op, right=node.value)
        for part in ast.walk(load):
            ast.copy_location(part, node)
        self.assign_to(node.target, self.values(ast.copy_location(both, node)))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        iterated = self.values(node.iter)
        items, endless = each(iterated), _is_endless(node.iter, iterated)
        self.endless += endless
        with self._branch():
            # Twice, so that what the body's end binds reaches its start.
            for _ in range(2 if self.branches < 4 else 1):
                self.assign_to(node.target, items)
                self.run(node.body)
            self.run(node.orelse)
        self.endless -= endless

    _asyncfor = _for

    def _while(self, node: ast.While) -> None:
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        self.values(node.test)
        self.endless += endless
        with self._branch():
            for _ in range(2 if self.branches < 4 else 1):
                self.run(node.body)
            self.run(node.orelse)
        self.endless -= endless

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            values = self.values(item.context_expr)
            if item.optional_vars is not None:
                self.assign_to(item.optional_vars, values)
        self.run(node.body)

    _asyncwith = _with

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.scope.outer.update(node.names)

    _nonlocal = _global

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript | ast.Attribute):
                self.values(target.value, base=True)

    def _expr(self, node: ast.Expr) -> None:
        self.values(node.value)


def _is_endless(node: ast.expr, values: Values) -> bool:
    """Whether a loop over this never comes to an end by itself."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "iter":
        return len(node.args) == 2
    names = {value.name for value in values if isinstance(value, Qualified)}
    return bool(names & {"itertools.count()", "itertools.cycle()", "itertools.repeat()"})


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and LABEL not in value and TAINT not in value
