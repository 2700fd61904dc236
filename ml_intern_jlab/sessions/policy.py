"""What happens to a cell: a table of mode and risk class, what no table loosens, and what an administrator has locked.

`risk` says what a cell may do; the policy says what follows from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import InternError, Refused
from ..protocol import Mode, Reason, RiskClass
from .risk import Knowledge, classify

__all__ = [
    "ALWAYS_ASK",
    "DEFAULT_TABLE",
    "NEVER_UNASKED",
    "SENDING",
    "Action",
    "Knowledge",
    "Policy",
    "classify",
    "configured",
    "risk_of",
]

Action = Literal["run", "ask", "refuse"]
STRICTNESS: tuple[Action, ...] = ("run", "ask", "refuse")

ALWAYS_ASK = frozenset(
    {
        RiskClass.shell,
        RiskClass.install,
        RiskClass.delete,
        RiskClass.network,
        RiskClass.credentials,
        RiskClass.publish,
        RiskClass.spend,
        RiskClass.opaque,
    }
)
"""The classes that ask in every mode of the default table."""

NEVER_UNASKED = frozenset({RiskClass.publish, RiskClass.spend, RiskClass.credentials})
"""Classes that no table and no person can let run without a question; so does deleting outside the folder."""

SENDING = NEVER_UNASKED | {RiskClass.network}
"""Classes through which a stranger's words could do harm: they ask right after such words entered the context."""


def _row(*runs: RiskClass) -> dict[RiskClass, Action]:
    return {risk: "run" if risk in runs else "ask" for risk in RiskClass}


DEFAULT_TABLE: Mapping[Mode, Mapping[RiskClass, Action]] = {
    Mode.ask: _row(),
    Mode.auto_safe: _row(RiskClass.compute, RiskClass.write),
    Mode.auto: _row(*(risk for risk in RiskClass if risk not in ALWAYS_ASK)),
}
"""What each mode does with each class."""


def risk_of(reasons: Iterable[Reason]) -> list[RiskClass]:
    """The classes of a cell, each once and in the order of `RiskClass`; `compute` where there are no reasons."""
    found = {reason.risk for reason in reasons}
    return [risk for risk in RiskClass if risk in found] or [RiskClass.compute]


class Policy(BaseModel):
    """A table of mode and class (what it doesn't name asks), and the locks of an administrator.

    Attributes:
        table: what each mode does with each class.
        modes: the modes that a person may choose.
        locked: the classes that a person can't allow for a notebook.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Mapping[Mode, Mapping[RiskClass, Action]] = DEFAULT_TABLE
    modes: frozenset[Mode] = frozenset(Mode)
    locked: frozenset[RiskClass] = frozenset()

    def action(
        self,
        mode: Mode,
        reasons: Iterable[Reason],
        allowed: Collection[RiskClass] = (),
        after_untrusted: bool = False,
    ) -> Action:
        """What happens to a cell with these reasons: the strictest of what holds for its classes.

        Args:
            mode: the run's mode.
            reasons: why the cell is more than computing.
            allowed: classes that the person allows in this notebook; those that can't be allowed don't count.
            after_untrusted: whether the model has just read text that a stranger may have written.
        """
        row, classes = self.table.get(mode, {}), risk_of(reasons)
        actions: list[Action] = [self._of_class(row, mode, risk, allowed) for risk in classes]
        deletes_outside = {RiskClass.delete, RiskClass.outside} <= set(classes)
        if deletes_outside or NEVER_UNASKED & set(classes) or (after_untrusted and SENDING & set(classes)):
            actions.append("ask")
        return max(actions, key=STRICTNESS.index)

    def _of_class(
        self, row: Mapping[RiskClass, Action], mode: Mode, risk: RiskClass, allowed: Collection[RiskClass]
    ) -> Action:
        action = row.get(risk, "ask")
        # In `ask` every cell waits: that is what the person chose.
        loosened = action == "ask" and mode is not Mode.ask and risk in allowed and self.allowable(risk)
        return "run" if loosened else action

    def may_allow(
        self,
        mode: Mode,
        reasons: Iterable[Reason],
        allowed: Collection[RiskClass] = (),
        after_untrusted: bool = False,
    ) -> list[RiskClass]:
        """The classes that a person could allow so that a cell with these reasons needn't ask; empty where it doesn't
        ask now, or would ask all the same. The arguments are those of `action`."""
        reasons = list(reasons)
        row = self.table.get(mode, {})
        asking = [risk for risk in risk_of(reasons) if self._of_class(row, mode, risk, allowed) == "ask"]
        loosened = self.action(mode, reasons, {*allowed, *asking}, after_untrusted)
        return asking if loosened == "run" else []

    def asks(self, mode: Mode, reasons: Iterable[Reason], allowed: Collection[RiskClass] = ()) -> bool:
        """Whether a cell with these reasons doesn't simply run in `mode`."""
        return self.action(mode, reasons, allowed) != "run"

    def allowable(self, risk: RiskClass) -> bool:
        """Whether a person may let cells of this class run in a notebook without being asked."""
        return risk not in NEVER_UNASKED and risk not in self.locked

    def check_mode(self, mode: Mode) -> None:
        """Let a mode pass that a person may choose.

        Raises:
            Refused: the administrator doesn't allow it.
        """
        if mode not in self.modes:
            offered = ", ".join(each.value for each in Mode if each in self.modes)
            raise Refused(f"The mode {mode.value} is locked on this server. Choose one of: {offered}.")

    def refusal(self, mode: Mode, reasons: Iterable[Reason]) -> str:
        """Why a cell is refused in `mode`, as a sentence for the model and the person; "" where it isn't."""
        row = self.table.get(mode, {})
        refused = [reason for reason in reasons if row.get(reason.risk) == "refuse"]
        if not refused:
            return ""
        why = " ".join(f"Line {reason.line} {reason.text}." for reason in refused)
        return f"The policy of this server refuses such a cell. {why} Find a way without that."


def configured(table: Mapping[str, Any], modes: Iterable[str], locked: Iterable[str]) -> Policy:
    """The policy of an administrator's settings: what `table` names takes the place of the default.

    Args:
        table: `{mode: {class: "run" | "ask" | "refuse"}}`.
        modes: the modes that a person may choose.
        locked: the classes that a person can't allow for a notebook.

    Raises:
        InternError: a mode, a class or an action is none; the message says which exist.
    """
    try:
        named = Policy.model_validate({"table": table, "modes": list(modes), "locked": list(locked)})
    except (ValidationError, TypeError) as error:
        what = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ()
        where = ".".join(str(part) for part in what if part != "[key]") or "its start"
        raise InternError(
            f"The policy in the configuration can't be read (at {where}). Modes are {', '.join(Mode)}; classes are "
            f"{', '.join(RiskClass)}; a class is set to run, ask or refuse."
        ) from error
    if not named.modes:
        raise InternError("The configuration locks every mode, so no run could start; leave at least `ask`.")
    merged = {mode: {**DEFAULT_TABLE[mode], **named.table.get(mode, {})} for mode in Mode}
    return named.model_copy(update={"table": merged})
