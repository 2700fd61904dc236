"""What runs silently in the kernel to see how things stand: each module here is sent as source, leaves no name behind
and prints one bounded text. They need no more than Python 3.9 and its library; `columns` reads a table with pandas."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def _source(name: str) -> str:
    return files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8")


def snippet(name: str, **asked: object) -> str:
    """Source for the kernel that runs `main(**asked)` of the module `name` in a namespace of its own.

    `asked` must be built of plain literals. A fault inside is printed in one line instead of a traceback.
    """
    text = _source(name) + f"\ntry:\n    main(**{asked!r})\nexcept Exception as error:\n    print(repr(error)[:300])\n"
    return f'__import__("builtins").exec({text!r}, {{"__name__": "ml_intern_{name}"}})'
