"""What a task demands to be left behind, and whether it is there: files, metrics, an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..protocol import Deliverable
from ..recipes.task import TaskFacts
from .answers import answer_verdict, asks_back, described
from .file_check import MARK, check_source
from .metrics import Metric, metric_name, metrics_in

_ENDINGS = (
    "csv|tsv|tab|txt|json|jsonl|ndjson|parquet|pq|feather|xlsx|png|jpe?g|svg|pdf|gif|html?|md|rst|tex|joblib|pkl|"
    "pickle|pt|pth|onnx|h5|hdf5|keras|safetensors|npy|npz|yaml|yml|toml|log|py|ipynb|zip|docx|pptx|model|bin|skops|"
    "gguf|db|sqlite|webp|ubj"
)
_FILE = re.compile(
    rf"(?<![\w/.:@])(?P<name>(?:[\w~.+-]+/)*[\w~+-][\w.+-]*\.(?:{_ENDINGS})(?:\.gz)?)(?![\w/])", re.IGNORECASE
)
_QUOTED_FILE = re.compile(
    rf"[\"'`“\u2018](?P<name>[^\"'`“”\u2018’\n]{{1,200}}\.(?:{_ENDINGS})(?:\.gz)?)[\"'`”’]", re.IGNORECASE
)
_WRITES = re.compile(
    r"\b(?:writ(?:e|es|ing|ten)|sav(?:e|es|ed|ing)|stor(?:e|es|ed|ing)|export(?:s|ed|ing)?|creat(?:e|es|ed|ing)|"
    r"produc(?:e|es|ed|ing)|generat(?:e|es|ed|ing)|put|dump(?:ed|ing)?|outputs?|deliver(?:ed|ing)?|leave|make|draw|"
    r"plot(?:ted)?|record(?:ed)?|collect(?:ed)?|submit|serialis(?:e|ed)|serializ(?:e|ed)|pickle[d]?)\b",
    re.IGNORECASE,
)
_READS = re.compile(
    r"\b(?:predict(?:s|ing)?|read(?:s|ing)?|load(?:s|ed|ing)?|use|uses|using|train(?:s|ed|ing)?|given|based|fit(?:ted)?|"
    r"learn(?:ing)?|evaluat(?:e|es|ing)|compar(?:e|es|ing)|open|from|find|look|analy[sz](?:e|es|ing)|explore|describe|"
    r"clean|merge|join|summari[sz]e|like|format of)\b",
    re.IGNORECASE,
)
_READING_WORD = re.compile(
    r"\b(?:for|of|from|with|on|using|than|like|by|see|per|and\s+from)(?:\s+(?:the|each|every|all|file|files|data|table|rows?))*"
    r"\s*[\"'`“\u2018(]?$",
    re.IGNORECASE,
)
_PREDICTS = re.compile(r"\b(?:predict|forecast|classif|estimat|label|score|infer|impute|submission)", re.IGNORECASE)
_FUTURE = re.compile(r"\b(?:will|would|expect(?:ed)?)\b", re.IGNORECASE)


def derive_deliverables(task: str, facts: TaskFacts) -> list[Deliverable]:
    """What the words of `task` demand: files, the metric that it names, an answer.

    A task that demands nothing of these still wants an answer.
    """
    found: list[Deliverable] = []
    if facts.output_file:
        predicts = _PREDICTS.search(task) or (facts.predict_file and facts.target and _FUTURE.search(task))
        counted = (facts.predict_file or facts.sample_file) if predicts else ""
        columns = list(facts.output_columns)
        parts = [f"the column{'s' * (len(columns) > 1)} {', '.join(columns)}"] * bool(columns)
        parts += [f"one row for each row of {counted}"] * bool(counted)
        text = f"{facts.output_file} with {' and '.join(parts)}" if parts else facts.output_file
        values: dict[str, Any] = {}
        if counted and facts.target and facts.train_file:
            values = {"values_of": facts.train_file, "target": facts.target, "probabilities": facts.probabilities}
        found.append(_deliverable("file", text, path=facts.output_file, columns=columns, rows_of=counted, **values))
    read = {facts.train_file, facts.predict_file, facts.sample_file}
    for path in written_files(task):
        if path not in read and path not in {each.path for each in found}:
            found.append(_deliverable("file", path, path=path))
    metric = metric_name(facts.metric)
    if metric:
        found.append(_deliverable("metric", f"{facts.metric}, measured and printed", metric=metric))
    if asks_back(task) or not found:
        found.append(_deliverable("answer", described(task)))
    return [each.model_copy(update={"deliverable_id": f"d{number}"}) for number, each in enumerate(found, 1)]


def _deliverable(kind: Any, description: str, **fields: Any) -> Deliverable:
    return Deliverable(deliverable_id="d", kind=kind, description=description, **fields)


def written_files(task: str) -> list[str]:
    """The files that the words of `task` tell to write, in their order."""
    mentions: list[tuple[int, int, str]] = []
    for pattern in (_QUOTED_FILE, _FILE):
        for match in pattern.finditer(task):
            if not any(start < match.end() and match.start() < end for start, end, _ in mentions):
                mentions.append((*match.span(), match["name"].strip().replace("\\", "/").removeprefix("./")))
    mentions.sort()
    found: list[str] = []
    previous_end, previous_written = 0, False
    for start, end, name in mentions:
        between = task[previous_end:start]
        if previous_end and re.fullmatch(
            r"[\s,\"'`”’“\u2018)]*(?:and|or|&|,)?[\s\"'`“\u2018(]*(?:(?:the|a|file)\s+)*", between
        ):
            written = previous_written  # "a.png and b.png"
        else:
            sentence = re.split(r"(?<=[.!?;])\s+|\n\s*\n|\n\s*[-*•]|\n\s*\d+[.)]", task[:start])[-1]
            writes = max((match.start() for match in _WRITES.finditer(sentence)), default=-1)
            reads = max((match.start() for match in _READS.finditer(sentence)), default=-1)
            told = bool(
                re.search(r"\b(?:to|as|into|in|called|named|file)\s*:?\s*(?:\w+\s+)?[\"'`“\u2018(]?$", sentence)
            )
            written = writes >= 0 and not _READING_WORD.search(sentence) and (writes > reads or told)
        previous_end, previous_written = end, written
        if written and name not in found:
            found.append(name)
    return found


def check_code(deliverables: Iterable[Deliverable]) -> str:
    """Source for the kernel that prints what `verdicts` needs to know of the files, as one JSON line.

    It needs only the standard library there, changes no name of the person's and leaves none behind.
    """
    wanted: dict[str, list[str]] = {}
    for each in deliverables:
        if each.kind == "file":
            wanted[each.path] = list(dict.fromkeys([*each.columns, *filter(None, [each.target])]))
            for other, columns in ((each.rows_of, []), (each.values_of, [each.target])):
                if other:
                    wanted[other] = [*wanted.get(other, []), *columns]
    return check_source(wanted)


def verdicts(
    deliverables: Iterable[Deliverable], printed: str, answer: str, outputs: str, task: str = ""
) -> list[Deliverable]:
    """Each deliverable as passed or failed, with a sentence that says why.

    Args:
        deliverables: what `derive_deliverables` gave of `task`.
        printed: what `check_code` printed in the kernel.
        answer: the agent's final answer.
        outputs: everything that the run's cells printed.
    """
    facts = _found(printed)
    checked = []
    for each in deliverables:
        if each.kind == "file":
            passed, detail = _file_verdict(each, facts)
        elif each.kind == "metric":
            passed, detail = _metric_verdict(each, answer, outputs)
        else:
            passed, detail = answer_verdict(each, answer, outputs, task)
        size = facts.get(each.path, {}).get("size", 0) if each.kind == "file" else 0
        update = {"status": "passed" if passed else "failed", "detail": detail, "size": size}
        checked.append(each.model_copy(update=update))
    return checked


def _found(printed: str) -> dict[str, Any]:
    for line in reversed(printed.splitlines()):
        if line.startswith(f'{{"{MARK}"'):
            try:
                return dict(json.loads(line)[MARK])
            except ValueError:
                break
    return {}


def _file_verdict(wanted: Deliverable, facts: dict[str, Any]) -> tuple[bool, str]:
    path, found = wanted.path, facts.get(wanted.path)
    if found is None:
        return False, f"{path} could not be checked, because the kernel did not answer the check."
    if not found["exists"]:
        return False, f"{path} was not written."
    if not found.get("size"):
        return False, f"{path} is empty."
    if "error" in found:
        return False, f"{path} can't be read: {found['error'].rstrip('.')}."
    columns: list[str] | None = found.get("columns")
    if wanted.columns and columns is not None:
        # People write a column's name as they say it; the data's own spelling is right too.
        spelt = {name.strip().casefold() for name in columns}
        missing = [name for name in wanted.columns if name.strip().casefold() not in spelt]
        if missing:
            noun = "column" if len(missing) == 1 else "columns"
            has = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
            return False, f"{path} lacks the {noun} {', '.join(missing)} (it has: {has})."
        if any(not name.strip() or name.startswith("Unnamed: ") for name in columns):
            return False, f"{path} has a column without a name; write it without the row index."
    rows, problem = found.get("rows"), _rows_problem(wanted, found, facts.get(wanted.rows_of))
    if problem:
        return False, problem
    for name, count in (found.get("empty") or {}).items():
        if count:
            return False, f"{path} has {count:,} empty cell{'s' * (count != 1)} in the column {name}."
    if unlike := _unlike(wanted, found, facts):
        return False, unlike
    if rows is None:
        return True, f"{path} exists, {found['size']:,} bytes."
    return True, f"{path} has {rows:,} row{'s' * (rows != 1)}" + (
        f" and the columns {', '.join(wanted.columns)}." if wanted.columns else "."
    )


def _unlike(wanted: Deliverable, found: dict[str, Any], facts: dict[str, Any]) -> str:
    """How the predictions differ from what the target looks like where it is known, or "".

    Only what can't be right is told: words that are no label, words for numbers, and numbers on another scale.
    """
    source = facts.get(wanted.values_of, {})
    like = source.get("values", {}).get(wanted.target)
    known = facts.get(wanted.rows_of, {}).get("columns", [])
    column = _predicted(wanted, found.get("values", {}), known)
    if not like or not column:
        return ""
    values, place = found["values"][column], f"{wanted.path} has in the column {column}"
    if wanted.probabilities:
        if "low" in values and (values["low"] < 0 or values["high"] > 1):
            return f"{place} values from {values['low']:g} to {values['high']:g}, which are no probabilities."
        return ""
    if "words" in like:
        if len(like["words"]) > source.get("rows", 0) / 2:
            return ""  # texts, not labels
        labels = {label.casefold() for label in like["words"]}
        others = [word for word in values.get("words", []) if word.casefold() not in labels]
        is_chance = len(labels) == 2 and values.get("different", 0) > 2 and values["low"] >= 0 and values["high"] <= 1
        if others or ("low" in values and not is_chance):
            told = f"the value {others[0]!r}" if others else "numbers"
            return f"{place} {told}; {wanted.values_of} has {', '.join(like['words'][:8])} there."
        return ""
    if "low" not in like:
        return ""
    shown = f"{wanted.values_of} has numbers from {like['low']:g} to {like['high']:g} there."
    if "words" in values:
        return f"{place} the value {values['words'][0]!r}; {shown}"
    if "low" not in values:
        return ""
    span = like["high"] - like["low"]
    is_far = not like["low"] - span <= values["median"] <= like["high"] + span
    is_small = like["low"] > 0 and values["high"] < like["low"] / 2
    if is_far or is_small:
        return f"{place} numbers from {values['low']:g} to {values['high']:g}; {shown}"
    return ""


def _predicted(wanted: Deliverable, values: dict[str, Any], known: list[str]) -> str:
    """The column that holds the predictions, "" where that can't be told: the target's name, or the only new one."""
    if wanted.target in values:
        return wanted.target
    new = [name for name in wanted.columns if name in values and name not in known]
    return new[0] if len(new) == 1 else ""


def _rows_problem(wanted: Deliverable, found: dict[str, Any], source: dict[str, Any] | None) -> str:
    """What is wrong with the number of rows, or ""; nothing where one of the two files can't be counted."""
    if not source or found.get("rows") is None or source.get("rows") is None:
        return ""
    # A first row of numbers may be data or a header of numbers, so both counts are right.
    right = {source["rows"], source["rows"] + bool(source.get("headless"))}
    mine = {found["rows"], found["rows"] + bool(found.get("headless"))}
    if right & mine:
        return ""
    return f"{wanted.path} has {found['rows']:,} rows, {wanted.rows_of} has {source['rows']:,}."


