"""Two days of the register beside each other: what came, what went, what came back, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select
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
Stood = tuple[int, str]
"""The version that decides, and its standing."""


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


ORDER = tuple(Difference)
LABELS: dict[Difference, str] = {
    Difference.CAME: "新增", Difference.WENT: "退出", Difference.BACK: "恢复", Difference.CHANGED: "变化",
}


Row = tuple[Difference, Stood | None, Stood | None]


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
    found = _differences(session, actor, sought, first, second, "certificate.read")
    counts = Counter(difference for difference, _, _ in found)
    rows = [row for row in found if only is None or row[0] is only]
    return Compared(list(_pairs(session, rows[offset:offset + min(limit, MOST)])), counts)


def every_pair(
    session: Session, actor: Actor, sought: Filter, first: Day, second: Day, *, only: Difference | None, limit: int,
    action: str,
) -> Iterator[Pair]:
    """All differences in their order, up to `limit`."""
    found = _differences(session, actor, sought, first, second, action)
    rows = [row for row in found if only is None or row[0] is only][:limit]
    for start in range(0, len(rows), CHUNK):
        yield from _pairs(session, rows[start:start + CHUNK])


def _differences(
    session: Session, actor: Actor, sought: Filter, first: Day, second: Day, action: str
) -> list[Row]:
    """By kind, then in the order in which they were entered."""
    before, after = (_of_day(session, actor, sought, first, second, turn, action) for turn in (0, 1))
    found = []
    for number in sorted({*before, *after}):
        stood, stands = before.get(number), after.get(number)
        if stood != stands:
            found.append((_difference(stood, stands), stood, stands))
    return sorted(found, key=lambda row: ORDER.index(row[0]))


def _difference(stood: Stood | None, stands: Stood | None) -> Difference:
    if stood is None:
        return Difference.CAME
    over, ended = stood[1] in OVER, stands is None or stands[1] in OVER
    if not over and ended:
        return Difference.WENT
    return Difference.BACK if over and not ended else Difference.CHANGED


def _changing(first: Day, second: Day) -> ColumnElement[bool]:
    """The certificates that can differ at all, so that what it costs follows what happened, not the register."""
    touched = [moved(*sorted((first.on, second.on)))]
    if first.known != second.known:
        known = sorted(day.known for day in (first, second) if day.known is not None)
        touched.append(and_(Version.known_from > known[0], *(Version.known_from <= last for last in known[1:])))
    versions = select(Version.certificate_id).join(Certificate, Certificate.id == Version.certificate_id)
    return Certificate.id.in_(versions.where(or_(*touched)).correlate(None))


def _of_day(
    session: Session, actor: Actor, sought: Filter, first: Day, second: Day, turn: int, action: str
) -> dict[int, Stood]:
    seen = view((first, second)[turn])
    query = select(Certificate.id, Version.id, seen.stands.column)
    query = visible(query.join(Version, seen.version), actor, model=Certificate, action=action)
    lasting = Filter(sought.text, sought.types, sought.families, unit=sought.unit,
                     holder_person_id=sought.holder_person_id, among=sought.among)
    query = query.where(_changing(first, second), *conditions(lasting, seen.stands, seen.ends_on))
    return {number: (version, standing) for number, version, standing in session.execute(query)}


def _pairs(session: Session, rows: Sequence[Row]) -> Iterator[Pair]:
    """The lines themselves; a version that stands otherwise on the two days is read for each."""
    before = lines_of(session, dict(stood for _, stood, _ in rows if stood))
    after = lines_of(session, dict(stands for _, _, stands in rows if stands))
    for difference, stood, stands in rows:
        yield Pair(difference, before[stood[0]] if stood else None, after[stands[0]] if stands else None)
