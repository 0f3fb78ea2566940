"""Somebody leaves: each open thing of theirs goes to a successor by the rules, back to its group, or stays; and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from engine.model import Task, TaskExclusion
from engine.usertasks import assigning, tasks
from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotAllowed
from registry.access import handovers
from registry.access.accounts import Account
from registry.access.appointing import appoint
from registry.access.grants import grant_role
from registry.access.handovers import HandoverItem, StaysHere
from registry.alerts.notices import Notice
from registry.people.persons import leave, person_of
from tests.journeys.company import Company
from tests.reliability.conftest import judge
from tests.workflows.test_leaving import Leaver, leaver  # noqa: F401
from tests.workflows.walk import Walk
from workflows import requests
from workflows.absence import handover, inventory
from workflows.handling import desk

pytestmark = pytest.mark.usefixtures("noted")
DAY = dt.timedelta(days=1)


class Leaving:
    """A safety licence that waits for a legal reviewer; accounts for all; whoever is named has a last day."""

    def __init__(self, engine: Engine, company: Company, case: Walk) -> None:
        self.engine, self.company, self.case = engine, company, case
        with unit(engine) as session:
            for login in company.people:
                person = person_of(session, company.people[login])
                session.add(Account(person=person, group_id=person.group_id, login=login, password_hash="-"))

    def go(self, login: str, days: int = 3) -> None:
        with unit(self.engine) as session:
            leave(session, person_of(session, self.company.people[login]), on=clocks.today() + days * DAY, by=SYSTEM)

    def claimed(self, login: str) -> int:
        with unit(self.engine) as session:
            number = session.scalars(select(Task.id).where(Task.state == "open").order_by(Task.id.desc())).first()
            assert number is not None
            tasks.claim(session, number, self.company.actor(session, login))
            return number

    def move(self, login: str, kind: str, to: str | None = None, by: str = "hr") -> list[tuple[str, str]]:
        """(how, why) of each item."""
        with unit(self.engine) as session:
            actor = self.company.actor(session, by)
            made = handovers.begin(session, person_of(session, self.company.people[login]), by=actor)
            other = None if to is None else person_of(session, self.company.people[to])
            return [(item.how or "", item.why) for item in handover.move(session, made, kind, [], other, by=actor)]

    def left(self, login: str) -> dict[str, int]:
        """What is left of each kind, none left out where there is some."""
        with reading(self.engine) as session:
            found = inventory.complete_of(session, person_of(session, self.company.people[login])).left
            return {kind: count for kind, count in found.items() if count}

    def task(self, number: int) -> tuple[int | None, str]:
        with reading(self.engine) as session:
            found = session.get_one(Task, number)
            return found.assignee_id, found.state


@pytest.fixture
def leaving(engine: Engine, company: Company, walk: Callable[[str], Walk]) -> Leaving:
    return Leaving(engine, company, walk("E03").submitted())


def test_nobodys_work_is_taken_before_a_last_day_is_set_nor_by_anybody(leaving: Leaving) -> None:
    leaving.claimed("legal")
    with pytest.raises(StaysHere):
        leaving.move("legal", "task", "legal2")
    leaving.go("legal")
    for nobody in ("custodian", "owner", "legal2"):
        with pytest.raises(NotAllowed):
            leaving.move("legal", "task", "legal2", by=nobody)


def test_a_task_goes_to_a_successor_with_its_role_and_its_draft_follows(leaving: Leaving) -> None:
    number = leaving.claimed("legal")
    with unit(leaving.engine) as session:
        desk.save_draft(session, leaving.company.actor(session, "legal"), number, {"opinion": "看过"})
    leaving.go("legal")
    assert leaving.left("legal") == {"task": 1, "draft": 1, "role": 1}
    assert leaving.move("legal", "task", "legal2") == [("moved", "")]
    assert leaving.move("legal", "draft", "legal2") == [("moved", "")]
    assert leaving.task(number) == (leaving.company.people["legal2"], "open")
    with reading(leaving.engine) as session:
        opened = desk.open_task(session, leaving.company.actor(session, "legal2"), number)
        assert opened.data["opinion"] == "看过"
    assert leaving.left("legal") == {"role": 1}
    assert judge(leaving.engine) == []


@pytest.mark.parametrize(("to", "why"), [
    ("custodian", "没有办理这一步的角色"), ("desk", "沈青 是本申请的申请人"), ("worker", "石磊 没有办理这一步的角色"),
], ids=["no role", "the applicant", "no role, no account needed"])
def test_what_the_successor_may_not_do_goes_back_to_the_group(leaving: Leaving, to: str, why: str) -> None:
    number = leaving.claimed("legal")
    leaving.go("legal")
    (how, said), = leaving.move("legal", "task", to)
    assert how == "ended"
    assert why in said
    assert leaving.task(number) == (None, "open")
    with unit(leaving.engine) as session:
        assert tasks.claim(session, number, leaving.company.actor(session, "legal2")).assignee_name == "许文"
    assert judge(leaving.engine) == []


def test_what_only_they_can_do_stays_with_the_reason_and_is_in_the_report(leaving: Leaving, company: Company) -> None:
    leaving.case.do("legal", "A3_legal", "return")
    leaving.go("desk")
    (how, why), = leaving.move("desk", "task", "approver")
    assert (how, why) == ("refused", "梁总 不能在这里发起这类申请，不能接手。请另选一位。")
    with reading(leaving.engine) as session:
        report = inventory.complete_of(session, person_of(session, company.people["desk"]))
        assert [item.kind for item in report.refused] == ["task"]
        assert report.blocking == report.total == 3  # the task, the request, the role


def test_an_application_goes_on_with_the_successor_and_what_comes_later_too(leaving: Leaving) -> None:
    company = leaving.company
    with unit(leaving.engine) as session:
        grant_role(session, person_of(session, company.people["pm"]), "applicant", company.unit(session, "company"),
                   by=SYSTEM)
    leaving.go("desk")
    assert leaving.move("desk", "request", "pm") == [("moved", "")]
    assert "request" not in leaving.left("desk")
    leaving.case.do("legal", "A3_legal", "return")
    assert leaving.left("desk")["task"] == 1
    assert handover.forward(leaving.engine) == 1
    assert leaving.left("desk") == {"role": 1}
    with reading(leaving.engine) as session:
        found = requests.get(session, company.actor(session, "pm"), leaving.case.id)
        assert (found.applicant_id, found.applicant_name) == (company.people["desk"], "沈青")
    assert judge(leaving.engine) == []


def test_delegations_go_on_without_the_leaver(leaving: Leaving) -> None:
    number, company = leaving.claimed("legal"), leaving.company
    with unit(leaving.engine) as session:
        second = person_of(session, company.people["legal2"])
        assigning.delegate(session, number, assigning.Addressee(second.id, second.name), question="请核对",
                           by=company.actor(session, "legal"))
    leaving.go("legal2")
    assert leaving.left("legal2") == {"delegation": 1, "role": 1}
    assert leaving.move("legal2", "delegation") == [("ended", "")]
    assert leaving.task(number) == (company.people["legal"], "open")
    assert leaving.left("legal2") == {"role": 1}
    assert judge(leaving.engine) == []


def test_roles_end_and_are_passed_on_only_by_whoever_may_grant_them(leaving: Leaving) -> None:
    leaving.go("legal")
    (how, why), = leaving.move("legal", "role", "custodian")
    assert (how, "有权授予角色" in why) == ("refused", True)
    assert leaving.move("legal", "role") == [("ended", "")]
    assert leaving.left("legal") == {}


def test_appointments_end_and_unread_notices_go_over(leaving: Leaving) -> None:
    company, start = leaving.company, clocks.start_of_day(clocks.today())
    with unit(leaving.engine) as session:
        legal, second = (person_of(session, company.people[login]) for login in ("legal", "legal2"))
        appoint(session, legal, second, from_at=start, until_at=start + DAY, by=company.actor(session, "legal"))
    leaving.case.work()
    leaving.go("legal2")
    assert leaving.left("legal2")["substitution"] == leaving.left("legal2")["notice"] == 1
    assert leaving.move("legal2", "substitution") == [("ended", "")]
    assert leaving.move("legal2", "notice", "legal") == [("moved", "")]
    assert leaving.left("legal2") == {"role": 1}
    with reading(leaving.engine) as session:
        told = select(Notice.text).where(Notice.person_id == company.people["legal"])
        assert session.scalars(told).all()[-1].startswith("{from} 至 {until}")


def test_a_second_try_replaces_what_was_written_before(leaving: Leaving) -> None:
    leaving.go("legal")
    leaving.move("legal", "role", "custodian")
    leaving.move("legal", "role")
    with reading(leaving.engine) as session:
        assert session.scalars(select(HandoverItem.how)).all() == ["ended"]


def test_nobody_is_cleared_to_leave_while_work_lies_with_them(
    leaver: Leaver, engine: Engine, company: Company,  # noqa: F811
) -> None:
    with unit(engine) as session:
        grant_role(session, person_of(session, company.people["worker"]), "guard", company.unit(session, "project"),
                   by=SYSTEM)
    case = leaver(papers=("P19",))
    with pytest.raises(BadAnswer) as refused:
        case.do("hr", "L6_clear", "done")
    assert "还有 1 项工作没有移交" in str(refused.value.problems["returned"][0])
    with unit(engine) as session:
        actor = company.actor(session, "hr")
        made = handovers.begin(session, person_of(session, company.people["worker"]), by=actor)
        handover.move(session, made, "role", [], None, by=actor)
    case.do("hr", "L6_clear", "done")


def test_a_draft_is_not_lost_before_its_task_goes_over(leaving: Leaving) -> None:
    number = leaving.claimed("legal")
    with unit(leaving.engine) as session:
        desk.save_draft(session, leaving.company.actor(session, "legal"), number, {"opinion": "看过"})
    leaving.go("legal")
    (how, why), = leaving.move("legal", "draft", "legal2")
    assert (how, why) == ("refused", "草稿跟着任务走，请先移交这项任务。")
    assert leaving.left("legal")["draft"] == 1


def test_nobody_hands_a_role_to_themselves(leaving: Leaving) -> None:
    company = leaving.company
    with unit(leaving.engine) as session:
        grant_role(session, person_of(session, company.people["hr"]), "security_administrator",
                   company.unit(session, "group"), by=SYSTEM)
    leaving.go("legal")
    assert [how for how, _why in leaving.move("legal", "role", "hr")] == ["refused"]
    assert [how for how, _why in leaving.move("legal", "role", "custodian")] == ["moved"]


def test_what_cannot_go_on_to_the_successor_stands_in_nobodys_way(
    leaving: Leaving, walk: Callable[[str], Walk]
) -> None:
    """One application asks the leaver for something that the successor has reviewed; the next goes on all the same."""
    company, second = leaving.company, walk("E02").submitted()
    with unit(leaving.engine) as session:
        grant_role(session, person_of(session, company.people["pm"]), "applicant", company.unit(session, "company"),
                   by=SYSTEM)
    leaving.go("desk")
    assert {how for how, _why in leaving.move("desk", "request", "pm")} == {"moved"}
    for case in (leaving.case, second):
        case.do("legal", "A3_legal", "return")
    with unit(leaving.engine) as session:
        first = session.get_one(Task, leaving.case.task_id("A1_correct"))
        first.barred = [company.people["pm"]]
        session.add(TaskExclusion(task_id=first.id, person_id=company.people["pm"]))
    assert handover.forward(leaving.engine, limit=1) == 1
    assert leaving.task(second.task_id("A1_correct"))[0] == company.people["pm"]
