"""Renewals for a list: what may be chosen, one request each, and nothing begun twice."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

import workflows
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.certificates.lifecycle import grant
from registry.people.persons import Person
from tests.web.house import House
from workflows.requests import Request

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def published(house: House) -> House:
    with unit(house.engine) as session:
        workflows.publish(session, by=SYSTEM)
    return house


def begun(house: House) -> int:
    with reading(house.engine) as session:
        return session.scalar(select(func.count()).where(Request.process_id == "renewal")) or 0


def test_one_is_begun_for_each_certificate_chosen_and_not_twice(published: House) -> None:
    custodian, number = published.browser("custodian"), published.certificates["trade"]
    page = custodian.get("/renewals?q=王建国").text
    assert f'value="{number}"' in page and "为选中的证件发起续期" in page
    for said in ("已发起", "正在办理"):
        assert said in custodian.post("/renewals?q=王建国", {"certificate": str(number)}).text
    assert begun(published) == 1
    assert "正在办理" in custodian.get("/renewals?q=王建国").text


def test_nothing_chosen_is_said_and_begins_nothing(published: House) -> None:
    assert "请至少选择一张证件" in published.browser("custodian").post("/renewals").text
    assert begun(published) == 0


def test_who_may_not_renew_is_offered_nothing_and_a_stranger_finds_nothing(published: House) -> None:
    number = published.certificates["trade"]
    assert f'value="{number}"' not in published.browser("guard").get("/renewals?q=王建国").text
    assert published.browser("stranger").post("/renewals", {"certificate": str(number)}).status_code == 404
    assert "没有发起" in published.browser("guard").post("/renewals", {"certificate": str(number)}).text
    assert begun(published) == 0


def test_the_register_leads_to_it_with_its_filter(published: House) -> None:
    assert "/renewals?q=" in published.browser("custodian").get("/certificates?q=王建国").text
    assert "批量续期" not in published.browser("guard").get("/certificates").text


def test_a_longer_list_asks_the_database_no_more_often(published: House) -> None:
    custodian = published.browser("custodian")
    seen = published.statements()
    assert "可以发起" in custodian.get("/renewals?family=P").text
    short = len(seen)
    with unit(published.engine) as session:
        welder = session.get_one(Person, published.people["welder"])
        for trade in ("01", "02", "05"):
            grant(session, "P02", welder, number=f"苏A0120250009{trade}", issued_on=dt.date(2025, 2, 1), by=SYSTEM,
                  valid_until=dt.date(2027, 1, 31), issuer="某厅", fields={"trade": trade})
    seen.clear()
    assert custodian.get("/renewals?family=P").text.count("可以发起") == 4 and len(seen) == short
