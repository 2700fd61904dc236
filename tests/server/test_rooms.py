"""Notebooks that several people have open together, with the real server side of jupyter-collaboration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ml_intern_jlab.server import rooms
from ml_intern_jlab.testing import turn

pytest.importorskip("jupyter_server_ydoc", reason="jupyter-server-ydoc (the extra `rtc`) is not installed")

from .shared_page import SharedPage

Fetch = Callable[..., Any]
PLAN = "1. Print\n2. Show"
DONE = turn('final_answer("Done.")')
WAIT = "import os, time\nwhile not os.path.exists('{}'): time.sleep(0.02)\n"


@pytest.fixture
def jp_server_config(tmp_path: Path, jp_root_dir: Path) -> dict[str, Any]:
    extensions = ("ml_intern_jlab", "jupyter_server_ydoc", "jupyter_server_fileid")
    return {
        "ServerApp": {"jpserver_extensions": dict.fromkeys(extensions, True)},
        "MLInternExtension": {"journal_path": str(tmp_path / "journal.sqlite")},
        "SQLiteYStore": {"db_path": str(tmp_path / "store.db")},
        "BaseFileIdManager": {"root_dir": str(jp_root_dir), "db_path": str(tmp_path / "ids.db")},
        "YDocExtension": {"session_store_path": str(tmp_path / "sessions.json")},
    }


@pytest.fixture
def page(
    jp_fetch: Fetch, jp_serverapp: Any, jp_auth_header: dict[str, str], jp_asyncio_loop: Any
) -> Iterator[Fetch]:
    pages: list[SharedPage] = []

    async def open_page(path: str = "a.ipynb") -> SharedPage:
        server = f"ws://localhost:{jp_serverapp.port}{jp_serverapp.base_url}"
        pages.append(SharedPage(jp_fetch, server, jp_auth_header))
        await pages[-1].open(path)
        return pages[-1]

    yield open_page
    for each in pages:
        jp_asyncio_loop.run_until_complete(each.close())


@pytest.fixture
def notebook(jp_root_dir: Path) -> Path:
    mine = nbformat.v4.new_markdown_cell("# Mine", id="mine")
    path = jp_root_dir / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[mine]), path)
    return path


SHOWS = [
    "import time\nfor i in range(20):\n    print('line', i, flush=True)\n    time.sleep(0.01)",
    "from IPython.display import clear_output\nfor i in range(5):\n    clear_output(wait=True)\n    print('round', i)",
    "from IPython.display import Markdown, display\nshown = display(Markdown('old'), display_id=True)\nprint('after')",
    "shown.update(Markdown('new'))\nfor i in range(50):\n    print(f'\\r{i}', end='')",
    "import base64\nfrom IPython.display import Image\nImage(base64.b64decode("
    "'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='))",
    "print('é😀 before')\n1 / 0",
    "print('repaired')",
]


def texts(cells: list[dict[str, Any]]) -> list[str]:
    return [cell["source"].splitlines()[0] for cell in cells]


async def test_what_a_run_prints_reaches_every_page_and_the_file(
    page: Fetch, notebook: Path, connect: Fetch, new_session: Fetch, script: Fetch
) -> None:
    script(PLAN, *[turn(source) for source in SHOWS], DONE)
    one, two = await page(), await page()
    client = await connect(await new_session())
    assert (await client.command("take_lease", tab_id="t"))["ok"]
    assert [frame["writer"] for frame in client.frames if frame["type"] == "lease_moved"] == ["room"]
    assert (await client.command("start_run", task="Show", mode="auto", after="mine"))["ok"]
    assert (await client.until("run_finished"))["status"] == "finished"
    saved = nbformat.read(notebook, as_version=4)
    nbformat.validate(saved)
    for each in (one, two):
        await each.until(lambda each=each: "Done." in each.cells()[-1]["source"])
    assert one.cells() == two.cells()
    plain = [{**cell, "metadata": {**cell["metadata"], "trusted": True}} for cell in saved.cells]
    assert [{**cell, "metadata": {**cell["metadata"], "trusted": True}} for cell in one.cells()] == plain
    code = [cell for cell in one.cells() if cell["cell_type"] == "code"]
    assert code[0]["outputs"][0]["text"] == "".join(f"line {i}\n" for i in range(20))
    assert code[1]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "round 4\n"}]
    assert code[2]["outputs"][0]["data"]["text/markdown"] == "new"
    assert code[3]["outputs"][0]["text"] == "49"
    assert code[4]["outputs"][0]["data"]["image/png"]
    assert [cell["source"] for cell in code[5:]] == ["print('repaired')"]
    assert all(cell["execution_count"] for cell in code)
    states = [cell["execution_state"] for cell in one.document.ycells if cell["cell_type"] == "code"]
    assert set(states) == {"idle"}
