"""Two days of the register beside each other: what came, what went, what came back, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, case, or_, select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.access.lines import Day, Line, lines_of, view
from registry.access.register import MOST, Filter, conditions
from registry.access.rules import visible
from registry.access.standing_columns import moved
from registry.certificates.models import Certificate, Version
from registry.certificates.standing import Standing

OVER = tuple(each.value for each in (Standing.EXPIRED, Standing.CANCELLED, Standing.ANNULLED, Standing.REVOKED))
CHUNK = 500


class Difference(StrEnum):
    """What happened to a certificate between two days."""

    CAME = "came"
    WENT = "went"
    BACK = "back"
    CHANGED = "changed"

    @property
    def label(self) -> str:
        """A gettext msgid."""
        return LABELS[self]


LABELS: dict[Difference, str] = {
    Difference.CAME: "新增", Difference.WENT: "退出", Difference.BACK: "恢复", Difference.CHANGED: "变化",
}


@dataclass(frozen=True)
class Pair:
    """One difference: the line of the first day and that of the second, None where the register had none."""

    difference: Difference
    first: Line | None
    second: Line | None

    @property
    def line(self) -> Line:
        """The later of the two there is."""
        found = self.second or self.first
        assert found is not None
        return found


@dataclass(frozen=True)
class Compared:
    """One page of differences, and how many there are of each kind in all."""

    rows: list[Pair]
    counts: Mapping[Difference, int]


def compare(
    session: Session, actor: Actor, sought: Filter, first: Day, second: Day, *, only: Difference | None = None,
    limit: int = 25, offset: int = 0,
) -> Compared:
    """What differs between the registers of two days; a filter's standing and ends are not looked at.

    Went: it could still stand on the first day, and on the second it is over or no longer there.
    """
    found = session.execute(_differences(actor, sought, first, second, "certificate.read")).all()
    counts = Counter(Difference(row.difference) for row in found)
    rows = [row for row in found if only is None or row.difference == only]
    return Compared(list(_pairs(session, rows[offset:offset + min(limit, MOST)])), counts)


def every_pair(
    session: Session, actor: Actor, sought: Filter, first: Day, second: Day, *, only: Difference | None, limit: int,
    action: str,
) -> Iterator[Pair]:
    """All differences in their order, up to `limit`."""
    found = session.execute(_differences(actor, sought, first, second, action))
    rows = [row for row in found if only is None or row.difference == only][:limit]
    for start in range(0, len(rows), CHUNK):
        yield from _pairs(session, rows[start:start + CHUNK])


def _differences(actor: Actor, sought: Filter, first: Day, second: Day, action: str) -> Any:
    a, b = (_of_day(actor, sought, first, second, turn, action) for turn in (0, 1))
    over_a, over_b = a.c.standing.in_(OVER), b.c.standing.in_(OVER)
    difference = case(
        (a.c.version_id.is_(None), Difference.CAME.value),
        (and_(~over_a, or_(b.c.version_id.is_(None), over_b)), Difference.WENT.value),
        (and_(over_a, ~over_b), Difference.BACK.value),
        else_=Difference.CHANGED.value,
    ).label("difference")
    differs = or_(
        a.c.version_id.is_(None), b.c.version_id.is_(None), a.c.version_id != b.c.version_id,
        a.c.standing != b.c.standing,
    )
    columns = (a.c.version_id.label("first"), a.c.standing.label("stood"), b.c.version_id.label("second"),
               b.c.standing.label("stands"))
    query = select(Certificate.id, difference, *columns).select_from(Certificate)
    query = query.outerjoin(a, a.c.id == Certificate.id).outerjoin(b, b.c.id == Certificate.id)
    return query.where(or_(a.c.id.is_not(None), b.c.id.is_not(None)), differs).order_by(difference, Certificate.id)


def _changing(first: Day, second: Day) -> ColumnElement[bool]:
    """The certificates that can differ at all, so that what it costs follows what happened, not the register."""
    touched = [moved(*sorted((first.on, second.on)))]
    if first.known != second.known:
        known = sorted(day.known for day in (first, second) if day.known is not None)
        touched.append(and_(Version.known_from > known[0], *(Version.known_from <= last for last in known[1:])))
    return Certificate.id.in_(select(Version.certificate_id).where(or_(*touched)))


def _of_day(actor: Actor, sought: Filter, first: Day, second: Day, turn: int, action: str) -> CTE:
    seen = view((first, second)[turn])
    query = select(Certificate.id, Version.id.label("version_id"), seen.standing.label("standing"))
    query = visible(query.join(Version, seen.version), actor, model=Certificate, action=action)
    lasting = Filter(sought.text, sought.types, sought.families, unit=sought.unit,
                     holder_person_id=sought.holder_person_id)
    query = query.where(_changing(first, second), *conditions(lasting, seen.standing, seen.ends_on))
    return query.cte("ab"[turn])


def _pairs(session: Session, rows: Any) -> Iterator[Pair]:
    firsts = lines_of(session, {row.first: row.stood for row in rows if row.first})
    seconds = lines_of(session, {row.second: row.stands for row in rows if row.second})
    for row in rows:
        yield Pair(Difference(row.difference), firsts.get(row.first), seconds.get(row.second))
