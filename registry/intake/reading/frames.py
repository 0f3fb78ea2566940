"""What the child tells its parent, piece by piece: a length of four bytes, then msgpack. Never pickle.

In this order: ("book", kind, encoding); for each sheet ("sheet", SheetTold) and any number of ("rows", [row, ...]) with
("marks", MarksTold) at its end; ("done",). Or, at any point and last, ("refused", name, params).
Days travel as extensions 1 (ordinal) and 2 (ISO text of day and time).
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from typing import IO, Any

import msgspec

from registry.intake.book import Value

FORMAT = 1
"""To be raised with every change of what is told here: what was kept of the form before is then read anew."""
DAY, INSTANT = 1, 2
ROWS = 1_000
"""Rows of a piece."""
MOST_FRAME = 200_000_000
_HEAD = struct.Struct(">I")


def teller(out: IO[bytes]) -> Callable[..., None]:
    """A function that tells one piece."""
    encoder = msgspec.msgpack.Encoder()

    def tell(*piece: Any) -> None:
        body = encoder.encode(piece)
        out.write(_HEAD.pack(len(body)))
        out.write(body)

    return tell


def hearer(read_on: Callable[[int], bytes]) -> Callable[[], list[Any] | None]:
    """A function that hears the next piece of what `read_on` gives, so many bytes at a time; None at the end.
    ValueError for what no child of ours would tell."""
    days: dict[bytes, Value] = {}

    def extension(code: int, data: memoryview) -> Value:
        key = bytes(data)
        if key not in days:
            days[key] = _day(code, key)
        return days[key]

    decoder = msgspec.msgpack.Decoder(list[Any], ext_hook=extension)

    def hear() -> list[Any] | None:
        head = read_on(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        length = _HEAD.unpack(head)[0]
        body = read_on(length) if length <= MOST_FRAME else b""
        return decoder.decode(body) if len(body) == length else None

    return hear


def packed(day: dt.date) -> msgspec.msgpack.Ext:
    """A day, or a day with a time."""
    if isinstance(day, dt.datetime):
        return msgspec.msgpack.Ext(INSTANT, day.isoformat().encode())
    return msgspec.msgpack.Ext(DAY, day.toordinal().to_bytes(4, "big"))


def _day(code: int, data: bytes) -> Value:
    if code == DAY:
        return dt.date.fromordinal(int.from_bytes(data, "big"))
    return dt.datetime.fromisoformat(data.decode())
