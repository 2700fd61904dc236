"""Whether two runs of a cell gave the same: numbers compared as numbers, figures as pictures, timings not at all."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

Sameness = Literal["same", "tolerance", "different"]
TOLERANCE = 1e-3
"""How far two numbers may be apart, as a share of the larger."""
PIXELS_APART = 0.01
"""How far two figures may be apart: the mean difference of their points, as a share of white."""
LONGEST_TEXT = 200_000
"""Characters of an output that are compared; more than that has to be the same to the letter."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_CLOCK = re.compile(
    r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\b|\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\b"
    r"|[-+]?\d+(?:\.\d+)?\s*(?:ns|µs|us|ms|s|secs?|seconds?|min|mins|minutes?|hours?|it/s|s/it)\b"
)
# A line about how long something took: what its numbers are says nothing about the result.
_TIMING = re.compile(
    r"\b(?:wall|cpu|fit|score|train(?:ing)?|run|inference|elapsed|total)[ _-]?times?\b|\bCPU times\b|\belapsed\b"
    r"|\btook\b|\bduration\b|\blatency\b|\bper loop\b|\b(?:time|seconds)\b\s*[:=]|_seconds\b|_per_second\b",
    re.IGNORECASE,
)
# Drawn by a script in the page from what the plain text says too, or a handle of this one run.
_UNCOMPARED = {"text/html", "application/vnd.jupyter.widget-view+json", "application/javascript", "text/latex"}


@dataclass(frozen=True)
class Compared:
    """How two outputs relate, and in which words where they aren't the same."""

    sameness: Sameness
    detail: str = ""


def compare_outputs(
    stored: list[dict[str, Any]], again: list[dict[str, Any]], tolerance: float = TOLERANCE
) -> Compared:
    """Compare the outputs (nbformat v4) that a notebook holds of a cell with those of another run.

    What goes to stderr isn't compared: warnings name paths and lines of whoever ran it, progress bars the time.
    """
    before, after = _parts(stored), _parts(again)
    if len(before) != len(after):
        return Compared("different", f"it gave {_count(len(before))}, and now {_count(len(after))}")
    found = [_compare(old, new, tolerance) for old, new in zip(before, after, strict=True)]
    for sameness in ("different", "tolerance"):
        if first := next((each for each in found if each.sameness == sameness), None):
            return first
    return Compared("same")


@dataclass(frozen=True)
class _Part:
    kind: str  # "text", "image" or the kind of other data
    value: str


def _parts(outputs: list[dict[str, Any]]) -> list[_Part]:
    """What is compared: printed text in one piece, then each thing that was shown, then the error."""
    printed = "".join(_joined(each.get("text", "")) for each in outputs if _is_stdout(each))
    parts = [_Part("text", printed)] if printed.strip() else []
    for output in outputs:
        kind = output.get("output_type")
        if kind in ("display_data", "execute_result"):
            data = output.get("data")
            parts += _shown(data if isinstance(data, dict) else {})
        elif kind == "error":
            parts.append(_Part("error", f"{output.get('ename')}: {output.get('evalue')}"))
    return parts


def _is_stdout(output: dict[str, Any]) -> bool:
    return output.get("output_type") == "stream" and output.get("name", "stdout") == "stdout"


def _shown(data: dict[str, Any]) -> list[_Part]:
    pictures = [kind for kind in data if kind.startswith("image/") and kind != "image/svg+xml"]
    if pictures:
        return [_Part("image", _joined(data[pictures[0]]))]
    if "application/vnd.jupyter.widget-view+json" in data:
        return []
    rest = [kind for kind in data if kind not in _UNCOMPARED and kind != "text/plain"]
    if rest:  # a chart's own description, say, of which the plain text is only a name
        return [_Part("text", _joined(data[rest[0]]))]
    plain = _joined(data.get("text/plain", ""))
    return [_Part("text", plain)] if plain.strip() else []


def _joined(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "".join(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _compare(old: _Part, new: _Part, tolerance: float) -> Compared:
    if old.kind != new.kind:
        return Compared("different", f"it gave {_named(old)}, and now {_named(new)}")
    if old.value == new.value:
        return Compared("same")
    if old.kind == "image":
        return _compare_images(old.value, new.value)
    if max(len(old.value), len(new.value)) > LONGEST_TEXT:
        return Compared("different", "it gave another text")
    return compare_text(old.value, new.value, tolerance)


def compare_text(old: str, new: str, tolerance: float = TOLERANCE) -> Compared:
    """Compare two texts; widths of columns, addresses, dates and times of day don't count."""
    sameness: Sameness = "same"
    before, after = _lines(old), _lines(new)
    for left, right in zip_longest(before, after):
        if left is None or right is None:
            return Compared("different", f"it gave {len(before)} lines, and now {len(after)}")
        if left == right:
            continue
        words = _words(left)
        if words != _words(right):
            return Compared("different", f"“{_short(left)}” is now “{_short(right)}”")
        if _TIMING.search(left):
            continue
        for first, second in zip(_numbers(left), _numbers(right), strict=True):
            if first == second:
                continue
            if abs(first - second) > tolerance * max(abs(first), abs(second)):
                return Compared("different", f"“{_short(left)}” is now “{_short(right)}”")
            sameness = "tolerance"
    return Compared(sameness, "its numbers moved a little" if sameness == "tolerance" else "")


def _lines(text: str) -> list[str]:
    text = _ADDRESS.sub("•", _ANSI.sub("", text))
    # A rule or a column is as wide as the widest number in it.
    lines = (re.sub(r"[-=─━_.]{3,}", "―", _CLOCK.sub("◷", line)) for line in text.splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def _words(line: str) -> list[str]:
    """The line without its numbers; a sign or a space beside one belongs to the number."""
    return [" ".join(part.split()) for part in _NUMBER.split(line)]


def _numbers(line: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(line)]


def _compare_images(old: str, new: str) -> Compared:
    """Compare two pictures in base64 by their points."""
    from PIL import Image, ImageChops, ImageStat, UnidentifiedImageError

    try:
        left, right = (
            Image.open(io.BytesIO(base64.b64decode(value))).convert("RGBA").convert("RGB") for value in (old, new)
        )
    except (UnidentifiedImageError, OSError, binascii.Error, ValueError, Image.DecompressionBombError):
        return Compared("different", "the figure's data are others, and can't be read as a picture")
    if any(abs(a - b) > 0.02 * max(a, b) for a, b in zip(left.size, right.size, strict=True)):
        sizes = f"{left.width}×{left.height}", f"{right.width}×{right.height}"
        return Compared("different", f"the figure had {sizes[0]} points, and now {sizes[1]}")
    # The frame follows the width of the labels by a point or two.
    apart = ImageStat.Stat(ImageChops.difference(left, right.resize(left.size))).mean
    share = sum(apart) / len(apart) / 255
    if share == 0:
        return Compared("same")
    return Compared(
        "tolerance" if share <= PIXELS_APART else "different", f"the figure differs by {share:.1%} of its points' range"
    )


def _named(part: _Part) -> str:
    return {"text": "a text", "image": "a figure"}.get(part.kind, "an error")


def _count(number: int) -> str:
    return f"{number} output{'' if number == 1 else 's'}"


def _short(line: str) -> str:
    return line if len(line) <= 80 else line[:79] + "…"
