"""Makes the task folders from pinned packages, the same bytes each time.

* `python bench/tasks/make.py`: the committed tables, into bench/tasks/
* `python bench/tasks/make.py --extra DIR`: other tables of the same kinds, into DIR
* `--only a,b`: some of them
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from classification_tables import CLASSIFICATION
from extra_tables import EXTRA
from fresh_tables import FRESH
from further_tables import FURTHER
from regression_tables import REGRESSION
from table import Table

from bench.scoring import METRICS, Task, score

Predictions: TypeAlias = "np.ndarray[Any, Any]"


def dummy_predictions(table: Table, target: pd.Series, rows: int) -> Predictions:
    """The best constant for the table's metric, as far as the training target tells."""
    if METRICS[table.metric].needs == "probability" or table.metric == "f1":
        return np.full(rows, (target == table.positive).mean() if table.metric != "f1" else table.positive)
    if METRICS[table.metric].needs == "label":
        return np.full(rows, target.mode()[0])
    return np.full(rows, target.median() if table.metric == "mae" else target.mean())


def reference_predictions(table: Table, train: pd.DataFrame, test: pd.DataFrame) -> Predictions:
    """What the table's own model, fitted on the visible training rows, says about the visible test rows."""
    features, target = train[test.columns], train[table.target]
    model = table.model()
    if not table.positive:
        return np.asarray(model.fit(features, target).predict(test))
    positive = (target.astype(str) == table.positive).astype(int)
    chances = model.fit(features, positive).predict_proba(test)[:, 1]
    if table.metric != "f1":
        return np.asarray(chances)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    known = cross_val_predict(table.model(), features, positive, cv=folds, method="predict_proba")[:, 1]
    cuts = np.linspace(0.05, 0.95, 91)
    cut = cuts[np.argmax([f1_score(positive, known >= cut) for cut in cuts])]
    return np.asarray(chances >= cut, dtype=int)


def make(table: Table, folder: Path) -> Task:
    """Write one task folder and return the task with its dummy and reference scores."""
    train, test = table.load()
    answers = test[[table.id_column, table.target] if table.id_column else [table.target]]
    visible = test.drop(columns=[table.target, *table.train_only])
    (folder / "data").mkdir(parents=True, exist_ok=True)
    form: dict[str, Any] = {"index": False, "sep": table.sep, "decimal": table.decimal, "lineterminator": "\n"}
    train.to_csv(folder / "data" / table.train_file, **form)
    visible.to_csv(folder / "data" / table.test_file, **form)
    answers.to_csv(folder / "answers.csv", index=False, lineterminator="\n")

    made: dict[str, Any] = {field.name: getattr(table, field.name, 0.0) for field in fields(Task)}
    task = Task(**made | {"direction": METRICS[table.metric].direction, "folder": folder})
    dummy = dummy_predictions(table, train[table.target].astype(object), len(test))
    task = replace(task, dummy=_scored(task, answers, dummy))
    task = replace(task, reference=_scored(task, answers, reference_predictions(table, train, visible)))
    written = {name: value for name, value in vars(task).items() if name != "folder"}
    (folder / "task.json").write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return task


def _scored(task: Task, answers: pd.DataFrame, predicted: Predictions) -> float:
    """The score of predictions, through a file as an agent would write it."""
    frame = answers[[task.id_column]] if task.id_column else pd.DataFrame(index=answers.index)
    with TemporaryDirectory() as folder:
        path = Path(folder) / task.output_file
        frame.assign(**{task.output_column: predicted}).to_csv(path, index=False)
        return round(score(path, task), 4)


def main() -> None:
    """Make the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extra", type=Path, metavar="DIR", help="make the other tables, into this folder")
    parser.add_argument("--only", default="", help="names of tables, separated by commas")
    arguments = parser.parse_args()
    names = set(arguments.only.split(",")) - {""}
    for table in EXTRA + FURTHER + FRESH if arguments.extra else CLASSIFICATION + REGRESSION:
        if not names or table.name in names:
            task = make(table, (arguments.extra or Path(__file__).parent) / table.name)
            print(
                f"{task.name:12} {task.metric:9} dummy {task.dummy:11.4f} reference {task.reference:11.4f}", flush=True
            )


if __name__ == "__main__":
    main()
