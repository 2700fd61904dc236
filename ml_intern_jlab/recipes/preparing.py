"""The cells between audit and comparison: tidy features, the split, the baseline."""

from __future__ import annotations

import re

from .source import Node, assign, body, call, imports, literal, prefixed, render, sequence
from .state import State

WIDE = 60
"""More columns than this aren't listed by name."""


def calendar(name: str, form: str) -> tuple[list[str], list[str]]:
    """The features that a date column becomes, and those of them that are levels rather than amounts."""
    if form.startswith("%H"):
        return [f"{name}_hour"], []
    parts = [f"{name}_days", f"{name}_year"]
    levels = [f"{name}_month"]
    if "%d" in form or form in ("", "ISO8601", "mixed"):
        levels.append(f"{name}_weekday")
    if "%H" in form or "%I" in form or form in ("", "ISO8601"):
        levels.append(f"{name}_hour")
    return parts + levels, levels


def _date_lines(name: str, form: str, day_first: bool) -> list[str]:
    column = f"table[{literal(name)}]"
    if form.startswith("%H"):
        return [
            f'    clock = pd.to_datetime({column}, format={literal(form)}, errors="coerce")',
            f"    features[{literal(name + '_hour')}] = clock.dt.hour + clock.dt.minute / 60",
        ]
    options = f", format={literal(form)}" if form else ""
    options += ", utc=True" if form == "ISO8601" else ""
    options += ", dayfirst=True" if form == "mixed" and day_first else ""
    source = f"{column}.astype(str)" if form == "%Y%m%d" else column
    lines = [f'    when = pd.to_datetime({source}{options}, errors="coerce")']
    if form == "ISO8601":
        lines.append("    when = when.dt.tz_localize(None)")
    _, levels = calendar(name, form)
    lines += [
        f"    features[{literal(name + '_days')}] = (when - START) / pd.Timedelta(days=1)",
        f"    features[{literal(name + '_year')}] = when.dt.year",
    ]
    for feature in levels:
        part = feature.removeprefix(name + "_").replace("weekday", "day_of_week")
        lines.append(f"    features[{literal(feature)}] = when.dt.{part}")
    return lines


def tidy_source(state: State) -> str:
    """The cell that defines `tidy` and makes `X`, `y` and, with a prediction file, `X_test`."""
    roles = state.roles
    wide = len(roles.numbers) > WIDE or state.profile.wide > 0
    lines: list[str] = []
    plain = [name for name in roles.numbers] if not wide else []
    kept = plain + list(roles.categories) + list(roles.many)
    words = list(roles.texts)
    if roles.categories or roles.many:
        lines.append(assign("CATEGORIES", sequence([*roles.categories, *roles.many])))
    if words:
        lines.append(assign("TEXTS", sequence(words)))
    if roles.dates and any(not form.startswith("%H") for form in roles.dates.values()):
        lines.append('START = pd.Timestamp("2000-01-01")')
    lines += [
        "",
        "",
        "def tidy(table: pd.DataFrame) -> pd.DataFrame:",
        '    """The features of a table. Each row is treated by itself: nothing leaks between rows."""',
    ]
    if wide:
        gone = [state.target, *(roles.dropped or {}), *(roles.dates or {})]
        lines.append(assign("features", call("table.drop", columns=sequence(gone), errors='"ignore"'), 4))
    elif plain and not kept[len(plain) :] and not words:
        lines.append(assign("features", Node("table[[", tuple(literal(name) for name in kept), "]].copy()"), 4))
    elif plain:
        wanted = assign("numbers", sequence(plain), 4)
        lines += [
            wanted,
            f"    features = table[numbers{' + CATEGORIES' if roles.categories or roles.many else ''}"
            f"{' + TEXTS' if words else ''}].copy()",
        ]
    else:
        picks = " + ".join(
            part for part, present in (("CATEGORIES", roles.categories or roles.many), ("TEXTS", words)) if present
        )
        lines.append(
            f"    features = table[{picks}].copy()" if picks else "    features = pd.DataFrame(index=table.index)"
        )
    lines += _parsing_lines(state)
    for name, form in (roles.dates or {}).items():
        lines += _date_lines(name, form, state.day_first)
    lines += _difference_lines(roles.dates or {})
    if state.infinite:
        lines.append("    features = features.replace([np.inf, -np.inf], np.nan)")
    if roles.categories or roles.many:
        lines += [
            "    # A missing category is a category of its own.",
            "    known = features[CATEGORIES].notna()",
            '    features[CATEGORIES] = features[CATEGORIES].astype(str).where(known, "missing")',
        ]
    if roles.loose:
        lines += [
            "    # The same value with and without capitals or spaces is one.",
            render(prefixed("for name in ", Node("[", tuple(literal(name) for name in roles.loose), "]:")), 4),
            "        features[name] = features[name].str.strip().str.casefold()",
        ]
    if words:
        lines.append('    features[TEXTS] = features[TEXTS].fillna("").astype(str)')
    lines += ["    return features", "", ""]
    lines += _target_lines(state)
    lines += ["X = tidy(train)", f"y = {_target_expression(state)}"]
    if state.has_test:
        lines.append("X_test = tidy(test)[X.columns]" if wide else "X_test = tidy(test)")
    lines += ['print(f"X: {X.shape[0]:,} rows × {X.shape[1]:,} features")']
    lines += ["gaps = X.isna().sum()", 'print(f"gaps: {gaps[gaps > 0].head(60).to_dict()}")']
    if state.has_test:
        lines += [
            "gaps = X_test.isna().sum()",
            'print(f"gaps in the prediction file: {gaps[gaps > 0].head(60).to_dict()}")',
        ]
    moments = [f"{name}_days" for name, form in (roles.dates or {}).items() if not form.startswith("%H")]
    if moments:
        lines.append(assign("moments", sequence(moments)))
        lines.append('print(f"unread dates: {X[moments].isna().mean().round(4).to_dict()}")')
    if moments and state.has_test:
        lines += [
            "later = [name for name in moments if X_test[name].min() >= X[name].max()]",
            'print(f"later in the prediction file: {later}")',
        ]
    if state.kind == "classification":
        lines.append('print(f"classes: {y.value_counts().head(40).to_dict()}")')
    else:
        lines += [
            'print(f"y: {y.min():.6g} … {y.median():.6g} … {y.max():.6g}, skew {y.skew():.2f}")',
        ]
    need_numpy = state.infinite
    head = ["import numpy as np", ""] if need_numpy else []
    return body(head + lines)


