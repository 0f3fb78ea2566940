"""The dates of sample certificates: how the ends of terms are spread, and the versions that come of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from ledger.workdays import days_before, months_before
from registry.certificates import codes
from registry.certificates.drafting import Term
from registry.certificates.kinds import CertificateType

SPREAD = {"valid": 0.71, "quarter": 0.09, "month": 0.05, "overdue": 0.06, "long": 0.06, "unknown": 0.03}
"""Shares by days to the end: over 90, 31-90, 0-30, past, no end, not known (facts 6)."""
ENDLESS = frozenset({"long", "works", "none", "start_within"})
"""Kinds of validity without a day; permits of the sample are of works that have begun."""
ASSUMED = {"E01": 240, "J06": 12, "J07": 12, "J10": 6, "J11": 12, "P15": 36, "P18": 36, "Q05": 12, "Q08": 12}
CHAINED, CHANGED = 0.07, 0.025


@dataclass(frozen=True)
class Draft:
    """One version to be: what was done, the state it leads to, its term, from when it holds, and a note."""

    operation: str
    state: str
    term: Term
    holds_from: dt.date
    note: str = ""


def shares(count: int) -> dict[str, int]:
    """How many of `count` certificates fall into each part of the spread; they add up to `count`."""
    parts = {name: round(count * share) for name, share in SPREAD.items()}
    parts["valid"] += count - sum(parts.values())
    return parts


def months_of(kind: CertificateType) -> int:
    """The term in months: the type's, or what is usual where the authority writes it."""
    return kind.validity.months or ASSUMED.get(kind.code, 24)


def chain(
    random: Random, kind: CertificateType, part: str, today: dt.date, *, chained: float = CHAINED,
    changed: float = CHANGED,
) -> list[Draft]:
    """The versions of one certificate of that part of the spread, oldest first. `chained` and `changed`: how many of
    the valid ones were renewed before, and are suspended or cancelled."""
    if part in ("long", "unknown"):
        issued = days_before(today, random.randrange(60, 2500))
        term = Term(codes.LONG if part == "long" else codes.UNKNOWN, issued, None, issued)
        return [Draft(codes.ISSUED, codes.VALID, term, issued)]
    last = _term(kind, _end(random, kind, part, today), part, today)
    drafts = [Draft(codes.ISSUED, codes.VALID, last, last.holds_from)]
    if part == "valid" and kind.validity.months and random.random() < chained:
        drafts = list(_earlier(random, kind, last))
    if part == "overdue" and last.ends_on:
        drafts.append(Draft(codes.EXPIRED, codes.LAPSED, last, last.ends_on + dt.timedelta(days=1)))
    elif part == "valid" and random.random() < changed:
        drafts.append(_changed(random, last, today))
    return drafts


def _end(random: Random, kind: CertificateType, part: str, today: dt.date) -> dt.date:
    longest = max(100, months_of(kind) * 30 - 20)
    low, high = {"valid": (91, longest), "quarter": (31, 90), "month": (0, 30), "overdue": (-240, -1)}[part]
    first, second = (today + dt.timedelta(days=random.randint(low, high)) for _ in range(2))
    return second if second.month in (3, 6) else first  # more end in March and June


def _term(kind: CertificateType, until: dt.date, part: str, today: dt.date) -> Term:
    begin = min(months_before(until, months_of(kind)) + dt.timedelta(days=1), today)
    review = None
    if kind.code == "P01" and part == "valid" and kind.review and kind.review.months:
        half = months_before(begin, -kind.review.months)
        review = half if (half - today).days > 90 else None
    return Term(codes.DATED, begin, until, begin, review)


def _earlier(random: Random, kind: CertificateType, last: Term) -> Iterator[Draft]:
    terms = [last]
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        begin = terms[0].valid_from
        assert begin is not None
        until = begin - dt.timedelta(days=1)
        terms.insert(0, _term(kind, until, "past", until))
    for place, term in enumerate(terms):
        yield Draft(codes.RENEWED if place else codes.ISSUED, codes.VALID, term, term.holds_from)


def _changed(random: Random, term: Term, today: dt.date) -> Draft:
    operation, state, note = random.choice((
        (codes.SUSPEND, codes.SUSPENDED, "事故调查期间暂扣"), (codes.SUSPEND, codes.SUSPENDED, "安全生产条件整改"),
        (codes.ENDED, codes.CANCELLED, "注销：持证人申请"), (codes.ENDED, codes.CANCELLED, "注销：证照合并"),
        (codes.ENDED, codes.REVOKED, "吊销：出借证件"),
    ))
    since = max(term.holds_from, days_before(today, random.randrange(3, 200)))
    return Draft(operation, state, term, since, note)
