"""Equality, order and membership, three-valued (10.3.2.13): None where two values do not compare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from feel.budget import spend
from feel.moments import CLOCKS, DAY, DAYS, MOMENTS, SECOND, instant, nanos_of, offset_of, ordinal_of
from feel.values import KINDS, DaysDuration, Range, Value, YearsMonths

TEMPORAL = DAYS | MOMENTS | CLOCKS
Truth = bool | None


def equal(left: Value, right: Value) -> Truth:
    """`=`: values of different kinds are not comparable (null), except that null equals only null."""
    if left is None or right is None:
        return left is right
    kind = type(left)
    if kind in TEMPORAL:
        return _equal_times(left, right) if KINDS.get(type(right)) == KINDS[kind] else None
    if kind is not type(right):
        return None
    if kind is list:
        return _equal_lists(left, right)
    if kind is dict:
        return _equal_contexts(left, right)
    if kind is Range:
        return _equal_ranges(left, right)
    return bool(left == right)


def same(left: Value, right: Value) -> bool:
    return equal(left, right) is True


def _equal_times(left: Value, right: Value) -> bool:
    """Equal to the second: equality is of year to second and offset (10.3.2.3.5), parts of a second do not count."""
    one, two = _key(left), _key(right)
    return one[1] == two[1] and one[0] // SECOND == two[0] // SECOND


def _key(value: Value) -> tuple[int, bool]:
    """Where a date, time or moment stands on its line, and whether that line is tied to UTC."""
    kind = type(value)
    if kind in DAYS:
        return ordinal_of(value) * DAY, True
    if kind in MOMENTS:
        return instant(value), value.tzinfo is not None
    return nanos_of(value) - (offset_of(value) or 0) * SECOND, value.tzinfo is not None


def _equal_lists(left: list[Value], right: list[Value]) -> Truth:
    spend(len(left))
    if len(left) != len(right):
        return False
    return all(same(a, b) for a, b in zip(left, right, strict=True))


def _equal_contexts(left: dict[str, Value], right: dict[str, Value]) -> Truth:
    spend(len(left))
    if left.keys() != right.keys():
        return False
    return all(same(item, right[key]) for key, item in left.items())


def _equal_ranges(left: Range, right: Range) -> Truth:
    if (left.low_closed, left.high_closed, left.form) != (right.low_closed, right.high_closed, right.form):
        return False
    return same(left.low, right.low) and same(left.high, right.high)


ORDERED = frozenset({Decimal, str, date, DaysDuration, YearsMonths})


def less(left: Value, right: Value) -> Truth:
    """`<`; None for different kinds, for kinds without order, and where only one side has an offset."""
    kind = type(left)
    if kind in ORDERED and kind is type(right):
        return bool(left < right)
    if kind in TEMPORAL and KINDS[type(right)] == KINDS[kind]:
        one, two = _key(left), _key(right)
        return one[0] < two[0] if one[1] == two[1] else None
    return None


def less_or_equal(left: Value, right: Value) -> Truth:
    first = less(left, right)
    return first if first is not False else equal(left, right)


def not_equal(left: Value, right: Value) -> Truth:
    answer = equal(left, right)
    return None if answer is None else not answer


OPERATORS: dict[str, Callable[[Value, Value], Truth]] = {
    "=": equal,
    "!=": not_equal,
    "<": less,
    "<=": less_or_equal,
    ">": lambda left, right: less(right, left),
    ">=": lambda left, right: less_or_equal(right, left),
}


def within(value: Value, bounds: Range) -> Truth:
    """Is the value inside the range; None when it does not compare with an end."""
    above: Truth = True
    below: Truth = True
    if bounds.low is not None:
        above = (less_or_equal if bounds.low_closed else less)(bounds.low, value)
    if bounds.high is not None:
        below = (less_or_equal if bounds.high_closed else less)(value, bounds.high)
    return both(above, below)


def both(left: Truth, right: Truth) -> Truth:
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def passes(value: Value, test: Value) -> Truth:
    """Is the value what an evaluated test describes: equal to it, inside its range, or in its list (table 55)."""
    kind = type(test)
    if kind is Range and type(value) is not Range:
        return within(value, test)
    if kind is list:
        if type(value) is list and same(value, test):
            return True
        return _in_list(value, test)
    return equal(value, test)


def _in_list(value: Value, tests: list[Value]) -> Truth:
    spend(len(tests))
    for test in tests:
        if type(test) is Range and type(value) is not Range:
            if within(value, test) is True:
                return True
        elif same(value, test):
            return True
    return False
