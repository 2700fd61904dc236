"""Sixteen harder questions with closed answers, in the voices of people, most with two or three steps.

    python bench/harder_questions.py DIR     # writes the tables and questions.json into DIR

Written by somebody who had not seen the agent. `answer` is a number or a text; `tolerance` is how far a number may be
off.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent / "tasks"))

from questions import asked, write_all
from sources import member, r_table


def write_tables(folder: Path) -> None:
    """Write the tables with the nuisances of real exports: decimal commas, dates as text, dots for missing values."""
    pizzas = r_table("gt/pizzaplace")
    pizzas = pizzas[pizzas["date"].astype(str) >= "2015-10-01"]
    pizzas = pizzas.assign(date=pd.to_datetime(pizzas["date"].astype(str)).dt.strftime("%d.%m.%Y"))
    pizzas.columns = ["order no", "date", "time", "pizza", "size", "type", "price"]
    pizzas.to_csv(folder / "pizzeria_q4.csv", sep=";", decimal=",", float_format="%.2f", index=False)
    breaches = r_table("Ecdat/HHSCyberSecurityBreaches").drop(columns="Web.Description")
    days = pd.to_datetime(breaches["Breach.Submission.Date"].astype(str))
    breaches["Breach.Submission.Date"] = days.dt.strftime("%m/%d/%Y")
    breaches.to_csv(folder / "breaches.csv", index=False)
    places = r_table("gt/towny")
    counts = [name for name in places.columns if name.startswith("population_")]
    places = places[["name", "status", "csd_type", "census_div", "land_area_km2", *counts]].copy()
    for name in counts:
        places[name] = places[name].map(lambda value: ".." if pd.isna(value) else str(int(value)))
    places.columns = [
        *("Name", "Status", "CSD type", "Census division", "Land area (km2)"),
        *(f"Population {name[-4:]}" for name in counts),
    ]
    places.to_csv(folder / "ontario_places.csv", index=False)
    hawks = r_table("Stat2Data/Hawks").rename(columns=lambda name: re.sub(r"(?<=[a-z])(?=[A-Z])", ".", name))
    hawks.to_csv(folder / "hawks.csv", index=False)
    r_table("vcd/Bundesliga").to_csv(folder / "bundesliga.csv", index=False)
    r_table("openintro/mn_police_use_of_force").to_csv(folder / "force_reports.csv", index=False)
    r_table("mosaicData/TenMileRace").to_csv(folder / "ten_mile_race.csv", index=False)
    jobs = pd.read_csv(io.BytesIO(member("vega-datasets", "_data/us-employment.csv")))
    jobs.to_csv(folder / "us_jobs.csv", index=False)


def questions(folder: Path) -> list[dict[str, Any]]:
    """All questions with their answers, from the tables as they were written into `folder`."""
    return [*_of_races_and_trade(folder), *_of_places_and_games(folder), *_of_birds_and_offices(folder)]


def _of_races_and_trade(folder: Path) -> list[dict[str, Any]]:
    race = pd.read_csv(folder / "ten_mile_race.csv")
    maryland = race[(race.sex == "F") & (race.state == "MD")]
    pizzas = pd.read_csv(folder / "pizzeria_q4.csv", sep=";", decimal=",")
    december = pizzas[pd.to_datetime(pizzas["date"], format="%d.%m.%Y").dt.month == 12]
    orders = december.groupby("order no")["price"].agg(["size", "sum"])
    jobs = pd.read_csv(folder / "us_jobs.csv", parse_dates=["month"]).set_index("month").sort_index()
    yearly = jobs.groupby(pd.DatetimeIndex(jobs.index).year)["manufacturing"].mean()
    return [
        asked(
            "seniors",
            "ten_mile_race.csv",
            "ten_mile_race.csv is the result list of our ten-mile road race. How many women aged 60 or over "
            "are in it? Answer with just the number.",
            int(((race.sex == "F") & (race.age >= 60)).sum()),
        ),
        asked(
            "slope",
            "ten_mile_race.csv",
            "Using ten_mile_race.csv, take only the female runners from Maryland and fit an ordinary "
            "least-squares line with an intercept that predicts net time (column net, in seconds) from age. "
            "How many seconds does the line go up per additional year of age? Answer with just the slope, two "
            "decimals.",
            round(stats.linregress(maryland.age, maryland.net).slope, 2),
            0.006,
        ),
        asked(
            "veggie",
            "pizzeria_q4.csv",
            "Hi, bookkeeping here. pizzeria_q4.csv has one line per pizza sold in the last quarter. What did "
            "we take in altogether (sum of price) with the veggie pizzas? Answer with just the amount, two "
            "decimals.",
            round(pizzas.loc[pizzas["type"] == "veggie", "price"].sum(), 2),
            0.006,
        ),
        asked(
            "bigorders",
            "pizzeria_q4.csv",
            "In pizzeria_q4.csv every row is one pizza and the rows that share an order no belong to one "
            "order. Look only at orders from December that contain at least four pizzas: what is the average "
            "total value of such an order? Answer with just the number, two decimals.",
            round(orders.loc[orders["size"] >= 4, "sum"].mean(), 2),
            0.006,
        ),
        asked(
            "factories",
            "us_jobs.csv",
            "us_jobs.csv has monthly US employment in thousands of jobs. By how much was the average of the "
            "manufacturing column over the twelve months of 2010 below the average over the twelve months of "
            "2006? Answer with just the difference in thousands as a positive number, one decimal.",
            round(yearly[2006] - yearly[2010], 1),
            0.06,
        ),
        asked(
            "shops",
            "us_jobs.csv",
            "According to us_jobs.csv, in which month did retail_trade employment fall the most compared with "
            "the month before? Answer with the month written as YYYY-MM.",
            str(jobs.retail_trade.diff().idxmin())[:7],
        ),
    ]


def _of_places_and_games(folder: Path) -> list[dict[str, Any]]:
    places = pd.read_csv(folder / "ontario_places.csv", na_values=[".."])
    towns = places[(places["CSD type"] == "town") & (places["Population 1996"] >= 10000)].set_index("Name")
    growth = (towns["Population 2021"] / towns["Population 1996"]).sort_values(ascending=False)
    games = pd.read_csv(folder / "bundesliga.csv")
    season = games[games.Year == 2003]
    gained = np.select([season.AwayGoals > season.HomeGoals, season.AwayGoals == season.HomeGoals], [3, 1], 0)
    points = pd.Series(gained, index=season.AwayTeam).groupby(level=0).sum().sort_values(ascending=False)
    return [
        asked(
            "divisions",
            "ontario_places.csv",
            "ontario_places.csv lists Ontario municipalities. In how many different census divisions is there "
            "at least one place whose CSD type is city? Answer with just the number.",
            int(places.loc[places["CSD type"] == "city", "Census division"].nunique()),
        ),
        asked(
            "growth",
            "ontario_places.csv",
            "For my geography class: from ontario_places.csv take the places whose CSD type is town and that "
            "already had at least 10,000 inhabitants in 1996. Work out the percentage growth of the "
            "population from 1996 to 2021 for each. Which town has the third largest growth? Answer with the "
            "name of the town.",
            growth.index[2],
        ),
        asked(
            "goalless",
            "bundesliga.csv",
            "bundesliga.csv: what percentage of all the matches in the file ended 0-0? Answer with just the "
            "percentage, two decimals, without the % sign.",
            round(((games.HomeGoals == 0) & (games.AwayGoals == 0)).mean() * 100, 2),
            0.006,
        ),
        asked(
            "away",
            "bundesliga.csv",
            "Settle a bet for us, please. In bundesliga.csv the column Year says in which year a season "
            "began. Take the season with Year 2003 and make a table of away matches only: the visiting team "
            "gets three points for a win and one for a draw. Which team is third in that away table? Answer "
            "with the name of the team as it is spelt in the file.",
            points.index[2],
        ),
    ]


def _of_birds_and_offices(folder: Path) -> list[dict[str, Any]]:
    hawks = pd.read_csv(folder / "hawks.csv")
    sharp = hawks[hawks.Species == "SS"]
    cooper = hawks[(hawks.Species == "CH") & hawks.Weight.notna()]
    weights = [cooper.Weight[cooper.Sex == sex] for sex in "FM"]
    breaches = pd.read_csv(folder / "breaches.csv", keep_default_na=False)
    day = pd.to_datetime(breaches["Breach.Submission.Date"], format="%m/%d/%Y")
    force = pd.read_csv(folder / "force_reports.csv")
    calls = force[(force.problem.str.strip() == "Domestic Abuse-In Progress") & (force.is_911_call == "Yes")]
    filled = force[force.subject_injury.notna()]
    injured = (filled.subject_injury == "Yes").groupby(filled.force_type).mean() * 100
    return [
        asked(
            "wings",
            "hawks.csv",
            "From the ringing data in hawks.csv: how strongly are Wing and Weight correlated in the "
            "sharp-shinned hawks (Pearson's r, birds that have both measurements, values left as they are)? "
            "Answer with just the coefficient, three decimals.",
            round(sharp["Wing"].corr(sharp["Weight"]), 3),
            0.0006,
        ),
        asked(
            "welch",
            "hawks.csv",
            "Please run a Welch t test (unequal variances) on hawks.csv comparing the Weight of female and "
            "male Cooper's hawks (species code CH). Leave out birds without a recorded sex or weight and "
            "don't remove outliers. What is the t statistic for female minus male? Answer with just the "
            "number, two decimals.",
            round(stats.ttest_ind(*weights, equal_var=False).statistic, 2),
            0.006,
        ),
        asked(
            "texas",
            "breaches.csv",
            "What is the median number of individuals affected per breach report in Texas, according to "
            "breaches.csv? Answer with just the number, one decimal.",
            breaches.loc[breaches.State == "TX", "Individuals.Affected"].median(),
            0.06,
        ),
        asked(
            "friday",
            "breaches.csv",
            "People say bad news is always filed just before the weekend. Of all the reports in breaches.csv "
            "that were submitted in 2012, what percentage were submitted on a Friday? Answer with just the "
            "percentage, one decimal, no percent sign.",
            round((day[day.dt.year == 2012].dt.day_name() == "Friday").mean() * 100, 1),
            0.06,
        ),
        asked(
            "calls",
            "force_reports.csv",
            "force_reports.csv has one row per use of force by the police. Among the rows where the problem "
            "is Domestic Abuse-In Progress and it was a 911 call, which neighborhood comes up most often? "
            "Answer with the name of the neighborhood.",
            calls.neighborhood.value_counts().idxmax(),
        ),
        asked(
            "injury",
            "force_reports.csv",
            "In force_reports.csv the subject_injury field was often left blank. Using only the rows where it "
            "is filled in, compute the percentage of Yes for force_type Bodily Force and for Chemical "
            "Irritant. By how many percentage points is the first higher than the second? Answer with just "
            "the number, one decimal.",
            round(injured["Bodily Force"] - injured["Chemical Irritant"], 1),
            0.06,
        ),
    ]


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), write_tables, questions)
