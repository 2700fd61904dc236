"""What the notebook needs from the machine, the network and the clock."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject, calls_named, last_name

_ABSOLUTE = re.compile(
    r"^(?:/(?:home|Users|content|kaggle|mnt|media|root|data|tmp|var|opt|workspace|scratch|gpfs|nfs|lustre|dbfs|Volumes|work|"
    r"project|projects)/|[A-Za-z]:[\\/]|~/|\\\\)[^\n]*$"
)
_ELSEWHERE = re.compile(r"^~/\.(?:cache|config)|^/tmp/?$|^/content/?$")
_INSTALL = re.compile(r"(?:^|[!%]|\s)(?:python3? -m )?(pip3?|conda|mamba|uv pip|uv)\s+(?:install|add)\s+(.*)$")
_PINNED = re.compile(r"[=<>~!@]=?|\.(?:whl|txt|toml|ya?ml|zip|tar\.gz)|^git\+|^https?:|^\.|^/")


def _absolute(subject: Subject) -> Iterator[Found]:
    for cell, node in subject.notebook.nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if _ABSOLUTE.match(text) and not _ELSEWHERE.match(text) and len(text) < 300:
                yield Found(
                    cell, node.lineno, f"Cell {cell.number} names the path {text}, which exists on one machine only."
                )
    for cell in subject.notebook.code:
        for magic in cell.magics:
            match = re.match(r"%cd\s+(\S+)", magic)
            if match and _ABSOLUTE.match(match[1] + "/"):
                yield Found(cell, 0, f"Cell {cell.number} changes to {match[1]}, which exists on one machine only.")


_READS = {
    "read_csv",
    "read_excel",
    "read_parquet",
    "read_json",
    "read_feather",
    "read_table",
    "open",
    "loadtxt",
    "genfromtxt",
    "imread",
    "scan_csv",
    "scan_parquet",
    "read_pickle",
    "read_stata",
    "read_sas",
}


def _missing(subject: Subject) -> Iterator[Found]:
    folder = subject.notebook.folder
    if folder is None:
        return
    written = {
        str(node.value)
        for _, node in subject.notebook.nodes()
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and not isinstance(getattr(node, "parent", None), ast.Call)
    }
    for cell, call in calls_named(subject.notebook, *_READS):
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            continue
        mode = call.args[1].value if len(call.args) > 1 and isinstance(call.args[1], ast.Constant) else "r"
        name = first.value
        if re.match(r"^[\w+]+://|^/|^[A-Za-z]:|^~", name) or (
            last_name(call.func) == "open" and str(mode)[:1] in "wax"
        ):
            continue
        if (
            len(name) < 200
            and "\0" not in name
            and not (folder / name).exists()
            and not _made_here(subject, name, written)
        ):
            yield Found(cell, call.lineno, f"Cell {cell.number} reads {name}, which isn't beside the notebook.")


def _made_here(subject: Subject, name: str, written: set[str]) -> bool:
    """Whether some cell writes, downloads or unpacks it: the name stands in another call, or in a shell line."""
    stem = name.rsplit("/", 1)[-1]
    mentions = sum(stem in cell.source for cell in subject.notebook.code)
    repeated = sum(cell.source.count(stem) for cell in subject.notebook.code)
    return (
        mentions > 1
        or repeated > 1
        or any(
            cell.magics
            and ("wget" in cell.source or "curl" in cell.source or "unzip" in cell.source or "clone" in cell.source)
            for cell in subject.notebook.code
        )
    )


def _unpinned(subject: Subject) -> Iterator[Found]:
    for cell in subject.notebook.code:
        for number, line in enumerate(cell.source.splitlines(), 1):
            match = _INSTALL.search(line.strip()) if line.strip()[:1] in "!%" else None
            if match and (loose := _loose(match[2], match[1])):
                yield Found(
                    cell,
                    number,
                    f"{', '.join(loose)} {'is' if len(loose) == 1 else 'are'} installed in whatever version "
                    "is the newest.",
                )
    for cell, call in calls_named(subject.notebook, "run", "check_call", "system", "call", "check_output", "Popen"):
        words = [
            each.value for each in ast.walk(call) if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        match = _INSTALL.search(" ".join(words))
        if (
            match
            and cell.tree is not None
            and "get_ipython" not in ast.unparse(call.func)
            and (loose := _loose(match[2], match[1]))
        ):
            yield Found(cell, call.lineno, f"{', '.join(loose)}: installed without a version.")


def _loose(text: str, tool: str) -> list[str]:
    text = re.split(r"\s(?:&&|\||;|#|>|2>)", f" {text}")[0]
    words = [word.strip("\"'") for word in text.split()]
    found, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            if word in ("-r", "--requirement", "-e", "--constraint") or (word == "-c" and "pip" in tool):
                return []
            skip = word in (
                "-i",
                "--index-url",
                "--extra-index-url",
                "-f",
                "--find-links",
                "-c",
                "-t",
                "--target",
                "-n",
            )
        elif word and not _PINNED.search(word) and re.match(r"^[A-Za-z][\w.\[\],-]*$", word):
            found.append(word)
    return [word for word in found if word not in ("pip", "setuptools", "wheel")]


_CLOCK = {"now", "today", "utcnow"}


def _clock(subject: Subject) -> Iterator[Found]:
    told: set[int] = set()
    for cell, call in calls_named(subject.notebook, *_CLOCK):
        owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if not re.search(r"(?i)date|time|pd|pendulum|arrow", owner) or cell.number in told or _is_timing(cell, call):
            continue
        told.add(cell.number)
        yield Found(cell, call.lineno, f"{owner}.{last_name(call.func)}() gives another value on every day.")


def _is_timing(cell: Cell, call: ast.Call) -> bool:
    """Whether the time is only for a duration, a message or a file's name."""
    name = ast.unparse(call)
    line = cell.source.splitlines()[call.lineno - 1] if call.lineno <= cell.source.count("\n") + 1 else ""
    return bool(
        re.search(r"print|strftime|log|isoformat|f['\"]|run_?name|(?<!Time)stamp", line)
        or re.search(
            rf"{re.escape(name)}\s*-\s*(?:start|t0|begin|tic)|(?:start|t0|begin|tic|end|toc)\w*\s*=\s*{re.escape(name)}",
            line,
        )
    )


