"""到期提醒: the list of what one was warned of, who takes it on, whom it did not reach, and its ledger."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.alerts import climbing, planning
from registry.alerts.model import Alert
from registry.certificates.lifecycle import grant
from registry.people.persons import Person
from tests.web.house import House


@pytest.fixture
def warned(house: House, clock: Fixed) -> int:
    """The worker's P02 ends on 2027-01-31; it is 30 days before, and alerts were planned every day since November."""
    planning.sweep(house.engine)
    clock.move_to(dt.datetime(2027, 1, 1, 9, tzinfo=clocks.SHANGHAI))
    while planning.sweep(house.engine):
        pass
    with Session(house.engine) as session:
        return session.scalars(select(Alert.id).where(Alert.stage == "d30")).one()


def test_what_one_was_warned_of_stands_in_ones_list_until_somebody_takes_it(house: House, warned: int) -> None:
    browser = house.browser("custodian")
    page = browser.get("/alerts").text
    assert "王建国" in page and "到期前 30 天" in page and "还有 30 天" in page
    assert browser.post(f"/alerts/{warned}/taking").location.startswith("/alerts")
    page = browser.get("/alerts").text
    assert "测试custodian已接手" in page and "我来处理" not in page
    answer = house.browser("hr").post(f"/alerts/{warned}/taking")
    assert answer.status_code == 409 and "测试custodian" in answer.text


def test_what_was_taken_climbs_no_further(house: House, warned: int, clock: Fixed) -> None:
    house.browser("custodian").post(f"/alerts/{warned}/taking")
    clock.move_to(dt.datetime(2027, 1, 14, 9, tzinfo=clocks.SHANGHAI))
    assert climbing.sweep(house.engine) == 0


def test_a_stranger_sees_and_takes_nothing(house: House, warned: int) -> None:
    browser = house.browser("stranger")
    assert "没有要您处理的到期事项" in browser.get("/alerts").text
    assert "提醒都已送达" in browser.get("/alerts?tab=unreached").text
    assert browser.post(f"/alerts/{warned}/taking").status_code == 404
    assert "王建国" not in house.browser("worker").get("/alerts?tab=unreached").text


def test_whoever_cannot_be_told_stands_in_a_list(house: House, warned: int) -> None:
    page = house.browser("custodian").get("/alerts?tab=unreached").text
    assert "王建国" in page and "持证人" in page


def test_the_certificate_shows_whom_it_was_told_to_and_when_they_opened_it(house: House, warned: int) -> None:
    browser = house.browser("custodian")
    address = f"/certificates/{house.certificates['trade']}/timers"
    assert "送达，未打开" in browser.get(address).text and "没有账号，未送达" in browser.get(address).text
    notices = browser.get("/notices").text
    assert "将于 2027-01-31 到期，还有 30 天" in notices
    with Session(house.engine) as session:
        number = session.connection().exec_driver_sql(
            f"select max(id) from notice where person_id = {house.people['custodian']}").scalar()
    assert browser.post(f"/notices/{number}/reading").location == f"/certificates/{house.certificates['trade']}"
    assert "2027-01-01 09:00 打开" in browser.get(address).text


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "x"])
def test_a_page_that_is_not_there_is_an_empty_list(house: House, warned: int, page: str) -> None:
    assert house.browser("custodian").get(f"/alerts?page={page}").status_code == 200


def test_the_list_is_in_english_for_who_reads_english(house: House, warned: int) -> None:
    browser = house.browser("custodian")
    browser.post("/language", {"language": "en", "next": "/alerts"})
    page = browser.get("/alerts").text
    assert "30 days before the end" in page and "到期" not in page.split("<main")[1].split("</main")[0].replace(
        "建筑施工特种作业操作资格证书", "")


def test_the_month_shows_each_end_on_its_day_and_leads_there(house: House, warned: int) -> None:
    page = house.browser("custodian").get("/alerts?view=calendar&month=2027-01").text
    assert "2027 年 1 月" in page and f'href="/alerts/{warned}"' in page and "王建国" in page
    assert page.count('<li class="agenda-day') == 31 and 'datetime="2027-01-31"' in page
    assert "month=2026-12" in page and "month=2027-02" in page


@pytest.mark.parametrize("asked", ["month=2027-13", "month=x", "month=0000-01", "month=99999-1", "on=2027-02-30",
                                   "family=Z", "urgency=never", "tab=others"])
def test_nonsense_in_the_address_is_nothing(house: House, warned: int, asked: str) -> None:
    browser = house.browser("custodian")
    assert browser.get(f"/alerts?{asked}").status_code == 200
    assert browser.get(f"/alerts?view=calendar&{asked}").status_code == 200


def test_my_people_are_offered_to_whoever_looks_after_somebody(house: House, warned: int) -> None:
    assert "王建国" in house.browser("custodian").get("/alerts?tab=people").text
    page = house.browser("worker").get("/alerts").text
    assert "我的人员" not in page and "王建国" not in house.browser("worker").get("/alerts?tab=people").text
    assert "王建国" not in house.browser("stranger").get("/alerts?tab=projects&view=calendar&month=2027-01").text


def test_the_numbers_beside_the_filters_are_those_of_the_rows(house: House, warned: int) -> None:
    page = house.browser("custodian").get("/alerts?tab=people").text
    assert "以后 1" in page and "全部 1" in page and "已逾期 0" in page
    assert "没有符合条件的事项" in house.browser("custodian").get("/alerts?tab=people&urgency=week").text
    assert "王建国" in house.browser("custodian").get("/alerts?tab=people&urgency=later&on=2027-01-31").text


def test_a_longer_list_asks_the_database_no_more_often(house: House, warned: int) -> None:
    def another(trade: str) -> None:
        with unit(house.engine) as session:
            grant(session, "P02", session.get_one(Person, house.people["welder"]), number=f"苏A0120250009{trade}",
                  issued_on=dt.date(2025, 2, 1), valid_until=dt.date(2027, 1, 20), issuer="某厅", by=SYSTEM,
                  fields={"trade": trade})
    another("01")
    browser, seen = house.browser("custodian"), house.statements()
    assert browser.get("/alerts?tab=people").text.count("苏A0120250009") == 1
    short = len(seen)
    another("02")
    another("05")
    seen.clear()
    assert browser.get("/alerts?tab=people").text.count("苏A0120250009") == 3 and len(seen) == short
