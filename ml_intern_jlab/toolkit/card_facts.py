"""What a card may say, read from the journal of the session and from the notebook, not from memory.

The journal is only read. Where it is out of reach, the notebook's own outputs have to do, and the card says so.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import operator
import os
import platform
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from .hub_faults import TRANSPORT
from .track import MIME

SEED = re.compile(r"\b(random_state|seed|manual_seed)\s*[=(]\s*(\d+)")
DATA_FILE = re.compile(r"\.(csv|tsv|parquet|jsonl?|feather|xlsx?|npz|npy|arrow)(\.gz)?$")
HUB_FILE = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+?)(?:@[^/]+)?(?:/|$)")
FIRST = ("repo_id", "path", "dataset", "filepath_or_buffer", "io")
"""What the first argument of a function that reads data is called."""
MOST_HASHED = 2_000_000_000
"""Bytes up to which a data file is told by its hash."""


@dataclass(frozen=True)
class Measured:
    """A metric with the cell that measured it."""

    name: str
    value: float
    split: str
    cell_id: str
    cell: str
    """The cell's title."""
    experiment: str = ""


@dataclass(frozen=True)
class Data:
    """Data that the notebook reads: a file with its SHA-256, or a repository of the Hub with its revision."""

    name: str
    revision: str = ""
    licence: str = ""


@dataclass
class Facts:
    """Everything that a card is written from. `journal` says whether the session's journal was read."""

    journal: bool = False
    task: str = ""
    model: str = ""
    plan: list[str] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    data: list[Data] = field(default_factory=list)
    decided: Counter[str] = field(default_factory=Counter)
    edited: int = 0
    rejected: int = 0
    findings: list[str] = field(default_factory=list)
    tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    hardware: str = ""
    seeds: list[str] = field(default_factory=list)

    @property
    def baseline(self) -> Measured | None:
        """What the others are compared to."""
        return next((each for each in self.measured if each.split == "baseline"), None)


def gather(notebook: Path | None, journal: Path | None = None) -> Facts:
    """The facts about the work in a notebook; see `notebook_path` and `journal_path` for where they come from."""
    facts = Facts(hardware=_hardware())
    cells = _code_cells(notebook) if notebook else []
    events = _events(journal, notebook) if journal and notebook else []
    if events:
        _from_journal(facts, events)
    else:
        facts.measured = list(_from_outputs(cells))
    sources = ["".join(cell["source"]) for cell in cells]
    facts.data = _data(sources, notebook.parent if notebook else Path())
    facts.seeds = sorted({f"{name}={value}" for source in sources for name, value in SEED.findall(source)})
    facts.versions = {"Python": platform.python_version(), **_versions(sources), **facts.versions}
    return facts


def notebook_path(given: str | Path | None) -> Path | None:
    """The notebook: the one that is named, else the one that this kernel was started for; None where there is none."""
    for candidate in (given, os.environ.get("JPY_SESSION_NAME")):
        if candidate and Path(candidate).expanduser().is_file():
            return Path(candidate).expanduser().resolve()
    return None


def journal_path(given: str | Path | None) -> Path | None:
    """The journal: the one that is named, `$ML_INTERN_JOURNAL`, or the one in Jupyter's data; None: there is none."""
    from jupyter_core.paths import jupyter_data_dir

    usual = Path(jupyter_data_dir()) / "ml_intern" / "journal.sqlite"
    path = Path(given or os.environ.get("ML_INTERN_JOURNAL") or usual).expanduser()
    return path if path.is_file() else None


# --- the journal --------------------------------------------------------------------------------------------------


