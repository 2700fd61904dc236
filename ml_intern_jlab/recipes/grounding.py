"""Grounds a task's words in the folder: which of the named files are there, and which columns their first lines name.

What the files say is surer than any reading of a sentence. A file that isn't there can't be read, so it is to be
written; a column that one table has and the other lacks is what to predict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from .metrics import is_metric
from .names import find_column, find_in_phrase, normalised
from .task import TaskFacts
from .task_columns import OBJECT
from .task_files import mentions_in

_LISTED = re.compile(r"^(?! )(?P<path>.+) \([\d,]+ bytes\)$")
_NAME = re.compile(r"(?:[`\"'](?P<quoted>[^`\"'\n]{1,80})[`\"']|(?P<bare>[^\W\d]\w*(?:[.%/-]\w+)*))")
_AND = re.compile(r"\s*(?:,\s*(?:and\s+)?|\band\b|&)\s*", re.I)
_COLUMNS = re.compile(
    r"\bcolumns?\b\s*(?:(?:named|called|headed|titled|are|is|being|should be|must be)\b\s*)?[,:=(]?\s*", re.I
)
_WITH = re.compile(
    r"(?:\b(?:with|of|has|having|containing|holding|contains)\b\s*[:(]?|\A[\"'`]?\s*[:(=–—])\s*(?:the\s+|both\s+)?",
    re.I,
)
"""What a list of columns follows; right behind the file's name, a colon or a bracket will do."""
_BARE_LIST = re.compile(
    r"(?!(?:the|a|an|one)\b)[^\W\d]\w*(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)(?!(?:the|a|an|one)\b)[^\W\d]\w*)+"
)
"""Single words in a row, to the end of a sentence: names, also where no file has such columns yet."""
_SENTENCE_ENDS = re.compile(r"[`\"'’)\]]*[.;!?](?:\s|$)")
_INTO = r"\s+(?:to|into|in|as)\s+(?:a\s+)?(?:file\s+)?(?:(?:called|named)\s+)?[`\"']?\Z"
"""The words between the columns and the name of their file."""
_SAVED_TO = re.compile(
    r"\b(?:save|write|put|store|export|output|submit|give)\s+(?:(?:me|the|just|only|both|columns?)\s+)*(?P<names>[^.;:!?]{1,120}?)"
    + _INTO,
    re.I,
)
"""Columns that are named before the file: "save id and price to …"."""
_LISTED_IN = re.compile(
    r"(?<![\w-])(?P<names>[\w\-`\"']+(?:\s*(?:,\s*and\b|,|&|\+|\band\b)\s*[\w\-`\"']+)+)" + _INTO,
    re.I,
)
"""The same without the verb beside them: "I want id and price in …"."""
_GOES_ON = re.compile(r"\s+(?:by|on|with|using|via|at|to)\b", re.I)
"""What follows a word that begins a clause instead of naming a column."""
_FILLER = {
    "the", "a", "an", "one", "single", "only", "just", "two", "three", "same", "column", "columns", "called", "named",
    "order", "in", "for", "of", "with", "per", "each", "every", "row", "rows", "line", "lines", "header", "no", "index",
    "values", "value", "that", "which", "as", "and", "or", "is", "are", "was", "were", "must", "should", "to", "from",
    "predictions", "prediction", "file", "format", "it", "its", "by", "on", "at",
}  # fmt: skip


def listed_tables(listing: str) -> dict[str, list[str]]:
    """The files of a listing, each with the cells of its first line; none for a file that isn't text.

    Of a very wide table the listing has the first and the last cells only.
    """
    tables: dict[str, list[str]] = {}
    path = ""
    for line in listing.splitlines():
        if match := _LISTED.match(line):
            path = match["path"].replace("\\", "/")
            tables[path] = []
        elif path and line.startswith("    "):
            separator = max(",;\t|", key=line.count)
            head, cut, tail = line.strip().lstrip("\ufeff").partition(" ... ")
            cells = head.split(separator)
            if cut:
                cells = [*cells[:-1], *tail.split(separator)[1:]]
            tables[path] = [cell.strip().strip("\"'") for cell in cells]
            path = ""
    return tables


def ground(facts: TaskFacts, tables: Mapping[str, list[str]]) -> TaskFacts:
    """The facts, corrected by what is there. Without any of the named files they stay as they are."""
    mentions, _ = mentions_in(facts.text)
    named = list(dict.fromkeys(mention.name for mention in mentions))
    there = [name for name in named if name.removeprefix("./") in tables]
    columns = {name: tables[name.removeprefix("./")] for name in there}
    if not there or (facts.refusal and not _asks_to_fill(facts, columns)):
        return facts
    facts = replace(facts, refusal="")
    facts = _inputs(replace(facts, positive_class=facts.positive_class.rstrip(".,;:!?")), columns)
    facts = _target(facts, columns)
    missing = [name for name in named if name not in there and name not in (facts.train_file, facts.predict_file)]
    facts = _output(facts, missing, there)
    known = [name for each in columns.values() for name in each]
    listed = _output_columns(facts, known) or facts.output_columns
    # "with the column price, MAE": how it is measured, not a second column.
    wanted = tuple(name for name in listed if name in known or _is_quoted(name, facts.text) or not is_metric(name))
    return replace(facts, output_columns=wanted)


def _is_quoted(name: str, text: str) -> bool:
    return bool(re.search(rf"[`\"']{re.escape(name)}[`\"']", text))


