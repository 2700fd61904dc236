"""Statistics and steps that have a name of their own, and how each is written with pandas, scipy and scikit-learn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..answers import SPLIT
from .idioms import Idiom, covered
from .mentions import spelt

_SCIPY = "from scipy import stats"


@dataclass(frozen=True)
class _Way:
    """`words` ask for it; `code`, "" for a test, and the lines `before` it have what `_names` knows in place of names
    in braces, such as {value} (a column of numbers) and {word} (of words). One that isn't known leaves the way out."""

    name: str
    words: str
    what: str
    code: str
    before: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    """Subjects of `columns` that it has, too."""


_WAYS = (
    _Way("skewness", r"\bskew", "the skewness", "{skew}", ("{scipy}",)),
    _Way("kurtosis", r"\bkurt", "the excess kurtosis", "{kurt}", ("{scipy}",)),
    _Way(
        "normality",
        r"\bshapiro|\bnormality|\bnormally distributed|\bnormal distribution|\bgaussian",
        "of a test of normality (W)",
        "",
        (_SCIPY, "test = stats.shapiro(rows[{value}].dropna())"),
        ("tests",),
    ),
    _Way(
        "independence",
        r"\bchi-?\s?(?:2|squared?)\b|χ|\btest (?:of|for) independence|\bcontingency",
        "of a test of independence (chi2)",
        "",
        (_SCIPY, "test = stats.chi2_contingency(pd.crosstab(rows[{word}], rows[{other_word}]){correction})"),
        ("tests",),
    ),
    _Way(
        "variances",
        r"\banova\b|\banalysis of variance|\bkruskal",
        "of a test of several groups (F, H)",
        "",
        (
            _SCIPY,
            "groups = [group.dropna() for _, group in rows.groupby({word})[{value}]]",
            "test = stats.{of_groups}(*groups)",
        ),
        ("tests", "comparisons"),
    ),
    _Way(
        "outliers",
        r"\boutl(?:ier|ying)\w*(?=.*(?:\biqr\b|quartile|fence|tukey|1[.,]5))|(?:\biqr\b|quartile|fence|tukey).*\boutl",
        "the number of outliers by the interquartile range",
        "((rows[{value}] < low - 1.5 * (high - low)) | (rows[{value}] > high + 1.5 * (high - low))).sum()",
        ("low, high = rows[{value}].quantile([0.25, 0.75])",),
        ("quantiles", "counts"),
    ),
    _Way(
        "z-scores",
        r"\bz[- ]?scores?\b|\bstandard deviations? (?:from|above|below|away)|\bstandardi[sz]|\bsigma\b",
        "the z-scores of a column, and how many lie beyond 3",
        "(z.abs() > 3).sum()",
        ("z = (rows[{value}] - rows[{value}].mean()) / rows[{value}].std()",),
    ),
    _Way(
        "scaling",
        r"\bmin-?\s?max|\bnormali[sz]e|\bre?scaled?\b.*\b0\b",
        "the mean of a column scaled to 0 to 1",
        "scaled.mean()",
        ("scaled = (rows[{value}] - rows[{value}].min()) / (rows[{value}].max() - rows[{value}].min())",),
    ),
    _Way(
        "filling",
        r"\bfill(?:s|ed|ing)?\b|\bimput|\breplac\w+ (?:\w+ ){0,3}(?:missing|nulls?|nans?|gaps|blanks)",
        "the mean of a column whose gaps are filled",
        "filled.mean()",
        ("filled = rows[{value}].fillna(rows{grouped}[{value}].{filler})",),
    ),
    _Way(
        "duplicates",
        r"\bduplicate|\bidentical\b|\btwice\b.*\brows?\b|\bde-?dup",
        "the number of rows that repeat an earlier one, and the rows without them",
        "rows.duplicated().sum()",
        ("distinct = rows.drop_duplicates()",),
    ),
    _Way(
        "bins",
        r"\bbin(?:s|ned|ning)?\b|\bbuckets?\b|\bage groups?\b|\bintervals?\b|\bbrackets?\b",
        "rows by ranges of a column",
        "rows.groupby(ranges)[{value}].{statistic}()",
        ("ranges = pd.cut(rows[{ranged}], {edges})",),
    ),
    _Way("mode", r"\b(?:the|its|statistical) mode of|\bmodal\b", "the most frequent value", "rows[{value}].mode()[0]"),
    _Way(
        "variation",
        r"\bcoefficients? of variation|\brelative standard deviation",
        "the coefficient of variation",
        "rows[{value}].std() / rows[{value}].mean()",
    ),
    _Way(
        "runs",
        r"\b(?:unbroken|uninterrupted|in a row|streaks?|runs? of|consecutive (?:\w+ ){0,2}(?:with|that|above|below))\b",
        "the length of the longest run of rows in which a condition `hit` holds",
        "hit.groupby((~hit).cumsum()).sum().max()",
    ),
    _Way(
        "gaps in time",
        r"\b(?:days?|time|months?|hours?|gap|interval) between (?:\w+ ){0,3}(?:consecutive|successive)|"
        r"\b(?:longest|largest|biggest|shortest) (?:gap|break|pause|interval)\b",
        "the greatest number of days from one row to the next",
        "rows[{date}].sort_values().diff().dt.days.max()",
    ),
    _Way(
        "moving averages",
        r"\b(?:moving|rolling|running) (?:average|mean|median)",
        "a moving average of 7 rows",
        "rows[{value}].rolling(7).mean()",
    ),
)
_TWO_GROUPS = _Way(
    "two groups",
    r"\bt[- ]?(?:test|stat)|\bp[- ]?value|\bmann\b|\bwilcoxon\b|\brank[- ]sum|\bwelch|\bstudent",
    "of a test of two groups (t, U)",
    "",
    (
        _SCIPY,
        "one = rows.loc[rows[{pair_of}] == {first}, {value}].dropna()",
        "other = rows.loc[rows[{pair_of}] == {second}, {value}].dropna()",
        "test = stats.{of_two}",
    ),
    ("tests", "comparisons"),
)
_STEPS = ("z-scores", "scaling", "filling", "duplicates", "bins", "runs", "gaps in time", "moving averages")
"""Ways that are only a step of an answer."""
_ESTIMATORS = (
    (r"\blogistic", "linear_model", "LogisticRegression(max_iter=1000)"),
    (r"\bdecision tree", "tree", "DecisionTree{kind}(random_state={seed})"),
    (r"\brandom forest", "ensemble", "RandomForest{kind}(random_state={seed})"),
    (r"\bnearest neighbo|\bk-?nn\b", "neighbors", "KNeighbors{kind}()"),
    (r"\blinear ?regression|\bleast squares|\bols\b", "linear_model", "LinearRegression()"),
)
_SCORES = (
    (r"\brmse\b|\broot mean squared?", "mean_squared_error", " ** 0.5"),
    (r"\bmse\b|\bmean squared?", "mean_squared_error", ""),
    (r"\bmae\b|\bmean absolute", "mean_absolute_error", ""),
    (r"\br(?:²|\^?2\b|-?squared\b)|\bcoefficient of determination", "r2_score", ""),
    (r"\baccura|\bcorrectly\b", "accuracy_score", ""),
    (r"\bf1\b", "f1_score", ""),
)
_RANGES = r"(?:bin(?:s|ned|ning)?|buckets?|groups?|intervals?|brackets?|ranges?)"
_REFINED = re.compile(
    r"\b(?:stratif|scal(?:e|ing)|standardi[sz]|normali[sz]|encod|one-hot|polynomial|interaction|cross[- ]?valid|"
    r"tun(?:e|ing)|max_\w+|n_\w+|depth|shuffle|weight)",
    re.I,
)
"""What a model may be asked for beside its split."""
_UNCORRECTED = r"\b(?:without (?:any )?(?:bias|correct)|no bias|biased|uncorrected|population|scipy)"
_DECIDES = r"\bsignifican|\breject|\balpha\b|\blevel\b|\bdecide"


