"""The cells that improve on the candidates: a randomized search, and a vote of the best few."""

from __future__ import annotations

from .source import assign, body, call, dictionary, flat, imports, literal, sequence
from .state import Candidate, State


def space(candidate: Candidate, state: State) -> dict[str, str]:
    """The distributions that a randomized search draws a candidate's settings from; empty where nothing is to tune."""
    family = candidate.family.removesuffix("_log")
    source = flat(candidate.source)
    step = {
        "logistic": "logisticregression",
        "linear_svc": "linearsvc",
        "bayes": "complementnb",
        "svc": "svc",
        "svr": "transformedtargetregressor__regressor",
        "svr_plain": "svr",
        "knn": "kneighbors" + ("classifier" if state.kind == "classification" else "regressor"),
        "forest": "randomforest" + ("classifier" if state.kind == "classification" else "regressor"),
        "extra": "extratrees" + ("classifier" if state.kind == "classification" else "regressor"),
        "boosting": "histgradientboosting" + ("classifier" if state.kind == "classification" else "regressor"),
    }.get(family)
    if step is None:
        return {}
    if family == "svc" and "CalibratedClassifierCV" in source:
        step = "calibratedclassifiercv__estimator"
    prefix = "regressor__" if candidate.family.endswith("_log") else ""
    prefix += f"{step}__" if "make_pipeline(" in source else ""
    settings = {
        "logistic": {"C": "loguniform(0.01, 100)"},
        "linear_svc": {"C": "loguniform(0.02, 10)"},
        "bayes": {"alpha": "loguniform(0.01, 3)"},
        "svc": {"C": "loguniform(0.3, 100)", "gamma": "loguniform({:.2g}, {:.2g})".format(*_gamma(state))},
        "svr": {
            "C": "loguniform(0.1, 100)",
            "gamma": "loguniform({:.2g}, {:.2g})".format(*_gamma(state)),
            "epsilon": "loguniform(0.01, 0.3)",
        },
        "svr_plain": {
            "C": "loguniform(0.1, 100)",
            "gamma": "loguniform({:.2g}, {:.2g})".format(*_gamma(state)),
            "epsilon": "loguniform(0.005, 0.2)",
        },
        "knn": {
            "n_neighbors": f"range(1, {max(4, min(40, state.compared_rows // 5))})",
            "weights": '["uniform", "distance"]',
        },
        "forest": {"max_features": '["sqrt", 0.3, 0.5, 0.8]', "min_samples_leaf": "[1, 2, 4, 8]"},
        "extra": {"max_features": '["sqrt", 0.3, 0.6, 1.0]', "min_samples_leaf": "[1, 2, 4, 8]"},
        "boosting": {
            "learning_rate": "loguniform(0.02, 0.2)",
            "max_iter": "randint(60, 400)",
            "max_leaf_nodes": "randint(4, 40)",
            "min_samples_leaf": f"randint(3, {40 if state.compared_rows > 500 else 20})",
            "l2_regularization": "loguniform(0.001, 10)",
            "max_features": "[0.3, 0.5, 0.8, 1.0]",
        },
    }[family]
    return {prefix + key: value for key, value in settings.items()}


def _gamma(state: State) -> tuple[float, float]:
    width = max(1, state.width)
    if state.pixels:
        return 0.1 / width * 4, 10 / width * 4
    return 0.05 / width, 5 / width


def tuning_source(state: State, candidate: Candidate, iterations: int) -> str:
    """The cell that tunes one candidate by a randomized search."""
    settings = space(candidate, state)
    X, y = state.sample_names
    used = [("sklearn.model_selection", "RandomizedSearchCV")]
    values = " ".join(settings.values())
    scipy = [("scipy.stats", name) for name in ("loguniform", "randint") if name in values]
    sign = "" if state.metric.greater_is_better else "-"
    return body(
        [
            imports(used + scipy),
            "",
            assign(
                "search",
                call(
                    "RandomizedSearchCV",
                    f"candidates[{literal(candidate.name)}]",
                    dictionary(settings),
                    n_iter=iterations,
                    cv="folds",
                    scoring="SCORING",
                    n_jobs=-1,
                    random_state="SEED",
                ),
            ),
            f"search.fit({X}, {y})",
            f'best, spread = {sign}search.best_score_, search.cv_results_["std_test_score"][search.best_index_]',
            f'print(f"cv {{METRIC}}: {{best:.5g}} ± {{spread:.2g}} (tuned {candidate.name})")',
            "print(search.best_params_)",
            f"candidates[{literal('tuned ' + candidate.name)}] = search.best_estimator_",
        ]
    )


def ensemble_source(state: State, members: list[str]) -> str:
    """The cell that lets the best few vote."""
    voting = "VotingClassifier" if state.kind == "classification" else "VotingRegressor"
    options: dict[str, object] = {"voting": '"soft"'} if state.kind == "classification" else {}
    pairs = "[(name, candidates[name]) for name in members]"
    return body(
        [
            imports([("sklearn.ensemble", voting)]),
            "",
            assign("members", sequence(members)),
            assign('candidates["vote of the best"]', call(voting, pairs, **options)),
            'cross_validated("vote of the best", candidates["vote of the best"])',
        ]
    )
