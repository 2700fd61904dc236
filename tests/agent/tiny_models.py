"""Models of a few kilobytes, made from a configuration with random weights, and tokenizers made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHAT = (
    "{% for message in messages %}<s>{{ message.role }} {{ message.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant {% endif %}"
)


def tiny_writer(folder: Path, *, chat: bool = False, seed: int = 0) -> None:
    """A Llama of one layer that reads and writes bytes."""
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(seed)
    LlamaForCausalLM(LlamaConfig(**_sizes(folder, chat))).save_pretrained(folder)


def tiny_judge(folder: Path, seed: int = 0) -> None:
    """A reward model of the same size, with one score."""
    from transformers import LlamaConfig, LlamaForSequenceClassification, set_seed

    set_seed(seed)
    config = LlamaConfig(**_sizes(folder, chat=True), num_labels=1, pad_token_id=2)
    LlamaForSequenceClassification(config).save_pretrained(folder)


def _sizes(folder: Path, chat: bool) -> dict[str, Any]:
    """Saves a tokenizer of bytes; the sizes of a model that fits it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = ["<unk>", "<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=CHAT if chat else None, **names)
    fast.save_pretrained(folder)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    return {"vocab_size": len(letters), "max_position_embeddings": 1024, "bos_token_id": 1, "eos_token_id": 2, **sizes}
