"""Metrics of cells become events: what they print, and what they log through the toolkit while they run."""

from __future__ import annotations

from collections.abc import Callable

from ml_intern_jlab.protocol import CellFinished, IOPubMessage, MetricLogged, Mode, RunFinished, StartRun
from ml_intern_jlab.sessions.measuring import MOST_TRACKED, Measuring
from ml_intern_jlab.testing import turn
from ml_intern_jlab.toolkit.track import MIME

from .conftest import Desk

PLAN = "1. Measure\n2. Tell"
CELL = """
import time
from ml_intern_jlab.toolkit import track
track.start("dummy")
track.log(rmse=2.0, split="baseline")
time.sleep(track.PAUSE + 0.1)
track.start("ridge", alpha=0.5, solver="svd")
for step in range(3):
    track.log({"rmse": 1.0 - step / 10}, split="cv", step=step)
print("hold-out accuracy: 0.75")
"""


async def test_tracked_and_printed_metrics_are_told_once_each_and_live(desk: Callable[..., Desk]) -> None:
    d = desk([PLAN, turn(CELL), turn('final_answer("Done.")', item=2)])
    await d.send(StartRun(task="t", mode=Mode.auto))
    ended = await d.until(RunFinished)
    assert ended.status == "finished", ended.reason
    found = d.all(MetricLogged)
    told = [(each.experiment, each.name, each.split, each.step, round(each.value, 6)) for each in found]
    assert told[0] == ("dummy", "rmse", "baseline", None, 2.0)
    assert told[1] == ("ridge", "rmse", "cv", 0, 1.0)
    assert told[-2] == ("ridge", "rmse", "cv", 2, 0.8)
    assert told[-1] == ("", "accuracy", "hold-out", None, 0.75)
    assert len(told) == len(set(told)) <= 5
    ridge = found[-2]
    assert (ridge.parameters, ridge.better) == ({"alpha": 0.5, "solver": "svd"}, "lower")
    assert ridge.seconds is not None
    # The first value came while the cell was running.
    assert found[1].seq < d.all(CellFinished)[0].seq
    # The model reads the experiment as text, and the notebook keeps it.
    observation = d.model.seen[2]
    assert "ridge(alpha=0.5, solver=svd)\n  rmse (cv): 0.8 at step 2" in observation
    assert "vnd.ml-intern" not in observation
    outputs = [output for cell in (await d.notebook()).cells if cell.cell_type == "code" for output in cell.outputs]
    [table] = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
    assert [each["experiment"] for each in table["experiments"]] == ["dummy", "ridge"]


def told_by(*bundles: object) -> list[MetricLogged]:
    told: list[MetricLogged] = []
    measuring = Measuring("c", told.append)
    for bundle in bundles:
        data = {MIME: {"version": 1, "experiments": [bundle]}}
        measuring.message(IOPubMessage(msg_type="display_data", content={"data": data}))
    return told


def test_what_a_cell_displays_is_data_that_may_be_anything() -> None:
    good = {"experiment": "e", "metrics": [{"name": "loss", "value": 1.5}], "more": "ignored"}
    assert [each.value for each in told_by(good, good)] == [1.5]
    assert not told_by(
        "text",
        None,
        [],
        {},
        {**good, "experiment": ""},
        {**good, "metrics": [{"name": "loss", "value": "NaN"}]},
        {**good, "metrics": [{"name": "loss", "value": 1.5}] * 101},
        {**good, "parameters": {"a": ["list"]}},
        {**good, "parameters": {"a": "x" * 400_000}},
    )
    many = [{**good, "metrics": [{"name": "loss", "value": step}]} for step in range(MOST_TRACKED + 50)]
    assert len(told_by(*many)) == MOST_TRACKED
