"""Models on the Hub: search, a report about one, the memory that it needs, its tokenizer and chat template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import evidence, hub_reading
from .errors import BadRequest, NoAccess, NotFound, ToolkitError, Unreachable
from .http import FRESH, TIMEOUT, Source
from .memory import MemoryEstimate, Shape, Use, estimate, shape_of
from .tables import Passage, Record, Table, passage, shown, table

WEIGHTS = (".safetensors", ".bin", ".gguf", ".pt", ".pth", ".h5", ".onnx", ".msgpack")


@dataclass(frozen=True)
class Found:
    """A model that a search found."""

    id: str = shown(link="url")
    task: str = ""
    parameters: int | None = shown(kind="count", default=None)
    downloads: int | None = shown(kind="count", default=None)
    likes: int | None = shown(kind="count", default=None)
    license: str = ""
    library: str = ""
    gated: bool = False
    updated: str = ""
    url: str = shown(hidden=True, default="")


@dataclass(frozen=True)
class File:
    """A file of a model."""

    path: str
    bytes: int | None = shown(kind="bytes", default=None)


@dataclass(frozen=True)
class Metric:
    """A result that a model's card reports in its metadata. Nobody but its author has checked it."""

    task: str
    dataset: str
    metric: str
    value: Any


@dataclass(frozen=True, repr=False)
class ModelReport(Record):
    """What is known about a model before it is loaded. `shape` and `config` are for code."""

    id: str = shown(link="url")
    revision: str = ""
    task: str = ""
    library: str = ""
    architecture: str = ""
    license: str = ""
    access: str = ""
    parameters: int | None = shown(kind="count", default=None)
    dtype: str = ""
    layers: int | None = None
    context: int | None = shown("context (tokens)", default=None)
    downloads: int | None = shown(kind="count", default=None)
    base_models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    chat_template: bool = False
    updated: str = ""
    files: Table[File] | None = None
    metrics: Table[Metric] | None = None
    note: str = ""
    source: Source | None = None
    url: str = shown(hidden=True, default="")
    shape: Shape | None = shown(hidden=True, default=None)
    config: dict[str, Any] | None = shown(hidden=True, default=None)

    def memory(self, use: Use = "inference", **how: Any) -> MemoryEstimate:
        """The memory that it needs; see `models.memory`."""
        return memory(self, use, **how)


def search(
    words: str = "",
    limit: int = 20,
    *,
    task: str = "",
    library: str = "",
    license: str = "",
    dataset: str = "",
    author: str = "",
    tags: list[str] | None = None,
    smallest: int | None = None,
    largest: int | None = None,
    order: str = "downloads",
    timeout: float = TIMEOUT,
) -> Table[Found]:
    """Models by words, task, library, licence, training data, author, tags or size.

    Args:
        words: parts of the name.
        limit: how many.
        task: such as `text-generation`.
        library: such as `transformers`.
        license: such as `apache-2.0`.
        dataset: the id of a dataset that the card names.
        author: a user or an organization.
        tags: any of the Hub's tags.
        smallest, largest: bounds of the number of parameters; models that don't tell it are left out then.
        order: downloads, likes, trending, updated or created; the most or newest first.
        timeout: seconds.
    """
    asked = [*(tags or []), *(each for each in (task, library) if each)]
    asked += [f"{key}:{value}" for key, value in (("license", license), ("dataset", dataset)) if value]
    sized = smallest is not None or largest is not None
    answer = hub_reading.search(
        "model",
        words=words,
        tags=asked,
        author=author,
        order=order,
        # The Hub's own filter knows only a few sizes, so more are read and the fitting ones kept.
        limit=min(1000, limit * 10) if sized else limit,
        timeout=timeout,
    )
    rows = [_found(each) for each in answer.entries(need="id")]
    if sized:
        low, high = smallest or 0, largest or 10**15
        rows = [row for row in rows if row.parameters is not None and low <= row.parameters <= high]
    told = " ".join([words, *asked, author]).strip()
    return table(f"Models{f' for {told}' if told else ''}, by {order}", rows[:limit], answer.source)


