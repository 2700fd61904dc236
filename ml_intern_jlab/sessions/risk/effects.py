"""What the arguments of a call add: code, SQL and pages in texts, pickles, flags that change what the call is.

Each function here notes reasons on a `CallReader`; `note_effects` runs them all.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ...protocol import RiskClass as Risk
from .names import is_secret_name, matcher, risks_of_name
from .page import page_risks
from .results import IN_MEMORY, Call, each
from .rules import ALLOWING_PICKLES, DUMPERS, EVALUATORS, LOCAL_BUILDERS, MAYBE_LOCAL, TRACKERS, UNPICKLERS
from .values import (
    LABEL,
    PLACEHOLDERS,
    TAINT,
    UNKNOWN,
    Function,
    Items,
    Opened,
    PathText,
    Values,
    host_of,
    shown,
    text_of,
    union,
)

if TYPE_CHECKING:
    from .calls import CallReader

MOST_PROCESSES = 64
FLAGS = {
    "push_to_hub": (Risk.publish, "publishes what it trains (push_to_hub=True)"),
    "share": (Risk.publish, "opens a public link (share=True)"),
    "download": (Risk.network, "downloads data (download=True)"),
    "pretrained": (Risk.network, "downloads weights (pretrained=True)"),
    "trust_remote_code": (Risk.opaque, "runs code that it downloads (trust_remote_code=True)"),
}
SENDERS = re.compile(r"(requests|httpx|aiohttp|urllib3|\?)\b(.*\.)?(post|put|patch)")
LOOPBACK = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\])(?=[:/]|$)")
SQL = re.compile(
    r"\s*(--[^\n]*\n\s*)*(select|insert|update|delete|drop|create|alter|truncate|copy|attach|detach|install|load|"
    r"pragma|with|from|export|import|replace|merge|vacuum|set|call|begin)\b",
    re.IGNORECASE,
)
SQL_METHODS = re.compile(
    r"(.*\.)?(execute|executemany|executescript|sql|query|raw_sql|run_sql|exec_driver_sql|read_sql\w*)"
)
SQL_EFFECTS = (
    (Risk.delete, "deletes from a database", r"\b(drop\s+(table|view|schema|database|index)|delete\s+from|truncate)\b"),
    (Risk.write, "changes a database", r"\b(insert\s+(or\s+\w+\s+)?into|update\s+\S+\s+set|alter\s+table|"
     r"create\s+(or\s+replace\s+)?(table|view|index|schema))\b"),
    (Risk.network, "loads an extension of the database", r"(^|;)\s*(install|load)\s+\w+"),
    (Risk.credentials, "handles a secret of the database", r"\bcreate\s+(or\s+replace\s+)?(persistent\s+)?secret\b"),
)  # fmt: skip
SQL_PATHS = (
    (
        True,
        r"\b(?:copy|export)\b.*?\bto\s+'([^']+)'|\bexport\s+database\s+'([^']+)'|\battach\s+(?:database\s+)?'([^']+)'",
    ),
    (False, r"\b(?:from|join)\s+'([^']+)'|\b(?:read|scan)_\w+\(\s*'([^']+)'|\b(?:parquet|csv|json)_scan\(\s*'([^']+)'"),
)  # fmt: skip


def note_effects(reader: CallReader, call: Call, name: str) -> None:
    """Note what the arguments of calling `name` (dotted; "" where it isn't known) add."""
    _flags(reader, call, name)
    _processes(reader, call, name)
    _texts_as_code(reader, call, name)
    _sql(reader, call, name)
    _pickles(reader, call, name)
    _pages(reader, call, name)
    _tracking(reader, call, name)
    _local_or_remote(reader, call, name)
    _bodies(reader, call, name)


def _flags(reader: CallReader, call: Call, name: str) -> None:
    for flag, (risk, text) in FLAGS.items():
        if any(value is True or value in (LABEL, TAINT) for value in call.named.get(flag, ())):
            reader.note(call.node, risk, text)
    for pattern, keyword, default in (
        ("torchvision.models.*", "weights", "None"),
        ("*.applications.*", "weights", "imagenet"),
    ):
        if matcher(pattern).fullmatch(name) and name.rsplit(".", 1)[1][:1].isalpha() and name.count(".") >= 2:
            given = call.named.get(keyword)
            if given is None and default != "None" and not name.rsplit(".", 1)[1][0].isupper():
                continue
            texts = {text_of(value) for value in given} if given is not None else {default}
            if texts - {"None", ""} and not all(text.endswith((".h5", ".keras", ".pt")) for text in texts):
                reader.note(call.node, Risk.network, f"downloads weights ({name.rsplit('.', 1)[1]})")


def _processes(reader: CallReader, call: Call, name: str) -> None:
    if not re.match(r"multiprocessing\.|threading\.(Thread|Timer)|.*ProcessPoolExecutor|.*ThreadPoolExecutor", name):
        return
    for value in union(*call.values()):
        if isinstance(value, Function) and _never_ends(value.node):
            reader.note(call.node, Risk.process, f"starts what goes on after the cell without an end ({value.name})")
    many = call.given(0, "processes", "max_workers", "n_jobs") or frozenset()
    itself = any(
        isinstance(value, Function) and value in reader.entered for values in call.values() for value in values
    )
    if reader.endless or itself or any(isinstance(value, int) and value > MOST_PROCESSES for value in many):
        reader.note(call.node, Risk.process, f"starts very many processes or threads ({name})")


def _never_ends(function: ast.AST) -> bool:
    """Whether a function has a loop that nothing in it leaves."""
    return any(
        isinstance(loop, ast.While)
        and isinstance(loop.test, ast.Constant)
        and bool(loop.test.value)
        and not any(isinstance(part, ast.Break | ast.Return | ast.Raise) for part in ast.walk(loop))
        for loop in ast.walk(function)
    )


def _texts_as_code(reader: CallReader, call: Call, name: str) -> None:
    last = name.rsplit(".", 1)[-1]
    for patterns, position in EVALUATORS:
        if not matcher(patterns).fullmatch(name):
            continue
        for value in call.given(position, "expr", "ex", "expression", "stmt", "source", "s") or ():
            text = text_of(value)
            if isinstance(value, int | float) or value is None:
                continue
            if TAINT in text or not text.strip(PLACEHOLDERS):
                reader.note(call.node, Risk.opaque, f"evaluates a text that is made while the cell runs ({last})")
            elif re.search(r"@[\w.]+\(|__", text):
                reader.note(call.node, Risk.opaque, f"calls Python from within the text given to {last}()")
        return


def _wrapped_texts(call: Call) -> Values:
    """The texts inside a statement that a function wraps, such as SQLAlchemy's `text("…")`."""
    parts = [part for given in call.node.args[:1] if isinstance(given, ast.Call) for part in ast.walk(given)]
    return frozenset(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def _sql(reader: CallReader, call: Call, name: str) -> None:
    if not SQL_METHODS.fullmatch(name):
        return
    given = call.given(0, "query", "sql", "statement") or frozenset()
    in_memory = name.startswith(IN_MEMORY)
    for value in given | _wrapped_texts(call):
        text = text_of(value)
        if not isinstance(value, str) or not SQL.match(text):
            continue
        for risk, words, pattern in SQL_EFFECTS:
            if in_memory and risk in (Risk.delete, Risk.write):
                continue
            if match := re.search(pattern, text, re.IGNORECASE | re.DOTALL):
                reader.note(call.node, risk, f"{words} ({shown(match[0], 40)})")
        for writes, pattern in SQL_PATHS:
            for match in re.finditer(pattern, text, re.IGNORECASE | re.DOTALL):
                path = next(group for group in match.groups() if group is not None)
                reader.path(call.node, frozenset({path}), writes=writes)


def _pickles(reader: CallReader, call: Call, name: str) -> None:
    unpickles = matcher(UNPICKLERS).fullmatch(name) is not None
    for patterns, keyword, dangerous in ALLOWING_PICKLES:
        if matcher(patterns).fullmatch(name):
            unpickles = unpickles or bool(call.named.get(keyword, frozenset()) & {dangerous, LABEL, TAINT})
    if not unpickles:
        return
    files = _file_paths(call.given(0, "filepath_or_buffer", "file", "f", "filename", "path", "filepath"))
    if not files or any(reader.same_path(path) not in reader.dumped for path in files):
        what = shown(next(iter(sorted(files)), "")) or "a stream"
        reader.note(call.node, Risk.opaque, f"unpickles {what}, which may run code that stands in it")


def note_dumps(reader: CallReader, call: Call, name: str) -> None:
    """Remember the files into which the notebook puts objects of its own."""
    for patterns, position in DUMPERS:
        if matcher(patterns).fullmatch(name):
            given = _file_paths(call.given(position, "path", "filename", "save_directory"))
            reader.dumped |= {reader.same_path(path) for path in given if path.strip(PLACEHOLDERS)}


def _file_paths(values: Values | None) -> set[str]:
    return {
        value.path if isinstance(value, Opened) else text_of(value)
        for value in values or ()
        if isinstance(value, str | PathText | Opened)
    }


def _pages(reader: CallReader, call: Call, name: str) -> None:
    if not matcher(
        "IPython.display.* IPython.core.display.* IPython.*.publish_display_data ipywidgets.HTML*"
    ).fullmatch(name):
        return
    last = name.rsplit(".", 1)[1]
    first = call.given(0, "data", "value") or frozenset()
    if last in ("HTML", "HTMLMath", "SVG", "Markdown"):
        for value in first:
            if isinstance(value, str) and value != TAINT:
                for risk, words in page_risks(value):
                    reader.note(call.node, risk, words)
            elif last != "Markdown" and value == TAINT:
                reader.note(call.node, Risk.opaque, f"shows a page that was read from elsewhere ({last})")
    if last in ("display", "publish_display_data"):
        for value in first:
            for key, inner in value.pairs if isinstance(value, Items) else ():
                if isinstance(key, str) and "javascript" in key:
                    reader.note(call.node, Risk.opaque, f"puts {key} into the page")
                for text in inner if key in ("text/html", "image/svg+xml") else ():
                    for risk, words in page_risks(text_of(text)):
                        reader.note(call.node, risk, words)
    if last in ("IFrame", "Image", "Audio", "Video", "FileLink", "YouTubeVideo"):
        remote = union(first, call.named.get("src", frozenset()), call.named.get("url", frozenset()))
        reader.path(call.node, frozenset(v for v in remote if reader.place(text_of(v)) == "remote"), writes=False)
        if last == "YouTubeVideo":
            reader.note(call.node, Risk.network, "lets the page load something from another host")


def _tracking(reader: CallReader, call: Call, name: str) -> None:
    if name == "mlflow.set_tracking_uri":
        reader.path(call.node, call.given(0, "uri") or UNKNOWN, writes=True)
        texts = [text_of(value) for value in call.given(0, "uri") or UNKNOWN]
        if any(reader.place(text) in ("remote", "unknown") or text.startswith("databricks") for text in texts):
            reader.note(call.node, Risk.publish, "sends what is logged from now on to another host (mlflow)")
    names = {text_of(value) for value in _flat(call.named.get("report_to", frozenset()))}
    for tracker in sorted(names & TRACKERS):
        reader.note(call.node, Risk.publish, f"sends the course of training to a tracker (report_to={tracker})")
    if name == "operator.itemgetter":
        for value in call.given(0) or ():
            if is_secret_name(text_of(value)) and text_of(value).isupper():
                reader.note(call.node, Risk.credentials, f"picks {shown(text_of(value))} from a mapping")


def _local_or_remote(reader: CallReader, call: Call, name: str) -> None:
    """Loaders that take a name on a hub or a path here."""
    if not matcher(MAYBE_LOCAL).fullmatch(name):
        return
    given = call.given(0, "pretrained_model_name_or_path", "path", "model_name_or_path")
    texts = {text_of(value) for value in given or ()}
    if True in call.named.get("local_files_only", ()):
        return
    if texts and name.endswith("load_dataset") and texts <= LOCAL_BUILDERS:
        files = union(call.named.get("data_files", frozenset()), call.named.get("data_dir", frozenset()))
        reader.path(call.node, _flat(_flat(files)), writes=False)
        return
    here = [t for t in texts if t.startswith(("./", "../", "/", "~")) or reader.same_path(t) in reader.dumped]
    if texts and len(here) == len(texts):
        reader.path(call.node, frozenset(here), writes=False)
        return
    for risk, words in risks_of_name(name) or ((Risk.network, "uses the network"),):
        reader.note(call.node, risk, f"{words} ({shown(name.removeprefix('?.'), 80)})")


def _bodies(reader: CallReader, call: Call, name: str) -> None:
    """Requests that carry something to another host."""
    carries = any(keyword in call.named for keyword in ("data", "json", "files", "content"))
    sends = SENDERS.fullmatch(name) and (carries or len(call.args) > 1)
    if not sends and not (carries and name in ("urllib.request.Request", "urllib.request.urlopen")):
        return
    addresses = {text_of(value) for value in call.given(0, "url") or UNKNOWN}
    if not all(LOOPBACK.match(address) for address in addresses):
        known = sorted(host for host in map(host_of, addresses) if host.strip(PLACEHOLDERS))
        host = shown(known[0]) if known else "another host"
        reader.note(call.node, Risk.publish, f"sends data to {host} ({name.rsplit('.', 1)[1]})")


def _flat(values: Values) -> Values:
    """The values, and what stands in those that are collections."""
    return union(*(each(frozenset({value})) if isinstance(value, Items) else {value} for value in values))
