"""How much memory a model needs to run or to be trained, by formulas that are printed with the result.

Sources of the formulas:

- Training states: Rajbhandari et al., "ZeRO" (arXiv:1910.02054), section 3.1: with Adam in mixed precision, 2 + 2 + 12
  bytes a parameter for weights, gradients, and optimizer with its copy of the weights in 32 bits.
- Activations: Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models" (arXiv:2205.05198),
  section 4.1: s·b·h·(34 + 5·a·s/h) bytes a layer at 16 bits; the second term falls away where the attention's scores
  are never stored; with full recomputation 2·s·b·h a layer and one layer's activations in full.
- Cache of keys and values: 2 · layers · key-value heads · head size · s · b · bytes, counted from the architecture.
- Low-rank adapters: Hu et al., "LoRA" (arXiv:2106.09685), section 4.1: r · (inputs + outputs) parameters for each
  adapted matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from .errors import BadRequest, did_you_mean, nearest
from .tables import Record, Table, shown, table

BYTES: dict[str, float] = {
    "float64": 8,
    "float32": 4,
    "bfloat16": 2,
    "float16": 2,
    "float8": 1,
    "int8": 1,
    "int4": 0.5,
    "nf4": 0.5 + 0.5 / 8,  # with the constants of its blocks of 64, themselves at 8 bits
}
"""Bytes of a parameter by dtype."""

DTYPES = {"F64": "float64", "F32": "float32", "BF16": "bfloat16", "F16": "float16", "F8_E4M3": "float8", "I8": "int8"}
DTYPES |= {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16", "half": "float16", "float": "float32"}
DTYPES |= {"fp8": "float8", "F8_E5M2": "float8", "8bit": "int8", "4bit": "nf4", "U8": "int8"}

OPTIMIZERS: dict[str, float] = {"adamw": 8, "adamw_8bit": 2, "adafactor": 0, "sgd": 0, "momentum": 4, "lion": 4}
"""Bytes of state for each trained parameter; Adafactor's rows and columns are too few to count."""

Use = Literal["inference", "training"]


@dataclass(frozen=True)
class Shape:
    """What the formulas need to know of a model.

    Attributes:
        parameters: how many it has.
        layers, hidden, heads, kv_heads, head_size, feed_forward, vocabulary: as in its configuration; 0 where it says
            nothing: what depends on them is left out, and the estimate says so.
    """

    parameters: int
    layers: int = 0
    hidden: int = 0
    heads: int = 0
    kv_heads: int = 0
    head_size: int = 0
    feed_forward: int = 0
    vocabulary: int = 0


@dataclass(frozen=True)
class Part:
    """A part of the memory and the formula that it comes from."""

    part: str
    bytes: float = shown(kind="bytes")
    formula: str = ""


@dataclass(frozen=True, repr=False)
class MemoryEstimate(Record):
    """An estimate. `total` counts all parts; a framework takes another 0.5 to 1.5 GB of a GPU for itself."""

    use: str
    total: float = shown(kind="bytes")
    parts: Table[Part] = shown(default=Table("", ()))
    note: str = ""

    def fits(self, gigabytes: float) -> bool:
        """Whether it goes into a device of that many GB (1e9 bytes), with a tenth left over."""
        return self.total <= gigabytes * 1e9 * 0.9


