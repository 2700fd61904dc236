"""Code, documentation and the web, read from the loopback services and from what is installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml_intern_jlab.toolkit import docs, github, web
from ml_intern_jlab.toolkit.errors import BadRequest, NotFound, RateLimited
from tests.hub.hub import LoopbackHub

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# SFT\n", "with adapters"]},
        {
            "cell_type": "code",
            "source": "trainer.train()",
            "outputs": [{"output_type": "stream", "text": ["loss 0.1\n"]}, {"ename": "E", "evalue": "x" * 5000}],
        },
    ]
}
INDEX = """# TRL
- [SFT Trainer](https://huggingface.co/docs/trl/sft_trainer.md): Supervised fine-tuning
- [DPO Trainer](/docs/trl/dpo_trainer.md): Learns from preferences
- [Quickstart](/docs/trl/quickstart.md)
"""


@pytest.fixture
def shelves(hub: LoopbackHub) -> LoopbackHub:
    files: dict[str, str | bytes] = {
        "README.md": "# TRL",
        "trl/trainer/sft_trainer.py": "class SFTTrainer: ...\n" * 2000,
        "examples/scripts/sft.py": "from trl import SFTTrainer\n",
        "examples/notebooks/sft_lora.ipynb": json.dumps(NOTEBOOK),
        "examples/scripts/dpo.py": "from trl import DPOTrainer\n",
        "tests/test_sft.py": "",
        "logo.png": b"\x89PNG\0\0",
        "broken.ipynb": "not json",
    }
    hub.add_code("huggingface/trl", files, stars=9, about="Train with RL", releases=[("v2.0", "SFTConfig renamed.")])
    hub.add_code("huggingface/peft", {"README.md": "x"}, stars=20, about="Adapters")
    hub.shelves.pages |= {
        "/docs/trl/llms.txt": INDEX.replace("https://huggingface.co", hub.url),
        "/docs/trl/dpo_trainer.md": "# DPO Trainer\nbeta=0.1",
        "/docs/trl/main/en/sft_trainer.md": "# SFT Trainer\nmax_length",
        "/docs/hub/en/repositories.md": "# Repositories",
    }
    return hub


def test_repositories_are_found_and_listed(shelves: LoopbackHub) -> None:
    assert [each.name for each in github.repositories("huggingface")] == ["huggingface/peft", "huggingface/trl"]
    assert [each.name for each in github.search("train")] == ["huggingface/trl"]
    with pytest.raises(NotFound, match="no user or organization nobody"):
        github.repositories("nobody")


def test_examples_come_by_folder_and_words(shelves: LoopbackHub) -> None:
    found = [each.path for each in github.examples("huggingface/trl", "sft")]
    assert found == ["examples/scripts/sft.py", "examples/notebooks/sft_lora.ipynb", "trl/trainer/sft_trainer.py"]
    assert [each.path for each in github.files("https://github.com/huggingface/trl.git", "examples/*dpo*")] == [
        "examples/scripts/dpo.py"
    ]


def test_files_and_notebooks_are_read_as_text(shelves: LoopbackHub) -> None:
    assert github.read("huggingface/trl", "README.md").text == "# TRL"
    text = github.read("huggingface/trl", "examples/notebooks/sft_lora.ipynb").text
    assert text.startswith("# SFT\nwith adapters\n\n```python  # cell 1\ntrainer.train()\n```")
    assert "loss 0.1" in text
    assert len(text) < 700
    long = github.read("huggingface/trl", "trl/trainer/sft_trainer.py", most=1000)
    assert long.rest > 0
    assert "start=" in repr(long)


def test_what_can_not_be_read_is_told(shelves: LoopbackHub) -> None:
    with pytest.raises(NotFound, match=r"no file examples/sft\.py.*examples/scripts/sft\.py"):
        github.read("huggingface/trl", "examples/sft.py")
    with pytest.raises(NotFound, match="Did you mean huggingface/trl"):
        github.files("huggingface/tlr")
    with pytest.raises(NotFound, match="no branch, tag or commit 'v9'"):
        github.files("huggingface/trl", ref="v9")
    for path, why in (("examples", "a folder"), ("logo.png", "no text"), ("broken.ipynb", "no notebook")):
        with pytest.raises(BadRequest, match=why):
            github.read("huggingface/trl", path)
    with pytest.raises(BadRequest, match="owner/name"):
        github.files("trl")


def test_the_limit_for_anonymous_reading_is_told(shelves: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    shelves.shelves.left = 0
    with pytest.raises(RateLimited, match=r"try again in (29|30) min.*GITHUB_TOKEN"):
        github.read("huggingface/trl", "README.md")
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_" + "x" * 30)
    assert github.read("huggingface/trl", "README.md").text == "# TRL"
    assert not any("ghp_" in str(each.headers) for each in shelves.asked() if not each.path.startswith("/github"))


def test_documentation_is_searched_and_read(shelves: LoopbackHub) -> None:
    found = docs.search("preferences dpo", "trl")
    assert [each.title for each in found] == ["DPO Trainer"]
    assert "beta=0.1" in docs.read(found[0].url).text
    assert "max_length" in docs.read("sft_trainer", "trl").text
    assert docs.read("repositories", "hub").text == "# Repositories"
    assert len(docs.search("trainer", "trl")) == 2
    with pytest.raises(NotFound, match=r"no documentation of tlr"):
        docs.search("x", "tlr")
    with pytest.raises(NotFound, match=r"docs\.search"):
        docs.read("nothing", "trl")
    with pytest.raises(BadRequest, match="no address"):
        docs.read("sft_trainer")
    assert [each.path for each in docs.hub_api("job")] == ["/api/jobs/{namespace}"]


def test_what_is_installed_comes_from_this_kernel() -> None:
    import httpx

    told = docs.look("httpx.Client.get")
    assert (told.version, told.package) == (httpx.__version__, "httpx")
    assert "follow_redirects" in told.signature
    assert "httpx.Client.get(self" in repr(told)
    assert "dumps" in docs.look("json").members
    assert docs.look("json.decoder.JSONDecodeError").kind == "class"
    with pytest.raises(NotFound, match=r"Did you mean httpx\.Client"):
        docs.look("httpx.Clent")
    with pytest.raises(NotFound, match=r"not installed here.*Did you mean .*httpx"):
        docs.look("htpx.Client")
    with pytest.raises(BadRequest, match="no name"):
        docs.look("import os; os.remove('x')")


def test_a_file_of_the_folder_is_not_run_by_looking_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "looks_harmless.py").write_text("raise SystemExit('ran')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BadRequest, match="a file of this folder"):
        docs.look("looks_harmless.thing")


def test_a_changelog_comes_from_the_packages_repository(shelves: LoopbackHub) -> None:
    shelves.add_code("encode/httpx", {}, releases=[("1.0", "Fewer names.")])
    found = docs.changelog("httpx")
    assert found[0].notes == "Fewer names."
    assert "is installed here" in repr(found)
    assert docs.changelog("not-here", repository="huggingface/trl")[0].tag == "v2.0"
    with pytest.raises(NotFound, match="not installed"):
        docs.changelog("not-here")


def test_web_search_is_off_until_it_is_configured(shelves: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="ML_INTERN_WEB_SEARCH"):
        web.search("warmup")
    shelves.shelves.web = [("Warmup", "https://example.org/w", "text"), ("Warmup evil", "javascript:alert(1)", "x")]
    monkeypatch.setenv("ML_INTERN_WEB_SEARCH", f"{shelves.url}/web")
    assert [each.url for each in web.search("warmup")] == ["https://example.org/w"]
    monkeypatch.setenv("ML_INTERN_WEB_SEARCH", f"{shelves.url}/scholar/graph/v1/paper")
    with pytest.raises(NotFound):
        web.search("warmup")
