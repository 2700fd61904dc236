"""Reads metrics from what cells print, such as `hold-out balanced accuracy: 0.969 ± 0.011`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_S = r"[\s_-]*"
_NAMES: tuple[tuple[str, str], ...] = (
    ("quadratic_weighted_kappa", rf"quadratic(?:ally)?{_S}weighted{_S}(?:cohen['’]?s?{_S})?kappa|qwk"),
    ("kappa", rf"(?:cohen['’]?s?{_S})?kappa"),
    ("balanced_accuracy", rf"balanced{_S}acc(?:uracy)?|bacc"),
    ("top_5_accuracy", rf"top{_S}5{_S}acc(?:uracy)?"),
    ("accuracy", r"accuracy|acc"),
    ("macro_f1", rf"macro{_S}(?:averaged?{_S})?f{_S}1|f{_S}1{_S}(?:score{_S})?\(?macro\)?"),
    ("weighted_f1", rf"weighted{_S}(?:averaged?{_S})?f{_S}1|f{_S}1{_S}(?:score{_S})?\(?weighted\)?"),
    ("micro_f1", rf"micro{_S}(?:averaged?{_S})?f{_S}1|f{_S}1{_S}(?:score{_S})?\(?micro\)?"),
    ("f1", rf"f{_S}1|f{_S}(?:score|measure)"),
    ("average_precision", rf"(?:mean{_S})?average{_S}precision|pr{_S}auc|auprc|auc{_S}pr"),
    ("roc_auc", rf"roc{_S}auc(?:{_S}ov[ro])?|auc{_S}roc|auroc|auc"),
    ("log_loss", rf"log{_S}loss|cross{_S}entropy(?:{_S}loss)?"),
    ("brier_score", r"brier"),
    ("matthews_correlation", rf"matthews{_S}corr(?:elation|coef)(?:{_S}coefficient)?|mcc"),
    ("rmsle", rf"rmsle|root{_S}mean{_S}squared?{_S}log(?:arithmic)?{_S}error"),
    ("rmse", rf"rmse|root{_S}mean{_S}squared?{_S}error"),
    ("mape", rf"s?mape|mean{_S}absolute{_S}percent(?:age)?{_S}error"),
    ("median_absolute_error", rf"medae|median{_S}absolute{_S}error"),
    ("mae", rf"mae|mean{_S}absolute{_S}error"),
    ("mse", rf"mse|mean{_S}squared?{_S}error"),
    ("r2", rf"r{_S}(?:2|²|\^2|\*\*2)|r{_S}squared"),
    ("explained_variance", rf"explained{_S}variance"),
    ("perplexity", r"perplexity|ppl"),
    ("bleu", r"(?:sacre)?bleu"),
    ("rouge", rf"rouge(?:{_S}(?:1|2|l|lsum))?"),
    ("precision", r"precision"),
    ("recall", r"recall|sensitivity"),
    ("loss", r"loss"),
)
_SPLITS: tuple[tuple[str, str], ...] = (
    ("baseline", r"baseline|dummy"),
    ("hold-out", r"hold[\s_-]?out|held[\s_-]?out"),
    ("cv", r"cv|cross[\s_-]validat(?:ed|ion)|\d+-fold|oof|out[\s_-]of[\s_-]fold"),
    ("train", r"train(?:ing)?"),
    ("validation", r"val(?:id(?:ation)?)?|eval(?:uation)?"),
    ("dev", r"dev"),
    ("test", r"test(?:ing)?"),
)
_METRIC = re.compile(
    r"(?<![A-Za-z0-9])(?P<negative>neg[\s_-])?(?:"
    + "|".join(f"(?P<{name}>{spellings})" for name, spellings in _NAMES)
    + rf")(?:{_S}(?:score|coefficient))?(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_VALUE = re.compile(rf"(?P<number>{_NUMBER})(?:\s*(?P<percent>%))?", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(
    r"(?<![\w.,])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:e(?P<exponent>[-+]?\d{1,2}))?(?![\w])",
    re.I,
)
_BETWEEN = (
    r"(?:\s*\([^()]*\)|[\s_]+(?:on|in|of|over|for|the|a|our|this|set|data|rows|split|folds?|model|mean|average|"
    + "|".join(words for _, words in _SPLITS)
    + r")(?![\w-]))*"
)
_SEPARATOR = re.compile(
    rf"(?P<between>{_BETWEEN})(?P<sign>\s*[:=≈]\s*|\s+(?:is|was)\s+(?:about\s+)?|\s+)", re.IGNORECASE
)
_WANTED_AFTER = re.compile(
    rf"(?:\s+score)?[^.;:!?\n\d]{{0,60}}?[\s≥>=<≤:~]{_VALUE.pattern}(?![\w%]|[.,:]\d|\s*(?:%|tries|attempts?|experiments?"
    r"|iterations?|rounds?|trials?|times|folds?|rows|s\b|sec|min|hours?|h\b|[-–]?fold))",
    re.IGNORECASE,
)
_WANTED_BEFORE = re.compile(rf"(?<![\w.]){_VALUE.pattern}\s+(?:of\s+)?(?:[\w-]+\s+)?$", re.IGNORECASE)
_ENDS = re.compile(r"\s*(?:±|\+/-|\(|$)|\.?\s*$")
_GOES_ON = re.compile(r"[\w/]|[.:-]\d|\s+(?:of|out of|/)\s+\d")
_PROGRESS = re.compile(r"\d+%\||\bit/s|s/it\b|/step\b|\[=*>?\.*\]|━|\bETA\b")
_LOWER = re.compile(r"loss|error|perplexity|brier|^(s?ma?pe|mae|r?mse|rmsle)$")
_MOST_WORDS_BEFORE = 6
_LONGEST_LINE = 1000


@dataclass(frozen=True)
class Metric:
    """A number that printed text states.

    `name` is normalised (`balanced_accuracy`), shares given in per cent become fractions, and `split` says on what it
    was measured: "hold-out", "cv", "test", "validation", "dev", "train", "baseline" or "".
    """

    name: str
    value: float
    split: str = ""
    experiment: str = ""
    """What a cell called the attempt that it belongs to, "" where it only printed the number."""


def target_in(text: str) -> tuple[str, float] | None:
    """The metric and the value that words such as "until the F1 is above 0.9" or "at least 95 % accuracy" want."""
    for match in _METRIC.finditer(text):
        after = _WANTED_AFTER.match(text, match.end())
        before = _WANTED_BEFORE.search(text[: match.start()])
        if found := after or before:
            name, number = _name_of(match), float(found["number"].replace(",", ""))
            share = bool(found["percent"]) or (number > 1 and not _LOWER.search(name) and name not in ("bleu", "rouge"))
            return name, round(number / 100, 12) if share else number
    return None


def metric_name(text: str) -> str:
    """The normalised name of the first metric that `text` names; "" where it names none."""
    match = _METRIC.search(text)
    return _name_of(match) if match else ""


def better(name: str) -> Literal["higher", "lower", ""]:
    """Which way a metric gets better, by its name; "" where that can't be told."""
    known = metric_name(name.replace("_", " ")) or metric_name(name) or name.lower()
    if _LOWER.search(known):
        return "lower"
    return "higher" if any(known == each for each, _ in _NAMES) else ""


