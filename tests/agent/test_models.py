from __future__ import annotations

import pytest
from smolagents.models import agglomerate_stream_deltas

from ml_intern_jlab.agent.context import message
from ml_intern_jlab.agent.models import create_model, is_transient, known_models, model_label, readable
from ml_intern_jlab.errors import ModelUnavailable
from ml_intern_jlab.testing import ScriptedServer

ASK = [message("user", "Say hello.")]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_never_to_be_sent_elsewhere")


def test_the_recipes_are_the_default_and_say_what_they_are() -> None:
    assert create_model().model_id == "recipes"
    assert create_model("recipes").model_id == "recipes"
    assert model_label("") == "recipes (no language model)"


@pytest.mark.parametrize("name", ["nonsense", "openai:", "recipes:x", "gpt"])
def test_an_unknown_model_is_a_sentence(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="There is no model called"):
        create_model(name)


def test_openai_itself_needs_a_key() -> None:
    with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
        create_model("openai:gpt")


def test_an_openai_server_answers_in_one_piece_and_streamed() -> None:
    with ScriptedServer(["Hello there.", "Hello again, streamed in several pieces."]) as server:
        model = create_model("openai:some", server.base_url)
        whole = model.generate(ASK)
        assert whole.content == "Hello there."
        assert whole.token_usage.input_tokens == 10
        streamed = agglomerate_stream_deltas(list(model.generate_stream(ASK)))
        assert streamed.content == "Hello again, streamed in several pieces."
        assert streamed.token_usage.output_tokens > 0
        assert {request["model"] for request in server.requests} == {"some"}


def test_a_key_goes_to_the_named_server_and_no_other_token_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(["a", "b"]) as server:
        create_model("openai:some", server.base_url).generate(ASK)
        monkeypatch.setenv("OPENAI_API_KEY", "key-of-this-server")
        create_model("openai:some", server.base_url).generate(ASK)
        sent = [
            request["headers"].get("authorization", request["headers"].get("Authorization"))
            for request in server.requests
        ]
        assert sent == ["Bearer no-key", "Bearer key-of-this-server"]


@pytest.mark.parametrize(
    ("status", "transient", "words"),
    [
        (401, False, "refused the key"),
        (404, False, "has no model"),
        (429, True, "allows no more requests"),
        (500, True, "failed"),
        (503, True, "failed"),
    ],
)
def test_faults_are_told_apart_and_readable(status: int, transient: bool, words: str) -> None:
    with ScriptedServer([status]) as server:
        model = create_model("openai:some", server.base_url)
        with pytest.raises(Exception) as error:  # noqa: PT011 - of whichever kind the client raises
            model.generate(ASK)
        assert is_transient(error.value) is transient
        assert words in readable(error.value, model)


def test_a_server_that_is_not_there_is_named() -> None:
    with ScriptedServer([]) as server:
        gone = server.base_url
    model = create_model("openai:some", gone)
    with pytest.raises(Exception, match="refused") as error:
        model.generate(ASK)
    assert is_transient(error.value)
    assert f"at {gone} can't be reached" in readable(error.value, model)


def test_known_models_say_why_a_configured_one_can_not_be_used() -> None:
    assert [model.model for model in known_models()] == ["recipes"]
    broken = known_models("openai:gpt")[1]
    assert not broken.available
    assert "OPENAI_API_KEY" in broken.detail