def named_ways(facts: dict[str, Any], task: str, whole: str) -> tuple[list[Idiom], set[str], list[str]]:
    """The idioms of what the question asks for by name, these names, and the lines of steps towards the answer.

    Args:
        facts: those of `measures.measure_facts`.
        task: the question.
        whole: the same with the form of its answer.
    """
    names = _names(facts, task)
    found: list[Idiom] = []
    spoken: set[str] = set()
    steps: list[str] = []
    if SPLIT.search(task):
        found, spoken = _fitted(facts, task), {"models"}
    for way in (*_WAYS, _TWO_GROUPS):
        if not re.search(way.words, task, re.I | re.S) or (way is _TWO_GROUPS and "tests" in covered(found)):
            continue
        spoken.add(way.name)
        try:
            lines, code = [line.format_map(names) for line in way.before], way.code.format_map(names)
        except KeyError:
            continue
        before = tuple(line for line in lines if line)
        covers = frozenset({way.name, *way.covers})
        if not code:
            found += _tested(way, before, covers, whole)
        elif way.name in _STEPS:
            steps += before
            found.append(Idiom(way.what, code, frozenset()))
        else:
            found.append(Idiom(way.what, code, covers, before))
    return found, spoken, steps


def _tested(way: _Way, before: tuple[str, ...], covers: frozenset[str], task: str) -> list[Idiom]:
    """What of a test the question wants: its statistic, its p-value, the decision; both numbers where it names none."""
    statistic = re.search(r"(?i:\bstatistics?\b|\b[tu][- ]value)|\b[FHUW]\b", task)
    p_value = re.search(r"\bp[- ]?values?\b", task, re.I)
    found = []
    if statistic or not p_value:
        code = "abs(test.statistic)" if "absolute" in task.lower() else "test.statistic"
        found.append(Idiom(f"the statistic {way.what}", code, covers, before))
    if p_value or not statistic:
        found.append(Idiom(f"the p_value, p, pvalue {way.what}", "test.pvalue", covers, before))
    if re.search(_DECIDES, task, re.I):
        is_normal = way.name == "normality"
        what = "whether it is normal" if is_normal else "whether it is significant, rejected"
        code = f"test.pvalue {'>=' if is_normal else '<'} {_level(task)}"
        code = f'"yes" if {code} else "no"' if re.search(r"\byes\b", task, re.I) else code
        found.append(Idiom(what, code, covers, before))
    return found


