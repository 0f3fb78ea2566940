"""What leaves the register as a file: what is shown, what one may export, text as text, and a fact about it."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.facts import Fact
from registry.certificates.lifecycle import grant
from registry.people.identity import id_check_digit
from registry.people.persons import create_person
from registry.people.units import unit_of
from tests.web.house import ID_NUMBER, Browser, House
from tests.web.test_register import crew
from tests.web.workbooks import Read, sheets

EVIL = ['=HYPERLINK("http://evil.example")', "+1+1", "-2", "@SUM(A1)", "＝1+1", "=cmd|'/calc'!A0"]


def sheet(browser: Browser, address: str = "/certificates/export", **form: Any) -> list[list[Read]]:
    answer = browser.post(address, form)
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].endswith('.xlsx"')
    first, _explained = sheets(answer.data)
    return first


def test_the_workbook_has_what_the_list_shows_in_its_order(house: House) -> None:
    crew(house, 30)
    rows = sheet(house.browser("custodian"), family="P", sort="-ends")
    assert [cell.value for cell in rows[0]][:6] == ["台账号", "类别", "证件", "项目", "编号", "持有人"]
    assert len(rows) == 32 and rows[1][5].value == "工友29"
    assert rows[1][8].value == dt.date(2027, 3, 30)


def test_nothing_in_it_is_a_formula(house: House) -> None:
    with unit(house.engine) as session:
        project = unit_of(session, house.units["project"])
        for number, name in enumerate(EVIL):
            person = create_person(session, unit=project, name=name, by=SYSTEM)
            grant(session, "P02", person, number=f"苏A03202500000{number}", issued_on=dt.date(2025, 3, 2),
                  issuer=name, by=SYSTEM, valid_until=dt.date(2027, 3, 1))
    rows = sheet(house.browser("custodian"), q="A032025", sort="number")
    holders = [row[5] for row in rows[1:]]
    assert [cell.value for cell in holders] == EVIL
    assert all(cell.quoted for cell in holders) and not any(cell.formula for row in rows for cell in row)


def test_a_number_with_an_identity_number_stays_masked(house: House) -> None:
    with unit(house.engine) as session:
        person = create_person(session, unit=unit_of(session, house.units["project"]), name="电工甲", by=SYSTEM,
                               id_number="11010119900307031" + id_check_digit("11010119900307031"))
        grant(session, "P01", person, number="T" + person.id_number, issued_on=dt.date(2025, 3, 2), issuer="某局",
              by=SYSTEM, valid_until=dt.date(2028, 3, 1), fields={"category": "电工作业", "item": "低压电工作业"})
        clear = person.id_number
    answer = house.browser("custodian").post("/certificates/export", {"q": clear})
    values = [cell.value for row in sheets(answer.data)[0] for cell in row]
    assert any("****" in str(value) for value in values) and not any(str(clear)[6:14] in str(v) for v in values)
    with Session(house.engine) as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "register.exported")).one()
        assert fact.after and fact.after["rows"] == 1 and fact.after["words"] is True
        assert str(clear) not in str(fact.after)


def test_only_what_one_may_export_leaves(house: House) -> None:
    assert house.browser("hr").post("/certificates/export").status_code == 403
    assert "导出 Excel" not in house.browser("hr").get("/certificates").text
    rows = sheet(house.browser("custodian"))
    assert {row[5].value for row in rows[1:]} == {"王建国", "滨江路改造"}
    assert [row[5].value for row in sheet(house.browser("stranger"))[1:]] == ["别家项目"]


def test_one_unit_alone_is_exported(house: House) -> None:
    browser, project = house.browser("custodian"), house.units["project"]
    assert {row[5].value for row in sheet(browser, unit=project)[1:]} == {"王建国", "滨江路改造"}
    rows = sheet(browser, "/certificates/comparison/export", before="2025-06-01", after="2027-03-01", unit=project)
    assert len(rows) == 3


def test_a_past_day_and_a_comparison_are_exported_too(house: House) -> None:
    browser = house.browser("custodian")
    rows = sheet(browser, on="2025-06-01")
    assert [(row[5].value, row[10].value) for row in rows[1:]] == [("王建国", "有效")]
    rows = sheet(browser, "/certificates/comparison/export", before="2025-06-01", after="2027-03-01")
    assert sorted((row[0].value, row[6].value, row[-2].value) for row in rows[1:]) == [
        ("新增", "滨江路改造", None), ("退出", "王建国", "有效")]


def test_a_file_that_leaves_rows_out_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    crew(house, 5)
    monkeypatch.setattr("web.ledgers.register_export.MOST_ROWS", 3)
    answer = house.browser("custodian").post("/certificates/export", {})
    first, second = sheets(answer.data)
    said = [cell.value for row in second for cell in row]
    assert len(first) == 4 and "共 7 条，只列出前 3 条。" in said


def test_the_pdf_is_compact_numbered_and_in_our_font(house: House) -> None:
    crew(house, 60)
    answer = house.browser("custodian").post("/certificates/export", {"format": "pdf", "sort": "holder"})
    assert answer.mimetype == "application/pdf"
    read = PdfReader(BytesIO(answer.data))
    text = "".join(page.extract_text() for page in read.pages)
    assert 2 <= len(read.pages) <= 4 and f"1 / {len(read.pages)}" in text and "工友59" in text
    assert ID_NUMBER not in text
    fonts = [font.get_object() for font in read.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert fonts and all("Noto-Sans-SC" in font["/BaseFont"] for font in fonts)
