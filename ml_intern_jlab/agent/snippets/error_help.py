"""What helps after an exception: the columns that are there, signatures, close names, files, shapes.

Looks names up in the kernel's variables; of unknown objects only static attributes are read.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import importlib
import importlib.util
import inspect
import os
import pkgutil
import re
import sys
import types
from typing import Any

import __main__

HOMES = [
    "sklearn.calibration",
    "sklearn.cluster",
    "sklearn.compose",
    "sklearn.decomposition",
    "sklearn.dummy",
    "sklearn.ensemble",
    "sklearn.feature_extraction.text",
    "sklearn.feature_selection",
    "sklearn.gaussian_process",
    "sklearn.impute",
    "sklearn.inspection",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.multiclass",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.svm",
    "sklearn.tree",
    "numpy",
    "pandas",
    "scipy.stats",
    "collections",
    "itertools",
    "pathlib",
    "transformers",
    "datasets",
]
SHORT_NAMES = {"pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot", "sns": "seaborn", "nn": "torch.nn"}


def main(ename: str, evalue: str, line: str, source: str) -> None:
    """Print the help there is for an error whose class is `ename` in the source line `line` of the cell `source`."""
    seen = names_in(line) or names_in(source)
    if ename == "KeyError" and re.fullmatch(r"(?:np\.)?(?:True|False)_?", evalue.strip()):
        print(
            "The condition in the brackets is one True or False for all rows, it must have one for each row. Only "
            "groups with enough rows: frame.groupby(column).filter(lambda group: len(group) >= fewest)"
        )
    elif ename == "KeyError" or ("not in index" in evalue or "not found in axis" in evalue):
        columns(evalue, seen or names_in(source), source)
    elif ename in ("NameError", "UnboundLocalError"):
        undefined(evalue)
    elif ename == "AttributeError":
        attribute(evalue)
    elif ename in ("ImportError", "ModuleNotFoundError"):
        imports(evalue)
    elif ename in ("FileNotFoundError", "IsADirectoryError"):
        print("Files here: " + ", ".join(files()))
    elif ename == "TypeError":
        signatures(evalue, line, source)
    if ename == "ValueError" and " to unpack (expected" in evalue:
        print("The right of `=` has another number of values than there are names on its left.")
        print("Bind all to one name, such as `result`, and take `result[0]` or `result.pvalue`.")
    if ename in ("ValueError", "IndexError", "TypeError", "InvalidParameterError"):
        shapes(evalue, seen, source)


def names_in(code: str) -> list[str]:
    """Variables that a piece of code mentions and the kernel has, in order."""
    found = re.findall(r"[^\W\d]\w*", code)
    return [name for name in dict.fromkeys(found) if name in vars(__main__)]


def tables(names: list[str]) -> dict[str, Any]:
    """Those variables that are data frames."""
    values = {name: vars(__main__)[name] for name in names}
    return {name: value for name, value in values.items() if type(value).__name__ == "DataFrame"}


def columns(evalue: str, names: list[str], source: str) -> None:
    """The columns of the frames in the line, those closest to the missing name first."""
    wanted = re.findall(r"'([^']*)'|\"([^\"]*)\"", evalue)
    missing = [one or other for one, other in wanted] or [evalue.strip()]
    frames = tables(names) or tables(names_in(source))
    for name, table in list(frames.items())[:3]:
        there = [str(column) for column in table.columns]
        for each in missing[:4]:
            if each in map(str, table.index.names):
                print(f"{each!r} is the index of {name}, no column: {name}.reset_index() makes it one.")
            near = close(each, there)
            if near and each not in there:
                print(f"{name} has no {each!r}; close: {', '.join(map(repr, near))}")
        print(f"Columns of {name}: {there[:60]}" + (" ..." if len(there) > 60 else ""))
    for name in names:
        value = vars(__main__)[name]
        if type(value) is dict:
            print(f"Keys of {name}: {[str(key)[:40] for key in list(value)[:40]]}")


def undefined(evalue: str) -> None:
    """Names that are defined and look like it, and where it can be imported from."""
    found = re.search(r"'([^']+)'", evalue)
    if not found:
        return
    name = found.group(1)
    if name in SHORT_NAMES:
        print(f"Add: import {SHORT_NAMES[name]} as {name}")
        return
    near = close(name, [each for each in vars(__main__) if not each.startswith("_")])
    if near:
        print("Defined are: " + ", ".join(near))
    for home in homes(name):
        print(f"Add: from {home} import {name}")


def homes(name: str) -> list[str]:
    """Well-known modules that have a public name."""
    found: list[str] = []
    if not re.fullmatch(r"[A-Za-z]\w+", name):
        return found
    found = [home for home in HOMES if name in public_names(home)]
    if not found and importable(name):
        print(f"Add: import {name}")
    return found[:2]


def public_names(home: str) -> set[str]:
    """What a module says that it has; one that isn't loaded is read instead, since loading it can take seconds."""
    if home in sys.modules:
        return set(vars(sys.modules[home]))
    root, *rest = home.split(".")
    try:
        spec = importlib.util.find_spec(root)
        folder = os.path.dirname(spec.origin or "") if spec else ""
        path = os.path.join(folder, *rest, "__init__.py")
        with open(path if os.path.exists(path) else os.path.join(folder, *rest) + ".py", encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, ValueError, SyntaxError):
        return set()
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
    return names


def importable(name: str) -> bool:
    """Whether a name is a module of the standard library."""
    return name in sys.stdlib_module_names if hasattr(sys, "stdlib_module_names") else name in sys.modules


