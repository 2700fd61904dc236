"""The middle stages: split, baseline, giveaways, comparison, tuning."""

from __future__ import annotations

import re
from dataclasses import replace

from .decisions import choose_metric, plan_split
from .errors import GiveUp
from .flow import Flow, Run, as_is, last_line
from .giveaways import counters_source, giveaway_source, without_source
from .models import candidates, candidates_source
from .preparation import preparation_source
from .preparing import baseline_source, calendar, split_source
from .profile import plain_literal, printed
from .source import flat
from .state import Candidate, State
from .tuning import ensemble_source, space, tuning_source

TUNING_SECONDS = 40.0
"""Seconds of all tuning together, where the task names no budget."""

CLEAR_GAIN = 0.05
"""By how much of the metric a feature that takes unseen values must improve it to be kept."""

_TEST = re.compile(r"test|unlabel|unseen|hold-?out|to_?predict|(?:^|_)new|future|eval|scor", re.I)
_TRAIN = re.compile(r"train|labell?ed|histor|learn", re.I)


# --- split ------------------------------------------------------------------------------------------------------


def split(run: Run) -> Flow:
    """Set rows aside before any model sees the data."""
    state = run.state
    choose_metric(state)
    plan_split(state)

    def prose() -> str:
        if not state.holdout:
            return (
                f"With {state.n_rows} rows a hold-out would be too small to say anything: repeated cross-validation "
                "gives the estimate instead, and it may be somewhat too kind."
            )
        if state.time:
            return "The rows to predict lie later than the rows to learn from, so the split goes by time, too."
        if state.group:
            return f"`{state.group}` repeats and its values are new in the rows to predict, so the split goes by it."
        return "Rows are set aside now and not looked at until the estimate."

    yield from run.attempt(lambda: (prose(), split_source(state)))


def baseline(run: Run) -> Flow:
    """Measure guessing, the figure that every model has to beat."""
    state = run.state
    choose_metric(state)
    plan_split(state)
    named = (
        "named by the task"
        if state.facts.metrics and state.metric.name in (*state.facts.metrics, f"macro {state.facts.metric}")
        else "a sensible choice here; the task names none"
    )
    outcome = yield from run.attempt(
        lambda: (f"The metric is {state.metric.name} ({named}). What does guessing reach?", baseline_source(state)),
        repair=lambda words: _old_library(words),
    )
    assert outcome is not None
    found = re.search(r"^baseline .+?: (\S+)", outcome.output, re.M)
    state.baseline = float(found.group(1)) if found else None


def _old_library(words: str) -> bool:
    missing = re.search(r"No module named '([\w.]+)'", words)
    if missing:
        raise GiveUp(
            f"The kernel lacks the package {missing.group(1)}. Install it in the kernel's environment and start again."
        )
    return False


def giveaways(run: Run) -> Flow:
    """Look for single columns that give the target away; drop mere copies, warn about the rest."""
    state = run.state
    if state.width > 80:
        return
    outcome = yield from run.attempt(
        lambda: (
            "Does any single feature predict the target almost perfectly? That is often a leak.",
            giveaway_source(state),
        ),
        optional=True,
    )
    if outcome is None:
        return
    alone = re.findall(r"^('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\") alone: (\S+)", outcome.output, re.M)
    copies = [str(name) for name in printed("copies of the target", outcome.output)]
    strong = [str(plain_literal(name)) for name, value in alone if float(value) > 0.98]
    if copies and len(copies) < state.width:
        yield from run.attempt(
            lambda: (
                "These columns are the target under another name: they are dropped.",
                without_source(state, copies),
            )
        )
        state.remarks.append("Dropped as copies of the target: " + ", ".join(copies) + ".")
        _forget(state, copies)
    elif copies:
        state.remarks.append(f"“{copies[0]}” is a copy of the target, and the only feature.")
    warned = [name for name in strong if name not in copies]
    if warned:
        words = ", ".join(f"`{name}`" for name in warned)
        state.acknowledged.append(
            f"Careful: {words} alone predicts the target almost perfectly. If it is only known "
            "afterwards, it is a leak: say so, and it is left out."
        )
        state.remarks.append(
            f"{', '.join(warned)} alone predicts the target almost perfectly; make sure that it is known beforehand."
        )


