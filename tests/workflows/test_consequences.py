"""A fact is followed by what depends on it, once, within the delivery of the fact."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from ledger import outbox, workdays
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.facts import Fact
from registry.certificates.lifecycle import give_back, grant, suspend
from registry.certificates.models import Certificate
from registry.people import sealing
from registry.people.persons import Person, create_person, leave
from registry.people.tenure import assign
from registry.people.units import Unit
from registry.rules.effects import Effect
from tests.registry.organisation import DAY, id_number, organisation
from tests.registry.rules.test_dependence import Site
from workflows.consequences import HANDLERS


@pytest.fixture
def told(engine: Engine, clock: Fixed) -> Engine:
    sealing.set_key(b"k" * 32)
    with unit(engine) as session:
        workdays.seed(session)
        Site(organisation(session))
    outbox.deliver(engine, HANDLERS, limit=1000)
    return engine


def open_rows(engine: Engine) -> set[tuple[str, str]]:
    with Session(engine) as session:
        rows = session.scalars(select(Effect).where(Effect.lifted_at.is_(None)))
        return {(row.kind, row.certificate.type_code if row.certificate else row.lack) for row in rows}


def qualification(session: Session) -> Certificate:
    return session.scalars(select(Certificate).where(Certificate.type_code == "E02")).one()


def test_a_suspension_is_followed_and_the_return_lifts_it(told: Engine) -> None:
    assert open_rows(told) == set()
    with unit(told) as session:
        suspend(session, qualification(session), since=DAY, reason="x", by=SYSTEM)
    outbox.deliver(told, HANDLERS)
    assert {("ground", "E03"), ("ground", "J03"), ("blocked", "e02_gone")} <= open_rows(told)
    with unit(told) as session:
        give_back(session, qualification(session), since=DAY, by=SYSTEM)
    outbox.deliver(told, HANDLERS)
    assert open_rows(told) == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_fact_delivered_twice_writes_nothing_twice(told: Engine) -> None:
    with unit(told) as session:
        suspend(session, qualification(session), since=DAY, reason="x", by=SYSTEM)
    outbox.deliver(told, HANDLERS)
    before = open_rows(told)
    with unit(told) as session:
        session.execute(update(Fact).where(Fact.kind == "certificate.suspended").values(delivered_at=None))
    outbox.deliver(told, HANDLERS)
    assert open_rows(told) == before
    with Session(told) as session:
        assert all(row.lifted_at is None for row in session.scalars(select(Effect)))


def test_a_gap_closes_when_somebody_else_there_gets_the_certificate(told: Engine) -> None:
    with unit(told) as session:
        lost = session.scalars(select(Certificate).where(Certificate.type_code == "P05")).one()
        suspend(session, lost, since=DAY, reason="x", by=SYSTEM)
        place = session.scalars(select(Unit).where(Unit.name == "滨江花园一期")).one()
        other = create_person(session, unit=place, name="孙安全", by=SYSTEM, id_number=id_number(57, "19850307"))
        assign(session, other, place, "safety_officer", from_on=DAY, by=SYSTEM)
        successor = other.id
    outbox.deliver(told, HANDLERS)
    assert ("blocked", "short_of_officers") in open_rows(told)
    with unit(told) as session:
        grant(session, "P05", session.get_one(Person, successor), number="苏建安C2（2025）0012377", issuer="某厅",
              issued_on=DAY, valid_from=DAY, valid_until=DAY.replace(year=2028), by=SYSTEM)
    outbox.deliver(told, HANDLERS)
    assert ("blocked", "short_of_officers") not in open_rows(told)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_leaver_s_gap_closes_when_the_successor_is_appointed(told: Engine) -> None:
    with unit(told) as session:
        manager = session.scalars(select(Person).where(Person.name == "赵经理")).one()
        leave(session, manager, on=DAY - dt.timedelta(days=1), by=SYSTEM)
        place = manager.unit_id
    outbox.deliver(told, HANDLERS)
    assert ("blocked", "no_manager") in open_rows(told)
    with unit(told) as session:
        site = session.get_one(Unit, place)
        successor = create_person(session, unit=site, name="孙经理", id_number=id_number(37, "19850307"), by=SYSTEM)
        assign(session, successor, site, "project_manager", from_on=DAY, by=SYSTEM)
    outbox.deliver(told, HANDLERS)
    assert ("blocked", "no_manager") not in open_rows(told)
