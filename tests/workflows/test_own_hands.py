"""Nobody decides about what they asked for, or twice, whatever hands it went through; no right outlives its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engine import catalog
from engine.model import Task
from engine.returns.taking_back import NoMore
from engine.usertasks import assigning, offers, signing, tasks
from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotAllowed, NotFound, Refused
from registry.access import grants, handovers
from registry.access.accounts import Account
from registry.access.appointing import appoint
from registry.access.grants import RoleGrant, grant_role
from registry.access.substitutions import Substitution
from registry.access.substitutions import end as end_substitution
from registry.people.persons import leave, person_of
from tests.journeys.company import Company
from tests.reliability.conftest import judge
from tests.workflows.passage import Passage
from tests.workflows.test_correcting import answer, asked, held
from tests.workflows.test_joint import asks, joint, say  # noqa: F401
from tests.workflows.walk import Walk
from workflows import CATALOG, requests
from workflows.absence import handover
from workflows.handling import assigning as handing
from workflows.handling import correcting, desk, eligible, reopening, returning
from workflows.handling import signing as signatures
from workflows.joint import membership
from workflows.sharing import consulting

pytestmark = [pytest.mark.usefixtures("noted"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
DAY = dt.timedelta(days=1)


class Desk:
    """A company with accounts for everybody, and short words for what its people do."""

    def __init__(self, engine: Engine, company: Company, clock: clocks.Fixed) -> None:
        self.engine, self.company, self.clock = engine, company, clock
        with unit(engine) as session:
            for login in company.people:
                person = person_of(session, company.people[login])
                session.add(Account(person=person, group_id=person.group_id, login=login, password_hash="-"))

    def appoint(self, person: str, substitute: str, days: int = 7) -> int:
        with unit(self.engine) as session:
            who, other = (person_of(session, self.company.people[login]) for login in (person, substitute))
            start = clocks.start_of_day(clocks.today())
            return appoint(session, who, other, from_at=start, until_at=start + days * DAY,
                           by=self.company.actor(session, person)).id

    def end(self, number: int) -> None:
        with unit(self.engine) as session:
            end_substitution(session, session.get_one(Substitution, number), by=SYSTEM)

    def grant(self, login: str, role: str, place: str = "company") -> None:
        with unit(self.engine) as session:
            grant_role(session, person_of(session, self.company.people[login]), role,
                       self.company.unit(session, place), by=SYSTEM)

    def revoke(self, login: str, role: str) -> None:
        with unit(self.engine) as session:
            for row in session.scalars(select(RoleGrant).where(
                    RoleGrant.person_id == self.company.people[login], RoleGrant.role == role)):
                grants.revoke(session, row, by=SYSTEM)

    def act(self, login: str, do: Callable[..., Any], *more: Any, **named: Any) -> Any:
        """`do(session, actor, …)`, as workflows take them."""
        with unit(self.engine) as session:
            return do(session, self.company.actor(session, login), *more, **named)

    def verb(self, login: str, do: Callable[..., Any], number: int, *more: Any, **named: Any) -> None:
        """`do(session, task, actor, …)`, as the engine takes them."""
        with unit(self.engine) as session:
            do(session, number, self.company.actor(session, login), *more, **named)

    def may(self, login: str, number: int) -> bool:
        with reading(self.engine) as session:
            return offers.capacity(session.get_one(Task, number), self.company.actor(session, login)) is not None

    def row(self, number: int) -> Task:
        with reading(self.engine) as session:
            found = session.get_one(Task, number)
            session.expunge(found)
            return found

    def to(self, login: str) -> assigning.Addressee:
        return assigning.Addressee(self.company.people[login], login)


@pytest.fixture
def people(engine: Engine, company: Company, clock: clocks.Fixed) -> Desk:
    return Desk(engine, company, clock)


@pytest.fixture
def case(people: Desk, walk: Callable[[str], Walk]) -> Walk:
    """A safety licence that 沈青 (desk) applied for and a legal reviewer is asked about."""
    return walk("E03").submitted()


def refused_at(people: Desk, login: str, number: int) -> type[Refused]:
    """What somebody reads who tries to do a task by any way there is."""
    assert not people.may(login, number)
    for do in (tasks.claim, lambda s, n, a: tasks.complete(s, n, a, {"verdict": "pass"})):
        with pytest.raises((tasks.FourEyes, NotFound)) as told:
            people.verb(login, do, number)
    return told.type


# the applicant's hands
def test_whoever_corrects_for_the_applicant_does_not_review_it(people: Desk, case: Walk) -> None:
    case.do("legal", "A3_legal", "return")
    people.appoint("desk", "legal2")
    case.do("legal2", "A1_correct", "submit")
    number = case.task_id("A3_legal")
    assert refused_at(people, "legal2", number) is tasks.FourEyes
    with reading(people.engine) as session:
        why = offers.why(session, session.get_one(Task, number), people.company.actor(session, "legal2"))
    assert why[0] == [] and [ground.rule for ground in why[1]] == ["filled_in", "absent_barred"]
    people.verb("legal", tasks.claim, number)
    with reading(people.engine) as session, pytest.raises(BadAnswer) as told:
        eligible.require(session, session.get_one(Task, number), people.company.people["legal2"], for_="delegate",
                         by=people.company.actor(session, "legal"))
    assert "填写过本申请的内容" in str(told.value.problems["to"][0])
    assert judge(people.engine) == []


def test_whoever_took_the_application_over_does_not_review_it(people: Desk, case: Walk) -> None:
    people.grant("legal2", "applicant")
    with unit(people.engine) as session:
        desk_, actor = person_of(session, people.company.people["desk"]), people.company.actor(session, "hr")
        leave(session, desk_, on=clocks.today() + 3 * DAY, by=SYSTEM)
        made = handovers.begin(session, desk_, by=actor)
        to = person_of(session, people.company.people["legal2"])
        assert [one.how for one in handover.move(session, made, "request", [], to, by=actor)] == ["moved"]
    case.do("legal", "A3_legal", "return")
    assert handover.forward(people.engine) == 1
    case.do("legal2", "A1_correct", "submit")
    assert refused_at(people, "legal2", case.task_id("A3_legal")) is tasks.FourEyes
    assert people.may("legal", case.task_id("A3_legal"))


def test_what_a_reviewer_holds_is_taken_from_them_once_they_answer_for_the_applicant(
    people: Desk, walk: Callable[[str], Walk]
) -> None:
    """Both reviews wait; human resources holds one and stands in for the applicant, whom the other asks."""
    at = walk("P02").submitted()
    mine = held(at, "hr", "A3_hr")
    question = asked(at, held(at))
    people.appoint("applicant", "hr")
    answer(at, question, login="hr", trade="02", said_trade="换成架子工")
    assert people.row(mine).assignee_id is None
    assert refused_at(people, "hr", mine) is tasks.FourEyes
    assert judge(people.engine) == []


# one voice each
@pytest.mark.parametrize("own_first", [True, False], ids=["after their own", "before their own"])
def test_no_member_of_a_countersign_votes_for_another_one_too(
    joint: Passage, clock: clocks.Fixed, own_first: bool  # noqa: F811
) -> None:
    people = at_work(joint, clock)
    asks(joint, "legal", "safety", "hr", rule="percent", percent=60)
    people.appoint("legal", "safety")
    theirs = member(joint, "legal")
    if own_first:
        say(joint, "safety", "agree")
    with pytest.raises(tasks.OneVoice):
        people.act("safety", desk.complete, theirs, {"verdict": "agree"})
    if not own_first:
        say(joint, "safety", "agree")
    say(joint, "legal", "agree")
    assert joint.outcome() == "joint_passed"


def test_who_stands_in_for_two_members_votes_once(joint: Passage, clock: clocks.Fixed) -> None:  # noqa: F811
    people = at_work(joint, clock)
    asks(joint, "legal", "safety", "hr", rule="percent", percent=60)
    people.appoint("legal", "pm")
    people.appoint("safety", "pm")
    first, second = member(joint, "legal"), member(joint, "safety")
    people.act("pm", desk.complete, first, {"verdict": "agree"})
    with pytest.raises(tasks.OneVoice):
        people.act("pm", desk.complete, second, {"verdict": "agree"})
    with pytest.raises(BadAnswer) as told:  # nor does whoever leads there make themselves a member
        people.act("approver", lambda session, actor: membership.change(
            session, actor, joint.request(session), "join",
            {"to": actor.id, "reason": "我也要表态", "weight": 100, "veto": True}))
    assert "不能把自己加进会签" in str(told.value.problems["to"][0])


def at_work(case: Passage, clock: clocks.Fixed) -> Desk:
    people = Desk.__new__(Desk)
    people.engine, people.company, people.clock = case.engine, case.company, clock
    return people


def member(case: Passage, login: str) -> int:
    with reading(case.engine) as session:
        poll = membership.poll_of(session, case.request(session))
        assert poll is not None
        return next(one.task_id for one in poll.members if one.person_id == case.company.people[login]) or 0


# rights that are over
def claimed(people: Desk, case: Walk, login: str = "legal", element: str = "A3_legal") -> int:
    number = case.task_id(element)
    people.verb(login, tasks.claim, number)
    return number


def test_who_lost_the_role_between_page_and_post_does_nothing_but_put_it_back(people: Desk, case: Walk) -> None:
    number = claimed(people, case)
    people.revoke("legal", "legal")
    version = people.row(number).version
    to = people.company.people["legal2"]
    for do in (
        lambda s, a: desk.complete(s, a, number, {"verdict": "pass"}, version=version),
        lambda s, a: handing.transfer(s, a, number, to, reason="出差", version=version),
        lambda s, a: handing.delegate(s, a, number, to, question="请看", version=version),
        lambda s, a: signatures.ask(s, a, number, [to], "after", question="请看", in_order=False, version=version),
        lambda s, a: returning.give_back(s, a, number, None, reason="缺材料", straight=True, version=version,
                                         instance_version=None),
        lambda s, a: correcting.ask(s, a, number, {"address": "不符"}, version=version),
    ):
        with pytest.raises(tasks.RoleLost):
            people.act("legal", do)
    assert people.row(number).version == version
    people.verb("legal", tasks.release, number)
    assert people.may("legal2", number) and not people.may("legal", number)


def test_what_was_taken_by_a_role_that_is_revoked_lies_open_again(people: Desk, case: Walk) -> None:
    number = claimed(people, case)
    case.work()
    people.grant("legal", "safety")
    people.revoke("legal", "legal")
    case.work()
    assert (people.row(number).assignee_id, people.may("legal2", number)) == (None, True)
    assert judge(people.engine) == []


@pytest.mark.parametrize("how", ["role", "appointment"])
def test_nobody_takes_back_what_they_could_not_do_again(people: Desk, case: Walk, how: str) -> None:
    by = "legal"
    if how == "appointment":
        by, appointment = "pm", people.appoint("legal", "pm")
    number = claimed(people, case, by)
    case.do(by, "A3_legal", "pass")
    if how == "appointment":
        people.end(appointment)
    else:
        people.revoke("legal", "legal")
    with pytest.raises(NoMore):
        people.act(by, returning.take_back, number)


def test_standing_in_is_not_passed_on_for_reading_either(people: Desk, case: Walk) -> None:
    """What 罗建军 (pm) holds for 韩立 is nothing that the substitute of 罗建军 reads."""
    people.appoint("legal", "pm")
    number = claimed(people, case, "pm")
    people.appoint("pm", "stranger")
    with reading(people.engine) as session:
        third = people.company.actor(session, "stranger")
        assert third.stands_for and offers.capacity(session.get_one(Task, number), third) is None
        for read in (lambda: tasks.get(session, number, third), lambda: requests.get(session, third, case.id)):
            with pytest.raises(NotFound):
                read()
        assert session.scalar(select(requests.Request.id).where(requests.seen_by(third))) is None


# decisions that are taken away
def test_what_a_supervisor_takes_away_is_decided_by_whoever_gets_it(people: Desk, case: Walk) -> None:
    number = claimed(people, case)
    version = people.row(number).version
    people.act("legal", signatures.ask, number, [people.company.people["approver"]], "after", question="请复核",
               in_order=False, version=version)
    case.do("legal", "A3_legal", "pass")
    people.grant("hr", "legal_head")
    with reading(people.engine) as session:
        waits = desk.open_task(session, people.company.actor(session, "legal2"), number).data
        assert "verdict" not in waits  # what waits for signatures is its holder's to see
    people.act("hr", handing.reassign, number, people.company.people["legal2"], reason="须回避")
    found = people.row(number)
    assert (found.hold, found.assignee_id) == (None, people.company.people["legal2"])
    with reading(people.engine) as session:
        assert signing.pending(session, number) is None
    case.do("legal2", "A3_legal", "pass")
    child, = open_children(people, number)
    people.act("approver", desk.complete, child, {"verdict": "agree"})
    assert people.row(number).completed_by == people.company.people["legal2"]
    assert judge(people.engine) == []


def open_children(people: Desk, number: int) -> list[int]:
    with reading(people.engine) as session:
        return list(session.scalars(select(Task.id).where(Task.parent_id == number, Task.state == "open")))


def test_a_delegate_with_the_right_to_reassign_gives_back_and_nothing_else(people: Desk, case: Walk) -> None:
    people.grant("legal2", "legal_head")
    number = claimed(people, case)
    people.act("legal", handing.delegate, number, people.company.people["legal2"], question="请核对",
               version=people.row(number).version)
    people.grant("pm", "legal")
    with pytest.raises(NotAllowed):
        people.act("legal2", handing.reassign, number, people.company.people["pm"], reason="出差")
    assert people.row(number).owner_id == people.company.people["legal"]


def test_who_stands_in_takes_a_task_before_they_do_anything_else_with_it(people: Desk, case: Walk) -> None:
    """Else nothing would say for whom, and it would outlive the appointment: 许文 holds the role himself."""
    number = claimed(people, case)
    people.appoint("legal", "legal2")
    people.grant("pm", "legal")
    to, version = people.company.people["pm"], people.row(number).version
    for do in (
        lambda s, a: handing.transfer(s, a, number, to, reason="出差", version=version),
        lambda s, a: handing.delegate(s, a, number, to, question="请看", version=version),
        lambda s, a: signatures.ask(s, a, number, [to], "after", question="请看", in_order=False, version=version),
        lambda s, a: returning.give_back(s, a, number, None, reason="缺材料", straight=True, version=version,
                                         instance_version=None),
        lambda s, a: correcting.ask(s, a, number, {"address": "不符"}, version=version),
        lambda s, a: consulting.ask(s, a, number, consulting.Wanted("冯专家", "", "够不够？")),
    ):
        with pytest.raises(tasks.NotHeld):
            people.act("legal2", do)
    people.verb("legal2", tasks.claim, number)
    with pytest.raises(assigning.ForSomebody):
        people.act("legal2", handing.delegate, number, to, question="请看", version=None)
    people.act("legal2", handing.transfer, number, to, reason="出差", version=None)
    assert judge(people.engine) == []


def test_a_delegate_returns_nothing_over_the_head_of_whoever_delegated(people: Desk, case: Walk) -> None:
    number = claimed(people, case)
    people.act("legal", handing.delegate, number, people.company.people["legal2"], question="请核对", version=None)
    first = next(one.task_id for one in people.act("legal2", returning.targets, number))
    with pytest.raises(tasks.Delegated):
        people.act("legal2", returning.give_back, number, first, reason="缺材料", straight=True, version=None,
                   instance_version=None)


def test_nobody_arranges_who_judges_what_they_applied_for(people: Desk, case: Walk) -> None:
    """沈青 (desk) is given every right there is over those who judge."""
    for role in ("hr", "legal_head", "approver", "hr_head"):
        people.grant("desk", role)
    number = claimed(people, case)
    with unit(people.engine) as session:
        leaver, second = (person_of(session, people.company.people[login]) for login in ("legal", "legal2"))
        leave(session, leaver, on=clocks.today() + 3 * DAY, by=SYSTEM)
        by = people.company.actor(session, "desk")
        made = handovers.begin(session, leaver, by=by)
        item, = handover.move(session, made, "task", [], second, by=by)
        assert (item.how, "您自己的申请" in item.why) == ("ended", True)
    assert people.row(number).assignee_id is None
    people.verb("legal2", tasks.claim, number)
    with pytest.raises(NotAllowed):
        people.act("desk", handing.reassign, number, people.company.people["legal"], reason="换人")
    people.act("desk", lambda session, actor: returning.withdraw(
        session, actor, case.request(session), how="end", reason="不办了"))
    with pytest.raises(NotAllowed):
        people.act("desk", lambda session, actor: reopening.targets(session, actor, case.request(session)))


def test_a_role_that_the_drawing_adds_is_a_role_for_the_task_while_it_lasts(
    people: Desk, walk: Callable[[str], Walk]
) -> None:
    """licet:handTo: the legal review may be handed to a custodian, who does it; not once they are none any more."""
    drawn = CATALOG["application"].files
    head, tail = drawn["application.bpmn"].decode().split('<bpmn:userTask id="A3_legal"', 1)
    word = '<zeebe:property name="licet:notApplicant" value="true"/>'
    text = head + '<bpmn:userTask id="A3_legal"' + tail.replace(
        word, f'{word}<zeebe:property name="licet:handTo" value="custodian"/>', 1)
    with unit(people.engine) as session:
        catalog.deploy(session, {**drawn, "application.bpmn": text.encode()}, by=SYSTEM)
    at = walk("E03").submitted()
    number = claimed(people, at)
    people.act("legal", handing.transfer, number, people.company.people["custodian"], reason="出差", version=None)
    people.verb("custodian", tasks.take, number)
    people.revoke("custodian", "custodian")
    with pytest.raises(tasks.RoleLost):
        people.verb("custodian", tasks.take, number)
    people.grant("custodian", "custodian")
    at.do("custodian", "A3_legal", "pass")
    assert people.row(number).completed_by == people.company.people["custodian"]
