"""What a question about a table names: columns, values of them, parts of dates, and figures of its own.

A small model that is told so takes the right rows and columns; and what no cell uses was overlooked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from ...recipes.source import literal
from ..answers import printed, tagged, without_form
from ..data_profile import DataProfile, Inspect
from ..snippets import snippet
from ..snippets.columns import FEW_VALUES, core_of
from .dates import date_named, equal_to, months_of, years_within
from .idioms import covered, idioms, sure_lines
from .measures import LEFT_OUT, all_of, condition_on, measure_facts, read_measure, share_parts, years_condition
from .mentions import Mention, goes_by, in_rows, named, place, spelt, unit_of
from .statistics import named_ways

_CONDITION = re.compile(
    r"(?:[\w-]+ ){0,3}(?<![\w.])(?P<figure>\d[\d.,]*\d|\d)(?:[a-z]{1,2}\b)?(?! ?(?:decimal|digit|significant|dp\b))"
    r"(?: [\w-]+){0,2}",
    re.I,
)
_ENOUGH = re.compile(
    r"(?P<what>\b\w+(?: \w+)?) (?:with|having|that (?:have|contain)|containing|of) (?:at least|a minimum of) "
    r"(?P<figure>\d[\d,]*) (?!%|percent)",
    re.I,
)
"""Groups with enough rows, such as "carriers with at least 100 flights"."""
_COUNTED = re.compile(r"\b(?:how (?:many|much)|(?:number|amount|total) of) (?P<what>(?:\w+ ?){1,2})", re.I)
_QUOTE = r"[\"'\u2018\u2019\u201c\u201d]"
_CONTAINS = (
    r"\b(contain\w*|includ\w*|mention\w*|(?:have|has|having|with) the (?:\w+ )?(?:letters?|words?|text|string|phrase)|"
    r"(?:begin|start|end)\w* (?:with|in))\b(?: the| a)?(?: letters?| words?| text| string| phrase)? ?"
    rf"{_QUOTE}([^\"'\u2018\u2019\u201c\u201d]+){_QUOTE}"
)
"""Words for what a text has in it."""
_SUBJECTS = {
    "counts": r"\bhow many\b|\bnumber of\b|\b(?:the|a) count\b|\bcounts? of\b|(?:^|[.:;!?,] |please )count\b",
    "frequencies": r"\b(?:how often|most|least|fewest|frequent|common|rare(?:st)?)\b",
    "shares": r"%|\b(?:percent(?:age)?|proportion|fraction|rate)s?\b|\b(?:what|which) share\b|\bshares? of\b",
    "correlations": r"\bcorrelat|\bassociat",
    "columns": r"\b(?:which|what) (?:\w+ ){0,2}(?:columns?|variables?|features?|measurements?|attributes?)\b",
    "gaps": r"\b(?:missing|null|nan|empty|blank|unknown|not (?:recorded|given|known)|without (?:a|any) value|"
    r"gaps?|lack(?:s|ing)?)\b",
    "changes": r"\b(?:r[io]se|risen|f[ae]ll|fallen|gr[eo]w|grown|increase|decrease|gain|lose|lost|drop|dropped|change|"
    r"decline)(?:s|d)?\b",
    "quantiles": r"\bpercentile|\bquantile|\bquartile|\binterquartile|\bIQR\b",
    "tests": r"\bt[- ]?(?:test|stat)|\bp[- ]?value|\bmann-?whitney|\bchi-?squared?|\banova\b",
    "slopes": r"\bslope|\bregress|\bintercept\b|\bR(?:²|\^?2|-squared)",
    "logarithms": r"\blog(?:arithm)?s?\b|\blogarithmic\b",
    "comparisons": r"\b(?:than|(?:below|above) (?:the|that|those)|difference|differs?|compared|versus|vs|exceeds?|"
    r"gap between|ratio|times as)\b",
    "successions": r"\b(?:the (?:\w+ )?(?:before|earlier)|previous|preceding|prior) ?(?:\w+)?",
    "fractions": r"\b(?:fraction|proportion|between 0 and 1)\b",
}
"""What a question speaks of, by its words."""
MOST_OTHERS = 12
"""Columns that are told though the question doesn't name them."""