def _parsing_lines(state: State) -> list[str]:
    lines: list[str] = []
    for mark, shown in ((".", "1,200.50"), (",", "1.200,50")):
        names = [name for name, used in (state.roles.parsed or {}).items() if used == mark]
        if not names:
            continue
        lines += [
            f"    # Numbers written as text ({shown}, with signs and units around them).",
            f"    for name in {'[' + ', '.join(literal(name) for name in names) + ']'}:",
        ]
        if mark == ".":
            lines.append('        digits = table[name].astype(str).str.replace(r"[^\\d.-]", "", regex=True)')
        else:
            lines.append('        digits = table[name].astype(str).str.replace(r"[^\\d,-]", "", regex=True)')
            lines.append('        digits = digits.str.replace(",", ".", regex=False)')
        lines.append('        features[name] = pd.to_numeric(digits, errors="coerce")')
    return lines


def _difference_lines(dates: dict[str, str]) -> list[str]:
    moments = [name for name, form in dates.items() if not form.startswith("%H")]
    if not 2 <= len(moments) <= 3:
        return []
    lines = []
    for later, earlier in zip(moments[1:], moments, strict=False):
        new = f"{later}_since_{earlier}"
        lines.append(f"    features[{literal(new)}] = (")
        lines.append(f"        features[{literal(later + '_days')}] - features[{literal(earlier + '_days')}]")
        lines.append("    )")
    return lines


def differences(dates: dict[str, str]) -> list[str]:
    """The names of the features that `_difference_lines` adds."""
    return [match for line in _difference_lines(dates) for match in re.findall(r'features\["(.+?)"\] = \($', line)]


def _target_lines(state: State) -> list[str]:
    lines = []
    if state.target_missing:
        if state.fills_gaps:
            lines += ["# The rows without a target are those to predict.", "test = train[train[TARGET].isna()]"]
        lines += ["# Rows without a target teach nothing.", "train = train.dropna(subset=[TARGET])"]
    column = state.profile.columns.get(state.target)
    if column and state.kind == "classification" and column.alike:
        lines += [
            "# The same class with and without capitals or spaces is one, in its commonest spelling.",
            "labels = train[TARGET].str.strip()",
            "labels = labels.groupby(labels.str.casefold()).transform(lambda same: same.mode()[0])",
            "train = train.assign(**{TARGET: labels})",
        ]
    if column and state.kind == "regression" and not column.numeric and column.number_share < 1:
        lines += [
            "# A target that is no number teaches nothing.",
            f"train = train[{_target_expression(state)}.notna()]",
        ]
    if state.drop_repeated:
        lines += [
            "# The same row in training and hold-out would flatter the estimate.",
            "train = train.drop_duplicates()",
        ]
    if state.rarest_kept:
        lines += [
            f"# A class with fewer than {state.rarest_kept} rows can't be both learnt and checked.",
            f'train = train[train.groupby(TARGET)[TARGET].transform("size") >= {state.rarest_kept}]',
        ]
    return lines


def _target_expression(state: State) -> str:
    column = state.profile.columns.get(state.target)
    if column is None:
        return "train[TARGET]"
    if state.kind == "classification" and column.numeric and column.whole and column.dtype.startswith("float"):
        return "train[TARGET].astype(int)"
    if state.kind == "regression" and not column.numeric:
        if state.target_mark == ",":
            return (
                'pd.to_numeric(train[TARGET].str.replace(r"[^\\d,-]", "", regex=True)'
                '.str.replace(",", ".", regex=False), errors="coerce")'
            )
        return 'pd.to_numeric(train[TARGET].str.replace(r"[^\\d.-]", "", regex=True), errors="coerce")'
    return "train[TARGET]"


