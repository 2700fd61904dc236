"""The cells that look for features that mislead: copies of the target, and clocks that only run on."""

from __future__ import annotations

from .source import assign, body, call, dictionary, imports, literal, sequence
from .state import State

GIVEAWAY = '''
{imports}

sample = X_train.sample(min(len(X_train), 4000), random_state=SEED)
truth = y_train.loc[sample.index]{codes}


def alone(values: pd.Series) -> float:
    """How well one feature predicts the target by itself: 0 is guessing, 1 is perfect."""
    numeric = pd.api.types.is_numeric_dtype(values)
    known = values.to_numpy() if numeric else values.factorize()[0]
    tree = {tree}
    return cross_val_score(tree, known.reshape(-1, 1), truth, cv=3, scoring={scoring}).mean()


strength = pd.Series({{name: alone(sample[name]) for name in sample.columns}}).sort_values()
for name, value in strength.tail(5)[::-1].items():
    print(f"{{name!r}} alone: {{value:.4f}}")
'''.strip("\n")

COPY_CLASSES = """
pairs = pd.DataFrame({"truth": truth.to_numpy()}, index=sample.index)
copies = []
for name in strength[strength > 0.99].index:
    both = pairs.assign(value=sample[name].astype(str))
    one_to_one = both.groupby("value")["truth"].nunique().max() == 1
    if one_to_one and both.groupby("truth")["value"].nunique().max() == 1:
        copies.append(name)
print(f"copies of the target: {copies}")
""".strip("\n")

COPY_NUMBERS = """
# A copy may be in another unit: the same numbers times a constant.
rivals = sample.select_dtypes("number").dropna(axis=1)
scale = truth.std() / rivals.std()
copies = [name for name in rivals if np.allclose(rivals[name] * scale[name], truth, rtol=1e-4)]
print(f"copies of the target: {copies}")
""".strip("\n")


def giveaway_source(state: State) -> str:
    """The cell that asks of each feature how well it predicts the target by itself."""
    classes = state.kind == "classification"
    tree = (
        "DecisionTreeClassifier(max_leaf_nodes=50, min_samples_leaf=3, random_state=SEED)"
        if classes
        else "DecisionTreeRegressor(max_leaf_nodes=200, min_samples_leaf=3, random_state=SEED)"
    )
    source = GIVEAWAY.format(
        imports=imports([("sklearn.model_selection", "cross_val_score"), ("sklearn.tree", tree.split("(")[0])]),
        codes="",
        tree=tree,
        scoring='"balanced_accuracy"' if classes else '"r2"',
    )
    numpy = "" if classes else "import numpy as np\n"
    return numpy + source + "\n" + (COPY_CLASSES if classes else COPY_NUMBERS)


def without_source(state: State, names: list[str]) -> str:
    """The cell that drops features from all tables."""
    tables = [
        "X",
        "X_train",
        *(["X_holdout"] if state.holdout else []),
        *(["X_sample"] if state.sampled else []),
        *(["X_test"] if state.has_test else []),
    ]
    gone = "[" + ", ".join(literal(name) for name in names) + "]"
    lines = [f"{table} = {table}.drop(columns=DROPPED)" for table in tables]
    return body([f"DROPPED = {gone}", *lines])


def counters_source(state: State, counters: list[str]) -> str:
    """The cell that asks whether models judge later rows better without the features that only ever grow."""
    classes = state.kind == "classification"
    boosting = "HistGradientBoosting" + ("Classifier" if classes else "Regressor")
    linear = "LogisticRegression(max_iter=1000)" if classes else "RidgeCV(alphas=np.logspace(-3, 4, 15))"
    used = [
        ("sklearn.ensemble", boosting),
        ("sklearn.impute", "SimpleImputer"),
        ("sklearn.linear_model", linear.split("(")[0]),
        ("sklearn.pipeline", "make_pipeline"),
        ("sklearn.preprocessing", "StandardScaler"),
    ]
    sign = "" if state.metric.greater_is_better else "-"
    return body(
        [
            *([] if classes else ["import numpy as np"]),
            imports([*used, ("sklearn.model_selection", "cross_val_score")]),
            "",
            assign("counters", sequence(counters)),
            "numeric = pd.api.types.is_numeric_dtype",
            "coded = X_train.apply(lambda values: values if numeric(values) else values.factorize()[0])",
            assign(
                "probes",
                dictionary(
                    {
                        "gradient boosting": call(boosting, random_state="SEED"),
                        "linear": call("make_pipeline", 'SimpleImputer(strategy="median")', "StandardScaler()", linear),
                    }
                ),
            ),
            'for label, table in {"with": coded, "without": coded.drop(columns=counters)}.items():',
            "    for name, probe in probes.items():",
            f"        value = {sign}cross_val_score(probe, table, y_train, cv=folds, scoring=SCORING).mean()",
            '        print(f"{label} them: {value:.5g} ({name})")',
        ]
    )
