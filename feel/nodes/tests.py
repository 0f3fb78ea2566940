"""Unary tests: what stands in a decision table's input cell, about the value `?`."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from lark import Token, Tree

from feel.compare import passes
from feel.compiler import NOT_CONSTANT, Code, Names, Scope, build, constant, node
from feel.nodes.operators import comparison, sign_of
from feel.values import Value

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
    inner = tree.children[0]
    value = constant(inner)
    if value is not NOT_CONSTANT:
        return lambda e: passes(e[SUBJECT], value)
    code = build(inner, scope)
    if _asks(inner):
        return lambda e: answer if type(answer := code(e)) is bool else passes(e[SUBJECT], answer)

    def run(e: Names) -> Value:
        answer = code(e)
        if answer is True and type(e[SUBJECT]) is not bool:
            return True
        return passes(e[SUBJECT], answer)

    return run


def _asks(tree: Any) -> bool:
    names = tree.scan_values(lambda token: isinstance(token, Token) and token.type == "NAME")
    return any(name == SUBJECT for name in names)
