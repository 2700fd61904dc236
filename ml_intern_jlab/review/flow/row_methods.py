"""What methods of tables, arrays and loaders do with rows: take, drop, part and order them."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from .conditions import both, conditions_in
from .facts import Draw, Split
from .subscripts import Subscripts
from .values import NOTHING, Columns, Part, Rows, Taint, Value, constant, gathered

Named = dict[str, Value]


def is_true(value: Value | None) -> bool:
    """Whether a value is surely true."""
    return value is not None and value.known and bool(value.constant)


def is_false(value: Value | None) -> bool:
    """Whether a value is surely false or None."""
    return value is not None and value.known and not value.constant


def is_none(value: Value) -> bool:
    """Whether a value is surely None."""
    return value.known and value.constant is None


class RowMethods(Subscripts):
    """Methods that take or part the rows of their object."""

    def _plain(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        """A method that isn't known keeps the rows."""
        given = [gathered(each) for each in (*arguments, *named.values())]
        taints = owner.taints.union(*(each.taints for each in given if each.kind != "function"))
        return owner.but(taints=taints, mark=owner.mark if owner.mark == "ranked" or owner.kind == "residual" else "")

    def part(self, key: str, name: str, parents: Rows, kind: str) -> Rows:
        """One side of a split of `parents`."""
        return frozenset({Part(key, name, parents, kind)})

    def _data_head(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        bound = arguments[0].constant if arguments and arguments[0].known else "n"
        return self._rows_at(owner, Value("slice", items=(constant(None), constant(bound))), "")

    _data_limit = _data_head

    def _data_tail(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        bound = -arguments[0].constant if arguments and isinstance(arguments[0].constant, int) else "-n"
        return self._rows_at(owner, Value("slice", items=(constant(bound), constant(None))), "")

    def _data_sample(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        whole = named.get("frac") or named.get("fraction")
        self.draw("sample", "numpy", named, ("random_state", "seed"))
        if is_true(named.get("replace")):
            taint = Taint("resampling", owner.rows, self.place(), what="sample(replace=True)")
            return owner.but(taints=owner.taints | {taint})
        if whole is not None and whole.constant in (1, 1.0):
            return owner.but(shuffled=True)
        state, size = named.get("random_state", named.get("seed", NOTHING)), whole or (arguments or [NOTHING])[0]
        seeded = state.known and size.known and state.constant is not None
        key = f"sample {state.constant} {size.constant}" if seeded else f"sample {self.place()} {self.inner}"
        self.facts.splits.append(Split(owner, "random", key, self.place()))
        return owner.but(rows=self.part(key, "in", owner.rows, "random"))

    def _data_drop(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        labels = named.get("columns") or named.get("labels") or (arguments[0] if arguments else NOTHING)
        if labels.kind == "index" and labels.rows:
            parents: Rows = frozenset().union(*(part.parents for part in labels.rows))
            if parents and parents <= owner.rows | frozenset().union(*(part.lineage() for part in owner.rows)):
                [first, *_] = labels.rows
                other = "out" if first.name != "out" else "in"
                return owner.but(rows=self.part(first.key, other, parents, first.kind))
            return owner
        every = [*arguments, *([labels] if labels.known or labels.items else [])]
        texts = frozenset(
            str(item.constant)
            for each in every
            for item in (*(each.items or ()), each)
            if item.known and isinstance(item.constant, str)
        )
        if not texts and not owner.columns:
            return owner
        if not texts:
            return owner.but(columns=None, taints=owner.taints | self._dropped_by(labels))
        kept = tuple((name, each) for name, each in owner.derived if name not in texts)
        return owner.but(columns=owner.columns.dropped(texts) if owner.columns else None, derived=kept)

    def _dropped_by(self, labels: Value) -> frozenset[Taint]:
        return frozenset(self._selecting(each) for each in gathered(labels).taints)

    def _data_pop(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return self.column(owner, str(arguments[0].constant)) if arguments and arguments[0].known else owner

    def _data_drop_duplicates(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        self.facts.deduplicated.append((owner, self.place()))
        return owner

    def _data_unique(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return owner.but(mark="unique")

    def _data_shuffle(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        """`datasets.Dataset.shuffle`."""
        self.draw("shuffle", "numpy", named, ("seed",))
        return owner.but(shuffled=True)

    def _data_sort_values(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        return self._plain(owner, arguments, named).but(shuffled=False)

    _data_sort = _data_sort_index = _data_sort_values

    def _data_select_dtypes(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        wanted = arguments[0] if arguments else named.get("include", NOTHING)
        kinds = [
            wanted.constant,
            wanted.origin,
            *(part for each in wanted.items or () for part in (each.constant, each.origin)),
        ]
        numbers = any(re.search(r"number|int|float", str(each)) for each in kinds)
        unwanted = named.get("exclude", NOTHING)
        texts = [unwanted.constant, *(each.constant for each in unwanted.items or ())]
        numbers |= wanted == NOTHING and any(each in ("object", "O", "category", "str") for each in texts)
        return owner.but(columns=replace(owner.columns, numeric=True) if owner.columns and numbers else None)

    def _data_duplicated(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        self.facts.duplicate_checks.append((owner, self.place()))
        return Value("mask", rows=owner.rows, origin="duplicated", mark="in")

    _data_is_duplicated = _data_duplicated

    def _data_isin(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        other = arguments[0] if arguments else NOTHING
        if other.rows and (owner.kind == "index" or any(part.parents for part in other.rows)):
            [first, *_] = other.rows
            return Value("mask", rows=owner.rows, origin=f"in {first.key}", mark=first.name)
        what = ",".join(sorted(each.key for each in other.rows)) or str(other.constant) + str(other.items)[:200]
        columns = ",".join(sorted(owner.derivation.columns))
        return Value("mask", rows=owner.rows, origin=f"{columns} in {what}", mark="in", derivation=owner.derivation)

    def _data_query(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        text = arguments[0].constant if arguments and isinstance(arguments[0].constant, str) else str(self.place())
        try:
            key, mark = conditions_in(ast.parse(text, mode="eval").body) or (text, "in")
        except (SyntaxError, ValueError):
            key, mark = text, "in"
        return self._rows_at(owner, Value("mask", rows=owner.rows, origin=key, mark=mark), "")

    def _data_filter(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        masks = [each for each in arguments if each.kind == "mask"]
        if masks:
            if len(masks) == 1:
                return self._rows_at(owner, masks[0].but(rows=owner.rows), "")
            origin = both([(each.origin, each.mark) for each in masks])
            return self._rows_at(owner, masks[0].but(rows=owner.rows, origin=origin, mark="in"), "")
        if any(each.kind == "expression" for each in arguments):
            return owner.but(rows=self.part(f"filter {self.place()}", "in", owner.rows, "mask"))
        if arguments and arguments[0].kind == "function" and owner.kind == "group":
            return owner.but(kind="data")
        return owner.but(columns=None) if named or arguments else owner

    def _data_slice(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        low = arguments[0].constant if arguments and arguments[0].known else ast.dump(ast.Constant("low"))
        high = None
        if len(arguments) > 1:
            high = arguments[1].constant if arguments[1].known else "n"
        return self._rows_at(owner, Value("slice", items=(constant(low or None), constant(high)), known=False), "")

    def _data_train_test_split(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        """`datasets.Dataset.train_test_split`."""
        self.draw("train_test_split", "numpy", named, ("seed",))
        key = f"dataset split {self.place() if not named.get('seed') else named['seed'].constant}"
        how = "ordered" if is_false(named.get("shuffle")) else "random"
        self.facts.splits.append(Split(owner, how, key, self.place()))
        return Value(
            "frames",
            keys=tuple(
                (name, owner.but(rows=self.part(key, name, owner.rows, how), kind="data")) for name in ("train", "test")
            ),
        )

    def _data_select(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        if arguments and arguments[0].kind in ("index", "slice", "range"):
            return self._rows_at(owner, arguments[0], "")
        names = [
            each.constant
            for each in (*arguments, *(arguments[0].items or () if arguments else ()))
            if each.known and isinstance(each.constant, str)
        ]
        if names:
            return owner.but(columns=Columns(frozenset(names), source=owner.columns.source if owner.columns else ""))
        return self._plain(owner.but(columns=None), [each.but(rows=frozenset()) for each in arguments], named)

    def draw(self, what: str, library: str, named: Named, seeds: tuple[str, ...]) -> None:
        """Note that something is left to chance."""
        seeded = any(name in named and not is_none(named[name]) for name in seeds)
        self.facts.draws.append(Draw(what, library, seeded, self.place()))
