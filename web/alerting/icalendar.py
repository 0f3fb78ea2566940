"""A calendar in words that other programs read: RFC 5545. Whole days only, in local days; what is due, not who is busy.

What is said is escaped (3.3.11), lines are folded at 75 octets and never inside a character (3.1). Days are days in
Shanghai; a whole day has no time zone in it (3.3.4), X-WR-TIMEZONE says which one is meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

WIDTH = 75
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """One whole day. `uid` and `sequence` make a later version take the place of an earlier one; `stamp` is the moment
    of that version; `alarms` are times before (negative) or after the beginning of the day."""

    uid: str
    day: dt.date
    summary: str
    about: str
    url: str
    stamp: dt.datetime
    sequence: int = 0
    alarms: tuple[dt.timedelta, ...] = ()


def calendar(name: str, events: Iterable[Event]) -> bytes:
    """The file, as text/calendar; charset=utf-8."""
    return "".join(folded(line) + "\r\n" for line in _lines(name, events)).encode()


def _lines(name: str, events: Iterable[Event]) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Licet//Licet//ZH", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
                f"NAME:{escaped(name)}", f"X-WR-CALNAME:{escaped(name)}", "X-WR-TIMEZONE:Asia/Shanghai",
                "REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H")
    for event in events:
        yield from _event(event)
    yield "END:VCALENDAR"


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    yield f"DTSTAMP:{event.stamp.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.day + DAY:%Y%m%d}"
    yield f"SUMMARY:{escaped(event.summary)}"
    yield f"DESCRIPTION:{escaped(event.about)}"
    if event.url:
        yield f"URL:{event.url}"
    yield from ("CLASS:PRIVATE", "TRANSP:TRANSPARENT", "STATUS:CONFIRMED")
    for alarm in event.alarms:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{escaped(event.summary)}",
                    f"TRIGGER:{duration(alarm)}", "END:VALARM")
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """A value of type TEXT; other control characters than a line's end have no place in one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    clean = "".join(each for each in lines if each in "\n\t" or (ord(each) > 31 and ord(each) != 127))
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, each after the first behind a space."""
    pieces, piece, room = list[str](), "", WIDTH
    for each in line:
        size = len(each.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", WIDTH - 1
        piece += each
        room -= size
    return "\r\n ".join([*pieces, piece])


def duration(span: dt.timedelta) -> str:
    """-P6DT15H: whole hours before or after."""
    hours = int(abs(span).total_seconds() // 3600)
    days, rest = divmod(hours, 24)
    told = (f"{days}D" if days else "") + (f"T{rest}H" if rest or not days else "")
    return f"{'-' if span < dt.timedelta() else ''}P{told}"
