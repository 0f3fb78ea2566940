"""10.3.4.6 range functions (Allen's relations between points and ranges), and `range`."""

from __future__ import annotations

import re
from collections.abc import Callable

from feel.builtins.conversion import NUMBER, number_from_text
from feel.compare import Truth, both, equal, less, less_or_equal, same, within
from feel.compiler import unescape
from feel.iso import read_any, read_date, read_datetime, read_duration, read_time
from feel.signatures import builtin
from feel.values import Range, Value, kind

RANGED = frozenset(
    {"number", "string", "date", "time", "date and time", "days and time duration", "years and months duration"}
)


RANGE = re.compile(r"\s*([\[(\]])(.*?)\.\.(.*)([\])\[])\s*", re.DOTALL)
QUOTED = re.compile(r'(@|(?:date|time|date and time|duration)\s*\()?\s*("(?:[^"\\]|\\.)*")\s*(\)?)', re.DOTALL)
READERS: dict[str, Callable[[str], Value]] = {
    "@": read_any,
    "date": read_date,
    "time": read_time,
    "date and time": read_datetime,
    "duration": read_duration,
}


@builtin("range(from: string)")
def range_from_text(text: str) -> Range | None:
    """A rising range literal with literal ends; one end may be left out, and is open then (10.3.4.1)."""
    found = RANGE.fullmatch(text)
    if found is None:
        return None
    closed = found[1] == "[", found[4] == "]"
    ends = [None if not end.strip() else _end(end.strip()) for end in (found[2], found[3])]
    for made, end, shut in zip(ends, (found[2], found[3]), closed, strict=True):
        if made is None and (end.strip() or shut):
            return None
    falling = None not in ends and less(ends[1], ends[0]) is True
    return None if falling else make_range(ends[0], ends[1], *closed)


def _end(text: str) -> Value:
    """The value of a literal end, None for anything else."""
    if NUMBER.fullmatch(text):
        return number_from_text(text)
    found = QUOTED.fullmatch(text)
    if found is None or bool(found[3]) != (found[1] or "").endswith("("):
        return None
    inner = unescape(found[2])
    return inner if found[1] is None else READERS[found[1].rstrip("( ")](inner)


def make_range(low: Value, high: Value, low_closed: bool, high_closed: bool) -> Range | None:
    """The range, or None when its ends are of different kinds or of a kind without order."""
    for end in (low, high):
        if end is not None and kind(end) not in RANGED:
            return None
    if low is None or high is None:
        ends = low_closed and low is not None, high_closed and high is not None
        return None if low is high else Range(low, high, *ends)
    return None if less_or_equal(low, high) is None else Range(low, high, low_closed, high_closed)


def _either(left: Truth, right: Truth) -> Truth:
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def _touching(left: Range, right: Range) -> Truth:
    return equal(left.high, right.low)


@builtin("before(point1: any, point2: any)")
def before_point(one: Value, two: Value) -> Truth:
    if type(one) is Range and type(two) is Range:
        ends_open = not (one.high_closed and two.low_closed)
        return _either(less(one.high, two.low), both(ends_open, _touching(one, two)))
    if type(one) is Range:
        return _either(less(one.high, two), both(not one.high_closed, equal(one.high, two)))
    if type(two) is Range:
        return _either(less(one, two.low), both(not two.low_closed, equal(one, two.low)))
    return less(one, two)


@builtin("after(point1: any, point2: any)")
def after_point(one: Value, two: Value) -> Truth:
    return before_point(two, one)


@builtin("meets(range1: range, range2: range)")
def meets(one: Range, two: Range) -> Truth:
    return both(one.high_closed and two.low_closed, _touching(one, two))


@builtin("met by(range1: range, range2: range)")
def met_by(one: Range, two: Range) -> Truth:
    return meets(two, one)


@builtin("overlaps(range1: range, range2: range)")
def overlaps(one: Range, two: Range) -> Truth:
    return both(_reaches(one, two), _reaches(two, one))


def _reaches(one: Range, two: Range) -> Truth:
    """One does not end before two starts."""
    closed = one.high_closed and two.low_closed
    return _either(less(two.low, one.high), both(closed, _touching(one, two)))


@builtin("overlaps before(range1: range, range2: range)")
def overlaps_before(one: Range, two: Range) -> Truth:
    starts = _either(less(one.low, two.low), both(equal(one.low, two.low), one.low_closed and not two.low_closed))
    ends = _either(less(one.high, two.high), both(equal(one.high, two.high), not one.high_closed or two.high_closed))
    return both(both(starts, _reaches(one, two)), ends)


@builtin("overlaps after(range1: range, range2: range)")
def overlaps_after(one: Range, two: Range) -> Truth:
    starts = _either(less(two.low, one.low), both(equal(two.low, one.low), two.low_closed and not one.low_closed))
    ends = _either(less(two.high, one.high), both(equal(two.high, one.high), not two.high_closed or one.high_closed))
    return both(both(starts, _reaches(two, one)), ends)


@builtin("finishes(point: any, range: range)")
def finishes(one: Value, two: Range) -> Truth:
    if type(one) is not Range:
        return both(two.high_closed, equal(one, two.high))
    ends = both(one.high_closed is two.high_closed, equal(one.high, two.high))
    starts = _either(less(two.low, one.low), both(equal(one.low, two.low), not one.low_closed or two.low_closed))
    return both(ends, starts)


@builtin("finished by(range: range, point: any)")
def finished_by(one: Range, two: Value) -> Truth:
    return finishes(two, one)


@builtin("includes(range: range, point: any)")
def includes(one: Range, two: Value) -> Truth:
    if type(two) is not Range:
        return within(two, one)
    starts = _either(less(one.low, two.low), both(equal(one.low, two.low), one.low_closed or not two.low_closed))
    ends = _either(less(two.high, one.high), both(equal(one.high, two.high), one.high_closed or not two.high_closed))
    return both(starts, ends)


@builtin("during(point: any, range: range)")
def during(one: Value, two: Range) -> Truth:
    return includes(two, one)


@builtin("starts(point: any, range: range)")
def starts(one: Value, two: Range) -> Truth:
    if type(one) is not Range:
        return both(two.low_closed, equal(one, two.low))
    begins = both(one.low_closed is two.low_closed, equal(one.low, two.low))
    ends = _either(less(one.high, two.high), both(equal(one.high, two.high), not one.high_closed or two.high_closed))
    return both(begins, ends)


@builtin("started by(range: range, point: any)")
def started_by(one: Range, two: Value) -> Truth:
    return starts(two, one)


@builtin("coincides(point1: any, point2: any)")
def coincides(one: Value, two: Value) -> Truth:
    if type(one) is Range and type(two) is Range:
        closed = (one.low_closed, one.high_closed) == (two.low_closed, two.high_closed)
        return closed and same(one.low, two.low) and same(one.high, two.high)
    return equal(one, two) if Range not in (type(one), type(two)) else None
