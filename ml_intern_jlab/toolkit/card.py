"""The card (README.md) of what is published, from facts: only what was measured is claimed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ..redaction import redact
from .card_facts import Facts, Measured

HONEST = ("hold-out", "test", "cv", "validation", "dev", "")
"""The splits that may head a card, the most telling first."""
TASK_TYPES = (
    ("tabular-regression", ("rmse", "mae", "mse", "r2", "mape", "rmsle", "median_absolute_error")),
    ("tabular-classification", ("accuracy", "f1", "roc_auc", "log_loss", "kappa", "precision", "recall")),
)


def card(
    facts: Facts,
    *,
    name: str,
    kind: str,
    licence: str = "",
    limits: str = "",
    task_type: str = "",
    use: str = "",
    notebook: str = "",
) -> str:
    """The card's text.

    Args:
        facts: see `card_facts.gather`.
        name: of what is published.
        kind: "model", "dataset", "space" or "folder".
        licence: its identifier, such as "apache-2.0"; "" is told as missing.
        limits: what its author knows that it can't do.
        task_type: the Hub's word for the task, for the index of results; "": told by the metrics, where they tell it.
        use: Python that loads it and predicts.
        notebook: the file's name of the notebook that goes along; "": none does.
    """
    parts = [_front(facts, name, kind, licence, task_type), f"# {name}"]
    if facts.task:
        parts += ["## Task", facts.task]
    parts += ["## Data", "\n".join(_data(facts))]
    if facts.plan:
        parts += ["## Method", "\n".join(f"{number}. {item}" for number, item in enumerate(facts.plan, 1))]
    parts += ["## Results", "\n".join(_results(facts))]
    parts += ["## Limits", "\n".join(_limits(facts, limits, licence))]
    if use:
        parts += ["## Use", f"```python\n{use.strip()}\n```"]
    parts += ["## Environment", "\n".join(_environment(facts))]
    parts += ["## Who did it", "\n".join(_people(facts, notebook))]
    # Secrets that a task or a finding holds must not leave with the card.
    return redact("\n\n".join(parts) + "\n")


def _front(facts: Facts, name: str, kind: str, licence: str, task_type: str) -> str:
    """The metadata that the Hub reads."""
    from huggingface_hub import DatasetCardData, EvalResult, ModelCardData

    repositories = [each.name for each in facts.data if each.revision and not each.revision.startswith("SHA")]
    if kind != "model":
        data = DatasetCardData(license=licence or None, tags=["ml-intern"], ignore_metadata_errors=True)
        return f"---\n{data.to_yaml().strip()}\n---"
    task = task_type or _task_type(facts)
    data_name = facts.data[0].name if facts.data else "data of the notebook"
    results = [
        EvalResult(
            task_type=task or "other",
            dataset_type=data_name if data_name in repositories else "local",
            dataset_name=data_name,
            dataset_split=each.split or None,
            dataset_revision=facts.data[0].revision if facts.data and data_name in repositories else None,
            metric_type=each.name,
            metric_value=each.value,
            metric_name=f"{each.name.replace('_', ' ')}{f' ({each.split})' if each.split else ''}",
        )
        for each in _headline(facts)
    ]
    model = ModelCardData(
        license=licence or None,
        tags=["ml-intern"],
        pipeline_tag=task or None,
        datasets=repositories or None,
        model_name=name,
        eval_results=results or None,
    )
    return f"---\n{model.to_yaml().strip()}\n---"


def _headline(facts: Facts) -> list[Measured]:
    """For each metric its value on the most telling split: of those the one that was measured last."""
    best: dict[str, Measured] = {}
    for each in facts.measured:
        if each.split in HONEST:
            held = best.get(each.name)
            if held is None or HONEST.index(each.split) <= HONEST.index(held.split):
                best[each.name] = each
    return list(best.values())


def _task_type(facts: Facts) -> str:
    names = [each.name for each in facts.measured]
    for task, words in TASK_TYPES:
        if any(name == word or name.endswith(f"_{word}") for name in names for word in words):
            return task
    return ""


def _data(facts: Facts) -> Iterator[str]:
    for each in facts.data:
        about = [each.revision and f"revision {each.revision}" if "SHA" not in each.revision else each.revision]
        about.append(f"licence {each.licence}" if each.licence else "licence not known")
        yield f"- `{each.name}`: {', '.join(filter(None, about))}"
    if not facts.data:
        yield "The notebook names no file or dataset that it reads."


def _results(facts: Facts) -> Iterator[str]:
    if not facts.measured:
        yield "Nothing was measured."
        return
    yield "| experiment | metric | on | value | measured in |"
    yield "| --- | --- | --- | --- | --- |"
    for each in facts.measured:
        cell = f"{each.cell} (`{each.cell_id}`)" if each.cell_id else each.cell
        cells = [each.experiment, each.name.replace("_", " "), each.split, f"{each.value:.6g}", cell]
        yield "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in cells) + " |"
    yield ""
    base = facts.baseline
    if base is None:
        yield "There is no baseline to compare with."
    else:
        yield f"The baseline has {base.name.replace('_', ' ')} {base.value:.6g}."


def _limits(facts: Facts, limits: str, licence: str) -> Iterator[str]:
    yield limits or "Its author names none; what follows is read from the work itself."
    yield ""
    yield "- It was measured on the data named above and on no other."
    if not any(each.split in ("hold-out", "test") for each in facts.measured):
        yield "- No result on data that was held out to the end is recorded."
    if facts.baseline is None:
        yield "- It was not compared with a baseline."
    if not licence:
        yield "- No licence is given: others may look at it, but not use it."
    for each in dict.fromkeys(facts.findings):
        yield f"- The review of the notebook says: {each}"
    if not facts.journal:
        yield "- The journal of the work could not be read; this card knows only the notebook's own outputs."


def _environment(facts: Facts) -> Iterator[str]:
    yield f"- Versions: {', '.join(f'{name} {version}' for name, version in facts.versions.items())}"
    yield f"- Hardware: {facts.hardware}"
    yield f"- Seeds: {', '.join(facts.seeds) or 'none is set'}"
    if facts.journal:
        yield f"- Time in cells: {datetime.timedelta(seconds=round(facts.seconds))}"
        money = "no known cost" if facts.cost is None else f"${facts.cost:.4f}"
        yield f"- Language model: {facts.model}, {facts.tokens:,} tokens, {money}"


def _people(facts: Facts, notebook: str) -> Iterator[str]:
    if facts.journal:
        approved = ", ".join(f"{count} by {who}" for who, count in facts.decided.most_common())
        yield (
            f"An agent (ml-intern) wrote the cells. Approved: {approved or 'none'}. Edited by a person before they "
            f"ran: {facts.edited}. Rejected: {facts.rejected}."
        )
    if notebook:
        yield f"The notebook goes along: `{notebook}`."
