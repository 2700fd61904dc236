"""A job's script, from a file or from a function of the notebook with everything that it needs written out."""

from __future__ import annotations

import builtins
import inspect
import json
import re
import symtable
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from .jobs_spec import JobError

LONGEST_VALUE = 2_000
"""Characters of a value of the notebook's that is written into the script."""


def script_of(work: str | Path | Callable[..., Any], arguments: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """The fields of a `Spec` that say what runs: those of a script's file, or of a function.

    Args:
        work: the path of a Python script, or a function. What the function uses of the notebook is written into the
            script: modules and what was imported from them, other functions, short plain values.
        arguments: the function's keyword arguments, which JSON must be able to hold; for a script its options
            (`{"lr": 0.1}` is `--lr 0.1`) or the words of its command line.

    Raises:
        JobError: there is no such file, or the function uses what can't be written down.
    """
    if callable(work):
        if not isinstance(arguments, Mapping):
            raise JobError(f"The arguments of a function have names: pass a dict to {work.__name__}.")
        return _of_function(work, arguments)
    path = Path(work).expanduser()
    if not path.is_file():
        raise JobError(f"There is no script {path}. Name a Python file, or pass a function.")
    words = [str(word) for word in arguments] if not isinstance(arguments, Mapping) else list(_options(arguments))
    return {"filename": path.name, "script": path.read_text(encoding="utf-8"), "argv": tuple(words)}


def _options(arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, value in arguments.items():
        if value is True:
            yield f"--{name}"
        elif value is not False and value is not None:
            yield from (f"--{name}", str(value))


def _of_function(work: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(dict(arguments))
    except (TypeError, ValueError) as error:
        raise JobError(
            f"The arguments of {work.__name__} must be plain values (numbers, texts, lists, dicts): {error}. Save data "
            "to a file, and name it in files=."
        ) from error
    if not isinstance(work, FunctionType) or work.__name__ == "<lambda>":
        raise JobError("A job needs a function defined with def, or the path of a script.")
    lines = list(dict.fromkeys(_written(work, set())))
    return {
        "filename": f"{work.__name__}.py",
        "script": "from __future__ import annotations\n\n" + "\n".join(lines) + "\n",
        "call": work.__name__,
        "arguments": dict(arguments),
    }


def _written(function: FunctionType, seen: set[str]) -> Iterator[str]:
    """The lines that define a function and, before it, what it uses."""
    seen.add(function.__name__)
    if function.__closure__:
        held = ", ".join(function.__code__.co_freevars)
        raise JobError(f"{function.__name__} uses {held} of the function around it; pass that as an argument.")
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise JobError(f"The source of {function.__name__} can't be found; put it into a script's file.") from error
    for name in sorted(_global_names(source) - seen - set(vars(builtins))):
        if name not in function.__globals__:
            continue  # it fails at home as it would there
        seen.add(name)
        yield from _definition(name, function.__globals__[name], function.__name__, seen)
    yield source


def _definition(name: str, value: Any, user: str, seen: set[str]) -> Iterator[str]:
    home, original = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if isinstance(value, ModuleType):
        yield f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else "")
    elif isinstance(value, FunctionType) and home == "__main__":
        yield from _written(value, seen)
    elif home not in (None, "__main__") and original.isidentifier():
        yield f"from {home} import {original}" + (f" as {name}" if original != name else "")
    elif _is_plain(value) and len(repr(value)) <= LONGEST_VALUE:
        yield f"{name} = {value!r}"
    else:
        kind = type(value).__name__
        raise JobError(
            f"{user} uses {name} ({kind}), which exists only in this kernel. Pass it as an argument, save it to a file "
            "and name that in files=, or make it inside the function."
        )


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple | set):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    return value is None or (type(value) in (bool, int, float, str, bytes) and value == value)


def _global_names(source: str) -> set[str]:
    """The names that code in `source` reads from outside all its functions."""

    def of(table: symtable.SymbolTable) -> Iterator[str]:
        if table.get_type() != "module":
            yield from (each.get_name() for each in table.get_symbols() if each.is_global() and each.is_referenced())
        for child in table.get_children():
            yield from of(child)

    table = symtable.symtable(source, "<job>", "exec")
    # Decorators and defaults are read where the function is defined.
    outside = {each.get_name() for each in table.get_symbols() if each.is_referenced() and not each.is_assigned()}
    return {name for name in outside | set(of(table)) if not re.fullmatch(r"__\w+__", name)}
