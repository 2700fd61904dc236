"""Models that run in this process with the package transformers, on a GPU where there is one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import ModelUnavailable
from ..model_faults import ModelFault
from ..streaming import LanguageModel, Piece, Request
from .server_facts import Facts

MAX_NEW_TOKENS = 4096
"""Tokens of a reply, where the request names no other limit."""


class TransformersChatModel(LanguageModel):
    """A causal language model with a chat template, loaded when it is first asked and shared by all sessions.

    Args:
        source: a repository of the Hub, or a local folder.

    Raises:
        ModelUnavailable: torch or transformers isn't installed.
    """

    def __init__(self, source: str) -> None:
        super().__init__(source)
        missing = [package for package in ("torch", "transformers") if find_spec(package) is None]
        if missing:
            raise ModelUnavailable(
                f"transformers:{source} needs the package {' and '.join(missing)}. "
                "Run: pip install 'ml-intern-jlab[transformers]'"
            )

    def find_facts(self) -> Facts:
        """The window of the model's configuration; loads the model."""
        return Facts(self._load().window)

    def glance(self) -> Facts:
        """Nothing: it would have to be loaded."""
        return Facts()

    def pieces(self, messages: list[dict[str, Any]], request: Request, options: dict[str, Any]) -> Iterator[Piece]:
        """See `LanguageModel.pieces`.

        Raises:
            ModelUnavailable: the model can't be loaded.
            ModelFault: the prompt is longer than the model's window.
        """
        loaded = self._load()
        # One reply at a time: a second one at once would be slower than both in turn, and take twice the memory.
        while not loaded.lock.acquire(timeout=0.2):
            if request.cancelled:
                return
        try:
            yield from _reply(loaded, messages, request, options)
        finally:
            loaded.lock.release()

    def _load(self) -> _Loaded:
        self.tell(f"Loading {self.model_id} …")
        try:
            with _LOADING:
                return _loaded(self.model_id or "")
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            raise ModelUnavailable(f"The model {self.model_id} can't be loaded: {said}") from error


@dataclass(frozen=True)
class _Loaded:
    model: Any
    tokenizer: Any
    window: int | None
    lock: threading.Lock


_LOADING = threading.Lock()


@lru_cache(maxsize=1)
def _loaded(source: str) -> _Loaded:
    """The model, kept until another one is asked for."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = Path(source).expanduser()
    source = str(folder) if folder.is_dir() else source
    tokenizer = AutoTokenizer.from_pretrained(source)
    if not tokenizer.chat_template:
        raise ValueError("it has no chat template, so it was not trained to follow a conversation")
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    model = AutoModelForCausalLM.from_pretrained(source, dtype="auto").to(device).eval()
    window = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return _Loaded(model, tokenizer, window if isinstance(window, int) and window > 0 else None, threading.Lock())


def _reply(
    loaded: _Loaded, messages: list[dict[str, Any]], request: Request, options: dict[str, Any]
) -> Iterator[Piece]:
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

    closed = threading.Event()

    class Unwanted(StoppingCriteria):  # type: ignore[misc]  # not every version is typed
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            over = request.cancelled or closed.is_set()
            return torch.full((input_ids.shape[0],), over, device=input_ids.device, dtype=torch.bool)

    prompt = loaded.tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(loaded.model.device)
    asked = prompt["input_ids"].shape[1]
    room = (loaded.window or asked + MAX_NEW_TOKENS) - asked
    if room <= 0:
        raise ModelFault(f"the prompt has {asked} tokens, more than the context window of {loaded.window}", 400)
    most = min(int(options.get("max_tokens") or MAX_NEW_TOKENS), room)
    streamer = TextIteratorStreamer(loaded.tokenizer, skip_prompt=True, skip_special_tokens=True)
    ended: list[Any] = []

    def generate() -> None:
        try:
            ended.append(
                loaded.model.generate(
                    **prompt,
                    **_sampling(options),
                    max_new_tokens=most,
                    streamer=streamer,
                    tokenizer=loaded.tokenizer,
                    stopping_criteria=StoppingCriteriaList([Unwanted()]),
                )
            )
        except BaseException as error:
            ended.append(error)
            streamer.end()

    worker = threading.Thread(target=generate, name="ml-intern-generate", daemon=True)
    worker.start()
    try:
        for text in streamer:
            if text:
                yield Piece(text)
    finally:
        closed.set()
        worker.join()
    if isinstance(ended[0], BaseException):
        raise ended[0]
    tokens = ended[0][0, asked:].tolist()
    yield Piece("", asked, len(tokens), cut_off=len(tokens) >= most and tokens[-1] not in _ends(loaded.model))


def _sampling(options: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's names of options as transformers has them; without any, as the model's own configuration says."""
    chosen: dict[str, Any] = {}
    if options.get("stop"):
        chosen["stop_strings"] = options["stop"]
    temperature = options.get("temperature")
    if temperature == 0:
        chosen |= {"do_sample": False}
    elif temperature is not None:
        chosen |= {"do_sample": True, "temperature": float(temperature)}
    if options.get("top_p") is not None:
        chosen["top_p"] = float(options["top_p"])
    return chosen


def _ends(model: Any) -> list[int]:
    ends = model.generation_config.eos_token_id
    return ends if isinstance(ends, list) else [] if ends is None else [ends]
