"""A column of a decision table cut into atoms: pieces inside which every cell of the column answers the same.

The ends and values that the cells mention are the cuts; one sample per atom then stands for all of it, so a cell
becomes the set of atoms whose sample passes. Exact for comparisons, ranges, lists and `not` over constants; every
other cell is "not analysed".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from lark import Token

from feel.compare import less
from feel.compiler import Code, Scope, build
from feel.nodes.calls import FUNCTIONS
from feel.nodes.tests import SUBJECT
from feel.parser import parse
from feel.text import written
from feel.values import DaysDuration, Range, Value, YearsMonths, kind

CONSTANT_CALLS = {"date", "time", "date and time", "duration", "range"}
STEPS: dict[type, Callable[[Value, int], Value]] = {
    Decimal: lambda v, n: v + n,
    date: lambda v, n: v + timedelta(days=n),
    datetime: lambda v, n: v + timedelta(hours=n),
    DaysDuration: lambda v, n: DaysDuration(v.nanos + n * 86_400 * 10**9),
    YearsMonths: lambda v, n: YearsMonths(v.months + n),
}
"""Kinds that can be cut into intervals, and how to step off a cut."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece of a column: how it reads, and one value in it."""

    text: str
    sample: Value


class NotAnalysed(Exception):
    """This cell is not one of those that can be reasoned about exactly."""


def mentioned(text: str, names: frozenset[str]) -> set[tuple[str, Value]]:
    """The constants a cell compares with, as (role, value); role is `point`, or `end` where order matters."""
    found: set[tuple[str, Value]] = set()
    _collect(parse(text, names, unary=True), found)
    return found


def _collect(tree: Any, found: set[tuple[str, Value]]) -> None:
    data, children = tree.data, [c for c in tree.children if c is not None]
    if data in ("tests", "unary", "negated", "conjunction", "disjunction", "group", "list", "in_list"):
        for child in children:
            if not isinstance(child, Token):
                _collect(child, found)
    elif data == "expression_test":
        _collect(children[0], found)
    elif data == "compare_test":
        _ends(str(children[0].children[0]), children[1], found)
    elif data == "compare" and _is_subject(children[0]):
        _ends(str(children[1].children[0]), children[2], found)
    elif data == "between" and _is_subject(children[0]):
        found.update(("end", constant_of(child)) for child in children[1:])
    elif data in ("in_value", "in_tests") and _is_subject(children[0]):
        _collect(children[1], found)
    elif data == "call" and _name(children[0]) == "not" and len(children) == 2 and children[1].data != "positional":
        _collect(children[1], found)
    else:
        _constant(tree, found)


def _constant(tree: Any, found: set[tuple[str, Value]]) -> None:
    value = constant_of(tree)
    if type(value) is Range:
        found.update(("end", end) for end in (value.low, value.high) if end is not None)
    else:
        found.add(("point", value))


def _ends(sign: str, tree: Any, found: set[tuple[str, Value]]) -> None:
    found.add(("point" if sign in ("=", "!=") else "end", constant_of(tree)))


def _is_subject(tree: Any) -> bool:
    return _name(tree) == SUBJECT


def _name(tree: Any) -> str:
    return str(tree.children[0]) if getattr(tree, "data", "") == "name" else ""


def constant_of(tree: Any) -> Value:
    """The value of an expression without names; raises NotAnalysed for any other, and for a list or context."""
    scope = Scope()
    code: Code = build(tree, scope)
    if not scope.free <= CONSTANT_CALLS or scope.perhaps:
        raise NotAnalysed
    value = code({name: FUNCTIONS.get(name) for name in scope.free})
    if type(value) in (list, dict) or kind(value) == "function":
        raise NotAnalysed
    return value


def atoms_of(cuts: set[tuple[str, Value]], declared: str = "") -> list[Atom]:
    """The atoms of a column with these cuts; raises NotAnalysed when its cuts are of several kinds or without order."""
    values = {value for _, value in cuts if value is not None}
    nulls = [Atom("null", None)] if ("point", None) in cuts else []
    kinds = {type(value) for value in values}
    if kinds <= {bool} and (kinds or declared == "boolean"):
        return [Atom("true", True), Atom("false", False), *nulls]
    if len(kinds) != 1:
        raise NotAnalysed
    only = kinds.pop()
    if only in STEPS:
        return _intervals(_sorted(values), STEPS[only]) + nulls
    if any(role == "end" for role, _ in cuts):
        raise NotAnalysed
    return [Atom(written(v, inside=True), v) for v in sorted(values, key=written)] + _other(values) + nulls


def _sorted(values: set[Value]) -> list[Value]:
    try:
        return sorted(values)
    except TypeError:  # moments with and without a zone have no order
        raise NotAnalysed from None


def _other(values: set[Value]) -> list[Atom]:
    if not all(type(value) is str for value in values):
        return []
    name = "…"
    while name in values:
        name += "…"
    return [Atom("anything else", name)]


def _intervals(cuts: list[Value], step: Callable[[Value, int], Value]) -> list[Atom]:
    """Points and the open intervals between them; between two days side by side there is none."""
    made = []
    try:
        made.append(Atom(f"< {written(cuts[0])}", step(cuts[0], -1)))
    except (OverflowError, ArithmeticError):
        pass
    for low, high in zip(cuts, [*cuts[1:], None], strict=True):
        made.append(Atom(written(low), low))
        if high is None:
            made.append(Atom(f"> {written(low)}", step(low, 1)))
        elif (inner := _inside(low, high, step)) is not None:
            made.append(Atom(f"({written(low)}..{written(high)})", inner))
    return made


def _inside(low: Value, high: Value, step: Callable[[Value, int], Value]) -> Value:
    following = step(low, 1)
    if less(following, high):
        return following
    if type(low) is Decimal:
        return (low + high) / 2
    if type(low) is datetime:
        return low + (high - low) / 2
    if type(low) is DaysDuration and high.nanos - low.nanos > 1:
        return DaysDuration((low.nanos + high.nanos) // 2)
    return None


def test_of(text: str, names: frozenset[str]) -> Callable[[Value], bool]:
    """The cell as a Python predicate; it must not read names."""
    scope = Scope()
    code = build(parse(text, names, unary=True), scope)
    given = {name: FUNCTIONS.get(name) for name in scope.free}
    return lambda value: code({**given, SUBJECT: value}) is True
