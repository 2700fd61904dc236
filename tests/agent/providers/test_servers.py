"""What every provider that asks a server must do, whatever that server does."""

from __future__ import annotations

import threading

import pytest
from smolagents.models import agglomerate_stream_deltas

from ml_intern_jlab.agent.context import message
from ml_intern_jlab.agent.models import context_overflow, is_transient, readable, retry_after
from ml_intern_jlab.agent.streaming import Aborted
from ml_intern_jlab.testing import CutOff, Misbehaviour, ScriptedServer

from .conftest import Make

ASK = [message("system", "Be brief."), message("user", "Say hello.")]
TOO_LONG = '{"error": {"message": "This model\'s maximum context length is 4096 tokens.", "code": 400}}'
LLAMA_TOO_LONG = (
    '{"error": {"code": 400, "message": "request (9000 tokens) exceeds the available context size (4096 tokens)", '
    '"type": "exceed_context_size_error"}}'
)


def test_a_reply_in_one_piece_and_streamed(make: Make) -> None:
    with ScriptedServer(["Hello there.", "Hello again, streamed in several pieces."]) as server:
        model = make(server.base_url)
        whole = model.generate(ASK)
        assert whole.content == "Hello there."
        assert whole.token_usage.input_tokens == 10
        deltas = list(model.generate_stream(ASK, max_tokens=7, stop_sequences=["END"]))
        assert len([delta for delta in deltas if delta.content]) > 1
        streamed = agglomerate_stream_deltas(deltas)
        assert streamed.content == "Hello again, streamed in several pieces."
        assert streamed.token_usage.output_tokens == 10
        assert not model.cut_off
        assert [request["stream"] for request in server.requests] == [True, True]
        assert (server.requests[1]["max_tokens"], server.requests[1]["stop"]) == (7, ["END"])
        assert server.requests[1]["messages"][1] == {"role": "user", "content": "Say hello."}


def test_a_reply_cut_off_by_the_limit_says_so_and_the_next_is_whole(make: Make) -> None:
    with ScriptedServer([CutOff("import pand"), "All of it."]) as server:
        model = make(server.base_url)
        assert model.generate(ASK).content == "import pand"
        assert model.cut_off
        model.generate(ASK)
        assert not model.cut_off


@pytest.mark.parametrize(
    ("line", "transient", "overflow", "words"),
    [
        pytest.param(429, True, False, "allows no more requests", id="429"),
        pytest.param(500, True, False, "failed", id="500"),
        pytest.param(503, True, False, "failed", id="503"),
        pytest.param(401, False, False, "refused the key", id="401"),
        pytest.param(404, False, False, "has no model", id="404"),
        pytest.param(Misbehaviour(400, body=TOO_LONG), False, True, "longer than the window", id="overflow"),
        pytest.param(Misbehaviour(400, body=LLAMA_TOO_LONG), False, True, "longer than the window", id="llama.cpp"),
        pytest.param(Misbehaviour(text="import pandas as pd", then="drop"), True, False, "", id="dropped"),
        pytest.param(Misbehaviour(then="silence"), True, False, "", id="silence"),
        pytest.param(Misbehaviour(text="import pandas", then="silence"), True, False, "", id="silence-in-mid-stream"),
        pytest.param(
            Misbehaviour(body='data: {"choices": [{\n\n', kind="text/event-stream"), True, False, "", id="no-json"
        ),
        pytest.param(Misbehaviour(body="\n\n", kind="text/event-stream"), True, False, "", id="empty"),
    ],
)
def test_faults_are_told_apart_and_readable(
    make: Make, line: int | Misbehaviour, transient: bool, overflow: bool, words: str
) -> None:
    with ScriptedServer([line]) as server:
        model = make(server.base_url)
        with pytest.raises(Exception) as error:  # noqa: PT011 - of whichever kind the client raises
            model.generate(ASK)
        assert is_transient(error.value) is transient
        assert context_overflow(error.value) is overflow
        text = readable(error.value, model)
        assert words in text
        assert "some" in text
        assert "Traceback" not in text
        assert len(text.splitlines()) == 1
        assert len(server.requests) == 1, "the agent asks again, not the client"


@pytest.mark.parametrize(("said", "seconds"), [("7", 7.0), ("3600", 60.0), ("soon", None), ("", None)])
def test_how_long_a_busy_server_wants_to_be_left_alone(make: Make, said: str, seconds: float | None) -> None:
    headers = {"Retry-After": said} if said else {}
    with ScriptedServer([Misbehaviour(429, headers=headers)]) as server:
        with pytest.raises(Exception) as error:  # noqa: PT011
            make(server.base_url).generate(ASK)
        assert retry_after(error.value) == seconds


def test_closing_the_stream_hangs_up(make: Make) -> None:
    with ScriptedServer([Misbehaviour(text="import pandas as pd\n" * 3, then="silence")]) as server:
        stream = make(server.base_url).generate_stream(ASK)
        assert next(stream).content
        stream.close()
        # The clients of others notice at their next read, which the time-out bounds.
        assert server.hung_up.wait(10)


def test_a_stop_ends_the_wait_for_the_first_token(make: Make) -> None:
    with ScriptedServer([Misbehaviour(then="silence"), "late"]) as server:
        model = make(server.base_url)
        raised: list[BaseException] = []

        def ask() -> None:
            try:
                model.generate(ASK)
            except BaseException as error:
                raised.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        assert server.silent.wait(30)
        model.abort()
        asking.join(10)
        assert isinstance(raised[0], Aborted)
        assert server.hung_up.wait(10)
        with pytest.raises(Aborted):
            model.generate(ASK)
        assert len(server.requests) == 1
