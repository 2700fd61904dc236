"""Modules that lie beside a notebook: read, never imported."""

from __future__ import annotations

import ast
from pathlib import Path

from ..parsed_notebook import LONGEST_SOURCE, parse_source

MOST_MODULES = 20


class ModulesBeside:
    """Finds the syntax tree of a module in a notebook's folder.

    Args:
        folder: of the notebook; None where it isn't known, and nothing is found.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._read = 0

    def tree(self, name: str, level: int = 0) -> ast.Module | None:
        """The tree of the module `name` (dotted), or None: there is none, or it is too large, or one of too many."""
        parts = name.split(".") if name else []
        if self._folder is None or level > 1 or not all(part.isidentifier() for part in parts):
            return None
        stem = self._folder.joinpath(*parts)
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            try:
                if not parts or not path.is_file() or self._read >= MOST_MODULES:
                    continue
                # What a link leads out to isn't beside the notebook.
                inside = path.resolve().is_relative_to(self._folder.resolve())
                if inside and path.stat().st_size <= LONGEST_SOURCE:
                    self._read += 1
                    return parse_source(path.read_text(encoding="utf-8", errors="replace"))[0]
            except OSError:
                continue
        return None
