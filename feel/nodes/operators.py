"""Logic, comparison, arithmetic, `between`, `in` and `instance of`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any

from lark import Token, Tree

from feel import arithmetic
from feel.compare import OPERATORS, both, less_or_equal, passes
from feel.compiler import NOT_CONSTANT, Code, Names, Scope, build, constant, node
from feel.types import is_instance, type_of
from feel.values import NUMBERS, DaysDuration, Value, YearsMonths

FAST: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
PLAIN = frozenset({Decimal, str, date, DaysDuration, YearsMonths})
ARITHMETIC: dict[str, tuple[Any, Callable[[Value, Value], Value]]] = {
    "+": (NUMBERS.add, arithmetic.add),
    "-": (NUMBERS.subtract, arithmetic.subtract),
    "*": (NUMBERS.multiply, arithmetic.multiply),
    "/": (NUMBERS.divide, arithmetic.divide),
    "**": (arithmetic.power, arithmetic.power),
}


@node("conjunction", "disjunction")
def logic(tree: Tree[Token], scope: Scope) -> Code:
    """Three-valued `and`, `or` (table 49): the deciding value wins over null; what is not boolean counts as null."""
    deciding = tree.data == "disjunction"
    terms = [build(child, scope) for child in tree.children]
    if len(terms) == 2:
        return _pair(terms[0], terms[1], deciding)

    def run(e: Names) -> Value:
        answer: bool | None = not deciding
        for term in terms:
            value = term(e)
            if value is deciding:
                return deciding
            if value is not (not deciding):
                answer = None
        return answer

    return run


def _pair(left: Code, right: Code, deciding: bool) -> Code:
    other = not deciding

    def run(e: Names) -> Value:
        one = left(e)
        if one is deciding:
            return deciding
        two = right(e)
        if two is deciding:
            return deciding
        return other if one is other and two is other else None

    return run


@node("compare")
def compare(tree: Tree[Token], scope: Scope) -> Code:
    left_tree, sign, right_tree = tree.children
    return comparison(build(left_tree, scope), sign_of(sign), right_tree, scope)


def sign_of(comparator: Any) -> str:
    return str(comparator.children[0])


def comparison(left: Code, sign: str, right_tree: Any, scope: Scope) -> Code:
    right, fast, slow = build(right_tree, scope), FAST[sign], OPERATORS[sign]
    value = constant(right_tree)
    if value is not NOT_CONSTANT and type(value) in PLAIN:
        return _with_constant(left, fast, slow, value)

    def run(e: Names) -> Value:
        one, two = left(e), right(e)
        kind = type(one)
        if kind is type(two) and kind in PLAIN:
            return fast(one, two)
        return slow(one, two)

    return run


def _with_constant(left: Code, fast: Callable[..., bool], slow: Callable[..., bool | None], value: Value) -> Code:
    kind = type(value)

    def run(e: Names) -> Value:
        one = left(e)
        return fast(one, value) if type(one) is kind else slow(one, value)

    return run


@node("between")
def between(tree: Tree[Token], scope: Scope) -> Code:
    subject, low, high = (build(child, scope) for child in tree.children)

    def run(e: Names) -> Value:
        value = subject(e)
        return both(less_or_equal(low(e), value), less_or_equal(value, high(e)))

    return run


@node("in_value")
def in_value(tree: Tree[Token], scope: Scope) -> Code:
    subject, test = (build(child, scope) for child in tree.children)
    return lambda e: passes(subject(e), test(e))


@node("in_compare")
def in_compare(tree: Tree[Token], scope: Scope) -> Code:
    subject, sign, other = tree.children
    return comparison(build(subject, scope), sign_of(sign), other, scope)


@node("in_tests")
def in_tests(tree: Tree[Token], scope: Scope) -> Code:
    subject = build(tree.children[0], scope)
    tests = tree.children[1]
    assert isinstance(tests, Tree)
    with scope.binding("?"):
        codes = [build(child, scope) for child in tests.children]

    def run(e: Names) -> Value:
        inside = {**e, "?": subject(e)}
        answers = [code(inside) for code in codes]
        return True if True in answers else (None if None in answers else False)

    return run


@node("additive", "multiplicative", "power")
def chain(tree: Tree[Token], scope: Scope) -> Code:
    """`a + b - c` from left to right, in one loop however long it is."""
    children = tree.children
    first = build(children[0], scope)
    if tree.data == "power":
        pairs: list[tuple[str, Any]] = [("**", child) for child in children[1:]]
    else:
        pairs = [(str(children[at]), children[at + 1]) for at in range(1, len(children), 2)]
    steps = [(*ARITHMETIC[sign], build(child, scope)) for sign, child in pairs]
    if len(steps) == 1:
        return _one_step(first, *steps[0])

    def run(e: Names) -> Value:
        value = first(e)
        for _, slow, code in steps:
            value = slow(value, code(e))
        return value

    return run


def _one_step(left: Code, fast: Callable[..., Decimal], slow: Callable[..., Value], right: Code) -> Code:
    def run(e: Names) -> Value:
        one, two = left(e), right(e)
        if type(one) is Decimal and type(two) is Decimal:
            try:
                return fast(one, two)
            except DecimalException:
                return None
        return slow(one, two)

    return run


@node("negation")
def negation(tree: Tree[Token], scope: Scope) -> Code:
    code = build(tree.children[0], scope)
    value = constant(tree)
    if value is not NOT_CONSTANT:
        return lambda e: value
    return lambda e: arithmetic.negate(code(e))


@node("instance_of")
def instance_of(tree: Tree[Token], scope: Scope) -> Code:
    code = build(tree.children[0], scope)
    type_tree = tree.children[1]
    assert isinstance(type_tree, Tree)
    wanted = type_of(type_tree, scope.types)
    return lambda e: is_instance(code(e), wanted)
