from __future__ import annotations

from pathlib import Path

import pytest

from bench.review_real import as_notebook, collected, look

SCRIPT = '''"""
A gallery's example.
"""
from sklearn.datasets import load_wine
from sklearn.svm import SVC

X, y = load_wine(return_X_y=True)

# %%
# Words between the cells.

# %%
print(SVC().fit(X, y).score(X, y))
'''


def test_a_script_becomes_cells() -> None:
    kinds = [cell["cell_type"] for cell in as_notebook(SCRIPT)["cells"]]
    assert kinds == ["code", "markdown", "code"]


def test_what_is_found_in_a_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plot_wine.py").write_text(SCRIPT)
    (tmp_path / "setup.py").write_text("print('nothing to learn here')")
    (tmp_path / "broken.ipynb").write_text("{")
    assert [path.name for path in collected([tmp_path])] == ["broken.ipynb", "plot_wine.py"]
    look([tmp_path])
    shown = capsys.readouterr().out
    assert "metric_on_training_data" in shown
    assert "plot_wine.py:3:1" in shown
    assert "2 notebooks and scripts" in shown
