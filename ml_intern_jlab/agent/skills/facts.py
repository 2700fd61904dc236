"""What a skill's template may name: the facts of task and data, decided by the recipes' rules."""

from __future__ import annotations

import re
from typing import Any

from ...recipes.source import literal
from ...recipes.state import State
from ...recipes.task import TaskFacts
from ..data_profile import DataProfile, Inspect
from .columns import question_facts
from .talks import talk_facts

MANY_ROWS = 3000
"""From here on slow models are left out of a comparison."""


DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
_LISTED_MODEL = re.compile(r"^(?P<folder>\S.*)/config\.json \(", re.M)
_REWARDS = r"(?:reward|verifier|judge|scorer)"
_REPO = re.compile(r"(?<![\w./:-])(?P<repo>(?:~?/)?[\w.-]+(?:/[\w.-]+)+)(?![\w/])")
_PUBLISHED = re.compile(r"\b(?:publish|push|upload)\w* (?P<where>.*?)(?:[.;!?]\s|\Z)", re.I | re.S)
_PLACE = re.compile(
    r"\b(?:in|into|to|as|at|under) (?:(?:the|a) )?(?:local )?(?:(?P<kind>folder|directory) |repository |repo |model )?"
    r"(?:called |named )?[\"'`]?(?P<place>[\w.-]+(?:/[\w.-]+)*)",
    re.I,
)
_LICENCES = ("mit", "apache-2.0", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "gpl-3.0")
"""Licences that a task may name, by their identifiers on the Hub."""


def template_facts(
    task: TaskFacts, profile: DataProfile, listing: str = "", inspect: Inspect = lambda source: ""
) -> dict[str, Any]:
    """The facts by name. Where the data could not be profiled, only those that need no profile are there.

    `kinds` says what the data are; `reads` has pairs of a variable name and the expression that loads it; `pretrained`
    is the model that the task or the folder names, or a small encoder, `pretrained_named` is "" in that case, and
    `reward_named` is a second one, named as a reward model; `talk_facts` has what concerns language models,
    `_publishing` where the result goes, and `question_facts` what a question names, where nothing is to be predicted.
    """
    state = profile.state
    kinds = {"tables"} if profile.readings else set()
    names = ["df"] if len(profile.readings) == 1 else [f"df{number}" for number in range(1, 9)]
    facts: dict[str, Any] = {"reads": list(zip(names, profile.readings.values(), strict=False)), "task": task.text}
    if state is not None:
        facts |= _prediction(state)
        kinds.add("predict")
        kinds |= {"text"} if facts["texts"] else set()
        kinds |= {"images"} if facts["pixels"] else set()
        kinds |= {"time"} if facts["time"] else set()
        kinds.add("classes" if facts["classifier"] else "numbers")
    else:
        facts |= question_facts(task.text, facts["reads"], profile, inspect)
    reward = reward_model(task.text, listing)
    named = pretrained_model(task.text, listing, reward)
    facts["reward_named"] = literal(_place(reward, listing)) if reward else ""
    place = _place(named or DEFAULT_ENCODER, listing)
    facts |= {"pretrained_named": literal(place) if named else "", "pretrained": literal(place)}
    facts |= talk_facts(task.text, profile, inspect, named) | _publishing(task.text)
    kinds |= {"talks"} if facts["method"] else set()
    facts["kinds"] = frozenset(kinds)
    return facts


def _publishing(task: str) -> dict[str, str]:
    """Where a task wants its model published, as the argument of `publish.plan`, and the licence that it names.

    A place with an owner is a repository, a folder has to be called one; "" where the task names neither.
    """
    place, words = "", task.lower().replace(" ", "-")
    for found in (each for said in _PUBLISHED.finditer(task) for each in _PLACE.finditer(said["where"])):
        named = found["place"].rstrip(".")
        if found["kind"] or re.fullmatch(r"[^/]+/[^/]+", named):
            place = f"{'folder' if found['kind'] else 'repo'}={literal(named)}"
            break
    licence = next((each for each in _LICENCES if re.search(rf"(?<![\w.]){re.escape(each)}(?!\w)", words)), "")
    return {"publish_to": place, "licence": literal(licence) if licence and re.search("licen[cs]", words) else ""}


def pretrained_model(task: str, listing: str, other: str = "") -> str:
    """The folder or repository of a pretrained model: one that the task names, or the only one that lies there.

    `other` is named for another use.
    """
    found = [each for each in _models_named(task, listing) if each != other]
    folders = [each for each in _folders(listing) if each != other]
    return (found or (folders if len(folders) == 1 else []) or [""])[0]


def _place(model: str, listing: str) -> str:
    """A folder that lies there as a path, so that nobody takes it for a name on a hub; a repository as it is."""
    return f"./{model}" if model in _folders(listing) and not model.startswith((".", "/", "~")) else model


