"""One session's history on its way into a notebook that the server writes, be it a file or a shared document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..errors import NotebookUnavailable
from ..protocol import Event, RunFinished
from .content import Content
from .document import Document


class Projection:
    """The fold of one session's events into a notebook.

    Args:
        session_id: the session to project.
        history: gives the session's stored events so far.
        kernelspec: recorded in a notebook that names no kernel; None where it isn't known.
        language: the kernel's language, likewise.

    Attributes:
        document: the notebook with what was folded into it.
    """

    def __init__(
        self,
        session_id: str,
        history: Callable[[], Iterable[Event]],
        *,
        kernelspec: dict[str, str] | None,
        language: str,
    ) -> None:
        self.document = Document(session_id)
        self._history = history
        self._kernelspec = kernelspec
        self._language = language
        self._settled = 0

    def settle(self) -> None:
        """Leave the runs that have ended to a notebook that knows of them.

        They were saved when they ended: a notebook that knows nothing of them is another one that was given the same
        name, and their cells have no business there.
        """
        self._settled = max((event.seq for event in self._history() if isinstance(event, RunFinished)), default=0)

    def bring_up(self, notebook: dict[str, Any] | Content) -> bool:
        """Go on with `notebook`, brought to the history's end; returns whether it lacked something of that."""
        history = list(self._history())
        self.document.adopt(notebook, history[-1].seq if history else 0, self._settled)
        if self._kernelspec is not None:
            self.document.set_kernel(self._kernelspec, self._language)
        return any([self.document.apply(event) for event in history])


def unsaved(error: NotebookUnavailable) -> tuple[str, str]:
    """The warning, as its code and sentence, that a notebook can't be saved while a run works."""
    return "notebook_unsaved", f"{error} The run goes on; its journal keeps every cell and output."
