"""The pages of absence and hand-over: who may open what, once only, and what the page says; the applicant's page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import catalog
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.accounts import Account
from registry.access.substitutions import Substitution
from registry.people.persons import leave, person_of
from tests.web.desk.at_work import Town
from tests.web.desk.test_requests import step
from workflows import CATALOG

PROPERTY = (
    '<bpmn:extensionElements><zeebe:properties><zeebe:property name="licet:showNames" value="{}"/>'
    "</zeebe:properties></bpmn:extensionElements>")


def account(town: Town, *logins: str) -> None:
    with unit(town.engine) as session:
        for login in logins:
            person = person_of(session, town.company.people[login])
            session.add(Account(person=person, group_id=person.group_id, login=login, password_hash="-"))


def asked(days: int = 7, **more: str) -> dict[str, str]:
    today = clock.today()
    return {"from": today.isoformat(), "until": (today + timedelta(days=days)).isoformat(), **more}


def test_a_form_sent_twice_appoints_once(town: Town) -> None:
    account(town, "legal2")
    legal, number = town.visitor("legal"), town.company.people["legal2"]
    told = asked(once="a-name-of-its-own", in_application="yes")
    for _ in range(2):
        assert legal.post(f"/absence?substitute={number}", told).status_code == 303
    with Session(town.engine) as session:
        row = session.scalars(select(Substitution)).one()
        assert (row.substitute_id, row.processes) == (number, ["application"])
    assert "证件申领" in legal.get("/absence").text


def test_nobody_arranges_it_for_others_or_ends_what_is_not_theirs(town: Town) -> None:
    account(town, "legal2")
    legal, pm, number = town.visitor("legal"), town.visitor("pm"), town.company.people["legal2"]
    assert pm.get(f"/absence/new?person={number}").status_code == 404
    assert pm.post(f"/absence?person={town.company.people['legal']}&substitute={number}", asked()).status_code == 404
    assert legal.post(f"/absence?substitute={number}", asked()).status_code == 303
    assert pm.post("/absence/1/end").status_code == pm.get("/absence/1").status_code == 404
    assert town.visitor("legal2").post("/absence/1/end").status_code == 303
    assert "这项代理已于" in legal.post("/absence/1/end", follow_redirects=True).text


def test_a_hand_over_is_for_those_who_may_and_after_a_last_day(town: Town) -> None:
    person = town.company.people["legal"]
    page = f"/people/{person}/handover"
    assert town.visitor("legal2").get(page).status_code == 403
    hr = town.visitor("hr")
    assert "还没有登记最后工作日" in hr.get(page).text
    assert hr.post(f"{page}/role", {"do": "end"}).status_code == 409
    with unit(town.engine) as session:
        leave(session, person_of(session, person), on=clock.today(), by=SYSTEM)
    assert hr.post(f"{page}/done", follow_redirects=True).text.count("不能结束") == 1
    assert hr.post(f"{page}/role", {"do": "move"}).location.endswith("/successor")
    assert "没有要移交的" in hr.post(f"{page}/role", {"do": "end"}, follow_redirects=True).text
    assert hr.post(f"{page}/nothing", {"do": "end"}).status_code == 400


def returned(town: Town) -> int:
    """A safety licence that its reviewer returned, with one field to correct, and that was submitted again."""
    request = town.request("desk", "E03", "company")
    step(town, request, "A1_fill", "desk")
    step(town, request, "A3_legal", "legal", verdict="return", returns=[{"field": "scope", "reason": "范围不清"}])
    return request


def test_a_reviewer_reads_what_a_resubmission_changed_and_what_it_did_not(town: Town) -> None:
    request = returned(town)
    assert "范围不清" in town.visitor("desk").get(f"/requests/{request}").text
    step(town, request, "A1_correct", "desk", leader="另一位")
    page = town.visitor("legal").get(f"/tasks/{town.open_task(request, 'A3_legal')}").text
    for words in ("与第 1 次提交相比", "<ins>另一位</ins>", "要求修改、但没有改动",
                  "<strong>许可范围</strong>：范围不清"):
        assert words in page


def hide_names(town: Town, shown: str) -> None:
    """A drawing of the application that says whether applicants are told names."""
    drawn = CATALOG["application"].files
    text = drawn["application.bpmn"].decode()
    before, after = text.split("</bpmn:documentation>", 1)
    drawing = f"{before}</bpmn:documentation>{PROPERTY.format(shown)}{after}"
    with unit(town.engine) as session:
        catalog.deploy(session, {**drawn, "application.bpmn": drawing.encode()}, by=SYSTEM)


@pytest.mark.parametrize("shown", ["true", "false"])
def test_a_process_may_tell_its_applicants_roles_instead_of_names(town: Town, shown: str) -> None:
    hide_names(town, shown)
    request = returned(town)
    step(town, request, "A1_correct", "desk")
    legal = town.visitor("legal")
    legal.post(f"/tasks/{town.open_task(request, 'A3_legal')}/claim")
    own = town.visitor("desk").get(f"/requests/{request}").text
    assert ("韩立" in own) is (shown == "true")
    assert ("办理人员" in own) is (shown == "false")
    assert "法务经营" in own
    assert "韩立" in legal.get(f"/requests/{request}").text


@pytest.mark.parametrize("shown", ["true", "false"])
def test_what_stands_beside_the_request_keeps_to_that(town: Town, shown: str) -> None:
    hide_names(town, shown)
    request = returned(town)
    legal, own = town.visitor("legal"), town.visitor("desk")
    legal.post(f"/requests/{request}/comments", {"text": "请看第三页", "once": "1"})
    form = own.get(f"/tasks/{town.open_task(request, 'A1_correct')}").text
    pages = [own.get(f"/requests/{request}").text, own.get(f"/requests/{request}/comments").text,
             own.get(f"/requests/{request}/clock").text, form]
    assert "请看第三页" in pages[1] and "范围不清" in form
    assert ["韩立" in page for page in pages] == [shown == "true"] * 4
    assert "韩立" in legal.get(f"/requests/{request}/comments").text


def test_an_account_page_leads_to_it(town: Town) -> None:
    assert 'href="/absence"' in town.visitor("worker").get("/account").text
    with Session(town.engine) as session:
        assert session.scalar(select(func.count()).select_from(Substitution)) == 0
