"""Handing a task on, delegating, recalling, asking for signatures and dropping them: the pages, and what each says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks.hands import TaskPlan
from tests.journeys.answers import filled
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_inbox import submit
from workflows.handling import desk
from workflows.requests import Correction, of_instance

RETURN = {"verdict": "return", "returns": [{"field": "address", "reason": "与规划许可证不一致，请核对门牌号"}]}


@pytest.fixture
def mine(town: Town) -> int:
    """A legal review that 韩立 has claimed; his colleague 许文, 梁总 and 方芳 have accounts."""
    task = submit(town)
    for login in ("legal2", "approver", "custodian"):
        town.visitor(login)
    town.visitor("legal").post(f"/tasks/{task}/claim")
    return task


def number(town: Town, login: str) -> int:
    return town.company.people[login]


def hand(who: Visitor, town: Town, task: int, verb: str, login: str, text: str, **more: Any) -> Any:
    """What the page of a verb sends."""
    field = "reason" if verb == "transfer" else "question"
    version = town.row(Task, task).version
    return who.post(f"/tasks/{task}/{verb}", {
        "to": number(town, login), field: text, "version": version, **more})


def answers(town: Town, task: int, **more: Any) -> dict[str, Any]:
    """A review that passes: every document ticked off."""
    with Session(town.engine) as session:
        found = session.get_one(Task, task)
        given = desk.given_for(session, of_instance(session, found.instance_id), found)
    return filled("review", [], given, **more)


def children(town: Town, task: int) -> list[int]:
    with Session(town.engine) as session:
        return list(session.scalars(select(Task.id).where(Task.parent_id == task, Task.state == "open")))


def test_a_page_asks_to_whom_and_says_who_cannot(town: Town, mine: int) -> None:
    page = town.visitor("legal").get(f"/tasks/{mine}/transfer").text
    assert "许文" in page and "不能转办给自己" in page and "方芳" not in page
    assert "许文" not in town.visitor("legal").get(f"/tasks/{mine}/transfer?q=han").text
    assert town.visitor("legal2").get(f"/tasks/{mine}/transfer").status_code == 303
    assert town.visitor("stranger").get(f"/tasks/{mine}/transfer").status_code == 404


def test_a_transfer_moves_it_and_is_told(town: Town, mine: int) -> None:
    legal, other = town.visitor("legal"), town.visitor("legal2")
    assert hand(legal, town, mine, "transfer", "legal2", "出差三天").status_code == 303
    page = other.get(f"/tasks/{mine}").text
    assert "韩立 于 2026-11-23 10:00 转办给您。" in page and "转办给 许文：出差三天" in page
    assert hand(other, town, mine, "transfer", "legal", "").status_code == 400


@pytest.mark.parametrize(("login", "text", "said"), [
    ("legal", "出差", "不能转办给自己。"), ("custodian", "出差", "没有办理这一步的角色"),
    ("legal2", " ", "请写明原因。"), ("legal2", "字" * 501, "最多 500 个字。"), ("desk", "出差", "是本申请的申请人"),
])
def test_a_refused_transfer_says_why_and_keeps_the_words(
    town: Town, mine: int, login: str, text: str, said: str
) -> None:
    town.visitor("desk")
    page = hand(town.visitor("legal"), town, mine, "transfer", login, text)
    assert page.status_code == 400 and said in page.text and text.strip() in page.text


def test_whom_it_goes_to_must_be_somebody(town: Town, mine: int) -> None:
    for to, said in (("x", "请选择一位。"), ("999999", "没有找到这个人")):
        page = town.visitor("legal").post(f"/tasks/{mine}/transfer", {"to": to, "reason": "出差", "version": 2})
        assert page.status_code == 400 and said in page.text


def test_a_delegate_fills_in_the_form_and_the_delegator_completes_it(town: Town, mine: int) -> None:
    legal, other = town.visitor("legal"), town.visitor("legal2")
    assert hand(legal, town, mine, "delegation", "legal2", "请核对合同第三页").status_code == 303
    page = other.get(f"/tasks/{mine}").text
    assert "韩立 委派给您的" in page and "请核对合同第三页" in page
    assert "收回委派" in legal.get(f"/tasks/{mine}").text
    done = other.hand_in(mine, answers(town, mine, opinion="合同第三页没有问题"))
    assert done.status_code == 303 and "已交回给 韩立" in other.get("/inbox").text
    page = legal.get(f"/tasks/{mine}").text
    assert "合同第三页没有问题" in page and "已交回" in page
    assert legal.hand_in(mine, answers(town, mine)).status_code == 303
    assert town.row(Task, mine).completed_by_name == "韩立"


def test_a_delegate_gives_back_with_an_opinion_alone(town: Town, mine: int) -> None:
    legal, other = town.visitor("legal"), town.visitor("legal2")
    hand(legal, town, mine, "delegation", "legal2", "请核对")
    assert "您的意见" in other.get(f"/tasks/{mine}/resolution").text
    other.post(f"/tasks/{mine}/resolution", {"opinion": "我看没有问题", "version": town.row(Task, mine).version})
    assert "我看没有问题" in legal.get(f"/tasks/{mine}").text


def test_a_delegator_takes_it_back(town: Town, mine: int) -> None:
    legal, other = town.visitor("legal"), town.visitor("legal2")
    hand(legal, town, mine, "delegation", "legal2", "请核对")
    assert legal.post(f"/tasks/{mine}/recall", {"version": 3}).status_code == 303
    late = other.hand_in(mine, answers(town, mine, opinion="我已经写了很多"))
    assert late.status_code == 409 and "结束了委派" in late.text and "我已经写了很多" in late.text


def test_advice_is_asked_for_given_and_read(town: Town, mine: int) -> None:
    legal, approver = town.visitor("legal"), town.visitor("approver")
    assert "前加签" in legal.get(f"/tasks/{mine}/signers").text
    assert hand(legal, town, mine, "signers", "approver", "金额是否合适", role="before").status_code == 303
    page = legal.get(f"/tasks/{mine}").text
    assert "正在等 梁总 加签" in page and "data-readonly" in page
    assert legal.hand_in(mine, answers(town, mine)).status_code == 409
    child, = children(town, mine)
    page = approver.get(f"/tasks/{child}").text
    assert "金额是否合适" in page and "韩立 于 2026-11-23 10:00 请您加签。" in page
    assert approver.hand_in(child, {"verdict": "disagree"}).status_code == 400
    assert approver.hand_in(child, {"verdict": "disagree", "opinion": "金额偏高"}).status_code == 303
    page = legal.get(f"/tasks/{mine}").text
    assert "金额偏高" in page and "不同意" in page and "加签：不同意" in page
    assert legal.hand_in(mine, answers(town, mine)).status_code == 303


def test_what_an_answer_means_is_written_when_the_last_signer_agrees(town: Town, mine: int) -> None:
    """A review that returns the request writes its corrections: not while signers may still disagree."""
    legal, approver = town.visitor("legal"), town.visitor("approver")
    hand(legal, town, mine, "signers", "approver", "请复核", role="after")

    def corrections() -> int:
        with Session(town.engine) as session:
            return len(session.scalars(select(Correction)).all())

    documents = {"documents": []}
    legal.hand_in(mine, {**filled("review", [], documents), **RETURN})
    assert (corrections(), town.row(Task, mine).state) == (0, "open")
    assert "要等加签的人都同意才生效" in legal.get("/inbox").text
    child, = children(town, mine)
    page = approver.get(f"/tasks/{child}").text
    assert "韩立 的办理意见" in page and "退回补正" in page and "与规划许可证不一致" in page
    assert approver.hand_in(child, {"verdict": "agree"}).status_code == 303
    assert (corrections(), town.row(Task, mine).state) == (1, "completed")


def test_a_signer_sends_nothing_back_and_takes_no_signature_back(town: Town, mine: int) -> None:
    legal, approver = town.visitor("legal"), town.visitor("approver")
    hand(legal, town, mine, "signers", "approver", "请复核", role="before")
    child, = children(town, mine)
    with Session(town.engine) as session:
        first = session.scalars(select(Task.id).order_by(Task.id)).first()
    sent = {"to": first, "reason": "材料不齐", "version": 1}
    late = approver.post(f"/tasks/{child}/return", sent)
    assert late.status_code == 409 and "不能由您退回" in late.text and town.row(Task, mine).state == "open"
    approver.hand_in(child, {"verdict": "agree"})
    assert f"/tasks/{child}/take-back" not in approver.get(f"/tasks/{child}").text


def test_a_disagreement_brings_the_answers_back_to_go_on_from(town: Town, mine: int) -> None:
    legal, approver = town.visitor("legal"), town.visitor("approver")
    hand(legal, town, mine, "signers", "approver", "请复核", role="after")
    legal.hand_in(mine, answers(town, mine, opinion="第一次的意见"))
    child, = children(town, mine)
    approver.hand_in(child, {"verdict": "disagree", "opinion": "请再看金额"})
    page = legal.get(f"/tasks/{mine}").text
    assert "第一次的意见" in page and "请再看金额" in page and "data-readonly" not in page


def test_a_signature_is_dropped_with_a_reason(town: Town, mine: int) -> None:
    legal = town.visitor("legal")
    hand(legal, town, mine, "signers", "approver", "请复核", role="after")
    with Session(town.engine) as session:
        plan = session.scalars(select(TaskPlan.id)).one()
    legal.hand_in(mine, answers(town, mine))
    address = f"/tasks/{mine}/signers/{plan}/removal"
    assert address in legal.get(f"/tasks/{mine}").text
    assert "不再请 梁总 加签" in legal.get(address).text
    assert legal.post(address, {"reason": ""}).status_code == 400
    assert town.visitor("legal2").post(address, {"reason": "x"}).status_code == 403
    assert legal.post(address, {"reason": "梁总出国"}).status_code == 303
    assert town.row(Task, mine).state == "completed"
    late = legal.post(address, {"reason": "再减一次"})
    assert late.status_code == 409 and "再减一次" in late.text


def test_who_is_asked_must_be_somebody_who_may_read_it(town: Town, mine: int) -> None:
    town.visitor("stranger")
    page = hand(town.visitor("legal"), town, mine, "signers", "stranger", "请看", role="before")
    assert page.status_code == 400 and "无权查看这项申请" in page.text
    page = town.visitor("legal").post(f"/tasks/{mine}/signers", {"question": "请看", "version": 2})
    assert page.status_code == 400 and "请选择请谁加签" in page.text


def test_the_pages_speak_english(town: Town, mine: int) -> None:
    legal = town.visitor("legal")
    legal.post("/language", {"language": "en"})
    for page, words in (("transfer", "Transfer to somebody else"), ("delegation", "Delegate to somebody"),
                        ("signers", "Ask others to sign")):
        assert words in legal.get(f"/tasks/{mine}/{page}").text
