"""Whether cells of this kernel can import the toolkit: a remote kernel may never have heard of it."""

from __future__ import annotations


def main() -> None:
    """Print "there" or "absent"."""
    try:
        import ml_intern_jlab.toolkit  # noqa: F401
    except Exception:  # absent, or for another version of Python
        print("absent")
    else:
        print("there")
