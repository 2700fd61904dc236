"""Secrets in text: found by their shape, by the name beside them, or because they stand in this process's environment.

All text that is kept or sent goes through `redact`: events on their way into the journal (and so the notebook and the
panel), prompts to models, logs, exports. What arrives in pieces goes through `Pieces` before. Sources are never
altered, because a decision binds to the exact source: one that holds a secret is turned back instead (`secrets_in`).
"""

from __future__ import annotations

import logging
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

MARK = "[redacted]"
MOST_ROUNDS = 5
MOST_HELD = 20_000
"""Characters that are held back at most; a private key has about 3,000."""
CONTEXT = 600
"""Characters that were shown already and tell what the next piece is: a name, the beginning of an address."""
SHORTEST_VALUE = 8
"""Characters from which on the value of a secret environment variable is looked for."""

_SHAPES = re.compile(
    r"""
      -----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----[\s\S]*?(?:-----END\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----|\Z)
    | (?<![A-Za-z0-9_])(?:
        (?:hf|api_org)_[A-Za-z0-9]{20,400}
      | sk-(?:[A-Za-z0-9]{20,400}|(?:or|ant|proj|svcacct|admin)-[A-Za-z0-9_-]{20,400})
      | sk-(?=[A-Za-z0-9_-]{0,100}[0-9])(?=[A-Za-z0-9_-]{0,100}[A-Z])[A-Za-z0-9_-]{20,400}
      | (?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{16,400}
      | gh[pousr]_[A-Za-z0-9]{20,400}
      | github_pat_[A-Za-z0-9_]{22,400}
      | gl(?:pat|dt|rt)-[A-Za-z0-9_-]{16,400}
      | (?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}(?![0-9A-Za-z])
      | xox[abeoprs]-[A-Za-z0-9-]{10,400}
      | xapp-[0-9]-[A-Za-z0-9-]{10,400}
      | AIza[0-9A-Za-z_-]{35}
      | ya29\.[0-9A-Za-z_-]{20,400}
      | npm_[A-Za-z0-9]{36}
      | pypi-[A-Za-z0-9_-]{40,400}
      | (?:gsk|r8|fw|tgp_v1|nvapi|pplx|xai|co|dop_v1|shpat|lin_api|ntn|secret)[_-][A-Za-z0-9_-]{30,400}
      | SG\.[A-Za-z0-9_-]{16,400}\.[A-Za-z0-9_-]{16,400}
      | eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{0,2000}
      | [0-9]{8,10}:AA[A-Za-z0-9_-]{32,400}
      )
    | hooks\.slack\.com/services/[A-Za-z0-9/]{20,400}
    """,
    re.VERBOSE,
)
_IN_URL = re.compile(r"(?<=://)[^\s/:@'\"<>]{0,100}:([^\s/@'\"<>]{1,200})@")
_IN_HEADER = re.compile(r"\b(?:bearer|basic)\s+([A-Za-z0-9._~+/=-]{12,2000})", re.IGNORECASE)
_PAIR = re.compile(
    r"""
    (?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,60})(?![\w.-])["']?\]?\s{0,3}(?:=>|:=|[=:])\s{0,3}
    (?:(?P<quote>["'])(?P<quoted>[^"'\n]{1,500})(?P=quote)
    | (?P<bare>[^\s"',;(){}\[\]<>&|`=]{1,500}={0,2})(?P<after>[(\[]?))
    """,
    re.VERBOSE,
)
_SURE = re.compile(
    r"passw(or)?d|passphrase|(^|_)pwd$|secret|api_?key|access_?key|private_?key|client_?key|account_?key|storage_?key|"
    r"(auth|access|refresh|bearer|api|hf|hub|id|session|bot|github|gitlab|wandb|openai|slack|npm|deploy)_?token|"
    r"credential|connection_?string|(^|_)pat$",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"token|key|auth|pass|cookie|session|signature|(^|_)sig$|dsn|credential|secret", re.IGNORECASE)
