"""The last stages: the estimate, the plot, the predictions, the summary."""

from __future__ import annotations

import re

from .decisions import resolve_output
from .finishing import estimate_source, plot_source, prediction_columns, prediction_source, small_estimate_source
from .flow import Flow, Run
from .profile import plain_literal
from .state import State

TUNING_SECONDS = 40.0
"""Seconds of all tuning together, where the task names no budget."""

_TEST = re.compile(r"test|unlabel|unseen|hold-?out|to_?predict|(?:^|_)new|future|eval|scor", re.I)
_TRAIN = re.compile(r"train|labell?ed|histor|learn", re.I)


# --- the end ----------------------------------------------------------------------------------------------------


def estimate(run: Run) -> Flow:
    """Judge the chosen model on rows that nothing has seen."""
    state = run.state
    best = state.ranked()[0]
    make = estimate_source if state.holdout else small_estimate_source
    outcome = yield from run.attempt(
        lambda: (
            f"By cross-validation {best.name} is best ({best.score:.4g}). "
            + ("Now, once, the rows that were set aside." if state.holdout else "Fresh folds judge it once more."),
            make(state, state.chosen),
        ),
        optional=True,
    )
    if outcome is None:
        return
    split_name = "hold-out" if state.holdout else "cv"
    for name, value in re.findall(rf"^(?:{split_name}) (.+?): (\S+)", outcome.output, re.M):
        state.estimate.setdefault(name, float(value))
    found = re.search(r"^baseline .+?: (\S+)", outcome.output, re.M)
    state.baseline = float(found.group(1)) if found else state.baseline
    spread = re.search(r"\((95 % between .+|the same in .+)\)$", outcome.output, re.M)
    state.interval = spread[1] if spread else ""


def explain(run: Run) -> Flow:
    """One plot of what the model relies on."""
    state = run.state
    if not state.estimate:
        return
    value = state.estimate.get(state.metric.name)
    outcome = yield from run.attempt(
        lambda: (
            f"{state.metric.name} is {value:.4g}, guessing reaches {state.baseline:.4g}. What does the model rely on?"
            if value is not None and state.baseline is not None
            else "What does the model rely on?",
            plot_source(state),
        ),
        optional=True,
    )
    if outcome is not None:
        state.strongest = [
            str(plain_literal(name))
            for name in re.findall(r"^('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\") matters: ", outcome.output, re.M)
        ][:3]


def predict(run: Run) -> Flow:
    """Fit on all rows, write the predictions, read them back."""
    state = run.state
    state.output_file = state.facts.output_file
    if not state.output_file:
        return
    resolve_output(state)

    def make() -> tuple[str, str]:
        state.output_file = state.facts.output_file
        resolve_output(state)
        names = ", ".join(f"`{name}`" for name, _ in prediction_columns(state)[0])
        return (
            f"All labelled rows teach the final model; `{state.output_file}` gets {names}, one row for each row of "
            f"`{state.predicted_file}`, in its order.",
            prediction_source(state, state.chosen),
        )

    outcome = yield from run.attempt(make, optional=True)
    if outcome is not None:
        state.written = f"{state.output_file} {state.output_columns} {prediction_columns(state)}"


def summary(state: State) -> str:
    """The final words for the person: what was done, the honest estimate, where the file lies, limits."""
    best = state.ranked()[0]
    said = [
        f"Predicting “{state.target}” from {state.n_rows:,} rows of {state.train_file}: the best of "
        f"{len(state.candidates)} candidates is {best.name}."
    ]
    value = state.estimate.get(state.metric.name)
    guess = f", against {state.baseline:.4g} for guessing" if state.baseline is not None else ""
    if value is not None:
        where = (
            "on rows set aside" if state.holdout else "in repeated cross-validation (too few rows to set some aside)"
        )
        said.append(
            f"Its {state.metric.name} {where} is {value:.4g}{f' ({state.interval})' if state.interval else ''}{guess}."
        )
    else:
        said.append(
            f"Its cross-validated {state.metric.name} is {best.score:.4g}{guess}; it was not checked on rows set aside."
        )
    if state.strongest:
        said.append("It relies most on " + ", ".join(state.strongest) + ".")
    if state.written:
        rows = (
            f"{state.rows[state.predict_file]:,} rows of {state.predict_file}"
            if state.predict_file
            else (f"rows of {state.train_file} without a target" if state.fills_gaps else f"rows of {state.train_file}")
        )
        said.append(f"The predictions for the {rows} are in {state.output_file}.")
    said += dict.fromkeys(state.remarks)
    said.append("Planned by recipes (no language model).")
    return " ".join(said)
