"""The last cells: the estimate, the plot that explains, the predictions."""

from __future__ import annotations

import re

from .metrics import Metric, metric_named
from .source import Node, Piece, body, call, dictionary, imports, literal, prefixed, render
from .state import State


def _guess(response: str, X: str, model: str = "model") -> str:
    if response == "score":
        return f"{model}.predict_proba({X})[:, positive]"
    return f"{model}.predict_proba({X})" if response == "probabilities" else f"{model}.predict({X})"


def companions(state: State) -> list[Metric]:
    """Further metrics to report: those that the task names, and one or two that everybody knows."""
    names = [name for name in state.facts.metrics[1:]]
    names += ["accuracy", "macro F1"] if state.kind == "classification" else ["R²", "MAE"]
    found: list[Metric] = []
    for name in dict.fromkeys(names):
        metric = metric_named(name, state.positive, len(state.classes) > 2)
        if (
            metric.kind == state.kind
            and metric.name != state.metric.name
            and metric.name not in {m.name for m in found}
        ):
            found.append(metric)
    return found[:4]


def estimate_source(state: State, chosen: str) -> str:
    """The cell that judges the chosen model on the hold-out, with the baseline beside it."""
    metric = state.metric
    others = companions(state)
    names = [("sklearn.metrics", name) for m in (metric, *others) for name in m.imports if name != "make_scorer"] + [
        ("sklearn.base", "clone")
    ]
    model_guess = _guess(metric.response, "X_holdout")
    function = metric.function
    if metric.name == "ROC AUC" and metric.response == "score":
        function = f"roc_auc_score(truth == {state.positive}, guess)"
    several = metric.response in ("score", "probabilities") and "AUC" in metric.name
    positive = "score" in [m.response for m in (metric, *others)]
    lines = [
        "import numpy as np",
        imports(names),
        "",
        "",
        "def measure(truth, guess):",
        '    """The task\'s metric."""',
        f"    return {function}",
        "",
        "",
        f"model = clone(candidates[{literal(chosen)}]).fit(X_train, y_train)",
        *([f"positive = list(model.classes_).index({state.positive})"] if positive else []),
        "truth = y_holdout.to_numpy()",
        f"guess = {model_guess}",
        "# How far the figure might be off with other hold-out rows: 500 resamples.",
        "generator = np.random.default_rng(SEED)",
        "draws = generator.integers(len(truth), size=(500, len(truth)))",
    ]
    if several:
        lines.append(f"draws = [draw for draw in draws if len(set(truth[draw])) == {max(2, len(state.classes))}]")
    lines += [
        "resampled = [measure(truth[draw], guess[draw]) for draw in draws]",
        "low, high = np.quantile(resampled, [0.025, 0.975])"
        if not several
        else "low, high = np.quantile(resampled or [np.nan], [0.025, 0.975])",
        'spread = f"95 % between {low:.5g} and {high:.5g}"',
        "if low == high:",
        '    spread = f"the same in all {len(resampled)} resamples"',
        'shown = f"{measure(truth, guess):.5g} ({spread})"',
        'print(f"hold-out {METRIC}: {shown}")',
        "dummy.fit(X_train, y_train)",
        f"floor = {_guess(metric.response, 'X_holdout', 'dummy')}",
        'print(f"baseline {METRIC}: {measure(truth, floor):.5g}")',
    ]
    response = metric.response
    for other in others:
        extra = _companion_lines(other, state)
        lines += extra[1:] if other.response == response else extra
        response = other.response if extra else response
    return body(lines)


def _companion_lines(metric: Metric, state: State) -> list[str]:
    guess = _guess(metric.response, "X_holdout")
    if (
        metric.response != "labels"
        and metric.response != "value"
        and "SVC(" in state.chosen_source
        and "Calibrated" not in state.chosen_source
    ):
        return []
    function = metric.function
    if metric.name == "ROC AUC" and metric.response == "score":
        function = f"roc_auc_score(truth == {state.positive}, guess)"
    lines = [f"guess = {guess}"]
    lines += [f"value = {function}", f'print(f"hold-out {metric.name}: {{value:.5g}}")']
    return lines


