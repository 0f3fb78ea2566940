"""P-RENEW from the window of a type to a new term, and each of its exits, timers and escalations (domain 4.3)."""

import datetime as dt

import pytest
from sqlalchemy import select

import workflows
from engine import catalog
from engine.model import Task
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from ledger.facts import Fact
from registry.alerts.notices import Notice
from registry.certificates import codes, lifecycle
from registry.people.tenure import employ
from tests.engine.drawings import drawing, end, flows, start
from tests.workflows.renewing import Renewing
from workflows import handing
from workflows.applying import beginning, choices
from workflows.process import Process
from workflows.requests import Request

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]
D = dt.date


@pytest.fixture
def renewing(engine, company, clock, tmp_path, noted):
    def begin(code, **more):
        noted.cases.append(Renewing(engine, company, tmp_path / "files", clock, code, **more))
        return noted.cases[-1]

    return begin


@pytest.fixture
def others(engine, company, monkeypatch, tmp_path):
    """Processes of the ids that a renewal hands over to; each ends at once."""
    for name in ("cancellation", "transfer"):
        process = workflows.CATALOG.get(name) or Process(
            id=name, name=name, folder=tmp_path / name, variables=beginning.VARIABLES)
        if name not in workflows.CATALOG:
            process.folder.mkdir()
            (process.folder / f"{name}.bpmn").write_bytes(drawing(start(), end(), flows("S E"), id=name))
            monkeypatch.setitem(workflows.CATALOG, name, process)
            with unit(engine) as session:
                catalog.deploy(session, process.files, by=SYSTEM)


def decided(renewing, code="E03", verdict="renew", **more):
    case = renewing(code).day(*OPEN.get(code, (2027, 2, 1))).opened()
    case.do(IN_CHARGE[code], "N1_decide", verdict, **more)
    return case


OPEN = {"P02": (2027, 3, 5), "P07": (2027, 4, 5)}
IN_CHARGE = {"E02": "legal", "E03": "legal", "J03": "pm", "P01": "safety", "P02": "safety", "P07": "hr"}


def approved(case):
    case.closed()
    case.do(IN_CHARGE[case.code], "N4_review", "pass")
    case.do("approver", "N5_approve", "approve")
    return case


def filed(case):
    approved(case).do("custodian", "S5_file", "done")
    return case


def accepted(case):
    filed(case).authority("accepted")
    return case


def registered(case, **more):
    case.do("custodian", "R10_register", "done", **more)
    case.do("safety", "R11_compare", "match")
    return case


def facts(case, kind):
    with reading(case.engine) as session:
        return [fact.after for fact in session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id))]


def told(case, login, word):
    with reading(case.engine) as session:
        texts = session.scalars(select(Notice.text).where(Notice.person_id == case.company.people[login]))
        return any(word in text for text in texts)


def state(case):
    with reading(case.engine) as session:
        return case.certificate(session).state


# the way to a new term
def test_a_renewal_ends_in_a_new_version_that_follows_without_a_gap(renewing):
    case = accepted(decided(renewing))
    case.authority("granted")
    registered(case)
    with reading(case.engine) as session:
        found = case.certificate(session)
        assert case.outcome() == "renewed" and found.latest.request_id == case.id and found.latest.scans
        assert (found.valid_from, found.valid_until) == (D(2027, 6, 1), D(2030, 5, 31))
        waiting = {timer.kind: timer.due_on for timer in found.timers if not (timer.fired_at or timer.cancelled_at)}
        assert waiting["lapses"] == D(2030, 5, 31)


def test_the_gaps_of_a_type_are_tasks_of_those_who_can_close_them(renewing):
    case = decided(renewing, "P01")
    with reading(case.engine) as session:
        tasks = [task for task in case._tasks(session) if task.element_id == "N3_gap"]
        gaps = {task.inputs["gap"]["key"]: task for task in tasks}
        assert set(gaps) == {"training", "health", "work_record"}
        assert len({task.due_at for task in tasks}) == 2 and all(task.due_at for task in tasks)
        worker = f"person@{case.company.people['worker']}"
        assert all(worker in task.offer for task in tasks)
        assert gaps["health"].offer[0].startswith("hr@") and gaps["training"].offer[0].startswith("safety@")


def test_too_few_hours_close_no_gap(renewing):
    case = decided(renewing, "P01")
    with pytest.raises(BadAnswer) as refusal:
        case.do("safety", "N3_gap", "done", hours=7)
    assert "hours" in refusal.value.problems


