"""The straight way of change, cancellation and suspension on each database."""

from concurrent.futures import ThreadPoolExecutor

from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.certificates.models import Certificate
from tests.workflows.acts import filed, registered
from workflows.cancellation.beginning import start


def test_a_name_is_changed(engine, holding, staffed, changing):
    number = holding("P02")
    case = changing(number, "f")
    case.do("hr", "T1_fill", "submit", change_name=True, new_name="石垒")
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "approve")
    registered(filed(case), "legal2")
    with reading(engine) as session:
        assert (case.outcome(), session.get_one(Certificate, number).holder_name) == ("changed", "石垒")


def test_an_announced_cancellation_and_a_suspension_are_recorded(engine, holding, cancelling, suspending):
    licence, worker = holding("E03"), holding("P02")
    held_back = suspending(worker)
    held_back.do("custodian", "S1_notice", "done", since="2026-11-20", until="2026-12-20")
    case = cancelling(licence, "custodian", "passive")
    case.do("custodian", "C5_collect", "done")
    case.do("custodian", "C5_record", "done")
    case.work()
    with reading(engine) as session:
        assert [session.get_one(Certificate, number).state for number in (licence, worker)] == ["04", "02"]


def test_an_application_is_supplemented_denied_and_granted_when_filed_again(engine, walk):
    case = walk("P02").filed()
    case.authority("supplement")
    case.do("custodian", "A7_supplement", "done")
    case.authority("accepted")
    case.authority("denied")
    case.do("applicant", "A9_denied", "reapply")
    case.registered()
    with reading(engine) as session:
        made = session.get_one(Certificate, case.request(session).certificate_id)
        assert (case.outcome(), made.latest.label) == ("registered", "001")


def test_two_who_begin_at_once_get_one_cancellation(engine, clock, holding):
    number = holding("E03")

    def begin(subtype):
        with unit(engine) as session:
            return start(session, session.get_one(Certificate, number), by=SYSTEM, subtype=subtype).id

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(begin, ["", "passive"]))) == 1
