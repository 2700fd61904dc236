"""Softmax or sigmoid in the model, and once more in its loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject, calls_named, last_name

_LOSSES = (
    "CrossEntropyLoss",
    "BCEWithLogitsLoss",
    "cross_entropy",
    "binary_cross_entropy_with_logits",
    "SparseCategoricalCrossentropy",
    "CategoricalCrossentropy",
    "BinaryCrossentropy",
)
_SHAPING = {"squeeze", "view", "reshape", "flatten", "float", "clamp", "unsqueeze"}


def _is_softmax(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = last_name(node.func)
        if name in ("Softmax", "LogSoftmax", "Sigmoid"):
            return True
        return any(
            key.arg == "activation"
            and isinstance(key.value, ast.Constant)
            and key.value.value in ("softmax", "sigmoid")
            for key in node.keywords
        )
    return False


def _output_activations(subject: Subject) -> dict[str, Cell]:
    """What the last layer of a Sequential, or a `forward`, ends with: softmax or sigmoid, in which cell."""
    found: dict[str, Cell] = {}
    inside = {  # a class is judged by what it returns
        each
        for _, node in subject.notebook.nodes()
        if isinstance(node, ast.ClassDef)
        for each in ast.walk(node)
        if each is not node
    }
    classes = _classes(subject)
    inner = _inner_classes(classes)
    for cell, node in subject.notebook.nodes():
        if node in inside:
            continue
        if isinstance(node, ast.Call) and last_name(node.func) == "Sequential":
            first = node.args[0] if node.args else None
            held = first.value if isinstance(first, ast.Starred) else first
            if isinstance(held, ast.Name):  # a list that was built before
                held = _list_named(subject, held.id)
            layers = held.elts if isinstance(held, ast.List) else node.args
            if layers and _is_softmax(layers[-1]):
                found[_activation(layers[-1])] = cell
        elif isinstance(node, ast.Call) and last_name(node.func) == "Model":
            outputs = [each.value for each in node.keywords if each.arg == "outputs"] + node.args[1:2]
            for layer in (_layer_named(subject, each) for each in outputs):
                if layer is not None and _is_softmax(layer):
                    found[_activation(layer)] = cell
        elif isinstance(node, ast.ClassDef) and node.name not in inner:
            for ending in _of_class(node, classes):
                found[ending] = cell
    return found


def _ends_plainly(subject: Subject) -> bool:
    """Whether some Sequential of its own, not a part of another model, ends with no activation."""
    for _, node in subject.notebook.nodes():
        if not isinstance(node, ast.Assign) or not all(isinstance(each, ast.Name | ast.Tuple) for each in node.targets):
            continue
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for each in values:
            if isinstance(each, ast.Call) and last_name(each.func) == "Sequential":
                layers = _layers(each)
                if layers and not isinstance(layers[-1], ast.Starred | ast.Name) and not _is_softmax(layers[-1]):
                    return True
    return False


def _layers(sequential: ast.Call) -> list[ast.expr]:
    """The layers that a Sequential is given, in a list or one by one."""
    first = sequential.args[0] if sequential.args else None
    return first.elts if isinstance(first, ast.List) else sequential.args


def _layer_named(subject: Subject, node: ast.expr) -> ast.Call | None:
    """The layer that made what a name is bound to last: `out = Dense(1)(hidden)`."""
    made = [
        each.value
        for _, each in subject.notebook.nodes()
        if isinstance(each, ast.Assign) and any(ast.unparse(target) == ast.unparse(node) for target in each.targets)
    ]
    called = made[-1] if made else node
    layer = called.func if isinstance(called, ast.Call) else None
    return layer if isinstance(layer, ast.Call) else None


def _list_named(subject: Subject, name: str) -> ast.List | None:
    """The only list that a name is bound to."""
    lists = [
        node.value
        for _, node in subject.notebook.nodes()
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.List)
        and any(isinstance(each, ast.Name) and each.id == name for each in node.targets)
    ]
    return lists[0] if len(lists) == 1 else None


def _activation(node: ast.AST) -> str:
    name = last_name(node.func).lower() if isinstance(node, ast.Call) else ""
    if name in ("softmax", "sigmoid", "logsoftmax"):
        return name
    return next((str(key.value.value) for key in getattr(node, "keywords", ()) if key.arg == "activation"), "")


def _classes(subject: Subject) -> dict[str, ast.ClassDef]:
    return {node.name: node for _, node in subject.notebook.nodes() if isinstance(node, ast.ClassDef)}


def _forward(node: ast.ClassDef) -> ast.FunctionDef | None:
    """The method that gives a network's output."""
    methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    return methods.get("forward") or methods.get("call")


