"""日历订阅: an address made, shown once, read by a calendar, revoked; what it tells and what it never tells."""

from __future__ import annotations

import datetime as dt
import logging
import re

import pytest
from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.access.accounts import Account
from registry.access.grants import RoleGrant, revoke
from registry.alerts import planning
from registry.alerts.feeds import Feed
from registry.certificates.endings import cancel
from registry.certificates.lifecycle import renew
from registry.certificates.models import Certificate
from tests.web.house import Browser, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EVERYTHING = ["mine", "people", "projects"]


@pytest.fixture
def custodian(house: House) -> Browser:
    return house.browser("custodian")


def made(browser: Browser, purpose: str = "手机", **more: object) -> str:
    """The path of a new address, as its page shows it."""
    page = browser.post("/account/calendars", {"purpose": purpose, "shows": EVERYTHING, **more})
    assert page.status_code == 200
    found = re.search(r'value="http://localhost(/f/[\w-]{32}\.ics)"', page.text)
    assert found
    return found[1]


def read(house: House, path: str) -> list[Event]:
    """What a calendar without any sign-in gets."""
    answer = house.browser().get(path)
    assert answer.status_code == 200 and answer.content_type == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.data).walk("VEVENT")  # type: ignore[return-value]


def test_the_address_is_shown_once_and_only_its_hash_is_kept(house: House, custodian: Browser) -> None:
    path = made(custodian)
    assert path[3:-4] not in custodian.get("/account/calendars").text
    with Session(house.engine) as session:
        row = session.scalars(select(Feed)).one()
        assert path[3:-4] not in (row.token_hash, row.purpose) and len(row.token_hash) == 64


def test_a_calendar_reads_what_ends_without_names_unless_they_were_asked_for(house: House, custodian: Browser) -> None:
    quiet, = [one for one in read(house, made(custodian)) if one.decoded("DTSTART") == dt.date(2027, 1, 31)]
    assert "滨江路改造" in quiet["SUMMARY"] and "王建国" not in quiet.to_ical().decode()
    assert "苏A012025000123" not in quiet.to_ical().decode()
    loud, = read(house, made(custodian, "Outlook", named="1"))
    assert "王建国" in loud["SUMMARY"]
    assert quiet["UID"] == loud["UID"]


def test_a_renewed_certificate_moves_its_day_under_the_same_name_and_a_cancelled_one_vanishes(
    house: House, custodian: Browser, clock: Fixed
) -> None:
    path = made(custodian)
    before, = read(house, path)
    with unit(house.engine) as session:
        renew(session, session.get_one(Certificate, house.certificates["trade"]), valid_from=dt.date(2027, 2, 1),
              valid_until=dt.date(2027, 10, 31), issued_on=dt.date(2026, 11, 20), issuer="某省住建厅", by=SYSTEM)
    after, = read(house, path)
    assert after["UID"] == before["UID"] and after["SEQUENCE"] > before["SEQUENCE"]
    assert after.decoded("DTSTART") == dt.date(2027, 10, 31)
    with unit(house.engine) as session:
        cancel(session, session.get_one(Certificate, house.certificates["trade"]), kind="注销",
               since=clocks.today(), reason="离岗", by=SYSTEM)
    assert read(house, path) == []


def test_an_alert_takes_the_place_of_the_end_it_warns_of(house: House, custodian: Browser, clock: Fixed) -> None:
    path = made(custodian)
    before, = read(house, path)
    planning.sweep(house.engine)
    clock.move_to(dt.datetime(2027, 1, 1, 9, tzinfo=clocks.SHANGHAI))
    while planning.sweep(house.engine):
        pass
    after, = read(house, path)
    assert after["UID"] == before["UID"] and "/alerts/" in after["URL"] and "/certificates/" in before["URL"]


def test_what_has_not_changed_is_not_sent_again(house: House, custodian: Browser, clock: Fixed) -> None:
    path = made(custodian)
    first = house.browser().get(path)
    clock.advance(dt.timedelta(hours=3))
    again = house.browser().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    with unit(house.engine) as session:
        cancel(session, session.get_one(Certificate, house.certificates["trade"]), kind="注销",
               since=clocks.today(), reason="离岗", by=SYSTEM)
    assert house.browser().get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_that_it_was_read_is_shown(house: House, custodian: Browser, clock: Fixed) -> None:
    path = made(custodian)
    assert "还没有读取过" in custodian.get("/account/calendars").text
    read(house, path)
    clock.advance(dt.timedelta(hours=2))
    assert "2 小时前" in custodian.get("/account/calendars").text


def test_a_revoked_a_wrong_and_a_disabled_address_are_told_the_same(house: House, custodian: Browser) -> None:
    path, other = made(custodian), made(house.browser("hr"))
    assert custodian.post("/account/calendars/1/revocation").location == "/account/calendars"
    with unit(house.engine) as session:
        account = session.scalars(select(Account).where(Account.login == "hr")).one()
        account.disabled_at = clocks.now()
    asked = [path, other, f"/f/{'x' * 32}.ics", "/f/1.ics", "/f/..ics"]
    answers = [house.browser().get(one) for one in asked]
    assert {one.status_code for one in answers} == {404}
    assert len({re.sub(r'(content|value)="[^"]*"', "", one.text) for one in answers}) == 1  # without tokens of the page


def test_nobody_revokes_or_sees_the_address_of_another(house: House, custodian: Browser) -> None:
    made(custodian, "只有我知道")
    assert house.browser("hr").post("/account/calendars/1/revocation").status_code == 404
    assert "只有我知道" not in house.browser("hr").get("/account/calendars").text


def test_a_calendar_shows_no_more_than_its_person_may_see_today(house: House, custodian: Browser) -> None:
    path = made(custodian)
    assert len(read(house, path)) == 1
    with unit(house.engine) as session:
        for row in session.scalars(select(RoleGrant).where(RoleGrant.person_id == house.people["custodian"])):
            revoke(session, row, by=SYSTEM)
    assert read(house, path) == []


@pytest.mark.parametrize(("wrong", "said"), [
    ({"purpose": "  "}, "请填写用途"), ({"purpose": "长" * 41}, "请填写用途"), ({"shows": []}, "请至少选择一项"),
    ({"shows": ["all"]}, "请至少选择一项"), ({"purpose": "手机"}, "已有订阅地址"),
])
def test_what_is_wrong_is_said_at_the_field(
    house: House, custodian: Browser, wrong: dict[str, object], said: str
) -> None:
    made(custodian)
    answer = custodian.post("/account/calendars", {"purpose": "平板", "shows": ["mine"], **wrong})
    assert answer.status_code == 400 and said in answer.text


def test_who_reads_english_gets_an_english_calendar(house: House, custodian: Browser) -> None:
    custodian.post("/language", {"language": "en", "next": "/"})
    assert "ends (" in read(house, made(custodian))[0]["SUMMARY"]


def test_the_address_is_in_no_log(house: House, custodian: Browser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = made(custodian)
    read(house, path)
    custodian.post("/account/calendars/1/revocation")
    house.browser().get(path)
    assert path[3:-4] not in caplog.text
