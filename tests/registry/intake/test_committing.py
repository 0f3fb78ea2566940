"""What a ledger says is in the register after the commit: certificates, holders, days, facts, provenance."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.facts import Fact, story
from registry.certificates import timers
from registry.certificates.models import Certificate, CertificateTimer
from registry.certificates.standing import Standing, of
from registry.intake.batch import provenance
from registry.intake.batch.models import Batch
from registry.people.persons import Person
from tests.registry.intake.desk import Desk, numbered, worker
from tests.registry.organisation import id_number


def test_a_new_row_is_a_certificate_with_its_holder_days_and_story(desk: Desk) -> None:
    number = desk.bring([worker(1), worker(2)])
    with reading(desk.engine) as session:
        certificate = numbered(session, "苏A012025000001")
        holder = certificate.holder_person
        assert holder is not None and holder.id_number == id_number(1) and holder.company_id == desk.company
        assert (certificate.valid_until, certificate.state, certificate.item) == (dt.date(2027, 5, 31), "01", "01")
        assert of(certificate).standing is Standing.VALID
        assert {timer.kind for timer in certificate.timers if not timer.fired_at} >= {"opens", "lapses"}
        [fact] = story(session, ("certificate", certificate.id))
        assert (fact.kind, fact.actor_name, (fact.after or {})["batch"]) == ("certificate.imported", "赵管理", number)
        assert fact.delivered_at is not None
        assert session.get_one(Batch, number).counts["people"] == 2
    assert desk.outcomes(number) == ["new", "new"] and desk.state(number) == "committed"


def test_the_same_person_in_many_rows_is_made_once_and_somebody_in_the_register_not_again(desk: Desk) -> None:
    with unit(desk.engine) as session:
        desk.org(session).person(id_number=id_number(1), name="张二甲")
    desk.bring([worker(1), worker(1, 证书编号="苏A022025000009", 操作类别="建筑架子工"),
                worker(2), worker(2, 证书编号="苏A022025000010", 操作类别="建筑架子工")])
    with reading(desk.engine) as session:
        assert session.scalar(select(func.count()).select_from(Person).where(Person.name.like("张%"))) == 2
        held = select(func.count()).where(Certificate.holder_person_id == Person.id, Person.name == "张二甲")
        assert session.scalar(held) == 2


def test_what_is_in_the_register_already_is_the_same_and_a_later_term_renews_it(desk: Desk) -> None:
    desk.bring([worker(1), worker(2)])
    number = desk.bring([worker(1), worker(2, 发证日期="2026-10-01", 有效期至="2029-05-31")])
    assert desk.outcomes(number) == ["same", "changed"]
    with reading(desk.engine) as session:
        assert numbered(session, "苏A012025000001").version_no == 1
        renewed = numbered(session, "苏A012025000002")
        assert [version.operation for version in renewed.versions] == ["01", "02"]
        assert renewed.valid_until == dt.date(2029, 5, 31) and renewed.latest.previous is renewed.versions[0]
        waiting = [timer for timer in renewed.timers if not timer.fired_at and not timer.cancelled_at]
        assert {timer.version_id for timer in waiting} == {renewed.latest.id}


def test_several_terms_of_one_number_are_one_certificate_with_its_chain(desk: Desk) -> None:
    number = desk.bring([worker(1, 发证日期="2025-06-02", 有效期至="2027-06-01"),
                         worker(1, 发证日期="2023-06-02", 有效期至="2025-06-01"), worker(1, 发证日期="2025-06-02",
                                                                                    有效期至="2027-06-01")])
    assert sorted(desk.outcomes(number)) == ["new", "new", "repeated"]
    with reading(desk.engine) as session:
        chain = numbered(session, "苏A012025000001").versions
        assert [version.valid_until for version in chain] == [dt.date(2025, 6, 1), dt.date(2027, 6, 1)]
        assert [version.operation for version in chain] == ["01", "02"]


def test_what_ran_out_long_ago_is_expired_and_nobody_is_told(desk: Desk) -> None:
    desk.bring([worker(1, 发证日期="2021-06-01", 有效期至="2023-05-31")])
    with reading(desk.engine) as session:
        certificate = numbered(session, "苏A012025000001")
        assert of(certificate).standing is Standing.EXPIRED and certificate.state == "05"
        assert session.scalar(select(func.count()).select_from(CertificateTimer)) == 0
    assert timers.sweep(desk.engine) == 0


def test_what_is_near_its_end_is_found_by_the_sweep_like_any_other(desk: Desk, clock: Fixed) -> None:
    desk.bring([worker(1, 发证日期="2024-12-10", 有效期至="2026-12-09"), worker(2)])
    assert timers.sweep(desk.engine) == 1
    with reading(desk.engine) as session:
        told = session.scalars(select(Fact).where(Fact.kind == "certificate.window_opened")).all()
        assert [fact.subject_id for fact in told] == [numbered(session, "苏A012025000001").id]
        assert told[0].delivered_at is None


def test_every_field_knows_its_cell(desk: Desk) -> None:
    desk.bring([worker(1), worker(2)])
    with reading(desk.engine) as session:
        found = provenance.sources(session, numbered(session, "苏A012025000002"))
        assert (found["number"].cell, found["number"].raw, found["number"].how) == ("E3", "苏A012025000002", "imported")
        assert found["id_number"].raw == f"{id_number(2)[:6]}********{id_number(2)[-4:]}"


def test_rows_that_are_stopped_stay_outside_and_the_others_enter(desk: Desk) -> None:
    number = desk.bring([worker(1, 证书编号=""), worker(2)])
    assert desk.outcomes(number) == ["stopped", "new"]
    with reading(desk.engine) as session:
        assert session.scalar(select(func.count()).select_from(Certificate)) == 1
    assert "no_number" in desk.flaws(number)
