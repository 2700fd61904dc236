"""What `read_task` makes of tasks as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from ml_intern_jlab.recipes.task import read_task

CASES: list[tuple[str, dict[str, Any]]] = [
    (
        "Predict species from penguins.csv and write the predictions for test.csv",
        {
            "target": "species",
            "train_file": "penguins.csv",
            "predict_file": "test.csv",
            "output_file": "predictions.csv",
        },
    ),
    (
        "Predict `sale price` for every row of data/test.csv. Train on data/train.csv. The metric is RMSLE. "
        "Save the result as out/submission.csv with columns Id and SalePrice.",
        {
            "target": "sale price",
            "target_quoted": True,
            "train_file": "data/train.csv",
            "predict_file": "data/test.csv",
            "output_file": "out/submission.csv",
            "output_columns": ("Id", "SalePrice"),
            "metric": "RMSLE",
            "kind": "regression",
        },
    ),
    (
        "Using train.csv, build a classifier for whether a customer churns. Evaluate with ROC AUC and write "
        "probabilities for test.csv to preds.csv with columns customer_id, churn_probability. "
        "Ignore the column 'account_key'.",
        {
            "train_file": "train.csv",
            "predict_file": "test.csv",
            "output_file": "preds.csv",
            "output_columns": ("customer_id", "churn_probability"),
            "probabilities": True,
            "metric": "ROC AUC",
            "leave_out": ("account_key",),
        },
    ),
    (
        "In 'my data/wine reviews.csv', the target is \"points\". Don't use price. Report MAE within 2 minutes.",
        {
            "train_file": "my data/wine reviews.csv",
            "predict_file": "",
            "output_file": "",
            "target": "points",
            "leave_out": ("price",),
            "metric": "MAE",
            "seconds": 120.0,
        },
    ),
    ("Predict the last column of iris.data", {"train_file": "iris.data", "target_position": -1, "output_file": ""}),
    (
        "The file customers.csv has a column `Churned?`. Predict it for new_customers.csv; positive class is 'Yes'; F1",
        {"train_file": "customers.csv", "predict_file": "new_customers.csv", "positive_class": "Yes", "metric": "F1"},
    ),
    (
        "Predict column quality of the file wine.csv using quadratic weighted kappa, not accuracy.",
        {"target": "quality", "train_file": "wine.csv", "metrics": ("quadratic weighted kappa",)},
    ),
    (
        "Write a file submission.csv in the format of sample_submission.csv with predictions for test.csv, learned "
        "from train.csv; target SalePrice, log loss",
        {"sample_file": "sample_submission.csv", "output_file": "submission.csv", "metric": "log loss"},
    ),
    (
        "For each row in eval.csv predict Survived (0/1). Training data: titanic_train.csv. Output: titanic_out.csv, "
        "columns PassengerId,Survived. Scored by accuracy.",
        {
            "target": "Survived",
            "train_file": "titanic_train.csv",
            "predict_file": "eval.csv",
            "output_file": "titanic_out.csv",
            "output_columns": ("PassengerId", "Survived"),
        },
    ),
    (
        "Predict y from d.csv within 10 seconds, save the predictions to p.csv",
        {"train_file": "d.csv", "predict_file": "", "output_file": "p.csv", "target": "y", "seconds": 10.0},
    ),
    (
        "Learn from train.csv; write the class probabilities of sp for test.csv to p.csv with columns id, setosa, "
        "virginica. Log loss.",
        {
            "train_file": "train.csv",
            "predict_file": "test.csv",
            "output_file": "p.csv",
            "output_columns": ("id", "setosa", "virginica"),
            "probabilities": True,
        },
    ),
    (
        "Can you tell which mails in inbox.csv are spam? mails.csv has labelled examples in column is_spam. Write a "
        "CSV file spam.csv with the columns id and is_spam.",
        {
            "train_file": "mails.csv",
            "predict_file": "inbox.csv",
            "output_file": "spam.csv",
            "output_columns": ("id", "is_spam"),
        },
    ),
    (
        "Use cars.csv to predict mpg for the cars in more.csv; store them as cars_mpg.csv (columns: name, mpg)",
        {
            "train_file": "cars.csv",
            "predict_file": "more.csv",
            "output_file": "cars_mpg.csv",
            "output_columns": ("name", "mpg"),
        },
    ),
    (
        "Train on a.csv, then apply the model to b.csv and put the labels into c.csv",
        {"train_file": "a.csv", "predict_file": "b.csv", "output_file": "c.csv"},
    ),
    (
        "Learn from “träin data.csv” to predict “Größe” for “new rows.csv”",
        {"train_file": "träin data.csv", "predict_file": "new rows.csv", "target": "Größe"},
    ),
]


@pytest.mark.parametrize(("text", "facts"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_reads_what_the_words_say(text: str, facts: dict[str, Any]) -> None:
    read = read_task(text)
    assert {name: getattr(read, name) for name in facts} == facts


METRICS = {
    "accuracy": ["accuracy", "the share of correct answers"],
    "balanced accuracy": ["balanced accuracy", "balanced_accuracy", "macro-averaged recall"],
    "macro F1": ["macro F1", "F1 (macro)", "f1_macro", "macro-averaged F1-score", "F1 macro"],
    "weighted F1": ["weighted F1", "F1-score (weighted)", "f1_weighted"],
    "F1": ["F1", "the F1 score", "F-measure"],
    "ROC AUC": ["ROC AUC", "AUC", "AUROC", "roc_auc", "area under the ROC curve"],
    "average precision": ["average precision", "PR AUC", "AUPRC", "area under the precision-recall curve"],
    "log loss": ["log loss", "logloss", "cross-entropy"],
    "RMSE": ["RMSE", "root mean squared error", "root-mean-square error"],
    "RMSLE": ["RMSLE", "root mean squared logarithmic error"],
    "MSE": ["MSE", "mean squared error"],
    "MAE": ["MAE", "mean absolute error"],
    "MAPE": ["MAPE", "mean absolute percentage error"],
    "R²": ["R2", "R²", "R^2", "r-squared", "coefficient of determination"],
    "Matthews correlation": ["MCC", "Matthews correlation coefficient"],
    "Cohen's kappa": ["Cohen's kappa", "kappa"],
    "quadratic weighted kappa": ["quadratic weighted kappa", "QWK", "quadratically weighted Cohen's kappa"],
}


@pytest.mark.parametrize(("name", "spelling"), [(name, word) for name, words in METRICS.items() for word in words])
def test_every_usual_spelling_of_a_metric(name: str, spelling: str) -> None:
    assert read_task(f"Predict y from a.csv; the score is {spelling}.").metric == name


def test_the_chief_metric_is_the_one_that_scores() -> None:
    facts = read_task("Predict y in a.csv. Also report accuracy. Submissions are evaluated by macro F1.")
    assert facts.metrics == ("macro F1", "accuracy")


@pytest.mark.parametrize(
    "text",
    ["Fine-tune a language model on my mails", "Summarise the report in report.txt", "Translate notes.txt", "   "],
)
def test_other_tasks_are_refused(text: str) -> None:
    assert read_task(text).refusal


@pytest.mark.parametrize(
    "text",
    [
        "Predict `summary_score` in a.csv",
        "Predict the cluster column of data.csv with macro F1",
        "Classify the speech topic (column `topic`) in talks.csv",
    ],
)
def test_a_named_table_and_column_are_not_refused(text: str) -> None:
    assert not read_task(text).refusal
