"""How features are prepared inside each model's pipeline: imputing, scaling, encoding, words."""

from __future__ import annotations

import re

from .source import Node, Piece, assign, body, call, imports, literal, sequence
from .state import State

Pair = tuple[str, str]
IMPORTS: dict[str, str] = {
    "ColumnTransformer": "sklearn.compose",
    "TransformedTargetRegressor": "sklearn.compose",
    "PCA": "sklearn.decomposition",
    "TruncatedSVD": "sklearn.decomposition",
    "LinearDiscriminantAnalysis": "sklearn.discriminant_analysis",
    "ExtraTreesClassifier": "sklearn.ensemble",
    "ExtraTreesRegressor": "sklearn.ensemble",
    "HistGradientBoostingClassifier": "sklearn.ensemble",
    "HistGradientBoostingRegressor": "sklearn.ensemble",
    "RandomForestClassifier": "sklearn.ensemble",
    "RandomForestRegressor": "sklearn.ensemble",
    "VotingClassifier": "sklearn.ensemble",
    "VotingRegressor": "sklearn.ensemble",
    "TfidfVectorizer": "sklearn.feature_extraction.text",
    "GaussianProcessRegressor": "sklearn.gaussian_process",
    "SimpleImputer": "sklearn.impute",
    "ElasticNetCV": "sklearn.linear_model",
    "LassoCV": "sklearn.linear_model",
    "LogisticRegression": "sklearn.linear_model",
    "QuantileRegressor": "sklearn.linear_model",
    "HuberRegressor": "sklearn.linear_model",
    "RidgeCV": "sklearn.linear_model",
    "Ridge": "sklearn.linear_model",
    "ComplementNB": "sklearn.naive_bayes",
    "KNeighborsClassifier": "sklearn.neighbors",
    "KNeighborsRegressor": "sklearn.neighbors",
    "FeatureUnion": "sklearn.pipeline",
    "make_pipeline": "sklearn.pipeline",
    "make_union": "sklearn.pipeline",
    "FunctionTransformer": "sklearn.preprocessing",
    "MaxAbsScaler": "sklearn.preprocessing",
    "OneHotEncoder": "sklearn.preprocessing",
    "OrdinalEncoder": "sklearn.preprocessing",
    "PolynomialFeatures": "sklearn.preprocessing",
    "SplineTransformer": "sklearn.preprocessing",
    "StandardScaler": "sklearn.preprocessing",
    "TargetEncoder": "sklearn.preprocessing",
    "KFold": "sklearn.model_selection",
    "StratifiedKFold": "sklearn.model_selection",
    "CalibratedClassifierCV": "sklearn.calibration",
    "LinearSVC": "sklearn.svm",
    "SVC": "sklearn.svm",
    "SVR": "sklearn.svm",
}
"""Where the names that a cell may use come from."""


def names_in(source: str) -> list[Pair]:
    """The imports that a piece of source needs."""
    words = set(re.findall(r"[A-Za-z_]\w*", source))
    return [(module, name) for name, module in IMPORTS.items() if name in words]


def _imputed(state: State, *steps: Piece, flags: bool = True) -> Piece:
    """Steps behind an imputer where the data have gaps; `flags` adds a column that says where."""
    if state.features.gaps:
        options = {"add_indicator": "True"} if flags else {}
        steps = (call("SimpleImputer", strategy='"median"', **options), *steps)
    return call("make_pipeline", *steps) if len(steps) > 1 else steps[0]


def _target_encoder(state: State) -> Node:
    """The encoder of columns with many values; from scikit-learn 1.9 on its folds are given as a splitter."""
    if state.sklearn < (1, 9):
        return call("TargetEncoder", random_state="SEED")
    folder = "StratifiedKFold" if state.kind == "classification" else "KFold"
    return call("TargetEncoder", cv=call(folder, n_splits=5, shuffle="True", random_state="SEED"))


def _entry(name: str, transformer: Piece, columns: str) -> Node:
    return Node("(", (literal(name), transformer, columns), ")")


def _shared_entries(state: State) -> list[Piece]:
    """The entries for categories, as linear models and neighbours need them."""
    tables = state.features
    entries: list[Piece] = []
    least = max(2, round(0.002 * state.n_rows))
    onehot = call("OneHotEncoder", handle_unknown='"infrequent_if_exist"', min_frequency=least)
    if tables.categories:
        entries.append(_entry("categories", onehot, "categories"))
    if tables.many:
        entries.append(_entry("many", call("make_pipeline", _target_encoder(state), "StandardScaler()"), "many"))
    return entries


def word_vectors(state: State) -> Node:
    """The tf-idf of words and word pairs."""
    return call("TfidfVectorizer", sublinear_tf="True", ngram_range="(1, 2)", min_df=2 if state.n_rows > 200 else 1)


