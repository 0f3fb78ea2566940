"""Who may be appointed as a substitute: every refusal says what to choose instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from registry.access.accounts import Account
from registry.access.grants import grants_of
from registry.access.roles import role_of
from registry.access.rules import Thing, require
from registry.access.substitutions import Substitution
from registry.people.persons import Person

LONGEST = 180  # days: whoever is away for longer hands over for good
REASON = 200
MOST = 20
"""How many substitutes somebody has at once, and how many are appointed for them in a day: each is told."""


def appoint(
    session: Session, person: Person, substitute: Person, *, from_at: dt.datetime, until_at: dt.datetime,
    processes: Iterable[str] | None = None, reason: str = "", by: Actor,
) -> Substitution:
    """Let `substitute` stand in for `person`, in these processes (None: in all), also for what lies there already.

    Raises NotAllowed unless `by` may arrange it, BadAnswer with the reason at "substitute", "from" or "until".
    """
    require(by, "substitution.edit", Thing(person.unit_path, owner_id=person.id))
    _lock(session, person, substitute)
    named = None if processes is None else sorted(set(processes))
    if wrong := _wrong_time(from_at, until_at):
        raise BadAnswer(wrong)
    wanted = Substitution(
        person=person, substitute=substitute, group_id=person.group_id, unit_path=person.unit_path, from_at=from_at,
        until_at=until_at, processes=named, reason=reason.strip()[:REASON], made_at=clock.now(), made_by=by.id)
    wrong_one = _wrong_one(session, wanted, by)
    if wrong_one is not None:
        raise BadAnswer({"substitute": [wrong_one]})
    session.add(wanted)
    session.flush()
    record(session, "substitution.made", ("person", person.id), by=by, group_id=person.group_id,
           about=[("person", substitute.id)],
           after={"substitution": wanted.id, "substitute": substitute.id, "from": from_at.isoformat(),
                  "until": until_at.isoformat(), **({} if named is None else {"processes": named})})
    return wanted


def _lock(session: Session, *people: Person) -> None:
    """Two who appoint each other at the same moment come one after the other, so that the second sees the circle."""
    ids = sorted({person.id for person in people})
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update()).all()


def _wrong_time(from_at: dt.datetime, until_at: dt.datetime) -> dict[str, list[Problem]]:
    if until_at <= from_at:
        return {"until": [Problem("结束日期早于开始日期。")]}
    if until_at <= clock.now():
        return {"until": [Problem("结束日期已经过去，请选择今天或以后的日期。")]}
    if until_at - from_at > dt.timedelta(days=LONGEST):
        return {"until": [Problem("一次代理最多 {most} 天。离开更久的，请办理工作移交。", {"most": LONGEST})]}
    return {}


def _wrong_one(session: Session, wanted: Substitution, by: Actor) -> Problem | None:
    """Why this person cannot stand in for that one in that time; None where they can."""
    looks = (_same, _oneself_appointed, _absent, _unusable, _checks_each_other, _again, _circle, _many)
    return next((wrong for look in looks if (wrong := look(session, wanted, by)) is not None), None)


def _same(_session: Session, wanted: Substitution, _by: Actor) -> Problem | None:
    if wanted.person.id == wanted.substitute.id:
        return Problem("不能由本人代理自己，请选择同事。")
    if wanted.person.group_id != wanted.substitute.group_id:
        return Problem("没有找到这个人，请从列表里选择。")
    return None


def _oneself_appointed(_session: Session, wanted: Substitution, by: Actor) -> Problem | None:
    if by.id == wanted.substitute.id:
        return Problem(
            "不能把自己安排为别人的代理人。请由 {name} 本人或另一位负责人安排。", {"name": wanted.person.name})
    return None


def _absent(_session: Session, wanted: Substitution, _by: Actor) -> Problem | None:
    first = max(wanted.first_day, clock.today())
    for who in (wanted.person, wanted.substitute):
        if not (who.employed(first) and who.employed(wanted.last_day)):
            return Problem("{name} 在这段时间内不全在职，请改选代理人或缩短代理时间。", {"name": who.name})
    return None


def _unusable(session: Session, wanted: Substitution, _by: Actor) -> Problem | None:
    usable = select(Account.id).where(Account.person_id == wanted.substitute.id, Account.disabled_at.is_(None))
    if session.scalar(usable) is None:
        return Problem("{name} 没有可用的账号，不能代理。请另选一位。", {"name": wanted.substitute.name})
    return None


def _checks_each_other(session: Session, wanted: Substitution, _by: Actor) -> Problem | None:
    """Roles that exclude each other (三员分立) must not meet in one hand, also not for a week."""
    held = {grant.role for grant in grants_of(session, wanted.substitute)}
    for grant in grants_of(session, wanted.person):
        if meets := sorted(role_of(grant.role).excludes & held):
            return Problem("{name} 担任“{held}”，不能代理“{role}”。请另选一位。", {
                "name": wanted.substitute.name, "held": Problem(role_of(meets[0]).name),
                "role": Problem(role_of(grant.role).name)})
    return None


def _many(session: Session, wanted: Substitution, _by: Actor) -> Problem | None:
    now = clock.now()
    theirs = select(func.count()).select_from(Substitution).where(Substitution.person_id == wanted.person.id, or_(
        and_(Substitution.ended_at.is_(None), Substitution.until_at > now),
        Substitution.made_at > now - dt.timedelta(days=1)))
    if (session.scalar(theirs) or 0) < MOST:
        return None
    return Problem("{name} 已有 {most} 项代理在进行或刚刚安排过，请先结束不需要的，或明天再安排。",
                   {"name": wanted.person.name, "most": MOST})


def _overlapping(wanted: Substitution) -> Select[Substitution]:
    return select(Substitution).where(
        Substitution.ended_at.is_(None), Substitution.from_at < wanted.until_at,
        Substitution.until_at > wanted.from_at)


def _again(session: Session, wanted: Substitution, _by: Actor) -> Problem | None:
    rows = session.scalars(_overlapping(wanted).where(
        Substitution.person_id == wanted.person.id, Substitution.substitute_id == wanted.substitute.id))
    for row in rows:
        if None in (row.processes, wanted.processes) or set(row.processes or ()) & set(wanted.processes or ()):
            return Problem("已经安排 {name} 代理到 {until}。要改时间，请先结束那一项。", {
                "name": wanted.substitute.name, "until": row.last_day})
    return None


def _circle(session: Session, wanted: Substitution, _by: Actor) -> Problem | None:
    """Whether the substitute is away at the same moment, and the way from one to the next leads back to the person."""
    follow = [(wanted.substitute.id, wanted.from_at, wanted.until_at)]
    seen = {wanted.substitute.id}
    while follow:
        number, first, last = follow.pop()
        rows = session.scalars(_overlapping(wanted).where(Substitution.person_id == number))
        for row in rows:
            both = max(first, row.from_at), min(last, row.until_at)
            if both[0] >= both[1]:
                continue
            if row.substitute_id == wanted.person.id:
                return Problem("同一时间 {name} 由 {other} 代理，这样会绕成一圈。请另选一位，或错开时间。", {
                    "name": row.person.name, "other": wanted.person.name})
            if row.substitute_id not in seen:
                seen.add(row.substitute_id)
                follow.append((row.substitute_id, *both))
    return None


def found(session: Session, person: Person, search: str, limit: int = 20) -> list[Person]:
    """Colleagues of the group who could stand in, by name, pinyin or initials; those of the same unit first."""
    today = clock.today()
    query = select(Person).where(
        Person.group_id == person.group_id, Person.id != person.id,
        or_(Person.joined_on.is_(None), Person.joined_on <= today),
        or_(Person.left_on.is_(None), Person.left_on >= today),
        Person.id.in_(select(Account.person_id).where(Account.disabled_at.is_(None))))
    if words := search.strip().casefold():
        like = words.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        query = query.where(or_(*(column.ilike(like, escape="!") for column in (
            Person.name, Person.pinyin, Person.initials))))
    order = (Person.unit_id != person.unit_id, Person.pinyin, Person.id)
    return list(session.scalars(query.order_by(*order).options(joinedload(Person.unit)).limit(limit)))
