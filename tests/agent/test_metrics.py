from __future__ import annotations

import pytest
from sklearn.metrics import classification_report

from ml_intern_jlab.agent.metrics import Metric, metric_name, metrics_in


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hold-out accuracy: 0.969", ("accuracy", 0.969, "hold-out")),
        ("held-out accuracy = 0.969", ("accuracy", 0.969, "hold-out")),
        ("baseline accuracy: 0.500", ("accuracy", 0.5, "baseline")),
        ("Dummy baseline accuracy (most frequent class): 0.500", ("accuracy", 0.5, "baseline")),
        ("cv accuracy: 0.969 ± 0.011 (5 folds, 3.1 s)", ("accuracy", 0.969, "cv")),
        ("5-fold accuracy: 0.91", ("accuracy", 0.91, "cv")),
        ("LogisticRegression cross-validated F1: 0.95 (+/- 0.02)", ("f1", 0.95, "cv")),
        ("Accuracy = 96.9 %", ("accuracy", 0.969, "")),
        ("balanced_accuracy: 0.5", ("balanced_accuracy", 0.5, "")),
        ("Balanced-Accuracy score: .5", ("balanced_accuracy", 0.5, "")),
        ("ROC AUC (test): 0.9", ("roc_auc", 0.9, "test")),
        ("Test RMSE: 12,345.6", ("rmse", 12345.6, "test")),
        ("val_loss: 1.2e-3", ("loss", 0.0012, "validation")),
        ("hold-out R² = -0.93", ("r2", -0.93, "hold-out")),
        ("r2_score: 0.5", ("r2", 0.5, "")),
        ("The accuracy on the test set is 0.93.", ("accuracy", 0.93, "test")),
        ("accuracy    0.97", ("accuracy", 0.97, "")),
        ("neg_root_mean_squared_error: -3.2", ("rmse", 3.2, "")),
        ("f1_macro: 0.8", ("macro_f1", 0.8, "")),
        ("hold-out macro F1: 0.8", ("macro_f1", 0.8, "hold-out")),
        ("**MAE**: 3.2 minutes", ("mae", 3.2, "")),
        ("hold-out quadratic weighted kappa: 0.51", ("quadratic_weighted_kappa", 0.51, "hold-out")),
        ("Matthews correlation: 0.3", ("matthews_correlation", 0.3, "")),
        ("log loss: 0.2", ("log_loss", 0.2, "")),
        ("hold-out average precision: 0.61 (95 % interval 0.5 to 0.7)", ("average_precision", 0.61, "hold-out")),
        ("perplexity: 12.5", ("perplexity", 12.5, "")),
        ("\x1b[32mtrain mape: 4 %\x1b[0m", ("mape", 0.04, "train")),
    ],
)
def test_a_line_that_states_a_metric(line: str, expected: tuple[str, float, str]) -> None:
    assert metrics_in(line) == [Metric(*expected)]


@pytest.mark.parametrize(
    "line",
    [
        "100%|##########| 10/10 [00:01<00:00, 9.12it/s, loss=0.3]",
        " 40%|####      | 4/10 [00:01<00:00,  2.12s/it, accuracy: 0.5]",
        "313/313 [==============================] - 1s 3ms/step - loss: 0.3 - accuracy: 0.9",
        "313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 3ms/step - accuracy: 0.9 - loss: 0.31",
        "We improved the accuracy by 3 points over 2023",
        "the loss is 3 percent of the money",
        "accuracy: 3 of 5",
        "accuracy: 3/5",
        "f1: 2024-01-01",
        "accuracy: nan",
        "Compare accuracy in section 0.3",
        "the model accuracy went up when depth is 3",
        "MAE            RMSE",
        "0  0.91  0.90",
        "forest  accuracy  0.91  0.90",
        "surface: 0.93",
        "accurate: 0.93",
        "map: 3",
        "f10: 0.5",
        "x" * 5000 + " accuracy: 0.5",
    ],
)
def test_a_line_that_states_none(line: str) -> None:
    assert metrics_in(line) == []


def test_a_classification_report_is_a_table() -> None:
    assert metrics_in(classification_report([0, 1, 1, 2], [0, 1, 2, 2])) == []


def test_several_on_a_line_and_over_lines() -> None:
    found = metrics_in("accuracy: 0.9, f1: 0.8 | RMSE: 3\nEpoch 3 - loss: 0.31 - val_accuracy: 0.7\n")
    assert [(each.name, each.value) for each in found] == [
        ("accuracy", 0.9),
        ("f1", 0.8),
        ("rmse", 3),
        ("loss", 0.31),
        ("accuracy", 0.7),
    ]
    assert metrics_in("{'eval_loss': 0.3, 'eval_accuracy': 0.91, 'epoch': 1.0}") == [
        Metric("loss", 0.3, "validation"),
        Metric("accuracy", 0.91, "validation"),
    ]


def test_every_metric_that_a_task_can_name_is_read_from_the_recipes_lines() -> None:
    from ml_intern_jlab.recipes.metrics import NAMES

    for name in NAMES:
        [metric] = metrics_in(f"hold-out {name}: 0.25")
        assert (metric.name, metric.value, metric.split) == (metric_name(name), 0.25, "hold-out")
    assert len({metric_name(name) for name in NAMES}) == len(NAMES)
    assert metric_name("nothing of the kind") == ""
