"""What a question wants computed: the statistic, of which column, of which rows, by which groups."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from ...recipes.source import literal
from .mentions import Mention, goes_by, in_rows, spelt

_NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?![\w%]|\.\d| ?(?:%|percent|thousand|million|decimal))"
"""A figure that means what it says, as a pattern."""
_COMPARED = (
    (">=", r"at least|not less than|no less than|no fewer than|a minimum of"),
    ("<=", r"at most|not more than|no more than|up to|a maximum of"),
    ("<", r"below|under|(?:less|fewer|smaller|lower|cheaper|shorter|lighter|younger|earlier) than"),
    (">", r"above|over|exceed(?:s|ed|ing)?|(?:more|greater|larger|bigger|higher|longer|heavier|older|later) than"),
)
_OR = ((">=", r"or (?:more|higher|above|over|older|greater|later)"), ("<=", r"or (?:less|fewer|lower|below|under)"))
LEFT_OUT = (
    r"\b(?:ignor\w+|exclud\w+|leav\w+ (?:out|aside)|drop(?:ping)?|remov\w+|discard\w*|disregard\w*|skip\w*|omit\w*|"
    r"exclusive of|apart from)\b[^.,;:?!]*?"
)
"""Words before what is left out, up to the end of the clause."""
_OPPOSITE = {">=": "<", "<": ">=", "<=": ">", ">": "<=", "==": "!="}
_TIMES = (
    ("<", r"before|prior to"),
    (">", r"after|later than"),
    (">=", r"since"),
    ("<=", r"until|till|up to|through"),
)
"""Words before a year that bound it."""
_STATISTICS = (
    ("median", r"\bmedian"),
    ("std", r"\bstandard deviation|\bstd\b"),
    ("var", r"\bvariance\b"),
    ("mean", r"\b(?:mean|average)"),
    ("nunique", r"\b(?:different|distinct|unique)\b"),
    ("sum", r"\b(?:total|sum|altogether|in all|combined|overall|how much)\b"),
)
_LEAST = (
    r"\b(?:lowest|least|fewest|smallest|shortest|youngest|cheapest|lightest|slowest|weakest|minimum|minimal|"
    r"earliest|rarest|worst|poorest)\b"
)
_MOST = (
    r"\b(?:highest|most|largest|greatest|biggest|longest|oldest|dearest|heaviest|fastest|strongest|maximum|maximal|"
    r"latest|best|top|richest|tallest)\b"
)
_ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_OPERATIONS = (
    ("/", r"/|÷|\b(?:divided by|over)\b"),
    ("*", r"\*|×|\b(?:times|multiplied by)\b"),
    ("-", r"-|\u2212|\bminus\b"),
    ("+", r"\+|\bplus\b"),
)
_COUNTS_ROWS = re.compile(
    r"(?:^|[\s_.])(?:id|index|row|no|nr|number|code|zip|year|month|day|week|weekday|hour)s?$|^(?:unnamed|zip|postal|phone)",
    re.I,
)
"""Names of columns of numbers that are no amounts."""
_VERB = r"\b(?:is|are|was|were|has|have|had|do|does|did|lacks?|lacked|get|got|came|come|comes|arrived)\b"


@dataclass(frozen=True)
class Measure:
    """What a question wants computed; names are those of pandas."""

    statistic: str
    """Such as `mean`; of a group or row that is the highest or lowest without more words, `max` or `min`."""
    best: str
    """`idxmax` or `idxmin`."""
    nth: int
    """1 for the highest, 3 for the third highest."""
    is_ranked: bool
    """Whether the highest or lowest of something is asked for."""
    is_named: bool
    """Whether the statistic is."""
    at: int
    """Where the question names statistic or rank, an index of its text, 0 where it doesn't."""


def read_measure(task: str) -> Measure:
    """The statistic and the rank that the words of a question ask for."""
    task = re.sub(r"\bat (?:least|most)\b", lambda found: " " * len(found.group()), task, flags=re.I)
    rank = re.search(f"{_LEAST}|{_MOST}", task, re.I)
    extreme = "min" if rank and re.fullmatch(_LEAST, rank.group(), re.I) else "max"
    name, stated = next(
        ((name, found) for name, words in _STATISTICS if (found := re.search(words, task, re.I))), ("", rank)
    )
    statistic = name or (extreme if rank else "mean")
    found = re.search(rf"\b(?:({'|'.join(_ORDINALS)})|(\d)(?:nd|rd|th))[ -](?:{_MOST}|{_LEAST})", task, re.I)
    nth = 1 if not found else int(found[2]) if found[2] else 2 + _ORDINALS.index(found[1].lower())
    return Measure(statistic, f"idx{extreme}", nth, bool(rank), bool(name), stated.start() if stated else 0)


