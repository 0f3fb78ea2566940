"""P-APPLY from a form to a certificate, and each of its exits."""

import datetime as dt

import msgspec
import pytest
from sqlalchemy import select

from engine.model import Task
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, BadAnswer, Conflict, NotAllowed, NotFound
from registry.access.grants import grant_role
from registry.certificates.catalogue import type_of
from registry.certificates.models import Certificate
from registry.people.persons import person_of
from workflows import authority, requests, story
from workflows.applying import opening
from workflows.handling import desk
from workflows.requests import Correction

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]
REGISTRAR, SECOND = "custodian", {"J03": "safety", "E03": "safety", "P02": "hr"}


@pytest.mark.parametrize("code", ["J03", "E03", "P02"])
def test_a_request_with_two_supplements_ends_in_the_register_as_version_001(engine, walk, code):
    case = walk(code).filed()
    for _ in range(2):
        case.authority("supplement")
        case.do("custodian", "A7_supplement", "done")
    case.authority("accepted")
    case.authority("granted")
    case.do(REGISTRAR, "A10_register", "done")
    case.do(SECOND[code], "A11_compare", "match")
    with reading(engine) as session:
        request = case.request(session)
        certificate = session.get_one(Certificate, request.certificate_id)
        assert case.outcome() == "registered" and request.rounds == 2
        assert certificate.latest.label == "001" and certificate.latest.scans and certificate.timers
        told = [line.kind for line in story.of_request(session, request)]
        assert told.index("request.submitted") < told.index("request.filed") < told.index("certificate.granted")


def test_only_the_lanes_that_the_type_names_review_it(walk):
    assert walk("J03").submitted().open() == ["A3_pm"]
    assert walk("E03").submitted().open() == ["A3_legal"]
    assert sorted(walk("P02").submitted().open()) == ["A3_hr", "A3_safety"]


def test_a_type_that_names_no_lane_goes_straight_to_the_approver(walk, monkeypatch):
    monkeypatch.setattr(opening, "kind_for", lambda _, code: msgspec.structs.replace(type_of(code), reviewers=()))
    assert walk("J03").submitted().open() == ["A4_approve"]


def test_one_return_stops_the_other_reviewers_and_says_why_at_the_field(engine, walk):
    case = walk("P02").submitted()
    case.do("hr", "A3_hr", "return", returns=[{"field": "trade", "reason": "与培训证明不符"}])
    assert case.open() == ["A1_correct"]
    with reading(engine) as session:
        noted = session.scalars(select(Correction)).one()
        assert (noted.field, noted.reason, noted.by_name) == ("trade", "与培训证明不符", "宋雅")


def test_a_corrected_request_is_reviewed_again_by_everybody(engine, walk):
    case = walk("P02").submitted()
    case.do("hr", "A3_hr", "return")
    case.do("applicant", "A1_correct", "submit", trade="02")
    assert sorted(case.open()) == ["A3_hr", "A3_safety"]
    with reading(engine) as session:
        request = case.request(session)
        line = [line for line in story.of_request(session, request) if line.kind == "request.submitted"][-1]
        assert (line.before["trade"], line.after["trade"]) == ("01", "02") and not request.open_corrections


def test_returning_many_times_keeps_working(walk):
    case = walk("P02").submitted()
    for _ in range(5):
        case.do("safety", "A3_safety", "return")
        case.do("applicant", "A1_correct", "submit")
    assert sorted(case.open()) == ["A3_hr", "A3_safety"]


def test_a_large_contract_needs_the_vice_president(walk):
    case = walk("J03").reviewed(price=5000)
    case.do("approver", "A4_approve", "approve")
    assert case.open() == ["A4_second"]


def test_a_small_contract_does_not(walk):
    case = walk("J03").reviewed(price=4999.99)
    case.do("approver", "A4_approve", "approve")
    assert case.open() == ["A5_file"]


