"""The planner as a smolagents model: the same text contract as any language model, and no language model."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from smolagents.models import ChatMessage, MessageRole, Model
from smolagents.monitoring import TokenUsage

from .flow import ITEMS, number_of, plan_titles, whole_run
from .grounding import ground, listed_tables
from .task import TaskFacts, read_task
from .turns import Cell, Outcome, message_text, read_files_text, read_outcome, read_task_text, write_turn

LABEL = "recipes (no language model)"


class RecipesModel(Model):  # type: ignore[misc]
    """Plans and writes the notebook for a tabular, text or pixel prediction task by rules; serves one run.

    The first `generate` answers with the plan; each later one with the next turn, which depends on what the last
    cell printed. It ends with a turn that calls `final_answer` or `give_up`.
    """

    label = LABEL

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(model_id="recipes", **kwargs)
        self._facts: TaskFacts | None = None
        self._run: Generator[Cell, Outcome, None] | None = None
        self._started = False
        self._last = ""

    def generate(self, messages: Sequence[Any], *args: Any, **kwargs: Any) -> ChatMessage:
        """Answer the conversation so far with the plan or the next turn."""
        texts = [message_text(message) for message in messages if _role(message) == "user"]
        if self._facts is None:
            opening = texts[0] if texts else ""
            self._facts = ground(read_task(read_task_text(opening)), listed_tables(read_files_text(opening)))
            self._run = whole_run(self._facts)
            titles = plan_titles(self._facts)
            return _message("\n".join(f"{number}. {title}" for number, title in enumerate(titles, 1)))
        return _message(self._turn(read_outcome(texts[-1] if texts else "")))

    def _turn(self, outcome: Outcome) -> str:
        assert self._run is not None
        assert self._facts is not None
        if self._started and outcome.status is None and not outcome.checks and not outcome.messages:
            return self._last  # the caller asks again: nothing was run
        try:
            cell = self._run.send(outcome) if self._started else self._begin(outcome)
        except StopIteration:
            return self._last
        self._last = write_turn(number_of(cell.stage, self._facts, outcome.plan), cell.prose, cell.source)
        return self._last

    def _begin(self, outcome: Outcome) -> Cell:
        assert self._run is not None
        self._started = True
        next(self._run)  # the run starts by asking for the first outcome
        return self._run.send(outcome)


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else getattr(message, "role", "")
    return str(getattr(role, "value", role))


def _message(text: str) -> ChatMessage:
    return ChatMessage(role=MessageRole.ASSISTANT, content=text, token_usage=TokenUsage(0, 0))


__all__ = ["ITEMS", "LABEL", "RecipesModel"]
