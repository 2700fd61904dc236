from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smolagents.models import ChatMessage, ChatMessageStreamDelta, MessageRole, Model

from ml_intern_jlab.agent.asking import Asking, goes_round
from ml_intern_jlab.agent.context import message
from ml_intern_jlab.agent.executor import Usage


class Countless(Model):  # type: ignore[misc]  # smolagents has no type information
    """A server that streams and counts no tokens, as many do."""

    def generate_stream(self, messages: list[ChatMessage], **_: Any) -> Iterator[ChatMessageStreamDelta]:
        for piece in ("Ten words ", "or so, ", "written one after the other."):
            yield ChatMessageStreamDelta(content=piece)


class Looping(Model):  # type: ignore[misc]  # smolagents has no type information
    """Says the same line again and again."""

    def __init__(self) -> None:
        self.pieces = 0

    def generate_stream(self, messages: list[ChatMessage], **_: Any) -> Iterator[ChatMessageStreamDelta]:
        yield ChatMessageStreamDelta(content="import pandas as pd\n")
        for number in range(4000):
            self.pieces += 1
            yield ChatMessageStreamDelta(content=["df['class'] = ", "df['class'].fillna('F')", "\n"][number % 3])


class Listener:
    """The part of a workbench that hears what a turn took."""

    def __init__(self) -> None:
        self.written = ""
        self.usage: list[Usage] = []

    def text_delta(self, step: int, text: str) -> None:
        self.written += text

    def step_finished(self, step: int, usage: Usage) -> None:
        self.usage.append(usage)


def test_tokens_that_a_server_does_not_count_are_estimated() -> None:
    listener = Listener()
    asking = Asking(listener, Countless)  # type: ignore[arg-type]
    answer = asking.answer(lambda room: [message(MessageRole.USER, "Write ten words. " * 20)], 1)
    assert answer == listener.written == "Ten words or so, written one after the other."
    [usage] = listener.usage
    assert 60 < usage.input_tokens < 200
    assert 5 < usage.output_tokens < 30


def test_lines_that_count_go_round_and_lists_of_numbers_do_not() -> None:
    steps = [f"# Step {n}: look at the next group\nstep_{n} = rows.groupby('a').size()\n" for n in range(20)]
    assert goes_round("".join(steps))
    assert not goes_round("".join(steps[:15]))
    assert not goes_round("\n".join(f"    [{n}, {n}, {n}]," for n in range(40)))
    assert not goes_round("values = [" + ", ".join(map(str, range(400))))
    assert not goes_round("\n".join(f"{word} = {n}" for n, word in enumerate(dir(str))))


def test_an_answer_that_goes_round_in_a_loop_is_ended() -> None:
    model = Looping()
    asking = Asking(Listener(), lambda: model)  # type: ignore[arg-type]
    asking.answer(lambda room: [message(MessageRole.USER, "Write.")], 1)
    assert model.pieces < 100
    assert asking.cut_off
    straight = Asking(Listener(), Countless)  # type: ignore[arg-type]
    straight.answer(lambda room: [message(MessageRole.USER, "Write.")], 1)
    assert not straight.cut_off
