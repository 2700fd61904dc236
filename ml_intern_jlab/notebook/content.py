"""The notebook as the fold changes it: cells found by id, in plain JSON here, in a shared document elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any, Protocol

from .outputs import joined

METADATA_KEY = "ml_intern"
"""Where cells and notebook carry our facts. They are shown, never obeyed."""


class Content(Protocol):
    """A notebook that is changed in place."""

    @property
    def ids(self) -> list[str]:
        """The ids of all cells in order; "" for a cell without one."""

    def has(self, cell_id: str) -> bool:
        """Whether there is such a cell."""

    def source(self, cell_id: str) -> str | None:
        """The cell's source; None where there is no such cell."""

    def is_blank(self) -> bool:
        """Whether the notebook is a new one: nothing but one code cell without source."""

    def insert(self, position: int, cell: dict[str, Any]) -> None:
        """Put a cell (nbformat JSON) before the one that stands at `position`, counted from 0."""

    def remove(self, cell_ids: Collection[str]) -> bool:
        """Take these cells out, where they are there; returns whether one was."""

    def change(self, cell_id: str, fields: dict[str, Any], facts: dict[str, Any]) -> bool:
        """Set fields of a cell, and of what it carries under our key; False where there is no such cell.

        A cell that isn't code has no other field than its source. The status says whether the cell is shown as running.
        """

    def entries(self, name: str) -> dict[str, Any]:
        """A copy of one dict of the notebook's facts; empty where that is missing or odd."""

    def set_entry(self, name: str, key: str, value: object) -> None:
        """Set one entry of such a dict; None takes it out."""

    def set_default(self, key: str, value: dict[str, Any]) -> None:
        """Give the notebook's metadata an entry that it hasn't."""

    def to_json(self) -> dict[str, Any]:
        """The whole notebook (nbformat 4)."""


class JsonContent:
    """A notebook in nbformat's JSON."""

    def __init__(self, notebook: dict[str, Any]) -> None:
        self._notebook = notebook

    @property
    def ids(self) -> list[str]:
        """See `Content`."""
        return [cell.get("id", "") for cell in self._notebook["cells"]]

    def has(self, cell_id: str) -> bool:
        """See `Content`."""
        return self._cell(cell_id) is not None

    def source(self, cell_id: str) -> str | None:
        """See `Content`."""
        cell = self._cell(cell_id)
        return None if cell is None else joined(cell["source"])

    def is_blank(self) -> bool:
        """See `Content`."""
        cells = self._notebook["cells"]
        return len(cells) == 1 and cells[0]["cell_type"] == "code" and not joined(cells[0]["source"])

    def insert(self, position: int, cell: dict[str, Any]) -> None:
        """See `Content`."""
        self._notebook["cells"].insert(position, cell)

    def remove(self, cell_ids: Collection[str]) -> bool:
        """See `Content`."""
        kept = [cell for cell in self._notebook["cells"] if cell.get("id") not in cell_ids]
        changed = len(kept) < len(self._notebook["cells"])
        self._notebook["cells"] = kept
        return changed

    def change(self, cell_id: str, fields: dict[str, Any], facts: dict[str, Any]) -> bool:
        """See `Content`."""
        cell = self._cell(cell_id)
        if cell is None:
            return False
        for name, value in fields.items():
            if name == "source" or cell["cell_type"] == "code":
                cell[name] = value
        if facts:
            cell["metadata"].setdefault(METADATA_KEY, {}).update(facts)
        return True

    def entries(self, name: str) -> dict[str, Any]:
        """See `Content`."""
        facts = self._notebook.get("metadata")
        for key in (METADATA_KEY, name):
            facts = facts.get(key) if isinstance(facts, dict) else None
        return copy.copy(facts) if isinstance(facts, dict) else {}

    def set_entry(self, name: str, key: str, value: object) -> None:
        """See `Content`."""
        facts = self._notebook
        # A `NotebookNode` keeps a copy of what is set, so each dict is looked up again.
        for part in ("metadata", METADATA_KEY, name):
            if not isinstance(facts.get(part), dict):
                facts[part] = {}
            facts = facts[part]
        if value is None:
            facts.pop(key, None)
        else:
            facts[key] = value

    def set_default(self, key: str, value: dict[str, Any]) -> None:
        """See `Content`."""
        self._notebook["metadata"].setdefault(key, value)

    def to_json(self) -> dict[str, Any]:
        """The notebook itself, not a copy."""
        return self._notebook

    def _cell(self, cell_id: str) -> dict[str, Any] | None:
        # Most events are about one of the last cells.
        return next((cell for cell in reversed(self._notebook["cells"]) if cell.get("id") == cell_id), None)