_NO_SECRET_NAME = re.compile(
    r"(max|min|num|n|pad|eos|bos|unk|sep|cls|mask|special|new|stop|prompt|completion|input|output|total|context)_?"
    r"(new_)?tokens?|tokens?_?(ids?|type|count|length|limit)|tokeniz|keys?_?(error|board|word|points?|frames?)|key_?id$|"
    r"(strength|length|len|count|field|column|col|label|policy|input|hash_?name)$|author|SSH_AUTH_SOCK|XAUTHORITY|"
    r"^(old)?pwd$|(foreign|primary|sort|join|group|public)_?key$|passes|passenger|passed|monkey|keyring|secret_santa",
    re.IGNORECASE,
)
_GROWING = re.compile(
    r"""
    (?:
      (?<![A-Za-z0-9_])(?:hf|api|sk|rk|pk|whsec|gh[pousr]|github|gl(?:pat|dt|rt)|xox[abeoprs]|xapp|npm|pypi|gsk|r8|fw|
        tgp|nvapi|pplx|xai|co|dop|shpat|lin|ntn|secret)[_-][A-Za-z0-9_-]{0,400}
    | (?<![A-Za-z0-9_])(?:eyJ|AIza|AKIA|ASIA|AROA|AIDA|ya29|SG\.)[A-Za-z0-9._-]{0,4000}
    | (?<![A-Za-z0-9_])[0-9]{8,10}:[A-Za-z0-9_-]{0,400}
    | hooks\.slack\.com/\S{0,200}
    | ://[^\s/@'"<>]{1,300}
    | \b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{0,2000}
    )\Z
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""The beginning of a secret at a text's end, which the next piece may complete."""
_GROWING_PAIR = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,60})[\"']?\]?\s{0,3}(?:=>|:=|[=:])[ \t]{0,3}"
    r"(?P<value>[\"']?[^\s\"',;(){}\[\]<>&|`]{0,500})\Z"
)
_PLACEHOLDER = re.compile(
    r"(your|my|some|the|insert|example|dummy|fake|changeme|placeholder|redacted|none|null|true|false|test|todo|env|"
    r"os\.|self\.|args\.|cfg\.|config\.|st\.|getpass|input|str|string|int|bytes|optional|required|undefined)([^a-z0-9].*|$)"
    r"|[x*.•#_-]+$|[\[<{$%/~].*|\.\.?/.*",
    re.IGNORECASE,
)
_HASH = re.compile("|".join(f"[0-9a-fA-F]{{{length}}}" for length in (32, 40, 56, 64, 96, 128)))
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

TEXT_TYPES = re.compile(r"text/|application/(.*\+)?(json|xml|javascript)|image/svg")
"""Media types whose content is text that may hold a secret; images and other data stay as they are."""


def redact(text: str, values: Iterable[str] | None = None) -> str:
    """`text` with `[redacted]` in place of every secret. Redacting twice changes nothing more.

    Args:
        text: any text.
        values: secrets known by their value; None: those of this process's environment.
    """
    known = environment_secrets() if values is None else frozenset(values)
    for _ in range(MOST_ROUNDS):  # what was taken out may have hidden a pair from view
        pieces, at = [], 0
        for start, end in _spans(text, known):
            pieces += [text[at:start], MARK]
            at = end
        if not pieces:
            break
        text = "".join(pieces) + text[at:]
    return text


def secrets_in(source: str, values: Iterable[str] | None = None) -> list[int]:
    """The lines (from 1) of `source` on which a secret begins; see `redact`."""
    spans = _spans(source, environment_secrets() if values is None else values)
    return sorted({source.count("\n", 0, start) + 1 for start, _ in spans})


def redacted(value: Any) -> Any:
    """Any JSON-like value with its texts redacted; keys and everything else stay. A name and its secret that stand in
    a dictionary as key and value are seen as a pair; bundles of media types keep their images."""
    # Read once: to read the environment takes longer than to look through a short text.
    return _redacted(value, environment_secrets())


class Pieces:
    """One text that arrives in pieces, such as a stream: a secret is found though it is cut in two.

    What could be a secret's beginning is held back until more comes, or until `end`.
    """

    def __init__(self) -> None:
        self._text = ""
        self._done = 0
        self._hiding = False

    def add(self, piece: str) -> str:
        """What can be shown once `piece` has come, without secrets."""
        self._text += piece
        shown = self._show(self._open_from())
        if len(self._text) - self._done > MOST_HELD:
            shown += self._show(len(self._text))
        return shown

    def end(self) -> str:
        """What was held back."""
        return self._show(len(self._text))

    def _show(self, until: int) -> str:
        text, at, pieces = self._text, self._done, []
        for start, stop in _spans(text, environment_secrets()):
            if stop > at and start < until:
                # One that the last piece began may go on here: it was marked then.
                pieces += [text[at:start], "" if start < at and self._hiding else MARK]
                at = stop
        self._hiding = at >= until and (bool(pieces) or self._hiding)
        pieces.append(text[at:until])
        keep = max(0, max(at, until) - CONTEXT)
        self._text, self._done = text[keep:], max(at, until) - keep
        return "".join(pieces)

    def _open_from(self) -> int:
        """Where a secret may have begun that the text doesn't end yet; the text's length where none has."""
        text, least = self._text, len(self._text)
        if growing := _GROWING.search(text):
            least = growing.start()
        begun = text.rfind("-----BEGIN ")
        if begun >= 0 and text.find("-----END ", begun) < 0:
            least = min(least, begun)
        pair = _GROWING_PAIR.search(text, max(0, len(text) - 600))
        if pair and _telling(pair["name"]):
            least = min(least, pair.start("value"))
        for value in environment_secrets():
            longest = min(len(value) - 1, len(text))
            begun = next((size for size in range(longest, 1, -1) if text.endswith(value[:size])), 0)
            least = min(least, len(text) - begun)
        return max(least, self._done)


