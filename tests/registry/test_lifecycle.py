from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DatabaseError

from ledger import workdays
from ledger.actor import SYSTEM, Actor
from ledger.clock import Fixed
from ledger.db import unit
from ledger.errors import BadAnswer, NotFound
from ledger.facts import story
from ledger.files import File
from registry.certificates import codes, drafting
from registry.certificates.lifecycle import (
    Ended,
    HeldBack,
    NotSuspended,
    add_scans,
    cancel,
    give_back,
    grant,
    lapse,
    renew,
    start_work,
    suspend,
)
from registry.certificates.models import Certificate, Version, of_token
from registry.people.persons import move_person
from tests.registry.organisation import DAY, Organisation, id_number, organisation


def test_a_granted_certificate_has_version_001_our_code_and_a_check_token(org: Organisation) -> None:
    first, second = org.permit(), org.permit()
    assert [v.label for v in first.versions] == ["001"]
    assert (first.code, second.code) == ("LC-J03-000001", "LC-J03-000002")
    assert len(first.check_token) == 22 and first.check_token != second.check_token
    assert of_token(org.session, first.check_token) is first and of_token(org.session, "x") is None
    assert (first.latest.operation, first.state) == (codes.ISSUED, codes.VALID)


def test_a_certificate_lies_where_its_holder_is(org: Organisation) -> None:
    worker = org.person()
    permit, licence, card = org.permit(), org.licence(), org.worker(worker)
    assert [c.unit_path for c in (permit, licence, card)] == [org.project.path, org.company.path, org.project.path]
    assert [c.holder for c in (permit, licence, card)] == [org.project, org.company, worker]
    move_person(org.session, worker, to=org.far, by=SYSTEM)
    org.session.flush()
    assert (card.unit_path, card.unit_id) == (org.far.path, org.far.id)


def test_the_days_of_the_window_become_timers_rolled_back_to_working_days(org: Organisation) -> None:
    card = org.worker(valid_until=dt.date(2027, 5, 31))
    days = {timer.kind: (timer.due_on, timer.confirmed) for timer in card.timers}
    assert days["opens"] == (dt.date(2027, 2, 26), False)  # three months before is Sunday 2027-02-28
    assert days["lapses"] == (dt.date(2027, 5, 31), True)
    assert {timer.due_at for timer in card.timers if timer.kind == "lapses"} == {
        dt.datetime(2027, 5, 31, 16, 0, tzinfo=dt.UTC)}


def test_a_day_in_a_year_with_an_official_calendar_is_confirmed(org: Organisation) -> None:
    card = org.worker(valid_until=dt.date(2026, 12, 31))
    assert all(timer.confirmed for timer in card.timers)


def test_a_long_term_certificate_waits_for_nothing(org: Organisation) -> None:
    card = grant(org.session, "P14", org.person(), number="ZC-2026-001", issued_on=dt.date(2026, 1, 5), issuer="评委会",
                 by=SYSTEM)
    assert (card.term, card.ends_on, card.timers) == (codes.LONG, None, [])


def test_a_permit_is_void_unless_work_starts_within_its_months(org: Organisation) -> None:
    assert org.permit(issued_on=dt.date(2026, 10, 8)).ends_on == dt.date(2027, 1, 8)


def test_a_permit_no_longer_lapses_once_work_has_begun(org: Organisation) -> None:
    permit = org.permit(issued_on=dt.date(2026, 10, 8))
    start_work(org.session, permit, on=dt.date(2026, 11, 1), by=SYSTEM)
    assert (permit.ends_on, permit.latest.holds_from) == (None, dt.date(2026, 11, 1))
    assert all(timer.cancelled_at for timer in permit.timers)
    assert org.permit().ends_on is None  # the project is known to have begun


def test_a_start_after_the_last_day_does_not_save_the_permit(org: Organisation, clock: Fixed) -> None:
    permit = org.permit(issued_on=dt.date(2026, 10, 8))
    clock.advance(dt.timedelta(days=60))
    with pytest.raises(drafting.WrongTerm):
        start_work(org.session, permit, on=dt.date(2027, 1, 9), by=SYSTEM)


@pytest.mark.parametrize("number", ["320102202613150101", "32010220260315010", "320102202602300101"])
def test_a_number_that_breaks_its_types_rule_is_refused_at_the_field(org: Organisation, number: str) -> None:
    with pytest.raises(drafting.WrongNumber) as refused:
        org.permit(number=number)
    assert list(refused.value.problems) == ["number"]


def test_a_number_is_kept_raw_and_compared_in_its_normal_form(org: Organisation) -> None:
    licence = org.licence(number="(苏)JZ安许证字[2025]001234")
    assert licence.number == "（苏）JZ安许证字〔2025〕001234"
    assert licence.latest.number_raw == "(苏)JZ安许证字[2025]001234"
    with pytest.raises(drafting.NumberTaken):
        org.licence(org.other, number="（苏）JZ安许证字【2025】001234")


