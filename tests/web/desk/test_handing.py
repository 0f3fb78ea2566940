"""Tasks put into other hands: the ticked ones of an inbox, and one of somebody else's by whoever leads there."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.facts import Fact
from registry.access.grants import grant_role
from registry.people.persons import person_of
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_hands import number
from tests.web.desk.test_inbox import counted, review, submit
from workflows.requests import of_instance

WHY = "我明天去工地"


@pytest.fixture
def three(town: Town) -> list[int]:
    """Three reviews by hr that 宋雅 has claimed; 许文 is of hr as well now."""
    town.visitor("legal2")
    with unit(town.engine) as session:
        theirs = person_of(session, number(town, "hr")).unit
        grant_role(session, person_of(session, number(town, "legal2")), "hr", theirs, by=SYSTEM)
    found = [review(town, holder) for holder in ("worker", "pm", "safety")]
    for one in found:
        town.visitor("hr").post(f"/tasks/{one}/claim")
    return found


@pytest.fixture
def held(town: Town) -> int:
    """A legal review that 韩立 has claimed; 许文 could do it too, 梁总 leads."""
    task = submit(town)
    for login in ("legal2", "approver", "custodian"):
        town.visitor(login)
    town.visitor("legal").post(f"/tasks/{task}/claim")
    return task


def ticked(town: Town, *tasks: int) -> list[str]:
    return [f"{task}:{town.row(Task, task).version}" for task in tasks]


def hand(who: Visitor, items: list[str], to: int | str, reason: str = WHY) -> tuple[int, str]:
    answer = who.post("/inbox/handing", {"task": items, "to": to, "reason": reason, "next": "/inbox?scope=mine"})
    return answer.status_code, answer.location or answer.text


def request_of(town: Town, task: int) -> str:
    with Session(town.engine) as session:
        return f"/requests/{of_instance(session, session.get_one(Task, task).instance_id).id}"


def test_the_button_leads_to_a_page_that_asks_whom_and_keeps_what_was_ticked(town: Town, held: int) -> None:
    legal, items = town.visitor("legal"), ticked(town, held)
    sent = legal.post("/inbox/bulk", {"verb": "hand", "task": items, "next": "/inbox?scope=mine"})
    page = legal.get(sent.location).text
    assert sent.status_code == 303 and "许文" in page and "方芳" not in page and "name\">韩立" not in page
    assert f'value="{items[0]}"' in page and 'value="/inbox?scope=mine"' in page
    assert town.row(Task, held).assignee_id == number(town, "legal")


def test_without_anything_ticked_nobody_is_asked_for(town: Town, held: int) -> None:
    legal = town.visitor("legal")
    for answer in (legal.get("/inbox/handing"), legal.post("/inbox/handing", {"to": 1, "reason": WHY})):
        assert (answer.status_code, answer.location) == (303, "/inbox")
    assert "还没有选中任务" in legal.get("/inbox").text
    many = legal.post("/inbox/bulk", {"verb": "hand", "task": [str(number) for number in range(500)]})
    assert many.status_code == 409 and "一次最多办理 20 项" in many.text


def test_all_that_are_mine_go_over_at_once_each_with_the_reason(town: Town, three: list[int]) -> None:
    to = number(town, "legal2")
    assert hand(town.visitor("hr"), ticked(town, *three), to) == (303, "/inbox?scope=mine")
    assert {town.row(Task, one).assignee_id for one in three} == {to}
    with Session(town.engine) as session:
        told = session.scalars(select(Fact).where(Fact.kind == "task.transferred")).all()
        assert [(fact.after or {})["reason"] for fact in told] == [WHY] * 3


def test_what_cannot_go_over_says_why_and_the_others_go(town: Town, three: list[int]) -> None:
    town.visitor("hr").post(f"/tasks/{three[0]}/release")
    status, page = hand(town.visitor("hr"), ticked(town, *three), number(town, "legal2"))
    assert status == 200 and "已转办 2 项" in page and "还没有人签收，请先签收再转办" in page
    assert town.row(Task, three[0]).assignee_id is None


def test_a_list_older_than_the_task_does_not_hand_it_on(town: Town, held: int) -> None:
    items = ticked(town, held)
    town.visitor("legal").post(f"/tasks/{held}/release")
    town.visitor("legal2").post(f"/tasks/{held}/claim")
    status, page = hand(town.visitor("legal"), items, number(town, "legal2"))
    assert status == 200 and "许文" in page and "签收了它" in page


def test_nobody_chosen_and_no_reason_bring_the_page_again_with_what_was_typed(town: Town, held: int) -> None:
    status, page = hand(town.visitor("legal"), ticked(town, held), "", "")
    assert status == 400 and "请选择一位。" in page and "请写明原因。" in page
    assert 'checked' in hand(town.visitor("legal"), ticked(town, held), number(town, "legal2"), "")[1]


def test_one_without_the_role_is_refused_for_each(town: Town, held: int) -> None:
    status, page = hand(town.visitor("legal"), ticked(town, held), number(town, "custodian"))
    assert status == 200 and "方芳 没有办理这一步的角色" in page
    assert town.row(Task, held).assignee_id == number(town, "legal")


def test_a_task_of_others_is_not_even_named(town: Town, held: int) -> None:
    assert town.visitor("hr").get(f"/inbox/handing?task={held}:1").status_code == 404


def test_the_page_asks_no_more_for_more_tasks_of_one_step(town: Town, three: list[int]) -> None:
    hr = town.visitor("hr")
    hr.get(f"/inbox/handing?task={three[0]}")
    with counted(town) as one:
        hr.get(f"/inbox/handing?task={three[0]}")
    with counted(town) as all_:
        hr.get("/inbox/handing?" + "&".join(f"task={task}" for task in three))
    assert len(all_) <= len(one) + 2 * (len(three) - 1)  # each task is looked up, nothing else


# a supervisor
def reassign(town: Town, who: str, task: int, to: str, version: int | None = None) -> tuple[int, str]:
    answer = town.visitor(who).post(f"/tasks/{task}/reassignment", {
        "to": number(town, to), "reason": WHY, "version": version or town.row(Task, task).version})
    return answer.status_code, answer.location or answer.text


def test_whoever_leads_finds_the_way_on_the_page_of_the_request(town: Town, held: int) -> None:
    at = request_of(town, held)
    page = town.visitor("approver").get(at).text
    assert "在 韩立 手里" in page and f"/tasks/{held}/reassignment" in page
    assert "许文" in town.visitor("approver").get(f"/tasks/{held}/reassignment").text
    assert reassign(town, "approver", held, "legal2") == (303, at)
    assert town.row(Task, held).assignee_id == number(town, "legal2")
    assert "把“法务经营初审”改派给 许文：我明天去工地" in town.visitor("approver").get(at).text


@pytest.mark.parametrize("who", ["legal", "desk"])
def test_the_holder_and_the_applicant_have_no_such_way(town: Town, held: int, who: str) -> None:
    assert "/reassignment" not in town.visitor(who).get(request_of(town, held)).text
    assert town.visitor(who).get(f"/tasks/{held}/reassignment").location == request_of(town, held)
    assert reassign(town, who, held, "legal2")[0] == 403


def test_a_page_older_than_the_task_does_not_reassign_it_and_keeps_the_reason(town: Town, held: int) -> None:
    version = town.row(Task, held).version
    town.visitor("legal").post(f"/tasks/{held}/release")
    status, page = reassign(town, "approver", held, "legal2", version=version)
    assert status == 409 and "放回" in page and WHY in page


def test_somebody_without_the_role_does_not_get_it(town: Town, held: int) -> None:
    status, page = reassign(town, "approver", held, "custodian")
    assert status == 400 and "方芳 没有办理这一步的角色" in page and WHY in page
