"""What a cell imports: modules that are known, or that can be read because they lie here, or unknown ones."""

from __future__ import annotations

import ast

from ...protocol import RiskClass as Risk
from .cell import lies_here, program_here
from .definitions import DefinitionReader
from .names import canonical
from .rules import GUARDED_MODULES
from .values import Qualified, Scope, join_path, shown

MOST_MODULES = 20


class ImportReader(DefinitionReader):
    """Reads modules where that can be done; a subclass reads the other statements."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.root = self.scope
        self.texts = 0
        """How many texts that hold code the reading is within."""
        self.reading: list[str] = []
        """The files of modules that are being read."""

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.split(".")[0]
            self.use_module(node, alias.name)
            self._unknown_module(node, alias.name)
            self.bind(alias.asname or whole, frozenset({Qualified(canonical(whole))}))

    def _importfrom(self, node: ast.ImportFrom) -> None:
        module = "?" if node.level else node.module or "?"
        self.use_module(node, node.module or "")
        for alias in node.names:
            self.use_module(node, f"{node.module}.{alias.name}")
            self._unknown_module(node, module)
            if alias.name != "*":
                held = self.attribute(Qualified(canonical(module)), alias.name)
                self.bind(alias.asname or alias.name, held)
                continue
            self.stars += (module,)
            if module in GUARDED_MODULES and module != "pathlib":
                self.note(node, Risk.opaque, f"imports every name of {module}, so that none can be followed")

    def _unknown_module(self, node: ast.AST, name: str) -> None:
        if not self.knows_module(name):
            text = f"imports {shown(name)}, and what that may do isn't known here"
            self.note(node, Risk.opaque, text)

    def use_module(self, node: ast.AST, name: str) -> None:
        """Read a module that the notebook wrote or that lies in the working folder, where `name` is one."""
        stems = {f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"}
        written = [path for path in self.modules if name and any(f"/{path}".endswith(f"/{stem}") for stem in stems)]
        for path in written:
            source = self.modules[path]
            if source is None:
                self.note(
                    node, Risk.opaque, f"imports {shown(path)}, which the notebook wrote and which can't be read here"
                )
            else:
                self._read_module(node, name, path, source)
        if written or not name or self.moved:
            return
        # A file here comes before what is installed under its name.
        for path in (join_path(at, stem) for at in self.searched for stem in sorted(stems)):
            source = program_here(path, self.folder)
            if source is not None:
                self._read_module(node, name, path, source)
            elif lies_here(path, self.folder):
                self.note(node, Risk.opaque, f"imports {shown(path)}, which can't be read here")

    def _read_module(self, node: ast.AST, name: str, path: str, source: str) -> None:
        if path in self.reading or len(self.reading) >= MOST_MODULES:
            return
        self.reading.append(path)
        outer, self.scope, texts = self.scope, Scope(parent=self.root), self.texts
        self.texts = 0
        self.read_inner(node, source)
        # `module.name` then finds what it binds, and so does the name imported from it.
        self.namespaces[name] = self.scope.names
        self.scope, self.texts = outer, texts
        self.reading.remove(path)
