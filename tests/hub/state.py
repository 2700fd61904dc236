"""All that the loopback Hub knows, and how tests fill it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Literal

from tests.hub.repositories import GITATTRIBUTES, Blob, LargeFiles, Repository, User
from tests.hub.serving import Refusal, Request

Kind = Literal["model", "dataset", "space"]

LARGE_ENDINGS = (
    *(".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".gguf", ".h5", ".msgpack", ".model"),
    *(".parquet", ".arrow", ".joblib", ".pkl", ".npy", ".npz", ".zip", ".gz", ".tar"),
)
LARGE_FROM = 10 * 2**20


class HubState:
    """Users, repositories, collections. Everything that changes it holds `lock`.

    Attributes:
        users: the users by their tokens.
        repositories: by kind and id.
        large: the contents of large files.
        part_bytes: the size from which on a large file is uploaded in parts of that size; 0: never.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.collections: list[dict[str, Any]] = []
        self.large = LargeFiles()
        self.part_bytes = 0

    # --- what tests do ---------------------------------------------------------------------------------------------

    def add_user(self, token: str, name: str, *organizations: str, role: Literal["read", "write"] = "write") -> User:
        """Somebody who may come with `token`."""
        self.users[token] = User(name, organizations, role)
        return self.users[token]

    def add_repo(self, kind: Kind, id: str, files: Mapping[str, bytes | str] | None = None, **facts: Any) -> Repository:
        """A repository with one commit of `files`; `facts` are fields of `Repository`."""
        with self.lock:
            repo = Repository(kind, id, **facts)
            repo.add_commit("main", "initial commit", {".gitattributes": Blob.regular(GITATTRIBUTES)}, repo.namespace)
            self.repositories[kind, id] = repo
            if files:
                blobs = {path: self.blob(path, content) for path, content in files.items()}
                repo.add_commit("main", "Add files", {**repo.head.files, **blobs}, repo.namespace)
            return repo

    def blob(self, path: str, content: bytes | str) -> Blob:
        """A file, large or not by what the Hub would make of it."""
        data = content.encode() if isinstance(content, str) else content
        return self.large.add(data) if is_large(path, len(data), data[:512]) else Blob.regular(data)

    def repo(self, kind: Kind, id: str) -> Repository:
        """A repository that is there."""
        return self.repositories[kind, id]

    # --- who may what ----------------------------------------------------------------------------------------------

    def user(self, request: Request) -> User | None:
        """Who asks; None without a token.

        Raises:
            Refusal: 401, for a token that nobody has.
        """
        if not request.bearer:
            return None
        if request.bearer not in self.users:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return self.users[request.bearer]

    def readable(self, request: Request, kind: str, id: str) -> Repository:
        """A repository whose facts the asker may read.

        Raises:
            Refusal: 401 for nobody, 404 for somebody: it is not there, or private.
        """
        user = self.user(request)
        repo = self.repositories.get((kind, id))
        if repo is None or (repo.private and not self.belongs(repo, user)):
            raise Refusal(404 if user else 401, "Repository not found", "RepoNotFound")
        return repo

    def with_content(self, request: Request, kind: str, id: str) -> Repository:
        """A repository whose files the asker may read.

        Raises:
            Refusal: as `readable`, and 401 or 403 for a gated one.
        """
        repo = self.readable(request, kind, id)
        user = self.user(request)
        if repo.gated and not self.belongs(repo, user) and (user is None or user.name not in repo.granted):
            if user is None:
                raise Refusal(401, f"Access to {kind} {id} is restricted. You must be authenticated.", "GatedRepo")
            raise Refusal(
                403, f"Access to {kind} {id} is restricted and you are not in the authorized list.", "GatedRepo"
            )
        return repo

    def writable(self, request: Request, kind: str, id: str) -> tuple[Repository, User]:
        """A repository to which the asker may commit, and the asker.

        Raises:
            Refusal: as `readable`, and 403 for somebody else's.
        """
        repo = self.readable(request, kind, id)
        user = self.user(request)
        if user is None:
            raise Refusal(401, "You must be authenticated to write")
        if not user.may_write(repo.namespace):
            raise Refusal(403, f"You don't have the rights to write to {id} with the token of {user.name}")
        return repo, user

    @staticmethod
    def belongs(repo: Repository, user: User | None) -> bool:
        """Whether it is the asker's own, or that of an organization of his."""
        return user is not None and repo.namespace in {user.name, *user.organizations}


def is_large(path: str, size: int, sample: bytes) -> bool:
    """Whether the Hub keeps a file apart from git: by its ending, its size, or because it is binary."""
    return path.lower().endswith(LARGE_ENDINGS) or size >= LARGE_FROM or b"\0" in sample
