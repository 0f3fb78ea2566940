"""P-CHANGE, kinds c to h: managers, permits, machines, people, lines, provinces."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.certificates import lifecycle, specialities
from registry.certificates.models import Certificate
from registry.people import identities, works
from registry.people.identity import id_check_digit
from registry.people.machines import create_machine
from registry.people.persons import person_of
from registry.people.tenure import assign, employ, relieve
from registry.people.units import create_unit
from tests.workflows.acts import child_of, entrust, filed, held, registered, renewed_ahead
from workflows import authority
from workflows.transfer import posts

MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]


# c ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(engine, company, holding):
    """A permit of the project, whose manager is the worker; the HR clerk could take over."""
    number = holding("J03")
    with unit(engine) as session:
        project, firm = company.unit(session, "project"), company.unit(session, "company")
        worker, clerk = (person_of(session, company.people[login]) for login in ("worker", "hr"))
        works.contracted(session, project, from_on=dt.date(2026, 1, 5), by=SYSTEM, work="房建", contracting="general",
                         scale="medium", area=8000, contract_on=dt.date(2026, 1, 5))
        for person in (worker, clerk):
            employ(session, person, firm, "contract", from_on=dt.date(2020, 1, 1), by=SYSTEM)
            employ(session, person, firm, "insurance", from_on=dt.date(2020, 1, 1), by=SYSTEM)
        assign(session, worker, project, "project_manager", from_on=dt.date(2026, 1, 5), by=SYSTEM)
    fit = {"employer": "华建第一建筑有限公司", "employer_code": "91330100MA27XL8A79",
           "specialities": [{"speciality": "建筑工程"}]}
    holding("P07", login="hr", fields=fit)
    return number


def with_b(holding):
    return holding("P04", login="hr", fields={"company": "华建第一建筑有限公司", "company_code": "91330100MA27XL8A79"})


def proposed(case, company, who="hr"):
    case.do("applicant", "T1_fill", "submit", ground="owner_agreed", successor=str(company.people[who]),
            from_on="2026-11-23")
    return case


def test_a_manager_is_replaced_when_both_have_signed(engine, company, holding, site, changing, clock):
    clock.move_to(MONDAY)
    with_b(holding)
    case = proposed(changing(site, "c", "applicant"), company)
    assert sorted(case.open()) == ["M3_hand", "M4_take"]
    case.do("worker", "M3_hand", "signed")
    case.do("hr", "M4_take", "signed")
    case.do("vice", "T4_approve", "approve")
    registered(filed(case), "safety")
    assert case.outcome() == "changed"
    with reading(engine) as session:
        now = posts.manager_of(session, company.units["project"])
        assert (now.person_id, now.from_on) == (company.people["hr"], dt.date(2026, 11, 23))
        assert session.get_one(Certificate, site).latest.note == "项目负责人变更"


def test_a_successor_without_a_b_certificate_is_told_the_rule_and_its_cure(engine, company, holding, site, changing):
    case = proposed(changing(site, "c", "applicant"), company)
    assert case.open() == ["M2_fix"]
    with reading(engine) as session:
        assert [(each["text"], each["way"]) for each in case.request(session).problems] == [
            ("没有有效的安全生产考核合格证书（B类）", "办理B证或更换项目经理")]
        assert posts.manager_of(session, company.units["project"]).person_id == company.people["worker"]
    with_b(holding)
    case.do("applicant", "M2_fix", "again")
    assert sorted(case.open()) == ["M3_hand", "M4_take"]


def test_without_both_signatures_nobody_is_replaced(engine, company, holding, site, changing, clock):
    with_b(holding)
    case = proposed(changing(site, "c", "applicant"), company)
    case.do("worker", "M3_hand", "refuse", reason="资料不全")
    case.do("hr", "M4_take", "signed")
    assert case.outcome() == "not_agreed"


def test_giving_up_a_replacement_ends_it(company, holding, site, changing):
    case = proposed(changing(site, "c", "applicant"), company)
    case.do("applicant", "M2_fix", "give_up")
    assert case.outcome() == "not_agreed"


@pytest.mark.parametrize("who", ["worker", None])
def test_a_successor_is_somebody_else_and_there_is_somebody_now(engine, company, holding, changing, site, who):
    if who is None:
        with unit(engine) as session:
            relieve(session, posts.manager_of(session, company.units["project"]), on=dt.date(2026, 11, 1), by=SYSTEM)
    holding("P07", login="worker", number="苏232101200346")
    case = changing(site, "c", "applicant")
    with pytest.raises(BadAnswer) as refusal:
        proposed(case, company, "worker")
    assert "successor" in refusal.value.problems


# d ---------------------------------------------------------------------------------------------------------------


def test_another_contractor_means_another_permit_and_both_name_each_other(
        engine, company, holding, changing, clock, tmp_path, noted):
    number = holding("J03")
    case = changing(number, "d", "applicant")
    case.do("applicant", "T1_fill", "submit", changed_on="2026-11-20")
    case.do("pm", "T3_review", "pass")
    case.do("vice", "T4_approve", "approve")
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "D1_return", "done", handed_on="2020-01-01")
    assert "handed_on" in refusal.value.problems
    case.case.papers.clear()
    case.do("custodian", "D1_return", "done")
    assert held(engine, number).state == "04"
    child = child_of(noted, tmp_path, case, "J03")
    with reading(engine) as session:
        assert child.request(session).details["replaces"] == number
        assert case.request(session).details["replaced_by"] == child.id
    child.do("applicant", "A1_fill", "abandon")
    case.work()
    assert case.outcome() == "denied"


# e ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def crane(engine, company):
    """A tower crane at the project with its registration there, and a second project."""
    with unit(engine) as session:
        project = company.unit(session, "project")
        machine = create_machine(session, unit=project, kind="塔式起重机", name="1号塔吊", serial="TC-1", by=SYSTEM)
        other = create_unit(session, kind="project", name="江畔二期", code="BJ2", by=SYSTEM,
                            parent=company.unit(session, "company"), project={"work": "房建"})
        made = lifecycle.grant(session, "Q04", machine, number="Q4-1", issued_on=dt.date(2026, 1, 5), issuer="某站",
                               undated=True, by=SYSTEM)
        return made.id, other.id


def test_a_crane_that_moves_gets_a_new_registration_where_it_stands(engine, crane, changing):
    number, goal = crane
    case = changing(number, "e", "safety")
    case.do("safety", "T1_fill", "submit", way="site", site=str(goal), moved_on="2026-11-20")
    allowed(case)
    case.do("custodian", "Q1_deregister", "done")
    assert held(engine, number).state == "04"
    case.do("safety", "Q3_notice", "done")
    case.do("safety", "Q4_test", "failed")
    case.do("safety", "Q4_test", "passed")
    registered(filed(case), "legal2", number="Q4-2")
    assert case.outcome() == "changed"
    with reading(engine) as session:
        request = case.request(session)
        made = session.get_one(Certificate, request.certificate_id)
        assert made.number == "Q4-2" and made.unit_id == goal and request.details["replaces"] == number


def allowed(case):
    """A second person of safety has looked, and it is approved."""
    with unit(case.engine) as session:
        entrust(session, case.company, "legal2", "safety")
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "approve")


def test_a_crane_that_is_sold_goes_without_notice_and_test_by_its_owners_registration(
        engine, company, crane, changing):
    with unit(engine) as session:
        owned = lifecycle.grant(session, "Q03", session.get_one(Certificate, crane[0]).holder_machine, number="Q3-1",
                                issued_on=dt.date(2026, 1, 5), issuer="某站", undated=True, by=SYSTEM).id
    to = {"way": "owner", "owner": str(company.units["other"])}
    with pytest.raises(BadAnswer) as refusal:
        changing(crane[0], "e", "safety").do("safety", "T1_fill", "submit", **to)
    assert "way" in refusal.value.problems
    case = changing(owned, "e", "safety")
    case.do("safety", "T1_fill", "submit", **to)
    allowed(case)
    case.do("custodian", "Q1_deregister", "done")
    assert case.open() == ["S5_file"] and held(engine, crane[0]).state == "01"


def test_a_move_that_is_not_approved_leaves_the_registration_as_it_is(engine, crane, changing):
    number, goal = crane
    case = changing(number, "e", "safety")
    with unit(engine) as session:
        entrust(session, case.company, "legal2", "safety")
    case.do("safety", "T1_fill", "submit", way="site", site=str(goal), moved_on="2026-11-20")
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "return")
    case.do("safety", "T1_fill", "submit", way="site", site=str(goal), moved_on="2026-11-20")
    case.do("approver", "T4_approve", "reject")  # nothing was changed: the review stands
    assert case.outcome() == "rejected" and held(engine, number).state == "01"


# f, g, h ---------------------------------------------------------------------------------------------------------


def reviewed(case, **more):
    case.do("hr", "T1_fill", "submit", **more)
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "approve")
    return filed(case)


def test_somebody_who_is_renumbered_is_found_by_both_numbers(engine, company, holding, staffed, changing):
    number = holding("P02")
    with reading(engine) as session:
        old = person_of(session, company.people["worker"]).id_number
    new = old[:14] + "333"
    new += id_check_digit(new)
    case = changing(number, "f")
    registered(reviewed(case, change_name=True, new_name="石垒", change_id_number=True, new_id_number=new), "legal2")
    with reading(engine) as session:
        group = company.units["group"]
        worker = identities.once_numbered(session, group, new)
        assert worker.name == "石垒" and identities.once_numbered(session, group, old).id == worker.id
        assert session.get_one(Certificate, number).holder_name == "石垒"


def test_a_speciality_is_added_with_a_term_of_its_own(engine, company, holding, staffed, changing):
    number = holding("P07", login="worker")
    case = reviewed(changing(number, "g"), speciality="市政公用工程", line_from="2026-11-22", line_until="2028-06-30")
    registered(case, "legal2")
    with reading(engine) as session:
        [line] = [each.row for each in specialities.specialities(session.get_one(Certificate, number))]
        assert (line.name, line.to_on) == ("市政公用工程", dt.date(2028, 6, 30))


def test_a_contractors_line_of_a_higher_grade_takes_the_place_of_the_old_in_the_rules(
        engine, company, holding, changing):
    number, firm = holding("E02"), company.units["company"]
    with unit(engine) as session:
        works.qualified(session, company.unit(session, "company"), work="市政", grade="second",
                        from_on=dt.date(2025, 1, 5), by=SYSTEM)
    case = changing(number, "g", "legal")
    case.do("legal", "T1_fill", "submit", speciality="市政公用工程施工总承包一级", line_from="2026-11-22",
            line_until="2030-12-31", work="市政", contracting="general", grade="first")
    case.do("legal2", "T3_review", "pass")
    case.do("vice", "T4_approve", "approve")
    registered(filed(case), "safety")
    with reading(engine) as session:
        rows = session.scalars(select(works.Qualification).where(
            works.Qualification.company_id == firm, works.Qualification.known_until.is_(None)))
        assert {(row.grade, row.from_on, row.to_on) for row in rows} == {
            ("second", dt.date(2025, 1, 5), dt.date(2026, 11, 21)),
            ("first", dt.date(2026, 11, 22), dt.date(2030, 12, 31))}


def test_a_certificate_leaves_the_province_and_comes_back_when_withdrawn(engine, company, holding, staffed, changing):
    number = holding("P02")
    case = reviewed(changing(number, "h"), province="江苏")
    assert held(engine, number).state == "06"
    case.later(31)
    case.do("custodian", "H2_chase", "done")
    case.do("custodian", "H2_result", "withdrawn", reason="个人放弃")
    assert case.outcome() == "withdrawn" and held(engine, number).state == "01"


def test_a_certificate_that_was_taken_in_elsewhere_ends_here(engine, company, holding, staffed, changing):
    number = holding("P02")
    case = reviewed(changing(number, "h"), province="江苏")
    case.do("custodian", "H2_result", "received")
    assert case.outcome() == "sent_out" and held(engine, number).state == "04"


def test_nobody_goes_where_they_hold_one_for_the_same_post(engine, holding, staffed, changing):
    number, other = holding("P02"), holding("P02", number="浙A012026000002")
    holding("P02", number="浙A022026000003", item="02")
    case = changing(number, "h")
    case.do("hr", "T1_fill", "submit", province="江苏")
    with reading(engine) as session:
        assert [each["key"] for each in case.request(session).problems] == [f"same-post:{other}"]


def test_within_the_group_the_new_certificate_names_the_old_one(engine, company, holding, staffed, changing):
    number = holding("P02")
    case = reviewed(changing(number, "h"), province="江苏", unit=str(company.units["other"]))
    case.do("custodian", "H2_result", "received")
    with unit(engine) as session:
        entrust(session, company, "custodian", "custodian", "group")
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "R10_register", "done", number="苏A012026000009")
    assert "valid_until" in refusal.value.problems
    case.case.papers.clear()  # what was uploaded for the refused answer went with it
    registered(case, "legal2", number="苏A012026000009", valid_from="2026-11-22", valid_until="2028-11-21")
    assert case.outcome() == "changed"
    with reading(engine) as session:
        made = session.get_one(Certificate, case.request(session).certificate_id)
        assert made.latest.operation == "08" and made.latest.previous_number == "浙A012026000001"
        assert made.unit_id == company.units["other"] and made.holder_person_id == company.people["worker"]


@pytest.mark.parametrize(("verdict", "outcome"), [("refile", None), ("give_up", "denied")])
def test_after_a_denial_it_is_filed_again_or_given_up(engine, company, holding, staffed, changing, verdict, outcome):
    case = changing(holding("P02"), "f")
    case.do("hr", "T1_fill", "submit", change_name=True, new_name="石垒")
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "approve")
    case.do("custodian", "S5_file", "done")
    case.authority("refused")
    case.do("hr", "T5_denied", verdict)
    assert case.outcome() == outcome and case.open() == (["S5_file"] if outcome is None else [])


def test_a_return_and_a_rejection(holding, staffed, changing):
    case = changing(holding("P02"), "f")
    case.do("hr", "T1_fill", "submit", change_name=True, new_name="石垒")
    case.do("legal2", "T3_review", "return")
    case.do("hr", "T1_fill", "submit", change_name=True, new_name="石垒")
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "return")
    case.do("hr", "T1_fill", "submit", change_name=True, new_name="石磊磊")
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "reject")
    assert case.outcome() == "rejected"


def test_an_answer_for_another_stage_changes_nothing(engine, holding, staffed, changing):
    number = holding("P02")
    case = changing(number, "f")
    with pytest.raises(authority.OtherStage):
        case.authority("granted")
    assert case.open() == ["T1_fill"] and held(engine, number).version_no == 1


def test_a_draft_that_nobody_hands_in_is_void(holding, changing):
    case = changing(holding("P02"), "f")
    case.later(31)
    assert case.outcome() == "void"


def test_what_was_renewed_ahead_can_still_be_changed(engine, company, holding, staffed, changing):
    renewed_ahead(engine, number := holding("P02"))
    case = reviewed(changing(number, "f"), change_name=True, new_name="石垒")
    registered(case, "legal2")
    assert case.outcome() == "changed" and held(engine, number).holder_name == "石垒"
