"""A notebook in a document that several people edit at once (jupyter_ydoc's `YNotebook`), as the fold changes it.

Everything here happens in somebody's transaction. Where text or outputs change, only the difference is written: the
front end appends whatever is inserted into a cell's outputs or their text, so that a change before the end takes
everything after it out and appends it again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from jupyter_ydoc import YNotebook
from pycrdt import Array, Map, Text

from .content import METADATA_KEY

_RUNNING = "running"


class SharedContent:
    """The cells of `notebook`, found by id."""

    def __init__(self, notebook: YNotebook) -> None:
        self._notebook = notebook
        self._places: dict[str, int] | None = None
        self._watching = notebook.ycells.observe(self._forget)

    def let_go(self) -> None:
        """Stop watching the document."""
        self._notebook.ycells.unobserve(self._watching)

    @property
    def ids(self) -> list[str]:
        """See `Content`."""
        return [str(cell.get("id") or "") for cell in self._notebook.ycells]

    def has(self, cell_id: str) -> bool:
        """See `Content`."""
        return cell_id in self._found()

    def source(self, cell_id: str) -> str | None:
        """See `Content`."""
        cell = self._cell(cell_id)
        return None if cell is None else str(cell["source"])

    def is_blank(self) -> bool:
        """See `Content`."""
        cells = self._notebook.ycells
        return len(cells) == 1 and cells[0]["cell_type"] == "code" and not str(cells[0]["source"])

    def insert(self, position: int, cell: dict[str, Any]) -> None:
        """See `Content`."""
        if cell["cell_type"] == "code":
            # As when the person runs it: what it shows was made here. Jupyter takes the mark out before it saves.
            cell = {**cell, "metadata": {**cell["metadata"], "trusted": True}}
        self._notebook.ycells.insert(position, self._notebook.create_ycell(cell))
        self._places = None

    def remove(self, cell_ids: Collection[str]) -> bool:
        """See `Content`."""
        places = sorted((self._found()[cell_id] for cell_id in cell_ids if cell_id in self._found()), reverse=True)
        for place in places:
            del self._notebook.ycells[place]
        self._places = None
        return bool(places)

    def change(self, cell_id: str, fields: dict[str, Any], facts: dict[str, Any]) -> bool:
        """See `Content`."""
        cell = self._cell(cell_id)
        if cell is None:
            return False
        for name, value in fields.items():
            if name == "source":
                _set_text(cell["source"], value, keep_end=True)
            elif cell["cell_type"] == "code" and name == "outputs":
                self._set_outputs(cell, value)
            elif cell["cell_type"] == "code" and cell.get(name) != value:
                cell[name] = value
        if facts:
            known = cell["metadata"].get(METADATA_KEY)
            merged = {**(known if isinstance(known, dict) else {}), **facts}
            if merged != known:
                cell["metadata"][METADATA_KEY] = merged
        if "status" in facts and cell["cell_type"] == "code":
            state = _RUNNING if facts["status"] == _RUNNING else "idle"
            if cell.get("execution_state") != state:
                cell["execution_state"] = state
        return True

    def entries(self, name: str) -> dict[str, Any]:
        """See `Content`."""
        found = self._facts().get(name)
        # Numbers are floating in such a document.
        return dict(_whole(found)) if isinstance(found, dict) else {}

    def set_entry(self, name: str, key: str, value: object) -> None:
        """See `Content`."""
        facts = self._facts()
        entries = {**(facts[name] if isinstance(facts.get(name), dict) else {}), key: value}
        if value is None:
            del entries[key]
        self._metadata()[METADATA_KEY] = {**facts, name: entries}

    def set_default(self, key: str, value: dict[str, Any]) -> None:
        """Jupyter's shared documents begin with an empty kernel, which counts as none."""
        known = self._metadata().get(key)
        if not isinstance(known, dict) or not known.get("name"):
            self._metadata()[key] = value

    def to_json(self) -> dict[str, Any]:
        """See `Content`."""
        notebook: dict[str, Any] = self._notebook.get()
        return notebook

    def remove_doubles(self) -> bool:
        """Of our cells keep only the first that bears an id: a page that was away may bring an older copy back."""
        ids = self.ids if self._places is None else []
        doubles = [place for place, cell_id in enumerate(ids) if cell_id in ids[:place] and self._is_ours(place)]
        for place in reversed(doubles):
            del self._notebook.ycells[place]
        return bool(doubles)

    def _is_ours(self, place: int) -> bool:
        return METADATA_KEY in self._notebook.ycells[place]["metadata"]

    def _set_outputs(self, cell: Map, wanted: list[dict[str, Any]]) -> None:
        if not isinstance(cell.get("outputs"), Array):
            cell["outputs"] = Array()
        outputs: Array = cell["outputs"]
        shown = [output.to_py() if isinstance(output, Map) else output for output in outputs]
        same = 0
        while same < min(len(shown), len(wanted)) and shown[same] == wanted[same]:
            same += 1
        if same == len(shown) - 1 < len(wanted) and _same_stream(shown[same], wanted[same]):
            _set_text(outputs[same]["text"], wanted[same]["text"], keep_end=False)
            same += 1
        if same < len(outputs):
            del outputs[same : len(outputs)]
        outputs.extend(Map(_shared(output)) for output in wanted[same:])

    def _metadata(self) -> Map:
        meta = self._notebook.ydoc.get("meta", type=Map)
        if not isinstance(meta.get("metadata"), Map):
            meta["metadata"] = Map({})
        found: Map = meta["metadata"]
        return found

    def _facts(self) -> dict[str, Any]:
        facts = self._metadata().get(METADATA_KEY)
        if isinstance(facts, Map):
            facts = facts.to_py()
        return dict(facts) if isinstance(facts, dict) else {}

    def _cell(self, cell_id: str) -> Map | None:
        place = self._found().get(cell_id)
        found: Map | None = None if place is None else self._notebook.ycells[place]
        return found

    def _found(self) -> dict[str, int]:
        """Where each cell stands. Reading a thousand ids takes 30 ms, so not for every message that a cell prints."""
        if self._places is None:
            # Of two with one id the first counts.
            self._places = {cell_id: place for place, cell_id in reversed(list(enumerate(self.ids)))}
        return self._places

    def _forget(self, event: object) -> None:
        self._places = None


def _set_text(text: Text, wanted: str, keep_end: bool) -> None:
    """Write the difference, so that what a person types elsewhere at the same time stays.

    A front end applies every change of an output's text to its end, hence without `keep_end` all after it is new.
    """
    now = str(text)
    start = _alike(now, wanted)
    end = _alike(now[start:][::-1], wanted[start:][::-1]) if keep_end else 0
    # A shared text counts bytes.
    first, last = len(now[:start].encode()), len(now[: len(now) - end].encode())
    if last > first:
        del text[first:last]
    if new := wanted[start : len(wanted) - end]:
        text.insert(first, new)


def _alike(one: str, other: str) -> int:
    """How many characters both begin with; a bisection, since an output may have a million."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_stream(shown: Any, wanted: dict[str, Any]) -> bool:
    return (
        isinstance(shown, dict)
        and shown.get("output_type") == wanted["output_type"] == "stream"
        and shown.get("name") == wanted["name"]
        and isinstance(shown.get("text"), str)
    )


def _shared(output: dict[str, Any]) -> dict[str, Any]:
    return {**output, "text": Text(output["text"])} if output["output_type"] == "stream" else output


def _whole(value: Any) -> Any:
    """The value with every floating number that is whole as an integer."""
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value
