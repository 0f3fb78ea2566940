"""Going back in the house's own processes: which approvals stand, what is final, who is asked and told."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine.model import Task
from engine.returns import giving_back, taking_back
from engine.usertasks import tasks
from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotAllowed
from registry.alerts.notices import Notice
from workflows import story
from workflows.handling import desk, returning
from workflows.requests import of_instance

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]
REASON = "合同第三页缺签字日期"


def newest(session, case, element):
    request = case.request(session)
    return session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.element_id == element, Task.state == "completed",
        Task.undone_at.is_(None)).order_by(Task.id.desc())).first()


def back(case, login, source, target, straight=True):
    number = case.task_id(source)
    with unit(case.engine) as session:
        by = case.company.actor(session, login)
        tasks.claim(session, number, by)
    with unit(case.engine) as session:
        by = case.company.actor(session, login)
        shown = desk.open_task(session, by, number)
        returning.give_back(session, by, number, newest(session, case, target).id, reason=REASON, straight=straight,
                            version=shown.task.version, instance_version=None)


def kept(case):
    with reading(case.engine) as session:
        request = case.request(session)
        return sorted(session.scalars(select(Task.element_id).where(
            Task.instance_id == request.instance_id, Task.kept_from.is_not(None))))


def test_the_approver_gives_back_to_the_applicant_and_unchanged_reviews_stand(walk):
    case = walk("P02").reviewed()
    back(case, "approver", "A4_approve", "A1_fill")
    assert case.open() == ["A1_fill"]
    with reading(case.engine) as session:
        assert [item.reason for item in case.request(session).open_corrections] == [REASON]
    case.do("applicant", "A1_fill", "submit")
    assert (case.open(), kept(case)) == (["A4_approve"], ["A3_hr", "A3_safety"])
    with reading(case.engine) as session:
        kinds = [line.kind for line in story.of_request(session, case.request(session))]
    assert kinds.count("task.kept") == 2 and "task.returned" in kinds


def test_a_changed_field_has_every_reviewer_look_again_and_says_which(walk):
    case = walk("P02").reviewed()
    back(case, "approver", "A4_approve", "A1_fill")
    case.do("applicant", "A1_fill", "submit", trade="02")
    assert (sorted(case.open()), kept(case)) == (["A3_hr", "A3_safety"], [])
    with reading(case.engine) as session:
        again = session.get_one(Task, case.task_id("A3_hr"))
        assert returning.changed_since(session, again) == ["f:trade"]


def test_a_drawn_return_leaves_the_other_reviewers_approval_standing(walk):
    case = walk("P02").submitted()
    case.do("hr", "A3_hr", "pass")
    case.do("safety", "A3_safety", "return")
    case.do("applicant", "A1_correct", "submit")
    assert (case.open(), kept(case)) == (["A3_safety"], ["A3_hr"])
    case.do("safety", "A3_safety", "pass")
    case.do("approver", "A4_approve", "return")
    case.do("applicant", "A1_correct", "submit")
    assert case.open() == ["A4_approve"]


def test_from_inside_a_parallel_branch_both_branches_go_and_what_is_unchanged_stands(walk):
    case = walk("P02").submitted()
    case.do("safety", "A3_safety", "pass")
    back(case, "hr", "A3_hr", "A1_fill")
    assert case.open() == ["A1_fill"]
    case.do("applicant", "A1_fill", "submit")
    assert (case.open(), kept(case)) == (["A3_hr"], ["A3_safety"])
    back(case, "hr", "A3_hr", "A1_fill")
    case.do("applicant", "A1_fill", "submit", trade="02")
    assert sorted(case.open()) == ["A3_hr", "A3_safety"]
    back(case, "safety", "A3_safety", "A1_fill")  # the other branch is still at work
    assert case.open() == ["A1_fill"]
    case.submitted().do("hr", "A3_hr", "pass")
    case.do("safety", "A3_safety", "pass")
    assert case.open() == ["A4_approve"]


def test_back_to_one_reviewer_leaves_the_other_alone(walk):
    case = walk("P02").reviewed()
    back(case, "approver", "A4_approve", "A3_hr")
    assert case.open() == ["A3_hr"]
    case.do("hr", "A3_hr", "pass")
    assert case.open() == ["A4_approve"]


def test_after_the_filing_nobody_goes_back_before_it(walk):
    case = walk("J03").granted()
    with reading(case.engine) as session:
        by = case.company.actor(session, "custodian")
        found = returning.targets(session, by, case.task_id("A10_register"))
    assert found and {type(one.refused) for one in found} == {giving_back.Final}


def test_a_return_wants_a_reason_and_a_step(walk):
    case = walk("J03").reviewed()
    number = case.task_id("A4_approve")
    with unit(case.engine) as session:
        tasks.claim(session, number, case.company.actor(session, "approver"))
    for reason, to, field in (("", 1, "reason"), (REASON, None, "to")):
        with pytest.raises(BadAnswer) as refused, unit(case.engine) as session:
            returning.give_back(session, case.company.actor(session, "approver"), number, to, reason=reason,
                                straight=True, version=None, instance_version=None)
        assert list(refused.value.problems) == [field]


def test_who_has_to_do_it_again_is_told(walk):
    case = walk("J03").reviewed()
    back(case, "approver", "A4_approve", "A1_fill")
    case.work()
    with reading(case.engine) as session:
        told = session.scalars(select(Notice).where(Notice.person_id == case.company.people["applicant"])).all()
        assert [one.text for one in told if "退回重办" in one.text]


def test_a_submission_is_taken_back_until_somebody_begins(walk, clock):
    case = walk("J03").submitted()
    with unit(case.engine) as session:
        by = case.company.actor(session, "applicant")
        again = returning.take_back(session, by, newest(session, case, "A1_fill").id)
        assert again.element_id == "A1_fill" and again.state == "open"
    case.submitted()
    with unit(case.engine) as session:
        reviewer = case.company.actor(session, "pm")
        desk.save_draft(session, reviewer, case.task_id("A3_pm"), {"opinion": "看"})
    with pytest.raises(taking_back.Touched), unit(case.engine) as session:
        returning.take_back(session, case.company.actor(session, "applicant"), newest(session, case, "A1_fill").id)


def test_a_return_that_is_taken_back_asks_for_no_correction(walk):
    case = walk("P02").submitted()
    case.do("hr", "A3_hr", "return", returns=[{"field": "trade", "reason": "与培训证明不符"}])
    with unit(case.engine) as session:
        returning.take_back(session, case.company.actor(session, "hr"), newest(session, case, "A3_hr").id)
    assert case.open() == ["A3_hr"]
    with reading(case.engine) as session:
        assert case.request(session).open_corrections == []


def test_a_drawn_return_that_is_not_to_come_straight_back_has_everybody_decide_anew(walk):
    case = walk("P02").submitted()
    case.do("hr", "A3_hr", "pass")
    case.do("safety", "A3_safety", "return", straight=False)
    case.do("applicant", "A1_correct", "submit")
    assert (sorted(case.open()), kept(case)) == (["A3_hr", "A3_safety"], [])
    with reading(case.engine) as session:
        assert newest(session, case, "A3_hr") is None  # the approval that was given before counts no more
    case.do("hr", "A3_hr", "pass")
    case.do("safety", "A3_safety", "return", straight=True)
    case.do("applicant", "A1_correct", "submit")
    assert (case.open(), kept(case)) == (["A3_safety"], ["A3_hr"])


def test_the_applicant_withdraws_to_change_or_calls_it_off(walk):
    case = walk("P02").submitted()
    case.do("hr", "A3_hr", "pass")
    withdraw(case, "edit")
    assert case.open() == ["A1_fill"]
    case.do("applicant", "A1_fill", "submit")
    assert (case.open(), kept(case)) == (["A3_safety"], ["A3_hr"])
    withdraw(case, "end")
    assert (case.open(), case.outcome()) == ([], "called_off")


def withdraw(case, how, login="applicant"):
    with unit(case.engine) as session:
        by = case.company.actor(session, login)
        returning.withdraw(session, by, case.request(session), how=how, reason=REASON)


def test_what_was_filed_is_not_withdrawn_and_others_withdraw_nothing(walk, clock):
    case = walk("J03").filed()
    clock.advance(dt.timedelta(minutes=1))
    for how in ("edit", "end"):
        with pytest.raises(giving_back.Final):
            withdraw(case, how)
    with pytest.raises(NotAllowed):
        withdraw(case, "edit", "pm")
    with reading(case.engine) as session:
        assert of_instance(session, case.request(session).instance_id).instance.state == "active"
