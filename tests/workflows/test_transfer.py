"""P-CHANGE: the eight kinds of change, their guards, timers and exits."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine.model import Instance
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.people.persons import leave, move_person, person_of
from registry.people.tenure import assign, employ
from registry.people.units import create_unit
from tests.workflows.acts import child_of, entrust, filed, held, registered
from workflows.transfer.chain import steps_of

MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]


def asked(case, company, **more):
    case.do("hr", "T1_fill", "submit", new_unit=str(company.units["other"]), left_on="2026-11-30",
            joined_on="2026-12-01", **more)
    return case


def test_a_registration_moves_to_another_company_with_its_term(engine, company, holding, staffed, changing):
    number = holding("P02")
    case = asked(changing(number, "a"), company)
    case.do("legal2", "E2_agree", "agree")
    case.do("stranger", "E3_confirm", "confirm")
    case.do("stranger", "E4_proofs", "done")
    case.do("approver", "T4_approve", "approve")
    registered(filed(case))
    assert case.outcome() == "changed"
    moved = held(engine, number)
    assert moved.unit_id == company.units["other"] and moved.latest.operation == "09"
    assert moved.latest.valid_until == dt.date(2027, 12, 31)


def test_whoever_has_left_meanwhile_is_taken_on_by_the_new_company_and_still_leaves_the_old(
        engine, company, holding, staffed, changing, clock):
    number, worker = holding("P02"), company.people["worker"]
    with unit(engine) as session:
        employ(session, person_of(session, worker), company.unit(session, "company"), "contract",
               from_on=dt.date(2026, 1, 5), by=SYSTEM)
        leave(session, person_of(session, worker), on=dt.date(2026, 11, 25), by=SYSTEM)
    case = asked(changing(number, "a"), company)
    case.do("legal2", "E2_agree", "agree")
    case.do("stranger", "E3_confirm", "confirm")
    case.do("stranger", "E4_proofs", "done")
    case.do("approver", "T4_approve", "approve")
    case.wait_until(dt.datetime(2026, 12, 10, 10, tzinfo=SHANGHAI))
    registered(filed(case))
    case.work()
    assert case.outcome() == "changed"
    with reading(engine) as session:
        person = person_of(session, worker)
        assert (person.company_id, person.left_on) == (company.units["other"], None)
        leaving = session.scalars(select(Instance.state).where(Instance.process_id == "leaving")).one()
        assert leaving == "active"


def test_an_old_employer_who_says_nothing_is_decided_for_by_the_head(company, holding, staffed, changing, clock):
    clock.move_to(MONDAY)
    case = asked(changing(holding("P02"), "a"), company)
    case.later(6)
    assert case.open() == ["E2_agree"]
    case.later(2)
    assert case.open() == ["E2_head"]
    case.do("owner", "E2_head", "refuse", reason="岗位无人接替")
    assert case.outcome() == "not_agreed"


def test_a_new_employer_may_decline(company, holding, staffed, changing):
    case = asked(changing(holding("P02"), "a"), company)
    case.do("legal2", "E2_agree", "agree")
    case.do("stranger", "E3_confirm", "refuse", reason="编制已满")
    assert case.outcome() == "not_agreed"


@pytest.fixture
def posted(engine, company):
    """The worker has a post at the project by the certificate."""
    with unit(engine) as session:
        assign(session, person_of(session, company.people["worker"]), company.unit(session, "project"),
               "special_worker", trade="01", from_on=dt.date(2026, 2, 1), by=SYSTEM)


def test_nobody_moves_out_of_a_live_post_and_nobody_waives_it(engine, company, holding, posted, staffed, changing):
    case = asked(changing(holding("P02"), "a"), company)
    assert case.open() == ["K2_clear"]
    with reading(engine) as session:
        [found] = case.request(session).problems
        assert found["params"] == {"unit": "滨江花园一期"} and not found["waivable"]
    with pytest.raises(BadAnswer):
        case.do("hr", "K2_clear", "waive", waive_reason="工期紧")
    case.do("hr", "K2_clear", "give_up")
    assert case.outcome() == "given_up"


def test_in_the_last_days_a_registration_is_only_cancelled(engine, company, holding, staffed, changing):
    case = asked(changing(holding("P02", valid_until=dt.date(2026, 12, 10)), "a"), company)
    with reading(engine) as session:
        assert [each["key"] for each in case.request(session).problems] == ["last-days"]


def test_what_is_held_back_cannot_be_changed(engine, company, holding, staffed, changing):
    number = holding("P02")
    with unit(engine) as session:
        lifecycle.suspend(session, session.get_one(Certificate, number), since=dt.date(2026, 11, 20), reason="x",
                          by=SYSTEM)
    case = asked(changing(number, "a"), company)
    with reading(engine) as session:
        assert [each["key"] for each in case.request(session).problems] == ["state:02"]


def test_the_same_company_is_refused_at_its_field(company, holding, changing):
    case = changing(holding("P02"), "a")
    with pytest.raises(BadAnswer) as refusal:
        case.do("hr", "T1_fill", "submit", new_unit=str(company.units["company"]), left_on="2026-11-30",
                joined_on="2026-12-01")
    assert "new_unit" in refusal.value.problems


def test_a_change_never_changes_the_term(company, holding, staffed, changing):
    case = asked(changing(holding("P02"), "a"), company)
    case.do("legal2", "E2_agree", "agree")
    case.do("stranger", "E3_confirm", "confirm")
    case.do("stranger", "E4_proofs", "done")
    case.do("approver", "T4_approve", "approve")
    with pytest.raises(BadAnswer) as refusal:
        registered(filed(case), valid_until="2028-12-31")
    assert "valid_until" in refusal.value.problems


def test_two_starts_of_one_change_give_one_and_another_kind_is_another(holding, changing):
    number = holding("P02")
    assert changing(number, "a").id == changing(number, "a").id != changing(number, "f").id


def test_an_open_change_stands_in_the_way_of_another(engine, company, holding, staffed, changing):
    number = holding("P02")
    other = changing(number, "f")
    case = asked(changing(number, "a"), company)
    with reading(engine) as session:
        assert case.request(session).problems[0]["link"] == ["request", other.id]


# b ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def papers(holding):
    return {code: holding(code) for code in ("E01", "E02", "E03")}


def chained(case, **more):
    case.do("legal", "T1_fill", "submit", change_name=True, new_name="华建城市建设有限公司", decided_on="2026-11-20",
            **more)
    case.do("legal2", "T3_review", "pass")
    case.do("vice", "T4_approve", "approve")
    return case


def test_a_company_is_renamed_from_the_business_licence_on_each_with_its_own_day(
        engine, company, papers, changing, clock, tmp_path, noted):
    clock.move_to(MONDAY)
    case = chained(changing(papers["E01"], "b", "legal"))
    due = []
    for code in ("E01", "E02", "E03"):
        child = child_of(noted, tmp_path, case, code)
        following = {"E01": "E02", "E02": "E03", "E03": "E12"}[code]
        assert child_of(noted, tmp_path, case, following) is None
        with reading(engine) as session:
            due.append(child.request(session).details["due_on"])
        child.do("legal", "T1_fill", "submit")
        registered(filed(child), "safety")
        assert child.outcome() == "changed"
        case.work()
    assert due == ["2026-12-20", "2026-12-23", "2026-12-03"] and case.outcome() == "changed"
    with reading(engine) as session:
        assert company.unit(session, "company").name == "华建城市建设有限公司"
        assert session.get_one(Certificate, papers["E03"]).latest.fields["company"] == "华建城市建设有限公司"


def test_a_subsidiarys_people_are_not_in_the_chain(engine, company, papers, holding, changing):
    card = holding("P06")
    with unit(engine) as session:
        below = create_unit(session, kind="company", name="华建劳务", code="HL", by=SYSTEM,
                            parent=company.unit(session, "company"))
        move_person(session, person_of(session, company.people["worker"]), to=below, by=SYSTEM)
    case = changing(papers["E01"], "b", "legal")
    case.do("legal", "T1_fill", "submit", change_name=True, new_name="华建", decided_on="2026-11-20")
    with reading(engine) as session:
        found = [held for rows in steps_of(session, case.request(session)).values() for held, _row in rows]
        assert sorted(one.type_code for one in found) == ["E01", "E02", "E03"] and card


def test_a_step_that_is_late_is_chased_by_the_head(engine, company, papers, changing, clock, tmp_path, noted):
    clock.move_to(MONDAY)
    case = chained(changing(papers["E01"], "b", "legal"))
    child = child_of(noted, tmp_path, case, "E01")
    child.wait_until(dt.datetime(2026, 12, 21, 1, tzinfo=SHANGHAI))
    assert sorted(child.open()) == ["T1_fill", "T_late_chase"]
    with unit(engine) as session:
        entrust(session, company, "legal2", "legal_head")
    child.do("legal2", "T_late_chase", "done")
    assert child.open() == ["T1_fill"]


def test_a_certificate_that_needs_no_change_lets_the_chain_go_on(papers, changing, tmp_path, noted):
    case = chained(changing(papers["E01"], "b", "legal"))
    child = child_of(noted, tmp_path, case, "E01")
    child.do("legal", "T1_fill", "not_needed", reason="证上没有这项内容")
    case.work()
    assert child.outcome() == "not_needed" and child_of(noted, tmp_path, case, "E02")


def test_nothing_ticked_changes_nothing(papers, changing):
    case = changing(papers["E01"], "b", "legal")
    with pytest.raises(BadAnswer):
        case.do("legal", "T1_fill", "submit", decided_on="2026-11-20")
