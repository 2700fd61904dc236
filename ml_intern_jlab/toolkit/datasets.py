"""Datasets on the Hub: search, a report about one, rows and samples of it, and whether it suits a use."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from . import evidence, hub_reading
from .chat_format import ChatFormat, chat_format
from .errors import BadRequest, NoAccess, NotFound, ToolkitError, Unreachable, did_you_mean, nearest
from .http import FRESH, TIMEOUT, Answer, Source, get
from .services import DATASETS_SERVER
from .suitability import Suitability, suitability
from .tables import Record, Table, count, shown, table

PAGE = 100
"""Rows that the viewer gives at a time."""

MOST_SAMPLED = 10_000


@dataclass(frozen=True)
class Found:
    """A dataset that a search found."""

    id: str = shown(link="url")
    downloads: int | None = shown(kind="count", default=None)
    likes: int | None = shown(kind="count", default=None)
    license: str = ""
    tasks: tuple[str, ...] = ()
    rows: str = shown("size", default="")
    gated: bool = False
    updated: str = ""
    url: str = shown(hidden=True, default="")


@dataclass(frozen=True)
class Split:
    """A split of a configuration; `bytes` are those of the rows in memory."""

    config: str
    split: str
    rows: int | None = shown(kind="count", default=None)
    bytes: int | None = shown(kind="bytes", default=None)


@dataclass(frozen=True)
class Feature:
    """A column and its type; for labels, the names of the classes."""

    column: str
    type: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnFacts:
    """What a column of a split holds. Of texts and lists, the numbers are their lengths."""

    column: str
    kind: str
    missing: int = 0
    distinct: int | None = None
    least: float | None = None
    median: float | None = None
    most: float | None = None
    values: tuple[str, ...] = shown("commonest", default=())


@dataclass(frozen=True, repr=False)
class DatasetReport(Record):
    """What is known about a dataset before any of it is loaded."""

    id: str = shown(link="url")
    revision: str = ""
    license: str = ""
    access: str = ""
    downloads: int | None = shown(kind="count", default=None)
    size: int | None = shown("files", kind="bytes", default=None)
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    updated: str = ""
    splits: Table[Split] | None = None
    features: Table[Feature] | None = None
    first_rows: Table[Any] | None = None
    statistics: Table[ColumnFacts] | None = None
    chat: ChatFormat | None = shown("format", default=None)
    note: str = ""
    source: Source | None = None
    url: str = shown(hidden=True, default="")

    def suits(self, use: str) -> Suitability:
        """Whether it suits a use; see `datasets.suits`."""
        return suitability(self, use)


def search(
    words: str = "",
    limit: int = 20,
    *,
    tags: list[str] | None = None,
    task: str = "",
    license: str = "",
    author: str = "",
    order: str = "downloads",
    timeout: float = TIMEOUT,
) -> Table[Found]:
    """Datasets by words, task, licence, author or any of the Hub's tags.

    Args:
        words: parts of the name.
        limit: how many.
        tags: such as `language:de` or `arxiv:1706.03762`.
        task: a category such as `text-classification`.
        license: such as `mit`.
        author: a user or an organization.
        order: downloads, likes, trending, updated or created; the most or newest first.
        timeout: seconds.
    """
    asked = [
        *(tags or []),
        *([f"task_categories:{task}"] if task else []),
        *([f"license:{license}"] if license else []),
    ]
    answer = hub_reading.search(
        "dataset", words=words, tags=asked, author=author, order=order, limit=limit, timeout=timeout
    )
    rows = [
        Found(
            each["id"],
            each.get("downloads"),
            each.get("likes"),
            ", ".join(hub_reading.tagged(each, "license")),
            hub_reading.tagged(each, "task_categories"),
            ", ".join(hub_reading.tagged(each, "size_categories")),
            bool(each.get("gated")),
            (each.get("lastModified") or "")[:10],
            hub_reading.repo_url("dataset", each["id"]),
        )
        for each in answer.entries(need="id")
    ]
    told = " ".join([words, *asked, author]).strip()
    return table(f"Datasets{f' for {told}' if told else ''}, by {order}", rows, answer.source)


def inspect(
    dataset: str, config: str | None = None, split: str | None = None, *, timeout: float = TIMEOUT, fresh: float = FRESH
) -> DatasetReport:
    """Licence, access, splits, features, sizes, first rows, statistics and format of a dataset.

    Args:
        dataset: owner/name, or its address.
        config: the configuration whose columns are described; None: the first.
        split: the split whose rows are shown; None: `train`, else the first.
        timeout: seconds for each of the few requests.
        fresh: seconds for which what was read before will do.

    Raises:
        NotFound: there is no such dataset, configuration or split; nearest names are given.
        Unreachable, NoAccess, RateLimited: the Hub can't be asked. (A viewer that can't is told in `note`.)
    """
    repo = hub_reading.repo_facts("dataset", dataset, timeout=timeout, fresh=fresh, blobs=True)
    known: dict[str, Any] = {}
    try:
        info = _viewer("info", repo.id, timeout, fresh).part("dataset_info")
    except (NoAccess, NotFound, Unreachable, BadRequest) as error:
        known["note"] = _without_viewer(repo, error)
    else:
        config = _chosen("configuration", config, list(info), repo.id)
        names = list(info[config].get("splits") or {})
        split = _chosen("split", split, names, repo.id, preferred="train")
        known = _viewed(repo.id, info, config, split, timeout, fresh)
    evidence.note(repo.url)
    files = [each.get("size") for each in repo.facts.get("siblings") or [] if each.get("size")]
    return DatasetReport(
        id=repo.id,
        revision=repo.facts.get("sha") or "",
        license=repo.license or "none stated",
        access=_access(repo),
        downloads=repo.facts.get("downloads"),
        size=sum(files) or None,
        tasks=repo.tagged("task_categories"),
        languages=repo.tagged("language"),
        papers=repo.tagged("arxiv"),
        updated=(repo.facts.get("lastModified") or "")[:10],
        source=repo.answer.source,
        url=repo.url,
        **known,
    )


def suits(dataset: str | DatasetReport, use: str, *, timeout: float = TIMEOUT) -> Suitability:
    """Whether a dataset suits a use: a verdict with its reasons and what has to be done first.

    Args:
        dataset: its id, or a report about it.
        use: one of `suitability.USES`: sft, dpo, grpo, language-modeling, text-classification, …
        timeout: seconds.

    Raises:
        BadRequest: the use is not known.
    """
    report = dataset if isinstance(dataset, DatasetReport) else inspect(dataset, timeout=timeout)
    return suitability(report, use)


def rows(
    dataset: str,
    config: str | None = None,
    split: str | None = None,
    *,
    offset: int = 0,
    length: int = 20,
    timeout: float = TIMEOUT,
) -> Table[dict[str, Any]]:
    """Up to a hundred rows of a split, in the dataset's order.

    Raises:
        BadRequest: the length is not between 1 and 100, or the offset is negative.
        NotFound: there is no such dataset, configuration or split.
    """
    if not 1 <= length <= PAGE or offset < 0:
        raise BadRequest(f"Rows are read by an offset from 0 and a length from 1 to {PAGE}; `sample` reads more.")
    id = hub_reading.checked_id(dataset)
    config, split = _place(id, config, split, timeout)
    found, total, source = _page(id, config, split, offset, length, timeout)
    return Table(f"{id}, {config}/{split}, rows {offset}…", tuple(found), source, f"of {count(total)} rows in all")


def sample(
    dataset: str,
    number: int = 200,
    config: str | None = None,
    split: str | None = None,
    *,
    seed: int | None = None,
    timeout: float = TIMEOUT,
) -> Table[dict[str, Any]]:
    """Rows of a split without loading it: read page by page, with a progress bar when it takes long.

    Args:
        dataset: owner/name.
        number: how many, at most 10 000.
        config: the configuration; None: the first.
        split: the split; None: `train`, else the first.
        seed: None: from the start; a number: pages from random places, the same each time.
        timeout: seconds for each page.

    Raises:
        BadRequest: a number that is out of range.
        NotFound: there is no such dataset, configuration or split.
    """
    from tqdm.auto import tqdm

    if not 1 <= number <= MOST_SAMPLED:
        raise BadRequest(
            f"A sample has 1 to {MOST_SAMPLED} rows. For more, use datasets.load_dataset(…, streaming=True)."
        )
    id = hub_reading.checked_id(dataset)
    config, split = _place(id, config, split, timeout)
    first, total, source = _page(id, config, split, 0, min(PAGE, number), timeout)
    number = min(number, total)
    # A random sample takes small pages, so that its rows do not all come from a few places.
    size = PAGE if seed is None else min(PAGE, max(10, number // 10))
    starts = list(range(0, total, size))
    if seed is not None:
        random.Random(seed).shuffle(starts)
    starts = starts[: -(-number // size)]
    found: list[dict[str, Any]] = []
    for start in tqdm(starts, desc=f"{id} {split}", unit="page", disable=len(starts) <= 3 or None):
        page = first if start == 0 and len(first) == size else None
        found += page or _page(id, config, split, start, min(size, total - start), timeout)[0]
    how = "from the start" if seed is None else f"from random pages of {size}, seed {seed}"
    return Table(
        f"{id}, {config}/{split}, sample {how}", tuple(found[:number]), source, f"of {count(total)} rows in all"
    )


def _viewer(name: str, id: str, timeout: float, fresh: float = FRESH, **params: Any) -> Answer:
    return get(DATASETS_SERVER, f"/{name}", {"dataset": id, **params}, timeout=timeout, fresh=fresh)


def _place(id: str, config: str | None, split: str | None, timeout: float) -> tuple[str, str]:
    """The configuration and split that are meant."""
    try:
        known = _viewer("splits", id, timeout).entries("splits")
    except (NotFound, NoAccess) as error:
        # The Hub's own answer tells apart what is missing, gated and private.
        repo = hub_reading.repo_facts("dataset", id, timeout=timeout)
        if repo.gated:
            raise hub_reading.gated("dataset", id) from None
        raise NotFound(f"{DATASETS_SERVER.host} has no rows of {id}: {error}") from None
    config = _chosen("configuration", config, list(dict.fromkeys(each["config"] for each in known)), id)
    names = [each["split"] for each in known if each["config"] == config]
    return config, _chosen("split", split, names, id, preferred="train")


def _chosen(what: str, asked: str | None, known: list[str], id: str, preferred: str = "default") -> str:
    if asked is None and known:
        return preferred if preferred in known else known[0]
    if asked in known and asked is not None:
        return asked
    offered = did_you_mean(nearest(asked or "", known)) or f" There are: {', '.join(known[:20]) or 'none'}."
    raise NotFound(f"{id} has no {what} {asked!r}.{offered}")


def _page(
    id: str, config: str, split: str, offset: int, length: int, timeout: float
) -> tuple[list[dict[str, Any]], int, Source]:
    params = {"dataset": id, "config": config, "split": split, "offset": offset, "length": length}
    answer = get(DATASETS_SERVER, "/rows", params, timeout=timeout)
    found = [each["row"] for each in answer.entries("rows", need="row")]
    return found, int(answer.part("num_rows_total")), answer.source


def _viewed(id: str, info: dict[str, Any], config: str, split: str, timeout: float, fresh: float) -> dict[str, Any]:
    """What the viewer adds to a report."""
    splits = [
        Split(name, part, facts.get("num_examples"), facts.get("num_bytes"))
        for name, told in info.items()
        for part, facts in (told.get("splits") or {}).items()
    ]
    first = _viewer("first-rows", id, timeout, fresh, config=config, split=split)
    sampled = [each["row"] for each in first.entries("rows", need="row")]
    chat = chat_format(sampled)
    known: dict[str, Any] = {
        "splits": table("Splits", splits),
        "features": table(f"Columns of {config}", [_feature(*pair) for pair in info[config]["features"].items()]),
        "first_rows": Table(f"First rows of {config}/{split}", tuple(sampled[:5])),
        "chat": chat if chat.kind else None,
    }
    try:
        told = _viewer("statistics", id, timeout, fresh, config=config, split=split)
    except ToolkitError as error:
        return {**known, "note": f"No statistics: {error}"}
    facts = [_column(each) for each in told.entries("statistics", need="column_name")]
    part = ", of a part of the rows" if told.facts().get("partial") else ""
    return {**known, "statistics": table(f"Values of {config}/{split}{part}", facts)}


def _without_viewer(repo: hub_reading.RepoFacts, error: ToolkitError) -> str:
    if repo.gated and isinstance(error, NoAccess | NotFound):
        return f"No rows to see: {hub_reading.gated('dataset', repo.id)}"
    return f"No rows to see: {error} load_dataset may still load it."


def _access(repo: hub_reading.RepoFacts) -> str:
    told = "gated (accept its conditions on its page first)" if repo.gated else "open"
    return f"private, {told}" if repo.facts.get("private") else told


def _feature(name: str, kind: Any) -> Feature:
    classes = kind.get("names") or [] if isinstance(kind, dict) and kind.get("_type") == "ClassLabel" else []
    return Feature(name, _type(kind), tuple(classes))


def _type(kind: Any) -> str:
    """A feature's type in words, such as `list of {role: string, content: string}`."""
    if isinstance(kind, list):
        return f"list of {_type(kind[0])}" if kind else "list"
    if not isinstance(kind, dict):
        return str(kind)
    named = kind.get("_type")
    if named == "Value":
        return str(kind.get("dtype"))
    if named in {"Sequence", "LargeList", "List"}:
        return f"list of {_type(kind.get('feature'))}"
    if named:
        return "label" if named == "ClassLabel" else str(named).lower()
    return "{" + ", ".join(f"{name}: {_type(each)}" for name, each in kind.items()) + "}"


def _column(told: dict[str, Any]) -> ColumnFacts:
    facts = told.get("column_statistics") or {}
    counts = sorted((facts.get("frequencies") or {}).items(), key=lambda pair: pair[1], reverse=True)
    return ColumnFacts(
        told["column_name"],
        told.get("column_type") or "",
        int(facts.get("nan_count") or 0),
        facts.get("n_unique"),
        facts.get("min"),
        facts.get("median"),
        facts.get("max"),
        tuple(f"{name} {number}" for name, number in counts[:8]),
    )
