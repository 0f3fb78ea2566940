"""Rows of two times: entered once, ended once, whoever does it at the same moment."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.errors import Refused
from registry.people.machines import Installation, install, scrap
from registry.people.persons import Person
from registry.people.tenure import Assignment, assign, employ, relieve
from registry.people.units import Unit
from tests.registry.organisation import DAY, Organisation, organisation

LATER = DAY + dt.timedelta(days=30)


def both(engine: Engine, act: Callable[[Session], object]) -> list[str]:
    """The act twice at once: the second begins when the first has written and not yet committed."""
    written = Event()

    def attempt(first: bool) -> str:
        try:
            with unit(engine) as session:
                if not first:
                    written.wait(5)
                act(session)
                if first:
                    session.flush()
                    written.set()
                    time.sleep(0.1)
        except Refused as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(2) as two:
        return sorted(two.map(attempt, (True, False)))


def test_of_two_who_enter_one_contract_at_once_one_is_told(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        org = organisation(session)
        person, company = org.person().id, org.company.id
    assert both(engine, lambda session: employ(
        session, session.get_one(Person, person), session.get_one(Unit, company), "contract", from_on=DAY, by=SYSTEM,
    )) == ["BadAnswer", "done"]


def test_of_two_who_end_one_post_at_once_one_is_told(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        org = organisation(session)
        post = assign(session, org.person(), org.project, "project_manager", from_on=DAY, by=SYSTEM).id
    assert both(engine, lambda session: relieve(
        session, session.get_one(Assignment, post), on=LATER, by=SYSTEM)) == ["Superseded", "done"]


def test_a_scrapped_machine_stands_nowhere_even_where_it_was_to_stay(org: Organisation) -> None:
    crane = org.machine()
    install(org.session, crane, org.project, from_on=DAY, to_on=LATER, by=SYSTEM)
    scrap(org.session, crane, on=DAY, reason="超龄", by=SYSTEM)
    ends = select(Installation.to_on).where(Installation.known_until.is_(None))
    assert org.session.scalars(ends).all() == [DAY]
