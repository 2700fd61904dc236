"""Something was chosen by a score on rows that the result is then reported on."""

from __future__ import annotations

from collections.abc import Iterator

from ...flow.facts import Choice, Score
from ...flow.values import Place, Rows, disjoint, overlap
from ...rule import Found, Rule, Subject

_STUDY = (
    "A study over 2,047 tables (arXiv 2604.04199) counts peeking, the best of many seeds or tries, and early "
    "stopping on "
    "test data among the leaks that distort badly."
)


def judged_elsewhere(subject: Subject, rows: Rows, after: int) -> bool:
    """Whether some held-out score, noted after number `after`, is on rows that had no part in the choice."""
    return any(
        score.held_out and not score.folds and disjoint(score.rows, rows)
        for score in subject.facts.scores
        if score.number > after
    )


def _predicted_elsewhere(subject: Subject, rows: Rows) -> bool:
    """Whether rows without known target are predicted: a submission, for which the chosen rows were the validation."""
    scored = [score.rows for score in subject.facts.scores]
    return any(
        disjoint(predicted, rows)
        and not any(overlap(predicted, each) for each in scored)
        and not overlap(predicted, estimator.fitted)
        for estimator, predicted, _ in subject.facts.predictions
    )


def _compared(subject: Subject, choice: Choice) -> list[Score]:
    return [subject.facts.scores[number] for number in choice.scores]


def _is_threshold(score: Score) -> bool:
    return score.metric in ("precision_recall_curve", "roc_curve")


def _threshold_choice(subject: Subject, scores: list[Score]) -> bool:
    """One model, compared with itself: what varies is the cut. The scored predictions carry no new fit."""
    if any(_is_threshold(score) for score in scores):
        return True
    return (
        all(score.predicted is not None and score.predicted.scale == "class" for score in scores)
        and any(score.in_loop for score in scores)
        and all(score.estimator is not None and score.estimator.in_loop == 0 for score in scores)
        and not any(
            fit.loops & score.loops and fit.estimator is score.estimator
            for score in scores
            for fit in subject.facts.fits
        )
    )


def _choices(subject: Subject, threshold: bool) -> Iterator[Found]:
    told: set[tuple[frozenset[int], ...]] = set()
    places: set[Rows] = set()
    for choice in subject.facts.choices:
        scores = [s for s in _compared(subject, choice) if not s.folds and s.held_out and s.rows]
        if not scores or (frozenset(choice.scores),) in told:
            continue
        told.add((frozenset(choice.scores),))
        if _tells_the_range(subject, choice):
            continue
        if choice.tries == 1 and not any(_is_threshold(score) or score.in_loop for score in scores):
            continue
        is_threshold = _threshold_choice(subject, scores)
        if is_threshold is not threshold:
            continue
        rows: Rows = frozenset().union(*(score.rows for score in scores))
        if rows in places or judged_elsewhere(subject, rows, max(choice.scores)) or _predicted_elsewhere(subject, rows):
            continue
        if is_threshold and not _applied(subject, choice, rows):
            continue
        places.add(rows)
        few = not any(score.in_loop for score in scores) and 0 < choice.tries < 6
        yield subject.found(
            choice.place,
            "The threshold is chosen on the rows that the score is reported on."
            if threshold
            else "The best of several scores on the same rows is picked, and no other held-out rows judge what "
            "was picked.",
            severity="note" if _test_left(rows, scores) else "warning" if few else None,
        )


def _test_left(rows: Rows, scores: list[Score]) -> bool:
    """Whether a test part was split off before, which none of this has touched: the rows are for choosing."""
    outer = {each for part in rows for each in part.lineage() - rows if each.name == "train" and each.kind != "fold"}
    return any(all(part in each.lineage() for score in scores for each in score.fitted) for part in outer)


def _tells_the_range(subject: Subject, choice: Choice) -> bool:
    """Whether the least and the greatest of the same scores are both worked out: how far they reach, not the best."""
    hows = {
        other.how.removeprefix("nan").removeprefix("a")
        for other in subject.facts.choices
        if other.scores == choice.scores
    }
    return {"min", "max"} <= hows and choice.how in ("min", "max", "nanmin", "nanmax", "amin", "amax")


def _applied(subject: Subject, choice: Choice, rows: Rows) -> bool:
    """Whether the chosen cut is scored on the same rows, or the best score itself is the result."""
    later = [s for s in subject.facts.scores if s.number > max(choice.scores)]
    carried = any(t.kind == "choice" and overlap(t.rows, s.rows) for s in later for t in s.taints)
    return carried or not any(_is_threshold(s) for s in _compared(subject, choice))


def _on_test(subject: Subject) -> Iterator[Found]:
    yield from _choices(subject, threshold=False)


def _threshold(subject: Subject) -> Iterator[Found]:
    yield from _choices(subject, threshold=True)