def _events(journal: Path, notebook: Path) -> list[dict[str, Any]]:
    """The events of the newest session about the notebook, in order."""
    database = sqlite3.connect(f"{journal.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        rows = database.execute("SELECT session_id, path FROM sessions ORDER BY created DESC").fetchall()
        # A session's path is relative to a root that the journal doesn't know; the longest match is the notebook.
        matching = [(len(path), session) for session, path in rows if _is_end_of(path, notebook)]
        if not matching:
            return []
        longest = max(length for length, _ in matching)
        session = next(session for length, session in matching if length == longest)
        found = database.execute("SELECT type, time, body FROM events WHERE session_id=? ORDER BY seq", (session,))
        return [{**json.loads(body), "type": kind, "time": when} for kind, when, body in found]
    except sqlite3.Error:
        return []
    finally:
        database.close()


def _is_end_of(path: str, notebook: Path) -> bool:
    parts = Path(path).parts
    return notebook.parts[-len(parts) :] == parts


def _from_journal(facts: Facts, events: Iterable[Mapping[str, Any]]) -> None:
    facts.journal = True
    titles: dict[str, str] = {}
    measured: dict[tuple[str, str, str, str], Measured] = {}
    for event in events:
        match event["type"]:
            case "run_started":
                facts.task, facts.model = event["task"], event["model"]
                facts.versions |= event.get("versions", {})
            case "plan_changed":
                facts.plan = [item["title"] for item in event["items"] if item["status"] != "skipped"]
            case "cell_proposed":
                titles[event["cell_id"]] = event["title"]
            case "cell_decided" if event["decision"] == "approve":
                facts.decided[event["by"]] += 1
                facts.edited += bool(event["edited"])
            case "cell_decided":
                facts.rejected += 1
            case "cell_finished":
                facts.seconds += event["seconds"]
            case "step_finished":
                facts.tokens += event["input_tokens"] + event["output_tokens"]
                if event["cost"] is not None:
                    facts.cost = (facts.cost or 0.0) + event["cost"]
            case "review_finished":
                facts.findings = facts.findings[len(facts.findings) - event["findings"] :]
            case "finding_added":
                facts.findings.append(event["message"])
            case "metric_logged":
                cell, experiment = event["cell_id"], event.get("experiment", "")
                place = (cell, experiment, event["name"], event["split"])
                measured[place] = Measured(
                    event["name"], event["value"], event["split"], cell, titles.get(cell, ""), experiment
                )
    facts.measured = list(measured.values())


# --- the notebook -------------------------------------------------------------------------------------------------


def _code_cells(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8")).get("cells", [])
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _from_outputs(cells: Iterable[Mapping[str, Any]]) -> Iterator[Measured]:
    for cell in cells:
        title = "".join(cell["source"]).strip().partition("\n")[0].lstrip("# ")[:100]
        for output in cell.get("outputs", []):
            board = output.get("data", {}).get(MIME) or {"experiments": []}
            for tracked, each in ((one, each) for one in board["experiments"] for each in one["metrics"]):
                yield Measured(
                    each["name"], each["value"], each["split"], cell.get("id", ""), title, tracked["experiment"]
                )


def _data(sources: Iterable[str], folder: Path) -> list[Data]:
    found: dict[str, Data] = {}
    for source in sources:
        for call in _calls(source):
            name, given = _name_of(call.func), {each.arg: each.value for each in call.keywords if each.arg}
            first = call.args[0] if call.args else next((given[key] for key in FIRST if key in given), None)
            text = _text(first)
            repo = _dataset(name, text, call.func, _text(given.get("repo_type")))
            if repo and repo not in found:
                found[repo] = _hub_data(repo, _text(given.get("revision")))
            elif not repo and name.startswith("read_") and DATA_FILE.search(text):
                found[text] = Data(text, _hash(folder / text))
    return list(found.values())


def _dataset(name: str, text: str, function: ast.expr, kind: str) -> str:
    """The dataset on the Hub that a call reads, "" where it reads none."""
    if address := HUB_FILE.match(text):
        return address[1]
    of_ours = (
        name in ("rows", "sample") and isinstance(function, ast.Attribute) and _name_of(function.value) == "datasets"
    )
    loads = name == "load_dataset" or (name in ("hf_hub_download", "snapshot_download") and kind == "dataset")
    return text if (of_ours or loads) and re.fullmatch(r"[\w.-]+/[\w.-]+", text) else ""


def _text(node: ast.expr | None) -> str:
    """The text that an argument is: written there, or held by a variable of this kernel, such as `report.revision`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    try:
        value = operator.attrgetter(ast.unparse(node))(sys.modules["__main__"]) if _is_dotted(node) else ""
    except AttributeError:
        return ""
    return value if isinstance(value, str) else ""


def _is_dotted(node: ast.expr | None) -> TypeGuard[ast.expr]:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _calls(source: str) -> Iterator[ast.Call]:
    lines = ("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _hash(path: Path) -> str:
    if not path.is_file() or path.stat().st_size > MOST_HASHED:
        return ""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    return f"SHA-256 {digest.hexdigest()}"


def _hub_data(repo: str, revision: str) -> Data:
    """The revision and the licence as the Hub tells them now; what it doesn't tell stays unknown."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        info = HfApi().dataset_info(repo, revision=revision or None, timeout=15)
    except (HfHubHTTPError, HFValidationError):
        return Data(repo, revision)
    except TRANSPORT:
        return Data(repo, revision)
    licences = [tag.removeprefix("license:") for tag in info.tags or [] if tag.startswith("license:")]
    return Data(repo, info.sha or revision, ", ".join(licences))


def _versions(sources: Iterable[str]) -> dict[str, str]:
    """The versions of the packages that the cells import."""
    names = {name for source in sources for name in re.findall(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", source, re.M)}
    packages = importlib.metadata.packages_distributions()
    owners = sorted({packages[name][0] for name in names if name in packages})
    return {owner: importlib.metadata.version(owner) for owner in owners}


def _hardware() -> str:
    import sys

    parts = [f"{os.cpu_count()} CPU cores ({platform.machine()}, {platform.system()})"]
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        parts.append(f"{torch.cuda.device_count()} × {torch.cuda.get_device_name(0)}")
    return ", ".join(parts)