def _names(facts: dict[str, Any], task: str) -> dict[str, str]:
    """What the ways' names stand for, those that are known."""
    words, value = facts["words"], facts["value"]
    median = "median" if re.search(r"\bmedian\b", task, re.I) else "mean"
    grouped = re.search(r"\b(?:of|within|in|by|for|per) (?:the same|each|every|its|their|his|her|that)\b", task, re.I)
    plain = re.search(_UNCORRECTED, task, re.I)
    known = {
        "value": value,
        "skew": value and (f"stats.skew(rows[{value}].dropna())" if plain else f"rows[{value}].skew()"),
        "kurt": value and (f"stats.kurtosis(rows[{value}].dropna())" if plain else f"rows[{value}].kurt()"),
        "word": words[0] if words else facts["by"],
        "other_word": words[1] if len(words) > 1 else "",
        "date": facts["date"],
        "ranged": _ranged(facts["numbers"], task),
        "statistic": facts["statistic"] if facts["is_named"] else "mean",
        "filler": f'transform("{median}")' if words and grouped else f"{median}()",
        "pair_of": facts["pair_of"],
        "first": facts["pair"][0] if facts["pair"] else "",
        "second": facts["pair"][1] if facts["pair"] else "",
        "of_two": _of_two(task),
        "of_groups": "kruskal" if re.search(r"\bkruskal", task, re.I) else "f_oneway",
        "edges": _edges(task),
    }
    without = re.search(r"\b(?:without|no)\b[^.?!]*\b(?:yates|correction)", task, re.I)
    return {name: value for name, value in known.items() if value} | {
        "correction": ", correction=False" if without else "",
        "scipy": _SCIPY if plain else "",
        "grouped": f".groupby({words[0]})" if words and grouped else "",
    }


