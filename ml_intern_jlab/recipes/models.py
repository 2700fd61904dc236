"""The candidates: which model families suit the data at hand, written as scikit-learn pipelines."""

from __future__ import annotations

from .preparation import names_in
from .source import Piece, assign, body, call, dictionary, imports
from .state import Candidate, State


def candidates(state: State) -> list[Candidate]:
    """The candidates for the data at hand, cheapest first."""
    if state.pixels:
        found = _pixels(state)
    elif state.kind == "classification":
        found = _classifiers(state)
    else:
        found = _regressors(state)
    return [candidate for candidate in found if candidate.name not in state.broken]


def _candidate(name: str, family: str, piece: Piece) -> Candidate:
    return Candidate(name, piece, family)


def _pipe(preparation: str, *steps: Piece) -> Piece:
    return call("make_pipeline", preparation, *steps)


def _weight(state: State) -> dict[str, object]:
    return {"class_weight": '"balanced"'} if state.weighted else {}


def _tree_count(state: State) -> int:
    return 60 if state.hurried else 150 if state.compared_rows <= 5000 else 100


def _boosting_options(state: State) -> dict[str, object]:
    tables = state.features
    rate, rounds = (0.06, 200) if state.compared_rows > 1000 else (0.06, 100)
    if 2 < len(state.classes) <= 10:
        rate, rounds = 0.08, 80  # one tree for each class and round
    if len(state.classes) > 10:
        rate, rounds = 0.1, 80
    options: dict[str, object] = {"learning_rate": rate, "max_iter": rounds}
    if state.compared_rows < 2000:
        options |= {"max_leaf_nodes": 15, "min_samples_leaf": 10 if state.compared_rows > 300 else 5}
    if tables.categories:
        options["categorical_features"] = (
            f"list(range({len(tables.categories)}))" if len(tables.categories) > 1 else "[0]"
        )
    options |= {"early_stopping": "False", "random_state": "SEED"}
    return options


def _on_trees(state: State, model: Piece) -> Piece:
    return _pipe("ordinal", model) if state.needs_ordinal else model


