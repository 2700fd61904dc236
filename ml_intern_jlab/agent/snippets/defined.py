"""Which of some names the kernel has."""

from __future__ import annotations


def main(names: list[str]) -> None:
    """Print those of `names` that are variables of the notebook, between spaces."""
    import __main__

    print(*(name for name in names if name in vars(__main__)))
