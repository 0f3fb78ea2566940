"""The pages of the cabinet: rights, refusals at their fields, ends of copies."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ledger.clock import Fixed
from ledger.db import unit
from registry.custody.loans import Loan
from tests.databases import SqliteFiles
from tests.web.cabinet import PURPOSE, copied, day, loan_of, paper_in, scanned
from tests.web.house import House


@pytest.fixture
def paper(house: House) -> int:
    return paper_in(house)


@pytest.fixture
def loan(house: House, paper: int) -> int:
    return loan_of(house, paper)


@pytest.fixture
def database_url(sqlite_files: SqliteFiles, tmp_path: Path) -> str:
    """Pages are the same on either database; what differs is tested in test_custody and tests/registry/custody."""
    return sqlite_files.fresh(tmp_path)


def test_who_has_it_may_extend_nothing_but_report_it_lost(house: House, loan: int, paper: int) -> None:
    worker = house.browser("worker")
    assert worker.post(f"/loans/{loan}/extension", {"until": day(3)}).status_code == 403
    assert worker.post(f"/loans/{loan}/loss", {"told": ""}).status_code == 400
    assert worker.post(f"/loans/{loan}/loss", {"told": "昨天在工地"}).status_code == 303
    assert "遗失" in house.browser("custodian").get(f"/originals/{paper}").text


def test_strangers_see_neither_the_cabinet_nor_the_loan(house: House, loan: int, paper: int) -> None:
    for login in ("stranger", "guard"):
        browser = house.browser(login)
        found = [browser.get(address).status_code for address in (f"/originals/{paper}", f"/loans/{loan}")]
        assert found == [404, 404]
        assert "滨江路改造" not in browser.get("/loans?scope=out").text


def test_refused_days_are_told_at_their_field(house: House, paper: int) -> None:
    answer = house.browser("custodian").post(f"/originals/{paper}/reservations", {"from_on": day(3), "until": day(1)})
    assert answer.status_code == 400 and "归还日期不能早于开始日期" in answer.text


def test_the_person_s_page_shows_what_must_come_back_before_leaving(house: House, loan: int) -> None:
    address, keeper = f"/people/{house.people['worker']}", house.browser("custodian")
    assert "借着的原件" in keeper.get(address).text
    keeper.post(f"/loans/{loan}/return", {"condition": "intact"})
    assert "借着的原件" not in keeper.get(address).text


def test_what_is_late_is_counted_for_whoever_has_it(house: House, loan: int, clock: Fixed) -> None:
    clock.advance(dt.timedelta(days=4))
    worker = house.browser("worker")
    assert "逾期 2 天" in worker.get("/loans").text
    assert worker.get("/counts").get_json()["loans"] == 1


def test_a_copy_ends_with_its_day_or_when_it_is_revoked(house: House, clock: Fixed) -> None:
    first, second = copied(house, "permit"), copied(house, "permit", until=day(0))
    assert house.browser("custodian").post(f"/copies/{first.id}/revocation").status_code == 303
    assert house.browser("custodian").get(f"/copies/{first.id}/copy.pdf").status_code == 409
    clock.advance(dt.timedelta(days=1))
    anybody = house.browser()
    assert "已作废，不可使用" in anybody.get(f"/c/{first.mark}").text
    assert "已过使用期限" in anybody.get(f"/c/{second.mark}").text
    assert anybody.get("/c/2222-2222-2222").status_code == anybody.get("/c/x").status_code == 404


@pytest.mark.parametrize("wrong", [{"purpose": ""}, {"purpose_note": " "}, {"until": day(92)}, {"until": day(-1)}])
def test_a_copy_needs_a_purpose_and_three_months_at_most(house: House, wrong: dict[str, str]) -> None:
    number, scan = house.certificates["permit"], scanned(house, "permit")
    given = {"scan": scan, "purpose": "bid", "purpose_note": PURPOSE, "until": day(1), **wrong}
    assert house.browser("custodian").post(f"/certificates/{number}/copies", given).status_code == 400


def test_a_copy_leads_back_to_its_loan(house: House, loan: int) -> None:
    copy = copied(house, "permit", loan=loan)
    assert f"/loans/{loan}" in house.browser("custodian").get(f"/c/{copy.mark}").text
    assert copy.mark in house.browser("custodian").get(f"/loans/{loan}").text


def test_every_page_of_the_cabinet_opens(house: House, loan: int, paper: int) -> None:
    keeper, permit = house.browser("custodian"), house.certificates["permit"]
    copy = copied(house, "permit")
    for address in ("/loans", "/loans?scope=overdue", f"/loans/{loan}", f"/originals/{paper}", f"/copies/{copy.id}",
                    f"/certificates/{permit}/custody", f"/certificates/{permit}/originals/new",
                    f"/certificates/{permit}/copies/new"):
        for language in ("zh", "en"):
            keeper.post("/language", {"language": language, "next": "/"})
            assert keeper.get(address).status_code == 200, address
    assert keeper.get(f"/originals/{paper}/loans/new").status_code == 409  # it is out



def test_what_was_reserved_is_handed_to_nobody_else(house: House, paper: int) -> None:
    keeper = house.browser("custodian")
    house.browser("legal").post(f"/originals/{paper}/reservations", {"from_on": day(0), "until": day(1)})
    sent = {"reservation": 1, "borrower": house.people["hr"], "purpose": "bid", "until": day(1)}
    assert keeper.post(f"/originals/{paper}/loans", sent).status_code == 400
    assert keeper.post(f"/originals/{paper}/loans", sent | {"borrower": house.people["legal"]}).status_code == 303


def test_days_that_are_taken_are_told_on_the_page_with_what_was_typed(house: House, paper: int, loan: int) -> None:
    answer = house.browser("custodian").post(f"/originals/{paper}/reservations", {"from_on": day(1), "until": day(2)})
    assert answer.status_code == 409 and "现在在哪里" in answer.text and f'value="{day(1)}"' in answer.text


def test_a_loan_that_was_taken_back_with_its_ledger_is_nobodys(house: House, loan: int) -> None:
    assert house.browser("worker").get(f"/loans/{loan}").status_code == 200
    with unit(house.engine) as session:
        session.get_one(Loan, loan).unit_path = "/withdrawn/1/"
    assert house.browser("worker").get(f"/loans/{loan}").status_code == 404
