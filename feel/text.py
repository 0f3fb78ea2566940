"""How a value is written: `string(x)`, and inside lists and contexts with its quotes."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal

from feel.budget import check_text, spend
from feel.iso import date_text, datetime_text, duration_text, time_text
from feel.lexer import PART
from feel.moments import FineTime, LongDate, LongMoment
from feel.values import DaysDuration, Function, Range, Value, YearsMonths

NAME = re.compile(rf"[{PART}](?:[{PART} .'+*/-]*[{PART}])?")


def number_text(value: Decimal) -> str:
    """Digits without an exponent: 1.50 stays 1.50, 1E+3 is 1000, -0 is 0."""
    text = format(value, "f")
    spend(len(text) // 20)
    return text[1:] if text.startswith("-") and not value else text


def written(value: Value, *, inside: bool = False) -> str:
    """The text of a value; `inside` a list or context, strings are quoted."""
    spend(2)
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value) if inside else value
        case Decimal():
            return number_text(value)
        case datetime() | LongMoment():
            return datetime_text(value)
        case date() | LongDate():
            return date_text(value)
        case time() | FineTime():
            return time_text(value)
        case DaysDuration() | YearsMonths():
            return duration_text(value)
        case Range() | list() | dict():
            return _container(value)
        case Function():
            return f"function {value.name}".rstrip()
    return str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _key(key: str) -> str:
    """A key as a context literal can hold it: quoted unless it is a name."""
    return key if NAME.fullmatch(key) else _quoted(key)


def _container(value: Value) -> str:
    if type(value) is Range:
        low, high = ("" if end is None else written(end, inside=True) for end in (value.low, value.high))
        return f"{'[' if value.low_closed else '('}{low}..{high}{']' if value.high_closed else ')'}"
    if type(value) is list:
        parts = [written(item, inside=True) for item in value]
    else:
        parts = [f"{_key(key)}: {written(item, inside=True)}" for key, item in value.items()]
    check_text(sum(map(len, parts)))
    body = ", ".join(parts)
    return f"[{body}]" if type(value) is list else f"{{{body}}}"
