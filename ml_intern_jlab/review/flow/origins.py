"""Where rows and chance come from: files, generators, seeds, splitters."""

from __future__ import annotations

import re

from .facts import Draw, Split
from .known import SPLITTERS
from .library_calls import LibraryCalls
from .row_methods import Named, is_true
from .sql import IS_QUERY, group_averages
from .subscripts import is_side
from .values import NOTHING, Columns, Derivation, Part, Rows, Taint, Value, constant, gathered

_SPLIT_NAMES = ("train", "test", "validation", "unsupervised")


class Origins(LibraryCalls):
    """The part of the interpreter that reads, draws and splits."""

    def _read_file(self, name: str, origin: str, arguments: list[Value], named: Named) -> Value:
        """Rows from a file or a generator. The same file read twice gives the same rows."""
        first, home = arguments[0] if arguments else NOTHING, origin.split(".", 1)[0]
        key = f"{name} {first.constant}" if first.known else f"{name} {self.place()}"
        rows: Rows = frozenset({Part(key, kind="file")})
        texts = [str(each.constant) for each in named.values() if each.known]
        side = next((text for text in texts if is_side(text)), None) if "split" not in named else None
        if side is not None:  # fetch_20newsgroups(subset="test")
            rows = frozenset({Part(f"{key} sides", side, rows, "file")})
        looped = frozenset({f"each file {self.loops}"} if self.loops and not first.known else ())
        derivation = Derivation(through=looped)
        columns = Columns(whole=True, source=key)
        value = Value("data", rows=rows, columns=columns, origin=origin, derivation=derivation)
        if isinstance(first.constant, str) and IS_QUERY.match(first.constant):
            value = self._queried(value, first.constant)
        if (name == "load_dataset" and home != "seaborn") or "split" in named:
            return self._dataset(value, key, named)
        pair = Value(
            items=(
                value.but(columns=None),
                value.but(
                    columns=Columns(frozenset({"target"})), mark="target", derivation=Derivation(frozenset({"target"}))
                ),
            )
        )
        if (
            is_true(named.get("return_X_y"))
            or name == "load_svmlight_file"
            or re.match(r"make_(?!pipeline|column|union|scorer)", name)
        ):
            if name == "make_classification" and named.get("weights"):
                pass
            return pair
        if home == "numpy" and isinstance(first.constant, str) and first.constant.endswith(".npz"):
            return value.but(mark="archive")
        if home == "sklearn":
            # A Bunch: its parts have names.
            names = ("data", "images", "frame", "target")
            parts = (
                dict(zip(names, (pair.items[0], pair.items[0], value, pair.items[1]), strict=True))
                if pair.items
                else {}
            )
            return Value("frames", keys=tuple(parts.items()))
        if name == "load_data":
            train, test = (
                value.but(rows=frozenset({Part(f"{key} sides", side, rows, "file")})) for side in ("train", "test")
            )
            return Value(items=tuple(Value(items=(each, each)) for each in (train, test)))
        return value

    def _queried(self, value: Value, query: str) -> Value:
        """What a database answers, with the columns that are averages over groups."""
        for name, column in group_averages(query).items():
            taint = Taint("group_statistic", value.rows, self.place(), frozenset({column}), "GROUP BY")
            made = Derivation(frozenset({column}), frozenset({"group"}))
            value = value.but(taints=value.taints | {taint}, derived=(*value.derived, (name, made)))
        return value

    def published(self, origin: str, arguments: list[Value], named: Named) -> Value:
        """`torchvision.datasets.MNIST(root, train=True)`: one side of a data set that comes in two.

        Of an `ImageFolder` it is the root that tells the sides.
        """
        side = named.get("train", named.get("split", NOTHING))
        root = named.get("root", arguments[0] if arguments else NOTHING)
        if origin.endswith("Folder"):
            where = root.constant if root.known else f"{self.place()} {self.inner}"
            return Value("data", rows=frozenset({Part(f"{origin} {where}", kind="file")}), origin=origin)
        whole: Rows = frozenset({Part(origin, kind="file")})
        if not side.known:
            return Value("data", rows=whole, origin=origin)
        name = {True: "train", False: "test"}.get(side.constant, str(side.constant))
        return Value("data", rows=frozenset({Part(f"{origin} sides", name, whole, "file")}), origin=origin)

    def _dataset(self, value: Value, key: str, named: Named) -> Value:
        """`datasets.load_dataset`: named parts, or the one that `split` names."""
        parts = {
            each: value.but(rows=frozenset({Part(f"{key} sides", each, value.rows, "file")})) for each in _SPLIT_NAMES
        }
        split = named.get("split")
        if split is not None and split.items:
            return Value(items=tuple(self._dataset(value, key, {"split": each}) for each in split.items))
        if split is None or not isinstance(split.constant, str):
            return Value("frames", keys=tuple(parts.items()), rows=frozenset()) if split is None else value
        name, _, bounds = split.constant.partition("[")
        chosen = parts.get(name, value.but(rows=frozenset({Part(f"{key} sides", name, value.rows, "file")})))
        if not bounds:
            return chosen
        low, _, high = bounds.rstrip("]").replace("%", "").partition(":")
        ends = [constant(int(each) if re.fullmatch(r"-?[0-9]+", each) else each or None) for each in (low, high)]
        return self._rows_at(chosen, Value("slice", items=tuple(ends)), "")

    def _random(self, name: str, origin: str, arguments: list[Value], named: Named) -> Value:
        library = "torch" if origin.startswith("torch") else ("random" if origin.startswith("random") else "numpy")
        if name in ("default_rng", "RandomState", "Random", "Generator", "PRNGKey", "key"):
            seeded = bool(arguments or named) and not (
                arguments and arguments[0].known and arguments[0].constant is None
            )
            return Value("generator", mark="seeded" if seeded else "", origin=library)
        return self.drawn(name, library, arguments, named, seeded=False)

    def drawn(self, name: str, library: str, arguments: list[Value], named: Named, seeded: bool) -> Value:
        """What chance gives: numbers, positions, or rows in another order."""
        if name not in ("Generator", "get_state", "set_state", "SeedSequence"):
            what = f"{library}.random.{name}" if library == "numpy" else f"{library}.{name}"
            self.facts.draws.append(Draw(what, library, seeded, self.place()))
        first = gathered(arguments[0]) if arguments else NOTHING
        size = named.get("size", NOTHING)
        if not first.rows and name != "choice" and any(each.kind == "length" for each in (size, *(size.items or ()))):
            first = gathered(size).but(kind="length")  # one for each row
        if name in ("permutation", "shuffle") and first.rows:
            return first.but(kind="index" if first.kind == "length" else first.kind, known=False, shuffled=True)
        if name == "choice" and first.rows and is_true(named.get("replace", named.get("size"))):
            taint = Taint("resampling", first.rows, self.place(), what="choice")
            return first.but(kind="index", taints=first.taints | {taint})
        if name == "choice" and first.rows:
            key = f"choice {self.place()}"
            return first.but(kind="index", rows=self.part(key, "in", first.rows, "random"))
        return Value(
            "random",
            rows=first.rows if first.kind == "length" else frozenset(),
            derivation=Derivation(frozenset(), frozenset({"random"})),
        )

    def _splitter(self, name: str, arguments: list[Value], named: Named) -> Value:
        how = SPLITTERS[name]
        if how == "ordered" and is_true(named.get("shuffle")):
            how = "random"
            self.draw(name, "numpy", named, ("random_state",))
        elif how == "random" and name != "LeaveOneOut":
            self.draw(name, "numpy", named, ("random_state",))
        return Value("splitter", mark=how, origin=name)

    def _folds(self, owner: Value, arguments: list[Value], named: Named) -> Value:
        source = gathered(arguments[0] if arguments else named.get("X", NOTHING))
        if not source.rows:
            return NOTHING
        key = f"folds {self.place()}"
        self.facts.splits.append(
            Split(arguments[0] if arguments else source, owner.mark, key, self.place(), folds=True)
        )
        train, test = (Value("index", rows=self.part(key, side, source.rows, "fold")) for side in ("train", "test"))
        return Value("folds", element=Value(items=(train, test)))
