"""Estimators: how they are made, fitted, applied and scored, whatever library they come from."""

from __future__ import annotations

import ast
from dataclasses import replace

from .facts import Draw, Fit
from .known import CLASSIFIER_NAME, CONTAINERS, MODEL_NAME, RANDOM_MODELS, ROLES, STATISTICAL_MODELS
from .predictions import KERAS, Predictions
from .row_methods import Named, is_false
from .values import NOTHING, Estimator, Place, Rows, Taint, Value, gathered

_ESTIMATOR_HOMES = (
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "imblearn",
    "keras",
    "tensorflow",
    "statsmodels",
    "cuml",
    "torchvision",
    "timm",
    "transformers",
    "ngboost",
    "interpret",
    "pytorch_tabnet",
    "tabpfn",
    "autogluon",
)
_PREDICTS = {
    "predict": "label",
    "predict_proba": "probability",
    "decision_function": "margin",
    "predict_log_proba": "margin",
    "forecast": "label",
    "generate": "label",
    "predict_classes": "label",
    "inplace_predict": "probability",
}
_PLAIN_NAMES = {"Model": "keras"}
STOPPING = {"eval_set", "validation_data", "valid_sets", "evals", "eval_X", "X_val", "valid_data"}


class ModelMethods(Predictions):
    """Everything about estimators."""

    def constructed(self, origin: str, arguments: list[Value], named: Named) -> Value | None:
        """The estimator that a class of a known library makes; None where the name is no estimator."""
        name = origin.rsplit(".", 1)[-1]
        home = origin.split(".", 1)[0]
        role = ROLES.get(name, "")
        if home == "statsmodels" and name in STATISTICAL_MODELS:
            return self._statistical(name, arguments, named)
        steps = [
            each.estimator for each in self._estimators_in(Value(items=(*arguments, *named.values()))) if each.estimator
        ]
        if name in CONTAINERS:
            last = steps[-1].role if steps else "model"
            role = (
                last
                if name in ("Pipeline", "make_pipeline", "ImbPipeline")
                else (
                    "composite"
                    if name in ("ColumnTransformer", "make_column_transformer", "FeatureUnion", "make_union")
                    else "model"
                )
            )
        elif (
            (not role and (MODEL_NAME.search(name) and (home in _ESTIMATOR_HOMES or "." not in origin)))
            or (not role and name in KERAS)
            or (not role and home in ("keras", "tensorflow") and name == "Model")
            or (not role and ".applications." in origin and name[:1].isupper())
            or (not role and origin.startswith("torchvision.models."))
        ):
            role = "model"
        if not role:
            return None
        taints = frozenset[Taint]().union(*(gathered(each).taints for each in (*arguments, *named.values())))
        estimator = Estimator(
            name,
            role,
            self.place(),
            [step for step in steps if step],
            dict(named),
            self.loops,
            taints=frozenset(t for t in taints if t.kind == "choice"),
            classifies=bool(CLASSIFIER_NAME.search(name)) or any(step and step.classifies for step in steps),
        )
        if role == "model" and home in ("keras", "tensorflow"):
            estimator.draws = "tensorflow"
        if name in RANDOM_MODELS or name in ("KFold", "StratifiedKFold"):
            self.draw(name, "numpy", named, ("random_state", "seed"))
        return Value("estimator", estimator=estimator, origin=origin)

    def _statistical(self, name: str, arguments: list[Value], named: Named) -> Value:
        """A model of statsmodels: `ols(formula, data)`, `OLS(endog, exog)`, `ARIMA(endog, order=…)`."""
        first = arguments[0] if arguments else named.get("endog", named.get("formula", NOTHING))
        second = named.get("data", named.get("exog", arguments[1] if len(arguments) > 1 else NOTHING))
        features = second if gathered(second).rows else first
        target = first if features is second and first.rows else None
        estimator = Estimator(name, "model", self.place(), [], dict(named), self.loops)
        estimator.features, estimator.target = features, target
        return Value("estimator", estimator=estimator)

    def _estimators_in(self, value: Value, depth: int = 5) -> list[Value]:
        if value.kind == "estimator":
            return [value]
        if depth == 0:
            return []
        inside = [*(value.items or ()), *(each for _, each in value.keys), *([value.element] if value.element else [])]
        return [found for each in inside for found in self._estimators_in(each, depth - 1)]

    # --- methods ------------------------------------------------------------------------------------------------------

    def model_method(self, node: ast.Call, owner: Value, name: str, arguments: list[Value], named: Named) -> Value:
        """The value of `estimator.name(…)`."""
        estimator = owner.estimator
        if estimator is None:
            return NOTHING
        if name in ("fit", "partial_fit", "train", "fit_generator", "fine_tune") and (
            arguments or named or estimator.features is not None
        ):
            return self._fit(owner, estimator, arguments, named)
        if name in ("fit_transform", "fit_resample", "fit_sample"):
            self._fit(owner, estimator, arguments, named)
            return self._transformed(estimator, arguments, named, fitted_here=True)
        if name == "fit_predict":
            self._fit(owner, estimator, arguments, named)
            return arguments[0].but(kind="data", columns=None) if arguments else NOTHING
        if name in ("transform", "get_support", "adapt"):
            if name == "adapt":
                self._fit(owner, estimator, arguments, named)
                return NOTHING
            return self._support(estimator) if name == "get_support" else self._transformed(estimator, arguments, named)
        if name == "predict" and estimator.name in STATISTICAL_MODELS and not arguments and not named:
            return self.predicted(estimator, [estimator.features or NOTHING], named, "label")
        if name in _PREDICTS or (name in ("__call__", "forward") and arguments):
            return self.predicted(estimator, arguments, named, _PREDICTS.get(name, "output"))
        if name in ("test", "validate") and estimator.name == "LightningTrainer":
            return self._scored(estimator, "evaluate", arguments, named)
        if name in ("score", "evaluate", "eval_set"):
            return self._scored(estimator, name, arguments, named)
        if name in (
            "compile",
            "set_params",
            "to",
            "cuda",
            "eval",
            "train",
            "cpu",
            "half",
            "float",
            "clone",
            "add",
            "set_output",
            "requires_grad_",
            "double",
        ):
            if name == "compile":
                estimator.arguments.update(named)
            if name == "add":
                estimator.steps += [
                    each.estimator for each in self._estimators_in(Value(items=tuple(arguments))) if each.estimator
                ]
            return owner
        if name == "load_weights" and arguments:
            self.restored(arguments[0].constant)
            return owner
        if name in ("inverse_transform", "labels_"):
            first = arguments[0] if arguments else NOTHING
            return first.but(scale="label" if first.kind == "prediction" else "") if first.scale == "scaled" else first
        return Value(taints=estimator.taints)

    def _support(self, estimator: Estimator) -> Value:
        taint = Taint(estimator.role, estimator.fitted, self.place(), what=estimator.name)
        return Value("stat", taints=frozenset({taint}))

    def _fit(self, owner: Value, estimator: Estimator, arguments: list[Value], named: Named) -> Value:
        features = (
            arguments[0]
            if arguments
            else next(
                (
                    named[key]
                    for key in ("X", "x", "train_set", "dtrain", "train_data", "train_dataset")
                    if key in named
                ),
                NOTHING,
            )
        )
        target = arguments[1] if len(arguments) > 1 else named.get("y")
        if target is None and features.attributes is not None:
            target = features.attributes.get("label")
        if estimator.name == "LightningTrainer":
            features = arguments[1] if len(arguments) > 1 else named.get("train_dataloaders", NOTHING)
            estimator.evaluated_on = arguments[2] if len(arguments) > 2 else named.get("val_dataloaders")
        elif estimator.name == "Trainer" or estimator.name in STATISTICAL_MODELS:
            features, target = estimator.features or NOTHING, estimator.target
        features_deep = gathered(features)
        rows: Rows = features_deep.rows
        if not rows:
            return owner
        stopping = self._stopping(estimator, named)
        self._note_checkpoints(estimator, named)
        for each in estimator.every():
            each.fitted = rows
        taints = features_deep.taints | (target.taints if target else frozenset())
        estimator.taints = frozenset(t for t in estimator.taints if t.kind == "choice") | taints
        estimator.features, estimator.target = features, target
        estimator.scale = target.scale if target is not None else ""
        if estimator.draws:
            what = f"The training of {estimator.name}"
            self.facts.draws.append(Draw(what, estimator.draws, False, estimator.place))
        self.facts.fits.append(
            Fit(estimator, features, target, rows, self.place(), stopping, self.loops, frozenset(self.looping))
        )
        return owner

    def _stopping(self, estimator: Estimator, named: Named) -> Rows:
        """Rows that decide when the training stops or which round is kept."""
        deep = {**{key: value for each in estimator.every() for key, value in each.arguments.items()}, **named}
        stops = any(
            key
            in (
                "early_stopping_rounds",
                "od_wait",
                "load_best_model_at_end",
                "use_best_model",
                "early_stopping",
                "od_type",
            )
            and not is_false(value)
            for key, value in deep.items()
        )
        callbacks = deep.get("callbacks")
        if callbacks is not None and "stop" in _texts(callbacks):
            stops = True
        if not stops:
            return frozenset()
        given = [gathered(named[key]) for key in STOPPING & named.keys()]
        if estimator.evaluated_on is not None:
            given.append(gathered(estimator.evaluated_on))
        return frozenset().union(*(each.rows for each in given)) - estimator.fitted if given else frozenset()

    def _note_checkpoints(self, estimator: Estimator, named: Named) -> None:
        """Which rows decide what a callback keeps as the best, and under which path."""
        watched = gathered(next((named[key] for key in ("validation_data",) if key in named), NOTHING)).rows
        for each in named.get("callbacks", NOTHING).items or ():
            if each.mark == "best" and each.attributes and watched:
                estimator.kept = (each.attributes["path"].constant, watched)

    def restored(self, path: object) -> Value | None:
        """The model that a checkpoint kept under this path: its rounds were chosen by the rows that it watched."""
        for fit in reversed(self.facts.fits):
            if fit.estimator.kept is not None and fit.estimator.kept[0] == path and path is not None:
                self.facts.fits.append(replace(fit, stopping=fit.estimator.kept[1]))
                return Value("estimator", estimator=fit.estimator)
        return None

    def _transformed(
        self, estimator: Estimator, arguments: list[Value], named: Named, fitted_here: bool = False
    ) -> Value:
        value = arguments[0] if arguments else named.get("X", named.get("raw_documents", NOTHING))
        deep = gathered(value)
        self.facts.transforms.append((estimator, deep, self.place(), fitted_here))
        taints = deep.taints
        for each in estimator.every():
            if each.role not in ("model", "fixed", "composite", "search", "unsupervised") and estimator.fitted:
                columns = each.target.derivation.columns if each.target is not None else frozenset()
                taints |= {Taint(each.role, estimator.fitted, self._fit_place(estimator), columns, each.name)}
        single = value.columns if estimator.role in ("scaling", "imputation") else None
        result = value.but(
            kind="data",
            taints=taints,
            columns=single,
            rows=deep.rows,
            items=None,
            keys=(),
            mark="",
            known=False,
            constant=None,
            scale="scaled" if estimator.role == "scaling" else value.scale,
        )
        if estimator.role in ("resampling", "fixed") and len(arguments) > 1:
            return Value(items=(result, arguments[1].but(taints=arguments[1].taints | taints)))
        return result

    def _fit_place(self, estimator: Estimator) -> Place:
        return next((fit.place for fit in reversed(self.facts.fits) if fit.estimator is estimator), estimator.place)


def _texts(value: Value) -> str:
    inside = [value, *(value.items or ()), *([value.element] if value.element else [])]
    return " ".join(f"{each.origin} {each.constant}" for each in inside).lower()
