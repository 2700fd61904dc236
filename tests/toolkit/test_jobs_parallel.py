"""Data-parallel fine-tuning: one job, two workers, each with its own rows, and the same weights in the end."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.toolkit import jobs
from ml_intern_jlab.toolkit.jobs_spec import JobError, JobFailed
from tests.agent.tiny_models import tiny_writer
from tests.toolkit.ray_head import cluster as cluster

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not all(find_spec(package) for package in ("torch", "transformers", "accelerate")),
        reason="torch, transformers and accelerate: pip install 'ml-intern-jlab[transformers]'",
    ),
]


def tune(model: str, rows: int, fail: bool = False) -> dict[str, Any]:
    import os

    if fail and os.environ["RANK"] == "1":
        raise ValueError("the second worker is broken")
    import torch
    from accelerate import Accelerator
    from accelerate.utils import gather_object
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

    set_seed(0)
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForCausalLM.from_pretrained(model)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    texts = [(n, tokenizer(f"What is {n}? It is {n}.", return_tensors="pt")["input_ids"][0]) for n in range(rows)]
    network, optimizer, loader = accelerator.prepare(
        network, optimizer, torch.utils.data.DataLoader(texts, batch_size=1, shuffle=True)
    )
    seen, losses = [], []
    for number, text in loader:
        loss = network(input_ids=text, labels=text).loss
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        seen.append(int(number))
        losses.append(float(loss))
    total = sum(float(each.detach().abs().sum()) for each in network.parameters())
    told = gather_object([{"seen": seen, "weights": round(total, 4)}])
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        accelerator.unwrap_model(network).save_pretrained("tuned")
    return {"workers": accelerator.num_processes, "told": told, "losses": losses}


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_INTERN_JOBS", str(tmp_path / "jobs"))
    monkeypatch.chdir(tmp_path)
    tiny_writer(tmp_path / "writer")
    return tmp_path


def check(result: dict[str, Any], work: Path) -> None:
    assert result["workers"] == 2
    first, second = result["told"]
    # Each row went to one worker, and what they learnt was shared at each step.
    assert len(first["seen"]) == len(second["seen"]) == 8
    assert sorted(first["seen"] + second["seen"]) == list(range(16))
    assert first["weights"] == second["weights"]
    assert result["losses"][-1] < result["losses"][0]
    assert (work / "out" / "tuned" / "model.safetensors").is_file()


def test_two_workers_of_this_machine(work: Path) -> None:
    how: dict[str, Any] = {"files": ["writer"], "timeout": "8m", "quiet": True, "workers": 2}
    job = jobs.submit(tune, {"model": "writer", "rows": 16}, artifacts=["tuned/*"], **how)
    check(job.wait(quiet=True, artifacts="out"), work)
    with pytest.raises(JobFailed, match="the second worker is broken"):
        jobs.submit(tune, {"model": "writer", "rows": 16, "fail": True}, **how).wait(quiet=True)
    with pytest.raises(JobError, match="at least one worker"):
        jobs.submit(tune, {"model": "writer", "rows": 16}, workers=0)


def test_two_workers_on_ray(work: Path, cluster: str) -> None:
    job = jobs.submit(
        tune,
        {"model": "writer", "rows": 16},
        backend=f"ray:{cluster}",
        files=["writer"],
        artifacts=["tuned/*"],
        timeout="8m",
        workers=2,
        smoke=False,
        quiet=True,
    )
    check(job.wait(quiet=True, artifacts="out"), work)