_NETWORK = {
    "urlretrieve",
    "urlopen",
    "load_dataset",
    "from_pretrained",
    "hf_hub_download",
    "snapshot_download",
    "fetch_openml",
    "DataReader",
    "pipeline",
}


def _network(subject: Subject) -> Iterator[Found]:
    told: set[int] = set()
    for cell, node in subject.notebook.nodes():
        if not isinstance(node, ast.Call) or cell.number in told:
            continue
        name = last_name(node.func)
        owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        keywords = {key.arg for key in node.keywords}
        url = isinstance(first, str) and re.match(r"(?:https?|ftp|s3|gs|hf)://", first) is not None
        asks = owner in ("requests", "httpx", "yf", "session", "wget") and name in ("get", "post", "download")
        hub = name in _NETWORK and "revision" not in keywords and isinstance(first, str) and first[:1] not in "./"
        if (name == "pipeline" and "transformers" not in cell.source) or (
            name == "fetch_openml" and "version" in keywords
        ):
            hub = False
        if (
            (url and name not in ("print", "HTML", "Markdown"))
            or asks
            or (hub and first not in ("csv", "json", "parquet", "text"))
        ):
            told.add(cell.number)
            yield Found(
                cell,
                node.lineno,
                f"{name} fetches from the network{'' if not hub else ' whatever revision is the newest'}.",
            )
    for cell in subject.notebook.code:
        if cell.number not in told and any(
            re.match(r"!\s*(wget|curl|git clone|gdown|kaggle)\b", magic) for magic in cell.magics
        ):
            yield Found(cell, 0, f"Cell {cell.number} fetches from the network.")


_RECORDED = re.compile(
    r"__version__|%watermark|%load_ext watermark|watermark\(|show_versions|requirements\.txt|environment\.ya?ml|"
    r"pyproject|"
    r"pip freeze|pip list|conda list|importlib\.metadata|sys\.version|python_version|session_info|uv\.lock|"
    r"# /// script|==\d"
)


