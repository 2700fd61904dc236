"""Where something is published: a repository of the Hub, or a folder. Each takes all or nothing."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import httpx
from huggingface_hub import CommitOperationAdd, HfApi, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from .errors import ToolkitError
from .hub_faults import TRANSPORT

Kind = Literal["model", "dataset", "space"]


class PublishError(ToolkitError):
    """Something can't be published as asked; the message says what to do. Nothing was sent unless it says so."""


@dataclass(frozen=True)
class Content:
    """A file's content, on disk or in memory, with its digests."""

    path: Path | None
    data: bytes
    size: int
    sha256: str
    git_sha1: str

    @classmethod
    def of(cls, source: Path | str) -> Content:
        """Of a file, or of text."""
        if isinstance(source, str):
            data = source.encode()
            git = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
            return cls(None, data, len(data), hashlib.sha256(data).hexdigest(), git.hexdigest())
        size = source.stat().st_size
        sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        with source.open("rb") as file:
            while piece := file.read(1 << 20):
                sha256.update(piece)
                git.update(piece)
        return cls(source, b"", size, sha256.hexdigest(), git.hexdigest())

    def same_as(self, digest: str) -> bool:
        """Whether a place's digest, of either kind, is that of this content."""
        return digest in (self.sha256, self.git_sha1)


@dataclass(frozen=True)
class Standing:
    """What a place has now.

    Attributes:
        files: the digest of each of its files.
        exists: whether the place is there at all.
        private: whether only its owners see it.
        commit: the commit that this is, "" where there are none.
    """

    files: Mapping[str, str]
    exists: bool
    private: bool
    commit: str = ""


class Place(Protocol):
    """Where something is published."""

    address: str

    @property
    def kind(self) -> str:
        """ "model", "dataset", "space" or "folder"."""

    def standing(self) -> Standing:
        """What is there now.

        Raises:
            PublishError: that can't be told.
        """

    def send(self, files: Mapping[str, Content], private: bool, before: Standing, message: str) -> str:
        """Write all of `files`, or nothing; returns the commit.

        Raises:
            PublishError: it failed, or the place has changed since `before`.
        """

    def fetch(self, folder: Path, commit: str) -> None:
        """Read everything back from its address into an empty folder, past every cache."""


class FolderPlace:
    """A folder of this machine."""

    kind = "folder"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()
        self.address = str(self.folder)

    def standing(self) -> Standing:
        """Its files."""
        if self.folder.exists() and not self.folder.is_dir():
            raise PublishError(f"{self.folder} is a file; name a folder.")
        paths = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        files = {path.relative_to(self.folder).as_posix(): Content.of(path).sha256 for path in paths}
        return Standing(files, self.folder.exists(), private=True)

    def send(self, files: Mapping[str, Content], private: bool, before: Standing, message: str) -> str:
        """Each file is written beside its place first, and moved there when all are."""
        if self.standing() != before:
            raise PublishError(f"{self.folder} has changed since the plan was made; make the plan again.")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix=".publishing-") as held:
            for name, content in files.items():
                target = Path(held) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if content.path:
                    shutil.copyfile(content.path, target)
                else:
                    target.write_bytes(content.data)
            for name in files:
                target = self.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (Path(held) / name).replace(target)
        return ""

    def fetch(self, folder: Path, commit: str) -> None:
        """Copy it."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)


class HubPlace:
    """A repository of the Hub. `HF_ENDPOINT` moves it, the token is the environment's."""

    def __init__(self, repo: str, kind: Kind, space_sdk: str = "") -> None:
        self._api = HfApi()
        self._repo, self.kind, self._sdk = repo, kind, space_sdk
        prefix = "" if kind == "model" else f"{kind}s/"
        self.address = f"{self._api.endpoint}/{prefix}{repo}"
        self._type: str = kind

    def standing(self) -> Standing:
        """Its files on the branch main."""
        with self._explained("look at"):
            try:
                info = self._api.repo_info(self._repo, repo_type=self._type, timeout=30)
            except RepositoryNotFoundError as error:
                # The Hub also says so to a token that isn't valid.
                self._api.whoami()
                if error.response.status_code in (401, 403, 404):
                    return Standing({}, exists=False, private=True)
                raise
            entries = self._api.list_repo_tree(self._repo, repo_type=self._type, recursive=True)
            found = [entry for entry in entries if isinstance(entry, RepoFile)]
            files = {entry.path: entry.lfs.sha256 if entry.lfs else entry.blob_id for entry in found}
        return Standing(files, exists=True, private=bool(info.private), commit=info.sha or "")

    def send(self, files: Mapping[str, Content], private: bool, before: Standing, message: str) -> str:
        """One commit on top of the one that the plan saw. Large files that arrived before an interruption stay."""
        with self._explained("write to"):
            if not before.exists:
                # An earlier push may have come so far, and no further.
                self._api.create_repo(
                    self._repo, repo_type=self._type, private=private, exist_ok=True, space_sdk=self._sdk or None
                )
                now = self.standing()
                if set(now.files) - {".gitattributes"} or now.private != private:
                    raise PublishError(f"Somebody else has made {self.address} since the plan; make the plan again.")
            operations = [
                CommitOperationAdd(
                    path_in_repo=name, path_or_fileobj=str(content.path) if content.path else content.data
                )
                for name, content in files.items()
            ]
            commit = self._api.create_commit(
                self._repo,
                operations,
                commit_message=message,
                repo_type=self._type,
                parent_commit=before.commit or None,
            )
        return str(commit.oid)

    def fetch(self, folder: Path, commit: str) -> None:
        """Download the commit, into a cache of its own."""
        with self._explained("read"), tempfile.TemporaryDirectory() as cache, _quietly():
            snapshot_download(
                self._repo, repo_type=self._type, revision=commit or None, local_dir=folder, cache_dir=cache
            )
        shutil.rmtree(folder / ".cache", ignore_errors=True)

    @contextmanager
    def _explained(self, deed: str) -> Iterator[None]:
        """Say what went wrong between us and the Hub."""
        host = httpx.URL(self._api.endpoint).host
        try:
            yield
        except HFValidationError as error:
            raise PublishError(f"{self._repo!r} can't be a repository's name: use owner/name. {error}") from error
        except LocalTokenNotFoundError as error:
            raise PublishError(f"Publishing on {host} needs a token: set HF_TOKEN, or run `hf auth login`.") from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            why = {
                401: "the token is not valid there, or may not see it",
                403: "the token may not do that; it needs the right to write",
                404: "it is not there, or the token may not see it",
                409: "somebody else has changed it in between; make the plan again",
                412: "somebody else has changed it in between; make the plan again",
                413: "a file is too large",
                429: "too many requests; wait a minute and push again",
            }.get(status, f"it answered {status}; push again later, what has arrived is not sent twice")
            raise PublishError(
                f"{host} did not let us {deed} {self._repo}: {why}. {error.server_message or ''}".strip(), status
            ) from error
        except TRANSPORT as error:
            raise PublishError(
                f"The connection to {host} broke while we were to {deed} {self._repo}. Push again: what has arrived is "
                f"not sent twice. ({error})"
            ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the downloads' bars, which would stay in the notebook below what was sent."""
    shown = not are_progress_bars_disabled()
    if shown:
        disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()
