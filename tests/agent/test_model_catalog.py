from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ml_intern_jlab.agent import model_catalog
from ml_intern_jlab.agent.model_catalog import forget_found, known_models
from ml_intern_jlab.agent.models import create_model
from ml_intern_jlab.testing import Misbehaviour, ScriptedServer

VLLM = {"/v1/models": {"data": [{"id": "owner/big", "max_model_len": 32_000}]}}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without servers, weights and keys."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(model_catalog, "LOOPBACK_SERVERS", {"Ollama": "http://127.0.0.1:9/v1"})
    monkeypatch.setattr(model_catalog, "local_files", lambda: iter([]))
    forget_found()
    yield
    forget_found()


def test_a_bare_machine_has_the_recipes() -> None:
    assert [model.model for model in known_models()] == ["recipes"]


def test_the_default_comes_first_and_says_why_it_can_not_be_used() -> None:
    first, *rest = known_models("openai:gpt", "", ["local:", "recipes", "openai:gpt"])
    assert (first.model, first.available) == ("openai:gpt", False)
    assert "OPENAI_API_KEY" in first.detail
    assert [(model.model, model.available) for model in rest] == [("recipes", True), ("local:", False)]


def test_servers_on_this_machine_are_found_with_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([], VLLM) as server:
        monkeypatch.setattr(model_catalog, "LOOPBACK_SERVERS", {"vLLM": server.base_url, "none": "http://127.0.0.1:9"})
        found = {model.model: model for model in known_models()}
        big = found[f"openai:owner/big@{server.base_url}"]
        assert (big.label, big.context_window, big.price_in) == ("owner/big (vLLM)", 32_000, None)
        model = create_model(big.model)
        assert (model.model_id, model.context_window) == ("owner/big", 32_000)


def test_a_configured_model_tells_window_and_prices() -> None:
    page = {"data": [{"id": "some", "context_length": 9000, "pricing": {"prompt": "1e-6", "completion": "2e-6"}}]}
    with ScriptedServer([], {"/v1/models": page}) as server:
        first = known_models("openai:some", server.base_url)[0]
    assert (first.context_window, first.price_in, first.price_out, first.sees_images) == (9000, 1.0, 2.0, False)


def test_what_was_found_is_kept_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([], VLLM) as server:
        monkeypatch.setattr(model_catalog, "LOOPBACK_SERVERS", {"vLLM": server.base_url})
        assert len(known_models()) == 2
    assert len(known_models()) == 2
    monkeypatch.setattr(model_catalog, "CACHE_SECONDS", 0)
    forget_found()
    assert len(known_models()) == 1


def test_a_silent_server_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(model_catalog, "PROBE_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        monkeypatch.setattr(model_catalog, "LOOPBACK_SERVERS", dict.fromkeys("abcd", url))
        begun = time.monotonic()
        assert [model.model for model in known_models()] == ["recipes"]
        assert time.monotonic() - begun < 30


def test_weights_on_this_machine_without_llama_cpp_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_catalog, "local_files", lambda: iter([("tiny", "on this machine")]))
    monkeypatch.setattr(model_catalog, "find_spec", lambda name: None)
    (local,) = [model for model in known_models() if model.model == "local:tiny"]
    assert not local.available
    assert "pip install" in local.detail


def test_a_server_that_answers_nonsense_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([Misbehaviour()], {"/v1/models": {"data": [{"name": "no id"}, "odd"]}}) as server:
        monkeypatch.setattr(model_catalog, "LOOPBACK_SERVERS", {"odd": server.base_url})
        assert [model.model for model in known_models()] == ["recipes"]
