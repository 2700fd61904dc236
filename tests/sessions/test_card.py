"""The card of a published model, written from a real session's journal and notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
from huggingface_hub import ModelCard, ModelCardData

from ml_intern_jlab.protocol import CellProposed, DecideCell, Mode, RunFinished, StartRun
from ml_intern_jlab.testing import turn
from ml_intern_jlab.toolkit.card import card
from ml_intern_jlab.toolkit.card_facts import Facts, gather
from tests.hub.hub import LoopbackHub

from .conftest import Desk

CELL = """
# Fit the line
import json, nbformat
import pandas as pd
from ml_intern_jlab.toolkit import track
table = pd.read_csv("points.csv")
seed = 7
track.start("mean", kind="constant")
track.log(rmse=2.0, split="baseline")
track.start("line", degree=1)
track.log(rmse=1.0, split="cv")
track.log(rmse=1.25, split="hold-out")
"""


async def test_the_card_says_what_the_journal_knows_and_nothing_else(desk: Callable[..., Desk], tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("x,y\n0,1\n1,2\n")
    token = "hf_" + "a1B2c3D4e5" * 3
    d = desk(["1. Fit\n2. Tell", turn(CELL), turn('final_answer("Done.")', item=2)])
    await d.send(StartRun(task=f"Fit points.csv with {token}", mode=Mode.ask))
    cell = await d.until(CellProposed)
    await d.send(DecideCell(cell_id=cell.cell_id, decision="approve", hash=cell.hash))
    assert (await d.until(RunFinished)).status == "finished"
    await d.notebook()

    facts = gather(tmp_path / "a.ipynb", tmp_path / "journal.sqlite")
    assert facts.journal
    assert [(each.name, each.value, each.split, each.experiment) for each in facts.measured] == [
        ("rmse", 2.0, "baseline", "mean"),
        ("rmse", 1.0, "cv", "line"),
        ("rmse", 1.25, "hold-out", "line"),
    ]
    assert facts.decided == {"ann": 1}
    text = card(facts, name="line", kind="model", licence="mit", notebook="a.ipynb")
    read = ModelCard(text)
    data, body = read.data, read.text
    assert isinstance(data, ModelCardData)
    assert (data.license, data.pipeline_tag) == ("mit", "tabular-regression")
    [result] = data.eval_results or []
    assert (result.metric_type, result.metric_value, result.metric_name) == ("rmse", 1.25, "rmse (hold-out)")
    assert f"| line | rmse | hold-out | 1.25 | Fit the line (`{cell.cell_id}`) |" in body
    assert "The baseline has rmse 2." in body
    assert "- `points.csv`: SHA-256 " in body
    assert "Approved: 1 by ann. Edited by a person before they ran: 0. Rejected: 0." in body
    assert "- Seeds: seed=7" in body
    assert "pandas " in body
    assert "No result on data that was held out" not in body
    assert "Fit points.csv with [redacted]" in body
    assert token not in text

    # Without the journal, the notebook's outputs have to do, and the card says so.
    alone = gather(tmp_path / "a.ipynb", None)
    assert [each.value for each in alone.measured] == [2.0, 1.0, 1.25]
    assert "The journal of the work could not be read" in card(alone, name="line", kind="model")


def test_a_card_without_facts_claims_nothing() -> None:
    text = card(Facts(hardware="2 CPU cores"), name="thing", kind="dataset")
    assert "Nothing was measured." in text
    assert "No licence is given" in text
    assert "It was not compared with a baseline." in text


def test_datasets_of_the_hub_are_named_however_they_were_read(hub: LoopbackHub, tmp_path: Path) -> None:
    for name in ("one", "two", "three", "four", "five"):
        hub.add_repo("dataset", f"lab/{name}", {"README.md": "---\nlicense: mit\n---\n", "a.csv": "x\n1\n"})
    sources = [
        "from datasets import load_dataset\nload_dataset('lab/one', split='train')",
        "pd.read_csv('hf://datasets/lab/two/a.csv')",
        "from ml_intern_jlab.toolkit import datasets\ndatasets.sample('lab/three', 10)",
        "snapshot_download(repo_id='lab/four', repo_type='dataset')",
        "hf_hub_download('lab/five', 'config.json')  # a model",
        "pd.read_csv('a.csv')",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(book, tmp_path / "b.ipynb")
    found = gather(tmp_path / "b.ipynb", None).data
    assert [each.name for each in found] == ["lab/one", "lab/two", "lab/three", "lab/four", "a.csv"]
    assert [each.licence for each in found[:4]] == ["mit"] * 4
    assert found[0].revision == hub.repo("dataset", "lab/one").head.sha
