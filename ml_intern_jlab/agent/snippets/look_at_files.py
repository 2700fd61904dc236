"""The files below the working directory, with the first lines of text files, long enough for a wide header."""

from __future__ import annotations

import os

TEXT = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".md")


def main(most: int = 40) -> None:
    """Print one line a file, `most` files at most."""
    shown = 0
    for folder, folders, names in os.walk("."):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))[:20]
        if folder.count(os.sep) > 1:
            folders[:] = []
        for name in sorted(names):
            if name.startswith(".") or name.endswith(".ipynb"):
                continue
            shown += 1
            if shown > most:
                print("... and more files")
                return
            show(os.path.relpath(os.path.join(folder, name)))
    if not shown:
        print("(no files)")


def show(path: str) -> None:
    """Print a file's name and size, and how it begins."""
    try:
        print(f"{path} ({os.path.getsize(path):,} bytes)")
        if not path.lower().endswith(TEXT):
            return
        with open(path, encoding="utf-8", errors="replace") as file:
            for most in (3000, 300, 300):
                line = file.readline().rstrip()
                if len(line) > most:
                    line = line[: most // 2] + " ... " + line[-(most // 2) :]
                if line:
                    print("    " + line)
    except OSError as error:
        print(f"{path} can't be read: {error}")
