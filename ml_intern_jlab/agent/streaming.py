"""What our language models share: they stream, a stop aborts the request, and a reply says whether it was cut off."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from smolagents.models import (
    ChatMessage,
    ChatMessageStreamDelta,
    Model,
    agglomerate_stream_deltas,
    get_clean_message_list,
    tool_role_conversions,
)
from smolagents.monitoring import TokenUsage

from .providers.server_facts import Facts

Progress = Callable[[str, float | None], None]
"""Hears what a model does before it can answer: a sentence, and how much of it is done (0 to 1; None: unknown)."""


class Aborted(Exception):
    """The request was aborted by `LanguageModel.abort`, or its stream was closed."""


@dataclass(frozen=True)
class Piece:
    """A piece of a reply. Tokens are counted where the provider tells them, most often in the last piece.

    `cut_off` says that the reply ended by the limit of tokens and not because it was complete.
    """

    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cut_off: bool = False


class Request:
    """One request under way, which any thread may cancel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._ends: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the reply any more."""
        return self._cancelled

    def on_cancel(self, end: Callable[[], None]) -> None:
        """Call `end`, which must not block or raise, when the request is cancelled; at once if it already is."""
        with self._lock:
            if not self._cancelled:
                self._ends.append(end)
                return
        end()

    def cancel(self) -> None:
        """End the request; a second call does nothing."""
        with self._lock:
            ends, self._ends, self._cancelled = self._ends, [], True
        for end in ends:
            end()


class LanguageModel(Model):  # type: ignore[misc]  # smolagents has no type information
    """Base of our language models. A subclass gives `pieces`; streaming, aborting and counting are here.

    `cut_off` is about the last reply: it ended by the limit of tokens, so code in it may be half.
    """

    key_advice: str = "Check the key for this server."
    cut_off: bool = False
    on_progress: Progress | None = None

    def __init__(self, model_id: str) -> None:
        super().__init__(model_id=model_id)
        self._request: Request | None = None
        self._aborted = False
        self._facts: Facts | None = None

    def find_facts(self) -> Facts:
        """What can be known of the model; may ask a server, so not for the event loop."""
        return Facts()

    def glance(self) -> Facts:
        """What can be known without loading or starting anything."""
        return self.find_facts()

    @property
    def facts(self) -> Facts:
        """What is known of the model, asked for once."""
        if self._facts is None:
            self._facts = self.find_facts()
        return self._facts

    @property
    def context_window(self) -> int | None:
        """The tokens that prompt and reply may have together; None: unknown."""
        return self.facts.context_window

    @property
    def sees_images(self) -> bool:
        """Whether images may be sent."""
        return self.facts.sees_images

    @property
    def price_in(self) -> float | None:
        """US dollars for a million tokens of prompt; None: unknown."""
        return self.facts.price_in

    @property
    def price_out(self) -> float | None:
        """US dollars for a million tokens of reply; None: unknown."""
        return self.facts.price_out

    def pieces(self, messages: list[dict[str, Any]], request: Request, options: dict[str, Any]) -> Iterator[Piece]:
        """The reply to `messages`, piece by piece. Runs in a thread of its own and may block, until it is cancelled.

        Args:
            messages: `role` and `content` as OpenAI's protocol has them.
            request: tells when nobody wants the reply any more.
            options: further arguments of `generate`, such as `max_tokens`, `temperature` and `stop`.
        """
        raise NotImplementedError

    def generate_stream(
        self, messages: Sequence[Any], stop_sequences: list[str] | None = None, **options: Any
    ) -> Generator[ChatMessageStreamDelta, None, None]:
        """Stream one reply. Closing the generator aborts the request.

        Raises:
            Aborted: `abort` was called, before or meanwhile.
            Exception: whatever went wrong; see `model_faults`.
        """
        if stop_sequences:
            options["stop"] = stop_sequences
        options = {name: value for name, value in options.items() if value is not None}
        request, inbox = Request(), queue.SimpleQueue[Piece | BaseException | None]()
        request.on_cancel(lambda: inbox.put(Aborted("The request was stopped.")))
        self._request, self.cut_off = request, False
        if self._aborted:
            request.cancel()
        threading.Thread(
            target=self._pump, args=(messages, request, options, inbox), name=f"ml-intern-{self.model_id}", daemon=True
        ).start()
        try:
            while (item := inbox.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                self.cut_off = self.cut_off or item.cut_off
                yield _delta(item)
            if self._facts is not None and not self._facts.settled:
                self._facts = None  # now that it has answered, the server may know better
        finally:
            request.cancel()

    def _pump(
        self,
        messages: Sequence[Any],
        request: Request,
        options: dict[str, Any],
        inbox: queue.SimpleQueue[Piece | BaseException | None],
    ) -> None:
        """Move the reply's pieces into `inbox`: whoever reads there needn't wait for a silent server."""
        try:
            for piece in self.pieces(chat_messages(messages, self.sees_images), request, options):
                if request.cancelled:
                    return
                inbox.put(piece)
        except BaseException as error:
            inbox.put(error)
        else:
            inbox.put(None)

    def generate(self, messages: Sequence[Any], stop_sequences: list[str] | None = None, **options: Any) -> ChatMessage:
        """One reply in one piece; otherwise as `generate_stream`."""
        return agglomerate_stream_deltas(list(self.generate_stream(messages, stop_sequences, **options)))

    def abort(self) -> None:
        """End the request under way and any that comes after. Any thread may call this; it does not block."""
        self._aborted = True
        request = self._request
        if request is not None:
            request.cancel()

    def tell(self, text: str, done: float | None = None) -> None:
        """Say what goes on before the first token."""
        if self.on_progress is not None:
            self.on_progress(text, done)


def chat_messages(messages: Sequence[Any], images: bool) -> list[dict[str, Any]]:
    """Messages as OpenAI's protocol has them: neighbours of one role joined, images as data URLs.

    Without `images` they are left out, and content is plain text, which every server reads.
    """
    joined = get_clean_message_list(
        list(messages), role_conversions=tool_role_conversions, convert_images_to_image_urls=True
    )
    return [{"role": _role(each["role"]), "content": _content(each["content"], images)} for each in joined]


def _content(content: Any, images: bool) -> Any:
    if isinstance(content, str):
        return content
    texts = [part.get("text", "") for part in content if part.get("type") == "text"]
    return content if images and len(texts) < len(content) else "\n".join(texts)


def _role(role: Any) -> str:
    return str(getattr(role, "value", role))


def _delta(piece: Piece) -> ChatMessageStreamDelta:
    counted = piece.input_tokens or piece.output_tokens
    usage = TokenUsage(piece.input_tokens, piece.output_tokens) if counted else None
    return ChatMessageStreamDelta(content=piece.text, token_usage=usage)
