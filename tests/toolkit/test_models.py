"""Models, read from the loopback Hub; and the memory that they need, checked against real weights and by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml_intern_jlab.toolkit import models
from ml_intern_jlab.toolkit.errors import BadRequest, NoAccess, NotFound
from ml_intern_jlab.toolkit.memory import BYTES, Shape, shape_of
from tests.hub.hub import LoopbackHub
from tests.hub.weights import safetensors

# A Llama of 8 billion parameters, as its configuration tells.
LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "max_position_embeddings": 8192,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}
CARD = """---
license: apache-2.0
pipeline_tag: text-generation
library_name: transformers
base_model: lab/base
datasets: [lab/chats]
model-index:
- name: tiny
  results:
  - task: {type: text-generation}
    dataset: {name: MATH-500, type: lab/math}
    metrics: [{type: accuracy, value: 0.65}]
---
A model.
"""
TOKENIZER = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": 2048,
    "eos_token": {"content": "<|end|>"},
    "chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}",
}


@pytest.fixture
def shelf(hub: LoopbackHub) -> LoopbackHub:
    files: dict[str, str | bytes] = {
        "README.md": CARD,
        "config.json": json.dumps({**LLAMA, "num_hidden_layers": 2}),
        "tokenizer_config.json": json.dumps(TOKENIZER),
        "model.safetensors": safetensors({"a": (10, 20), "b": (30,)}, "BF16"),
    }
    hub.add_repo("model", "lab/tiny-llama", files, downloads=10)
    hub.add_repo("model", "lab/plain-bert", {"config.json": json.dumps({"model_type": "bert"})}, downloads=90)
    return hub


def test_search_tells_size_licence_and_task(shelf: LoopbackHub) -> None:
    assert [each.id for each in models.search()] == ["lab/plain-bert", "lab/tiny-llama"]
    (found,) = models.search("llama", task="text-generation", license="apache-2.0", dataset="lab/chats")
    assert (found.parameters, found.task, found.library) == (230, "text-generation", "transformers")
    assert [each.id for each in models.search(largest=1000)] == ["lab/tiny-llama"]
    assert not models.search(smallest=1000)


def test_a_report_tells_what_a_model_is(shelf: LoopbackHub) -> None:
    report = models.inspect("lab/tiny-llama")
    assert (report.architecture, report.parameters, report.dtype) == ("LlamaForCausalLM", 230, "BF16")
    assert (report.layers, report.context, report.chat_template) == (2, 8192, True)
    assert (report.base_models, report.datasets) == (("lab/base",), ("lab/chats",))
    assert report.files is not None
    assert report.files[0].path == "config.json" or report.files[0].bytes
    assert report.metrics is not None
    assert (report.metrics[0].dataset, report.metrics[0].value) == ("MATH-500", 0.65)
    with pytest.raises(NotFound, match=r"Did you mean lab/tiny-llama"):
        models.inspect("lab/tiny-lama")


def test_tokenizer_and_template(shelf: LoopbackHub) -> None:
    told = models.tokenizer("lab/tiny-llama")
    assert (told.longest, told.vocabulary, told.special) == (2048, 128256, ("eos <|end|>",))
    assert "for m in messages" in models.chat_template("lab/tiny-llama").text
    with pytest.raises(NotFound, match=r"no file tokenizer_config\.json"):
        models.chat_template("lab/plain-bert")
    shelf.add_repo("model", "meta/gated", {"tokenizer_config.json": "{}"}, gated="auto")
    with pytest.raises(NoAccess, match="accept its conditions"):
        models.tokenizer("meta/gated")


def test_parameters_are_counted_from_a_configuration() -> None:
    # The published number of this architecture is 8.03 billion.
    assert shape_of(LLAMA, None).parameters == pytest.approx(8.03e9, rel=0.002)


def test_memory_by_hand() -> None:
    shape = shape_of(LLAMA, 8_030_261_248)
    running = {part.part: part.bytes for part in models.memory(shape, sequence=8192).parts}
    assert running["weights"] == 2 * 8_030_261_248
    # 2 × 32 layers × 8 heads × 128 × 8192 tokens × 2 bytes = 1 GiB
    assert running["keys and values"] == 2**30
    training = {part.part: part.bytes for part in models.memory(shape, "training", sequence=1024).parts}
    states = training["weights"] + training["gradients"] + training["32-bit copy"] + training["adamw states"]
    assert states == 16 * 8_030_261_248
    assert training["activations"] == 32 * 1024 * 4096 * 34
    light = models.memory(shape, "training", dtype="nf4", lora_rank=16, sequence=1024, checkpointing=True)
    assert light.total < 16e9 < models.memory(shape, "training", sequence=1024).total
    assert light.fits(24)
    # r × (inputs + outputs), over q, k, v, o, gate, up and down of 32 layers: 41.9 million at rank 16
    adapters = next(part.bytes for part in light.parts if part.part == "adapters")
    assert adapters / 4 == pytest.approx(41.9e6, rel=0.01)


def test_the_weights_are_as_large_as_their_file(shelf: LoopbackHub) -> None:
    (counted,) = [part for part in models.memory("lab/tiny-llama", dtype="BF16").parts if part.part == "weights"]
    weights = shelf.repo("model", "lab/tiny-llama").head.files["model.safetensors"]
    content = shelf.large.read(weights)
    header = int.from_bytes(content[:8], "little") + 8
    assert counted.bytes == weights.size - header


def test_what_can_not_be_estimated_is_told(shelf: LoopbackHub) -> None:
    with pytest.raises(BadRequest, match="does not tell its size"):
        models.memory("lab/plain-bert")
    with pytest.raises(BadRequest, match=r"Did you mean bfloat16"):
        models.memory(1000, dtype="bfloat61")
    with pytest.raises(BadRequest, match="adamw"):
        models.memory(1000, "training", optimizer="adam")
    with pytest.raises(BadRequest, match="at least 1"):
        models.memory(Shape(1000), sequence=0)
    assert "activations are missing" in repr(models.memory(1000, "training"))
    assert set(BYTES) >= {"float32", "nf4"}
