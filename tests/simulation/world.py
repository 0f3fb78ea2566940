"""The house as the script finds it, and the verbs of its events: real rows, real verbs, nothing of alerts but
acting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

import workflows
from ledger import clock, workdays
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.facts import record
from ledger.workdays import CalendarDay, CalendarYear
from registry.access.accounts import Account, actor_for, create_account, disable
from registry.access.grants import grant_role
from registry.alerts import acting, notices, progress
from registry.alerts.channels import wecom_app
from registry.alerts.letters import contacts, lines
from registry.alerts.model import Alert
from registry.alerts.progress import Progress
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.people.persons import Person, leave, move_person
from registry.people.units import Unit
from tests.registry.organisation import Organisation, organisation
from tests.simulation.script import PARENTS, Body, Event, Paper, Script

D, T = dt.date, dt.timedelta


@dataclass
class World:
    """The rows by their names in the script. `matters` are the renewals under way: paper -> expected day."""

    engine: Engine
    units: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    papers: dict[str, int] = field(default_factory=dict)
    matters: dict[int, D] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    serial: int = 0

    def happen(self, event: Event) -> None:
        """An event of the script, in a transaction of its own."""
        with unit(self.engine) as session:
            getattr(self, event.verb)(session, *event.given)

    def certificate(self, session: Session, key: str) -> Certificate:
        return session.get_one(Certificate, self.papers[key])

    def person(self, session: Session, key: str) -> Person:
        return session.get_one(Person, self.people[key])

    # papers
    def enter(self, session: Session, paper: Paper) -> None:
        self.serial += 1
        today = clock.today()
        given: dict[str, Any] = {"issuer": "某省住建厅", "issued_on": today - T(days=30), "valid_until": paper.until,
                                 "by": SYSTEM}
        holder: Any
        if paper.holder in self.people:
            holder = self.person(session, paper.holder)
            given["item"] = "高处作业" if paper.kind == "P01" else "建筑架子工"
            given["number"] = self.numbers[paper.holder] if paper.kind == "P01" else f"苏A012026{self.serial:06d}"
        else:
            holder = session.get_one(Unit, self.units[paper.holder])
            given["number"] = f"（苏）JZ安许证字〔2025〕{self.serial:06d}"
            if paper.kind == "J03":
                number = f"3201022026{9 + self.serial // 100:02d}{self.serial % 20 + 1:02d}01{self.serial % 100:02d}"
                given |= {"number": number, "issued_on": today}
        made = lifecycle.grant(session, paper.kind, holder, review_on=paper.review, **given)
        session.flush()
        self.papers[paper.key] = made.id

    def renew(self, session: Session, key: str, until: D) -> None:
        made, today = self.certificate(session, key), clock.today()
        if made.state != "01":
            return
        self.matters.pop(made.id, None)
        if made.type_code == "P01":
            lifecycle.reviewed(session, made, on=today, next_review_on=until, by=SYSTEM)
            return
        assert made.ends_on
        lifecycle.renew(session, made, valid_from=made.ends_on + T(days=1), valid_until=until, issued_on=today,
                        issuer="某省住建厅", by=SYSTEM)

    def cancel(self, session: Session, key: str) -> None:
        made = self.certificate(session, key)
        if made.state in ("01", "02", "06"):
            lifecycle.cancel(session, made, kind="注销", since=clock.today(), reason="离岗", by=SYSTEM)

    def suspend(self, session: Session, key: str) -> None:
        made = self.certificate(session, key)
        if made.state == "01":
            lifecycle.suspend(session, made, since=clock.today(), reason="检查", by=SYSTEM)

    def give_back(self, session: Session, key: str) -> None:
        made = self.certificate(session, key)
        if made.state == "02":
            lifecycle.give_back(session, made, since=clock.today(), by=SYSTEM)

    def send_out(self, session: Session, key: str) -> None:
        made = self.certificate(session, key)
        if made.state == "01":
            lifecycle.send_out(session, made, to="浙江", since=clock.today(), by=SYSTEM)

    def sent_out(self, session: Session, key: str) -> None:
        made = self.certificate(session, key)
        if made.state == "06":
            lifecycle.sent_out(session, made, since=clock.today(), by=SYSTEM)

    # matters and acting
    def begin(self, session: Session, key: str, expected: D) -> None:
        self.matters[self.papers[key]] = expected
        acting.begun(session, self.papers[key], None, "某人")

    def give_up(self, session: Session, key: str) -> None:
        self.matters.pop(self.papers[key], None)

    def take(self, session: Session, key: str) -> None:
        """The first of those who were told and can sign in takes on the newest alert."""
        rows = session.scalars(select(Alert).where(
            Alert.certificate_id == self.papers[key], Alert.silent_at.is_(None), Alert.acted_at.is_(None))
            .order_by(Alert.id.desc())).all()
        for row in rows:
            able = [one.person_id for one in sorted(row.told, key=lambda each: each.person_id)
                    if session.scalar(select(Account.id).where(
                        Account.person_id == one.person_id, Account.disabled_at.is_(None)))]
            if able:
                acting.take(session, actor_for(session, session.get_one(Person, able[0])), row.id)
                return

    def open(self, session: Session, key: str) -> None:
        """Whoever was told of it reads that, and does nothing."""
        for row in session.scalars(select(Alert).where(Alert.certificate_id == self.papers[key])).all():
            for told in row.told:
                actor = actor_for(session, session.get_one(Person, told.person_id))
                notices.read_all(session, actor)

    # people and the calendar
    def account(self, session: Session, key: str) -> None:
        person = self.person(session, key)
        if session.scalar(select(Account.id).where(Account.person_id == person.id)) is None:
            create_account(session, person, login=key, password="licet-test-2026", by=SYSTEM)

    def shut(self, session: Session, key: str) -> None:
        disable(session, session.scalars(select(Account).where(Account.person_id == self.people[key])).one(), by=SYSTEM)

    def leave(self, session: Session, key: str) -> None:
        person = self.person(session, key)
        if person.left_on is None:
            leave(session, person, on=clock.today(), by=SYSTEM)

    def move(self, session: Session, key: str) -> None:
        person = self.person(session, key)
        if person.left_on is None or person.left_on >= clock.today():
            to = "far" if person.unit_id == self.units["project"] else "project"
            move_person(session, person, to=session.get_one(Unit, self.units[to]), by=SYSTEM)

    def appoint(self, session: Session, key: str, role: str, at: str) -> None:
        grant_role(session, self.person(session, key), role, session.get_one(Unit, self.units[at]), by=SYSTEM)

    def notice(self, session: Session, year: D) -> None:
        days = [year, *(year.replace(month=10, day=number) for number in range(1, 8))]
        session.add_all(CalendarDay(day=day, kind="off", name="假日") for day in days if day.weekday() < 5)
        workdays.touch(session, year.year, confirmed=True, source="试")
        record(session, "calendar.confirmed", ("calendar", year.year), by=SYSTEM)

    def holiday(self, session: Session, day: D) -> None:
        known = workdays.calendar(session)
        for each in (day, day + T(days=1)):
            works = known.is_workday(each)
            session.execute(delete(CalendarDay).where(CalendarDay.day == each))
            if works == (each.weekday() < 5):
                session.add(CalendarDay(day=each, kind="off" if works else "work", name="调休"))
            row = session.get(CalendarYear, each.year)
            workdays.touch(session, each.year, confirmed=row is not None and row.confirmed, source="试")
        record(session, "calendar.changed", ("calendar", day.year), by=SYSTEM)


def told_by(matters: Mapping[int, D]) -> None:
    """What is under way for a certificate is what the script says."""
    def ask(_: Session, number: int) -> Progress | None:
        expected = matters.get(number)
        return Progress(("certificate", number), "SQ-1", "初审", expected) if expected else None

    progress.told_by(ask)


def built(engine: Engine, script: Script, settings: wecom_app.Settings) -> World:
    """Everybody and everything of the first day, and a line out of the house."""
    world = World(engine)
    with unit(engine) as session:
        workdays.seed(session)
        org = organisation(session)
        world.units = {name: getattr(org, name).id for name in PARENTS}
        for body in script.bodies:
            _enter(session, org, world, body)
        assert org.project.project is not None
        org.project.project.manager_id = world.people["manager"]
        admin = org.actor("administrator", unit=org.safety, at=org.group)
        lines.set_up(session, "wecom_app", org.group, asdict(settings), title="应用", by=admin, local=True)
        workflows.publish(session, by=SYSTEM)
    told_by(world.matters)
    with unit(engine) as session:
        for paper in script.papers:
            world.enter(session, paper)
    return world


def _enter(session: Session, org: Organisation, world: World, body: Body) -> None:
    person = org.person(getattr(org, body.unit), name=body.key, joined_on=D(2020, 1, 1))
    session.flush()
    world.people[body.key] = person.id
    world.numbers[body.key] = f"T{person.id_number}"
    if body.role:
        grant_role(session, person, body.role, getattr(org, body.at), by=SYSTEM)
    if body.account:
        create_account(session, person, login=body.key, password="licet-test-2026", by=SYSTEM)
    if body.user:
        contacts.keep(session, actor_for(session, person), "person", body.user)


__all__ = ["World", "built", "told_by"]
