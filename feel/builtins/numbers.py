"""10.3.4.5 numeric functions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    DecimalException,
)

from feel.budget import spend
from feel.signatures import builtin
from feel.values import NUMBERS, DaysDuration, Value, YearsMonths

ONE = Decimal(1)


def rounded(value: Decimal, scale: Decimal, how: str) -> Decimal | None:
    """The value with `scale` digits after the point; None outside decimal128's scales (-6111 to 6176)."""
    digits = int(scale)
    if not -6111 <= digits <= 6176:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= digits:
        return value
    try:
        return value.quantize(ONE.scaleb(-digits), rounding=how, context=NUMBERS)
    except DecimalException:
        return None


@builtin("decimal(n: number, scale: number)")
def decimal(value: Decimal, scale: Decimal) -> Decimal | None:
    return rounded(value, scale, ROUND_HALF_EVEN)


@builtin("floor(n: number, scale?: number)")
def floor(value: Decimal, scale: Decimal = Decimal(0)) -> Decimal | None:
    return rounded(value, scale, ROUND_FLOOR)


@builtin("ceiling(n: number, scale?: number)")
def ceiling(value: Decimal, scale: Decimal = Decimal(0)) -> Decimal | None:
    return rounded(value, scale, ROUND_CEILING)


@builtin("round up(n: number, scale: number)")
def round_up(value: Decimal, scale: Decimal) -> Decimal | None:
    return rounded(value, scale, ROUND_UP)


@builtin("round down(n: number, scale: number)")
def round_down(value: Decimal, scale: Decimal) -> Decimal | None:
    return rounded(value, scale, ROUND_DOWN)


@builtin("round half up(n: number, scale: number)")
def round_half_up(value: Decimal, scale: Decimal) -> Decimal | None:
    return rounded(value, scale, ROUND_HALF_UP)


@builtin("round half down(n: number, scale: number)")
def round_half_down(value: Decimal, scale: Decimal) -> Decimal | None:
    return rounded(value, scale, ROUND_HALF_DOWN)


@builtin("abs(n: number|days|months)")
def absolute(value: Value) -> Value:
    if type(value) is DaysDuration:
        return DaysDuration(abs(value.nanos))
    return YearsMonths(abs(value.months)) if type(value) is YearsMonths else NUMBERS.abs(value)


@builtin("modulo(dividend: number, divisor: number)")
def modulo(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """dividend - divisor * floor(dividend / divisor): the sign is the divisor's."""
    try:
        rest = NUMBERS.remainder(dividend, divisor)
        return NUMBERS.add(rest, divisor) if rest and (rest < 0) != (divisor < 0) else rest
    except DecimalException:
        return None


def _guarded(operation: Callable[[Decimal], Decimal], value: Decimal) -> Decimal | None:
    spend(30)
    try:
        return operation(value)
    except DecimalException:
        return None


@builtin("sqrt(number: number)")
def sqrt(value: Decimal) -> Decimal | None:
    return _guarded(NUMBERS.sqrt, value)


@builtin("log(number: number)")
def log(value: Decimal) -> Decimal | None:
    return _guarded(NUMBERS.ln, value) if value > 0 else None


@builtin("exp(number: number)")
def exp(value: Decimal) -> Decimal | None:
    return _guarded(NUMBERS.exp, value)


@builtin("odd(number: number)")
def odd(value: Decimal) -> bool | None:
    return _divisible(value, Decimal(1))


@builtin("even(number: number)")
def even(value: Decimal) -> bool | None:
    return _divisible(value, Decimal(0))


def _divisible(value: Decimal, rest: Decimal) -> bool | None:
    if value != value.to_integral_value():
        return None
    try:
        return abs(NUMBERS.remainder(value, Decimal(2))) == rest
    except DecimalException:
        return rest == 0