def question_facts(
    task: str, reads: list[tuple[str, str]], profile: DataProfile, inspect: Inspect
) -> dict[str, object]:
    """What the templates may tell of a question.

    `mentions`, `others`, columns of words that it doesn't name, `reads` with the tables' dates, `parsed`, lines that
    make numbers of text, `rows`, those of a single table that the question is about, `large_groups`, which keeps the
    groups with enough of them, `computed`, a formula of columns, `steps`, lines on the way to the answer, the `idioms`,
    `answer`, the lines that compute the answer from these rows, "" where that isn't sure, `printed`, the line that
    prints it, and whether its values are `tagged`.

    Args:
        task: the person's words.
        reads: the variables that have the tables, and the expressions that load them.
        profile: which tables there are.
        inspect: runs a snippet in the kernel.
    """
    whole = _in_digits(_without_files(task, profile))
    # The demand for a form ("answer with the number of the month") says little of what is computed.
    asked = without_form(whole)
    tables = [_looked_at(name, reading, asked, whole, inspect) for name, reading in reads]
    found = [each for seen in tables for each in seen.mentions]
    numbers = [each for seen in tables for each in seen.numbers]
    others = [each for seen in tables for each in seen.others]
    found = _one_year(_owned(sorted(found, key=lambda each: each.at), asked))
    table = reads[0][0] if reads else ""
    spoken = {subject for subject, words in _SUBJECTS.items() if re.search(words, asked, re.I)}
    base, portion = _share(asked, found) if "shares" in spoken else (found, [])
    facts = measure_facts(asked, table, found, numbers, "changes" in spoken) | {
        "portion": all_of([in_rows(each.rows, table) for each in portion]),
        "amount": _amount(asked, found),
    }
    mentions = (*(replace(each, is_asked=goes_by(asked, each)) for each in found), *_figures(asked))
    by_name, names, steps = named_ways(facts, asked, whole)
    subjects = covered(by_name)
    ways = by_name if "models" in subjects else [*by_name, *idioms(facts, spoken - subjects, asked)]
    spoken |= names
    rows, large = _rows(table, base) if len(reads) == 1 else "", _large_groups(asked, found)
    spoken |= {name for name, is_asked in (("statistic", facts["is_named"]), ("rank", facts["is_ranked"])) if is_asked}
    start = "\n".join([rows, large, facts["computed"]]) if rows else ""
    # "The price per foot (price / feet)" is said once a formula is.
    said = re.sub(r"\bper\b", "", asked.replace(facts["computed_by"], "")) if facts["computed"] else asked
    answer = sure_lines(ways, spoken, said, mentions, start, tagged(task))
    if not answer:
        # What is sure of the way there stands in the skeleton, too.
        steps += dict.fromkeys(line for way in by_name for line in way.before)
        ways = [replace(way, before=()) if way in by_name else way for way in ways]
    return {
        "reads": [(name, seen.reading) for (name, _), seen in zip(reads, tables, strict=True)],
        "mentions": mentions,
        "others": others[:MOST_OTHERS],
        "steps": steps if rows else [],
        "parsed": [line for seen in tables for line in seen.parsed],
        "computed": facts["computed"],
        "rows": rows,
        "large_groups": large,
        "idioms": ways,
        "answer": answer,
        "printed": printed(task),
        "tagged": bool(tagged(task)),
    }


