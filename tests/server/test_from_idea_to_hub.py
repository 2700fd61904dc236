"""From an idea to a published model by the live path: a real server, its socket, a real kernel, a loopback Hub."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, ModelCard

from ml_intern_jlab.testing import ScriptedServer, turn
from tests.hub.hub import LoopbackHub
from tests.hub.seeds import seed
from tests.socket_client import Client

Fetch = Callable[..., Any]

TASK = (
    "Find a dataset of penguins on the Hub, train a model that tells the species, compare its accuracy with a "
    "baseline, and publish it privately as ada/penguin-trees. Tell me the accuracy."
)
PLAN = """1. Research: find a dataset that suits
2. Look at the data
3. Train, and compare with a baseline
4. Publish, and check what was published"""

SEARCH = "from ml_intern_jlab.toolkit import datasets, research\n\ndatasets.search('penguins')"
INSPECT = (
    "report = datasets.inspect('lab/penguins')\n"
    "print(report.revision, report.license, report.suits('tabular').verdict)\nreport"
)
FINDINGS = """
research.findings("Which data tell penguins apart?", [research.recipe(
    result="three species", dataset="lab/penguins", method="trees on measurements", hyperparameters="300 trees",
    source=report,
)])
"""
LOOK = """
# The rows as they are
import pandas as pd
from huggingface_hub import hf_hub_download

table = pd.read_csv(hf_hub_download("lab/penguins", "penguins.csv", repo_type="dataset", revision=report.revision))
table = table.dropna(subset=["species"])
print(table.shape)
table["species"].value_counts()
"""
TRAIN = """
# Trees against the most frequent species
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from ml_intern_jlab.toolkit import track

seed = 0
X = table.drop(columns="species").select_dtypes("number")
X_fit, X_hold, y_fit, y_hold = train_test_split(
    X, table["species"], test_size=0.25, stratify=table["species"], random_state=seed
)
baseline = DummyClassifier().fit(X_fit, y_fit)
track.start("most frequent")
track.log(accuracy=baseline.score(X_hold, y_hold), split="baseline")
model = make_pipeline(SimpleImputer(), RandomForestClassifier(30, random_state=seed))
track.start("trees", trees=30)
track.log(accuracy=cross_val_score(model, X_fit, y_fit, cv=3).mean(), split="cv")
model.fit(X_fit, y_fit)
track.log(accuracy=model.score(X_hold, y_hold), split="hold-out")
print(model.predict(X_hold.head(20)).tolist())
"""
SHOW_PLAN = """
# What would go to the Hub
from pathlib import Path
import joblib
from ml_intern_jlab.toolkit import publish

Path("model").mkdir(exist_ok=True)
joblib.dump(model, "model/model.joblib")
X_hold.head(20).to_csv("model/sample.csv", index=False)

def predict(folder):
    import joblib, pandas as pd

    return joblib.load(f"{folder}/model.joblib").predict(pd.read_csv(f"{folder}/sample.csv")).tolist()

plan = publish.plan("model", repo="ada/penguin-trees", licence="cc0-1.0", check=predict)
plan
"""
USE = """
import json, runpy, sys
from huggingface_hub import snapshot_download

folder = snapshot_download("ada/penguin-trees")
print(json.dumps(runpy.run_path(f"{folder}/predict.py")["predict"](folder)))
"""


def push_what_was_seen(shown: str) -> str:
    """The cell that publishes the plan whose number the model was shown."""
    number = re.search(r"publish\.push\(plan, \"(\w{8})\"\)", shown)
    assert number, shown[-3000:]
    return turn(f'publish.push(plan, "{number[1]}")', item=4)


def say_what_was_measured(shown: str) -> str:
    """The answer with the figure that the model was shown."""
    figure = re.search(r"accuracy \(hold-out\): ([\d.]+)", shown)
    assert figure, shown[-3000:]
    assert "makes the same predictions" in shown
    return turn(f'final_answer("hold-out accuracy: {figure[1]}, published as ada/penguin-trees.")', item=4)


async def approve_until_the_end(client: Client) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Approve each proposal that asks; those proposals, and the run's end."""
    asked = []
    while True:
        frame = await asyncio.wait_for(client.next(), 90)
        if frame["type"] == "cell_proposed" and frame["asks"]:
            asked.append(frame)
            await client.send("decide_cell", cell_id=frame["cell_id"], decision="approve", hash=frame["hash"])
        elif frame["type"] == "run_finished":
            return asked, frame


@pytest.mark.timeout(300)
async def test_from_an_idea_to_a_published_model(
    hub: LoopbackHub, connect: Fetch, new_session: Fetch, written: Fetch, tmp_path: Path, monkeypatch: Any
) -> None:
    seed(hub)
    monkeypatch.setenv("ML_INTERN_JOURNAL", str(tmp_path / "journal.sqlite"))
    monkeypatch.setenv("ML_INTERN_JOBS", str(tmp_path / "jobs"))
    steps = [turn(SEARCH), turn(INSPECT), turn(FINDINGS), turn(LOOK, item=2), turn(TRAIN, item=3)]
    script: list[str | Callable[[str], str]] = [
        PLAN,
        *steps,
        turn(SHOW_PLAN, item=4),
        push_what_was_seen,
        say_what_was_measured,
    ]
    with ScriptedServer(script) as server:
        session_id = await new_session()
        client = await connect(session_id)
        await client.command("start_run", task=TASK, mode="auto_safe", model=f"openai:scripted@{server.base_url}")
        asked, ended = await approve_until_the_end(client)
    assert ended["status"] == "finished", ended["reason"]
    assert re.search(r"hold-out accuracy: 0\.\d+", ended["answer"])

    # What goes to the network and what publishes asked; the question names the plan that was shown.
    risks = [frame["risk"] for frame in asked]
    assert risks[-1] == ["publish"]
    assert all("network" in each for each in risks[:-1])
    assert len(risks) == 5

    # The scoreboard: a baseline and an experiment, from the cell that measured them.
    measured = [frame for frame in client.frames if frame["type"] == "metric_logged"]
    assert [(each["experiment"], each["name"], each["split"], each["better"]) for each in measured] == [
        ("most frequent", "accuracy", "baseline", "higher"),
        ("trees", "accuracy", "cv", "higher"),
        ("trees", "accuracy", "hold-out", "higher"),
    ]
    assert measured[2]["parameters"] == {"trees": 30}
    assert measured[2]["value"] > measured[0]["value"] + 0.2

    # What the Hub has: private, the card made from journal and notebook, the notebook itself.
    info = HfApi().model_info("ada/penguin-trees")
    files = {each.rfilename for each in info.siblings or []}
    assert info.private
    assert files == {".gitattributes", "README.md", "a.ipynb", "model.joblib", "predict.py", "sample.csv"}
    card = ModelCard.load("ada/penguin-trees")
    [result] = card.data.eval_results or []
    assert (card.data.license, result.metric_type, result.metric_value) == ("cc0-1.0", "accuracy", measured[2]["value"])
    assert result.dataset_type == "lab/penguins"
    assert f"- `lab/penguins`: revision {hub.repo('dataset', 'lab/penguins').head.sha}, licence cc0-1.0" in card.text
    assert "| trees | accuracy | hold-out |" in card.text
    assert "The baseline has accuracy 0.446154." in card.text
    assert "2 by policy" in card.text
    # A clean process that knows nothing of us loads it from its address and predicts the same.
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    book = await written(session_id)
    shown = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))
    assert str(json.loads(told.stdout)) in shown
