"""Ways through loss.bpmn, each as people would take it, and how it ends."""


from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.custody import originals, whereabouts
from registry.custody.originals import Absence, Original
from workflows.applying import choices
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