def _inner_classes(classes: dict[str, ast.ClassDef]) -> set[str]:
    """Classes whose objects are parts of what another class's network does."""
    return {
        last_name(each.func)
        for node in classes.values()
        if _forward(node) is not None
        for each in ast.walk(node)
        if isinstance(each, ast.Call)
    }


def _of_class(node: ast.ClassDef, classes: dict[str, ast.ClassDef], depth: int = 3) -> Iterator[str]:
    """What the `forward` (Keras: `call`) of a class ends with, by each of its returns."""
    forward = _forward(node)
    start = next((each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None)
    if forward is None or depth == 0:
        return
    known = {**(_bound(start) if start is not None else {}), **_bound(forward)}
    for each in ast.walk(forward):
        if isinstance(each, ast.Return):
            ending = _ending(each.value, known)
            inner = known.get(ast.unparse(each.value.func)) if isinstance(each.value, ast.Call) else None
            part = classes.get(last_name(inner.func)) if isinstance(inner, ast.Call) else None
            if ending in ("softmax", "sigmoid"):
                yield ending
            elif part is not None:  # what a network of the notebook's own inside it ends with
                yield from _of_class(part, classes, depth - 1)


def _bound(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """What names and attributes of `self` are bound to last."""
    return {
        ast.unparse(target): each.value
        for each in ast.walk(function)
        if isinstance(each, ast.Assign)
        for target in each.targets
    }


def _ending(node: ast.expr | None, known: dict[str, ast.expr], depth: int = 6) -> str:
    """What was applied last in an expression: softmax, sigmoid, logsoftmax, or an empty text."""
    if node is None or depth == 0:
        return ""
    if isinstance(node, ast.Name | ast.Attribute):
        return _ending(known.get(ast.unparse(node)), known, depth - 1)
    if not isinstance(node, ast.Call):
        return ""
    name = last_name(node.func)
    if _is_softmax(node) or name in ("softmax", "sigmoid", "log_softmax"):
        return _activation(node) or name.replace("_", "")
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    inner = node.args[0] if node.args else owner
    if name == "exp":
        return "softmax" if _ending(inner, known, depth - 1) == "logsoftmax" else ""
    if name in _SHAPING:
        return _ending(owner if ast.unparse(node.func) not in known else None, known, depth - 1)
    if name == "Sequential":
        layers = _layers(node)
        return _ending(layers[-1], known, depth - 1) if layers else ""
    layer = node.func if isinstance(node.func, ast.Call) else known.get(ast.unparse(node.func))
    return _ending(layer, known, depth - 1) if isinstance(layer, ast.Call) else ""


def _doubled(subject: Subject) -> Iterator[Found]:
    calls = [*calls_named(subject.notebook, *_LOSSES)]
    # Where another model stands beside it, which of them the loss is for isn't known.
    ends = {} if not calls or _ends_plainly(subject) else _output_activations(subject)
    for cell, call in calls:
        name = last_name(call.func)
        wanted = "sigmoid" if "inary" in name or "BCE" in name else "softmax"
        logits = (
            name[:1].islower()
            or name.endswith("Loss")
            or any(
                key.arg == "from_logits" and isinstance(key.value, ast.Constant) and key.value.value is True
                for key in call.keywords
            )
        )
        direct = bool(call.args) and isinstance(call.args[0], ast.Call) and last_name(call.args[0].func) == wanted
        if logits and (direct or wanted in ends):
            yield Found(cell, call.lineno, f"{name} applies {wanted} itself, but the model ends with {wanted} already.")


_NET = """# %%
import torch
from torch import nn
torch.manual_seed(0)
x, y = torch.load('xy.pt')
loss_of = nn.CrossEntropyLoss()
"""

RULES = (
    Rule(
        id="doubled_activation",
        area="evaluation",
        severity="error",
        title="Softmax or sigmoid applied twice",
        why="The loss expects raw scores. Applied twice, gradients shrink, and the model trains slowly or not at all.",
        advice="Let the model end with a linear layer, or use the loss for probabilities.",
        bad=_NET + "model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))\nprint(loss_of(model(x), y))\n#> 1.1\n",
        good=_NET + "model = nn.Sequential(nn.Linear(4, 3))\nprint(loss_of(model(x), y))\n#> 1.1\n",
        check=_doubled,
    ),
)
