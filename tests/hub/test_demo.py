"""The Hub with its example content, as `make demo-hub` starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

CODE = """
from huggingface_hub import HfApi, hf_hub_download
from ml_intern_jlab.toolkit import datasets, models, papers
assert datasets.inspect("lab/penguins").statistics and models.search("qwen") and papers.trending()
HfApi().create_repo("ada/try", private=True)
print(open(hf_hub_download("lab/penguins", "penguins.csv", repo_type="dataset")).readline())
raise SystemExit(3)
"""


WAITING = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(5))
print(os.environ["HF_ENDPOINT"], flush=True)
time.sleep(90)
"""


def environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "ML_INTERN_"))}
    return {**ours, "PYTHONPATH": str(ROOT)}


def test_a_command_runs_in_its_environment_and_its_status_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hub", sys.executable, "-c", CODE],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("species,island")


def test_who_ends_the_hub_ends_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.hub", sys.executable, "-c", WAITING]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        assert hub.stdout.readline().startswith("http://127.0.0.1")
        hub.terminate()
        assert hub.wait(60) == 5
