"""When an alert is raised: each stage once, on its day, and never for what is not there any more."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import failpoints
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.workdays import Calendar
from registry.alerts import planning
from registry.alerts.model import AlertDay
from registry.alerts.notices import Notice
from registry.alerts.rules import rule_of
from registry.certificates.catalogue import type_of
from registry.certificates.endings import cancel
from registry.certificates.lifecycle import renew
from registry.certificates.models import Certificate
from tests.registry.alerts.watching import ENDS, Watch, renewing

D = dt.date
RULE = rule_of(type_of("P02"))


def test_the_stages_of_a_type_are_its_reminders_the_last_day_and_days_after_it() -> None:
    assert [stage.before for stage in RULE.stages] == [*sorted(type_of("P02").reminders, reverse=True), 0, -7, -30]


def test_of_an_end_that_becomes_known_late_only_the_nearest_stage_gone_by_counts() -> None:
    known = ENDS - dt.timedelta(days=20)
    assert RULE.reached(ENDS, known, known, Calendar()) == [("d30", ENDS - dt.timedelta(days=30))]
    assert RULE.reached(ENDS, known, ENDS, Calendar()) == [
        (f"d{before}", ENDS - dt.timedelta(days=before)) for before in (30, 15, 7, 1, 0)]


def test_every_stage_is_raised_once_on_its_day(watch: Watch) -> None:
    watch.on(D(2026, 12, 1)).through(ENDS - dt.timedelta(days=125), ENDS + dt.timedelta(days=40))
    expected = [stage.key for stage in RULE.stages if stage.before <= 120]
    assert watch.stages() == expected
    for alert in watch.alerts():
        assert (alert.raised_at + dt.timedelta(hours=8)).date() == alert.due_on


def test_days_without_a_worker_are_made_up_for_in_order(watch: Watch) -> None:
    watch.on(D(2026, 12, 1)).on(ENDS - dt.timedelta(days=5))
    assert watch.stages() == [stage.key for stage in RULE.stages if 5 <= stage.before <= 120]


def test_a_clock_set_back_raises_nothing_twice(watch: Watch) -> None:
    watch.on(ENDS - dt.timedelta(days=30)).on(ENDS - dt.timedelta(days=40)).on(ENDS - dt.timedelta(days=30))
    assert watch.stages().count("d30") == 1


def test_a_renewed_certificate_falls_silent_at_once_and_its_notices_are_not_unread(watch: Watch) -> None:
    watch.on(D(2026, 12, 1)).on(ENDS - dt.timedelta(days=30))
    assert watch.act(_unread) > 0
    watch.act(lambda session: renew(
        session, session.get_one(Certificate, watch.certificate), valid_from=D(2027, 6, 1), valid_until=D(2029, 5, 31),
        issued_on=D(2027, 5, 1), issuer="某省住建厅", by=SYSTEM))
    watch.look()
    assert {alert.silent_why for alert in watch.alerts()} == {"renewed"}
    assert watch.act(_unread) == 0
    before = watch.stages()
    watch.through(ENDS - dt.timedelta(days=20), ENDS + dt.timedelta(days=8))
    assert watch.stages() == before


def _unread(session: Session) -> int:
    return len(session.scalars(select(Notice.id).where(Notice.read_at.is_(None))).all())


def test_a_cancelled_certificate_is_warned_of_no_more(watch: Watch) -> None:
    watch.on(ENDS - dt.timedelta(days=30))
    watch.act(lambda session: cancel(session, session.get_one(Certificate, watch.certificate), kind="注销",
                                     since=D(2027, 5, 1), reason="离岗", by=SYSTEM))
    watch.through(ENDS - dt.timedelta(days=20), ENDS + dt.timedelta(days=8))
    assert watch.stages() == ["d30"] and watch.alert("d30").silent_why == "over"


def test_a_new_term_has_stages_of_its_own(watch: Watch) -> None:
    watch.on(ENDS - dt.timedelta(days=30))
    later = D(2029, 5, 31)
    watch.act(lambda session: renew(
        session, session.get_one(Certificate, watch.certificate), valid_from=D(2027, 6, 1), valid_until=later,
        issued_on=D(2027, 5, 1), issuer="某省住建厅", by=SYSTEM))
    watch.look().on(later - dt.timedelta(days=31)).on(later - dt.timedelta(days=30))
    assert [alert.term for alert in watch.alerts() if alert.stage == "d30"] == [ENDS, later]


def test_a_certificate_entered_late_is_warned_of_at_once(watch: Watch) -> None:
    watch.on(D(2027, 3, 1))
    watch.act(lambda session: _entered(session, watch, D(2027, 3, 10)))
    watch.look()
    assert [(alert.stage, alert.term) for alert in watch.alerts()][-1] == ("d15", D(2027, 3, 10))
    before = len(watch.alerts())
    assert len(watch.look().alerts()) == before


def _entered(session: object, watch: Watch, ends: D) -> None:
    from registry.certificates.lifecycle import grant

    held = session.get_one(Certificate, watch.certificate)  # type: ignore[attr-defined]
    grant(session, "P02", held.holder_person, number="苏A012027000001", issuer="某省住建厅",  # type: ignore[arg-type]
          issued_on=D(2025, 3, 1), valid_until=ends, item="建筑架子工", by=SYSTEM)


def test_a_renewal_that_comes_in_time_keeps_an_alert_silent_but_in_the_ledger(watch: Watch) -> None:
    renewing(ENDS - dt.timedelta(days=3))
    watch.on(ENDS - dt.timedelta(days=30))
    assert watch.stages() == [] and watch.alert("d30").silent_why == "under_way" and not watch.alert("d30").told


def test_a_renewal_that_comes_too_late_sharpens_the_alert(watch: Watch) -> None:
    watch.on(D(2026, 12, 1)).on(ENDS - dt.timedelta(days=31))
    renewing(ENDS + dt.timedelta(days=9))
    watch.on(ENDS - dt.timedelta(days=30))
    alert = watch.alert("d30")
    assert alert.about["late"] == 9 and watch.told("d30") == {"holder", "custodian", "hr", "vice"}
    told = watch.act(lambda session: session.execute(
        select(Notice.params, Notice.subject_kind, Notice.subject_id).where(
            Notice.person_id == watch.people["holder"]).order_by(Notice.id.desc())).first())
    assert told is not None and told[0]["late"] == 9 and tuple(told[1:]) == ("request", 7)


@pytest.mark.parametrize("point", ["alerts.planned.before_commit", "alerts.planned.after_commit"])
def test_a_day_that_is_killed_in_the_middle_goes_on_where_it_stopped(watch: Watch, point: str) -> None:
    watch.on(ENDS - dt.timedelta(days=31))
    watch.now.advance(dt.timedelta(days=1))
    failpoints.arm(f"{point}=raise")
    with pytest.raises(failpoints.FailpointHit):
        planning.sweep(watch.engine)
    failpoints.arm(None)
    watch.look()
    assert watch.stages().count("d30") == 1 and len(watch.told("d30")) == 3


def test_two_workers_plan_a_day_once(watch: Watch) -> None:
    watch.on(ENDS - dt.timedelta(days=31))
    watch.now.advance(dt.timedelta(days=1))
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: planning.sweep(watch.engine), range(2)))
    assert watch.stages().count("d30") == 1
    with unit(watch.engine) as session:
        assert session.get_one(AlertDay, 1).day == ENDS - dt.timedelta(days=30)


def test_on_the_first_day_everybody_gets_one_notice_of_all_that_is_near_its_end(watch: Watch) -> None:
    watch.act(lambda session: _entered(session, watch, ENDS + dt.timedelta(days=3)))
    watch.on(ENDS - dt.timedelta(days=20))
    assert [alert.stage for alert in watch.alerts() if alert.stage[0] == "d"] == ["d30", "d30"]
    with reading(watch.engine) as session:
        rows = session.execute(select(Notice.person_id, Notice.params).where(Notice.subject_kind == "alerts")).all()
    assert {(number, params["n"]) for number, params in rows} == {
        (watch.people[name], 2) for name in ("holder", "custodian", "hr")}
