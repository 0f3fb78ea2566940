"""The days of a term: when its window opens, when it must be handed in, when it lapses. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ledger import clock
from ledger.workdays import Calendar, days_before, months_before, roll_back
from registry.certificates.kinds import CertificateType, Window

NEAR_DAYS, PREPARE_DAYS = 60, 30
"""Our own rule for types whose law names no opening: near its end 60 days before, or 30 days before the day by which
it must be handed in, whichever is earlier (facts 4.0: reminders at 60 and 30 days)."""


@dataclass(frozen=True)
class Step:
    """One day of a term. `at` is the instant at which it is reached: 00:00 for an opening, 24:00 for a last day."""

    kind: str
    on: dt.date
    at: dt.datetime
    confirmed: bool = True


def next_review(kind: CertificateType, on: dt.date, long: bool = False) -> dt.date | None:
    """The day by which the review after one on `on` is due, by the type's data; None for a type without reviews.

    `long`: the longer period that the type allows (P01: ten years in one trade, 30号令 21 by facts 1.2). A yearly
    season (E01: until 06-30) gives its last day of the next year.
    """
    review = kind.review
    if review is None:
        return None
    if review.year_to:
        month, day = map(int, review.year_to.split("-"))
        return dt.date(on.year + 1, month, day)
    months = review.long_months if long and review.long_months else review.months
    return months_before(on, -months) if months else None


def next_duty(kind: CertificateType, begun: dt.date, known: dt.date | None, today: dt.date) -> dt.date | None:
    """The next day, today or later, by which a review inside the term is due: the day that is `known`, or periods
    after it, or after the term had `begun`; None for a type without reviews."""
    day = known
    while day is None or day < today:
        following = next_review(kind, day or begun)
        if following is None:
            return None
        day = following
    return day


def duty_step(kind: CertificateType, duty: dt.date, ends_on: dt.date | None, calendar: Calendar) -> Step | None:
    """When the review for a duty begins, by the type's own days; None where it states none, or the term ends before."""
    ahead = kind.review.opens_days if kind.review and not kind.review.lapses else None
    if ahead is None or (ends_on is not None and duty > ends_on):
        return None
    rolled = roll_back(calendar, days_before(duty, ahead))
    return Step("duty", rolled.on, clock.start_of_day(rolled.on), rolled.confirmed)


def end_of_term(valid_until: dt.date | None, review_on: dt.date | None) -> dt.date | None:
    """The last day a certificate may be relied on: of its term, or of a review that comes earlier (30号令 25)."""
    return min((day for day in (valid_until, review_on) if day is not None), default=None)


def near_from(kind: CertificateType, ends_on: dt.date | None) -> dt.date | None:
    """The day from which the end counts as near (临期): the window's opening, else by our own rule."""
    return near_by(kind.window, ends_on) if ends_on is not None else None


def near_by(window: Window, ends_on: dt.date) -> dt.date:
    """The same by the window alone."""
    if window.opens:
        return window.opens.before(ends_on)
    deadlines = [offset.before(ends_on) for name, offset in window.steps() if name != "lapses"]
    return min([days_before(ends_on, NEAR_DAYS), *(days_before(day, PREPARE_DAYS) for day in deadlines)])


def steps(kind: CertificateType, ends_on: dt.date, calendar: Calendar) -> list[Step]:
    """The days of a type's window for a term that ends on a day.

    "N before" moves back to the working day before a holiday (facts 4.0), the lapse stays on its day; a day rolled in a
    year without an official calendar is not confirmed.
    """
    made = []
    days = {name: offset.before(ends_on) for name, offset in kind.window.steps()}
    days.setdefault("opens", near_from(kind, ends_on) or ends_on)
    for name, day in sorted(days.items(), key=lambda each: each[1]):
        if name == "lapses":
            made.append(Step(name, day, clock.end_of_day(day)))
        else:
            rolled = roll_back(calendar, day)
            at = clock.start_of_day(rolled.on) if name == "opens" else clock.end_of_day(rolled.on)
            made.append(Step(name, rolled.on, at, rolled.confirmed))
    return made
