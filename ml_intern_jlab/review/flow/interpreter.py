"""Walks the cells in the order in which they ran and evaluates them abstractly: statements, scopes, branches, loops."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from ..parsed_notebook import Cell, ParsedNotebook
from .beside import ModulesBeside
from .binding import Binding
from .facts import Choice, Facts
from .values import NOTHING, Place, Taint, Value, constant, gathered, join

MOST_STEPS = 150_000
"""Nodes evaluated at most. Of a notebook that needs more only so much is seen, and `Facts.complete` says so."""
_DEEPEST_CALL = 7


class _OutOfSteps(Exception):
    """The notebook is larger than the limit."""


class _Return(Exception):
    """A function's body has surely ended."""


def interpret(notebook: ParsedNotebook) -> Facts:
    """The facts of all code cells, in the order of their execution counts where those are complete."""
    cells = [cell for cell in notebook.code if cell.tree is not None]
    counts = [cell.count for cell in cells]
    if all(count is not None for count in counts) and len(set(counts)) == len(counts):
        cells = sorted(cells, key=lambda cell: cell.count or 0)
    interpreter = Interpreter(ModulesBeside(notebook.folder))
    try:
        for cell in cells:
            interpreter.cell = cell
            interpreter.body(cell.tree.body if cell.tree else [])
    except (_OutOfSteps, RecursionError):
        interpreter.facts.complete = False
    return interpreter.facts


