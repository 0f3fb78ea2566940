"""P-CHANGE: the eight kinds of change, their guards, timers and exits."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.access.grants import grant_role
from registry.certificates import lifecycle, specialities
from registry.certificates.models import Certificate
from registry.people import identities, works
from registry.people.identity import id_check_digit
from registry.people.machines import create_machine
from registry.people.persons import person_of
from registry.people.tenure import assign, employ, relieve
from registry.people.units import create_unit
from tests.workflows.passage import Passage
from workflows import authority, choices
from workflows.requests import Request
from workflows.transfer import posts

MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.xdist_group("test_transfer"),
    pytest.mark.usefixtures("noted"),
]


@pytest.fixture
def changing(engine, company, clock, tmp_path, noted):
    """Begins a change: changing(certificate id, "a", login="hr")."""

    def begin(number, subtype, login="hr"):
        case = Passage(engine, company, tmp_path / "files", clock)
        case.begin(lambda session: choices.begin(
            session, company.actor(session, login), number, "transfer", subtype))
        noted.cases.append(case)
        return case

    return begin


def held(engine, number):
    with reading(engine) as session:
        found = session.get_one(Certificate, number)
        found.latest.certificate, found.unit  # loaded, to be read after the session
        session.expunge_all()
        return found


def filed(case):
    case.do("custodian", "S5_file", "done")
    case.authority("accepted")
    case.authority("granted")
    return case


def registered(case, second="hr", **more):
    case.do("custodian", "R10_register", "done", **more)
    case.do(second, "R11_compare", "match")
    return case


@pytest.fixture
def staffed(engine, company):
    """More people of human resources: one of the other company, a head at the group, a second one here."""
    with unit(engine) as session:
        for login, role, place in (("stranger", "hr", "other"), ("vice", "hr_head", "group"), ("legal2", "hr", "company"),
                                   ("owner", "hr_head", "company")):
            grant_role(session, person_of(session, company.people[login]), role, company.unit(session, place), by=SYSTEM)


def asked(case, company, **more):
    case.do("hr", "T1_fill", "submit", new_unit=str(company.units["other"]), left_on="2026-11-30", joined_on="2026-12-01",
            **more)
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


def test_an_old_employer_who_says_nothing_is_decided_for_by_the_head(engine, company, holding, staffed, changing, clock):
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
        lifecycle.suspend(session, session.get_one(Certificate, number), since=dt.date(2026, 11, 20), reason="x", by=SYSTEM)
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
    case.do("legal", "T1_fill", "submit", change_name=True, new_name="华建城市建设有限公司", decided_on="2026-11-20", **more)
    case.do("legal2", "T3_review", "pass")
    case.do("vice", "T4_approve", "approve")
    return case


def child_of(noted, tmp_path, case, code):
    with reading(case.engine) as session:
        number = session.scalars(select(Request.id).where(
            Request.parent_id == case.id, Request.type_code == code)).one_or_none()
    if number is None:
        return None
    child = Passage(case.engine, case.company, tmp_path / "files", case.now)
    noted.cases.append(child)
    child.id = child.case.request_id = number
    return child


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


def test_a_step_that_is_late_is_chased_by_the_head(engine, company, papers, changing, clock, tmp_path, noted):
    clock.move_to(MONDAY)
    case = chained(changing(papers["E01"], "b", "legal"))
    child = child_of(noted, tmp_path, case, "E01")
    child.wait_until(dt.datetime(2026, 12, 21, 1, tzinfo=SHANGHAI))
    assert sorted(child.open()) == ["T1_fill", "T_late_chase"]
    with unit(engine) as session:
        grant_role(session, person_of(session, company.people["legal2"]), "legal_head", company.unit(session, "company"),
                   by=SYSTEM)
    child.do("legal2", "T_late_chase", "done")
    assert child.open() == ["T1_fill"]


def test_a_certificate_that_needs_no_change_lets_the_chain_go_on(engine, company, papers, changing, clock, tmp_path, noted):
    case = chained(changing(papers["E01"], "b", "legal"))
    child = child_of(noted, tmp_path, case, "E01")
    child.do("legal", "T1_fill", "not_needed", reason="证上没有这项内容")
    case.work()
    assert child.outcome() == "not_needed" and child_of(noted, tmp_path, case, "E02")


def test_nothing_ticked_changes_nothing(papers, changing):
    case = changing(papers["E01"], "b", "legal")
    with pytest.raises(BadAnswer):
        case.do("legal", "T1_fill", "submit", decided_on="2026-11-20")


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
    fit = {"employer": "华建第一建筑有限公司", "employer_code": "91330100MA27XL8A79", "specialities": [{"speciality": "建筑工程"}]}
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
def test_a_successor_must_be_somebody_else_and_there_must_be_somebody_now(engine, company, holding, changing, site, who):
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
    case.do("custodian", "Q1_deregister", "done")
    assert held(engine, number).state == "04"
    case.do("safety", "Q3_notice", "done")
    case.do("safety", "Q4_test", "failed")
    case.do("safety", "Q4_test", "passed")
    case.do("approver", "T4_approve", "approve")
    with unit(engine) as session:
        grant_role(session, person_of(session, case.company.people["legal2"]), "safety",
                   case.company.unit(session, "company"), by=SYSTEM)
    registered(filed(case), "legal2", number="Q4-2")
    assert case.outcome() == "changed"
    with reading(engine) as session:
        request = case.request(session)
        made = session.get_one(Certificate, request.certificate_id)
        assert made.number == "Q4-2" and made.unit_id == goal and request.details["replaces"] == number


def test_a_crane_that_is_sold_goes_without_notice_and_test(engine, company, crane, changing):
    case = changing(crane[0], "e", "safety")
    case.do("safety", "T1_fill", "submit", way="owner", owner=str(company.units["other"]))
    case.do("custodian", "Q1_deregister", "done")
    assert case.open() == ["T4_approve"]


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
    registered(reviewed(changing(number, "f"), change_name=True, new_name="石垒", change_id_number=True, new_id_number=new),
               "legal2")
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


def test_within_the_group_the_other_provinces_certificate_names_the_old_one(engine, company, holding, staffed, changing):
    number = holding("P02")
    case = reviewed(changing(number, "h"), province="江苏", unit=str(company.units["other"]))
    case.do("custodian", "H2_result", "received")
    with unit(engine) as session:
        grant_role(session, person_of(session, company.people["custodian"]), "custodian", company.unit(session, "group"),
                   by=SYSTEM)
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
    case.do("hr", "T1_fill", "submit", change_name=True, new_name="石垒")
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


def test_every_element_of_the_drawings_was_reached(engine, reached, request):
    parts = [f"transfer_{part}" for part in ("employer", "manager", "equipment", "chain", "permit", "province")]
    assert reached.missing(request, "transfer", *parts) == {}
