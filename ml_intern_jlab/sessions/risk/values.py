"""What a name or an expression of a cell can stand for, as far as reading alone tells.

Text that is known only in part is kept as one string in which a placeholder stands for each unknown piece, so that
`f"figures/{name}.png"` stays readable as a path: `LABEL` for a piece that nothing in the cell explains (a variable of
an earlier cell, a loop variable), `TAINT` for a piece that is made while the cell runs from what can't be read here
(input, decoded bytes, the environment), `TEMPORARY` for the name of a fresh temporary folder.
"""

from __future__ import annotations

import ast
import itertools
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

LABEL, TAINT, TEMPORARY = "\ue000", "\ue001", "\ue002"
PLACEHOLDERS = LABEL + TAINT + TEMPORARY
MOST_VALUES = 200
LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Qualified:
    """A module, class, function or object by its dotted name; `()` in it stands for "what the call returned"."""

    name: str


@dataclass(frozen=True)
class PathText:
    """A `pathlib.Path` of that text."""

    text: str


@dataclass(frozen=True)
class Bound:
    """A method of a text, a path or a collection that is known."""

    receiver: str | bytes | PathText | Items
    name: str


@dataclass(frozen=True)
class Items:
    """A list, tuple, set or dictionary: pairs of key (an index; None where it isn't known) and what stands there."""

    pairs: tuple[tuple[object, Values], ...]

    def at(self, key: object) -> Values:
        """What may stand at `key` (None: anywhere)."""
        if isinstance(key, int) and not isinstance(key, bool) and key < 0:
            key += len(self.pairs)
        found = [values for at, values in self.pairs if key is None or at is None or at == key]
        return union(*found) if found else UNKNOWN


@dataclass(frozen=True)
class Opened(Qualified):
    """A file that `open` gave, with its path."""

    path: str


@dataclass(frozen=True, eq=False)
class Function:
    """A function that a cell of the notebook defines, with the names around it; `cell` numbers that cell."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    cell: int
    method: bool = False
    """Whether its first argument is the object that it is called on."""

    @property
    def name(self) -> str:
        """Its name in a sentence."""
        return "a lambda" if isinstance(self.node, ast.Lambda) else f"{self.node.name}()"


@dataclass(frozen=True, eq=False)
class Class:
    """A class that a cell of the notebook defines: its functions by name, and what it builds on."""

    name: str
    names: dict[str, Values]
    bases: Values
    cell: int


@dataclass(frozen=True)
class Instance:
    """An object of a class that a cell of the notebook defines."""

    made: Class


Value: TypeAlias = (
    str | bytes | int | float | complex | Qualified | PathText | Bound | Items | Function | Class | Instance | None
)
Values: TypeAlias = "frozenset[Value]"
UNKNOWN: Values = frozenset({LABEL})
UNREADABLE: Values = frozenset({TAINT})


@dataclass(eq=False)
class Scope:
    """The names of the cell or of one function."""

    names: dict[str, Values] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    parent: Scope | None = None
    of_class: bool = False

    def find(self, name: str) -> Values | None:
        """What `name` stands for, looked up outwards; None where nothing binds it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


def names_in(text: str) -> frozenset[str]:
    """The names of a text of names."""
    return frozenset(text.split())


def union(*several: Iterable[Value]) -> Values:
    """All values of several sets; beyond `MOST_VALUES` texts are given up as unreadable."""
    values = frozenset(itertools.chain(*several))
    if len(values) <= MOST_VALUES:
        return values
    return frozenset(value for value in values if not isinstance(value, str | PathText)) | UNREADABLE


def text_of(value: Value) -> str:
    """The text that `str(value)` would give, with placeholders."""
    if isinstance(value, PathText):
        return value.text
    if isinstance(value, bytes):
        return TAINT
    if isinstance(value, Qualified | Bound | Items | Function | Class | Instance):
        return LABEL
    return str(value)


def combine(join: Callable[..., str], *pieces: Values) -> Values:
    """The texts that `join` makes of every choice of one value from each of `pieces`."""
    total = 1
    for piece in pieces:
        total *= len(piece)
        if total > MOST_VALUES:
            return UNREADABLE
    texts = {join(*(text_of(value) for value in choice)) for choice in itertools.product(*pieces)}
    return UNREADABLE if any(len(text) > LONGEST_TEXT for text in texts) else frozenset(texts)


def join_path(first: str, *parts: str) -> str:
    """`os.path.join` on texts with placeholders; backslashes count as separators."""
    return posixpath.join(first.replace("\\", "/"), *(part.replace("\\", "/") for part in parts))


def filled(template: str, texts: list[str], named: dict[str, str]) -> str:
    """`template.format(...)`; a field that isn't given becomes `LABEL`. Widths and conversions are left out."""
    counter = itertools.count()

    def field_text(match: re.Match[str]) -> str:
        name = re.split(r"[.\[!:]", match[1], maxsplit=1)[0]
        if name in named:
            return named[name]
        index = next(counter) if not name else int(name) if name.isdecimal() else len(texts)
        return texts[index] if index < len(texts) else LABEL

    return re.sub(r"\{([^{}]*)\}", field_text, template)


def percent_filled(template: str, texts: list[str]) -> str:
    """`template % texts`; a field without a text becomes `LABEL`."""
    rest = iter(texts)
    return re.sub(r"%[^a-zA-Z%]*[a-zA-Z]", lambda _: next(rest, LABEL), template)


def place_of(text: str, folder: str = "") -> str:
    """Where a path leads: "inside" (the working folder), "outside", "temporary", "remote" or "unknown".

    `folder` is the working folder's absolute path, "" where it isn't known.
    """
    path = re.sub(r"^(sqlite|duckdb)(\+\w+)?:///?", "", text.replace("\\", "/").strip())
    path = re.sub(r"^file:(?!/)([^?]*)(\?.*)?$", r"\1", path)
    if folder.strip("/") and (path + "/").startswith(folder.rstrip("/") + "/"):
        path = path[len(folder.rstrip("/")) :].lstrip("/") or "."
    if path in ("/dev/null", "/dev/stdout", "/dev/stderr"):
        return "inside"
    if re.match(r"(?!file:)[A-Za-z][\w+.-]+://", path):
        return "remote"
    # A first folder that isn't known may be any folder; a name with a piece that isn't known stays a name.
    if TAINT in path or (re.match(f"{LABEL}*(/|$)", path) and not path.startswith("/")):
        return "unknown"
    normal = posixpath.normpath(path)
    if path.startswith(TEMPORARY):
        return "outside" if not normal.startswith(TEMPORARY) else "temporary"
    if re.match(r"/|~|[A-Za-z]:|file:", path) or normal.startswith(".."):
        return "outside"
    return "inside"


def host_of(address: str) -> str:
    """The host of an address, without the name and password that may stand before it; "" where it has none."""
    found = re.match(r"\w[\w+.-]*://([^/]*)", address)
    return found[1].rpartition("@")[2] if found else ""


def shown(text: str, most: int = 60) -> str:
    """A text for a sentence: on one line, unknown pieces as "…", shortened to about `most` characters."""
    line = " ".join(re.sub(f"[{PLACEHOLDERS}]+", "…", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