def test_what_is_on_record_is_no_gap(renewing, company):
    case = renewing("P07")
    with unit(case.engine) as session:
        worker = case.certificate(session).holder_person
        for tie in ("contract", "insurance"):
            employ(session, worker, worker.company, tie, from_on=D(2024, 1, 1), by=SYSTEM)
    case.day(2027, 4, 5).opened().do("hr", "N1_decide", "renew")
    assert facts(case, "renewal.checked")[-1]["gaps"] == ["education"]


def test_after_a_fatal_accident_every_paper_is_wanted_once(renewing):
    case = decided(renewing).closed()
    case.do("legal", "N4_review", "pass", accident="yes")
    asked = [task["key"] for task in gaps_of(case)]
    assert asked and all(key.startswith("doc_") for key in asked)
    case.closed().do("legal", "N4_review", "pass", accident="yes")
    assert case.open() == ["N5_approve"]


def gaps_of(case):
    with reading(case.engine) as session:
        return [task.inputs["gap"] for task in case._tasks(session) if task.element_id == "N3_gap"]


def test_what_a_reviewer_returns_is_a_gap_again_with_the_reason(renewing):
    case = decided(renewing, "P02").closed()
    case.do("safety", "N4_review", "return", returns=[{"field": "health", "reason": "体检日期太早"}])
    [gap] = gaps_of(case)
    assert (gap["key"], gap["note"]) == ("health", "体检日期太早")


def test_the_approver_sends_back_or_agrees(renewing):
    case = decided(renewing).closed()
    case.do("legal", "N4_review", "pass")
    case.do("approver", "N5_approve", "return")
    assert case.open() == ["N3_gap"]
    approved(case)
    assert case.open() == ["S5_file"]


def test_after_a_denial_it_may_be_asked_for_again(renewing):
    case = accepted(decided(renewing))
    case.authority("denied")
    case.do("legal", "N7_denied", "reapply")
    assert [gap["key"] for gap in gaps_of(case)] == ["rework"]


def test_a_term_with_a_gap_or_without_gain_is_refused_at_its_field(renewing):
    case = accepted(decided(renewing))
    case.authority("granted")
    for field, value in (
        ("valid_until", "2027-01-01"), ("valid_from", "2027-07-01"), ("issued_on", "2027-12-01"),
    ):
        with pytest.raises(BadAnswer) as refusal:
            case.do("custodian", "R10_register", "done", **{field: value})
        case.case.papers.clear()
        assert field in refusal.value.problems and case.open() == ["R10_register"]


# what is not renewed
@pytest.mark.parametrize(("verdict", "process"), [
    ("not_needed", "cancellation"), ("upgrade", "transfer")])
def test_what_is_not_renewed_goes_to_its_own_process_below_this_one(renewing, others, verdict, process):
    case = decided(renewing, "P02", verdict=verdict, reason="不再需要")
    assert case.outcome() == "handed_over"
    with reading(case.engine) as session:
        child = session.scalars(select(Request).where(Request.parent_id == case.id)).one()
        assert (child.process_id, child.certificate_id) == (process, case.certificate_id)


def test_a_process_that_is_not_there_is_refused_with_its_name(renewing, monkeypatch):
    monkeypatch.delitem(workflows.CATALOG, "cancellation", raising=False)
    with pytest.raises(handing.NotThere) as refusal:
        decided(renewing, verdict="not_needed", reason="不再需要")
    assert "证件注销" in str(refusal.value)


def test_only_people_leave(renewing):
    with pytest.raises(BadAnswer) as refusal:
        decided(renewing, "E03", verdict="left")
    assert "不是个人持有" in str(refusal.value.problems[""][0])


def test_near_the_age_limit_of_the_type_nothing_is_renewed_any_more(renewing):
    case = renewing("P07")
    with unit(case.engine) as session:
        case.certificate(session).holder_person.birth = D(1962, 7, 4)  # 65 in 2027: no more applications from 5 April
    case.day(2027, 4, 5).opened().do("hr", "N1_decide", "renew")
    assert case.open() == ["N2_refused"] and facts(case, "renewal.checked")[-1]["refused"] == "age_closed"


def test_nobody_decides_in_ten_working_days_and_it_climbs(renewing):
    case = renewing("E03").day(2027, 2, 1).opened()
    case.wait_until(case.now() + dt.timedelta(days=25))
    with reading(case.engine) as session:
        task = session.scalars(select(Task).where(Task.element_id == "N1_decide")).one()
        assert any(name.startswith("approver@") for name in task.offer)
    assert facts(case, "task.overdue") and facts(case, "task.escalated")


