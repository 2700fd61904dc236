"""What the rules say about a name: its classes, its usual spelling, whether its module is known."""

from __future__ import annotations

import re
from functools import cache

from ...protocol import RiskClass as Risk
from .known import COMPUTING, GUARDED, GUARDED_HARMLESS
from .rules import (
    AMBIGUOUS,
    ASSUMED_MODULES,
    DUMPERS,
    EVALUATORS,
    HARMLESS,
    JOINED_SECRET_NAME,
    MAYBE_LOCAL,
    OPENERS,
    READS,
    RULES,
    SAME,
    SECRET_NAME,
    UNPICKLERS,
    WRITES,
)
from .values import PLACEHOLDERS, names_in


@cache
def matcher(patterns: str) -> re.Pattern[str]:
    """One regular expression for a text of patterns over dotted names, as the top of this file describes them."""
    wild = {"**": ".*", "*": r"[^()]*"}

    def expression(pattern: str) -> str:
        pattern = re.sub(r"^\*(?!\*)", "**", pattern)
        return "".join(wild.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*)", pattern))

    return re.compile("|".join(expression(pattern) for pattern in patterns.split()))


@cache
def risks_of_name(name: str) -> tuple[tuple[Risk, str], ...]:
    """The classes of the dotted `name` with the words for each; none for what merely computes."""
    if matcher(HARMLESS).fullmatch(name):
        return ()
    # A column may be called `os`; what nothing explains counts as the module only for what the rules name.
    meant = re.sub(r"^\?.*\._?(os|sys|shutil|subprocess|builtins|importlib|pickle|socket)(?=\.\w)", r"\1", name)
    found = tuple((risk, words) for risk, words, patterns in RULES if matcher(patterns).fullmatch(meant))
    return found or ((UNKNOWN_USE,) if _is_unlisted(name) else ())


UNKNOWN_USE = (Risk.opaque, "does what isn't known here")


def _is_unlisted(name: str) -> bool:
    """Whether `name` is one of a powerful module's that no table lists."""
    module, _, rest = name.partition(".")
    if re.fullmatch(r"get_ipython\(\)\.\w+", name):
        return True
    return bool(rest) and module in GUARDED and not matcher(GUARDED_HARMLESS + PATH_FUNCTIONS).fullmatch(name)


PATH_FUNCTIONS = " " + " ".join(
    pattern for table in (READS, WRITES) for patterns, _ in table for pattern in patterns.split()
)


@cache
def _ruled_modules() -> frozenset[str]:
    """First names of modules about which the rules say something, whatever of them is used."""
    whole = (re.match(r"(\w+)\.\*", pattern) for _, _, patterns in RULES for pattern in patterns.split())
    return frozenset(match[1] for match in whole if match)


@cache
def is_known_module(name: str) -> bool:
    """Whether it is known what the module of the dotted `name` may do."""
    first = name.partition(".")[0].partition("(")[0]
    return first in COMPUTING or first in _ruled_modules() or first in KNOWN_BESIDES


KNOWN_BESIDES = names_in("? google ml_intern_jlab pylab get_ipython")


@cache
def assumed_modules() -> frozenset[str]:
    """Modules that a name without a known origin is taken for: those above, and those that the rules name."""
    rules = " ".join([*(patterns for _, _, patterns in RULES), UNPICKLERS, MAYBE_LOCAL, *OPENERS])
    tables = " ".join(patterns for table in (READS, WRITES, EVALUATORS, DUMPERS) for patterns, _ in table)
    firsts = {pattern.partition(".")[0] for pattern in f"{rules} {tables}".split() if "." in pattern}
    named = frozenset(first for first in firsts if re.fullmatch(r"[a-z]\w*", first))
    return (named | ASSUMED_MODULES | names_in("operator functools itertools dill cloudpickle")) - AMBIGUOUS


@cache
def _risky_methods() -> frozenset[str]:
    """The last names of all rules: what a method may be called that does more than computing."""
    words = (pattern.rstrip("*(").rsplit(".", 1)[-1] for _, _, patterns in RULES for pattern in patterns.split())
    return frozenset(word for word in words if re.fullmatch(r"\w{3,}", word))


@cache
def may_be_risky(name: str) -> bool:
    """Whether a name with unknown pieces may be that of a method which does more than computing."""
    pattern = re.compile(".*".join(re.escape(piece) for piece in re.split(f"[{PLACEHOLDERS}]+", name)))
    return name.startswith("__") or any(pattern.fullmatch(word) for word in _risky_methods())


def canonical(name: str) -> str:
    """One spelling for names that mean the same thing."""
    for pattern, spelling in SAME:
        name = re.sub(pattern, spelling, name)
    return name


def is_secret_name(name: str) -> bool:
    """Whether an environment variable's name tells that it holds a secret."""
    return bool(SECRET_NAME.search(name) or JOINED_SECRET_NAME.fullmatch(name)) and name != "PWD"
