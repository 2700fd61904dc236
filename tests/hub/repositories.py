"""What the loopback Hub keeps: users, repositories, commits, files. No HTTP here."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, Literal

from huggingface_hub import RepoCard

GITATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.parquet filter=lfs diff=lfs merge=lfs -text\n"


def now() -> str:
    """The time as the Hub writes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(frozen=True)
class User:
    """Somebody with a token."""

    name: str
    organizations: tuple[str, ...] = ()
    role: Literal["read", "write"] = "write"

    def may_write(self, namespace: str) -> bool:
        """Whether the token allows commits under `namespace`."""
        return self.role == "write" and namespace in {self.name, *self.organizations}


@dataclass(frozen=True)
class Blob:
    """A file of a commit. `sha256` is set for large files, whose content the Hub keeps apart."""

    oid: str
    size: int
    content: bytes = b""
    sha256: str = ""

    @classmethod
    def regular(cls, content: bytes) -> Blob:
        """A file that is kept in git."""
        return cls(hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(), len(content), content)

    @classmethod
    def large(cls, sha256: str, size: int) -> Blob:
        """A file that git knows only by a pointer."""
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
        return replace(cls.regular(pointer), size=size, sha256=sha256)

    @property
    def pointer_size(self) -> int:
        """Bytes of the pointer that git keeps for a large file."""
        return len(self.content)


@dataclass(frozen=True)
class Commit:
    """One state of a repository."""

    sha: str
    title: str
    message: str
    author: str
    date: str
    parent: str
    files: dict[str, Blob]


@dataclass
class Repository:
    """A model, dataset or Space.

    `branches` and `tags` name commits by their sha; pull requests are branches called `refs/pr/N`.
    """

    kind: Literal["model", "dataset", "space"]
    id: str
    private: bool = False
    gated: Literal[False, "auto", "manual"] = False
    downloads: int = 0
    likes: int = 0
    sdk: str = ""
    granted: set[str] = field(default_factory=set)
    created: str = field(default_factory=now)
    modified: str = field(default_factory=now)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    discussions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """Who it belongs to; "" for the few without an owner in their name."""
        return self.id.rpartition("/")[0]

    @property
    def address(self) -> str:
        """The path of its page, without a leading slash."""
        return self.id if self.kind == "model" else f"{self.kind}s/{self.id}"

    @property
    def head(self) -> Commit:
        """The newest commit of `main`."""
        return self.commits[self.branches["main"]]

    def commit_at(self, revision: str) -> Commit | None:
        """The commit that a branch, a tag, a pull request or a sha (of at least seven digits) names."""
        sha = self.branches.get(revision) or self.branches.get(revision.removeprefix("refs/heads/"))
        sha = sha or self.tags.get(revision) or self.tags.get(revision.removeprefix("refs/tags/")) or revision
        if len(sha) >= 7:
            return next((each for full, each in self.commits.items() if full.startswith(sha)), None)
        return None

    def add_commit(self, branch: str, title: str, files: dict[str, Blob], author: str, message: str = "") -> Commit:
        """A new commit at the end of `branch`, which begins where `main` is when it is new."""
        parent = self.branches.get(branch) or self.branches.get("main", "")
        date = now()
        told = [self.id, parent, title, message, author, str(len(self.commits)), date]
        told += [f"{path}:{blob.oid}" for path, blob in sorted(files.items())]
        sha = hashlib.sha1("\0".join(told).encode()).hexdigest()
        commit = Commit(sha, title, message, author, date, parent, dict(files))
        self.commits[sha] = commit
        self.branches[branch] = sha
        self.modified = date
        return commit

    def card(self, commit: Commit) -> tuple[dict[str, Any], str]:
        """The metadata at the head of README.md, and its text."""
        blob = commit.files.get("README.md")
        text = blob.content.decode(errors="replace") if blob and not blob.sha256 else ""
        return metadata(text, ignore_errors=True) if text else {}, text


def metadata(card: str, *, ignore_errors: bool = False) -> dict[str, Any]:
    """The metadata at the head of a card."""
    data: Any = RepoCard(card, ignore_metadata_errors=ignore_errors).data
    return dict(data.to_dict())


class LargeFiles:
    """The contents of large files by their sha256, and the parts of those whose upload has begun."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}

    def keep(self, sha256: str, content: bytes) -> bool:
        """Keep a content; False when it is not what its name says."""
        if hashlib.sha256(content).hexdigest() != sha256:
            return False
        self.contents[sha256] = content
        return True

    def add(self, content: bytes) -> Blob:
        """Keep a content whose sha256 is not known yet."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents[sha256] = content
        return Blob.large(sha256, len(content))

    def read(self, blob: Blob) -> bytes:
        """The content of a file, wherever it is kept."""
        return self.contents[blob.sha256] if blob.sha256 else blob.content


def tensor_counts(content: bytes) -> dict[str, int]:
    """How many parameters of each dtype a safetensors file has, from its header; {} for anything else."""
    if len(content) < 8:
        return {}
    (length,) = struct.unpack("<Q", content[:8])
    if length > len(content) - 8:
        return {}
    try:
        header = json.loads(content[8 : 8 + length])
    except ValueError:
        return {}
    counts: dict[str, int] = {}
    for name, tensor in header.items():
        if name != "__metadata__":
            size = 1
            for axis in tensor["shape"]:
                size *= axis
            counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + size
    return counts
