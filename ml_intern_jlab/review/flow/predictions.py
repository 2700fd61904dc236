"""What models say about rows, how that is scored, and what a loss teaches."""

from __future__ import annotations

from dataclasses import replace

from .facts import Draw, Fit, Split
from .methods import DataMethods
from .row_methods import Named
from .values import NOTHING, Columns, Estimator, Rows, Value, gathered, on_two_sides

KERAS = ("Sequential", "Functional")


class Predictions(DataMethods):
    """Predictions, scores of models, cross-validation, losses."""

    def predicted(self, estimator: Estimator, arguments: list[Value], named: Named, scale: str) -> Value:
        """What a model says about rows."""
        given = [gathered(each) for each in (*arguments, *named.values()) if each.kind != "estimator"]
        if estimator.name == "Trainer" and given:
            scale = "output"
        rows: Rows = frozenset().union(*(each.rows for each in given)) if given else frozenset()
        taints = estimator.taints.union(*(each.taints for each in given))
        if not rows:
            return Value(estimator=estimator, taints=taints)
        self.facts.predictions.append((estimator, rows, self.place()))
        if estimator.scale and scale == "label":
            scale = estimator.scale
        if estimator.name in ("LGBM", "Booster") and scale == "label":
            scale = "probability"
        if estimator.role == "model" and scale == "label" and any(each.name in KERAS for each in estimator.every()):
            scale = "output"
        return Value("prediction", rows=rows, estimator=estimator, taints=taints, scale=scale, columns=Columns())

    def _scored(self, estimator: Estimator, name: str, arguments: list[Value], named: Named) -> Value:
        given = [
            gathered(each)
            for each in (
                *arguments,
                *(
                    named[key]
                    for key in ("X", "x", "y", "test_data", "data", "eval_dataset", "dataloaders")
                    if key in named
                ),
            )
        ]
        if estimator.name == "Trainer" and not any(each.rows for each in given):
            given = [gathered(estimator.evaluated_on or NOTHING)]
        rows = next((each.rows for each in given if each.rows), frozenset())
        taints = estimator.taints.union(*(each.taints for each in given))
        if not rows or (estimator.role not in ("model", "search", "composite") and estimator.name != "Trainer"):
            return NOTHING
        self.facts.predictions.append((estimator, rows, self.place()))
        metric = "accuracy" if estimator.classifies else ("evaluate" if name == "evaluate" else "score")
        if name == "evaluate" and (asked := estimator.arguments.get("metrics", NOTHING).items):  # Keras' compile
            metric = " ".join(each.constant if isinstance(each.constant, str) else "evaluate" for each in asked)
        true = arguments[1] if len(arguments) > 1 else None
        return self.score(metric, rows, estimator, taints, true)

    def cross_validated(self, name: str, arguments: list[Value], named: Named) -> Value:
        """`cross_val_score` and its like: every row is held out once."""
        every = dict(zip(("estimator", "X", "y"), arguments, strict=False)) | named
        model, features = every.get("estimator", NOTHING), gathered(every.get("X", NOTHING))
        estimator = model.estimator
        if not features.rows:
            return NOTHING
        cv = named.get("cv", NOTHING)
        how = cv.mark if cv.kind == "splitter" else "ordered"
        if "groups" in named and how != "group":
            how = "group" if cv.kind != "splitter" else how
        self.facts.splits.append(Split(every.get("X", NOTHING), how, f"folds {self.place()}", self.place(), folds=True))
        target = every.get("y")
        if estimator is not None:
            fresh = Estimator(
                estimator.name,
                estimator.role,
                estimator.place,
                estimator.steps,
                estimator.arguments,
                estimator.in_loop,
                features.rows,
                estimator.taints | features.taints,
                target,
                every.get("X"),
                classifies=estimator.classifies,
            )
            self.facts.fits.append(Fit(fresh, every.get("X", NOTHING), target, features.rows, self.place()))
            estimator = fresh
        taints = features.taints | (target.taints if target is not None else frozenset())
        if name == "cross_val_predict":
            return Value(
                "prediction",
                rows=features.rows,
                estimator=replace(estimator, folded=True) if estimator is not None else None,
                taints=taints,
                mark="folds",
                scale="probability" if named.get("method") else "label",
            )
        scoring = named.get("scoring", NOTHING)
        metric = (
            str(scoring.constant)
            if scoring.known and scoring.constant
            else ("accuracy" if estimator and estimator.classifies else "score")
        )
        if scoring.items:
            metric = " ".join(str(each.constant) for each in scoring.items)
        return self.score(metric, features.rows, estimator, taints, target, folds=True)

    def residual_between(self, values: list[Value]) -> Value | None:
        """A loss between predictions and the truth, of any name."""
        predicted = next((each for each in values if each.kind == "prediction" and each.estimator), None)
        true = next((each for each in values if each.kind != "prediction" and each.rows), None)
        if predicted is None or true is None or on_two_sides(predicted.rows, true.rows):
            return None
        return self.residual(predicted, true, "loss")

    def learnt_from(self, value: Value) -> None:
        """`loss.backward()`: the model behind the loss has learnt from its rows."""
        for number in value.scores:  # a loss that was written out
            score = self.facts.scores[number]
            self.facts.scores[number] = replace(score, metric="loss")
            inside = {"true": score.true or NOTHING}
            self.learnt_from(Value("residual", rows=score.rows, estimator=score.estimator, attributes=inside))
        estimator = value.estimator
        if estimator is None or not value.rows:
            return
        if not value.rows <= estimator.fitted:
            self.facts.draws.append(Draw(f"The training of {estimator.name}", "torch", False, estimator.place))
            estimator.fitted |= value.rows
            inside = value.attributes or {}
            self.facts.fits.append(
                Fit(
                    estimator,
                    Value("data", rows=value.rows),
                    inside.get("true"),
                    value.rows,
                    self.place(),
                    frozenset(),
                    1,
                    frozenset(self.looping),
                )
            )
