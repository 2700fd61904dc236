"""Datasets, read from the loopback Hub and its viewer."""

from __future__ import annotations

from typing import Any

import pytest

from ml_intern_jlab.toolkit import datasets
from ml_intern_jlab.toolkit.chat_format import chat_format
from ml_intern_jlab.toolkit.errors import BadRequest, NoAccess, NotFound
from tests.hub.hub import LoopbackHub

CARD = "---\nlicense: {license}\ntask_categories: [{task}]\nlanguage: [en]\n---\nSee https://arxiv.org/abs/1706.03762\n"


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


CHAT = [{"messages": [turn("user", f"question {n}"), turn("assistant", f"answer {n}")]} for n in range(250)]
REVIEWS = [{"text": f"A film of {n} minutes. " * 20, "label": n % 2} for n in range(300)]


@pytest.fixture
def shelf(hub: LoopbackHub) -> LoopbackHub:
    files: dict[str, str | bytes] = {
        "README.md": CARD.format(license="mit", task="text-generation"),
        "data.parquet": b"x" * 5000,
    }
    hub.add_repo("dataset", "lab/chats", files, downloads=50)
    hub.add_rows("lab/chats", CHAT)
    hub.add_rows("lab/chats", CHAT[:20], split="test")
    hub.add_repo("dataset", "lab/reviews", {"README.md": CARD.format(license="cc-by-nc-4.0", task="x")}, downloads=9)
    hub.add_rows("lab/reviews", REVIEWS, config="plain", classes={"label": ["bad", "good"]})
    return hub


def test_search_filters_and_tells_what_matters(shelf: LoopbackHub) -> None:
    assert [each.id for each in datasets.search()] == ["lab/chats", "lab/reviews"]
    found = datasets.search("rev", license="cc-by-nc-4.0")
    assert [(each.id, each.license, each.gated) for each in found] == [("lab/reviews", "cc-by-nc-4.0", False)]
    assert found[0].url in found._repr_html_()
    with pytest.raises(BadRequest, match="downloads, likes"):
        datasets.search(order="size")


def test_a_report_has_splits_features_rows_and_statistics(shelf: LoopbackHub) -> None:
    report = datasets.inspect("lab/reviews")
    assert report.revision == shelf.repo("dataset", "lab/reviews").head.sha
    assert (report.license, report.access, report.papers) == ("cc-by-nc-4.0", "open", ("1706.03762",))
    assert report.splits is not None
    assert [(each.config, each.split, each.rows) for each in report.splits] == [("plain", "train", 300)]
    assert report.features is not None
    assert {each.column: each.type for each in report.features} == {"text": "string", "label": "label"}
    assert report.statistics is not None
    assert next(each for each in report.statistics if each.column == "label").values == ("bad 150", "good 150")
    assert len(repr(report)) < 4200
    assert "bad, good" in repr(report)
    assert datasets.inspect("lab/chats").size == 5000 + sum(
        blob.size for path, blob in shelf.repo("dataset", "lab/chats").head.files.items() if path != "data.parquet"
    )


def test_an_unknown_name_brings_the_nearest(shelf: LoopbackHub) -> None:
    with pytest.raises(NotFound, match=r"Did you mean lab/chats\?"):
        datasets.inspect("lab/chatz")
    with pytest.raises(NotFound, match="lab/reviews"):
        datasets.inspect("reviews")
    with pytest.raises(NotFound, match=r"no configuration 'plan'.*plain"):
        datasets.inspect("lab/reviews", "plan")
    with pytest.raises(NotFound, match=r"no split 'tests'.*test"):
        datasets.rows("lab/chats", split="tests")
    with pytest.raises(BadRequest, match="owner/name"):
        datasets.inspect("not an id")


def test_gated_and_private_datasets_say_so(shelf: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.add_repo("dataset", "meta/gated", {"README.md": CARD.format(license="other", task="x")}, gated="manual")
    shelf.add_rows("meta/gated", CHAT)
    report = datasets.inspect("meta/gated")
    assert report.access.startswith("gated")
    assert "has not been let in" in report.note
    assert report.suits("sft").verdict == "unknown"
    with pytest.raises(NoAccess, match="accept its conditions"):
        datasets.rows("meta/gated")
    shelf.add_repo("dataset", "meta/secret", private=True)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(NotFound, match="no token is set"):
        datasets.inspect("meta/secret")
    with pytest.raises(NoAccess, match="hf auth login"):
        datasets.rows("meta/gated")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "wrong" * 6)
    with pytest.raises(NoAccess, match="does not know the token"):
        datasets.inspect("lab/chats")


