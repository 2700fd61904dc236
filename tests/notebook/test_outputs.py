"""The pure fold from messages to outputs; what a real kernel sends is in test_kernel.py."""

from __future__ import annotations

import time
from typing import Any

import nbformat.v4
import pytest

from ml_intern_jlab.notebook.outputs import OutputArea, bounded, cell_error, display_id, observation_text
from ml_intern_jlab.protocol import IOPubMessage


def message(msg_type: str, **content: Any) -> IOPubMessage:
    return IOPubMessage.model_validate({"msg_type": msg_type, "content": content})


def stream(text: str, name: str = "stdout") -> IOPubMessage:
    return message("stream", name=name, text=text)


def display(text: str, shown_as: str = "", msg_type: str = "display_data") -> IOPubMessage:
    return message(msg_type, data={"text/plain": text}, metadata={}, transient={"display_id": shown_as})


def fold(*messages: IOPubMessage, **bounds: int) -> list[dict[str, Any]]:
    area = OutputArea(**bounds)
    for each in messages:
        area.add(each)
    cell = nbformat.v4.new_code_cell("x", outputs=area.outputs)
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    return area.outputs


def shown(*pieces: str) -> str:
    [output] = fold(*map(stream, pieces))
    return str(output["text"])


def test_neighbouring_streams_of_one_name_merge() -> None:
    outputs = fold(stream("a\n"), stream("b\n"), stream("e", "stderr"), stream("c"))
    assert [(o["name"], o["text"]) for o in outputs] == [("stdout", "a\nb\n"), ("stderr", "e"), ("stdout", "c")]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["one\rtwo"], "two"),
        (["abcdef\rxy"], "xycdef"),
        (["one\r", "two\n", "three"], "two\nthree"),
        (["one\r\ntwo"], "one\ntwo"),
        (["abc\r\nd\re\n\n", "f"], "abc\ne\n\nf"),
        (["abc\b\bX"], "aX"),
        (["a\n\b\bc"], "a\nc"),
        (["abc\r", "\n", "d"], "abc\nd"),
        (["abc\rX\ndef\nghi"], "Xbc\ndef\nghi"),
    ],
)
def test_control_characters(pieces: list[str], text: str) -> None:
    assert shown(*pieces) == text
    # However the kernel cuts the text, the same is shown.
    assert shown(*"".join(pieces)) == text


def test_progress_bar_ends_as_one_line() -> None:
    bars = [f"\r{n:3}%|{'#' * (n // 10):10}| {n}/100" for n in range(101)]
    assert shown(*bars, "\n") == "100%|##########| 100/100\n"


@pytest.mark.parametrize("piece", [".", "line\n", "\rbar"])
def test_many_small_messages_cost_linear_time(piece: str) -> None:
    def seconds(count: int) -> float:
        area, each = OutputArea(), stream(piece)
        begun = time.process_time()
        for _ in range(count):
            area.add(each)
        assert area.outputs
        return time.process_time() - begun

    seconds(1_000)
    # Quadratic work would take 64 times as long for 8 times as many.
    assert seconds(160_000) < 24 * max(seconds(20_000), 0.005)


def test_200_mb_stay_small_and_quick() -> None:
    area, piece = OutputArea(), stream("x" * 99 + "\n" + "y" * 999_900)
    area.add(stream("first\n"))
    begun = time.process_time()
    for _ in range(200):
        area.add(piece)
    area.add(stream("\nlast"))
    [output] = area.outputs
    assert time.process_time() - begun < 10
    assert len(output["text"]) <= 1_000_100
    assert output["text"].startswith("first\n")
    assert output["text"].endswith("\nlast")
    assert "characters left out" in output["text"]


@pytest.mark.parametrize("size", [1, 7, 100, 5_000])
def test_text_is_bounded_over_alternating_streams(size: int) -> None:
    messages = [stream(f"{n:06}" + "z" * size + "\n", "stderr" if n % 3 else "stdout") for n in range(3_000)]
    outputs = fold(*messages, max_text=4_000, max_outputs=10_000)
    text = "".join(output["text"] for output in outputs if "left out" not in output["text"])
    assert len(text) <= 4_000
    assert "000000" in outputs[0]["text"]
    assert outputs[-1]["text"].rstrip().endswith("z")


