"""What well-known functions return, where that matters for what follows."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...protocol import RiskClass as Risk
from .names import canonical, may_be_risky
from .rules import PURE_MODULES
from .values import (
    LABEL,
    PLACEHOLDERS,
    TAINT,
    UNKNOWN,
    UNREADABLE,
    Function,
    Items,
    Opened,
    PathText,
    Qualified,
    Value,
    Values,
    combine,
    join_path,
    text_of,
    union,
)

if TYPE_CHECKING:
    from .calls import CallReader


@dataclass
class Call:
    """A call with what its arguments stand for."""

    node: ast.Call
    args: list[Values]
    named: dict[str, Values] = field(default_factory=dict)

    def given(self, position: int, *names: str) -> Values | None:
        """What was given at `position` or under one of `names`; None where nothing was."""
        for name in names:
            if name in self.named:
                return self.named[name]
        return self.args[position] if position < len(self.args) else None

    def values(self) -> list[Values]:
        """All that was given."""
        return [*self.args, *self.named.values()]


def text_of_key(key: object) -> str:
    """The text of a dictionary's key; `LABEL` where it isn't known."""
    return key if isinstance(key, str) else LABEL if key is None else str(key)


def constant_key(value: Value) -> object:
    """A value as a key to look up; None where it isn't known."""
    return value if isinstance(value, str | int) and LABEL not in str(value) and TAINT not in str(value) else None


def paths(values: Values) -> Values:
    """Texts as paths."""
    return frozenset(PathText(text_of(value)) for value in values)


def _getattr(reader: CallReader, call: Call) -> Values:
    found: set[Value] = set()
    for name in call.given(1) or UNKNOWN:
        if not isinstance(name, str) or LABEL in name or TAINT in name:
            if not _is_plain_choice(call, text_of(name)):
                reader.note(
                    call.node, Risk.opaque, "picks an attribute by a name that is made while the cell runs (getattr)"
                )
            found.add(LABEL)
            continue
        for value in call.given(0) or UNKNOWN:
            found |= reader.attribute(value, name)
    for value in found:
        if isinstance(value, Qualified):
            reader.mention(call.node, value.name)
    return union(found, call.given(2) or frozenset())


def _is_plain_choice(call: Call, name: str) -> bool:
    """Whether a name that is only known in part, or not at all, can pick nothing but plain computing."""
    holders = call.given(0) or UNKNOWN
    if all(isinstance(value, Qualified) and value.name in PURE_MODULES for value in holders):
        return True
    if isinstance(call.node.func, ast.Name) and call.node.args and _is_self(call.node.args[0]):
        return True
    guarded = any(isinstance(value, Qualified) and "(" not in value.name for value in holders)
    known = name.strip(PLACEHOLDERS)
    return not guarded and len(known) >= 3 and TAINT not in name and not may_be_risky(name)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _setattr(reader: CallReader, call: Call) -> Values:
    for name in call.given(1) or UNKNOWN:
        for holder in call.given(0) or UNKNOWN:
            reader.replace_attribute(call.node, holder, text_of(name), call.given(2) or UNKNOWN)
    return UNKNOWN


def _type(reader: CallReader, call: Call) -> Values:
    if len(call.args) == 1 and any(isinstance(value, Function) for value in call.args[0]):
        return frozenset({Qualified("types.FunctionType")})
    if len(call.args) == 3:
        reader.note(call.node, Risk.opaque, "makes a class while the cell runs (type with three arguments)")
        return each(call.args[2])
    return UNKNOWN


def _methodcaller(reader: CallReader, call: Call) -> Values:
    for name in call.given(0) or UNKNOWN:
        if not isinstance(name, str) or LABEL in name or TAINT in name:
            reader.note(call.node, Risk.opaque, "calls a method by a name that is made while the cell runs")
            continue
        for part in name.split("."):
            reader.mention(call.node, f"?.{part}")
        reader.invoke(Call(call.node, call.args[1:], call.named), Qualified(f"?.{name}"))
    return UNKNOWN


