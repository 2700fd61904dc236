"""Which columns a task's words speak of: the target, those to write, those to leave out."""

from __future__ import annotations

import re
from typing import Literal

from .wording import FILLER, NAME, STOP, VERB, same_sentence

# --- the target -------------------------------------------------------------------------------------------------

_TARGET_PATTERNS: tuple[str, ...] = (
    rf"\b(?:target|label|response|outcome|dependent|output variable|ground truth)\b"
    rf"(?:\s+(?:column|variable|field|value|feature|name))?\s*(?:is|are|=|:|called|named|\(|will be)+\s*"
    rf"(?:the\s+)?(?:column\s+)?{NAME}",
    rf"{NAME}\s+(?:column\s+|field\s+|variable\s+)?(?:is|as|being)\s+(?:the|our|my|a)?\s*"
    rf"(?:target|label|response|outcome|dependent)\b",
    r"\b(?:target|label)\s+(?:column|variable|field)?\s*[`\"'](?P<quoted>[^`\"'\n]{1,120})[`\"']",
    rf"\b{VERB}\s+{FILLER}[`\"'](?P<quoted>[^`\"'\n]{{1,120}})[`\"']",
    rf"\b{VERB}\b[^.!?\n`\"']{{0,80}}[`\"'](?P<quoted>[^`\"'\n]{{1,120}})[`\"']",
    r"\bcolumn\s+(?P<bare>[^\W_][\w\-./%]*)\b(?=[^.!?\n]{0,40}\b(?:from|of|in|for)\b)",
)
_PHRASE_PATTERNS: tuple[str, ...] = (
    rf"\b{VERB}\s+(?:whether|if)\s+(?P<phrase>[^.!?;\n]{{2,80}})",
    rf"\b{VERB}\s+{FILLER}(?P<phrase>[^\W_][\w\-./% ]*?){STOP}",
    rf"\b{VERB}\s+{FILLER}(?P<phrase>[^.!?;,\n()]{{2,80}})",
    rf"\b(?:predictions?|forecasts?|estimates?|classifier|regressor|model|regression|prediction model)\s+"
    rf"(?:for|of|that\s+\w+)\s+{FILLER}(?P<phrase>[^\W_][\w\-./% ]*?){STOP}",
    rf"\b(?:which|what)\s+(?P<phrase>[^\W_][\w\- ]*?){STOP}",
    r"(?P<phrase>[^\W_][\w\-]*(?: [\w\-]+)?)\s+(?:prediction|classification|classifier|forecast|regression)\b",
    r"\bwhether\s+(?P<phrase>[^.!?;\n]{2,80})",
    r"\bhow (?:much|many|long|old|likely)\s+(?P<phrase>[^.!?;\n]{2,80})",
)
_NO_TARGET = re.compile(
    r"^(?:it|them|this|that|these|those|FILE|columns?|rows?|file|data|model|predictions?|values?|the|a|an|test|train|"
    r"and|or|to|for|is|are|be|called|named|one|labels?|target|class probabilities|probabilit(?:y|ies)|results?)$",
    re.I,
)


def target_hints(masked: str) -> tuple[tuple[str, ...], bool]:
    """All readings of what shall be predicted, best first, and whether the best one was spelt out as a name."""
    exact: list[str] = []
    spelt: set[str] = set()
    for pattern in _TARGET_PATTERNS:
        for match in re.finditer(pattern, masked, re.I):
            groups = match.groupdict()
            name = (groups.get("quoted") or groups.get("bare") or "").strip()
            if name and not _NO_TARGET.match(name) and not _about_output(masked, match):
                exact.append(name.strip(" .,"))
                spelt |= {exact[-1]} if groups.get("quoted") else set()
    phrases: list[str] = []
    for pattern in _PHRASE_PATTERNS:
        for match in re.finditer(pattern, masked, re.I):
            phrase = re.split(r"\bFILE\b", match.group("phrase"))[0].strip(" .,-'\"`")
            if phrase and not _NO_TARGET.match(phrase):
                phrases.append(phrase)
    return tuple(dict.fromkeys([*exact, *phrases])), bool(exact and exact[0] in spelt)


def _about_output(masked: str, match: re.Match[str]) -> bool:
    """Whether a match speaks about the file to write, a class or a metric instead of the target."""
    found = re.search(r"[`\"']", match.group(0))
    between = match.group(0)[: found.start()] if found else ""
    return bool(
        re.search(
            r"\b(?:write|save|store|export|submit|columns\b.*\band|probabilit|positive|ignor|drop|exclud|without)",
            between,
            re.I,
        )
    )


def position_named(masked: str) -> Literal[0, -1] | None:
    """0 where the text predicts "the first column", -1 for "the last one"."""
    match = re.search(r"\b(last|final|rightmost|first|leftmost)\s+column\b", masked, re.I)
    if not match or re.search(
        r"ignor|drop|exclud|leave out|without|skip|index|id\b", masked[: match.start()][-40:], re.I
    ):
        return None
    return 0 if match.group(1).lower() in ("first", "leftmost") else -1


# --- columns ----------------------------------------------------------------------------------------------------