def reward_model(task: str, listing: str) -> str:
    """The folder or repository that the task names as its reward model, "" where it names none."""
    for each in _models_named(task, listing):
        place = re.escape(each)
        before = rf"{_REWARDS}(?: (?:model|in|is|from|by|called|the|under))*[ :\"'`]*{place}"
        if re.search(rf"(?:{before}|{place}[\"'`]* (?:as|is) (?:the |a )?{_REWARDS})", task, re.I):
            return each
    return ""


def _folders(listing: str) -> list[str]:
    """The folders there that have a model in them."""
    return [found["folder"] for found in _LISTED_MODEL.finditer(listing)]


def _models_named(task: str, listing: str) -> list[str]:
    named = [folder for folder in _folders(listing) if re.search(rf"(?<![\w/]){re.escape(folder)}(?![\w/])", task)]
    repos = [found["repo"].rstrip(".") for found in _REPO.finditer(task)]
    repos = [repo for repo in repos if repo not in listing and not re.search(r"\.(?!\d)\w{1,8}$", repo)]
    return [*named, *repos]


def _prediction(state: State) -> dict[str, Any]:
    """A task to predict a column. Names and values are Python literals, ready for source."""
    roles, metric = state.roles, state.metric
    test = state.columns.get(state.predict_file, [])
    dates = {literal(name): literal(form) for name, form in (roles.dates or {}).items()}
    gone = [name for name in (roles.dropped or {}) if name in state.columns[state.train_file]]
    probability = state.facts.probabilities and state.kind == "classification"
    columns = [name for name in state.output_columns if name not in test or name == state.target]
    kept = [name for name in state.output_columns if name in test and name != state.target]
    if not state.output_columns and state.output_id:
        kept = [state.output_id]
    return {
        "train_read": _reading(state, state.train_file),
        "test_read": _reading(state, state.predict_file) if state.predict_file else "",
        "rows": state.n_rows,
        "width": state.width,
        "target": literal(state.target),
        "target_missing": state.target_missing,
        "classifier": state.kind == "classification",
        "classes": len(state.classes),
        "positive": state.positive if len(state.classes) == 2 else "",
        "dropped": [literal(name) for name in gone],
        "why_dropped": {literal(name): why for name, why in (roles.dropped or {}).items()},
        "texts": [literal(name) for name in roles.texts],
        "categories": [literal(name) for name in (*roles.categories, *roles.many)],
        "numbers": len(roles.numbers) + len(roles.parsed or {}) + state.profile.wide,
        "marks": {literal(name): mark for name, mark in (roles.parsed or {}).items()},
        "dates": dates,
        "pixels": state.pixels,
        "brightest": state.profile.wide_range[1] if state.pixels else 0,
        "time": literal(_time(state, dates, gone)) if _time(state, dates, gone) else "",
        "group": literal(state.group) if state.group else "",
        "metric": metric.name,
        "metric_imports": [name for name in metric.imports if re.search(rf"(?<![\w\"]){name}\b", metric.scoring)],
        "scoring": metric.scoring,
        "maximise": metric.greater_is_better,
        # Scorers give the worse the less, so an error comes as a negative number.
        "sign": "" if metric.greater_is_better else "-",
        "balanced": state.weighted,
        "probability": probability,
        "needs_probability": state.needs_probabilities,
        "folds": state.folds,
        "repeats": state.repeats if state.n_rows < 200 else 1,
        "stratify": state.stratify,
        "skewed": state.logged,
        "power_law": state.logged
        and state.n_rows < 200
        and not (roles.categories or roles.many or roles.texts or dates),
        "many_rows": state.n_rows > MANY_ROWS,
        "few_rows": state.n_rows < 200,
        "output": literal(state.output_file) if state.output_file else "",
        "output_column": literal(columns[0] if columns else state.target),
        "kept_columns": [literal(name) for name in kept],
    }


def _time(state: State, dates: dict[str, str], gone: list[str]) -> str:
    """The feature that says in which order the rows came, "" where none does; a date is told by its days."""
    if literal(state.time) in dates:
        return f"{state.time}_days"
    derived = literal(state.time.removesuffix("_days")) in dates
    there = derived or state.time in state.columns[state.train_file]
    return state.time if there and state.time not in gone else ""


def _reading(state: State, name: str) -> str:
    """The expression that reads a table, with the spellings of missing values that the audit found."""
    reading = state.readings[name]
    arguments = dict(reading.arguments)
    if state.hidden and reading.function in ("read_csv", "read_excel"):
        arguments["na_values"] = "[" + ", ".join(literal(value) for value in state.hidden) + "]"
    from dataclasses import replace

    return replace(reading, arguments=arguments).call(name)
