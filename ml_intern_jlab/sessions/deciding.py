"""Whether a proposed cell runs: what the policy says of it, and where that asks, what a person decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from ..errors import Refused, StaleDecision
from ..protocol import CellDecided, CellProposed, DecideCell, Mode, Reason, RiskClass, source_hash
from ..redaction import secrets_in
from .policy import Action, Policy
from .proposing import secret_words
from .strangers import StrangersWords


class Deciding:
    """The decisions on one run's cells.

    Args:
        policy: which risk asks in which mode.
        allowed: the classes that the person allows in this notebook.
        mode: how much runs without asking.
        classify: why a source is more than computing, as the kernel stands.
        interactive: whether somebody is there to decide; else what asks is rejected.
    """

    def __init__(
        self,
        policy: Policy,
        allowed: Callable[[], Collection[RiskClass]],
        mode: Mode,
        classify: Callable[[str], list[Reason]],
        interactive: bool,
    ) -> None:
        self.strangers = StrangersWords()
        self._policy = policy
        self._allowed = allowed
        self._mode = mode
        self._classify = classify
        self._interactive = interactive
        self._pending: tuple[CellProposed, asyncio.Future[CellDecided]] | None = None

    def reasons(self, source: str) -> list[Reason]:
        """Why a source is more than computing, and why it asks on account of what a stranger may have written."""
        reasons = self._classify(source)
        return reasons + self.strangers.reasons(reasons)

    def asks(self, reasons: list[Reason]) -> bool:
        """Whether a cell with these reasons waits for a person."""
        return self._action(reasons) == "ask"

    def may_allow(self, reasons: list[Reason]) -> list[RiskClass]:
        """The classes that a person could allow here so that such a cell needn't ask."""
        return self._policy.may_allow(self._mode, reasons, self._allowed(), self.strangers.unanswered)

    async def decision(self, cell: CellProposed) -> CellDecided:
        """What the policy decides on a cell, or where it asks, the person.

        Raises:
            RunStopped: the run was stopped while the cell waited.
        """
        return self._settled(cell, "policy") or await self._answered(cell)

    def decide(self, command: DecideCell, by: str, where: str = "") -> None:
        """Take a person's decision.

        Raises:
            StaleDecision: the cell doesn't wait, or isn't what the person saw.
            Refused: the person's edit holds a secret, or is of a class that the administrator's policy refuses.
        """
        waiting = self._waiting
        if waiting is None or waiting[0].cell_id != command.cell_id:
            raise StaleDecision("That cell isn't waiting for a decision any more; nothing was run.")
        pending, decision = waiting
        if command.hash != pending.hash:
            raise StaleDecision("The cell has changed since you saw it; look at it again and decide anew.")
        source = pending.source if command.source is None else command.source
        edited = source != pending.source
        if edited and (lines := secrets_in(source)):
            raise Refused(f"Your edit was not taken: {secret_words(lines)}")
        approves = command.decision == "approve"
        if edited and approves and (refusal := self._policy.refusal(self._mode, self._classify(source))):
            raise Refused(refusal)
        decision.set_result(
            CellDecided(
                cell_id=pending.cell_id,
                decision=command.decision,
                source=source,
                hash=source_hash(source),
                edited=edited,
                by=by,
                where=where,
                feedback=command.feedback,
            )
        )

    def set_mode(self, mode: Mode) -> None:
        """Change the mode; `reconsider` then says what that means for a cell that waits.

        Raises:
            Refused: the administrator has locked that mode.
        """
        self._policy.check_mode(mode)
        self._mode = mode

    def reconsider(self, by: str) -> None:
        """Approve or refuse a pending proposal that needn't wait any more, after `by` changed what asks."""
        if (waiting := self._waiting) and (settled := self._settled(waiting[0], by)):
            waiting[1].set_result(settled)

    def stop(self, stopped: BaseException) -> None:
        """Let nobody wait for a decision any more: who does gets `stopped`."""
        if waiting := self._waiting:
            waiting[1].set_exception(stopped)

    @property
    def _waiting(self) -> tuple[CellProposed, asyncio.Future[CellDecided]] | None:
        return self._pending if self._pending and not self._pending[1].done() else None

    def _action(self, reasons: list[Reason]) -> Action:
        return self._policy.action(self._mode, reasons, self._allowed(), self.strangers.unanswered)

    def _settled(self, cell: CellProposed, by: str) -> CellDecided | None:
        """The decision that the policy takes on a cell, where it needs no person; `by` set the policy's terms."""
        action = self._action(cell.reasons)
        if action == "run":
            return _approved(cell, by)
        if action == "refuse":
            return _rejected(cell, self._policy.refusal(self._mode, cell.reasons))
        return None

    async def _answered(self, cell: CellProposed) -> CellDecided:
        if not self._interactive:
            reasons = " ".join(f"Line {reason.line} {reason.text}." for reason in cell.reasons)
            return _rejected(cell, f"Nobody is there to approve this cell. {reasons} Find a way without that.")
        answer: asyncio.Future[CellDecided] = asyncio.get_running_loop().create_future()
        self._pending = cell, answer
        try:
            return await answer
        finally:
            self._pending = None


def _approved(cell: CellProposed, by: str) -> CellDecided:
    return CellDecided(
        cell_id=cell.cell_id, decision="approve", source=cell.source, hash=cell.hash, by=by, where="policy"
    )


def _rejected(cell: CellProposed, feedback: str) -> CellDecided:
    return _approved(cell, "policy").model_copy(update={"decision": "reject", "feedback": feedback})
