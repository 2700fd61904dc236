"""What the person has changed in a run's cells since they ran."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ..notebook.outputs import joined


class Edits:
    """Compares the notebook with what ran.

    Args:
        notebook: returns the notebook as it is now, as far as it is saved.
    """

    def __init__(self, notebook: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._notebook = notebook
        self._ran: dict[str, set[str]] = {}

    def ran(self, cell_id: str, *sources: str) -> None:
        """A cell ran. `sources` are what was proposed and what was run: a page may have saved either until now."""
        self._ran[cell_id] = {source.strip() for source in sources}

    async def found(self) -> dict[str, str]:
        """The sources of the cells that have changed since they ran, by cell id."""
        if not self._ran:
            return {}
        changed = {}
        for cell in (await self._notebook())["cells"]:
            source = joined(cell.get("source", ""))
            if source.strip() and source.strip() not in self._ran.get(cell.get("id"), {source.strip()}):
                changed[str(cell["id"])] = source
        return changed