def counters(run: Run) -> Flow:
    """Drop the running day and year of a split by time, unless a trend makes them worth their danger.

    The rows to predict hold values of them that no model has seen. The folds, each judged on rows later than those it
    learnt from, tell what a trend is worth.
    """
    state = run.state
    made = [feature for name, form in (state.roles.dates or {}).items() for feature in calendar(name, form)[0]]
    running = [name for name in state.features.numbers if name in made and name.endswith(("_days", "_year"))]
    if not state.time or not running or len(running) >= state.width:
        return
    outcome = yield from run.attempt(
        lambda: (
            "The rows to predict lie later than all of these, so a running day or year only takes values there that "
            "no model has seen. Is there a trend that makes up for that?",
            counters_source(state, running),
        ),
        optional=True,
    )
    if outcome is None:
        return
    sign = 1 if state.metric.greater_is_better else -1
    found = {
        label: [sign * float(value) for value in re.findall(rf"^{label} them: (\S+) \(", outcome.output, re.M)]
        for label in ("with", "without")
    }
    if not all(found.values()) or max(found["with"]) - max(found["without"]) > CLEAR_GAIN * abs(max(found["without"])):
        return
    outcome = yield from run.attempt(
        lambda: ("None that is clear: the running day and year are left out.", without_source(state, running)),
        optional=True,
    )
    if outcome is None:
        return
    state.remarks.append("Left out, since they only run on and show no clear trend: " + ", ".join(running) + ".")
    _forget(state, running)


def _forget(state: State, names: list[str]) -> None:
    kinds = ("numbers", "heavy", "codes", "categories", "many", "texts", "gaps")
    state.features = replace(
        state.features,
        **{kind: tuple(name for name in getattr(state.features, kind) if name not in names) for kind in kinds},
    )
    state.width -= len(names)


# --- models -----------------------------------------------------------------------------------------------------


def compare(run: Run) -> Flow:
    """Cross-validate several families."""
    state = run.state
    state.candidates = []
    if state.pixels or (state.all_numbers and len(state.features.numbers) == 0):
        pass
    else:
        yield from run.attempt(
            lambda: (
                "Imputing, scaling and encoding happen inside each model's pipeline: validation rows never shape them.",
                preparation_source(state),
            ),
            repair=lambda words: _old_library(words),
        )

    def make() -> tuple[str, str]:
        state.candidates = candidates(state)
        return _compare_prose(state), candidates_source(state, state.candidates)

    def repair(words: str) -> bool:
        _old_library(words)
        failing = _failing(state, words)
        if failing is None:
            return False
        family = failing.family.removesuffix("_log")
        state.broken |= {c.name for c in state.candidates if c.family.removesuffix("_log") == family}
        state.remarks.append(f"The candidate “{failing.name}” failed and was left out: {last_line(words)}")
        return len(state.broken) < len(state.candidates)

    outcome = yield from run.attempt(make, repair=repair)
    assert outcome is not None
    _take_scores(state, outcome.output)
    if not state.ranked():
        raise GiveUp(f"No candidate could be measured by {state.metric.name}; name another metric.")
    state.chosen = state.ranked()[0].name


_MODULES = {
    "boosting": "_hist_gradient_boosting",
    "forest": "_forest",
    "extra": "_forest",
    "svc": "sklearn/svm",
    "svr": "sklearn/svm",
    "linear_svc": "sklearn/svm",
    "knn": "sklearn/neighbors",
    "logistic": "_logistic",
    "ridge": "_ridge",
    "lasso": "_coordinate_descent",
    "lda": "discriminant_analysis",
    "bayes": "naive_bayes",
}