def small_estimate_source(state: State, chosen: str) -> str:
    """The cell that judges the chosen model of a small table by cross-validation with fresh folds."""
    one_round = state.ranked()[0].seconds / max(1, state.repeats)
    repeats = max(1, min(5, int(10 / max(one_round, 0.1))))
    folder = "RepeatedStratifiedKFold" if state.kind == "classification" and state.stratify else "RepeatedKFold"
    sign = "" if state.metric.greater_is_better else "-"
    return body(
        [
            imports(
                [
                    ("sklearn.base", "clone"),
                    ("sklearn.model_selection", folder),
                    ("sklearn.model_selection", "cross_val_score"),
                ]
            ),
            "",
            "# Other folds than those that chose the model, so that the choice flatters the figure less.",
            f"fresh = {folder}(n_splits={state.folds}, n_repeats={repeats}, random_state=SEED + 1)",
            f"model = clone(candidates[{literal(chosen)}])",
            f"scores = {sign}cross_val_score(model, X, y, cv=fresh, scoring=SCORING, n_jobs=-1)",
            f"guessing = {sign}cross_val_score(dummy, X, y, cv=fresh, scoring=SCORING)",
            'print(f"cv {METRIC}: {scores.mean():.5g} ± {scores.std():.2g} (fresh folds)")',
            'print(f"baseline {METRIC}: {guessing.mean():.5g}")',
            "model.fit(X, y)",
        ]
    )


# --- the plot ---------------------------------------------------------------------------------------------------


def plot_source(state: State) -> str:
    """The cell with the one plot that explains the model."""
    X, y = ("X_holdout", "y_holdout") if state.holdout else ("X", "y")
    if state.pixels or state.width > 150:
        return _confusion(X, y) if state.kind == "classification" else _scatter(state, X, y)
    if state.features.texts and state.width == 1:
        return _words(state)
    return _importance(state, X, y)


def _importance(state: State, X: str, y: str) -> str:
    return f"""
import matplotlib.pyplot as plt
from sklearn.inspection import permutation_importance

# What shuffling one feature of {"the hold-out" if state.holdout else "the data"} costs the model.
rows = {X}.sample(min(len({X}), 1000), random_state=SEED)
shuffled = permutation_importance(
    model, rows, {y}.loc[rows.index], scoring=SCORING, n_repeats=5, random_state=SEED
)
importance = pd.Series(shuffled.importances_mean, index=rows.columns).sort_values()
shown = importance.tail(15)
fig, ax = plt.subplots(figsize=(7, 0.3 * len(shown) + 1.2))
ax.barh([str(name) for name in shown.index], shown)
ax.set(xlabel=f"loss of {{METRIC}} when shuffled", ylabel="feature", title="What the model relies on")
fig.tight_layout()
plt.show()
for name, value in shown[::-1].head(8).items():
    print(f"{{name!r}} matters: {{value:.4g}}")
""".strip("\n")


def _confusion(X: str, y: str) -> str:
    return f"""
import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay

display = ConfusionMatrixDisplay.from_predictions({y}, model.predict({X}), xticks_rotation="vertical")
display.ax_.set(xlabel="predicted class", ylabel="true class", title="Where the model errs")
display.figure_.tight_layout()
plt.show()
""".strip("\n")


def _scatter(state: State, X: str, y: str) -> str:
    return f"""
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(5, 5))
ax.scatter({y}, model.predict({X}), s=10, alpha=0.5)
ax.axline(({y}.mean(), {y}.mean()), slope=1, color="black", linewidth=1)
ax.set(xlabel=f"true {{TARGET}}", ylabel=f"predicted {{TARGET}}", title="Prediction against truth")
fig.tight_layout()
plt.show()
""".strip("\n")


