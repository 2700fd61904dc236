"""Calls: of library functions, of methods, of the notebook's own functions and classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from .comparing import BEST, Comparisons
from .known import (
    CROSS_VALIDATIONS,
    EXPONENTIALS,
    LOGARITHMS,
    METRICS,
    OPTIMISERS,
    PASSING,
    READERS,
    RELATIONS,
    SEEDERS,
    SEEDS_ALL,
    SHARES,
    SPLITTERS,
    STATISTICS,
)
from .row_methods import Named
from .sql import IS_QUERY
from .values import (
    NOTHING,
    Derivation,
    Estimator,
    Taint,
    Value,
    constant,
    gathered,
    join,
    rejoined,
)

_AXES = {"set_ylim", "set_xlim", "ylim", "xlim", "set_ybound", "set_xbound", "axis", "set"}
"""What frames a picture: the least of the scores is no choice there."""


def _objective(arguments: list[Value], named: Named) -> Value | None:
    """The function of the notebook's, or the object that is called like one, that an optimiser is given."""
    given = (*arguments[:1], *(named[name] for name in ("fn", "func", "fun", "objective") if name in named))
    return next((each for each in given if each.kind in ("function", "instance")), None)


class Calls(Comparisons):
    """The part of the interpreter that evaluates calls."""

    def call(self, node: ast.Call) -> Value:
        """The value of a call."""
        function = node.func
        owner = self.evaluate(function.value) if isinstance(function, ast.Attribute) else NOTHING
        callee = (
            self.attribute(owner, function.attr) if isinstance(function, ast.Attribute) else self.evaluate(function)
        )
        framing = callee.origin.rsplit(".", 1)[-1] in _AXES or getattr(function, "attr", "") in _AXES
        self.framing += framing
        arguments: list[Value] = []
        for each in node.args:
            value = self.evaluate(each)
            arguments += list(value.items or ()) if isinstance(each, ast.Starred) else [value]
        named: Named = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = value
            else:
                named |= dict(value.keys)
        self.framing -= framing
        if callee.origin.endswith("random.shuffle") and node.args and gathered(arguments[0]).rows:
            self.mutate(node.args[0], arguments[0].but(shuffled=True))  # in place
        if isinstance(function, ast.Attribute) and owner.kind != "module":
            return self._method(node, owner, function.attr, callee, arguments, named)
        return self._function(callee, arguments, named)

    # --- functions ----------------------------------------------------------------------------------------------------

    def _function(self, callee: Value, arguments: list[Value], named: Named) -> Value:
        if callee.kind == "function":
            return self.inline(callee, arguments, named)
        if callee.kind == "class":
            return self._instance(callee, arguments, named)
        if callee.kind == "estimator" and callee.estimator is not None:
            return self.predicted(callee.estimator, arguments, named, "output")
        if callee.kind == "instance":
            return self.called_instance(callee, arguments, named)
        if callee.kind in ("loss", "metric"):
            return self._lossy(callee, arguments)
        origin = callee.origin
        name = origin.rsplit(".", 1)[-1]
        if callee.kind != "module" or not name:
            return self._unknown(name, arguments, named)
        special: Callable[..., Value] | None = getattr(self, f"_call_{name}", None)
        if special is not None:
            return special(arguments, named, origin)
        return self._by_table(name, origin, arguments, named)

    def _by_table(self, name: str, origin: str, arguments: list[Value], named: Named) -> Value:
        if name in METRICS:
            return self._metric(name, arguments, named)
        if name in OPTIMISERS and (function := _objective(arguments, named)) is not None:
            return self.optimised(function)
        if name in CROSS_VALIDATIONS:
            return self.cross_validated(name, arguments, named)
        if name in SPLITTERS:
            return self._splitter(name, arguments, named)
        if origin in SEEDERS or name in SEEDS_ALL:
            self.facts.seeds.append((SEEDERS.get(origin, "all"), self.place()))
            return NOTHING
        estimator = self.constructed(origin, arguments, named)
        if estimator is not None:
            return estimator
        home = origin.split(".", 1)[0]
        if name in BEST:
            return self._best(name, arguments, named)
        if name in ("log", "log1p", "log10", "log2", "exp", "expm1") and arguments:
            return self._rescaled(arguments[0], name)
        first = gathered(arguments[0]) if arguments else NOTHING
        if name in STATISTICS and arguments:
            axis = named.get("axis", arguments[1] if len(arguments) > 1 and name not in SHARES else NOTHING)
            return self.statistic(first, name, axis) if first.rows else first
        if name in RELATIONS and first.rows:
            other = arguments[1].derivation.columns if len(arguments) > 1 else frozenset()
            supervised = "supervised_selection" if len(arguments) > 1 and arguments[1].rows else "relation"
            rows = rejoined(first.rows.union(*(each.rows for each in arguments)))
            taint = Taint(supervised, rows, self.place(), other, name)
            return Value("stat", taints=first.taints | {taint})
        if (
            origin.startswith(("torchvision.datasets.", "torchaudio.datasets.", "torchtext.datasets."))
            and not first.rows
        ):
            return self.published(origin, arguments, named)
        if READERS.match(name) and not first.rows and home != "joblib":
            return self._read_file(name, origin, arguments, named)
        if ".random." in origin or home == "random":
            return self._random(name, origin, arguments, named)
        if name.endswith("Loss") or (home in ("torch",) and name in ("cross_entropy", "mse_loss")):
            return (
                Value("loss", origin=name)
                if not arguments or name.endswith("Loss")
                else self._unknown(name, arguments, named)
            )
        if name[:1].isupper() and (origin.startswith(("torch.nn.", "nn.")) or ".layers." in origin):
            return Value(
                "estimator",
                estimator=Estimator(
                    name,
                    "model",
                    self.place(),
                    [each.estimator for each in self._estimators_in(Value(items=tuple(arguments))) if each.estimator],
                    dict(named),
                    self.loops,
                ),
            )
        return self._unknown(name, arguments, named, origin)

    def _unknown(self, name: str, arguments: list[Value], named: Named, origin: str = "") -> Value:
        """A function that isn't known: what it returns holds the rows of its arguments."""
        values = [*arguments, *named.values()]
        if arguments and isinstance(arguments[0].constant, str) and IS_QUERY.match(arguments[0].constant):
            return self._read_file(name, origin, arguments, named)
        loss = self.residual_between(values)
        if loss is not None:
            return loss
        names = next((each for each in values if each.kind == "names"), None)
        if names is not None and name in ("list", "sorted", "set", "tuple", "Index", "array"):
            return names
        if not values:
            return Value(origin=origin)
        if name in ("enumerate", "zip", "items", "zip_longest"):
            return NOTHING
        first = arguments[0] if arguments else NOTHING
        if name in PASSING and first != NOTHING:
            deep = gathered(first)
            if name in ("list", "tuple", "iter", "tqdm", "reversed", "print", "set", "DataLoader"):
                return first
            if first.kind == "module":
                return Value(origin=origin)
            if name in ("TensorDataset", "Dataset", "DMatrix", "Pool", "column_stack", "hstack", "c_", "where"):
                return self.with_label(arguments, named, values)
            if name == "get_dummies" and first.rows:
                self.facts.dummies.append((first, self.place()))
            if name in ("stack", "array", "asarray") and first.element is not None and first.element.kind == "data":
                return deep.but(kind="data", element=None, columns=None)  # an array of what a comprehension made
            return first.but(
                rows=deep.rows,
                taints=deep.taints,
                scores=deep.scores,
                derivation=deep.derivation,
                items=first.items if not deep.rows else None,
                keys=() if deep.rows else first.keys,
                kind=first.kind or ("data" if deep.rows else ""),
            )
        deep = gathered(Value(items=tuple(each for each in values if each.kind not in ("function", "module"))))
        estimator = next((each for each in values if each.kind == "estimator"), None)
        if estimator is not None and not deep.rows:
            return (
                estimator
                if name in ("clone", "deepcopy", "copy", "prepare", "compile", "DataParallel")
                else Value(origin=origin, taints=estimator.estimator.taints if estimator.estimator else frozenset())
            )
        return Value(
            "data" if deep.rows else "",
            rows=deep.rows,
            taints=deep.taints,
            scores=deep.scores,
            origin=origin,
            derivation=deep.derivation,
        )

    def _instance(self, callee: Value, arguments: list[Value], named: Named) -> Value:
        """An object of a class of the notebook: its `__init__` is evaluated."""
        node = callee.node
        methods = {each.name: each for each in getattr(node, "body", []) if isinstance(each, ast.FunctionDef)}
        attributes: dict[str, Value] = {}
        estimator = None
        if re.search(r"Module|Model|LightningModule|BaseEstimator|ClassifierMixin|RegressorMixin", callee.origin):
            role = "fixed" if "TransformerMixin" in callee.origin else "model"
            estimator = Estimator(getattr(node, "name", ""), role, self.place(), [], dict(named), self.loops)
        kind = (
            "estimator"
            if estimator and estimator.role == "model" and not {"fit", "predict"} & methods.keys()
            else "instance"
        )
        instance = Value(kind, attributes=attributes, node=node, estimator=estimator)
        fields = [each for each in getattr(node, "body", []) if isinstance(each, ast.AnnAssign)]
        if "__init__" not in methods and fields:  # a dataclass or a named tuple
            names = [each.target.id for each in fields if isinstance(each.target, ast.Name)]
            defaults = {
                each.target.id: self.evaluate(each.value)
                for each in fields
                if isinstance(each.target, ast.Name) and each.value
            }
            attributes |= defaults | dict(zip(names, arguments, strict=False)) | named
            if "__post_init__" in methods:
                self.inline(Value("function", node=methods["__post_init__"], scope=[]), [instance], {})
        if "__init__" in methods:
            self.inline(Value("function", node=methods["__init__"], scope=[]), [instance, *arguments], named)
        if "Dataset" in callee.origin or "__getitem__" in methods:
            deep = gathered(Value(items=(*arguments, *named.values(), *attributes.values())))
            instance = instance.but(rows=deep.rows, taints=deep.taints, kind="data" if deep.rows else kind)
        return instance

    def _class_method(self, owner: Value, node: ast.ClassDef, name: str, arguments: list[Value], named: Named) -> Value:
        """`Parts.of(table)`: a method that is called on the class."""
        for each in node.body:
            if isinstance(each, ast.FunctionDef) and each.name == name:
                bound = any(getattr(mark, "id", "") == "classmethod" for mark in each.decorator_list)
                return self.inline(
                    Value("function", node=each, scope=[]), [*([owner] if bound else []), *arguments], named
                )
        return self._unknown(name, arguments, named)

    def called_instance(self, callee: Value, arguments: list[Value], named: Named) -> Value:
        """What an object of a class of the notebook returns when it is called like a function."""
        for each in getattr(callee.node, "body", []):
            if isinstance(each, ast.FunctionDef) and each.name in ("__call__", "forward"):
                return self.inline(Value("function", node=each, scope=[]), [callee, *arguments], named)
        return self._unknown("", arguments, named)

    def _lossy(self, callee: Value, arguments: list[Value]) -> Value:
        return self.residual_between(arguments) or NOTHING

    def _rescaled(self, value: Value, name: str) -> Value:
        if name in EXPONENTIALS:
            scale = "" if value.scale == "log" else ("label" if value.kind == "prediction" else value.scale)
            if value.kind == "prediction" and value.scale == "log":
                scale = "label"
            derivation = Derivation(value.derivation.columns, value.derivation.through - {"log"})
            return value.but(scale=scale, derivation=derivation)
        if name in LOGARITHMS and value.kind == "data":
            value = value.but(derivation=value.derivation | Derivation(frozenset(), frozenset({"log"})))
        if name in LOGARITHMS and value.kind in ("data", "prediction"):
            single = value.columns is not None and len(value.columns.known) == 1 and not value.columns.whole
            return value.but(
                scale="log" if single or value.kind == "prediction" or value.mark == "target" else value.scale
            )
        return value

    # --- methods ------------------------------------------------------------------------------------------------------

    def _method(
        self, node: ast.Call, owner: Value, name: str, callee: Value, arguments: list[Value], named: Named
    ) -> Value:
        if (
            callee.kind in ("function", "class", "estimator", "loss")
            and callee is not owner
            and owner.attributes is not None
        ):
            return self._function(callee, arguments, named)
        if (
            owner.node is not None
            and owner.kind in ("instance", "estimator", "data")
            and isinstance(owner.node, ast.ClassDef)
        ):
            for each in owner.node.body:
                if isinstance(each, ast.FunctionDef) and each.name == name:
                    return self.inline(Value("function", node=each, scope=[]), arguments, named, owner)
        if owner.kind == "estimator":
            return self.model_method(node, owner, name, arguments, named)
        if name == "backward" and (owner.kind == "residual" or owner.scores):
            self.learnt_from(owner)
            return NOTHING
        if owner.kind == "splitter" and name == "split":
            return self._folds(owner, arguments, named)
        if owner.kind == "generator":
            if name == "shuffle" and arguments and gathered(arguments[0]).rows:
                self.mutate(node.args[0], arguments[0].but(shuffled=True))  # in place
            return self.drawn(name, owner.origin, arguments, named, owner.mark == "seeded")
        if owner.kind == "class" and isinstance(owner.node, ast.ClassDef):
            return self._class_method(owner, owner.node, name, arguments, named)
        if owner.kind == "names":
            return self.names_method(node, owner, name, arguments)
        if name in ("append", "add", "extend", "insert", "update", "setdefault") and not owner.rows:
            return self._grown(node, name, owner, arguments)
        if name in ("items", "values", "keys", "get") and not owner.rows:
            return self._of_dict(owner, name, arguments)
        if owner.kind == "frames":
            return self._of_frames(node, owner, name, arguments)
        if owner.kind in ("dict",) or (owner.items is not None and not gathered(owner).rows):
            return self._ranked(owner, name, node)
        if name in BEST and gathered(owner).scores:
            return self._best(name, [owner], {})
        if name in ("argmax", "argmin", "argsort", "max") and owner.kind == "prediction":
            return owner.but(scale="class" if name == "argmax" else "label")
        if owner.kind == "residual" and name in ("item", "float", "cpu", "numpy", "detach"):
            return self.reduced(owner)
        if owner.kind == "expression":
            return self.expression_method(owner, name, arguments)
        if gathered(owner).rows:
            return self.data_method(node, owner, name, arguments, named)
        if owner.kind == "stat":
            return owner.but(taints=owner.taints.union(*(gathered(each).taints for each in arguments)))
        if name in OPTIMISERS and (function := _objective(arguments, named)) is not None:
            self.mutate(node.func.value if isinstance(node.func, ast.Attribute) else node, self.optimised(function))
            return NOTHING
        if owner.kind in ("score", "") and owner.scores:
            return self._ranked(owner, name, node)
        return self._unknown(name, arguments, named)

    def _grown(self, node: ast.Call, name: str, owner: Value, arguments: list[Value]) -> Value:
        if not arguments or not isinstance(node.func, ast.Attribute):
            return NOTHING
        value = arguments[-1]
        if name == "update":
            for key, each in value.keys:
                owner = owner.with_key(key, each)
            self.mutate(node.func.value, owner)
            return NOTHING
        added = self.element_of(value) if name == "extend" else value
        if owner.items is not None and self.unrolled and name in ("append", "add"):
            self.mutate(node.func.value, owner.but(items=(*owner.items, added)))
            return NOTHING
        old = self.element_of(owner) if owner.items or owner.element else None
        self.mutate(
            node.func.value,
            Value(
                owner.kind,
                element=join(old, added) if old else added,
                scores=owner.scores | gathered(added).scores,
                keys=owner.keys,
            ),
        )
        return NOTHING

    def _of_dict(self, owner: Value, name: str, arguments: list[Value]) -> Value:
        values = [value for _, value in owner.keys] or ([owner.element] if owner.element else [])
        if name == "get" and arguments and arguments[0].known:
            return owner.key(str(arguments[0].constant)) or owner.element or NOTHING
        if name == "values":
            return Value(items=tuple(values)) if owner.keys else Value(element=owner.element)
        if name == "keys" and owner.keys:
            return Value(items=tuple(constant(key) for key, _ in owner.keys))
        if name == "items" and owner.keys:
            return Value(items=tuple(Value(items=(constant(key), value)) for key, value in owner.keys))
        if name == "items" and owner.element:
            return Value(element=Value(items=(NOTHING, owner.element)), scores=owner.scores)
        return Value(scores=gathered(owner).scores)

    def _of_frames(self, node: ast.Call, owner: Value, name: str, arguments: list[Value]) -> Value:
        """`datasets.DatasetDict`: what isn't known is done to each part."""
        if name != "pop" or not arguments or not arguments[0].known or not isinstance(node.func, ast.Attribute):
            return owner
        taken = str(arguments[0].constant)
        self.mutate(node.func.value, owner.but(keys=tuple(pair for pair in owner.keys if pair[0] != taken)))
        return self.item(owner, arguments[0])
