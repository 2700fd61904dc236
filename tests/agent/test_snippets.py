from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ml_intern_jlab.agent.snippets import snippet


def printed(before: str, source: str, folder: Path) -> str:
    """What a snippet prints in a fresh interpreter in which `before` ran."""
    (folder / "cell.py").write_text(
        f"{before}\nNAMES = set(globals())\n{source}\nassert set(globals()) - NAMES == {{'NAMES'}}"
    )
    done = subprocess.run(
        [sys.executable, "cell.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_variables_are_described_without_calling_the_persons_code(tmp_path: Path) -> None:
    before = """
import numpy as np, pandas as pd
from sklearn.linear_model import Ridge
class Trap:
    def __repr__(self): raise SystemExit("called")
    def __len__(self): raise SystemExit("called")
    shape = property(lambda self: 1 / 0)
class Strict:
    def __getattribute__(self, name): raise SystemExit("called")
class Sly(pd.DataFrame):
    @property
    def columns(self): raise SystemExit("called")
trap = Trap()
strict = Strict()
traps = [trap]
table = pd.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [trap, trap]})
numbers = np.zeros((3, 4))
model = Ridge().fit([[1.0], [2.0]], [1, 2])
long = "z" * 10_000
many = {str(n): n for n in range(9999)}
def helper(): pass
"""
    text = printed(before, snippet("variables"), tmp_path)
    assert "table: DataFrame 2 rows x 3 columns" in text
    assert "'a' float64, 1 missing: 1.0, nan" in text
    assert "numbers: ndarray (3, 4) float64" in text
    assert "model: Ridge, fitted" in text
    assert "trap: Trap" in text
    assert "strict: Strict" in text
    assert "functions: helper" in text
    assert len(text) < 2500


def help_for(ename: str, evalue: str, line: str, before: str, folder: Path) -> str:
    asked = {"ename": ename, "evalue": evalue, "line": line, "source": line}
    return printed(before, snippet("error_help", **asked), folder)


def test_help_names_what_is_close(tmp_path: Path) -> None:
    frame = "import pandas as pd\ndf = pd.DataFrame({'Price': [1], 'weight': [2]})"
    text = help_for("KeyError", "'price'", "df['price'].mean()", frame, tmp_path)
    assert "close: 'Price'" in text
    assert "['Price', 'weight']" in text
    grouped = f"{frame}; by = df.groupby('weight').sum()"
    assert "by.reset_index()" in help_for("KeyError", "'weight'", "by['weight']", grouped, tmp_path)
    (tmp_path / "sales.csv").write_text("a\n")
    assert "sales.csv" in help_for("FileNotFoundError", "no 'sale.csv'", "open('sale.csv')", "", tmp_path)
    assert "import pandas as pd" in help_for("NameError", "name 'pd' is not defined", "pd.read_csv('a')", "", tmp_path)
    text = help_for("NameError", "name 'X_tran' is not defined", "f(X_tran)", "X_train = 1", tmp_path)
    assert "X_train" in text


def test_help_shows_signatures_and_where_names_live(tmp_path: Path) -> None:
    before = "from sklearn.linear_model import Ridge\nimport sklearn"
    evalue = "Ridge.__init__() got an unexpected keyword argument 'alphas'"
    text = help_for("TypeError", evalue, "model = Ridge(alphas=1)", before, tmp_path)
    assert "Ridge(alpha=1.0" in text
    evalue = "cannot import name 'RandomForestClassifier' from 'sklearn.linear_model' (x.py)"
    text = help_for("ImportError", evalue, "from sklearn.linear_model import RandomForestClassifier", before, tmp_path)
    assert "from sklearn.ensemble import RandomForestClassifier" in text
    text = help_for("ModuleNotFoundError", "No module named 'sklern'", "import sklern", "", tmp_path)
    assert "sklearn" in text


def test_help_never_fails(tmp_path: Path) -> None:
    for ename in ("KeyError", "TypeError", "ValueError", "AttributeError", "ImportError", "NameError", "OSError"):
        printed("", snippet("error_help", ename=ename, evalue="'", line="((", source="\x00"), tmp_path)
