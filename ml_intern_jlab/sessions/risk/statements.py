"""What a cell may do beyond computing, read from its source before it runs.

The cell is read as IPython would run it; then names, paths and simple data flow are followed through its syntax tree
without running anything. What can't be followed is classed as the worse thing that it could be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ...protocol import Reason
from ...protocol import RiskClass as Risk
from .cell import Unreadable, as_python, automagic, magic
from .expressions import ExpressionReader
from .results import Call, each
from .rules import (
    GUARDED_MODULES,
    RULES,
    canonical,
)
from .values import (
    LABEL,
    UNKNOWN,
    Function,
    Items,
    PathText,
    Qualified,
    Scope,
    Values,
    text_of,
    union,
)

DEEPEST_CALL = 4
DEEPEST_TEXT = 3


def classify(source: str, known: Mapping[str, str] | None = None) -> list[Reason]:
    """Why a cell is more than computing, by line; empty for a cell that only computes.

    `known` says what names of earlier cells stand for, as `imports_of` gives it. Never raises: what can't be read is
    `opaque`.
    """
    reader = CellReader(known or {})
    reader.read(source)
    return reader.reasons()


def imports_of(source: str, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the names that a cell leaves behind stand for, together with `known`: the `known` of the next cell.

    Each value is an expression: a dotted name for an import or an alias (`"matplotlib.pyplot"`), a literal for a text,
    `pathlib.Path('…')` for a path, and `"?"` for a name that is bound to something that isn't followed.
    """
    reader = CellReader(known or {})
    reader.read(source)
    return {name: _expression(values) for name, values in reader.root.names.items()}


def _expression(values: Values) -> str:
    """An expression that `CellReader` reads as `values` again."""
    texts = []
    for value in values:
        if isinstance(value, Qualified) and "?" not in value.name:
            texts.append(value.name)
        elif isinstance(value, PathText):
            texts.append(f"pathlib.Path({value.text!r})")
        elif isinstance(value, str) and value != LABEL:
            texts.append(repr(value))
        else:
            return "?"
    return " if _ else ".join(f"({text})" for text in sorted(texts)) if 0 < len(texts) <= 20 else "?"


