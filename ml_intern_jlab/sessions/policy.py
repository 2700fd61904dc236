"""Which cells run without asking: a table of mode and risk class.

`risk` says what a cell may do; the policy says what follows from it. Later: locks of an administrator, and what a
person has allowed for one notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..protocol import Mode, Reason, RiskClass
from .risk import Knowledge, classify

__all__ = ["ALWAYS_ASK", "DEFAULT_TABLE", "Knowledge", "Policy", "classify", "risk_of"]

Action = Literal["run", "ask"]

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
    """A table of mode and class; what the table doesn't name asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Mapping[Mode, Mapping[RiskClass, Action]] = DEFAULT_TABLE

    def asks(self, mode: Mode, reasons: Iterable[Reason]) -> bool:
        """Whether a cell with these reasons waits for a person in `mode`."""
        row = self.table.get(mode, {})
        return any(row.get(risk, "ask") == "ask" for risk in risk_of(reasons))
