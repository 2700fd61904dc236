from __future__ import annotations

from pathlib import Path

import pytest

from ml_intern_jlab.review.notebook_rules import review

from .corpus_loader import sample

HELPERS = """
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.feature_selection import SelectKBest

def load():
    table = pd.read_csv('patients.csv')
    return chosen(table.drop(columns='ill'), table['ill']), table['ill']

def chosen(X, y):
    return SelectKBest(k=10).fit_transform(X, y)
"""
NOTEBOOK = """# %%
{imported}
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
X, y = {call}
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
print(LogisticRegression().fit(X_train, y_train).score(X_test, y_test))
#> 0.9
"""


def rules(folder: Path | None, imported: str, call: str) -> list[tuple[str, int]]:
    notebook = sample("a", NOTEBOOK.format(imported=imported, call=call)).notebook
    return [(each.rule, each.line) for each in review(notebook, folder) if each.rule == "selection_before_split"]


@pytest.mark.parametrize(
    ("imported", "call"),
    [
        ("from helpers import load", "load()"),
        ("from helpers import load as get", "get()"),
        ("import helpers", "helpers.load()"),
        ("import helpers as h", "h.load()"),
        ("from helpers import *", "load()"),
    ],
)
def test_what_a_module_beside_does_is_followed(tmp_path: Path, imported: str, call: str) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    assert rules(tmp_path, imported, call) == [("selection_before_split", 4)]
    assert rules(None, imported, call) == []


def test_a_package_beside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "data.py").write_text(HELPERS)
    assert rules(tmp_path, "from study.data import load", "load()")


@pytest.mark.parametrize("text", ["def load(:", "\x00", "from helpers import load", "x" * 300_000])
def test_a_module_that_makes_no_sense_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "helpers.py").write_text(text)
    assert rules(tmp_path, "from helpers import load", "load()") == []


def test_a_link_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.py").write_text(HELPERS)
    (tmp_path / "inside" / "helpers.py").symlink_to(tmp_path / "outside.py")
    assert rules(tmp_path / "inside", "from helpers import load", "load()") == []