@dataclass(frozen=True)
class _Table:
    """What was found in a table: how it is read well, how numbers are made of text, what the question names of it, its
    columns of numbers, and what is told of columns of words that the question doesn't name."""

    reading: str
    parsed: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    numbers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def _looked_at(name: str, reading: str, asked: str, whole: str, inspect: Inspect) -> _Table:
    """Look at the table of the variable `name`; the form of the answer, which only `whole` has, may name what the
    question goes by where it doesn't itself."""
    try:
        seen = json.loads(inspect(snippet("columns", reading=reading, task=asked)))
    except ValueError:
        return _Table(reading)
    columns = [each for each in seen["columns"] if not _numbers_rows(each, seen["rows"])]
    reading = _well_read(reading, columns)
    said = _annotated(asked, columns)
    units = [unit_of(column["name"]) if column["kind"] == "number" else "" for column in columns]
    for column, unit in zip(columns, units, strict=True):
        column["unit"] = unit if units.count(unit) == 1 else ""
    found = [each for column in columns if (each := _column_named(asked, said, name, column, reading))]
    if read_measure(asked).is_ranked and not any(_may_group(asked, each) for each in found):
        more = [_column_named(whole, whole, name, column, reading) for column in columns]
        found += [each for each in more if each and _may_group(whole, each)]
    known = {each.column for each in found}
    parsed = [
        f"{where} = {each['parsed'].format(where)}"
        for each in columns
        if each["parsed"] and each["name"] in known and (where := f"{name}[{literal(each['name'])}]")
    ]
    return _Table(
        reading,
        tuple(parsed),
        tuple(found),
        tuple(each["name"] for each in columns if each["kind"] == "number"),
        tuple(_told_briefly(name, each) for each in columns if each["kind"] == "words" and each["name"] not in known),
    )


def _numbers_rows(about: dict[str, Any], rows: int) -> bool:
    """Whether a column only counts the rows."""
    is_unique = about["kind"] == "number" and about["different"] == rows > 20
    return is_unique and about["low"] in (0, 1) and about["high"] - about["low"] == rows - 1


def _may_group(task: str, mention: Mention) -> bool:
    """Whether the question may go by what it names: a part of a date, words, or what stands behind "which"."""
    return bool(mention.part or (mention.words and not mention.values)) or goes_by(task, mention)


def _owned(mentions: list[Mention], task: str) -> list[Mention]:
    """Without those of a column that isn't named, all of whose values another has that is: many columns have "Yes"."""
    owned = {value for each in mentions if named(task, each.column) for value in each.values}
    return [each for each in mentions if not each.values or named(task, each.column) or set(each.values) - owned]


def _one_year(mentions: list[Mention]) -> list[Mention]:
    """Where a column is the year that the question names, it isn't that of a date: seasons don't end with a year."""
    if not any(each.is_number and each.rows and each.column.lower() == "year" for each in mentions):
        return mentions
    return [each for each in mentions if ".dt.year" not in each.rows]


def _rows(table: str, mentions: list[Mention]) -> str:
    """The expression of the rows that the question is about."""
    conditions = [each.rows for each in mentions if each.rows]
    return f"{table}[{all_of(conditions)}]" if conditions else table


def _share(task: str, mentions: list[Mention]) -> tuple[list[Mention], list[Mention]]:
    """What says of which rows a share is asked for, and what says which of them are counted; of all rows where the
    question doesn't tell the two apart."""
    begin, end = share_parts(task)
    base = [each for each in mentions if each.rows and begin <= each.at < end]
    counted = [replace(each, rows=each.rows or each.where) for each in mentions if each.at >= end]
    return base, [each for each in counted if each.rows] if end else []


def _amount(task: str, mentions: list[Mention]) -> str:
    """The column of numbers of which the question asks how many there are in all, "" where rows are counted."""
    counted = _COUNTED.search(task)
    fitting = [each for each in mentions if each.is_number and counted and place(counted["what"], each.column) == 0]
    return literal(fitting[0].column) if fitting else ""


def _large_groups(task: str, mentions: list[Mention]) -> str:
    """The expression that keeps of `rows` the groups with enough of them, "" where the question asks for none."""
    found = _ENOUGH.search(task)
    for each in mentions:
        if found and each.column and not (each.values or each.part) and named(found["what"], each.column):
            fewest = found["figure"].replace(",", "")
            return f"rows.groupby({literal(each.column)}).filter(lambda group: len(group) >= {fewest})"
    return ""