def _import(reader: CallReader, call: Call) -> Values:
    names = call.given(0, "name") or UNKNOWN
    for name in names:
        if not isinstance(name, str) or LABEL in name or TAINT in name:
            reader.note(call.node, Risk.opaque, "imports a module whose name is made while the cell runs")
            return UNKNOWN
        reader.use_module(call.node, name)
    return frozenset(Qualified(canonical(text_of(name))) for name in names)


def _chr(reader: CallReader, call: Call) -> Values:
    return frozenset(chr(v) if isinstance(v, int) and 0 <= v < 0x110000 else TAINT for v in call.given(0) or UNKNOWN)


def _open(reader: CallReader, call: Call) -> Values:
    files = call.given(0, "file", "name", "filename") or UNKNOWN
    return frozenset(Opened("builtins.open()", text_of(value)) for value in files)


def _same(reader: CallReader, call: Call) -> Values:
    return frozenset(text_of(value) for value in call.given(0) or frozenset({""}))


def _sequence(reader: CallReader, call: Call) -> Values:
    return call.given(0) or UNKNOWN


def _home(reader: CallReader, call: Call) -> Values:
    return frozenset({PathText("~")})


def _here(reader: CallReader, call: Call) -> Values:
    return frozenset({PathText(".")})


def _listed(reader: CallReader, call: Call) -> Values:
    folder = call.given(0, "path", "pathname") or frozenset({"."})
    return frozenset({Items(((None, frozenset(LABEL + "." if text_of(f) == "." else text_of(f) for f in folder)),))})


def _partial(reader: CallReader, call: Call) -> Values:
    for value in call.given(0) or UNKNOWN:
        reader.invoke(Call(call.node, call.args[1:], call.named), value)
    return call.given(0) or UNKNOWN


def _above(text: str) -> str:
    # The working folder is written "." here, also where the cell has its absolute path.
    up = re.fullmatch(r"(.*/)?\.{1,2}", text)
    return f"{text}/.." if up else posixpath.dirname(text)


def _split_path(reader: CallReader, call: Call) -> Values:
    given = call.args[:1] or [UNKNOWN]
    return frozenset({Items(((0, combine(_above, *given)), (1, combine(posixpath.basename, *given))))})


def _map(reader: CallReader, call: Call) -> Values:
    inner = Call(call.node, [each(values) for values in call.args[1:]])
    return frozenset({Items(((None, union(*(reader.invoke(inner, value) for value in call.given(0) or ()))),))})


def _enumerate(reader: CallReader, call: Call) -> Values:
    columns = [UNKNOWN, *call.args[:1]] if call.node and _is(call, "enumerate") else call.args
    return frozenset({Items(((None, frozenset({Items(tuple((i, each(c)) for i, c in enumerate(columns)))})),))})


def _is(call: Call, name: str) -> bool:
    return isinstance(call.node.func, ast.Name) and call.node.func.id == name


def _vars(reader: CallReader, call: Call) -> Values:
    if not call.args:
        return frozenset({Qualified("builtins.globals()")})
    return frozenset(Qualified(f"{v.name}.__dict__") if isinstance(v, Qualified) else LABEL for v in call.args[0])


def _globals(reader: CallReader, call: Call) -> Values:
    return frozenset({Qualified("builtins.globals()")})


def _from_names(space: str) -> Callable[[CallReader, Call], Values]:
    """`globals().get(…)` and the like, which are `globals()[…]` in other words."""
    return lambda reader, call: union(
        reader.looked_up(call.node, space, call.given(0) or UNKNOWN), call.given(1) or frozenset()
    )


def _into_names(reader: CallReader, call: Call) -> Values:
    names = Qualified("builtins.globals()")
    for given in call.args[0] if call.args else ():
        if isinstance(given, Items) and all(isinstance(key, str) for key, _ in given.pairs):
            for key, values in given.pairs:
                reader.replace_item(call.node, names, frozenset({str(key)}), values)
        else:
            reader.note(call.node, Risk.opaque, "binds names that can't be followed here")
    for key, values in call.named.items():
        reader.replace_item(call.node, names, frozenset({key}), values)
    return UNKNOWN


IN_MEMORY = "sqlite3.memory()"
"""A database that ends with the kernel, whichever engine it has."""