def _metric_verdict(wanted: Deliverable, answer: str, outputs: str) -> tuple[bool, str]:
    shown = wanted.metric.replace("_", " ")
    printed = [each for each in metrics_in(outputs) if _same_metric(each.name, wanted.metric)]
    honest = [each for each in printed if each.split not in ("baseline", "train")]
    stated = [each for each in metrics_in(answer) if _same_metric(each.name, wanted.metric)]
    for each in stated:
        if not any(_close(each.value, other.value) for other in printed):
            return False, f"The answer states {shown} {each.value:g}, but no printed output shows it."
    if not honest:
        return False, f"No printed output shows the {shown}: print it as a line such as “hold-out {shown}: …”."
    best = _most_telling(honest)
    return True, f"{shown} {best.value:.4g}" + (f" ({best.split})." if best.split else ".")


def _most_telling(metrics: list[Metric]) -> Metric:
    order = ("hold-out", "test", "validation", "dev", "cv", "")
    best = min(order.index(each.split) if each.split in order else len(order) for each in metrics)
    return [each for each in metrics if (order.index(each.split) if each.split in order else len(order)) == best][-1]


def _same_metric(found: str, wanted: str) -> bool:
    """Whether a metric is the wanted one; a wanted "f1" or "kappa" may come in any of its variants."""
    return found == wanted or (wanted in ("f1", "kappa") and found.endswith(wanted))


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= max(0.005, 0.006 * abs(other))
