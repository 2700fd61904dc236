"""Metrics that are called wrongly, or that don't say what they seem to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...flow.facts import Score
from ...flow.known import LABEL_METRICS
from ...rule import Found, Rule, Subject, calls_named, last_name

_ASYMMETRIC = {
    "precision_score",
    "recall_score",
    "r2_score",
    "classification_report",
    "confusion_matrix",
    "roc_auc_score",
    "average_precision_score",
    "log_loss",
    "brier_score_loss",
    "mean_absolute_percentage_error",
    "fbeta_score",
    "explained_variance_score",
    "roc_curve",
    "precision_recall_curve",
    "balanced_accuracy_score",
    "precision_recall_fscore_support",
    "mean_squared_log_error",
}
_WANT_SCORES = {
    "roc_auc_score",
    "average_precision_score",
    "log_loss",
    "brier_score_loss",
    "roc_curve",
    "precision_recall_curve",
}
_MARGIN_IS_WRONG = {"log_loss", "brier_score_loss"}
_FAIR = re.compile(
    r"precision|recall|balanced|matthews|kappa|confusion|classification_report|sensitivity|specificity|fbeta|log_loss|"
    r"brier|jaccard|(?<![a-z])(?:f1|roc|auc|auroc|mcc|gmean|g_mean|pr_curve|lift)",
    re.IGNORECASE,
)


def _swapped(subject: Subject) -> Iterator[Found]:
    told = set()
    for score in subject.facts.scores:
        if score.metric not in _ASYMMETRIC or score.place in told or score.true is None or score.predicted is None:
            continue
        first, second = score.true, score.predicted
        if first.kind == "prediction" and second.kind == "data" and second.rows and first.estimator is not None:
            told.add(score.place)
            yield subject.found(
                score.place,
                f"{score.metric} is given the predictions first and the truth second.",
            )


def _labels(subject: Subject) -> Iterator[Found]:
    told = set()
    for score in subject.facts.scores:
        predicted = score.predicted
        if (
            score.metric not in _WANT_SCORES
            or predicted is None
            or predicted.kind != "prediction"
            or score.place in told
        ):
            continue
        if any(_scored_rightly(other, score) for other in subject.facts.scores):
            continue  # both are shown, side by side
        regressor = predicted.estimator is not None and not predicted.estimator.classifies
        if predicted.scale == "class" or (predicted.scale == "label" and not regressor):
            told.add(score.place)
            yield subject.found(
                score.place,
                f"{score.metric} is given predicted classes instead of probabilities or scores.",
            )


def _scored_rightly(one: Score, other: Score) -> bool:
    """Whether the one is the same metric of the same model on the same rows, from probabilities or scores."""
    same = (one.metric, one.rows, one.estimator) == (other.metric, other.rows, other.estimator)
    return same and one.predicted is not None and one.predicted.scale in ("probability", "margin")


def _scale(subject: Subject) -> Iterator[Found]:
    told = set()
    for score in subject.facts.scores:
        true, predicted = score.true, score.predicted
        if true is None or predicted is None or score.place in told or predicted.kind != "prediction":
            continue
        if score.metric in LABEL_METRICS and predicted.scale in ("probability", "margin") and score.metric != "error":
            what = f"{score.metric} is given probabilities or margins instead of classes."
        elif predicted.estimator is None or predicted.estimator.role not in ("model", "search", "composite"):
            continue
        elif (
            predicted.scale == "log"
            and true.scale != "log"
            and true.kind == "data"
            and predicted.estimator.scale == "log"
        ):
            what = "The predictions are logarithms, the truth isn't."
        elif predicted.scale == "scaled" and predicted.estimator.scale == "scaled" and true.scale != "scaled":
            what = "The predictions are of a scaled target, the truth isn't scaled."
        elif (
            true.scale == "log"
            and predicted.scale != "log"
            and predicted.scale != "output"
            and predicted.estimator.target
        ):
            what = "The truth is a logarithm, the predictions aren't."
        else:
            continue
        told.add(score.place)
        yield subject.found(score.place, what)


def _imbalance(subject: Subject) -> Iterator[Found]:
    scores = [score for score in subject.facts.scores if score.metric != "loss"]
    accuracies = [s for s in scores if re.fullmatch(r"accuracy|accuracy_score", s.metric)]
    if not accuracies or any(_FAIR.search(score.metric) for score in scores):
        return
    code = "\n".join(cell.source for cell in subject.notebook.code)
    if _FAIR.search(re.sub(r"(?m)^\s*(?:from .*)?import .*$", "", code)):
        return
    evidence = _share_of_largest(subject)
    if evidence:
        score = accuracies[-1]
        yield subject.found(
            score.place,
            f"Accuracy is the only metric, but {evidence}.",
        )


_COUNT = re.compile(r"(?m)^\s*\S.*?\s{2,}(\d[\d,]*(?:\.\d+)?)\s*%?\s*$")


def _share_of_largest(subject: Subject) -> str:
    for cell, call in calls_named(subject.notebook, "value_counts", "bincount", "Counter", "unique"):
        numbers = [float(each.replace(",", "")) for each in _COUNT.findall(cell.printed)]
        if last_name(call.func) != "value_counts":
            arrays = re.findall(r"\[([\d\s,]+)\]|\{([^}]*)\}", cell.printed)
            numbers = [
                float(each) for pair in arrays[-1:] for each in re.findall(r"\d+(?![\d:]*:)", pair[0] or pair[1])
            ]
        if 2 <= len(numbers) <= 20 and sum(numbers) > 0 and max(numbers) / sum(numbers) >= 0.85:
            return f"{max(numbers) / sum(numbers):.0%} of the rows are of one class (cell {cell.number})"
    for cell, call in calls_named(subject.notebook, "make_classification"):
        for key in call.keywords:
            if key.arg == "weights" and isinstance(key.value, ast.List | ast.Tuple):
                weights = [
                    each.value
                    for each in key.value.elts
                    if isinstance(each, ast.Constant) and isinstance(each.value, float)
                ]
                if weights and (max(weights) >= 0.85 or min(weights) <= 0.15):
                    return f"the data is made with {max(weights):.0%} of one class (cell {cell.number})"
    for cell in subject.notebook.prose:
        if re.search(
            r"\b(?:(?:highly|very|heavily|strongly|severely) (?:im|un)balanced|(?:im|un)balanced (?:classes|"
            r"data|target))\b",
            cell.source,
            re.IGNORECASE,
        ):
            return f"cell {cell.number} says that the classes are imbalanced"
    return ""


_BASELINE = re.compile(
    r"dummy|baseline|naive|majority|most[_ ]frequent|null model|chance|guess|persistence|benchmark", re.I
)


def _no_baseline(subject: Subject) -> Iterator[Found]:
    scores = [
        s for s in subject.facts.scores if (s.held_out or s.seen) and s.metric != "loss" and s.estimator is not None
    ]
    known_chance = re.compile(r"r2|roc|auc|matthews|kappa|balanced|explained|adjusted")
    names = {s.estimator.name for s in scores if s.estimator is not None}
    if not scores or any(known_chance.search(s.metric) for s in scores) or len(names) > 1:
        return
    # What a regressor's own score() returns is R², whose baseline is 0 by definition.
    if all(s.metric == "score" for s in scores):
        return
    text = "\n".join(cell.source for cell in subject.notebook.cells)
    if _BASELINE.search(text) or _share_of_largest(subject) or "value_counts(normalize" in text:
        return
    last = scores[-1].place
    yield subject.found(last, "The model's score is compared with nothing.")


_HEAD = """# %%
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import *
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split
df = pd.read_csv('table.csv')
train, test = train_test_split(df, random_state=0)
X_train, X_test, y_train, y_test = train[['a', 'b']], test[['a', 'b']], train['y'], test['y']
""".replace("from sklearn.metrics import *\n", "")
_FIT = "model = LogisticRegression().fit(X_train, y_train)\n"
_COUNTS = "print(df['y'].value_counts())\n#> y\n#> 0    9702\n#> 1     298\n"

RULES = (
    Rule(
        id="swapped_arguments",
        area="evaluation",
        severity="error",
        title="Truth and predictions are swapped",
        why="These metrics aren't symmetric: precision and recall change places, R² divides by the wrong variance.",
        advice="Give the truth first: metric(y_true, y_pred).",
        bad=_HEAD + _FIT + "print('recall', recall_score(model.predict(X_test), y_test))\n#> recall 0.9\n",
        good=_HEAD + _FIT + "print('recall', recall_score(y_test, model.predict(X_test)))\n#> recall 0.6\n",
        check=_swapped,
    ),
    Rule(
        id="labels_for_probabilities",
        area="evaluation",
        severity="warning",
        title="Classes where probabilities are needed",
        why="With classes the curve has one point: the area is the balanced accuracy at one threshold, mostly "
        "too small, and log "
        "loss is arbitrary.",
        advice="Pass predict_proba(X)[:, 1] or decision_function(X).",
        bad=_HEAD + _FIT + "print(roc_auc_score(y_test, model.predict(X_test)))\n#> 0.7\n",
        good=_HEAD + _FIT + "print(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))\n#> 0.8\n",
        check=_labels,
    ),
    Rule(
        id="wrong_scale",
        area="evaluation",
        severity="error",
        title="Truth and predictions are on different scales",
        why="Logarithms against the values themselves, or probabilities against classes: the figure means nothing.",
        advice="Bring both to one scale (np.expm1 of the predictions, a threshold on the probabilities) before "
        "scoring.",
        bad=_HEAD + "model = LinearRegression().fit(X_train, np.log1p(y_train))\n"
        "print('MAE', mean_absolute_error(y_test, model.predict(X_test)))\n#> MAE 1200\n",
        good=_HEAD + "model = LinearRegression().fit(X_train, np.log1p(y_train))\n"
        "print('MAE', mean_absolute_error(y_test, np.expm1(model.predict(X_test))))\n#> MAE 120\n",
        check=_scale,
    ),
    Rule(
        id="accuracy_under_imbalance",
        area="evaluation",
        severity="warning",
        title="Accuracy alone on imbalanced classes",
        why="Always answering with the largest class already has an accuracy of its share, and finds nothing of "
        "the rest.",
        advice="Report recall and precision of the rare class, balanced accuracy, or the area under the "
        "precision-recall curve.",
        bad=_HEAD + _COUNTS + _FIT + "print(accuracy_score(y_test, model.predict(X_test)))\n#> 0.97\n",
        good=_HEAD
        + _COUNTS
        + _FIT
        + "p = model.predict(X_test)\nprint(accuracy_score(y_test, p), f1_score(y_test, p))\n"
        "#> 0.97 0.4\n",
        check=_imbalance,
    ),
    Rule(
        id="no_baseline",
        area="evaluation",
        severity="note",
        title="No baseline",
        why="A figure alone doesn't say whether the model has learnt anything: guessing may be as good.",
        advice="Score DummyClassifier or DummyRegressor, or what is done today, on the same rows.",
        bad=_HEAD + _FIT + "print(accuracy_score(y_test, model.predict(X_test)))\n#> 0.7\n",
        good=_HEAD
        + "from sklearn.dummy import DummyClassifier\n"
        + _FIT
        + "print(accuracy_score(y_test, model.predict(X_test)))\n"
        "print(DummyClassifier().fit(X_train, y_train).score(X_test, y_test))\n#> 0.7\n#> 0.5\n",
        check=_no_baseline,
    ),
)
