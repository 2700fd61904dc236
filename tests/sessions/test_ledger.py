from __future__ import annotations

from collections.abc import Callable

import nbformat

from ml_intern_jlab.protocol import (
    CellProposed,
    DecideCell,
    DismissFinding,
    FindingDismissed,
    Mode,
    ReviewFinished,
    ReviewNotebook,
    RunFinished,
    StartRun,
)
from ml_intern_jlab.review.provenance import is_signed, origins, runs, server_key
from ml_intern_jlab.testing import turn

from .conftest import Desk

MakeDesk = Callable[..., Desk]


async def test_the_notebook_says_who_wrote_and_approved_what(desk: MakeDesk) -> None:
    d = desk(["1. Add\n2. Tell", turn("import json\nx = 1 + 1"), turn('final_answer("It is 2.")', item=2)])
    await d.send(StartRun(task="Add one and one.", mode=Mode.ask))
    cell = await d.until(CellProposed)
    await d.send(
        DecideCell(cell_id=cell.cell_id, decision="approve", source="import json\nx = 2", hash=cell.hash), by="bob"
    )
    await d.until(RunFinished)
    notebook = await d.notebook()
    origin, *notes = sorted(origins(notebook, server_key()), key=lambda each: "step" not in each.facts)
    assert [each.standing for each in notes] == ["approved"] * 3
    facts = origin.facts
    assert (origin.standing, origin.cell_id, facts["step"]) == ("approved", cell.cell_id, 1)
    assert facts["decision"].keys() == {"by", "where", "time", "mode", "edited"}
    assert (facts["decision"]["by"], facts["decision"]["mode"], facts["decision"]["edited"]) == ("bob", "ask", True)
    assert (facts["plan_item"], facts["risk"], facts["status"]) == ("Add", ["compute"], "done")
    assert len(facts["prompt_hash"]) == 64
    assert "ml-intern-jlab" in facts["versions"]
    [(run, signed)] = runs(notebook, server_key())
    assert signed
    assert (run["task"], run["status"], run["by"]) == ("Add one and one.", "finished", "ann")
    assert [item["title"] for item in run["plan"]] == ["Add", "Tell"]
    assert run["deliverables"][0]["status"] == "passed"
    assert run["environment"]["python"].startswith("3.")
    assert len(run["notes"]) == 3


async def test_a_review_tells_what_a_person_changed_since(desk: MakeDesk) -> None:
    d = desk(["1. Add", turn("x = 1"), turn("y = 2"), turn("z = 3"), turn('final_answer("Done.")')])
    await d.run()
    notebook = await d.notebook()
    x, y, z = (cell for cell in notebook.cells if cell.cell_type == "code")
    y.source = "y = 20"
    first, *others = (cell for cell in notebook.cells if cell.cell_type == "markdown")
    first.source += "\n\nAn afterthought."
    z.metadata.ml_intern.provenance.model = "a better one"
    nbformat.write(notebook, d.folder / "a.ipynb")
    await d.send(ReviewNotebook())
    finished = await d.until(ReviewFinished)
    notes = {first.id: "changed", **{note.id: "approved" for note in others}}
    assert finished.standings == {x.id: "approved", y.id: "changed", z.id: "unsigned", **notes}
    await d.send(DismissFinding(rule="no_seed", cell_id=x.id, reason="a toy"))
    later = Desk(d.folder, [])
    later.session_id = later.sessions.create("a.ipynb").session_id
    later.sessions.subscribe(later.session_id, later.events.append)
    await later.send(ReviewNotebook())
    await later.send(ReviewNotebook())
    assert [(each.rule, each.reason, each.by) for each in later.all(FindingDismissed)] == [("no_seed", "a toy", "ann")]
    await later.sessions.close()
    assert not is_signed(dict(z.metadata.ml_intern.provenance), server_key())
