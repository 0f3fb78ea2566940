"""Unary tests: what stands in a decision table's input cell, about the value `?`."""

from __future__ import annotations

from operator import itemgetter, le, lt
from typing import Any

from lark import Token, Tree

from feel.compare import passes
from feel.compiler import NOT_CONSTANT, Code, Names, Scope, build, constant, node
from feel.nodes.operators import PLAIN, comparison, sign_of
from feel.values import Range, Value

SUBJECT = "?"
subject = itemgetter(SUBJECT)


@node("tests", "unary")
def tests(tree: Tree[Token], scope: Scope) -> Code:
    """True when one of the tests holds."""
    codes = [build(child, scope) for child in tree.children]
    return codes[0] if len(codes) == 1 else _any(codes)


@node("negated")
def negated(tree: Tree[Token], scope: Scope) -> Code:
    inside = _any([build(child, scope) for child in tree.children[1:]])

    def run(e: Names) -> Value:
        answer = inside(e)
        return None if answer is None else not answer

    return run


def _any(codes: list[Code]) -> Code:
    def run(e: Names) -> Value:
        unknown = False
        for code in codes:
            answer = code(e)
            if answer is True:
                return True
            unknown = unknown or answer is None
        return None if unknown else False

    return run


@node("compare_test")
def compare_test(tree: Tree[Token], scope: Scope) -> Code:
    return comparison(subject, sign_of(tree.children[0]), tree.children[1], scope)


@node("expression_test")
def expression_test(tree: Tree[Token], scope: Scope) -> Code:
    """A test with `?` in it says itself whether it holds; anything else is compared with `?`."""
    inner: Any = tree.children[0]
    value = constant(inner)
    if value is not NOT_CONSTANT:
        return _equals(value)
    code = build(inner, scope)
    if inner.data in ("range_from", "range_after") and not _reads(inner):
        return _inside(code({}))
    if _asks(inner):
        return lambda e: answer if type(answer := code(e)) is bool else passes(e[SUBJECT], answer)

    def run(e: Names) -> Value:
        answer = code(e)
        if answer is True and type(e[SUBJECT]) is not bool:
            return True
        return passes(e[SUBJECT], answer)

    return run


def _equals(wanted: Value) -> Code:
    kind = type(wanted)
    if kind not in PLAIN:
        return lambda e: passes(e[SUBJECT], wanted)
    return lambda e: value == wanted if type(value := e[SUBJECT]) is kind else passes(value, wanted)


def _inside(bounds: Range | None) -> Code:
    """A cell such as `[1..10)`, whose ends are known now."""
    if bounds is None or type(bounds.low) not in PLAIN or type(bounds.high) not in PLAIN:
        return lambda e: passes(e[SUBJECT], bounds)
    low, high, kind = bounds.low, bounds.high, type(bounds.low)
    above, below = (le if bounds.low_closed else lt), (le if bounds.high_closed else lt)

    def run(e: Names) -> Value:
        value = e[SUBJECT]
        if type(value) is kind:
            return above(low, value) and below(value, high)
        return passes(value, bounds)

    return run


def _reads(tree: Any) -> bool:
    return any(True for _ in tree.scan_values(lambda token: isinstance(token, Token) and token.type == "NAME"))


def _asks(tree: Any) -> bool:
    names = tree.scan_values(lambda token: isinstance(token, Token) and token.type == "NAME")
    return any(name == SUBJECT for name in names)