def test_what_is_left_out_is_counted() -> None:
    [output] = fold(stream("ab\n" * 1_000), max_text=800)
    head, note, tail = output["text"].partition("\n[… ")[0], output["text"], output["text"].rpartition("…]\n")[2]
    missing = int(note.partition("[… ")[2].partition(" ")[0].replace(",", ""))
    assert len(head) + missing + len(tail) == 3_000


def test_outputs_are_bounded() -> None:
    outputs = fold(*(display(str(n)) for n in range(1_000)), max_outputs=11)
    assert len(outputs) == 11
    assert outputs[5]["text"] == "[… 990 outputs left out …]\n"
    assert [o["data"]["text/plain"] for o in outputs if "data" in o] == [*"01234", *map(str, range(995, 1_000))]


def test_clear_output() -> None:
    assert fold(stream("a"), message("clear_output", wait=False)) == []
    wait = message("clear_output", wait=True)
    assert [o["text"] for o in fold(stream("a"), wait)] == ["a"]
    assert [o["text"] for o in fold(stream("a"), wait, stream("b"))] == ["b"]
    assert [o["output_type"] for o in fold(stream("a"), wait, display("b"))] == ["display_data"]


def test_display_updates_reach_their_own_and_other_cells() -> None:
    first, second = OutputArea(), OutputArea()
    first.add(display("old", "d1"))
    first.add(display("old too", "d1"))
    update = display("new", "d1", "update_display_data")
    second.add(update)
    assert second.outputs == []
    assert not second.update_display(display_id(update), update.content["data"], {})
    assert first.update_display(display_id(update), update.content["data"], {"a": 1})
    assert [o["data"]["text/plain"] for o in first.outputs] == ["new", "new"]
    assert first.outputs[0]["metadata"] == {"a": 1}
    assert not first.update_display("", {}, {})


def test_outputs_handed_out_do_not_change_later() -> None:
    area = OutputArea()
    area.add(display("old", "d1"))
    before = area.outputs
    area.add(display("new", "d1", "update_display_data"))
    assert before[0]["data"]["text/plain"] == "old"


def test_results_and_json_are_valid_notebook_outputs() -> None:
    bundle = {"text/plain": 3, "application/json": {"a": [1]}, "text/html": "<b>"}
    [output] = fold(message("execute_result", data=bundle, metadata={}, execution_count=4))
    assert output["execution_count"] == 4
    assert output["data"] == {"text/plain": "3", "application/json": {"a": [1]}, "text/html": "<b>"}


def test_error_without_known_frames_has_line_0() -> None:
    error = cell_error(message("error", ename="E", evalue="Cell In[1], line 9", traceback=["E: Cell In[1], line 9"]))
    assert (error.ename, error.line) == ("E", 0)


def test_observation_shows_text_images_and_errors() -> None:
    outputs = fold(
        stream("\x1b[31mred\x1b[0m\n"),
        message("display_data", data={"text/plain": "<Figure>", "image/png": "aGk="}, metadata={}),
        message("display_data", data={"text/html": "<b>bold</b>"}, metadata={}),
        message("error", ename="E", evalue="v", traceback=[]),
    )
    assert observation_text(outputs) == "red\n<Figure>\n[image/png]\n[text/html]\nE: v"


def test_observation_keeps_head_and_tail() -> None:
    text = observation_text(fold(stream("head" + "-" * 50_000 + "tail")), limit=1_000)
    assert text.startswith("head-")
    assert text.endswith("-tail")
    assert "[… 49,008 characters left out …]" in text
    assert len(text) < 1_100


def test_bounded_leaves_short_text_alone() -> None:
    assert bounded("abc", 3) == "abc"
    assert bounded("abcd", 3) == "ab\n[… 1 characters left out …]\nd"
