"""Rows that belong together are parted at random."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...flow.facts import Split
from ...flow.values import Value, covers, gathered, overlap
from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject, calls_named, last_name

_ENTITY = re.compile(
    r"^(?:(?:patient|subject|user|customer|client|person|participant|speaker|session|group|store|site|animal|mouse|donor|"
    r"sample|case|visitor|student|player|device|machine|author|driver|household|family|hospital|individual|recording|slide|"
    r"writer|site|well|engine|unit|video|scene|plot|vehicle|sensor|account|member|worker|volunteer)s?"
    r"(?:_?(?:id|no|nr|number|code|name|key))?|.*(?:patient|subject|user|customer|participant|speaker|person|donor|player|"
    r"device|machine|engine|animal|household)_?(?:id|no|nr|number)|pid|uid|groups?|subj)$",
    re.IGNORECASE,
)
_TEMPORAL_WORDS = re.compile(
    r"\b(forecast\w*|time[- ]?series|predict(?:ing|s)? (?:the )?(?:next|tomorrow|future)|tomorrow|next[- ](?:day|"
    r"hour|week|month|quarter|season|purchase|order|click|visit|basket|event)"
    r"(?:'s)?|(?:day|hour|week|month|step)s? ahead|ahead of time)\b",
    re.IGNORECASE,
)
_MANY = re.compile(
    r"\b(?:several|multiple|many|repeated|\d+)\s+(?:\w+\s+){0,2}?(?:per|for each|from (?:each|every|the same)|"
    r"of (?:each|every))\s+"
    r"(\w+)|\b(?:each|every) (\w+) (?:has|have|gave|was|made|appears|contributes|provided)\b.{0,40}?"
    r"\b(?:several|multiple|many|repeated|times|\d+)\b",
    re.IGNORECASE,
)


def _random_splits(subject: Subject) -> list[Split]:
    return [split for split in subject.facts.partings if split.how == "random" and gathered(split.source).rows]


def _duplicates(subject: Subject) -> Iterator[Found]:
    told: set[tuple[int, int]] = set()
    facts = subject.facts
    for split in facts.partings:
        rows = gathered(split.source).rows
        for joined in facts.concatenations:
            place = (joined.place.cell, joined.place.line)
            if joined.repeated and place not in told and joined.place <= split.place and joined.result.rows == rows:
                if any(overlap(source.rows, rows) for source, _ in facts.deduplicated):
                    continue
                told.add(place)
                yield subject.found(
                    joined.place,
                    "The same rows, or copies made from them, are put together before the split.",
                )
    for value, checked in facts.duplicate_checks:
        cell = subject.notebook.cells[checked.cell - 1]
        count = _duplicates_counted(cell, checked.line)
        if not count or any(overlap(value.rows, source.rows) for source, _ in facts.deduplicated):
            continue
        for split in facts.partings:
            if covers(value.rows, gathered(split.source).rows) and (split.place.cell, split.place.line) not in told:
                told.add((split.place.cell, split.place.line))
                yield subject.found(
                    split.place,
                    f"Cell {cell.number} counts {count:,} duplicated rows; they are split with the others.",
                )
                break
    yield from _repeated_inputs(subject)


def _repeated_inputs(subject: Subject) -> Iterator[Found]:
    """The only thing that the model is given is a column whose values the outputs show to repeat."""
    facts = subject.facts
    for cell, call in calls_named(subject.notebook, "nunique", "n_unique"):
        name = _of_column(call)
        inputs = [fit.features for fit in facts.fits if fit.estimator.role in ("model", "search")]
        if not name or not any(gathered(each).derivation.columns == {name} for each in inputs):
            continue
        different, rows = _count_shown(cell, call), max(_whole_numbers(cell.printed), default=0)
        whole = gathered(facts.partings[0].source).rows if facts.partings else frozenset()
        if any(overlap(source.rows, whole) for source, _ in facts.deduplicated):
            continue
        for split in facts.partings:
            if split.how in ("random", "ordered") and 0 < different * 1.2 < rows:
                yield subject.found(
                    split.place,
                    f"Only {different:,} of {rows:,} values of {name}, which is all that the model is given, differ "
                    f"(cell {cell.number}); the same ones lie on both sides of the split.",
                )
                return


def _count_shown(cell: Cell, call: ast.Call) -> int:
    """The number that a cell prints for a call: after the words that are printed with it, or the only one."""
    for each in ast.walk(cell.tree or ast.Module([], [])):
        if isinstance(each, ast.Call) and last_name(each.func) == "print" and call in ast.walk(each):
            words = [part.value for part in ast.walk(each) if isinstance(part, ast.Constant)]
            label = next((str(part).strip() for part in words if isinstance(part, str) and part.strip()), "")
            lines = [line for line in cell.printed.splitlines() if label and label in line]
            numbers = _whole_numbers(lines[0].split(label, 1)[1]) if lines else []
            return numbers[0] if numbers else 0
    numbers = _whole_numbers(cell.printed)
    return numbers[0] if len(numbers) == 1 else 0


def _whole_numbers(text: str) -> list[int]:
    return [int(each.replace(",", "")) for each in re.findall(r"(?<![\w.,])\d[\d,]*(?![\w.])", text)]


def _duplicates_counted(cell: Cell, line: int) -> int:
    """How many duplicates the cell's output tells: the number beside the word, or the only number."""
    lines = [text for text in cell.printed.splitlines() if text.strip()]
    near = [text for text in lines if re.search(r"dup", text, re.IGNORECASE)] or (lines if len(lines) == 1 else [])
    numbers = [int(each.replace(",", "")) for text in near for each in re.findall(r"(?<![\w.])\d[\d,]*(?![\w.])", text)]
    return numbers[0] if numbers else 0


