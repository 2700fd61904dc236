"""Whether a dataset suits a use: what the use needs, what is there, and what has to be done first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .errors import BadRequest
from .tables import Record, count

if TYPE_CHECKING:
    from .datasets import ColumnFacts, DatasetReport

FEW_ROWS = 200
MOST_CLASSES = 100
SHORT_TEXT = 200
"""Characters below which a text teaches a language model little."""

NUMBERS = {"int", "float"}
LABELS = {"class_label", "string_label", "bool"}


@dataclass(frozen=True, repr=False)
class Suitability(Record):
    """A verdict with its reasons.

    Attributes:
        verdict: `yes`, `with preparation`, `no`, or `unknown` where no rows could be seen.
        reasons: what speaks for and against it.
        preparation: what has to be done before it can be used.
    """

    use: str
    verdict: Literal["yes", "with preparation", "no", "unknown"]
    reasons: tuple[str, ...] = ()
    preparation: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it can be used, with or without preparation."""
        return self.verdict in {"yes", "with preparation"}


@dataclass
class _Case:
    """What was found out so far."""

    report: DatasetReport
    reasons: list[str] = field(default_factory=list)
    preparation: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, ColumnFacts]:
        return {each.column: each for each in self.report.statistics or ()}

    @property
    def types(self) -> dict[str, str]:
        return {each.column: each.type for each in self.report.features or ()}

    def named(self, *choices: str) -> str:
        """The first column with one of these names; ""."""
        lower = {name.lower(): name for name in self.types}
        return next((lower[name] for name in choices if name in lower), "")


def suitability(report: DatasetReport, use: str) -> Suitability:
    """The verdict about a report.

    Raises:
        BadRequest: the use is not known.
    """
    name = ALIASES.get(use.strip().lower().replace("_", "-").replace(" ", "-"), "")
    if not name:
        raise BadRequest(f"{use!r} is no use that can be judged. Take one of {', '.join(USES)}.")
    if report.features is None:
        return Suitability(name, "unknown", (report.note or "Its rows could not be seen.",))
    case = _Case(report)
    USES[name](case)
    _in_general(case)
    verdict: Literal["yes", "with preparation", "no"] = (
        "no" if case.against else "with preparation" if case.preparation else "yes"
    )
    return Suitability(name, verdict, (*case.against, *case.reasons), tuple(case.preparation))


def _in_general(case: _Case) -> None:
    """What counts for every use: licence, access, size, splits."""
    report = case.report
    if report.license == "none stated":
        case.reasons.append("No licence is stated: ask the owner before anything built on it is published.")
    elif any(part in report.license.lower().split("-") for part in ("nc", "noncommercial")):
        case.reasons.append(f"The licence {report.license} forbids commercial use.")
    else:
        case.reasons.append(f"Licence: {report.license}.")
    if report.access.startswith("gated") or "gated" in report.access:
        case.preparation.append("Accept its conditions on its page, and log in.")
    rows = sum(each.rows or 0 for each in report.splits or ())
    names = {each.split for each in report.splits or ()}
    if 0 < rows < FEW_ROWS:
        case.reasons.append(f"It has only {rows} rows.")
    elif rows:
        case.reasons.append(f"It has {count(rows)} rows.")
    if names and not names & {"test", "validation", "dev", "eval"}:
        case.preparation.append("Hold out rows for the evaluation: there is only the split " + ", ".join(sorted(names)))


def _faults(case: _Case) -> None:
    chat = case.report.chat
    for fault in chat.faults if chat else ():
        case.preparation.append(f"Mend or drop rows: {fault}.")


def _kind(case: _Case) -> str:
    return case.report.chat.kind if case.report.chat else ""


def _sft(case: _Case) -> None:
    kind, chat = _kind(case), case.report.chat
    columns = ", ".join(chat.columns) if chat else ""
    if kind == "messages":
        case.reasons.append(f"{columns} holds messages with role and content: a chat template fits as it is.")
    elif kind == "sharegpt":
        case.preparation.append(f"Rename from/value in {columns} to role/content, and human/gpt to user/assistant.")
    elif kind == "prompt_completion":
        case.reasons.append(f"{columns} are pairs to learn from.")
    elif kind in {"instruction", "problem"}:
        case.preparation.append(f"Turn {columns} into messages: the user asks, the assistant answers.")
    elif kind == "marked_text":
        case.reasons.append(f"{columns} holds conversations in a chat template: train on it as text.")
    elif kind == "text":
        case.against.append(f"{columns} holds text in which nothing marks where a prompt ends and its answer begins.")
    elif kind.startswith("preference"):
        case.preparation.append("Take the chosen answers only.")
    else:
        case.against.append("No column holds conversations, nor pairs of a prompt and its answer.")
    _faults(case)


def _dpo(case: _Case) -> None:
    if not _kind(case).startswith("preference"):
        case.against.append("Preferences need the columns chosen and rejected; there are " + _names(case))
        return
    case.reasons.append("It has chosen and rejected answers.")
    if case.report.chat and len(case.report.chat.columns) == 2 and _kind(case) == "preference":
        case.preparation.append("Split the prompt off: chosen and rejected repeat it, and there is no prompt column.")
    _faults(case)


