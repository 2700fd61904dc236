"""Rows that a score is computed on were learnt from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...flow.facts import Score
from ...flow.values import Place, covers, drawn_twice, includes, overlap
from ...rule import Found, Rule, Subject

_TRAINING = re.compile(
    r"\btrain(?:ing)?\b.{0,30}\b(?:score|accuracy|error|loss|set|r2|rmse|mae|f1|auc)\b|"
    r"\b(?:score|accuracy|error|loss|r2|rmse|mae|f1|auc)\b.{0,30}\btrain(?:ing)?\b|\bin[- ]sample\b",
    re.I,
)
_NOT_A_CLAIM = {"loss", "roc_curve", "precision_recall_curve"}


def _names_a_split(score: Score) -> bool:
    if any(part.parents and part.kind not in ("mask", "array") for part in score.rows):
        return True
    # One of several files that were put together to learn from.
    return all(part.kind == "file" for part in score.fitted) and score.rows < score.fitted


def _test_in_training(subject: Subject) -> Iterator[Found]:
    """The rows of the score are one side of a split; what was learnt from holds them and more."""
    told: set[Place] = set()
    for score in subject.facts.scores:
        if not score.folds and drawn_twice(score.rows, score.fitted) and score.place not in told:
            told.add(score.place)
            yield subject.found(
                score.place,
                f"The rows scored here, and those that {_name(score)} learnt from, were drawn independently from "
                "the same rows, so many are in both.",
            )
        if not score.seen or score.metric in _NOT_A_CLAIM or score.place in told or not score.rows:
            continue
        more = includes(score.fitted, score.rows) and not includes(score.rows, score.fitted)
        more |= score.rows < score.fitted
        # A part of what was learnt from, shown in a loop or a learning curve, isn't a test part.
        if more and _names_a_split(score) and _is_test_side(subject, score):
            told.add(score.place)
            yield subject.found(
                score.place,
                f"The rows scored here are among those that {_name(score)} learnt from.",
            )


def _is_test_side(subject: Subject, score: Score) -> bool:
    """Not the training side of a split whose other side is scored, too."""
    return not any(
        part.name in ("train", "0") and part.kind in ("random", "ordered", "fold", "file") for part in score.rows
    )


def _name(score: Score) -> str:
    return score.estimator.name if score.estimator is not None and score.estimator.name != "Booster" else "the model"


def _on_training_data(subject: Subject) -> Iterator[Found]:
    """A model whose only scores are on rows that it learnt from."""
    scores = subject.facts.scores
    honest = [score for score in scores if score.held_out]
    told: set[Place] = set()
    for score in scores:
        if score.estimator is None or not score.seen or score.metric in _NOT_A_CLAIM or score.place in told:
            continue
        if not includes(score.rows, score.fitted):
            continue
        if any(
            other.estimator is score.estimator
            or (other.estimator is not None and other.estimator.name == score.estimator.name)
            for other in honest
        ):
            continue
        if any(estimator.name.startswith("Dummy") for estimator in score.estimator.every()):
            continue
        told.add(score.place)
        yield subject.found(
            score.place,
            f"The only score of {_name(score)} is on rows that it learnt from.",
            # Where others are held to the test, this one is beside them: shown, not claimed.
            severity="note" if _says_training(subject, score) else "warning" if honest else None,
        )


def _says_training(subject: Subject, score: Score) -> bool:
    """Whether the cell calls the score, where it prints it, what it is: one of the training rows."""
    tree = subject.notebook.cells[score.place.cell - 1].tree
    texts = [each.value for each in ast.walk(tree or ast.Module([], [])) if isinstance(each, ast.Constant)]
    return any(isinstance(each, str) and _TRAINING.search(each) for each in texts)


def _refitted(subject: Subject) -> Iterator[Found]:
    scored = [score for score in subject.facts.scores if score.held_out and not score.folds]
    told: set[Place] = set()
    for score in scored:
        for taint in sorted(score.taints, key=lambda each: (each.place.cell, each.place.line)):
            if (
                taint.kind
                not in (
                    "scaling",
                    "imputation",
                    "encoding",
                    "vectorising",
                    "projection",
                    "binning",
                    "supervised_selection",
                    "selection",
                    "statistic",
                )
                or taint.place in told
            ):
                continue
            if covers(score.rows, taint.rows) and not overlap(taint.rows, score.fitted):
                told.add(taint.place)
                yield subject.found(
                    taint.place,
                    f"The preparation ({taint.what or taint.kind}) was fitted on the test rows by themselves.",
                )


_DATA = """# %%
from sklearn.datasets import load_wine
from sklearn.svm import SVC
from sklearn.model_selection import train_test_split
X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""

RULES = (
    Rule(
        id="test_in_training",
        area="evaluation",
        severity="error",
        title="Test rows among the training rows",
        why="The score is on rows that the model has seen; a model that memorises looks perfect.",
        advice="Fit on the training part only, and score on rows that no step has seen.",
        bad=_DATA + "model = SVC().fit(X, y)\nprint(model.score(X_test, y_test))\n#> 0.99\n",
        good=_DATA + "model = SVC().fit(X_train, y_train)\nprint(model.score(X_test, y_test))\n#> 0.93\n",
        check=_test_in_training,
    ),
    Rule(
        id="metric_on_training_data",
        area="evaluation",
        severity="error",
        title="The only score is on training rows",
        why="A score on the rows that were learnt from says how well the model memorises, not how well it "
        "predicts. Deep trees "
        "and nearest neighbours reach 100 % there on noise.",
        advice="Hold rows out, or use cross-validation, and report that score.",
        bad=_DATA.replace("X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)\n", "")
        + "model = SVC().fit(X, y)\nprint(model.score(X, y))\n#> 0.99\n",
        good=_DATA
        + "model = SVC().fit(X_train, y_train)\nprint(model.score(X_train, y_train), model.score(X_test, y_test))\n"
        "#> 0.99 0.93\n",
        check=_on_training_data,
    ),
    Rule(
        id="refitted_on_test",
        area="evaluation",
        severity="warning",
        title="Preparation fitted anew on the test rows",
        why="The same value means different things in the two parts, and a single new row could not be prepared "
        "at all. The "
        "score belongs to no model that could be used.",
        advice="Call transform, not fit_transform, on the test rows; fill gaps with the training rows' values.",
        bad=_DATA
        + """from sklearn.preprocessing import StandardScaler
scaler = StandardScaler()
model = SVC().fit(scaler.fit_transform(X_train), y_train)
print(model.score(scaler.fit_transform(X_test), y_test))
#> 0.97
""",
        good=_DATA
        + """from sklearn.preprocessing import StandardScaler
scaler = StandardScaler()
model = SVC().fit(scaler.fit_transform(X_train), y_train)
print(model.score(scaler.transform(X_test), y_test))
#> 0.97
""",
        check=_refitted,
    ),
)
