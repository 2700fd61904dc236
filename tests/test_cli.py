from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from ml_intern_jlab.agent.metrics import metrics_in
from ml_intern_jlab.testing import ScriptedServer, turn

PLAN = "1. Add\n2. Tell"
DONE = turn('final_answer("It is 2.")')


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "ml_intern_jlab.cli", "run", *arguments, "--journal", str(folder / "j.sqlite")]


def intern(
    folder: Path, *arguments: str, answers: str | None = None, seconds: float = 100, **more: Any
) -> tuple[int, dict[str, Any], str]:
    """Run the command line; returns its exit status, the object of `--json`, and stderr."""
    done = subprocess.run(
        command(folder, *arguments, "--cwd", str(folder), "--json"),
        input=answers,
        stdin=subprocess.DEVNULL if answers is None else None,
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=folder,
        **more,
    )
    assert "Traceback" not in done.stderr.replace("Traceback (most recent call last)\n", ""), done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


def scripted(folder: Path, script: list[str | int], *arguments: str, **more: Any) -> tuple[int, dict[str, Any], str]:
    with ScriptedServer(script) as server:
        model = ["--model", "openai:scripted", "--base-url", server.base_url]
        return intern(folder, *arguments, *model, **more)


def test_a_run_prints_one_object_and_leaves_a_notebook(tmp_path: Path) -> None:
    script: list[str | int] = [PLAN, turn("print('accuracy: 0.5')", "Add."), DONE]
    status, said, stderr = scripted(tmp_path, script, "Add one and one.", "--approve", "auto")
    assert status == 0
    assert set(said) >= {
        "status",
        "answer",
        "deliverables",
        "metrics",
        "cells",
        "steps",
        "input_tokens",
        "output_tokens",
        "seconds",
        "notebook",
        "session_id",
    }
    assert (said["status"], said["answer"], said["cells"]) == ("finished", "It is 2.", 1)
    assert said["metrics"] == [{"name": "accuracy", "value": 0.5, "split": ""}]
    assert said["input_tokens"] == 30
    assert [(each["step"], each["input_tokens"]) for each in said["turns"]] == [(0, 10), (1, 10), (2, 10)]
    assert all(each["seconds"] > 0 for each in said["turns"])
    notebook = nbformat.read(said["notebook"], as_version=4)
    nbformat.validate(notebook)
    assert "accuracy: 0.5" in notebook.cells[2].outputs[0].text
    for word in ("Plan", "print", "finished", "It is 2."):
        assert word in stderr


def test_ask_takes_yes_no_and_words_from_stdin(tmp_path: Path) -> None:
    script: list[str | int] = [PLAN, turn("a = 1"), turn("b = 2"), turn("c = 3"), DONE]
    status, said, stderr = scripted(tmp_path, script, "Add.", answers="use another name\nn\ny\n")
    assert status == 0
    code = [cell.source for cell in nbformat.read(said["notebook"], as_version=4).cells if cell.cell_type == "code"]
    assert code == ["c = 3"]
    assert "use another name" in stderr


def test_edit_opens_the_editor(tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\necho \'print("edited")\' > "$1"\n')
    editor.chmod(0o755)
    env = {**os.environ, "VISUAL": str(editor)}
    status, said, _ = scripted(tmp_path, [PLAN, turn("a = 1"), DONE], "Add.", answers="e\ny\n", env=env)
    assert status == 0
    cells = nbformat.read(said["notebook"], as_version=4).cells
    assert cells[2].source == 'print("edited")'
    assert cells[2].outputs[0].text == "edited\n"


def test_the_end_of_stdin_stops(tmp_path: Path) -> None:
    status, said, _ = scripted(tmp_path, [PLAN, turn("a = 1")], "Add.", answers="")
    assert (status, said["status"]) == (3, "stopped")


def test_a_failed_run_exits_with_1_and_says_why(tmp_path: Path) -> None:
    status, said, stderr = scripted(tmp_path, [PLAN, 401], "Add.", "--approve", "auto")
    assert (status, said["status"]) == (1, "failed")
    assert "refused the key" in said["reason"]
    assert "refused the key" in stderr


def test_the_time_limit(tmp_path: Path) -> None:
    script: list[str | int] = [PLAN, turn("while True: pass")]
    status, said, _ = scripted(tmp_path, script, "Loop.", "--approve", "auto", "--timeout", "8")
    assert status == 1
    assert "time limit of 8 s" in said["reason"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["  "], "The task is empty"),
        (["t", "--model", "nonsense"], "There is no model called"),
        (["t", "--kernel", "nope"], "There is no kernel named 'nope'"),
        (["t", "--notebook", "out.txt"], "doesn't end in .ipynb"),
        (["t", "--notebook", "nowhere/out.ipynb"], "there is no folder"),
        (["t", "--notebook", "broken.ipynb"], "can't be read as a notebook"),
    ],
)
def test_wrong_use_exits_with_2_and_a_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "broken.ipynb").write_text("not a notebook")
    status, said, stderr = intern(tmp_path, *arguments, "--approve", "auto")
    assert status == 2
    assert words in stderr
    assert words in said["reason"]
    assert (tmp_path / "broken.ipynb").read_text() == "not a notebook"


