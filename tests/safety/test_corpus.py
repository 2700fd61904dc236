"""Every labelled cell is told for what it is."""

from __future__ import annotations

import pytest

from bench.safety import HARMLESS, MOST_ASKED, PARTS, Cell, judge, read_cells
from ml_intern_jlab.protocol import RiskClass

CELLS = list(read_cells())
DANGEROUS = [cell for cell in CELLS if cell.label not in HARMLESS]


@pytest.mark.parametrize("cell", DANGEROUS, ids=lambda cell: f"{cell.part}-{cell.label.value}")
def test_dangerous_cell_is_seen(cell: Cell) -> None:
    verdict = judge(cell)
    assert cell.label in verdict.classes
    assert verdict.asked


@pytest.mark.parametrize("part", PARTS)
def test_harmless_cells_seldom_ask(part: str) -> None:
    verdicts = [judge(cell) for cell in CELLS if cell.label in HARMLESS and cell.part == part]
    asked = [verdict.cell.source for verdict in verdicts if verdict.asked]
    assert len(asked) <= MOST_ASKED * len(verdicts), asked


def test_there_are_enough_labelled_cells() -> None:
    assert {cell.label for cell in CELLS} == set(RiskClass)
    assert len(CELLS) - len(DANGEROUS) >= 300
    assert len({(cell.earlier, cell.source) for cell in CELLS}) >= 1000
