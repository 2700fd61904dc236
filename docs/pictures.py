"""Take the pictures of README and tutorial anew, from the browser test of the main job.

    python docs/pictures.py

Needs what `make test` needs, and Pillow. It takes about four minutes.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PICTURES = {
    "empty": "tutorial-empty",
    "task": "tutorial-task",
    "first-cell": "tutorial-first-cell",
    "second-cell": "tutorial-second-cell",
    "main-job-light-1280": "panel-light",
    "main-job-dark-1280": "panel-dark",
    "review": "tutorial-review",
}
"""The test's pictures and what they are called here."""
WIDTH = 880
"""Pixels of the animation's width."""
LONGEST = 4
"""A state that lasts is shown as so many pictures at most."""


def main() -> None:
    """Run the test, then keep its pictures and the animation."""
    subprocess.run(
        ["jlpm", "test:ui", "-g", "the main job"], cwd=ROOT, env={**os.environ, "FILM": "1"}, check=True, timeout=900
    )
    results = next((ROOT / "ui-tests" / "test-results").glob("mainJob-*"))
    for name, kept in PICTURES.items():
        picture = Image.open(results / f"{name}.png").convert("RGB")
        picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            IMAGES / f"{kept}.png", optimize=True
        )
    film = [Image.open(path).convert("RGB") for path in sorted(results.glob("film-*.png"))]
    frames = [_small(picture) for picture in _moving(film)]
    target = IMAGES / "run.gif"
    durations = [700] * (len(frames) - 1) + [4000]
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)
    print(f"{target.relative_to(ROOT)}: {len(frames)} pictures, {target.stat().st_size / 1e6:.1f} MB")


def _moving(film: list[Image.Image]) -> list[Image.Image]:
    """The film without the pictures in which nothing happens for long."""
    kept: list[Image.Image] = []
    still = 0
    for picture in film:
        same = bool(kept) and ImageChops.difference(picture, kept[-1]).getbbox() is None
        still = still + 1 if same else 0
        if still < LONGEST:
            kept.append(picture)
    return kept


def _small(picture: Image.Image) -> Image.Image:
    height = round(picture.height * WIDTH / picture.width)
    return picture.resize((WIDTH, height), Image.Resampling.LANCZOS).quantize(64, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
