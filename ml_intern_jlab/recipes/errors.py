"""How a recipe ends before its time."""

from __future__ import annotations


class GiveUp(Exception):
    """The recipes can't do this task; the message is one clear sentence for the person, with what to do now."""


class Restart(Exception):
    """The person amended the task: go on from an earlier stage.

    Args:
        stage: the earliest stage whose cell the amendment changes.
    """

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage
