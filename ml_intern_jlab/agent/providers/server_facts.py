"""What a server says of its models: how much they take, whether they see, what they cost. Nothing here is guessed.

Read where each kind of server tells it: `max_model_len` in vLLM's and SGLang's list of models, `meta.n_ctx` or `/props`
of llama.cpp, `/api/ps` and `/api/show` of Ollama, `/api/v0/models` of LM Studio, prices and windows in the lists of
OpenRouter and of Hugging Face's router. What none of them says stays unknown (None).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

MAX_MODELS = 100
"""Models of one server that are looked at."""


@dataclass(frozen=True)
class Facts:
    """What is known of a model; None is unknown.

    `context_window` is in tokens, prices are in US dollars per million tokens. `settled` is False where the server may
    say more, or something else, after the first reply.
    """

    context_window: int | None = None
    sees_images: bool = False
    price_in: float | None = None
    price_out: float | None = None
    settled: bool = True


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class ServedModels:
    """The models behind one base URL.

    Args:
        base_url: up to and including `/v1`.
        api_key: sent with each question; None sends none.
        seconds: the longest wait for an answer.
    """

    def __init__(self, base_url: str, api_key: str | None = None, seconds: float = 3.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._root = self.base_url.removesuffix("/v1")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._seconds = seconds

    def list(self) -> dict[str, Facts]:
        """Every model's id with its facts.

        Raises:
            httpx.HTTPError: the server doesn't answer, or refuses.
            ValueError: it answers with something else than a list of models.
        """
        with self._client() as client:
            return {entry["id"]: self._facts(client, entry) for entry in self._entries(client)}

    def facts(self, model_id: str, provider: str = "") -> Facts:
        """The facts of one model (of one `provider`'s, for a router); unknown ones where the server is away or doesn't
        know it."""
        try:
            with self._client() as client:
                for entry in self._entries(client):
                    if entry["id"] in (model_id, f"{model_id}:latest"):
                        return hub_facts(entry, provider) if provider else self._facts(client, entry)
        except (httpx.HTTPError, ValueError):
            return Facts(settled=False)
        return Facts()

    def _client(self) -> httpx.Client:
        # A proxy has no business with this machine's own servers.
        trust_env = not is_loopback(self.base_url)
        return httpx.Client(headers=self._headers, timeout=self._seconds, trust_env=trust_env)

    def _entries(self, client: httpx.Client) -> Iterator[dict[str, Any]]:
        listed = _object(client.get(f"{self.base_url}/models"), "data", list)
        yield from [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str)][
            :MAX_MODELS
        ]

    def _facts(self, client: httpx.Client, entry: dict[str, Any]) -> Facts:
        """What the entry of `/models` says, and where that says little, what its server says elsewhere."""
        try:
            if entry.get("owned_by") == "library":
                return self._ollama(client, entry["id"])
            if entry.get("owned_by") == "organization_owner":
                return self._lm_studio(client, entry["id"])
            if entry.get("owned_by") == "llamacpp":
                return self._llama_cpp(client, entry)
        except (httpx.HTTPError, ValueError):
            return Facts(settled=False)
        if isinstance(entry.get("providers"), list):
            return hub_facts(entry)
        pricing = _mapping(entry.get("pricing"))
        window = _count(entry.get("max_model_len")) or _count(entry.get("context_length"))
        prices = [_price(pricing.get(name), 1e6) for name in ("prompt", "completion")]
        return Facts(window, _modal(entry), prices[0], prices[1])

    def _llama_cpp(self, client: httpx.Client, entry: dict[str, Any]) -> Facts:
        window = _count(_mapping(entry.get("meta")).get("n_ctx"))
        if window is not None and "architecture" in entry:
            return Facts(window, _modal(entry))
        props = _json(client.get(f"{self._root}/props"))
        window = _count(_mapping(props.get("default_generation_settings")).get("n_ctx")) or window
        return Facts(window, bool(_mapping(props.get("modalities")).get("vision")))

    def _ollama(self, client: httpx.Client, model_id: str) -> Facts:
        """The window of a loaded model is what it was loaded with, most often far less than the model could take."""
        show = _json(client.post(f"{self._root}/api/show", json={"model": model_id}))
        sees = "vision" in (show.get("capabilities") or [])
        loaded = _json(client.get(f"{self._root}/api/ps")).get("models") or []
        windows = [
            _count(each.get("context_length")) for each in loaded if model_id in (each.get("name"), each.get("model"))
        ]
        if windows and windows[0]:
            return Facts(windows[0], sees)
        asked = re.search(r"^num_ctx\s+(\d+)", str(show.get("parameters", "")), re.MULTILINE)
        if asked:
            return Facts(int(asked[1]), sees)
        info = _mapping(show.get("model_info"))
        most = next((_count(value) for name, value in info.items() if name.endswith(".context_length")), None)
        return Facts(most, sees, settled=False)

    def _lm_studio(self, client: httpx.Client, model_id: str) -> Facts:
        listed = _object(client.get(f"{self._root}/api/v0/models"), "data", list)
        for each in listed:
            if isinstance(each, dict) and each.get("id") == model_id:
                loaded = _count(each.get("loaded_context_length"))
                window = loaded or _count(each.get("max_context_length"))
                return Facts(window, each.get("type") == "vlm", settled=loaded is not None)
        return Facts()


def hub_facts(entry: dict[str, Any], provider: str = "") -> Facts:
    """The facts of an entry of Hugging Face's router. Without a `provider` any may answer: the smallest window and
    the highest prices of those that are live."""
    live = [
        each
        for each in entry.get("providers", [])
        if isinstance(each, dict) and each.get("status") == "live" and provider in ("", each.get("provider"))
    ]
    windows = [_count(each.get("context_length")) for each in live]
    prices = [[_price(_mapping(each.get("pricing")).get(name), 1) for each in live] for name in ("input", "output")]
    known = [max(each) if each and None not in each else None for each in prices]  # type: ignore[type-var]
    return Facts(
        min(filter(None, windows)) if windows and None not in windows else None, _modal(entry), known[0], known[1]
    )


def _json(response: httpx.Response) -> dict[str, Any]:
    response.raise_for_status()
    found = response.json()
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _object(response: httpx.Response, name: str, kind: type) -> Any:
    found = _json(response).get(name)
    if not isinstance(found, kind):
        raise ValueError(f"no {name}")
    return found


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _price(value: Any, tokens: float) -> float | None:
    """US dollars per million tokens, from a price for a millionth of `tokens` of them."""
    try:
        price = float(value) * tokens
    except (TypeError, ValueError):
        return None
    return round(price, 6) if price >= 0 else None


def _modal(entry: dict[str, Any]) -> bool:
    return "image" in (_mapping(entry.get("architecture")).get("input_modalities") or [])
