"""What the methods of paths, collections and texts do, where it is known what those are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...protocol import RiskClass as Risk
from .results import Call, constant_key, paths, text_of_key
from .values import (
    LABEL,
    PLACEHOLDERS,
    TAINT,
    UNKNOWN,
    UNREADABLE,
    Items,
    PathText,
    Qualified,
    Value,
    Values,
    combine,
    filled,
    join_path,
    names_in,
    shown,
    text_of,
    union,
)

if TYPE_CHECKING:
    from .calls import CallReader

READING_PATH = names_in("read_text read_bytes iterdir glob rglob stat open")
WRITING_PATH = names_in(
    """
    write_text write_bytes mkdir touch rename replace symlink_to hardlink_to chmod
    """
)
SAME_PATH = names_in("absolute resolve expanduser as_posix __fspath__ __str__ as_uri")


def path_method(reader: CallReader, call: Call, text: str, name: str) -> Values:
    """Note what the method `name` of the path `text` does; what it returns."""
    node, own = call.node, frozenset({PathText(text)})
    if name in SAME_PATH:
        return own if name in ("absolute", "resolve", "expanduser") else frozenset({text})
    if name in ("unlink", "rmdir"):
        reader.note(node, Risk.delete, f"deletes {shown(text)}")
        if reader.place(text) == "outside":
            reader.note(node, Risk.outside, f"deletes {shown(text)}, outside this folder")
    opens = union(*(frozenset({text_of(value)}) for value in call.given(0, "mode") or frozenset({"r"})))
    if name == "write_text" and text.endswith(".py"):
        reader.path(node, own, writes=True)
        given = [value for value in call.given(0, "data") or () if isinstance(value, str)]
        known = len(given) == 1 and not any(mark in given[0] for mark in PLACEHOLDERS)
        reader.modules[reader.same_path(text)] = given[0] if known else None
    elif name in WRITING_PATH or (name == "open" and any(re.search("[wax+]", text_of(mode)) for mode in opens)):
        reader.path(node, own, writes=True)
        if name in ("rename", "replace", "symlink_to", "hardlink_to"):
            reader.path(node, call.given(0, "target") or UNKNOWN, writes=True)
    elif name in READING_PATH:
        reader.path(node, own, writes=False)
    if name in ("iterdir", "glob", "rglob"):
        return frozenset({Items(((None, frozenset({PathText(join_path(text, LABEL))})),))})
    if name == "joinpath":
        return paths(combine(join_path, own, *call.args))
    if name in ("with_name", "with_stem"):
        return paths(combine(lambda new: join_path(posixpath.dirname(text), new), *call.args[:1] or [UNKNOWN]))
    if name == "with_suffix":
        return paths(combine(lambda new: posixpath.splitext(text)[0] + new, *call.args[:1] or [UNKNOWN]))
    if name == "relative_to":
        return frozenset({PathText(text)})
    if name in ("rename", "replace"):
        return paths(combine(str, *call.args[:1] or [UNKNOWN]))
    return UNREADABLE if name.startswith("read_") else frozenset({Qualified("pathlib.Path()." + name + "()")})


def items_method(reader: CallReader, call: Call, items: Items, name: str) -> Values:
    """What the method `name` of a collection returns."""
    if name == "items":
        pairs = [Items(((0, frozenset({text_of_key(key)})), (1, values))) for key, values in items.pairs]
        return frozenset({Items(tuple((None, frozenset({pair})) for pair in pairs))})
    if name == "keys":
        return frozenset({Items(tuple((None, frozenset({text_of_key(key)})) for key, _ in items.pairs))})
    if name in ("values", "copy"):
        return frozenset({items})
    if name in ("get", "pop", "setdefault"):
        key = call.given(0) or frozenset({None})
        return union(*(items.at(constant_key(at)) for at in key), call.given(1) or frozenset())
    return UNKNOWN


def text_method(reader: CallReader, call: Call, receiver: str | bytes, name: str) -> Values:
    """What the method `name` of a known text returns."""
    if isinstance(receiver, bytes):
        if name == "decode":
            return frozenset({receiver.decode("utf-8", "replace")})
        return UNREADABLE
    if name == "join":
        texts: set[Value] = set()
        for value in call.given(0) or UNKNOWN:
            if isinstance(value, Items) and value.pairs and all(key is not None for key, _ in value.pairs):
                texts |= combine(lambda *words: receiver.join(words), *(words for _, words in value.pairs))
            else:
                texts.add(TAINT if value == TAINT or not isinstance(value, str) else LABEL)
        return frozenset(texts)
    if name == "format":
        names, count = list(call.named), len(call.args)
        return combine(
            lambda *given: filled(receiver, list(given[:count]), dict(zip(names, given[count:], strict=True))),
            *call.args,
            *call.named.values(),
        )
    simple: dict[str, Callable[..., str]] = {
        method: getattr(str, method)
        for method in [
            "strip",
            "lstrip",
            "rstrip",
            "lower",
            "upper",
            "title",
            "capitalize",
            "casefold",
            "removesuffix",
            "removeprefix",
        ]
    }
    if name == "replace" and len(call.args) >= 2:
        return combine(lambda old, new: receiver.replace(old, new), *call.args[:2])
    if name in simple and len(call.args) <= 1:
        return combine(lambda *given: simple[name](receiver, *given), *call.args)
    if name in ("split", "rsplit", "splitlines") and len(call.args) <= 1:
        by = next((value for value in call.given(0) or [None] if isinstance(value, str) and value), None)
        return frozenset({Items(tuple((i, frozenset({word})) for i, word in enumerate(receiver.split(by))))})
    return UNREADABLE if name in ("translate", "encode", "expandtabs") else UNKNOWN
