"""Going back on the pages: the choice with its preview, refusals that keep the reason, taking back, withdrawing."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances
from engine.model import Task
from ledger.db import unit
from tests.journeys.answers import filled
from tests.web.desk.at_work import Town
from tests.web.desk.test_inbox import submit
from workflows.requests import Request

REASON = "合同第三页缺签字日期"


def fields(page: str) -> dict[str, str]:
    """The hidden fields and the first step of the choice, as the page sends them."""
    found = dict(re.findall(r'name="(version|instance_version)" value="(\d+)"', page))
    return {**found, "to": re.findall(r'name="to" value="(\d+)"', page)[0], "straight": "1", "reason": REASON}


def request_of(town: Town, task: int) -> int:
    with Session(town.engine) as session:
        return session.scalars(select(Request.id).join(Task, Task.instance_id == Request.instance_id).where(
            Task.id == task)).one()


def test_a_reviewer_sees_what_a_return_undoes_and_sends_it_back(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    assert "/return" not in legal.get(f"/tasks/{task}").text
    legal.post(f"/tasks/{task}/claim")
    assert f'href="/tasks/{task}/return"' in legal.get(f"/tasks/{task}").text
    page = legal.get(f"/tasks/{task}/return").text
    for words in ("退回到哪一步", "填报申请", "取消待办", "法务经营初审"):
        assert words in page
    assert legal.post(f"/tasks/{task}/return", fields(page)).location == "/inbox"
    again = town.open_task(request_of(town, task), "A1_fill")
    shown = town.visitor("desk").get(f"/tasks/{again}").text
    assert REASON in shown and "韩立 于 2026-11-23 10:00 退回到这一步。" in shown


def test_without_a_reason_the_page_comes_again(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    legal.post(f"/tasks/{task}/claim")
    sent = {**fields(legal.get(f"/tasks/{task}/return").text), "reason": " "}
    answer = legal.post(f"/tasks/{task}/return", sent)
    assert answer.status_code == 400 and "请写明原因，2 到 2000 个字。" in answer.text


def test_only_the_holder_opens_the_choice(town: Town) -> None:
    task = submit(town)
    assert town.visitor("legal").get(f"/tasks/{task}/return").status_code == 404
    assert town.visitor("worker").get(f"/tasks/{task}/return").status_code == 404


def test_an_applicant_takes_back_until_somebody_has_begun(town: Town) -> None:
    task, desk = submit(town), town.visitor("desk")
    request = request_of(town, task)
    page = desk.get(f"/requests/{request}").text
    mine = re.findall(r'action="/tasks/(\d+)/take-back"', page)
    assert len(mine) == 1
    town.visitor("legal").post(f"/tasks/{task}/claim")
    late = desk.post(f"/tasks/{mine[0]}/take-back")
    assert late.status_code == 409 and "后面的“法务经营初审”已有人着手办理" in late.text
    town.visitor("legal").post(f"/tasks/{task}/release")


def test_taken_back_it_is_open_again(town: Town) -> None:
    task, desk = submit(town), town.visitor("desk")
    request = request_of(town, task)
    mine = re.findall(r"/tasks/(\d+)/take-back", desk.get(f"/requests/{request}").text)[0]
    again = desk.post(f"/tasks/{mine}/take-back")
    assert again.location == f"/tasks/{town.open_task(request, 'A1_fill')}"
    assert "这项任务已由 卓亚 取回" not in desk.get(again.location).text
    assert town.visitor("legal").get("/inbox/counts").get_json()["all"] == 0


def test_an_applicant_withdraws_or_calls_it_off(town: Town) -> None:
    task, desk = submit(town), town.visitor("desk")
    request = request_of(town, task)
    assert f'href="/requests/{request}/withdraw"' in desk.get(f"/requests/{request}").text
    assert "/withdraw" not in town.visitor("legal").get(f"/requests/{request}").text
    page = desk.get(f"/requests/{request}/withdraw").text
    assert "修改后再提交" in page and "不再申请" in page
    assert desk.post(f"/requests/{request}/withdraw", {"how": "edit", "reason": ""}).status_code == 400
    assert desk.post(f"/requests/{request}/withdraw", {"how": "end", "reason": REASON}).status_code == 303
    assert "申请人撤回" in desk.get(f"/requests/{request}").text
    assert town.visitor("legal").post(f"/requests/{request}/withdraw", {"reason": REASON}).status_code == 403


def test_whoever_may_reopens_what_has_ended(town: Town) -> None:
    task = submit(town)
    request = request_of(town, task)
    town.visitor("legal").hand_in(task, filled("review", [], {"documents": []}, verdict="pass"))
    with unit(town.engine) as session:
        instance = session.get_one(Request, request).instance_id
        assert instance is not None
        instances.terminate(session, instance, by=town.company.actor(session, "approver"), reason="误操作")
    boss = town.visitor("approver")
    assert f'href="/requests/{request}/reopen"' in boss.get(f"/requests/{request}").text
    page = boss.get(f"/requests/{request}/reopen").text
    assert "从哪一步继续" in page
    sent = fields(page)
    assert boss.post(f"/requests/{request}/reopen", {**sent, "reason": "太短"}).status_code == 400
    done = boss.post(f"/requests/{request}/reopen", {**sent, "reason": "主管部门要求补充核对，重新办理"})
    assert done.status_code == 303
    assert town.row(Request, request) and town.open_task(request)
    assert town.visitor("legal").get(f"/requests/{request}/reopen").status_code == 403