def test_an_expiry_before_the_issue_is_refused_at_the_field(org: Organisation) -> None:
    with pytest.raises(drafting.WrongTerm) as refused:
        org.worker(issued_on=dt.date(2025, 6, 1), valid_until=dt.date(2025, 5, 31))
    assert list(refused.value.problems) == ["valid_until"]


def test_an_issue_in_the_future_and_a_missing_expiry_are_refused_together(org: Organisation) -> None:
    with pytest.raises(BadAnswer) as refused:
        org.worker(issued_on=DAY + dt.timedelta(days=1), valid_until=None)
    assert set(refused.value.problems) == {"issued_on", "valid_until"}


def test_an_old_paper_without_a_date_is_entered_as_undated(org: Organisation) -> None:
    card = org.worker(valid_until=None, undated=True)
    assert (card.term, card.timers) == (codes.UNKNOWN, [])


def test_a_type_is_held_by_its_own_kind_of_holder(org: Organisation) -> None:
    with pytest.raises(drafting.WrongHolder):
        org.permit(org.company)
    with pytest.raises(drafting.WrongHolder):
        grant(org.session, "P02", org.machine(), number="苏A012025000001", issued_on=DAY, issuer="x", by=SYSTEM)


def test_one_number_serves_several_items_but_each_once(org: Organisation) -> None:
    worker = org.person(id_number=id_number(21))
    given: dict[str, Any] = {"number": "T" + id_number(21), "issued_on": dt.date(2025, 1, 6), "by": SYSTEM,
                             "valid_until": dt.date(2031, 1, 5), "issuer": "应急管理局"}
    grant(org.session, "P01", worker, item="低压电工作业", **given)
    grant(org.session, "P01", worker, item="高压电工作业", **given)
    with pytest.raises(drafting.NumberTaken):
        grant(org.session, "P01", worker, item="低压电工作业", **given)


def test_a_number_that_is_an_identity_number_is_masked_and_sealed(org: Organisation) -> None:
    number = "T" + id_number(21)
    card = grant(org.session, "P01", org.person(id_number=id_number(21)), number=number, issued_on=dt.date(2025, 1, 6),
                 valid_until=dt.date(2031, 1, 5), issuer="应急管理局", by=SYSTEM)
    assert "*" in card.number and card.full_number == number
    tables = ("certificate", "certificate_version", "fact")
    rows = [row for table in tables for row in org.session.execute(text(f"select * from {table}"))]
    assert not any(id_number(21) in str(value) for row in rows for value in row)


def test_a_number_of_another_person_is_refused(org: Organisation) -> None:
    with pytest.raises(drafting.WrongNumber):
        grant(org.session, "P01", org.person(id_number=id_number(22)), number="T" + id_number(21), issuer="应急管理局",
              issued_on=dt.date(2025, 1, 6), valid_until=dt.date(2031, 1, 5), by=SYSTEM)


def test_identity_numbers_among_the_fields_are_masked_and_sealed_rows_included(org: Organisation) -> None:
    number = id_number(33)
    rows = [{"name": "甲", "leader_id": number}]
    permit = org.permit(fields={"supervisor": "李四", "supervisor_id": number, "parties": rows})
    assert number not in str(permit.latest.fields) and permit.latest.fields["supervisor"] == "李四"
    assert permit.latest.full_fields["parties"][0]["leader_id"] == number


def test_a_certificate_that_ran_out_makes_way_for_the_next_of_its_number(org: Organisation, clock: Fixed) -> None:
    worker = org.person()
    old = org.worker(worker, number="苏A012024000007", issued_on=dt.date(2024, 6, 1), valid_until=dt.date(2026, 5, 31))
    new = org.worker(worker, number="苏A012024000007", issued_on=dt.date(2026, 7, 1), valid_until=dt.date(2028, 6, 30))
    assert (old.state, new.state) == (codes.LAPSED, codes.VALID)


def test_the_story_of_a_grant_reaches_holder_unit_and_request(org: Organisation) -> None:
    worker = org.person()
    card = org.worker(worker, request_id=77)
    org.session.flush()
    for subject in (("certificate", card.id), ("person", worker.id), ("unit", org.project.id), ("request", 77)):
        fact = story(org.session, subject)[-1]
        assert (fact.kind, fact.after and fact.after["until"]) == ("certificate.granted", "2027-05-31")


