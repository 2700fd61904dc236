"""Models that the package litellm reaches: Anthropic, Google, Mistral, Bedrock, Azure and a hundred more."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from ...errors import ModelUnavailable
from ..keys import stored_key
from ..model_faults import ModelFault
from ..streaming import LanguageModel, Piece, Request
from .chat_server import READ_SECONDS
from .server_facts import Facts


class LiteLLMChatModel(LanguageModel):
    """A model under litellm's name for it, such as `anthropic/claude-sonnet-4-5`.

    litellm takes each provider's key from the variable that the provider documents; where that isn't set, the keyring's
    key of the provider (the name's first part) is used.

    Args:
        model_id: litellm's name.
        base_url: of a server of your own; "" leaves it to litellm.

    Raises:
        ModelUnavailable: the package litellm isn't installed.
    """

    def __init__(self, model_id: str, base_url: str = "") -> None:
        super().__init__(model_id)
        # It would fetch its table of prices from the network while it is imported.
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        try:
            import litellm
        except ImportError as error:
            raise ModelUnavailable(
                f"litellm:{model_id} needs the package litellm. Run: pip install 'ml-intern-jlab[litellm]'"
            ) from error
        litellm.suppress_debug_info = True
        self._litellm: Any = litellm
        self._base_url = base_url
        self._provider = model_id.partition("/")[0]
        self.key_advice = (
            f"Set the key's variable that litellm names for {self._provider}, or run `jupyter ml-intern key set "
            f"{self._provider}`."
        )

    def find_facts(self) -> Facts:
        """What litellm's own table says."""
        try:
            said = self._litellm.get_model_info(self.model_id)
        except Exception:  # it raises a plain Exception for a model that it doesn't know
            return Facts()
        prices = [said.get(name) for name in ("input_cost_per_token", "output_cost_per_token")]
        per_million = [round(price * 1e6, 6) if price is not None else None for price in prices]
        return Facts(said.get("max_input_tokens"), bool(said.get("supports_vision")), per_million[0], per_million[1])

    def pieces(self, messages: list[dict[str, Any]], request: Request, options: dict[str, Any]) -> Iterator[Piece]:
        """See `LanguageModel.pieces`.

        Raises:
            ModelFault: the answer breaks off.
            Exception: what litellm raises; see `model_faults`.
        """
        stream = self._litellm.completion(
            model=self.model_id,
            messages=messages,
            stream=True,
            stream_options={"include_usage": True},
            api_base=self._base_url or None,
            api_key=stored_key(self._provider),
            timeout=READ_SECONDS,
            num_retries=0,
            max_retries=0,
            **options,
        )
        try:
            yield from self._read(stream, request)
        finally:
            with contextlib.suppress(Exception):
                stream.completion_stream.close()

    def _read(self, stream: Any, request: Request) -> Iterator[Piece]:
        ended = said = False
        for event in stream:
            if request.cancelled:
                return
            for choice in event.choices[:1]:
                ended = ended or bool(choice.finish_reason)
                said = said or bool(choice.delta.content)
                yield Piece(choice.delta.content or "", cut_off=choice.finish_reason == "length")
            usage = getattr(event, "usage", None)
            if usage:
                said = True
                yield Piece("", usage.prompt_tokens, usage.completion_tokens)
        # It tells a stream that ends without a word as a complete one.
        if not (ended and said):
            raise ModelFault("the stream broke off")
