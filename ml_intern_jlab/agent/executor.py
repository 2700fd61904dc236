"""A code action is a cell: the executor that smolagents calls, and the seam to whoever runs cells.

The agent is synchronous and works in a thread of its own. Everything that it does to the world goes through a
`Workbench`, whose implementation crosses to the event loop in one place (`sessions/run.py`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from smolagents.local_python_executor import CodeOutput, PythonExecutor

from ..protocol import CellError, Deliverable, PlanItem
from .metrics import Metric


class RunStopped(BaseException):
    """The run was stopped. No `Exception`, so that smolagents lets it through and the agent's thread ends."""


class GaveUp(BaseException):
    """The agent says in `args[0]` why the task can't be done; likewise ends the thread."""


@dataclass(frozen=True)
class Draft:
    """A cell that the model wants to run: `thought` is its prose in markdown, `item` the plan item that it serves."""

    source: str
    thought: str
    item: PlanItem | None
    step: int


@dataclass(frozen=True)
class Outcome:
    """What became of a draft. `text` is its bounded output, or a rejection's words; `source` is what really ran."""

    status: Literal["done", "failed", "stopped", "rejected"]
    source: str
    text: str
    seconds: float = 0.0
    edited: bool = False
    result: str | None = None
    """`text/plain` of the cell's result (`Out[n]`), where it has one."""
    error: CellError | None = None
    images: tuple[str, ...] = ()
    """The figures that the cell displayed, PNG in base64."""
    cell_id: str = ""
    metrics: tuple[Metric, ...] = ()
    """What the cell measured."""


@dataclass(frozen=True)
class News:
    """What happened since the agent last looked. `budget` says what is left of it, `over` what is used up, if any."""

    messages: list[str]
    items: list[PlanItem]
    deliverables: list[Deliverable]
    budget: str = ""
    over: str = ""


@dataclass(frozen=True)
class Usage:
    """What one answer of the model took. `first_token` are the seconds until it began, `cost` is in US dollars.

    `prompt_hash` is the SHA-256 of the text that it was shown.
    """

    input_tokens: int
    output_tokens: int
    seconds: float
    first_token: float | None = None
    cost: float | None = None
    prompt_hash: str = ""

    @property
    def tokens_per_second(self) -> float | None:
        """How fast the model wrote, once it had begun."""
        writing = self.seconds - (self.first_token or 0.0)
        return self.output_tokens / writing if self.first_token is not None and writing > 0.01 else None


class Workbench(Protocol):
    """All that the agent can do. Every method blocks, and raises `RunStopped` once the run is stopped."""

    def catch_up(self) -> Outcome | None:
        """Bring the kernel to where an interrupted run left it; returns what became of the cell that was then open."""

    def listed(self, listing: str) -> None:
        """Keep the files that the agent saw when it began."""

    def propose(self, draft: Draft) -> Outcome:
        """Propose a cell, wait for the decision, run it."""

    def inspect(self, source: str) -> str:
        """Run a fixed snippet of ours silently in the kernel and return what it printed."""

    def news(self) -> News:
        """Messages since the last call, and the plan and deliverables as they stand."""

    def edits(self) -> dict[str, str]:
        """The sources of the run's cells that the person has changed since they ran, by cell id."""

    def set_plan(self, items: list[PlanItem], deliverables: list[Deliverable]) -> None:
        """Replace plan and deliverables."""

    def outputs(self) -> str:
        """The text that the run's cells printed so far, for checking claims against."""

    def faults(self) -> list[str]:
        """What the review rules call an error in the cells of this run, a sentence each."""

    def text_delta(self, step: int, text: str) -> None:
        """Show a piece of what the model is writing."""

    def step_finished(self, step: int, usage: Usage) -> None:
        """Account for one turn of the model."""

    def ask_person(self, reason: str) -> list[str]:
        """Pause the run until the person says something; returns their messages.

        Raises:
            GaveUp: nobody is there to ask.
        """

    def pause(self, seconds: float) -> None:
        """Sleep, unless the run is stopped meanwhile."""


@dataclass
class NotebookExecutor(PythonExecutor):  # type: ignore[misc]  # smolagents has no type information
    """Runs code actions as cells of the notebook.

    `introduce` says what the next code action is for, since smolagents hands over nothing but the code. The last
    `Outcome` stays readable in `outcome`.
    """

    workbench: Workbench
    outcome: Outcome | None = None
    _thought: str = ""
    _item: PlanItem | None = None
    _step: int = 0

    def introduce(self, thought: str, item: PlanItem | None, step: int) -> None:
        """The next code action serves `item`, and `thought` is the prose before it."""
        self._thought, self._item, self._step = thought, item, step

    def send_tools(self, tools: dict[str, Any]) -> None:
        """Nothing to send: what a cell may use is imported by the cell."""

    def send_variables(self, variables: dict[str, Any]) -> None:
        """Nothing to send: the kernel has its own variables."""

    def __call__(self, code_action: str) -> CodeOutput:
        """Propose the cell and run what was approved.

        A last line `final_answer(…)` ends the run: a literal is the answer itself, any other expression is shown by
        the cell as its result. `give_up("…")` ends it as failed.
        """
        code, call, argument = split_final(code_action)
        if call == "give_up":
            raise GaveUp(_literal(argument) or "The agent gave up without a reason.")
        answer = None if argument is None else _literal(argument)
        if argument is not None and answer is None:
            code = f"{code}\n{ast.unparse(argument)}".lstrip("\n")
        self.outcome = None
        if code.strip():
            self.outcome = self.workbench.propose(Draft(code, self._thought, self._item, self._step))
            if self.outcome.status != "done":
                return CodeOutput(output=None, logs=self.outcome.text, is_final_answer=False)
            if call and answer is None:
                answer = _unquoted(self.outcome.result)
        logs = self.outcome.text if self.outcome else ""
        return CodeOutput(output=answer, logs=logs, is_final_answer=call == "final_answer")


def split_final(source: str) -> tuple[str, str, ast.expr | None]:
    """Split a trailing `final_answer(x)` or `give_up(x)` from a code action.

    Returns:
        the code before it, the name of the call ("" if there is none), and its argument.
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:  # magics and mistakes alike: the kernel will tell
        return source, "", None
    last = body[-1] if body else None
    if not (isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and isinstance(last.value.func, ast.Name)):
        return source, "", None
    call = last.value
    name = last.value.func.id
    if name not in ("final_answer", "give_up"):
        return source, "", None
    argument = call.args[0] if call.args else call.keywords[0].value if call.keywords else ast.Constant("")
    lines = source.splitlines()[: last.lineno]
    lines[-1] = lines[-1].encode()[: last.col_offset].decode().rstrip(" ;")
    return "\n".join(lines).rstrip(), name, argument


def _literal(argument: ast.expr | None) -> str | None:
    try:
        return str(ast.literal_eval(argument)) if argument is not None else None
    except ValueError:
        return None


def _unquoted(result: str | None) -> str:
    """A cell shows a string with quotes; the answer is without."""
    try:
        value = ast.literal_eval(result or "")
    except (ValueError, SyntaxError):
        return result or ""
    return value if isinstance(value, str) else result or ""
