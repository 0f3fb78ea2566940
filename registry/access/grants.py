"""Role grants: a person holds a role at a unit from a day to a day. A revoked grant stays, with who and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import ColumnElement, ForeignKey, Index, String, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor, Grant
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import record
from registry.access.retiring import one_at_a_time, retired
from registry.access.roles import EMPLOYEE, role_of
from registry.people.persons import Person
from registry.people.units import Unit


class RolesExclude(Conflict):
    """{name} 已担任“{held}”，与“{role}”不能由同一人担任。"""


class RoleRetired(Conflict):
    """“{role}”这个角色已停用，不能再授予。"""


class RoleGrant(Base):
    """That a person holds a role at a unit; `until_on` is the last day."""

    __tablename__ = "role_grant"
    __table_args__ = (Index("ix_role_grant_role_unit", "role", "unit_id"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId, index=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    granted_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    granted_by: Mapped[int | None] = mapped_column(BigId)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[int | None] = mapped_column(BigId)
    person: Mapped[Person] = relationship()
    unit: Mapped[Unit] = relationship()


def held_on(on: dt.date) -> list[ColumnElement[bool]]:
    """The conditions of a grant that holds on a day."""
    return [RoleGrant.revoked_at.is_(None), RoleGrant.from_on <= on,
            or_(RoleGrant.until_on.is_(None), RoleGrant.until_on >= on)]


def grant_role(
    session: Session, person: Person, role: str, unit: Unit, *, by: Actor, from_on: dt.date | None = None,
    until_on: dt.date | None = None,
) -> RoleGrant:
    """Let a person hold a role at a unit. RolesExclude when an excluding role overlaps; BadAnswer: dates reversed;
    RoleRetired where the group uses the role no more."""
    from_on = from_on or clock.today()
    if until_on is not None and until_on < from_on:
        raise BadAnswer({"until_on": [Problem("结束日期早于开始日期。")]})
    one_at_a_time(session, person.group_id, giving=True)
    if role in retired(session, "role", person.group_id):
        raise RoleRetired(role=Problem(role_of(role).name))
    _refuse_exclusion(session, person, role, from_on, until_on)
    grant = RoleGrant(person=person, group_id=person.group_id, role=role, unit=unit, from_on=from_on,
                      until_on=until_on, granted_by=by.id)
    session.add(grant)
    session.flush()
    record(session, "role.granted", ("person", person.id), by=by, group_id=person.group_id, about=[("unit", unit.id)],
           after={"role": role, "unit": unit.id, "from": from_on.isoformat(),
                  "until": until_on.isoformat() if until_on else None})
    return grant


def _refuse_exclusion(
    session: Session, person: Person, role: str, from_on: dt.date, until_on: dt.date | None
) -> None:
    excluded = role_of(role).excludes
    overlapping = select(RoleGrant.role).where(
        RoleGrant.person_id == person.id, RoleGrant.role.in_(excluded), RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.until_on.is_(None), RoleGrant.until_on >= from_on))
    if until_on is not None:
        overlapping = overlapping.where(RoleGrant.from_on <= until_on)
    if held := session.scalar(overlapping.limit(1)):
        raise RolesExclude(name=person.name, held=role_of(held).name, role=role_of(role).name)


def revoke(session: Session, grant: RoleGrant, *, by: Actor, reason: str = "") -> None:
    """End a grant now; the next request of that person no longer has it."""
    if grant.revoked_at is None:
        grant.revoked_at, grant.revoked_by = clock.now(), by.id
        record(session, "role.revoked", ("person", grant.person_id), by=by, group_id=grant.group_id,
               about=[("unit", grant.unit_id)], before={"role": grant.role, "unit": grant.unit_id},
               after={"reason": reason} if reason else None)


def grants_of(session: Session, person: Person, on: dt.date | None = None) -> tuple[Grant, ...]:
    """The roles held on a day (default today), and "employee" at the person's company; nothing once they have left."""
    on = on or clock.today()
    if not person.employed(on):
        return ()
    home = person.company or person.unit
    rows = session.execute(
        select(RoleGrant.role, Unit.id, Unit.path).join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.person_id == person.id, *held_on(on)).order_by(RoleGrant.id))
    held = [Grant(role, unit_id, path) for role, unit_id, path in rows]
    return tuple(dict.fromkeys([*held, Grant(EMPLOYEE, home.id, home.path)]))


def holders(session: Session, groups: Iterable[str], on: dt.date | None = None) -> list[int]:
    """The ids of the people who today (or on a day) are in any of the groups "role@unit", each once, in order of id."""
    on = on or clock.today()
    asked = [(role, int(unit)) for role, _, unit in (group.partition("@") for group in groups) if unit.isdigit()]
    if not asked:
        return []
    query = (
        select(RoleGrant.person_id).join(Person, Person.id == RoleGrant.person_id)
        .where(or_(*(and_(RoleGrant.role == role, RoleGrant.unit_id == unit) for role, unit in asked)), *held_on(on),
               or_(Person.left_on.is_(None), Person.left_on >= on))
        .distinct().order_by(RoleGrant.person_id)
    )
    return list(session.scalars(query))
