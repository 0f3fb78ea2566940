"""P-CANCEL: from a ground or an authority's notice to the end of a certificate, and each of its exits."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine.model import Instance
from engine.time import starting
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotAllowed, NotFound
from registry.access.grants import grant_role
from registry.alerts.notices import Notice
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.custody import loans, originals
from registry.people.persons import person_of
from registry.people.tenure import Assignment, assign, relieve
from tests.workflows.acts import held, renewed_ahead
from tests.workflows.passage import Passage
from workflows import authority, story
from workflows.applying import beginning
from workflows.requests import Request

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]


@pytest.fixture
def licence(holding):
    return holding("E03")


def standing(engine, number):
    with reading(engine) as session:
        found = session.get_one(Certificate, number)
        return found.state, found.latest.note


def agreed(case, ground="expired", by="legal"):
    case.do(by, "C1_ground", "submit", ground=ground)
    case.do("safety", "C3_safety", "pass")
    case.do("legal2", "C3_legal", "pass")
    return case


def approved(case, **more):
    agreed(case, **more)
    case.do("vice", "C4_approve", "approve")
    return case


def test_a_licence_is_cancelled_by_the_authority_and_ends_in_the_register(engine, licence, cancelling):
    case = approved(cancelling(licence))
    case.do("custodian", "C5_collect", "done", way="file")
    case.do("custodian", "S5_file", "done")
    case.authority("accepted")
    case.authority("granted")
    case.do("custodian", "C5_record", "done", document_no="注字2026-7")
    assert case.outcome() == "cancelled"
    assert standing(engine, licence) == ("04", "注销：注字2026-7")


def test_an_announced_ending_is_only_recorded(engine, licence, cancelling):
    case = cancelling(licence, "custodian", "passive")
    assert case.open() == ["C5_collect"]
    case.do("custodian", "C5_collect", "done")
    case.do("custodian", "C5_record", "done", kind="withdrawn")
    assert case.outcome() == "cancelled" and standing(engine, licence)[0] == "04"


def test_an_authoritys_notice_is_an_incident_for_safety_and_legal(engine, company, licence, cancelling):
    case = cancelling(licence, "custodian", "passive")
    case.work()
    told = {login for login in ("safety", "legal", "hr") if notices(engine, company, login)}
    assert told == {"safety", "legal"}


def notices(engine, company, login):
    with reading(engine) as session:
        return list(session.scalars(select(Notice).where(Notice.person_id == company.people[login])))


def test_two_starts_at_once_give_one(licence, cancelling):
    assert cancelling(licence).id == cancelling(licence).id == cancelling(licence, "custodian", "passive").id


def test_what_stands_in_the_way_is_named_with_the_way_out(engine, company, holding, cancelling):
    number = holding("E03")
    with unit(engine) as session:
        suspension = begin_suspension(session, number)
    case = cancelling(number)
    case.do("legal", "C1_ground", "submit", ground="expired")
    assert case.open() == ["K2_clear"]
    with reading(engine) as session:
        [found] = case.request(session).problems
        named = session.get_one(Request, suspension).number
        assert found["params"]["number"] == named and found["link"] == ["request", suspension] and found["way"]


def begin_suspension(session, number):
    return beginning.about(session, "suspension", session.get_one(Certificate, number), by=SYSTEM).id


@pytest.fixture
def lent(engine, company, licence):
    """The licence's original, lent to the applicant's desk."""
    with unit(engine) as session:
        keeper = company.actor(session, "custodian")
        paper = originals.enter(session, session.get_one(Certificate, licence), "original", place="柜1", by=keeper,
                                keeper=company.unit(session, "company"))
        return loans.hand_over(session, paper, borrower=person_of(session, company.people["desk"]), purpose="bid",
                               until=dt.date(2026, 11, 27), by=keeper).id


def test_an_original_that_is_out_is_named_with_who_has_it_and_comes_back_first(
        engine, company, licence, lent, cancelling):
    case = cancelling(licence)
    case.do("legal", "C1_ground", "submit", ground="expired")
    with reading(engine) as session:
        [found] = case.request(session).problems
        assert found["params"] == {"person": "沈青", "day": "2026-11-27"} and found["link"] == ["loan", lent]
    with unit(engine) as session:
        loans.take_back(session, session.get_one(loans.Loan, lent), by=company.actor(session, "custodian"))
    case.do("legal", "K2_clear", "again")
    assert sorted(case.open()) == ["C3_legal", "C3_safety"]


@pytest.fixture
def officer(engine, company, holding):
    """A special worker's certificate, with a post at the project that is held by it."""
    number = holding("P02")
    with unit(engine) as session:
        assign(session, person_of(session, company.people["worker"]), company.unit(session, "project"),
               "special_worker", trade="01", from_on=dt.date(2026, 2, 1), by=SYSTEM)
    return number