def character_vectors(state: State) -> Node:
    """The tf-idf of character runs within words: spelling, endings, names."""
    least = 3 if state.n_rows > 1000 else 2 if state.n_rows > 100 else 1
    return call(
        "TfidfVectorizer",
        sublinear_tf="True",
        analyzer='"char_wb"',
        ngram_range="(2, 5)",
        min_df=least,
        max_features=200_000,
    )


def _text_entries(state: State, characters: bool, dense: bool) -> list[Piece]:
    entries: list[Piece] = []
    for name in state.features.texts:
        vectors: Piece = word_vectors(state)
        if characters:
            vectors = call("make_union", vectors, character_vectors(state))
        if dense:
            vectors = call(
                "make_pipeline", vectors, call("TruncatedSVD", n_components=state.topics, random_state="SEED")
            )
        entries.append(_entry(f"words of {name}", vectors, literal(name)))
    return entries


def _transformer(entries: list[Piece], dense: bool = False) -> Node:
    options: dict[str, object] = {"sparse_threshold": "0"} if dense else {}
    return call("ColumnTransformer", Node("[", tuple(entries), "]"), **options)


def preparation_source(state: State) -> str:
    """The cell that defines how features are prepared inside each model's pipeline."""
    tables = state.features
    lines: list[str] = []
    if len(tables.numbers) > 60 or state.profile.wide:
        others = [*tables.categories, *tables.many, *tables.texts]
        lines.append(
            "numbers = X_train.columns.tolist()"
            if not others
            else f"numbers = X_train.columns.drop({_flat_list(others)}).tolist()"
        )
    elif tables.numbers:
        lines.append(assign("numbers", sequence(tables.numbers)))
    if tables.heavy and not state.wide:
        lines.append(
            assign("heavy", sequence(tables.heavy)) + "  # long right tails: linear models see their logarithm"
        )
    if state.use_codes:
        lines.append(assign("codes", sequence(tables.codes)) + "  # few whole values: linear models get one level each")
    if tables.categories:
        lines.append(assign("categories", sequence(tables.categories)))
    if tables.many:
        lines.append(assign("many", sequence(tables.many)) + "  # many values: encoded by the target's mean")
    lines.append("")
    lines.append("# For linear models, neighbours and kernels: everything on one scale.")
    lines.append(
        assign("scaled", _transformer(_scaled_entries(state) + _text_entries(state, True, False), state.dense))
    )
    if state.use_splines:
        lines.append("# Curves instead of straight lines for each number.")
        lines.append(
            assign("curved", _transformer(_spline_entries(state) + _text_entries(state, True, False), state.dense))
        )
    if state.needs_ordinal:
        lines.append("# For trees: categories as numbers, gaps stay gaps.")
        lines.append(assign("ordinal", _transformer(_ordinal_entries(state) + _text_entries(state, False, True), True)))
    source = body(lines)
    numpy = ["import numpy as np"] if "np." in source else []
    return body([*numpy, imports(names_in(source)), "", source])


def _flat_list(names: list[str]) -> str:
    return "[" + ", ".join(literal(name) for name in names) + "]"


def _scaled_entries(state: State) -> list[Piece]:
    tables = state.features
    heavy = tables.heavy if not state.wide else []
    entries: list[Piece] = []
    plain = "numbers" if not heavy else "[name for name in numbers if name not in heavy]"
    if len(tables.numbers) > len(heavy):
        entries.append(_entry("numbers", _imputed(state, "StandardScaler()"), plain))
    if heavy:
        logs = call("FunctionTransformer", "np.arcsinh", feature_names_out='"one-to-one"')
        entries.append(_entry("heavy", _imputed(state, logs, "StandardScaler()"), "heavy"))
    if state.use_codes:
        entries.append(_entry("codes", call("OneHotEncoder", handle_unknown='"ignore"'), "codes"))
    return entries + _shared_entries(state)


def _spline_entries(state: State) -> list[Piece]:
    spline = call("SplineTransformer", n_knots=5, knots='"quantile"', extrapolation='"linear"')
    entries: list[Piece] = [_entry("numbers", _imputed(state, "StandardScaler()", spline, flags=False), "numbers")]
    if state.use_codes:
        entries.append(_entry("codes", call("OneHotEncoder", handle_unknown='"ignore"'), "codes"))
    return entries + _shared_entries(state)


def _ordinal_entries(state: State) -> list[Piece]:
    tables = state.features
    entries: list[Piece] = []
    encoder = call("OrdinalEncoder", handle_unknown='"use_encoded_value"', unknown_value="np.nan", max_categories=200)
    if tables.categories:
        entries.append(_entry("categories", encoder, "categories"))
    if tables.numbers:
        entries.append(_entry("numbers", '"passthrough"', "numbers"))
    if tables.many:
        entries.append(_entry("many", _target_encoder(state), "many"))
    return entries
