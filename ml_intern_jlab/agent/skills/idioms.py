"""How what a question asks for is written with pandas, with the names of its table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ...recipes.source import literal
from ..answers import variable_of
from .mentions import Mention, overlooked, same_word

_STEPS = re.compile(
    r"\b(?:per|each|every|both|either|top|bottom|half|twice|double|consecutive|running|cumulative|rolling|weighted|"
    r"ratio|minus|plus|divided|multiplied|squared|relative|(?:two|three|four|five|six|seven|eight|nine|ten|dozen)(?!-))\b",
    re.I,
)
"""Words for a step that no idiom has."""
_NOT = re.compile(r"\b(?:not|no|non|nor|neither|never|except|excluding|other than|without|unless)\b|n['’]t\b", re.I)
_NAMES = re.compile(
    r"(?<=[\w,] )(?!(?:Pearson|Spearman|Kendall|Welch|Student|Shapiro|Yates|Kruskal|Mann|Excel|English|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|January|February|March|April|May|June|July|August|September|October|"
    r"November|December)\b)[A-Z][a-z]+"
)
"""Words for something that has a name: where no column has it, the question means it in other words."""
_SETTLED = re.compile(r"\bwithout [^.,;?!]*\b(?:correction|replacement)\b|\bno matter\b|\bnothing (?:but|else)\b", re.I)
"""What sounds like a negation and is settled elsewhere or is none."""
_THAN_FIGURE = re.compile(r"\b\w+ than (?:the )?[\d.,]+", re.I)
_LESS = r"\b(?:below|lower|less|fewer|smaller|shorter|lighter|cheaper|younger|slower)\b"
_FELL = r"\b(?:f[ae]ll|fallen|decreased?|declined?|lost|lose|drop(?:ped)?|shr[aiu]nk)\b"


@dataclass(frozen=True)
class Idiom:
    """A way to compute something.

    `what` it gives, the `code` of the value, "" where only words can tell, the lines that go `before` it, and what of a
    question it `covers`: its subjects, `statistic` and `rank`.
    """

    what: str
    code: str
    covers: frozenset[str]
    before: tuple[str, ...] = ()


def covered(found: list[Idiom]) -> set[str]:
    """What of a question some idioms have together."""
    return {name for each in found for name in each.covers}


def sure_lines(
    found: list[Idiom], subjects: set[str], task: str, mentions: tuple[Mention, ...], rows: str, tags: list[str]
) -> str:
    """The lines that compute the answer from `rows`, "" unless they leave out nothing that the question says.

    Args:
        found: the idioms that it may need.
        subjects: what it speaks of, with `statistic` and `rank`.
        task: the question.
        mentions: what it names.
        rows: the source that takes the rows.
        tags: the names of the values that it wants back, where it names them.
    """
    lines = _named_lines(found, tags) if len(tags) > 1 else _single_lines(found)
    # Of several values that are wanted, "both" says no more.
    said = re.sub(r"\bboth\b", "", task) if len(tags) > 1 else task
    if not lines or not rows or _STEPS.search(said):
        return ""
    if not subjects & {"gaps", "columns"} and _NOT.search(_SETTLED.sub("", task)):
        return ""
    told = "\n".join(each.told for each in mentions)
    if any(name not in told + "\n".join(lines) for name in _NAMES.findall(task)):
        return ""
    if not re.search(r"\b(?<!other )(?<!rather )than\b|\bdiffer", _THAN_FIGURE.sub("", task), re.I):
        subjects = subjects - {"comparisons"}
    is_whole = subjects - {"frequencies"} <= covered(found) and not overlooked(mentions, [rows, *lines])
    return "\n".join(lines) if is_whole else ""


def _single_lines(found: list[Idiom]) -> list[str]:
    return [*found[0].before, f"answer = {found[0].code}"] if len(found) == 1 and found[0].code else []


def _named_lines(found: list[Idiom], tags: list[str]) -> list[str]:
    """The lines that compute each of the values, where each has the name of one of the idioms."""
    lines: list[str] = []
    for tag in tags:
        fitting = [
            each
            for each in found
            if each.covers and any(same_word(tag, word) for word in re.findall(r"\w+", each.what))
        ]
        if len(fitting) != 1:
            return []
        lines += [*(line for line in fitting[0].before if line not in lines), f"{variable_of(tag)} = {fitting[0].code}"]
    return lines if len(tags) == len(found) else []


def idioms(facts: dict[str, Any], subjects: set[str], task: str) -> list[Idiom]:
    """The idioms that a question may need, mostly one.

    Args:
        facts: those of `measure_facts`, with `portion` and `amount`.
        subjects: what the question speaks of.
        task: the question.
    """
    value, numbers = facts["value"], facts["numbers"]
    if "gaps" in subjects:
        found = _of_gaps(facts, subjects)
    elif "correlations" in subjects:
        found = _of_correlations(facts, subjects, task)
    elif "tests" in subjects:
        found = []
    elif "slopes" in subjects:
        found = _of_lines(numbers, task) if len(numbers) == 2 else []
    elif "quantiles" in subjects and value:
        covers = frozenset({"quantiles"})
        found = [Idiom("a quantile", f"rows[{value}].quantile({facts['quantile']})", covers)]
        if re.search(r"\bIQR\b|interquartile", task, re.I):
            spread = f"rows[{value}].quantile(0.75) - rows[{value}].quantile(0.25)"
            found.append(Idiom("the interquartile range", spread, covers))
    else:
        found = _of_changes(facts, subjects, task) or _of_rows(facts, subjects, task)
    if "logarithms" in subjects and numbers:
        logarithm = f"np.log(rows[{numbers[-1]}])"
        found.append(Idiom("the natural logarithm of a column", logarithm, frozenset(), ("import numpy as np",)))
    return found


def _of_changes(facts: dict[str, Any], subjects: set[str], task: str) -> list[Idiom]:
    """What changed most between two years, or from one row to the next."""
    value, by, years, date = (facts[name] for name in ("value", "by", "years", "date"))
    extreme = "idxmin" if re.search(_FELL, task, re.I) else "idxmax"
    if facts["times"] and by and value and years:
        first, last = facts["times"]
        wide = f"wide = rows.pivot_table(index={by}, columns={years}, values={value})"
        change = f"(wide[{last}] - wide[{first}]).{extreme}()"
        return [Idiom("the group that changed most", change, frozenset({"changes", "rank"}), (wide,))]
    if "successions" in subjects and date and value:
        change = f"rows.loc[rows[{value}].diff().{extreme}(), {date}]"
        covers = frozenset({"successions", "changes", "rank"})
        before = (f"rows = rows.sort_values({date})",)
        return [Idiom("the time of the greatest change since the row before", change, covers, before)]
    return []


def _of_gaps(facts: dict[str, Any], subjects: set[str]) -> list[Idiom]:
    """Missing values are counted: by column, by group, or as a share."""
    covers = frozenset({"gaps", "columns", "counts", "rank"})
    gaps = f"rows[{facts['value']}].isna()"
    if "columns" in subjects:
        return [Idiom("the column with the most missing values", f"rows.isna().sum().{facts['best']}()", covers)]
    if not facts["value"]:
        return []
    if facts["is_ranked"] and facts["by"]:
        found = f"{gaps}.groupby({_groups(facts)}).sum().{facts['best']}()"
        return [Idiom("the group with the most missing values", found, covers)]
    if "shares" in subjects:
        return [
            Idiom("the share of missing values", _share(gaps, subjects), frozenset({"gaps", "shares", "fractions"}))
        ]
    return [Idiom("how many are missing", f"{gaps}.sum()", frozenset({"gaps", "counts"}))]


def _of_lines(numbers: list[str], task: str) -> list[Idiom]:
    """The straight line of the first column on the second."""
    result = "intercept" if re.search(r"what(?:['’]s| is) the (?:\w+ )?intercept", task, re.I) else "slope"
    whole = f"whole = rows.dropna(subset=[{', '.join(numbers)}])"
    line = f"line = stats.linregress(whole[{numbers[1]}], whole[{numbers[0]}])"
    covers = frozenset({"slopes", "changes", "counts"})
    return [Idiom("a straight line", f"line.{result}", covers, ("from scipy import stats", whole, line))]


def _of_correlations(facts: dict[str, Any], subjects: set[str], task: str) -> list[Idiom]:
    """The correlation of two columns, or the column that correlates most with one."""
    value, numbers = facts["value"], facts["numbers"]
    ranks = re.search(r"\b(spearman|kendall)|\b(?:rank[- ]|monotonic)", task, re.I)
    method = (ranks[1] or "spearman").lower() if ranks else ""
    if "columns" in subjects and value:
        how = f"method={literal(method)}, numeric_only=True" if method else "numeric_only=True"
        found = f"rows.corr({how})[{value}].drop({value}).{facts['best']}()"
        covers = frozenset({"correlations", "columns", "rank"})
        return [Idiom("the column that correlates most with one", found, covers)]
    if len(numbers) != 2:
        return []
    if "tests" in subjects:
        test = {"": "pearsonr", "spearman": "spearmanr", "kendall": "kendalltau"}[method]
        whole = f"whole = rows.dropna(subset=[{', '.join(numbers)}])"
        line = f"test = stats.{test}(whole[{numbers[0]}], whole[{numbers[1]}])"
        before = ("from scipy import stats", whole, line)
        return [Idiom("the correlation and its p-value", "test.statistic, test.pvalue", frozenset(), before)]
    how = f", method={literal(method)}" if method else ""
    code = f"rows[{numbers[0]}].corr(rows[{numbers[1]}]{how})"
    return [Idiom("the correlation", code, frozenset({"correlations"}))]


def _of_rows(facts: dict[str, Any], subjects: set[str], task: str) -> list[Idiom]:
    """Rows or groups are compared, ranked, averaged or counted, or their share is asked for."""
    value, statistic = facts["value"], facts["statistic"]
    pair = facts["pair"] or (facts["compared"] if facts["years"] else [])
    if pair and value and "comparisons" in subjects and facts["is_named"]:
        one, other = reversed(pair) if re.search(_LESS, task, re.I) else pair
        by_group = f"by_group = rows.groupby({facts['pair_of'] or facts['years']})[{value}].{statistic}()"
        covers = frozenset({"comparisons", "statistic", "counts"})
        return [Idiom("two groups compared", f"by_group[{one}] - by_group[{other}]", covers, (by_group,))]
    if "shares" in subjects:
        covers = frozenset({"shares", "fractions"})
        told = "a share of rows, where `rows` are all those that it is a share of"
        if facts["portion"]:
            return [Idiom(told, _share(f"({facts['portion']})", subjects), covers)]
        return [
            Idiom(
                f"{told}: the `.mean()` of their condition{'' if 'fractions' in subjects else ', times 100'}",
                "",
                covers,
            )
        ]
    if facts["is_ranked"]:
        return _of_ranks(facts, subjects, task)
    found = []
    is_sum = statistic == "sum" and "counts" in subjects and facts["amount"]
    if facts["is_named"] and value and statistic != "nunique" and not is_sum:
        covers = frozenset({"statistic", "counts"} if facts["amount"] else {"statistic"})
        found.append(Idiom(f"the {statistic}", f"rows[{value}].{statistic}()", covers))
    if "counts" in subjects and statistic == "nunique" and facts["by"]:
        found.append(Idiom("how many different", f"{_groups(facts)}.nunique()", frozenset({"statistic", "counts"})))
    elif "counts" in subjects and facts["amount"] and (is_sum or not facts["is_named"]):
        covers = frozenset({"counts", "statistic"} if statistic == "sum" else {"counts"})
        found.append(Idiom("how many", f"rows[{facts['amount']}].sum()", covers))
    elif "counts" in subjects and not (facts["amount"] and facts["is_named"]):
        found.append(Idiom("how many", "len(rows)", frozenset({"counts"})))
    return found


def _of_ranks(facts: dict[str, Any], subjects: set[str], task: str) -> list[Idiom]:
    """The highest or lowest, or the one that comes as second, third, …"""
    value, by, best, nth, statistic = (facts[name] for name in ("value", "by", "best", "nth", "statistic"))
    rank = "lowest" if best == "idxmin" else "highest"
    told = f"number {nth} from the {rank}" if nth > 1 else f"the {rank}"
    pick = f"sort_values(ascending={best == 'idxmin'}).index[{nth - 1}]" if nth > 1 else f"{best}()"
    if "frequencies" in subjects and by and not (facts["is_named"] or facts["numbers"]):
        counts = f"{_groups(facts)}.value_counts().{pick}"
        return [Idiom(f"the value with {told} number of rows", counts, frozenset({"rank", "counts"}))]
    if value and by:
        found = f"rows.groupby({by})[{value}].{statistic}().{pick}"
        return [Idiom(f"the group with {told} {statistic}", found, frozenset({"rank", "statistic"}))]
    if value and re.search(r"\b(?:which|who|where|when)\b", task, re.I):
        row = f"rows.sort_values({value}, ascending={best == 'idxmin'}).iloc[{nth - 1}]"
        return [Idiom(f"the row with {told} value", row, frozenset({"rank"}))]
    if value:
        found = f"rows[{value}].{'nsmallest' if best == 'idxmin' else 'nlargest'}({nth}).iloc[-1]"
        return [Idiom(f"{told} value", found, frozenset({"rank"}))]
    return []


def _groups(facts: dict[str, Any]) -> str:
    return str(facts["by"]) if "dt." in facts["by"] else f"rows[{facts['by']}]"


def _share(condition: str, subjects: set[str]) -> str:
    return f"{condition}.mean()" if "fractions" in subjects else f"{condition}.mean() * 100"
