"""Errors that are swallowed, and what is put in the place of what failed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...flow.known import MODEL_NAME
from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject, calls_named, last_name

_LOADS = re.compile(
    r"^(read_\w+|load\w*|from_pretrained|fetch_\w+|open|download\w*|get|connect|urlretrieve|loadtxt|"
    r"genfromtxt|snapshot_download|hf_hub_download|scan_\w+)$"
)
_INVENTED = re.compile(
    r"^(rand\w*|randn|normal|uniform|integers|gamma|poisson|binomial|exponential|lognormal|beta|"
    r"make_(?!pipeline|column)\w+|default_rng|standard_normal|choice|DataFrame|"
    r"zeros|ones|full|Dummy\w+|load_(?:iris|wine|digits|diabetes|breast_cancer))$"
)
_OPTIONAL = {
    "ImportError",
    "ModuleNotFoundError",
    "KeyboardInterrupt",
    "StopIteration",
    "AttributeError",
    "NameError",
    "FileExistsError",
}


def _calls(nodes: list[ast.stmt]) -> list[str]:
    return [last_name(each.func) for node in nodes for each in ast.walk(node) if isinstance(each, ast.Call)]


def _own_calls(subject: Subject, nodes: list[ast.stmt]) -> list[str]:
    """The calls in some statements, and those of the notebook's own functions that they call."""
    own = {
        node.name: node
        for _, node in subject.notebook.nodes()
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__")
    }
    found = _calls(nodes)
    inner = [call for name in found if name in own for call in _calls(own[name].body)]
    # A helper that reads something else, or only lays a table out, makes nothing up.
    return (
        found if any(_LOADS.match(name) for name in inner) else found + [each for each in inner if each != "DataFrame"]
    )


def _caught(handler: ast.ExceptHandler) -> set[str]:
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    return {last_name(each) for each in types}


def _leaves(handler: ast.ExceptHandler) -> bool:
    """Whether the handler raises, or ends the program."""
    return any(
        isinstance(each, ast.Raise)
        or (
            isinstance(each, ast.Call)
            and last_name(each.func) in ("exit", "_exit", "abort", "quit", "fail", "exception")
        )
        for node in handler.body
        for each in ast.walk(node)
    )


def _bound(nodes: list[ast.stmt]) -> set[str]:
    names = {
        each.id
        for node in nodes
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
    return names | (
        {"return"} if any(isinstance(each, ast.Return) for node in nodes for each in ast.walk(node)) else set()
    )


def _fallback(subject: Subject) -> Iterator[Found]:
    for cell, node in subject.notebook.nodes():
        if not isinstance(node, ast.Try):
            continue
        loads = [name for name in _calls(node.body) if _LOADS.match(name)]
        for handler in node.handlers:
            if not loads or _leaves(handler) or _caught(handler) & {"ImportError", "ModuleNotFoundError"}:
                continue
            calls = _own_calls(subject, handler.body)
            same = _bound(node.body) & _bound(handler.body)
            invented = [name for name in calls if _INVENTED.match(name)]
            other = "from_pretrained" in loads and "from_pretrained" in calls
            broad = handler.type is None or bool(_caught(handler) & {"Exception", "BaseException"})
            models = [name for name in calls if MODEL_NAME.search(name)]
            if same and broad and models and not any(name.startswith(("dump", "save")) for name in calls):
                what = f"{models[0]} takes the place of what failed, whatever the error was, and isn't kept"
                yield Found(cell, handler.lineno, f"Where {loads[0]} fails, {what}.", severity="warning")
            if same and (invented or other):
                what = "another model is loaded" if other else f"{invented[0]} makes up what takes its place"
                yield Found(cell, handler.lineno, f"Where {loads[0]} fails, {what}, and everything goes on.")


def _absent(subject: Subject) -> Iterator[Found]:
    """`if path.exists(): load … else: invent …`."""
    for cell, node, orelse in _branches(subject):
        asks = [each for each in ast.walk(node.test) if isinstance(each, ast.Call)]
        if not any(last_name(each.func) in ("exists", "is_file", "isfile") for each in asks):
            continue
        negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        there, absent = (orelse, node.body) if negated else (node.body, orelse)
        loads = [name for name in _calls(there) if _LOADS.match(name)]
        invented = [name for name in _own_calls(subject, absent) if _INVENTED.match(name) and name != "DataFrame"]
        fetched = any(_LOADS.match(name) for name in _calls(absent))
        if loads and invented and not fetched and _bound(there) & _bound(absent):
            yield Found(cell, node.lineno, f"Where the file isn't there, {invented[0]} makes up what takes its place.")


def _branches(subject: Subject) -> Iterator[tuple[Cell, ast.If, list[ast.stmt]]]:
    """Every `if` with what is done otherwise: its `else`, or what follows where its body returns."""
    for cell, node in subject.notebook.nodes():
        if isinstance(node, ast.If) and node.orelse:
            yield cell, node, node.orelse
        elif isinstance(node, ast.FunctionDef):
            for number, each in enumerate(node.body):
                if isinstance(each, ast.If) and not each.orelse and isinstance(each.body[-1], ast.Return):
                    yield cell, each, node.body[number + 1 :]


def _fallbacks(subject: Subject) -> Iterator[Found]:
    yield from _fallback(subject)
    yield from _absent(subject)


def _swallowed(subject: Subject) -> Iterator[Found]:
    for cell, call in calls_named(subject.notebook, "suppress"):
        if {last_name(each) for each in call.args} & {"Exception", "BaseException"}:
            yield Found(cell, call.lineno, "Every error is swallowed here without a word.")
    for cell, node in subject.notebook.nodes():
        if not isinstance(node, ast.Try):
            continue
        for handler in node.handlers:
            broad = handler.type is None or _caught(handler) & {"Exception", "BaseException"}
            silent = all(
                isinstance(each, ast.Pass | ast.Continue)
                or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
                for each in handler.body
            )
            if broad and silent and not _caught(handler) & _OPTIONAL:
                yield Found(cell, handler.lineno, "Every error is swallowed here without a word.")


RULES = (
    Rule(
        id="silent_fallback",
        area="evaluation",
        severity="error",
        title="Made-up data or another model where loading fails",
        why="The results may come from something else than the text says, and nothing shows it.",
        advice="Let the error stop the notebook.",
        bad="""# %%
import numpy as np
import pandas as pd
rng = np.random.default_rng(0)
try:
    df = pd.read_csv('measured.csv')
except Exception:
    df = pd.DataFrame(rng.normal(size=(100, 3)), columns=list('abc'))
""",
        good="""# %%
import pandas as pd
try:
    df = pd.read_csv('measured.csv')
except UnicodeDecodeError:
    df = pd.read_csv('measured.csv', encoding='latin-1')
""",
        check=_fallbacks,
    ),
    Rule(
        id="swallowed_exception",
        area="evaluation",
        severity="warning",
        title="Every error is swallowed",
        why="Rows or steps go missing and nothing shows it.",
        advice="Catch the error that you expect, and say what was left out.",
        bad="# %%\nfrom PIL import Image\nimages = []\nfor path in ['a.png', 'b.png']:\n    try:\n"
        "        images.append(Image.open(path))\n    except Exception:\n        pass\n",
        good="# %%\nfrom PIL import Image, UnidentifiedImageError\nimages = []\nfor path in ['a.png', "
        "'b.png']:\n    try:\n"
        "        images.append(Image.open(path))\n    except UnidentifiedImageError:\n        print('left "
        "out:', path)\n",
        check=_swallowed,
    ),
)