def _well_read(reading: str, columns: list[dict[str, Any]]) -> str:
    """The expression that reads a table, its words for a missing value and its dates as such where all are written
    alike."""
    if not reading.startswith("pd.read_csv("):
        return reading
    gaps = list(dict.fromkeys(gap for each in columns for gap in each["gaps"]))
    if gaps and "na_values=" not in reading:
        reading = f"{reading[:-1]}, na_values=[{', '.join(map(literal, gaps))}])"
    dates = [each for each in columns if each["kind"] == "date"]
    if len({each["arguments"] for each in dates}) != 1:
        return reading
    names = ", ".join(literal(each["name"]) for each in dates)
    return f"{reading[:-1]}, parse_dates=[{names}]{dates[0]['arguments'].replace('format', 'date_format')})"


def _without_files(task: str, profile: DataProfile) -> str:
    """The question without the files' names; a table's name means its rows: "the flights" are no column of numbers."""
    for path in profile.readings:
        file = path.rsplit("/", 1)[-1]
        task = task.replace(path, "").replace(file, "")
        task = re.sub(rf"(?<!\w){re.escape(file.partition('.')[0])}(?!\w)", "rows", task)
    return task


_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _in_digits(task: str) -> str:
    """The question with the number words of its comparisons as figures: "at least four"."""
    before = r"\b(?:at least|at most|more than|less than|fewer than|over|under|exactly|just|a minimum of|a maximum of)"
    pattern = rf"({before}) ({'|'.join(_WORDS)})\b"
    return re.sub(pattern, lambda found: f"{found[1]} {_WORDS.index(found[2].lower()) + 1}", task, flags=re.I)


def _counted(task: str, name: str) -> str:
    """The question with "four-cylinder" as "4-cylinder", where that is the column's name."""
    pattern = rf"\b({'|'.join(_WORDS)})(?=-(?:{spelt(name)}))"
    return re.sub(pattern, lambda found: str(_WORDS.index(found[1].lower()) + 1), task, flags=re.I)


def _annotated(task: str, columns: list[dict[str, Any]]) -> str:
    """The question without words that it puts a column's name behind: "net time (column net)" is only about `net`."""
    for column in columns:
        note = rf"\((?:in |the )?(?:columns? )?[`\"']?{re.escape(column['name'])}[`\"']?(?=[,;)])"
        task = re.sub(rf"(?:[\w'’.-]+ ){{1,2}}(?={note})", "", task)
    return task


def _told_briefly(table: str, about: dict[str, Any]) -> str:
    """What is told of a column of words that the question doesn't name: it may mean its values in other words."""
    frequent = [value for value in about["frequent"] if len(value) <= 20][:6]
    shown = [*map(literal, frequent), *(["..."] if about["different"] > len(frequent) else [])]
    return f"{table}[{literal(about['name'])}]: {', '.join(shown)}"


