"""The person's own cells, run by the server: journalled, in order, kept when nobody listens any more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml_intern_jlab.protocol import OWN_CELLS
from tests.saved_notebook import saved_with
from tests.socket_client import Client

Connect = Callable[..., Any]


def notebook(*sources: str) -> str:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for i, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


async def test_cells_run_in_order_and_stop_at_the_first_that_fails(
    new_session: Connect, connect: Connect, jp_root_dir: Path
) -> None:
    wait = "import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.05)\n"
    sources = [wait + "x = 1\nprint('one')", "print(x + 1)\n1 / 0", "print('never')"]
    (jp_root_dir / "a.ipynb").write_text(notebook(*sources))
    client: Client = await connect(await new_session("a.ipynb"))
    for i, source in enumerate(sources):
        assert (await client.command("run_own_cell", cell_id=f"c{i}", source=source))["ok"]
    (jp_root_dir / "go").touch()
    last = await client.until("cell_finished", cell_id="c2")
    assert (last["status"], last["execution_count"]) == ("stopped", None)
    assert "failed" in last["reason"]
    ended = [frame for frame in client.frames if frame["type"] == "cell_finished"]
    assert [(each["status"], each["run_id"]) for each in ended[:2]] == [("done", OWN_CELLS), ("failed", OWN_CELLS)]
    assert ended[1]["error"]["ename"] == "ZeroDivisionError"

    # Without a tab the server writes the file, and marks nothing in it as its own.
    cells = (await saved_with(jp_root_dir / "a.ipynb", "ZeroDivisionError")).cells
    assert len(cells[1]["outputs"]) == 2
    assert cells[0]["outputs"][0]["text"] == "one\n"
    assert cells[0]["execution_count"] == 1
    assert [cell["metadata"] for cell in cells] == [{}, {}, {}]

    await client.send("run_own_cell", cell_id="c2", source="print('now', x)", request_id="again")
    assert (await client.until("cell_finished", cell_id="c2"))["status"] == "done"
