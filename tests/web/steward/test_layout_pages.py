"""The pages of a company's own columns, and the register exported in them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.db import unit
from ledger.facts import Fact
from registry.intake.stewardship.layouts import Layout
from registry.people.units import unit_of
from tests.registry.stewardship import ledgers
from tests.web.house import ID_NUMBER, Browser, House
from tests.web.workbooks import sheets

FORM = {"name": "我们的台账", "heading": ["持证人", "证号", "到期", "身份证"],
        "field": ["name", "number", "valid_until", "id_number"], "act": "save"}


def kept(house: House, browser: Browser, **more: Any) -> int:
    answer = browser.post("/layouts/new", {**FORM, "unit": house.units["company"], **more})
    assert answer.status_code == 303, answer.text
    with Session(house.engine) as session:
        return session.scalars(select(Layout.id).order_by(Layout.id.desc())).first() or 0


def test_the_register_goes_out_in_the_companys_own_columns(house: House) -> None:
    browser = house.browser("custodian")
    number = kept(house, browser)
    assert "我们的台账" in browser.get("/certificates").text
    answer = browser.post("/certificates/export", {"family": "P", "layout": number})
    (rows,) = sheets(answer.data)
    assert [cell.value for cell in rows[0]] == ["持证人", "证号", "到期", "身份证", "证件种类", "台账号"]
    assert [cell.value for cell in rows[1]][:4] == [
        "王建国", "苏A012025000123", dt.date(2027, 1, 31), "110101********0214"]
    assert len(rows) == 2 and ID_NUMBER not in str(rows)
    with Session(house.engine) as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "register.exported")).one()
        assert fact.after and fact.after["layout"] == number and fact.after["rows"] == 1


def test_only_who_may_export_and_only_ones_own_companys(house: House) -> None:
    number = kept(house, house.browser("custodian"))
    stranger = house.browser("stranger")
    assert stranger.post("/certificates/export", {"layout": number}).status_code == 404
    assert stranger.get(f"/layouts/{number}").status_code == 404
    assert stranger.post(f"/layouts/{number}/removal").status_code == 404
    assert house.browser("hr").get("/layouts").status_code == 403


def test_columns_are_moved_added_and_taken_out_without_a_mouse(house: House) -> None:
    browser = house.browser("custodian")
    page = browser.post("/layouts/new", {**FORM, "act": "down-0", "unit": house.units["company"]})
    assert page.status_code == 200 and page.text.index("“证号”上移") < page.text.index("“持证人”上移")
    assert 'value="down-1" aria-label="“持证人”下移" autofocus' in page.text
    assert page.text.count('name="heading"') == 4
    assert browser.post("/layouts/new", {**FORM, "act": "add"}).text.count('name="heading"') == 5
    page = browser.post("/layouts/new", {**FORM, "act": "drop-0"})
    assert page.text.count('name="heading"') == 3 and "持证人" not in page.text
    with Session(house.engine) as session:
        assert session.scalars(select(Layout)).all() == []


def test_what_is_wrong_is_said_at_the_column_and_nothing_typed_is_lost(house: House) -> None:
    answer = house.browser("custodian").post("/layouts/new", {
        **FORM, "heading": ["证号", "证号", "到期", ""], "unit": house.units["company"]})
    assert answer.status_code == 422 and "列名“证号”重复了。" in answer.text and "请填写列名" in answer.text
    assert 'value="我们的台账"' in answer.text


def test_a_ledger_that_came_in_offers_its_columns(house: House) -> None:
    browser = house.browser("custodian")
    with unit(house.engine) as session:
        batch = ledgers.batch(session, unit_of(session, house.units["company"])).id
    assert f"/layouts/new?batch={batch}&amp;table=0" in browser.get("/layouts").text
    page = browser.get(f"/layouts/new?batch={batch}&table=0").text
    assert 'value="特种作业人员"' in page and page.count('name="heading"') == 7
    kept(house, browser, batch=batch)
    assert f"/layouts/new?batch={batch}" not in browser.get("/layouts").text
    assert house.browser("stranger").get(f"/layouts/new?batch={batch}&table=0").status_code == 404


def test_a_layout_is_changed_and_removed(house: House) -> None:
    browser = house.browser("custodian")
    number = kept(house, browser)
    assert browser.post(f"/layouts/{number}", {**FORM, "heading": FORM["heading"][::-1]}).status_code == 303
    page = browser.get(f"/layouts/{number}").text
    assert page.index("身份证") < page.index("持证人")
    assert browser.post(f"/layouts/{number}/removal").status_code == 303
    assert browser.get(f"/layouts/{number}").status_code == 404