def attribute(evalue: str) -> None:
    """Attributes that look like the missing one; the columns of a frame."""
    module = re.search(r"module '([\w.]+)' has no attribute '(\w+)'", evalue)
    if module and module.group(1) in sys.modules:
        near = close(module.group(2), dir(sys.modules[module.group(1)]))
        print(f"{module.group(1)} has: " + ", ".join(near))
        for home in homes(module.group(2)):
            print(f"There is: from {home} import {module.group(2)}")
        return
    number = re.match(r"'(?:numpy\.)?(?:float|int|bool)\w*' object has no attribute '(\w+)'", evalue)
    if number:
        print(
            f"What has no {number.group(1)} is one number, computed over all rows at once. To compare groups, compute "
            f"one number for each: rows.groupby(column)[value].mean().{number.group(1)}()"
        )
        return
    found = re.search(r"'(\w+)' object has no attribute '(\w+)'", evalue)
    value = getattr(sys, "last_value", None)
    owner = getattr(value, "obj", None)
    if not found or owner is None:
        return
    near = close(found.group(2), [name for name in dir(type(owner)) if not name.startswith("_")])
    if near:
        print(f"{found.group(1)} has: " + ", ".join(near))
    if type(owner).__name__ == "DataFrame":
        print(f"Its columns: {[str(column) for column in owner.columns][:60]}")


def imports(evalue: str) -> None:
    """Where a name is, which modules look like a missing one, and what is installed instead."""
    name = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", evalue)
    if name:
        module = sys.modules.get(name.group(2))
        near = close(name.group(1), dir(module)) if module else []
        if near:
            print(f"{name.group(2)} has: " + ", ".join(near))
        for home in homes(name.group(1)):
            print(f"There is: from {home} import {name.group(1)}")
        return
    missing = re.search(r"No module named '([\w.]+)'", evalue)
    if not missing:
        return
    parent, _, last = missing.group(1).rpartition(".")
    if parent and parent in sys.modules and hasattr(sys.modules[parent], "__path__"):
        names = [each.name for each in pkgutil.iter_modules(sys.modules[parent].__path__)]
        print(f"{parent} has: " + ", ".join(close(last, names) or names[:30]))
        return
    installed = {each.name for each in pkgutil.iter_modules() if not each.name.startswith("_")}
    near = close(missing.group(1), sorted(installed))
    if near:
        print("Installed are: " + ", ".join(near))
    known = "sklearn lightgbm xgboost catboost statsmodels scipy torch transformers datasets polars seaborn matplotlib"
    print(
        f"{missing.group(1)} isn't installed here. Installed: " + ", ".join(n for n in known.split() if n in installed)
    )


def signatures(evalue: str, line: str, source: str) -> None:
    """The signatures of what the failing line calls, the one that the message names first."""
    named = re.match(r"([\w.]+)\(\)", evalue)
    wanted = [named.group(1).replace(".__init__", "").split(".")[-1]] if named else []
    shown = 0
    for code in (line, source):
        for call in calls(code):
            if wanted and call.split(".")[-1] not in wanted:
                continue
            target = resolved(call)
            if target is None:
                continue
            try:
                print(f"{call}{inspect.signature(target)}"[:700])
                shown += 1
            except (ValueError, TypeError):
                continue
            if shown >= 2:
                return
        if shown:
            return


def calls(code: str) -> list[str]:
    """Dotted names that are called."""
    return list(dict.fromkeys(re.findall(r"((?:[^\W\d]\w*\.)*[^\W\d]\w*)\s*\(", code)))


def resolved(dotted: str) -> Any:
    """What a dotted name stands for, without calling anything of an unknown object."""
    first, *rest = dotted.split(".")
    value = vars(__main__).get(first, vars(builtins).get(first))
    for part in rest:
        if value is None:
            return None
        if isinstance(value, types.ModuleType):
            value = vars(value).get(part)
        else:
            owner = value if isinstance(value, type) else type(value)
            try:
                value = inspect.getattr_static(owner, part)
            except AttributeError:
                return None
    return value if callable(value) else None


def shapes(evalue: str, names: list[str], source: str) -> None:
    """Shapes of the variables in the line; text columns or gaps where the message speaks of them."""
    shown = []
    for name in names:
        value = vars(__main__)[name]
        shape = getattr(value, "shape", None) if hasattr(type(value), "shape") else None
        if isinstance(shape, tuple):
            shown.append(f"{name} {shape}")
    if shown:
        print("Shapes: " + ", ".join(shown[:8]))
    for name, table in list((tables(names) or tables(names_in(source))).items())[:3]:
        if "convert string" in evalue or "to numeric" in evalue or "float" in evalue:
            text = [str(each) for each in table.columns if str(table[each].dtype) in ("object", "str", "string")]
            print(f"Text columns of {name}: {text[:40]}")
        if "NaN" in evalue or "missing values" in evalue:
            gaps = table.isna().sum()
            print(f"Missing values in {name}: {gaps[gaps > 0].head(30).to_dict()}")


def close(name: str, names: list[str]) -> list[str]:
    """Up to five of `names` that look like `name`, those that contain it or differ in case first."""
    folded = name.casefold()
    same = [each for each in names if each.casefold() == folded]
    part = [each for each in names if folded in each.casefold() and each not in same] if len(folded) > 2 else []
    return list(dict.fromkeys([*same, *difflib.get_close_matches(name, names, 4, 0.6), *part]))[:5]


def files() -> list[str]:
    """Files below the working directory."""
    found: list[str] = []
    for folder, folders, names in os.walk("."):
        folders[:] = [each for each in folders if not each.startswith((".", "__"))][:20]
        if folder.count(os.sep) > 1:
            folders[:] = []
        found += [os.path.relpath(os.path.join(folder, name)) for name in names if not name.startswith(".")]
        if len(found) > 40:
            break
    return sorted(found)[:40]
