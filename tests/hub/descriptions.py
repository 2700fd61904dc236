"""How the Hub describes repositories and files in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from tests.hub.repositories import Blob, Commit, LargeFiles, Repository, tensor_counts

ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})|huggingface\.co/papers/(\d{4}\.\d{4,5})", re.I)
TAGGED = {"license": "license", "datasets": "dataset", "base_model": "base_model", "language": "language"}


def repo_facts(repo: Repository, commit: Commit, large: LargeFiles, *, blobs: bool = False) -> dict[str, Any]:
    """What `/api/models/{id}` and its siblings answer."""
    data, text = repo.card(commit)
    facts: dict[str, Any] = {
        "_id": commit.sha[:24],
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.sha,
        "lastModified": repo.modified,
        "createdAt": repo.created,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "downloads": repo.downloads,
        "likes": repo.likes,
        "trendingScore": repo.likes,
        "tags": _tags(data, text, commit.files),
        "cardData": data,
        "siblings": [_sibling(path, blob, blobs) for path, blob in sorted(commit.files.items())],
        "usedStorage": sum(blob.size for blob in commit.files.values()),
    }
    if repo.kind == "model":
        facts |= {"modelId": repo.id, **_model_facts(data, commit.files, large)}
    if repo.kind == "space":
        facts["sdk"] = repo.sdk or data.get("sdk")
    return facts


def _model_facts(data: dict[str, Any], files: dict[str, Blob], large: LargeFiles) -> dict[str, Any]:
    facts: dict[str, Any] = {key: data[key] for key in ("pipeline_tag", "library_name", "model-index") if key in data}
    config = _json_of(files.get("config.json"))
    tokenizer = _json_of(files.get("tokenizer_config.json"))
    if config or tokenizer:
        facts["config"] = {key: config[key] for key in ("architectures", "model_type") if key in config}
        kept = {"chat_template", "bos_token", "eos_token", "pad_token", "unk_token"}
        facts["config"]["tokenizer_config"] = {key: value for key, value in tokenizer.items() if key in kept}
    counts: dict[str, int] = {}
    for path, blob in files.items():
        if path.endswith(".safetensors"):
            for dtype, number in tensor_counts(large.read(blob)).items():
                counts[dtype] = counts.get(dtype, 0) + number
    if counts:
        facts["safetensors"] = {"parameters": counts, "total": sum(counts.values())}
    return facts


def _json_of(blob: Blob | None) -> dict[str, Any]:
    try:
        value = json.loads(blob.content) if blob and not blob.sha256 else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _tags(data: dict[str, Any], text: str, files: dict[str, Blob]) -> list[str]:
    tags = [str(data[key]) for key in ("library_name", "pipeline_tag") if data.get(key)]
    tags += [str(tag) for tag in data.get("tags") or []]
    for key, prefix in TAGGED.items():
        values = data.get(key) or []
        tags += [f"{prefix}:{value}" for value in (values if isinstance(values, list) else [values])]
    for key in ("task_categories", "size_categories"):
        tags += [f"{key}:{value}" for value in data.get(key) or []]
    tags += [f"arxiv:{one or other}" for one, other in ARXIV.findall(text)]
    if any(path.endswith(".safetensors") for path in files):
        tags.append("safetensors")
    return [*dict.fromkeys([*tags, "region:us"])]


def _sibling(path: str, blob: Blob, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    lfs = {"sha256": blob.sha256, "size": blob.size, "pointerSize": blob.pointer_size}
    return {"rfilename": path, "size": blob.size, "blobId": blob.oid, **({"lfs": lfs} if blob.sha256 else {})}


def tree(commit: Commit, folder: str = "", *, recursive: bool = False) -> list[dict[str, Any]]:
    """What `/tree/{revision}/{folder}` answers."""
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    entries: dict[str, dict[str, Any]] = {}
    for path, blob in sorted(commit.files.items()):
        if not path.startswith(prefix):
            continue
        rest = path[len(prefix) :].split("/")
        for depth in range(1, len(rest)) if recursive else range(1, min(2, len(rest))):
            name = prefix + "/".join(rest[:depth])
            entries.setdefault(name, {"type": "directory", "oid": _folder_oid(commit, name), "size": 0, "path": name})
        if recursive or len(rest) == 1:
            entries[path] = file_entry(commit, path, blob)
    return list(entries.values())


def file_entry(commit: Commit, path: str, blob: Blob) -> dict[str, Any]:
    """How a tree shows a file."""
    entry: dict[str, Any] = {"type": "file", "oid": blob.oid, "size": blob.size, "path": path}
    if blob.sha256:
        entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": blob.pointer_size}
    return {**entry, "lastCommit": {"id": commit.sha, "title": commit.title, "date": commit.date}}


def paths_info(commit: Commit, paths: Iterable[str]) -> list[dict[str, Any]]:
    """What is at some paths; those that are not there are left out."""
    entries = []
    for path in paths:
        if path in commit.files:
            entries.append(file_entry(commit, path, commit.files[path]))
        elif any(each.startswith(f"{path}/") for each in commit.files):
            entries.append({"type": "directory", "oid": _folder_oid(commit, path), "size": 0, "path": path})
    return entries


def _folder_oid(commit: Commit, folder: str) -> str:
    inside = [f"{path}{blob.oid}" for path, blob in commit.files.items() if path.startswith(f"{folder}/")]
    return Blob.regular("".join(sorted(inside)).encode()).oid
