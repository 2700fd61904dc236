from __future__ import annotations

import pytest

from ml_intern_jlab.agent.metrics import metrics_in
from ml_intern_jlab.review.rerun.reseeding import Shift, reseeded, shifts


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("train_test_split(X, y, random_state=42)", "train_test_split(X, y, random_state=7)"),
        ("SEED = 0\nnp.random.seed(SEED)", "SEED = 7\nnp.random.seed(SEED)"),
        (
            "rng = np.random.default_rng(1); torch.manual_seed(2)",
            "rng = np.random.default_rng(7); torch.manual_seed(7)",
        ),
        ("x = 'größer'; f(seed=3)", "x = 'größer'; f(seed=7)"),
        ("def split(df, seed=1, *, n=2):\n    pass", "def split(df, seed=7, *, n=2):\n    pass"),
        ("%matplotlib inline\nrandom.seed(5)", "%matplotlib inline\nrandom.seed(7)"),
        ("self.random_state: int = 5", "self.random_state: int = 7"),
    ],
)
def test_seeds_are_replaced(source: str, expected: str) -> None:
    changed, count = reseeded(source, 7)
    assert changed == expected
    assert count


@pytest.mark.parametrize(
    "source", ["seeds = [1, 2]", "f(random_state=None)", "f(seed=True)", "x = 42", "train(1)", "not python ("]
)
def test_what_is_no_seed_stays(source: str) -> None:
    assert reseeded(source, 7) == (source, 0)


def test_metrics_are_matched_by_name_and_order() -> None:
    def cell(text: str) -> dict[str, object]:
        return {"outputs": [{"output_type": "stream", "name": "stdout", "text": text}]}

    first = [cell("accuracy: 0.9\nf1: 0.8"), cell("rows 10"), cell("auc: 0.7")]
    second = [cell("accuracy: 0.92\nf1: 0.8"), cell("rows 12"), cell("auc: 0.7\nauc: 0.8")]
    assert shifts(first, second, metrics_in) == [Shift(1, "accuracy", 0.9, 0.92), Shift(1, "f1", 0.8, 0.8)]
