"""`transformers:` with a tiny model made from a configuration, and a tokenizer built on the spot."""

from __future__ import annotations

import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ml_intern_jlab.agent.context import message
from ml_intern_jlab.agent.models import context_overflow, create_model, readable
from ml_intern_jlab.errors import ModelUnavailable

installed = all(find_spec(package) is not None for package in ("torch", "transformers"))
pytestmark = [
    pytest.mark.skipif(not installed, reason="torch and transformers: pip install 'ml-intern-jlab[transformers]'"),
    # What torch and transformers do to each other is their own affair.
    pytest.mark.filterwarnings("default"),
]

ASK = [message("system", "Be brief."), message("user", "hello")]
WINDOW = 256
SPECIAL = ["<unk>", "<s>", "</s>"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("model")
    letters = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    each_byte = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    each_byte.pre_tokenizer, each_byte.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=each_byte, eos_token="</s>", bos_token="<s>", unk_token="<unk>"
    )
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }} {{ m['content'] }} </s> {% endfor %}"
        "{% if add_generation_prompt %}assistant {% endif %}"
    )
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(letters),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=WINDOW,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = LlamaForCausalLM(config)
    # It writes three letters and spaces only, and never ends by itself.
    spoken = [letters.index(letter) for letter in "abc\u0120"]
    model.generation_config.suppress_tokens = [number for number in range(len(letters)) if number not in spoken]
    model.save_pretrained(path)
    return path


def test_it_answers_streams_and_tells_its_window(folder: Path) -> None:
    import torch

    model = create_model(f"transformers:{folder}")
    heard: list[str] = []
    model.on_progress = lambda text, done: heard.append(text)
    torch.manual_seed(0)
    deltas = list(model.generate_stream(ASK, max_tokens=40, temperature=1))
    assert len([delta for delta in deltas if delta.content]) > 1
    used = [delta.token_usage for delta in deltas if delta.token_usage]
    assert [(each.input_tokens > 4, each.output_tokens) for each in used] == [(True, 40)]
    assert model.cut_off
    assert heard
    assert model.context_window == WINDOW
    torch.manual_seed(0)
    again = model.generate(ASK, max_tokens=40, temperature=1)
    assert again.content == "".join(delta.content or "" for delta in deltas)


def test_a_stop_string_ends_it_and_that_is_no_cut(folder: Path) -> None:
    model = create_model(f"transformers:{folder}")
    whole = model.generate(ASK, max_tokens=30, temperature=0).content
    stopped = model.generate(ASK, stop_sequences=[whole[3:6]], max_tokens=30, temperature=0)
    assert whole.startswith(stopped.content)
    assert len(stopped.content) < len(whole)
    assert not model.cut_off


def test_the_window_bounds_the_reply_and_a_longer_prompt_is_told(folder: Path) -> None:
    model = create_model(f"transformers:{folder}")
    reply = model.generate(ASK, temperature=0)
    assert reply.token_usage.input_tokens + reply.token_usage.output_tokens == WINDOW
    assert model.cut_off
    with pytest.raises(Exception, match="context window") as error:
        model.generate([message("user", "hello " * WINDOW)])
    assert context_overflow(error.value)
    assert "longer than the window" in readable(error.value, model)


def test_closing_the_stream_really_ends_the_generation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml_intern_jlab.agent.providers import transformers_models

    def slowly(loaded: Any) -> Any:
        forward = loaded.model.forward

        def wait(*args: Any, **kwargs: Any) -> Any:
            time.sleep(0.02)
            steps.append(1)
            return forward(*args, **kwargs)

        monkeypatch.setattr(loaded.model, "forward", wait)

    steps: list[int] = []
    model = create_model(f"transformers:{folder}")
    slowly(transformers_models._loaded(str(folder)))
    stream = model.generate_stream(ASK)
    next(stream)
    stream.close()
    until = time.monotonic() + 30
    while any(thread.name == "ml-intern-generate" for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert len(steps) < WINDOW - 20


def test_a_failure_in_the_generation_is_raised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml_intern_jlab.agent.providers import transformers_models

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("out of memory")

    model = create_model(f"transformers:{folder}")
    monkeypatch.setattr(transformers_models._loaded(str(folder)).model, "forward", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        model.generate(ASK)


def test_what_can_not_be_loaded_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="can't be loaded"):
        create_model(f"transformers:{tmp_path}").generate(ASK)
    plain = tmp_path / "plain"
    plain.mkdir()
    for each in folder.iterdir():
        if each.name != "chat_template.jinja":
            (plain / each.name).write_bytes(each.read_bytes())
    with pytest.raises(ModelUnavailable, match="no chat template"):
        create_model(f"transformers:{plain}").generate(ASK)
