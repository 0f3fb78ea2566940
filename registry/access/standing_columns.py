"""A certificate's standing as SQL: the same decisions in the same order as certificates.standing, for lists."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import aliased

from ledger import clock
from registry.certificates import codes
from registry.certificates.catalogue import as_of, types
from registry.certificates.kinds import CertificateType, Window
from registry.certificates.models import Certificate, Version
from registry.certificates.standing import BY_STATE, Standing
from registry.certificates.windows import near_by
from registry.people.units import Unit

_ENDED = frozenset({codes.CANCELLED, codes.ANNULLED, codes.REVOKED, codes.LAPSED})
_RUNNING = {code: found for code, found in BY_STATE.items() if code not in _ENDED}
_FARTHEST = 20 * 366  # days: no window opens earlier before its end


@dataclass(frozen=True)
class Stands:
    """How rows stand on the day `on`, by their columns; `due` says whether an end that lies ahead is near."""

    state: Any
    no: Any
    valid_from: Any
    ends_on: Any
    term: Any
    on: dt.date
    due: ColumnElement[bool]

    @property
    def column(self) -> ColumnElement[str]:
        """The standing, to be shown, counted and sorted by."""
        return case(
            *((self.state == code, BY_STATE[code].value) for code in sorted(_ENDED)),
            (and_(self.no == 1, self.valid_from > self.on), Standing.FUTURE.value),
            (self.ends_on < self.on, Standing.EXPIRED.value),
            *((self.state == code, found.value) for code, found in sorted(_RUNNING.items())),
            (self.due, Standing.DUE.value),
            (and_(self.ends_on.is_(None), self.term == codes.UNKNOWN), Standing.UNDATED.value),
            else_=Standing.VALID.value,
        )

    def among(self, wanted: Collection[Standing]) -> ColumnElement[bool]:
        """Whether the standing is one of these: the same decisions as a condition, of which most rows fail the first
        comparison; to find out the standing of every row costs twice as much."""
        begun = or_(self.no != 1, self.valid_from.is_(None), self.valid_from <= self.on)
        runs = or_(self.ends_on.is_(None), self.ends_on >= self.on)
        parts = [self.state == code for code in sorted(_ENDED) if BY_STATE[code] in wanted]
        parts += [and_(self.state == code, begun, runs) for code, found in sorted(_RUNNING.items()) if found in wanted]
        if Standing.FUTURE in wanted:
            parts.append(and_(self.state.not_in(sorted(_ENDED)), self.no == 1, self.valid_from > self.on))
        if Standing.EXPIRED in wanted:
            parts.append(and_(self.state.not_in(sorted(_ENDED)), begun, self.ends_on < self.on))
        for standing, told in self._in_force(wanted):
            if standing in wanted:
                parts.append(and_(self.state == codes.VALID, told, begun))
        return or_(false(), *parts)

    def _in_force(self, wanted: Collection[Standing]) -> Iterator[tuple[Standing, ColumnElement[bool]]]:
        ahead, endless = self.ends_on >= self.on, self.ends_on.is_(None)
        yield Standing.UNDATED, and_(endless, self.term == codes.UNKNOWN)
        yield Standing.VALID, and_(endless, self.term != codes.UNKNOWN)
        if {Standing.VALID, Standing.DUE} <= set(wanted):
            yield Standing.VALID, ahead
        else:
            yield Standing.DUE, and_(self.due, ahead)
            yield Standing.VALID, and_(ahead, ~func.coalesce(self.due, false()))


def row_stands(today: dt.date) -> Stands:
    """Rows of the register today, by the columns beside the chain."""
    row = Certificate
    return Stands(row.state, row.version_no, row.valid_from, row.ends_on, row.term, today, row.due_from <= today)


def standing_column(today: dt.date) -> ColumnElement[str]:
    """Today's standing of a row of the register."""
    return row_stands(today).column


def version_stands(on: dt.date, known: dt.datetime | None = None) -> Stands:
    """Versions (joined to their Certificates, and deciding on the day)."""
    row, ends_on = Version, version_ends()
    due = and_(_near(on, ends_on), ~_follows(on, known))
    return Stands(row.state, row.no, row.valid_from, ends_on, row.term, on, due)