def _of_two(task: str) -> str:
    """The test of two groups: Mann and Whitney's or Student's where the question says so, else Welch's."""
    if re.search(r"\bmann\b|\bwilcoxon\b|\brank[- ]sum", task, re.I):
        return "mannwhitneyu(one, other)"
    pooled = re.search(r"\bequal[- ]varian|\bstudent\b|\bpooled\b|\bsame variance", task, re.I)
    return f"ttest_ind(one, other, equal_var={bool(pooled)})"


def _ranged(numbers: list[str], task: str) -> str:
    """The column of numbers whose ranges the question speaks of."""
    for name in numbers:
        said = f"(?:{spelt(name[1:-1])})"
        if re.search(rf"{said}\W+(?:in|into|by)?\W*{_RANGES}|{_RANGES}\W+(?:(?:the|of|by|for)\W+)*{said}", task, re.I):
            return name
    return (numbers or [""])[0]


def _level(task: str) -> str:
    """The level of significance that the question names."""
    found = re.search(r"\b(0?\.\d+)\b|\b(\d+) ?(?:%|percent)", task)
    return "0.05" if not found else found[1] or f"{int(found[2]) / 100:g}"


def _edges(task: str) -> str:
    """The arguments of `pd.cut` for the ranges that the question names, such as "18-30, 30-45" or "5 equal bins"."""
    ranges = re.findall(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:-|–|to) ?(\d+(?:\.\d+)?)(?![\d.]*\d)", task)
    if len(ranges) > 1:
        edges = sorted({float(edge) for pair in ranges for edge in pair})
        begins = re.search(
            r"includ\w+ (?:its|the|their) (?:start|lower|left)|exclud\w+ (?:its|the|their) (?:end|upper|right)",
            task,
            re.I,
        )
        return f"[{', '.join(f'{edge:g}' for edge in edges)}]{', right=False' if begins else ''}"
    number = re.search(r"\b(\d+) (?:equal\w*(?:[- ]\w+)? )?(?:bins|buckets|intervals)", task, re.I)
    return number[1] if number else ""


def _fitted(facts: dict[str, Any], task: str) -> list[Idiom]:
    """A model that is fitted on a part of the rows and scored on the rest, as the question says."""
    target = next(
        (
            name
            for name in facts["numbers"] + facts["words"]
            if re.search(rf"\bpredict(?:s|ed|ing)?\W+(?:\w+\W+){{0,2}}?(?:{spelt(name[1:-1])})", task, re.I)
        ),
        "",
    )
    features = [name for name in facts["numbers"] if name != target]
    if not (target and features):
        return []
    size = re.search(r"test_size ?=? ?(0?\.\d+)|(\d\d) ?% (?:\w+ ){0,4}test", task, re.I)
    state = re.search(r"(?:random[_ ]state|seed)(?: of)? ?=? ?(\d+)", task, re.I)
    share, seed = (size[1] or f"0.{size[2]}") if size else "0.25", state[1] if state else "0"
    kind = "Regressor" if target in facts["numbers"] else "Classifier"
    module, estimator = next(
        ((module, code) for words, module, code in _ESTIMATORS if re.search(words, task, re.I)), ("", "")
    )
    score, power = next(((name, power) for words, name, power in _SCORES if re.search(words, task, re.I)), ("", ""))
    if not (estimator and score):
        return []
    estimator = estimator.format(kind=kind, seed=seed)
    before = (
        f"from sklearn.{module} import {estimator.partition('(')[0]}",
        f"from sklearn.metrics import {score}",
        "from sklearn.model_selection import train_test_split",
        f"whole = rows.dropna(subset=[{', '.join([*features, target])}])",
        f"X, y = whole[[{', '.join(features)}]], whole[{target}]",
        f"X_train, X_test, y_train, y_test = train_test_split(X, y, test_size={share}, random_state={seed})",
        f"predicted = {estimator}.fit(X_train, y_train).predict(X_test)",
    )
    return [
        Idiom(
            "a model scored on the rest of the rows",
            f"{score}(y_test, predicted){power}",
            frozenset() if _REFINED.search(task) else frozenset({"models", "slopes", "statistic"}),
            before,
        )
    ]
