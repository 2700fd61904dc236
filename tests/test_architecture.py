"""The shape of the house: who may import whom, how large a file or a function may grow, what a file is called."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ml_intern_jlab"

# A part imports from itself and from the parts before it.
ORDER = ["errors", "redaction", "protocol", "toolkit", "notebook", "review", "recipes", "agent", "sessions", "server"]

# Who alone may know a library.
KNOWN_ONLY_TO = {
    "smolagents": ("agent/", "recipes/", "testing.py"),
    "tornado": ("server/", "notebook/room_writer.py"),
    "jupyter_server": ("server/", "notebook/room_writer.py"),
    "jupyter_client": ("notebook/kernel.py",),
}

MOST_LINES_OF_A_FILE = 600
MOST_LINES_OF_A_FUNCTION = 100
# Generated, or one list of values that must stay in one file: the wire.
UNBOUNDED = {"src/protocol.ts", "ml_intern_jlab/protocol.py"}
VAGUE = re.compile(r"^(utils?|helpers?|common|misc|handlers)\.(py|tsx?)$")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "labextension" not in path.parts)
SOURCES = sorted(
    path
    for folder in ("ml_intern_jlab", "tests", "bench", "src", "ui-tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".ts", ".tsx"} and not {"labextension", "node_modules"} & set(path.parts)
)


def imported(path: Path) -> Iterator[str]:
    """The full dotted names that a module imports, anywhere in it."""
    package = ["ml_intern_jlab", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            # `from . import x` may import the module x.
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


# The package's other modules (the command line, the magic, what tests use) stand above all folders.
RANKS = {part_of(path): len(ORDER) for path in MODULES if path.parent == PACKAGE}
RANKS |= {part: rank for rank, part in enumerate(ORDER)}


def test_every_folder_has_its_place() -> None:
    assert {part_of(path) for path in MODULES} <= set(RANKS)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_part_imports_only_from_parts_before_it(path: Path) -> None:
    part = part_of(path)
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("ml_intern_jlab.")} & set(RANKS)
    others = ours - {part}
    # What it shows or sends must hold no secret; that module needs nothing but the standard library.
    strange = others - {"redaction"}
    assert part != "toolkit" or not strange, (
        f"toolkit/ is for kernels and imports nothing of the project, but {strange}"
    )
    forbidden = {other for other in others if RANKS[other] > RANKS[part]}
    assert not forbidden, f"{part} comes before {forbidden}"


@pytest.mark.parametrize("library", KNOWN_ONLY_TO)
def test_a_library_is_known_only_where_it_belongs(library: str) -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if any(name.split(".")[0] == library for name in imported(path))
    }
    assert not {user for user in users if not user.startswith(KNOWN_ONLY_TO[library])}


def test_the_notebook_package_is_known_only_to_one_file() -> None:
    users = {
        relative(path)
        for path in (ROOT / "src").rglob("*.ts*")
        if re.search(r"from '@jupyterlab/notebook'", path.read_text(encoding="utf-8"))
    }
    assert users <= {"src/notebook.ts", "src/notebookTracker.ts"}


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_files_and_functions_stay_readable(path: Path) -> None:
    assert not VAGUE.match(path.name), "call it after what it holds"
    text = path.read_text(encoding="utf-8")
    if relative(path) not in UNBOUNDED:
        assert text.count("\n") <= MOST_LINES_OF_A_FILE
    if path.suffix == ".py":
        long = {
            node.name: node.end_lineno - node.lineno + 1
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.end_lineno is not None
            and node.end_lineno - node.lineno >= MOST_LINES_OF_A_FUNCTION
        }
        assert not long


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_package_is_light() -> None:
    heavy = {"smolagents", "pandas", "jupyter_server", "tornado", "pydantic", "huggingface_hub"}
    assert not loaded_by("import ml_intern_jlab") & heavy


def test_loading_the_server_half_is_light() -> None:
    loaded = loaded_by("import ml_intern_jlab; ml_intern_jlab._jupyter_server_extension_points()")
    assert "jupyter_server" in loaded
    assert not loaded & {"smolagents", "pandas", "sklearn", "matplotlib", "torch"}