_ITEM = r"(?:[`\"'][^`\"'\n]{1,80}[`\"']|[^\W\d][\w%\-]*)"
_LIST = rf"(?P<list>{_ITEM}(?:\s*(?:,\s*and|,|;|\band\b|&|\+)\s*(?:the\s+)?{_ITEM})*)"
NOT_A_NAME = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "in",
        "of",
        "for",
        "to",
        "with",
        "from",
        "that",
        "which",
        "as",
        "is",
        "are",
        "be",
        "it",
        "them",
        "one",
        "each",
        "per",
        "two",
        "three",
        "both",
        "only",
        "same",
        "these",
        "those",
        "all",
        "column",
        "columns",
        "row",
        "rows",
        "file",
        "values",
        "value",
        "predicted",
        "prediction",
        "its",
        "your",
        "my",
        "our",
        "please",
        "then",
    ]
)
"""Words that are no column's name where they stand without quotes."""
_COLUMN_LISTS = (
    rf"\bcolumns?\b\s*(?:(?:names?|headers?|are|is|named|called|should be|must be|exactly|namely|of|being)\b\s*)*"
    rf"[:=(]?\s*{_LIST}",
    rf"\b(?:header|headers)\b\s*(?:row|line)?\s*(?:is|of|:|=)?\s*{_LIST}",
    rf"(?P<list>{_ITEM}(?:\s*(?:,\s*and|,|\band\b|&)\s*(?:the\s+)?{_ITEM})*)\s+(?:as\s+(?:the\s+)?)?columns?\b",
    rf"\b(?:containing|contains?|with)\s+(?:the\s+)?{_LIST}",
    rf"\b(?:column|field)\s+(?:named|called)\s+{_LIST}",
)
_CUES = {
    "target": r"\b(?:predict|predicts|predicting|classify|forecast|estimate|target|guess|model|learn)\b",
    "leave_out": r"\b(?:ignor\w*|drop\w*|exclud\w*|leav\w* (?:out|aside)|omit\w*|remov\w*|don['’]t use|not use|"
    r"not be used|skip|except|without)\b",
    "output": r"\b(?:write|writes|save|saved?|store|output|submit|submission|export|produce|create|generate|deliver|"
    r"predictions|put|should (?:have|contain)|must (?:have|contain)|with exactly)\b",
}


OBJECT = re.compile(
    r"\s+(?:it|them|me|us|the|a|an|this|that|these|how|what|which|whether|its|their|my|our|your|all|some|each)\b", re.I
)
"""What stands behind a verb: "with the column price, and check it" names one column."""


def _names(listing: str) -> list[str]:
    """The column names of a list such as "`id`, `price` and colour"; words that can't be names end it."""
    names: list[str] = []
    for match in re.finditer(r"[`\"']([^`\"'\n]+)[`\"']|([^\W\d][\w%\-]*)", listing):
        name = match.group(1) or match.group(2)
        if match.group(2) and name.casefold() in NOT_A_NAME:
            if names and name.casefold() not in ("and", "the", "or"):
                break
            continue
        if name != "FILE":
            names.append(name.strip())
    return names


def column_lists(masked: str) -> tuple[str, ...]:
    """The columns of the file to write, as far as the text names them."""
    best: list[str] = []
    for pattern in _COLUMN_LISTS:
        for match in re.finditer(pattern, masked, re.I):
            before = same_sentence(masked[: match.start("list")])
            last = {
                cue: max((m.end() for m in re.finditer(regex, before, re.I)), default=-1)
                for cue, regex in _CUES.items()
            }
            if last["output"] <= max(last["target"], last["leave_out"], -1):
                continue
            listing = match.group("list")
            spelt = re.search(r"[`\"']", listing) or re.search(r"\bcolumns?\b|\bheader", match.group(0), re.I)
            names = _names(listing)
            after = masked[match.end("list") : match.end("list") + 20]
            if len(names) > 1 and re.search(r"\band\s+[\w-]+$", listing, re.I) and OBJECT.match(after):
                names = names[:-1]
            if spelt and not re.match(r"\s+(?:for|per)\s+(?:each|every|class)", after) and len(names) > len(best):
                best = names
    return tuple(dict.fromkeys(best))


def left_out(masked: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that the person says not to use: all readings, and those that are spelt out in quotes."""
    listings: list[str] = []
    for match in re.finditer(
        rf"{_CUES['leave_out']}\s+(?:using\s+)?(?:the\s+|any\s+)?(?:columns?\s+|features?\s+|variables?\s+|fields?\s+)?"
        rf"(?:named\s+|called\s+)?{_LIST}",
        masked,
        re.I,
    ):
        listings.append(match.group("list"))
    for match in re.finditer(
        rf"{_LIST}\s+(?:columns?\s+)?(?:must|should|may|can|shall|is|are|will)(?:\s+not|n['’]t|not)?\s+(?:to\s+)?(?:be\s+)?"
        r"(?:used|ignored|dropped|excluded|left out|omitted|removed|available)(?![^.!?\n]*\bas (?:the )?target)",
        masked,
        re.I,
    ):
        if re.search(
            r"not|n['’]t|ignored|dropped|excluded|left out|omitted|removed", match.group(0)[len(match.group("list")) :]
        ):
            listings.append(match.group("list"))
    names: list[str] = []
    for listing in listings:
        names += _names(listing)
    quoted = [name for name in names if re.search(rf"[`\"']{re.escape(name)}", " ".join(listings))]
    return tuple(dict.fromkeys(names)), tuple(dict.fromkeys(quoted))


def id_column(masked: str) -> str:
    """The column that identifies a row, as the text names it."""
    match = re.search(
        rf"\b(?:identifier|id column|key column|row id|id)\s*(?:column|is|:|=|called|named|in)+\s*{NAME}"
        rf"|\b(?:identified|keyed|indexed)\s+by\s+(?:the\s+)?(?:column\s+)?(?:[`\"'](?P<q>[^`\"'\n]+)|(?P<b>\w+))",
        masked,
        re.I,
    )
    if not match:
        return ""
    name = next((group for group in match.groupdict().values() if group), "")
    return "" if name.casefold() in NOT_A_NAME else name