def numbers_in(text: str) -> Iterator[tuple[float, int]]:
    """Each number that a text states, without its sign, with the count of its decimal places."""
    for match in _PLAIN_NUMBER.finditer(text):
        digits = match["number"].replace(",", "")
        exponent = int(match["exponent"] or 0)
        yield float(digits) * 10.0**exponent, len(digits.partition(".")[2]) - exponent


def metrics_in(text: str) -> list[Metric]:
    """The metrics that lines of `text` state, in their order.

    Numbers in prose, tables and progress bars are left alone: a metric's name, perhaps beside a split's, has to be
    followed by `:`, `=`, "is" or nothing but spaces, and then by the number.
    """
    return [metric for line in text.splitlines() for metric in _in_line(line)]


def _in_line(line: str) -> Iterator[Metric]:
    line = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line)
    if len(line) > _LONGEST_LINE or _PROGRESS.search(line):
        return
    for part in re.split(r"[;|]|,\s+|\s-\s|(?<=[a-z0-9%])\.\s+(?=[A-Z])", re.sub(r"[\"'`{}*]", "", line)):
        metric = _in_part(part)
        if metric is not None:
            yield metric


def _in_part(part: str) -> Metric | None:
    match = _METRIC.search(part)
    if match is None or len(part[: match.start()].split()) > _MOST_WORDS_BEFORE:
        return None
    separator = _SEPARATOR.match(part, match.end())
    value = _VALUE.match(part, separator.end()) if separator else None
    if separator is None or value is None:
        return None
    after = part[value.end() :]
    exact = bool(re.search("[:=≈]", separator["sign"]))
    if _GOES_ON.match(after) or not (exact or _ENDS.match(after)):
        return None
    if not exact and "." not in value["number"] and not value["percent"]:
        return None  # "accuracy 3" is a heading or a count
    number = float(value["number"].replace(",", ""))
    number = round(number / 100, 12) if value["percent"] else number
    split = _split_of(part[: match.start()] + " " + separator["between"])
    return Metric(_name_of(match), -number if match["negative"] else number, split)


def _name_of(match: re.Match[str]) -> str:
    return next(name for name, _ in _NAMES if match[name] is not None)


def _split_of(words: str) -> str:
    for split, spellings in _SPLITS:
        if re.search(rf"(?<![A-Za-z0-9])(?:{spellings})(?![A-Za-z0-9])", words, re.IGNORECASE):
            return split
    return ""