def _classifiers(state: State) -> list[Candidate]:
    rows, weight, tables = state.compared_rows, _weight(state), state.features
    few_features = state.width <= 300
    found = [
        _candidate(
            "logistic regression",
            "logistic",
            _pipe("scaled", call("LogisticRegression", C=10 if tables.texts else 1.0, max_iter=3000, **weight)),
        )
    ]
    if tables.texts:
        if not state.needs_probabilities:
            found.append(_candidate("linear SVC", "linear_svc", _pipe("scaled", call("LinearSVC", C=0.5, **weight))))
        if not tables.numbers and not tables.categories and not tables.many:
            found.append(_candidate("naive Bayes", "bayes", _pipe("scaled", call("ComplementNB", alpha=0.3))))
    if state.use_splines:
        found.append(
            _candidate(
                "logistic regression on curves",
                "logistic",
                _pipe("curved", call("LogisticRegression", C=0.3, max_iter=3000, **weight)),
            )
        )
    if state.all_numbers and rows <= 3000 and few_features and len(tables.numbers) > 1:
        found.append(
            _candidate(
                "linear discriminant",
                "lda",
                _pipe("scaled", call("LinearDiscriminantAnalysis", solver='"lsqr"', shrinkage='"auto"')),
            )
        )
    if rows <= 6000 and not tables.texts:
        machine: Piece = call("SVC", C=3.0, **weight)
        if state.needs_probabilities:
            machine = call("CalibratedClassifierCV", machine, ensemble="False")
        found.append(_candidate("support vectors", "svc", _pipe("scaled", machine)))
        found.append(
            _candidate(
                "nearest neighbours",
                "knn",
                _pipe(
                    "scaled",
                    call("KNeighborsClassifier", n_neighbors=min(15, max(3, rows // 30)), weights='"distance"'),
                ),
            )
        )
    if not tables.texts or tables.numbers or tables.categories:
        trees = _tree_count(state)
        found.append(
            _candidate(
                "random forest",
                "forest",
                _on_trees(
                    state,
                    call(
                        "RandomForestClassifier",
                        n_estimators=trees,
                        min_samples_leaf=1 if rows < 3000 else 2,
                        random_state="SEED",
                        **weight,
                    ),
                ),
            )
        )
        if not tables.texts and few_features:
            found.append(
                _candidate(
                    "extra trees",
                    "extra",
                    _pipe("scaled", call("ExtraTreesClassifier", n_estimators=trees, random_state="SEED", **weight)),
                )
            )
        found.append(
            _candidate(
                "gradient boosting",
                "boosting",
                _on_trees(state, call("HistGradientBoostingClassifier", **_boosting_options(state), **weight)),
            )
        )
    return found


def _log(state: State, piece: Piece) -> Piece:
    """The model on the target's logarithm."""
    back = "from_log" if state.target_low >= 0 else "np.expm1"
    return call("TransformedTargetRegressor", piece, func="np.log1p", inverse_func=back)


def _regressors(state: State) -> list[Candidate]:
    rows, tables = state.compared_rows, state.features
    alphas = "np.logspace(-3, 4, 15)"
    loss: dict[str, object] = (
        {"loss": '"absolute_error"'} if state.metric.name in ("MAE", "median absolute error", "MAPE") else {}
    )
    trees = _tree_count(state)
    leaf = 1 if rows < 3000 else 3
    plain: list[Candidate] = [_candidate("ridge", "ridge", _pipe("scaled", call("RidgeCV", alphas=alphas)))]
    if state.use_splines:
        plain.append(_candidate("ridge on curves", "ridge", _pipe("curved", call("RidgeCV", alphas=alphas))))
    if state.use_quadratic:
        plain.append(
            _candidate(
                "quadratic ridge",
                "ridge",
                _pipe(
                    "scaled",
                    call("PolynomialFeatures", degree=2, include_bias="False"),
                    "StandardScaler()",
                    call("RidgeCV", alphas=alphas),
                ),
            )
        )
    if len(tables.numbers) > 30 and rows <= 3000 and not tables.texts:
        plain.append(
            _candidate("lasso", "lasso", _pipe("scaled", call("LassoCV", cv=5, max_iter=20000, random_state="SEED")))
        )
    if rows <= 6000 and not tables.texts:
        machine = call("TransformedTargetRegressor", call("SVR", C=3.0), transformer="StandardScaler()")
        if not state.logged:
            plain.append(_candidate("support vectors", "svr", _pipe("scaled", machine)))
        else:
            plain.append(_candidate("support vectors", "svr_plain", _pipe("scaled", call("SVR", C=3.0))))
        plain.append(
            _candidate(
                "nearest neighbours",
                "knn",
                _pipe(
                    "scaled", call("KNeighborsRegressor", n_neighbors=min(10, max(3, rows // 30)), weights='"distance"')
                ),
            )
        )
    if not tables.texts or tables.numbers or tables.categories or rows > 500:
        plain.append(
            _candidate(
                "random forest",
                "forest",
                _on_trees(
                    state,
                    call(
                        "RandomForestRegressor",
                        n_estimators=trees,
                        min_samples_leaf=leaf,
                        max_features=0.5,
                        random_state="SEED",
                    ),
                ),
            )
        )
        if not tables.texts and state.width <= 300:
            plain.append(
                _candidate(
                    "extra trees",
                    "extra",
                    _pipe(
                        "scaled",
                        call("ExtraTreesRegressor", n_estimators=trees, min_samples_leaf=leaf, random_state="SEED"),
                    ),
                )
            )
        plain.append(
            _candidate(
                "gradient boosting",
                "boosting",
                _on_trees(state, call("HistGradientBoostingRegressor", **loss, **_boosting_options(state))),
            )
        )
    if not state.logged:
        return plain
    logged = [
        _candidate(f"{c.name}, log target", c.family + "_log", _log(state, c.source))
        for c in plain
        if c.name not in ("nearest neighbours", "extra trees", "lasso")
    ]
    if state.metric.name in ("RMSLE", "MAPE"):
        return logged
    return [c for c in plain if c.name != "support vectors"] + [
        c
        for c in logged
        if c.name.split(",")[0] in ("ridge", "ridge on curves", "support vectors", "gradient boosting")
    ]


def _pixels(state: State) -> list[Candidate]:
    rows = state.compared_rows
    machine: Piece = call("SVC", C=10.0)
    if state.needs_probabilities:
        machine = call("CalibratedClassifierCV", machine, ensemble="False")
    few = min(60, len(state.features.numbers) // 2)
    found = [
        _candidate(
            "logistic regression",
            "logistic",
            call(
                "make_pipeline",
                "MaxAbsScaler()",
                call("LogisticRegression", C=0.1 if rows < 3000 else 1.0, max_iter=2000),
            ),
        ),
        _candidate("nearest neighbours", "knn", call("KNeighborsClassifier", n_neighbors=3, weights='"distance"')),
        _candidate("extra trees", "extra", call("ExtraTreesClassifier", n_estimators=300, random_state="SEED")),
        _candidate("support vectors", "svc", call("make_pipeline", "MaxAbsScaler()", machine)),
        _candidate(
            "support vectors on components",
            "svc",
            call("make_pipeline", "MaxAbsScaler()", call("PCA", n_components=few, random_state="SEED"), machine),
        ),
    ]
    return found if state.kind == "classification" else _regressors(state)


def candidates_source(state: State, found: list[Candidate]) -> str:
    """The cell that defines the candidates and cross-validates each."""
    definition = assign("candidates", dictionary({candidate.name: candidate.source for candidate in found}))
    lines = []
    if "from_log" in definition:
        lines += [
            "",
            "def from_log(values):",
            '    """Undo `log1p`; what is never negative is not predicted negative."""',
            "    return np.expm1(values).clip(0)",
            "",
            "",
        ]
    numpy = ["import numpy as np"] if "np." in definition or lines else []
    return body(
        [
            *numpy,
            imports(names_in(definition)),
            "",
            *lines,
            definition,
            "for name, model in candidates.items():",
            "    cross_validated(name, model)",
        ]
    )