def test_a_live_post_blocks_until_it_is_given_up(engine, officer, cancelling):
    case = cancelling(officer, "hr")
    case.do("hr", "C1_ground", "submit", ground="expired")
    assert case.open() == ["K2_clear"]
    case.do("hr", "K2_clear", "again")
    assert case.open() == ["K2_clear"]
    with unit(engine) as session:
        post = session.scalars(select(Assignment).where(Assignment.known_until.is_(None))).one()
        relieve(session, post, on=dt.date(2026, 11, 21), by=SYSTEM)
    case.do("hr", "K2_clear", "again")
    assert sorted(case.open()) == ["C3_legal", "C3_safety"]


def test_only_the_right_role_waives_and_says_why(engine, company, officer, cancelling):
    with unit(engine) as session:
        grant_role(session, person_of(session, company.people["legal2"]), "safety_head",
                   company.unit(session, "company"), by=SYSTEM)
    case = cancelling(officer, "hr")
    case.do("hr", "C1_ground", "submit", ground="expired")
    case.do("hr", "K2_clear", "waive", waive_reason="工程本周完工")
    with pytest.raises(BadAnswer) as refusal:
        case.do("legal2", "K4_waive", "waive", checked=[], reason="同意")
    assert "checked" in refusal.value.problems
    with pytest.raises((NotAllowed, NotFound)):
        case.do("approver", "K4_waive", "waive", reason="同意")
    case.do("legal2", "K4_waive", "waive", reason="同意")
    assert sorted(case.open()) == ["C3_legal", "C3_safety"]
    with reading(engine) as session:
        assert "request.waived" in [line.kind for line in story.of_request(session, case.request(session))]


def test_a_refused_waiver_leaves_it_in_the_way(engine, company, officer, cancelling):
    with unit(engine) as session:
        grant_role(session, person_of(session, company.people["legal2"]), "safety_head",
                   company.unit(session, "company"), by=SYSTEM)
    case = cancelling(officer, "hr")
    case.do("hr", "C1_ground", "submit", ground="expired")
    case.do("hr", "K2_clear", "waive", waive_reason="工程本周完工")
    case.do("legal2", "K4_waive", "refuse", reason="先换人")
    assert case.open() == ["K2_clear"]
    case.do("hr", "K2_clear", "give_up")
    assert case.outcome() == "given_up"


def test_a_penalty_waits_for_the_term_of_appeal(engine, licence, cancelling):
    case = agreed(cancelling(licence), ground="revoked")
    case.do("legal", "C3_memo", "done", served_on="2026-11-20")
    assert case.open() == ["C3_appeal"]
    case.wait_until(dt.datetime(2027, 1, 18, 12, tzinfo=SHANGHAI))
    assert case.open() == ["C3_appeal"]
    case.wait_until(dt.datetime(2027, 1, 20, 1, tzinfo=SHANGHAI))
    assert case.open() == ["C4_approve"]


def test_a_decision_that_was_overturned_cancels_nothing(engine, licence, cancelling):
    case = agreed(cancelling(licence), ground="annulled")
    case.do("legal", "C3_memo", "done")
    with pytest.raises(BadAnswer):
        case.do("legal", "C3_appeal", "overturned")
    case.do("legal", "C3_appeal", "overturned", files=[paper(case, "legal")])
    assert case.outcome() == "overturned" and standing(engine, licence)[0] == "01"


def paper(case, login):
    with unit(case.engine) as session:
        return case.case.paper(session, case.company.actor(session, login))


def test_an_answer_for_another_stage_changes_nothing(engine, licence, cancelling):
    case = agreed(cancelling(licence))
    with pytest.raises(authority.OtherStage):
        case.authority("granted")
    assert case.open() == ["C4_approve"] and standing(engine, licence)[0] == "01"


def test_a_missing_original_must_be_explained(licence, cancelling):
    case = approved(cancelling(licence))
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "C5_collect", "done", collected=[])
    assert "missing" in refusal.value.problems


def test_it_cannot_end_before_it_began(licence, cancelling):
    case = cancelling(licence, "custodian", "passive")
    case.do("custodian", "C5_collect", "done")
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "C5_record", "done", ended_on="2025-12-31")
    assert "ended_on" in refusal.value.problems


