"""Every error that a person or the model reads.

Each message is one or two sentences: what happened, to what, and what to do now. `code` names the kind for programs;
it is part of the wire (`Reply.code`) and stays the same when the wording changes.
"""

from __future__ import annotations


class InternError(Exception):
    """Base of the project's errors; `str(error)` is for the person."""

    code = "error"


class BadCommand(InternError):
    """A command that can't be read."""

    code = "bad_command"


class Refused(InternError):
    """A command that was read but can't be done now, such as a second run on the same notebook."""

    code = "refused"


class TooFast(InternError):
    """Commands come faster than the server takes them."""

    code = "too_fast"


class StaleDecision(Refused):
    """A decision about a cell that isn't waiting, or whose source is no longer the one that was seen."""

    code = "stale_decision"


class UnknownSession(InternError):
    """No session has that id."""

    code = "unknown_session"


class BadTask(InternError):
    """The task can't be begun as it is: empty, or about something that isn't there."""

    code = "bad_task"


class KernelUnavailable(InternError):
    """The kernel could not be started, or is gone."""

    code = "kernel_unavailable"


class NotebookUnavailable(InternError):
    """The notebook can't be read or written."""

    code = "notebook_unavailable"


class JournalUnavailable(InternError):
    """The journal can't be read or written."""

    code = "journal_unavailable"


class ModelUnavailable(InternError):
    """The model can't be reached, or does not answer sensibly."""

    code = "model_unavailable"
