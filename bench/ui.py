"""What the extension costs and how quick it is, in a real browser.

    python bench/ui.py [--rounds 5] [--proposals 20]

Needs the Python package playwright and a Chromium (`CHROMIUM_PATH`, or chromium on the path). Everything runs in one
go on loopback: JupyterLab with and without the extension take turns, JupyterLab's own execution and the intern's take
turns in one notebook, and the language model is a script.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ml_intern_jlab.notebook.document import Document
from ml_intern_jlab.protocol import (
    CellDecided,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    IOPubMessage,
    Mode,
    PlanChanged,
    PlanItem,
    RiskClass,
    RunFinished,
    RunStarted,
    StepFinished,
    new_id,
    source_hash,
)
from ml_intern_jlab.sessions.journal import Journal
from ml_intern_jlab.testing import ScriptedServer, turn

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "bench"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
READY = """() => !document.querySelector('#jupyterlab-splash') && document.querySelector('.jp-Launcher')
  ? performance.now() : null"""
"""Milliseconds from the navigation's start until JupyterLab shows its launcher."""
WATCH = """
window.proposals = {};
window.ticks = {};
const clock = () => performance.timeOrigin + performance.now();
window.WebSocket = class extends WebSocket {
  constructor(address, ...given) {
    super(window.offline && /ml-intern/.test(address) ? 'ws://127.0.0.1:9/' : address, ...given);
    this.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') return;
      if (data.startsWith('{"type":"hello"')) window.hello ??= clock();
      if (!data.includes('"cell_proposed"')) return;
      const mark = /proposal \\d+/.exec(data)?.[0];
      if (!mark || mark in window.proposals) return;
      const wire = clock();
      const look = () => {
        const shown = place => [...document.querySelectorAll(place)].some(node => node.innerText.includes(mark));
        if (shown('.jp-Intern-proposal') && shown('.jp-Notebook .cm-content')) {
          window.proposals[mark] = clock() - wire;
        } else requestAnimationFrame(look);
      };
      look();
    });
  }
};
new MutationObserver(() => {
  const now = clock();
  for (const node of document.querySelectorAll('.jp-Notebook .jp-OutputArea-output'))
    for (const [tick, way, sent] of node.textContent.matchAll(/(\\w+) tick ([\\d.]+)/g))
      window.ticks[tick] ??= { way, lag: now - 1000 * Number(sent) };
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
"""Notes in the page when a proposal came in and was there to see, and how late each printed time was; while
`window.offline` is true, the extension's sockets find no server."""
REPLAYED = """() => /finished/.test(document.querySelector('.jp-Intern-state')?.textContent)
  ? performance.timeOrigin + performance.now() - window.hello : null"""
"""Milliseconds from the socket's first word until the panel shows how the session stands."""
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
IDLE = "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
"""The open notebook's kernel is there and listens. JupyterLab asks which to start when a cell is run before that."""
TICKS = """import time

for _ in range(30):
    print("{} tick", time.time(), flush=True)
    time.sleep(0.1)"""
"""Flushed, since a kernel else keeps what is printed for up to 0.2 s."""


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    folder: Path


@contextlib.contextmanager
def lab(name: str, *, extension: bool = True, model_url: str = "", journal: Path | None = None) -> Iterator[Lab]:
    """JupyterLab on a free port of loopback, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix=f"bench-ui-{name}-") as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        work, extensions = Path(home, "work"), Path(home, "labextensions")
        work.mkdir()
        shutil.copytree(_labextensions(), extensions, symlinks=False, ignore=_without(extension))
        environment = {
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(Path(home, "config")),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "OPENAI_BASE_URL": model_url,
            "UI_TESTS_PORT": str(port),
            "UI_TESTS_TOKEN": TOKEN,
            "UI_TESTS_SERVER_HALF": "enabled" if extension else "disabled",
        }
        options = [f"--ServerApp.root_dir={work}", f"--LabApp.labextensions_path={extensions}"]
        if extension:
            options += [f"--MLInternExtension.journal_path={journal or Path(home, 'journal.sqlite')}"]
            options += ["--MLInternExtension.model=openai:scripted"] if model_url else []
        config = ROOT / "ui-tests" / "jupyter_server_test_config.py"
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--config", str(config), *options], cwd=home, env=environment
        )
        try:
            _wait(f"http://127.0.0.1:{port}/api", process)
            yield Lab(f"http://127.0.0.1:{port}", work)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:  # a kernel that is only just starting is waited for
                process.kill()


def _labextensions() -> Path:
    return Path(sys.prefix, "share", "jupyter", "labextensions")


def _without(extension: bool) -> Any:
    return None if extension else shutil.ignore_patterns("ml-intern-jlab")


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        if process.poll() is not None:
            break
        time.sleep(0.5)
    raise SystemExit("JupyterLab did not start.")


@contextlib.contextmanager
def page_of(browser: Browser) -> Iterator[Page]:
    """A page with nothing cached, which notes what it sees."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    try:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.add_init_script(WATCH)
        yield page
    finally:
        context.close()


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