def test_the_safety_licence_follows_the_qualification_once(engine, company, holding, cancelling):
    qualification, safety = holding("E02"), holding("E03")
    with unit(engine) as session:
        lifecycle.cancel(session, session.get_one(Certificate, qualification), kind="撤回", reason="不再符合条件",
                         since=dt.date(2026, 11, 20), by=SYSTEM)
    case = cancelling(safety)
    case.do("legal", "C1_ground", "abandon")
    case.work()
    with reading(engine) as session:
        begun = session.scalars(select(Request).where(Request.certificate_id == safety)).all()
        assert [one.once_key for one in begun] == [None, f"cancellation:{safety}:after:{qualification}"]


def test_what_ran_out_may_still_be_cancelled(engine, holding, cancelling, clock):
    number = holding("E03", valid_until=dt.date(2026, 11, 23))
    clock.advance(dt.timedelta(days=3))
    Passage.work(case := cancelling(number, "custodian", "passive"))
    assert standing(engine, number)[0] == "05"
    case.do("custodian", "C5_collect", "done")
    case.do("custodian", "C5_record", "done")
    assert standing(engine, number)[0] == "04"


def test_over_age_begins_one_cancellation_and_never_a_second(engine, company, holding, clock, cancelling):
    with unit(engine) as session:
        worker = person_of(session, company.people["worker"])
        worker.birth, worker.gender = dt.date(1950, 1, 1), "1"
    number = holding("P06", login="worker")
    for _ in range(3):
        clock.advance(dt.timedelta(days=1))
        assert starting.sweep(engine) == 1
    with reading(engine) as session:
        [begun] = session.scalars(select(Request).where(Request.certificate_id == number)).all()
        assert begun.details["ground"] == "over_age"


def test_the_daily_job_runs_by_itself(engine, company, clock):
    clock.advance(dt.timedelta(days=2))
    assert starting.sweep(engine) == 1
    with reading(engine) as session:
        assert session.scalars(select(Instance).where(Instance.process_id == "over_age")).one().state == "completed"


def test_an_opinion_or_the_approver_sends_it_back_and_may_reject(licence, cancelling):
    case = cancelling(licence)
    for element, by in (("C3_safety", "safety"), ("C3_legal", "legal2"), ("C4_approve", "vice")):
        if element == "C4_approve":
            agreed(case)
        else:
            case.do("legal", "C1_ground", "submit", ground="expired")
        case.do(by, element, "return")
        assert case.open() == ["C1_ground"]
    case.do("legal", "C1_ground", "submit", ground="expired")
    assert case.open() == ["C4_approve"]  # nothing has changed: the opinions stand
    case.do("vice", "C4_approve", "reject")
    assert case.outcome() == "rejected"


def test_originals_that_do_not_come_back_are_chased(licence, cancelling, clock):
    case = approved(cancelling(licence))
    case.later(20)
    assert sorted(case.open()) == ["C5_chase", "C5_collect"]
    case.do("custodian", "C5_chase", "done")
    assert case.open() == ["C5_collect"]


@pytest.mark.parametrize("verdict", ["refile", "give_up"])
def test_after_a_refusal_it_is_filed_again_or_dropped(engine, licence, cancelling, verdict):
    case = approved(cancelling(licence))
    case.do("custodian", "C5_collect", "done", way="file")
    case.do("custodian", "S5_file", "done")
    case.authority("refused")
    case.do("legal", "C5_denied", verdict)
    assert (case.open(), case.outcome()) == ((["S5_file"], None) if verdict == "refile" else ([], "denied"))
    assert standing(engine, licence)[0] == "01"


def test_an_upheld_decision_goes_on_at_once(licence, cancelling):
    case = agreed(cancelling(licence), ground="revoked")
    case.do("legal", "C3_memo", "done")
    case.do("legal", "C3_appeal", "upheld")
    assert case.open() == ["C4_approve"]


def test_nobody_fills_it_in_or_clears_the_way(licence, officer, cancelling):
    void, left = cancelling(licence), cancelling(officer, "hr")
    left.do("hr", "C1_ground", "submit", ground="left")
    void.later(31)
    left.work()
    assert (void.outcome(), left.outcome()) == ("void", "given_up")


def test_what_was_renewed_ahead_can_still_be_cancelled(engine, holding, cancelling):
    renewed_ahead(engine, number := holding("E03"))
    case = cancelling(number, "custodian", "passive")
    case.do("custodian", "C5_collect", "done")
    case.do("custodian", "C5_record", "done", ended_on="2026-11-22")
    assert held(engine, number).state == "04"
