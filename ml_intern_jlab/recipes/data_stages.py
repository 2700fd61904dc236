"""The stages between loading and splitting: audit the columns, tidy them."""

from __future__ import annotations

import re
from dataclasses import replace

from .audit import audit_sources, compare_source
from .decisions import choose_metric, decide_kind, set_classes
from .errors import GiveUp
from .file_stages import variables
from .flow import Flow, Run, as_is
from .loading import load_source
from .preparing import calendar, differences, tidy_source
from .profile import printed, read_audit
from .roles import NOT_A_NUMBER, decide_roles
from .state import Features, State


def audit(run: Run) -> Flow:
    """Print one line a column, and hold the prediction table against the training table."""
    state = run.state
    columns = state.columns[state.train_file]
    outputs: list[str] = []
    for number, source in enumerate(audit_sources(state.target, columns, state.wide)):
        prose = (
            "One line for each column: what is missing, how many values there are, and what they look like."
            if number == 0
            else "The next columns in the same way."
        )
        outcome = yield from run.attempt(as_is(prose, source))
        assert outcome is not None
        outputs.append(outcome.output)
    if state.predict_file:
        outcome = yield from run.attempt(
            lambda: (
                "Does the prediction file look like the training file? A feature that it lacks can't be used.",
                compare_source(),
            )
        )
        assert outcome is not None
        outputs.append(outcome.output)
    state.profile = read_audit("\n".join(outputs))
    decide_kind(state)


def tidy(run: Run) -> Flow:
    """Turn the columns into features, reading hidden gaps, dates and numbers in disguise."""
    state = run.state
    for _ in range(4):
        _set_roles(state)
        new = [value for value in state.roles.missing if value not in state.hidden]
        if new:
            state.hidden += new
            shown = ", ".join(f"`{value}`" for value in new)
            names = ", ".join(f"`{name}`" for name in state.roles.reread[:6])
            source = load_source(variables(state), state.readings, state.hidden, state.wide)
            source += (
                "\nfor name in ["
                + ", ".join(repr(name) for name in state.roles.reread).replace("'", '"')
                + "]:\n    print(describe(train[name]))"
            )
            outcome = yield from run.attempt(
                as_is(f"In {names} numbers are hidden behind {shown}, a missing value: load again and say so.", source)
            )
            assert outcome is not None
            fresh = read_audit(outcome.output).columns
            state.profile = replace(state.profile, columns={**state.profile.columns, **fresh})
            continue
        outcome = yield from run.attempt(
            lambda: (_tidy_prose(state), tidy_source(state)), repair=lambda words: _repair_tidy(state, words)
        )
        assert outcome is not None
        if _read_tidy(state, outcome.output):
            break


def _set_roles(state: State) -> None:
    state.roles = decide_roles(
        state.profile,
        state.rows[state.train_file],
        state.target,
        state.facts.leave_out,
        bool(state.predict_file),
        state.refused,
    )
    known = state.rows[state.train_file] - state.profile.columns[state.target].missing
    state.drop_repeated = 0 < state.profile.repeated < 0.2 * known and any(
        column.distinct > 50 for column in state.profile.columns.values()
    )


def _tidy_prose(state: State) -> str:
    said = []
    dropped = state.roles.dropped or {}
    by_reason: dict[str, list[str]] = {}
    for name, why in dropped.items():
        by_reason.setdefault(why, []).append(f"`{name}`")
    for why, names in by_reason.items():
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        said.append(f"Not used: {shown} ({why}).")
    if state.roles.dates:
        said.append(
            "Dates become days since a fixed day, and their parts: "
            + ", ".join(f"`{name}`" for name in state.roles.dates)
            + "."
        )
    if state.roles.parsed:
        said.append(
            "Numbers written as text are read as numbers: "
            + ", ".join(f"`{name}`" for name in state.roles.parsed)
            + "."
        )
    if state.target_missing:
        missing = state.profile.columns[state.target].missing
        said.append(f"{missing:,} rows without a target are dropped.")
    if state.drop_repeated:
        said.append(f"{state.profile.repeated:,} repeated rows are dropped.")
    return (
        " ".join(said) if said else "The columns can be used as they are; this puts features and target side by side."
    )