# --- what is measured -----------------------------------------------------------------------------------------------


def ready(browser: Browser, rounds: int) -> None:
    """JupyterLab's time to ready with and without the extension, in turns; one round more warms up."""
    seen: dict[bool, list[float]] = {True: [], False: []}
    with lab("with") as whole, lab("without", extension=False) as bare:
        for number in range(rounds + 1):
            for extension, server in ((True, whole), (False, bare)):
                with page_of(browser) as page:
                    page.goto(f"{server.url}/lab?token={TOKEN}&reset")
                    took = page.wait_for_function(READY, polling=20).json_value()
                if number:
                    seen[extension].append(took)
    with_it, without = statistics.median(seen[True]), statistics.median(seen[False])
    print(f"time to ready: {with_it:.0f} ms with, {without:.0f} ms without, ratio {with_it / without:.3f} (aim 1.05)")


def first_chunk() -> None:
    """The compressed size of what the page loads before the extension's own code is wanted."""
    static = ROOT / "ml_intern_jlab" / "labextension" / "static"
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in static.glob("*.js")}
    first = next(size for name, size in sizes.items() if name.startswith("remoteEntry"))
    largest = max(sizes.values())
    print(f"first chunk: {first / 1000:.1f} kB compressed, all {sum(sizes.values()) / 1000:.1f} kB (aim < 60 kB)")
    print(f"largest later chunk: {largest / 1000:.1f} kB")


def open_notebook(page: Page, server: Lab, name: str) -> None:
    """Open a notebook of the server and the panel beside it."""
    page.goto(f"{server.url}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('ml-intern:open')")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(IDLE)


def open_panel(page: Page) -> None:
    """Open the panel by its command."""
    page.evaluate("() => window.jupyterapp.commands.execute('ml-intern:open')")
    page.wait_for_selector(".jp-Intern")


def proposals_and_lag(browser: Browser, proposals: int) -> None:
    """From `cell_proposed` on the wire to a visible proposal, and how late output is next to JupyterLab's own."""
    turns = [turn(f"# proposal {number}\nprint({number})") for number in range(proposals)]
    script = ["1. Count", *turns, turn(TICKS.format("intern")), turn('final_answer("Counted.")')]
    with ScriptedServer(script) as model, lab("run", model_url=model.base_url) as server, page_of(browser) as page:
        empty = new_notebook(
            cells=[new_code_cell(TICKS.format("person"))],
            metadata=PYTHON,
        )
        (server.folder / "work.ipynb").write_text(json.dumps(empty), encoding="utf-8")
        open_notebook(page, server, "work.ipynb")
        page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-cell')")
        page.wait_for_function("() => Object.values(window.ticks).filter(t => t.way === 'person').length === 30")
        open_panel(page)
        composer = page.locator(".jp-Intern textarea").last
        composer.fill("Count")
        composer.press("Enter")
        for number in range(proposals):
            page.wait_for_function(f"() => 'proposal {number}' in window.proposals")
            page.locator(".jp-Intern-proposal .jp-mod-go").click()
        page.locator(".jp-Intern-proposal", has_text="tick").locator(".jp-mod-go").click()
        page.wait_for_function("() => Object.values(window.ticks).filter(t => t.way === 'intern').length === 30")
        shown = list(page.evaluate("() => window.proposals").values())
        ticks = list(page.evaluate("() => window.ticks").values())
    print(
        f"proposal visible after: median {statistics.median(shown):.0f} ms, "
        f"95th percentile {percentile(shown, 0.95):.0f} ms, of {len(shown)}"
    )
    lag = {way: [each["lag"] for each in ticks if each["way"] == way] for way in ("person", "intern")}
    for way, words in (("person", "JupyterLab's own"), ("intern", "the intern's")):
        print(f"output lag, {words}: median {statistics.median(lag[way]):.0f} ms, worst {max(lag[way]):.0f} ms")
    print(f"output lag, ratio of medians: {statistics.median(lag['intern']) / statistics.median(lag['person']):.2f}")