class CellReader(ExpressionReader):
    """Follows one cell; `reasons()` afterwards says what was found."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__()
        self.root = self.scope
        self.functions: list[Function] = []
        self.entered: list[Function] = []
        self.called: set[Function] = set()
        self.returned: list[Values] = []
        self.origin: list[int] | int = 1
        self.branches = self.texts = 0
        for name, expression in known.items():
            self.root.names[name] = self._known(expression)
        self.details.clear()
        self.mentions.clear()

    def _known(self, expression: str) -> Values:
        if expression == "?":
            return UNKNOWN
        try:
            tree = ast.parse(expression, mode="eval").body
        except (SyntaxError, ValueError):
            return UNKNOWN
        dotted = expression.strip("()")
        return frozenset({Qualified(canonical(dotted))}) if _is_dotted(tree) else self._choices(tree)

    def _choices(self, tree: ast.expr) -> Values:
        if isinstance(tree, ast.IfExp):
            return union(self._choices(tree.body), self._choices(tree.orelse))
        if _is_dotted(tree):
            return frozenset({Qualified(canonical(ast.unparse(tree)))})
        return self.values(tree)

    # --- reading source -----------------------------------------------------------------------------------------

    def read(self, source: str) -> None:
        """Read a whole cell, then the functions that it defines but doesn't call."""
        try:
            self._read(source)
            for function in self.functions:
                if function not in self.called:
                    self.enter(function, None)
        except Unreadable as error:
            self.origin = 1
            self.note(ast.Pass(), Risk.opaque, str(error))
        except (RecursionError, MemoryError):
            self.origin = 1
            self.note(ast.Pass(), Risk.opaque, "is nested too deeply to be read here")

    def _read(self, source: str) -> None:
        python, origin = as_python(source)
        self.origin = origin
        guess = automagic(python)
        if guess and self.scope.find(guess[0]) is None:
            self._magic_text(ast.Pass(), *guess)
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

    def _magic_text(self, node: ast.AST, name: str, line: str) -> None:
        found = magic(name, line, None)
        for risk, words in found.risks:
            self.note(node, risk, words)
        if found.code.strip():
            self.read_inner(node, found.code)

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

    def line_of(self, node: ast.AST) -> int:
        """The line of the person's source at which `node` stands."""
        if isinstance(self.origin, int):
            return self.origin
        line = getattr(node, "lineno", 1)
        return self.origin[min(line, len(self.origin)) - 1] if self.origin else 1

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
            self.values(target.value, base=True)
            self.attributes[target.attr] = union(self.attributes.get(target.attr, frozenset()), values)
        elif isinstance(target, ast.Subscript):
            keys = self.values(target.slice)
            holder = self.values(target.value, base=True)
            if isinstance(target.value, ast.Name) and any(isinstance(value, Items) for value in holder):
                self.add_to(target.value.id, keys, values)

    def add_to(self, name: str, keys: Values, values: Values) -> None:
        """Let the collection `name` hold `values` besides, at one of `keys`."""
        old = self.scope.find(name) or frozenset()
        pairs = tuple((text_of(key) if isinstance(key, str) and key != LABEL else None, values) for key in keys)
        grown = (Items(v.pairs + pairs) if isinstance(v, Items) and len(v.pairs) < 200 else v for v in old)
        self.bind(name, frozenset(grown))

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.split(".")[0]
            self.bind(alias.asname or whole, frozenset({Qualified(canonical(whole))}))

    def _importfrom(self, node: ast.ImportFrom) -> None:
        module = "?" if node.level else node.module or "?"
        for alias in node.names:
            if alias.name != "*":
                name = canonical(f"{module}.{alias.name}")
                self.bind(alias.asname or alias.name, frozenset({self.constant(name)}))
                continue
            for _, _, patterns in RULES:
                for pattern in patterns.split():
                    if pattern.startswith(f"{module}.") and pattern.count(".") == module.count(".") + 1:
                        self.bind(pattern.rsplit(".", 1)[1].rstrip("*"), frozenset({Qualified(canonical(pattern))}))
            if module in GUARDED_MODULES and module != "pathlib":
                self.note(node, Risk.opaque, f"imports every name of {module}, so that none can be followed")

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
        items = each(self.values(node.iter))
        with self._branch():
            # Twice, so that what the body's end binds reaches its start.
            for _ in range(2 if self.branches < 4 else 1):
                self.assign_to(node.target, items)
                self.run(node.body)
            self.run(node.orelse)

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

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.values(part, base=part in node.decorator_list)
        function = Function(node, self.scope)
        self.functions.append(function)
        self.bind(node.name, frozenset({function}))

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef) -> None:
        for part in [*node.bases, *node.decorator_list, *(keyword.value for keyword in node.keywords)]:
            self.values(part, base=True)
        outer, self.scope = self.scope, Scope(parent=self.scope)
        self.run(node.body)
        for name, values in self.scope.names.items():
            self.attributes[name] = union(self.attributes.get(name, frozenset()), values)
        for made in self.scope.names.get("__init__", ()):
            if isinstance(made, Function):
                self.enter(made, None)  # first, because the other methods use what it sets
        self.scope = outer
        self.bind(node.name, UNKNOWN)

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.scope.outer.update(node.names)

    _nonlocal = _global

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.returned.append(self.values(node.value))

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript | ast.Attribute):
                self.values(target.value, base=True)

    def _expr(self, node: ast.Expr) -> None:
        self.values(node.value)

    def enter(self, function: Function, call: Call | None) -> Values:
        """Read a function's body with the arguments of one call (None: unknown ones); what it returns."""
        if function in self.entered or len(self.entered) >= DEEPEST_CALL:
            return UNKNOWN
        self.called.add(function)
        scope = Scope(parent=function.scope)
        arguments = function.node.args
        for position, argument in enumerate([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]):
            given = None
            if call is not None:
                positional = position if argument not in arguments.kwonlyargs else len(call.args)
                given = call.given(positional, argument.arg)
            scope.names[argument.arg] = UNKNOWN if given is None else given
        for name, default in _defaults(arguments):
            if call is None or scope.names[name] == UNKNOWN:
                scope.names[name] = union(scope.names[name] if call is None else (), self.values(default))
        for extra in filter(None, (arguments.vararg, arguments.kwarg)):
            scope.names[extra.arg] = UNKNOWN
        kept = self.scope, self.branches, self.returned
        self.scope, self.branches, self.returned = scope, 0, []
        self.entered.append(function)
        try:
            self.run(function.node.body)
            return union(*self.returned) if self.returned else UNKNOWN
        finally:
            self.entered.pop()
            self.scope, self.branches, self.returned = kept


def _is_dotted(node: ast.expr) -> bool:
    """Whether `node` is a name, an attribute of one, or what a call without arguments returns."""
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Call) and (node.args or node.keywords):
            return False
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return isinstance(node, ast.Name)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    if arguments.defaults:
        for argument, default in zip(positional[-len(arguments.defaults) :], arguments.defaults, strict=True):
            yield argument.arg, default
    for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            yield argument.arg, keyword_default
