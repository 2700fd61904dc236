"""What a cell may do beyond computing, read from its source before it runs.

The cell is read as IPython would run it; then names, paths and simple data flow are followed through its syntax tree
without running anything. What can't be followed is classed as the worse thing that it could be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...protocol import Reason
from ...protocol import RiskClass as Risk
from .cell import Unreadable, as_python, automagic, lies_here, program_here
from .commands import only_tells
from .expressions import ExpressionReader
from .names import canonical
from .results import Call, each
from .rules import GUARDED_MODULES
from .values import (
    LABEL,
    TAINT,
    UNKNOWN,
    Class,
    Function,
    Items,
    Qualified,
    Scope,
    Value,
    Values,
    join_path,
    shown,
    text_of,
    union,
)

DEEPEST_CALL = 4
DEEPEST_TEXT = 3
MOST_MODULES = 20


class Knowledge:
    """What the cells that ran in a kernel left behind for those that follow: names, functions, files.

    Only sources that were executed belong in here: a cell that merely stands in a notebook proves nothing.

    Args:
        folder: the kernel's working folder, an absolute path; "" where it isn't known, so that every absolute path
            counts as outside.
    """

    def __init__(self, folder: str = "") -> None:
        self._reader = CellReader(folder)

    @property
    def folder(self) -> str:
        """The kernel's working folder; "" where it isn't known."""
        return self._reader.folder

    @folder.setter
    def folder(self, path: str) -> None:
        self._reader.folder = path if path.startswith("/") else ""

    def classify(self, source: str) -> list[Reason]:
        """Why a cell is more than computing, by line; empty for a cell that only computes.

        Never raises: what can't be read is `opaque`. Nothing is learnt from the cell, which may never run.
        """
        kept = self._reader.state()
        self._reader.read(source)
        reasons = self._reader.reasons()
        self._reader.restore(kept)
        return reasons

    def learn(self, source: str, *, completed: bool = True) -> None:
        """The cell was executed; where it didn't come to its end, what its names stood for before stays possible."""
        self._reader.read(source, certain=completed)


def classify(source: str, known: Knowledge | None = None) -> list[Reason]:
    """Why a cell is more than computing, after the cells that `known` has learnt; see `Knowledge.classify`."""
    return (known or Knowledge()).classify(source)


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


class CellReader(ExpressionReader):
    """Follows one cell after another; `reasons()` says what was found in the last one."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.root = self.scope
        self._begin()

    def _begin(self) -> None:
        self.details.clear()
        self.mentions.clear()
        self.cell += 1
        self.scope = self.root
        self.root.outer.clear()
        self.steps = self.endless = self.branches = self.texts = 0
        self.within, self.defining = "", False
        self.functions: list[Function] = []
        self.entered: list[Function] = []
        self.making: list[Class] = []
        self.reading: list[str] = []
        self.called: set[Function] = set()
        self.too_deep: dict[Function, int] = {}
        self.returned: list[Values] = []
        self.origin: list[int] | int = 1

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

    def define(self, function: Function) -> None:
        """Read a function that nothing calls yet."""
        outer, self.defining = self.defining, True
        try:
            self.enter(function, None)
        finally:
            self.defining = outer

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

    @property
    def _line(self) -> int:
        return self.origin if isinstance(self.origin, int) else 1

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
        if self.defining and all(value == LABEL for value in values):
            return  # an argument that is known only where the function is called
        self.attributes[name] = union(self.attributes.get(name, frozenset()), values)

    def add_to(self, name: str, keys: Values, values: Values) -> None:
        """Let the collection `name` hold `values` besides, at one of `keys`."""
        old = self.scope.find(name) or frozenset()
        pairs = tuple((text_of(key) if isinstance(key, str) and key != LABEL else None, values) for key in keys)
        grown = (Items(v.pairs + pairs) if isinstance(v, Items) and len(v.pairs) < 200 else v for v in old)
        self.bind(name, frozenset(grown))

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.split(".")[0]
            self.use_module(node, alias.name)
            self._unknown_module(node, alias.name)
            self.bind(alias.asname or whole, frozenset({Qualified(canonical(whole))}))

    def _importfrom(self, node: ast.ImportFrom) -> None:
        module = "?" if node.level else node.module or "?"
        self.use_module(node, node.module or "")
        for alias in node.names:
            self.use_module(node, f"{node.module}.{alias.name}")
            self._unknown_module(node, module)
            if alias.name != "*":
                held = self.attribute(Qualified(canonical(module)), alias.name)
                self.bind(alias.asname or alias.name, held)
                continue
            self.stars += (module,)
            if module in GUARDED_MODULES and module != "pathlib":
                self.note(node, Risk.opaque, f"imports every name of {module}, so that none can be followed")

    def _unknown_module(self, node: ast.AST, name: str) -> None:
        if not self.knows_module(name):
            text = f"imports {shown(name)}, and what that may do isn't known here"
            self.note(node, Risk.opaque, text)

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

    def use_module(self, node: ast.AST, name: str) -> None:
        """Read a module that the notebook wrote or that lies in the working folder, where `name` is one."""
        stems = {f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"}
        written = [path for path in self.modules if name and any(f"/{path}".endswith(f"/{stem}") for stem in stems)]
        for path in written:
            source = self.modules[path]
            if source is None:
                self.note(
                    node, Risk.opaque, f"imports {shown(path)}, which the notebook wrote and which can't be read here"
                )
            else:
                self._read_module(node, name, path, source)
        if written or not name or self.moved:
            return
        # A file here comes before what is installed under its name.
        for path in (join_path(at, stem) for at in self.searched for stem in sorted(stems)):
            source = program_here(path, self.folder)
            if source is not None:
                self._read_module(node, name, path, source)
            elif lies_here(path, self.folder):
                self.note(node, Risk.opaque, f"imports {shown(path)}, which can't be read here")

    def _read_module(self, node: ast.AST, name: str, path: str, source: str) -> None:
        if path in self.reading or len(self.reading) >= MOST_MODULES:
            return
        self.reading.append(path)
        outer, self.scope, texts = self.scope, Scope(parent=self.root), self.texts
        self.texts = 0
        self.read_inner(node, source)
        # `module.name` then finds what it binds, and so does the name imported from it.
        self.namespaces[name] = self.scope.names
        self.scope, self.texts = outer, texts
        self.reading.remove(path)

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
        found: set[Value] = {LABEL}
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


def _is_endless(node: ast.expr, values: Values) -> bool:
    """Whether a loop over this never comes to an end by itself."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "iter":
        return len(node.args) == 2
    names = {value.name for value in values if isinstance(value, Qualified)}
    return bool(names & {"itertools.count()", "itertools.cycle()", "itertools.repeat()"})


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and LABEL not in value and TAINT not in value


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    if arguments.defaults:
        for argument, default in zip(positional[-len(arguments.defaults) :], arguments.defaults, strict=True):
            yield argument.arg, default
    for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            yield argument.arg, keyword_default
