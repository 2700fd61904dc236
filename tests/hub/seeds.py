"""Papers, datasets, models, pages and code to look at: what the documentation's examples and the demo use.

The names are those of well-known things; their content here is our own, made small.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from tests.hub.hub import LoopbackHub
from tests.hub.weights import safetensors

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins" / "penguins.csv"

ATTENTION, LORA = "1706.03762", "2106.09685"

CARD = "---\nlicense: {license}\n{more}---\n# {title}\n\n{text}\n"


def seed(hub: LoopbackHub) -> None:
    """Fill a Hub."""
    _papers(hub)
    _datasets(hub)
    _models(hub)
    _code(hub)


def _papers(hub: LoopbackHub) -> None:
    hub.add_paper(
        ATTENTION,
        "Attention Is All You Need",
        authors=("Ashish Vaswani", "Noam Shazeer"),
        summary="A network of attention alone, without recurrence, translates better and trains faster.",
        published="2017-06-12",
        upvotes=120,
        github="https://github.com/huggingface/trl",
        parts=(
            (2, "Introduction", "Recurrent networks compute one position after the other."),
            (2, "Training", "This section describes how the models were trained."),
            (
                3,
                "Optimizer",
                'Adam with <math alttext="\\beta_1=0.9"></math>; the learning rate grows over 4000 warmup steps, '
                "then falls with the square root of the step.",
            ),
            (3, "Regularization", "Dropout of 0.1 and label smoothing of 0.1."),
            (2, "Conclusion", "Attention suffices."),
        ),
    )
    hub.add_paper(
        LORA,
        "LoRA: Low-Rank Adaptation of Large Language Models",
        authors=("Edward Hu",),
        summary="Train a pair of small matrices beside each large one, and leave the large one as it is.",
        published="2021-06-17",
        upvotes=80,
        parts=((2, "Method", "The change of a weight matrix is written as a product of two matrices of a low rank."),),
        cites={ATTENTION: "We build on the Transformer architecture."},
    )
    hub.add_paper(
        "2205.14135",
        "FlashAttention: Fast and Memory-Efficient Exact Attention",
        authors=("Tri Dao",),
        summary="Attention by tiles, so that its scores are never stored.",
        published="2022-05-27",
        upvotes=60,
        cites={ATTENTION: "Transformer models [1] are slow on long sequences."},
    )
    hub.collections.append(
        {"slug": "lab/reading-1", "title": "Reading", "upvotes": 3, "items": [{"type": "paper", "id": ATTENTION}]}
    )


def _datasets(hub: LoopbackHub) -> None:
    more = "task_categories: [text-classification]\nlanguage: [en]\n"
    text = f"Reviews of films, translated as in https://arxiv.org/abs/{ATTENTION}"
    card = CARD.format(license="other", more=more, title="IMDB", text=text)
    hub.add_repo("dataset", "stanfordnlp/imdb", {"README.md": card}, downloads=90_000, likes=300)
    reviews: list[dict[str, Any]] = [
        {"text": f"A {'fine' if n % 2 else 'dull'} film of {80 + n} minutes, and I saw it twice.", "label": n % 2}
        for n in range(400)
    ]
    for split, rows in (("train", reviews[:300]), ("test", reviews[300:])):
        hub.add_rows("stanfordnlp/imdb", rows, config="plain_text", split=split, classes={"label": ["neg", "pos"]})

    card = CARD.format(
        license="apache-2.0", more="task_categories: [text-generation]\n", title="Capybara", text="Talks."
    )
    hub.add_repo("dataset", "trl-lib/Capybara", {"README.md": card}, downloads=5_000)
    talks = [
        {
            "messages": [
                {"role": "user", "content": f"What is {n} plus {n}?"},
                {"role": "assistant", "content": f"It is {2 * n}."},
            ]
        }
        for n in range(250)
    ]
    hub.add_rows("trl-lib/Capybara", talks[:200])
    hub.add_rows("trl-lib/Capybara", talks[200:], split="test")

    text = PENGUINS.read_text(encoding="utf-8")
    more = "task_categories: [tabular-classification]\nsize_categories: [n<1K]\n"
    card = CARD.format(license="cc0-1.0", more=more, title="Penguins", text="Three species, measured on three islands.")
    hub.add_repo("dataset", "lab/penguins", {"README.md": card, "penguins.csv": text}, downloads=1_200)
    hub.add_rows("lab/penguins", [_typed(row) for row in csv.DictReader(text.splitlines())])


def _typed(row: dict[str, str]) -> dict[str, Any]:
    def value(text: str) -> Any:
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
        return text or None

    return {name: value(text) for name, text in row.items()}


def _models(hub: LoopbackHub) -> None:
    config = {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "hidden_size": 1024,
        "num_hidden_layers": 28,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "intermediate_size": 3072,
        "vocab_size": 151936,
        "max_position_embeddings": 40960,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
    }
    tokenizer = {
        "tokenizer_class": "Qwen2Tokenizer",
        "eos_token": "<|im_end|>",
        "chat_template": "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}",
    }
    more = "pipeline_tag: text-generation\nlibrary_name: transformers\n"
    text = f"Made of attention: https://arxiv.org/abs/{ATTENTION}"
    files: dict[str, str | bytes] = {
        "README.md": CARD.format(license="apache-2.0", more=more, title="Qwen3", text=text),
        "config.json": json.dumps(config),
        "tokenizer_config.json": json.dumps(tokenizer),
    }
    hub.add_repo("model", "Qwen/Qwen3-0.6B", files, downloads=400_000, likes=500)
    more = "pipeline_tag: text-classification\nlibrary_name: transformers\ndatasets: [stanfordnlp/imdb]\n"
    files = {
        "README.md": CARD.format(license="mit", more=more, title="Reviews", text="Tells good from bad."),
        "model.safetensors": safetensors({"embed": (1000, 32), "out": (32, 2)}),
    }
    hub.add_repo("model", "lab/tiny-reviews", files, downloads=300)
    hub.add_repo(
        "model", "meta-llama/Llama-3.2-1B", {"config.json": json.dumps(config)}, gated="manual", downloads=9_000
    )


def _code(hub: LoopbackHub) -> None:
    files = {
        "README.md": "# TRL\nTrain language models with reinforcement learning.\n",
        "examples/scripts/sft.py": "from trl import SFTConfig, SFTTrainer\n\ntrainer = SFTTrainer(...)\n",
        "examples/scripts/dpo.py": "from trl import DPOConfig, DPOTrainer\n",
        "trl/trainer/sft_trainer.py": "class SFTTrainer:\n    ...\n",
    }
    releases = [("v1.2.0", "SFT packs sequences by default."), ("v1.1.0", "Faster GRPO.")]
    hub.add_code("huggingface/trl", files, stars=16_000, about="Train transformer language models", releases=releases)
    hub.add_code("encode/httpx", {"README.md": "# HTTPX\n"}, stars=14_000, releases=[("0.28.1", "Fixes.")])
    hub.shelves.pages |= {
        "/docs/trl/llms.txt": "# TRL\n\n"
        f"- [SFT Trainer]({hub.url}/docs/trl/main/en/sft_trainer.md): Supervised fine-tuning, packing\n"
        f"- [DPO Trainer]({hub.url}/docs/trl/main/en/dpo_trainer.md): Learning from preferences\n",
        "/docs/trl/main/en/sft_trainer.md": "# SFT Trainer\n\n`packing=True` joins short rows.\n",
        "/docs/trl/main/en/dpo_trainer.md": "# DPO Trainer\n\n`beta` bounds the distance to the reference.\n",
    }
