"""P-REVIEW: lists of what is due, each person and machine with a result of its own (domain 4.6)."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.alerts.notices import Notice
from registry.certificates import codes, lifecycle
from registry.certificates.models import Certificate
from registry.people.identity import id_check_digit
from registry.people.machines import create_machine
from registry.people.persons import create_person
from registry.people.units import unit_of
from tests.workflows.passage import Passage, elements
from tests.workflows.renewing import noon
from workflows.applying import choices
from workflows.requests import Request
from workflows.review import batches

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
D = dt.date
THIRD_YEAR = D(2027, 5, 31)
HOURS = {"hours": 8}


class Reviewing(Passage):
    """Welders of the project, whose review is due in the third year, one after the other."""

    def __init__(self, engine, company, folder, now):
        super().__init__(engine, company, folder, now)
        now.move_to(noon(D(2024, 6, 3)))
        self.certificates = []

    def welder(self, number, review=THIRD_YEAR):
        with unit(self.engine) as session:
            site = unit_of(session, self.company.units["project"])
            first = f"33010919850512{500 + number}"
            person = create_person(session, unit=site, name=f"焊工{number}", by=SYSTEM,
                                   id_number=first + id_check_digit(first))
            made = lifecycle.grant(
                session, "P01", person, number=f"T{person.id_number}", issued_on=D(2024, 6, 1),
                valid_from=D(2024, 6, 1), valid_until=D(2030, 5, 31), review_on=review, issuer="某市应急管理局",
                by=SYSTEM, item="熔化焊接与热切割作业")
            self.certificates.append(made.id)
        return self

    def crane(self):
        with unit(self.engine) as session:
            site = unit_of(session, self.company.units["project"])
            machine = create_machine(session, unit=site, kind="塔吊", name="塔吊1号", serial="TC-1", by=SYSTEM)
            self.certificates.append(lifecycle.grant(
                session, "Q02", machine, number="JY-2025-1", issued_on=D(2024, 6, 1), valid_from=D(2024, 6, 1),
                valid_until=D(2027, 5, 31), issuer="某市特检院", by=SYSTEM).id)
        return self

    def systems(self):
        self.now.move_to(noon(D(2026, 6, 3)))
        with unit(self.engine) as session:
            firm = unit_of(session, self.company.units["company"])
            self.certificates.append(lifecycle.grant(
                session, "E12", firm, number="Q-2024-1", issued_on=D(2026, 6, 3), valid_from=D(2026, 6, 3),
                valid_until=D(2029, 6, 2), issuer="某认证中心", by=SYSTEM).id)
        return self

    def opened(self, *day):
        self.wait_until(noon(D(*day)))
        self.id = self.case.request_id = self.all()[-1]
        return self

    def all(self):
        with reading(self.engine) as session:
            return list(session.scalars(select(Request.id).where(Request.process_id == "review").order_by(Request.id)))

    def listed(self, *leave):
        chosen = [str(one) for one in self.certificates if one not in leave]
        self.do("safety", "V2_list", "done", chosen=chosen, reason="已调离" if leave else None)
        return self

    def submitted(self, **more):
        self.do("safety", "V3_prepare", "done", **{**HOURS, **more})
        self.do("custodian", "V4_submit", "done")
        return self

    def certificate(self, session, number=0):
        return session.get_one(Certificate, self.certificates[number])


@pytest.fixture
def reviewing(engine, company, clock, tmp_path):
    return Reviewing(engine, company, tmp_path / "files", clock)


def results(case):
    with reading(case.engine) as session:
        return sorted(case.request(session).details["results"].values())


def test_a_list_of_people_each_with_a_result_of_its_own(reviewing):
    """Every way but the machine's: passed, failed once, refused, failed twice, late."""
    case = reviewing
    for number in range(1, 6):
        case.welder(number)
    case.opened(2027, 2, 1)
    with reading(case.engine) as session:
        assert case.request(session).title.endswith("熔化焊接与热切割作业") and len(case.all()) == 1
        assert case.request(session).certificate_id is None
        assert case.request(session).process_id == "review"  # and no renewal of the same certificates
        assert session.scalar(select(Request.id).where(Request.process_id == "renewal")) is None
    case.listed()
    for _ in range(4):
        case.submitted()
    for verdict in ("pass", "fail", "refuse", "fail"):
        case.do("custodian", "V5_result", verdict, reason=None if verdict == "pass" else "考试不合格")
    for _ in range(2):
        case.do("safety", "V5_retrain", "done", **HOURS)
        case.do("custodian", "V4_submit", "done")
    case.do("custodian", "V5_result", "pass", long_term=True)
    case.do("custodian", "V5_result", "fail", reason="补考不合格")
    while "V5_reassign" in case.open():
        case.do("pm", "V5_reassign", "done")
    assert results(case) == ["passed", "passed", "refused", "refused"] and case.open() == ["V3_prepare"]
    case.wait_until(noon(D(2027, 6, 1)))
    assert results(case) == ["lapsed", "passed", "passed", "refused", "refused"] and case.outcome() == "reviewed"
    with reading(case.engine) as session:
        found = [case.certificate(session, number) for number in range(5)]
        assert sorted(one.state for one in found) == [*[codes.VALID] * 2, *[codes.LAPSED] * 3]
        valid = [one for one in found if one.state == codes.VALID]
        assert {one.valid_until for one in valid} == {D(2030, 5, 31)} and all(one.latest.scans for one in valid)
        assert {one.review_on for one in valid} == {D(2030, 2, 1), None}
    assert elements("review") - case.visited() == {"End_none"}


