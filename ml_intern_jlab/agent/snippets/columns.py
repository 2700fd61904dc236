"""What the columns of a table are, and values that occur in them, so that examples can be written with real names."""

from __future__ import annotations

import json

MOST_COLUMNS = 200
MOST_ROWS = 20_000
FEW_VALUES = 30
SHOWN_VALUES = 8


def main(reading: str) -> None:
    """Print JSON: for each column its `name`, `kind` (number, date, words) and `values` that occur.

    Of words they are the most frequent, of a date the arguments of the expression that reads it; numbers have none.
    `few`: whether the column has so few values that it can name groups; `unique`: whether each row has another
    whole number or word there, as names and numbers of rows have.

    Args:
        reading: the expression that reads the table, such as `pd.read_csv("a.csv")`.
    """
    import pandas as pd

    table = eval(reading, {"pd": pd}).head(MOST_ROWS)
    found = []
    for name in list(table.columns)[:MOST_COLUMNS]:
        column = table[name].dropna()
        if not isinstance(name, str) or not hasattr(column, "dtype") or not len(column):
            continue
        different = column.astype(str).nunique()
        told = {"few": different <= FEW_VALUES, "unique": different == len(column) and column.dtype.kind not in "fM"}
        if pd.api.types.is_bool_dtype(column):
            found.append({"name": name, "kind": "words", "values": [True], **told})
        elif pd.api.types.is_numeric_dtype(column):
            found.append({"name": name, "kind": "number", "values": [], **told})
        elif (arguments := _date_arguments(column)) is not None:
            found.append({"name": name, "kind": "date", "values": [arguments], **told})
        else:
            frequent = column.astype(str).value_counts().head(SHOWN_VALUES).index
            found.append({"name": name, "kind": "words", "values": [str(value)[:40] for value in frequent], **told})
    print(json.dumps(found))


def _date_arguments(column: object) -> str | None:
    """What `pd.to_datetime` needs beside the column, None where its values are no dates."""
    import pandas as pd

    assert isinstance(column, pd.Series)
    if pd.api.types.is_datetime64_any_dtype(column):
        return ""
    if not column.astype(str).head(50).str.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}").all():
        return None
    for arguments, more in (("", {}), (", dayfirst=True", {"dayfirst": True})):
        try:
            pd.to_datetime(column, **more)  # type: ignore[call-overload]
        except (ValueError, TypeError):
            continue
        return arguments
    return None