def _groups(subject: Subject) -> Iterator[Found]:
    facts, notebook = subject.facts, subject.notebook
    repeated = {name for _, name, _ in facts.grouped if _ENTITY.match(name)} | _told_repeated(subject)
    prose = " ".join(cell.source for cell in notebook.prose)
    for match in _MANY.finditer(prose):
        word = (match[1] or match[2] or "").rstrip("s").lower()
        if len(word) > 2 and _ENTITY.match(word):
            repeated |= {name for name in _column_names(subject) if word in name.lower() and _ENTITY.match(name)}
    if any(split.how == "group" for split in facts.partings):
        return
    for split in _random_splits(subject):
        if gathered(split.source).derivation.through & {"pieces"}:
            yield subject.found(
                split.place, "Pieces of the same file, cut out of it one after another, are split one by one."
            )
            return
    if not repeated:
        return
    for split in facts.partings:
        if split.how not in ("random", "ordered") or (split.how == "ordered" and not split.folds):
            continue
        rows = gathered(split.source).rows
        if _parts_are_entities(rows) or not rows:
            continue
        if not any(fit.estimator.role in ("model", "search", "composite") for fit in facts.fits):
            return
        yield subject.found(
            split.place,
            f"Rows are split one by one although several belong to each {sorted(repeated)[0]}.",
        )
        return


def _parts_are_entities(rows: frozenset[object]) -> bool:
    return any("unique" in getattr(part, "key", "") for part in rows)