def _failing(state: State, words: str) -> Candidate | None:
    """The candidate that a traceback is about: the first that printed no score, else the one whose module it names."""
    done = {name for name, *_ in _scores(words)}
    if done:
        return next((c for c in state.candidates if c.name not in done), None)
    for candidate in state.candidates:
        module = _MODULES.get(candidate.family.removesuffix("_log").removesuffix("_plain"), "")
        if module and module in words.replace("\\", "/"):
            return candidate
    return state.candidates[0] if state.candidates else None


def _compare_prose(state: State) -> str:
    what = "pixels" if state.pixels else "texts" if state.features.texts else "table"
    return f"{len(state.candidates)} candidates of several families for this {what}, each judged on the same folds."


def _scores(output: str) -> list[tuple[str, float, float, float]]:
    rows = re.findall(r"^cv .+?: (\S+) ± (\S+) \((.+?)(?:, ([\d.]+) s)?\)$", output, re.M)
    return [(name, float(mean), float(spread), float(seconds or 0)) for mean, spread, name, seconds in rows]


def _take_scores(state: State, output: str) -> None:
    known = {candidate.name: candidate for candidate in state.candidates}
    for name, mean, spread, seconds in _scores(output):
        if name in known and mean == mean:
            known[name].score, known[name].spread, known[name].seconds = mean, spread, seconds


def tune(run: Run) -> Flow:
    """Tune the best two within the time budget, then let the best few vote; each is kept only where it is better."""
    state = run.state
    budget = state.facts.seconds / 4 if state.facts.seconds else TUNING_SECONDS
    first = [candidate for candidate in state.ranked() if space(candidate, state)][:2]
    for candidate in first:
        if not run.wanted("tune"):
            break
        iterations = min(10 * len(space(candidate, state)), 30, int(budget / 2 * 1.6 / max(candidate.seconds, 0.15)))
        if iterations < 4:
            state.remarks.append(f"“{candidate.name}” was not tuned: one round takes {candidate.seconds:.0f} s.")
            continue
        prose = (
            f"{candidate.name.capitalize()} reached {candidate.score:.4g} ± {candidate.spread:.2g}; {iterations} "
            "settings drawn at random fit the time budget."
        )
        outcome = yield from run.attempt(
            as_is(prose, tuning_source(state, candidate, iterations)),
            optional=True,
        )
        if outcome is None:
            continue
        found = [row for row in _scores(outcome.output) if row[0] == f"tuned {candidate.name}"]
        if found and found[0][1] == found[0][1]:
            tuned = replace(candidate, name=f"tuned {candidate.name}", score=found[0][1], spread=found[0][2])
            state.candidates.append(tuned)
    yield from _vote(run)
    best = state.ranked()[0]
    state.chosen = best.name


def _vote(run: Run) -> Flow:
    state = run.state
    members: list[str] = []
    families: set[str] = set()
    for candidate in state.ranked():
        family = candidate.family.removesuffix("_log")
        source = flat(candidate.source)
        silent = state.kind == "classification" and (
            "LinearSVC" in source or ("SVC(" in source and "Calibrated" not in source)
        )
        if family not in families and not silent and len(members) < 3:
            families.add(family)
            members.append(candidate.name)
    seconds = sum(state.candidate(name).seconds for name in members)
    if len(members) < 2 or seconds > (state.facts.seconds or 240) / 2 or (state.pixels and seconds > 40):
        return
    outcome = yield from run.attempt(
        lambda: (
            "The best of different families err on different rows: do they judge better together?",
            ensemble_source(state, members),
        ),
        optional=True,
    )
    if outcome is None:
        return
    found = [row for row in _scores(outcome.output) if row[0] == "vote of the best"]
    if found and found[0][1] == found[0][1]:
        state.candidates.append(Candidate("vote of the best", "VotingModel", "vote", *found[0][1:]))