def extended(renewing, times):
    """A construction permit that has been extended by three months so many times."""
    case = renewing("J03")
    for day in (D(2027, 5, 10), D(2027, 8, 10))[:times]:
        with unit(case.engine) as session:
            found = case.certificate(session)
            case.now.move_to(dt.datetime.combine(found.ends_on, dt.time(9), SHANGHAI))
            lifecycle.renew(session, found, valid_from=found.ends_on + dt.timedelta(days=1), valid_until=day,
                            issued_on=found.ends_on, issuer="某区住建局", by=SYSTEM)
    return case


def test_a_permit_that_was_extended_twice_is_not_extended_again(renewing, others):
    case = extended(renewing, 2)
    case.day(2027, 7, 20).opened().do("pm", "N1_decide", "renew")
    assert case.open() == ["N2_refused"]
    with reading(case.engine) as session:
        custodian = case.company.actor(session, "custodian")
        offered = choices.of_certificate(session, custodian, case.certificate(session))
        assert any("延期次数已满" in one.why_not for one in offered)
    case.do("pm", "N2_refused", "accept")
    assert case.outcome() == "not_renewable"
    case.day(2027, 8, 12)
    with reading(case.engine) as session:
        assert case.certificate(session).latest.note.startswith("废止")


def test_a_permit_that_was_extended_once_is_extended_by_three_months_at_most(renewing):
    case = extended(renewing, 1)
    accepted(_decided_by_pm(case.day(2027, 4, 1).opened()))
    case.authority("granted")
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "R10_register", "done", valid_until="2027-08-11")
    assert "每次延期不超过 3 个月" in str(refusal.value.problems["valid_until"][0])
    case.case.papers.clear()
    registered(case, valid_until="2027-08-10")
    assert case.outcome() == "renewed"


def _decided_by_pm(case):
    case.do("pm", "N1_decide", "renew")
    return case


# warnings, the window's end, the term's end
def test_open_gaps_are_warned_of_on_two_levels(renewing):
    case = decided(renewing, "P02").day(2027, 4, 1)
    assert [fact["level"] for fact in facts(case, "renewal.warned")] == []
    case.day(2027, 4, 12)
    assert [fact["level"] for fact in facts(case, "renewal.warned")] == [1]
    assert told(case, "safety", "15 个工作日") and not told(case, "vice", "工作日")
    case.day(2027, 4, 26)
    assert [fact["level"] for fact in facts(case, "renewal.warned")] == [1, 2]
    assert told(case, "vice", "5 个工作日")


def in_beijing(renewing):
    """二级建造师 in Beijing: the window closes 30 days before the end."""
    return renewing("P07", province="京")


def test_where_the_window_closes_early_open_gaps_end_the_renewal_then(renewing):
    case = decided_in_beijing(renewing).day(2027, 5, 3)
    assert case.open() == ["N9_after"] and state(case) == codes.VALID and told(case, "legal", "受理截止日")
    assert told(case, "custodian", "办理窗口已关闭")
    case.do("safety", "N9_after", "end", reason="没有按时完成继续教育")
    assert case.outcome() == "expired"


def test_a_filing_after_the_window_closed_wants_a_reason(renewing):
    case = approved(decided_in_beijing(renewing)).day(2027, 5, 3)
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "S5_file", "done", override=None)
    assert "override" in refusal.value.problems
    case.case.papers.clear()
    case.do("custodian", "S5_file", "done", override="机关书面同意接收")
    assert facts(case, "renewal.filed_late") and case.stage() == "filed"


def decided_in_beijing(renewing):
    case = in_beijing(renewing).day(2027, 3, 5).opened()
    case.do("hr", "N1_decide", "renew")
    return case


def test_what_was_not_taken_in_time_lapses_at_midnight_and_can_be_applied_for_anew(renewing):
    case = decided(renewing)
    case.wait_until(dt.datetime(2027, 5, 31, 23, 59, tzinfo=SHANGHAI))
    assert case.stage() != "lapse_handling" and state(case) == codes.VALID
    case.day(2027, 6, 1)
    assert case.open() == ["N9_after"] and state(case) == codes.LAPSED
    assert told(case, "safety", "证件失效") and told(case, "legal", "证件失效")
    case.do("custodian", "N9_after", "reapply", reason="材料没有备齐")  # who begins no application otherwise
    assert case.outcome() == "reapplied"
    with reading(case.engine) as session:
        child = session.scalars(select(Request).where(Request.parent_id == case.id)).one()
        assert (child.process_id, child.applicant_name) == ("application", "方芳")


