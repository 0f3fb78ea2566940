"""The pages of the cabinet: lending at the counter, both signatures, rights, marked copies and their verification."""

from __future__ import annotations

import datetime as dt
import re
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.facts import Fact
from ledger.files import keep
from registry.certificates.lifecycle import add_scans
from registry.certificates.models import Certificate
from registry.custody import loans, originals
from registry.custody.copies import Copy
from registry.custody.originals import Original
from registry.people.persons import Person
from registry.people.units import Unit
from tests.web.house import Browser, House

DAY = dt.date(2026, 11, 22)
PURPOSE = "滨江花园二期投标"


def day(after: int) -> str:
    return (DAY + dt.timedelta(days=after)).isoformat()


@pytest.fixture
def paper(house: House) -> int:
    """正本 of the construction permit, in the cabinet."""
    with unit(house.engine) as session:
        permit = session.get_one(Certificate, house.certificates["permit"])
        return originals.enter(session, permit, "original", place="档案室 2 柜", by=SYSTEM,
                               keeper=session.get_one(Unit, house.units["company"])).id


@pytest.fixture
def loan(house: House, paper: int) -> int:
    """The worker has it until the day after tomorrow."""
    with unit(house.engine) as session:
        return loans.hand_over(session, session.get_one(Original, paper), purpose="bid", by=SYSTEM,
                               borrower=session.get_one(Person, house.people["worker"]),
                               until=DAY + dt.timedelta(days=2)).id


def scanned(house: House, name: str) -> int:
    picture = BytesIO()
    Image.new("RGB", (400, 560), "#f4efe1").save(picture, "PNG")
    with unit(house.engine) as session:
        certificate = session.get_one(Certificate, house.certificates[name])
        file = keep(session, house.config.files, BytesIO(picture.getvalue()), "证书.png", by=SYSTEM)
        scans = add_scans(session, certificate.latest, [file], by=SYSTEM)
        session.flush()
        return scans[0].id


def copied(house: House, name: str, login: str = "custodian", **more: object) -> Copy:
    number, scan = house.certificates[name], scanned(house, name)
    answer = house.browser(login).post(f"/certificates/{number}/copies", {
        "scan": scan, "purpose": "bid", "purpose_note": PURPOSE, "until": day(30), **more})
    assert answer.status_code == 303, answer.text
    with Session(house.engine) as session:
        return session.scalars(select(Copy).order_by(Copy.id.desc())).first()  # type: ignore[return-value]


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


def test_what_is_late_is_counted_for_whoever_has_it(house: House, loan: int, clock: object) -> None:
    clock.advance(dt.timedelta(days=4))  # type: ignore[attr-defined]
    assert "逾期 2 天" in house.browser("worker").get("/loans").text
    assert house.browser("worker").get("/navigation/counts").status_code in (200, 404)


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


def test_a_copy_ends_with_its_day_or_when_it_is_revoked(house: House, clock: object) -> None:
    first, second = copied(house, "permit"), copied(house, "permit", until=day(0))
    assert house.browser("custodian").post(f"/copies/{first.id}/revocation").status_code == 303
    assert house.browser("custodian").get(f"/copies/{first.id}/copy.pdf").status_code == 409
    clock.advance(dt.timedelta(days=1))  # type: ignore[attr-defined]
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


def test_reading_a_picture_with_an_id_number_is_written_down(house: House) -> None:
    copy, hr = copied(house, "trade", "hr"), house.browser("hr")
    hr.get(f"/certificates/{house.certificates['trade']}/scans/{copy.scan_id}")
    hr.get(f"/copies/{copy.id}/copy.pdf")
    with Session(house.engine) as session:
        facts = session.scalars(select(Fact).where(Fact.kind == "scan.read").order_by(Fact.id)).all()
        assert [sorted(fact.after or {}) for fact in facts] == [["code", "scan"], ["code", "copy"]]
        assert {fact.actor_id for fact in facts} == {house.people["hr"]}


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
    assert isinstance(keeper, Browser)
