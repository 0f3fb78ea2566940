"""One tap from what was told to what it is about: to each reader as far as they may open it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows
from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.facts import record
from registry.access.accounts import Account
from registry.alerts import planning
from registry.alerts.model import Alert, AlertPerson
from registry.alerts.notices import Notice, notify
from registry.people.persons import Person
from tests.web.house import House
from workflows.requests import Request

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def renewing(house: House, clock: Fixed) -> House:
    """The welder has an account; a custodian began the renewal of the P02, nobody knows when it will be done, and the
    alert 30 days before the end says so."""
    with unit(house.engine) as session:
        workflows.publish(session, by=SYSTEM)
        known = session.query(Account).filter_by(login="worker").one()
        welder = session.get_one(Person, house.people["welder"])
        session.add(Account(person=welder, group_id=welder.group_id, login="welder", password_hash=known.password_hash))
    planning.sweep(house.engine)
    house.browser("custodian").post("/renewals?q=王建国", {"certificate": str(house.certificates["trade"])})
    clock.move_to(dt.datetime(2027, 1, 1, 9, tzinfo=clocks.SHANGHAI))
    while planning.sweep(house.engine):
        pass
    return house


def told(house: House, login: str) -> tuple[int, tuple[str, int], int]:
    """The last notice of somebody: its id, what it was written about, and its alert."""
    with Session(house.engine) as session:
        row = session.scalars(select(Notice).where(Notice.person_id == house.people[login]).order_by(
            Notice.id.desc())).first()
        assert row is not None and row.fact.after is not None
        return row.id, (row.subject_kind, row.subject_id), row.fact.after["alert"]


def request_of(house: House) -> Request:
    with Session(house.engine) as session:
        return session.scalars(select(Request).where(Request.process_id == "renewal")).one()


def test_a_notice_of_a_renewal_leads_whoever_may_not_read_it_to_the_certificate(renewing: House) -> None:
    notice, subject, _alert = told(renewing, "welder")
    assert subject == ("request", request_of(renewing).id)
    browser = renewing.browser("welder")
    assert browser.get(f"/requests/{subject[1]}").status_code == 404
    place = browser.post(f"/notices/{notice}/reading").location
    assert place == f"/certificates/{renewing.certificates['trade']}" and browser.get(place).status_code == 200


def test_it_leads_whoever_must_act_to_their_task_and_whoever_may_read_it_to_the_renewal(renewing: House) -> None:
    place = renewing.browser("hr").post(f"/notices/{told(renewing, 'hr')[0]}/reading").location
    assert place.startswith("/tasks/") and renewing.browser("hr").get(place).status_code == 200
    place = renewing.browser("custodian").post(f"/notices/{told(renewing, 'custodian')[0]}/reading").location
    assert place == f"/requests/{request_of(renewing).id}"


def test_the_link_of_a_letter_leads_there_through_the_sign_in_and_notes_that_it_was_opened(renewing: House) -> None:
    notice, _subject, alert = told(renewing, "welder")
    browser = renewing.browser()
    asked = browser.get(f"/alerts/{alert}").location
    assert asked == f"/login?next=/alerts/{alert}"
    came = browser.sign_in("welder", next=f"/alerts/{alert}").location
    assert came == f"/alerts/{alert}"
    with Session(renewing.engine) as session:
        assert session.get_one(AlertPerson, (alert, renewing.people["welder"])).opened_at is None
    assert browser.get(came).location == f"/certificates/{renewing.certificates['trade']}"
    with Session(renewing.engine) as session:
        assert session.get_one(AlertPerson, (alert, renewing.people["welder"])).opened_at == clocks.now()
        assert session.get_one(Notice, notice).read_at == clocks.now()


def test_a_colleague_who_may_read_the_certificate_opens_it_too_but_nobody_else(renewing: House) -> None:
    alert = told(renewing, "welder")[2]
    assert renewing.browser("guard").get(f"/alerts/{alert}").location.startswith("/certificates/")
    assert renewing.browser("stranger").get(f"/alerts/{alert}").status_code == 404
    with Session(renewing.engine) as session:
        assert session.get(AlertPerson, (alert, renewing.people["guard"])) is None
        assert session.get_one(Alert, alert).acted_at is None


def test_a_notice_of_what_one_may_not_read_any_more_says_so(house: House) -> None:
    with unit(house.engine) as session:
        fact = record(session, "certificate.granted", ("certificate", house.certificates["foreign"]), by=SYSTEM)
        notify(session, [house.people["legal"]], fact, "{code} 已入库：{holder}", {"code": "LC", "holder": "某人"})
        number = session.scalars(select(Notice.id)).one()
    browser = house.browser("legal")
    assert browser.post(f"/notices/{number}/reading").location == "/notices"
    assert "您不再有权查看" in browser.get("/notices").text
