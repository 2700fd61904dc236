from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

from ml_intern_jlab.agent import streaming
from ml_intern_jlab.agent.providers import chat_server, hub, litellm_models

Make = Callable[[str], streaming.LanguageModel]
SILENCE = 1.0


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_never_to_be_sent_elsewhere")
    # Nobody's real keyring.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for module in (hub, litellm_models):
        monkeypatch.setattr(module, "READ_SECONDS", SILENCE)


def _chat_server(base_url: str) -> streaming.LanguageModel:
    return chat_server.ChatServerModel("owner/some", base_url, read_seconds=SILENCE)


def _litellm(base_url: str) -> streaming.LanguageModel:
    if importlib.util.find_spec("litellm") is None:
        pytest.skip("litellm isn't installed: pip install 'ml-intern-jlab[litellm]'")
    return litellm_models.LiteLLMChatModel("openai/some", base_url)


# What litellm does to pydantic is its own affair.
LITELLM = pytest.param("litellm", marks=pytest.mark.filterwarnings("ignore:::pydantic", "ignore:::litellm"))


@pytest.fixture(params=["openai", "hf", LITELLM])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Each provider that asks a server, pointed at one of ours."""
    if request.param == "litellm":
        monkeypatch.setenv("OPENAI_API_KEY", "some-key")
        return _litellm
    return _chat_server if request.param == "openai" else lambda base_url: hub.HubModel("owner/some", base_url)
