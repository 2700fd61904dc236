"""Who made a cell, and whether that can be believed: facts in a notebook's metadata, signed by this server's key.

The facts are shown and never obeyed: nothing is run, approved or skipped because of them. A signature says that this
server recorded the facts, and a cell's facts name the hash of the source that was approved. So a reader on the same
server sees which cells still are as they were approved, which a person changed since, and which claims are nobody's.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal

from ..notebook.document import METADATA_KEY
from ..protocol import source_hash

Standing = Literal["approved", "changed", "unsigned"]
WORDS: dict[Standing, str] = {
    "approved": "as approved",
    "changed": "changed by a person since",
    "unsigned": "an unsigned claim",
}
_SIGNATURE = "signature"


@lru_cache(maxsize=1)
def server_key() -> bytes | None:
    """The key of this server: made from the secret with which Jupyter signs trusted notebooks (readable by its owner
    only), and made where there is none yet. None where it can be neither read nor written."""
    from nbformat.sign import NotebookNotary

    try:
        secret: bytes = NotebookNotary().secret
    except OSError:
        return None
    return hmac.digest(secret, b"ml-intern provenance", "sha256")


def signed(facts: dict[str, Any], key: bytes | None) -> dict[str, Any]:
    """The facts with their signature; without a key they stay a claim.

    Values are texts, whole numbers, booleans, lists and dicts: others come back from a browser in another spelling.
    """
    return {**facts, _SIGNATURE: _signature(facts, key)} if key else facts


def is_signed(facts: Any, key: bytes | None) -> bool:
    """Whether this server signed exactly these facts."""
    if not key or not isinstance(facts, dict) or not isinstance(facts.get(_SIGNATURE), str):
        return False
    rest = {name: value for name, value in facts.items() if name != _SIGNATURE}
    try:
        return hmac.compare_digest(facts[_SIGNATURE].encode(), _signature(rest, key).encode())
    except (TypeError, ValueError, RecursionError):
        return False


def _signature(facts: dict[str, Any], key: bytes) -> str:
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, canonical.encode(), sha256).hexdigest()


@dataclass(frozen=True)
class Origin:
    """What one of the agent's cells says of itself. `cell` counts all cells from 1; `facts` are a claim unless the
    standing is another than unsigned."""

    cell: int
    cell_id: str
    standing: Standing
    facts: dict[str, Any]

    @property
    def told(self) -> str:
        """The claim in a sentence."""
        if self.facts.get("kind") == "run":
            return f"Cell {self.cell}: {WORDS[self.standing]}; a note by {str(self.facts.get('model') or '?')[:80]}."
        decision = self.facts.get("decision")
        decision = decision if isinstance(decision, dict) else {}
        by, mode, when = (str(decision.get(key) or "?")[:80] for key in ("by", "mode", "time"))
        edited = ", edited before it ran" if decision.get("edited") is True else ""
        model = str(self.facts.get("model") or "?")[:80]
        return f"Cell {self.cell}: {WORDS[self.standing]}; by {model}, approved by {by} in mode {mode}, {when}{edited}."


def origins(notebook: Any, key: bytes | None) -> list[Origin]:
    """Where the cells of a notebook (JSON of nbformat 4) come from that claim to be the agent's.

    A code cell carries its facts; what a note said stands in the record of its run, once that has ended.
    """
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    records = {str(facts.get("run_id")): (facts, known) for facts, known in runs(notebook, key)}
    found = []
    for number, cell in enumerate(cells if isinstance(cells, list) else [], 1):
        ours = _ours(cell)
        if ours is None:
            continue
        if cell.get("cell_type") == "markdown" and str(ours.get("run_id")) in records:
            found.append(_note(number, cell, *records[str(ours.get("run_id"))]))
        if cell.get("cell_type") != "code":
            continue
        facts = ours.get("provenance")
        facts = facts if isinstance(facts, dict) else {}
        standing: Standing = "unsigned"
        if facts.get("kind") == "cell" and is_signed(facts, key):
            standing = "approved" if source_hash(_text(cell)) == facts.get("source_hash") else "changed"
        found.append(Origin(number, str(cell.get("id") or f"cell {number}"), standing, facts))
    return found


def _note(number: int, cell: dict[str, Any], run: dict[str, Any], known: bool) -> Origin:
    """What the record of a run says of one of its notes. A copy has another id, and the same words."""
    notes = run.get("notes")
    notes = notes if isinstance(notes, dict) else {}
    cell_id, words = str(cell.get("id") or f"cell {number}"), source_hash(_text(cell))
    standing: Standing = "unsigned"
    if known and words in notes.values():
        standing = "approved"
    elif known and cell_id in notes:
        standing = "changed"
    return Origin(number, cell_id, standing, run)


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def runs(notebook: Any, key: bytes | None) -> list[tuple[dict[str, Any], bool]]:
    """What a notebook says of the runs that wrote it, each with whether this server signed it."""
    ours = _ours(notebook) or {}
    claimed = ours.get("runs")
    found = claimed.values() if isinstance(claimed, dict) else []
    return [(facts, facts.get("kind") == "run" and is_signed(facts, key)) for facts in found if isinstance(facts, dict)]


def strip(notebook: dict[str, Any]) -> int:
    """Take all of our facts out of a notebook, in place; returns out of how many cells."""
    cells = notebook.get("cells")
    holders = [notebook, *(cells if isinstance(cells, list) else [])]
    return sum(_strip(holder) and holder is not notebook for holder in holders)


def _strip(holder: Any) -> bool:
    metadata = holder.get("metadata") if isinstance(holder, dict) else None
    return isinstance(metadata, dict) and metadata.pop(METADATA_KEY, None) is not None


def _ours(holder: Any) -> dict[str, Any] | None:
    metadata = holder.get("metadata") if isinstance(holder, dict) else None
    found = metadata.get(METADATA_KEY) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else None
