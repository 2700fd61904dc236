from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from ml_intern_jlab.review.rerun.comparing import compare_outputs, compare_text


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {kind.replace("_", "/"): value for kind, value in data.items()}}


def figure(shade: int, size: tuple[int, int] = (40, 30)) -> dict[str, Any]:
    written = io.BytesIO()
    Image.new("RGB", size, (shade, 0, 0)).save(written, "png")
    return shown(image_png=base64.b64encode(written.getvalue()).decode(), text_plain="<Figure>")


@pytest.mark.parametrize(
    ("old", "new", "sameness"),
    [
        ("accuracy 0.91", "accuracy 0.91", "same"),
        ("accuracy 0.91000", "accuracy 0.91001", "tolerance"),
        ("accuracy 0.91", "accuracy 0.92", "different"),
        ("accuracy 0.91", "precision 0.91", "different"),
        ("rows: 1,204", "rows: 1204", "same"),
        ("rows: 1,204", "rows: 1,304", "different"),
        ("model_1", "model_2", "different"),
        ("   a    b\n1  10  2", "    a    b\n1   10   2", "same"),
        ("a\n-----\n1", "a\n-------\n1", "same"),
        ("<Model at 0x7f3a2b10>", "<Model at 0x7f99ab10>", "same"),
        ("CPU times: user 1.2 s, sys: 3 ms", "CPU times: user 4.2 s, sys: 1 ms", "same"),
        ("epoch 1 loss 0.5 (12.1s)", "epoch 1 loss 0.5 (3.4s)", "same"),
        ("epoch 1 loss 0.5 (12.1s)", "epoch 1 loss 0.7 (3.4s)", "different"),
        ("fit_time: [0.1 0.2]", "fit_time: [0.4 0.2]", "same"),
        ("2024-01-02 10:11:12 done", "2025-03-04 01:02:03 done", "same"),
        ("value -0.5", "value 0.5", "different"),
        ("a\nb", "a", "different"),
        ("loss 1e-10", "loss 3e-10", "different"),
        ("nothing", "nothing  ", "same"),
    ],
)
def test_text(old: str, new: str, sameness: str) -> None:
    assert compare_text(old, new).sameness == sameness


def test_the_tolerance_is_relative_and_can_be_chosen() -> None:
    assert compare_text("auc 0.80", "auc 0.81", 0.02).sameness == "tolerance"
    assert compare_text("auc 0.80", "auc 0.81", 0.0).sameness == "different"


def test_stderr_and_the_pieces_of_a_stream_do_not_count() -> None:
    old = [printed("a"), printed("10 %|#  |", "stderr"), printed("b\n")]
    assert compare_outputs(old, [printed("ab\n"), printed("warning", "stderr")]).sameness == "same"


def test_figures_are_compared_as_pictures() -> None:
    assert compare_outputs([figure(100)], [figure(100)]).sameness == "same"
    assert compare_outputs([figure(100)], [figure(102)]).sameness == "tolerance"
    assert compare_outputs([figure(100)], [figure(250)]).sameness == "different"
    assert compare_outputs([figure(100)], [figure(100, (40, 60))]).sameness == "different"
    assert compare_outputs([figure(1)], [printed("1")]).sameness == "different"
    assert compare_outputs([shown(image_png="!")], [shown(image_png="?")]).sameness == "different"


def test_a_table_is_compared_by_its_plain_text() -> None:
    old, new = shown(text_html="<b>1</b>", text_plain="1"), shown(text_html="<i>1</i>", text_plain="1")
    assert compare_outputs([old], [new]).sameness == "same"


def test_what_describes_a_chart_is_compared_rather_than_its_name() -> None:
    old, new = ({"application/x+json": {"y": [1, y]}, "text/plain": "Chart"} for y in (2, 3))
    before, after = ([{"output_type": "display_data", "data": data}] for data in (old, new))
    assert compare_outputs(before, after).sameness == "different"


def test_a_missing_output_and_another_error_are_different() -> None:
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'a'", "traceback": []}
    assert compare_outputs([printed("a"), error], [printed("a")]).sameness == "different"
    assert compare_outputs([error], [{**error, "traceback": ["other"]}]).sameness == "same"
    assert compare_outputs([error], [{**error, "evalue": "'b'"}]).sameness == "different"
