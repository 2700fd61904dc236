"""Figures in the text that the outputs contradict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject
from .ranking_claims import ranked_otherwise

_METRICS = {
    "balanced accuracy": r"balanced[ _]accuracy",
    "accuracy": r"accuracy|acc\b",
    "F1": r"f1(?:[ _-]?score)?",
    "AUC": r"(?:roc[ _-]?)?auc",
    "precision": r"precision",
    "recall": r"recall",
    "R²": r"r2|r²|r\^2|r-squared|r\^\{?2\}?",
    "RMSE": r"rmse|root mean squared error",
    "MAE": r"mae|mean absolute error",
}
_ANY = re.compile("|".join(_METRICS.values()), re.IGNORECASE)
_FIGURE = r"(?P<figure>\d+(?:,\d{3})*(?:\.\d+)?)\s*(?P<percent>%|percent)?"
_LINK = (
    r"(?:[ _-]*(?:score|value|rate)s?)?\s*\**\s*"
    r"(?:(?:on|over|for)\s+(?:the\s+|our\s+)?(?:(?:[\w-]+\s+){0,2}(?:set|data|rows|split|part)\s*|"
    r"(?:[\w-]+\s+){1,3}(?=(?:is|was|of|reache[sd]|came|comes|at)\b)))?"
    r"(?:(?:\w+ ){0,2}?from \d+(?:\.\d+)?\s*%? to\s*|\w+ to\s*)?"
    r"(?:of|is|was|=|:|reaches|reached|at|to|achieved|came to|comes to)?\s*"
)
_LINK += r"(?:about|around|approximately|roughly|nearly|almost|≈|~|just)?\s*\**\s*"
_ELSEWHERE = re.compile(
    r"\b(paper|literature|published|state[- ]of[- ]the[- ]art|sota|leaderboard|reported by|et al|previous|"
    r"earlier|goal|aim|"
    r"should|must|expect\w*|target of|at least|at most|more than|less than|over|under|below|above|threshold|"
    r"would|could|"
    r"human|others|authors|last year|need\w*|require\w*|hope\w*|want\w*|if|guess\w*|chance|baseline|random|"
    r"majority|than (?:the |our )?(?=\d))",
    re.IGNORECASE,
)


_LOOSE = re.compile(r"about|around|approximately|roughly|nearly|almost|upwards|likely|will|≈|~", re.IGNORECASE)


_FOLDS = re.compile(r"cross[- ]validat|\bfolds?\b|out[- ]of[- ]fold", re.IGNORECASE)
_VALIDATES = re.compile(r"cross_val|Fold|SearchCV|CV\(|\bcv\b|\bfolds?\b|ShuffleSplit|LeaveOne")


@dataclass(frozen=True)
class _Figure:
    metric: str
    value: float
    digits: int
    line: int
    cell: Cell
    text: str


def _figures(text: str, cell: Cell, printed: bool) -> Iterator[_Figure]:
    for number, line in enumerate(text.splitlines(), 1):
        if not printed and line.lstrip().startswith(("#>", "|---", "```")):
            continue
        if not _ANY.search(line):
            continue
        taken: list[tuple[int, int]] = []
        for metric, pattern in _METRICS.items():
            forward = rf"(?<![\w-])(?:{pattern}){_LINK}{_FIGURE}"
            backward = rf"{_FIGURE}\s*\**\s*(?:in |of )?(?:test |cross-validated |overall |mean )*(?:{pattern})\b"
            labelled = rf"(?<![\w-])(?:{pattern})(?:[ _]\w+){{1,3}}\s*[:=]\s*{_FIGURE}"
            for shape in (forward, backward, labelled) if printed else (forward, backward):
                for match in re.finditer(shape, line, re.IGNORECASE):
                    if any(a < match.end() and match.start() < b for a, b in taken):
                        continue
                    taken.append(match.span())
                    digits = match["figure"].replace(",", "")
                    value = float(digits) / (100 if match["percent"] else 1)
                    places = len(digits.partition(".")[2]) + (2 if match["percent"] else 0)
                    sentence = _sentence(line, match.start())
                    yield _Figure(metric, value, places, number, cell, sentence)


def _sentence(line: str, position: int) -> str:
    start = (
        max(
            line.rfind(". ", 0, position),
            line.rfind("; ", 0, position),
            line.rfind("| ", 0, position),
            line.rfind(", ", 0, position),
        )
        + 1
    )
    return line[start : position + 60]


def _agrees(claim: _Figure, value: float) -> bool:
    """Whether the printed value, rounded as the claim is, is the claim."""
    slack = 0.05 * claim.value if _LOOSE.search(claim.text) else 0.0
    for candidate in (value, value / 100, value * 100):
        if abs(claim.value - candidate) <= max(0.51 * 10**-claim.digits + 1e-9, slack):
            return True
    return False


def _contradicted(subject: Subject) -> Iterator[Found]:
    yield from _other_figures(subject)
    yield from ranked_otherwise(subject)


def _other_figures(subject: Subject) -> Iterator[Found]:
    shown = [figure for cell in subject.notebook.code for figure in _figures(cell.printed, cell, True)]
    numbers = _numbers(subject)
    for cell in subject.notebook.prose:
        for claim in _figures(cell.source, cell, False):
            before = [figure for figure in shown if figure.metric == claim.metric]
            if not before or _elsewhere(subject, claim) or any(_agrees(claim, number) for number in numbers):
                continue
            if claim.value > 1 and claim.metric not in ("RMSE", "MAE"):
                continue  # a figure of another kind
            near = min(before, key=lambda figure: abs(figure.value - claim.value))
            yield Found(
                cell,
                claim.line,
                f"The text gives {claim.metric} as {claim.value:g}; the outputs show {near.value:g} (cell "
                f"{near.cell.number}).",
            )


def _elsewhere(subject: Subject, claim: _Figure) -> bool:
    """Whether a claim is of another evaluation than those of this notebook."""
    return bool(_ELSEWHERE.search(claim.text)) or _of_unknown_folds(subject, claim)


def _of_unknown_folds(subject: Subject, claim: _Figure) -> bool:
    """Whether a claim is of a cross-validation, and no cell has one."""
    if not _FOLDS.search(claim.text) or any(score.folds for score in subject.facts.scores):
        return False
    return not any(_VALIDATES.search(cell.source) for cell in subject.notebook.code)


def _unsupported(subject: Subject) -> Iterator[Found]:
    shown = {figure.metric for cell in subject.notebook.code for figure in _figures(cell.printed, cell, True)}
    ran = any(cell.outputs for cell in subject.notebook.code)
    numbers = _numbers(subject)
    if not ran or (not subject.facts.scores and not shown):
        return
    for cell in subject.notebook.prose:
        for claim in _figures(cell.source, cell, False):
            known = claim.metric in shown and not _of_unknown_folds(subject, claim)
            if known or _ELSEWHERE.search(claim.text) or claim.digits < 2 or _LOOSE.search(claim.text):
                continue
            plain = claim.value <= 1 or claim.metric in ("RMSE", "MAE")
            if plain and not any(_agrees(claim, number) for number in numbers):
                yield Found(
                    cell, claim.line, f"The text gives {claim.metric} as {claim.value:g}; no output shows that figure."
                )


def _numbers(subject: Subject) -> list[float]:
    """All numbers in the outputs."""
    text = "\n".join(cell.printed for cell in subject.notebook.code)[:400_000]
    return [float(each.replace(",", "")) for each in re.findall(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?", text)]


_MODEL = """# %%
from sklearn.datasets import load_wine
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import cross_val_score
X, y = load_wine(return_X_y=True)
print('Accuracy:', cross_val_score(DummyClassifier(), X, y).mean())
#> Accuracy: 0.399
# %% [markdown]
"""

RULES = (
    Rule(
        id="claim_contradicted",
        area="evaluation",
        severity="error",
        title="The text contradicts the outputs",
        why="Readers take the figure from the text. It is from another run, or it was never true.",
        advice="Correct the text, or run the notebook again and write what it shows.",
        bad=_MODEL + "# The model has an accuracy of 0.93.\n",
        good=_MODEL + "# The model has an accuracy of 0.40.\n",
        check=_contradicted,
    ),
    Rule(
        id="claim_unsupported",
        area="evaluation",
        severity="warning",
        title="A figure in the text that no output shows",
        why="Nobody can check it.",
        advice="Print the figure in the cell that works it out, or take the claim out.",
        bad=_MODEL + "# The model has an accuracy of 0.40 and a recall of 0.87.\n",
        good=_MODEL + "# The model has an accuracy of 0.40; the paper reports a recall of 0.87.\n",
        check=_unsupported,
    ),
)
