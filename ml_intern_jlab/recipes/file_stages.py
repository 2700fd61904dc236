"""The first stages: look at the files and load them."""

from __future__ import annotations

import re
from dataclasses import replace

from .decisions import find_target
from .errors import GiveUp
from .flow import Flow, Run, as_is
from .loading import is_wide, load_source, look_source, read_load, read_version
from .names import find_column, nearest, normalised
from .sniff import Reading, read_arguments, read_looks
from .source import literal
from .state import State

_TEST = re.compile(r"test|unlabel|unseen|hold-?out|to_?predict|(?:^|_)new|future|eval|scor", re.I)
_TRAIN = re.compile(r"train|labell?ed|histor|learn", re.I)


def look(run: Run) -> Flow:
    """Look at the raw files; find those that are named otherwise than they lie."""
    state = run.state
    facts = state.facts
    named = [name for name in (facts.train_file, facts.predict_file, facts.sample_file) if name]
    renamed = {name: name for name in named}
    for _ in range(3):
        files = list(dict.fromkeys(renamed.values()))
        prose = (
            "Before any parser guesses: how do the files begin?"
            if files
            else "The task names no file, so this looks for tables in the folder."
        )
        outcome = yield from run.attempt(as_is(prose, look_source(files)))
        assert outcome is not None
        looks, state.tables = read_looks(outcome.output)
        state.looks |= {found.name: found for found in looks}
        if not files:
            renamed = _choose_tables(state)
            continue
        missing = [found.name for found in looks if found.missing]
        if not missing:
            break
        for name in missing:
            role = next((role for role, path in renamed.items() if path == name), name)
            renamed[role] = _elsewhere(name, state, list(renamed.values()))
    state.train_file = renamed.get(facts.train_file or "train", "")
    state.predict_file = renamed.get(facts.predict_file or "predict", "")
    state.sample_file = renamed.get(facts.sample_file, "") if facts.sample_file else ""
    if state.output_file and not state.predict_file:
        others = [name for name in state.tables if name != state.train_file and _TEST.search(_stem(name))]
        if len(others) == 1:
            state.predict_file = others[0]
            outcome = yield from run.attempt(
                lambda: (f"`{others[0]}` lies beside it and looks like the rows to predict.", look_source(others))
            )
            if outcome:
                state.looks |= {found.name: found for found in read_looks(outcome.output)[0]}
    for name in (state.train_file, state.predict_file):
        if name and name in state.looks:
            _check_look(name, state)


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].split(".")[0]


def _choose_tables(state: State) -> dict[str, str]:
    """Training and prediction file among the tables of the folder, where the task names none."""
    tables = [
        name for name in state.tables if name != state.output_file and not re.search(r"submission|sample", name, re.I)
    ]
    if not tables:
        raise GiveUp(
            "The task names no table, and there is none in this folder. The recipes (no language model) predict a "
            "column of a table: name its file, or configure a language model for other tasks."
        )
    test = [name for name in tables if _TEST.search(_stem(name))]
    train = [name for name in tables if _TRAIN.search(_stem(name))] or [name for name in tables if name not in test]
    if len(train) != 1 or len(test) > 1:
        raise GiveUp(
            "The task names no file, and several tables lie here: "
            + ", ".join(f"“{name}”" for name in tables[:12])
            + ". Say which one to learn from."
        )
    return {"train": train[0], **({"predict": test[0]} if test else {})}


def _elsewhere(name: str, state: State, taken: list[str]) -> str:
    """The file that a name may mean: the same name in a subfolder or another ending. Gives up otherwise."""
    base = name.rsplit("/", 1)[-1]
    free = [path for path in state.tables if path not in taken]
    same = [path for path in free if path.rsplit("/", 1)[-1].casefold() == base.casefold()]
    alike = same or [path for path in free if normalised(_stem(path)) == normalised(_stem(base))]
    if len(alike) == 1:
        return alike[0]
    close = nearest(name, state.tables) or state.tables[:8]
    offer = "; here are " + ", ".join(f"“{path}”" for path in close) if close else "; there is no table in this folder"
    raise GiveUp(f"The file “{name}” does not exist{offer}. Correct the name in the task, or put the file there.")


def _check_look(name: str, state: State) -> None:
    found = state.looks[name]
    if found.trouble:
        raise GiveUp(f"The file “{name}” can't be read: {found.trouble}")
    text = not found.binary
    if found.size == 0 or (text and not any(line.strip() for line in found.lines)):
        raise GiveUp(f"The file “{name}” is empty: there is nothing to learn from. Put the data there and start again.")


