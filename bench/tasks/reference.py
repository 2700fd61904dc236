"""The models behind the reference scores: chosen by cross-validation on the training rows, table by table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

Derive = Callable[[pd.DataFrame], pd.DataFrame]


def fitted_on(model: Any, *, text: str = "", derive: Derive | None = None) -> Pipeline:
    """`model` behind the usual preparation: scaled numbers, one-hot categories, TF-IDF of the column `text`.

    `derive` first adds or replaces columns, from the row itself only.
    """

    def numbers(frame: pd.DataFrame) -> list[str]:
        return list(frame.select_dtypes("number").columns)

    def categories(frame: pd.DataFrame) -> list[str]:
        return [column for column in frame.select_dtypes(exclude="number").columns if column != text]

    parts: list[tuple[str, Any, Any]] = [
        ("numbers", make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (
            "categories",
            make_pipeline(
                FunctionTransformer(_as_text),
                OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2, sparse_output=False),
            ),
            categories,
        ),
    ]
    if text:
        parts.append(("text", words_and_characters(), text))
    steps = [FunctionTransformer(derive)] if derive else []
    return make_pipeline(*steps, ColumnTransformer(parts), model)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object).where(frame.notna(), "missing").astype(str)


def words_and_characters() -> FeatureUnion:
    """TF-IDF of words, word pairs and pieces of words of a text column."""
    return FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)),
        ]
    )


def boosted_classifier(seeds: int = 3, **settings: Any) -> VotingClassifier:
    """Gradient boosting, averaged over seeds."""
    settings = {"learning_rate": 0.05, "max_iter": 200, "max_leaf_nodes": 15, "l2_regularization": 1.0} | settings
    models = [
        (f"seed{seed}", HistGradientBoostingClassifier(max_features=0.5, random_state=seed, **settings))
        for seed in range(seeds)
    ]
    return VotingClassifier(models, voting="soft")


def boosted_regressor(seeds: int = 3, **settings: Any) -> VotingRegressor:
    """Gradient boosting, averaged over seeds."""
    settings = {"learning_rate": 0.05, "max_iter": 300, "max_leaf_nodes": 15, "l2_regularization": 1.0} | settings
    models = [
        (f"seed{seed}", HistGradientBoostingRegressor(max_features=0.5, random_state=seed, **settings))
        for seed in range(seeds)
    ]
    return VotingRegressor(models)


def forest_classifier(**settings: Any) -> RandomForestClassifier:
    """Five hundred random trees."""
    return RandomForestClassifier(500, random_state=0, **settings)


def forest_regressor(**settings: Any) -> ExtraTreesRegressor:
    """Five hundred extremely randomised trees."""
    return ExtraTreesRegressor(500, random_state=0, **settings)


def on_log_target(model: Any) -> TransformedTargetRegressor:
    """A regressor that is fitted on the logarithm of a positive target."""
    return TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp)


def calendar(column: str) -> Derive:
    """Replaces a date column by the parts of its date; days count from 2000."""

    def derive(frame: pd.DataFrame) -> pd.DataFrame:
        date = pd.to_datetime(frame[column], utc=True, format="mixed")
        turn = 2 * np.pi * date.dt.dayofyear / 365.25
        return frame.drop(columns=column).assign(
            days=(date - pd.Timestamp("2000-01-01", tz="UTC")).dt.days,
            hour=date.dt.hour,
            weekday=date.dt.day_name(),
            month=date.dt.month_name(),
            season_sin=np.sin(turn),
            season_cos=np.cos(turn),
        )

    return derive
