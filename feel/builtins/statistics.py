"""10.3.4.4, the arithmetic over lists of numbers: null for an empty list and for anything that is no number."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from functools import reduce

from feel.arithmetic import add
from feel.signatures import builtin
from feel.values import NUMBERS, DaysDuration, Value, YearsMonths

Numbers = list[Decimal]


def _numbers(items: list[Value]) -> Numbers | None:
    return items if items and all(type(item) is Decimal for item in items) else None


def _over(items: list[Value], operation: Callable[[Numbers], Value]) -> Value:
    numbers = _numbers(items)
    if numbers is None:
        return None
    try:
        return operation(numbers)
    except DecimalException:
        return None


def _total(numbers: Numbers) -> Decimal:
    return reduce(NUMBERS.add, numbers)


def _mean(numbers: Numbers) -> Decimal:
    return NUMBERS.divide(_total(numbers), Decimal(len(numbers)))


def _median(numbers: Numbers) -> Decimal:
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else _mean(ordered[half - 1 : half + 1])


def _deviation(numbers: Numbers) -> Decimal | None:
    """Of a sample: divided by n - 1."""
    if len(numbers) < 2:
        return None
    mean = _mean(numbers)
    distances = [NUMBERS.subtract(n, mean) for n in numbers]
    squares = [NUMBERS.multiply(d, d) for d in distances]
    return NUMBERS.sqrt(NUMBERS.divide(_total(squares), Decimal(len(numbers) - 1)))


def _mode(numbers: Numbers) -> Numbers:
    counts: dict[Decimal, int] = {}
    for each in numbers:
        counts[each] = counts.get(each, 0) + 1
    most = max(counts.values())
    return sorted(number for number, times in counts.items() if times == most)


@builtin("sum(list: list)")
def total(items: list[Value]) -> Value:
    """Of numbers, or of durations of one kind."""
    if items and type(items[0]) in (DaysDuration, YearsMonths):
        return reduce(add, items)
    return _over(items, _total)


@builtin("sum(*n: any)")
def total_of(*items: Value) -> Value:
    return total(list(items))


@builtin("product(list: list)")
def product(items: list[Value]) -> Value:
    return _over(items, lambda numbers: reduce(NUMBERS.multiply, numbers))


@builtin("product(*n: any)")
def product_of(*items: Value) -> Value:
    return product(list(items))


@builtin("mean(list: list)")
def mean(items: list[Value]) -> Value:
    return _over(items, _mean)


@builtin("mean(*n: any)")
def mean_of(*items: Value) -> Value:
    return mean(list(items))


@builtin("median(list: list)")
def median(items: list[Value]) -> Value:
    return _over(items, _median)


@builtin("median(*n: any)")
def median_of(*items: Value) -> Value:
    return median(list(items))


@builtin("stddev(list: list)")
def stddev(items: list[Value]) -> Value:
    return _over(items, _deviation)


@builtin("stddev(*n: any)")
def stddev_of(*items: Value) -> Value:
    return stddev(list(items))


@builtin("mode(list: list)")
def mode(items: list[Value]) -> Value:
    return _over(items, _mode) if items else []


@builtin("mode(*n: any)")
def mode_of(*items: Value) -> Value:
    return mode(list(items)) if items else None
