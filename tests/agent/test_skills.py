from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ml_intern_jlab.agent.skills.choice import choose, filled, know_how, read_skill, read_skills
from ml_intern_jlab.agent.snippets import snippet
from ml_intern_jlab.recipes.grounding import ground, listed_tables
from ml_intern_jlab.recipes.task import read_task

FLATS = "Size;Colour;Rent\n" + "\n".join(f"{20 + n},5;{'red' if n % 3 else 'blue'};{300 + 7 * n},25" for n in range(60))


def found(task: str, inspect: Callable[[str], str], folder: Path | None = None) -> tuple[str, tuple[str, ...]]:
    listing = inspect(snippet("look_at_files"))
    how = know_how(ground(read_task(task), listed_tables(listing)), listing, inspect, folder)
    return how.text, how.names


def test_the_skeleton_has_the_names_of_the_data_and_runs(tmp_path: Path, inspect: Callable[[str], str]) -> None:
    (tmp_path / "flats.csv").write_text(FLATS)
    (tmp_path / "offers.csv").write_text("Size;Colour\n30,5;red\n41,0;blue\n")
    text, names = found("Predict Rent for offers.csv from flats.csv; write rents.csv with the column Rent.", inspect)
    assert names[0] == "tabular"
    assert 'pd.read_csv("flats.csv", sep=";", decimal=",")' in text
    assert "Ridge" in text
    assert "Classifier" not in text.split("```")[1]
    assert not re.search(r"\{\{|\{%|TARGET|<[A-Z_]+>", text)
    code = text.split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "best:" in done.stdout
    assert len((tmp_path / "rents.csv").read_text().splitlines()) == 3
    assert "_ml_intern_profile" not in sys.modules


def test_classes_and_probabilities_make_a_classifier(tmp_path: Path, inspect: Callable[[str], str]) -> None:
    rows = "\n".join(f"{n},{n % 7},{'yes' if n % 7 > 3 else 'no'}" for n in range(80))
    (tmp_path / "past.csv").write_text("number,score,paid\n" + rows)
    (tmp_path / "new.csv").write_text("number,score\n81,3\n82,6\n")
    text, _ = found(
        "Give the probability that paid is yes for new.csv in p.csv, column p. Learn from past.csv.", inspect
    )
    assert "predict_proba" in text
    assert "Regressor" not in text
    assert '.index("yes")' in text


def test_a_fact_that_is_unknown_costs_the_code_and_not_the_words() -> None:
    body = "Scale {{ 'all' }}.\n```python\nread({{ unknown_fact }})\n```\nLook again."
    assert filled(body, {}) == "Scale all.\n\nLook again."
    assert filled("{{ unknown_fact }}", {}) == ""
    assert filled("{% for %}", {}) == ""


def test_a_project_adds_skills_and_replaces_ours(tmp_path: Path) -> None:
    folder = tmp_path / ".ml-intern/skills"
    folder.mkdir(parents=True)
    (folder / "house.md").write_text("---\nname: house\ndescription: d\nwords: \\bhouse\\b\npriority: 9\n---\nOurs.")
    (folder / "text.md").write_text("---\nname: text\ndescription: mine\nwords: text\n---\nMine.")
    (folder / "broken.md").write_text("no front matter")
    (folder / "worse.md").write_text("---\nname: worse\nwords: ((\n---\nx")
    skills = {skill.name: skill for skill in read_skills(tmp_path)}
    assert skills["text"].description == "mine"
    assert not {"broken", "worse"} & set(skills)
    assert choose(list(skills.values()), "Sell the house", frozenset())[0].name == "house"


@pytest.mark.parametrize(
    ("task", "kinds", "names"),
    [
        ("Fine-tune MiniLM on tweets.csv", set(), ["fine-tuning"]),
        ("Tune the hyperparameters", set(), ["tuning"]),
        ("Use best-of-N sampling with a reward model", set(), ["best-of-n"]),
        ("Forecast demand", {"tables", "predict", "time"}, ["tabular", "time-series"]),
        ("Which class is each image?", {"tables", "predict", "images"}, ["tabular", "images"]),
    ],
)
def test_skills_are_chosen_by_task_and_data(task: str, kinds: set[str], names: list[str]) -> None:
    assert [skill.name for skill in choose(read_skills(None), task, frozenset(kinds))] == names


def test_every_skill_is_well_formed_and_short() -> None:
    skills = read_skills(None)
    assert {"tabular", "text", "images", "time-series", "fine-tuning", "evaluation", "best-of-n", "tuning"} <= {
        skill.name for skill in skills
    }
    assert all(skill.description and skill.body for skill in skills)
    assert read_skill("---\nname: a\n---\nb") is not None


def test_profiling_survives_a_table_that_can_not_be_read(tmp_path: Path, inspect: Callable[[str], str]) -> None:
    (tmp_path / "a.csv").write_bytes(os.urandom(500))
    text, _ = found("Predict y from a.csv.", inspect)
    assert "{{" not in text


@pytest.mark.parametrize(
    ("task", "chosen"),
    [
        ("Train a classifier on a.csv and publish it as ada/flats", True),
        ("Run a sweep over the learning rate on our Ray cluster", True),
        ("Predict Rent for offers.csv from flats.csv", False),
        ("Which publisher has the most books in books.csv?", False),
    ],
)
def test_publishing_and_jobs_have_a_skill(task: str, chosen: bool) -> None:
    skill = next(each for each in read_skills(None) if each.name == "publishing")
    assert bool(re.search(skill.words, task, re.IGNORECASE)) is chosen
    for name in re.findall(r"\b(track|jobs|publish)\.(\w+)\(", skill.body):
        module = importlib.import_module(f"ml_intern_jlab.toolkit.{name[0]}")
        assert callable(getattr(module, name[1]))
