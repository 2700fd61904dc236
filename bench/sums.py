"""A tiny language model with random weights, and sums to ask it, for the tasks of `skills.json` that have no table.

python bench/sums.py FOLDER
python bench/quality.py --model M --agents ours --sets skills --tasks sampled,adapted --beside FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.agent.tiny_models import tiny_writer


def write(folder: Path) -> None:
    """Write the model `writer`, the questions `sums.csv` and the same as conversations, `talks.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    tiny_writer(folder / "writer", chat=True)
    sums = pd.DataFrame([(f"What is {n} plus {m}?", n + m) for n in range(6) for m in range(6)])
    sums.set_axis(["question", "answer"], axis=1).to_csv(folder / "sums.csv", index=False)
    with (folder / "talks.jsonl").open("w", encoding="utf-8") as file:
        for question, answer in sums.itertuples(index=False):
            said = [{"role": "user", "content": question}, {"role": "assistant", "content": str(answer)}]
            file.write(json.dumps({"messages": said}) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