def _column_named(task: str, said: str, table: str, about: dict[str, Any], reading: str) -> Mention | None:
    """What is told of a column that the question names, in the words `said`, None where it doesn't."""
    name, where = about["name"], f"{table}[{literal(about['name'])}]"
    if about["kind"] == "date":
        return date_named(task, where, about, reading)
    is_number = about["kind"] == "number"
    meant = about.get("meant", {})
    places = {value: place(task, meant.get(value) or core_of(value)) for value in about.get("spoken", ())}
    sure = {value for value in places if value in meant or core_of(value) in task or named(said, name)}
    # A word among many values may stand in the question by chance.
    spoken = sorted((places if about["different"] <= FEW_VALUES else sure), key=lambda value: places[value])
    is_year = is_number and name.lower() == "year"
    year = years_condition(task, years_within(task, about), where) if is_year else ""
    unit = about.get("unit", "")
    span = (about["low"], about["high"]) if is_number else (0, 0)
    bounded = is_number and condition_on(_counted(task, name), f"(?:{spelt(name)})(?!\\w)", where, span, unit)
    if not (spoken or year or named(said, name) or (unit and bounded)):
        return None
    if is_number:
        told = f"{where}: numbers from {about['low']:g} to {about['high']:g}"
        if about["strangers"]:
            told += f", and text that is no number: {', '.join(map(literal, about['strangers']))}"
    else:
        more = ", ..." if about["different"] > len(about["frequent"]) else ""
        told = f"{where}: {about['different']} different words: {', '.join(map(literal, about['frequent']))}{more}"
    told += f"; {about['missing']} are missing" if about["missing"] else ""
    yes = {value.lower(): value for value in about.get("frequent", ()) if about["different"] == 2}
    if not spoken and yes.keys() in ({"yes", "no"}, {"y", "n"}):
        told += f"; it holds where {where} == {literal(yes[max(yes)])}"
    conditions = [f"{where} {_sign(task, meant.get(value) or core_of(value))} {literal(value)}" for value in spoken]
    told += f"; the question names {' and '.join(conditions)}" if spoken else ""
    year = year or (equal_to(where, months_of(task)) if is_number and name.lower() == "month" else "")
    rows = year or bounded or ""
    # "plain Guard (not Guard-Forward)": the others are out anyway.
    kept = [value for value, each in zip(spoken, conditions, strict=True) if " != " not in each]
    if contained := "" if is_number else _containing(task, name, where):
        rows = contained
    elif len(spoken) == len(sure) == 1:
        rows = conditions[0]
    elif len(spoken) == len(sure) > 1 and (about["different"] > len(spoken) or len(kept) < len(spoken)):
        several = f"{where}.isin([{', '.join(map(literal, kept))}])"
        among = several if len(kept) > 1 else equal_to(where, [*map(literal, kept)])
        rows = among or all_of(conditions)
    at = min([place(task, name), *places.values()])
    if at == len(task) and unit and (counted := re.search(rf"\d\W*{unit}", task, re.I)):
        at = counted.start()
    frequent = tuple(about.get("frequent", ()))
    where = " or ".join(conditions)
    return Mention(told, name, tuple(spoken), words=frequent, is_number=is_number, at=at, where=where, rows=rows)


def _containing(task: str, name: str, where: str) -> str:
    """The condition that a text has the words which the question quotes, such as "names that contain 'wood'", or ""."""
    found = re.search(_CONTAINS, task, re.I)
    if not found or not named(task, name):
        return ""
    quoted = found[2]
    if re.match(r"begin|start", found[1], re.I):
        return f"{where}.str.startswith({literal(quoted)}, na=False)"
    if re.match(r"end", found[1], re.I):
        return f"{where}.str.endswith({literal(quoted)}, na=False)"
    return f"{where}.str.contains({literal(quoted)}, case=False, regex=False, na=False)"


def _sign(task: str, said: str) -> str:
    """`!=` where the question names a value to leave it out, such as "flats that aren't red"."""
    out = r"(?:\bnot|n['’]t|\bnon|\bother than|\bexcept(?: for)?)\W+(?:(?:be|the|from|in|of)\W+)*"
    behind = (
        r"\W+(?:\w+\W+){0,2}?(?:stays? out|(?:is|are|be|were) (?:\w+ )?(?:left out|excluded|ignored|dropped|omitted))\b"
    )
    name = rf"(?:{spelt(said)})(?![\w-])"
    return "!=" if re.search(rf"(?:{out}|{LEFT_OUT}){name}|(?<![\w-]){name}{behind}", task, re.I) else "=="


def _figures(task: str) -> list[Mention]:
    """The figures of the question's conditions; those in brackets and in the demand for a form are none."""
    asked = without_form(re.sub(r"\([^)]*\)", "", task))
    return [Mention(f'"{each.group(0).strip()}"', figure=each["figure"]) for each in _CONDITION.finditer(asked)]
