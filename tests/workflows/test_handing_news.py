"""Who is told when a task passes into other hands, and when somebody is asked to sign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from engine import run
from engine.model import Instance, Task
from engine.usertasks import assigning as hands
from engine.usertasks import completing
from engine.usertasks.hands import TaskPlan
from ledger import clock as clocks
from ledger.actor import SYSTEM, Actor
from ledger.db import reading, unit
from registry.alerts.notices import Notice
from tests.journeys.company import Company
from tests.workflows.acts import entrust
from tests.workflows.test_absence import Away
from tests.workflows.walk import Walk
from workflows.handling import assigning, desk, signing
from workflows.sharing import comments, urging

pytestmark = pytest.mark.usefixtures("noted")


class Desk(Away):
    """A legal review that 韩立 (legal) holds; 许文 (legal2) could do it, 罗建军 (pm) stands in for 许文."""

    def handed(self, verb: str, by: str, to: str, **more: str) -> None:
        with unit(self.engine) as session:
            task = self.task()
            getattr(assigning, verb)(session, self.actor(session, by), task.id, self.company.people[to], **more)
        self.deliver()

    def actor(self, session: object, login: str) -> Actor:
        return self.company.actor(session, login)  # type: ignore[arg-type]

    def ask(self, role: str, *to: str, in_order: bool = False) -> None:
        with unit(self.engine) as session:
            signing.ask(session, self.actor(session, "legal"), self.host, [self.company.people[one] for one in to],
                        role, question="请看", in_order=in_order, version=None)  # type: ignore[arg-type]
        self.deliver()

    def sign(self, login: str, verdict: str = "agree") -> None:
        with unit(self.engine) as session:
            actor = self.actor(session, login)
            mine = session.scalars(select(Task.id).where(Task.assignee_id == actor.id, Task.state == "open")).one()
            desk.complete(session, actor, mine, {"verdict": verdict, "opinion": "看过"})
        self.deliver()

    def told(self, login: str) -> list[str]:
        """What somebody was told, the values put in; without the title of the request."""
        with reading(self.engine) as session:
            found = session.scalars(select(Notice).where(Notice.person_id == self.company.people[login]).order_by(
                Notice.id)).all()
            return [one.text.format(**one.params).partition("：")[0] for one in found]

    @property
    def host(self) -> int:
        with reading(self.engine) as session:
            return session.scalars(select(Task.id).where(
                Task.element_id == "A3_legal", Task.parent_id.is_(None), Task.state == "open")).one()


@pytest.fixture
def room(engine: Engine, company: Company, walk: Callable[[str], Walk], clock: clocks.Fixed) -> Desk:
    made = Desk(engine, company, walk("E03").submitted(), clock)
    made.act("legal", desk.tasks.claim)
    made.appoint("legal2", "pm")
    made.deliver()
    with unit(engine) as session:
        for notice in session.scalars(select(Notice)):
            session.delete(notice)
    return made


WHY = {"reason": "出差", "version": None}


def test_a_transfer_is_told_to_whoever_gets_it_and_their_substitute_and_nobody_else(room: Desk) -> None:
    room.handed("transfer", "legal", "legal2", **WHY)  # type: ignore[arg-type]
    assert room.told("legal2") == room.told("pm") == ["韩立 把“法务经营初审”转办给您"]
    assert room.told("legal") == room.told("desk") == room.told("approver") == []


def test_an_appointment_for_other_processes_tells_nobody_else(room: Desk) -> None:
    room.appoint("legal2", "custodian", processes={"leaving"})
    room.handed("reassign", "approver", "legal2", reason="出差")
    assert room.told("pm") == ["“法务经营初审”改派给您办理"] and "改派" not in str(room.told("custodian"))


def test_whoever_loses_a_task_reads_who_took_it_why_and_who_has_it(room: Desk) -> None:
    room.handed("reassign", "approver", "legal2", reason="韩立去外地")
    assert room.told("legal") == ["梁总 把“法务经营初审”从您这里改派给 许文（韩立去外地）"]
    assert room.told("approver") == []


def test_whoever_had_delegated_what_is_reassigned_loses_it_too(room: Desk) -> None:
    room.handed("delegate", "legal", "legal2", question="请代看", version=None)  # type: ignore[arg-type]
    with unit(room.engine) as session:
        entrust(session, room.company, "hr", "legal", "company")
    room.handed("reassign", "approver", "hr", reason="都不在")
    assert room.told("legal")[-1] == room.told("legal2")[-1] and "（都不在）" in room.told("legal")[-1]
    assert room.told("hr") == ["“法务经营初审”改派给您办理"]


def test_whoever_is_stood_in_for_reads_that_the_substitute_handed_it_on(room: Desk) -> None:
    room.appoint("legal", "legal2")
    room.act("legal2", desk.tasks.claim)
    with unit(room.engine) as session:
        entrust(session, room.company, "hr", "legal", "company")
    room.handed("transfer", "legal2", "hr", **WHY)  # type: ignore[arg-type]
    assert "许文 把代您办理的“法务经营初审”转办给 " in room.told("legal")[-1] and "（出差）" in room.told("legal")[-1]


def test_a_task_that_four_eyes_take_away_is_not_gone_without_a_word(room: Desk) -> None:
    """Two who open at once and must be kept apart: whoever did one loses the other."""
    with unit(room.engine) as session:
        task = session.get_one(Task, room.host)
        instance = session.get_one(Instance, task.instance_id)
        with run.act(session, instance, SYSTEM) as act:
            completing.bar(act, task, [room.company.people["legal"]])
    room.deliver()
    assert room.told("legal") == ["“法务经营初审”须由没有参与过相关环节的人办理，已从您这里放回"]


def test_what_went_on_before_the_worker_came_is_not_announced(room: Desk) -> None:
    with unit(room.engine) as session:
        legal, legal2 = room.actor(session, "legal"), room.actor(session, "legal2")
        assigning.transfer(session, legal, room.host, legal2.id, reason="出差", version=None)
        assigning.transfer(session, legal2, room.host, legal.id, reason="还您", version=None)
    room.deliver()
    assert room.told("legal") == ["许文 把“法务经营初审”转办给您"] and room.told("legal2") == []


def test_a_delegation_is_told_and_so_is_its_coming_back(room: Desk) -> None:
    room.handed("delegate", "legal", "legal2", question="请代看", version=None)  # type: ignore[arg-type]
    with unit(room.engine) as session:
        hands.resolve(session, room.host, by=room.actor(session, "legal2"), answers=None, opinion="可以")
    room.deliver()
    assert room.told("legal2") == ["韩立 请您代办“法务经营初审”，办好后交回"]
    assert room.told("legal") == ["许文 办好了您委派的“法务经营初审”，请看过后办结"]


def test_whoever_had_a_delegation_that_is_taken_back_is_told(room: Desk) -> None:
    room.handed("delegate", "legal", "legal2", question="请代看", version=None)  # type: ignore[arg-type]
    room.clock.advance(dt.timedelta(minutes=1))
    with unit(room.engine) as session:
        hands.recall(session, room.host, by=room.actor(session, "legal"))
    room.deliver()
    assert room.told("legal2")[-1] == "韩立 收回了请您代办的“法务经营初审”" and room.told("legal") == []


def test_signers_are_told_when_it_is_their_turn_and_the_asker_when_all_have_signed(room: Desk) -> None:
    room.ask("before", "legal2", "approver", in_order=True)
    asked = "韩立 请您加签“法务经营初审”"
    assert (room.told("legal2"), room.told("approver"), room.told("legal")) == ([asked], [], [])
    room.sign("legal2")
    assert room.told("approver") == [asked] and room.told("legal") == []
    room.sign("approver")
    assert room.told("legal") == ["“法务经营初审”的加签都签完了，可以办理"]


def test_signers_after_it_are_told_once_it_is_handed_in(room: Desk) -> None:
    room.ask("after", "legal2")
    assert room.told("legal2") == []
    room.case.do("legal", "A3_legal", "pass")
    room.deliver()
    assert room.told("legal2") == ["韩立 请您加签“法务经营初审”"]


@pytest.mark.parametrize(("verdict", "text"), [
    ("agree", "加签的人都同意，“法务经营初审”已生效"), ("disagree", "许文 不同意“法务经营初审”，已退回给您")])
def test_the_asker_is_told_what_came_of_a_signature_after_it(room: Desk, verdict: str, text: str) -> None:
    room.ask("after", "legal2")
    room.case.do("legal", "A3_legal", "pass")
    room.sign("legal2", verdict)
    assert text in room.told("legal")


def test_whoever_is_not_asked_any_more_is_told_if_they_had_been(room: Desk) -> None:
    room.ask("before", "legal2", "approver", in_order=True)
    with unit(room.engine) as session:
        for plan in session.scalars(select(TaskPlan).order_by(TaskPlan.id.desc())).all():
            signing.drop(session, room.actor(session, "legal"), plan.id, reason="不用了")
    room.deliver()
    assert room.told("legal2")[-1] == "韩立 不再请您加签“法务经营初审”" and room.told("approver") == []


def test_urging_and_comments_reach_the_substitute_too(room: Desk) -> None:
    room.handed("transfer", "legal", "legal2", **WHY)  # type: ignore[arg-type]
    room.clock.advance(dt.timedelta(days=1))
    with unit(room.engine) as session:
        desk_ = room.actor(session, "desk")
        urging.urge(session, desk_, room.case.id, room.host)
        comments.write(session, desk_, room.case.id, "请快一点")
    room.deliver()
    assert [text[:2] for text in room.told("pm")][-2:] == ["沈青", "沈青"] and "评论了" in room.told("pm")[-1]
    assert room.told("desk") == []
