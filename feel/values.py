"""The values FEEL knows, and the gate through which Python values become them.

number Decimal · string str · boolean bool · null None · list list · context dict · date, time, date and time: Python's
own · durations and ranges: the classes below · function: `Function`. Nothing else gets in, so no attribute of a
Python object can be reached from an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from feel.budget import NESTING, spend
from feel.errors import FeelError
from feel.moments import SECOND, FineTime, LongDate, LongMoment

Value = Any
"""Any FEEL value (see the module's docstring)."""

NUMBERS = Context(
    prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[InvalidOperation, DivisionByZero, Overflow]
)
"""IEEE 754 decimal128, as 10.3.2.3.1 asks; what traps becomes null."""


@dataclass(frozen=True, slots=True, order=True)
class DaysDuration:
    """Days and time duration, in whole nanoseconds."""

    nanos: int

    @classmethod
    def of(cls, delta: timedelta) -> DaysDuration:
        return cls((delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds * 1000)

    @property
    def timedelta(self) -> timedelta:
        """As Python's; raises OverflowError beyond a billion days."""
        return timedelta(microseconds=self.nanos // 1000)

    @property
    def seconds(self) -> Decimal:
        return NUMBERS.divide(Decimal(self.nanos), Decimal(SECOND))

    def __str__(self) -> str:
        from feel.iso import duration_text

        return duration_text(self)


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """Years and months duration, in months."""

    months: int

    def __str__(self) -> str:
        from feel.iso import duration_text

        return duration_text(self)


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; None at an end means without end there. `form` is the sign of one written `(< 10)`, else empty."""

    low: Value
    high: Value
    low_closed: bool = True
    high_closed: bool = True
    form: str = ""


class Function:
    """A FEEL function value: parameter names and a Python callable of positional FEEL values."""

    __slots__ = ("apply", "name", "parameters", "result_type", "types", "variadic")

    def __init__(
        self,
        apply: Callable[..., Value],
        parameters: tuple[str, ...] | None,
        *,
        name: str = "",
        types: tuple[Any, ...] = (),
        result_type: Any = None,
    ) -> None:
        self.apply = apply
        self.parameters = parameters or ()
        self.variadic = parameters is None
        self.name = name
        self.types = types
        self.result_type = result_type


KINDS: dict[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
    list: "list",
    dict: "context",
    date: "date",
    time: "time",
    datetime: "date and time",
    LongDate: "date",
    FineTime: "time",
    LongMoment: "date and time",
    DaysDuration: "days and time duration",
    YearsMonths: "years and months duration",
    Range: "range",
    Function: "function",
}


def kind(value: Value) -> str:
    """The FEEL name of a value's type."""
    return KINDS[type(value)]


def number(value: int | float | str | Decimal) -> Decimal:
    return NUMBERS.create_decimal(value if not isinstance(value, float) else repr(value))


PLAIN = frozenset(
    {str, bool, type(None), date, time, datetime, LongDate, FineTime, LongMoment, DaysDuration, YearsMonths, Function}
)


def feel_value(given: Any, depth: int = 0) -> Value:
    """A FEEL value made from a Python one; containers are copied, so that nothing given is ever changed.

    Raises FeelError for an object FEEL has no type for.
    """
    cls = type(given)
    if cls in PLAIN:
        return given
    if cls is int:
        return Decimal(given) if -(10**33) < given < 10**33 else _number(given)
    if cls is Decimal or cls is float:
        return _number(given)
    return _container(given, depth) if depth < NESTING else _too_deep()


def _too_deep() -> Value:
    raise FeelError(f"数据嵌套超过 {NESTING} 层", f"the data is nested more than {NESTING} deep")


def _number(given: Any) -> Decimal | None:
    try:
        made = number(given)
    except (InvalidOperation, Overflow, ValueError):
        return None
    return made if made.is_finite() else None


def _container(given: Any, depth: int) -> Value:
    if isinstance(given, Mapping):
        spend(len(given))
        return {str(key): feel_value(item, depth + 1) for key, item in given.items()}
    if isinstance(given, list | tuple | set | frozenset):
        spend(len(given))
        return [feel_value(item, depth + 1) for item in given]
    if isinstance(given, Range):
        low, high = feel_value(given.low, depth + 1), feel_value(given.high, depth + 1)
        return Range(low, high, given.low_closed, given.high_closed, given.form)
    return _subclass(given)


def _subclass(given: Any) -> Value:
    """Subclasses of what FEEL knows (an enum of strings, a pandas timestamp) become the plain type."""
    if isinstance(given, timedelta):
        return DaysDuration.of(given)
    if isinstance(given, str):
        return str.__str__(given)
    if isinstance(given, int):
        return _number(int(given))
    if isinstance(given, float | Decimal):
        return _number(Decimal(given) if isinstance(given, Decimal) else float(given))
    if isinstance(given, datetime):
        return datetime.combine(given.date(), given.timetz())
    if isinstance(given, date):
        return date(given.year, given.month, given.day)
    name = type(given).__name__
    raise FeelError(f"FEEL 不认识类型为 {name} 的数据", f"FEEL has no type for a Python {name}")
