"""Jobs on the loopback Hub, and on a Ray cluster of one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ml_intern_jlab.toolkit import jobs
from ml_intern_jlab.toolkit.jobs_spec import JobError, JobFailed
from tests.hub.hub import READ_TOKEN, LoopbackHub
from tests.toolkit.ray_head import cluster as cluster

TRAINING = """
import os, sys, time
from pathlib import Path

print("accuracy:", 0.75, len(os.environ.get("A_TOKEN", "")))
if "--fail" in sys.argv:
    raise ValueError("broken")
if "--sleep" in sys.argv and "ML_INTERN_SMOKE" not in os.environ:
    time.sleep(600)
Path("model.bin").write_bytes(bytes(range(256)) * 500)
"""


@pytest.fixture(autouse=True)
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ML_INTERN_JOBS", str(tmp_path / "jobs"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAINING)
    return "train.py"


def until_running(job: jobs.Job) -> None:
    for _ in range(600):
        if job.status().state != "waiting":
            return
        time.sleep(0.05)
    raise AssertionError("It never began.")


def test_a_job_on_the_hub_is_priced_tested_followed_and_fetched(
    hub: LoopbackHub, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    job = jobs.submit(
        script,
        backend="hf",
        hardware="t4-small",
        timeout="30m",
        requirements=["numpy"],
        secrets={"A_TOKEN": "swordfish"},
        artifacts=["*.bin"],
        budget=13,
    )
    job.wait(artifacts="out")
    assert Path("out/model.bin").read_bytes() == bytes(range(256)) * 500
    shown = capsys.readouterr().out
    assert "hf:ada, t4-small: at most $0.20 (1800 s at $0.40 an hour)." in shown
    assert "Smoke test at home: passed" in shown
    assert "accuracy: 0.75 9\n" in shown
    [asked] = [each.asked for each in hub.jobs.jobs.values()]
    assert asked["secrets"] == {"A_TOKEN": "swordfish"}
    assert "swordfish" not in str({**asked, "secrets": {}})
    assert asked["timeoutSeconds"] == 1800
    assert "--with numpy" in asked["command"][-1]
    assert jobs.attach(job.id).status().state == "done"


def test_a_job_on_the_hub_that_fails_or_is_cancelled_says_so(hub: LoopbackHub, script: str) -> None:
    failing = jobs.submit(script, ["--fail"], backend="hf", smoke=False, quiet=True)
    sleeping = jobs.submit(script, ["--sleep"], backend="hf", smoke=False, quiet=True)
    with pytest.raises(JobFailed, match=r"failed\. Job failed with exit code: 1[\s\S]*ValueError: broken"):
        failing.wait(quiet=True)
    sleeping.cancel()
    with pytest.raises(JobFailed, match="was cancelled"):
        sleeping.wait(quiet=True)


def test_what_the_hub_refuses_is_said_before_anything_starts(
    hub: LoopbackHub, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        JobError, match=r"may cost \$0\.40 \(3600 s at \$0\.40 an hour\), more than the budget of \$0\.30"
    ):
        jobs.submit(script, backend="hf", hardware="t4-small", budget=0.3)
    with pytest.raises(JobError, match=r"no hardware 't4-smal' for jobs\. There is: t4-small"):
        jobs.submit(script, backend="hf", hardware="t4-smal")
    with pytest.raises(JobError, match=r"finds no files of this machine \(train\.py\)"):
        jobs.submit(script, backend="hf", files=[script], smoke=False)
    with pytest.raises(JobFailed, match="smoke test at home failed"):
        jobs.submit(script, ["--fail"], backend="hf")
    assert not hub.jobs.jobs
    with pytest.raises(JobError, match="did not tell about the job 0000: there is no such job"):
        jobs.attach("hf:ada/0000")
    hub.jobs.never_start = True
    with pytest.raises(JobError, match="has not begun yet"):
        jobs.submit(script, backend="hf", smoke=False).wait(start_timeout=0.5, quiet=True)
    monkeypatch.setenv("HF_TOKEN", READ_TOKEN)
    with pytest.raises(JobError, match="did not start the job: the token may not do that"):
        jobs.submit(script, backend="hf:ada", smoke=False)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(JobError, match="need a token: set HF_TOKEN"):
        jobs.submit(script, backend="hf")


def test_without_ray_or_a_cluster_the_sentence_says_how_to_get_one() -> None:
    with pytest.raises(JobError, match=r"ml-intern-jlab\[ray\]|No Ray cluster answers at http://127\.0\.0\.1:9"):
        jobs.submit("train.py", backend="ray:http://127.0.0.1:9")


# --- Ray ----------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_a_job_on_ray(cluster: str, script: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.txt").write_text("abc")
    backend = f"ray:{cluster}"
    how = {"backend": backend, "smoke": False, "quiet": True}
    failing = jobs.submit(script, ["--fail"], **how)  # type: ignore[arg-type]
    job = jobs.submit(
        script,
        backend=backend,
        hardware="1 cpu",
        files=["data.txt"],
        secrets={"A_TOKEN": "swordfish"},
        artifacts=["*.bin", "data.txt"],
    )
    job.wait(artifacts="out")
    assert Path("out/model.bin").read_bytes() == bytes(range(256)) * 500
    assert Path("out/data.txt").read_text() == "abc"
    assert "accuracy: 0.75 9\n" in capsys.readouterr().out
    assert jobs.attach(job.id).status().state == "done"
    with pytest.raises(JobFailed, match=r"failed\.[\s\S]*ValueError: broken"):
        failing.wait(quiet=True)

    sleeping = jobs.submit(script, ["--sleep"], **how)  # type: ignore[arg-type]
    until_running(sleeping)
    sleeping.cancel()
    with pytest.raises(JobFailed, match="was cancelled"):
        sleeping.wait(quiet=True)
    with pytest.raises(JobError, match="says nothing to Ray"):
        jobs.submit(script, hardware="a100", backend=backend)
    with pytest.raises(JobError, match="knows no job raysubmit_0"):
        jobs.attach(f"{backend}/raysubmit_0")
    late = jobs.submit(script, ["--sleep"], timeout=2, **how)  # type: ignore[arg-type]
    with pytest.raises(JobFailed, match="ran out of time"):
        late.wait(quiet=True)
