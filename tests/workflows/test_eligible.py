"""Whom a task may go to and who may be asked about it: every refusal says what the way out is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import tasks
from engine.usertasks.assigning import TaskDelegation
from engine.usertasks.signing import TaskPlan
from ledger import clock
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.access.accounts import Account
from registry.people.persons import person_of
from tests.journeys.company import Company
from tests.workflows.walk import Walk
from workflows.handling import eligible

pytestmark = pytest.mark.usefixtures("noted")


@pytest.fixture
def review(engine: Engine, company: Company, walk: Callable[[str], Walk]) -> int:
    """A safety licence that 沈青 (desk) applied for; 韩立 (legal) has claimed the review. The worker has no account."""
    with unit(engine) as session:
        for login in company.people:
            if login != "worker":
                person = person_of(session, company.people[login])
                session.add(Account(person=person, group_id=person.group_id, login=login, password_hash="-"))
    walk("E03").submitted()
    with unit(engine) as session:
        number = session.scalars(select(Task.id).where(Task.state == "open")).one()
        tasks.claim(session, number, company.actor(session, "legal"))
    return number


def answer(session: Session, company: Company, task: int, for_: Any, login: str, by: str = "legal") -> str:
    """What is said to that person as addressee: a name, or the refusal."""
    try:
        return eligible.require(session, session.get_one(Task, task), company.people.get(login, 10**6), for_=for_,
                                by=company.actor(session, by)).name
    except BadAnswer as refused:
        return str(refused.problems["to"][0])


def test_each_addressee_is_taken_or_the_refusal_says_why(engine: Engine, company: Company, review: int) -> None:
    with reading(engine) as session:
        for for_, login, said in (
            ("transfer", "legal2", "许文"), ("delegate", "legal2", "许文"), ("sign", "approver", "梁总"),
            ("mention", "custodian", "方芳"), ("copy", "stranger", "路人甲"),
            ("transfer", "legal", "不能转办给自己。"), ("sign", "legal", "不能请自己加签"),
            ("transfer", "nobody", "没有找到这个人"),
            ("transfer", "worker", "石磊 已离职或没有可用的账号"),
            ("transfer", "desk", "沈青 是本申请的申请人"), ("sign", "desk", "沈青 是本申请的申请人"),
            ("transfer", "stranger", "路人甲 没有办理这一步的角色（法务经营）"),
            ("delegate", "custodian", "方芳 没有办理这一步的角色（法务经营）"),
            ("mention", "stranger", "路人甲 无权查看这项申请"), ("sign", "stranger", "路人甲 无权查看这项申请"),
        ):
            assert said in answer(session, company, review, for_, login), (for_, login)
        assert "已经在 韩立 手里" in answer(session, company, review, "transfer", "legal", by="approver")


def delegated(session: Session, company: Company, task: int, *ways: tuple[str, str]) -> None:
    for giver, taker in ways:
        session.add(TaskDelegation(group_id=1, task_id=task, from_id=company.people[giver], from_name=giver,
                                   to_id=company.people[taker], to_name=taker, at=clock.now()))
    session.flush()


@pytest.mark.parametrize(("ways", "said"), [
    ([("legal2", "legal")], "许文 已经在这项任务的委派链上"),
    ([("vice", "approver"), ("approver", "custodian"), ("custodian", "legal")], "最多委派 3 层"),
], ids=["not in a circle", "not too deep"])
def test_a_delegation_has_an_end(
    engine: Engine, company: Company, review: int, ways: list[tuple[str, str]], said: str
) -> None:
    with unit(engine) as session:
        delegated(session, company, review, *ways)
        assert said in answer(session, company, review, "delegate", "legal2")
        assert answer(session, company, review, "transfer", "legal2") == "许文"


def test_nobody_is_asked_to_sign_twice(engine: Engine, company: Company, review: int) -> None:
    with unit(engine) as session:
        session.add(TaskPlan(group_id=1, task_id=review, role="before", no=1, person_id=company.people["approver"],
                             person_name="梁总", by_name="韩立", at=clock.now()))
    with reading(engine) as session:
        assert "已经请 梁总 加签" in answer(session, company, review, "sign", "approver")


def test_who_did_the_step_before_is_no_addressee(engine: Engine, company: Company, walk: Callable[[str], Walk],
                                                 review: int) -> None:
    case = walk("P02").granted()
    case.do("custodian", "A10_register", "done")
    with reading(engine) as session:
        task = session.scalars(select(Task.id).where(Task.element_id == "A11_compare", Task.state == "open")).one()
        assert "方芳 办理过“" in answer(session, company, task, "sign", "custodian", by="hr")


def test_a_picker_shows_those_who_can_take_it_first(engine: Engine, company: Company, review: int) -> None:
    with reading(engine) as session:
        task, legal = session.get_one(Task, review), company.actor(session, "legal")
        found = eligible.people(session, legal, task, for_="transfer")
        assert [(one.name, one.why_not is None) for one in found] == [("许文", True), ("韩立", False)]
        assert [one.name for one in eligible.people(session, legal, task, for_="transfer", search="xuw")] == ["许文"]
        assert eligible.people(session, legal, task, for_="copy", search="%") == []
        assert len(eligible.people(session, legal, task, for_="mention", limit=3)) == 3
