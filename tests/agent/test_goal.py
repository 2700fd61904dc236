from __future__ import annotations

import pytest

from ml_intern_jlab.agent.executor import Outcome
from ml_intern_jlab.agent.goal import Goal, progress, read_goal
from ml_intern_jlab.agent.history import Step
from ml_intern_jlab.agent.metrics import Metric
from ml_intern_jlab.recipes.task import read_task


@pytest.mark.parametrize(
    ("task", "goal"),
    [
        ("Iterate until the accuracy is at least 0.95 or six tries are used.", Goal("accuracy", 0.95, False, 6)),
        ("Keep improving the model until RMSE is below 2.5.", Goal("rmse", 2.5, True)),
        ("Try to get 90 % balanced accuracy in at most 5 experiments.", Goal("balanced_accuracy", 0.9, False, 5)),
        ("Iterate for at most ten attempts to lower the log loss.", Goal("log_loss", None, True, 10)),
        ("Hill-climb on the macro F1 within 10 minutes.", Goal("macro_f1", None, False, None, 600.0)),
        ("Repeat until ROC AUC > 0.9; at most 3 rounds, 5-fold cross-validation.", Goal("roc_auc", 0.9, False, 3)),
        ("Iterate, one change at a time, up to 4 times, and tell me the accuracy.", Goal("accuracy", None, False, 4)),
        ("Predict species for test.csv; the accuracy should be above 0.9.", None),
        ("Wait until the file is there, then count its rows.", None),
        ("Train for 3 epochs and print the accuracy.", None),
        ("Use repeated 5-fold cross-validation for the R2.", None),
    ],
)
def test_a_goal_is_read_from_the_words(task: str, goal: Goal | None) -> None:
    assert read_goal(task, read_task(task).seconds) == goal


def step(number: int, *metrics: Metric, status: str = "done") -> Step:
    outcome = Outcome(status, "x = 1", "", metrics=metrics)  # type: ignore[arg-type]
    return Step(number, f"# Try {number}\nx = 1", outcome=outcome)


def test_tries_are_counted_judged_on_validation_and_the_best_is_kept() -> None:
    steps = [
        step(1, Metric("accuracy", 0.5, "baseline")),
        step(2, Metric("accuracy", 0.8, "cv", "ridge"), Metric("accuracy", 0.99, "train", "ridge")),
        step(3, Metric("accuracy", 0.7, "cv", "tree"), Metric("loss", 0.1, "cv", "tree")),
        step(4, Metric("accuracy", 0.6, "cv"), status="failed"),
        step(5, Metric("accuracy", 0.85, "cv"), Metric("accuracy", 0.75, "cv")),
        step(6, Metric("accuracy", 0.97, "hold-out", "final")),
    ]
    goal = Goal("accuracy", 0.9, False, 3)
    found = progress(goal, steps, 10)
    assert [(each.step, each.name, each.value) for each in found.tries] == [
        (2, "ridge", 0.8),
        (3, "tree", 0.7),
        (5, "Try 5", 0.85),
    ]
    assert found.best == found.tries[2]
    assert not found.reached
    assert found.stop == "all 3 tries are used; the best is 0.85 by Try 5 (step 5), which does not reach 0.9"
    assert found.verdict.status == "failed"
    assert "best try, 0.85 by Try 5 (step 5)" in found.demand
    assert progress(goal, steps[:3], 10).stop == ""
    assert "1 of 3 tries are left" in progress(goal, steps[:3], 10).told
    assert progress(Goal("accuracy", 0.8), steps[:2], 10).reached
    assert progress(Goal("accuracy", 0.9, False, None, 5.0), steps[:3], 10).stop.startswith(
        "the 5 s are over; the best is"
    )
    # Less is better, and a goal without a value is as good as its tries allow.
    low = progress(Goal("accuracy", 0.72, True), steps, 10)
    assert (low.best, low.reached) == (found.tries[1], True)
    free = progress(Goal("", None, False, 3), steps, 10)
    assert (free.reached, free.verdict.status) == (True, "passed")
