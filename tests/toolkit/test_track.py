from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_intern_jlab.agent.metrics import metrics_in
from ml_intern_jlab.toolkit import track


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    track.finish()


def test_outside_a_notebook_a_line_is_printed_that_a_job_log_carries_home(capsys: pytest.CaptureFixture[str]) -> None:
    track.start("ridge", alpha=1.0)
    track.log(rmse=0.5, split="cv", step=3)
    line = capsys.readouterr().out
    assert line == "ridge - rmse (cv): 0.5\n"
    [metric] = metrics_in(line)
    assert (metric.name, metric.value, metric.split) == ("rmse", 0.5, "cv")


def test_an_experiment_keeps_the_latest_value_of_each_metric_and_a_table_shows_it_safely() -> None:
    table = track.Table()
    experiment = track.Experiment("<b>", {"alpha": 1.0, "kind": "a<b", "far": math.inf}, table=table)
    table.experiments += [experiment, track.Experiment("other", {}, table=table)]
    for step in range(3):
        experiment.log({"loss": 1 / (step + 1)}, step=step, seconds=7)
    experiment.log(accuracy=0.9, bad=math.nan, split="cv")
    data = table._repr_mimebundle_()
    facts = data[track.MIME]["experiments"][0]
    assert facts["parameters"] == {"alpha": 1.0, "kind": "a<b", "far": "inf"}
    assert [(each["name"], each["split"], each["step"]) for each in facts["metrics"]] == [
        ("loss", "", 2),
        ("accuracy", "cv", None),
    ]
    assert "<td>&lt;b&gt;</td><td>alpha = 1.0, kind = a&lt;b, far = inf</td><td>0.333333</td>" in data["text/html"]
    assert "<th>accuracy (cv)</th>" in data["text/html"]
    assert "loss: 0.333333 at step 2" in data["text/plain"]


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(RuntimeError, match="No experiment was started"):
        track.log(loss=1)
    with pytest.raises(TypeError, match="The metric loss is 'high', which is no number"):
        track.start("x").log(loss="high")  # type: ignore[arg-type]


TRACKED = """
from ml_intern_jlab.toolkit import track
experiment = track.start("ridge", project="ml-intern-test", alpha=1.0)
for step in range(3):
    experiment.log(rmse=1 / (step + 1), step=step, split="cv")
experiment.log(rmse=0.3, split="hold-out")
track.finish()
"""


def test_trackio_gets_the_same(tmp_path: Path) -> None:
    pytest.importorskip("trackio", reason='trackio is not installed: pip install "ml-intern-jlab[track]"')
    # In a process of its own: trackio reads where it writes once, when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", TRACKED],
        env={**os.environ, "TRACKIO_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "ml-intern-test.db")) as database:
        rows = database.execute("SELECT run_name, step, metrics FROM metrics ORDER BY id").fetchall()
        [config] = database.execute("SELECT config FROM configs").fetchone()
    assert [(name, step) for name, step, _ in rows] == [("ridge", step) for step in range(4)]
    assert [json.loads(logged) for _, _, logged in rows[1:]] == [
        {"cv/rmse": 0.5},
        {"cv/rmse": 1 / 3},
        {"hold-out/rmse": 0.3},
    ]
    assert json.loads(config)["alpha"] == 1.0


def test_a_project_without_trackio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "trackio", None)
    with pytest.raises(RuntimeError, match=r"ml-intern-jlab\[track\]"):
        track.start("ridge", project="p")
