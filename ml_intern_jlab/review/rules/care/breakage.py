"""What runs today and breaks or hangs tomorrow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...flow.values import Estimator, Place, Rows, Value, disjoint, on_two_sides, overlap
from ...rule import Found, Rule, Subject, calls_named

_MATTERS = re.compile(
    r"(ConvergenceWarning|SettingWithCopyWarning|DtypeWarning|ChainedAssignmentError|UndefinedMetricWarning|"
    r"DataConversionWarning|InconsistentVersionWarning|overflow encountered|invalid value encountered|divide by zero|"
    r"failed to converge|Input data is constant|PerformanceWarning: DataFrame is highly)"
)


def _unbounded(subject: Subject) -> Iterator[Found]:
    for cell, node in subject.notebook.nodes():
        if not isinstance(node, ast.While) or not isinstance(node.test, ast.Constant) or not node.test.value:
            continue
        if not any(isinstance(each, ast.Break | ast.Return | ast.Raise) for each in _own(node.body)):
            yield Found(cell, node.lineno, "The loop has no end: no break, return or raise in it.")


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a loop's body, without those of functions and the breaks of inner loops."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        inner = isinstance(node, ast.While | ast.For)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield from (each for each in _own([child]) if not (inner and isinstance(each, ast.Break)))  # type: ignore[list-item]


def _ignored(subject: Subject) -> Iterator[Found]:
    for cell in subject.notebook.code:
        for output in cell.outputs:
            match = _MATTERS.search(output.text) if output.kind == "stderr" else None
            if match:
                yield Found(cell, 0, f"Cell {cell.number} warns ({match[1]}), and nothing is done about it.")
                break


def _silenced(subject: Subject) -> Iterator[Found]:
    for cell, call in calls_named(subject.notebook, "filterwarnings", "simplefilter"):
        first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        blanket = len(call.args) == 1 and not call.keywords
        inside = any(
            isinstance(each, ast.With)
            and each.lineno < call.lineno <= (each.end_lineno or 0)
            and "catch_warnings" in ast.unparse(each.items[0].context_expr)
            for each in ast.walk(cell.tree or ast.Module([], []))
        )
        if first == "ignore" and blanket and not inside:
            yield Found(
                cell, call.lineno, "All warnings are silenced, those about convergence and lost data among them."
            )
    for cell, node in subject.notebook.nodes():
        if isinstance(node, ast.Assign) and any("chained_assignment" in ast.unparse(each) for each in node.targets):
            yield Found(cell, node.lineno, "Warnings about writing to a copy are silenced; the value may never arrive.")


def _categories(subject: Subject) -> Iterator[Found]:
    facts = subject.facts
    for (one, _), (other, second) in zip(facts.dummies, facts.dummies[1:], strict=False):
        if one.rows and other.rows and disjoint(one.rows, other.rows) and not _aligned(subject):
            yield subject.found(
                second,
                "get_dummies makes the columns of each part by itself; a category that one part lacks shifts them.",
            )
            return
    applied = [(each, value, place) for each, value, place, here in facts.transforms if not here]
    applied += [(each, Value(rows=rows), place) for each, rows, place in facts.predictions]
    targets = frozenset[str]().union(*(fit.target.derivation.columns for fit in facts.fits if fit.target is not None))
    told = set()
    for estimator, value, place in applied:
        for step in estimator.every():
            if step not in told and _is_strict(step, value, targets) and disjoint(value.rows, estimator.fitted):
                told.add(step)
                yield subject.found(place, f"{step.name} fails at a category that the training rows lack.")


def _is_strict(estimator: Estimator, value: Value, targets: frozenset[str]) -> bool:
    """Whether an encoder raises at a category that it hasn't seen; classes of the target are a matter of the split."""
    columns = value.derivation.columns
    if estimator.name == "LabelEncoder" and "classes_" not in estimator.arguments:
        return bool(targets) and bool(columns) and not columns & targets
    unknown = estimator.arguments.get("handle_unknown")
    return (
        estimator.name in ("OneHotEncoder", "OrdinalEncoder")
        and (unknown is None or unknown.constant == "error")
        and "categories" not in estimator.arguments
    )


def _aligned(subject: Subject) -> bool:
    return any(
        re.search(r"\.reindex\(|\.align\(|columns\s*=\s*\w+\.columns", cell.source) for cell in subject.notebook.code
    )


def _missing_values(subject: Subject) -> Iterator[Found]:
    """Gaps of the test rows are filled with what the test rows themselves say."""
    told = set()
    for value, taint, place in subject.facts.filled:
        fits = [fit for fit in subject.facts.fits if fit.estimator.role in ("model", "search")]
        used = any(overlap(rows, taint.rows) for _, rows, _ in subject.facts.predictions)
        used |= any(overlap(score.rows, taint.rows) for score in subject.facts.scores)
        own = taint.rows == value.rows and any(part.parents or part.kind == "file" for part in taint.rows)
        if own and place not in told and fits and all(disjoint(taint.rows, fit.rows) for fit in fits) and used:
            told.add(place)
            yield subject.found(
                place,
                "Gaps of the test rows are filled with the test rows' own values, not with the training rows'.",
            )
    yield from _filled_otherwise(subject)


