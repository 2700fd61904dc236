"""Something was learnt from all rows, test rows among them, before they were parted."""

from __future__ import annotations

from collections.abc import Iterator

from ...flow.values import Place, Rows, Taint, Value, covers, gathered
from ...rule import Found, Rule, Subject

_STUDY = "A study over 2,047 tables (arXiv 2604.04199)"
_HARMLESS = {"scaling", "imputation", "encoding", "vectorising", "projection", "binning", "selection", "statistic"}
_WORDS = {
    "scaling": "Scaling",
    "imputation": "The values that fill gaps",
    "encoding": "The encoding",
    "vectorising": "The vocabulary and its weights",
    "projection": "The projection",
    "binning": "The bins",
    "selection": "The selection of columns",
    "statistic": "A statistic",
}


def leaks(subject: Subject) -> list[tuple[Taint, Value | None]]:
    """What was learnt from rows that were held out later, with the target where it is known.

    Once for each place, and there for each column that was averaged.
    """
    found: dict[tuple[str, Place, frozenset[str]], tuple[Taint, Value | None]] = {}
    facts = subject.facts
    targets = [fit.target for fit in facts.fits if fit.target is not None]
    tested = any(score.held_out and not score.folds for score in facts.scores)

    def add(taint: Taint, target: Value | None) -> None:
        found.setdefault((taint.kind, taint.place, taint.columns), (taint, target))

    for score in facts.scores:
        if score.estimator is None or not score.rows:
            continue
        for taint in score.taints:
            told_by_test = covers(taint.rows, score.rows)
            told_by_training = covers(taint.rows, score.fitted)
            # Cross-validation inside a training part only helps to choose; what it tells is judged on the test part.
            if (
                score.folds
                and tested
                and taint.kind in _HARMLESS
                and all(part.parents and part.kind != "array" for part in score.rows)
            ):
                continue
            if told_by_test and told_by_training and (score.folds or score.held_out):
                add(taint, score.estimator.target)
    for split in facts.splits:
        rows: Rows = gathered(split.source).rows
        if split.folds or split.how == "same":
            continue
        for taint in gathered(split.source).taints:
            if covers(taint.rows, rows):
                add(taint, targets[-1] if targets else None)
    return list(found.values())


def _preprocessing(subject: Subject) -> Iterator[Found]:
    nested = _searched_rows(subject)
    told: set[Place] = set()
    encoded = {taint.columns for taint, _ in leaks(subject) if taint.kind in ("group_statistic", "target_encoding")}
    for taint, _ in leaks(subject):
        # The target's mean, which an encoding of the target is mixed with, is told with that.
        if taint.place in told or (taint.columns and taint.columns in encoded):
            continue
        if taint.kind in _HARMLESS and not (nested and taint.rows <= nested):
            told.add(taint.place)
            what = f" ({taint.what})" if taint.what else ""
            yield subject.found(
                taint.place, f"{_WORDS[taint.kind]}{what} was learnt from all rows, before some were held out."
            )


def _searched_rows(subject: Subject) -> Rows:
    """Training parts that are only split further by cross-validation, while a test part was held out before."""
    return frozenset(part for fit in subject.facts.fits for part in fit.rows if part.name == "train" and part.parents)


def _selection(subject: Subject) -> Iterator[Found]:
    told: set[Place] = set()
    for taint, target in leaks(subject):
        names = target.derivation.columns if target is not None else frozenset()
        by_relation = taint.kind == "relation" and bool(taint.columns & names)
        if (taint.kind == "supervised_selection" or by_relation) and taint.place not in told:
            told.add(taint.place)
            yield subject.found(
                taint.place,
                f"Columns were selected ({taint.what or 'by the target'}) with the target of rows that are "
                "held out later.",
            )


def _resampling(subject: Subject) -> Iterator[Found]:
    for taint, _ in leaks(subject):
        if taint.kind == "resampling":
            yield subject.found(
                taint.place,
                f"Rows were resampled ({taint.what}) before the split, so copies or mixtures of test rows "
                "are among the training rows.",
            )