def test_a_dataset_that_the_viewer_can_not_read_still_has_a_report(shelf: LoopbackHub) -> None:
    shelf.add_repo("dataset", "lab/zips", {"README.md": CARD.format(license="mit", task="x"), "a.zip": b"PK" * 99})
    report = datasets.inspect("lab/zips", timeout=5)
    assert report.license == "mit"
    assert "No rows to see" in report.note
    assert datasets.suits(report, "sft").verdict == "unknown"


def test_rows_and_samples_are_read_in_pages(shelf: LoopbackHub) -> None:
    assert [each["messages"][0]["content"] for each in datasets.rows("lab/chats", offset=2, length=2)] == [
        "question 2",
        "question 3",
    ]
    whole = datasets.sample("lab/chats", 1000)
    assert list(whole) == CHAT
    some = datasets.sample("lab/chats", 40, seed=1)
    assert len(some) == 40
    assert list(some) == list(datasets.sample("lab/chats", 40, seed=1))
    assert list(some) != CHAT[:40]
    assert len(whole.to_pandas()) == 250
    with pytest.raises(BadRequest, match="1 to 100"):
        datasets.rows("lab/chats", length=101)
    with pytest.raises(BadRequest, match="streaming"):
        datasets.sample("lab/chats", 10**6)


def test_whether_it_suits_a_use(shelf: LoopbackHub) -> None:
    assert datasets.suits("lab/chats", "sft").verdict == "yes"
    assert datasets.suits("lab/chats", "dpo").verdict == "no"
    reviews = datasets.inspect("lab/reviews")
    verdict = reviews.suits("text classification")
    assert verdict.verdict == "with preparation"
    assert any("Hold out" in each for each in verdict.preparation)
    assert any("forbids commercial use" in each for each in verdict.reasons)
    assert any("2 classes" in each for each in verdict.reasons)
    assert not reviews.suits("sft")
    with pytest.raises(BadRequest, match="text-classification"):
        reviews.suits("juggling")


def kind_of(*rows: dict[str, Any]) -> str:
    return chat_format(rows).kind


def test_formats_are_told_apart() -> None:
    share = {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
    assert kind_of(share) == "sharegpt"
    assert kind_of({"dialog": [turn("user", "a"), turn("assistant", "b")]}) == "messages"
    assert (
        kind_of({"messages": '[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]'}) == "messages"
    )
    assert kind_of({"instruction": "a", "input": "", "output": "b"}) == "instruction"
    assert kind_of({"prompt": "a", "chosen": "b", "rejected": "c"}) == "preference"
    both = {"chosen": CHAT[0]["messages"], "rejected": CHAT[1]["messages"]}
    assert kind_of(both) == "preference_messages"
    assert kind_of({"problem": "1+1", "answer": "2"}) == "problem"
    assert kind_of({"text": "a"}) == "text"
    assert kind_of({"text": "<|im_start|>user\na<|im_end|>"}) == "marked_text"
    assert kind_of({"a": 1, "b": 2}) == ""
    assert chat_format([]).kind == ""


@pytest.mark.parametrize(
    ("turns", "fault"),
    [
        ([turn("user", "a")], "the assistant never speaks"),
        ([turn("user", "a"), turn("assistant", "b"), turn("user", "c")], "the last turn is the user's"),
        ([turn("user", "a"), turn("user", "b"), turn("assistant", "c")], "speaks twice in a row"),
        ([turn("assistant", "a"), turn("user", "b"), turn("assistant", "c")], "the assistant begins"),
        ([turn("user", "a"), turn("assistant", " ")], "an answer is empty"),
        ([turn("user", "a"), turn("robot", "b"), turn("assistant", "c")], "unknown role 'robot'"),
        ([turn("user", "a"), turn("system", "b"), turn("assistant", "c")], "a system turn stands behind"),
    ],
)
def test_faults_of_conversations_are_counted(turns: list[dict[str, str]], fault: str) -> None:
    told = chat_format([{"messages": turns}, CHAT[0]])
    assert [each for each in told.faults if fault in each and each.startswith("1 of 2")]
    assert not chat_format([CHAT[0]]).faults


def test_tools_may_speak_between(hub: LoopbackHub) -> None:
    turns = [
        turn("system", "s"),
        turn("user", "a"),
        turn("assistant", "call"),
        turn("tool", "r"),
        turn("assistant", "b"),
    ]
    assert not chat_format([{"messages": turns}]).faults


def test_preferences_are_checked() -> None:
    same = {"prompt": "a", "chosen": "b", "rejected": "b"}
    assert chat_format([same, {**same, "rejected": "c"}]).faults == ("1 of 2: chosen and rejected are the same",)