def _of_one_model(subject: Subject, rows: Rows, others: Rows) -> bool:
    """Whether one model learns from some of the rows and predicts the other ones, which come from another file."""
    return disjoint(rows, others) and any(
        overlap(each.fitted, learnt) and overlap(predicted, asked)
        for each, predicted, _ in subject.facts.predictions
        for learnt, asked in ((rows, others), (others, rows))
    )


def _filled_otherwise(subject: Subject) -> Iterator[Found]:
    """The two sides of a split are filled, and in no way alike."""
    ways: dict[tuple[Rows, frozenset[str]], tuple[set[tuple[Rows, str]], Place]] = {}
    for value, taint, place in subject.facts.filled:
        columns = value.columns.known if value.columns is not None and not value.columns.whole else frozenset()
        ways.setdefault((value.rows, columns), (set(), place))[0].add((taint.rows, "" if taint.rows else taint.what))
    sides = list(ways.items())
    for number, ((rows, columns), (one, _)) in enumerate(sides):
        for (others, same), (another, place) in sides[number + 1 :]:
            own = any(source == others for source, _ in another)  # told above
            together = on_two_sides(rows, others) or _of_one_model(subject, rows, others)
            if columns == same and not one & another and not own and together:
                yield subject.found(
                    place, "Gaps of one side of the split are filled with other values than the other's."
                )
                return


_HEAD = """# %%
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
df = pd.read_csv('a.csv')
train, test = train_test_split(df, random_state=0)
"""

RULES = (
    Rule(
        id="unbounded_loop",
        area="care",
        severity="warning",
        title="A loop without an end",
        why="A run without a person beside it hangs for ever.",
        advice="Bound the loop: for attempt in range(10), and say what happens when that isn't enough.",
        bad="# %%\nimport time\nwhile True:\n    time.sleep(1)\n",
        good="# %%\nimport time\nfor _ in range(10):\n    time.sleep(1)\n",
        check=_unbounded,
    ),
    Rule(
        id="warning_ignored",
        area="care",
        severity="warning",
        title="A warning that matters is in the output",
        why="A model that hasn't converged, a value written to a copy, a metric without any case: the result "
        "isn't what the code "
        "seems to say.",
        advice="Remove the cause: scale the features or allow more iterations, write through .loc, name the dtypes.",
        bad="# %%\nimport numpy as np\nprint(np.log(np.array([0.0])))\n#! RuntimeWarning: divide by zero "
        "encountered in log\n",
        good="# %%\nimport numpy as np\nprint(np.log1p(np.array([0.0])))\n",
        check=_ignored,
    ),
    Rule(
        id="warnings_silenced",
        area="care",
        severity="note",
        title="All warnings are silenced",
        why="The ones that matter are silenced, too.",
        advice="Silence the one warning that you know, by category and module, where it arises.",
        bad="# %%\nimport warnings\nwarnings.filterwarnings('ignore')\n",
        good="# %%\nimport warnings\nwarnings.filterwarnings('ignore', category=FutureWarning, module='seaborn')\n",
        check=_silenced,
    ),
    Rule(
        id="unseen_categories",
        area="care",
        severity="warning",
        title="A new category breaks it",
        why="The first row with a category that the training rows lack stops the program, or shifts every column.",
        advice="OneHotEncoder(handle_unknown='ignore'), fitted on the training rows.",
        bad=_HEAD + "a, b = pd.get_dummies(train.drop(columns='y')), pd.get_dummies(test.drop(columns='y'))\n"
        "print('F1', f1_score(test['y'], LogisticRegression().fit(a, train['y']).predict(b)))\n#> F1 0.7\n",
        good=_HEAD + "a, b = pd.get_dummies(train.drop(columns='y')), pd.get_dummies(test.drop(columns='y'))\n"
        "b = b.reindex(columns=a.columns, fill_value=0)\n"
        "print('F1', f1_score(test['y'], LogisticRegression().fit(a, train['y']).predict(b)))\n#> F1 0.7\n",
        check=_categories,
    ),
    Rule(
        id="missing_values_differ",
        area="care",
        severity="warning",
        title="Gaps are filled differently in training and test rows",
        why="A gap means one value to the model and another in the test; a single new row couldn't be filled at all.",
        advice="Fill both with the training rows' value, most simply by SimpleImputer in a Pipeline.",
        bad=_HEAD + "test['age'] = test['age'].fillna(test['age'].mean())\ntrain['age'] = "
        "train['age'].fillna(train['age'].mean())\n"
        "print('F1', f1_score(test['y'], LogisticRegression().fit(train[['age']], "
        "train['y']).predict(test[['age']])))\n"
        "#> F1 0.7\n",
        good=_HEAD
        + "m = train['age'].mean()\ntest['age'] = test['age'].fillna(m)\ntrain['age'] = train['age'].fillna(m)\n"
        "print('F1', f1_score(test['y'], LogisticRegression().fit(train[['age']], "
        "train['y']).predict(test[['age']])))\n"
        "#> F1 0.7\n",
        check=_missing_values,
    ),
)