def all_of(conditions: list[str]) -> str:
    """The condition that all of some conditions hold."""
    return conditions[0] if len(conditions) == 1 else " & ".join(f"({each})" for each in conditions)


def condition_on(task: str, spelt: str, where: str, span: tuple[float, float], unit: str = "") -> str:
    """The condition that the question sets to a column of numbers, such as `df["carat"] < 1`, or "".

    Args:
        task: the question.
        spelt: a pattern of the column's name, as people write it.
        where: the column's expression.
        span: its lowest and its highest value.
        unit: a pattern of its unit, where no other column has that: "ran for 7 days".
    """
    spelt = f"(?:{spelt}|{unit})" if unit else spelt
    number = rf"(?P<number>{_NUMBER})"
    link = r"(?:\W+(?:is|are|was|were|of|being|that is|which is|with|values?))*\W+"
    for words in (
        rf"{spelt}(?:\W+(?!and\b)\w+){{0,4}}?\W+between",
        rf"\bbetween(?=[^.?!]*\d {spelt})",
        rf"{spelt} from",
    ):
        # "a price between 2 and 5", "between 2 and 5 doors"
        if found := re.search(rf"{words} {number} (?:and|to) (?P<last>{_NUMBER})", task, re.I):
            first, last = float(_plain(found)), float(found["last"].replace(",", ""))
            if first > span[1] or last < span[0]:
                continue
            within = f"{where}.between({_plain(found)}, {found['last'].replace(',', '')})"
            return f"~{within}" if _kept("==", task, found) == "!=" else within
    for sign, words in _COMPARED:
        # "price above 500", "below 1 carat"
        for pattern in (rf"{spelt}{link}(?:{words})\W+{number}", rf"\b(?:{words})\W+{number}[ -](?:of )?{spelt}"):
            if found := re.search(pattern, task, re.I):
                return f"{where} {_kept(sign, task, found)} {_plain(found)}"
    for sign, words in _OR:
        # "4 or more doors", "4 doors or more", "an age of 60 or more"
        for pattern in (rf"{number} {words} {spelt}", rf"{number} {spelt} {words}", rf"{spelt}{link}{number} {words}"):
            if found := re.search(pattern, task, re.I):
                return f"{where} {_kept(sign, task, found)} {_plain(found)}"
    # "a term of 36 months", "with 4 cylinders", "4-cylinder cars"
    for pattern in (
        rf"{spelt} (?:is|was|of|equal to|equals|=|==) {number}",
        rf"\b(?:with|having|have|has|had) (?:exactly )?{number}[ -]{spelt}",
        rf"(?<![\w.,]){number}-{spelt}",
        rf"\b(?:at|in|of|on|with|and|from) {spelt} {number}(?! ?(?:to|or|and|-)\b)",
        *([rf"\b(?:for|in|of|after|lasted|lasting|exactly|just|only) {number}[ -]{unit}"] if unit else []),
    ):
        if found := re.search(pattern, task, re.I):
            return f"{where} {_kept('==', task, found)} {_plain(found)}"
    return ""


def _kept(sign: str, task: str, found: re.Match[str]) -> str:
    """The comparison that keeps the rows, where the question says which to leave out."""
    return _OPPOSITE[sign] if re.search(f"{LEFT_OUT}$", task[: found.start()], re.I) else sign


def _plain(found: re.Match[str]) -> str:
    return found["number"].replace(",", "")


def years_of(task: str) -> list[int]:
    """The years that the question names, in its order."""
    return [int(year) for year in re.findall(r"(?<![\w.,])(?:1[5-9]|20)\d\d(?!\w|[.,]\d)", task)]


def years_condition(task: str, years: list[int], where: str) -> str:
    """The condition on the expression of a year that takes the years the question is about, or ""."""
    if len(years) == 1:
        before, _, after = task.partition(str(years[0]))
        before = before.rstrip()
        if re.match(r"\W+(?:on(?:wards?)?|or later|and later)\b(?! [a-z]+day)", after, re.I):
            return f"{where} >= {years[0]}"
        sign = next((sign for sign, words in _TIMES if re.search(rf"\b(?:{words})(?: the| year)*$", before, re.I)), "")
        return f"{where} {sign or '=='} {years[0]}"
    if len(years) == 2 and re.search(rf"\b(?:between|from) {years[0]} (?:and|to|until|through) {years[1]}", task, re.I):
        return f"{where}.between({years[0]}, {years[1]})"
    return ""


