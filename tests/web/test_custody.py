"""The cabinet on both databases: lending at the counter, repeats, marked copies, what is written down."""

from __future__ import annotations

import re

import pypdfium2
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.facts import Fact
from registry.certificates.models import Scan
from tests.web.cabinet import PURPOSE, copied, day, loan_of, paper_in
from tests.web.house import House


@pytest.fixture
def paper(house: House) -> int:
    return paper_in(house)


@pytest.fixture
def loan(house: House, paper: int) -> int:
    return loan_of(house, paper)


def test_the_counter_hands_over_the_carrier_signs_and_it_comes_back(house: House, paper: int) -> None:
    keeper, worker = house.browser("custodian"), house.browser("worker")
    assert "测试worker" in keeper.get(f"/originals/{paper}/loans/new?q=worker").text
    answer = keeper.post(f"/originals/{paper}/loans", {
        "borrower": house.people["worker"], "purpose": "bid", "purpose_note": PURPOSE, "until": day(2)})
    page = answer.headers["Location"]
    assert "待签收" in worker.get("/loans").text
    assert worker.post(f"{page}/receipt").status_code == 303
    assert worker.post(f"{page}/return", {"condition": "intact"}).status_code == 403
    assert "还有 2 天" in keeper.get("/loans?scope=out").text
    assert keeper.post(f"{page}/return", {"condition": "damaged"}).status_code == 400
    assert keeper.post(f"{page}/return", {"condition": "intact"}).status_code == 303
    assert "已归还" in keeper.get("/loans?scope=back").text and "在库" in keeper.get(f"/originals/{paper}").text


def test_a_form_sent_twice_lends_and_reserves_once(house: House, paper: int) -> None:
    keeper = house.browser("custodian")
    for address, form in (
        (f"/originals/{paper}/reservations", {"from_on": day(5), "until": day(6)}),
        (f"/originals/{paper}/loans", {"borrower": house.people["worker"], "purpose": "bid", "until": day(2)}),
    ):
        answers = [keeper.post(address, {**form, "once": "a-wish-of-mine"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_a_copy_carries_its_mark_on_every_page_and_its_verification_says_what_it_is_for(house: House) -> None:
    copy = copied(house, "trade", "hr")
    assert re.fullmatch(r"([2-9A-HJKMNP-Z]{4}-){2}[2-9A-HJKMNP-Z]{4}", copy.mark)
    drawn = pypdfium2.PdfDocument(house.browser("hr").get(f"/copies/{copy.id}/copy.pdf").data)
    page = drawn[0].render(scale=0.5).to_pil().convert("L")
    quarter = (page.width // 3, page.height // 3)
    parts = [page.crop((x * quarter[0], y * quarter[1], (x + 1) * quarter[0], (y + 1) * quarter[1]))
             for x in range(3) for y in range(3)]
    assert [part.getextrema()[0] < 225 for part in parts] == [True] * 9  # the paper itself is 238
    told = house.browser().get(f"/c/{copy.mark.lower().replace('-', '')}")
    assert told.status_code == 200 and PURPOSE in told.text and "在使用期限内" in told.text
    assert "王**" in told.text and "王建国" not in told.text and "查看来龙去脉" not in told.text
    assert "查看来龙去脉" in house.browser("hr").get(f"/c/{copy.mark}").text


def test_reading_a_picture_with_an_id_number_is_written_down(house: House) -> None:
    copy, hr = copied(house, "trade", "hr"), house.browser("hr")
    hr.get(f"/certificates/{house.certificates['trade']}/scans/{copy.scan_id}")
    hr.get(f"/copies/{copy.id}/copy.pdf")
    with Session(house.engine) as session:
        file = session.get_one(Scan, copy.scan_id).file_id
    assert hr.get(f"/files/{file}").status_code == 200
    with Session(house.engine) as session:
        facts = session.scalars(select(Fact).where(Fact.kind == "scan.read").order_by(Fact.id)).all()
        assert [sorted(fact.after or {}) for fact in facts] == [["code", "scan"], ["code", "copy"], ["code", "scan"]]
        assert {fact.actor_id for fact in facts} == {house.people["hr"]}