def _inputs(facts: TaskFacts, columns: Mapping[str, list[str]]) -> TaskFacts:
    """Among the tables that are there, the one to learn from has what the one to predict lacks."""
    tables = [name for name in columns if name != facts.sample_file]
    pairs = [(one, other) for one in tables for other in tables if one != other and columns[one] and columns[other]]
    fitting = [pair for pair in pairs if _fits(columns[pair[0]], columns[pair[1]])]
    if not fitting or (facts.train_file, facts.predict_file) in fitting:
        return facts

    def likelihood(pair: tuple[str, str]) -> tuple[bool, bool, bool]:
        only = [name for name in columns[pair[0]] if name not in columns[pair[1]]]
        hinted = any(find_in_phrase(hint, only) for hint in facts.target_hints)
        return hinted, pair[0] == facts.train_file, pair[1] == facts.predict_file

    train, predict = max(fitting, key=likelihood)
    output = "" if facts.output_file in (train, predict) else facts.output_file
    return replace(facts, train_file=train, predict_file=predict, output_file=output or "predictions.csv")


def _asks_to_fill(facts: TaskFacts, columns: Mapping[str, list[str]]) -> bool:
    """Whether one table lacks a single column of the other and a file is to be written: a "compute cluster" in such a
    task is no clustering."""
    headers = [header for header in columns.values() if header]
    lacking = [set(one) - set(other) for one in headers for other in headers if _fits(one, other)]
    return bool(facts.output_file) and any(len(each) == 1 for each in lacking)


def _fits(train: list[str], predict: list[str]) -> bool:
    """Whether one header is the other's with something more, as a table with answers is."""
    shared = len(set(train) & set(predict))
    return bool(set(train) - set(predict)) and shared >= 0.6 * len(set(predict)) and shared > 0


def _target(facts: TaskFacts, columns: Mapping[str, list[str]]) -> TaskFacts:
    """The column to predict: one that only the table to learn from has, and that the words speak of."""
    train, predict = columns.get(facts.train_file, []), columns.get(facts.predict_file, [])
    only = [name for name in train if predict and name not in predict]
    if not only or facts.target_position is not None:
        return facts
    for hint in facts.target_hints:
        if (found := find_column(hint, only)) or (found := find_in_phrase(hint, only)):
            return replace(facts, target=found, target_hints=(found, *facts.target_hints))
    spoken = [name for name in only if re.search(rf"(?<!\w){_spelt(name)}(?!\w)", facts.text, re.I)]
    candidates = spoken or only
    if len(candidates) > 1:
        # Named more often is meant more; what stands last in a header is more often the answer than what stands first.
        count = {name: len(re.findall(rf"(?<!\w){_spelt(name)}(?!\w)", facts.text, re.I)) for name in candidates}
        candidates = sorted(candidates, key=lambda name: (-count[name], -train.index(name)))
        if not spoken:
            return facts
    return replace(facts, target=candidates[0], target_hints=(candidates[0], *facts.target_hints))


def _spelt(name: str) -> str:
    """A pattern for a column's name as people write it in a sentence."""
    return r"[\s_-]?".join(re.escape(part) for part in re.split(r"[\s_-]+", name) if part) or re.escape(name)


def _output(facts: TaskFacts, missing: list[str], there: list[str]) -> TaskFacts:
    """A named table that isn't there is to be written."""
    if facts.output_file in missing or not facts.predict_file:
        return facts
    if missing:
        return replace(facts, output_file=missing[-1])
    return facts


def _output_columns(facts: TaskFacts, known: list[str]) -> tuple[str, ...]:
    """The columns that the words demand of the file to be written, read where they speak of that file."""
    if not facts.output_file or facts.output_file not in facts.text:
        return ()
    start = facts.text.rindex(facts.output_file) + len(facts.output_file)
    rest = re.split(r"(?<=[^\W\d]{2})[.;!?](?:\s|$)|\n", facts.text[start:])[0]
    rest = "" if _SENTENCE_ENDS.match(rest) else rest
    words = {normalised(name) for name in (*known, facts.target)}
    before = re.sub(r"\s*\([^()]*\)", "", facts.text[: start - len(facts.output_file)])
    for match in filter(None, (_SAVED_TO.search(before), _LISTED_IN.search(before))):
        names = [name.strip(" `\"'") for name in _AND.split(match["names"])]
        if all(normalised(name) in words for name in names):
            return tuple(names)

    def read(text: str, trusted: bool) -> tuple[str, ...]:
        """Names in a row; untrusted ones must be columns or look like a name made for a program."""
        names: list[str] = []
        at = 0
        while match := _NAME.match(text, at):
            bare = match["bare"]
            name = match["quoted"] or bare
            if bare and (bare.lower() in _FILLER or not (trusted or "_" in bare or normalised(bare) in words)):
                break
            goes_on = _GOES_ON.match(text, match.end()) or OBJECT.match(text, match.end())
            if bare and names and normalised(bare) not in words and goes_on:
                break  # "x and y, scored by …", "x, and check it"
            names.append(name)
            between = _AND.match(text, match.end())
            if not between or between.end() == match.end():
                break
            at = between.end()
        return tuple(names)

    if re.search(r"\bcolumns? (?:of|in|for) $", facts.text[: start - len(facts.output_file)], re.I) and (
        found := read(rest.lstrip(" :=("), trusted=True)
    ):
        return found
    for match in _COLUMNS.finditer(rest):
        if found := read(rest[match.end() :], trusted=True):
            return found
    for match in _WITH.finditer(rest):
        if found := read(rest[match.end() :], trusted=False):
            return found
        if _BARE_LIST.fullmatch(rest[match.end() :].strip()):
            return read(rest[match.end() :], trusted=True)
    return ()
