"""Small pieces of Python source, laid out as ruff's formatter lays them out at a line length of 100."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .sniff import quoted

WIDTH = 100


@dataclass(frozen=True)
class Node:
    """A call, list, tuple or dict: what opens it (with any `name=` or `"key": ` before), its items, what closes it."""

    opening: str
    items: tuple[Piece, ...]
    closing: str


Piece = str | Node


def call(function: str, *arguments: Piece, **named: object) -> Node:
    """A call of `function`; the values of `named` are Python source, nodes or plain numbers."""
    pairs = tuple(prefixed(f"{key}=", value if isinstance(value, Node) else str(value)) for key, value in named.items())
    return Node(f"{function}(", (*arguments, *pairs), ")")


def prefixed(prefix: str, piece: Piece) -> Piece:
    """The piece with something before it, such as `key=` or `"key": `."""
    return prefix + piece if isinstance(piece, str) else Node(prefix + piece.opening, piece.items, piece.closing)


def literal(value: object) -> str:
    """Python source of a plain value, strings in double quotes."""
    return quoted(value) if isinstance(value, str) else repr(value)


def sequence(values: Iterable[object]) -> Node:
    """A list of plain values."""
    return Node("[", tuple(literal(value) for value in values), "]")


def dictionary(pairs: Mapping[str, Piece]) -> Node:
    """A dict from strings to pieces."""
    return Node("{", tuple(prefixed(f"{literal(key)}: ", piece) for key, piece in pairs.items()), "}")


def flat(piece: Piece) -> str:
    """The piece on one line."""
    if isinstance(piece, str):
        return piece
    return piece.opening + ", ".join(flat(item) for item in piece.items) + piece.closing


def render(piece: Piece, indent: int = 0, reserve: int = 0) -> str:
    """The piece's source; `reserve` is the number of characters that still follow on its last line."""
    line = flat(piece)
    if (
        isinstance(piece, str)
        or not piece.items
        or (indent + len(line) + reserve <= WIDTH and not piece.opening.startswith("\n"))
    ):
        return " " * indent + line
    pad = " " * indent
    body = "".join(render(item, indent + 4, 1) + ",\n" for item in piece.items)
    return f"{pad}{piece.opening}\n{body}{pad}{piece.closing}"


def assign(name: str, piece: Piece, indent: int = 0) -> str:
    """The source of `name = piece`."""
    return render(prefixed(f"{name} = ", piece), indent)


def imports(pairs: Iterable[tuple[str, str]]) -> str:
    """`from module import names` lines, sorted as ruff sorts them."""
    names: dict[str, set[str]] = {}
    for module, name in pairs:
        names.setdefault(module, set()).add(name)
    lines = []
    for module in sorted(names):
        ordered = sorted(names[module], key=lambda name: (not name.isupper(), name[0].islower(), name))
        line = f"from {module} import {', '.join(ordered)}"
        lines.append(line if len(line) <= WIDTH else render(Node(f"from {module} import (", tuple(ordered), ")")))
    return "\n".join(lines)


def body(lines: Sequence[str]) -> str:
    """The lines as one source text."""
    return "\n".join(lines).strip("\n")