def test_no_answer_by_the_end_counts_as_renewed_and_the_wait_goes_on(renewing):
    case = accepted(decided(renewing)).day(2027, 6, 2)
    [noted] = facts(case, "renewal.presumed")
    assert noted["basis"] == "行政许可法第50条" and noted["files"]
    with reading(case.engine) as session:
        found = case.certificate(session)
        assert (found.state, found.valid_until) == (codes.VALID, D(2030, 5, 31)) and "推定延续" in found.latest.note
        assert {scan.kind for scan in found.latest.scans} == {"evidence"}
    while "S8_chase" in case.open():
        case.do("custodian", "S8_chase", "done")
    case.authority("granted")
    registered(case, valid_until="2030-06-30")
    with reading(case.engine) as session:
        assert case.outcome() == "renewed" and case.certificate(session).valid_until == D(2030, 6, 30)


@pytest.mark.parametrize("again", [False, True], ids=["asked anew", "filed anew, not taken"])
def test_what_was_refused_in_time_is_not_presumed(renewing, again):
    case = accepted(decided(renewing))
    case.authority("denied")
    case.do("legal", "N7_denied", "reapply")
    if again:
        filed(case.day(2027, 5, 28))
    case.day(2027, 6, 2)
    assert case.open() == ["N9_after"] and state(case) == codes.LAPSED and not facts(case, "renewal.presumed")


def test_a_decision_after_a_presumed_term_gives_nothing_back(renewing):
    case = accepted(decided(renewing)).day(2027, 6, 2)
    while "S8_chase" in case.open():
        case.do("custodian", "S8_chase", "done")
    case.authority("granted")
    with unit(case.engine) as session:
        lifecycle.suspend(session, case.certificate(session), since=D(2027, 6, 2), reason="事故", by=SYSTEM)
    with pytest.raises(lifecycle.HeldBack):
        case.do("custodian", "R10_register", "done")
    assert state(case) == codes.SUSPENDED and case.open() == ["R10_register"]


def test_filed_late_it_waits_on_but_no_new_contract_may_be_taken(renewing):
    case = decided(renewing, "E02").day(2027, 5, 28)
    filed(case).day(2027, 6, 3)
    with reading(case.engine) as session:
        assert case.request(session).details["no_new_contracts_from"] == "2027-06-01"
    assert state(case) == codes.LAPSED and told(case, "legal", "不得承接新工程")
    if case.stage() == "filed":
        case.authority("accepted")
    case.authority("granted")
    registered(case)
    with reading(case.engine) as session:
        assert case.request(session).details["no_new_contracts_until"] == "2027-06-03"
        assert case.certificate(session).state == codes.VALID and not case.certificate(session).latest.note


def test_what_was_granted_in_time_is_registered_afterwards(renewing):
    case = accepted(decided(renewing))
    case.authority("granted")
    case.day(2027, 6, 3)
    registered(case)
    assert case.outcome() == "renewed" and state(case) == codes.VALID and not facts(case, "renewal.presumed")


# the other ways out
def test_a_last_day_is_set_by_human_resources_and_leaving_begins(renewing):
    case = renewing("P02").day(2027, 3, 5).opened()
    with pytest.raises(BadAnswer) as refusal:
        case.do("safety", "N1_decide", "left", left_on="2027-03-31")
    assert "人力资源" in str(refusal.value.problems["left_on"][0])
    case.do("hr", "N1_decide", "left", left_on="2027-03-31")
    case.work()
    with reading(case.engine) as session:
        worker = case.certificate(session).holder_person
        assert worker.left_on == D(2027, 3, 31) and case.outcome() == "handed_over"
        begun = session.scalars(select(Request).where(Request.process_id == "leaving")).one()
        assert (begun.holder_kind, begun.holder_id) == ("person", worker.id)


def test_what_cannot_be_renewed_is_cancelled_instead(renewing, others):
    case = extended(renewing, 2)
    case.day(2027, 7, 20).opened().do("pm", "N1_decide", "renew")
    case.do("pm", "N2_refused", "not_needed")
    assert case.outcome() == "handed_over"


def test_a_rejection_ends_the_renewal(renewing):
    case = decided(renewing).closed()
    case.do("legal", "N4_review", "pass")
    case.do("approver", "N5_approve", "reject")
    assert case.outcome() == "rejected"


@pytest.mark.parametrize(("verdict", "outcome"), [("give_up", "denied"), ("dispute", "disputed")])
def test_what_is_refused_is_given_up_or_disputed(renewing, verdict, outcome):
    case = filed(decided(renewing))
    case.authority("refused")
    case.do("legal", "N7_denied", verdict)
    assert case.outcome() == outcome