def _words(state: State) -> str:
    text = literal(state.features.texts[0])
    X, y = ("X_train", "y_train") if state.holdout else ("X", "y")
    if state.kind == "regression":
        fit, used = "Ridge()", ("sklearn.linear_model", "Ridge")
    else:
        fit, used = "LogisticRegression(C=10, max_iter=3000)", ("sklearn.linear_model", "LogisticRegression")
    head = imports([("sklearn.feature_extraction.text", "TfidfVectorizer"), used])
    many = state.kind == "classification" and len(state.classes) > 2
    weights = "reader.coef_.max(axis=0)" if many else "np.ravel(reader.coef_)"
    label = (
        "largest weight for any class"
        if many
        else "weight for " + (state.classes[1] if len(state.classes) > 1 else "the target")
    ).replace('"', "'")
    return f"""
import matplotlib.pyplot as plt
import numpy as np
{head}

# A plain linear model of the words, to see which of them speak for what.
words = TfidfVectorizer(sublinear_tf=True, min_df=2)
counted = words.fit_transform({X}[{text}])
reader = {fit}.fit(counted, {y})
weights = pd.Series({weights}, index=words.get_feature_names_out()).sort_values()
shown = {"weights.tail(20)" if many else "pd.concat([weights.head(10), weights.tail(10)])"}
fig, ax = plt.subplots(figsize=(7, 6))
ax.barh(shown.index, shown)
ax.set(xlabel={literal(label)}, ylabel="word", title="Words that decide")
fig.tight_layout()
plt.show()
""".strip("\n")


# --- the predictions --------------------------------------------------------------------------------------------


def prediction_columns(state: State) -> tuple[list[tuple[str, str]], bool]:
    """The columns of the prediction file with their Python source; and whether probabilities of all classes are added.

    Columns that the prediction table has are copied; the rest is the prediction, or the classes' probabilities.
    """
    test_columns = state.columns.get(state.predicted_file, [])
    wanted = list(state.output_columns)
    binary = len(state.classes) == 2
    probable = state.kind == "classification" and (
        state.facts.probabilities
        or state.metric.response == "probabilities"
        or (state.metric.response == "score" and binary)
    )
    label = "final.predict(X_test)"
    score = "final.predict_proba(X_test)[:, positive]"
    if not wanted:
        id_column = state.output_id
        pairs = [(id_column, f"test[{literal(id_column)}]")] if id_column else []
        if probable and binary and not state.facts.probabilities:
            return [*pairs, (state.target, score)], False
        return [*pairs, (state.target, score if probable and binary else label)], probable and not binary
    pairs = []
    classes = {
        label_text.casefold(): source for label_text, source in zip(state.class_texts, state.classes, strict=False)
    }
    fresh = [name for name in wanted if name not in test_columns or name == state.target]
    per_class = {name: _class_of(name, classes) for name in fresh}
    several = len(fresh) > 1 and sum(value is not None for value in per_class.values()) >= 2
    # A file without a header has no name for what identifies its rows: the first of two new names is that.
    unnamed = bool(test_columns) and all(re.fullmatch(r"column_\d+", name) for name in test_columns)
    identifier = fresh[0] if unnamed and state.output_id and len(fresh) == 2 and not several else ""
    for name in wanted:
        if name == identifier:
            pairs.append((name, f"test[{literal(state.output_id)}]"))
        elif name not in fresh:
            pairs.append((name, f"test[{literal(name)}]"))
        elif (several or (len(fresh) == 1 and probable and not binary)) and per_class[name] is not None:
            pairs.append((name, f"final.predict_proba(X_test)[:, list(final.classes_).index({per_class[name]})]"))
        elif probable and binary and (len(fresh) == 1 or "prob" in name.casefold() or "score" in name.casefold()):
            pairs.append((name, score))
        elif probable and "prob" in name.casefold():
            pairs.append((name, "final.predict_proba(X_test).max(axis=1)"))
        else:
            pairs.append((name, label))
    return pairs, probable and not binary and not several


def _class_of(name: str, classes: dict[str, str]) -> str | None:
    """The class whose probability a column such as `p_yes`, `prob_yes` or `yes` holds."""
    key = name.casefold()
    for text, source in sorted(classes.items(), key=lambda pair: -len(pair[0])):
        if key == text or key.endswith((f"_{text}", f" {text}", f"-{text}", f"({text})", f"={text}")):
            return source
    return None


