"""A process owner rehearses a draft: what it would do to those under way, and would have made of those that ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from engine import catalog
from ledger import jobs
from ledger.db import unit
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.workflows.walk import Walk
from worker import long_work
from workflows.studio import drafts

pytestmark = pytest.mark.browser
REVIEW = ('<bpmn:userTask id="A3_legal_view" name="法务复核"><bpmn:extensionElements><zeebe:userTask/>'
          '<zeebe:formDefinition formId="approve"/><zeebe:assignmentDefinition candidateGroups="legal"/>'
          '</bpmn:extensionElements><bpmn:incoming>F_A3__A4_approve</bpmn:incoming>'
          '<bpmn:outgoing>F_view</bpmn:outgoing></bpmn:userTask>'
          '<bpmn:sequenceFlow id="F_view" sourceRef="A3_legal_view" targetRef="A4_approve"/>')

SHAPES = ('<bpmndi:BPMNShape id="view_di" bpmnElement="A3_legal_view"><dc:Bounds x="1355" y="780" width="110" '
          'height="80"/></bpmndi:BPMNShape><bpmndi:BPMNEdge id="F_view_di" bpmnElement="F_view"><di:waypoint x="1410" '
          'y="860"/><di:waypoint x="1410" y="930"/></bpmndi:BPMNEdge></bpmndi:BPMNPlane>')


def changed(files: dict[str, bytes]) -> dict[str, bytes]:
    """A review more before the approval, whose yes is read as a no; and the first review is another element."""
    body = re.sub(r"\bA3_legal\b", "A3_law", files["application.bpmn"].decode())
    body = body.replace('sourceRef="A3" targetRef="A4_approve"', 'sourceRef="A3" targetRef="A3_legal_view"')
    body = body.replace("<bpmn:incoming>F_A3__A4_approve<", "<bpmn:incoming>F_view<")
    body = body.replace('<bpmn:userTask id="A4_approve"', REVIEW + '<bpmn:userTask id="A4_approve"')
    body = body.replace('=a4_verdict = "approve"', '=a4_verdict = "agreed"')
    body = body.replace('=a4_verdict = "reject"', '=a4_verdict = "approve"')
    body = body.replace("</bpmndi:BPMNPlane>", SHAPES)
    return {**files, "application.bpmn": body.encode()}


@pytest.fixture
def draft(site: Site) -> int:
    walk = Walk(site.engine, site.company, site.files, site.clock, "P02").accepted()
    walk.authority("granted")
    walk.do("custodian", "A10_register", "done")
    walk.do("hr", "A11_compare", "match")
    site.clock.advance(timedelta(days=1))
    Walk(site.engine, site.company, site.files, site.clock, "J03").submitted()
    with unit(site.engine) as session:
        owner = site.company.actor(session, "owner")
        newest = catalog.latest(session, "application")
        made = drafts.of_definition(session, newest, by=owner)
        files = changed(drafts.files(session, made))
        drafts.save(session, made.id, {"application.bpmn": files["application.bpmn"]}, base=1, by=owner)
        return made.id


def test_a_draft_is_rehearsed_and_what_it_would_change_is_seen_and_kept(site: Site, arrive: Arrive, draft: int) -> None:
    owner = arrive("owner")
    owner.go(f"/studio/drafts/{draft}/rehearsal")
    owner.sees("法务复核")
    owner.page.fill('[name="days:A3_legal_view"]', "3")
    owner.follow("开始预演")
    owner.sees("等待处理")
    assert jobs.sweep(site.engine, long_work()) == 1
    owner.page.reload()
    owner.look()
    owner.sees("可以直接迁移")
    owner.follow("结果由")
    owner.hit(owner.page.locator("td a").last)
    expect(owner.page.locator(".djs-element.licet-only").first).to_be_visible()
    owner.sees("晚")
    owner.write("场景名称", "批准的特种作业")
    owner.follow("存为场景")
    owner.sees("已存为场景")
    owner.go(f"/studio/drafts/{draft}/rehearsal")
    owner.follow("开始预演")
    jobs.sweep(site.engine, long_work())
    owner.page.reload()
    owner.sees("不通过")
    phone = arrive("owner", way="phone", english=True)
    phone.typed |= {"法务复核", "批准的特种作业"}
    for path in (f"/studio/drafts/{draft}/rehearsal", "/studio/scenarios?process=application", "/studio/rehearsals/2"):
        phone.go(path)
    phone.hit(phone.page.locator("td a").first)
