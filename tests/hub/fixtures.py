"""Fixtures around the loopback Hub; tests/conftest.py brings them to every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.hub import TOKEN, LoopbackHub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackHub]:
    """A fresh Hub with the users `ada` (write) and `bob` (read), for this process and for the children it starts.

    The clients of this process come with ada's token. Caches lie in the test's own folder.
    """
    from huggingface_hub import constants, hf_api

    from ml_intern_jlab.toolkit import http

    with LoopbackHub() as served:
        folders = {"HF_HOME": str(tmp_path / "hf"), "ML_INTERN_CACHE": str(tmp_path / "toolkit-cache")}
        for name, value in {**served.environment(), **folders}.items():
            monkeypatch.setenv(name, value)
        for name in ("GITHUB_TOKEN", "GH_TOKEN", "SEMANTIC_SCHOLAR_API_KEY", "S2_API_KEY", "ML_INTERN_WEB_SEARCH"):
            monkeypatch.delenv(name, raising=False)
        # huggingface_hub reads its environment once, when it is imported.
        constant: dict[str, object] = {
            "ENDPOINT": served.url,
            "HUGGINGFACE_CO_URL_TEMPLATE": served.url + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_DISABLE_XET": True,
            "HF_HUB_DISABLE_TELEMETRY": True,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_CACHE": str(tmp_path / "hf" / "hub"),
            "HF_TOKEN_PATH": str(tmp_path / "hf" / "token"),
            "HF_STORED_TOKENS_PATH": str(tmp_path / "hf" / "stored_tokens"),
        }
        for name, kept in constant.items():
            monkeypatch.setattr(constants, name, kept)
        monkeypatch.setattr(hf_api.api, "endpoint", served.url)
        monkeypatch.setattr(http, "PAUSE", 0.01)
        yield served
        http.close()


@pytest.fixture
def without_token(monkeypatch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    """Nobody is logged in."""
    monkeypatch.delenv("HF_TOKEN")
    assert TOKEN in hub.users
