from __future__ import annotations

# Runs `async def` tests in an event loop, and brings a real Jupyter server (`jp_serverapp`, `jp_fetch`, …); and the
# loopback Hub (`hub`).
pytest_plugins = ["pytest_jupyter.jupyter_server", "tests.hub.fixtures"]