def _column_names(subject: Subject) -> set[str]:
    return {
        node.value
        for _, node in subject.notebook.nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _told_repeated(subject: Subject) -> set[str]:
    """Columns of entities whose values the outputs show to repeat: `value_counts` above 1, `nunique` below the rows."""
    found = set()
    for cell, call in calls_named(subject.notebook, "value_counts", "nunique"):
        name = _of_column(call)
        if not name or not _ENTITY.match(name):
            continue
        numbers = _whole_numbers(cell.printed)
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if (method == "value_counts" and re.search(r"(?m)\s(?:[2-9]|\d{2,})\s*$", cell.printed)) or (
            method == "nunique" and len(numbers) >= 2 and min(numbers) * 1.2 < max(numbers)
        ):
            found.add(name)
    return found


def _of_column(call: ast.Call) -> str:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(owner, ast.Subscript) and isinstance(owner.slice, ast.Constant):
        return str(owner.slice.value)
    return owner.attr if isinstance(owner, ast.Attribute) else ""


def _time(subject: Subject) -> Iterator[Found]:
    prose = " ".join(cell.source for cell in subject.notebook.prose)
    for split in _random_splits(subject):
        source = split.source
        lagged = any(how.through & {"shift", "lead", "window"} for how in dict(source.derived).values())
        lagged |= bool(source.derivation.through & {"lead", "window"})
        indexed = _TEMPORAL_WORDS.search(prose) is not None and _has_dates(subject)
        target_ahead = any(
            each.derivation.through & {"lead", "shift", "window"} for each in _targets_of(subject, split)
        )
        if lagged or indexed or target_ahead:
            yield subject.found(
                split.place,
                "Rows in the order of time are split at random, so the model learns from rows after those it predicts.",
            )
            return


def _targets_of(subject: Subject, split: Split) -> list[Value]:
    return [each.source for each in subject.facts.partings if each.key == split.key and each.how == "same"]


def _has_dates(subject: Subject) -> bool:
    if any(
        True
        for _ in calls_named(
            subject.notebook,
            "to_datetime",
            "date_range",
            "resample",
            "asfreq",
            "to_period",
            "str_to_datetime",
            "strptime",
        )
    ):
        return True
    return any(
        isinstance(node, ast.keyword) and node.arg in ("parse_dates", "try_parse_dates")
        for _, node in subject.notebook.nodes()
    )


_STUDY = "A study over 2,047 tables (arXiv 2604.04199)"
_HEAD = """# %%
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupShuffleSplit, train_test_split
df = pd.read_csv('table.csv')
"""
_TAIL = """model = RandomForestRegressor(random_state=0).fit(train[['a', 'b']], train['y'])
print(r2_score(test['y'], model.predict(test[['a', 'b']])))
#> 0.8
"""

RULES = (
    Rule(
        id="duplicates_across_split",
        area="evaluation",
        severity="error",
        title="The same rows on both sides of the split",
        why=f"The model has seen the answer of every test row that has a twin. {_STUDY} counts memorised "
        f"duplicates among the "
        "leaks that distort badly.",
        advice="Take duplicates out before the split; make copies and augmented rows from the training part only.",
        bad=_HEAD + "df = pd.concat([df, df])\ntrain, test = train_test_split(df, random_state=0)\n" + _TAIL,
        good=_HEAD + "train, test = train_test_split(df, random_state=0)\ntrain = pd.concat([train, train])\n" + _TAIL,
        check=_duplicates,
    ),
    Rule(
        id="groups_split_at_random",
        area="evaluation",
        severity="error",
        title="Rows of one person, device or place on both sides of the split",
        why="The model recognises the person instead of the sign, and fails on the next person. The more rows "
        "each one has, the "
        "larger the effect.",
        advice="Split by group: GroupKFold, StratifiedGroupKFold or GroupShuffleSplit.",
        bad=_HEAD + "print(df['patient_id'].value_counts().head(2))\n#> 7    31\n#> 2    28\n"
        "train, test = train_test_split(df, random_state=0)\n" + _TAIL,
        good=_HEAD + "print(df['patient_id'].value_counts().head(2))\n#> 7    31\n#> 2    28\n"
        "cut = GroupShuffleSplit(n_splits=1, random_state=0)\na, b = next(cut.split(df, groups=df['patient_id']))\n"
        "train, test = df.iloc[a], df.iloc[b]\n" + _TAIL,
        check=_groups,
    ),
    Rule(
        id="time_split_at_random",
        area="evaluation",
        severity="error",
        title="A series in time is split at random",
        why=f"The neighbours in time of every test row are learnt from. {_STUDY} counts temporal boundaries "
        f"among the leaks "
        "that distort badly.",
        advice="Test on the latest rows: cut at a date, or use TimeSeriesSplit.",
        bad=_HEAD
        + "df['b'] = df['y'].shift(1)\ndf = df.dropna()\ntrain, test = train_test_split(df, random_state=0)\n"
        + _TAIL,
        good=_HEAD
        + "df['b'] = df['y'].shift(1)\ndf = df.dropna()\ntrain, test = train_test_split(df, shuffle=False)\n"
        + _TAIL,
        check=_time,
    ),
)
