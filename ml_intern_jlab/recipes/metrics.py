"""The metrics that a task may name: their spellings, and how a cell computes them with scikit-learn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["classification", "regression"]


@dataclass(frozen=True)
class Metric:
    """One metric as a cell uses it.

    `scoring` is the Python expression for scikit-learn's `scoring=`; `function` an expression of `truth` and `guess`,
    where `guess` is what `response` says: predicted labels, the positive class's probability ("score"), one
    probability a class ("probabilities"), or numbers ("value"). `imports` are names of `sklearn.metrics`.
    `balanced` says that rare classes count as much as frequent ones, so that class weights help.
    """

    name: str
    kind: Kind
    scoring: str
    function: str
    imports: tuple[str, ...]
    response: Literal["labels", "score", "probabilities", "value"]
    greater_is_better: bool = True
    balanced: bool = False


def _labels(name: str, scoring: str, function: str, *imports: str, balanced: bool = False) -> Metric:
    return Metric(name, "classification", scoring, function, imports, "labels", balanced=balanced)


def _value(name: str, scoring: str, function: str, *imports: str, greater_is_better: bool = False) -> Metric:
    return Metric(name, "regression", scoring, function, imports, "value", greater_is_better)


_ALL = (
    _labels("accuracy", '"accuracy"', "accuracy_score(truth, guess)", "accuracy_score"),
    _labels(
        "balanced accuracy",
        '"balanced_accuracy"',
        "balanced_accuracy_score(truth, guess)",
        "balanced_accuracy_score",
        balanced=True,
    ),
    _labels("macro F1", '"f1_macro"', 'f1_score(truth, guess, average="macro")', "f1_score", balanced=True),
    _labels("weighted F1", '"f1_weighted"', 'f1_score(truth, guess, average="weighted")', "f1_score"),
    _labels("micro F1", '"f1_micro"', 'f1_score(truth, guess, average="micro")', "f1_score"),
    _labels("Matthews correlation", '"matthews_corrcoef"', "matthews_corrcoef(truth, guess)", "matthews_corrcoef"),
    _labels(
        "Cohen's kappa",
        "make_scorer(cohen_kappa_score)",
        "cohen_kappa_score(truth, guess)",
        "cohen_kappa_score",
        "make_scorer",
    ),
    _labels(
        "quadratic weighted kappa",
        'make_scorer(cohen_kappa_score, weights="quadratic")',
        'cohen_kappa_score(truth, guess, weights="quadratic")',
        "cohen_kappa_score",
        "make_scorer",
    ),
    Metric("ROC AUC", "classification", '"roc_auc"', "roc_auc_score(truth, guess)", ("roc_auc_score",), "score"),
    Metric(
        "log loss",
        "classification",
        '"neg_log_loss"',
        "log_loss(truth, guess, labels=model.classes_)",
        ("log_loss",),
        "probabilities",
        greater_is_better=False,
    ),
    _value("RMSE", '"neg_root_mean_squared_error"', "root_mean_squared_error(truth, guess)", "root_mean_squared_error"),
    _value("MSE", '"neg_mean_squared_error"', "mean_squared_error(truth, guess)", "mean_squared_error"),
    _value("MAE", '"neg_mean_absolute_error"', "mean_absolute_error(truth, guess)", "mean_absolute_error"),
    _value(
        "median absolute error",
        '"neg_median_absolute_error"',
        "median_absolute_error(truth, guess)",
        "median_absolute_error",
    ),
    _value(
        "RMSLE",
        '"neg_root_mean_squared_log_error"',
        "root_mean_squared_log_error(truth, guess)",
        "root_mean_squared_log_error",
    ),
    _value(
        "MAPE",
        '"neg_mean_absolute_percentage_error"',
        "mean_absolute_percentage_error(truth, guess)",
        "mean_absolute_percentage_error",
    ),
    _value("R²", '"r2"', "r2_score(truth, guess)", "r2_score", greater_is_better=True),
    _value(
        "explained variance",
        '"explained_variance"',
        "explained_variance_score(truth, guess)",
        "explained_variance_score",
        greater_is_better=True,
    ),
)

POSITIVE_CLASS_METRICS = ("F1", "precision", "recall", "average precision", "Brier score")
"""Metrics that need to know which of two classes is the positive one; `metric_named` fills it in."""

NAMES: tuple[str, ...] = (*(metric.name for metric in _ALL), *POSITIVE_CLASS_METRICS)
"""Every metric's normalised name."""

