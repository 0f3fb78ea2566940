"""`+ - * / **` on every pair of kinds that has them (10.3.2.12.5, tables 50 to 53); None for every other pair."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException, InvalidOperation

from feel.budget import check_text, spend
from feel.moments import CLOCKS, DATED
from feel.temporal import add_months, add_nanos, add_to_time, between, between_times
from feel.values import NUMBERS, DaysDuration, Value, YearsMonths

LARGEST = 10**27


def add(left: Value, right: Value) -> Value:
    one, two = type(left), type(right)
    if one is Decimal and two is Decimal:
        return _number(NUMBERS.add, left, right)
    if one is str and two is str:
        check_text(len(left) + len(right))
        return left + right
    if one is two and one in (DaysDuration, YearsMonths):
        return _durations(left, right, 1)
    if two in DATED or two in CLOCKS:
        left, right, one, two = right, left, two, one
    return _shift(left, right, 1)


def subtract(left: Value, right: Value) -> Value:
    one, two = type(left), type(right)
    if one is Decimal and two is Decimal:
        return _number(NUMBERS.subtract, left, right)
    if one in DATED and two in DATED:
        return between(left, right)
    if one in CLOCKS and two in CLOCKS:
        return between_times(left, right)
    if one is two and one in (DaysDuration, YearsMonths):
        return _durations(left, right, -1)
    return _shift(left, right, -1)


def multiply(left: Value, right: Value) -> Value:
    one, two = type(left), type(right)
    if one is Decimal and two is Decimal:
        return _number(NUMBERS.multiply, left, right)
    if one is Decimal:
        left, right, one, two = right, left, two, one
    return _scale(left, right, NUMBERS.multiply) if two is Decimal else None


def divide(left: Value, right: Value) -> Value:
    one, two = type(left), type(right)
    if one is Decimal and two is Decimal:
        return _number(NUMBERS.divide, left, right)
    if two is Decimal:
        return _scale(left, right, NUMBERS.divide)
    if one is two and one is DaysDuration:
        return _number(NUMBERS.divide, Decimal(left.nanos), Decimal(right.nanos))
    if one is two and one is YearsMonths:
        return _number(NUMBERS.divide, Decimal(left.months), Decimal(right.months))
    return None


def power(left: Value, right: Value) -> Value:
    if type(left) is Decimal and type(right) is Decimal:
        spend(5 if right == right.to_integral_value() else 60)
        found = _number(NUMBERS.power, left, right)
        return found if found is not None and found.is_finite() else None  # 0 ** -1 is no number
    return None


def negate(value: Value) -> Value:
    kind = type(value)
    if kind is Decimal:
        return NUMBERS.minus(value)
    if kind is DaysDuration:
        return DaysDuration(-value.nanos)
    return YearsMonths(-value.months) if kind is YearsMonths else None


def _number(operation: Callable[[Decimal, Decimal], Decimal], left: Decimal, right: Decimal) -> Decimal | None:
    try:
        return operation(left, right)
    except DecimalException:
        return None


def _durations(left: Value, right: Value, sign: int) -> Value:
    if type(left) is DaysDuration:
        return _bounded(left.nanos + sign * right.nanos)
    return YearsMonths(left.months + sign * right.months)


def _bounded(nanos: int) -> DaysDuration | None:
    return DaysDuration(nanos) if abs(nanos) < LARGEST else None


def _shift(left: Value, right: Value, sign: int) -> Value:
    """A date, moment or time moved by a duration."""
    kind = type(left)
    if type(right) is YearsMonths:
        return add_months(left, sign * right.months) if kind in DATED else None
    if type(right) is DaysDuration:
        if kind in DATED:
            return add_nanos(left, sign * right.nanos)
        return add_to_time(left, sign * right.nanos) if kind in CLOCKS else None
    return None


def _scale(duration: Value, factor: Decimal, operation: Callable[[Decimal, Decimal], Decimal]) -> Value:
    """A duration times or through a number; fractions of a month are dropped."""
    kind = type(duration)
    try:
        if kind is DaysDuration:
            return _bounded(int(operation(Decimal(duration.nanos), factor)))
        if kind is YearsMonths:
            months = int(operation(Decimal(duration.months), factor))
            return YearsMonths(months) if abs(months) < LARGEST else None
    except (DecimalException, InvalidOperation, OverflowError):
        return None
    return None
