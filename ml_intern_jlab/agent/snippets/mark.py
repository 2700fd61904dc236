"""Tell whether a run began in this kernel, and note that it did: what its cells made is then still there."""

from __future__ import annotations

import sys


def main(run_id: str) -> None:
    """Print "known" or "new"."""
    runs = sys.__dict__.setdefault("_ml_intern_runs", set())
    print("known" if run_id in runs else "new")
    runs.add(run_id)