@pytest.mark.parametrize(
    "arguments", [[], ["t", "--approve", "never"], ["t", "--max-steps", "0"], ["t", "--timeout", "x"]]
)
def test_wrong_arguments_exit_with_2(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run(command(tmp_path, *arguments), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_a_missing_folder_exits_with_2(tmp_path: Path) -> None:
    arguments = [*command(tmp_path, "t"), "--cwd", str(tmp_path / "nowhere")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "there is no folder" in done.stderr


def test_ctrl_c_stops_cleanly_and_keeps_the_notebook(tmp_path: Path) -> None:
    with ScriptedServer([PLAN, turn("import time\nprint('kept', flush=True)\ntime.sleep(60)")]) as server:
        arguments = ["Sleep.", "--model", "openai:s", "--base-url", server.base_url, "--approve", "auto", "--json"]
        process = subprocess.Popen(
            [*command(tmp_path, *arguments), "--cwd", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        notebook = tmp_path / "ml-intern.ipynb"
        for _ in range(600):
            if notebook.exists() and "kept\\n" in notebook.read_text():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 3, stderr
    assert json.loads(stdout.splitlines()[-1])["status"] == "stopped"
    assert "kept" in notebook.read_text()
    assert "Traceback (most recent" not in stderr.split("Stopping")[0]


def test_an_existing_notebook_is_continued(tmp_path: Path) -> None:
    own = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("mine = 1")])
    nbformat.write(own, tmp_path / "own.ipynb")
    arguments = ["Add.", "--approve", "auto", "--notebook", "own.ipynb"]
    status, _, _ = scripted(tmp_path, [PLAN, turn("1 + 1"), DONE], *arguments)
    assert status == 0
    cells = nbformat.read(tmp_path / "own.ipynb", as_version=4).cells
    assert cells[0].source == "mine = 1"
    assert [cell.source for cell in cells if cell.cell_type == "code"] == ["mine = 1", "1 + 1"]


@pytest.mark.timeout(600)
def test_the_demo_finishes_and_runs_again_to_the_same_figures(tmp_path: Path) -> None:
    for file in (Path(__file__).parent.parent / "examples" / "penguins").glob("*.csv"):
        shutil.copy(file, tmp_path)
    task = "Predict species from penguins.csv and write the predictions for test.csv"
    status, said, _ = intern(tmp_path, task, "--approve", "auto_safe", seconds=500)
    assert status == 0, said["reason"]
    assert said["deliverables"][0]["status"] == "passed"
    predictions = (tmp_path / "predictions.csv").read_text()
    assert len(predictions.splitlines()) == 87
    notebook = nbformat.read(said["notebook"], as_version=4)
    before = metric_lines(notebook)
    assert len(before) > 5
    NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert metric_lines(notebook) == before
    assert (tmp_path / "predictions.csv").read_text() == predictions


def metric_lines(notebook: Any) -> list[tuple[str, str, float]]:
    """The metrics that a notebook's outputs print; the seconds beside them differ from run to run."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    return [(metric.name, metric.split, metric.value) for metric in metrics_in(printed)]


def test_sessions_lists_what_ran(tmp_path: Path) -> None:
    scripted(tmp_path, [PLAN, turn("1"), DONE], "Add one and one.", "--approve", "auto")
    arguments = [sys.executable, "-m", "ml_intern_jlab.cli", "sessions", "--journal", str(tmp_path / "j.sqlite")]
    listed = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "finished" in listed
    assert "Add one and one." in listed
    as_json = subprocess.run([*arguments, "--json"], capture_output=True, text=True, timeout=60, check=True).stdout
    (info,) = json.loads(as_json)
    assert info["run_status"] == "finished"

    diff = [*arguments[:4], "diff", info["session_id"][:5], *arguments[4:]]
    shown = subprocess.run(diff, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "Add one and one" in shown
    told = subprocess.run([*diff, "--json"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert [each["lines"] for each in json.loads(told)["cells"] if each["cell_type"] == "code"] == [["+1"]]
    (tmp_path / info["path"]).unlink()
    gone = subprocess.run(diff, capture_output=True, text=True, timeout=60)
    assert gone.returncode == 1
    assert "can't be read" in gone.stderr


def test_doctor_looks_at_everything(tmp_path: Path) -> None:
    env = {**os.environ, "JUPYTER_DATA_DIR": str(tmp_path)}
    arguments = [sys.executable, "-m", "ml_intern_jlab.cli", "doctor", "--model", "openai:x", "--base-url"]
    done = subprocess.run([*arguments, "http://127.0.0.1:9/v1"], capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 1
    for word in ("Python", "smolagents", "server extension", "panel", "kernels", "journal", "can't be reached"):
        assert word in done.stdout
