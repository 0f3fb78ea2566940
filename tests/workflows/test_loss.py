"""P-LOST: every element is reached; the loan is void, the number stays, the new original lies in the cabinet."""

import datetime as dt

import pytest
from sqlalchemy import select

from feel.prove import prove
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from ledger.facts import story
from registry.certificates.models import Certificate
from registry.custody import loans, originals, whereabouts
from registry.custody.loans import NotHere
from registry.custody.originals import Absence, Original
from registry.custody.whereabouts import Place
from registry.people.persons import person_of
from tests.workflows.cabinet import MONDAY
from tests.workflows.loss_ways import announced, reissued, reported, suspected
from workflows import CATALOG
from workflows.applying import choices
from workflows.loss.freezing import Frozen, running


@pytest.fixture
def database_url(sqlite_files, tmp_path):
    """One database is enough here; that everything is reached is tested on both."""
    return sqlite_files.fresh(tmp_path)



def test_a_confirmed_loss_voids_the_loan_and_ends_its_borrowing(cabinet):
    case, lent = suspected(cabinet, "lost")
    case.work()
    with reading(cabinet.engine) as session:
        loan = cabinet.loan(session, lent)
        assert loan.voided_at is not None
        assert whereabouts.whereabouts(session, loan.original).place is Place.LOST
    assert lent.outcome() == "lost" and case.open() == ["L4_notice"]


def test_the_number_stays_the_remark_is_new_and_the_new_original_is_in_the_cabinet(cabinet):
    case = reissued(cabinet)
    with reading(cabinet.engine) as session:
        certificate = session.get_one(Certificate, cabinet.licence)
        assert (certificate.version_no, certificate.state, certificate.latest.note[:3]) == (2, "01", "补发：")
        assert certificate.latest.request_id == case.id and len(certificate.latest.scans) == 1
        rows = session.scalars(select(Original).order_by(Original.id)).all()
        assert [one.place for one in whereabouts.all_whereabouts(session, rows).values()] == [Place.LOST, Place.IN]
        assert [row.serial for row in rows] == ["1", "1 补发1"]
        kinds = {fact.kind for fact in story(session, ("request", case.id))}
        assert {"original.lost", "loss.frozen", "loss.announced", "loss.incident"} <= kinds


def test_nobody_borrows_what_is_reported_lost(cabinet):
    case = reported(cabinet)
    with unit(cabinet.engine) as session:
        lost = session.get_one(Original, case.request(session).details["original"])
        with pytest.raises(NotHere):
            whereabouts.hand_to_authority(session, lost, authority="某机关", by=SYSTEM)


def test_while_one_is_lost_nothing_of_its_certificate_is_lent_or_copied(cabinet):
    other = cabinet.paper("original")
    case = reported(cabinet)
    for wanted in ("copy", str(other)):
        with pytest.raises(BadAnswer) as refused:
            cabinet.asked(wanted)
        assert set(refused.value.problems) == {"wanted"}
    with unit(cabinet.engine) as session:
        clerk = person_of(session, cabinet.company.people["desk"])
        with pytest.raises(Frozen):
            loans.hand_over(session, session.get_one(Original, other), borrower=clerk, purpose="bid",
                            until=MONDAY.date(), by=SYSTEM)
    turn_up(cabinet, case)
    assert case.outcome() == "turned_up" and cabinet.asked("copy").outcome() == "copied"


def turn_up(cabinet, case):
    with unit(cabinet.engine) as session:
        originals.found(session, session.get_one(Original, case.request(session).details["original"]), by=SYSTEM)
    case.work()


def test_each_original_has_a_loss_of_its_own_and_only_one(cabinet):
    lent = cabinet.out()
    first = reported(cabinet)
    lent.later(12)
    with reading(cabinet.engine) as session:
        late = cabinet.loan(session, lent).original_id
        found = {one.details["original"]: one.id for one in running(session, cabinet.licence)}
        assert set(found) == {first.request(session).details["original"], late}
    with unit(cabinet.engine) as session:
        whereabouts.lost(session, session.get_one(Original, late), told="找不到", by=SYSTEM)
    lent.work()
    with reading(cabinet.engine) as session:
        assert session.scalars(select(Absence.request_id).where(Absence.original_id == late)).one() == found[late]


def test_what_turns_up_after_its_replacement_ends_nothing(cabinet):
    case = announced(cabinet, "granted")
    case.do("custodian", "L6_original", "done", place="档案室 1 柜")
    turn_up(cabinet, case)
    assert case.open() == ["L7_incident"]
    assert any("请办理销毁" in text for text in cabinet.told("custodian"))


@pytest.mark.parametrize("process_id", ["borrowing", "loss"])
def test_the_tables_have_no_gap_and_no_dead_row(process_id):
    import feel.dmn

    for name, content in CATALOG[process_id].files.items():
        if name.endswith(".dmn"):
            model = feel.dmn.parse(content)
            assert [found.message_en for one in model.decisions for found in prove(model, one)] == []


def test_a_loss_is_offered_once(cabinet):
    case = reported(cabinet)
    with reading(cabinet.engine) as session:
        by = cabinet.company.actor(session, "desk")
        offered = choices.of_certificate(session, by, session.get_one(Certificate, cabinet.licence))
        found = {one.process_id: one.open and one.open.id for one in offered}
        assert (found["borrowing"], found["loss"]) == (None, case.id)
    assert case.now().date() == dt.date(2026, 11, 23)