_WEIGHTED = r"(?:quadratic(?:ally)?[\s-]*weighted|weighted[\s-]*quadratic|quadratic)"
_SPELLINGS: tuple[tuple[str, str], ...] = (
    (rf"{_WEIGHTED}[\s-]*(?:cohen['’]?s?[\s-]*)?kappa|\bqwk\b|kappa\s*\(\s*quadratic", "quadratic weighted kappa"),
    (r"cohen['’]?s?[\s_-]*kappa|\bkappa\b", "Cohen's kappa"),
    (
        r"balanced[\s_-]*accuracy|mean per[\s-]class (?:recall|accuracy)|macro[\s_-]*(?:averaged?[\s-]*)?recall"
        r"|unweighted average recall|\buar\b|\bbacc\b",
        "balanced accuracy",
    ),
    (
        r"macro[\s_-]*(?:averaged?[\s_-]*)?f[\s_-]?1|f[\s_-]?1[\s_-]*(?:score|measure)?[\s_,-]*\(?\s*macro"
        r"|average\s*=\s*['\"]macro",
        "macro F1",
    ),
    (
        r"weighted[\s_-]*(?:averaged?[\s_-]*)?f[\s_-]?1|f[\s_-]?1[\s_-]*(?:score|measure)?[\s_,-]*\(?\s*weighted",
        "weighted F1",
    ),
    (r"micro[\s_-]*(?:averaged?[\s_-]*)?f[\s_-]?1|f[\s_-]?1[\s_-]*(?:score|measure)?[\s_,-]*\(?\s*micro", "micro F1"),
    (r"\bf[\s_-]?1\b|\bf[\s-]?(?:score|measure)\b", "F1"),
    (
        r"average[\s_-]precision|\bpr[\s_-]*auc\b|\bauc[\s_-]*pr\b|\bauprc?c?\b"
        r"|area under (?:the |a )?(?:precision[\s/–-]*recall|pr)\b",
        "average precision",
    ),
    (
        r"\broc[\s_-]*auc\b|\bauc[\s_-]*roc\b|\bauroc\b|\bauc\b|\broc\b|area under (?:the |a )?(?:roc|receiver|curve)"
        r"|gini coefficient",
        "ROC AUC",
    ),
    (r"log[\s_-]?loss|cross[\s_-]?entropy|logarithmic loss|log[\s_-]?likelihood", "log loss"),
    (r"\bbrier\b", "Brier score"),
    (r"matthews|\bmcc\b|\bphi coefficient\b", "Matthews correlation"),
    (r"\brmsle\b|root[\s-]mean[\s-]squared?[\s-]log(?:arithmic)?(?:[\s-]error)?|\bmsle\b|mean squared log", "RMSLE"),
    (r"\brmse\b|root[\s-]*mean[\s-]*squared?[\s-]*(?:error|deviation)|\brmsd\b|root of the mean squared", "RMSE"),
    (r"\bmse\b|mean[\s-]*squared?[\s-]*error|squared error", "MSE"),
    (r"\bs?mape\b|mean[\s-]*absolute[\s-]*percent(?:age)?[\s-]*error|percentage error", "MAPE"),
    (r"\bmedae\b|median[\s-]*absolute[\s-]*(?:error|deviation)", "median absolute error"),
    (r"\bmae\b|mean[\s-]*absolute[\s-]*(?:error|deviation)|absolute error", "MAE"),
    (r"\br[\s_-]?(?:2|²|\^2|\*\*2)(?:[\s_-]*score)?(?!\w)|\br[\s-]?squared\b|coefficient of determination", "R²"),
    (r"explained variance", "explained variance"),
    (
        r"\baccuracy\b|error rate|misclassification|share of correct|correctly classified"
        r"|per ?cent(?:age)? correct|fraction correct",
        "accuracy",
    ),
    (r"\b(?:precision)\b", "precision"),
    (r"\b(?:recall|sensitivity)\b", "recall"),
)
_REFUSED = re.compile(
    r"(?:instead of|rather than|not|no|ignore|without|don't use|do not use)\s+(?:the\s+|by\s+)?$", re.I
)


