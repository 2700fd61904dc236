"""Short questions with closed answers over the tables of this repository, and their answers, computed here.

    python bench/questions.py            # writes bench/questions.json

`answer` is a number or a text; `tolerance` is how far a number may be off.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).resolve().parent
TASKS = HERE / "tasks"
NUMBER = "Answer with just the number"


def _table(name: str, **reading: Any) -> pd.DataFrame:
    return pd.read_csv(TASKS / name, **reading)


def asked(name: str, file: str, text: str, answer: Any, tolerance: float = 0.0) -> dict[str, Any]:
    """A question with its answer, as it is kept."""
    plain = answer.item() if hasattr(answer, "item") else answer
    return {"name": name, "file": file, "question": text, "answer": plain, "tolerance": tolerance}


def write_all(
    folder: Path, write_tables: Callable[[Path], None], questions: Callable[[Path], list[dict[str, Any]]]
) -> None:
    """Write the tables of some questions and questions.json into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(folder)
    text = json.dumps(questions(folder), indent=1, ensure_ascii=False)
    (folder / "questions.json").write_text(text + "\n", "utf-8")


def questions() -> list[dict[str, Any]]:
    """All questions with their answers."""
    diamonds = _table("diamonds/data/sold.csv")
    weather = _table("weather/data/observations.csv")
    flights = _table("flights/data/flights.csv")
    credit = _table("credit/data/credits.csv")
    wine = _table("wine/data/wine_train.csv")
    cars = _table("mpg/data/cars.csv", sep=";", decimal=",")
    medicines = _table("medicines/data/reviews_train.csv")
    penguins = pd.read_csv(HERE.parent / "examples/penguins/penguins.csv")
    days = pd.to_datetime(weather["date"], format="%Y/%m/%d")
    small = diamonds[diamonds["carat"] < 1]
    ideal = small[small["cut"] == "Ideal"]["price"].median()
    return [
        asked(
            "ideal",
            "tasks/diamonds/data/sold.csv",
            f"What is the median price of the diamonds of cut Ideal below 1 carat in sold.csv? {NUMBER}.",
            ideal,
            0.5,
        ),
        asked(
            "rainy",
            "tasks/weather/data/observations.csv",
            "In which calendar month (1 to 12, all years together) are most days with the weather rain in "
            f"observations.csv? {NUMBER} of the month.",
            days[weather["weather"] == "rain"].dt.month.value_counts().idxmax(),
        ),
        asked(
            "warmest",
            "tasks/weather/data/observations.csv",
            "Which year of observations.csv has the highest mean of temp_max? Answer with just the year.",
            weather["temp_max"].groupby(days.dt.year).mean().idxmax(),
        ),
        asked(
            "carrier",
            "tasks/flights/data/flights.csv",
            "Among carriers with at least 100 flights in flights.csv, which has the highest mean arr_delay? "
            "Answer with its two-letter code.",
            flights.groupby("carrier")["arr_delay"]
            .agg(["size", "mean"])
            .loc[lambda each: each["size"] >= 100, "mean"]
            .idxmax(),
        ),
        asked(
            "late",
            "tasks/flights/data/flights.csv",
            f"What percentage of the flights in flights.csv arrived more than 15 minutes late? {NUMBER}, one decimal.",
            round(100 * (flights["arr_delay"] > 15).mean(), 1),
            0.06,
        ),
        asked(
            "owners",
            "tasks/credit/data/credits.csv",
            "How many credits with Status bad in credits.csv belong to people whose Home is owner? "
            "Answer with a whole number.",
            int(((credit["Status"] == "bad") & (credit["Home"] == "owner")).sum()),
        ),
        asked(
            "correlated",
            "tasks/wine/data/wine_train.csv",
            "Which column of wine_train.csv other than flavanoids has the highest Pearson correlation with flavanoids? "
            "Answer with the column's name.",
            wine.drop(columns="cultivar").corr()["flavanoids"].drop("flavanoids").idxmax(),
        ),
        asked(
            "german",
            "tasks/mpg/data/cars.csv",
            f"cars.csv uses semicolons and decimal commas. What is the mean of mpg? {NUMBER}, two decimals.",
            round(cars["mpg"].mean(), 2),
            0.006,
        ),
        asked(
            "longest",
            "tasks/medicines/data/reviews_train.csv",
            "Which drug has the most reviews in reviews_train.csv? Answer with its name.",
            medicines["drug"].value_counts().idxmax(),
        ),
        asked(
            "heavy",
            "../examples/penguins/penguins.csv",
            "How many grams heavier are male than female Gentoo penguins on average (body_mass_g) in penguins.csv? "
            f"{NUMBER}, rounded to whole grams.",
            round(
                penguins[penguins["species"] == "Gentoo"]
                .groupby("sex")["body_mass_g"]
                .mean()
                .pipe(lambda each: each["male"] - each["female"])
            ),
            1.0,
        ),
    ]


if __name__ == "__main__":
    (HERE / "questions.json").write_text(json.dumps(questions(), indent=1) + "\n", encoding="utf-8")
