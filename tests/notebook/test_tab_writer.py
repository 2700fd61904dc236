"""What the server knows of a notebook that an open tab writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from nbformat import writes
from nbformat.v4 import new_code_cell, new_notebook

from ml_intern_jlab.errors import NotebookUnavailable
from ml_intern_jlab.notebook import tab_writer
from ml_intern_jlab.notebook.tab_writer import TabWriter
from ml_intern_jlab.server.hosts import AwaitableContents

WHOLE = writes(new_notebook(cells=[new_code_cell("x = 1", id="a")]))


class SavedAfterTheFirstLook(AwaitableContents):
    """Reads real files; the tab ends its save right after somebody read one half of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(AsyncLargeFileManager(root_dir=str(folder)))
        self.file = folder / "a.ipynb"

    async def get(self, path: str, content: bool = True, type: str | None = None) -> dict[str, Any]:
        try:
            return await super().get(path, content, type)
        except Exception:
            self.file.write_text(WHOLE, encoding="utf-8")
            raise


@pytest.mark.parametrize("half", ["", WHOLE[: len(WHOLE) // 2]])
async def test_a_notebook_that_is_just_being_saved_is_read_again(tmp_path: Path, half: str) -> None:
    contents = SavedAfterTheFirstLook(tmp_path)
    contents.file.write_text(half, encoding="utf-8")
    notebook = await TabWriter(contents, "a.ipynb").notebook()
    assert [cell["source"] for cell in notebook["cells"]] == ["x = 1"]


async def test_a_broken_notebook_is_told_and_a_missing_one_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tab_writer, "RETRY_AFTER", (0.0, 0.0))
    contents = AwaitableContents(AsyncLargeFileManager(root_dir=str(tmp_path)))
    assert (await TabWriter(contents, "new.ipynb").notebook())["cells"] == []
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(NotebookUnavailable, match=r"broken.ipynb can't be read"):
        await TabWriter(contents, "broken.ipynb").notebook()
