"""Variables as bytes: MessagePack with extension types for what FEEL knows and MessagePack does not."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec.msgpack import Ext

from feel.values import DaysDuration, Range, YearsMonths

PLAIN = (str, bool, int, float, bytes, type(None))
NUMBER, DATE, TIME, MOMENT, DAYS, MONTHS, RANGE = range(1, 8)
LONGEST_NUMBER = 300  # digits; beyond, no float and no JavaScript holds it
_encoder = msgspec.msgpack.Encoder()


def freeze(value: Any) -> Any:
    """A value in MessagePack's own terms. Raises TypeError for what no variable may hold (functions, objects)."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is list or kind is tuple:
        return [freeze(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): freeze(item) for key, item in value.items()}
    return _extension(value)


def _extension(value: Any) -> Any:
    if isinstance(value, Decimal):
        return Ext(NUMBER, str(value).encode())
    if isinstance(value, dt.datetime):
        return Ext(MOMENT, _zoned(value))
    if isinstance(value, dt.date):
        return Ext(DATE, struct.pack(">I", value.toordinal()))
    if isinstance(value, dt.time):
        return Ext(TIME, _zoned(value))
    if isinstance(value, DaysDuration):
        return Ext(DAYS, str(value.nanos).encode())
    if isinstance(value, YearsMonths):
        return Ext(MONTHS, str(value.months).encode())
    if isinstance(value, Range):
        ends = [freeze(value.low), freeze(value.high), value.low_closed, value.high_closed]
        return Ext(RANGE, _encoder.encode(ends))
    if isinstance(value, PLAIN):  # a subclass, such as an enum's member
        plain: tuple[type[str], ...] = (str, bool, int, float, bytes)  # type: ignore[assignment]
        return next(kind(value) for kind in plain if isinstance(value, kind))
    raise TypeError(f"a variable cannot hold a {type(value).__name__}")


def _zoned(value: dt.datetime | dt.time) -> bytes:
    """ISO 8601 with the offset, or with the zone's name after "@": format 1 lost the name."""
    if isinstance(value.tzinfo, ZoneInfo):
        return f"{value.replace(tzinfo=None).isoformat()}@{value.tzinfo.key}".encode()
    return value.isoformat().encode()


def _unzoned(body: bytes) -> tuple[str, ZoneInfo | None]:
    text, _, name = body.decode().partition("@")
    return text, ZoneInfo(name) if name else None


def _thaw(code: int, data: memoryview) -> Any:
    body = bytes(data)
    if code == NUMBER:
        return Decimal(body.decode())
    if code == DATE:
        return dt.date.fromordinal(struct.unpack(">I", body)[0])
    if code == MOMENT:
        text, zone = _unzoned(body)
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=zone) if zone else moment
    if code == TIME:
        text, zone = _unzoned(body)
        time = dt.time.fromisoformat(text)
        return time.replace(tzinfo=zone) if zone else time
    if code == DAYS:
        return DaysDuration(int(body))
    if code == MONTHS:
        return YearsMonths(int(body))
    if code == RANGE:
        return Range(*_decoder.decode(body))
    raise ValueError(f"unknown extension {code}")


_decoder = msgspec.msgpack.Decoder(ext_hook=_thaw)


def pack(value: Any) -> bytes:
    """Bytes of a frozen value."""
    return _encoder.encode(value)


def unpack(data: bytes | memoryview) -> Any:
    """The value back, with FEEL's types."""
    return _decoder.decode(data)


def plain(value: Any) -> Any:
    """A value as JSON can hold it: whole numbers as int, others as float, what is longer and all else as text."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Decimal):
        if value.adjusted() > LONGEST_NUMBER:
            return str(value)
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