@pytest.mark.parametrize(("verdict", "outcome"), [("reapply", None), ("dispute", "disputed"), ("give_up", "denied")])
def test_after_a_denial_the_applicant_chooses(walk, verdict, outcome):
    case = walk("J03").accepted()
    case.authority("denied")
    case.do("applicant", "A9_denied", verdict)
    assert case.outcome() == outcome
    assert case.open() == (["A1_fill"] if verdict == "reapply" else [])


def test_a_rejection_a_refusal_and_an_abandoned_draft_end_the_request(walk):
    rejected = walk("J03").reviewed()
    rejected.do("approver", "A4_approve", "reject")
    refused = walk("E03").filed()
    refused.authority("refused")
    dropped = walk("P02")
    dropped.do("applicant", "A1_fill", "abandon")
    assert [case.outcome() for case in (rejected, refused, dropped)] == ["rejected", "refused", "void"]


def test_false_papers_bar_the_holder_for_a_year(walk, clock):
    case = walk("J03").accepted()
    case.authority("denied", ground="false_papers")
    case.do("applicant", "A9_denied", "reapply")
    with pytest.raises(BadAnswer) as refusal:
        case.submitted()
    assert "行政许可法第78条" in str(refusal.value.problems[""][0])
    clock.advance(dt.timedelta(days=366))
    assert case.submitted().open() == ["A3_pm"]


def test_false_papers_at_the_counter_bar_the_holder_too(walk):
    walk("J03").filed().authority("refused", ground="false_papers")
    with pytest.raises(BadAnswer) as refusal:
        walk("J03").submitted()
    assert "行政许可法第78条" in str(refusal.value.problems[""][0])


def test_a_second_filing_counts_its_own_acceptance_and_rounds(engine, walk):
    case = walk("J03").filed()
    case.authority("supplement")
    case.do("custodian", "A7_supplement", "done")
    case.authority("accepted")
    case.authority("denied")
    case.do("applicant", "A9_denied", "reapply")
    case.filed()
    with reading(engine) as session:
        request = case.request(session)
        assert (request.accepted_on, request.accepted_how, request.rounds) == (None, "", 0)


def test_whoever_registered_a_certificate_cannot_compare_it(engine, company, walk):
    case = walk("P02").granted()
    with unit(engine) as session:
        keeper = person_of(session, company.people["custodian"])
        grant_role(session, keeper, "safety", company.unit(session, "company"), by=SYSTEM)
    case.do("custodian", "A10_register", "done")
    with pytest.raises((NotAllowed, NotFound)):
        case.do("custodian", "A11_compare", "match")
    assert case.open() == ["A11_compare"]


def test_a_mismatch_goes_back_to_the_registrar_with_what_differs(engine, walk):
    case = walk("J03").granted()
    case.do("custodian", "A10_register", "done")
    case.do("safety", "A11_compare", "mismatch", differences=[{"field": "number", "found": "另一个编号"}])
    assert case.open() == ["A10_register"]
    with reading(engine) as session:
        assert case.request(session).open_corrections[0].reason == "另一个编号"


def test_the_loser_of_a_race_reads_who_was_faster(company, walk):
    case = walk("J03").reviewed()
    number = case.task_id("A4_approve")
    case.do("approver", "A4_approve", "approve")
    with pytest.raises(AlreadyDone) as lost, unit(case.engine) as session:
        desk.complete(session, company.actor(session, "approver"), number, {"verdict": "reject", "reason": "晚了"})
    assert lost.value.by == "梁总"


def test_an_answer_for_another_stage_changes_nothing(engine, walk):
    case = walk("J03").filed()
    with pytest.raises(authority.OtherStage):
        case.authority("granted")
    with reading(engine) as session:
        assert not case.request(session).authority_answers and case.stage() == "filed"


def test_only_a_custodian_records_answers(walk):
    case = walk("J03").filed()
    for login in ("applicant", "legal", "approver"):
        with pytest.raises((NotAllowed, NotFound)):
            case.authority("accepted", login=login)