class RedactingFilter(logging.Filter):
    """Takes secrets out of a log's records, their tracebacks included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact `record`; it is always kept."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = f"{record.msg} {record.args}"
        record.msg, record.args = redact(text), ()
        if record.exc_info and not record.exc_text:
            # A formatter that finds the text made doesn't make it again.
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


def safe_logger(name: str) -> logging.Logger:
    """The logger called `name`, whose records hold no secret."""
    logger = logging.getLogger(name)
    if not any(isinstance(each, RedactingFilter) for each in logger.filters):
        logger.addFilter(RedactingFilter())
    return logger


def environment_secrets(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The values of those environment variables whose names tell that they are secret."""
    return _telling_values(tuple(environment.items()))


@lru_cache(maxsize=4)
def _telling_values(variables: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Kept, since each text of each event asks for them while the environment hardly ever changes."""
    return frozenset(
        value
        for name, value in variables
        if len(value) >= SHORTEST_VALUE
        and _telling(name)
        and not value.startswith(("/", "."))
        and not value.isdecimal()
        and not _PLACEHOLDER.fullmatch(value)
    )


def _redacted(value: Any, secrets: frozenset[str]) -> Any:
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, list | tuple):
        return [_redacted(each, secrets) for each in value]
    if isinstance(value, dict):
        return {key: _redacted_item(key, each, secrets) for key, each in value.items()}
    return value


def _redacted_item(key: object, value: Any, secrets: frozenset[str]) -> Any:
    name = str(key)
    if "/" in name and isinstance(value, str | list) and not TEXT_TYPES.match(name):
        return value
    if isinstance(value, str) and "/" not in name and _is_secret(name, value, quoted=True):
        return MARK
    return _redacted(value, secrets)


def _spans(text: str, values: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where secrets stand, in order and without overlaps."""
    found = [match.span() for match in _SHAPES.finditer(text)]
    found += [match.span(1) for pattern in (_IN_URL, _IN_HEADER) for match in pattern.finditer(text)]
    found += _pairs(text)
    for value in values:
        at = text.find(value) if value else -1
        while at >= 0:
            found.append((at, at + len(value)))
            at = text.find(value, at + len(value))
    end = 0
    for start, stop in sorted(found, key=lambda span: (span[0], -span[1])):
        if stop > end and MARK not in text[start:stop]:
            yield max(start, end), stop
            end = stop


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while match := _PAIR.search(text, at):
        group = "quoted" if match["quoted"] is not None else "bare"
        # A value may itself be the name of the next pair, as in `headers: token=…`.
        at = match.start(group)
        if group == "bare" and match["after"]:
            continue
        if _is_secret(match["name"], match[group], quoted=group == "quoted"):
            yield match.span(group)
            at = match.end(group)


def _telling(name: str) -> bool:
    return bool(_MAYBE.search(name) or _SURE.search(name)) and not _NO_SECRET_NAME.search(name)


def _is_secret(name: str, value: str, *, quoted: bool) -> bool:
    """Whether `value` is one, standing beside `name` as in `name=value`."""
    if len(value) < 6 or not _telling(name) or _PLACEHOLDER.fullmatch(value) or value.lower() == name.lower():
        return False
    if any(character.isspace() for character in value) or re.fullmatch(r"[\d.,:eE+-]+", value):
        return False
    mixed = bool(re.search(r"[A-Za-z]", value) and re.search(r"\d", value))
    exported = name.isupper() and "_" in name
    if _SURE.search(name):
        return quoted or exported or mixed
    if exported and re.search(r"(TOKEN|KEY|AUTH|PASS|DSN)$", name):
        return quoted or mixed
    plain = _HASH.fullmatch(value) or _UUID.fullmatch(value)
    return len(value) >= 16 and mixed and not plain and _entropy(value) >= 3.5 and "." not in value[1:-1]


def _entropy(text: str) -> float:
    """Shannon's entropy in bits per character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