def inspect(model: str, *, timeout: float = TIMEOUT, fresh: float = FRESH) -> ModelReport:
    """Task, licence, access, size, architecture, files and reported metrics of a model.

    Args:
        model: owner/name, or its address.
        timeout: seconds for each of the few requests.
        fresh: seconds for which what was read before will do.

    Raises:
        NotFound: there is no such model; nearest names are given.
        Unreachable, NoAccess, RateLimited: the Hub can't be asked.
    """
    repo = hub_reading.repo_facts("model", model, timeout=timeout, fresh=fresh, blobs=True)
    facts, note = repo.facts, ""
    evidence.note(repo.url)
    config: dict[str, Any] = facts.get("config") or {}
    names = [each["rfilename"] for each in facts.get("siblings") or []]
    if "config.json" in names:
        try:
            config = {**config, **_json_file(repo.id, "config.json", timeout)}
        except (NoAccess, NotFound, Unreachable) as error:
            note = f"Its configuration can't be read: {error}"
    counted = facts.get("safetensors") or {}
    shape = shape_of(config, counted.get("total"))
    files = sorted(facts.get("siblings") or [], key=lambda each: each.get("size") or 0, reverse=True)
    dtypes = counted.get("parameters") or {}
    return ModelReport(
        id=repo.id,
        revision=facts.get("sha") or "",
        task=facts.get("pipeline_tag") or "",
        library=facts.get("library_name") or "",
        architecture=", ".join(config.get("architectures") or []) or str(config.get("model_type") or ""),
        license=repo.license or "none stated",
        access=("private, " if facts.get("private") else "") + ("gated" if repo.gated else "open"),
        parameters=shape.parameters or None,
        dtype=", ".join(sorted(dtypes, key=dtypes.__getitem__, reverse=True)) or str(config.get("torch_dtype") or ""),
        layers=shape.layers or None,
        context=_context(config),
        downloads=facts.get("downloads"),
        base_models=repo.tagged("base_model"),
        datasets=repo.tagged("dataset"),
        papers=repo.tagged("arxiv"),
        chat_template="chat_template.jinja" in names or "chat_template" in (config.get("tokenizer_config") or {}),
        updated=(facts.get("lastModified") or "")[:10],
        files=table("Files, largest first", [File(each["rfilename"], each.get("size")) for each in files]),
        metrics=_metrics(facts.get("model-index") or (facts.get("cardData") or {}).get("model-index")),
        note=note or _how_counted(bool(counted), shape),
        source=repo.answer.source,
        url=repo.url,
        shape=shape,
        config=config,
    )


def memory(
    model: str | ModelReport | Shape | int,
    use: Use = "inference",
    *,
    dtype: str = "bfloat16",
    sequence: int = 2048,
    batch: int = 1,
    optimizer: str = "adamw",
    lora_rank: int = 0,
    checkpointing: bool = False,
    stored_scores: bool = False,
    timeout: float = TIMEOUT,
) -> MemoryEstimate:
    """The memory that a model needs to run or to be trained, part by part with the formulas.

    Args:
        model: its id, a report, a shape, or just a number of parameters.
        use: `inference` or `training`.
        dtype: of the weights: float32, bfloat16, float16, float8, int8, int4 or nf4.
        sequence: tokens of a sequence.
        batch: sequences at a time.
        optimizer: adamw, adamw_8bit, adafactor, lion, momentum or sgd.
        lora_rank: train adapters of that rank only; 0: all weights.
        checkpointing: compute activations anew in the backward pass.
        stored_scores: the attention stores its scores (no flash attention).
        timeout: seconds for reading what is needed of the model.

    Raises:
        BadRequest: the Hub does not tell how large the model is, or an argument can't be.
        NotFound, NoAccess, Unreachable: see `inspect`.
    """
    if isinstance(model, str):
        model = inspect(model, timeout=timeout)
    if isinstance(model, ModelReport):
        if model.shape is None or not model.shape.parameters:
            raise BadRequest(f"{model.id} does not tell its size. Give its number of parameters instead of its name.")
        model = model.shape
    shape = model if isinstance(model, Shape) else Shape(model)
    return estimate(
        shape,
        use,
        dtype=dtype,
        sequence=sequence,
        batch=batch,
        optimizer=optimizer,
        lora_rank=lora_rank,
        checkpointing=checkpointing,
        stored_scores=stored_scores,
    )


