"""The steward's desk: what is shown to whom, and what its buttons do."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.db import unit
from ledger.facts import Fact
from registry.certificates.models import Certificate
from registry.intake.batch.models import Flaw
from registry.intake.matching.differences import OTHER_HOLDER
from registry.intake.stewardship.quality import rules
from registry.people.units import unit_of
from tests.registry.stewardship import ledgers
from tests.web.house import House
from web.i18n import catalogue


def bring_in(house: House, *cases: str, **more: object) -> list[int]:
    """A ledger of the company with a doubt in each row; the ids of the doubts."""
    with unit(house.engine) as session:
        batch = ledgers.batch(session, unit_of(session, house.units["company"]))
        trade = session.get_one(Certificate, house.certificates["trade"])
        return [
            ledgers.flaw(session, batch, ledgers.row(session, batch, place, certificate=trade), case=case,
                         **more).id  # type: ignore[arg-type]
            for place, case in enumerate(cases)]


def test_similar_cases_are_one_line_that_opens_to_its_rows(house: House) -> None:
    bring_in(house, "电工证", "电工证", "安B")
    browser = house.browser("custodian")
    page = browser.get("/steward")
    assert page.status_code == 200 and page.text.count("<li data-row>") == 2
    address = re.search(r'href="(/steward/items\?[^"]+)"', page.text)
    assert address
    rows = browser.get(address[1].replace("&amp;", "&"))
    assert rows.text.count("<li data-row>") == 2 and "特种作业 D2" in rows.text


def test_the_queue_is_narrowed_and_says_when_it_is_empty(house: House) -> None:
    browser = house.browser("custodian")
    assert "没有待治理的数据" in browser.get("/steward").text
    bring_in(house, "电工证")
    assert "没有符合条件的问题" in browser.get("/steward?kind=no_number").text
    for narrow in ("type=P02", f"unit={house.units['company']}", "kind=type_alias", "batch=1"):
        assert browser.get(f"/steward?{narrow}").text.count("<li data-row>") == 1
    assert "没有符合条件的问题" in browser.get("/steward?mine=yes").text
    assert browser.get(f"/steward?unit={house.units['other']}").status_code == 404


def test_others_see_none_of_it(house: House) -> None:
    (flaw,) = bring_in(house, "电工证")
    assert house.browser("hr").get("/steward").status_code == 403
    stranger = house.browser("stranger")
    assert "没有待治理的数据" in stranger.get("/steward").text
    assert stranger.get(f"/steward/items/{flaw}").status_code == 404
    for act in ("acceptance", "dismissal", "correction", "taking", "exclusion", "release", "disclosure"):
        assert stranger.post(f"/steward/items/{flaw}/{act}").status_code == 404
    assert house.browser("hr").post("/steward/cases/dismissal", {"kind": "type_alias"}).status_code == 403


def test_what_waits_is_counted_on_the_desk_and_in_the_tabs(house: House) -> None:
    bring_in(house, "电工证", "安B")
    browser = house.browser("custodian")
    assert dict(browser.get("/counts").json or {})["steward"] == 2
    assert "待治理的数据" in browser.get("/").text
    assert "待治理的数据" not in house.browser("hr").get("/").text


def test_a_personal_number_is_masked_but_for_what_is_to_be_decided(house: House) -> None:
    (flaw,) = bring_in(house, "", kind="transposed", field="id_number", column=2, raw="110101199003070214",
                       proposed="110101199030070214", text="第11、12位可能写颠倒了。")
    page = house.browser("custodian").get(f"/steward/items/{flaw}").text
    assert "110101****03**0214" in page and "110101****30**0214" in page
    assert "110101199003070214" not in page and "110101********0214" in page


def test_the_row_is_shown_in_clear_once_for_a_reason_that_is_kept(house: House) -> None:
    (flaw,) = bring_in(house, "电工证")
    browser = house.browser("custodian")
    assert browser.post(f"/steward/items/{flaw}/disclosure").status_code == 422
    shown = browser.post(f"/steward/items/{flaw}/disclosure", {"reason": "与原件核对"})
    assert "110101199003070214" in shown.text
    assert "110101199003070214" not in browser.get(f"/steward/items/{flaw}").text
    with Session(house.engine) as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "intake.unmasked")).one()
        assert fact.after == {"row": session.get_one(Flaw, flaw).row_id, "reason": "与原件核对"}


def test_who_takes_a_row_has_it_and_the_focus_stays(house: House) -> None:
    (flaw,) = bring_in(house, "电工证")
    browser = house.browser("custodian")
    answer = browser.post(f"/steward/items/{flaw}/taking", {"was": "", "next": f"/steward/items#flaw-{flaw}"})
    assert answer.headers["Location"] == f"/steward/items#flaw-{flaw}"
    assert "测试custodian" in browser.get(f"/steward/items/{flaw}").text
    assert browser.get("/steward?mine=yes").text.count("<li data-row>") == 1
    browser.post(f"/steward/items/{flaw}/release")
    assert "还没有人领取" in browser.get(f"/steward/items/{flaw}").text


def test_a_masked_text_is_no_correction(house: House) -> None:
    (flaw,) = bring_in(house, "电工证")
    answer = house.browser("custodian").post(f"/steward/items/{flaw}/correction", {"column": 2, "text": "1101****0214"})
    assert answer.status_code == 422 and "不含星号" in answer.text


def test_the_chart_draws_and_tells_the_same_numbers(house: House, clock: clocks.Fixed) -> None:
    first, _second = bring_in(house, "电工证", "电工证")
    clock.advance(dt.timedelta(days=1))
    with unit(house.engine) as session:
        flaw = session.get_one(Flaw, first)
        flaw.state, flaw.settled_at = "accepted", clocks.now()
    browser = house.browser("custodian")
    page = browser.get("/steward/burn-down?days=90").text
    assert "最近 90 天新增 2 条，处理 1 条，还剩 1 条。" in page
    assert page.count('class="chart-opened"') == page.count('class="chart-settled"') == 1
    assert 'style="' not in page
    assert "已采纳建议" in browser.get("/steward/items?settled=2026-11-23").text
    assert browser.get("/steward/items?opened=2026-11-22").text.count("<li data-row>") == 2


def test_a_score_explains_itself_and_opens_the_list_behind(house: House) -> None:
    bring_in(house, "", kind="check_digit", field="number")
    browser = house.browser("custodian")
    assert "还没有可以评分的证件" in browser.get("/steward/quality").text
    browser.post(f"/steward/quality/{house.units['company']}/count")
    page = browser.get(f"/steward/quality?unit={house.units['company']}").text
    assert "有扫描件" in page and "−15.0" in page
    assert "王建国" in browser.get("/steward/quality/lacking?part=numbers&type=P02").text
    assert "都做到了" in browser.get("/steward/quality/lacking?part=terms").text
    assert browser.get("/steward/quality/lacking?part=nothing").status_code == 404


@pytest.mark.parametrize("address", ["/steward", "/steward/items"])
def test_the_length_of_the_queue_does_not_change_the_number_of_statements(house: House, address: str) -> None:
    bring_in(house, "a", "b")
    browser, sent, counts = house.browser("custodian"), house.statements(), []
    for _ in range(2):
        sent.clear()
        assert browser.get(address).status_code == 200
        counts.append(len(sent))
        bring_in(house, *(f"case {n}" for n in range(6)))
    assert counts[0] == counts[1]


def test_every_field_of_a_certificate_tells_its_source(house: House) -> None:
    with unit(house.engine) as session:
        batch = ledgers.batch(session, unit_of(session, house.units["company"]))
        trade = session.get_one(Certificate, house.certificates["trade"])
        row = ledgers.row(session, batch, certificate=trade, came={"number": 1, "valid_until": 4})
        ledgers.flaw(session, batch, row, "date_format", field="valid_until", column=4)
    page = house.browser("custodian").get(f"/certificates/{house.certificates['trade']}/sources").text
    assert "特种作业 · B2" in page and "特种作业人员台账.xlsx" in page and "日期写法不一" in page
    assert page.count("<tr>") >= 6 and "由同一行推得" in page


def test_what_a_score_is_made_of_has_its_english() -> None:
    said = {words for rule in rules().parts for words in (rule.label, rule.text)} | {OTHER_HOLDER}
    assert {one for one in said if str(catalogue("en").ugettext(one)) == one} == set()
