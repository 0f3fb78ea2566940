"""What may be begun at a certificate, and what stands in the way of it, with the way out."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.custody import loans, originals
from registry.people.persons import person_of
from tests.web.desk.at_work import Town
from workflows.requests import Request

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def licence(town: Town) -> int:
    """A safety production licence whose original is lent."""
    with unit(town.engine) as session:
        firm, keeper = town.company.unit(session, "company"), town.company.actor(session, "custodian")
        made = lifecycle.grant(
            session, "E03", firm, number="（浙）JZ安许证字〔2026〕000777", issued_on=dt.date(2026, 1, 1),
            valid_until=dt.date(2028, 12, 31), issuer="某厅", by=SYSTEM)
        paper = originals.enter(session, made, "original", place="柜1", by=keeper, keeper=firm)
        loans.hand_over(session, paper, borrower=person_of(session, town.company.people["desk"]), purpose="bid",
                        until=dt.date(2026, 11, 27), by=keeper)
        return made.id


def begun(town: Town, licence: int) -> int:
    """The cancellation that legal begins and hands in."""
    legal = town.visitor("legal")
    legal.post(f"/certificates/{licence}/requests", {"choice": "cancellation."})
    with unit(town.engine) as session:
        number = session.scalars(select(Request.id).where(Request.process_id == "cancellation")).one()
    paper = legal.upload().get_json()["id"]
    answers = {"ground": "merged", "happened_on": "2026-11-20", "reason": "合并", "doc_evidence": [paper],
               "verdict": "submit"}
    assert legal.hand_in(town.open_task(number, "C1_ground"), answers, script=True).status_code == 200
    return number


def test_a_loan_is_named_on_the_request_and_on_the_task_with_a_link(town: Town, licence: int) -> None:
    number = begun(town, licence)
    legal = town.visitor("legal")
    for address in (f"/requests/{number}", f"/tasks/{town.open_task(number, 'K2_clear')}"):
        page = legal.get(address).text
        assert "正本借出未还：沈青应于 2026-11-27 归还" in page and "先归还原件" in page and "/loans/1" in page


def test_the_title_says_what_is_done_in_both_languages(town: Town, licence: int) -> None:
    number = begun(town, licence)
    legal = town.visitor("legal")
    assert "注销 · 安全生产许可证 · 华建第一建筑有限公司" in legal.get(f"/requests/{number}").text
    with legal.client.session_transaction() as cookie:
        cookie["language"] = "en"
    assert "Safety production licence · 华建第一建筑有限公司" in legal.get(f"/requests/{number}").text


def test_an_open_one_is_offered_instead_of_a_second(town: Town, licence: int) -> None:
    number = begun(town, licence)
    page = town.visitor("legal").get(f"/certificates/{licence}/requests/new").text
    assert f'href="/requests/{number}"' in page


def test_what_does_not_fit_is_not_offered_and_cannot_be_begun(town: Town, licence: int) -> None:
    legal = town.visitor("legal")
    assert "更换项目负责人" not in legal.get(f"/certificates/{licence}/requests/new").text
    assert legal.post(f"/certificates/{licence}/requests", {"choice": "transfer.c"}).status_code == 404
    with unit(town.engine) as session:
        assert session.get_one(Certificate, licence).version_no == 1
