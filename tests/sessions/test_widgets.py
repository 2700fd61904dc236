"""Widgets of a cell that the server ran, where no tab is open: their text stays beside what a tab would draw."""

from __future__ import annotations

from collections.abc import Callable

from ml_intern_jlab.testing import turn

from .conftest import Desk

VIEW = "application/vnd.jupyter.widget-view+json"
SLIDER = """import ipywidgets
from IPython.display import display
slider = ipywidgets.IntSlider(value=3)
display(slider)
slider.value = 4
print("shown")"""


async def test_a_widget_is_text_where_nobody_draws_it(desk: Callable[..., Desk]) -> None:
    d = desk(["1. Show", turn(SLIDER), turn('final_answer("Shown.")')])
    ended = await d.run()
    assert ended.status == "finished"
    cell = next(cell for cell in (await d.notebook()).cells if cell.cell_type == "code")
    shown, printed = cell.outputs
    assert shown.data["text/plain"] == "IntSlider(value=3)"
    assert set(shown.data) == {"text/plain", VIEW}
    assert printed.text == "shown\n"
    # The messages of the widget itself are the kernel's business with a page.
    assert not any("comm" in event.message.msg_type for event in d.events if event.type == "cell_output")
