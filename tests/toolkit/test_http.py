"""How the toolkit reads: tries, time-outs, the cache and its age, and where tokens go."""

from __future__ import annotations

import re
import socket
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.toolkit import cache, datasets, github, http, models, papers
from ml_intern_jlab.toolkit.errors import BadRequest, NoAccess, NotFound, RateLimited, Unreachable, nearest
from ml_intern_jlab.toolkit.services import DATASETS_SERVER, HUB, same_site
from tests.hub.hub import TOKEN, LoopbackHub


@pytest.fixture
def shelf(hub: LoopbackHub) -> LoopbackHub:
    hub.add_repo("model", "lab/one", {"README.md": "---\nlicense: mit\n---\n"})
    hub.add_repo("dataset", "lab/rows")
    hub.add_rows("lab/rows", [{"a": 1}])
    return hub


@pytest.mark.parametrize("how", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "0"}}, {"cut_after": 5}])
def test_a_passing_fault_is_tried_again(shelf: LoopbackHub, how: dict[str, Any]) -> None:
    shelf.fail("/api/models/lab/one", times=2, **how)
    assert models.inspect("lab/one").id == "lab/one"
    assert len(shelf.asked("/api/models/lab/one")) == 3


def test_what_does_not_pass_is_not_tried_again(shelf: LoopbackHub) -> None:
    shelf.fail("/api/models/lab/one", 400)
    with pytest.raises(BadRequest, match=r"127\.0\.0\.1.*400"):
        models.inspect("lab/one")
    assert len(shelf.asked("/api/models/lab/one")) == 1


def test_a_fault_that_stays_names_the_host_and_what_works_without_it(shelf: LoopbackHub) -> None:
    shelf.fail("/api/models", 502, times=-1)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+ \(Hugging Face Hub\).*status 502.*cache"):
        models.inspect("lab/one")
    assert len(shelf.asked("/api/models/lab/one")) == http.TRIES


def test_a_limit_that_lasts_is_told_at_once(shelf: LoopbackHub) -> None:
    shelf.fail("/api/models", 429, times=-1, headers={"Retry-After": "300"})
    with pytest.raises(RateLimited, match="in 5 min"):
        models.inspect("lab/one")
    assert len(shelf.asked("/api/models")) == 1


def test_a_slow_host_ends_at_the_time_out(shelf: LoopbackHub) -> None:
    shelf.fail("/api/models/lab/one", seconds=3)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="no answer in time"):
        models.inspect("lab/one", timeout=0.5)
    assert time.monotonic() - began < 2.5


def test_no_host_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("ML_INTERN_CACHE", str(tmp_path))
    monkeypatch.setattr(http, "PAUSE", 0.01)
    with pytest.raises(Unreachable, match=rf"127\.0\.0\.1:{port}.*no connection"):
        papers.search("x")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(Unreachable, match="HF_HUB_OFFLINE is set"):
        papers.search("x")


def test_what_was_read_is_kept_with_its_age_and_serves_when_the_host_is_gone(shelf: LoopbackHub) -> None:
    first = models.search("one")
    assert first.source is not None
    assert "read just now" in repr(first)
    models.search("one")
    assert len(shelf.asked("/api/models")) == 1
    for path in cache.folder().glob("*.answer"):
        path.write_bytes(re.sub(rb'"fetched": \d+', b'"fetched": 1000000000', path.read_bytes(), count=1))
    shelf.fail("/api/models", 500, times=-1)
    old = models.search("one")
    assert [each.id for each in old] == ["lab/one"]
    assert "days ago" in repr(old)
    assert "could not be reached now" in repr(old)
    cache.clear()
    with pytest.raises(Unreachable):
        models.search("one")


def test_what_one_token_may_read_is_not_shown_to_another(shelf: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.add_repo("model", "lab/private", private=True)
    assert models.inspect("lab/private").access == "private, open"
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(NotFound):
        models.inspect("lab/private")


def test_a_damaged_or_unwritable_cache_is_done_without(
    shelf: LoopbackHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    models.search("one")
    for path in cache.folder().glob("*.answer"):
        path.write_bytes(b"{}\nx")
    assert len(models.search("one")) == 1
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ML_INTERN_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="ML_INTERN_CACHE"):
        assert len(models.search("one")) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(models.search("one")) == 1


def test_an_answer_that_is_too_long_is_refused(shelf: LoopbackHub) -> None:
    shelf.add_paper("2501.00001", "Long", parts=((2, "One", "word " * 2000),))
    with pytest.raises(BadRequest, match="longer than 0 MB"):
        http.get(HUB, "/arxiv/html/2501.00001", most_bytes=5000)


def test_a_page_that_is_no_json_is_told(shelf: LoopbackHub) -> None:
    shelf.add_paper("2501.00001", "Page", parts=((2, "One", "x"),))
    with pytest.raises(Unreachable, match="not JSON"):
        http.get(HUB, "/arxiv/html/2501.00001").json()


@pytest.mark.parametrize("body", ["[1, 2]", '{"error": 1}', '[{"name": "x"}]', "null", '"text"', "[[]]"])
def test_an_answer_in_another_form_is_a_sentence(shelf: LoopbackHub, body: str) -> None:
    # As from a proxy, or from a service that has changed.
    shelf.shelves.pages |= dict.fromkeys(("/docs/api/models", "/docs/repos/a/b/releases", "/docs/splits"), body)
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("HF_ENDPOINT", "ML_INTERN_GITHUB", "ML_INTERN_DATASETS_SERVER"):
            patch.setenv(variable, f"{shelf.url}/docs")
        if body != "null":
            for ask in (lambda: models.search("x"), lambda: github.releases("a/b")):
                with pytest.raises(Unreachable, match="form that is not known"):
                    ask()
        with pytest.raises(Unreachable, match="form that is not known"):
            datasets.rows("lab/rows")


def test_the_hubs_token_goes_to_the_hub_and_its_own_viewer_only(
    shelf: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.add_paper("2501.00001", "Page", parts=((2, "One", "x"),))
    papers.read("2501.00001", "One")
    papers.citations("2501.00001")
    datasets.rows("lab/rows")
    with_token = {each.path.split("/")[1] for each in shelf.asked() if each.bearer == TOKEN}
    assert with_token == {"viewer"}
    models.inspect("lab/one")
    assert shelf.asked("/api/models/lab/one")[0].bearer == TOKEN
    # A mirror's token is not for the public viewer.
    monkeypatch.delenv("ML_INTERN_DATASETS_SERVER")
    assert DATASETS_SERVER.credentials() == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://huggingface.co", "https://datasets-server.huggingface.co", True),
        ("https://huggingface.co", "https://huggingface.co.evil.example", False),
        ("https://huggingface.co", "https://nothuggingface.co", False),
        ("http://127.0.0.1:1", "http://127.0.0.1:2", True),
        ("", "https://huggingface.co", False),
    ],
)
def test_same_site(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


def test_a_wrong_token_is_told_apart_from_none(shelf: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_" + "wrong" * 6)
    with pytest.raises(NoAccess, match=r"HF_TOKEN|token"):
        models.inspect("lab/one")


def test_nearest_names() -> None:
    known = ["google-bert/bert-base-uncased", "openai-community/gpt2", "stanfordnlp/imdb"]
    assert nearest("bert-base-uncassed", known) == ["google-bert/bert-base-uncased"]
    assert nearest("stanfordnlp/imbd", known) == ["stanfordnlp/imdb"]
    assert nearest("zebra", known) == []
