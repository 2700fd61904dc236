"""Names that a clean run wouldn't know where they are used."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject

_GIVEN = frozenset(dir(builtins)) | {
    "get_ipython",
    "display",
    "In",
    "Out",
    "exit",
    "quit",
    "_",
    "__",
    "___",
    "__file__",
    "__name__",
    "__doc__",
    "_i",
    "_ii",
    "_iii",
    "_oh",
    "_ih",
    "_dh",
    "sc",
    "spark",
    "dbutils",
    "__class__",
    "_exit_code",
    "reveal_type",
    # Python 2's, which stand in branches for it.
    "unicode",
    "xrange",
    "raw_input",
    "basestring",
}
_HARMLESS_MAGICS = (
    "matplotlib",
    "config",
    "load_ext",
    "autoreload",
    "pip",
    "conda",
    "time",
    "timeit",
    "env",
    "reload_ext",
    "tensorboard",
    "watermark",
    "capture",
    "cd",
    "pwd",
    "ls",
    "who",
    "whos",
    "writefile",
    "html",
    "bash",
    "sh",
    "javascript",
    "js",
    "latex",
    "markdown",
    "svg",
    "prun",
    "memit",
    "mypy",
    "set_env",
    "mkdir",
    "uv",
)


def _bound(cell: Cell, nodes: Iterator[ast.AST]) -> set[str] | None:
    """Every name that the cell may bind; None where that can't be known."""
    if cell.tree is None:
        return None
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            if any(alias.name == "*" for alias in node.names):
                return None
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "run_" in node.func.attr:
            magic = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
            if magic not in _HARMLESS_MAGICS:
                return None
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("exec", "globals", "locals", "vars"):
            return None
    return names


@dataclass
class _Uses:
    """Names that are read when the cell runs, and those that function bodies read later."""

    now: list[tuple[str, int]]
    later: list[tuple[str, int]]


def _uses(tree: ast.Module) -> _Uses:
    found = _Uses([], [])

    def visit(node: ast.AST, local: frozenset[str], deferred: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = local | _parameters(node) | _assigned(node)
            for outside in (
                *node.args.defaults,
                *(each for each in node.args.kw_defaults if each),
                *getattr(node, "decorator_list", ()),
            ):
                visit(outside, local, deferred)
            body = [node.body] if isinstance(node, ast.Lambda) else node.body
            for each in body:
                visit(each, inner, True)
            return
        if isinstance(node, ast.ClassDef):
            local = local | _assigned(node)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            local = local | _assigned(node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in local:
            (found.later if deferred else found.now).append((node.id, node.lineno))
        for child in ast.iter_child_nodes(node):
            visit(child, local, deferred)

    visit(tree, frozenset(), False)
    return found


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return frozenset(each.arg for each in every if each is not None)


def _assigned(node: ast.AST) -> frozenset[str]:
    names: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names.add(each.id)
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(each.name)
        elif isinstance(each, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in each.names}
        elif isinstance(each, ast.ExceptHandler) and each.name:
            names.add(each.name)
    return frozenset(names)


def _guarded(tree: ast.Module) -> set[int]:
    """Lines inside a `try` that expects a NameError or catches all."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(
            handler.type is None or "Name" in ast.unparse(handler.type) or "Exception" in ast.unparse(handler.type)
            for handler in node.handlers
        ):
            for each in node.body:
                lines |= set(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    return lines


def _check(subject: Subject, wanted: str) -> Iterator[Found]:
    cells = subject.notebook.code
    walked = subject.notebook
    bound = [_bound(cell, iter(walked._walked(cell))) for cell in cells]
    if any(names is None for names in bound):
        return  # a magic or `import *` may bind anything, so nothing can be said
    everything: set[str] = set(_GIVEN).union(*(names or set() for names in bound))
    earlier: set[str] = set(_GIVEN)
    told: set[str] = set()
    for index, cell in enumerate(cells):
        tree = cell.tree or ast.Module([], [])
        uses, guarded = _uses(tree), _guarded(tree)
        mine = bound[index] or set()
        if wanted == "defined_later":
            for name, line in uses.now:
                if name in everything and name not in earlier | mine | told and line not in guarded:
                    told.add(name)
                    place = next(
                        c.number
                        for c, names in zip(cells[index + 1 :], bound[index + 1 :], strict=True)
                        if name in (names or ())
                    )
                    yield Found(
                        cell,
                        line,
                        f"Cell {cell.number} uses {name}, which only cell {place} below defines.",
                        advice=f"Move the definition of {name} above this cell.",
                    )
        else:
            for name, line in [*uses.now, *uses.later]:
                if name not in everything and name not in told and line not in guarded:
                    told.add(name)
                    yield Found(cell, line, f"Cell {cell.number} uses {name}, which no cell defines.")
        earlier |= mine


def _later(subject: Subject) -> Iterator[Found]:
    yield from _check(subject, "defined_later")


def _undefined(subject: Subject) -> Iterator[Found]:
    # A name alone may come from a kernel that isn't plain Python.
    if subject.notebook.is_python:
        yield from _check(subject, "undefined_name")


RULES = (
    Rule(
        id="defined_later",
        area="reproducibility",
        severity="error",
        title="A name that only a later cell defines",
        why="The cell worked once, in a kernel that had run the later cell; a clean run stops here.",
        advice="Move the definition above this cell.",
        bad="# %%\nprint(limit + 1)\n# %%\nlimit = 3\n",
        good="# %%\nlimit = 3\n# %%\nprint(limit + 1)\n",
        check=_later,
    ),
    Rule(
        id="undefined_name",
        area="reproducibility",
        severity="error",
        title="A name that no cell defines",
        why="The cell that defined it is gone, or it never worked; a clean run stops here.",
        advice="Define the name, or take its use out.",
        bad="# %%\nprice = 3\n# %%\nprint(price * rate)\n",
        good="# %%\nprice, rate = 3, 1.2\n# %%\nprint(price * rate)\n",
        check=_undefined,
    ),
)
