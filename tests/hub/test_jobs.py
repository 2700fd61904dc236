"""Jobs of the loopback Hub, through huggingface_hub: they run, fail, wait, and are cancelled."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from tests.hub.hub import READ_TOKEN, LoopbackHub


def test_a_job_runs_its_command_and_its_log_streams(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    code = "import os\nfor i in range(3): print(i, os.environ['NAME'], len(os.environ['KEY']))"
    job = api.run_job(image="python:3.12", command=["python", "-c", code], env={"NAME": "a"}, secrets={"KEY": "s3cret"})
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["0 a 6", "1 a 6", "2 a 6"]
    ended = api.inspect_job(job_id=job.id)
    assert ended.status.stage == "COMPLETED"
    assert "s3cret" not in str(ended)
    assert [each.id for each in api.list_jobs(namespace="ada")] == [job.id]


def test_a_failing_job_says_so(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    script = "uv run --with numpy python -c 'raise SystemExit(3)'"
    job = api.run_job(image="python:3.12", command=["sh", "-c", script], flavor="t4-small")
    assert not list(api.fetch_job_logs(job_id=job.id, follow=True))
    status = api.inspect_job(job_id=job.id).status
    assert (status.stage, status.message) == ("ERROR", "Job failed with exit code: 3")


def test_a_job_ends_at_its_time_out_or_when_it_is_cancelled(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    sleep = ["python", "-c", "import time; time.sleep(60)"]
    late, cancelled = (api.run_job(image="python:3.12", command=sleep, timeout=limit) for limit in (1, 50))
    api.cancel_job(job_id=cancelled.id)
    assert not list(api.fetch_job_logs(job_id=late.id, follow=True))
    assert api.inspect_job(job_id=late.id).status.message == "Job timeout"
    assert api.inspect_job(job_id=cancelled.id).status.stage == "CANCELED"


def test_a_job_that_never_starts_stays_in_the_queue(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.url)
    hub.jobs.never_start = True
    job = api.run_job(image="python:3.12", command=["python", "-c", "pass"])
    assert api.inspect_job(job_id=job.id).status.stage == "SCHEDULING"


def test_who_may_not_run_jobs_is_told(hub: LoopbackHub) -> None:
    with pytest.raises(HfHubHTTPError) as caught:
        HfApi(endpoint=hub.url, token=READ_TOKEN).run_job(image="python:3.12", command=["true"])
    assert caught.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError) as caught:
        HfApi(endpoint=hub.url).run_job(image="python:3.12", command=["true"], flavor="abacus")
    assert caught.value.response.status_code == 400
    prices = {each.name: each.unit_cost_usd for each in HfApi(endpoint=hub.url).list_jobs_hardware()}
    assert prices["t4-small"] > prices["cpu-basic"] > 0
