"""An ML intern that lives in the notebook. Importing this module imports nothing heavy."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "ml-intern-jlab"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.extension import MLInternExtension

    return [{"module": "ml_intern_jlab", "app": MLInternExtension}]


def load_ipython_extension(ipython: Any) -> None:
    """Add the magic `%ml_intern`; called by `%load_ext ml_intern_jlab`."""
    from .magic import load

    load(ipython)
