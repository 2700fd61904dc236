"""Versions of Python and of the packages that the kernel has loaded, as one line of JSON."""

from __future__ import annotations

import json
import platform
import sys
import types
from importlib.metadata import PackageNotFoundError, packages_distributions, version

import __main__


def home(value: object) -> str:
    """The module that a value comes from; nothing of the value's own code is called."""
    kind = type(value)
    if kind is types.ModuleType:
        return str(vars(value).get("__name__", ""))
    if kind in (types.FunctionType, types.BuiltinFunctionType, type):
        return str(getattr(value, "__module__", ""))
    return str(kind.__module__)


def main(most: int = 40) -> None:
    """Print the versions of what the notebook's own names come from, at most `most` packages."""
    names = {home(value).partition(".")[0] for value in list(vars(__main__).values())} & set(sys.modules)
    found = {"python": platform.python_version(), "platform": platform.platform(terse=True)}
    for module, distributions in sorted(packages_distributions().items()):
        if module in names and len(found) < most:
            try:
                found[distributions[0]] = version(distributions[0])
            except PackageNotFoundError:
                continue
    print(json.dumps(found))