# --- split and baseline -----------------------------------------------------------------------------------------


def split_source(state: State) -> str:
    """The cell that sets the hold-out aside and defines the folds."""
    classes = state.kind == "classification"
    stratified = classes and state.stratify
    lines: list[str] = []
    used: list[tuple[str, str]] = []
    selection = "sklearn.model_selection"
    folder = ("Stratified" if stratified else "") + "KFold"
    if not state.holdout:
        used.append((selection, f"Repeated{folder}"))
        lines += [
            f"# {state.n_rows} rows are too few to set some aside: repeated cross-validation judges instead.",
            "X_train, y_train = X, y",
            f"folds = Repeated{folder}(n_splits={state.folds}, n_repeats={state.repeats}, random_state=SEED)",
        ]
    elif state.time:
        used.append((selection, "TimeSeriesSplit"))
        lines += [
            "# The rows to predict lie later in time, so the latest fifth is the hold-out.",
            f'order = X[{literal(state.time)}].sort_values(kind="stable").index',
            "cut = int(0.8 * len(order))",
            "X_train, y_train = X.loc[order[:cut]], y.loc[order[:cut]]",
            "X_holdout, y_holdout = X.loc[order[cut:]], y.loc[order[cut:]]",
            f"folds = TimeSeriesSplit(n_splits={state.folds})",
        ]
    elif state.group:
        used += [(selection, "GroupShuffleSplit"), (selection, "GroupKFold")]
        lines += [
            f"# Rows of one {state.group} stay together, or the models would be tested on what they know.",
            f"groups = train[{literal(state.group)}].astype(str)",
            "splitter = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=SEED)",
            "kept, aside = next(splitter.split(X, y, groups))",
            "X_train, X_holdout = X.iloc[kept], X.iloc[aside]",
            "y_train, y_holdout = y.iloc[kept], y.iloc[aside]",
            f"folds = list(GroupKFold(n_splits={state.folds}).split(X_train, y_train, groups.iloc[kept]))",
        ]
    else:
        repeated = "Repeated" if state.repeats > 1 else ""
        used += [(selection, "train_test_split"), (selection, f"{repeated}{folder}")]
        extra = ", stratify=y" if stratified else ""
        options = (
            f"n_splits={state.folds}, n_repeats={state.repeats}"
            if state.repeats > 1
            else f"n_splits={state.folds}, shuffle=True"
        )
        lines += [
            "# A fifth of the rows stays untouched until the final estimate.",
            "X_train, X_holdout, y_train, y_holdout = train_test_split(",
            f"    X, y, test_size=0.2{extra}, random_state=SEED",
            ")",
            f"folds = {repeated}{folder}({options}, random_state=SEED)",
        ]
    if state.sampled:
        used.append((selection, "train_test_split"))
        extra = ", stratify=y_train" if stratified else ""
        lines += [
            f"# Models are compared on {state.sampled:,} rows; the chosen one learns from all.",
            "X_sample, _, y_sample, _ = train_test_split(",
            f"    X_train, y_train, train_size={state.sampled}{extra}, random_state=SEED",
            ")",
        ]
    shown = 'print(f"training: {len(X_train):,} rows' + (
        ', hold-out: {len(X_holdout):,} rows")' if state.holdout else '")'
    )
    return body([imports(used), "", *lines, shown])


def baseline_source(state: State) -> str:
    """The cell that measures guessing without looking at the features."""
    metric = state.metric
    if metric.kind == "classification":
        strategy = '"prior"' if metric.response != "labels" else '"most_frequent"'
        dummy, words = (
            f"DummyClassifier(strategy={strategy})",
            "the commonest class" if metric.response == "labels" else "the class shares",
        )
    else:
        strategy = '"median"' if metric.name in ("MAE", "MAPE", "median absolute error", "RMSLE") else '"mean"'
        dummy, words = f"DummyRegressor(strategy={strategy})", f"the {strategy[1:-1]}"
    maker = [("sklearn.metrics", name) for name in metric.imports if metric.scoring.startswith("make_scorer")]
    head = imports([("sklearn.dummy", dummy.split("(")[0]), ("sklearn.model_selection", "cross_validate"), *maker])
    X, y = state.sample_names
    return body(
        [
            head,
            "",
            f"METRIC = {literal(metric.name)}",
            f"SCORING = {metric.scoring}",
            "",
            "",
            'def cross_validated(name, model, label="cv"):',
            '    """Print the metric\'s mean and spread over the folds, and the seconds of all fits."""',
            f"    run = cross_validate(model, {X}, {y}, cv=folds, scoring=SCORING, n_jobs=-1)",
            f'    scores = {"" if metric.greater_is_better else "-"}run["test_score"]',
            '    seconds = run["fit_time"].sum()',
            '    shown = f"{scores.mean():.5g} ± {scores.std():.2g}"',
            '    print(f"{label} {METRIC}: {shown} ({name}, {seconds:.1f} s)")',
            "",
            "",
            f"dummy = {dummy}",
            f'cross_validated("always {words}", dummy, "baseline")',
        ]
    )
