"""Open tasks by person and by group, and what was done lately: for whoever sees to it that work is shared fairly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.figures.model import over
from engine.figures.sketch import Sketch, add, bucket, median
from engine.model import OPEN, Task, TaskCandidate
from engine.time.worktime import WorkTime
from ledger import clock
from ledger.actor import Actor
from ledger.workdays import calendar
from registry.access.accounts import Account
from registry.access.grants import RoleGrant
from registry.access.rules import allowed
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit

MOST_TIMED = 100
"""So many of the newest tasks that somebody completed are looked at for their handling time."""
MOST_GROUPS = 5_000
MONTH, FORTNIGHT = 30, 14  # days


@dataclass(frozen=True)
class Lying:
    """Open tasks that lie with somebody: how many, how many past their deadline, the oldest since when."""

    count: int
    late: int
    since: dt.datetime | None


@dataclass
class Load:
    """What a person holds, and has done in the last 14 and 30 days; `took` is the median in working days from the
    moment a task was there until they had done it, of the newest MOST_TIMED (engine.figures.sketch.ERROR)."""

    person: Person
    lying: Lying = Lying(0, 0, None)
    done_14: int = 0
    done_30: int = 0
    took: float | None = None


@dataclass(frozen=True)
class GroupLoad:
    """What waits for a group to be taken: a role at a unit, who is in it."""

    role: str
    unit: Unit
    lying: Lying
    members: int


def by_person(session: Session, actor: Actor, action: str, units: Sequence[Unit], limit: int = 200) -> list[Load]:
    """People of these companies that the actor may see with anything open or done in a month, most open first."""
    of = [allowed(Person, actor, action), or_(*(_below(Person.unit_path, unit) for unit in units))]
    held = select(Task.assignee_id, func.count(), func.count(Task.id).filter(Task.rank_at <= clock.now()),
                  func.min(Task.created_at)).where(Task.state == OPEN, Task.assignee_id.is_not(None))
    lying = {person_id: Lying(count, late, since) for person_id, count, late, since in session.execute(
        held.group_by(Task.assignee_id))}
    done = _done(session)
    wanted = sorted({*lying, *done}, key=lambda one: -lying[one].count if one in lying else 0)
    found = []
    for begin in range(0, len(wanted), 1000):
        people = session.scalars(select(Person).where(Person.id.in_(wanted[begin:begin + 1000]), *of))
        found += [Load(person, lying.get(person.id, Lying(0, 0, None)), *done.get(person.id, (0, 0)))
                  for person in people]
    shown = sorted(found, key=lambda load: (-load.lying.count, -load.done_30, load.person.id))[:limit]
    took = _took(session, [load.person.id for load in shown])
    for load in shown:
        load.took = median(took.get(load.person.id, {}))
    return shown


def _lately(days: int) -> ColumnElement[bool]:
    return over(Task) & (Task.completed_at >= clock.now() - dt.timedelta(days=days)) & Task.completed_by.is_not(None)


def _done(session: Session) -> dict[int, tuple[int, int]]:
    """Person -> done in 14 days, in 30 days."""
    short = func.count(Task.id).filter(_lately(FORTNIGHT))
    rows = session.execute(
        select(Task.completed_by, short, func.count()).where(_lately(MONTH)).group_by(Task.completed_by))
    return {person_id: (in_14, in_30) for person_id, in_14, in_30 in rows if person_id is not None}


def _took(session: Session, people: Collection[int]) -> dict[int, Sketch]:
    """Person -> how long the newest they did in 30 days took."""
    newest = func.row_number().over(partition_by=Task.completed_by, order_by=Task.completed_at.desc())
    each = select(Task.completed_by, Task.created_at, Task.completed_at, newest.label("place")).where(
        _lately(MONTH), Task.completed_by.in_(people)).subquery()
    took, found = WorkTime(calendar(session)), dict[int, Sketch]()
    for person_id, begun, ended in session.execute(
            select(each.c.completed_by, each.c.created_at, each.c.completed_at).where(each.c.place <= MOST_TIMED)):
        add(found.setdefault(person_id, {}), [(bucket(took.between(begun, ended)), 1)])
    return found


def by_group(session: Session, units: Sequence[Unit], limit: int = 200) -> tuple[list[GroupLoad], int]:
    """What waits to be taken, for each role at these units and below that somebody is in, most first; and how many
    tasks wait for nobody at all. A task that is offered to a role at several places waits in each of them."""
    rows = session.execute(select(TaskCandidate.candidate, func.count(), func.count(TaskCandidate.task_id).filter(
        TaskCandidate.rank_at <= clock.now()), func.min(TaskCandidate.task_id)).where(
        TaskCandidate.open.is_(True)).group_by(TaskCandidate.candidate)).all()
    named = {row[0]: row for row in rows if row[0].partition("@")[2].isdigit() and not row[0].startswith("person@")}
    manned = members(session, named)
    places = _places(session, units, {int(name.partition("@")[2]) for name in named})
    within = [row for name, row in named.items() if int(name.partition("@")[2]) in places]
    found = sorted((row for row in within if row[0] in manned), key=lambda row: -row[1])[:limit]
    oldest = session.execute(select(Task.id, Task.created_at).where(Task.id.in_([row[3] for row in found])))
    since = {row.id: row.created_at for row in oldest}
    loads = [GroupLoad(role, places[int(unit)], Lying(row[1], row[2], since.get(row[3])), len(manned[row[0]]))
             for row in found for role, _, unit in (row[0].partition("@"),)]
    return loads, _for_nobody(session, [row[0] for row in within if row[0] not in manned], list(manned))


def _for_nobody(session: Session, empty: list[str], manned: list[str]) -> int:
    """Tasks offered to groups without anybody, and to no other group and nobody by name; counted to MOST_GROUPS."""
    other = aliased(TaskCandidate)
    elsewhere = select(other.task_id).where(other.task_id == TaskCandidate.task_id, or_(
        other.candidate.in_(manned[:MOST_GROUPS]), other.candidate.startswith("person@"))).exists()
    found = select(TaskCandidate.task_id).where(
        TaskCandidate.candidate.in_(empty[:MOST_GROUPS]), TaskCandidate.open.is_(True), ~elsewhere).distinct()
    return session.scalar(select(func.count()).select_from(found.limit(MOST_GROUPS).subquery())) or 0


def members(session: Session, groups: Collection[str], on: dt.date | None = None) -> dict[str, set[int]]:
    """Who is in each of the groups "role@unit" on a day (default today) and can sign in: one statement."""
    on = on or clock.today()
    units = {int(unit) for group in groups for role, _, unit in (group.partition("@"),) if unit.isdigit()}
    rows = session.execute(
        select(RoleGrant.role, RoleGrant.unit_id, RoleGrant.person_id)
        .join(Person, Person.id == RoleGrant.person_id).join(Account, Account.person_id == Person.id).where(
            Account.disabled_at.is_(None), RoleGrant.unit_id.in_(units), RoleGrant.revoked_at.is_(None),
            RoleGrant.from_on <= on,
            or_(RoleGrant.until_on.is_(None), RoleGrant.until_on >= on),
            or_(Person.left_on.is_(None), Person.left_on >= on)))
    wanted, found = set(groups), dict[str, set[int]]()
    for role, unit_id, person_id in rows:
        if (name := f"{role}@{unit_id}") in wanted:
            found.setdefault(name, set()).add(person_id)
    return found


def _places(session: Session, units: Sequence[Unit], ids: set[int]) -> Mapping[int, Unit]:
    within = or_(*(_below(Unit.path, unit) for unit in units))
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids), within))}


def _below(path: Any, unit: Unit) -> Any:
    low, high = subtree(unit.path)
    return (path >= low) & (path < high)

