"""Corrections in place: asked at single fields while the reviewer keeps the task, answered there, told to everybody."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine.model import Task, Timer
from engine.returns import giving_back
from engine.usertasks import correcting as engine_correcting
from engine.usertasks import fates, signing, tasks
from engine.usertasks.hands import Addressee
from engine.usertasks.participation import doers
from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, BadAnswer, Conflict, NotAllowed, NotFound
from ledger.facts import Fact
from registry.access.accounts import Account
from registry.alerts.notices import Notice
from registry.certificates import lifecycle
from registry.people.persons import leave, person_of
from registry.people.units import create_unit
from workflows import standing, story
from workflows.applying.faults import fault_of
from workflows.handling import correcting, desk, differences, returning

pytestmark = pytest.mark.usefixtures("noted")
WHY = "与培训证明不符"


def held(case, login="safety", element="A3_safety"):
    number = case.task_id(element)
    with unit(case.engine) as session:
        tasks.claim(session, number, case.company.actor(session, login))
    return number


def asked(case, number, login="safety", **wanted):
    with unit(case.engine) as session:
        by = case.company.actor(session, login)
        version = session.get_one(Task, number).version
        return correcting.ask(session, by, number, wanted or {"trade": WHY}, version=version).id


def answer(case, child, login="applicant", version=None, **values):
    with unit(case.engine) as session:
        by = case.company.actor(session, login)
        desk.complete(session, by, child, {"verdict": "answer", **values}, version=version)


def row(case, number):
    with reading(case.engine) as session:
        found = session.get_one(Task, number)
        session.expunge(found)
        return found


@pytest.fixture(autouse=True)
def account(engine, company):
    """The applicant can sign in."""
    with unit(engine) as session:
        person = person_of(session, company.people["applicant"])
        session.add(Account(person=person, group_id=person.group_id, login="applicant", password_hash="-"))


@pytest.fixture
def review(walk):
    case = walk("P02").submitted()
    return case, held(case)


def test_asking_keeps_the_task_and_stops_its_clock_until_the_answer(review, clock):
    case, number = review
    due = row(case, number).due_at
    child = asked(case, number)
    host = row(case, number)
    assert (host.hold, host.state, host.rank_at.year) == ("correction", "open", 9999)
    with pytest.raises(fates.Waiting), unit(case.engine) as session:
        tasks.take(session, number, case.company.actor(session, "safety"))
    clock.advance(dt.timedelta(days=3))
    answer(case, child, trade="02", said_trade="换成架子工")
    host = row(case, number)
    assert host.hold is None and host.due_at > due and host.rank_at == host.due_at
    with reading(case.engine) as session:
        timers = session.scalars(select(Timer.state).where(Timer.token == host.token, Timer.kind == "sla")).all()
        assert timers == ["waiting"]


def test_the_answer_is_one_more_round_and_shows_the_difference(review):
    case, number = review
    child = asked(case, number)
    answer(case, child, trade="02", said_trade="换成架子工")
    with reading(case.engine) as session:
        request = case.request(session)
        assert [content.answers["trade"] for content in request.contents] == ["01", "02"]
        assert request.item == "02"
        item = request.corrections[0]
        assert (item.task_id, item.answer) == (child, "换成架子工") and item.answered_at and item.resolved_at
        session.get_one(Task, child).completed_at += dt.timedelta(seconds=1)
        found = differences.for_task(session, request, session.get_one(Task, number))
        assert found is not None and [one.asked for one in found.rows] == [True] and not found.untouched
        kinds = [line.kind for line in story.of_request(session, request)]
        assert {"correction.asked", "correction.answered"} <= set(kinds) and kinds.count("request.submitted") == 2


def test_a_field_that_is_not_asked_is_shown_and_cannot_be_answered(review):
    case, number = review
    child = asked(case, number)
    with reading(case.engine) as session:
        shown = desk.open_task(session, case.company.actor(session, "applicant"), child)
        open_ = [one["key"] for one in shown.form.fields() if one.get("key") and not one.get("readonly")
                 and not one.get("conditional")]
        assert open_ == ["trade", "said_trade"]
        assert WHY in str(shown.corrections["trade"][0].params)
    other = next(one["value"] for one in _askable(case) if one["value"] != "trade")
    with pytest.raises(BadAnswer) as refused:
        answer(case, child, trade="02", **{other: "x"})
    assert other in refused.value.problems


def _askable(case):
    with reading(case.engine) as session:
        return correcting.askable(session, case.request(session))


def test_what_others_approved_on_the_old_answer_they_are_asked_again(walk):
    case = walk("P02").submitted()
    case.do("hr", "A3_hr", "pass")
    child = asked(case, held(case))
    with reading(case.engine) as session:
        assert correcting.stale(session, case.request(session)) == []
    answer(case, child, trade="02")
    assert sorted(case.open()) == ["A3_hr", "A3_safety"]
    case.work()
    with reading(case.engine) as session:
        assert correcting.stale(session, case.request(session)) == []
        again = session.scalars(select(Task).where(Task.element_id == "A3_hr", Task.state == "open")).one()
        assert returning.changed_since(session, again) == ["f:trade"]
        texts = session.scalars(select(Notice.text).where(Notice.person_id == case.company.people["hr"])).all()
        assert "“{task}”看过的内容已由申请人补正，请重新办理：{title}" in texts
        assert "补正改动了 {count} 项意见所依据的内容，这些意见请原环节重新办理" in [
            line.text for line in story.of_request(session, case.request(session))]
    case.do("hr", "A3_hr", "pass")
    case.do("safety", "A3_safety", "pass")
    assert case.open() == ["A4_approve"]


def test_an_approver_who_asks_gets_it_back_after_those_who_judge_again(walk):
    case = walk("P02").reviewed()
    number = held(case, "approver", "A4_approve")
    answer(case, asked(case, number, "approver"), trade="02")
    assert sorted(case.open()) == ["A3_hr", "A3_safety"]
    case.work()
    with reading(case.engine) as session:
        texts = session.scalars(select(Notice.text).where(Notice.person_id == case.company.people["approver"])).all()
        assert "申请人已答复补正；“{task}”之前有意见须先按新内容重办，办完会再到这一步：{title}" in texts
    for login in ("hr", "safety"):
        case.do(login, f"A3_{login}", "pass")
    assert case.open() == ["A4_approve"]


def test_the_system_looks_again_at_what_was_corrected(walk):
    """What prevalidation noticed is told of the answers as they stand now (a certificate of the other trade that ran
    out, and is still in the register)."""
    case = walk("P02").submitted(trade="01")
    with unit(case.engine) as session:
        lifecycle.grant(session, "P02", person_of(session, case.company.people["worker"]), by=SYSTEM,
                        number="浙A012020000009", item="02", issued_on=dt.date(2020, 1, 6),
                        valid_from=dt.date(2020, 1, 6), valid_until=dt.date(2026, 1, 5), issuer="某厅")
        case.request(session).problems = []
    answer(case, asked(case, held(case)), trade="02")
    with reading(case.engine) as session:
        noticed = [fault_of(one) for one in case.request(session).problems]
        assert any("浙A012020000009" in str(one.problem.params) for one in noticed), noticed
        assert len(session.scalars(select(Fact).where(Fact.kind == "request.prevalidated")).all()) == 2


def test_an_answer_by_which_another_way_would_have_been_gone_is_refused(
        engine, company, holding, staffed, changing):
    """The other company has agreed; a third one was never asked."""
    case = changing(holding("P02"), "a")
    with unit(engine) as session:
        third = create_unit(session, parent=company.unit(session, "group"), kind="company", name="第三公司",
                            code="DS", by=SYSTEM).id
        person = person_of(session, case.request(session).applicant_id)
        session.add(Account(person=person, group_id=person.group_id, login="asks", password_hash="-"))
    case.do("hr", "T1_fill", "submit", new_unit=str(company.units["other"]), left_on="2026-11-30",
            joined_on="2026-12-01")
    case.do("legal2", "E2_agree", "agree")
    case.do("stranger", "E3_confirm", "confirm")
    case.do("stranger", "E4_proofs", "done")
    child = asked(case, held(case, "approver", "T4_approve"), "approver", new_unit="调入单位与合同不一致")
    with pytest.raises(BadAnswer) as refused:
        answer(case, child, "hr", new_unit=str(third))
    assert list(refused.value.problems) == ["new_unit"] and "退回" in refused.value.problems["new_unit"][0].text
    answer(case, child, "hr", new_unit=str(company.units["other"]), said_new_unit="合同写错了，已更正合同")
    assert case.open() == ["T4_approve"]


def test_who_judges_beside_it_is_told_that_the_page_is_old(walk):
    case = walk("P02").submitted()
    number, beside = held(case), held(case, "hr", "A3_hr")
    version = row(case, beside).version
    answer(case, asked(case, number), trade="02")
    with pytest.raises(fates.Moved) as late, unit(case.engine) as session:
        desk.complete(session, case.company.actor(session, "hr"), beside, {"verdict": "pass"}, version=version)
    assert late.value.params["what"] == "答复了补正"


def test_the_applicant_is_next_and_both_sides_are_told(review):
    case, number = review
    child = asked(case, number)
    with reading(case.engine) as session:
        request = case.request(session)
        where = standing.standing_of(session, request)
        assert [one.task_id for one in where.next if one.own] == [child]
        assert number not in [one.task_id for one in where.next]
        assert [one.field for one in correcting.outstanding(session, request)] == ["trade"]
        assert request.open_corrections == []
    case.work()
    answer(case, child, trade="02")
    case.work()
    with reading(case.engine) as session:
        def texts(login):
            return [one.text for one in session.scalars(select(Notice).where(
                Notice.person_id == case.company.people[login])) if "补正" in one.text]
        assert texts("applicant") == ["“{task}”请您补正：{title}"]
        assert texts("safety") == ["申请人已答复补正，请继续办理“{task}”：{title}"]


def test_the_question_is_withdrawn_and_whoever_answers_then_reads_who_did(review):
    case, number = review
    child = asked(case, number)
    with pytest.raises((NotAllowed, NotFound)), unit(case.engine) as session:
        correcting.withdraw(session, case.company.actor(session, "applicant"), child)
    with unit(case.engine) as session:
        correcting.withdraw(session, case.company.actor(session, "safety"), child)
    host = row(case, number)
    assert host.hold is None and host.rank_at == host.due_at
    with pytest.raises(fates.Over) as late:
        answer(case, child, trade="02")
    assert "不再要求补正" in late.value.params["what"]
    with reading(case.engine) as session:
        assert correcting.outstanding(session, case.request(session)) == []
    case.do("safety", "A3_safety", "pass")


def test_a_correction_is_answered_once_and_not_withdrawn_after(review):
    case, number = review
    child = asked(case, number)
    answer(case, child, trade="02")
    with pytest.raises(AlreadyDone):
        answer(case, child, trade="03")
    with pytest.raises(AlreadyDone), unit(case.engine) as session:
        correcting.withdraw(session, case.company.actor(session, "safety"), child)


def test_a_question_goes_with_its_task_and_says_how(walk):
    case = walk("P02").submitted()
    child = asked(case, held(case))
    case.do("hr", "A3_hr", "return", returns=[{"field": "trade", "reason": WHY}])
    assert case.open() == ["A1_correct"]
    with pytest.raises(fates.Over):
        answer(case, child, trade="02")
    with reading(case.engine) as session:
        assert len(case.request(session).open_corrections) == 1


def test_after_an_answer_the_request_is_still_withdrawn_and_no_answer_is_taken_back(review):
    case, number = review
    answer(case, asked(case, number), trade="02")
    with unit(case.engine) as session:
        by, request = case.company.actor(session, "applicant"), case.request(session)
        assert {one.role for one in returning.recent(session, by, request)} <= {"drawn"}
        assert returning.may_withdraw(session, by, request)
        returning.withdraw(session, by, request, how="edit", reason="地址要改")
    assert case.open() == ["A1_fill"]


def test_who_answered_a_question_has_not_judged(review):
    case, number = review
    child = asked(case, number)
    answer(case, child, trade="02")
    with reading(case.engine) as session:
        host = session.get_one(Task, number)
        assert session.execute(doers(host.instance_id, [host.element_id])).all() == []


def test_a_withdrawn_request_takes_the_question_along(review):
    case, number = review
    child = asked(case, number)
    with unit(case.engine) as session:
        by = case.company.actor(session, "applicant")
        returning.withdraw(session, by, case.request(session), how="edit", reason="地址要改")
    assert (row(case, number).state, row(case, child).state, row(case, child).ended_how) == (
        "cancelled", "cancelled", "withdrawn")


@pytest.mark.parametrize(("wanted", "field"), [
    ({}, "fields"), ({"nothing": WHY}, "fields"), ({"trade": " "}, "trade"), ({"trade": "字" * 501}, "trade"),
    ({"holder_name": WHY}, "fields"),
])
def test_bad_questions_are_refused_at_the_field(review, wanted, field):
    case, number = review
    with pytest.raises(BadAnswer) as refused, unit(case.engine) as session:
        correcting.ask(session, case.company.actor(session, "safety"), number, wanted, version=None)
    assert list(refused.value.problems) == [field]


def test_only_who_holds_it_asks_and_only_once_at_a_time(review):
    case, number = review
    for login in ("hr", "applicant"):
        with pytest.raises((NotFound, Conflict, NotAllowed)):
            asked(case, number, login)
    child = asked(case, number)
    with pytest.raises(fates.Waiting):
        asked(case, number)
    with pytest.raises(signing.Answer), unit(case.engine) as session:
        by = case.company.actor(session, "applicant")
        signing.ask(session, child, [Addressee(case.company.people["hr"], "x")], "before", by=by)
    with pytest.raises(giving_back.Beside), unit(case.engine) as session:
        by = case.company.actor(session, "applicant")
        giving_back.give_back(session, child, 1, by=by, reason=WHY, straight=True, version=None)


def test_an_applicant_who_has_left_cannot_be_asked(review, clock):
    case, number = review
    with unit(case.engine) as session:
        leave(session, person_of(session, case.company.people["applicant"]), on=clocks.today(), by=SYSTEM)
    clock.advance(dt.timedelta(days=2))
    with pytest.raises(correcting.NobodyToAsk):
        asked(case, number)


def test_what_decided_the_way_is_not_asked_for_in_place(walk):
    assert "price" not in [one["value"] for one in _askable(walk("J03").submitted())]


def test_after_the_filing_nothing_is_corrected_in_place(walk):
    case = walk("P02").filed()
    with pytest.raises(correcting.HandedOn), reading(case.engine) as session:
        request = case.request(session)
        correcting._still_free(session, request, correcting.origin(session, request))


def test_an_answer_that_does_not_fit_is_refused_and_nothing_moves(review):
    case, number = review
    child = asked(case, number)
    with pytest.raises(BadAnswer) as refused:
        answer(case, child, trade="zz")
    assert list(refused.value.problems) == ["trade"]
    assert row(case, number).hold == "correction"
    assert engine_correcting.COUNT in row(case, child).inputs