def prediction_source(state: State, chosen: str) -> str:
    """The cell that fits on all rows and writes the prediction file."""
    pairs, spread = prediction_columns(state)
    path = state.output_file
    lines = ["from pathlib import Path", ""] if "/" in path else []
    if state.has_test:
        lines += [
            "from sklearn.base import clone",
            "",
            "# All labelled rows teach the model that is used.",
            f"final = clone(candidates[{literal(chosen)}]).fit(X, y)",
        ]
    else:
        return _out_of_fold_source(state, chosen, lines)
    if any("[:, positive]" in source for _, source in pairs):
        lines.append(f"positive = list(final.classes_).index({state.positive})")
    table = dictionary(dict(pairs))
    lines.append(
        render(Node("predictions = pd.DataFrame(", (table,), ")"))
        if len(render(table)) > 60
        else f"predictions = pd.DataFrame({render(table)})"
    )
    if spread:
        lines += [
            "for position, label in enumerate(final.classes_):",
            '    predictions[f"prob_{label}"] = final.predict_proba(X_test)[:, position]',
        ]
    if "/" in path:
        lines.append(f"Path({literal(path)}).parent.mkdir(parents=True, exist_ok=True)")
    lines += [
        _writer(path),
        "",
        f"written = {_reader(path)}",
        f'print({literal(path)}, "has", len(written), "rows for", len(test), "rows to predict")',
        'print(f"columns: {written.columns.tolist()}")',
        "assert len(written) == len(test)",
        "written.head()",
    ]
    return body(lines)


def _out_of_fold_source(state: State, chosen: str, lines: list[str]) -> str:
    """Predictions for the training rows themselves: each by a model that has not seen the row."""
    names = state.output_columns or [*([state.output_id] if state.output_id else []), state.target]
    columns = state.columns[state.train_file]
    pairs: dict[str, Piece] = {
        name: f"train[{literal(name)}]" if name in columns and name != state.target else "guesses" for name in names
    }
    if "guesses" not in pairs.values():
        pairs[f"predicted {state.target}"] = "guesses"
    return body(
        [
            *lines,
            "from sklearn.model_selection import cross_val_predict",
            "",
            "# No other rows are named, so each row is predicted by a model that has not seen it.",
            f"guesses = cross_val_predict(candidates[{literal(chosen)}], X, y, cv=5, n_jobs=-1)",
            render(prefixed("predictions = ", call("pd.DataFrame", dictionary(dict(pairs))))),
            *([f"Path({literal(state.output_file)}).parent.mkdir(parents=True, exist_ok=True)"] if lines else []),
            _writer(state.output_file),
            "",
            f"written = {_reader(state.output_file)}",
            f'print({literal(state.output_file)}, "has", len(written), "rows")',
            "written.head()",
        ]
    )


def _writer(path: str) -> str:
    ending = path.lower().rsplit(".", 1)[-1]
    name = literal(path)
    if ending in ("parquet", "pq"):
        return f"predictions.to_parquet({name}, index=False)"
    if ending in ("xlsx", "xls"):
        return f"predictions.to_excel({name}, index=False)"
    if ending in ("json", "jsonl", "ndjson"):
        return f'predictions.to_json({name}, orient="records"{", lines=True" if ending != "json" else ""})'
    return f"predictions.to_csv({name}, " + ('sep="\\t", ' if ending in ("tsv", "tab") else "") + "index=False)"


def _reader(path: str) -> str:
    ending = path.lower().rsplit(".", 1)[-1]
    name = literal(path)
    if ending in ("parquet", "pq"):
        return f"pd.read_parquet({name})"
    if ending in ("xlsx", "xls"):
        return f"pd.read_excel({name})"
    if ending in ("json", "jsonl", "ndjson"):
        return f"pd.read_json({name}{', lines=True' if ending != 'json' else ''})"
    return f"pd.read_csv({name}" + (', sep="\\t"' if ending in ("tsv", "tab") else "") + ")"
