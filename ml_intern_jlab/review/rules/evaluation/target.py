"""The answer is among the features."""

from __future__ import annotations

from collections.abc import Iterator

from ...flow.facts import Fit
from ...flow.values import Derivation, Value, gathered
from ...rule import Found, Rule, Subject

_NOT_ITSELF = {"shift", "group", "random"}


def _supervised(subject: Subject) -> Iterator[tuple[Fit, Value, Value]]:
    seen: set[tuple[int, int]] = set()
    for fit in subject.facts.fits:
        target, features = fit.target, fit.features
        if target is None or fit.estimator.role not in ("model", "search", "composite"):
            continue
        if any(step.name in ("ColumnTransformer", "make_column_transformer") for step in fit.estimator.every()):
            continue  # it may take some of the columns only
        place = (fit.place.cell, fit.place.line)
        if place not in seen and features.columns is not None and gathered(features).rows == gathered(target).rows:
            seen.add(place)
            yield fit, features, target


def _kept(subject: Subject) -> Iterator[Found]:
    for fit, features, target in _supervised(subject):
        names = target.columns.known if target.columns is not None and not target.columns.whole else frozenset()
        for name in sorted(names):
            columns = features.columns
            if columns is not None and columns.numeric and name not in columns.known and fit.estimator.classifies:
                continue  # of the columns with numbers; the classes may be texts
            files = {each.columns.source for each in (target, features) if each.columns is not None}
            if len(files - {""}) > 1:
                continue  # a column of the same name in another file
            if columns is not None and columns.has(name) and len(names) == 1:
                told = "the last column" if name == "#-1" else "one of the columns" if name[:1] == "#" else name
                yield subject.found(fit.place, f"The target, {told}, is among the features.")


def _proxy(subject: Subject) -> Iterator[Found]:
    for fit, features, target in _supervised(subject):
        columns = features.columns
        if columns is None:
            continue
        name = next(iter(target.columns.known), "") if target.columns is not None else ""
        if name and columns.has(name):
            continue  # told already
        made = [other for other, how in features.derived if columns.has(other) and other != name and _tells(how, name)]
        sources = target.derivation.columns - {name}
        plain = not target.derivation.through - {"log"}
        if made and name:
            yield subject.found(fit.place, f"{made[0]} was made from the target {name} and is among the features.")
        elif len(sources) == 1 and plain:
            told, source = name or "The target", next(iter(sources))
            also = [other for other, how in features.derived if columns.has(other) and _tells(how, source)]
            if columns.has(source):
                yield subject.found(fit.place, f"{told} was made from {source}, which is among the features.")
            elif also and also != [name]:
                yield subject.found(fit.place, f"{told} and the feature {also[0]} were both made from {source}.")


def _tells(how: Derivation, target: str) -> bool:
    return target in how.columns and not how.through & (_NOT_ITSELF | {"lead", "centred"})


def _future(subject: Subject) -> Iterator[Found]:
    for fit, features, _ in _supervised(subject):
        if features.columns is None:
            continue
        for name, how in features.derived:
            if features.columns.has(name) and how.through & {"lead", "centred"}:
                yield subject.found(fit.place, f"The feature {name} looks ahead: it was made from later rows.")
                break


_HEAD = """# %%
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
df = pd.read_csv('houses.csv')
"""
_TAIL = "print(cross_val_score(LinearRegression(), X, y, scoring='r2').mean())\n#> 1.0\n"

RULES = (
    Rule(
        id="target_in_features",
        area="evaluation",
        severity="error",
        title="The target is among the features",
        why="The model copies the answer; every score is meaningless.",
        advice="Drop the target from the features.",
        bad=_HEAD + "y = df['price']\nX = df.select_dtypes('number')\nX = df[['rooms', 'area', 'price']]\n" + _TAIL,
        good=_HEAD + "y = df['price']\nX = df[['rooms', 'area']]\n" + _TAIL.replace("1.0", "0.7"),
        check=_kept,
    ),
    Rule(
        id="target_proxy",
        area="evaluation",
        severity="error",
        title="A feature was made from the target",
        why="A function of the target tells the target. When the model is used, the feature isn't known yet.",
        advice="Drop what was made from the target, and what the target was made from.",
        bad=_HEAD
        + "df['price_per_room'] = df['price'] / df['rooms']\nX, y = df.drop(columns='price'), df['price']\n"
        + _TAIL,
        good=_HEAD
        + "df['area_per_room'] = df['area'] / df['rooms']\nX, y = df.drop(columns='price'), df['price']\n"
        + _TAIL.replace("1.0", "0.7"),
        check=_proxy,
    ),
    Rule(
        id="future_in_features",
        area="evaluation",
        severity="error",
        title="A feature looks into the future",
        why="When the model is used, the later rows aren't there yet. A study over 2,047 tables (arXiv "
        "2604.04199) counts "
        "temporal boundaries among the leaks that distort badly.",
        advice="Use earlier rows only: shift by positive steps, windows that end before the row.",
        bad=_HEAD.replace("houses", "sales")
        + "df['next'] = df['sold'].shift(-1)\ndf['soon'] = df['visits'].shift(-1)\n"
        "X, y = df[['visits', 'soon']], df['sold']\n" + _TAIL,
        good=_HEAD.replace("houses", "sales")
        + "df['before'] = df['visits'].shift(1)\nX, y = df[['visits', 'before']], "
        "df['sold']\n" + _TAIL.replace("1.0", "0.7"),
        check=_future,
    ),
)
