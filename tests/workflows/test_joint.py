"""内部会签: asked by one, decided by several, by the rule that was chosen; members change, silence may speak."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engine.model import Task
from engine.usertasks import members
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI, Fixed
from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotAllowed
from registry.access import handovers
from registry.alerts.notices import Notice
from registry.certificates.models import Certificate
from registry.people.persons import leave, person_of
from tests.journeys.company import Company, open_accounts
from tests.workflows.passage import Passage
from workflows.absence import handover
from workflows.applying import choices
from workflows.handling import returning
from workflows.joint import membership

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


@pytest.fixture
def joint(engine: Engine, company: Company, holding: Callable[..., int], clock: Fixed, tmp_path: Path) -> Passage:
    """A countersign about the safety licence, begun at its page by the company's desk."""
    clock.move_to(MONDAY)
    number = holding("E03")
    with unit(engine) as session:
        open_accounts(session, company)
    case = Passage(engine, company, tmp_path / "files", clock)
    return case.begin(lambda session: choices.begin(session, company.actor(session, "desk"), number, "joint"))


def asks(case: Passage, *logins: str, **more: Any) -> Passage:
    signers = [{"person": str(case.company.people[login])} for login in logins]
    case.do("desk", "J1_ask", "submit", **{"signers": signers, "rule": "all", "percent": None, "days": 3,
                                           "silence": "none", "papers": [], **more})
    return case


def say(case: Passage, login: str, verdict: str, **more: Any) -> None:
    """Somebody says it at their own task."""
    with unit(case.engine) as session:
        from workflows.handling import desk

        actor = case.company.actor(session, login)
        task = session.scalars(select(Task).where(Task.state == "open", Task.assignee_id == actor.id)).one()
        desk.complete(session, actor, task.id, {"verdict": verdict, **more})


def change(case: Passage, verb: str, by: str = "desk", **said: Any) -> None:
    with unit(case.engine) as session:
        membership.change(session, case.company.actor(session, by), case.request(session), verb, said)


def member(case: Passage, login: str) -> membership.Member:
    with reading(case.engine) as session:
        poll = membership.poll_of(session, case.request(session))
        assert poll is not None
        return next(one for one in poll.members if one.person_id == case.company.people[login])


def test_when_all_agree_it_has_passed_and_whoever_asked_is_told(joint: Passage) -> None:
    asks(joint, "legal", "safety")
    say(joint, "legal", "agree")
    say(joint, "safety", "agree")
    joint.work()
    assert joint.outcome() == "joint_passed"
    with reading(joint.engine) as session:
        mine = session.scalars(select(Notice.params).where(Notice.person_id == joint.company.people["desk"])).all()
    assert "会签通过" in [params.get("outcome") for params in mine]


def test_a_veto_ends_it_for_everybody(joint: Passage) -> None:
    people = joint.company.people
    asks(joint, rule="any", signers=[{"person": str(people["legal"]), "veto": True}, {"person": str(people["hr"])}])
    say(joint, "hr", "agree")
    assert joint.open() == ["J3_sign"]
    say(joint, "legal", "disagree", opinion="证据不足")
    assert joint.outcome() == "joint_failed"


def test_weights_count_by_the_percentage_that_was_asked_for(joint: Passage) -> None:
    people = joint.company.people
    asks(joint, rule="percent", percent=60, signers=[
        {"person": str(people["legal"]), "weight": 3}, {"person": str(people["hr"])},
        {"person": str(people["safety"])}])
    say(joint, "legal", "agree")
    assert joint.outcome() == "joint_passed"


def test_nobody_is_asked_twice_and_somebody_is(joint: Passage) -> None:
    with pytest.raises(BadAnswer) as wrong:
        asks(joint, "legal", "legal")
    assert list(wrong.value.problems) == ["signers.1.person"]
    with pytest.raises(BadAnswer) as wrong:
        asks(joint)
    assert "signers" in wrong.value.problems


def test_whoever_disagrees_says_why(joint: Passage) -> None:
    asks(joint, "legal")
    with pytest.raises(BadAnswer) as wrong:
        say(joint, "legal", "disagree")
    assert "opinion" in wrong.value.problems


def test_members_join_leave_and_are_replaced_and_it_is_counted_again(joint: Passage) -> None:
    asks(joint, "legal", "safety")
    say(joint, "legal", "agree")
    change(joint, "join", to=joint.company.people["hr"], reason="也要人力看一下", weight=2)
    assert member(joint, "hr").weight == 2
    change(joint, "replace", task=member(joint, "safety").task_id, to=joint.company.people["vice"], reason="出差")
    change(joint, "leave", task=member(joint, "vice").task_id, reason="回避")
    assert joint.open() == ["J3_sign"]
    change(joint, "leave", task=member(joint, "hr").task_id, reason="不需要了")
    assert joint.outcome() == "joint_passed"