def test_a_stranger_finds_neither_request_nor_task(engine, company, walk):
    case = walk("J03").submitted()
    with reading(engine) as session:
        stranger = company.actor(session, "stranger")
        with pytest.raises(NotFound):
            requests.get(session, stranger, case.id)
        with pytest.raises(NotFound):
            desk.open_task(session, stranger, session.scalars(select(Task.id).where(Task.state == "open")).one())
        assert requests.find(session, stranger, scope="all") == ([], False, 0)
        assert requests.find(session, company.actor(session, "pm"), scope="all", after=1) == ([], False, 1)


def test_nobody_reviews_their_own_request(engine, company, walk):
    with unit(engine) as session:
        grant_role(session, person_of(session, company.people["applicant"]), "project_manager",
                   company.unit(session, "project"), by=SYSTEM)
    case = walk("J03").submitted()
    with pytest.raises((NotAllowed, NotFound)):
        case.do("applicant", "A3_pm", "pass")


def test_a_second_request_for_the_same_is_refused_while_one_is_open(walk):
    walk("J03").submitted()
    with pytest.raises(BadAnswer) as refusal:
        walk("J03").submitted()
    assert "已有办理中的申请" in str(refusal.value.problems[""][0])


def test_a_draft_is_given_back_instead_of_a_second(engine, company, walk):
    case = walk("J03")
    with unit(engine) as session:
        again = opening.open_request(
            session, company.actor(session, "applicant"), "J03", "unit", company.units["project"])
        assert again.id == case.id


@pytest.mark.parametrize(("field", "value"), [
    ("number", "320102202613150101"), ("valid_until", "2020-01-01"), ("issued_on", "2027-01-01"),
])
def test_a_wrong_registration_is_refused_at_its_field(walk, field, value):
    case = walk("J03").granted()
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "A10_register", "done", **{field: value})
    assert field in refusal.value.problems and case.open() == ["A10_register"]


def test_somebody_elses_file_cannot_be_attached(engine, company, walk):
    case, other = walk("J03"), walk("P02").submitted()
    with unit(engine) as session:
        foreign = other.case.paper(session, company.actor(session, "stranger"))
    with pytest.raises(BadAnswer) as refusal:
        case.submitted(doc_land=[foreign])
    assert "doc_land" in refusal.value.problems


def test_a_task_withdrawn_by_the_process_is_a_conflict(walk):
    case = walk("P02").submitted()
    number = case.task_id("A3_safety")
    case.do("hr", "A3_hr", "return")
    with pytest.raises(Conflict), unit(case.engine) as session:
        desk.complete(session, case.company.actor(session, "safety"), number, {"verdict": "pass", "checked": []})


def test_the_register_keeps_words_where_the_type_has_words_and_codes_where_it_has_codes(engine, walk):
    case = walk("P02").granted()
    case.do("custodian", "A10_register", "done")
    case.do("hr", "A11_compare", "match")
    with reading(engine) as session:
        fields = session.get_one(Certificate, case.request(session).certificate_id).latest.fields
        assert (fields["education"], fields["trade"]) == ("初中", "01")


def test_what_is_to_be_compared_is_named_and_told_apart_for_translation(engine, company, walk):
    case = walk("P02").granted()
    case.do("custodian", "A10_register", "done")
    with reading(engine) as session:
        shown = desk.open_task(session, company.actor(session, "hr"), case.task_id("A11_compare"))
        rows = {row["value"]: row for row in shown.data["facts"]}
        assert (rows["trade"]["label"], rows["trade"]["text"]) == ("操作类别", "建筑电工")
        assert rows["scans"]["files"] and "text" not in rows["scans"] and "files" not in rows["trade"]


def test_a_holder_is_judged_by_the_type_as_it_stands_in_their_province(engine, company):
    with reading(engine) as session:
        worker = person_of(session, company.people["worker"])
        general = opening.kind_for(worker, "P02")
        worker.unit.province = "京"
        assert opening.kind_for(worker, "P02").ending.text != general.ending.text
