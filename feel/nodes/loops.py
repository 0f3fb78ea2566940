"""`for`, `some`, `every`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lark import Token, Tree

from feel.budget import spend
from feel.compiler import Code, Names, Scope, build, node
from feel.values import Range, Value

Source = Callable[[Names], Iterable[Value] | None]
Iteration = tuple[str, Source]


def _iterations(tree: Any, scope: Scope, bound: set[str]) -> list[Iteration]:
    """Names and where their values come from; later ones may use earlier ones."""
    made: list[Iteration] = []
    for child in tree.children:
        name, _, start, end = child.children
        codes = build(start, scope), None if end is None else build(end, scope)
        made.append((str(name), _source(*codes)))
        bound.add(str(name))
    return made


def _source(start: Code, end: Code | None) -> Source:
    if end is None:
        return lambda e: items_of(start(e))
    return lambda e: steps(start(e), end(e))


def items_of(value: Value) -> Iterable[Value] | None:
    """What a loop runs over: a list, a range of whole numbers or days, or one value; None stops it."""
    if type(value) is list or value is None:
        return value
    if type(value) is Range:
        if value.low is None or value.high is None:
            return None
        return _trimmed(value)
    return [value]


def _trimmed(bounds: Range) -> Iterable[Value] | None:
    found = steps(bounds.low, bounds.high)
    if found is None:
        return None
    low = None if bounds.low_closed else bounds.low
    high = None if bounds.high_closed else bounds.high
    return (value for value in found if value not in (low, high))


def steps(start: Value, end: Value) -> Iterator[Value] | None:
    """From start to end, both included, up or down by one (a day for dates); None for anything else."""
    if type(start) is Decimal and type(end) is Decimal:
        if start != start.to_integral_value() or end != end.to_integral_value():
            return None
        return _numbers(start, end)
    if type(start) is date and type(end) is date:
        return _days(start, end)
    return None


def _numbers(start: Decimal, end: Decimal) -> Iterator[Decimal]:
    step = Decimal(1 if start <= end else -1)
    while (start <= end) if step > 0 else (start >= end):
        yield start
        start += step


def _days(start: date, end: date) -> Iterator[date]:
    step = 1 if start <= end else -1
    for offset in range(0, (end - start).days + step, step):
        yield start + timedelta(days=offset)


def _rounds(e: Names, iterations: list[Iteration], weight: int) -> Iterator[Names | None]:
    """The names of each round, the last name changing fastest; None when a source cannot be run over."""
    (name, source), rest = iterations[0], iterations[1:]
    items = source(e)
    if items is None:
        yield None
        return
    for item in items:
        spend(2 if rest else weight)
        inside = e.copy()
        inside[name] = item
        if rest:
            yield from _rounds(inside, rest, weight)
        else:
            yield inside


@node("for_return")
def for_return(tree: Tree[Token], scope: Scope) -> Code:
    before = scope.built
    with scope.binding() as bound:
        iterations = _iterations(tree.children[0], scope, bound)
        bound.add("partial")
        body = build(tree.children[1], scope)
    weight = scope.weight(before)
    partial = any(t == "partial" for t in tree.scan_values(lambda t: isinstance(t, Token) and t.type == "NAME"))

    def run(e: Names) -> Value:
        results: list[Value] = []
        for inside in _rounds(e, iterations, weight):
            if inside is None:
                return None
            if partial:
                spend(len(results) // 8)
                inside["partial"] = list(results)
            results.append(body(inside))
        return results

    return run


@node("quantified")
def quantified(tree: Tree[Token], scope: Scope) -> Code:
    """`some` is a long `or`, `every` a long `and`; a test that is neither boolean nor null makes the whole null."""
    word, where, test = tree.children
    deciding = str(word) == "some"
    before = scope.built
    with scope.binding() as bound:
        iterations = _iterations(where, scope, bound)
        body = build(test, scope)
    weight = scope.weight(before)

    def run(e: Names) -> Value:
        answer: bool | None = not deciding
        for inside in _rounds(e, iterations, weight):
            if inside is None:
                return None
            value = body(inside)
            if value is deciding:
                return deciding
            if value is None:
                answer = None
            elif type(value) is not bool:
                return None
        return answer

    return run
