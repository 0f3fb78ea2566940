"""提醒送达证明: as a page and on paper, for whoever may read the certificate; its hash stays."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re

import pypdfium2
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.facts import Fact
from registry.alerts import planning
from registry.alerts.model import Alert, AlertPerson
from registry.people.persons import create_person
from registry.people.units import Unit
from tests.web.house import House


@pytest.fixture
def warned(house: House, clock: Fixed) -> str:
    """The address of the proof for the worker's P02, 30 days before its end; alerts were planned since November."""
    planning.sweep(house.engine)
    clock.move_to(dt.datetime(2027, 1, 1, 9, tzinfo=clocks.SHANGHAI))
    while planning.sweep(house.engine):
        pass
    return f"/certificates/{house.certificates['trade']}/proof"


def pages(pdf: bytes) -> list[str]:
    return ["".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(io.BytesIO(pdf))]


def test_the_page_says_who_was_told_what_and_when(house: House, warned: str) -> None:
    browser = house.browser("custodian")
    assert warned in browser.get(warned.replace("proof", "timers")).text
    page = browser.get(warned).text
    assert "到期前 30 天" in page and "将于 2027-01-31 到期，还有 30 天。" in page
    assert "测试custodian" in page and "未打开" in page and "2027-01-01 09:00" in page
    assert "王建国" in page and "没有账号，未送达" in page


def test_it_prints_and_the_paper_carries_the_hash_of_what_is_attached(house: House, warned: str) -> None:
    browser = house.browser("custodian")
    answer = browser.post(warned)
    assert answer.mimetype == "application/pdf" and answer.headers["Content-Disposition"].startswith("attachment")
    text = "".join(pages(answer.data))
    assert "到期前30天" in text and "还有30天" in text and "没有账号，未送达" in text and "出具人测试custodian" in text
    mark = re.findall(r"SHA-256([0-9a-f]{64})", text)[0]
    attached = pypdfium2.PdfDocument(io.BytesIO(answer.data)).get_attachment(0)
    assert hashlib.sha256(bytes(attached.get_data())).hexdigest() == mark
    with Session(house.engine) as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "alerts.proved")).one()
        assert fact.after == {"sha256": mark} and fact.actor_id == house.people["custodian"]
    assert mark in browser.get(warned).text


def test_a_long_one_repeats_its_heads_and_its_foot_on_every_page(house: House, warned: str) -> None:
    with unit(house.engine) as session:
        alert = session.scalars(select(Alert).where(Alert.stage == "d30")).one()
        place = session.get_one(Unit, house.units["company"])
        for number in range(60):
            someone = create_person(session, unit=place, name=f"同事{number:02}", by=SYSTEM)
            session.flush()
            alert.told.append(AlertPerson(person_id=someone.id, rung="owner", level=0, reach="none"))
    found = pages(house.browser("custodian").post(warned).data)
    assert len(found) > 2
    for number, page in enumerate(found, 1):
        assert f"{number}/{len(found)}" in page and "SHA-256" in page
    assert all("到期前30天" in page and "告诉了谁" in page for page in found if "同事" in page)


def test_nobody_else_sees_or_prints_it(house: House, warned: str) -> None:
    for login, status in (("stranger", 404), ("legal", 404)):
        browser = house.browser(login)
        assert (browser.get(warned).status_code, browser.post(warned).status_code) == (status, status)
    with Session(house.engine) as session:
        assert session.scalar(select(Fact.id).where(Fact.kind == "alerts.proved")) is None


def test_a_certificate_that_was_never_warned_of_has_none(house: House) -> None:
    page = house.browser("custodian").get(f"/certificates/{house.certificates['permit']}/proof").text
    assert "还没有发出过到期提醒" in page and "下载 PDF" not in page
