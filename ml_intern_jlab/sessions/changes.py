"""What a run changed in its notebook: the notebook as it stands beside itself without the run's cells."""

from __future__ import annotations

import copy
import difflib
import io
from collections.abc import Iterable
from typing import Any

from ..errors import Refused
from ..notebook.document import Document
from ..notebook.outputs import joined, observation_text
from ..protocol import CellChange, Event, RunChanges, RunStarted

LONGEST_OUTPUT = 2000
"""Characters of a cell's outputs that a diff shows."""


def changes(events: Iterable[Event], session_id: str, run_id: str, path: str, notebook: dict[str, Any]) -> RunChanges:
    """The cells of `notebook` (nbformat v4 JSON, as it stands now), and what the run did to each.

    Cells are told by their ids, so what a person wrote or moved meanwhile is never taken for the run's.

    Raises:
        Refused: the session has no such run.
    """
    left = _left_by(events, session_id, run_id)
    told = [_change(cell, left.get(cell.get("id", ""))) for cell in notebook["cells"]]
    standing = {change.cell_id for change in told}
    gone = [_change(None, cell) for cell_id, cell in left.items() if cell_id not in standing]
    return RunChanges(run_id=run_id, path=path, cells=told + gone)


def before(notebook: dict[str, Any], told: RunChanges) -> dict[str, Any]:
    """`notebook` as it would be without the run."""
    own = {change.cell_id for change in told.cells if change.kind != "other"}
    without = copy.deepcopy(notebook)
    without["cells"] = [cell for cell in without["cells"] if cell.get("id", "") not in own]
    return without


def words(notebook: dict[str, Any], told: RunChanges) -> str:
    """The changes as text: nbdime's words where it is installed, else the changed cells line by line."""
    try:
        from nbdime.diffing.notebooks import diff_notebooks
        from nbdime.prettyprint import PrettyPrintConfig, pretty_print_notebook_diff
    except ImportError:
        return "\n".join(_lines(change) for change in told.cells if change.kind != "other")
    from nbformat import from_dict

    old, new = from_dict(before(notebook, told)), from_dict(notebook)
    written = io.StringIO()
    config = PrettyPrintConfig(out=written, use_color=False, use_git=False, use_diff=False)
    pretty_print_notebook_diff("before", told.path, old, diff_notebooks(old, new), config)
    return written.getvalue()


def _left_by(events: Iterable[Event], session_id: str, run_id: str) -> dict[str, dict[str, Any]]:
    """The run's cells by id, in order, as it left them: without what was turned down or repaired."""
    document, known = Document(session_id), False
    for event in events:
        if event.run_id == run_id and event.type not in ("run_undone", "run_redone"):
            known = known or isinstance(event, RunStarted)
            document.apply(event)
    if not known:
        raise Refused(f"This session has no run {run_id}.")
    return {cell["id"]: cell for cell in document.notebook["cells"]}


def _change(cell: dict[str, Any] | None, left: dict[str, Any] | None) -> CellChange:
    shown: Any = cell if cell is not None else left
    source = joined(shown["source"])
    kind: Any = "added"
    marked = [f"+{line}" for line in source.splitlines()]
    if cell is None:
        kind, marked = "removed", [f"-{line[1:]}" for line in marked]
    elif left is None:
        kind, marked = "other", [f" {line[1:]}" for line in marked]
    elif (given := joined(left["source"])) != source:
        kind = "edited"
        compared = difflib.ndiff(given.splitlines(), source.splitlines())
        marked = [line[0] + line[2:] for line in compared if not line.startswith("?")]
    return CellChange(
        cell_id=shown.get("id", ""),
        cell_type=shown["cell_type"],
        kind=kind,
        lines=marked,
        outputs=observation_text(shown.get("outputs", []), limit=LONGEST_OUTPUT) if kind in ("added", "edited") else "",
    )


def _lines(change: CellChange) -> str:
    outputs = [f"+  {line}" for line in change.outputs.splitlines()]
    return "\n".join([f"## {change.kind} {change.cell_type} cell {change.cell_id}", *change.lines, *outputs, ""])
