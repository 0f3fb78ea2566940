"""What lies with somebody, what is to be expected, and who would be there: what away.py decides about. Only reads."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from engine.figures.model import over
from engine.model import OPEN, Task, TaskCandidate, TaskExclusion
from ledger import clock
from ledger.workdays import ONE_DAY, Calendar, calendar
from registry.access.grants import grants_of
from registry.access.substitutions import Substitution
from registry.people.persons import Person
from workflows.absence.inventory import tasks_of
from workflows.workload import away
from workflows.workload.away import Cover, Extra, Fall, Piece, StandIn
from workflows.workload.counting import members

MOST = 500
"""So many open tasks of each kind are looked at."""
LOOKED_BACK = 90
"""Days from which the mean of what arrives is taken."""


@dataclass(frozen=True)
class Absence:
    """Somebody would be away from a day to a day, both included."""

    person: Person
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Outlook:
    """Where everything would fall: what is open, and what is to be expected, `together`.

    `names` of everybody named, `held` what the takers hold now, `days` the working days of the absence, `more` whether
    there are more open tasks than were looked at.
    """

    open: list[Fall]
    expected: list[Fall]
    extra: dict[int, Extra]
    passing: list[Fall]
    alone: list[str]
    stand_ins: list[StandIn]
    names: dict[int, str]
    held: dict[int, int]
    days: int
    more: bool


def outlook(session: Session, absence: Absence) -> Outlook:
    """What would happen to the work of somebody who is away; nothing is written."""
    own = [f"{grant.role}@{grant.unit_id}" for grant in grants_of(session, absence.person)]
    open_ones = [*_held(session, absence.person), *_offered(session, absence.person, own)]
    days = _working(calendar(session), absence.first, absence.last)
    pieces = [*open_ones, *_expected(session, absence.person, days)]
    cover = _cover(session, absence, {group for piece in pieces for group in piece.groups})
    fallen = [away.falls(piece, cover) for piece in pieces]
    extra = away.extra(fallen)
    named = {*extra, *(one for fall in fallen for one in (*fall.to, *fall.could)),
             *(one.person_id for one in cover.stand_ins)}
    return Outlook(
        [one for one in fallen if one.piece.open], away.together(one for one in fallen if not one.piece.open), extra,
        away.passing(fallen, clock.start_of_day(absence.first), clock.end_of_day(absence.last)),
        away.left_alone(fallen, own), list(cover.stand_ins), _names(session, named), _holding(session, named), days,
        len(open_ones) >= MOST)


def _held(session: Session, person: Person) -> list[Piece]:
    rows = session.scalars(tasks_of(person).order_by(Task.rank_at, Task.id).limit(MOST)).all()
    return _pieces(session, rows, held=True)


def _offered(session: Session, person: Person, own: list[str]) -> list[Piece]:
    """What waits for a group they are in, or for them by name, and nobody has taken."""
    wanted = select(TaskCandidate.task_id).where(
        TaskCandidate.candidate.in_([*own, f"person@{person.id}"]), TaskCandidate.open.is_(True))
    rows = session.scalars(
        select(Task).where(Task.id.in_(wanted.order_by(TaskCandidate.rank_at).limit(MOST)), Task.state == OPEN)
        .order_by(Task.rank_at, Task.id)).all()
    return [piece for piece in _pieces(session, rows) if person.id not in piece.barred]


def _pieces(session: Session, rows: Collection[Task], *, held: bool = False) -> list[Piece]:
    barred: dict[int, set[int]] = {row.id: set(row.barred) for row in rows}
    for task_id, person_id in session.execute(select(TaskExclusion.task_id, TaskExclusion.person_id).where(
            TaskExclusion.task_id.in_(barred))):
        barred[task_id].add(person_id)
    return [Piece(row.process_id, row.element_id, row.name, tuple(row.offer), task_id=row.id, title=row.title,
                  held=held, due=row.due_at, barred=frozenset(barred[row.id])) for row in rows]


def _expected(session: Session, person: Person, days: int) -> list[Piece]:
    """What they would have done in that time, by what they did in the last 90 days, for each working day."""
    since = clock.now() - dt.timedelta(days=LOOKED_BACK)
    offer: Any = cast(Task.offer, Text)
    rows = session.execute(
        select(Task.process_id, Task.element_id, offer, func.max(Task.name), func.count()).where(
            over(Task), Task.completed_by == person.id, Task.completed_at >= since)
        .group_by(Task.process_id, Task.element_id, offer)).all()
    past = max(1, _working(calendar(session), clock.day_of(since), clock.today()))
    summed: dict[tuple[str, str, tuple[str, ...]], tuple[str, float]] = {}
    for process_id, element_id, groups, name, count in rows:
        key = (process_id, element_id, tuple(json.loads(groups)))
        summed[key] = (name, summed.get(key, ("", 0.0))[1] + count * days / past)
    return [Piece(process_id, element_id, name, groups, number)
            for (process_id, element_id, groups), (name, number) in summed.items()]


def _cover(session: Session, absence: Absence, groups: Collection[str]) -> Cover:
    begin, end = clock.start_of_day(absence.first), clock.end_of_day(absence.last)
    present = members(session, groups, absence.first)
    everybody = {person_id for group in present.values() for person_id in group}
    gone = set(session.scalars(select(Substitution.person_id).where(
        Substitution.person_id.in_(everybody), Substitution.ended_at.is_(None), Substitution.from_at <= begin,
        Substitution.until_at >= end))) | {absence.person.id}
    return Cover(_stand_ins(session, absence, begin, end),
                 {group: frozenset(people - gone) for group, people in present.items()})


def _stand_ins(session: Session, absence: Absence, begin: dt.datetime, end: dt.datetime) -> list[StandIn]:
    rows = session.scalars(select(Substitution).where(
        Substitution.person_id == absence.person.id, Substitution.ended_at.is_(None), Substitution.from_at < end,
        Substitution.until_at > begin).order_by(Substitution.id))
    cal = calendar(session)
    whole = max(1, _working(cal, absence.first, absence.last))
    return [StandIn(row.substitute_id,
                    _working(cal, max(row.first_day, absence.first), min(row.last_day, absence.last)) / whole,
                    None if row.processes is None else frozenset(row.processes)) for row in rows]


def _working(cal: Calendar, first: dt.date, last: dt.date) -> int:
    """Working days from the first to the last, both included."""
    return max(0, cal.between(first - ONE_DAY, last))


def _names(session: Session, ids: Collection[int]) -> dict[int, str]:
    return {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}


def _holding(session: Session, ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(select(Task.assignee_id, func.count()).where(
        Task.assignee_id.in_(ids), Task.state == OPEN).group_by(Task.assignee_id))
    return {person_id: count for person_id, count in rows if person_id is not None}
