"""In which order the cells ran, and whether they ran at all."""

from __future__ import annotations

from collections.abc import Iterator

from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject


def _out_of_order(subject: Subject) -> Iterator[Found]:
    highest: Cell | None = None
    for cell in subject.notebook.code:
        if cell.count is not None and highest is not None and cell.count < (highest.count or 0):
            yield Found(
                cell,
                0,
                f"Cell {cell.number} ran before cell {highest.number}, which stands above it "
                f"([{cell.count}] and [{highest.count}]).",
            )
        elif cell.count is not None:
            highest = cell


def _never_run(subject: Subject) -> Iterator[Found]:
    for cell in subject.notebook.code:
        if cell.count is None and not cell.outputs:
            yield Found(cell, 0, f"Cell {cell.number} was never run.")


def _error_output(subject: Subject) -> Iterator[Found]:
    for cell in subject.notebook.code:
        for output in cell.outputs:
            if output.kind == "error" and not any(magic.startswith("%%expect") for magic in cell.magics):
                yield Found(cell, 0, f"Cell {cell.number} ended with {output.name}: {output.text[:120]}".rstrip(": "))
                break


def _skipped(subject: Subject) -> Iterator[Found]:
    counts = [(cell.count, cell) for cell in subject.notebook.code if cell.count is not None]
    if not counts or all(count == 0 for count, _ in counts):
        return
    numbers = sorted({count for count, _ in counts})
    missing = numbers[-1] - len(numbers)
    if missing:
        first = (
            next(cell for count, cell in counts if count == numbers[0])
            if numbers[0] > 1
            else next(cell for count, cell in counts if count - 1 not in numbers and count != numbers[0])
        )
        yield Found(
            first,
            0,
            f"{missing} of the {numbers[-1]} executions are not in the notebook: cells were run again, changed or "
            "taken out.",
        )


_A, _B = "import math\n", "print(math.pi)\n#> 3.14\n"
_GOOD = f"# %% [1]\n{_A}# %% [2]\n{_B}"

RULES = (
    Rule(
        id="out_of_order",
        area="reproducibility",
        severity="warning",
        title="Cells ran out of order",
        why="What the outputs show came about in another order than the one that a reader, or a clean run, follows.",
        advice="Restart the kernel and run all cells from the top.",
        bad=f"# %% [2]\n{_A}# %% [1]\n{_B}",
        good=_GOOD,
        check=_out_of_order,
    ),
    Rule(
        id="never_run",
        area="reproducibility",
        severity="note",
        title="A cell was never run",
        why="Nobody has seen whether it works.",
        advice="Run it, or take it out.",
        bad=f"# %% [1]\n{_A}# %% [ ]\nprint(math.pi)\n",
        good=_GOOD,
        check=_never_run,
    ),
    Rule(
        id="error_output",
        area="reproducibility",
        severity="error",
        title="A cell ended in an error",
        why="A clean run stops there; the cells below it can't be trusted.",
        advice="Repair the cell or take it out; a clean run would stop here.",
        bad=f"# %% [1]\n{_A}# %% [2]\nprint(math.po)\n#x AttributeError: no attribute 'po'\n",
        good=_GOOD,
        check=_error_output,
    ),
    Rule(
        id="skipped_counts",
        area="reproducibility",
        severity="note",
        title="Executions that the notebook doesn't show",
        why="The kernel ran code that isn't there any more, or ran cells again; the state may depend on it.",
        advice="Restart the kernel and run all cells from the top.",
        bad=f"# %% [4]\n{_A}# %% [9]\n{_B}",
        good=_GOOD,
        check=_skipped,
    ),
)
