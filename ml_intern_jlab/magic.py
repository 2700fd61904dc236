"""The magic: `%ml_intern task` hands a task to the ML intern of the page in which the notebook is open.

It runs in the kernel, and so it knows neither the server nor the agent. The task goes through a comm, which is a
message of a living kernel: nothing that is stored in a notebook can send it again. The page takes it only from a cell
that the person ran there.
"""

from __future__ import annotations

import asyncio
import inspect
from html import escape
from typing import Any

TARGET = "ml_intern"
"""The comm's target; the page listens for it on every notebook's kernel."""
OPEN_PANEL = "ml-intern:open"
"""The page's command behind the card's link."""
PATIENCE_SECONDS = 5.0
"""After this long without an answer the card says what may be wrong."""
MAX_TASK = 20_000
"""Characters of a task."""
MODES = ("ask", "auto_safe", "auto")
OPTIONS = ("--model", "--mode", "--max-steps", "--help")

NO_KERNEL = (
    '%ml_intern works in a notebook that is open in JupyterLab. In a terminal, use: jupyter ml-intern run "TASK"'
)
NO_ANSWER = (
    "No answer yet. The intern answers where this notebook is open in JupyterLab and its extension is on. "
    "In a terminal, <code>jupyter ml-intern doctor</code> says what is missing; then reload the page and run this cell "
    "again."
)


def ml_intern(line: str, cell: str | None = None) -> None:
    """%ml_intern [--model M] [--mode ask|auto_safe|auto] [--max-steps N] TASK

    Hand a task to the ML intern of this notebook: it plans, proposes one cell at a time, and runs what you approve.
    The cells go beneath this one. The magic returns at once; the panel at the right shows how it goes.

      %ml_intern Predict species from penguins.csv and write the predictions for test.csv

      %%ml_intern --mode auto_safe
      Predict species from penguins.csv.
      Write the predictions for test.csv; balanced accuracy counts.

    --model      recipes (no language model) or a model's name such as openai:<id>; else what the panel has chosen
    --mode       ask: every cell waits for you; auto_safe: what only computes runs; auto: all but what always asks
    --max-steps  turns of the model after which the run ends
    """
    try:
        request = parse(line, cell)
    except ValueError as error:
        print(f"{error}\n\n{USAGE}")
        return
    if request is None:
        print(USAGE)
        return
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        print(NO_KERNEL)
        return
    # The intern's cells go beneath the cell that asks.
    cell_id = kernel.get_parent().get("metadata", {}).get("cellId")
    Card({**request, "after": cell_id} if cell_id else request).hand_over()


USAGE = inspect.getdoc(ml_intern) or ""
"""What the magic shows where it is asked for help."""


def parse(line: str, cell: str | None = None) -> dict[str, Any] | None:
    """What was asked for: `task`, and of `model`, `mode` and `max_steps` what was given. None: for help.

    Options come first; what follows is the task, taken as it is written, quotes and all.

    Raises:
        ValueError: an option is wrong or the task is missing; the message says which.
    """
    request: dict[str, Any] = {}
    rest = line.strip()
    while rest.startswith("-"):
        option, _, rest = rest.partition(" ")
        option, equals, value = option.partition("=")
        if option in ("-h", "--help"):
            return None
        if option not in OPTIONS:
            raise ValueError(f"%ml_intern has no option {option}.")
        if not equals:
            value, _, rest = rest.strip().partition(" ")
        request[option[2:].replace("-", "_")] = _checked(option, value)
        rest = rest.strip()
    task = "\n".join(part for part in (rest, (cell or "").strip()) if part)
    if not task and not request and cell is None:
        return None
    if not task:
        raise ValueError("The task is empty. Say in a sentence what to do with which data.")
    if len(task) > MAX_TASK:
        raise ValueError(f"The task has {len(task):,} characters; {MAX_TASK:,} are the most. Shorten it.")
    return {**request, "task": task}


def _checked(option: str, value: str) -> str | int:
    if not value or value.startswith("--"):
        raise ValueError(f"{option} needs a value.")
    if option == "--mode" and value not in MODES:
        raise ValueError(f"--mode is one of {', '.join(MODES)}; it was {value}.")
    if option != "--max-steps":
        return value
    if not value.isdecimal() or int(value) < 1:
        raise ValueError(f"--max-steps is a number from 1 on; it was {value}.")
    return int(value)


class Card:
    """What the cell shows: how the handing over goes, and a link to the panel.

    Args:
        request: what `parse` returned.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self._answered = False

    def hand_over(self) -> None:
        """Show the card and send the task; returns at once. The page's answers change the card later."""
        from comm import create_comm
        from IPython.display import display

        self._handle: Any = display(self._shown("Handing the task over …"), raw=True, display_id=True)
        self._comm = create_comm(target_name=TARGET, data=self.request)
        self._comm.on_msg(self._answer)
        self._comm.on_close(self._closed)
        try:
            asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._lose_patience)
        except RuntimeError:
            # Without a loop nobody will hear an answer either.
            self._lose_patience()

    def _answer(self, message: dict[str, Any]) -> None:
        self._answered = True
        self._show(escape(str(message["content"]["data"].get("text", ""))))

    def _closed(self, message: dict[str, Any]) -> None:
        # A page without the extension closes the comm unread.
        if not self._answered:
            self._lose_patience()

    def _lose_patience(self) -> None:
        if not self._answered:
            self._show(NO_ANSWER)

    def _show(self, state: str) -> None:
        self._handle.update(self._shown(state), raw=True)

    def _shown(self, state: str) -> dict[str, str]:
        title = self.request["task"].splitlines()[0][:120]
        link = (
            f'<a href="#" data-commandlinker-command="{OPEN_PANEL}" data-commandlinker-args="{{}}">Open the panel</a>'
        )
        html = (
            '<div style="display: inline-block; max-width: 60em; margin: 4px 0; padding: 6px 12px; border-radius: 7px; '
            'border: 1px solid var(--jp-border-color2, #ccc)">'
            f"<b>ML Intern</b> · {escape(title)}<br>{state} {link}</div>"
        )
        return {"text/plain": f"ML Intern: {title}", "text/html": html}


def complete(_shell: Any, event: Any) -> list[str]:
    """Completions of `%ml_intern`: its options and what they take."""
    words = event.line.split()
    before = words[-1] if words and not event.symbol else words[-2] if len(words) > 1 else ""
    if before == "--mode":
        return list(MODES)
    if before == "--model":
        return ["recipes", "openai:"]
    return list(OPTIONS)


def load(ipython: Any) -> None:
    """Register the magic and its completions with a shell."""
    ipython.register_magic_function(ml_intern, magic_kind="line_cell", magic_name="ml_intern")
    for name in ("%ml_intern", "%%ml_intern"):
        ipython.set_hook("complete_command", complete, str_key=name)
