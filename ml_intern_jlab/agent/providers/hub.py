"""Models of Hugging Face's Inference Providers, through huggingface_hub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from huggingface_hub import InferenceClient

from ...errors import ModelUnavailable
from ..keys import HUGGING_FACE, hub_key, missing
from ..model_faults import ModelFault
from ..streaming import LanguageModel, Piece, Request
from .chat_server import READ_SECONDS
from .server_facts import Facts, ServedModels

ROUTER_URL = "https://router.huggingface.co/v1"


class HubModel(LanguageModel):
    """A model that an inference provider runs.

    Args:
        repo_id: the model's repository on the Hub, perhaps followed by `:provider`.
        base_url: of the router; only tests have another.

    Raises:
        ModelUnavailable: there is no Hugging Face token.
    """

    def __init__(self, repo_id: str, base_url: str = ROUTER_URL) -> None:
        super().__init__(repo_id)
        self._repo_id, _, self._provider = repo_id.partition(":")
        self._base_url = base_url
        self._token = hub_key()
        self.key_advice = missing(HUGGING_FACE)
        if not self._token:
            raise ModelUnavailable(f"hf:{repo_id} needs a Hugging Face token. {self.key_advice}")

    def find_facts(self) -> Facts:
        """What the router says of it."""
        return ServedModels(self._base_url, self._token).facts(self._repo_id, self._provider)

    def pieces(self, messages: list[dict[str, Any]], request: Request, options: dict[str, Any]) -> Iterator[Piece]:
        """See `LanguageModel.pieces`.

        Raises:
            ModelFault: the answer breaks off.
            Exception: what huggingface_hub raises; see `model_faults`.
        """
        # The client keeps its connections open until it is closed: one for each request, so that none outlives it.
        with InferenceClient(**self._address(), token=self._token, timeout=READ_SECONDS) as client:
            ended = False
            for event in client.chat_completion(
                messages, model=self._model(), stream=True, stream_options={"include_usage": True}, **options
            ):
                if request.cancelled:
                    return
                for choice in (event.choices or [])[:1]:
                    ended = ended or bool(choice.finish_reason)
                    text = (choice.delta.content if choice.delta else "") or ""
                    yield Piece(text, cut_off=choice.finish_reason == "length")
                if event.usage:
                    yield Piece("", event.usage.prompt_tokens, event.usage.completion_tokens)
            if not ended:
                raise ModelFault("the stream broke off")

    def _address(self) -> dict[str, Any]:
        if self._base_url != ROUTER_URL:
            return {"base_url": self._base_url}
        return {"provider": self._provider or "auto"}

    def _model(self) -> str:
        return self._repo_id
