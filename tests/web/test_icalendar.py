"""The words of a calendar: RFC 5545, read back by a parser that is not ours."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as some
from icalendar import Calendar

from web.alerting.icalendar import Event, calendar, duration, escaped

DAY, STAMP = dt.date(2027, 1, 31), dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC)
WORDS = some.text(some.characters(exclude_categories=("Cs", "Cc")), max_size=200)


def event(**more: object) -> Event:
    given: dict[str, object] = {"uid": "licet-end-7@licet.example", "day": DAY, "summary": "证", "about": "", "url": "",
                                "stamp": STAMP, **more}
    return Event(**given)  # type: ignore[arg-type]


@given(summary=WORDS, about=some.lists(WORDS, max_size=3))
def test_whatever_is_said_is_read_back_as_it_was(summary: str, about: list[str]) -> None:
    body = calendar(summary, [event(summary=summary, about="\n".join(about))])
    read = Calendar.from_ical(body)
    assert str(read.walk("VEVENT")[0]["SUMMARY"]) == summary
    assert str(read.walk("VEVENT")[0]["DESCRIPTION"]) == "\n".join(about)


@given(summary=WORDS)
def test_no_line_is_longer_than_75_octets_and_none_is_cut_inside_a_character(summary: str) -> None:
    lines = calendar("历", [event(summary=summary)]).split(b"\r\n")
    assert max(map(len, lines)) <= 75 and lines[-1] == b""
    assert [line for line in lines if b"\n" in line or b"\r" in line] == []
    for line in lines:
        line.decode("utf-8")


def test_a_day_is_a_whole_day_with_its_version_and_its_alarms() -> None:
    body = calendar("历", [event(sequence=3, url="https://licet.example/alerts/7",
                                alarms=(dt.timedelta(hours=9) - dt.timedelta(days=7),))])
    read = Calendar.from_ical(body).walk("VEVENT")[0]
    assert (read.decoded("DTSTART"), read.decoded("DTEND")) == (DAY, DAY + dt.timedelta(days=1))
    assert (read["UID"], read["SEQUENCE"], read.decoded("DTSTAMP")) == ("licet-end-7@licet.example", 3, STAMP)
    assert read["URL"] == "https://licet.example/alerts/7"
    assert read.walk("VALARM")[0].decoded("TRIGGER") == dt.timedelta(days=-7, hours=9)


def test_control_characters_have_no_place_in_a_text() -> None:
    assert escaped("a\x00b\x1fc\x7f;,\\\r\nd\te") == "abc\\;\\,\\\\\\nd\te"


def test_durations_are_whole_hours() -> None:
    hours = {9: "PT9H", -15: "-PT15H", -24: "-P1D", -159: "-P6DT15H", 0: "PT0H"}
    assert {number: duration(dt.timedelta(hours=number)) for number in hours} == hours
