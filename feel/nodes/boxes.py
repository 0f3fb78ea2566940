"""Lists, contexts, ranges, paths and filters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lark import Token, Tree

from feel.budget import spend
from feel.builtins.ranges import make_range
from feel.compiler import NOT_CONSTANT, Code, Names, Scope, build, constant, node, unescape
from feel.nodes.operators import sign_of
from feel.properties import member
from feel.values import Range, Value


@node("list")
def list_literal(tree: Tree[Token], scope: Scope) -> Code:
    codes = [build(child, scope) for child in tree.children if child is not None]
    return lambda e: [code(e) for code in codes]


@node("context")
def context(tree: Tree[Token], scope: Scope) -> Code:
    """Entries see the ones above them; a key written twice makes the whole null."""
    entries: list[tuple[str, Code]] = []
    with scope.binding() as bound:
        for child in tree.children:
            if isinstance(child, Tree):
                key = _key(child.children[0])
                entries.append((key, build(child.children[1], scope)))
                bound.add(key)
    if len(bound) < len(entries):
        return lambda e: None

    def run(e: Names) -> Value:
        inside = e.copy()
        made: dict[str, Value] = {}
        for key, code in entries:
            made[key] = inside[key] = code(inside)
        return made

    return run


def _key(token: Any) -> str:
    return unescape(str(token)) if token.type == "STRING" else str(token)


@node("range_from", "range_after")
def range_literal(tree: Tree[Token], scope: Scope) -> Code:
    low_tree, high_tree, close = tree.children[-3:]
    low, high = build(low_tree, scope), build(high_tree, scope)
    low_closed = tree.data == "range_from"
    assert isinstance(close, Tree)
    high_closed = str(close.children[0]) == "]"
    ends = constant(low_tree), constant(high_tree)
    if NOT_CONSTANT not in ends:
        made = make_range(*ends, low_closed, high_closed)
        return lambda e: made
    return lambda e: make_range(low(e), high(e), low_closed, high_closed)


@node("half_range")
def half_range(tree: Tree[Token], scope: Scope) -> Code:
    """`(< 10)`: a range with one end."""
    sign, end = sign_of(tree.children[0]), build(tree.children[1], scope)
    closed = sign in ("<=", ">=", "=")

    def run(e: Names) -> Value:
        value = end(e)
        if value is None or sign == "!=":
            return None
        low, high = (None if sign[0] == "<" else value), (None if sign[0] == ">" else value)
        return Range(low, high, closed and low is not None, closed and high is not None, sign)

    return run


@node("path")
def path(tree: Tree[Token], scope: Scope) -> Code:
    subject, name = build(tree.children[0], scope), str(tree.children[1])

    def run(e: Names) -> Value:
        value = subject(e)
        if type(value) is dict:
            return value.get(name)
        return member(value, name)

    return run


@node("filter")
def filtered(tree: Tree[Token], scope: Scope) -> Code:
    subject = build(tree.children[0], scope)
    where = constant(tree.children[1])
    if type(where) is Decimal:
        return lambda e: pick(subject(e), where)
    before = scope.built
    with scope.filtering() as inside:
        test = build(tree.children[1], scope)
    weight = scope.weight(before)
    names = tuple(inside - {"item"})

    def run(e: Names) -> Value:
        value = subject(e)
        items = value if type(value) is list else ([] if value is None else [value])
        return _select(items, e, test, names, weight)

    return run if where is NOT_CONSTANT or type(where) is bool else lambda e: None


def pick(value: Value, place: Decimal) -> Value:
    """The item at a place counted from 1, or from the end when negative; None outside."""
    items = value if type(value) is list else [value]
    if abs(place) > len(items) or place != place.to_integral_value() or not place:
        return None
    at = int(place)
    return items[at - 1] if at > 0 else items[at]


def _select(items: list[Value], e: Names, test: Code, names: tuple[str, ...], weight: int) -> Value:
    kept: list[Value] = []
    for place, item in enumerate(items):
        spend(weight)
        answer = test(inside_item(e, item, names))
        if answer is True:
            kept.append(item)
        elif place == 0 and type(answer) is Decimal:
            return pick(items, answer)
    if not items and type(place_or := test({**e, "item": None})) is Decimal:
        return pick(items, place_or)
    return kept


def inside_item(e: Names, item: Value, names: tuple[str, ...]) -> Names:
    """The names in force for one element: `item`, and the element's own keys before the outer ones."""
    inside = e.copy()
    inside["item"] = item
    if type(item) is dict:
        for name in names:
            if name in item:
                inside[name] = item[name]
        if "item" in item:
            inside["item"] = item["item"]
    return inside
