"""From a model's name to a smolagents `Model`.

A model is a string: `recipes` (no language model, the default), or a provider and what it calls the model:
`hf:<repo>[:<provider>]`, `openai:<id>[@<base URL>]` (any server that speaks OpenAI's protocol: vLLM, Ollama, llama.cpp,
LM Studio, OpenAI itself), `litellm:<id>`, `transformers:<repo or folder>`, `local:<GGUF file, repo or alias>`.

Making a model is quick and loads nothing large; what it needs is fetched or started with the first request.
"""

from __future__ import annotations

import os
import re

from smolagents.models import Model

from ..errors import ModelUnavailable
from ..recipes.model import RecipesModel
from .keys import OPENAI_HOST, advice, host_of, key_for_url
from .model_faults import context_overflow, is_transient, readable, retry_after

__all__ = [
    "DEFAULT_MODEL",
    "context_overflow",
    "create_model",
    "is_transient",
    "model_label",
    "model_name",
    "readable",
    "retry_after",
]

DEFAULT_MODEL = "recipes"
RECIPES_LABEL = "recipes (no language model)"
OPENAI_URL = f"https://{OPENAI_HOST}/v1"
_WITH_ADDRESS = re.compile(r"^(?P<model_id>.+)@(?P<base_url>https?://\S+)$")


def create_model(name: str = "", base_url: str = "") -> Model:
    """The model that `name` stands for; `base_url` is for `openai:` and `litellm:` names that carry none themselves.

    Raises:
        ModelUnavailable: the name is none that is known, or something that it needs is missing.
    """
    provider, _, model_id = (name or DEFAULT_MODEL).partition(":")
    if provider == "recipes" and not model_id:
        return RecipesModel()
    if not model_id.strip():
        raise _unknown(name)
    match provider:
        case "openai":
            return _chat_server(name, model_id, base_url)
        case "hf":
            from .providers.hub import HubModel

            return HubModel(model_id)
        case "litellm":
            from .providers.litellm_models import LiteLLMChatModel

            return LiteLLMChatModel(model_id, base_url)
        case "transformers":
            from .providers.transformers_models import TransformersChatModel

            return TransformersChatModel(model_id)
        case "local":
            from .providers.local_server import LocalModel

            return LocalModel(model_id)
    raise _unknown(name)


def _unknown(name: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"There is no model called {name!r}. Use `recipes`, `hf:<repo>`, `openai:<model id>` with a base URL such as "
        "http://localhost:8000/v1, `litellm:<id>`, `transformers:<repo or folder>` or `local:<GGUF file or alias>`; "
        "`jupyter ml-intern models` lists what is there."
    )


def _chat_server(name: str, model_id: str, base_url: str) -> Model:
    from .providers.chat_server import ChatServerModel

    addressed = _WITH_ADDRESS.match(model_id)
    if addressed:
        model_id, base_url = addressed["model_id"], addressed["base_url"]
    url = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
    key = key_for_url(url)
    if host_of(url) == OPENAI_HOST and not key:
        raise ModelUnavailable(
            f"{name} needs a key. {advice(url)} For a server of your own, give its address with --base-url."
        )
    return ChatServerModel(model_id, url, key, advice(url))


def model_name(label: str) -> str:
    """The name of the model that is called `label`."""
    return DEFAULT_MODEL if label == RECIPES_LABEL else label


def model_label(name: str) -> str:
    """How a model is called wherever a person reads it."""
    return RECIPES_LABEL if name in ("", DEFAULT_MODEL) else name
