"""The list of certificates and a certificate's page."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.files import keep
from registry.access.accounts import actor_for
from registry.certificates.lifecycle import add_scans, cancel, grant, suspend
from registry.certificates.models import Certificate, Scan
from registry.certificates.timers import FACTS
from registry.people.persons import create_person, person_of
from registry.people.units import unit_of
from tests.web.house import House
from web.ledgers.register import STEPS
from web.requests.happened import KINDS

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def crew(house: House, size: int) -> None:
    """More people with a certificate each."""
    with unit(house.engine) as session:
        project = unit_of(session, house.units["project"])
        for n in range(size):
            person = create_person(session, unit=project, name=f"工友{n}", by=SYSTEM)
            until = dt.date(2027, 3, 1) + dt.timedelta(days=n)
            grant(
                session,
                "P02",
                person,
                number=f"苏A022025{n:06d}",
                issued_on=dt.date(2025, 3, 2),
                issuer="某厅",
                by=SYSTEM,
                valid_from=dt.date(2025, 3, 2),
                valid_until=until,
            )


def test_the_list_is_cut_into_pages_and_says_how_many_there_are(house: House) -> None:
    crew(house, 30)
    browser = house.browser("custodian")
    first, second = browser.get("/certificates?family=P"), browser.get("/certificates?family=P&page=2")
    assert "第 1–25 条，共 31 条" in first.text
    assert "第 26–31 条，共 31 条" in second.text
    assert "/certificates?family=P&amp;page=2" in first.text
    assert "共 31 条" in browser.get("/certificates?family=P&page=999").text


def test_the_length_of_the_list_does_not_change_the_number_of_statements(house: House) -> None:
    browser = house.browser("custodian")
    sent = house.statements()
    counts = []
    for _ in range(2):
        sent.clear()
        browser.get("/certificates")
        browser.get("/people")
        browser.get("/")
        counts.append(len(sent))
        crew(house, 20) if len(counts) == 1 else None
    assert counts[0] == counts[1]


@pytest.mark.parametrize("page", ["/certificates", "/people"])
def test_a_chosen_unit_stays_chosen_and_nonsense_chooses_none(house: House, page: str) -> None:
    browser, chosen = house.browser("custodian"), house.units["project"]
    shown = browser.get(f"{page}?unit={chosen}")
    assert shown.status_code == 200
    assert f'value="{chosen}" selected' in shown.text or page == "/people"
    assert browser.get(f"{page}?unit=x").status_code == 200


def test_filters_ask_what_the_state_of_each_row_is(house: House) -> None:
    crew(house, 2)
    with unit(house.engine) as session:
        one, two = session.scalars(
            select(Certificate).where(Certificate.holder_name.like("工友%")).order_by(Certificate.id)
        )
        suspend(session, one, since=dt.date(2026, 11, 1), reason="违章", by=SYSTEM)
        cancel(session, two, kind="注销", since=dt.date(2026, 11, 2), reason="离职", by=SYSTEM)
    browser = house.browser("custodian")
    shown = {
        standing: {
            name
            for name in ("王建国", "滨江路改造", "工友0", "工友1")
            if f"<td>{name}</td>" in browser.get(f"/certificates?standing={standing}").text
        }
        for standing in ("valid", "due", "expired", "suspended", "ended")
    }
    assert shown == {
        "valid": {"王建国"},
        "due": {"王建国"},
        "expired": {"滨江路改造"},  # nothing was begun within three months (建筑法 9)
        "suspended": {"工友0"},
        "ended": {"工友1"},
    }


def test_a_piece_of_the_number_the_name_or_its_initials_finds_it(house: House) -> None:
    browser = house.browser("custodian")
    for words in ("2025000123", "王建", "wangjian", "wjg", "苏A01 王", "苏Ａ０１"):
        assert "王建国" in browser.get("/certificates", query_string={"q": words}).text, words
    assert "没有符合条件的证件" in browser.get("/certificates", query_string={"q": "wjx"}).text


def test_the_page_says_how_it_stands_and_why(house: House, clock: Fixed) -> None:
    text = house.browser("custodian").get(f"/certificates/{house.certificates['trade']}").text
    assert "王建国的建筑施工特种作业操作资格证书" in text
    assert "临期" in text and "有效至 2027-01-31，还有 70 天" in text and "依据" in text
    clock.advance(dt.timedelta(days=80))
    later = house.browser("custodian").get(f"/certificates/{house.certificates['trade']}").text
    assert "失效" in later and "已过期 10 天" in later


def test_the_story_tells_who_and_what_changed(house: House) -> None:
    with unit(house.engine) as session:
        custodian = person_of(session, house.people["custodian"])
        suspend(
            session,
            session.get_one(Certificate, house.certificates["trade"]),
            since=dt.date(2026, 11, 1),
            reason="违章",
            by=actor_for(session, custodian),
        )
    text = house.browser("custodian").get(f"/certificates/{house.certificates['trade']}/story").text
    assert text.index("暂扣证件") < text.index("证件登记入册")
    assert "测试custodian" in text and "<del>有效</del> → 暂扣" in text


def test_a_scan_is_a_download_that_can_do_nothing(house: House) -> None:
    with unit(house.engine) as session:
        file = keep(
            session,
            house.config.files,
            BytesIO(PDF),
            '证"件.pdf',
            by=actor_for(session, person_of(session, house.people["hr"])),
        )
        add_scans(session, session.get_one(Certificate, house.certificates["trade"]).latest, [file], by=SYSTEM)
    with Session(house.engine) as session:
        scan = session.scalars(select(Scan.id)).one()
    answer = house.browser("custodian").get(f"/certificates/{house.certificates['trade']}/scans/{scan}")
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert (
        house.browser("custodian").get(f"/certificates/{house.certificates['permit']}/scans/{scan}").status_code == 404
    )
    assert house.browser("legal").get(f"/certificates/{house.certificates['trade']}/scans/{scan}").status_code == 404


def test_the_sheet_is_one_page_in_a_font_of_its_own(house: House) -> None:
    answer = house.browser("custodian").get(f"/certificates/{house.certificates['trade']}/sheet.pdf")
    assert answer.mimetype == "application/pdf"
    read = PdfReader(BytesIO(answer.data))
    assert len(read.pages) == 1
    text = read.pages[0].extract_text()
    for words in ("建筑施工特种作业操作资格证书", "王建国", "苏A012025000123", "内部核验", "版本 001", "2027-01-31"):
        assert words in text
    fonts = [font.get_object() for font in read.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert fonts and all("Noto-Sans-SC" in font["/BaseFont"] for font in fonts)
    assert all(
        "/FontFile" in str(font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object().keys())
        for font in fonts
    )


def test_nothing_but_our_font_can_get_into_a_sheet(house: House) -> None:
    from weasyprint.urls import FatalURLFetchingError

    from web.ledgers.certificate_pdf import printed

    for address in ("file:///etc/passwd", "http://127.0.0.1:1/", "data:text/css,x", "asset:other.otf"):
        try:
            printed(f'<img src="{address}">')
        except FatalURLFetchingError:
            continue
        raise AssertionError(address)


def test_the_longest_certificate_still_fits_on_one_page(house: House) -> None:
    long = "很长的内容" * 60
    with unit(house.engine) as session:
        made = grant(
            session,
            "J03",
            unit_of(session, house.units["project"]),
            number="320102202603150202",
            issuer=long[:110],
            issued_on=dt.date(2026, 3, 15),
            by=SYSTEM,
            fields={
                field.key: long for field in session.get_one(Certificate, house.certificates["permit"]).type.fields
            },
        )
        number = made.id
    answer = house.browser("custodian").get(f"/certificates/{number}/sheet.pdf")
    assert len(PdfReader(BytesIO(answer.data)).pages) == 1


def test_every_day_that_a_certificate_waits_for_has_words() -> None:
    assert {*FACTS, "lapses"} == set(STEPS) and set(FACTS.values()) <= set(KINDS)