def test_a_renewal_is_a_new_version_with_its_own_timers_and_the_same_number(org: Organisation) -> None:
    card = org.worker(valid_until=dt.date(2026, 12, 31))
    number, first = card.number, list(card.timers)
    version = renew(org.session, card, valid_from=dt.date(2027, 1, 1), valid_until=dt.date(2028, 12, 31), issued_on=DAY,
                    issuer="某省住建厅", by=SYSTEM)
    assert (version.label, version.previous_id, card.number) == ("002", card.versions[0].id, number)
    assert all(timer.cancelled_at for timer in first)
    assert card.ends_on == dt.date(2028, 12, 31) and card.versions[0].valid_until == dt.date(2026, 12, 31)


def test_a_renewal_that_does_not_lengthen_is_refused(org: Organisation) -> None:
    card = org.worker(valid_until=dt.date(2027, 5, 31))
    with pytest.raises(drafting.WrongTerm):
        renew(org.session, card, valid_from=DAY, valid_until=dt.date(2027, 5, 31), issued_on=DAY, issuer="x", by=SYSTEM)


def test_a_renewal_leaves_no_gap(org: Organisation) -> None:
    card = org.worker(valid_until=dt.date(2027, 5, 31))
    with pytest.raises(drafting.WrongTerm) as refused:
        renew(org.session, card, valid_from=dt.date(2027, 6, 2), valid_until=dt.date(2029, 5, 31), issued_on=DAY,
              issuer="x", by=SYSTEM)
    assert list(refused.value.problems) == ["valid_from"]


def test_what_is_held_back_is_not_renewed(org: Organisation) -> None:
    licence = org.licence()
    suspend(org.session, licence, since=DAY, reason="整改", by=SYSTEM)
    with pytest.raises(HeldBack):
        renew(org.session, licence, valid_from=dt.date(2029, 1, 1), valid_until=dt.date(2031, 12, 31), issued_on=DAY,
              issuer="x", by=SYSTEM)


def test_a_suspension_is_given_back_and_a_second_return_is_refused(org: Organisation) -> None:
    licence = org.licence()
    suspend(org.session, licence, since=DAY, reason="整改", by=SYSTEM)
    assert licence.state == codes.SUSPENDED
    give_back(org.session, licence, since=DAY, by=SYSTEM)
    org.session.expire_all()
    assert [v.state for v in licence.versions] == ["01", "02", "01"]
    with pytest.raises(NotSuspended):
        give_back(org.session, licence, since=DAY, by=SYSTEM)


@pytest.mark.parametrize(("kind", "state"), [("注销", "04"), ("撤销", "03"), ("吊销", "07"), ("废止", "05")])
def test_an_ended_certificate_stops_its_timers_and_takes_nothing_more(org: Organisation, kind: str, state: str) -> None:
    licence = org.licence()
    cancel(org.session, licence, kind=kind, since=DAY, reason="企业终止", by=SYSTEM)
    assert licence.state == state and all(timer.cancelled_at for timer in licence.timers)
    with pytest.raises(Ended):
        suspend(org.session, licence, since=DAY, reason="x", by=SYSTEM)


def test_a_running_certificate_does_not_lapse(org: Organisation) -> None:
    assert lapse(org.session, org.worker()) is None


def test_a_version_is_never_changed_or_deleted_not_even_in_the_database(org: Organisation) -> None:
    version = org.permit().latest
    org.session.flush()
    for statement in ("update certificate_version set issuer = 'x'", "delete from certificate_version"):
        with pytest.raises(DatabaseError), org.session.begin_nested():
            org.session.execute(text(statement))
    with pytest.raises(TypeError, match="issuer"), org.session.begin_nested():
        version.issuer = "x"
        org.session.flush()


def test_a_scan_of_another_group_cannot_be_attached(org: Organisation, clock: Fixed) -> None:
    def file(group: int) -> File:
        made = File(sha256="0" * 64, name="a.pdf", media_type="application/pdf", size=1, group_id=group, at=clock())
        org.session.add(made)
        org.session.flush()
        return made

    permit = org.permit(scans=[file(org.group.id).id])
    assert [scan.file.name for scan in permit.latest.scans] == ["a.pdf"]
    with pytest.raises(NotFound):
        add_scans(org.session, permit.latest, [file(999).id], by=Actor(1, "x"))


def test_of_two_who_register_one_number_at_once_one_is_told_it_is_taken(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        workdays.seed(session)
        org = organisation(session)
        org.licence(number="（苏）JZ安许证字〔2025〕000777")
        session.flush()
        # the other's check came before this commit: go straight to writing
        kind = session.scalars(select(Certificate)).one().type
        number = drafting.checked_number(kind, "（苏）JZ安许证字〔2025〕000777", org.other)
        term = drafting.checked_term(kind, valid_from=None, valid_until=dt.date(2028, 1, 1), issued_on=DAY)
        again = drafting.new_certificate(kind, org.other, number, term, "LC-E03-000999", "")
        from registry.certificates.granting import save_first
        with pytest.raises(drafting.NumberTaken):
            save_first(session, again)
        assert len(session.scalars(select(Version)).all()) == 1
