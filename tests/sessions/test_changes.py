"""What a run changed in its notebook, as panel and command line show it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ml_intern_jlab.errors import Refused
from ml_intern_jlab.protocol import CellProposed, UndoRun
from ml_intern_jlab.sessions.changes import before, changes, words
from ml_intern_jlab.testing import turn

from .conftest import Desk
from .test_undo import change

PLAN = "1. Add\n2. Tell"
MakeDesk = Callable[..., Desk]


async def test_the_runs_cells_are_told_from_the_persons_and_from_what_they_changed_since(desk: MakeDesk) -> None:
    failing, mended = turn("1 / 0"), turn("b = 2\nprint(b)")
    end = turn('final_answer("It is 2.")', item=2)
    d = desk([PLAN, turn("a = 1\nprint(a)", "First."), failing, mended, turn("c = 3"), end])
    ended = await d.run()
    untouched = await d.notebook()
    change(d, '"b = 2\\n",', '"b = 3\\n", "own = 1\\n",')
    cells = [each.cell_id for each in d.all(CellProposed)]
    await d.send(UndoRun(run_id=ended.run_id, cells=[cells[-1]]))
    notebook = await d.notebook()
    told = changes(d.events, d.session_id, ended.run_id, "a.ipynb", notebook)
    kinds = {each.cell_id: each for each in told.cells}
    assert kinds[cells[0]].kind == "added"
    assert kinds[cells[0]].lines == ["+a = 1", "+print(a)"]
    assert kinds[cells[0]].outputs == "1"
    # The failed cell was repaired: nothing of it is left, so nothing was changed by it.
    assert cells[1] not in kinds
    assert kinds[cells[2]].kind == "edited"
    assert kinds[cells[2]].lines == ["-b = 2", "+b = 3", "+own = 1", " print(b)"]
    assert (kinds[cells[3]].kind, kinds[cells[3]].lines) == ("removed", ["-c = 3"])
    assert len(told.cells) == len(untouched.cells)
    assert before(notebook, told)["cells"] == []
    assert "own = 1" in words(notebook, told)
    with pytest.raises(Refused, match="has no run"):
        changes(d.events, d.session_id, "nope", "a.ipynb", notebook)
