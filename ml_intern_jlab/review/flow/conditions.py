"""Conditions that rows are taken by, such as `year < 2018`: their one form, and which can't hold together."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_FLIPPED = {ast.GtE: (ast.Lt, "out"), ast.Gt: (ast.LtE, "out"), ast.NotEq: (ast.Eq, "out"), ast.NotIn: (ast.In, "out")}
_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.In: "in"}
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
}
_OPPOSITES = {"<": ">=", "<=": ">", "==": "!=", "in": "not in"}
OTHER_SIDE = {"in": "out", "out": "in", "train": "test", "test": "train"}
"""The side that holds the rows which the other lacks."""


def condition_of(node: ast.Compare, right: Any = None) -> tuple[str, str]:
    """A condition in one form with its side, so that `<` and `>=` are the two sides of one cut.

    `right` is the value that is compared with, where it is known (None: it isn't).
    """
    operator, side = _FLIPPED.get(type(node.ops[0]), (type(node.ops[0]), "in"))
    text = ast.unparse(node.comparators[0]) if right is None else repr(right)
    for wrapper in ("pd.Timestamp(", "pd.to_datetime(", "np.datetime64("):
        text = text.removeprefix(wrapper).rstrip(")") if text.startswith(wrapper) else text
    return f"{_of_any_table(node.left)} {_SIGNS.get(operator, operator.__name__)} {text}", side


def conditions_in(node: ast.expr) -> tuple[str, str] | None:
    """The form and side of a condition that may be of several: `a <= x < b`, `x > a and y == b`; None: not known."""
    match node:
        case ast.Compare(left=low, ops=[first, second], comparators=[middle, high]):
            inner = ast.Compare(left=middle, ops=[second], comparators=[high])
            turned = conditions_in(ast.Compare(left=low, ops=[first], comparators=[middle]))
            return (both([turned, condition_of(inner)]), "in") if turned is not None else None
        case ast.Compare(left=ast.Constant() as low, ops=[operator], comparators=[right]) if type(operator) in _TURNED:
            return condition_of(ast.Compare(left=right, ops=[_TURNED[type(operator)]()], comparators=[low]))
        case ast.Compare(ops=[_]):
            return condition_of(node)
        case ast.BoolOp(op=ast.And(), values=values):
            parts = [conditions_in(each) for each in values]
        case ast.BinOp(op=ast.BitAnd(), left=left, right=right):
            parts = [conditions_in(left), conditions_in(right)]
        case _:
            return None
    known = [each for each in parts if each is not None]
    return (both(known), "in") if len(known) == len(parts) else None


def _of_any_table(node: ast.expr) -> str:
    """An expression without its table's own name: `X.t` and `y['t']` are the same column of the same rows."""
    match node:
        case (
            ast.Attribute(value=ast.Name(), attr=name)
            | ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str(name)))
        ):
            return name
        case ast.Call(func=ast.Attribute(attr="col"), args=[ast.Constant(value=str(name))]):
            return name
        case ast.Attribute(value=inner, attr=name) if not isinstance(inner, ast.Name):
            return f"{_of_any_table(inner)}.{name}"
        case _:
            return ast.unparse(node)


def both(masks: list[tuple[str, str]]) -> str:
    """What stands for several conditions that all hold; each is its form and side."""
    return " and ".join(sorted(text if side == "in" else f"not {text}" for text, side in masks))


@dataclass(frozen=True)
class _Condition:
    left: str
    sign: str
    text: str
    value: Any

    def bounds(self) -> tuple[tuple[Any, bool] | None, tuple[Any, bool] | None]:
        """The lower and the upper bound, each with whether it belongs to the rows; None: unbounded."""
        closed = (self.value, True)
        match self.sign:
            case "<" | "<=":
                return None, (self.value, self.sign == "<=")
            case ">" | ">=":
                return (self.value, self.sign == ">="), None
            case "==":
                return closed, closed
        return None, None


def exclude_each_other(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether no row can meet both: each is a form, of one condition or of several, and a side."""
    return any(_apart(a, b) for a in _conditions(*one) for b in _conditions(*other))


@lru_cache(maxsize=4096)
def _conditions(form: str, side: str) -> tuple[_Condition, ...]:
    texts = form.split(" and ")
    if side == "out" and len(texts) > 1:
        return ()  # one of them doesn't hold; which isn't known
    found = []
    for each in texts:
        negated = each.startswith("not ") is not (side == "out")
        left, sign, right = _parted(each.removeprefix("not "))
        if sign:
            try:
                value = ast.literal_eval(right)
            except (ValueError, SyntaxError):
                value = None
            found.append(_Condition(left, _OPPOSITES[sign] if negated else sign, right, value))
    return tuple(found)


def _parted(text: str) -> tuple[str, str, str]:
    for sign in ("<=", "<", "==", "in"):
        left, found, right = text.partition(f" {sign} ")
        if found:
            return left, sign, right
    return "", "", ""


def _apart(one: _Condition, other: _Condition) -> bool:
    if one.left != other.left:
        return False
    known = one.value is not None and other.value is not None
    if known and (type(one.value) is type(other.value) or _numbers(one.value, other.value)):
        one_set, other_set = _members(one), _members(other)
        if one_set is not None and other_set is not None:
            return not one_set & other_set
    elif one.text == other.text:  # the same bound, whatever it is
        one, other = (_Condition(each.left, each.sign, each.text, 0) for each in (one, other))
    else:
        return False
    return _before(one, other) or _before(other, one)


def _numbers(*values: Any) -> bool:
    return all(isinstance(each, int | float) for each in values)


def _members(condition: _Condition) -> frozenset[Any] | None:
    if condition.sign == "==" and not isinstance(condition.value, list | dict | set):
        return frozenset({condition.value})
    if condition.sign == "in" and isinstance(condition.value, list | tuple | set):
        return frozenset(condition.value)
    return None


def _before(one: _Condition, other: _Condition) -> bool:
    """Whether the one's upper bound lies below the other's lower bound."""
    upper, lower = one.bounds()[1], other.bounds()[0]
    if upper is None or lower is None or isinstance(upper[0], list | tuple | set | dict):
        return False
    return bool(upper[0] < lower[0] or (upper[0] == lower[0] and not (upper[1] and lower[1])))
