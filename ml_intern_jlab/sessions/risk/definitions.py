"""The functions and classes of the notebook: what defining, calling and making objects of them runs."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator

from ...protocol import RiskClass as Risk
from .expressions import ExpressionReader
from .results import Call
from .values import UNKNOWN, Class, Function, Instance, Items, Qualified, Scope, Value, Values, union

DEEPEST_CALL = 4


class DefinitionReader(ExpressionReader):
    """Reads what stands in functions and classes; a subclass reads the statements around them."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.branches = 0
        self.functions: list[Function] = []
        """The functions that the cell defines."""
        self.called: set[Function] = set()
        self.making: list[Class] = []
        self.too_deep: dict[Function, int] = {}
        self.returned: list[Values] = []
        self.origin: list[int] | int = 1
        """The lines of the person's source that the lines which are read come from, or one for all of them."""

    @abstractmethod
    def run(self, body: list[ast.stmt]) -> None:
        """Follow statements in their order."""

    @abstractmethod
    def bind(self, name: str, values: Values) -> None:
        """Let `name` stand for `values` from here on."""

    @property
    def _line(self) -> int:
        return self.origin if isinstance(self.origin, int) else 1

    def line_of(self, node: ast.AST) -> int:
        """The line of the person's source at which `node` stands."""
        if isinstance(self.origin, int):
            return self.origin
        line = getattr(node, "lineno", 1)
        return self.origin[min(line, len(self.origin)) - 1] if self.origin else 1

    def define(self, function: Function) -> None:
        """Read a function that nothing calls yet."""
        outer, self.defining = self.defining, True
        try:
            self.enter(function, None)
        finally:
            self.defining = outer

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = [self.values(part, base=True) for part in node.decorator_list]
        for part in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.values(part)
        static = any(isinstance(part, ast.Name) and part.id == "staticmethod" for part in node.decorator_list)
        function = Function(node, self.scope, self.cell, method=self.scope.of_class and not static)
        self.functions.append(function)
        found: Values = frozenset({function})
        for part, choices in zip(reversed(node.decorator_list), reversed(decorators), strict=True):
            call = Call(ast.copy_location(ast.Call(func=part, args=[], keywords=[]), part), [found])
            for choice in choices:
                if isinstance(choice, Function | Class):
                    found = union(found, self.invoke(call, choice) - UNKNOWN)
        self.bind(node.name, found)

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef) -> None:
        bases = union(*(self.values(part, base=True) for part in node.bases)) if node.bases else frozenset()
        for part in [*node.decorator_list, *(keyword.value for keyword in node.keywords)]:
            self.values(part, base=True)
        outer, self.scope = self.scope, Scope(parent=self.scope, of_class=True)
        self.run(node.body)
        names = self.scope.names
        for name, values in names.items():
            self.attributes[name] = union(self.attributes.get(name, frozenset()), values)
        self.scope = outer
        if names.keys() & {"__reduce__", "__reduce_ex__"}:
            self.note(node, Risk.opaque, "says what runs when its objects are unpickled (__reduce__)")
        for made in names.get("__init__", ()):
            if isinstance(made, Function):
                self.define(made)  # first, because the other methods use what it sets
        self.bind(node.name, frozenset({Class(node.name, names, bases, self.cell)}))

    def instance(self, made: Class, call: Call) -> Values:
        """Read what making an object of a class of the notebook runs; what the object is."""
        found: set[Value] = {Instance(made)}
        if made in self.making:
            return frozenset(found)
        self.making.append(made)
        for name in ("__new__", "__init__", "__post_init__", "__call__"):
            for function in made.names.get(name, ()):
                if isinstance(function, Function):
                    self.enter(function, call if name != "__call__" else None)
        if made.cell != self.cell:
            # Whoever gets the object may call any of its methods, `with` and `del` too.
            for values in made.names.values():
                for function in values:
                    if isinstance(function, Function):
                        self.define(function)
        for base in made.bases:
            if isinstance(base, Class):
                found |= self.instance(base, call)
            elif isinstance(base, Qualified):
                self.mention(call.node, base.name)
                found |= {Qualified(base.name + "()")} if "?" not in base.name else set()
        self.making.pop()
        return frozenset(found)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.returned.append(self.values(node.value))

    def enter(self, function: Function, call: Call | None) -> Values:
        """Read a function's body with the arguments of one call (None: unknown ones); what it returns."""
        earlier = function.cell != self.cell
        line = self.line_of(call.node) if call is not None and not isinstance(self.origin, int) else self._line
        if function in self.entered or len(self.entered) >= DEEPEST_CALL:
            if earlier and function not in self.entered:
                self.too_deep.setdefault(function, line)
            return UNKNOWN
        self.called.add(function)
        kept = self.scope, self.branches, self.returned, self.origin, self.within
        self.scope, self.branches, self.returned = function.scope, 0, []
        if earlier:
            self.origin, self.within = line, self.within or f", in {function.name} of an earlier cell"
        self.entered.append(function)
        try:
            self.scope = self._arguments(function, call)
            if isinstance(function.node, ast.Lambda):
                return self.values(function.node.body)
            self.run(function.node.body)
            return union(*self.returned) if self.returned else UNKNOWN
        finally:
            self.entered.pop()
            self.scope, self.branches, self.returned, self.origin, self.within = kept

    def _arguments(self, function: Function, call: Call | None) -> Scope:
        """The names of a function's arguments in one call of it."""
        scope = Scope(parent=function.scope)
        arguments = function.node.args
        if function.method and call is not None:
            call = Call(call.node, [UNKNOWN, *call.args], call.named)
        for position, argument in enumerate([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]):
            given = None
            if call is not None:
                positional = position if argument not in arguments.kwonlyargs else len(call.args)
                given = call.given(positional, argument.arg)
            scope.names[argument.arg] = UNKNOWN if given is None else given
        for name, default in _defaults(arguments):
            if call is None or scope.names[name] == UNKNOWN:
                scope.names[name] = union(scope.names[name] if call is None else (), self.values(default, base=True))
        count = len(arguments.posonlyargs) + len(arguments.args)
        if arguments.vararg is not None:
            rest = call.args[count:] if call is not None else []
            pairs = tuple(enumerate(rest)) if rest else ((None, UNKNOWN),)
            scope.names[arguments.vararg.arg] = frozenset({Items(pairs)})
        if arguments.kwarg is not None:
            named = tuple(call.named.items()) if call is not None else ()
            scope.names[arguments.kwarg.arg] = frozenset({Items((*named, (None, UNKNOWN)))})
        return scope


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    if arguments.defaults:
        for argument, default in zip(positional[-len(arguments.defaults) :], arguments.defaults, strict=True):
            yield argument.arg, default
    for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            yield argument.arg, keyword_default
