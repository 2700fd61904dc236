"""What library functions do that part, join, count or wrap rows."""

from __future__ import annotations

import ast
from collections.abc import Callable

from .facts import Draw, Split
from .models import ModelMethods
from .row_methods import Named, is_false, is_true
from .values import NOTHING, Columns, Derivation, Estimator, Taint, Value, constant, gathered


class LibraryCalls(ModelMethods):
    """Functions by the last part of their name: `_call_NAME`."""

    _unknown: Callable[..., Value]
    _read_file: Callable[..., Value]
    drawn: Callable[..., Value]

    def _call_train_test_split(self, arguments: list[Value], named: Named, origin: str) -> Value:
        how = "ordered" if is_false(named.get("shuffle")) else "random"
        if arguments and arguments[0].mark == "unique":
            how = "group"  # the entities are parted, not their rows
        if how != "ordered":
            self.draw("train_test_split", "numpy", named, ("random_state",))
        state = named.get("random_state")
        seeded = state is not None and state.known and state.constant is not None
        size = named.get("test_size") or named.get("train_size") or NOTHING
        parts: list[Value] = []
        for each in arguments:
            deep = gathered(each)
            where = f"{state.constant} {size.constant}" if seeded and state is not None else f"{self.place()}"
            key = f"split {where}"
            kind = "index" if each.kind in ("index", "length") else (each.kind if deep.rows else "")
            for side in ("train", "test"):
                rows = self.part(key, side, deep.rows, how) if deep.rows else deep.rows
                parts.append(
                    each.but(
                        rows=rows,
                        kind=kind or "data",
                        items=None,
                        element=None,
                        taints=deep.taints,
                        known=False,
                        mark="" if each.mark in ("loc", "iloc") else each.mark,
                    )
                )
        if arguments:
            whole = arguments[0]
            self.facts.splits.append(Split(whole, how, f"split {self.place()}", self.place()))
            for each in arguments[1:]:
                self.facts.splits.append(Split(each, "same", f"split {self.place()}", self.place()))
        return Value(items=tuple(parts))

    def _call_random_split(self, arguments: list[Value], named: Named, origin: str) -> Value:
        source = gathered(arguments[0]) if arguments else NOTHING
        self.facts.draws.append(Draw("random_split", "torch", "generator" in named, self.place()))
        key = f"random_split {self.place()}"
        self.facts.splits.append(Split(source, "random", key, self.place()))
        count = len(arguments[1].items or (0, 0)) if len(arguments) > 1 else 2
        return Value(items=tuple(source.but(rows=self.part(key, str(i), source.rows, "random")) for i in range(count)))

    def _call_split(self, arguments: list[Value], named: Named, origin: str) -> Value:
        if not origin.startswith(("numpy", "np")) or len(arguments) < 2 or not gathered(arguments[0]).rows:
            return self._unknown("split", arguments, named)
        source = gathered(arguments[0])
        key = f"np.split {self.place()}"
        self.facts.splits.append(Split(source, "given", key, self.place()))
        count = (
            len(arguments[1].items or ()) + 1
            if arguments[1].items is not None
            else (arguments[1].constant if isinstance(arguments[1].constant, int) else 2)
        )
        return Value(
            items=tuple(
                source.but(rows=self.part(key, str(i), source.rows, "given"), items=None)
                for i in range(max(2, min(count, 20)))
            )
        )

    def _call_Subset(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return self._rows_at(arguments[0], arguments[1], "") if len(arguments) > 1 else NOTHING

    def _call_enumerate(self, arguments: list[Value], named: Named, origin: str) -> Value:
        first = arguments[0] if arguments else NOTHING
        if first.items is not None:
            return Value(items=tuple(Value(items=(constant(i), each)) for i, each in enumerate(first.items)))
        return Value("folds", element=Value(items=(NOTHING, self.element_of(first))))

    def _call_zip(self, arguments: list[Value], named: Named, origin: str) -> Value:
        if arguments and all(each.items is not None for each in arguments):
            columns = [each.items or () for each in arguments]
            return Value(items=tuple(Value(items=tuple(row)) for row in zip(*columns, strict=False)))
        return Value("folds", element=Value(items=tuple(self.element_of(each) for each in arguments)))

    def _call_len(self, arguments: list[Value], named: Named, origin: str) -> Value:
        deep = gathered(arguments[0]) if arguments else NOTHING
        return Value("length", rows=deep.rows) if deep.rows else NOTHING

    def _call_arange(self, arguments: list[Value], named: Named, origin: str) -> Value:
        length = next((each for each in arguments if each.kind == "length"), None)
        if length is None and arguments and all(each.known for each in arguments[:2]):
            low, high = (constant(0), arguments[0]) if len(arguments) == 1 else arguments[:2]
            return Value("range", keys=(("low", low), ("high", high)))
        return Value("index", rows=length.rows) if length else NOTHING

    _call_range = _call_arange

    def _call_randperm(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return self.drawn("permutation", "torch", arguments, {}, "generator" in named)

    def _call_next(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return self.element_of(arguments[0]) if arguments else NOTHING

    def _call_sorted(self, arguments: list[Value], named: Named, origin: str) -> Value:
        first = arguments[0] if arguments else NOTHING
        if first.mark == "unique":
            return first
        return first.but(mark="ranked", scores=gathered(first).scores, items=None, element=self.element_of(first))

    def _call_dict(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return Value("dict", keys=tuple(named.items()))

    def _call_concat(self, arguments: list[Value], named: Named, origin: str) -> Value:
        parts = [*arguments[:1]] or [named.get("objs", NOTHING)]
        sideways = named.get("axis")
        if sideways is not None and sideways.known and sideways.constant in (1, "columns"):
            deep = gathered(parts[0])
            pieces = parts[0].items or ()
            derived = tuple(pair for each in pieces for pair in each.derived)
            return deep.but(
                items=None,
                kind="data",
                derived=derived,
                columns=next((e.columns for e in pieces if e.columns and e.columns.whole), None),
            )
        if named.get("keys") is not None and parts[0].items is not None and named["keys"].items:
            names = [str(each.constant) for each in named["keys"].items]
            whole = self.concatenated(parts)
            pieces = tuple(each.but(taints=whole.taints) for each in parts[0].items)
            return whole.but(keys=tuple(zip(names, pieces, strict=False)))
        return self.concatenated(parts)

    _call_concatenate = _call_vstack = _call_concatenate_datasets = _call_cat = _call_ConcatDataset = _call_r_ = (
        _call_concat
    )

    def _call_resample(self, arguments: list[Value], named: Named, origin: str) -> Value:
        self.draw("resample", "numpy", named, ("random_state",))
        results = []
        for each in arguments:
            taint = Taint("resampling", gathered(each).rows, self.place(), what="resample")
            replaced = not is_false(named.get("replace"))
            results.append(each.but(taints=each.taints | {taint}) if replaced else each)
        return results[0] if len(results) == 1 else Value(items=tuple(results))

    def _call_qcut(self, arguments: list[Value], named: Named, origin: str) -> Value:
        value = arguments[0] if arguments else NOTHING
        return value.but(taints=value.taints | {Taint("binning", value.rows, self.place(), what="qcut")})

    def _call_col(self, arguments: list[Value], named: Named, origin: str) -> Value:
        names = frozenset(str(each.constant) for each in arguments if each.known)
        return Value(
            "expression",
            columns=Columns(names),
            derivation=Derivation(names),
            rows=frozenset(),
            origin=next(iter(names), ""),
        )

    def _call_scale(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return self._one_shot("scaling", "scale", arguments)

    def _call_zscore(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return self._one_shot("scaling", "zscore", arguments)

    _call_minmax_scale = _call_robust_scale = _call_scale

    def _one_shot(self, kind: str, what: str, arguments: list[Value]) -> Value:
        value = arguments[0] if arguments else NOTHING
        rows = gathered(value).rows
        return value.but(taints=value.taints | {Taint(kind, rows, self.place(), what=what)}) if rows else NOTHING

    def _call_Trainer(self, arguments: list[Value], named: Named, origin: str) -> Value:
        if origin.startswith(("lightning", "pytorch_lightning")):
            return Value(
                "estimator", estimator=Estimator("LightningTrainer", "model", self.place(), [], dict(named), self.loops)
            )
        train, held = named.get("train_dataset", NOTHING), named.get("eval_dataset")
        estimator = Estimator("Trainer", "model", self.place(), [], dict(named), self.loops, features=train)
        estimator.evaluated_on = held
        arguments_of = named.get("args")
        if arguments_of is not None:
            estimator.arguments |= dict(arguments_of.keys)
        return Value("estimator", estimator=estimator)

    _call_SFTTrainer = _call_Seq2SeqTrainer = _call_DPOTrainer = _call_SetFitTrainer = _call_Trainer

    def _call_TrainingArguments(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return Value("dict", keys=tuple(named.items()))

    _call_Seq2SeqTrainingArguments = _call_SFTConfig = _call_TrainingArguments

    def _call_DataLoader(self, arguments: list[Value], named: Named, origin: str) -> Value:
        source = gathered(arguments[0] if arguments else named.get("dataset", NOTHING))
        if is_true(named.get("shuffle")):
            self.facts.draws.append(Draw("DataLoader(shuffle=True)", "torch", "generator" in named, self.place()))
        return source

    def _call_Dataset(self, arguments: list[Value], named: Named, origin: str) -> Value:
        return self.with_label(
            arguments, named, [*arguments[:2], *(named[key] for key in ("label", "data") if key in named)]
        )

    def with_label(self, arguments: list[Value], named: Named, values: list[Value]) -> Value:
        """Features and target in one object: `xgboost.DMatrix(X, y)`."""
        deep = gathered(Value(items=tuple(values)))
        label = named.get("label") or (arguments[1] if len(arguments) > 1 else None)
        held = {"label": label} if label is not None and label.rows else None
        return deep.but(items=None, kind="data" if deep.rows else "", columns=None, attributes=held)

    def _call_DatasetDict(self, arguments: list[Value], named: Named, origin: str) -> Value:
        """`datasets.DatasetDict`: named parts."""
        return Value("frames", keys=(arguments[0].keys if arguments else ()) or tuple(named.items()))

    def _call_DataFrame(self, arguments: list[Value], named: Named, origin: str) -> Value:
        """A table: of columns by name, of rows, or of an index only."""
        data, index = arguments[0] if arguments else named.get("data", NOTHING), named.get("index", NOTHING)
        if data == NOTHING and index.rows:
            return Value("data", rows=index.rows, columns=Columns())
        rows = gathered(data).rows
        if data.kind != "dict" or not data.keys or not rows:
            return self._unknown("DataFrame", arguments, named)
        table = Value("data", rows=rows, columns=Columns())
        for name, column in data.keys:
            table = self.with_column(table, name, column)
        return table

    def _call_Timestamp(self, arguments: list[Value], named: Named, origin: str) -> Value:
        """A point in time that is written out: as it is written."""
        first = arguments[0] if arguments else NOTHING
        return first if first.known else self._unknown("Timestamp", arguments, named)

    _call_datetime64 = _call_Timestamp

    def _call_sliding_window_view(self, arguments: list[Value], named: Named, origin: str) -> Value:
        source = gathered(arguments[0]) if arguments else NOTHING
        return self._through(source, "window") if source.rows else NOTHING

    _call_timeseries_dataset_from_array = _call_sliding_window_view

    def _call_unique(self, arguments: list[Value], named: Named, origin: str) -> Value:
        first = gathered(arguments[0]) if arguments else NOTHING
        return first.but(mark="unique") if first.rows else self._unknown("unique", arguments, named)

    def _call_set(self, arguments: list[Value], named: Named, origin: str) -> Value:
        first = arguments[0] if arguments else NOTHING
        return first.but(mark="unique") if first.rows else first

    def _call_shuffle(self, arguments: list[Value], named: Named, origin: str) -> Value:
        if origin.startswith("random") or ".random." in origin:
            library = "random" if origin.startswith("random") else "numpy"
            return self.drawn("shuffle", library, arguments, named, seeded=False)
        self.draw("shuffle", "numpy", named, ("random_state",))
        mixed = tuple(each.but(shuffled=True) if gathered(each).rows else each for each in arguments)
        return mixed[0] if len(mixed) == 1 else Value(items=mixed)

    def _call_train(self, arguments: list[Value], named: Named, origin: str) -> Value:
        """`lightgbm.train`, `xgboost.train`."""
        every = [*arguments, *named.values()]
        data = named.get("train_set") or named.get("dtrain") or (arguments[1] if len(arguments) > 1 else NOTHING)
        if not gathered(data).rows:
            return self._unknown("train", arguments, named)
        parameters = dict(arguments[0].keys) if arguments else {}
        objective = str(parameters.get("objective", NOTHING).constant)
        estimator = Estimator("Booster", "model", self.place(), [], {**parameters, **named}, self.loops)
        owner = Value("estimator", estimator=estimator)
        for key in ("evals", "valid_sets"):
            position = {"evals": 3, "valid_sets": 3}[key]
            if key not in named and len(arguments) > position and gathered(arguments[position]).rows:
                named = {**named, key: arguments[position]}
        fitted = self.model_method(
            ast.Call(func=ast.Name("train"), args=[], keywords=[]),
            owner,
            "fit",
            [data],
            {key: value for key, value in named.items() if key not in ("train_set", "dtrain")},
        )
        del every, objective
        return fitted

    def _call_ModelCheckpoint(self, arguments: list[Value], named: Named, origin: str) -> Value:
        path = arguments[0] if arguments else named.get("filepath", NOTHING)
        best = is_true(named.get("save_best_only"))
        return Value(origin=origin, mark="best" if best else "", attributes={"path": path})

    def _call_load_model(self, arguments: list[Value], named: Named, origin: str) -> Value:
        path = arguments[0].constant if arguments and arguments[0].known else None
        return self.restored(path) or self._read_file("load_model", origin, arguments, named)

    def _call_permutation_importance(self, arguments: list[Value], named: Named, origin: str) -> Value:
        rows = gathered(arguments[1]).rows if len(arguments) > 1 else frozenset()
        taint = Taint("supervised_selection", rows, self.place(), what="permutation_importance")
        return Value("stat", taints=frozenset({taint}))
