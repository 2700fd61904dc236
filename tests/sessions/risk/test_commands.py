"""Commands that only tell something, programs that lie here, and names reached through dictionaries."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_intern_jlab.protocol import RiskClass as Risk
from ml_intern_jlab.sessions.policy import Knowledge, risk_of
from ml_intern_jlab.sessions.risk.commands import only_tells


def classes(source: str, folder: str = "", *earlier: str) -> set[Risk]:
    known = Knowledge(folder)
    for each in earlier:
        known.learn(each)
    return set(risk_of(known.classify(source))) - {Risk.compute}


@pytest.mark.parametrize(
    "line",
    [
        "!nvidia-smi",
        "!nvidia-smi --query-gpu=name,memory.used --format=csv,noheader",
        "! pip list | head -20",
        "!python -m pip show torch",
        "!pip freeze | grep -i sklearn",
        "!python3 --version",
        "!df -h",
    ],
)
def test_what_only_tells_runs(line: str) -> None:
    assert only_tells(line)
    assert classes(f"x = 1\n{line}\n") == set()


@pytest.mark.parametrize(
    "line",
    [
        "!nvidia-smi; rm -r .",
        "!nvidia-smi -pm 1",
        "!nvidia-smi > /etc/x",
        "!pip list --outdated",
        "!pip list && make",
        "!pip show `make`",
        "!pip show $(make)",
        "!pip show {name}",
        "!pip install x",
        "!pip freeze | sh",
        "!pip list\\",
        "!df -h &",
        "x = !nvidia-smi",
        "import os; os.system('nvidia-smi')",
        "!ls",
    ],
)
def test_what_does_more_asks(line: str) -> None:
    assert not only_tells(line)
    assert classes(line)


def test_a_command_beside_it_asks() -> None:
    told = "!nvidia-smi"
    assert classes(f"{told}\nimport os\nos.system(x)") == {Risk.shell}
    assert classes(f'get_ipython().system("{told[1:]}"); import os; os.system(x)') == {Risk.shell}
    assert classes(f'f("""\n{told}\n""", __import__("os").system(x))')


def test_a_program_is_judged_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("import os\nx = os.getcwd()\n")
    (tmp_path / "wild.py").write_text("import shutil\nshutil.rmtree('data')\n")
    (tmp_path / "away.py").symlink_to("/etc/hostname")
    here = str(tmp_path)
    assert classes("%run -i plain.py", here) == set()
    assert classes("%run wild.py", here) == {Risk.delete}
    for line in ("%run away.py", "%run none.py", "%run -m plain.py", "%run ../plain.py", "%run plain.ipynb"):
        assert classes(line, here) == {Risk.opaque}, line
    assert classes("%run plain.py") == {Risk.opaque}  # the folder isn't known
    assert Risk.opaque in classes("%run plain.py", here, "%cd ..")


def test_a_program_that_the_notebook_wrote_is_judged_as_it_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("x = 1")
    here = str(tmp_path)
    assert Risk.opaque in classes("open('plain.py', 'w').write(x)\n%run plain.py", here)
    assert classes("%run plain.py", here, "%%writefile plain.py\nimport os\nos.remove('a')") == {Risk.delete}
    assert classes("%run plain.py", here, "%%writefile plain.py\ny = 2") == set()


@pytest.mark.parametrize(
    ("source", "risk"),
    [
        ("globals().get('os').system('make')", Risk.shell),
        ("get_ipython().user_ns.get(name)()", Risk.opaque),
        ("get_ipython().user_global_ns['os'].system('make')", Risk.shell),
        ("globals().update(loaded)", Risk.opaque),
        ("globals().update({'print': eval})\nprint(x)", Risk.opaque),
        ("import sys\nsys.modules.get('os').remove('a')", Risk.delete),
        ("from contextlib import chdir\nwith chdir('..'):\n    df.to_csv('a.csv')", Risk.outside),
    ],
)
def test_names_are_followed_through_dictionaries(source: str, risk: Risk) -> None:
    assert risk in classes(source)


def test_plain_use_of_the_names_computes() -> None:
    assert classes("globals()['x'] = 3\nlocals().get('x')\nglobals().update({'y': 2}, z=3)\ny + z") == set()
