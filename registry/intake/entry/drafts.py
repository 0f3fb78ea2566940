"""The versions that rows of a ledger become: a chain for each certificate, oldest first. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from registry.certificates import codes
from registry.certificates.drafting import Term
from registry.certificates.kinds import CertificateType
from registry.intake.judged import Judged
from registry.intake.matching.chaining import Match

AT_IMPORT = "导入时状态：{state}"
OPERATION = {
    codes.SUSPENDED: codes.SUSPEND, codes.ANNULLED: codes.ENDED, codes.CANCELLED: codes.ENDED,
    codes.REVOKED: codes.ENDED, codes.LAPSED: codes.EXPIRED, codes.LEAVING: codes.OTHER_ACT,
    codes.OTHER: codes.OTHER_ACT,
}
"""The act that leads to a state, as far as a ledger that only names the state can tell."""


@dataclass(slots=True)
class Draft:
    """One version to be; `place` is the row it comes from, None where the clock has ended it meanwhile."""

    operation: str
    state: str
    term: Term
    holds_from: dt.date
    place: int | None
    note: str = ""
    duty: dt.date | None = None


def drafts(
    places: Sequence[int], rows: Sequence[Judged], matches: Sequence[Match], kind: CertificateType, today: dt.date
) -> list[Draft]:
    """The versions of one certificate, in order: those that its rows tell of, then the state the last row names, or the
    lapse where the last term is over (recorded as known today: old stock is no news, but it is not in force)."""
    there = matches[places[0]].there
    made: list[Draft] = []
    before: Any = there
    for place in places:
        match, row = matches[place], rows[place]
        assert match.term is not None
        draft = _follow(place, match, row, before, there) if before is not None else Draft(
            codes.ISSUED, codes.VALID, match.term, match.term.holds_from, place, duty=match.duty)
        made.append(draft)
        before = draft
    return [*made, *_ending(made[-1], rows[places[-1]], kind, today)]


def _follow(place: int, match: Match, row: Judged, before: Any, there: Any) -> Draft:
    """The next version: a later term renews; the same beginning told otherwise corrects from that beginning on."""
    term, last = match.term, before.term if isinstance(before, Draft) else before
    assert term is not None
    later = term.valid_until is not None and last.valid_until is not None and term.valid_until > last.valid_until
    state = codes.VALID if before.state == codes.LAPSED and later else before.state
    begins = max(term.valid_from or before.holds_from, before.holds_from)
    return Draft(codes.RENEWED if later else codes.CHANGED, state, term, begins, place, duty=match.duty)


def _ending(last: Draft, row: Judged, kind: CertificateType, today: dt.date) -> Iterator[Draft]:
    ends = last.term.ends_on
    over = ends is not None and ends < today
    if row.state not in (codes.VALID, codes.LAPSED) and row.state != last.state:
        note = AT_IMPORT.format(state=codes.STATES[row.state])
        yield Draft(OPERATION[row.state], row.state, last.term, max(today, last.holds_from), last.place, note)
    elif row.state == codes.VALID != last.state and "state" in row.came and last.state == codes.SUSPENDED:
        yield Draft(codes.RETURNED, codes.VALID, last.term, max(today, last.holds_from), last.place)
    elif over and ends is not None and last.state in codes.LIVE:
        note = "废止：到期未开工" if kind.ending is not None and kind.ending.annuls else ""
        yield Draft(codes.EXPIRED, codes.LAPSED, last.term, ends + dt.timedelta(days=1), None, note)
    elif row.state == codes.LAPSED and last.state in codes.LIVE:
        note = AT_IMPORT.format(state=codes.STATES[row.state])
        yield Draft(codes.EXPIRED, codes.LAPSED, last.term, max(today, last.holds_from), last.place, note)
