"""The kernel's variables, one line each: names, types, shapes, dtypes, and a few values of tables.

Nothing of the person's own code is called: values are shown for exact builtin types only, attributes are read from
objects of well-known libraries only.
"""

from __future__ import annotations

import types
from typing import Any

import __main__

PLAIN = (str, int, float, bool, complex, bytes, type(None))
ARRAYS = ("numpy", "torch", "scipy", "jax", "jaxlib", "tensorflow")
ESTIMATORS = ("sklearn", "lightgbm", "xgboost", "catboost")
SKIPPED = {"In", "Out", "get_ipython", "exit", "quit", "open"}


def main(most: int = 25, columns: int = 24, rows: int = 2) -> None:
    """Print the newest `most` variables; of a table the first `columns` columns and `rows` rows."""
    lines = []
    functions = []
    tables: dict[str, Any] = {}
    for name, value in list(vars(__main__).items()):
        # `isinstance` would ask the value itself.
        kind = type(value)
        if name.startswith("_") or name in SKIPPED or issubclass(kind, (types.ModuleType, type)):
            continue
        if kind in (types.FunctionType, types.BuiltinFunctionType):
            if getattr(value, "__module__", "") == "__main__":
                functions.append(name)
            continue
        try:
            alike = like_another(value, tables)
            lines.append(f"{name}: {alike or described(value, columns, rows)}")
            if kind.__name__ == "DataFrame" and not alike:
                tables[name] = value
        except Exception as error:
            lines.append(f"{name}: {type(value).__name__} ({type(error).__name__} when looked at)")
    if len(lines) > most:
        print(f"({len(lines) - most} older variables left out)")
    for line in lines[-most:]:
        print(line[:1800])
    if functions:
        print("functions: " + ", ".join(functions[-20:]))


def described(value: Any, columns: int, rows: int) -> str:
    """One variable's type and facts."""
    kind = type(value)
    library = str(kind.__module__).split(".")[0]
    if kind in PLAIN:
        return f"{kind.__name__} {short(value, 60)}"
    if kind in (list, tuple, set, frozenset, dict):
        shown = [short(each) for each in list(value)[:6]]
        return f"{kind.__name__} of {len(value)}: {', '.join(shown)}"
    if library == "pandas" and kind.__name__ == "DataFrame":
        return frame(value, columns, rows)
    if library == "pandas" and kind.__name__ == "Series":
        return f"Series of {len(value)}, {value.dtype}: " + ", ".join(short(v) for v in value.iloc[:4].tolist())
    if library in ARRAYS and hasattr(kind, "shape"):
        return f"{kind.__name__} {tuple(value.shape)} {getattr(value, 'dtype', '')}"
    if library in ESTIMATORS:
        fitted = any(name.endswith("_") and not name.startswith("_") for name in vars(value))
        steps = vars(value).get("steps")
        parts = " of " + ", ".join(type(each[-1]).__name__ for each in steps) if isinstance(steps, list) else ""
        return kind.__name__ + parts + (", fitted" if fitted else "")
    if library in ("polars", "datasets") and hasattr(kind, "shape"):
        return f"{library} {kind.__name__} {value.shape}"
    return kind.__name__


def like_another(value: Any, tables: dict[str, Any]) -> str:
    """A data frame in a line, where its columns are those of one that was shown, give or take a few; else ""."""
    if type(value).__name__ != "DataFrame" or str(type(value).__module__).split(".")[0] != "pandas":
        return ""
    mine = {str(each): str(kind) for each, kind in value.dtypes.items()}
    for name, table in tables.items():
        theirs = {str(each): str(kind) for each, kind in table.dtypes.items()}
        lacks = [each for each in theirs if each not in mine]
        more = [f"{each} {kind}" for each, kind in mine.items() if theirs.get(each) != kind]
        if len(mine) > 3 and len(lacks) <= 6 and len(more) <= 6:
            shown = "the columns of " + name + (f" without {', '.join(lacks)}" if lacks else "")
            return f"DataFrame {len(value)} rows: {shown}" + (f", and {', '.join(more)}" if more else "")
    return ""


def frame(table: Any, columns: int, rows: int) -> str:
    """A data frame: shape, each column's dtype and first values, missing values where it costs little."""
    names = list(table.columns)
    shape = table.shape
    parts = []
    small = shape[0] * shape[1] <= 2_000_000
    for position in [*range(len(names))][:columns]:
        column = table.iloc[:, position]
        values = ", ".join(short(value) for value in column.iloc[:rows].tolist())
        missing = int(column.isna().sum()) if small else 0
        gaps = f", {missing} missing" if missing else ""
        parts.append(f"  {short(names[position], 40)} {column.dtype}{gaps}: {values}")
    if len(names) > columns:
        parts.append(f"  ... and {len(names) - columns} more columns, the last {short(names[-1], 40)}")
    return "\n".join([f"DataFrame {shape[0]} rows x {shape[1]} columns", *parts])


def short(value: Any, most: int = 28) -> str:
    """A value in a few characters; of an unknown type only its name."""
    kind = type(value)
    if kind in PLAIN:
        if isinstance(value, (str, bytes)):
            value = value[: most + 1]
        elif isinstance(value, int) and value.bit_length() > 200:
            return "a huge int"
        text = repr(value)
    elif str(kind.__module__).split(".")[0] in ("numpy", "pandas", "datetime") and kind.__name__ not in (
        "ndarray",
        "DataFrame",
        "Series",
    ):
        text = str(value)
    else:
        return kind.__name__
    return text if len(text) <= most else text[:most] + "..."
