"""Alerts and the renewals that answer them: a renewal that somebody begins stops the climb; its end, the alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select

from ledger.db import reading
from registry.alerts import planning
from registry.alerts.model import Alert
from tests.workflows.renewing import Renewing
from workflows.alerting import under_way


@pytest.fixture
def renewing(engine, company, tmp_path, clock) -> Callable[..., Renewing]:
    return lambda code, **more: Renewing(engine, company, tmp_path, clock, code, **more)


def alerts(case: Renewing) -> list[Alert]:
    with reading(case.engine) as session:
        found = list(session.scalars(select(Alert).order_by(Alert.id)))
        session.expunge_all()
        return found


def planned(case: Renewing) -> Renewing:
    while planning.sweep(case.engine):
        pass
    return case


def progress(case: Renewing):
    with reading(case.engine) as session:
        return under_way(session, case.certificate_id)


def test_a_renewal_that_the_window_began_is_under_way_once_somebody_decides(renewing) -> None:
    case = renewing("P02")
    planned(case.day(2027, 3, 5).opened())
    planned(case.day(2027, 4, 1))
    assert progress(case) is None and [one.acted_how for one in alerts(case) if one.stage == "d60"] == [""]
    case.do("safety", "N1_decide", "renew")
    case.later(0.1)
    assert progress(case).subject == ("request", case.id)
    stopped = [one for one in alerts(case) if one.stage == "d60"][0]
    assert (stopped.acted_how, stopped.acted_by) == ("request", case.company.people["safety"])


def test_what_the_renewal_brings_silences_every_alert_of_the_old_term(renewing) -> None:
    from tests.workflows.test_renewal import decided

    case = decided(renewing, "P02")
    planned(case)
    planned(case.day(2027, 4, 16))
    assert [one.stage for one in alerts(case) if not one.silent_at]
    case.closed()
    for login, element, verdict in (("safety", "N4_review", "pass"), ("approver", "N5_approve", "approve"),
                                    ("custodian", "S5_file", "done")):
        case.do(login, element, verdict)
    for answer in ("accepted", "granted"):
        case.authority(answer)
    for login, element, verdict in (("custodian", "R10_register", "done"), ("safety", "R11_compare", "match")):
        case.do(login, element, verdict)
    case.later(0.1)
    assert {one.silent_why for one in alerts(case)} == {"renewed"}
    assert dt.date(2027, 5, 31) == {one.term for one in alerts(case)}.pop()