def _target_encoding(subject: Subject) -> Iterator[Found]:
    told: set[Place] = set()
    for taint, target in leaks(subject):
        names = target.derivation.columns if target is not None else frozenset()
        averaged = taint.kind == "group_statistic" and taint.columns & names
        if (taint.kind == "target_encoding" or averaged) and taint.place not in told:
            told.add(taint.place)
            yield subject.found(
                taint.place,
                "A column was made from the target's averages over all rows, the held-out ones among them.",
            )


_DATA = """# %%
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
df = pd.read_csv('patients.csv')
X, y = df.drop(columns='ill'), df['ill']
"""
_END = """print('F1', f1_score(y_test, LogisticRegression().fit(X_train, y_train).predict(X_test)))
#> F1 0.81
"""

RULES = (
    Rule(
        id="preprocessing_before_split",
        area="evaluation",
        severity="note",
        title="Preprocessing fitted before the split",
        why=f"The test rows took part in what the preparation learnt. {_STUDY} found scaling and encoding "
        f"fitted before the "
        "split nearly harmless (|ΔAUC| ≤ 0.005), so this is a note; on few rows or with heavy tails it can be more.",
        advice="Fit the step on the training rows only, most simply inside a Pipeline.",
        bad=_DATA
        + """from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler
X = StandardScaler().fit_transform(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""
        + _END,
        good=_DATA
        + """from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
"""
        + _END,
        check=_preprocessing,
    ),
    Rule(
        id="selection_before_split",
        area="evaluation",
        severity="error",
        title="Columns selected with the target of test rows",
        why="Columns that agree with the test rows' target by chance are kept, and the score counts that "
        "chance. With many "
        f"columns and few rows pure noise can look perfect. {_STUDY} counts selection among the leaks that "
        f"distort badly.",
        advice="Put the selection into a Pipeline, so that it is fitted on the training rows of each split.",
        bad=_DATA
        + """from sklearn.metrics import f1_score
from sklearn.feature_selection import SelectKBest
X = SelectKBest(k=20).fit_transform(X, y)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""
        + _END,
        good=_DATA
        + """from sklearn.metrics import f1_score
from sklearn.feature_selection import SelectKBest
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
pick = SelectKBest(k=20)
X_train = pick.fit_transform(X_train, y_train)
X_test = pick.transform(X_test)
"""
        + _END,
        check=_selection,
    ),
    Rule(
        id="resampling_before_split",
        area="evaluation",
        severity="error",
        title="Rows resampled before the split",
        why="Copies of test rows, or rows mixed from them, are learnt from, and the test part no longer has the "
        "classes in "
        f"their true proportion. {_STUDY} counts memorised duplicates among the leaks that distort badly.",
        advice="Split first and resample the training rows only; in cross-validation use imblearn's Pipeline.",
        bad=_DATA
        + """from sklearn.metrics import f1_score
from imblearn.over_sampling import SMOTE
X, y = SMOTE(random_state=0).fit_resample(X, y)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""
        + _END,
        good=_DATA
        + """from sklearn.metrics import f1_score
from imblearn.over_sampling import SMOTE
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_train, y_train = SMOTE(random_state=0).fit_resample(X_train, y_train)
"""
        + _END,
        check=_resampling,
    ),
    Rule(
        id="target_encoding_before_split",
        area="evaluation",
        severity="error",
        title="The target's averages over all rows used as a feature",
        why="Each test row's own target is part of the average that stands for its category; with many small "
        "categories the "
        "model reads the answer from it.",
        advice="Work the averages out on the training rows only: TargetEncoder in a Pipeline does so, across folds.",
        bad=_DATA.replace(
            "X, y = df.drop(columns='ill'), df['ill']\n",
            """from sklearn.metrics import f1_score
df['town_rate'] = df.groupby('town')['ill'].transform('mean')
X, y = df[['age', 'town_rate']], df['ill']
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
        )
        + _END,
        good=_DATA.replace(
            "X, y = df.drop(columns='ill'), df['ill']\n",
            """from sklearn.metrics import f1_score
train, test = train_test_split(df, random_state=0)
rate = train.groupby('town')['ill'].mean()
X_train = train[['age']].assign(rate=train['town'].map(rate))
X_test = test[['age']].assign(rate=test['town'].map(rate))
y_train, y_test = train['ill'], test['ill']
""",
        )
        + _END,
        check=_target_encoding,
    ),
)