def quantile_of(task: str) -> float:
    """The share of the values below the quantile that the question names, 0.9 where it names none."""
    if found := re.search(r"\b(\d{1,2}(?:\.\d+)?)(?:st|nd|rd|th)?[ -]percentile", task, re.I):
        return float(found[1]) / 100
    quartile = re.search(r"\b(?:(first|lower)|(third|upper))[ -]quartile", task, re.I)
    return 0.9 if not quartile else 0.25 if quartile[1] else 0.75


def formula(task: str, numbers: list[Mention]) -> tuple[str, str]:
    """The expression of two columns that the question computes, `rows["price"] / rows["area"]` for "price / area", and
    its words in the question; ("", "") where it computes none."""
    for one, other in permutations(numbers, 2):
        for sign, words in _OPERATIONS:
            pattern = rf"(?<!\w)(?:{spelt(one.column)})\s*(?:{words})\s*(?:{spelt(other.column)})(?!\w)"
            if found := re.search(pattern, task, re.I):
                return f"rows[{literal(one.column)}] {sign} rows[{literal(other.column)}]", found.group()
    return "", ""


def share_parts(task: str) -> tuple[int, int]:
    """Where the words begin and end that say of what a share is asked for: "percentage of | full professors | are …",
    "of | the full professors, what percentage | are …".

    (0, 0) where no such words are found.
    """
    shares = r"(?:percent(?:age)?|share|proportion|fraction)s?"
    if found := re.search(rf"(?:^|[.!?:;] )(?:of|among) ([^.?!]*?),? (?:what|which) {shares}\b", task, re.I):
        return found.start(1), found.end()
    found = re.search(rf"\b{shares} of (?:the |all )*", task, re.I)
    if not found:
        return 0, 0
    verb = re.search(_VERB, task[found.end() :], re.I)
    return found.end(), found.end() + verb.start() if verb else 0


def measure_facts(
    task: str, table: str, mentions: list[Mention], columns: list[str], is_change: bool
) -> dict[str, Any]:
    """What is to be computed: the `statistic`, which `is_named` or a guess, of the column `value` by `by`, both ""
    where unknown; the group that is the `best`, the `nth` of them, where it `is_ranked`; `words`, the columns of words;
    `numbers`, those of numbers that set no condition, or "computed" in place of two that are in a formula, `computed`,
    of the words `computed_by`; the `quantile`; `pair`, two values that are compared, `pair_of`, their column;
    `years`, an expression of the year, with `times`, the two years between which something changed, or `compared`, two
    that are compared; `date`, the column of dates."""
    measure = read_measure(task)
    words = [each for each in mentions if each.column and not (each.is_number or each.part or each.values)]
    grouped = sorted((each for each in mentions if goes_by(task, each)), key=lambda each: bool(each.values))
    dated = [each for each in mentions if each.part]
    free = [in_rows(each.part, table) for each in dated if each.part not in each.rows]
    by = free[:1] or [literal(each.column) for each in (*grouped, *words)][:1] or [""]
    numbers = [each for each in mentions if each.is_number and not (each.rows or literal(each.column) in by)]
    computed, said = formula(task, [each for each in mentions if each.is_number])
    if computed:
        rest = [each for each in numbers if literal(each.column) not in computed]
        numbers = [Mention("", "computed", is_number=True, at=len(task)), *rest]
    after: dict[Mention, int] = {}
    for each in numbers:
        if found := re.search(rf"(?<!\w)(?:{spelt(each.column)})(?!\w)", task[measure.at :], re.I):
            after[each] = found.start()
    behind = sorted(after, key=after.__getitem__) or numbers
    amounts = [name for name in columns if not _COUNTS_ROWS.search(name)]
    value = behind[0].column if behind else amounts[0] if len(amounts) == 1 else ""
    pairs = [each for each in mentions if len(each.values) == 2]
    times = years_of(task)
    years = [literal(each.column) for each in mentions if each.is_number and each.column.lower() == "year"]
    years += [re.sub(r"\.dt\..*", ".dt.year", in_rows(each.part, table)) for each in dated]
    return vars(measure) | {
        "by": by[0],
        "value": literal(value) if value else "",
        "numbers": [literal(each.column) for each in numbers],
        "words": [literal(each.column) for each in mentions if each.words],
        "computed": computed,
        "computed_by": said,
        "quantile": quantile_of(task),
        "pair": [literal(value) for value in pairs[0].values] if pairs else [],
        "pair_of": literal(pairs[0].column) if pairs else "",
        "times": times if len(times) == 2 and is_change else [],
        "compared": times if len(times) == 2 and not is_change else [],
        "years": years[0] if years else "",
        "date": literal(dated[0].column) if dated else "",
    }