def _grpo(case: _Case) -> None:
    answer = case.named("answer", "solution", "ground_truth", "reference", "target", "label", "test_cases", "tests")
    prompt = case.named("prompt", "problem", "question", "instruction", "messages", "query")
    if prompt and answer:
        case.reasons.append(f"{prompt} can be asked, and {answer} lets a reward check what comes back.")
        if prompt != "prompt":
            case.preparation.append(f"Call the column {prompt} prompt, as messages or text.")
        _faults(case)
    elif prompt:
        case.preparation.append(
            f"{prompt} can be asked, but nothing checks the answers: bring a reward model or a rule."
        )
    else:
        case.against.append("No column holds prompts; there are " + _names(case))


def _language_modeling(case: _Case) -> None:
    name = case.named("text", "content", "document", "article", "body") or _longest_text(case)
    facts = case.columns.get(name)
    if not name:
        case.against.append("No column holds text; there are " + _names(case))
    elif facts and facts.median is not None and facts.median < SHORT_TEXT:
        case.preparation.append(f"Join rows: half of the texts in {name} are shorter than {SHORT_TEXT} characters.")
    else:
        case.reasons.append(f"{name} holds running text.")


def _text_classification(case: _Case) -> None:
    _classification(case, bool(_longest_text(case)), "text")


def _image_classification(case: _Case) -> None:
    _classification(case, "image" in case.types.values(), "image")


def _classification(case: _Case, has_input: bool, what: str) -> None:
    labels = [each for each in case.columns.values() if each.kind in LABELS]
    labels = [each for each in labels if 2 <= (each.distinct or 2) <= MOST_CLASSES]
    preferred = case.named("label", "labels", "class", "target", "category", "sentiment")
    label = next((each for each in labels if each.column == preferred), labels[0] if labels else None)
    if not has_input:
        case.against.append(f"No column holds {what}s; there are {_names(case)}")
    if label is None:
        case.against.append(f"No column holds 2 to {MOST_CLASSES} classes; there are {_names(case)}")
    if label is None or not has_input:
        return
    case.reasons.append(f"{label.column} has {label.distinct or 2} classes: {', '.join(label.values)}.")
    if label.missing:
        case.preparation.append(f"Drop {label.missing} rows without a {label.column}.")
    if label.kind == "string_label":
        case.preparation.append(f"Number the classes in {label.column}.")
    numbers = [int(value.rsplit(" ", 1)[-1]) for value in label.values]
    if numbers and min(numbers) * 20 < max(numbers):
        case.reasons.append("The classes are very unequal: measure by class, not by accuracy alone.")


def _tabular(case: _Case) -> None:
    usable = [each.column for each in case.columns.values() if each.kind in NUMBERS | LABELS]
    if len(usable) < 2:
        case.against.append("A table to learn from needs two columns of numbers or classes; there are " + _names(case))
        return
    case.reasons.append(f"{len(usable)} columns hold numbers or classes.")
    missing = [each.column for each in case.columns.values() if each.missing]
    if missing:
        case.preparation.append(f"Values are missing in {', '.join(missing[:10])}.")


def _pairs(sources: tuple[str, ...], targets: tuple[str, ...]) -> Callable[[_Case], None]:
    def judge(case: _Case) -> None:
        source, target = case.named(*sources), case.named(*targets)
        if source and target:
            case.reasons.append(f"{source} leads to {target}.")
        else:
            wanted = " and ".join(f"one of {', '.join(names)}" for names in (sources, targets))
            case.against.append(f"Two columns are needed, {wanted}; there are {_names(case)}")

    return judge


def _translation(case: _Case) -> None:
    name = case.named("translation")
    if name:
        case.reasons.append(f"{name} holds each text in its languages: {case.types[name]}.")
    else:
        _pairs(("source", "src", "en"), ("target", "tgt", "de", "fr", "es", "zh"))(case)


def _names(case: _Case) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in list(case.types.items())[:20]) + "."


def _longest_text(case: _Case) -> str:
    texts = [each for each in case.columns.values() if each.kind == "string_text"]
    if case.columns:
        return max(texts, key=lambda each: each.median or 0).column if texts else ""
    return next((name for name, kind in case.types.items() if kind == "string"), "")


USES: dict[str, Callable[[_Case], None]] = {
    "sft": _sft,
    "dpo": _dpo,
    "grpo": _grpo,
    "language-modeling": _language_modeling,
    "text-classification": _text_classification,
    "image-classification": _image_classification,
    "tabular": _tabular,
    "summarization": _pairs(("document", "article", "text", "dialogue"), ("summary", "highlights", "abstract")),
    "question-answering": _pairs(("context", "passage", "question"), ("answers", "answer")),
    "translation": _translation,
}
"""The uses that can be judged."""

ALIASES: dict[str, str] = {
    **{name: name for name in USES},
    **dict.fromkeys(("supervised-fine-tuning", "instruction-tuning", "chat", "fine-tuning"), "sft"),
    **dict.fromkeys(("preference", "preferences", "reward-modeling", "orpo", "kto"), "dpo"),
    **dict.fromkeys(("rl", "rlvr", "ppo", "reinforcement-learning"), "grpo"),
    **dict.fromkeys(("pretraining", "pre-training", "causal-lm", "text-generation"), "language-modeling"),
    **dict.fromkeys(("classification", "sentiment"), "text-classification"),
    **dict.fromkeys(("tabular-classification", "tabular-regression", "regression"), "tabular"),
}
