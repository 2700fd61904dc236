from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
from PIL import Image

from ml_intern_jlab.agent.context import message
from ml_intern_jlab.agent.models import is_transient, readable
from ml_intern_jlab.agent.providers.chat_server import ChatServerModel
from ml_intern_jlab.agent.streaming import Aborted
from ml_intern_jlab.testing import Misbehaviour, ScriptedServer

ASK = [message("user", "Say hello.")]


def events(*bodies: object) -> Misbehaviour:
    text = "".join(f"data: {json.dumps(body) if not isinstance(body, str) else body}\n\n" for body in bodies)
    return Misbehaviour(body=text, kind="text/event-stream")


def test_a_stop_hangs_up_at_once_even_before_the_first_token() -> None:
    """The default patience is two minutes; the server must learn within moments that nobody waits any more."""
    with ScriptedServer([Misbehaviour(then="silence")]) as server:
        model = ChatServerModel("some", server.base_url)

        def ask() -> None:
            with contextlib.suppress(Aborted):
                model.generate(ASK)

        asking = threading.Thread(target=ask)
        asking.start()
        assert server.silent.wait(30)
        model.abort()
        assert server.hung_up.wait(10)
        asking.join(10)


def test_a_server_that_is_not_there_is_named() -> None:
    with ScriptedServer([]) as server:
        gone = server.base_url
    model = ChatServerModel("some", gone)
    with pytest.raises(Exception, match="refused") as error:
        model.generate(ASK)
    assert is_transient(error.value)
    assert f"at {gone} can't be reached" in readable(error.value, model)


def test_thoughts_apart_stand_between_think_tags() -> None:
    line = events(
        {"choices": [{"delta": {"reasoning_content": "First "}}]},
        {"choices": [{"delta": {"reasoning_content": "a look."}}]},
        {"choices": [{"delta": {"content": "Hello"}}]},
        {"choices": [{"delta": {"content": "."}, "finish_reason": "stop"}]},
        "[DONE]",
    )
    with ScriptedServer([line]) as server:
        assert ChatServerModel("some", server.base_url).generate(ASK).content == (
            "<think>First a look.</think>\nHello."
        )


def test_running_totals_of_tokens_are_counted_once() -> None:
    line = events(
        {"choices": [{"delta": {"content": "a"}}], "usage": {"prompt_tokens": 5, "completion_tokens": 1}},
        {
            "choices": [{"delta": {"content": "b"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        },
    )
    with ScriptedServer([line]) as server:
        usage = ChatServerModel("some", server.base_url).generate(ASK).token_usage
        assert (usage.input_tokens, usage.output_tokens) == (5, 2)


def test_an_answer_that_was_not_streamed_is_read_all_the_same() -> None:
    body = json.dumps({"choices": [{"message": {"content": "Whole."}, "finish_reason": "length"}]})
    with ScriptedServer([Misbehaviour(body=body)]) as server:
        model = ChatServerModel("some", server.base_url)
        assert model.generate(ASK).content == "Whole."
        assert model.cut_off


def test_an_error_in_mid_stream_is_an_error() -> None:
    line = events({"choices": [{"delta": {"content": "a"}}]}, {"error": {"code": 503, "message": "out of slots"}})
    with ScriptedServer([line]) as server:
        model = ChatServerModel("some", server.base_url)
        with pytest.raises(Exception, match="out of slots") as error:
            model.generate(ASK)
        assert is_transient(error.value)


def test_a_server_that_knows_no_stream_options_is_asked_without() -> None:
    refusal = Misbehaviour(400, body='{"error": {"message": "Unrecognized field: stream_options"}}')
    with ScriptedServer([refusal, "Hello."]) as server:
        assert ChatServerModel("some", server.base_url).generate(ASK).content == "Hello."
        assert ["stream_options" in request for request in server.requests] == [True, False]


def test_a_redirect_is_not_followed() -> None:
    """A key must not follow it to another host."""
    with ScriptedServer(["stolen"]) as other:
        moved = Misbehaviour(307, headers={"Location": f"{other.base_url}/chat/completions"})
        with ScriptedServer([moved]) as server:
            with pytest.raises(Exception, match="307"):
                ChatServerModel("some", server.base_url, "key").generate(ASK)
            assert not other.requests


def test_images_reach_only_a_model_that_sees() -> None:
    sees = {"id": "some", "context_length": 9000, "architecture": {"input_modalities": ["text", "image"]}}
    picture = {"type": "image", "image": Image.new("RGB", (2, 2))}
    asked = message("user", "What is this?")
    asked.content.append(picture)
    for page, kind in (({"data": [sees]}, list), ({"data": [{"id": "some"}]}, str)):
        with ScriptedServer(["A square."], {"/v1/models": page}) as server:
            ChatServerModel("some", server.base_url).generate([asked])
            content = server.requests[0]["messages"][0]["content"]
            assert isinstance(content, kind)
            assert ("data:image/png;base64" in json.dumps(content)) is (kind is list)


def test_what_the_model_takes_is_read_from_the_server_and_only_once() -> None:
    page = {"data": [{"id": "some", "max_model_len": 12_345, "owned_by": "vllm"}]}
    with ScriptedServer(["a"], {"/v1/models": page}) as server:
        model = ChatServerModel("some", server.base_url)
        assert (model.context_window, model.sees_images, model.price_in) == (12_345, False, None)
        page["data"].clear()
        model.generate(ASK)
        assert model.context_window == 12_345


def test_a_slow_stream_arrives_as_it_is_written() -> None:
    line = Misbehaviour(text="x" * 40, then="silence")
    with ScriptedServer([line]) as server:
        stream = ChatServerModel("some", server.base_url).generate_stream(ASK)
        begun = time.monotonic()
        assert next(stream).content == "x" * 20
        assert time.monotonic() - begun < 60  # and not only once the silence ends, after READ_SECONDS
        stream.close()
