"""Publishing to the loopback Hub and to a folder, with a real model and a real notebook."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from huggingface_hub import HfApi, ModelCard

from ml_intern_jlab.toolkit import publish
from ml_intern_jlab.toolkit.jobs_spec import JobFailed
from ml_intern_jlab.toolkit.publish import PublishError
from tests.hub.hub import READ_TOKEN, LoopbackHub

CHECK = """
import json
from pathlib import Path

def predict(folder):
    model = json.loads(Path(folder, "model.json").read_text())
    return [model["slope"] * x + model["offset"] for x in (0, 1, 2)]
"""


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_INTERN_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("ML_INTERN_JOURNAL", str(tmp_path / "none.sqlite"))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.json").write_text(json.dumps({"slope": 0.1, "offset": 2}))
    (model / "weights.bin").write_bytes(bytes(range(256)) * 100)
    (model / ".git").mkdir()
    (model / ".git" / "config").write_text("[core]")
    return tmp_path


@pytest.fixture
def predict(work: Path) -> Callable[[str], Any]:
    (work / "cell.py").write_text(CHECK)
    found: Callable[[str], Any] = runpy.run_path(str(work / "cell.py"), run_name="__main__")["predict"]
    return found


def notebook(path: Path, *sources: str) -> Path:
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(written, path)
    return path


def test_a_model_goes_to_the_hub_as_planned_and_predicts_the_same_there(
    hub: LoopbackHub, work: Path, predict: Callable[[str], Any]
) -> None:
    book = notebook(work / "a.ipynb", "import nbformat\nseed = 7")
    ask: dict[str, Any] = {"repo": "ada/line", "licence": "apache-2.0", "check": predict, "notebook": book}
    plan = publish.plan("model", **ask)
    assert [(each.path, each.state) for each in plan.files] == [
        (name, "new") for name in ("README.md", "a.ipynb", "model.json", "predict.py", "weights.bin")
    ]
    assert plan.expected == [2, 2.1, 2.2]
    assert "private, licence apache-2.0" in repr(plan)
    assert "It will be created." in plan.notes
    assert "weights.bin: loading such a file can run code" in " ".join(plan.notes)
    # Nothing was sent yet.
    assert not HfApi().repo_exists("ada/line")

    with pytest.raises(PublishError, match="not the plan that was seen"):
        publish.push(plan, "00000000")
    published = publish.push(plan, plan.number)
    assert (published.files, published.checked) == (5, 3)
    assert "makes the same predictions with it (3 values)" in repr(published)
    assert f'<p><a href="{hub.url}/ada/line">{hub.url}/ada/line</a>: 5 files were sent' in published._repr_html_()
    info = HfApi().model_info("ada/line", files_metadata=True)
    assert info.private
    assert info.sha == published.commit
    assert {each.rfilename for each in info.siblings or []} >= {each.path for each in plan.files}
    assert ModelCard.load("ada/line").data.license == "apache-2.0"

    # What is there already isn't sent again; what has changed is, and replaces.
    again = publish.plan("model", **ask)
    assert not again.sent
    commits = len(HfApi().list_repo_commits("ada/line"))
    assert publish.push(again, again.number).files == 0
    assert len(HfApi().list_repo_commits("ada/line")) == commits
    (work / "model/model.json").write_text(json.dumps({"slope": 1, "offset": 2}))
    changed = publish.plan("model", **ask)
    assert [(each.path, each.state) for each in changed.sent] == [("model.json", "overwritten")]
    assert changed.number != again.number
    publish.push(changed, changed.number)
    assert len(HfApi().list_repo_commits("ada/line")) == commits + 1


def test_a_change_after_the_plan_is_not_sent(hub: LoopbackHub, work: Path) -> None:
    hub.add_repo("model", "ada/line", {"README.md": b"---\nlicense: mit\n---\n# Mine"})
    plan = publish.plan("model", repo="ada/line", private=False)
    assert {each.path: each.state for each in plan.files}["README.md"] == "overwritten"
    (work / "model/model.json").write_text("{}")
    with pytest.raises(PublishError, match=r"model\.json has changed since the plan was made"):
        publish.push(plan, plan.number)
    # Somebody else writes in between.
    plan = publish.plan("model", repo="ada/line", private=False)
    HfApi().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="ada/line")
    with pytest.raises(PublishError, match="changed it in between; make the plan again"):
        publish.push(plan, plan.number)
    assert set(hub.repo("model", "ada/line").head.files) == {".gitattributes", "README.md", "x.txt"}


def test_secrets_and_surprises_block(hub: LoopbackHub, work: Path) -> None:
    token = "hf_" + "a1B2c3D4e5" * 3
    (work / "model/notes.txt").write_text(f"one\nlogin {token}\n")
    book = notebook(work / "a.ipynb", 'password = "correct-horse-7"')
    hub.add_repo("model", "ada/open", {"README.md": b"---\nlicense: mit\n---\n# Open"})
    plan = publish.plan("model", repo="ada/open", notebook=book)
    words = " ".join(plan.blocks)
    assert "notes.txt holds what looks like a secret (line 2)" in words
    assert "a.ipynb holds what looks like a secret" in words
    assert "exists already and is public, though private=True was asked" in words
    assert token not in repr(plan) + plan._repr_html_()
    with pytest.raises(PublishError, match=r"The plan is blocked, and nothing was sent\."):
        publish.push(plan, plan.number)
    assert set(hub.repo("model", "ada/open").head.files) == {".gitattributes", "README.md"}


def test_an_interrupted_push_goes_on_and_sends_nothing_twice(hub: LoopbackHub, work: Path) -> None:
    (work / "model/more.bin").write_bytes(b"\1" * 50_000)
    plan = publish.plan("model", repo="ada/line")
    hub.fail(r"/api/models/ada/line/commit/", 500, times=20)
    with pytest.raises(PublishError, match="what has arrived is not sent twice"):
        publish.push(plan, plan.number)
    assert not set(hub.repo("model", "ada/line").head.files) & {each.path for each in plan.files}
    hub.heal()
    before = len(hub.asked("", "PUT"))
    publish.push(plan, plan.number)
    assert len(hub.asked("", "PUT")) == before  # the large files were there already
    assert "more.bin" in hub.repo("model", "ada/line").head.files


def test_an_artifact_that_predicts_otherwise_is_found_out(hub: LoopbackHub, work: Path) -> None:
    (work / "cell.py").write_text("import uuid\n\ndef predict(folder):\n    return [uuid.uuid4().hex]\n")
    predict = runpy.run_path(str(work / "cell.py"), run_name="__main__")["predict"]
    plan = publish.plan("model", repo="ada/line", check=predict)
    with pytest.raises(PublishError, match="predicts something else than at home"):
        publish.push(plan, plan.number)
    (work / "cell.py").write_text("def predict(folder):\n    return open(folder + '/absent').read()\n")
    broken = runpy.run_path(str(work / "cell.py"), run_name="__main__")["predict"]
    with pytest.raises(JobFailed, match="FileNotFoundError"):
        publish.plan("model", repo="ada/line", check=broken)


def test_the_same_into_a_folder(work: Path, predict: Callable[[str], Any]) -> None:
    plan = publish.plan("model", folder="out", check=predict)
    assert not (work / "out").exists()
    published = publish.push(plan, plan.number)
    assert published.address == str(work / "out")
    assert (work / "out/weights.bin").read_bytes() == bytes(range(256)) * 100
    assert "# out" in (work / "out/README.md").read_text()
    assert [path.name for path in work.glob(".publishing-*")] == []
    (work / "out/other.txt").write_text("mine")
    with pytest.raises(PublishError, match="has changed since the plan was made"):
        publish.push(plan, plan.number)
    again = publish.plan("model", folder="out", check=predict)
    assert "1 other files that are there stay: other.txt." in again.notes


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "Say where it goes"),
        ({"repo": "ada/x", "folder": "y"}, "Say where it goes"),
        ({"repo": "a/b/c"}, "can't be a repository's name"),
        ({"folder": "model/model.json"}, "is a file; name a folder"),
    ],
)
def test_what_is_asked_wrongly_is_said(hub: LoopbackHub, how: dict[str, Any], words: str) -> None:
    with pytest.raises(PublishError, match=words):
        publish.plan("model", **how)
    with pytest.raises(PublishError, match="There is nothing at absent to publish"):
        publish.plan("absent", repo="ada/x")


def test_tokens_that_may_not_write_are_told(hub: LoopbackHub, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", READ_TOKEN)
    plan = publish.plan("model", repo="ada/line")
    with pytest.raises(PublishError, match="the token may not do that; it needs the right to write"):
        publish.push(plan, plan.number)
    hub.fail("/api/models/ada/line", cut_after=10)
    with pytest.raises(PublishError, match=r"The connection to 127\.0\.0\.1 broke"):
        publish.plan("model", repo="ada/line")
    hub.heal()
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(PublishError, match="the token is not valid there"):
        publish.plan("model", repo="ada/line")
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(PublishError, match="needs a token: set HF_TOKEN"):
        publish.plan("model", repo="ada/line")
