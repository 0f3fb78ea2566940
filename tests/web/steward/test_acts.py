"""What a steward's buttons do to a ledger that came in for real, and to the register."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from ledger.db import unit
from registry.access.accounts import Account, actor_for
from registry.access.grants import grant_role
from registry.certificates.models import Certificate
from registry.intake import work
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.entry import committing
from registry.intake.preview import mapping_acts, receiving
from registry.people.persons import Person
from registry.people.units import create_unit, unit_of
from tests.registry.intake.desk import HEADINGS, sheet, worker
from tests.web.house import House

ROWS = [
    worker(1, 有效期至=""), worker(2, 状态="在使用中吧"), worker(3, 身份证号="110101199003070215"),
    worker(4, 证书编号=""), worker(5, 状态="在使用中吧"),
]


@pytest.fixture
def brought(house: House) -> House:
    """ROWS are in the register, as far as they can be."""
    with unit(house.engine) as session:
        account = session.scalars(select(Account).where(Account.login == "custodian")).one()
        by = actor_for(session, account.person)
    return bring(house, [{**row, "单位": "江海一建"} for row in ROWS], "company", by)


def bring(house: House, rows: list[dict[str, Any]], into: str, by: Actor) -> House:
    """A ledger of a unit, all the way."""
    with unit(house.engine) as session:
        company = unit_of(session, house.units[into])
        content = BytesIO(sheet(rows, (*HEADINGS, "状态")))
        batch = receiving.receive(session, house.config.files, content, "特种作业.csv", unit=company, by=by)
        number = batch.id
    for step in (mapping_acts.confirm, committing.ask):
        work.sweep(house.engine, house.config.files)
        with unit(house.engine) as session:
            found = session.get_one(Batch, number)
            more: list[Any] = [mapping_acts.mappings_of(found)] if step is mapping_acts.confirm else []
            step(session, found, *more, by=by)
    work.sweep(house.engine, house.config.files)
    return house


def flaws(house: House, kind: str = "", state: str = "open") -> list[Flaw]:
    with Session(house.engine) as session:
        query = select(Flaw).where(Flaw.state == state).order_by(Flaw.id)
        return list(session.scalars(query.where(Flaw.kind == kind) if kind else query))


def only(house: House, kind: str) -> Flaw:
    (found,) = flaws(house, kind)
    return found


def numbered(session: Session, number: str) -> Certificate:
    return session.scalars(select(Certificate).where(Certificate.number == number)).one()


def test_accepting_a_proposal_writes_it_in_the_register(brought: House) -> None:
    flaw, browser = only(brought, "blank_end"), brought.browser("custodian")
    page = browser.get(f"/steward/items/{flaw.id}").text
    assert "2027-05-31" in page and "已入库，待核实" in page and "G2" in page
    answer = browser.post(f"/steward/items/{flaw.id}/acceptance", {"next": "/steward"})
    assert answer.status_code == 303 and "已按建议改正。" in browser.get("/steward").text
    with Session(brought.engine) as session:
        found = numbered(session, "苏A012025000001")
        assert str(found.valid_until) == "2027-05-31" and found.version_no == 2
    page = browser.get(f"/certificates/{found.id}/sources").text
    assert "导入后改正" in page and "特种作业.csv" in page


def test_a_quarantined_row_enters_the_register_once_it_is_corrected(brought: House) -> None:
    flaw, browser = only(brought, "no_number"), brought.browser("custodian")
    assert "隔离，未入库" in browser.get(f"/steward/items/{flaw.id}").text
    refused = browser.post(f"/steward/items/{flaw.id}/correction", {"column": 4, "text": "苏A99"})
    assert refused.status_code in (303, 422)
    with Session(brought.engine) as session:
        assert session.get_one(Row, flaw.row_id).certificate_id is None
    answer = browser.post(f"/steward/items/{flaw.id}/correction", {"column": 4, "text": "苏A012025000004"})
    assert answer.status_code == 303
    with Session(brought.engine) as session:
        assert numbered(session, "苏A012025000004").holder_name == "张五甲"
        assert session.get_one(Flaw, flaw.id).state == "corrected"


def test_alike_ones_are_settled_at_once(brought: House) -> None:
    browser = brought.browser("custodian")
    (case,) = {flaw.case for flaw in flaws(brought, "wrong_value")}
    answer = browser.post("/steward/cases/dismissal", {"kind": "wrong_value", "case": case})
    assert answer.status_code == 303 and "已确认无误：2 条同类问题。" in browser.get("/steward").text
    assert flaws(brought, "wrong_value") == []
    assert {flaw.kind for flaw in flaws(brought, state="dismissed")} == {"wrong_value"}
    assert browser.post("/steward/cases/dismissal", {"kind": "blank_end", "case": ""}).status_code == 404
    browser.post(f"/steward/items/{flaws(brought, state='dismissed')[0].id}/acceptance")  # a colleague was quicker
    assert "这条问题已处理为" in browser.get("/steward").text


def test_of_the_groups_ledger_a_companys_steward_settles_their_own_and_is_told_of_the_others(house: House) -> None:
    with unit(house.engine) as session:
        group = unit_of(session, house.units["group"])
        create_unit(session, kind="company", name="江海二建", code="C2", parent=group, by=SYSTEM)
        company, person = unit_of(session, house.units["company"]), session.get_one(Person, house.people["hr"])
        for role, place in (("steward", company), ("auditor", group)):
            grant_role(session, person, role, place, by=SYSTEM, from_on=date(2020, 1, 1))
    bring(house, [{**ROWS[1], "单位": "江海一建"}, {**ROWS[4], "单位": "江海二建"}], "group", SYSTEM)
    (case,) = {flaw.case for flaw in flaws(house, "wrong_value")}
    browser = house.browser("hr")
    assert "全部无误" in browser.get("/steward").text
    answer = browser.post("/steward/cases/dismissal", {"kind": "wrong_value", "case": case})
    page = browser.get("/steward").text
    assert answer.status_code == 303 and "已确认无误：1 条同类问题。" in page
    assert "另有 1 条不在您管理的范围内，没有处理。" in page and len(flaws(house, "wrong_value")) == 1


def test_a_row_can_be_left_out_for_good(brought: House) -> None:
    flaw, browser = only(brought, "check_digit"), brought.browser("custodian")
    assert browser.post(f"/steward/items/{flaw.id}/exclusion").status_code == 303
    with Session(brought.engine) as session:
        assert session.get_one(Row, flaw.row_id).outcome == "left_out"
    assert browser.get("/steward?kind=check_digit").text.count("<li data-row>") == 0
