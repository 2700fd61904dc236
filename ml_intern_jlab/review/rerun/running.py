"""A notebook's cells in a clean kernel, in a copy of its folder, within limits."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from ...errors import NotebookUnavailable

LARGEST_FOLDER = 5 * 1024**3
MOST_FILES = 50_000
LARGEST_OUTPUT = 50 * 1024**2
"""Characters that a notebook may print before its run is ended."""
_LEFT_OUT = {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints"}
_LOOK_EVERY = 0.25


@dataclass(frozen=True)
class Limits:
    """For one run of one notebook: seconds, and bytes of memory that the kernel and its children may hold."""

    seconds: float = 600.0
    memory: int = 4 * 1024**3


@dataclass
class Ran:
    """How far a run came. `cells` are those of the notebook, with their new outputs as far as they ran.

    `reached` is the number of cells that were begun; `failed` that of the one that ended the run, from 1, or 0, and
    `reason` says why.
    """

    cells: list[Any]
    reached: int = 0
    failed: int = 0
    reason: str = ""
    seconds: float = 0.0


def run_notebook(
    path: Path,
    limits: Limits,
    *,
    change: Callable[[str], str] = lambda source: source,
    progress: Callable[[], None] = lambda: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Ran:
    """Run the notebook at `path` from top to bottom, in a kernel of its own and a copy of its folder.

    A cell that raises ends the run, unless it is tagged `raises-exception` or its stored outputs end in the same
    error.

    Args:
        path: of the notebook.
        limits: at which the run ends as failed.
        change: what becomes of each cell's source before it runs.
        progress: called after each code cell.
        stopped: whether it is to end now; asked four times a second.

    Raises:
        NotebookUnavailable: it can't be read, its folder can't be copied, or there is no kernel for it.
    """
    notebook = read_v4(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = change(cell.source)
    with TemporaryDirectory(prefix="ml-intern-rerun-", ignore_cleanup_errors=True) as scratch:
        copy = Path(scratch).resolve() / "work"
        _copy_folder(path.resolve().parent, copy)
        started = time.monotonic()
        ran = asyncio.run(_Execution(notebook, limits, progress, stopped).run(copy, Path(scratch) / "ipython"))
        ran.seconds = time.monotonic() - started
        for cell in ran.cells:
            _rename_folder(cell, str(copy), str(path.resolve().parent))
        return ran


def read_v4(path: Path) -> Any:
    """The notebook in a file, brought to nbformat 4.

    Raises:
        NotebookUnavailable: it can't be read or is no notebook.
    """
    try:
        document = json.loads(path.read_bytes())
        has_ids = document.get("nbformat_minor", 0) >= 5
        for number, cell in enumerate(document.get("cells", []), 1):
            # What tools leave out though the format demands it.
            cell.update({"metadata": {}, **({"id": f"cell-{number}"} if has_ids else {}), **cell})
            if cell.get("cell_type") == "code":
                cell.update({"execution_count": None, "outputs": [], **cell})
        return nbformat.reads(json.dumps(document), as_version=4)
    except Exception as error:  # a malformed notebook fails in many ways there
        raise NotebookUnavailable(f"{path} can't be run: it is no notebook that can be read ({error}).") from error


class _Client(NotebookClient):
    """Counts what the cells print."""

    printed = 0

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        content = msg.get("content", {})
        self.printed += len(content.get("text", "")) + sum(len(str(each)) for each in content.get("data", {}).values())
        return super().process_message(msg, cell, cell_index)


class _Execution:
    """One run. Belongs to one event loop."""

    def __init__(
        self, notebook: Any, limits: Limits, progress: Callable[[], None], stopped: Callable[[], bool]
    ) -> None:
        self._limits = limits
        self._progress = progress
        self._stopped = stopped
        self._exceeded = ""
        self._deadline = 0.0
        self._ran = Ran(notebook.cells)
        self._client = self._new_client(notebook)

    def _new_client(self, notebook: Any) -> _Client:
        return _Client(
            notebook,
            timeout_func=lambda cell: max(1, int(self._deadline - time.monotonic())),
            kernel_name=_kernel_name(notebook),
            coalesce_streams=True,
            shutdown_kernel="immediate",
        )

    async def run(self, folder: Path, settings: Path) -> Ran:
        # Neither the person's start-up files nor their history belong to a clean kernel.
        environment = {**os.environ, "IPYTHONDIR": str(settings), "PYTHONDONTWRITEBYTECODE": "1"}
        unheard = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        async with self._client.async_setup_kernel(cwd=str(folder), env=environment, **unheard):
            self._deadline = time.monotonic() + self._limits.seconds
            watching = asyncio.ensure_future(self._watch())
            try:
                await self._run_cells(self._ran)
            finally:
                watching.cancel()
        return self._ran

    async def _run_cells(self, ran: Ran) -> None:
        for index, cell in enumerate(ran.cells):
            ran.reached = index + 1
            if cell.cell_type != "code":
                continue
            expected = _error_of(cell)
            try:
                await self._client.async_execute_cell(cell, index)
            except CellExecutionError as error:
                if expected is None or expected != error.ename:
                    ran.failed, ran.reason = index + 1, f"It ended with {error.ename}: {error.evalue}"
                    return
            except (CellTimeoutError, DeadKernelError) as error:
                timed_out = isinstance(error, CellTimeoutError)
                reason = (
                    f"The limit of {self._limits.seconds:g} s was reached." if timed_out else "The kernel died in it."
                )
                ran.failed, ran.reason = index + 1, self._exceeded or reason
                return
            finally:
                self._progress()

    async def _watch(self) -> None:
        """Kill the kernel when it holds more memory, or has printed more, than it may."""
        provisioner: Any = self._client.km and self._client.km.provisioner
        kernel = psutil.Process(provisioner.pid)
        while not self._exceeded:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                processes = [kernel, *kernel.children(recursive=True)]
                held = sum(process.memory_info().rss for process in processes)
            except psutil.Error:
                continue  # one that has just ended
            if self._stopped():
                self._exceeded = "It was stopped."
            elif held > self._limits.memory:
                self._exceeded = f"It needed more than {self._limits.memory / 1024**2:,.0f} MB of memory."
            elif self._client.printed > LARGEST_OUTPUT:
                self._exceeded = f"It printed more than {LARGEST_OUTPUT // 1024**2} MB."
        for process in processes:
            process.kill()


def _kernel_name(notebook: Any) -> str:
    """The notebook's kernel. A Python one that isn't installed here, an environment of somebody's, is `python3`.

    Raises:
        NotebookUnavailable: there is no kernel for its language.
    """
    name = str(notebook.metadata.get("kernelspec", {}).get("name") or "python3")
    try:
        NotebookClient(notebook, kernel_name=name).create_kernel_manager().kernel_spec  # noqa: B018 (it looks it up)
    except KeyError as error:  # NoSuchKernel, of a library that only the kernel's own file knows
        language = str(notebook.metadata.get("language_info", {}).get("name") or "python").lower()
        if language not in ("python", "ipython") or name == "python3":
            raise NotebookUnavailable(
                f"The notebook's kernel {name} isn't installed here. Install it, or choose another in the notebook."
            ) from error
        return "python3"
    return name


def _error_of(cell: Any) -> str | None:
    """The error in which the cell ended when it ran before, or None."""
    return next((each.ename for each in cell.get("outputs", []) if each.output_type == "error"), None)


def _copy_folder(source: Path, target: Path) -> None:
    files = size = 0

    def left_out(folder: str, names: list[str]) -> set[str]:
        nonlocal files, size
        out = _LEFT_OUT & set(names)
        for name in set(names) - out:
            entry = Path(folder, name)
            # A socket or a pipe can't be copied, and a broken link leads nowhere.
            if not (entry.is_file() or entry.is_dir()):
                out.add(name)
                continue
            files += 1
            size += entry.stat().st_size if entry.is_file() else 0
        if files > MOST_FILES or size > LARGEST_FOLDER:
            raise NotebookUnavailable(
                f"{source} is too large to be copied for a run (more than {MOST_FILES:,} files, or "
                f"{LARGEST_FOLDER // 1024**3} GB). Put the notebook and its data into a folder of their own."
            )
        return out

    try:
        shutil.copytree(source, target, ignore=left_out)
    except (OSError, shutil.Error) as error:
        raise NotebookUnavailable(f"{source} can't be copied for a run: {error}.") from error


def _rename_folder(cell: Any, copy: str, original: str) -> None:
    """A run in the folder itself would have printed that folder's name."""
    for output in cell.get("outputs", []):
        if "text" in output:
            output["text"] = output["text"].replace(copy, original)
        data = output.get("data", {})
        if isinstance(data.get("text/plain"), str):
            data["text/plain"] = data["text/plain"].replace(copy, original)
