"""P-LOST: every element is reached; the loan is void, the number stays, the new original lies in the cabinet."""

import datetime as dt

import pytest
from sqlalchemy import select

from feel.prove import prove
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.facts import story
from registry.certificates.models import Certificate
from registry.custody import originals, whereabouts
from registry.custody.loans import NotHere
from registry.custody.originals import Absence, Original
from registry.custody.whereabouts import Place
from tests.workflows.cabinet import MONDAY
from tests.workflows.passage import elements
from workflows import CATALOG, choices
from workflows.requests import Request


def reported(cabinet, kind="duplicate", certificate=None, login="desk"):
    """Somebody reports one lost at its certificate."""
    number = cabinet.paper(kind, certificate)
    case = cabinet.passage().begin(lambda session: choices.begin(
        session, cabinet.company.actor(session, login), certificate or cabinet.licence, "loss"))
    case.do(login, "L1_report", "submit", original=str(number), told="在公交车上", police="yes")
    return case


def announced(cabinet, answer, **more):
    """Announced and filed; the authority has answered."""
    case = reported(cabinet, **more)
    case.do("legal", "L4_notice", "done")
    case.do("custodian", "S5_file", "done")
    case.authority("accepted") if answer != "refused" else None
    case.authority(answer)
    return case


def reissued(cabinet):
    case = announced(cabinet, "granted")
    case.do("custodian", "L6_original", "done", place="档案室 1 柜")
    case.do("legal", "L7_incident", "done", cost=300)
    return case


def not_reissued(cabinet):
    case = announced(cabinet, "refused")
    case.do("legal", "L7_incident", "done")
    return case


def downloaded(cabinet):
    case = reported(cabinet, "electronic")
    case.do("custodian", "L3_download", "done")
    return case


def withdrawn(cabinet):
    case = cabinet.passage().begin(lambda session: choices.begin(
        session, cabinet.company.actor(session, "desk"), cabinet.licence, "loss"))
    case.do("desk", "L1_report", "abandon")
    return case


def forgotten(cabinet):
    case = cabinet.passage().begin(lambda session: choices.begin(
        session, cabinet.company.actor(session, "desk"), cabinet.licence, "loss"))
    case.later(6)
    return case


def suspected(cabinet, verdict):
    lent = cabinet.out()
    lent.later(12)
    case = cabinet.passage()
    with reading(cabinet.engine) as session:
        case.id = session.scalars(select(Request.id).where(Request.parent_id == lent.id)).one()
    case.case.request_id = case.id
    case.do("custodian", "L1_confirm", verdict)
    return case, lent


def not_lost(cabinet):
    return suspected(cabinet, "found")[0]


def turned_up(cabinet):
    """Reported at the counter; found later."""
    number = cabinet.paper()
    case = cabinet.passage()
    with unit(cabinet.engine) as session:
        whereabouts.lost(session, session.get_one(Original, number), told="找不到", by=SYSTEM)
    case.work()
    with reading(cabinet.engine) as session:
        case.id = session.scalars(select(Absence.request_id).where(Absence.original_id == number)).one()
    with unit(cabinet.engine) as session:
        originals.found(session, session.get_one(Original, number), by=SYSTEM)
    case.work()
    return case


WAYS = {
    reissued: "reissued", not_reissued: "not_reissued", downloaded: "redownloaded", withdrawn: "void",
    forgotten: "void", not_lost: "found", turned_up: "turned_up",
}


@pytest.mark.timeout(200)
def test_every_element_of_the_drawing_is_reached(cabinet, clock):
    seen = set()
    for way, outcome in WAYS.items():
        clock.move_to(MONDAY)
        case = way(cabinet)
        assert case.outcome() == outcome, way
        seen |= case.visited()
    assert elements("loss") - seen == set()


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
        assert {one.process_id: one.open and one.open.id for one in offered} == {"borrowing": None, "loss": case.id}
    assert case.now().date() == dt.date(2026, 11, 23)
