"""Fourteen questions with closed answers as people would put them to an analyst: simple, statistical, wrangling.

    python bench/asked_questions.py DIR     # writes the tables and questions.json into DIR

Written by somebody who had not seen the agent. `answer` is a number or a text; `tolerance` is how far a number may be
off, also a number inside the tags of a tagged answer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parent / "tasks"))

from questions import asked, write_all
from sources import r_table

SCHOOLS = {
    "school": "district name",
    "county": "county",
    "grades": "grade span",
    "students": "students",
    "teachers": "teachers (FTE)",
    "lunch": "reduced-price lunch (%)",
    "english": "English learners (%)",
    "income": "district income (1000 USD)",
    "read": "reading score",
    "math": "math score",
}
BABIES = (
    "case|birth weight (oz)|gestation (days)|first pregnancy|mother age|mother height (in)|mother weight (lb)|smokes"
)


def write_tables(folder: Path) -> None:
    """Write the tables with the nuisances of real exports: decimal commas, amounts and dates as text, rows twice."""
    schools = r_table("AER/CASchools")[list(SCHOOLS)].round(2).rename(columns=SCHOOLS)
    schools.to_csv(folder / "schools_ca.csv", sep=";", decimal=",", index=False)
    babies = r_table("openintro/babies")
    babies["parity"] = babies["parity"].map({0: "yes", 1: "no"})
    babies["smoke"] = babies["smoke"].map({0: "no", 1: "yes"})
    babies = babies.astype(dict.fromkeys(("gestation", "age", "height", "weight"), "Int64"))
    babies.columns = BABIES.split("|")
    babies.to_csv(folder / "baby_study.csv", na_rep="?", index=False)
    players = r_table("openintro/nba_players_19").drop(columns="team_abbr").astype({"number": "Int64"})
    players["height"] = players["height"].map(lambda inches: f"{inches // 12}-{inches % 12}")
    players.columns = ["First Name", "Last Name", "Team", "Position", "Jersey No.", "Height (ft-in)"]
    players.to_csv(folder / "nba_rosters.csv", index=False)
    avocados = r_table("causaldata/avocado")
    avocados["Date"] = pd.to_datetime(avocados["Date"].astype(str)).dt.strftime("%b %d, %Y")
    avocados["AveragePrice"] = avocados["AveragePrice"].map("${:.2f}".format)
    avocados["TotalVolume"] = avocados["TotalVolume"].map("{:,.2f}".format)
    avocados.columns = ["Week ending", "Average price", "Volume sold"]
    avocados.to_csv(folder / "avocados.csv", index=False)
    pets = r_table("openintro/seattlepets")
    days = pets["license_issue_date"].astype(str)
    pets = pets[days >= "2018-07-01"].assign(license_issue_date=pd.to_datetime(days).dt.strftime("%d.%m.%Y"))
    pets = pd.concat([pets, pets.sample(400, random_state=5)]).sample(frac=1, random_state=5)
    pets.columns = ["issued", "licence", "name", "species", "breed", "second breed", "ZIP code"]
    pets.to_csv(folder / "seattle_pets.csv", sep=";", index=False)


def questions(folder: Path) -> list[dict[str, Any]]:
    """All questions with their answers, from the tables as they were written into `folder`."""
    return [*_of_schools(folder), *_of_babies(folder), *_of_players(folder), *_of_shops_and_pets(folder)]


def _of_schools(folder: Path) -> list[dict[str, Any]]:
    schools = pd.read_csv(folder / "schools_ca.csv", sep=";", decimal=",")
    small = schools[schools["grade span"] == "KK-06"]
    inputs = schools[["district income (1000 USD)", "reduced-price lunch (%)", "English learners (%)"]]
    parts = train_test_split(inputs, schools["math score"], test_size=0.25, random_state=7)
    model = LinearRegression().fit(parts[0], parts[2])
    return [
        asked(
            "crowded",
            "schools_ca.csv",
            "Of the districts in schools_ca.csv whose grade span is KK-06, what percentage have more than 21 students "
            "per full-time teacher (students divided by teachers)? Please reply in the form @percent[value], one "
            "decimal, e.g. @percent[12.3].",
            f"@percent[{(small['students'] / small['teachers (FTE)'] > 21).mean() * 100:.1f}]",
            0.06,
        ),
        asked(
            "lunch",
            "schools_ca.csv",
            "I'd like Spearman's rank correlation between the share of pupils on reduced-price lunch and the reading "
            "score, over all districts in schools_ca.csv. Just the number, rounded to three decimals.",
            round(stats.spearmanr(schools["reduced-price lunch (%)"], schools["reading score"]).statistic, 3),
            0.0006,
        ),
        asked(
            "maths",
            "schools_ca.csv",
            "With schools_ca.csv, predict the math score by scikit-learn's LinearRegression (default settings, no "
            "scaling) from three columns in this order: district income, reduced-price lunch, English learners. Keep "
            "the rows in file order and split them with train_test_split(test_size=0.25, random_state=7). What R² do "
            "you get on the test part? Answer with just the number, three decimals.",
            round(model.score(parts[1], parts[3]), 3),
            0.0006,
        ),
    ]


def _of_babies(folder: Path) -> list[dict[str, Any]]:
    babies = pd.read_csv(folder / "baby_study.csv", na_values=["?"])
    counts = pd.crosstab(babies["smokes"], babies["first pregnancy"])
    square = stats.chi2_contingency(counts, correction=False)
    weight = babies["mother weight (lb)"]
    filled = weight.fillna(weight.groupby(babies["first pregnancy"]).transform("median"))
    return [
        asked(
            "teens",
            "baby_study.csv",
            "How many of the mothers in baby_study.csv were younger than 20 and smoked?",
            int(((babies["mother age"] < 20) & (babies["smokes"] == "yes")).sum()),
        ),
        asked(
            "habit",
            "baby_study.csv",
            "Is smoking related to whether it's the first pregnancy? Take baby_study.csv, ignore the mothers whose "
            "smoking isn't known (a question mark), and do a chi-square test on the two-by-two table without Yates' "
            "correction. Statistic and p-value, both rounded to three decimals, please: @chi2[...] @p[...]",
            f"@chi2[{square.statistic:.3f}] @p[{square.pvalue:.3f}]",
            0.0006,
        ),
        asked(
            "pounds",
            "baby_study.csv",
            "In baby_study.csv some of the mothers' weights are missing (a question mark). Fill each gap with the "
            "median of the recorded weights of the mothers with the same entry under first pregnancy. What's the "
            "standard deviation of the mothers' weight after that (sample version, dividing by n - 1, all rows)? "
            "Only the number please, two decimals.",
            round(filled.std(), 2),
            0.006,
        ),
    ]


def _of_players(folder: Path) -> list[dict[str, Any]]:
    players = pd.read_csv(folder / "nba_rosters.csv")
    feet = players["Height (ft-in)"].str.split("-", expand=True).astype(int)
    inches = feet[0] * 12 + feet[1]
    tall = players["Position"].str.contains("Center")
    groups = [inches[players["Position"] == position] for position in ("Guard", "Forward", "Center")]
    guards = players.loc[players["Position"] == "Guard", "Team"]
    return [
        asked(
            "guards",
            "nba_rosters.csv",
            "which team has the most players listed as plain Guard in nba_rosters.csv (not Guard-Forward or the like)? "
            "team name only",
            guards.value_counts().idxmax(),
        ),
        asked(
            "positions",
            "nba_rosters.csv",
            "Please run a one-way ANOVA of player height across three positions in nba_rosters.csv: Guard, Forward and "
            "Center. Players with a combined position such as Forward-Center stay out. Report only the F statistic, "
            "rounded to one decimal.",
            round(stats.f_oneway(*groups).statistic, 1),
            0.06,
        ),
        asked(
            "giants",
            "nba_rosters.csv",
            "Hello! We're making a poster for European kids, so I need centimetres (1 inch = 2.54 cm; heights in "
            "nba_rosters.csv are feet-inches, 6-10 means six feet ten). On average, how much taller are the players "
            "whose position mentions Center, alone or in a combination, than all the other players? Write it as "
            "@difference_cm[number] with two decimals.",
            f"@difference_cm[{(inches[tall].mean() - inches[~tall].mean()) * 2.54:.2f}]",
            0.006,
        ),
    ]


def _of_shops_and_pets(folder: Path) -> list[dict[str, Any]]:
    avocados = pd.read_csv(folder / "avocados.csv", thousands=",")
    week = pd.to_datetime(avocados["Week ending"], format="%b %d, %Y")
    price = avocados["Average price"].str.lstrip("$").astype(float)
    volume = avocados["Volume sold"]
    takings = (price * volume).groupby(week.dt.year).sum()
    pets = pd.read_csv(folder / "seattle_pets.csv", sep=";", dtype=str).drop_duplicates()
    species = pd.crosstab(pets["ZIP code"].str[:5], pets["species"])
    frequent = species[species.sum(axis=1) >= 300]
    return [
        asked(
            "peak",
            "avocados.csv",
            "When were avocados at their most expensive, going by the average price in avocados.csv? Answer with the "
            "date of that week only, as YYYY-MM-DD.",
            str(week[price.idxmax()].date()),
        ),
        asked(
            "shape",
            "avocados.csv",
            "Describe the shape of the weekly Volume sold in avocados.csv: skewness and excess kurtosis, both as "
            "scipy.stats computes them by default (no bias correction; normal distribution = 0). Round to two "
            "decimals, format: @skew[...] @kurtosis[...]",
            f"@skew[{stats.skew(volume):.2f}] @kurtosis[{stats.kurtosis(volume):.2f}]",
            0.006,
        ),
        asked(
            "takings",
            "avocados.csv",
            "avocados.csv has the average price and the volume sold week by week. If a week's takings are price times "
            "volume, by what percentage did the takings of all weeks dated 2017 together exceed those of all weeks "
            "dated 2015? Just the percentage with one decimal, no sign or unit.",
            round((takings[2017] / takings[2015] - 1) * 100, 1),
            0.06,
        ),
        asked(
            "namesake",
            "seattle_pets.csv",
            "What's the most common name for a cat in seattle_pets.csv?",
            pets.loc[pets["species"] == "Cat", "name"].value_counts().idxmax(),
        ),
        asked(
            "felines",
            "seattle_pets.csv",
            "Where in Seattle should we open a cat clinic? seattle_pets.csv lists the pet licences; some lines are in "
            "it more than once (identical in every column, count them once) and a few owners gave a nine-digit ZIP "
            "(the first five digits are what counts). Among the ZIP codes with at least 300 licences, how many cats "
            "are there per dog in the one where that ratio is highest? Just the ratio, three decimals.",
            round((frequent["Cat"] / frequent["Dog"]).max(), 3),
            0.0006,
        ),
    ]


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), write_tables, questions)
