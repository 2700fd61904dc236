"""Research as a step: the evidence stays in the notebook, the findings stay in the model's view."""

from __future__ import annotations

from collections.abc import Callable

from ml_intern_jlab.protocol import CellProposed, DecideCell, Mode, RiskClass, RunFinished, StartRun
from ml_intern_jlab.testing import turn
from tests.hub.hub import LoopbackHub
from tests.hub.seeds import ATTENTION, seed

from .conftest import Desk

PLAN = "1. Research: gather evidence\n2. Do it"
READ = (
    f'from ml_intern_jlab.toolkit import papers, research\npassage = papers.read("{ATTENTION}", "Optimizer")\npassage'
)
SECTIONS = f'papers.sections("{ATTENTION}")'
FIND = (
    'research.findings("warmup", [research.recipe(result="28.4 BLEU", dataset="WMT", method="Transformer", '
    'hyperparameters="Adam, 4000 warmup steps", source=passage)])'
)


async def test_only_the_findings_of_a_research_stay_in_view(desk: Callable[..., Desk], hub: LoopbackHub) -> None:
    seed(hub)
    script = [PLAN, *(turn(code) for code in (READ, SECTIONS, FIND)), turn("x = 1", item=2), turn("y = 2", item=2)]
    d = desk([*script, turn('final_answer("Warm up over 4000 steps.")', item=2)])
    await d.send(StartRun(task="Find the best recipe for warmup in papers.", mode=Mode.auto))
    for nth in (1, 2):
        # What goes to the network asks.
        asked = await d.until(CellProposed, nth)
        assert asked.risk == [RiskClass.network]
        await d.send(DecideCell(cell_id=asked.cell_id, decision="approve", hash=asked.hash))
    ended = await d.until(RunFinished)
    assert ended.status == "finished", ended.reason
    while_researching, afterwards = d.model.seen[3], d.model.seen[-1]
    assert "square root of the step" in while_researching
    assert "square root of the step" not in afterwards
    assert "Sections of" not in afterwards
    assert "Adam, 4000 warmup steps" in afterwards
    assert "Every source was read here" in afterwards
    # The notebook keeps everything.
    assert await d.sources() == [READ, SECTIONS, FIND, "x = 1", "y = 2"]