def test_windows_that_open_later_join_the_list_until_it_is_settled(reviewing):
    case = reviewing.welder(1).welder(2, D(2027, 6, 5)).welder(3, D(2027, 6, 30))
    case.opened(2027, 2, 8)
    assert len(case.all()) == 1
    case.listed(case.certificates[2])
    case.opened(2027, 3, 5)
    assert len(case.all()) == 2
    case.do("safety", "V2_list", "done", chosen=[], reason="已调离")
    assert case.outcome() == "nothing_due"


def test_a_list_holds_no_more_than_somebody_can_go_through(reviewing, monkeypatch):
    monkeypatch.setattr(batches, "MOST", 2)
    case = reviewing.welder(1).welder(2).welder(3).opened(2027, 2, 1)
    with reading(case.engine) as session:
        lists = [session.get_one(Request, number).details["certificates"] for number in case.all()]
    assert [len(each) for each in lists] == [2, 1]


def test_an_audit_that_is_only_owed_begins_by_itself_and_missed_ends_nothing(reviewing):
    case = reviewing.systems()
    case.wait_until(noon(D(2027, 2, 2)))
    assert case.all() == []
    case.opened(2027, 2, 3).listed()  # 120 days before 3 June
    case.wait_until(noon(D(2027, 6, 4)))
    with reading(case.engine) as session:
        assert results(case) == ["lapsed"] and case.certificate(session).state == codes.VALID
        told = session.scalars(select(Notice.text).where(Notice.person_id == case.company.people["legal"])).all()
        assert any("没有复审结果" in text for text in told) and not any("证件失效" in text for text in told)


def test_an_audit_that_was_held_opens_the_next_a_year_later_once(reviewing):
    case = reviewing.systems().opened(2027, 2, 3).listed().submitted(hours=None)
    case.do("custodian", "V5_result", "pass")
    case.wait_until(noon(D(2027, 6, 4)))
    assert len(case.all()) == 1
    case.opened(2027, 10, 6)  # 120 days before 3 February 2028
    assert len(case.all()) == 2


def test_what_is_left_off_the_list_needs_a_reason(reviewing):
    case = reviewing.welder(1).opened(2027, 2, 1)
    with pytest.raises(BadAnswer) as refusal:
        case.do("safety", "V2_list", "done", chosen=[], reason=None)
    assert "reason" in refusal.value.problems


def test_too_few_hours_of_training_are_refused_at_the_field(reviewing):
    case = reviewing.welder(1).opened(2027, 2, 1).listed()
    with pytest.raises(BadAnswer) as refusal:
        case.submitted(hours=7)
    assert "hours" in refusal.value.problems


def test_an_inspection_gives_a_machine_its_next_term(reviewing):
    case = reviewing.crane().opened(2027, 4, 5).listed().submitted(hours=None)
    with pytest.raises(BadAnswer):
        case.do("custodian", "V5_result", "pass", reviewed_on="2027-04-05")
    case.case.papers.clear()
    case.do("custodian", "V5_result", "pass", reviewed_on="2027-04-05", next_on="2029-04-04")
    with reading(case.engine) as session:
        assert case.certificate(session).valid_until == D(2029, 4, 4) and case.outcome() == "reviewed"


def test_what_is_late_at_the_authority_climbs(reviewing):
    case = reviewing.welder(1).opened(2027, 2, 1).listed()
    case.do("safety", "V3_prepare", "done", **HOURS)
    case.wait_until(noon(D(2027, 4, 8)))
    with reading(case.engine) as session:
        [task] = case._tasks(session)
        assert task.due_at is not None and any(name.startswith("approver@") for name in task.offer)


def test_a_review_is_offered_at_the_certificate_and_the_open_one_given_back(reviewing, company):
    case = reviewing.welder(1)
    case.wait_until(noon(D(2027, 1, 4)))
    with unit(case.engine) as session:
        actor = company.actor(session, "custodian")
        certificate = case.certificate(session)
        offered = {one.process_id: one for one in choices.of_certificate(session, actor, certificate)}
        assert "renewal" not in offered and offered["review"].open is None
        begun = choices.begin(session, actor, certificate.id, "review").id
        assert choices.begin(session, actor, certificate.id, "review").id == begun
    case.opened(2027, 2, 1)
    assert case.all() == [begun]
