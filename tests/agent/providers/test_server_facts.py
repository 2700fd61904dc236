from __future__ import annotations

from typing import Any

import pytest

from ml_intern_jlab.agent.providers.server_facts import Facts, ServedModels, is_loopback
from ml_intern_jlab.testing import ScriptedServer


def facts(pages: dict[str, Any], model_id: str = "m", provider: str = "") -> Facts:
    with ScriptedServer([], pages) as server:
        return ServedModels(server.base_url).facts(model_id, provider)


def test_vllm_tells_it_in_its_list() -> None:
    assert facts({"/v1/models": {"data": [{"id": "m", "max_model_len": 8192}]}}) == Facts(8192)


def test_what_nobody_says_stays_unknown() -> None:
    assert facts({"/v1/models": {"data": [{"id": "m"}]}}) == Facts()
    assert facts({"/v1/models": {"data": [{"id": "other", "max_model_len": 1}]}}) == Facts()
    assert facts({}) == Facts(settled=False)
    assert facts({"/v1/models": ["odd"]}) == Facts(settled=False)


def test_llama_cpp_tells_what_it_was_started_with_and_not_what_the_model_was_trained_with() -> None:
    entry = {"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}}
    props = {"default_generation_settings": {"n_ctx": 4096}, "modalities": {"vision": True}}
    assert facts({"/v1/models": {"data": [entry]}, "/props": props}) == Facts(4096, sees_images=True)
    newer = {**entry, "meta": {"n_ctx": 2048, "n_ctx_train": 32768}, "architecture": {"input_modalities": ["text"]}}
    assert facts({"/v1/models": {"data": [newer]}}) == Facts(2048)


def test_ollama_loaded_asked_for_or_at_most() -> None:
    listed = {"data": [{"id": "m", "owned_by": "library"}]}
    show = {"model_info": {"general.architecture": "llama", "llama.context_length": 131072}, "capabilities": ["vision"]}
    pages = {"/v1/models": listed, "/api/show": show, "/api/ps": {"models": []}}
    assert facts(pages) == Facts(131072, sees_images=True, settled=False)
    asked = {**show, "parameters": 'stop "</s>"\nnum_ctx                        16384'}
    assert facts({**pages, "/api/show": asked}) == Facts(16384, sees_images=True)
    loaded = {"models": [{"name": "m", "context_length": 4096}]}
    assert facts({**pages, "/api/show": asked, "/api/ps": loaded}) == Facts(4096, sees_images=True)


def test_lm_studio() -> None:
    listed = {"data": [{"id": "m", "owned_by": "organization_owner"}]}
    more = {"id": "m", "type": "vlm", "max_context_length": 32768, "loaded_context_length": 4096}
    pages = {"/v1/models": listed, "/api/v0/models": {"data": [more]}}
    assert facts(pages) == Facts(4096, sees_images=True)


def test_prices_per_million_tokens() -> None:
    entry = {"id": "m", "context_length": 1000, "pricing": {"prompt": "0.0000005", "completion": "0.0000015"}}
    assert facts({"/v1/models": {"data": [entry]}}) == Facts(1000, price_in=0.5, price_out=1.5)


def test_the_router_of_several_providers_is_read_with_care() -> None:
    providers = [
        {"provider": "a", "status": "live", "context_length": 8000, "pricing": {"input": 1, "output": 2}},
        {"provider": "b", "status": "live", "context_length": 4000, "pricing": {"input": 0.5, "output": 3}},
        {"provider": "c", "status": "error", "context_length": 10, "pricing": {"input": 99, "output": 99}},
    ]
    pages = {"/v1/models": {"data": [{"id": "m", "providers": providers}]}}
    assert facts(pages) == Facts(4000, price_in=1, price_out=3)
    assert facts(pages, provider="a") == Facts(8000, price_in=1, price_out=2)
    del providers[1]["context_length"]
    assert facts(pages).context_window is None


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:80/v1", True),
        ("https://example.org/v1", False),
        ("http://10.0.0.1/v1", False),
    ],
)
def test_which_addresses_are_this_machine(url: str, own: bool) -> None:
    assert is_loopback(url) is own