def _connected(engine: str, unnamed: bool) -> Callable[[CallReader, Call], Values]:
    """A connection to a database of this engine; `unnamed`: whether one without a name lies in memory."""

    def connect(reader: CallReader, call: Call) -> Values:
        given = call.given(0, "database")
        in_memory = unnamed if given is None else given == frozenset({":memory:"})
        return frozenset({Qualified(IN_MEMORY if in_memory else f"{engine}.connect()")})

    return connect


def each(values: Values) -> Values:
    """What iterating over any of `values` yields."""
    found: list[Values] = []
    for value in values:
        if isinstance(value, Items):
            found.append(union(*(inner for _, inner in value.pairs)) if value.pairs else UNKNOWN)
        else:
            found.append(UNREADABLE if value == TAINT else UNKNOWN)
    return union(*found)


RESULTS: dict[str, Callable[[CallReader, Call], Values]] = {
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.type": _type,
    "builtins.map": _map,
    "itertools.starmap": _map,
    "builtins.filter": lambda reader, call: call.given(1) or UNKNOWN,
    "builtins.next": lambda reader, call: each(call.given(0) or UNKNOWN),
    "operator.methodcaller": _methodcaller,
    "operator.attrgetter": _methodcaller,
    "functools.wraps": lambda reader, call: UNKNOWN,
    "builtins.__import__": _import,
    "importlib.import_module": _import,
    "importlib.__import__": _import,
    "builtins.chr": _chr,
    "builtins.open": _open,
    "gzip.open": _open,
    "bz2.open": _open,
    "lzma.open": _open,
    "builtins.str": _same,
    "builtins.vars": _vars,
    "builtins.globals": _globals,
    "builtins.locals": _globals,
    "builtins.staticmethod": _sequence,
    "builtins.classmethod": _sequence,
    "builtins.property": _sequence,
    "builtins.list": _sequence,
    "builtins.tuple": _sequence,
    "builtins.set": _sequence,
    "builtins.sorted": _sequence,
    "builtins.reversed": _sequence,
    "builtins.iter": _sequence,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _enumerate,
    "tqdm.tqdm": _sequence,
    "tqdm.auto.tqdm": _sequence,
    "tqdm.notebook.tqdm": _sequence,
    "functools.partial": _partial,
    "pathlib.Path": lambda reader, call: paths(combine(join_path, *call.args or [frozenset({"."})])),
    "pathlib.Path.home": _home,
    "pathlib.Path.cwd": _here,
    "os.getcwd": lambda reader, call: frozenset({"."}),
    "os.fspath": _same,
    "os.path.join": lambda reader, call: combine(join_path, *call.args or [UNKNOWN]),
    "os.path.dirname": lambda reader, call: combine(_above, *call.args[:1]),
    "os.path.split": _split_path,
    "os.path.basename": lambda reader, call: combine(posixpath.basename, *call.args[:1]),
    "os.path.abspath": _same,
    "os.path.realpath": _same,
    "os.path.normpath": _same,
    "os.path.expanduser": _same,
    "os.path.relpath": _same,
    "os.getenv": lambda reader, call: reader.environment(call.node, call.given(0, "key")),
    "os.environ.get": lambda reader, call: reader.environment(call.node, call.given(0, "key")),
    "os.environ.pop": lambda reader, call: reader.environment(call.node, call.given(0, "key")),
    "os.environ.setdefault": lambda reader, call: reader.environment(call.node, call.given(0, "key")),
    "os.environ.__getitem__": lambda reader, call: reader.environment(call.node, call.given(0)),
    "sqlite3.connect": _connected("sqlite3", False),
    "duckdb.connect": _connected("duckdb", True),
    "glob.glob": _listed,
    "glob.iglob": _listed,
    "os.listdir": lambda reader, call: frozenset({Items(((None, UNKNOWN),))}),
    "os.path.expandvars": lambda reader, call: UNREADABLE,
}
for _space in ("builtins.globals()", "get_ipython().user_ns", "sys.modules", "builtins.__dict__"):
    for _method in ("get", "pop", "setdefault", "__getitem__"):
        RESULTS[f"{_space}.{_method}"] = _from_names(_space)
for _name in ("builtins.globals().update", "get_ipython().user_ns.update", "get_ipython().push"):
    RESULTS[_name] = _into_names