def _early_stopping(subject: Subject) -> Iterator[Found]:
    told: set[Place] = set()
    for fit in subject.facts.fits:
        if not fit.stopping or fit.place in told:
            continue
        scored = [
            s
            for s in subject.facts.scores
            if s.rows
            and not s.folds
            and overlap(s.rows, fit.stopping)
            and s.metric != "loss"
            and not overlap(s.rows, fit.rows)
        ]
        if scored and not judged_elsewhere(subject, fit.stopping, -1):
            told.add(fit.place)
            yield subject.found(
                fit.place,
                "The training stops where these rows score best, and the result is reported on the same rows.",
            )


def _search_score(subject: Subject) -> Iterator[Found]:
    scores = subject.facts.scores
    reported = [each for each in subject.facts.choices if "arg" not in each.how and "idx" not in each.how]
    picked = {n for each in reported for n in each.scores if scores[n].metric == "cv_results_"}
    for score in scores:
        if (score.metric == "best_score_" or score.number in picked) and not any(
            other.held_out and other.metric not in ("best_score_", "cv_results_") for other in scores
        ):
            predicted = _predicted_elsewhere(subject, score.rows)
            yield subject.found(
                score.place,
                "The best score of the search is the only estimate of how good the model is.",
                severity="note" if predicted else None,
            )
            return


_DATA = """# %%
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import KNeighborsClassifier
X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""
_PART = "X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, random_state=1)\n"

RULES = (
    Rule(
        id="chosen_on_test",
        area="evaluation",
        severity="error",
        title="The best of many tries on the test rows is reported",
        why="The best of many scores is too good by chance, the more tries and the fewer rows, the more. " + _STUDY,
        advice="Choose by cross-validation or on a validation part, and score the chosen one once on rows kept aside.",
        bad=_DATA
        + """best = 0
for k in range(1, 30):
    score = KNeighborsClassifier(k).fit(X_train, y_train).score(X_test, y_test)
    if score > best:
        best = score
print(best)
#> 0.97
""",
        good=_DATA
        + _PART
        + """best, model = 0, None
for k in range(1, 30):
    candidate = KNeighborsClassifier(k).fit(X_fit, y_fit)
    score = candidate.score(X_val, y_val)
    if score > best:
        best, model = score, candidate
print(model.score(X_test, y_test))
#> 0.93
""",
        check=_on_test,
    ),
    Rule(
        id="threshold_on_test",
        area="evaluation",
        severity="error",
        title="The threshold is chosen on the test rows",
        why="The cut fits the chance of these rows. " + _STUDY,
        advice="Choose the threshold on training or validation rows (TunedThresholdClassifierCV does so) and "
        "score once.",
        bad=_DATA
        + """import numpy as np
p = LogisticRegression(max_iter=5000).fit(X_train, y_train == 1).predict_proba(X_test)[:, 1]
cuts = np.linspace(0, 1, 101)
best = max(f1_score(y_test == 1, p > cut) for cut in cuts)
print('F1', best)
#> F1 0.98
""",
        good=_DATA
        + _PART
        + """import numpy as np
model = LogisticRegression(max_iter=5000).fit(X_fit, y_fit == 1)
cuts = np.linspace(0, 1, 101)
p = model.predict_proba(X_val)[:, 1]
cut = cuts[np.argmax([f1_score(y_val == 1, p > each) for each in cuts])]
print('F1', f1_score(y_test == 1, model.predict_proba(X_test)[:, 1] > cut))
#> F1 0.95
""",
        check=_threshold,
    ),
    Rule(
        id="early_stopping_on_test",
        area="evaluation",
        severity="error",
        title="Early stopping watches the test rows",
        why="The number of rounds is fitted to the test rows, so their score is no estimate any more. " + _STUDY,
        advice="Let early stopping watch a validation part of the training rows.",
        bad=_DATA
        + """import xgboost as xgb
model = xgb.XGBClassifier(n_estimators=5000, early_stopping_rounds=50, random_state=0)
model.fit(X_train, y_train, eval_set=[(X_test, y_test)])
print(model.score(X_test, y_test))
#> 0.97
""",
        good=_DATA
        + _PART
        + """import xgboost as xgb
model = xgb.XGBClassifier(n_estimators=5000, early_stopping_rounds=50, random_state=0)
model.fit(X_fit, y_fit, eval_set=[(X_val, y_val)])
print(model.score(X_test, y_test))
#> 0.95
""",
        check=_early_stopping,
    ),
    Rule(
        id="search_score_as_estimate",
        area="evaluation",
        severity="warning",
        title="The best score of a search is the only estimate",
        why="It is the best of all candidates on the same folds, so it is too good by chance; with few "
        "candidates a little, "
        "with many candidates and few rows clearly.",
        advice="Keep rows aside and score the search's result there once, or nest the search in cross-validation.",
        bad=_DATA
        + """search = GridSearchCV(KNeighborsClassifier(), {'n_neighbors': range(1, 40)}, cv=5)
search.fit(X, y)
print(search.best_score_)
#> 0.96
""",
        good=_DATA
        + """search = GridSearchCV(KNeighborsClassifier(), {'n_neighbors': range(1, 40)}, cv=5)
search.fit(X_train, y_train)
print(search.best_score_, search.score(X_test, y_test))
#> 0.96 0.94
""",
        check=_search_score,
    ),
)
