"""《办事指南》: what the model says is what it says, for owners every version, for applicants the one in force."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader
from sqlalchemy import select

import workflows
from engine import catalog
from engine.model import Definition
from engine.vocabulary import BPMN
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.access.grants import grant_role
from registry.people.persons import Person
from registry.people.units import Unit
from tests.web.house import House
from workflows.studio import drafts


@pytest.fixture
def number(house: House) -> int:
    """The application, deployed."""
    workflows.install()
    with unit(house.engine) as session:
        workflows.publish(session, by=SYSTEM)
    with reading(house.engine) as session:
        return session.scalars(select(Definition.id).where(Definition.process_id == "application")).one()


def applicant(house: House) -> None:
    """The worker may apply."""
    with unit(house.engine) as session:
        worker = session.get_one(Person, house.people["worker"])
        grant_role(session, worker, "applicant", session.get_one(Unit, house.units["project"]), by=SYSTEM)


def test_the_page_names_steps_people_days_papers_and_law(house: House, number: int) -> None:
    page = house.browser("owner").get(f"/processes/{number}/guidance?type=P02").text
    said = ("填报申请", "人力资源", "2 个工作日", "身份证明", "全程 20 个工作日内办结", "未核实", "已入库", "第 1 版")
    assert [words for words in said if words not in page] == []


def test_without_a_type_no_paper_and_no_law_is_made_up(house: House, number: int) -> None:
    page = house.browser("owner").get(f"/processes/{number}/guidance").text
    assert "选择种类后列出" in page and "身份证明" not in page
    assert house.browser("owner").get(f"/processes/{number}/guidance?type=XXX").status_code == 404


def test_it_is_printed_with_version_and_date(house: House, number: int) -> None:
    answer = house.browser("owner").get(f"/processes/{number}/guidance.pdf?type=P02")
    pages = PdfReader(io.BytesIO(answer.data)).pages
    assert answer.mimetype == "application/pdf" and "v1-P02" in answer.headers["Content-Disposition"]
    assert all("第 1 版，2026-11-22" in page.extract_text() for page in pages)


def test_applicants_read_the_version_in_force_and_no_other(house: House, number: int) -> None:
    applicant(house)
    worker = house.browser("worker")
    assert worker.get(f"/processes/{number}/guidance").status_code == 200
    with unit(house.engine) as session:
        files = catalog.files_of(session, number)
        files["application.bpmn"] += b"<!-- the next one -->"
        newer = catalog.add(session, files, by=SYSTEM).id
    assert worker.get(f"/processes/{newer}/guidance").status_code == 404
    with unit(house.engine) as session:
        catalog.deploy(session, files, by=SYSTEM)
    assert worker.get(f"/processes/{newer}/guidance").status_code == 200
    assert worker.get(f"/processes/{number}/guidance").status_code == 404
    assert house.browser("owner").get(f"/processes/{number}/guidance").status_code == 200


def test_the_address_without_a_version_leads_to_the_one_in_force(house: House, number: int) -> None:
    answer = house.browser("owner").get("/guidance/application?type=J03")
    assert answer.location.endswith(f"/processes/{number}/guidance?type=J03")
    assert house.browser("owner").get("/guidance/nothing").status_code == 404


def test_a_draft_shows_what_it_would_say_and_one_without_a_process_that_it_cannot(house: House) -> None:
    task = ('<bpmn:userTask id="T" name="&lt;i&gt;法务复核"/>')
    body = (f'<bpmn:definitions xmlns:bpmn="{BPMN}"><bpmn:process id="P" name="续">{task}</bpmn:process>'
            "</bpmn:definitions>").encode()
    with unit(house.engine) as session:
        fine, empty = (drafts.begin(session, name="稿", files={"a.bpmn": each}, by=SYSTEM, process_id="P").id
                       for each in (body, f'<bpmn:definitions xmlns:bpmn="{BPMN}"/>'.encode()))
    owner = house.browser("owner")
    page = owner.get(f"/studio/drafts/{fine}/guidance").text
    assert "&lt;i&gt;法务复核" in page and "还没有施行" in page
    told = owner.get(f"/studio/drafts/{empty}/guidance")
    assert told.status_code == 422 and "还没有流程" in told.text
