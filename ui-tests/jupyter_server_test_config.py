"""JupyterLab as the UI tests drive it: an empty temporary folder, a known token, loopback only."""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

c = get_config()  # noqa: F821  (jupyter_core's loader provides it)

_folder = tempfile.TemporaryDirectory(prefix="ml-intern-ui-tests-")
atexit.register(_folder.cleanup)
_work = Path(_folder.name, "work")
_work.mkdir()

c.Application.log_level = "ERROR"
c.ServerApp.root_dir = str(_work)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["UI_TESTS_PORT"])
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.IdentityProvider.token = os.environ["UI_TESTS_TOKEN"]
c.ServerApp.jpserver_extensions = {
    "ml_intern_jlab": os.environ["UI_TESTS_SERVER_HALF"] == "enabled",
    # Installed for tests/server/test_rooms.py; the pages here have no part in it.
    "jupyter_server_fileid": False,
    "jupyter_server_ydoc": False,
}

_settings = Path(_folder.name, "settings")
_notification = _settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
_notification.parent.mkdir(parents=True)
_notification.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")

c.MLInternExtension.journal_path = str(Path(_folder.name, "journal.sqlite"))
# Longer than the cells of all tests but the one that waits for the question.
c.MLInternExtension.cell_seconds = 20
c.LabApp.user_settings_dir = str(_settings)
c.LabApp.workspaces_dir = str(Path(_folder.name, "workspaces"))
# Lets a test ask the application itself, as `window.jupyterapp`.
c.LabApp.expose_app_in_browser = True
