"""A countersign begun at a unit's page, or about a request that somebody has in hand."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_inbox import submit
from workflows.requests import Request, of_instance

JOINT = {"choice": "joint."}


def asked(town: Town, who: Visitor, request: int) -> int:
    """Fill in the countersign that was just begun: 韩立 is asked; its id."""
    signers = [{"person": str(town.company.people["safety"])}]
    who.hand_in(town.open_task(request, "J1_ask"), {
        "verdict": "submit", "subject": "工期", "question": "是否同意延期", "signers": signers, "rule": "all",
        "days": 3, "silence": "none"})
    return town.open_task(request, "J3_sign")


def newest(town: Town) -> Request:
    with Session(town.engine) as session:
        query = select(Request).where(Request.process_id == "joint").order_by(Request.id.desc())
        found = session.scalars(query).first()
        assert found is not None
        session.expunge(found)
        return found


def test_at_a_companys_page_whoever_may_begin_requests_there_asks_several(town: Town) -> None:
    desk, unit = town.visitor("desk"), town.company.units["company"]
    town.visitor("safety")
    assert "发起内部会签" in desk.get(f"/companies/{unit}").text
    begun = desk.post(f"/units/{unit}/matters", JOINT)
    made = newest(town)
    assert begun.location == f"/tasks/{town.open_task(made.id)}" and made.title == "内部会签 · 华建第一建筑有限公司"
    assert desk.post(f"/units/{unit}/matters", JOINT).location == begun.location  # the draft goes on
    assert "内部会签：继续填写" in desk.get(f"/companies/{unit}").text
    assert asked(town, desk, made.id)


@pytest.mark.parametrize("who", ["approver", "worker"])
def test_whoever_begins_no_requests_there_has_no_such_button(town: Town, who: str) -> None:
    unit, visitor = town.company.units["company"], town.visitor(who)
    assert "发起内部会签" not in visitor.get(f"/companies/{unit}").text
    assert visitor.post(f"/units/{unit}/matters", JOINT).status_code == 404


def test_about_a_request_both_pages_lead_to_each_other_and_the_request_waits_for_nothing(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    town.visitor("safety")
    with Session(town.engine) as session:
        request = of_instance(session, session.get_one(Task, task).instance_id).id
    legal.post(f"/tasks/{task}/claim")
    assert "发起内部会签" in legal.get(f"/requests/{request}").text
    legal.post(f"/requests/{request}/matters", JOINT)
    made = newest(town)
    signing = asked(town, legal, made.id)
    read = town.visitor("safety").get(f"/tasks/{signing}").text
    assert "要会签的是" in read and f'href="/requests/{request}"' in read
    page, about = legal.get(f"/requests/{request}").text, legal.get(f"/requests/{made.id}").text
    assert f'href="/requests/{made.id}"' in page and f"发起内部会签 {made.number}" in page
    assert f'href="/requests/{request}"' in about and f"/requests/{made.id}/matters" not in about
    assert made.parent_id is None and town.row(Task, task).state == "open"


def test_whoever_only_reads_a_request_begins_none_about_it(town: Town) -> None:
    task = submit(town)
    with Session(town.engine) as session:
        request = of_instance(session, session.get_one(Task, task).instance_id).id
    custodian = town.visitor("custodian")
    assert "发起内部会签" not in custodian.get(f"/requests/{request}").text
    assert custodian.post(f"/requests/{request}/matters", JOINT).status_code == 404
    assert custodian.post(f"/requests/{request}/matters", {"choice": "nonsense."}).status_code == 404
