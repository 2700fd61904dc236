from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.toolkit import jobs
from ml_intern_jlab.toolkit.jobs_spec import JobError, JobFailed
from ml_intern_jlab.toolkit.track import MIME

WORK = """
import os, time

def train(rate, layers=1, offset=0.0):
    print("rate", rate)
    if rate > 5:
        raise ValueError("diverged")
    return {"score": offset - (rate - 2) ** 2 + layers, "loss": rate}

def nothing(rate):
    return "fine"
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("cell") / "cell.py"
    path.write_text(WORK)
    return runpy.run_path(str(path), run_name="__main__")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_INTERN_JOBS", str(tmp_path / "jobs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_grid_runs_one_trial_and_then_the_others_and_keeps_the_failures(
    space: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found = jobs.sweep(
        space["train"], {"rate": [1, 2, 9], "layers": [1, 3]}, metric="score", fixed={"offset": 10.0}, parallel=3
    )
    assert [trial.state for trial in found.trials] == ["done"] * 4 + ["failed"] * 2
    assert "ValueError: diverged" in found.trials[4].error
    assert found.best is found.trials[3]
    assert found.best.parameters == {"rate": 2, "layers": 3}
    assert found.best.value == 13.0
    assert list(found.to_pandas()["loss"])[:4] == [1, 1, 2, 2]
    assert "best: {'rate': 2, 'layers': 3} with score 13" in repr(found)
    assert found._repr_html_().count("<tr") == 7
    board = found._repr_mimebundle_()[MIME]["experiments"]
    assert [each["experiment"] for each in board] == ["train 0", "train 1", "train 2", "train 3"]
    assert board[3]["parameters"] == {"rate": 2, "layers": 3}
    assert [(each["name"], each["value"]) for each in board[3]["metrics"]] == [("score", 13.0), ("loss", 2.0)]
    # Outside a notebook the trials are printed, and the cost is told once.
    shown = capsys.readouterr().out
    assert "train 3: {'rate': 2, 'layers': 3}, score 13\n" in shown
    assert shown.count("Submitted") == 1


def test_a_first_trial_that_fails_ends_the_sweep(space: dict[str, Any], folder: Path) -> None:
    with pytest.raises(JobFailed, match=r"The first trial failed[\s\S]*diverged"):
        jobs.sweep(space["train"], {"rate": [9, 1, 2]}, metric="score")
    assert len(list((folder / "jobs").iterdir())) == 1
    with pytest.raises(JobFailed, match="returned no number 'score', but fine"):
        jobs.sweep(space["nothing"], {"rate": [1]}, metric="score")


def test_a_range_is_searched(space: dict[str, Any]) -> None:
    pytest.importorskip("optuna", reason='optuna is not installed: pip install "ml-intern-jlab[sweep]"')
    found = jobs.sweep(
        space["train"],
        {"rate": jobs.Range(0.1, 4.0, log=True), "layers": jobs.Range(1, 2)},
        metric="loss",
        direction="minimize",
        trials=3,
    )
    rates = [trial.parameters["rate"] for trial in found.trials]
    assert all(0.1 <= rate <= 4 for rate in rates)
    assert len(set(rates)) == 3
    assert found.best is not None
    assert found.best.value == min(rates)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda work: jobs.sweep(work, {}, metric="score"), "at least one parameter"),
        (lambda work: jobs.sweep(work, {"rate": []}, metric="score"), "nothing to try for rate"),
        (lambda work: jobs.sweep(work, {"rate": jobs.Range(0, 1)}, metric="score"), "needs the number of trials"),
    ],
)
def test_an_empty_search_is_said(space: dict[str, Any], ask: Callable[[Any], object], words: str) -> None:
    with pytest.raises(JobError, match=words):
        ask(space["train"])
