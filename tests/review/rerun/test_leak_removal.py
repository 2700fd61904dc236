from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ml_intern_jlab.agent.metrics import metrics_in
from ml_intern_jlab.review.parsed_notebook import parse
from ml_intern_jlab.review.rerun.leak_removal import REMOVABLE, removals
from ml_intern_jlab.review.rerun.running import Limits
from ml_intern_jlab.review.rerun.verdict import rerun
from ml_intern_jlab.review.rule import all_rules

NOISE = """from sklearn.datasets import make_classification
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score, train_test_split
X, y = make_classification(160, 3000, flip_y=1, random_state=0)"""


def notebook(*sources: str) -> dict[str, object]:
    return dict(new_notebook(cells=[new_code_cell(each, execution_count=i) for i, each in enumerate(sources, 1)]))


def only(*sources: str) -> dict[str, str]:
    [removal] = removals(parse(notebook(*sources)))
    return removal.sources


def test_both_figures_come_from_runs(tmp_path: Path) -> None:
    path = tmp_path / "noise.ipynb"
    fitted = "model = LogisticRegression().fit(a, c)\nprint('accuracy:', accuracy_score(d, model.predict(b)))"
    cells = [
        NOISE,
        "best = SelectKBest(k=20).fit_transform(X, y)",
        "best.shape",
        "a, b, c, d = train_test_split(best, y, random_state=0)\n" + fitted,
    ]
    nbformat.write(new_notebook(cells=[new_code_cell(each) for each in cells]), path)
    again = rerun(path, Limits(), metrics_in=metrics_in, other_seed=False, without_leaks=True)
    [compared] = again.without_leaks
    [shift] = compared.shifts
    assert (compared.rule, compared.cell, shift.cell) == ("selection_before_split", 2, 4)
    assert shift.first > 0.75 > 0.7 > shift.second  # noise: nothing but the leak can be learnt
    assert any("without the leak of cell 2" in line for line in again.told)
    assert not again.shifts


@pytest.mark.parametrize(
    ("data", "leak", "expected"),
    [
        (
            NOISE,
            "X = SelectKBest(k=5).fit_transform(X, y)\n"
            "print(cross_val_score(LogisticRegression(), X, y, scoring='f1').mean())",
            "from sklearn.pipeline import make_pipeline as _make_pipeline\n"
            "print(cross_val_score(_make_pipeline(SelectKBest(k=5), LogisticRegression()), X, y, scoring='f1').mean())",
        ),
        (
            NOISE + "\nfrom imblearn.over_sampling import SMOTE\nfrom sklearn.metrics import f1_score",
            "X, y = SMOTE(random_state=0).fit_resample(X, y)\na, b, c, d = train_test_split(X, y, random_state=0)\n"
            "print(f1_score(d, LogisticRegression().fit(a, c).predict(b)))",
            "a, b, c, d = train_test_split(X, y, random_state=0)\na, c = SMOTE(random_state=0).fit_resample(a, c)\n"
            "print(f1_score(d, LogisticRegression().fit(a, c).predict(b)))",
        ),
        (
            "import pandas as pd\nfrom sklearn.linear_model import Ridge\n"
            "from sklearn.model_selection import train_test_split\ndf = pd.read_csv('a.csv')\n"
            "df['before'] = df['y'].shift(1)\ndf = df.dropna()",
            "a, b, c, d = train_test_split(df[['before']], df['y'], test_size=0.3, random_state=0)\n"
            "print(Ridge().fit(a, c).score(b, d))",
            "a, b, c, d = train_test_split(df[['before']], df['y'], test_size=0.3, shuffle=False)\n"
            "print(Ridge().fit(a, c).score(b, d))",
        ),
        (
            NOISE + "\nfrom lightgbm import LGBMClassifier\na, b, c, d = train_test_split(X, y, random_state=0)",
            "m = LGBMClassifier(early_stopping_rounds=5)\nm.fit(a, c, eval_set=[(b, d)])\nprint(m.score(b, d))",
            "m = LGBMClassifier(early_stopping_rounds=5)\n"
            "from sklearn.model_selection import train_test_split as _part\n"
            "a, _watched, c, _watched_target = _part(a, c, test_size=0.2, random_state=0)\n"
            "m.fit(a, c, eval_set=[(_watched, _watched_target)])\nprint(m.score(b, d))",
        ),
    ],
)
def test_the_source_without_the_leak(data: str, leak: str, expected: str) -> None:
    assert only(data, leak) == {leak: expected}


@pytest.mark.parametrize(
    "leak",
    [
        # What the step made is used for more than the split.
        "Z = SelectKBest(k=5).fit_transform(X, y)\nm = LogisticRegression().fit(Z, y)\n"
        "a, b, c, d = train_test_split(Z, y)\nprint(LogisticRegression().fit(a, c).score(b, d))",
        # Inside a function.
        "def go(X, y):\n    X = SelectKBest(k=5).fit_transform(X, y)\n    return cross_val_score(Ridge(), X, y)"
        "\nprint(go(X, y))",
        # Two statements on one line.
        "Z = SelectKBest(k=5).fit_transform(X, y); print(cross_val_score(LogisticRegression(), Z, y).mean())",
    ],
)
def test_what_takes_judgement_is_left(leak: str) -> None:
    assert not list(removals(parse(notebook(NOISE, leak))))


def test_the_rules_exist() -> None:
    assert {rule.id for rule in all_rules()} >= REMOVABLE
