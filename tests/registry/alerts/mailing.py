"""Lines, addresses and letters in the little world of `watching`: set up, sent, looked at."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from ledger.db import reading
from registry.access.accounts import actor_for
from registry.access.grants import grant_role
from registry.alerts.letters import contacts, lines, sending
from registry.alerts.letters.model import Letter
from registry.certificates.lifecycle import grant
from registry.people.persons import Person, create_person
from registry.people.units import Unit
from tests.registry.alerts.watching import ENDS, Watch
from tests.registry.alerts.ways import Way
from web.i18n import spoken

D = dt.date
URL = "https://licet.example.cn"


def who(watch: Watch, name: str) -> Actor:
    with reading(watch.engine) as session:
        return actor_for(session, session.get_one(Person, watch.people[name]))


def lined(watch: Watch, admin: Actor, way: Way) -> int:
    """A line of this channel for the whole group."""
    return watch.act(lambda session: lines.set_up(
        session, way.name, session.get_one(Unit, admin.group_id), asdict(way.settings), title="测试渠道", by=admin,
        local=True).id)


def reached(watch: Watch, **users: str) -> None:
    for name, user in users.items():
        watch.act(lambda session, name=name, user=user: contacts.keep(  # type: ignore[misc]
            session, who(watch, name), "person", user))


def sent(watch: Watch, way: Way) -> list[Letter]:
    """Everything due is sent; the letters as they stand."""
    way.provider.clock = lambda: watch.now().timestamp()
    while sending.sweep(watch.engine, way.http, spoken, URL):
        pass
    return letters(watch)


def letters(watch: Watch) -> list[Letter]:
    with reading(watch.engine) as session:
        found = list(session.scalars(select(Letter).order_by(Letter.id)))
        session.expunge_all()
        return found


def eve(watch: Watch, way: Way) -> None:
    """The day before a stage; whatever was to be sent by then has been."""
    watch.on(D(2026, 12, 1)).on(before(61))
    sent(watch, way)


def before(days: int) -> D:
    return ENDS - dt.timedelta(days=days)


def another(watch: Watch) -> int:
    """A second P02, of the department's head, that ends on the same day."""
    return watch.act(lambda session: grant(
        session, "P02", session.get_one(Person, watch.people["hr"]), number="苏A012027000999",
        issued_on=D(2025, 6, 1), valid_from=D(2025, 6, 1), valid_until=ENDS, issuer="某省住建厅", by=SYSTEM).id)


def appointed(watch: Watch) -> Actor:
    """The group's administrator."""
    def appoint(session: Session) -> None:
        group = session.get_one(Unit, session.get_one(Person, watch.people["far"]).group_id)
        person = create_person(session, unit=group, name="管理员", by=SYSTEM)
        grant_role(session, person, "administrator", group, by=SYSTEM)
        session.flush()
        watch.people["admin"] = person.id
    watch.act(appoint)
    return who(watch, "admin")