def _environment(subject: Subject) -> Iterator[Found]:
    notebook = subject.notebook
    imports = [cell for cell, node in notebook.nodes() if isinstance(node, ast.Import | ast.ImportFrom)]
    ours = notebook.metadata.get("ml_intern")
    runs = ours.get("runs") if isinstance(ours, dict) else None
    recorded = (
        [each.get("environment") for each in runs.values() if isinstance(each, dict)] if isinstance(runs, dict) else []
    )
    if not imports or any(recorded):
        return
    if any(_RECORDED.search(cell.source) for cell in notebook.cells):
        return
    names = (
        "requirements.txt",
        "environment.yml",
        "environment.yaml",
        "pyproject.toml",
        "uv.lock",
        "Pipfile",
        "conda-lock.yml",
    )
    folders = [notebook.folder, *list(notebook.folder.parents)[:3]] if notebook.folder else []
    if not any((folder / name).is_file() for folder in folders for name in names):
        yield Found(imports[0], 0, "Nothing says in which versions of its libraries the notebook ran.")


_READ = "# %%\nimport pandas as pd\n"

RULES = (
    Rule(
        id="absolute_path",
        area="reproducibility",
        severity="warning",
        title="An absolute path",
        why="The path exists on one machine only, so the notebook runs there only.",
        advice="Use a path relative to the notebook.",
        bad=_READ + "df = pd.read_csv('/home/me/thesis/a.csv')\n",
        good=_READ + "df = pd.read_csv('a.csv')\n",
        check=_absolute,
    ),
    Rule(
        id="missing_file",
        area="reproducibility",
        severity="note",
        title="A file that isn't there",
        why="Whoever gets the notebook can't run it.",
        advice="Put the file beside the notebook, or say where it comes from and fetch it in a cell.",
        bad=_READ + "df = pd.read_csv('gone.csv')\n",
        good=_READ + "pd.DataFrame({'a': [1]}).to_csv('made.csv')\ndf = pd.read_csv('made.csv')\n",
        check=_missing,
    ),
    Rule(
        id="unpinned_install",
        area="reproducibility",
        severity="warning",
        title="An installation without a version",
        why="A year later another version is installed, with other defaults or none of the functions used.",
        advice="Name the version: %pip install NAME==1.2.3, or a requirements file.",
        bad="# %%\n%pip install seaborn\n",
        good="# %%\n%pip install seaborn==0.13.2\n",
        check=_unpinned,
    ),
    Rule(
        id="current_time",
        area="reproducibility",
        severity="note",
        title="The current date takes part in the result",
        why="The same notebook gives other figures tomorrow.",
        advice="Write the date down as a constant.",
        bad=_READ
        + "df = pd.read_csv('a.csv', parse_dates=['born'])\ndf['age'] = (pd.Timestamp.now() - df['born']).dt.days\n",
        good=_READ + "df = pd.read_csv('a.csv', parse_dates=['born'])\n"
        "df['age'] = (pd.Timestamp('2026-01-01') - df['born']).dt.days\n",
        check=_clock,
    ),
    Rule(
        id="network_access",
        area="reproducibility",
        severity="note",
        title="Something is fetched while the notebook runs",
        why="What is fetched may change or vanish, and the result with it.",
        advice="Keep a copy beside the notebook, or name the revision and check its hash.",
        bad=_READ + "df = pd.read_csv('https://example.org/a.csv')\n",
        good=_READ + "df = pd.read_csv('a.csv')  # from https://example.org/a.csv, 2026-01-01\n",
        check=_network,
    ),
    Rule(
        id="environment_not_recorded",
        area="reproducibility",
        severity="note",
        title="The versions of the libraries aren't recorded",
        why="Results and even function names change between versions.",
        advice="Print the versions in a cell, or keep a requirements file beside the notebook.",
        bad=_READ + "print(pd.DataFrame({'a': [1]}))\n",
        good=_READ + "print(pd.__version__)\nprint(pd.DataFrame({'a': [1]}))\n",
        check=_environment,
    ),
)
