"""The magic in a real kernel, with a test's own client in the page's place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from ml_intern_jlab.magic import MODES, NO_KERNEL, TARGET, USAGE, ml_intern, parse
from ml_intern_jlab.protocol import Mode

SECONDS = 60


@pytest.mark.parametrize(
    ("line", "cell", "request_"),
    [
        ("Predict y from a.csv", None, {"task": "Predict y from a.csv"}),
        ('Predict the owner\'s "y" -- now', None, {"task": 'Predict the owner\'s "y" -- now'}),
        ("--mode auto --max-steps 7 Predict", None, {"mode": "auto", "max_steps": 7, "task": "Predict"}),
        ("--model=openai:x Predict", None, {"model": "openai:x", "task": "Predict"}),
        ("--mode  ask", "Predict y.\n\nMind the units.\n", {"mode": "ask", "task": "Predict y.\n\nMind the units."}),
        ("Predict y.", "Mind the units.", {"task": "Predict y.\nMind the units."}),
        ("", None, None),
        ("--help", None, None),
    ],
)
def test_what_is_asked_for(line: str, cell: str | None, request_: dict[str, Any] | None) -> None:
    assert parse(line, cell) == request_


@pytest.mark.parametrize(
    ("line", "cell", "words"),
    [
        ("", "  \n", "task is empty"),
        ("--mode ask", None, "task is empty"),
        ("--mode fast Predict", None, "it was fast"),
        ("--max-steps none Predict", None, "it was none"),
        ("--max-steps 0 Predict", None, "it was 0"),
        ("--model --mode ask Predict", None, "--model needs a value"),
        ("--colour red Predict", None, "no option --colour"),
        ("x" * 20_001, None, "Shorten it"),
    ],
)
def test_what_is_wrong_is_said(line: str, cell: str | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(line, cell)


def test_the_modes_are_those_of_the_wire() -> None:
    assert list(MODES) == [mode.value for mode in Mode]


def test_without_a_kernel_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    ml_intern("Predict y from a.csv")
    assert capsys.readouterr().out.strip() == NO_KERNEL


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive("%load_ext ml_intern_jlab", timeout=SECONDS, output_hook=lambda _: None)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(kernel: BlockingKernelClient, code: str) -> list[dict[str, Any]]:
    """The IOPub messages of a cell, until it has ended."""
    messages: list[dict[str, Any]] = []
    kernel.execute_interactive(code, timeout=SECONDS, output_hook=messages.append)
    return messages


def of_kind(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message["content"] for message in messages if message["msg_type"] == kind]


def next_card(kernel: BlockingKernelClient) -> str:
    """What the card is changed to."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        message = kernel.get_iopub_msg(timeout=SECONDS)
        if message["msg_type"] == "update_display_data":
            html: str = message["content"]["data"]["text/html"]
            return html
    raise AssertionError("the card did not change")


def test_the_task_goes_through_a_comm_and_the_answer_into_the_card(kernel: BlockingKernelClient) -> None:
    started = time.monotonic()
    messages = run(kernel, "%%ml_intern --mode ask\nPredict <y>.")
    assert time.monotonic() - started < 5, "the magic must not wait for the page"

    [card] = of_kind(messages, "display_data")
    assert "Predict &lt;y&gt;." in card["data"]["text/html"]
    [comm] = of_kind(messages, "comm_open")
    assert comm["target_name"] == TARGET
    assert comm["data"] == {"mode": "ask", "task": "Predict <y>."}

    answer = {"comm_id": comm["comm_id"], "data": {"text": "Started & well."}}
    kernel.shell_channel.send(kernel.session.msg("comm_msg", answer))
    assert "Started &amp; well." in next_card(kernel)


def test_where_nobody_answers_the_card_says_what_to_do(kernel: BlockingKernelClient) -> None:
    run(kernel, "%ml_intern Predict y from a.csv")
    assert "jupyter ml-intern doctor" in next_card(kernel)


def test_a_page_without_the_extension_closes_the_comm(kernel: BlockingKernelClient) -> None:
    [comm] = of_kind(run(kernel, "%ml_intern Predict y from a.csv"), "comm_open")
    started = time.monotonic()
    close = {"comm_id": comm["comm_id"], "data": {}}
    kernel.shell_channel.send(kernel.session.msg("comm_close", close))
    assert "jupyter ml-intern doctor" in next_card(kernel)
    assert time.monotonic() - started < 4


def test_a_wrong_option_opens_no_comm(kernel: BlockingKernelClient) -> None:
    messages = run(kernel, "%ml_intern --mode fast Predict y")
    assert not of_kind(messages, "comm_open")
    [printed] = of_kind(messages, "stream")
    assert "it was fast" in printed["text"]


@pytest.mark.parametrize(
    ("code", "offered"),
    [
        ("%ml_i", "%ml_intern"),
        ("%ml_intern --mo", "--mode"),
        ("%ml_intern --mode auto", "auto_safe"),
        ("%%ml_intern --max", "--max-steps"),
    ],
)
def test_tab_completes(kernel: BlockingKernelClient, code: str, offered: str) -> None:
    kernel.complete(code, len(code))
    reply = kernel.get_shell_msg(timeout=SECONDS)
    while reply["msg_type"] != "complete_reply":
        reply = kernel.get_shell_msg(timeout=SECONDS)
    assert offered in reply["content"]["matches"]


def test_help_is_the_usage(kernel: BlockingKernelClient) -> None:
    kernel.inspect("%ml_intern")
    reply = kernel.get_shell_msg(timeout=SECONDS)
    while reply["msg_type"] != "inspect_reply":
        reply = kernel.get_shell_msg(timeout=SECONDS)
    assert USAGE.splitlines()[0] in reply["content"]["data"]["text/plain"]


def test_the_extension_is_light(kernel: BlockingKernelClient) -> None:
    heavy = "{'smolagents', 'jupyter_server', 'tornado.web', 'pydantic', 'pandas', 'ml_intern_jlab.server'}"
    messages = run(kernel, f"import sys; print(sorted({heavy} & set(sys.modules)))")
    [printed] = of_kind(messages, "stream")
    assert printed["text"].strip() == "[]"
