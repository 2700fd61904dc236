"""Deterministic stand-ins for the parts that can't be had in a test: a language model that says what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from smolagents.models import ChatMessage, MessageRole, Model
from smolagents.monitoring import TokenUsage

Line = str | BaseException | Callable[[str], str]


class ScriptedModel(Model):  # type: ignore[misc]  # smolagents has no type information
    """A model that answers from a script.

    Each line is an answer, an exception to raise, or a function from the last message's text to the answer. `seen`
    keeps the text of every last message, so that a test can tell what the model was shown.

    Raises:
        AssertionError: it was asked more often than the script has lines.
    """

    def __init__(self, script: Iterable[Line]) -> None:
        super().__init__(model_id="scripted")
        self._script = list(script)
        self.seen: list[str] = []

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:
        """The script's next line."""
        content = messages[-1].content
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        self.seen.append(text)
        if not self._script:
            raise AssertionError(f"The script is at its end, but the model was asked: {text}")
        line = self._script.pop(0)
        if isinstance(line, BaseException):
            raise line
        answer = line(text) if callable(line) else line
        return ChatMessage(
            role=MessageRole.ASSISTANT,
            content=answer,
            token_usage=TokenUsage(input_tokens=len(text) // 4, output_tokens=len(answer) // 4),
        )


def turn(code: str, thought: str = "", item: int = 1) -> str:
    """An answer in the form that the prompt asks for."""
    return f"Item {item}\n{thought}\n```python\n{code}\n```"