def shape_of(config: dict[str, Any], parameters: int | None) -> Shape:
    """The shape that a `config.json` describes; multimodal ones describe their language model inside."""
    nested = [config.get(key) for key in ("text_config", "llm_config", "language_config")]
    inner = next((each for each in nested if isinstance(each, dict) and each), config)

    def first(*names: str) -> int:
        for name in names:
            if isinstance(inner.get(name), int):
                return int(inner[name])
        return 0

    hidden = first("hidden_size", "n_embd", "d_model", "dim")
    heads = first("num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads")
    shape = Shape(
        parameters or 0,
        first("num_hidden_layers", "n_layer", "num_layers", "n_layers", "encoder_layers"),
        hidden,
        heads,
        first("num_key_value_heads", "num_kv_heads", "n_head_kv") or heads,
        first("head_dim") or (hidden // heads if heads else 0),
        first("intermediate_size", "n_inner", "ffn_dim", "d_ff", "encoder_ffn_dim", "hidden_dim") or 4 * hidden,
        first("vocab_size"),
    )
    return shape if parameters else replace(shape, parameters=counted(shape, inner))


def counted(shape: Shape, config: dict[str, Any]) -> int:
    """Parameters counted from the shape: embeddings, and each layer's attention and feed-forward matrices."""
    gated = str(config.get("hidden_act")) in {"silu", "swish", "swiglu", "geglu", "gelu_pytorch_tanh"}
    attention = shape.hidden * shape.head_size * (2 * shape.heads + 2 * shape.kv_heads)
    feed_forward = (3 if gated else 2) * shape.hidden * shape.feed_forward
    tied = config.get("tie_word_embeddings", True)
    return shape.layers * (attention + feed_forward) + (1 if tied else 2) * shape.vocabulary * shape.hidden


def estimate(
    shape: Shape,
    use: Use = "inference",
    *,
    dtype: str = "bfloat16",
    sequence: int = 2048,
    batch: int = 1,
    optimizer: str = "adamw",
    lora_rank: int = 0,
    checkpointing: bool = False,
    stored_scores: bool = False,
) -> MemoryEstimate:
    """The bytes that a model needs.

    Args:
        shape: the model's.
        use: to run it, or to train it.
        dtype: of the weights, one of `BYTES` or a usual name for it.
        sequence: tokens of a sequence, those to be written included.
        batch: sequences at a time.
        optimizer: one of `OPTIMIZERS`; for training.
        lora_rank: train low-rank adapters on the attention's and feed-forward's matrices only; 0: all weights.
        checkpointing: compute activations anew in the backward pass.
        stored_scores: the attention stores its scores (no flash or memory-efficient attention).

    Raises:
        BadRequest: an unknown dtype, optimizer or use, or numbers that can't be.
    """
    dtype = _known(DTYPES.get(dtype, dtype).removeprefix("torch."), BYTES, "dtype")
    optimizer = _known(optimizer.lower(), OPTIMIZERS, "optimizer")
    if use not in ("inference", "training"):
        raise BadRequest(f"{use!r} is neither inference nor training.")
    if sequence < 1 or batch < 1 or lora_rank < 0 or shape.parameters < 1:
        raise BadRequest("Parameters, sequence and batch are at least 1, and a rank is not negative.")
    each = BYTES[dtype]
    parts = [Part("weights", shape.parameters * each, f"{shape.parameters:,} parameters × {each:g} bytes ({dtype})")]
    missing = "" if shape.layers and shape.hidden else "its configuration tells no layers, so activations are missing"
    if use == "inference":
        parts += _running(shape, max(each, 2.0), sequence, batch)
    else:
        parts += _training(shape, each, optimizer, lora_rank)
        parts += _activations(shape, sequence, batch, checkpointing, stored_scores)
    total = sum(part.bytes for part in parts)
    how = f"sequence {sequence}, batch {batch}" + (f", {optimizer}" if use == "training" else "")
    adapted = f", adapters of rank {lora_rank}" if lora_rank and use == "training" else ""
    listed = table(f"Memory, {how}{adapted}", sorted(parts, key=lambda part: part.bytes, reverse=True))
    formulas = "formulas: ml_intern_jlab.toolkit.memory (arXiv:1910.02054, arXiv:2205.05198, arXiv:2106.09685)"
    return MemoryEstimate(use, total, listed, f"{missing}; {formulas}" if missing else formulas)


def _known(name: str, known: dict[str, float], what: str) -> str:
    if name not in known:
        offered = did_you_mean(nearest(name, known)) or f" Take one of {', '.join(known)}."
        raise BadRequest(f"{name!r} is no {what} that is known here.{offered}")
    return name


def _running(shape: Shape, each: float, sequence: int, batch: int) -> list[Part]:
    """Beside the weights; what is computed stays at 16 bits where the weights are stored in fewer."""
    cache = 2 * shape.layers * shape.kv_heads * shape.head_size * sequence * batch * each
    logits = batch * shape.vocabulary * 4.0
    return [
        Part(
            "keys and values",
            cache,
            f"2 × {shape.layers} layers × {shape.kv_heads} heads × {shape.head_size} × {sequence} × {batch} × {each:g}",
        ),
        Part("logits", logits, f"{batch} × {shape.vocabulary} vocabulary × 4 bytes"),
    ]


def _training(shape: Shape, each: float, optimizer: str, rank: int) -> list[Part]:
    trained = shape.parameters
    told = f"{trained:,}"
    if rank:
        attention = 2 * (shape.hidden + shape.heads * shape.head_size) + 2 * (
            shape.hidden + shape.kv_heads * shape.head_size
        )
        trained = shape.layers * rank * (attention + 3 * (shape.hidden + shape.feed_forward))
        told = f"{trained:,} of the adapters"
    state = OPTIMIZERS[optimizer]
    # Adapters are kept in 32 bits; weights below that get a copy in 32 bits that the optimizer changes.
    weight = 4.0 if rank else max(each, 2.0)
    parts = [Part("adapters", trained * 4.0, f"{told} × 4 bytes")] if rank else []
    parts.append(Part("gradients", trained * weight, f"{told} × {weight:g} bytes"))
    parts.append(Part(f"{optimizer} states", trained * state, f"{told} × {state:g} bytes"))
    if not rank and each < 4:
        parts.append(Part("32-bit copy", trained * 4.0, f"{told} × 4 bytes"))
    return parts


def _activations(shape: Shape, sequence: int, batch: int, checkpointing: bool, stored_scores: bool) -> list[Part]:
    tokens = sequence * batch
    scores = 5 * shape.heads * sequence / shape.hidden if stored_scores and shape.hidden else 0.0
    layer = tokens * shape.hidden * (34 + scores)
    if checkpointing:
        kept = shape.layers * 2.0 * tokens * shape.hidden + layer
        formula = f"{shape.layers} layers × 2·s·b·h + one layer × s·b·h·(34 + {scores:.3g})"
    else:
        kept = shape.layers * layer
        formula = f"{shape.layers} layers × s·b·h·(34 + {scores:.3g}), s={sequence}, b={batch}, h={shape.hidden}"
    logits = 2 * 4.0 * tokens * shape.vocabulary
    return [
        Part("activations", kept, formula),
        Part("logits and their gradients", logits, f"2 × s·b × {shape.vocabulary} vocabulary × 4 bytes"),
    ]