def test_only_whoever_asked_or_may_reassign_changes_members(joint: Passage) -> None:
    asks(joint, "legal", "safety")
    with pytest.raises(NotAllowed):
        change(joint, "leave", by="legal", task=member(joint, "legal").task_id, reason="x")
    change(joint, "leave", by="approver", task=member(joint, "legal").task_id, reason="回避")
    with pytest.raises(members.LastMember):
        change(joint, "leave", task=member(joint, "safety").task_id, reason="回避")
    with pytest.raises(BadAnswer):
        change(joint, "replace", task=member(joint, "safety").task_id, to=joint.company.people["desk"], reason="x")


def test_silence_agrees_where_that_was_chosen_and_only_there(joint: Passage) -> None:
    asks(joint, "legal", "safety", silence="agree")
    say(joint, "legal", "agree")
    joint.wait_until(dt.datetime(2026, 11, 26, 0, 0, tzinfo=SHANGHAI))
    assert joint.open() == ["J3_sign"]
    joint.wait_until(dt.datetime(2026, 11, 27, 0, 0, tzinfo=SHANGHAI))
    assert joint.outcome() == "joint_passed"
    with reading(joint.engine) as session:
        warned = session.scalars(select(Notice.person_id).where(Notice.text.like("%视为同意%"))).all()
    assert warned == [joint.company.people["safety"]]


def test_where_silence_means_nothing_it_is_waited_on(joint: Passage) -> None:
    asks(joint, "legal")
    joint.wait_until(dt.datetime(2026, 12, 20, tzinfo=SHANGHAI))
    assert joint.open() == ["J3_sign"]


def test_it_is_offered_at_the_certificate_and_a_draft_goes_on(joint: Passage) -> None:
    with reading(joint.engine) as session:
        actor, found = joint.company.actor(session, "desk"), session.scalars(select(Certificate)).one()
        [choice] = [one for one in choices.of_certificate(session, actor, found) if one.process_id == "joint"]
        assert choice.open is not None and choice.open.id == joint.id


def hand_over(case: Passage, login: str, to: str | None) -> list[tuple[str, str]]:
    """Somebody's last day is set and their tasks are handed over: (how, why) of each."""
    with unit(case.engine) as session:
        person, hr = person_of(session, case.company.people[login]), case.company.actor(session, "hr")
        leave(session, person, on=MONDAY.date() + dt.timedelta(days=3), by=SYSTEM)
        made = handovers.begin(session, person, by=hr)
        other = None if to is None else person_of(session, case.company.people[to])
        return [(item.how or "", item.why) for item in handover.move(session, made, "task", [], other, by=hr)]


def test_a_leavers_vote_goes_to_their_successor_with_its_weight_and_veto(joint: Passage) -> None:
    people = joint.company.people
    asks(joint, signers=[{"person": str(people["legal"]), "weight": 3, "veto": True},
                         {"person": str(people["safety"])}])
    assert hand_over(joint, "legal", "legal2") == [("moved", "")]
    made = member(joint, "legal2")
    assert (made.weight, made.veto, made.said) == (3, True, None)
    joint.work()
    with reading(joint.engine) as session:
        told = session.scalars(select(Notice.text).where(Notice.person_id == people["legal2"])).all()
    assert "{by} 请您参加会签“{task}”：{title}" in told
    say(joint, "legal2", "agree")
    say(joint, "safety", "agree")
    assert joint.outcome() == "joint_passed"


@pytest.mark.parametrize(("to", "how", "why"), [
    ("safety", "refused", "已经是会签人"), ("desk", "refused", "是本申请的申请人"), (None, "ended", "")])
def test_who_votes_already_or_asked_does_not_take_it_over(joint: Passage, to: str | None, how: str, why: str) -> None:
    asks(joint, "legal", "safety")
    (found, said), = hand_over(joint, "legal", to)
    assert found == how and why in said
    assert (member(joint, "legal").said == "left") is (how == "ended")


def test_the_last_vote_is_not_ended_without_a_successor(joint: Passage) -> None:
    asks(joint, "legal")
    (how, why), = hand_over(joint, "legal", None)
    assert how == "refused" and "只剩这一位会签人" in why


def gives_back(case: Passage, login: str) -> None:
    """A signer sends the countersign back to whoever asked."""
    with unit(case.engine) as session:
        by = case.company.actor(session, login)
        task = session.scalars(select(Task).where(Task.state == "open", Task.assignee_id == by.id)).one()
        [target] = [one for one in returning.targets(session, by, task.id) if one.refused is None]
        returning.give_back(session, by, task.id, target.task_id, reason="方案没有写费用", straight=True,
                            version=task.version, instance_version=None)


def test_a_signer_sends_it_back_and_who_agreed_to_the_same_words_is_not_asked_again(joint: Passage) -> None:
    signers = ("legal", "safety", "hr")
    asks(joint, *signers)
    say(joint, "legal", "agree")
    gives_back(joint, "safety")
    assert joint.open() == ["J1_ask"]
    asks(joint, *signers)
    assert joint.open() == ["J3_sign", "J3_sign"] and member(joint, "legal").said == "yes"
    gives_back(joint, "safety")
    asks(joint, *signers, question="费用另附，请再表态。")
    assert joint.open() == ["J3_sign"] * 3 and member(joint, "legal").said is None
    for login in signers:
        say(joint, login, "agree")
    assert joint.outcome() == "joint_passed"
