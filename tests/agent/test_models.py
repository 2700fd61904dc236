from __future__ import annotations

import pytest
from keyring.backend import KeyringBackend

from ml_intern_jlab.agent import keys
from ml_intern_jlab.agent.context import message
from ml_intern_jlab.agent.models import create_model, model_label
from ml_intern_jlab.agent.providers.chat_server import ChatServerModel
from ml_intern_jlab.agent.providers.hub import HubModel
from ml_intern_jlab.errors import ModelUnavailable
from ml_intern_jlab.testing import ScriptedServer

ASK = [message("user", "Say hello.")]


class Memory(KeyringBackend):  # type: ignore[misc]  # its types are optional
    """A keyring that forgets with the test."""

    priority = 1.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> Memory:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "/nowhere/token")
    memory = Memory()
    monkeypatch.setattr("keyring.core._keyring_backend", memory)
    return memory


def sent(server: ScriptedServer) -> list[str | None]:
    return [request["headers"].get("authorization") for request in server.requests]


def test_the_recipes_are_the_default_and_say_what_they_are() -> None:
    assert create_model().model_id == "recipes"
    assert create_model("recipes").model_id == "recipes"
    assert model_label("") == "recipes (no language model)"


@pytest.mark.parametrize("name", ["nonsense", "openai:", "recipes:x", "gpt", "local:", "hf: "])
def test_an_unknown_model_is_a_sentence(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="There is no model called"):
        create_model(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("openai:gpt", r"platform\.openai\.com.*OPENAI_API_KEY.*key set openai"),
        ("hf:owner/some", r"huggingface\.co/settings/tokens.*HF_TOKEN.*key set hf"),
    ],
)
def test_a_missing_key_is_named_with_the_page_that_issues_it(name: str, words: str) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        create_model(name)


def test_a_name_may_carry_its_address() -> None:
    model = create_model("openai:owner/some:7b@http://127.0.0.1:11434/v1", "http://elsewhere/v1")
    assert isinstance(model, ChatServerModel)
    assert (model.model_id, model.base_url) == ("owner/some:7b", "http://127.0.0.1:11434/v1")


def test_a_key_goes_to_its_own_host_only(monkeypatch: pytest.MonkeyPatch, keyring: Memory) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_never_to_be_sent_elsewhere")
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-openai")
    with ScriptedServer(["a", "b", "c"]) as server:
        create_model("openai:some", server.base_url).generate(ASK)
        # Set together they belong together.
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        create_model("openai:some").generate(ASK)
        monkeypatch.delenv("OPENAI_API_KEY")
        keys.store_key(keys.keyring_name(server.base_url), "key-of-this-server")
        create_model("openai:some").generate(ASK)
        assert sent(server) == [None, "Bearer key-of-openai", "Bearer key-of-this-server"]
    with pytest.raises(ModelUnavailable, match="needs a key"):
        create_model("openai:some", "https://api.openai.com/v1")


def test_keys_of_the_keyring_are_kept_found_and_forgotten(keyring: Memory) -> None:
    keys.store_key("hf", "hf_from_the_keyring")
    model = create_model("hf:owner/some")
    assert isinstance(model, HubModel)
    assert "hf_from_the_keyring" not in str(model.to_dict())
    assert keys.forget_key("hf") is True
    assert keys.forget_key("hf") is False
    with pytest.raises(ModelUnavailable):
        create_model("hf:owner/some")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("OpenAI", "openai"),
        ("https://api.openai.com/v1", "openai"),
        ("localhost:8000", "localhost:8000"),
        ("http://user@Models.example.org:8000/v1", "models.example.org:8000"),
        ("anthropic", "anthropic"),
    ],
)
def test_under_which_name_a_key_is_kept(typed: str, name: str) -> None:
    assert keys.keyring_name(typed) == name


def test_without_a_keyring_there_is_no_key_and_a_sentence_when_one_is_to_be_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from keyring.backends.fail import Keyring

    monkeypatch.setattr("keyring.core._keyring_backend", Keyring())
    assert keys.stored_key("hf") is None
    with pytest.raises(keys.KeyringUnavailable, match="Set the key in the environment"):
        keys.store_key("hf", "x")