def chat_template(model: str, *, timeout: float = TIMEOUT) -> Passage:
    """The template by which a model's tokenizer writes conversations.

    Raises:
        NotFound: it has none, or there is no such model.
        NoAccess: the model is gated.
    """
    id = hub_reading.checked_id(model)
    try:
        answer = hub_reading.repo_file("model", id, "chat_template.jinja", timeout=timeout)
    except NotFound as error:
        if error.code != "EntryNotFound":
            raise
    else:
        return _template(id, answer.text, answer.source)
    told = tokenizer(id, timeout=timeout)
    if not told.template:
        raise NotFound(f"{id} has no chat template: it was not trained on conversations, or keeps it elsewhere.")
    return _template(id, told.template, told.source)


@dataclass(frozen=True, repr=False)
class Tokenizer(Record):
    """What a model's tokenizer is."""

    model: str
    kind: str = ""
    vocabulary: int | None = shown(kind="count", default=None)
    longest: int | None = shown("longest input (tokens)", default=None)
    special: tuple[str, ...] = shown("special tokens", default=())
    template: str = shown("chat template", default="")
    source: Source | None = None


def tokenizer(model: str, *, timeout: float = TIMEOUT) -> Tokenizer:
    """Kind, vocabulary, special tokens and template of a model's tokenizer.

    Raises:
        NotFound: it has none, or there is no such model.
        NoAccess: the model is gated.
    """
    id = hub_reading.checked_id(model)
    answer = hub_reading.repo_file("model", id, "tokenizer_config.json", timeout=timeout)
    told = answer.facts()
    try:
        config = _json_file(id, "config.json", timeout)
    except ToolkitError:
        config = {}
    longest = told.get("model_max_length")
    special = [
        f"{name.removesuffix('_token')} {value.get('content') if isinstance(value, dict) else value}"
        for name, value in told.items()
        if name.endswith("_token") and isinstance(value, str | dict)
    ]
    template = told.get("chat_template") or ""
    if isinstance(template, list):
        template = next((each["template"] for each in template if each.get("name") == "default"), "")
    return Tokenizer(
        id,
        str(told.get("tokenizer_class") or ""),
        shape_of(config, 1).vocabulary or None,
        # Some write a number of that many digits for "no limit".
        longest if isinstance(longest, int) and longest < 10**12 else None,
        tuple(special),
        template,
        answer.source,
    )


def _template(id: str, text: str, source: Source | None) -> Passage:
    return passage(f"{id}: chat template", text, hub_reading.repo_url("model", id), 0, 8000, source)


def _json_file(id: str, path: str, timeout: float) -> dict[str, Any]:
    return hub_reading.repo_file("model", id, path, timeout=timeout).facts()


def _found(facts: dict[str, Any]) -> Found:
    return Found(
        facts["id"],
        facts.get("pipeline_tag") or "",
        (facts.get("safetensors") or {}).get("total"),
        facts.get("downloads"),
        facts.get("likes"),
        ", ".join(hub_reading.tagged(facts, "license")),
        facts.get("library_name") or "",
        bool(facts.get("gated")),
        (facts.get("lastModified") or "")[:10],
        hub_reading.repo_url("model", facts["id"]),
    )


def _how_counted(told: bool, shape: Shape) -> str:
    if told:
        return ""
    if shape.parameters:
        return "Its number of parameters is counted from its configuration, without small parts such as norms."
    return "The Hub does not tell how many parameters it has."


def _context(config: dict[str, Any]) -> int | None:
    inner = config["text_config"] if isinstance(config.get("text_config"), dict) else config
    names = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "n_ctx")
    return next((inner[name] for name in names if isinstance(inner.get(name), int)), None)


def _metrics(index: Any) -> Table[Metric] | None:
    """The results in a card's `model-index`; None where it has none."""
    rows = [
        Metric(
            (result.get("task") or {}).get("type") or "",
            (result.get("dataset") or {}).get("name") or (result.get("dataset") or {}).get("type") or "",
            metric.get("name") or metric.get("type") or "",
            metric.get("value"),
        )
        for entry in (index if isinstance(index, list) else [])
        for result in entry.get("results") or []
        for metric in result.get("metrics") or []
    ]
    return table("Metrics by its card", rows) if rows else None
