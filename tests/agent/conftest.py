from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Runs snippets as a kernel would, in this process and in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}

    def run(source: str) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(source, space)
        return printed.getvalue()

    return run