class Interpreter(Binding):
    """Evaluates statements and expressions. `scopes` are the names known, the innermost last."""

    def __init__(self, beside: ModulesBeside) -> None:
        self.facts = Facts()
        self._beside = beside
        self._modules: dict[str, dict[str, Value] | None] = {}
        self.cell: Cell
        self.scopes: list[dict[str, Value]] = [{}]
        self.loops = 0
        self.looping: list[int] = []
        self.unrolled = True
        self.framing = 0
        self.steps = 0
        self.depth = 0
        self.line = 0
        self.inner = (0, 0)
        self.strides: dict[str, str] = {}
        self.active: list[ast.AST] = []
        self.returned: list[Value] = []
        self.branch_taints: frozenset[Taint] = frozenset()

    def place(self) -> Place:
        """Where the interpreter is."""
        return Place(self.cell.number, self.line)

    # --- statements ---------------------------------------------------------------------------------------------------

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Evaluate statements one after another."""
        for statement in statements:
            self._count(statement)
            handler: Callable[[ast.stmt], None] | None = getattr(self, f"_do_{type(statement).__name__}", None)
            if handler is not None:
                handler(statement)

    def _count(self, node: ast.AST) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _OutOfSteps
        self.inner = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if self.depth == 0:
            self.line = getattr(node, "lineno", self.line)

    def _do_Expr(self, node: ast.Expr) -> None:
        self.evaluate(node.value)

    def _do_Assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _do_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value))

    def _do_AugAssign(self, node: ast.AugAssign) -> None:
        old, new = self.evaluate(node.target), self.evaluate(node.value)
        if old.items is not None and isinstance(node.op, ast.Add):
            value = gathered(old.but(items=(*old.items, *(new.items or (new,)))[:50]))
        else:
            value = self.combine(node.op, old, new)
        if isinstance(node.target, ast.Subscript):
            # The column keeps its name: x[c] -= m.
            self._rebind(node.target.value, self._with_item(node.target, value))
        else:
            self.assign(node.target, value)

    def _do_Return(self, node: ast.Return) -> None:
        if self.returned:
            value = self.evaluate(node.value) if node.value else constant(None)
            self.returned[-1] = join(self.returned[-1], value)
        raise _Return

    def _do_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                holder, index = self.evaluate(target.value), self.evaluate(target.slice)
                if holder.columns and index.known:
                    self._rebind(
                        target.value, holder.but(columns=holder.columns.dropped(frozenset({str(index.constant)})))
                    )

    def _do_If(self, node: ast.If) -> None:
        test = gathered(self.evaluate(node.test))
        sure = self.decided(node.test)
        if sure is not None:
            if self._branch(node.body if sure else node.orelse):
                raise _Return
            return
        kept, before = self.branch_taints, dict(self.scopes[-1])
        if self.loops and test.scores and isinstance(node.test, ast.Compare | ast.BoolOp):
            self.branch_taints |= {self.choose(test.scores, 0)}
        ended = self._branch(node.body)
        self.branch_taints = kept
        after = self.scopes[-1]
        self.scopes[-1] = dict(before)
        ended_else = self._branch(node.orelse)
        if ended and ended_else:
            raise _Return
        if ended_else:
            self.scopes[-1] = after
        elif not ended:
            self._merge(after)

    def _branch(self, statements: list[ast.stmt]) -> bool:
        """Evaluate a branch; true where it surely leaves the function."""
        try:
            self.body(statements)
        except _Return:
            return True
        return False

    def _merge(self, other: dict[str, Value]) -> None:
        mine = self.scopes[-1]
        for name, value in other.items():
            mine[name] = join(mine[name], value) if name in mine else value

    def _do_For(self, node: ast.For | ast.AsyncFor) -> None:
        collection = self.evaluate(node.iter)
        self.loops += 1
        self.looping.append(id(node))
        items = self.unrolled_items(collection)
        unrolled, self.unrolled = self.unrolled, self.unrolled and items is not None
        try:
            for item in items or (self.element_of(collection),) * 2:
                self.assign(node.target, item)
                self.note_stride(node.target, node.iter)
                if self._branch(node.body):
                    break
        finally:
            self.loops -= 1
            self.looping.pop()
            self.unrolled = unrolled
        self._branch(node.orelse)

    _do_AsyncFor = _do_For

    def _do_While(self, node: ast.While) -> None:
        self.loops += 1
        self.looping.append(id(node))
        unrolled, self.unrolled = self.unrolled, False
        try:
            for _ in range(2):
                self.evaluate(node.test)
                if self._branch(node.body):
                    break
        finally:
            self.loops -= 1
            self.looping.pop()
            self.unrolled = unrolled

    def _do_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        self.body(node.body)

    _do_AsyncWith = _do_With

    def _do_Try(self, node: ast.Try) -> None:
        ended = self._branch(node.body)
        for handler in node.handlers:
            before = dict(self.scopes[-1])
            if self._branch(handler.body):
                self.scopes[-1] = before
            else:
                self._merge(before)
        if ended and self.returned and not node.handlers:
            raise _Return
        if not ended:
            self._branch(node.orelse)
        self._branch(node.finalbody)

    _do_TryStar = _do_Try

    def _do_Match(self, node: ast.Match) -> None:
        self.evaluate(node.subject)
        for case in node.cases:
            self._branch(case.body)

    def _do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        scope = [dict(each) for each in self.scopes[1:]]
        self.scopes[-1][node.name] = Value("function", node=node, scope=scope)

    _do_AsyncFunctionDef = _do_FunctionDef

    def _do_ClassDef(self, node: ast.ClassDef) -> None:
        bases = [ast.unparse(base) for base in node.bases]
        self.scopes[-1][node.name] = Value("class", node=node, origin=" ".join(bases))

    def _module(self, name: str, level: int = 0) -> dict[str, Value] | None:
        """The names of a module that lies beside the notebook; None where there is none."""
        if name not in self._modules:
            tree = self._beside.tree(name, level)
            self._modules[name] = None
            if tree is not None:
                outer, loops = self.scopes, self.loops
                self.scopes = [outer[0], {}]
                self.depth += 1
                try:
                    self._branch(tree.body)
                    names = self.scopes[-1]
                finally:
                    self.depth -= 1
                    self.scopes, self.loops = outer, loops
                for key, value in names.items():
                    if value.kind == "function":
                        names[key] = value.but(scope=[names])  # it sees what is defined after it, too
                self._modules[name] = names
        return self._modules[name]

    def _do_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            names = self._module(alias.name)
            if names is not None and (alias.asname or "." not in alias.name):
                self.scopes[-1][alias.asname or alias.name] = Value("namespace", attributes=names)
                continue
            name = alias.asname or alias.name.split(".")[0]
            self.scopes[-1][name] = Value("module", origin=alias.name if alias.asname else name)

    def _do_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = self._module(node.module or "", node.level)
        for alias in node.names:
            if names is not None and alias.name == "*":
                self.scopes[-1] |= names
            elif names is not None and alias.name in names:
                self.scopes[-1][alias.asname or alias.name] = names[alias.name]
            if names is not None:
                continue
            self.scopes[-1][alias.asname or alias.name] = Value("module", origin=f"{node.module or ''}.{alias.name}")

    # --- functions ----------------------------------------------------------------------------------------------------

    def inline(
        self, function: Value, arguments: list[Value], named: dict[str, Value], owner: Value | None = None
    ) -> Value:
        """What a function of the notebook returns for these arguments; its body is evaluated in place."""
        node = function.node
        if isinstance(node, ast.Lambda):
            return self._in_function(node, arguments, named, function, lambda: self.evaluate(node.body))
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return NOTHING
        if owner is not None and not any(getattr(each, "id", "") == "staticmethod" for each in node.decorator_list):
            arguments = [owner, *arguments]
        if any(isinstance(each, ast.Yield) for each in ast.walk(node)):
            return gathered(Value(items=tuple(arguments)))

        def run() -> Value:
            self.returned.append(NOTHING)
            try:
                self._branch(node.body)
            finally:
                value = self.returned.pop()
            return value

        return self._in_function(node, arguments, named, function, run)

    def _in_function(
        self,
        node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef,
        arguments: list[Value],
        named: dict[str, Value],
        function: Value,
        run: Callable[[], Value],
    ) -> Value:
        if node in self.active or len(self.active) >= _DEEPEST_CALL:
            return NOTHING
        names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
        scope = dict(zip(names, arguments, strict=False))
        defaults = node.args.defaults
        for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            if name not in scope and name not in named:
                scope[name] = self.evaluate(default)
        for name_node, each in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            if name_node.arg not in named and each is not None:
                scope[name_node.arg] = self.evaluate(each)
        if node.args.vararg:
            scope[node.args.vararg.arg] = Value(items=tuple(arguments[len(names) :]))
        scope.update(named)
        outer, loops, taints = self.scopes, self.loops, self.branch_taints
        self.scopes = [outer[0], *(function.scope or []), scope]
        self.active.append(node)
        self.depth += 1
        self.branch_taints = frozenset()
        try:
            return run()
        finally:
            self.depth -= 1
            self.active.pop()
            self.scopes, self.loops, self.branch_taints = outer, loops, taints

    def choose(self, scores: frozenset[int], tries: int, how: str = "") -> Taint:
        """Note that the best of several scores is picked; returns what the picked carries from now on."""
        place = self.place()
        if not self.framing:
            self.facts.choices.append(Choice(scores, place, tries, self.loops > 0, how))
        rows = frozenset[object]().union(*(self.facts.scores[number].rows for number in scores))
        return Taint("choice", rows, place)  # type: ignore[arg-type]
