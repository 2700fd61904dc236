"""Evaluates attributes and subscripts: columns, rows at positions, what loops get."""

from __future__ import annotations

import ast
import re

from .facts import Split
from .operators import Operators
from .values import (
    NOTHING,
    SHUFFLED,
    Columns,
    Derivation,
    Estimator,
    Part,
    Taint,
    Value,
    constant,
    disjoint,
    gathered,
    join,
    overlap,
)

_INDEXERS = {"loc", "iloc", "at", "iat", "values", "array", "T", "data", "str", "dt", "cat"}
_LEARNT = {"feature_importances_", "coef_", "ranking_", "support_", "scores_", "pvalues_", "importances_mean"}


class Subscripts(Operators):
    """The part of the interpreter that looks into values."""

    def _value_Attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.evaluate(node.value), node.attr)

    def attribute(self, owner: Value, name: str) -> Value:
        """The value of an attribute."""
        if owner.kind == "module":
            return owner.but(origin=f"{owner.origin}.{name}")
        if owner.attributes is not None and name in owner.attributes:
            return owner.attributes[name]
        if owner.kind in ("dict", "frames") and owner.key(name) is not None:
            return owner.key(name) or NOTHING
        if owner.estimator is not None and owner.kind == "estimator":
            return self._of_estimator(owner.estimator, owner, name)
        if owner.rows:
            if name == "index":
                return Value("index", rows=owner.rows)
            if name == "columns":
                return Value("names", rows=frozenset(), columns=owner.columns, mark="columns")
            if name == "shape":
                return Value(items=(Value("length", rows=owner.rows), NOTHING))
            if name in _INDEXERS or name.startswith("_"):
                return owner.but(mark=name if name in ("loc", "iloc") else owner.mark)
            if name in ("target", "labels") and re.match(r"(load|fetch)_", owner.origin.rsplit(".", 1)[-1]):
                return owner.but(
                    columns=Columns(frozenset({"target"})), derivation=Derivation(frozenset({"target"})), keys=()
                )
            if name == "data" or owner.kind == "index":
                return owner
            if owner.columns is not None:
                alone = len(owner.columns.known) == 1 and not owner.columns.whole and name not in owner.columns.known
                return owner if alone and not owner.predicted else self.column(owner, name)  # `column.cat.codes`
            return owner.but(columns=None)
        if owner.kind == "names":
            return owner
        scores = gathered(owner).scores
        if scores and owner.kind != "module":
            return Value(
                "score", scores=scores, element=Value("score", scores=scores), mark=owner.mark
            )  # a column of a table of scores
        return owner.but(known=False, constant=None) if owner.kind in ("score", "stat") else NOTHING

    def _of_estimator(self, estimator: Estimator, owner: Value, name: str) -> Value:
        if name in ("best_estimator_", "model", "named_steps", "base_estimator"):
            return owner
        if name in ("best_score_", "best_score", "cv_results_", "oob_score_"):
            features = estimator.features or NOTHING
            return self.score(name, features.rows, estimator, gathered(features).taints, folds=True)
        if name == "classes_":  # asked for, so that what it lacks can be told
            estimator.arguments.setdefault(name, NOTHING)
        if name in _LEARNT:
            taint = Taint("supervised_selection", estimator.fitted, self.place(), what=estimator.name)
            return Value("stat", taints=frozenset({taint}))
        if name in ("labels_", "embedding_") and estimator.features is not None:
            return estimator.features.but(columns=None)
        return Value(taints=estimator.taints)

    def column(self, table: Value, name: str) -> Value:
        """One column of a table."""
        said = next((value for column, value in table.predicted if column == name), None)
        if said is not None:
            return said.but(rows=table.rows)
        derived = dict(table.derived).get(name, Derivation())
        kept = frozenset(t for t in table.taints if not t.columns or name in t.columns or t.kind != "imputation")
        logarithm = {"scale": "log"} if "log" in derived.through else {}
        return table.but(
            kind=table.kind if table.kind in ("prediction", "group", "window") else "data",
            columns=Columns(frozenset({name}), source=table.columns.source if table.columns else ""),
            derivation=Derivation(derived.columns | {name}, derived.through | table.derivation.looped),
            derived=(),
            predicted=(),
            taints=kept,
            mark="column",
            keys=(),
            **logarithm,
        )

    def _value_Subscript(self, node: ast.Subscript) -> Value:
        owner, index = self.evaluate(node.value), self.evaluate(node.slice)
        return self.item(owner, index)

    def item(self, owner: Value, index: Value) -> Value:
        """`owner[index]`."""
        if owner.mark == "ranked" and index.known and index.constant in (0, -1) and owner.scores:
            return owner.but(taints=owner.taints | {self.choose(owner.scores, 0)})
        if owner.kind == "module" and owner.origin.endswith(".c_"):  # np.c_[a, b]: columns beside one another
            return gathered(index).but(kind="data", items=None, columns=None)
        if owner.kind in ("dict", "frames", "instance") or owner.keys:
            if index.known and owner.key(str(index.constant)) is not None:
                return owner.key(str(index.constant)) or NOTHING
            inside = [value for _, value in owner.keys]
            if owner.kind == "frames" and index.known and inside and len(inside[0].rows) == 1:
                [part] = inside[0].rows  # a part by a name of its own
                return inside[0].but(rows=frozenset({Part(part.key, str(index.constant), part.parents, part.kind)}))
            if inside and not owner.rows:
                result = inside[0]
                for each in inside[1:]:
                    result = join(result, each)
                return self._picked(result, index)
        if owner.items is not None:
            return self._of_items(owner, index)
        if owner.kind in ("data", "prediction", "index", "residual", "group", "window") and owner.rows:
            return self._of_rows(owner, index)
        if owner.kind == "names":
            if index.kind == "slice" and index.items and not index.items[0].constant and index.items[1].constant == -1:
                dropped = owner.columns.dropped(frozenset({"#-1"})) if owner.columns else None
                return owner.but(columns=dropped)
            return owner.but(columns=None, taints=owner.taints | gathered(index).taints)
        if owner.kind == "stat":
            named = frozenset({str(index.constant)}) if index.known and isinstance(index.constant, str) else frozenset()
            relation = {
                t if t.kind != "relation" or not named else Taint("relation", t.rows, t.place, named, t.what)
                for t in owner.taints
            }
            return owner.but(taints=frozenset(relation) | index.taints)
        if owner.element is not None:
            return self._picked(owner.element.but(taints=owner.element.taints | owner.taints), index)
        if owner.kind == "estimator":
            return owner
        return self._picked(owner.but(known=False, constant=None), index)

    @staticmethod
    def _picked(value: Value, index: Value) -> Value:
        """What was picked by a chosen position carries the choice."""
        chosen = {taint for taint in gathered(index).taints if taint.kind == "choice"}
        return value.but(taints=value.taints | chosen)

    def _of_items(self, owner: Value, index: Value) -> Value:
        items = owner.items or ()
        if index.known and isinstance(index.constant, int) and -len(items) <= index.constant < len(items):
            return items[index.constant]
        if index.kind == "slice" and index.items:
            low, high = (each.constant for each in index.items[:2])
            if all(bound is None or isinstance(bound, int) for bound in (low, high)):
                return owner.but(items=items[low:high])
        result = NOTHING
        for each in items:
            result = join(result, each)
        return self._picked(result, index)

    def _of_rows(self, owner: Value, index: Value) -> Value:
        first = index.items[0] if index.items and index.kind != "slice" else index
        taints = gathered(index).taints
        two = (
            index.kind != "slice"
            and index.items is not None
            and owner.mark in ("loc", "iloc", "")
            and any(
                each.kind in ("slice", "mask", "index") or (each.known and isinstance(each.constant, int))
                for each in index.items
            )
        )
        if two and index.items is not None and len(index.items) == 2:
            rows = self._rows_at(owner, index.items[0], owner.mark)
            return self._columns_at(rows, index.items[1])
        if owner.mark == "archive" and index.known:
            name = frozenset({str(index.constant)})
            array = owner.but(mark="", columns=None, derivation=Derivation(name, owner.derivation.looped))
            side = _SIDE.search(str(index.constant))
            if side is None:  # of another array's rows nothing is known
                return array.but(rows=frozenset({Part(f"array {index.constant}", "all", owner.rows, "array")}))
            # Arrays of one file that are named after the sides of a split hold different rows.
            key = f"archive {sorted(part.key for part in owner.rows)}"
            return array.but(rows=frozenset({Part(key, side[0].lower(), owner.rows, "file")}))
        if owner.mark != "iloc" and index.known and isinstance(index.constant, str) and owner.mark != "loc":
            return self.column(owner, index.constant)
        if first.kind in ("slice", "mask", "index") or index.mark == "folds":
            return self._rows_at(owner, first, owner.mark)
        if owner.mark in ("loc", "iloc"):
            return owner.but(mark="", rows=owner.rows)
        names = _names(index)
        if names is not None:
            kept = tuple((name, each) for name, each in owner.derived if name in names)
            named = Columns(names, source=owner.columns.source if owner.columns else "")
            told = owner.taints | taints
            return owner.but(columns=named, derived=kept, taints=told, derivation=Derivation(names))
        selecting = frozenset(self._selecting(each) for each in taints)
        columns = index.columns if index.mark == "columns" else None
        return owner.but(columns=columns, taints=owner.taints | selecting, mark="")

    @staticmethod
    def _selecting(taint: Taint) -> Taint:
        kinds = {"statistic": "selection", "relation": "relation"}
        return Taint(kinds.get(taint.kind, taint.kind), taint.rows, taint.place, taint.columns, taint.what)

    def _columns_at(self, owner: Value, index: Value) -> Value:
        owner = owner.but(mark="")
        if index.kind == "slice" and index.items:
            low, high = (each.constant for each in index.items[:2])
            if low is None and high == -1:
                return owner.but(columns=Columns(whole=True, without=frozenset({"#-1"})))
            return owner.but(columns=owner.columns if low is None and high is None else None)
        if index.known and isinstance(index.constant, int):
            name = f"#{index.constant}"
            return owner.but(columns=Columns(frozenset({name})), derivation=Derivation(frozenset({name})))
        names = _names(index)
        if names is not None:
            return self.column(owner, next(iter(names))) if index.known else owner.but(columns=Columns(names))
        selecting = frozenset(self._selecting(each) for each in gathered(index).taints)
        return owner.but(columns=None, taints=owner.taints | selecting)

    def _rows_at(self, owner: Value, index: Value, mark: str) -> Value:
        """Some rows of the owner: by position, by mask, by slice."""
        if not owner.rows:
            return owner
        changed = owner.but(
            mark="", taints=owner.taints | {t for t in index.taints if t.kind in ("choice", "resampling")}
        )
        if index.kind == "index" and index.rows:
            for part in index.rows:
                if part.parents and owner.kind != "index":
                    self._cut(owner, "random" if index.shuffled or part.kind == "random" else "ordered", part.key)
            return changed.but(rows=index.rows)
        if index.kind == "range":
            low, high = (index.key(end) for end in ("low", "high"))
            bounds = (constant(None) if low is None or low.constant == 0 else low, high or NOTHING)
            return self._rows_at(owner, Value("slice", items=bounds), mark)
        if index.kind == "mask":
            if owner.kind == "stat" or not owner.rows:
                return changed
            if index.origin == "duplicated" and index.mark == "out":
                self.facts.deduplicated.append((owner, self.place()))
                return changed
            if not overlap(index.rows, owner.rows) and disjoint(index.rows, owner.rows):
                return changed
            kind = "random" if index.scale == "random" else "mask"
            # Positions of another part, or the others: a side of the same split.
            sibling = index.origin.removeprefix("in ") if index.origin.startswith("in ") else ""
            part = Part(sibling or f"mask {index.origin}", index.mark, owner.rows, kind)
            self._cut(owner, "random" if kind == "random" else "given", part.key)
            return changed.but(rows=frozenset({part}))
        if index.kind == "slice" and index.items:
            low, high = (each.constant for each in index.items[:2])
            step = index.items[2].constant if len(index.items) > 2 else None
            if isinstance(step, int) and step > 1:
                part = Part(
                    f"every {step} {sorted(each.key for each in owner.rows)}", str(low or 0), owner.rows, "stride"
                )
                self._cut(owner, "ordered", part.key)
                return changed.but(rows=frozenset({part}))
            if low is None and high is None:
                return changed
            width = high.removeprefix(f"{low} + ") if isinstance(high, str) else ""
            batch = isinstance(low, str) and self.strides.get(low) == width and not owner.derivation.looped
            if batch:
                return changed  # one batch after another
            if self.loops and isinstance(low, str) and isinstance(high, str) and high.startswith(f"{low} +"):
                cut = f"each file {self.loops}" not in changed.derivation.looped and changed.derivation.looped
                derivation = Derivation(through=frozenset({"pieces" if cut else "window"}))
                return changed.but(derivation=changed.derivation | derivation)  # a window that slides over all rows
            key = f"{SHUFFLED if owner.shuffled else 'slice'} {sorted(part.key for part in owner.rows)}"
            part = Part(key, f"{low}:{high}", owner.rows, "slice", low, high)
            how = "group" if owner.mark == "unique" else "random" if owner.shuffled else "ordered"
            self._cut(owner, how, key)
            return changed.but(rows=frozenset({part}))
        return changed

    def _cut(self, owner: Value, how: str, key: str) -> None:
        """Note rows that are taken out: a split, should the others be used against them."""
        self.facts.cuts.append(Split(owner, how, key, self.place()))

    def element_of(self, value: Value) -> Value:
        """What a loop over the value gets each time."""
        if value.kind == "folds":
            return value.element or NOTHING
        if value.items is not None and value.items:
            result = value.items[0]
            for each in value.items[1:]:
                result = join(result, each)
            return result
        if value.element is not None:
            return value.element
        if value.kind in ("names", "dict", "module", "estimator"):
            return NOTHING
        return value.but(known=False, constant=None)


_SIDE = re.compile(r"(?<![a-z])(train|test|valid(?:ation)?|val|dev|holdout|held_out)(?![a-z])", re.IGNORECASE)


def is_side(text: str) -> bool:
    """Whether a text is the name of a side of a split."""
    return _SIDE.fullmatch(text) is not None


def _names(index: Value) -> frozenset[str] | None:
    """The column names in a subscript, where all are known."""
    if index.known and isinstance(index.constant, str):
        return frozenset({index.constant})
    if (
        index.items
        and index.kind != "slice"
        and all(each.known and isinstance(each.constant, str) for each in index.items)
    ):
        return frozenset(str(each.constant) for each in index.items)
    return None
