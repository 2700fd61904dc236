"""Tuning language models: the drafts for SFT, DPO, GRPO and best-of-N run as they are on models made here, on a CPU."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.agent.drafts import known, run_drafts
from tests.agent.tiny_models import tiny_judge, tiny_writer

NEEDED = ("torch", "transformers", "trl", "peft", "datasets")
llm_there = pytest.mark.skipif(
    not all(find_spec(package) for package in NEEDED),
    reason="torch, trl, peft and datasets: pip install 'ml-intern-jlab[llm]'",
)
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(400)]

SUMS = [(f"What is {n} plus {m}?", str(n + m)) for n in range(6) for m in range(6)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def talk(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def logged() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("samples.jsonl").read_text("utf-8").splitlines()]


def figures(printed: str) -> dict[str, float]:
    """The lines such as `hold-out loss: 5.1`."""
    return {name: float(value) for name, value in re.findall(r"^([\w@ -]+): (-?\d[\d.]*)", printed, re.M)}


def trained(folder: Path) -> float:
    """How far the adapter that was saved is from doing nothing: its second matrices begin as zeros."""
    from safetensors.torch import load_file

    weights = load_file(folder / "tuned" / "adapter_model.safetensors")
    return max(float(value.abs().max()) for name, value in weights.items() if "lora_B" in name)


@llm_there
@pytest.mark.parametrize(
    ("rows", "chat"),
    [
        ([talk(*each) for each in SUMS], True),
        ([talk(*each) for each in SUMS], False),
        ([{"prompt": f"{asked}\n", "completion": answer} for asked, answer in SUMS], False),
        ([{"question": asked, "answer": answer} for asked, answer in SUMS], True),
    ],
    ids=["messages", "messages-without-template", "prompt-completion", "question-answer"],
)
def test_sft_learns_from_each_format(folder: Path, rows: list[dict[str, Any]], chat: bool) -> None:
    tiny_writer(folder / "writer", chat=chat)
    write_rows(folder / "talks.jsonl", rows)
    how = known("Fine-tune the model in writer on talks.jsonl with LoRA.")
    assert how.names[0] == "language-models"
    (printed,) = run_drafts(how)
    found = figures(printed)
    assert found["hold-out loss"] < found["baseline loss"], printed
    assert trained(folder) > 0


@llm_there
def test_dpo_learns_to_prefer(folder: Path) -> None:
    tiny_writer(folder / "writer", chat=True)
    rows = [
        {
            "prompt": [{"role": "user", "content": asked}],
            "chosen": [{"role": "assistant", "content": f"It is {answer}."}],
            "rejected": [{"role": "assistant", "content": "No idea!"}],
        }
        for asked, answer in SUMS
    ]
    write_rows(folder / "pairs.jsonl", rows)
    how = known("Align the model in writer with the preferences in pairs.jsonl by DPO.")
    (printed,) = run_drafts(how)
    found = figures(printed)
    assert found["baseline loss"] == 0.6931  # the logarithm of 2: before training both are preferred alike
    assert found["hold-out accuracy"] > 0.5, printed
    assert trained(folder) > 0


@llm_there
def test_grpo_is_rewarded_by_a_check(folder: Path) -> None:
    tiny_writer(folder / "writer", chat=True)
    write_rows(folder / "sums.jsonl", [{"question": asked, "answer": answer} for asked, answer in SUMS])
    how = known("Train the model in writer on sums.jsonl with GRPO: the reward is a right answer.")
    space: dict[str, Any] = {}
    (printed,) = run_drafts(how, space)
    assert set(figures(printed)) >= {"baseline accuracy", "hold-out accuracy"}, printed
    assert space["right"](["3 + 1 is 4.0", "It is 40.", "Four", " FOUR!"], ["4", "4", "4", "four"]) == [1, 0, 0, 1]
    assert (folder / "tuned" / "adapter_config.json").is_file()


@pytest.mark.skipif(
    not all(find_spec(package) for package in NEEDED[:2]),
    reason="torch and transformers: pip install 'ml-intern-jlab[transformers]'",
)
def test_the_best_of_several_is_told_with_and_without_a_reward_model(folder: Path) -> None:
    tiny_writer(folder / "writer")
    tiny_judge(folder / "critic")
    write_rows(folder / "sums.jsonl", [{"question": asked, "answer": answer} for asked, answer in SUMS[:4]])
    how = known("Best-of-N on sums.jsonl: the model in writer, with and without the reward model in critic.")
    assert how.names[0] == "best-of-n"
    run_drafts(how)
    # What a random model writes is never true: take what the reward model likes best as true for half, else the first.
    liked = [each["answers"][max(range(8), key=each["scores"].__getitem__)] for each in logged()]
    truths = [liked[0], liked[1], logged()[2]["answers"][0], logged()[3]["answers"][0]]
    truths = [text.strip() or "nothing" for text in truths]
    write_rows(folder / "sums.jsonl", [{"question": SUMS[n][0], "answer": truths[n]} for n in range(4)])
    space: dict[str, Any] = {}
    (printed,) = run_drafts(how, space)
    found = figures(printed)
    assert found["best@8"] >= 0.5
    assert found["best@8"] > found["baseline accuracy"]
    same, told = space["normalised"], logged()
    # The figures again, from the log alone.
    same, told = (
        space["normalised"],
        [json.loads(line) for line in Path("samples.jsonl").read_text("utf-8").splitlines()],
    )
    counts = {"majority@8": 0, "best@8": 0, "weighted@8": 0}
    for each in told:
        answers, scores, truth = [same(answer) for answer in each["answers"]], each["scores"], same(each["truth"])
        assert len(answers) == len(scores) == 8
        assert len(set(scores)) > 1
        sums = {answer: sum(s for a, s in zip(answers, scores, strict=True) if a == answer) for answer in answers}
        counts["majority@8"] += Counter(answers).most_common(1)[0][0] == truth
        counts["best@8"] += answers[max(range(8), key=scores.__getitem__)] == truth
        counts["weighted@8"] += max(sums, key=sums.__getitem__) == truth
    assert {name: found[name] for name in counts} == {name: count / len(told) for name, count in counts.items()}


@pytest.mark.parametrize(
    ("task", "columns", "method"),
    [
        ("Fine-tune the model in writer on rows.jsonl.", ["messages"], "SFT"),
        ("Fine-tune the model in writer on rows.jsonl.", ["prompt", "chosen", "rejected"], "DPO"),
        ("Tune writer on rows.jsonl by GRPO.", ["problem", "solution"], "GRPO"),
        ("LoRA for writer on rows.jsonl, please.", ["text"], "SFT"),
        ("Fine-tune the model in writer on rows.jsonl.", ["height", "width"], ""),
    ],
)
def test_the_columns_and_the_words_decide_the_method(folder: Path, task: str, columns: list[str], method: str) -> None:
    (folder / "writer").mkdir()
    (folder / "writer" / "config.json").write_text("{}")
    pd.DataFrame([{name: f"some {name} {n}" for name in columns} for n in range(20)]).to_json(
        folder / "rows.jsonl", orient="records", lines=True
    )
    how = known(task)
    assert [draft for draft in how.drafts if "Trainer(" in draft and f"{method}Trainer" not in draft] == []
    assert any(f"import {method}Config" in draft for draft in how.drafts) == bool(method)
    for draft in how.drafts:
        compile(draft, "draft", "exec")
