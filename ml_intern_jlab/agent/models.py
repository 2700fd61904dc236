"""From a model's name to a smolagents `Model`.

A model is a string: `recipes` (no language model, the default) or `openai:<id>` with a base URL, which any server that
speaks OpenAI's protocol answers (vLLM, Ollama, llama.cpp, LM Studio, OpenAI itself).
"""

from __future__ import annotations

import os
from typing import Any

from huggingface_hub import InferenceClient
from smolagents.models import ChatMessage, InferenceClientModel, Model

from ..errors import ModelUnavailable
from ..protocol import ModelInfo
from ..recipes.model import RecipesModel
from .model_faults import context_overflow, is_transient, readable, retry_after

__all__ = [
    "DEFAULT_MODEL",
    "context_overflow",
    "create_model",
    "is_transient",
    "known_models",
    "model_label",
    "readable",
    "retry_after",
]

DEFAULT_MODEL = "recipes"
RECIPES_LABEL = "recipes (no language model)"
OPENAI_URL = "https://api.openai.com/v1"
REQUEST_SECONDS = 120
"""A server that says nothing for this long counts as gone."""


class OpenAIModel(InferenceClientModel):  # type: ignore[misc]  # smolagents has no type information
    """A server that speaks OpenAI's chat protocol, through huggingface_hub's client.

    Args:
        model_id: as the server names it.
        base_url: up to and including `/v1`.
        api_key: sent to that server only; None sends nothing (never the Hugging Face token).
    """

    def __init__(self, model_id: str, base_url: str, api_key: str | None = None) -> None:
        self.base_url = base_url
        self._api_key = api_key
        super().__init__(model_id=model_id, flatten_messages_as_text=True, retry=False)

    def create_client(self) -> InferenceClient:
        """The client. Without a key of its own it would send a stored Hugging Face token, hence the word instead."""
        return InferenceClient(base_url=self.base_url, token=self._api_key or "no-key", timeout=REQUEST_SECONDS)

    def generate(self, messages: Any, **kwargs: Any) -> ChatMessage:
        """One answer; the client would otherwise not tell the server which model is meant."""
        return super().generate(messages, model=self.model_id, **kwargs)


def create_model(name: str = "", base_url: str = "") -> Model:
    """The model that `name` stands for.

    Raises:
        ModelUnavailable: the name is none that is known, or something that it needs is missing.
    """
    provider, _, model_id = (name or DEFAULT_MODEL).partition(":")
    if provider == "recipes" and not model_id:
        return RecipesModel()
    if provider == "openai" and model_id:
        url = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        key = os.environ.get("OPENAI_API_KEY")
        if url == OPENAI_URL and not key:
            raise ModelUnavailable(
                f"{name} needs a key: set OPENAI_API_KEY, or give the address of a server of your own with --base-url."
            )
        return OpenAIModel(model_id, url, key)
    raise ModelUnavailable(
        f"There is no model called {name!r}. Use `recipes`, or `openai:<model id>` with a base URL such as "
        "http://localhost:8000/v1."
    )


def model_label(name: str) -> str:
    """How a model is called wherever a person reads it."""
    return RECIPES_LABEL if name in ("", DEFAULT_MODEL) else name


def known_models(default: str = "", base_url: str = "") -> list[ModelInfo]:
    """The models to choose from: the recipes, and the configured default."""
    found = [ModelInfo(model=DEFAULT_MODEL, label=RECIPES_LABEL, language_model=False, available=True)]
    if default not in ("", DEFAULT_MODEL):
        try:
            create_model(default, base_url)
            found.insert(0, ModelInfo(model=default, label=default, language_model=True, available=True))
        except ModelUnavailable as error:
            found.append(
                ModelInfo(model=default, label=default, language_model=True, available=False, detail=str(error))
            )
    return found
