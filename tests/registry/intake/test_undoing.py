"""A batch is taken back whole, also months later; what was built upon it is named, and then nothing happens."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.facts import story
from registry.access.accounts import actor_for
from registry.access.register import find
from registry.access.rules import can, visible
from registry.certificates import changing, specialities, timers
from registry.certificates.models import Certificate, CertificateTimer, Version, of_token
from registry.certificates.standing import Standing, of, standing
from registry.custody import originals
from registry.intake.batch.models import Batch
from registry.intake.withdrawal import undoing
from registry.intake.withdrawal.upon import built_upon
from registry.people.persons import Person, move_person, with_id_number
from tests.registry.intake.desk import DAY, HEADINGS, Desk, numbered, worker
from tests.registry.organisation import id_number


def test_months_later_everything_is_gone_from_lists_and_free_again_yet_nothing_is_deleted(
    desk: Desk, clock: Fixed
) -> None:
    number = desk.bring([worker(1), worker(2)])
    with reading(desk.engine) as session:
        token = numbered(session, "苏A012025000001").check_token
        before = session.scalar(select(func.count()).select_from(Version))
    clock.advance(dt.timedelta(days=100))
    desk.undo(number)
    with reading(desk.engine) as session:
        assert session.scalars(visible(select(Certificate), desk.by)).all() == []
        assert session.scalars(visible(select(Person), desk.by).where(Person.name.like("张%"))).all() == []
        assert of_token(session, token) is None
        assert with_id_number(session, desk.group, id_number(1)) is None
        assert session.scalar(select(func.count()).select_from(Version)) == (before or 0) + 2
        one = session.scalars(select(Certificate).order_by(Certificate.id)).first()
        assert one is not None and one.state == "00" and of(one).standing is Standing.UNKNOWN
        then = clocks.start_of_day(DAY + dt.timedelta(1))
        assert standing(one.versions, on=DAY, known=then).standing is Standing.VALID
        assert [fact.kind for fact in story(session, ("certificate", one.id))] == [
            "certificate.imported", "certificate.withdrawn"]
        assert not session.scalars(select(CertificateTimer).where(
            CertificateTimer.fired_at.is_(None), CertificateTimer.cancelled_at.is_(None))).all()
    clock.advance(dt.timedelta(days=900))
    assert timers.sweep(desk.engine) == 0


@pytest.mark.parametrize("state", ["暂扣", "注销", "失效"])
def test_a_certificate_that_came_in_suspended_or_ended_is_the_batchs_own(desk: Desk, state: str) -> None:
    number = desk.bring([worker(1, 证件状态=state), worker(2)], (*HEADINGS, "证件状态"))
    desk.undo(number)
    assert desk.state(number) == "undone"


def test_the_same_file_may_come_again_and_makes_the_same_people_again(desk: Desk) -> None:
    desk.undo(desk.bring([worker(1)]))
    number = desk.bring([worker(1)])
    assert desk.outcomes(number) == ["new"]
    with reading(desk.engine) as session:
        person = with_id_number(session, desk.group, id_number(1))
        assert person is not None and numbered(session, "苏A012025000001").holder_person_id == person.id


def test_the_holder_no_longer_sees_it_nor_does_it_come_back_when_they_move(desk: Desk) -> None:
    with unit(desk.engine) as session:
        person = desk.org(session).person(id_number=id_number(1), name=worker(1)["姓名"])
        person_id = person.id
    number = desk.bring([worker(1)])
    desk.undo(number)
    with unit(desk.engine) as session:
        holder, org = session.get_one(Person, person_id), desk.org(session)
        held = session.scalars(select(Certificate)).one()
        assert not can(actor_for(session, holder), "certificate.read", held)
        move_person(session, holder, to=org.safety, by=SYSTEM)
        assert session.scalars(visible(select(Certificate), actor_for(session, holder))).all() == []
        assert session.scalars(visible(select(Certificate), desk.by)).all() == []
        assert holder.id_index is not None and holder.left_on is None  # they were there before


def test_a_changed_certificate_says_again_what_it_said_before(desk: Desk) -> None:
    desk.bring([worker(1)])
    number = desk.bring([worker(1, 发证日期="2026-10-01", 有效期至="2029-05-31"), worker(2)])
    desk.undo(number)
    with reading(desk.engine) as session:
        restored = numbered(session, "苏A012025000001")
        assert [version.valid_until for version in restored.versions] == [
            dt.date(2027, 5, 31), dt.date(2029, 5, 31), dt.date(2027, 5, 31)]
        assert restored.valid_until == dt.date(2027, 5, 31) and restored.state == "01"
        assert of(restored).standing is Standing.VALID and of(restored).version == 3
        waiting = [timer for timer in restored.timers if not timer.fired_at and not timer.cancelled_at]
        assert {timer.kind for timer in waiting} >= {"opens", "lapses"}
        assert session.scalar(visible(select(func.count(Certificate.id)), desk.by, model=Certificate)) == 1


def test_a_later_version_an_original_and_another_batch_are_named_and_nothing_is_undone(
    desk: Desk, clock: Fixed
) -> None:
    number = desk.bring([worker(1), worker(2), worker(3)])
    clock.advance(dt.timedelta(days=1))
    desk.bring([worker(3), worker(4)])
    with unit(desk.engine) as session:
        first, second = (numbered(session, f"苏A01202500000{serial}") for serial in (1, 2))
        changing.change(session, first, since=clocks.today(), by=SYSTEM, issuer="某厅")
        originals.enter(session, second, "original", place="档案室", keeper=second.unit, by=SYSTEM)
    with pytest.raises(undoing.BuiltUpon) as refused:
        desk.undo(number)
    assert {(each.kind, each.code) for each in refused.value.found} >= {
        ("version", "LC-P02-000001"), ("batch", "台账2.csv")}
    assert "original" in {each.kind for each in refused.value.found}
    assert desk.state(number) == "committed"
    with reading(desk.engine) as session:
        assert find(session, desk.by).total == 4


def test_a_person_who_works_with_it_now_is_named(desk: Desk) -> None:
    number = desk.bring([worker(1)])
    with unit(desk.engine) as session:
        org = desk.org(session)
        holder = session.get_one(Person, numbered(session, "苏A012025000001").holder_person_id)
        org.worker(holder, number="苏A022025000077")
        found = built_upon(session, session.get_one(Batch, number))
    assert [each.kind for each in found] == ["certificate"]


def test_a_person_who_was_moved_and_a_speciality_entered_later_are_named(desk: Desk, clock: Fixed) -> None:
    number = desk.bring([worker(1), worker(2)])
    clock.advance(dt.timedelta(days=1))
    with unit(desk.engine) as session:
        org = desk.org(session)
        holder = session.get_one(Person, numbered(session, "苏A012025000001").holder_person_id)
        move_person(session, holder, to=org.project, by=SYSTEM)
        specialities.add(session, numbered(session, "苏A012025000002"), "建筑架子工", valid_from=clocks.today(),
                         valid_until=None, by=SYSTEM)
    with reading(desk.engine) as session:
        assert {each.kind for each in built_upon(session, session.get_one(Batch, number))} == {"moved", "speciality"}
