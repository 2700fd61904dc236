"""The audit cell: one printed line a column, for the person to read and for the planner to parse."""

from __future__ import annotations

from .source import literal

DESCRIBE = '''
NUMBER = r"(?:[A-Z]{3}\\s+|[A-Z]{1,3}[$€£])?[^\\d\\w]{0,3}\\s*\\d[\\d.,' ]*\\s*(?:%|[^\\d\\W]{1,4}|[$€£])?"


def describe(column: pd.Series) -> str:
    """One line about a column: type, gaps, distinct values, range or commonest values."""
    known = column.dropna()
    line = f"{column.name!r}: {column.dtype}, {column.isna().sum()} missing, "
    if pd.api.types.is_numeric_dtype(column) and column.dtype != bool and len(known):
        line += f"{known.nunique()} distinct, {known.min():.10g} … {known.median():.6g} … "
        line += f"{known.max():.10g}"
        whole = (known % 1 == 0).all()
        steady = whole and known.is_unique and known.is_monotonic_increasing
        return line + (", whole" if whole else "") + (", in order" if steady else "")
    text = known.astype(str)
    line += f"{text.nunique()} distinct"
    if text.empty:
        return line
    counts = text.str.slice(0, 40).value_counts()
    like_number = text.str.fullmatch(NUMBER)
    line += f", {text.str.split().str.len().mean():.1f} words"
    line += f", {like_number.mean():.1%} like numbers"
    alike = text.str.strip().str.casefold().nunique()
    line += f", {alike} but for case and spaces" if alike < text.nunique() else ""
    if 0.3 < like_number.mean() < 1:
        line += f", others {counts[~counts.index.str.fullmatch(NUMBER)].head(4).index.tolist()}"
    line += f", most {counts.head(4).to_dict()}, from {text.min()[:40]!r} to {text.max()[:40]!r}"
    return line + f", longest {max(text, key=len)[:40]!r}"
'''.strip("\n")

WIDE = """
# Columns that only differ in a running number are described together, the others one by one.
stems = train.columns.str.replace(r"\\d+$", "", regex=True)
alone = train.columns[stems.map(stems.value_counts()) < 10]
alone = alone.union(train.select_dtypes(exclude="number").columns, sort=False)[:60]
numbers = train.drop(columns=alone).drop(columns=TARGET, errors="ignore").select_dtypes("number")
print(
    f"{numbers.shape[1]:,} numeric columns: {numbers.isna().sum().sum():,} missing cells, "
    f"range {numbers.min().min():.10g} … {numbers.max().max():.10g}, "
    f"{(numbers.nunique() < 2).sum()} constant, "
    f"{(numbers.dropna() % 1 == 0).all().sum()} whole"
)
for name in alone.drop(TARGET, errors="ignore"):
    print(describe(train[name]))
""".strip("\n")

COMPARE = """
shared = [name for name in test.columns if name in train.columns]
print(f"not in the prediction file: {train.columns.difference(test.columns).tolist()[:40]}")
print(f"only in the prediction file: {test.columns.difference(train.columns).tolist()[:40]}")
missing = test[shared].isna().sum()
print(f"missing in the prediction file: {missing[missing > 0].head(40).to_dict()}")
seen = {name: round(float(test[name].dropna().isin(train[name]).mean()), 3) for name in shared[:80]}
print(f"values seen in training: {seen}")
""".strip("\n")

LATER = """
numeric = set(train.select_dtypes("number")) & set(test.select_dtypes("number"))
later = [name for name in shared if name in numeric and test[name].min() > train[name].max()]
print(f"beyond the training range: {later[:20]}")
""".strip("\n")

CHUNK = 30
"""Columns that one cell describes; more would be cut from what the planner reads."""


def audit_sources(target: str, columns: list[str], wide: bool) -> list[str]:
    """The cells that audit the training table."""
    name = literal(target)
    last = [
        'print(f"repeated rows: {train.duplicated().sum()}")',
        'print(f"target: {train[TARGET].value_counts().head(12).to_dict()}")',
    ]
    first = ["SEED = 0", f"TARGET = {name}", "", "", DESCRIBE, "", ""]
    if wide:
        return ["\n".join([*first, WIDE, "print(describe(train[TARGET]))", *last])]
    cells = []
    for start in range(0, len(columns), CHUNK):
        few = len(columns) <= CHUNK
        part = "train.columns" if few else f"train.columns[{start}:{start + CHUNK}]"
        lines = [*(first if start == 0 else []), f"for name in {part}:", "    print(describe(train[name]))"]
        cells.append("\n".join(lines + (last if start + CHUNK >= len(columns) else [])))
    return cells


def compare_source() -> str:
    """The cell that holds the prediction table against the training table."""
    return COMPARE + "\n" + LATER