def _repair_tidy(state: State, words: str) -> bool:
    for name, form in (state.roles.dates or {}).items():
        if "datetime" in words or "time data" in words or "DateParseError" in words:
            state.refused.setdefault(name, set()).add(form)
    if state.refused:
        _set_roles(state)
        return True
    return False


def _read_tidy(state: State, output: str) -> bool:
    """Take over what the tidy cell printed; False where dates were misread and the cell must be written anew."""
    shape = re.search(r"^X: ([\d,]+) rows × ([\d,]+) features", output, re.M)
    if not shape:
        raise GiveUp("The cell that tidies the columns printed no shape, so the recipes can't go on.")
    state.n_rows, state.width = (int(value.replace(",", "")) for value in shape.groups())
    unread = printed("unread dates", output)
    again = False
    rows = state.rows[state.train_file]
    for name, form in (state.roles.dates or {}).items():
        share = float(unread.get(f"{name}_days", 0.0)) - state.profile.columns[name].missing / max(rows, 1)
        if share > 0.02 and form and form not in state.refused.get(name, set()):
            state.refused.setdefault(name, set()).add(form)
            again = True
    gaps = printed("gaps", output)
    for name in state.roles.parsed or {}:
        share = (int(gaps.get(name, 0)) - state.profile.columns[name].missing) / max(rows, 1)
        if share > 0.1:
            state.refused.setdefault(name, set()).add(NOT_A_NUMBER)
            again = True
    if again:
        state.acknowledged.append("Some values did not fit the way they were read, so another one is tried.")
        return False
    if state.width == 0:
        raise GiveUp(
            f"No column of “{state.train_file}” is left to learn “{state.target}” from: "
            + "; ".join(f"“{name}”: {why}" for name, why in list((state.roles.dropped or {}).items())[:6])
            + "."
        )
    if state.n_rows < 6:
        raise GiveUp(f"Only {state.n_rows} rows are left to learn from: that is too few. Add rows.")
    if state.kind == "classification":
        counts = printed("classes", output)
        set_classes(state, dict(counts))
    else:
        numbers = re.search(r"^y: (\S+) … (\S+) … (\S+), skew (\S+)", output, re.M)
        if numbers:
            state.target_low, state.target_skew = float(numbers.group(1)), float(numbers.group(4))
    _set_features(state, output)
    choose_metric(state)
    if state.kind == "classification" and not state.rarest_kept:
        least = 4 if state.needs_probabilities else 2
        if min(state.class_counts) < least and len([count for count in state.class_counts if count >= least]) >= 2:
            state.rarest_kept = least
            state.acknowledged.append(
                f"Classes with fewer than {least} rows can't be learnt and checked; they are left out."
            )
            return False
    later = printed("later in the prediction file", output)
    state.time = (list(later) or [state.roles.time])[0]
    if not state.time and state.facts.forecast and unread:
        state.time = next(iter(unread))
    state.group = "" if state.time else state.roles.group
    return True


def _set_features(state: State, output: str) -> None:
    roles = state.roles
    gaps = printed("gaps", output)
    gaps_test = printed("gaps in the prediction file", output)
    numbers = [*roles.numbers, *(roles.parsed or {})]
    codes = list(roles.codes)
    for name, form in (roles.dates or {}).items():
        made, levels = calendar(name, form)
        numbers += made
        codes += levels
    numbers += differences(roles.dates or {})
    if state.wide and state.profile.wide:
        numbers += [f"feature {i}" for i in range(state.profile.wide)]
    state.features = Features(
        numbers=tuple(numbers),
        heavy=tuple(roles.heavy),
        codes=tuple(codes),
        categories=tuple(roles.categories),
        many=tuple(roles.many),
        texts=tuple(roles.texts),
        gaps=tuple({**gaps, **gaps_test}),
    )
