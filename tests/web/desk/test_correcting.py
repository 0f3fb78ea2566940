"""Asking the applicant to correct single fields, answering there, and reading what came of it: the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_hands import answers
from tests.web.desk.test_inbox import submit

WHY = "与营业执照住所不一致，请核对门牌号"


@pytest.fixture
def mine(town: Town) -> int:
    """A legal review that 韩立 has claimed; the applicant has an account."""
    task = submit(town)
    town.visitor("legal").post(f"/tasks/{task}/claim")
    return task


def ask(town: Town, who: Visitor, task: int, **wanted: str) -> Any:
    sent = {"fields": list(wanted), "version": town.row(Task, task).version}
    return who.post(f"/tasks/{task}/corrections", {**sent, **{f"sentence.{key}": text for key, text in wanted.items()}})


def question(town: Town, task: int) -> int:
    with Session(town.engine) as session:
        return session.scalars(select(Task.id).where(Task.parent_id == task).order_by(Task.id.desc())).first() or 0


def test_it_is_asked_at_a_field_answered_there_and_read_beside_the_task(town: Town, mine: int) -> None:
    legal, desk = town.visitor("legal"), town.visitor("desk")
    assert f"/tasks/{mine}/corrections" in legal.get(f"/tasks/{mine}").text
    page = legal.get(f"/tasks/{mine}/corrections").text
    assert "单位地址" in page and "企业名称" not in page
    assert ask(town, legal, mine, address=WHY).status_code == 303
    page = legal.get(f"/tasks/{mine}").text
    assert "补正，期间暂停计时" in page
    assert "data-readonly" in page and WHY in page and "不等补正了" in page
    child = question(town, mine)
    page = desk.get(f"/tasks/{child}").text
    assert WHY in page and "said_address" in page and "提交补正" in page and "您是申请人，请您补正。" in page
    assert re.search(r'"doc_responsibility": \[\d+', page)  # a paper that is not asked for is shown all the same
    with Session(town.engine) as session:
        request = session.scalars(select(Task.instance_id).where(Task.id == mine)).one()
    page = desk.get(f"/requests/{request}").text
    assert "请补正这些，其他步骤照常办理" in page and WHY in page
    done = desk.hand_in(child, {"verdict": "answer", "address": "杭州市余杭区文一西路 1 号", "said_address": "已更正"})
    assert done.status_code == 303
    page = legal.get(f"/tasks/{mine}").text
    for words in ("已答复", "已更正", "文一西路 1 号", "与第 1 次提交相比", "按要求修改"):
        assert words in page
    assert legal.hand_in(mine, answers(town, mine)).status_code == 303


def test_nothing_picked_and_strange_fields_come_back_with_what_was_typed(town: Town, mine: int) -> None:
    legal = town.visitor("legal")
    page = ask(town, legal, mine)
    assert page.status_code == 400 and "请至少选择一栏或一份材料。" in page.text
    page = ask(town, legal, mine, address=WHY, holder_name="改名")
    assert page.status_code == 400 and "刷新页面后重新选择" in page.text and WHY in page.text
    page = ask(town, legal, mine, address="")
    assert page.status_code == 400 and "请用一句话写明要补正什么。" in page.text


def test_who_does_not_hold_it_asks_nothing_and_keeps_the_words(town: Town, mine: int) -> None:
    other = town.visitor("legal2")
    assert other.get(f"/tasks/{mine}/corrections").status_code == 303
    late = ask(town, other, mine, address=WHY)
    assert late.status_code == 409 and "韩立" in late.text and WHY in late.text and "单位地址" in late.text
    assert ask(town, town.visitor("stranger"), mine, address=WHY).status_code == 404


def test_an_answer_that_is_too_late_keeps_what_was_typed(town: Town, mine: int) -> None:
    legal, desk = town.visitor("legal"), town.visitor("desk")
    ask(town, legal, mine, address=WHY)
    child = question(town, mine)
    assert desk.post(f"/tasks/{mine}/corrections/{child}/removal").status_code in (403, 404)
    assert legal.post(f"/tasks/{mine}/corrections/{child}/removal").status_code == 303
    late = desk.hand_in(child, {"verdict": "answer", "address": "文一西路 1 号", "said_address": "已更正"})
    assert late.status_code == 409
    for words in ("韩立", "因不再要求补正而取消", "文一西路 1 号", "已更正"):
        assert words in late.text


def test_a_question_that_was_answered_is_not_taken_back(town: Town, mine: int) -> None:
    legal, desk = town.visitor("legal"), town.visitor("desk")
    ask(town, legal, mine, address=WHY)
    child, given = question(town, mine), {"verdict": "answer", "address": "文一西路 1 号"}
    assert desk.hand_in(child, given).status_code == 303
    assert desk.hand_in(child, given).status_code == 409
    late = legal.post(f"/tasks/{mine}/corrections/{child}/removal")
    assert late.status_code == 409 and "处理" in late.text


def test_the_pages_speak_english(town: Town, mine: int) -> None:
    legal, desk = town.visitor("legal"), town.visitor("desk")
    for visitor in (legal, desk):
        visitor.post("/language", {"language": "en"})
    assert "Ask the applicant to correct" in legal.get(f"/tasks/{mine}/corrections").text
    ask(town, legal, mine, address=WHY)
    assert "Stop waiting for corrections" in legal.get(f"/tasks/{mine}").text
    assert "asks you to correct something" in desk.get(f"/tasks/{question(town, mine)}").text