def load(run: Run) -> Flow:
    """Load the tables, and settle which column is the target."""
    state = run.state
    too_many = False
    for _ in range(3):
        files = [name for name in (state.train_file, state.predict_file, state.sample_file) if name]
        state.readings = {name: state.readings.get(name) or _reading(name, state) for name in files}
        state.wide = too_many or is_wide([state.looks[name] for name in files], state.readings)
        outcome = yield from run.attempt(
            lambda: (_load_prose(state), load_source(variables(state), state.readings, state.hidden, state.wide)),
            repair=lambda words: _repair_load(state, words),
        )
        assert outcome is not None
        state.rows, listed, state.numbered, last = read_load(outcome.output)
        state.sklearn = read_version(outcome.output)
        if set(files) <= set(state.rows) and not set(files) <= set(listed) and not state.wide:
            too_many = True
            continue
        for name in files:
            if name not in state.rows:
                raise GiveUp(f"The cell that loads “{name}” printed no row count, so the recipes can't go on.")
        state.columns = {name: _columns(listed[name], last.get(name, [])) for name in files}
        if _rename(state):
            continue
        if state.rows[state.train_file] == 0:
            raise GiveUp(f"“{state.train_file}” has a header but no rows: there is nothing to learn from.")
        if not _swap(state):
            break
        state.acknowledged.append(f"The target stands in `{state.train_file}`: that is the file to learn from.")
    state.target = find_target(state)
    if state.target not in state.columns[state.train_file]:
        raise GiveUp(f"“{state.train_file}” has no column “{state.target}”.")
    if state.predict_file and state.rows[state.predict_file] == 0:
        raise GiveUp(f"“{state.predict_file}” has no rows, so there is nothing to predict.")
    state.output_file = state.facts.output_file


def _reading(name: str, state: State) -> Reading:
    """How to read a file; columns that go into the output are read as text, so that they come out as they went in."""
    reading = read_arguments(state.looks[name])
    ids = read_arguments(state.looks[state.predict_file]).columns if state.predict_file else ()
    copied = {find_column(column, ids) for column in state.facts.output_columns} & set(reading.columns)
    if reading.function != "read_csv" or not copied:
        return reading
    types = {column: "str" for column in reading.columns if column in copied}
    spelt = ", ".join(f"{literal(column)}: {kind}" for column, kind in types.items())
    return replace(reading, arguments={**reading.arguments, "dtype": "{" + spelt + "}"})


def _rename(state: State) -> bool:
    """Give the prediction file's columns the training file's names where only case, spaces and marks differ."""
    if not state.predict_file or state.wide:
        return False
    train, test = state.columns[state.train_file], state.columns[state.predict_file]
    free = [name for name in train if name not in test]
    names = {name: find_column(name, free) for name in test if name not in train}
    new = {old: name for old, name in names.items() if name and normalised(old) == normalised(name)}
    reading = state.readings[state.predict_file]
    if not new or len(set(new.values())) < len(new) or reading.renamed:
        return False
    state.readings[state.predict_file] = replace(reading, renamed=tuple(new.items()))
    spelt = ", ".join(f"`{old}`" for old in list(new)[:6])
    state.acknowledged.append(
        f"`{state.predict_file}` spells {spelt} otherwise: it gets the names of the training file."
    )
    return True


def _columns(listed: list[str], last: list[str]) -> list[str]:
    return [*listed, *(name for name in last if name not in listed)]


def variables(state: State) -> dict[str, str]:
    """The variable of each file in the notebook, with the file's name."""
    names = {"train": state.train_file}
    if state.predict_file:
        names["test"] = state.predict_file
    if state.sample_file:
        names["sample_submission"] = state.sample_file
    return names


def _swap(state: State) -> bool:
    """Exchange the two files where only the other one has the target."""
    if not state.predict_file or state.facts.target_position is not None:
        return False
    try:
        find_target(state)
        found = True
    except GiveUp:
        found = False
    fewer = len(state.columns[state.train_file]) < len(state.columns[state.predict_file])
    if found and not (fewer and set(state.columns[state.train_file]) < set(state.columns[state.predict_file])):
        return False
    state.train_file, state.predict_file = state.predict_file, state.train_file
    try:
        swapped = find_target(state) not in state.columns[state.predict_file]
    except GiveUp:
        swapped = False
    if not swapped:
        state.train_file, state.predict_file = state.predict_file, state.train_file
    return swapped


def _load_prose(state: State) -> str:
    remarks = []
    for name, reading in state.readings.items():
        if reading.remarks:
            remarks.append(f"`{name}`: {', '.join(reading.remarks)}.")
    return " ".join(["Load what the task names.", *remarks])


def _repair_load(state: State, words: str) -> bool:
    missing = re.search(r"No module named '([\w.]+)'|Missing optional dependency '([\w.]+)'", words)
    if missing:
        raise GiveUp(
            f"The kernel lacks the package {missing.group(1) or missing.group(2)}, which this cell needs. "
            "Install it in the kernel's environment and start again."
        )
    changed = False
    for name, reading in state.readings.items():
        arguments = dict(reading.arguments)
        if "UnicodeDecodeError" in words and arguments.get("encoding") != '"latin-1"':
            arguments["encoding"] = '"latin-1"'
        elif "ParserError" in words and "on_bad_lines" not in arguments:
            arguments["on_bad_lines"] = '"skip"'
            state.remarks.append(f"Lines of “{name}” with too many fields were skipped.")
        elif "Trailing data" in words and reading.function == "read_json":
            arguments["lines"] = "True"
        else:
            continue
        state.readings[name] = replace(reading, arguments=arguments)
        changed = True
    return changed