def version_ends() -> ColumnElement[dt.date]:
    """The last day on which a Version may be relied on (certificates.windows.end_of_term)."""
    return _ends(Version)


def _ends(row: Any) -> ColumnElement[dt.date]:
    reviewed = and_(row.review_on.is_not(None), row.review_on < row.valid_until)
    return case((or_(row.valid_until.is_(None), reviewed), row.review_on), else_=row.valid_until)


def deciding(on: dt.date, known: dt.datetime | None) -> ColumnElement[bool]:
    """Of the versions known at the instant, the last that already holds on the day: the one that decides."""
    row, later = Version, aliased(Version)
    conditions = [later.certificate_id == Certificate.id, later.holds_from <= on]
    if known is not None:
        conditions.append(later.known_from <= known)
    last = select(func.max(later.no)).where(*conditions).correlate(Certificate).scalar_subquery()
    return and_(row.certificate_id == Certificate.id, row.no == last)


def moved(first: dt.date, last: dt.date) -> ColumnElement[bool]:
    """Versions by which a certificate may stand otherwise on the second of two days (first <= last), all else equal:
    they begin between the days, or their term or review ends between them, or comes near."""
    row, ends_on = Version, version_ends()
    return or_(
        and_(row.holds_from > first, row.holds_from <= last), and_(row.valid_from > first, row.valid_from <= last),
        and_(ends_on >= first, ends_on < last), and_(_near(last, ends_on), ~_near(first, ends_on)),
    )


def _near(on: dt.date, ends_on: ColumnElement[dt.date]) -> ColumnElement[bool]:
    """Whether the end counts as near on the day: for each type, up to which end it does (windows.near_from)."""
    until: dict[dt.date, list[str]] = defaultdict(list)
    local: list[ColumnElement[bool]] = []
    for code, kind in types().items():
        places = sorted({variant.province for variant in kind.variants if variant.province})
        if places:
            local.append(and_(Certificate.type_code == code, _near_in(kind, places, on, ends_on)))
        else:
            until[last_near_end(as_of(kind, clock.today()) or kind, on)].append(code)
    return or_(false(), *local, *(and_(Certificate.type_code.in_(sorted(codes_)), ends_on <= day)
                                  for day, codes_ in sorted(until.items())))


def _near_in(
    kind: CertificateType, places: Iterable[str], on: dt.date, ends_on: ColumnElement[dt.date]
) -> ColumnElement[bool]:
    """The same for a type of which some provinces have a window of their own."""
    unit = aliased(Unit)
    province = select(unit.province).where(unit.path == Certificate.unit_path).correlate(Certificate).scalar_subquery()
    days = {place: last_near_end(as_of(kind, clock.today(), place) or kind, on) for place in ("", *places)}
    return ends_on <= case(*((province == place, literal(days[place])) for place in places), else_=literal(days[""]))


def last_near_end(kind: CertificateType, on: dt.date) -> dt.date:
    """The latest end of a term that is near on the day; most types share few windows."""
    return _last_near_end(kind.window, on)


@lru_cache(maxsize=4096)
def _last_near_end(window: Window, on: dt.date) -> dt.date:
    """near_by never falls as the end moves on, so it is halved."""
    low, high = 0, _FARTHEST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if near_by(window, on + dt.timedelta(days=middle)) <= on else (low, middle - 1)
    return on + dt.timedelta(days=low)


def _follows(on: dt.date, known: dt.datetime | None) -> ColumnElement[bool]:
    """Whether a next term is known already whose own end is not near (standing._renewed_ahead)."""
    coming = aliased(Version)
    ends_on = _ends(coming)
    conditions = [
        coming.certificate_id == Certificate.id, coming.no > Version.no, coming.holds_from > on,
        coming.state == codes.VALID, or_(ends_on.is_(None), ~_near(on, ends_on)),
    ]
    if known is not None:
        conditions.append(coming.known_from <= known)
    return select(coming.id).where(*conditions).correlate(Certificate, Version).exists()
