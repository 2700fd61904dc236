"""Which files a task names, and what each is for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .wording import same_sentence

_ENDINGS = r"(?:csv|tsv|tab|txt|dat|data|jsonl|ndjson|json|parquet|pq|feather|xlsx|xls)(?:\.(?:gz|bz2|xz|zip))?"
_QUOTED_FILE = re.compile(rf"[\"'`](?P<name>[^\"'`\n]{{1,200}}\.{_ENDINGS})[\"'`]", re.I)
_BARE_FILE = re.compile(rf"(?<![\w/.\\])(?P<name>[\w~.][\w\-./\\~+=]*\.{_ENDINGS})(?![\w/\\])", re.I)

# --- files ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mention:
    """A file as the text names it, where, and the text before it with all files masked."""

    name: str
    start: int
    end: int
    before: str = ""


def mentions_in(text: str) -> tuple[list[Mention], str]:
    """Every file that the text names, and the text with their names masked, so that no later rule reads them."""
    found: list[Mention] = []
    for pattern in (_QUOTED_FILE, _BARE_FILE):
        for match in pattern.finditer(text):
            if not any(m.start < match.end() and match.start() < m.end for m in found):
                found.append(Mention(match.group("name").strip().replace("\\", "/"), *match.span()))
    found.sort(key=lambda mention: mention.start)
    masked, at = "", 0
    placed: list[Mention] = []
    for mention in found:
        masked += text[at : mention.start]
        placed.append(replace(mention, before=masked))
        masked += "FILE"
        at = mention.end
    return placed, masked + text[at:]


_ROLE_NAMES: tuple[tuple[str, str, int], ...] = (
    ("sample", r"sample|example|template|format", 4),
    ("output", r"submission|predictions|predicted|output|results?|answers?|forecasts?$|^preds?$|scores?$", 4),
    (
        "predict",
        r"test|unlabel|unseen|hold-?out|to_?(?:predict|score)|predict_|(?:^|_)new|future|eval|unknown|scoring",
        4,
    ),
    ("train", r"train|labell?ed|histor|learn|known|past", 4),
)
_WRITE = (
    r"write|writes|writing|save|saves|saving|store|storing|export|output|outputs|put|submit|create|produce|generate|"
    r"deliver|leave|place|dump|goes?|saved|written|stored|predictions?|results?|submission|answers?"
)
_WORD = (
    r"(?:\s+(?:a|an|the|new|csv|tsv|file|files|table|name|named|called|path|it|them|all|our|my|your|data|set|dataset))*"
)
_ROLE_CUES: tuple[tuple[str, str, int], ...] = (
    ("sample", r"(?:format|layout|form|like|same (?:columns|shape|structure|header)\w*)[\w\s]{0,20}$", 6),
    ("output", rf"\b(?:{_WRITE})\b[^.!?\n]{{0,120}}\b(?:to|in|into|as|under|called|named){_WORD}\s*[:(]?\s*$", 5),
    (
        "output",
        rf"\b(?:write|save|create|produce|generate|export|output|submit|deliver|store)(?:s|d|ing)?\b{_WORD}\s*:?\s*$",
        5,
    ),
    ("output", r"(?:output|submission|predictions|result)s?\s*(?:file|path)?\s*(?:is|:|=|->|→|called|named)\s*$", 5),
    (
        "predict",
        rf"\b(?:predictions?|predict|predicting|score|scores|labels?|values?|answers?|rows?|records?|"
        rf"lines?|entries|each|every|classes|probabilit\w+|apply|applied|one|those|samples?|forecasts?)\b"
        rf"[^.!?\n]{{0,90}}\b(?:for|of|in|on){_WORD}\s*$",
        4,
    ),
    ("predict", rf"\b(?:apply|applied)\b[\w\s]{{0,20}}\bto{_WORD}\s*$", 6),
    (
        "predict",
        r"(?:test|unlabell?ed|unseen|new|prediction (?:file|set|data|table)|scoring|evaluation)[\w\s]{0,24}[:(=]?\s*$",
        6,
    ),
    (
        "train",
        rf"\b(?:train\w*|fit|learn\w*|based|build|built|use|using|given|from|with|load|read){_WORD}"
        rf"(?:\s+(?:on|from|with|using|in|of|by))*{_WORD}\s*[:(]?\s*$",
        4,
    ),
    ("train", r"(?:train(?:ing)?|labell?ed|historical)[\w\s]{0,24}[:(=]?\s*$", 6),
)


@dataclass(frozen=True)
class FileRoles:
    """What each named file is for; `output` has a default where predictions are asked for without naming a file."""

    train: str = ""
    predict: str = ""
    sample: str = ""
    output: str = ""
    others: tuple[str, ...] = ()


def file_roles(text: str, files: list[Mention]) -> FileRoles:
    """Give each file the role that its name and the words before it speak for most."""
    scores: dict[str, dict[str, int]] = {}
    for mention in files:
        before = same_sentence(mention.before)
        score = scores.setdefault(mention.name, {"train": 0, "predict": 0, "output": 0, "sample": 0})
        stem = re.split(r"[/\\]", mention.name)[-1].split(".")[0].lower()
        for role, pattern, points in _ROLE_NAMES:
            score[role] += points * bool(re.search(pattern, stem))
        for role, pattern, points in _ROLE_CUES:
            score[role] += points * bool(re.search(pattern, before, re.I))
        after = text[mention.end : mention.end + 60]
        if re.match(r"[^.!?\n]{0,25}(?:has no|lacks|without) (?:the )?(?:target|label|that|this|answer)", after, re.I):
            score["predict"] += 6
        if re.match(
            r"\s*(?:has|have|holds?|contains?|with|is|are)\s[\w\s]{0,20}(?:labell?ed|training|known|past)", after, re.I
        ):
            score["train"] += 6
    chosen: dict[str, str] = {}
    for role in ("sample", "output", "predict", "train"):
        free = [name for name in scores if name not in chosen.values()]
        best = max(free, key=lambda name: scores[name][role], default="")
        if best and scores[best][role] > 0 and scores[best][role] >= max(scores[best].values()):
            chosen[role] = best
    rest = [name for name in scores if name not in chosen.values()]
    if "train" not in chosen and rest:
        chosen["train"] = rest.pop(0)
    if "predict" not in chosen and "output" in chosen and rest:
        chosen["predict"] = rest.pop(0)
    if "train" not in chosen and set(chosen) == {"predict"}:
        chosen["train"] = chosen.pop("predict")  # the only table that is named is the one to learn from
    asked = "predict" in chosen or bool(
        re.search(
            r"(?:write|save|store|export|output|submit|deliver)\w*\b[^.!?]{0,60}\b(?:predict|forecast|label|probab)",
            text,
            re.I,
        )
    )
    return FileRoles(
        train=chosen.get("train", ""),
        predict=chosen.get("predict", ""),
        sample=chosen.get("sample", ""),
        output=chosen.get("output", "") or ("predictions.csv" if asked else ""),
        others=tuple(rest),
    )
