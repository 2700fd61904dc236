"""Twenty further questions with closed answers, held out, over tables that no other question is about.

    python bench/further_questions.py DIR     # writes the tables and questions.json into DIR

`answer` is a number or a text; `tolerance` is how far a number may be off.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent / "tasks"))

from questions import NUMBER, asked
from sources import r_table


def tables() -> dict[str, pd.DataFrame]:
    """The tables by the names of their files."""
    storms = r_table("dplyr/storms").query("year >= 2010")
    time = pd.to_datetime(storms[["year", "month", "day", "hour"]]).dt.strftime("%Y-%m-%d %H:%M")
    storms = storms.drop(columns=["year", "month", "day", "hour"]).assign(time=time)
    loans = r_table("openintro/loans_full_schema")
    kept = ["emp_length", "state", "homeownership", "annual_income", "debt_to_income", "loan_purpose", "loan_amount"]
    return {
        "texas_housing.csv": r_table("ggplot2/txhousing").drop(columns="date"),
        "countries.csv": r_table("gapminder/gapminder"),
        "professors.csv": r_table("carData/Salaries"),
        "newborns.csv": r_table("openintro/births14"),
        "births_per_day.csv": r_table("mosaicData/Births2015")[["date", "births"]],
        "storms.csv": storms,
        "loans.csv": loans[[*kept, "term", "interest_rate", "grade", "issue_month", "loan_status"]],
        "houses.csv": r_table("mosaicData/SaratogaHouses"),
    }


def questions(folder: Path) -> list[dict[str, Any]]:
    """All questions with their answers, from the tables as they were written into `folder`."""
    return [*_of_places_and_people(folder), *_of_days_and_money(folder)]


def _of_places_and_people(folder: Path) -> list[dict[str, Any]]:
    names = ["texas_housing", "countries", "professors", "newborns"]
    texas, countries, professors, newborns = (pd.read_csv(folder / f"{name}.csv") for name in names)
    africa = countries.query("continent == 'Africa' and year == 2007")
    gain = countries.pivot(index="country", columns="year", values="lifeExp").pipe(lambda wide: wide[2007] - wide[1952])
    smoking = newborns.groupby("habit")["weight"]
    assistants = professors[professors["rank"] == "AsstProf"]["salary"]
    return [
        asked(
            "sold",
            "texas_housing.csv",
            f"How many sales were there in Houston in the whole of 2010 according to texas_housing.csv? {NUMBER}.",
            int(texas.query("city == 'Houston' and year == 2010")["sales"].sum()),
        ),
        asked(
            "season",
            "texas_housing.csv",
            "In which calendar month (1 to 12) is the mean of sales highest, over all cities and years in "
            f"texas_housing.csv? {NUMBER} of the month.",
            texas.groupby("month")["sales"].mean().idxmax(),
        ),
        asked(
            "unlisted",
            "texas_housing.csv",
            "In texas_housing.csv, which city has the most rows without a value in listings? Answer with the name of "
            "the city.",
            texas["listings"].isna().groupby(texas["city"]).sum().idxmax(),
        ),
        asked(
            "africa",
            "countries.csv",
            f"What was the median gdpPercap of the African countries in 2007 (countries.csv)? {NUMBER}, two decimals.",
            round(africa["gdpPercap"].median(), 2),
            0.006,
        ),
        asked(
            "longer",
            "countries.csv",
            "Look at countries.csv: in which country did lifeExp rise most between 1952 and 2007? Answer with the name "
            "of the country.",
            gain.idxmax(),
        ),
        asked(
            "log",
            "countries.csv",
            "For the year 2007 in countries.csv, what is the Pearson correlation of lifeExp with the natural logarithm "
            f"of gdpPercap? {NUMBER}, three decimals.",
            round(countries.query("year == 2007").pipe(lambda f: f["lifeExp"].corr(np.log(f["gdpPercap"]))), 3),
            0.0006,
        ),
        asked(
            "spread",
            "professors.csv",
            "What is the sample standard deviation of the salary of assistant professors (rank AsstProf) in "
            f"professors.csv? {NUMBER}, rounded to whole dollars.",
            round(assistants.std()),
            1.0,
        ),
        asked(
            "women",
            "professors.csv",
            f"What percentage of the full professors (rank Prof) in professors.csv are female? {NUMBER}, one decimal.",
            round(100 * (professors[professors["rank"] == "Prof"]["sex"] == "Female").mean(), 1),
            0.06,
        ),
        asked(
            "slope",
            "professors.csv",
            "Fit a simple linear regression of salary on yrs.since.phd with an intercept to professors.csv. By how "
            f"many dollars does the predicted salary rise per year? {NUMBER}, one decimal.",
            round(stats.linregress(professors["yrs.since.phd"], professors["salary"]).slope, 1),
            0.06,
        ),
        asked(
            "smokers",
            "newborns.csv",
            "newborns.csv: test whether weight differs between babies of smokers and of nonsmokers (column habit) with "
            "Welch's two-sample t-test (unequal variances). What is the absolute value of the t statistic? "
            f"{NUMBER}, two decimals.",
            round(
                abs(stats.ttest_ind(smoking.get_group("smoker"), smoking.get_group("nonsmoker"), equal_var=False)[0]),
                2,
            ),
            0.006,
        ),
        asked(
            "fathers",
            "newborns.csv",
            f"What share of the rows of newborns.csv lacks the father's age (fage)? {NUMBER} in percent, one decimal.",
            round(100 * newborns["fage"].isna().mean(), 1),
            0.06,
        ),
        asked(
            "early",
            "newborns.csv",
            "How many babies in newborns.csv were born before week 37 (weeks below 37) and still are not of low birth "
            "weight (lowbirthweight is not low)? Answer with a whole number.",
            int(((newborns["weeks"] < 37) & (newborns["lowbirthweight"] == "not low")).sum()),
        ),
    ]


def _of_days_and_money(folder: Path) -> list[dict[str, Any]]:
    names = ["births_per_day", "storms", "loans", "houses"]
    births, storms, loans, houses = (pd.read_csv(folder / f"{name}.csv") for name in names)
    weekday = pd.to_datetime(births["date"]).dt.day_name()
    storm_time = pd.to_datetime(storms["time"])
    low, high = houses["price"].quantile([0.25, 0.75])
    fence = high + 1.5 * (high - low)
    return [
        asked(
            "quietest",
            "births_per_day.csv",
            "On which day of the week are fewest children born on average according to births_per_day.csv? Answer with "
            "the English name of the day.",
            births.groupby(weekday)["births"].mean().idxmin(),
        ),
        asked(
            "quarter",
            "births_per_day.csv",
            "How many births does births_per_day.csv count in the third quarter (July to September)? Answer with a "
            "whole number.",
            int(births.loc[pd.to_datetime(births["date"]).dt.quarter == 3, "births"].sum()),
        ),
        asked(
            "named",
            "storms.csv",
            "How many different names of storms have records in the calendar year 2020 in storms.csv (column time)? "
            "Answer with a whole number.",
            storms.loc[storm_time.dt.year == 2020, "name"].nunique(),
        ),
        asked(
            "pressure",
            "storms.csv",
            f"What is the mean pressure of the records with status hurricane in storms.csv? {NUMBER}, one decimal.",
            round(storms[storms["status"] == "hurricane"]["pressure"].mean(), 1),
            0.06,
        ),
        asked(
            "purpose",
            "loans.csv",
            "Among the values of loan_purpose with at least 100 loans in loans.csv, which has the highest median "
            "loan_amount? Answer with the value as it stands in the file.",
            loans.groupby("loan_purpose")["loan_amount"]
            .agg(["size", "median"])
            .loc[lambda each: each["size"] >= 100, "median"]
            .idxmax(),
        ),
        asked(
            "top_tenth",
            "loans.csv",
            "What is the 90th percentile of interest_rate among the loans with a term of 36 months in loans.csv? "
            f"{NUMBER}, two decimals.",
            round(loans[loans["term"] == 36]["interest_rate"].quantile(0.9), 2),
            0.006,
        ),
        asked(
            "outliers",
            "houses.csv",
            "How many houses in houses.csv have a price above the third quartile plus 1.5 times the interquartile "
            "range? Answer with a whole number.",
            int((houses["price"] > fence).sum()),
        ),
        asked(
            "per_foot",
            "houses.csv",
            "Compute the price per square foot (price / livingArea) of each house in houses.csv. How much higher is "
            f"its mean for houses with centralAir Yes than for those with No? {NUMBER}, two decimals.",
            round(
                (houses["price"] / houses["livingArea"])
                .groupby(houses["centralAir"])
                .mean()
                .pipe(lambda each: each["Yes"] - each["No"]),
                2,
            ),
            0.006,
        ),
    ]


def main() -> None:
    """Write tables and questions into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables().items():
        frame.to_csv(folder / name, index=False, lineterminator="\n")
    (folder / "questions.json").write_text(json.dumps(questions(folder), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