def metrics_in(text: str) -> tuple[str, ...]:
    """The normalised names of the metrics that `text` names, the chief one first.

    The chief one stands next to words such as "metric" or "scored by"; failing that it is the first that is named.
    Metrics after "instead of", "rather than" or "not" don't count.
    """
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, int, str]] = []
    for pattern, name in _SPELLINGS:
        for match in re.finditer(pattern, text, re.I):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            before = re.split(r"[.!?;]\s", text[max(0, match.start() - 60) : match.start()])[-1]
            after = re.split(r"[.!?;]", text[match.end() : match.end() + 30])[0]
            if _REFUSED.search(before):
                continue
            chief = re.search(
                r"metric|scor(?:e|ed|ing)\b|measure|evaluat|judged|optimi[sz]|minimi[sz]|maximi[sz]|graded|objective",
                before + after,
                re.I,
            )
            found.append((0 if chief else 1, match.start(), name))
    return tuple(dict.fromkeys(name for _, _, name in sorted(found)))


def is_metric(name: str) -> bool:
    """Whether a name is a metric's and nothing else."""
    return any(re.fullmatch(pattern, name.strip(), re.I) for pattern, _ in _SPELLINGS)


def metric_named(name: str, positive: str = "", multiclass: bool = False) -> Metric:
    """The metric of a normalised name.

    Args:
        name: one of `NAMES`.
        positive: Python source of the positive class, where there are two classes.
        multiclass: more than two classes; metrics of two classes then become their macro average.

    Raises:
        KeyError: no metric has that name.
    """
    if name == "ROC AUC" and multiclass:
        function = 'roc_auc_score(truth, guess, multi_class="ovr")'
        return Metric(name, "classification", '"roc_auc_ovr"', function, ("roc_auc_score",), "probabilities")
    if name in POSITIVE_CLASS_METRICS:
        return _of_positive_class(name, positive, multiclass)
    return next(metric for metric in _ALL if metric.name == name) if name in NAMES else _unknown(name)


def _unknown(name: str) -> Metric:
    raise KeyError(name)


def _of_positive_class(name: str, positive: str, multiclass: bool) -> Metric:
    if name in ("F1", "precision", "recall"):
        function = {"F1": "f1_score", "precision": "precision_score", "recall": "recall_score"}[name]
        option = 'average="macro"' if multiclass else f"pos_label={positive}"
        call = f"{function}(truth, guess, {option}, zero_division=0)"
        scorer = f"make_scorer({function}, {option}, zero_division=0)"
        shown = f"macro {name}" if multiclass else name
        return Metric(shown, "classification", scorer, call, (function, "make_scorer"), "labels", balanced=True)
    if multiclass:
        return metric_named("log loss")
    if name == "Brier score":
        return Metric(
            name,
            "classification",
            f'make_scorer(brier_score_loss, greater_is_better=False, response_method="predict_proba", '
            f"pos_label={positive})",
            f"brier_score_loss(truth, guess, pos_label={positive})",
            ("brier_score_loss", "make_scorer"),
            "score",
            greater_is_better=False,
        )
    return Metric(
        name,
        "classification",
        f'make_scorer(average_precision_score, response_method="predict_proba", pos_label={positive})',
        f"average_precision_score(truth, guess, pos_label={positive})",
        ("average_precision_score", "make_scorer"),
        "score",
    )


def kind_of(name: str) -> Kind:
    """Whether a metric judges classes or numbers."""
    return "regression" if any(m.name == name and m.kind == "regression" for m in _ALL) else "classification"
