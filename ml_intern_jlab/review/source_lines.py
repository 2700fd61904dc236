"""On which line of a notebook's file each line of each cell's source stands: what a code host points at."""

from __future__ import annotations

import re
from pathlib import Path

LARGEST_FILE = 20 * 1024**2
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|\n|[^\s{}\[\]:,"]+')


def source_lines(path: Path) -> dict[int, list[int]]:
    """For each cell, counted from 1, the file's lines (from 1) of its source's lines; nothing for a file that is too
    large or that can't be read."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return {}
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[int, list[int]] = {}
    # Where the reader is: the key or the index at each level.
    where: list[str | int] = []
    line, key = 1, ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            where.append(0 if token == "[" else "")
        elif token in "}]":
            if where:
                where.pop()
        elif token == ",":
            if where and isinstance(where[-1], int):
                where[-1] += 1
            elif where:
                where[-1] = ""
        elif token == ":":
            if where:
                where[-1] = key
        elif token.startswith('"'):
            if where and where[-1] == "":
                key = token[1:-1]
            elif len(where) >= 3 and where[:1] == ["cells"] and where[2] == "source" and isinstance(where[1], int):
                lines = found.setdefault(where[1] + 1, [])
                if len(where) == 4:
                    lines.append(line)  # one text for each line
                elif len(where) == 3:
                    lines += [line] * (1 + token.count("\\n"))
    return found
