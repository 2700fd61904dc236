from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from ml_intern_jlab.toolkit import jobs
from ml_intern_jlab.toolkit.jobs_log import Log
from ml_intern_jlab.toolkit.jobs_runner import MARK
from ml_intern_jlab.toolkit.jobs_script import script_of
from ml_intern_jlab.toolkit.jobs_spec import JobError, JobFailed, seconds


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_INTERN_JOBS", str(tmp_path / "jobs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cell(folder: Path) -> Callable[[str], dict[str, Any]]:
    """Defines what a notebook's cell would: its functions belong to `__main__`."""

    def run(source: str) -> dict[str, Any]:
        path = folder / "cell.py"
        path.write_text(textwrap.dedent(source))
        return runpy.run_path(str(path), run_name="__main__")

    return run


def until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("It never became true.")


TRAINING = """
    import math
    import statistics as st
    from pathlib import Path

    FACTOR = {"by": 3}

    def scaled(value):
        return value * FACTOR["by"]

    def train(values, path="data.txt"):
        print("mean accuracy:", st.mean(values), "π")
        Path("out").mkdir()
        Path("out/model.txt").write_text(Path(path).read_text() * 2)
        return {"score": scaled(sum(values)), "pi": round(math.pi, 3)}
"""


def test_a_function_runs_with_what_it_uses_and_its_result_files_and_log_come_back(
    folder: Path, cell: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data.txt").write_text("abc")
    job = jobs.submit(
        cell(TRAINING)["train"], {"values": [1, 2]}, files=["data.txt"], artifacts=["out/*.txt"], timeout="1m"
    )
    assert job.wait(artifacts="mine") == {"score": 9, "pi": 3.142}
    assert (folder / "mine/out/model.txt").read_text() == "abcabc"
    shown = capsys.readouterr().out
    assert "local: costs nothing, the time-out is 60 s." in shown
    assert "mean accuracy: 1.5 π\n" in shown
    assert MARK not in shown

    # Another process that knows the id has all of it.
    again = jobs.attach(job.id)
    assert again.status().state == "done"
    assert again.result == {"score": 9, "pi": 3.142}
    assert [path.name for path in again.fetch("again")] == ["model.txt"]
    assert repr(again) == f"<Job {job.id}: done>"


def test_a_script_gets_its_options_and_its_exit_code_counts(folder: Path) -> None:
    (folder / "work.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(3)\n")
    job = jobs.submit("work.py", {"lr": 0.1, "fast": True, "slow": False})
    with pytest.raises(JobFailed, match=r"failed\. It ended with exit code 3\.[\s\S]*'--lr', '0\.1', '--fast'\]"):
        job.wait(quiet=True)


def test_a_failed_job_raises_with_its_last_lines_only(cell: Callable[[str], dict[str, Any]]) -> None:
    train = cell("""
        def train():
            for number in range(100):
                print("line", number)
            raise ValueError("broken")
    """)["train"]
    with pytest.raises(JobFailed) as failed:
        jobs.submit(train).wait(quiet=True)
    words = str(failed.value)
    assert words.endswith('in train\n    raise ValueError("broken")\nValueError: broken')
    assert "line 99" in words
    assert "line 50\n" not in words
    assert "runpy" not in words


def test_a_job_that_leaves_less_than_it_should_has_failed(cell: Callable[[str], dict[str, Any]]) -> None:
    job = jobs.submit(cell("def train():\n    return 1")["train"], artifacts=["model.*"])
    with pytest.raises(JobFailed, match=r"left no file model\.\*"):
        job.wait(quiet=True)


def test_time_runs_out_and_a_job_can_be_cancelled_with_all_that_it_started(
    folder: Path, cell: Callable[[str], dict[str, Any]]
) -> None:
    space = cell("""
        import subprocess, sys, time
        from pathlib import Path

        def sleep():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            Path("child").write_text(str(child.pid))
            time.sleep(600)
    """)
    late = jobs.submit(space["sleep"], timeout=1)
    job = jobs.submit(space["sleep"])
    place = folder / "jobs" / job.id.removeprefix("local/") / "work" / "child"
    until(lambda: place.exists() and place.read_text() != "")
    job.cancel()
    with pytest.raises(JobFailed, match="was cancelled"):
        job.wait(quiet=True)
    assert not psutil.pid_exists(int(place.read_text()))
    job.cancel()  # once more changes nothing
    with pytest.raises(JobFailed, match=r"ran out of time\. Its time of 1 s was up"):
        late.wait(quiet=True)
    assert late.status().state == "timed_out"


def test_a_job_outlives_the_process_that_started_it(folder: Path) -> None:
    (folder / "work.py").write_text("import time\ntime.sleep(1)\nprint('all done')\n")
    starting = "from ml_intern_jlab.toolkit import jobs\nprint(jobs.submit('work.py', quiet=True).id)"
    done = subprocess.run([sys.executable, "-c", starting], capture_output=True, text=True, check=True, timeout=60)
    job = jobs.attach(done.stdout.strip())
    assert job.wait(quiet=True) is None
    assert list(job._log.last) == ["all done"]


def test_a_job_whose_process_was_ended_from_outside_is_lost_not_done(cell: Callable[[str], dict[str, Any]]) -> None:
    job = jobs.submit(cell("import time\ndef sleep():\n    time.sleep(600)")["sleep"])
    until(lambda: job.status().state == "running")
    [supervisor] = [
        each for each in psutil.Process().children() if job.id.removeprefix("local/") in " ".join(each.cmdline())
    ]
    until(lambda: bool(supervisor.children()))
    for process in [supervisor, *supervisor.children(recursive=True)]:
        process.kill()
    with pytest.raises(JobFailed, match="was lost"):
        job.wait(quiet=True)


def test_a_long_log_is_shown_in_part(cell: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    train = cell("""
        def train():
            for number in range(50_000):
                print("line number", number)
    """)["train"]
    jobs.submit(train).wait()
    shown = capsys.readouterr().out
    assert len(shown) < jobs.MOST_SHOWN + 3000
    assert "line number 49999" in shown
    assert "more characters, of which the last lines are" in shown


def test_a_secret_reaches_the_job_and_nothing_else(
    folder: Path,
    cell: Callable[[str], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MY_TOKEN", "swordfish-4711")
    train = cell("""
        import os
        def train():
            print("got", os.environ["MY_TOKEN"])
            return len(os.environ["MY_TOKEN"])
    """)["train"]
    job = jobs.submit(train, secrets=["MY_TOKEN"])
    assert job.wait() == 14
    assert "got [redacted]" in capsys.readouterr().out
    kept = [path for path in (folder / "jobs").rglob("*") if path.is_file() and path.name != "log.txt"]
    assert kept
    assert not [path for path in kept if b"swordfish" in path.read_bytes()]
    with pytest.raises(JobError, match="has no NO_SUCH_TOKEN"):
        jobs.submit(train, secrets=["NO_SUCH_TOKEN"])


def test_what_fails_at_home_is_not_submitted(folder: Path, cell: Callable[[str], dict[str, Any]]) -> None:
    train = cell("import os\ndef train(n):\n    return 1 / n if 'ML_INTERN_SMOKE' in os.environ else n")["train"]
    with pytest.raises(JobFailed, match=r"smoke test at home failed, so nothing was submitted[\s\S]*ZeroDivision"):
        jobs.submit(train, {"n": 0}, smoke=True)
    assert [path.name.partition("-")[0] for path in (folder / "jobs").iterdir()] == ["smoke"]
    assert jobs.submit(train, {"n": 0}, smoke={"n": 1}).wait(quiet=True) == 0


def test_a_requirement_that_is_missing_is_installed_for_the_job_alone(folder: Path) -> None:
    wheel = folder / "tiny_gift-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_gift.py", "WORTH = 42\n")
        archive.writestr("tiny_gift-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-gift\nVersion: 1.0\n")
        archive.writestr(
            "tiny_gift-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_gift-1.0.dist-info/RECORD", "")
    (folder / "work.py").write_text("import tiny_gift, psutil\nprint(tiny_gift.WORTH)\n")
    job = jobs.submit("work.py", requirements=["psutil", str(wheel)])
    job.wait(quiet=True)
    assert job._log.last[-1] == "42"


def test_only_what_can_be_written_down_goes_into_a_job(cell: Callable[[str], dict[str, Any]]) -> None:
    space = cell("""
        import threading
        LOCK = threading.Lock()
        def locked():
            return LOCK
        def outer():
            held = 1
            def inner():
                return held
            return inner
    """)
    with pytest.raises(JobError, match=r"locked uses LOCK \(lock\), which exists only in this kernel"):
        script_of(space["locked"], {})
    with pytest.raises(JobError, match="inner uses held of the function around it"):
        script_of(space["outer"](), {})
    with pytest.raises(JobError, match="must be plain values"):
        script_of(space["outer"], {"data": object()})
    with pytest.raises(JobError, match="needs a function defined with def"):
        script_of(lambda: 1, {})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: jobs.submit("absent.py"), "There is no script absent.py"),
        (lambda: jobs.submit(__file__, backend="moon"), "There is no backend 'moon'"),
        (lambda: jobs.submit(__file__, hardware="a100"), "hardware='a100' can't be had here"),
        (lambda: jobs.submit(__file__, files=["absent.csv"]), "absent.csv, which isn't there"),
        (lambda: jobs.submit(__file__, timeout="soon"), "'soon' is no duration"),
        (lambda: jobs.attach("local/nobody-1"), "There is no job nobody-1"),
        (lambda: jobs.attach("local/.."), r"There is no job \.\."),
    ],
)
def test_what_cannot_be_done_is_said(call: Callable[[], object], words: str) -> None:
    with pytest.raises(JobError, match=words):
        call()


def test_durations() -> None:
    assert [seconds(each) for each in (5, 0.5, "90s", "30m", "2h", "1d")] == [5, 0.5, 90, 1800, 7200, 86400]
    assert jobs.estimate(timeout="2h") == 0


def sent(**fact: object) -> str:
    return f"\n{MARK}{json.dumps(fact)}\n"


def test_a_log_is_read_in_any_pieces(tmp_path: Path) -> None:
    whole = "one\ntwo" + sent(result=5) + "three\n" + sent(file="a/b.txt", piece=0, of=1, data="aGk=", sha256="0")
    for size in (1, 7, len(whole)):
        log = Log()
        shown = "".join(log.add(whole[at : at + size]) for at in range(0, len(whole), size)) + log.add("", True)
        assert [line for line in shown.splitlines() if line] == ["one", "two", "three"]
        assert log.facts == {"result": 5}
    with pytest.raises(JobError, match="came mutilated"):
        log.files(tmp_path)
    outside = Log()
    outside.add(sent(file="../b.txt", piece=0, of=1, data="aGk=", sha256="0"))
    with pytest.raises(JobError, match="outside its folder"):
        outside.files(tmp_path)
    assert os.listdir(tmp_path) == []
