"""The drafts of the skills, filled in for data made here, run one after the other as their cells would."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_intern_jlab.agent.skills.facts import pretrained_model
from ml_intern_jlab.sessions.risk import classify
from tests.agent.drafts import known, run_drafts
from tests.agent.tiny_models import tiny_writer

transformers_there = pytest.mark.skipif(
    not all(find_spec(package) for package in ("torch", "transformers", "accelerate")),
    reason="torch, transformers and accelerate: pip install 'ml-intern-jlab[transformers]'",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flowers(rows: int, seed: int) -> pd.DataFrame:
    made = np.random.default_rng(seed)
    table = pd.DataFrame(made.normal(size=(rows, 3)).round(3), columns=["length", "width", "height"])
    return table.assign(kind=np.where(table["length"] - table["width"] > 0, "rose", "tulip"))


def write_flowers(folder: Path) -> None:
    flowers(210, 0).to_csv(folder / "known.csv", index=False)
    flowers(7, 1).drop(columns="kind").to_csv(folder / "new.csv", index=False)


def test_tuning_follows_the_comparison(folder: Path) -> None:
    write_flowers(folder)
    how = known(
        "Predict kind for new.csv from known.csv, write kinds.csv with the column kind. Tune the hyperparameters."
    )
    assert how.names == ("tabular", "tuning")
    compared, tuned = run_drafts(how)
    assert "best: " in compared
    assert "tuned in" in tuned
    assert len(pd.read_csv("kinds.csv")) == 7


@pytest.mark.parametrize("target", ["kind", "height"])
def test_evaluation_checks_classes_and_numbers(folder: Path, target: str) -> None:
    table = flowers(240, 0).assign(height=lambda each: each["length"] * 2 + each["width"])
    table.to_csv(folder / "known.csv", index=False)
    table[:7].drop(columns=target).to_csv(folder / "new.csv", index=False)
    task = (
        f"Predict {target} for new.csv from known.csv, write out.csv with the column {target}. How good is the model?"
    )
    how = known(task + " Evaluate it.")
    assert how.names == ("tabular", "evaluation")
    checked = run_drafts(how)[1]
    assert "dummy: hold-out" in checked
    assert "95 % of resampled hold-outs" in checked
    assert ("precision" in checked) == (target == "kind")


def test_a_forecast_is_compared_with_the_naive_ones(folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=140, tz="UTC")  # whose spelling ends in +00:00
    sold = [100 + 30 * (day.day_of_week >= 5) + number * 0.2 for number, day in enumerate(days)]
    pd.DataFrame({"date": days[:120], "sold": sold[:120]}).to_csv(folder / "past.csv", index=False)
    pd.DataFrame({"date": days[120:]}).to_csv(folder / "next.csv", index=False)
    how = known(
        "Forecast sold for the days of next.csv from past.csv. Write forecast.csv with the columns date and sold."
    )
    assert how.names == ("tabular", "time-series")
    naive = run_drafts(how)[1]
    assert "the value 7 rows ago: cross-validated MAE" in naive
    assert list(pd.read_csv("forecast.csv").columns) == ["date", "sold"]


def test_what_the_words_say_and_each_attempt_are_shown_where_the_task_asks_for_them(folder: Path) -> None:
    made = np.random.default_rng(0)
    nouns = ["room", "breakfast", "street", "staff", "bed", "view"]
    rows = []
    for number in range(120):
        good = number % 2 == 0
        words = [made.choice(["lovely", "quiet"] if good else ["dirty", "noisy"]), *made.choice(nouns, 4)]
        rows.append((" ".join(made.permutation(words)) + ", we thought when we left", "good" if good else "bad"))
    table = pd.DataFrame(rows, columns=["review", "verdict"])
    table.to_csv(folder / "reviews.csv", index=False)
    table[:9].drop(columns="verdict").to_csv(folder / "new.csv", index=False)
    how = known(
        "Predict verdict for new.csv from reviews.csv, write out.csv with the column verdict. Show me which words "
        "speak for which verdict, and log the metrics of each attempt on the scoreboard."
    )
    assert how.names == ("tabular", "tracking", "text")
    assert [draft for draft, _ in how.owed] == list(how.drafts[1:])
    space: dict[str, Any] = {}
    _, tracked, told = run_drafts(how, space)
    of_bad, of_good = told.splitlines()[:2]
    assert {"dirty", "noisy"} <= set(of_bad.removeprefix("bad: ").split(", ")[:4])
    assert {"lovely", "quiet"} <= set(of_good.removeprefix("good: ").split(", ")[:4])
    assert re.search(r"cross-validated: \d+ of 120 texts are misread", told)
    assert [line.split(" - ")[0] for line in tracked.splitlines()] == list(space["models"])
    assert "accuracy (baseline): " in tracked.splitlines()[0]
    assert "accuracy (cv): " in tracked.splitlines()[1]


def test_a_model_worse_than_the_mean_is_printed_as_such(folder: Path) -> None:
    made = np.random.default_rng(0)
    noise = pd.DataFrame(made.normal(size=(60, 3)), columns=["width", "height", "price"])
    noise.to_csv(folder / "old.csv", index=False)
    noise.drop(columns="price").to_csv(folder / "new.csv", index=False)
    (printed,) = run_drafts(known("Predict price for new.csv from old.csv as out.csv, scored by R2."))
    assert re.search(r"trees: cross-validated R²: -0\.\d+", printed), printed
    (printed,) = run_drafts(known("Predict price for new.csv from old.csv as out.csv, scored by MAE."))
    assert re.search(r"trees: cross-validated MAE: \d\.\d+", printed), printed


def test_shifted_copies_of_images_are_tried(folder: Path) -> None:
    made = np.random.default_rng(0)
    labels = np.arange(100) % 2
    images = made.integers(0, 4, (100, 8, 8))
    images[labels == 0, :, 3:5] += 12
    images[labels == 1, 3:5, :] += 12
    table = pd.DataFrame(images.reshape(100, 64), columns=[f"p{place}" for place in range(64)])
    table[:80].assign(digit=labels[:80]).to_csv(folder / "seen.csv", index=False)
    table[80:].to_csv(folder / "unseen.csv", index=False)
    how = known("seen.csv has images of 8x8 pixels; digit is what they show. Predict digit for unseen.csv in out.csv.")
    assert how.names == ("tabular", "images")
    tried = run_drafts(how)[1]
    assert "images as they are: hold-out" in tried
    assert "with shifted copies: hold-out" in tried
    assert (pd.read_csv("out.csv")["digit"] == labels[80:]).mean() > 0.9


def tiny_encoder(folder: Path) -> None:
    """A BERT of two layers with random weights and a vocabulary of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words = {word: number for number, word in enumerate([*special, "good", "bad", "film", "the", "was"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(words), max_position_embeddings=160, **sizes)
    BertForSequenceClassification(config).save_pretrained(folder)


@transformers_there
@pytest.mark.filterwarnings("default")
def test_an_encoder_is_fine_tuned_and_compared_with_the_linear_baseline(folder: Path) -> None:
    tiny_encoder(folder / "encoder")
    moods = ["good" if number % 2 else "bad" for number in range(60)]
    texts = [f"the film was {mood} {'the film ' * (number % 5)}" for number, mood in enumerate(moods)]
    pd.DataFrame({"text": texts, "mood": moods}).to_csv(folder / "rated.csv", index=False)
    pd.DataFrame({"text": texts[:6]}).to_csv(folder / "unrated.csv", index=False)
    how = known(
        "Fine-tune the model in encoder on rated.csv to predict mood. Write moods.csv for unrated.csv, column mood."
    )
    assert how.names[0] == "fine-tuning"
    assert 'from_pretrained("./encoder")' in how.drafts[0]
    assert "network" not in {reason.risk.value for reason in classify(how.drafts[0])}
    (printed,) = run_drafts(how)
    assert "linear: hold-out" in printed
    assert "fine-tuned: hold-out" in printed
    assert pd.read_csv("moods.csv")["mood"].tolist() == moods[:6]


@transformers_there
@pytest.mark.filterwarnings("default")
def test_several_answers_are_sampled_logged_and_counted(folder: Path) -> None:
    tiny_writer(folder / "writer")
    pd.DataFrame({"question": ["1+1?", "2+3?"], "answer": [2, 5]}).to_csv(folder / "sums.csv", index=False)
    how = known("Measure best-of-N sampling of the model in writer on sums.csv: pass@k and the majority vote.")
    assert how.names[0] == "best-of-n"
    (printed,) = run_drafts(how)
    assert "pass@1: " in printed
    assert "majority@8: " in printed
    logged = [json.loads(line) for line in Path("samples.jsonl").read_text("utf-8").splitlines()]
    assert [len(each["answers"]) for each in logged] == [8, 8]


@pytest.mark.parametrize(
    ("task", "listing", "found"),
    [
        (
            "Fine-tune distilbert/distilbert-base-uncased on a.csv.",
            "a.csv (5 bytes)",
            "distilbert/distilbert-base-uncased",
        ),
        (
            "Fine-tune models/mini on data/a.csv.",
            "models/mini/config.json (9 bytes)\ndata/a.csv (5 bytes)",
            "models/mini",
        ),
        ("Fine-tune what is there.", "mini/config.json (9 bytes)", "mini"),
        ("Fine-tune an encoder on data/a.csv.", "data/a.csv (5 bytes)", ""),
    ],
)
def test_the_pretrained_model_is_the_one_that_the_task_names(task: str, listing: str, found: str) -> None:
    assert pretrained_model(task, listing) == found


def test_publishing_makes_a_plan_whose_check_ran(folder: Path) -> None:
    write_flowers(folder)
    how = known(
        "Predict kind for new.csv from known.csv, write kinds.csv with the column kind. Then prepare publishing the "
        "model in the folder shared, under the MIT licence."
    )
    assert how.names == ("tabular", "publishing")
    assert [what for _, what in how.owed] == ["work as jobs, publishing with a card"]
    run_drafts(how)
    assert 'publish.plan("model", folder="shared", private=True, licence="mit", check=predict)' in how.drafts[1]
    assert (folder / "model/model.joblib").is_file()
    # Nothing is sent before a push.
    assert not (folder / "shared").exists()
    # It reads what is at the place, which is the network; to send is the push's alone.
    assert "publish" not in {reason.risk.value for reason in classify(how.drafts[1])}


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (
            "Publish the model to the Hub as ada/penguins, licence Apache 2.0.",
            'repo="ada/penguins", private=True, licence="apache-2.0"',
        ),
        ("Push it to the hub under team/mod.v2.", 'repo="team/mod.v2", private=True'),
        ("Publish the model.", ""),
        ("Publish it to the hub; it was made from data/a.csv.", ""),
    ],
)
def test_a_plan_for_publishing_names_the_place_of_the_task(folder: Path, words: str, place: str) -> None:
    write_flowers(folder)
    how = known(f"Predict kind for new.csv from known.csv, write kinds.csv with the column kind. {words}")
    found = re.findall(r'publish.plan\("model", (.*), check=predict\)', "\n".join(how.drafts))
    assert found == ([place] if place else [])
