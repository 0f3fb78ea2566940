"""Every element of application.bpmn is reached by somebody: each task, gateway, timer and exit of domain 4.2."""

import datetime as dt

import msgspec
import pytest

from engine import instances
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import unit
from registry.certificates.catalogue import type_of
from tests.workflows.passage import elements
from workflows import opening

MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


def waited(case, days):
    case.wait_until(case.now() + dt.timedelta(days=days))
    return case


def abandoned(walk):
    case = walk()
    case.do("applicant", "A1_fill", "abandon")
    return case


def uncorrected(walk):
    case = walk().submitted()
    case.do("pm", "A3_pm", "return")
    return waited(case, 20)


def rejected(walk):
    case = walk("E03").reviewed()
    case.do("approver", "A4_approve", "approve")
    case.do("vice", "A4_second", "reject", reason="不同意")
    return case


def refused(walk):
    case = walk().filed()
    case.authority("refused")
    return case


def unsupplemented(walk):
    case = walk().filed()
    case.authority("supplement")
    return waited(case, 30)


def chased(walk, kind):
    case = waited(walk().filed(), 10)
    waited(case, 20)
    case.authority(kind)
    return case


def denied(walk, verdict):
    case = walk().accepted()
    case.authority("denied")
    case.do("applicant", "A9_denied", verdict)
    return case


def registered(walk):
    case = walk("P02").granted()
    case.do("custodian", "A10_register", "done")
    case.do("hr", "A11_compare", "match")
    return case


WAYS = [
    lambda walk: waited(walk(), 31), abandoned, uncorrected, rejected, refused, unsupplemented,
    lambda walk: chased(walk, "granted"), lambda walk: chased(walk, "denied"), lambda walk: denied(walk, "dispute"),
    lambda walk: denied(walk, "give_up"), registered,
]


@pytest.mark.timeout(300)
def test_every_element_of_the_drawing_is_reached(walk, clock, monkeypatch):
    seen: set[str] = set()
    for way in WAYS:
        clock.move_to(MONDAY)
        seen |= finished(way(walk)).visited()
    monkeypatch.setattr(opening, "kind_for", lambda _, code: msgspec.structs.replace(type_of(code), reviewers=()))
    seen |= walk("J03").submitted().visited()
    assert elements("application") - seen == set()


def finished(case):
    """Nothing may be left open for the next walk of the same holder."""
    if case.outcome() is None:
        with unit(case.engine) as session:
            instances.terminate(session, case.request(session).instance_id, by=SYSTEM, reason="next walk")
    return case
