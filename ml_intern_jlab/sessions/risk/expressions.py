"""What the expressions of a cell stand for, and the names and constants among them that say more."""

from __future__ import annotations

import ast
import builtins
import posixpath
from abc import abstractmethod
from dataclasses import replace

from ...protocol import RiskClass as Risk
from .calls import CallReader
from .cell import Unreadable
from .names import assumed_modules, canonical, matcher, risks_of_name
from .results import Call, each, paths, text_of_key
from .rules import ALIASES, CONSTANTS, GUARDED_MODULES, INSPECTING, MAYBE_LOCAL, SECRET_PATH, TAINTING, UNPICKLERS
from .values import (
    LABEL,
    TAINT,
    TEMPORARY,
    UNKNOWN,
    UNREADABLE,
    Bound,
    Class,
    Function,
    Instance,
    Items,
    PathText,
    Qualified,
    Scope,
    Value,
    Values,
    combine,
    join_path,
    names_in,
    percent_filled,
    text_of,
    union,
)

MOST_STEPS = 300_000
UNSAFE_UNCALLED = names_in(
    """
    get_ipython().run_line_magic get_ipython().run_cell_magic builtins.getattr builtins.globals builtins.vars
    sys.modules
    """
)


class ExpressionReader(CallReader):
    """Evaluates expressions to what they may stand for; a subclass reads the statements that bind names."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.scope = Scope()
        self.attributes: dict[str, Values] = {}
        self.stars: tuple[str, ...] = ()
        """Modules all of whose names were imported."""
        self.steps = 0
        self.cell = 0
        """Counts the cells that were read."""

    @abstractmethod
    def assign_to(self, target: ast.expr, values: Values) -> None:
        """Let a target of an assignment stand for `values`."""

    @abstractmethod
    def add_to(self, name: str, keys: Values, values: Values) -> None:
        """Let the collection `name` hold `values` besides, at one of `keys`."""

    @abstractmethod
    def parts(self, node: ast.AST) -> None:
        """Read all that stands within `node`."""

    def values(self, node: ast.expr, *, base: bool = False) -> Values:
        """What `node` may stand for. `base`: it is called, or an attribute of it is taken."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Unreadable("is too long or too entangled to be read here")
        handler = getattr(self, f"_value_{type(node).__name__.lower()}", None)
        if handler is None:
            self.parts(node)
            return UNKNOWN
        found: Values = handler(node)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            for value in found:
                if isinstance(value, Qualified):
                    self.mention(node, value.name)
                    if not base and value.name in GUARDED_MODULES:
                        self.note(
                            node, Risk.opaque, f"hands on the module {value.name}, whose use can't be followed here"
                        )
                    elif not base and value.name in UNSAFE_UNCALLED:
                        self.note(node, Risk.opaque, f"hands on {value.name}, whose use can't be followed here")
                    elif not base and value.name == "os.environ":
                        self.note(node, Risk.credentials, "reads the whole environment")
                    elif not base and matcher(UNPICKLERS).fullmatch(value.name):
                        self.note(node, Risk.opaque, f"hands on {value.name}, which may run code of a file")
                    elif not base and matcher(MAYBE_LOCAL).fullmatch(value.name):
                        self.note(node, Risk.network, f"hands on {value.name}, which may download")
                elif isinstance(value, Function | Class) and not base:
                    self._handed_on(node, value)
                elif isinstance(value, Bound) and isinstance(value.receiver, PathText) and not base:
                    self.invoke(Call(ast.copy_location(ast.Call(func=node, args=[], keywords=[]), node), []), value)
        return found

    def _handed_on(self, node: ast.expr, value: Function | Class) -> None:
        """Whoever gets a function or a class may call it with anything."""
        call = Call(ast.copy_location(ast.Call(func=node, args=[], keywords=[]), node), [])
        if isinstance(value, Class):
            if value.cell != self.cell:
                self.instance(value, call)
        else:
            self.enter(value, None)

    def constant(self, name: str) -> Value:
        """A well-known constant's text, or the name itself."""
        return CONSTANTS.get(name, Qualified(name))

    def _value_name(self, node: ast.Name) -> Values:
        found = self.scope.find(node.id)
        if found is not None:
            return found
        for module in self.stars:
            name = canonical(f"{module}.{node.id}")
            if risks_of_name(name) or matcher(MAYBE_LOCAL).fullmatch(name) or matcher(UNPICKLERS).fullmatch(name):
                return frozenset({Qualified(name)})
        if node.id in ALIASES:
            return frozenset({Qualified(ALIASES[node.id])})
        if node.id == "__builtins__" or node.id in assumed_modules():
            return frozenset({Qualified(canonical(node.id))})
        if node.id == "__file__":
            return frozenset({"notebook.py"})
        if hasattr(builtins, node.id) or node.id in ("exit", "quit"):
            return frozenset({Qualified(f"builtins.{node.id}")})
        return UNKNOWN

    def _value_attribute(self, node: ast.Attribute) -> Values:
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls") and node.attr in self.attributes:
            return self.attributes[node.attr]
        return union(*(self.attribute(value, node.attr) for value in self.values(node.value, base=True)))

    def attribute(self, value: Value, name: str) -> Values:
        """What `value.name` stands for."""
        if isinstance(value, Qualified):
            if len(value.name) > 200:
                return frozenset({Qualified(canonical(f"?.{name}"))})
            if name in self.namespaces.get(value.name, ()):
                return self.namespaces[value.name][name]
            return frozenset({self.constant(canonical(f"{value.name}.{name}"))})
        if isinstance(value, PathText):
            return _path_attribute(value.text, name)
        if isinstance(value, Class):
            return self._class_attribute(value, name)
        if isinstance(value, Instance) and (found := _method(value.made, name)):
            return union(found, self.attributes.get(name, frozenset()))
        if isinstance(value, Function):
            return frozenset({Qualified(f"?.{name}")})
        if value == TEMPORARY and name == "name":
            return frozenset({value})
        if isinstance(value, bytes | Items) or (isinstance(value, str) and value not in (LABEL, TAINT)):
            risky = bool(risks_of_name(f"?.{name}"))
            return frozenset({Bound(value, name)}) if not risky else frozenset({Qualified(f"?.{name}")})
        return union({Qualified(f"?.{name}")}, self.attributes.get(name, frozenset()))

    def _class_attribute(self, value: Class, name: str) -> Values:
        found = {
            replace(one, method=False) if isinstance(one, Function) and not _is_classmethod(one) else one
            for one in value.names.get(name, ())
        }
        for base in value.bases if not found else ():
            found |= self.attribute(base, name) if isinstance(base, Class | Qualified) else set()
        return frozenset(found) or frozenset({Qualified(f"?.{name}")})

    def _value_constant(self, node: ast.Constant) -> Values:
        value = node.value
        if isinstance(value, str) and SECRET_PATH.search(value) and not any(c.isspace() for c in value):
            self.note(node, Risk.credentials, f"names {value}, which usually holds credentials")
        return frozenset({value}) if isinstance(value, str | bytes | int | float | complex | None) else UNKNOWN

    def _value_joinedstr(self, node: ast.JoinedStr) -> Values:
        pieces = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                pieces.append(self.values(part.value))
                if part.format_spec is not None:
                    self.values(part.format_spec)
            else:
                pieces.append(self.values(part))
        return combine(lambda *texts: "".join(texts), *pieces)

    def _value_binop(self, node: ast.BinOp) -> Values:
        left, right = self.values(node.left), self.values(node.right)
        found: list[Values] = []
        for one in left:
            for other in right:
                found.append(_operation(node.op, one, other))
        return union(*found)

    def _value_call(self, node: ast.Call) -> Values:
        callees = self.values(node.func, base=True)
        if callees == UNKNOWN and isinstance(node.func, ast.Name) and self.scope.find(node.func.id) is None:
            callees = frozenset({Qualified(f"?.{node.func.id}")})
            self.mention(node.func, f"?.{node.func.id}")
        inspects = any(isinstance(value, Qualified) and value.name in INSPECTING for value in callees)
        args: list[Values] = []
        for argument in node.args:
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            values = self.values(inner, base=inspects and not args)
            only = next(iter(values)) if len(values) == 1 else None
            if isinstance(argument, ast.Starred):
                args += [part for _, part in only.pairs] if isinstance(only, Items) else [each(values)]
            else:
                args.append(values)
        named: dict[str, Values] = {}
        for keyword in node.keywords:
            values = self.values(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = values
                continue
            for value in values:
                if isinstance(value, Items):
                    named.update({text_of_key(key): inner for key, inner in value.pairs})
        self._grow(node, args)
        call = Call(node, args, named)
        return union(*(self.invoke(call, callee) for callee in callees))

    def _grow(self, node: ast.Call, args: list[Values]) -> None:
        """A list of the cell's that something is appended to."""
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and args:
            added = args[-1] if function.attr in ("append", "insert", "add") else None
            if function.attr in ("extend", "update"):
                added = each(args[0])
            if added is not None:
                self.add_to(function.value.id, frozenset({LABEL}), added) if self.scope.find(
                    function.value.id
                ) else None

    def _value_subscript(self, node: ast.Subscript) -> Values:
        holders = self.values(node.value, base=True)
        sliced = isinstance(node.slice, ast.Slice)
        keys = UNKNOWN if sliced else self.values(node.slice)
        if sliced:
            self.parts(node.slice)
        found: list[Values] = []
        for holder in holders:
            if isinstance(holder, Items):
                found += [frozenset({holder})] if sliced else [holder.at(_key(key)) for key in keys]
            elif isinstance(holder, Qualified):
                found.append(self.looked_up(node, holder.name, keys))
            elif isinstance(holder, str) and holder != LABEL:
                found.append(_sliced(holder, node.slice))
            else:
                found.append(UNREADABLE if isinstance(holder, bytes) else UNKNOWN)
        return union(*found)

    def looked_up(self, node: ast.AST, name: str, keys: Values) -> Values:
        """See `CallReader.looked_up`."""
        if name == "os.environ":
            stored = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
            return UNKNOWN if stored else self.environment(node, keys)
        if name == "builtins":
            name = "builtins.__dict__"
        spaces = ("sys.modules", "builtins.globals()", "builtins.locals()", "builtins.vars()", "get_ipython().user_ns")
        if name not in spaces and not name.endswith(".__dict__"):
            return UNREADABLE if matcher(TAINTING).fullmatch(name) else UNKNOWN
        found: set[Value] = set()
        for key in keys:
            text = text_of(key)
            if LABEL in text or TAINT in text:
                self.note(node, Risk.opaque, "looks up a name that is made while the cell runs")
                found.add(TAINT)
            elif name.endswith(".__dict__"):
                found.add(Qualified(canonical(f"{name.removesuffix('.__dict__')}.{text}")))
            elif name == "sys.modules":
                found.add(Qualified(canonical(text)))
            else:
                found |= self._value_name(ast.Name(text, ast.Load()))
        return frozenset(found)

    def _value_ifexp(self, node: ast.IfExp) -> Values:
        self.values(node.test)
        return union(self.values(node.body), self.values(node.orelse))

    def _value_compare(self, node: ast.Compare) -> Values:
        for part in [node.left, *node.comparators]:
            # Whether a name is in a namespace changes nothing.
            self.values(part, base=isinstance(part, ast.Attribute))
        return UNKNOWN

    def _value_boolop(self, node: ast.BoolOp) -> Values:
        return union(*(self.values(value) for value in node.values))

    def _value_namedexpr(self, node: ast.NamedExpr) -> Values:
        values = self.values(node.value)
        self.assign_to(node.target, values)
        return values

    def _value_await(self, node: ast.Await) -> Values:
        return self.values(node.value)

    def _value_starred(self, node: ast.Starred) -> Values:
        return each(self.values(node.value))

    def _value_list(self, node: ast.List | ast.Tuple | ast.Set) -> Values:
        return frozenset({Items(tuple((i, self.values(part)) for i, part in enumerate(node.elts)))})

    _value_tuple = _value_set = _value_list

    def _value_dict(self, node: ast.Dict) -> Values:
        pairs: list[tuple[object, Values]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            keys = self.values(key) if key is not None else UNKNOWN
            only = _key(next(iter(keys))) if len(keys) == 1 else None
            pairs.append((only, self.values(value) if key is not None else each(self.values(value))))
        return frozenset({Items(tuple(pairs))})

    def _value_listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Values:
        outer, self.scope = self.scope, Scope(parent=self.scope)
        for generator in node.generators:
            self.assign_to(generator.target, each(self.values(generator.iter)))
            for test in generator.ifs:
                self.values(test)
        if isinstance(node, ast.DictComp):
            self.values(node.key)
        element = self.values(node.value if isinstance(node, ast.DictComp) else node.elt)
        self.scope = outer
        return frozenset({Items(((None, element),))})

    _value_setcomp = _value_generatorexp = _value_dictcomp = _value_listcomp

    def _value_lambda(self, node: ast.Lambda) -> Values:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.values(default)
        function = Function(node, self.scope, self.cell, method=self.scope.of_class)
        self.enter(function, None)
        return frozenset({function})


def _method(made: Class, name: str) -> Values:
    """What a class of the notebook, or one that it builds on, has under a name; empty where none has."""
    inherited = (_method(base, name) for base in made.bases if isinstance(base, Class))
    return made.names.get(name) or next(filter(None, inherited), frozenset())


def _is_classmethod(function: Function) -> bool:
    decorators = [] if isinstance(function.node, ast.Lambda) else function.node.decorator_list
    return any(isinstance(each, ast.Name) and each.id == "classmethod" for each in decorators)


def _key(value: Value) -> object:
    if isinstance(value, str):
        return None if LABEL in value or TAINT in value else value
    return value if isinstance(value, int) else None


def _operation(operator: ast.operator, one: Value, other: Value) -> Values:
    """The value of `one operator other` where either is text, a path or a collection."""
    single, second = frozenset({one}), frozenset({other})
    if isinstance(operator, ast.Add):
        if isinstance(one, Items) and isinstance(other, Items):
            shifted = tuple((i, values) for i, (_, values) in enumerate(one.pairs + other.pairs))
            return frozenset({Items(shifted)})
        if isinstance(one, str) or isinstance(other, str):
            return UNKNOWN if {one, other} == {LABEL} else combine(lambda a, b: a + b, single, second)
    if isinstance(operator, ast.Div) and (isinstance(one, PathText) or isinstance(other, str | PathText)):
        return UNKNOWN if (one, other) == (LABEL, LABEL) else paths(combine(join_path, single, second))
    if isinstance(operator, ast.Mult) and isinstance(one, str) and isinstance(other, int):
        return frozenset({one * other}) if len(one) * max(other, 0) <= 1000 else UNREADABLE
    if isinstance(operator, ast.Mod) and isinstance(one, str):
        given = [values for _, values in other.pairs] if isinstance(other, Items) else [second]
        return combine(lambda *texts: percent_filled(one, list(texts)), *given)
    return UNKNOWN


def _path_attribute(text: str, name: str) -> Values:
    if name == "parent":
        normal = posixpath.normpath(text)
        above = posixpath.join(normal, "..") if normal == "." or normal.endswith("..") else posixpath.dirname(normal)
        return frozenset({PathText(above or ".")})
    if name == "parents":
        return frozenset({Items(((None, frozenset({PathText(posixpath.dirname(text) or "..")})),))})
    if name in ("name", "stem", "suffix"):
        base = posixpath.basename(text)
        stem, suffix = posixpath.splitext(base)
        return frozenset({{"name": base, "stem": stem, "suffix": suffix}[name]})
    return frozenset({Bound(PathText(text), name)})


def _sliced(text: str, part: ast.expr) -> Values:
    """A piece of a known text by a literal index or slice."""
    try:
        bounds = (
            ast.literal_eval(part)
            if not isinstance(part, ast.Slice)
            else slice(
                *(
                    ast.literal_eval(bound) if bound is not None else None
                    for bound in (part.lower, part.upper, part.step)
                )
            )
        )
        return frozenset({text[bounds]})
    except (ValueError, TypeError, IndexError, SyntaxError):
        return UNREADABLE
