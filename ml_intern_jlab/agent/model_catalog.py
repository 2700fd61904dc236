"""Which models there are to choose from: configured ones, servers that answer on this machine, weights on it, recipes.

Looking takes a second at most for this machine's servers, and is done in threads: never call it on an event loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec

import httpx

from ..errors import ModelUnavailable
from ..protocol import ModelInfo
from .models import DEFAULT_MODEL, RECIPES_LABEL, create_model
from .providers.local_weights import local_files
from .providers.server_facts import Facts, ServedModels
from .streaming import LanguageModel

LOOPBACK_SERVERS = {
    "Ollama": "http://127.0.0.1:11434/v1",
    "vLLM": "http://127.0.0.1:8000/v1",
    "LM Studio": "http://127.0.0.1:1234/v1",
    "llama.cpp": "http://127.0.0.1:8080/v1",
}
"""Where the usual servers listen, unless told otherwise."""
PROBE_SECONDS = 1.0
CACHE_SECONDS = 5.0


def known_models(default: str = "", base_url: str = "", configured: Iterable[str] = ()) -> list[ModelInfo]:
    """The models to choose from: `default` first, then the other configured ones, what this machine has, the recipes.

    Each tells its window, prices and whether it sees, as far as its server does; None is unknown.
    """
    names = [name for name in dict.fromkeys([default, *configured]) if name not in ("", DEFAULT_MODEL)]
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="ml-intern-models") as pool:
        told = [pool.submit(_FOUND.get, (name, base_url), partial(_configured, name, base_url)) for name in names]
        served = [
            pool.submit(_FOUND.get, url, partial(_served, server, url)) for server, url in LOOPBACK_SERVERS.items()
        ]
        files = pool.submit(_FOUND.get, "disk", _on_disk)
        listed = [info for each in told for info in each.result()]
        found = [info for each in [*served, files] for info in each.result()]
    recipes = ModelInfo(model=DEFAULT_MODEL, label=RECIPES_LABEL, language_model=False, available=True)
    listed.insert(0 if default in ("", DEFAULT_MODEL) else 1, recipes)
    known = {each.model for each in listed}
    return listed + [each for each in found if each.model not in known]


class _Lately:
    """Keeps what was found for `CACHE_SECONDS`: a list that is opened twice shouldn't ask every server twice."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[float, list[ModelInfo]]] = {}

    def get(self, place: Hashable, look: Callable[[], list[ModelInfo]]) -> list[ModelInfo]:
        """What was found at a place lately, or what `look` finds now."""
        until, found = self._kept.get(place, (0.0, []))
        if time.monotonic() > until:
            found = look()
            self._kept[place] = time.monotonic() + CACHE_SECONDS, found
        return found

    def forget(self) -> None:
        """Look anew the next time."""
        self._kept.clear()


_FOUND = _Lately()


def forget_found() -> None:
    """Look at servers and disk anew the next time."""
    _FOUND.forget()


def _configured(name: str, base_url: str) -> list[ModelInfo]:
    """A model that somebody named, with the reason where it can't be used."""
    try:
        model = create_model(name, base_url)
    except ModelUnavailable as error:
        return [ModelInfo(model=name, label=name, language_model=True, available=False, detail=str(error))]
    facts = model.glance() if isinstance(model, LanguageModel) else Facts()
    return [_info(name, name, facts, "")]


def _served(server: str, url: str) -> list[ModelInfo]:
    """What a server on this machine has; nothing where none answers."""
    try:
        served = ServedModels(url, seconds=PROBE_SECONDS).list()
    except (httpx.HTTPError, ValueError):
        return []
    return [_info(f"openai:{id_}@{url}", f"{id_} ({server})", facts, url) for id_, facts in served.items()]


def _on_disk() -> list[ModelInfo]:
    """Weights on this machine; without llama.cpp they are of no use, and the person should know."""
    runs = find_spec("xllamacpp") is not None
    found = []
    for name, where in local_files():
        detail = where if runs else "needs llama.cpp: pip install 'ml-intern-jlab[local]'"
        info = _info(f"local:{name}", f"{name} (this machine)", Facts(), detail)
        found.append(info if runs else info.model_copy(update={"available": False}))
    return found


def _info(name: str, label: str, facts: Facts, detail: str) -> ModelInfo:
    return ModelInfo(
        model=name,
        label=label,
        language_model=True,
        available=True,
        detail=detail,
        context_window=facts.context_window,
        sees_images=facts.sees_images,
        price_in=facts.price_in,
        price_out=facts.price_out,
    )
