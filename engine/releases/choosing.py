"""Which version is in force at a place.

The rule, of the releases of a process that have begun and were not taken back:
1. What names a unit holds for that unit and everything below it; what names none holds for the whole group.
2. The nearest unit above a place wins: a pilot of a company over its group, a pilot of a branch over its company.
3. Of two for the same unit the later wins: the one that came into force later, then the one asked for later.
4. A release that is `over` pilots makes every older one for a smaller place give way (2 does not protect those).
Taking one back removes it from this reckoning; what then wins is what was in force before it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition
from engine.releases.model import Release, ReleasePart, ReleaseUnit
from ledger import clock
from ledger.errors import Conflict, NotFound


class NotInForce(Conflict):
    """“{name}”在您的单位还没有生效的版本，暂时不能办理。"""


@dataclass(frozen=True)
class Candidate:
    """A release that has begun, for one unit (None: for all)."""

    release_id: int
    definition_id: int
    from_at: dt.datetime
    over: bool
    unit_id: int | None

    @property
    def age(self) -> tuple[dt.datetime, int]:
        """What grows with a later release."""
        return self.from_at, self.release_id


def choose(candidates: Iterable[Candidate], places: Sequence[int]) -> Candidate | None:
    """Which of them is in force at a place; `places` are its unit and those above it, nearest first."""
    here = [one for one in candidates if one.unit_id is None or one.unit_id in places]
    cut = max((one.age for one in here if one.over), default=None)
    left = [one for one in here if cut is None or one.age >= cut]
    return max(left, key=lambda one: (-_near(one, places), one.age), default=None)


def _near(one: Candidate, places: Sequence[int]) -> int:
    return len(places) if one.unit_id is None else places.index(one.unit_id)


def candidates(session: Session, process_id: str, at: dt.datetime, *, places: Sequence[int] | None = None,
               group_id: int | None = None) -> list[Candidate]:
    """The releases of a process that hold at a moment; with `places` only those that reach there. Of all groups where
    none is named."""
    query = (
        select(Release.id, ReleasePart.definition_id, Release.from_at, Release.over, ReleaseUnit.unit_id)
        .join(ReleasePart, ReleasePart.release_id == Release.id)
        .outerjoin(ReleaseUnit, ReleaseUnit.release_id == Release.id)
        .where(ReleasePart.process_id == process_id, Release.from_at <= at,
               or_(Release.ended_at.is_(None), Release.ended_at > at)))
    if places is not None:
        query = query.where(or_(ReleaseUnit.unit_id.is_(None), ReleaseUnit.unit_id.in_(places)))
    if group_id is not None:
        query = query.where(or_(Release.group_id.is_(None), Release.group_id == group_id))
    return [Candidate(number, definition_id, from_at, over, unit_id)
            for number, definition_id, from_at, over, unit_id in session.execute(query) if from_at is not None]


def in_force(session: Session, process_id: str, places: Iterable[int], *, at: dt.datetime | None = None,
             group_id: int | None = None) -> int | None:
    """The definition that is in force at a place (now, or at any moment); None where there is none."""
    chain = tuple(places)
    root = group_id if group_id is not None else chain[-1] if chain else None
    found = choose(candidates(session, process_id, at or clock.now(), places=chain, group_id=root), chain)
    return found.definition_id if found else None


def require(session: Session, process_id: str, places: Iterable[int], *, group_id: int | None = None) -> Definition:
    """The definition in force. Raises NotFound for an unknown process, NotInForce for one that is not in force here."""
    number = in_force(session, process_id, places, group_id=group_id)
    if number is not None:
        return session.get_one(Definition, number)
    known = select(Definition.name).where(Definition.process_id == process_id).order_by(Definition.version.desc())
    name = session.scalar(known.limit(1))
    if name is None:
        raise NotFound
    raise NotInForce(name=name)


def current(session: Session, process_id: str, group_id: int) -> Definition:
    """The version that is in force for the whole of a group; the newest where none is. Raises NotFound."""
    number = in_force(session, process_id, (group_id,))
    return session.get_one(Definition, number) if number is not None else catalog.latest(session, process_id)