def long_session(browser: Browser, events: int, outputs: int) -> None:
    """A session of so many events, with so many outputs a cell: opened with its notebook, and replayed into both panel
    and notebook once they are there."""
    with tempfile.TemporaryDirectory(prefix="bench-ui-journal-") as folder:
        path = Path(folder, "journal.sqlite")
        notebook = _history(path, events, outputs)
        with lab("long", journal=path) as server:
            (server.folder / "long.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
            print(f"a session of {events:,} events, {len(notebook['cells']):,} cells:")
            for offline in (False, True):
                with page_of(browser) as page:
                    _replay(page, server, offline)


def _replay(page: Page, server: Lab, offline: bool) -> None:
    page.goto(f"{server.url}/lab?token={TOKEN}&reset")
    page.wait_for_function(READY)
    open_panel(page)
    page.evaluate(f"() => void (window.offline = {json.dumps(offline)})")
    started = time.monotonic()
    page.evaluate("() => void window.jupyterapp.commands.execute('docmanager:open', { path: 'long.ipynb' })")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    cells = time.monotonic() - started
    if offline:
        page.wait_for_function(IDLE)
        page.wait_for_timeout(10_000)
        page.evaluate("() => void (window.offline = false)")
    replay = page.wait_for_function(REPLAYED, polling="raf").json_value() / 1000
    if offline:
        print(f"  replayed into the open notebook and panel in {replay:.2f} s")
    else:
        took = time.monotonic() - started
        print(
            f"  opened in {took:.2f} s, of which the replay {replay:.2f} s; JupyterLab's first cell after {cells:.2f} s"
        )


def _history(path: Path, events: int, outputs: int) -> dict[str, Any]:
    """Journal a finished run of that many events; returns its notebook."""
    journal = Journal(path)
    session_id = journal.create_session("long.ipynb", "python3").session_id
    run = {"session_id": session_id, "run_id": new_id()}
    document = Document(session_id)

    def tell(event: Any) -> None:
        document.apply(journal.append(event))

    tell(RunStarted(task="A long one", mode=Mode.auto, model="scripted", max_steps=1000, by="bench", **run))
    tell(PlanChanged(items=[PlanItem(item_id="1", title="Go on", status="active")], deliverables=[], by="agent", **run))
    after, step = None, 0
    while journal.last_seq(session_id) < events - 1:
        step += 1
        cell_id, source = new_id(), f"# Step {step}\nfor number in range({outputs}):\n    print({step}, number)"
        common = {"cell_id": cell_id, "hash": source_hash(source), **run}
        about = {"title": f"Step {step}", "risk": [RiskClass.compute], "reasons": [], "asks": False, "plan_item": "1"}
        tell(CellProposed(step=step, after=after, source=source, **about, **common))
        tell(CellDecided(decision="approve", source=source, by="policy", **common))
        tell(CellStarted(**common))
        for number in range(outputs):
            content = {"name": "stdout", "text": f"{step} {number}\n"}
            tell(CellOutput(cell_id=cell_id, message=IOPubMessage(msg_type="stream", content=content), **run))
        tell(CellFinished(cell_id=cell_id, status="done", execution_count=step, seconds=0.1, **run))
        tell(StepFinished(step=step, input_tokens=1000, output_tokens=100, seconds=1.0, **run))
        after = cell_id
    tell(RunFinished(status="finished", answer="Done.", **run))
    journal.close()
    return {**document.notebook, "metadata": {**document.notebook["metadata"], **PYTHON}}


def main() -> None:
    """Measure everything, one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--proposals", type=int, default=20)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--outputs", type=int, default=3, help="output messages of each cell of that session")
    parser.add_argument("--only", choices=["ready", "lag", "session"], help="measure nothing else")
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("No Chromium was found. Install chromium, or set CHROMIUM_PATH.")
    first_chunk()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if options.only in (None, "ready"):
            ready(browser, options.rounds)
        if options.only in (None, "lag"):
            proposals_and_lag(browser, options.proposals)
        if options.only in (None, "session"):
            long_session(browser, options.events, options.outputs)
        browser.close()


if __name__ == "__main__":
    main()
