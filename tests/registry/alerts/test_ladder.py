"""Whom an alert goes to, and how it climbs when nobody acts."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from ledger.db import reading
from ledger.errors import NotFound
from ledger.facts import story
from registry.access.accounts import Account, actor_for
from registry.access.grants import RoleGrant, revoke
from registry.alerts import acting, lists, notices
from registry.alerts.acting import AlertOver
from registry.people.persons import Person
from tests.registry.alerts.watching import ENDS, Watch

D = dt.date


def who(watch: Watch, name: str) -> Actor:
    with reading(watch.engine) as session:
        return actor_for(session, session.get_one(Person, watch.people[name]))


def before(days: int) -> D:
    return ENDS - dt.timedelta(days=days)


@pytest.mark.parametrize(("stage", "told"), [
    (60, {"holder", "custodian"}), (30, {"holder", "custodian", "hr"}), (7, {"holder", "custodian", "hr", "vice"}),
    (0, {"holder", "custodian", "hr", "vice", "legal"}), (-7, {"holder", "custodian", "hr", "vice", "legal"}),
])
def test_the_nearer_the_end_the_higher_it_is_told(watch: Watch, stage: int, told: set[str]) -> None:
    watch.on(before(stage + 1)).on(before(stage))
    assert watch.told(f"d{stage}") == told


def test_an_alert_that_nobody_acts_on_climbs_after_its_patience_and_not_before(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))  # Saturday 2027-05-01 and 02 before it
    assert watch.told("d30") == {"holder", "custodian", "hr"}
    watch.on(D(2027, 5, 7), 23)
    assert watch.told("d30") == {"holder", "custodian", "hr"}
    watch.on(D(2027, 5, 8), 0)
    assert watch.told("d30") == {"holder", "custodian", "hr", "vice"} and watch.alert("d30").level == 1


def test_a_holder_ignores_an_alert_and_it_climbs_to_the_top_rung_by_rung(watch: Watch) -> None:
    watch.on(before(61)).on(before(60))
    heard, known = [], watch.told("d60")
    for left in range(59, 30, -1):
        told = watch.on(before(left), 0).told("d60")
        heard += [(before(left), told - known)] if told != known else []
        known = told
    assert heard == [(D(2027, 4, 9), {"hr"}), (D(2027, 4, 17), {"vice"}), (D(2027, 4, 24), {"legal"})]
    assert watch.alert("d60").escalate_at is None and watch.alert("d60").level == 3


def test_whoever_it_climbed_to_can_stop_it(watch: Watch) -> None:
    watch.on(before(61)).on(before(60)).on(D(2027, 4, 9))
    number = watch.alert("d60").id
    watch.act(lambda session: acting.take(session, who(watch, "hr"), number))
    watch.through(D(2027, 4, 10), before(31))
    assert watch.told("d60") == {"holder", "custodian", "hr"}


def test_only_the_nearest_stage_goes_on_climbing(watch: Watch) -> None:
    watch.on(before(31)).on(before(30)).on(before(15))
    assert watch.alert("d30").escalate_at is None and watch.alert("d15").escalate_at is not None


def test_whoever_takes_it_on_stops_the_climb_and_is_named_to_the_next(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))
    number = watch.alert("d30").id
    watch.act(lambda session: acting.take(session, who(watch, "custodian"), number))
    watch.through(before(29), before(16))
    assert watch.told("d30") == {"holder", "custodian", "hr"}
    with pytest.raises(AlertOver) as refused:
        watch.act(lambda session: acting.take(session, who(watch, "holder"), number))
    assert "custodian" in str(refused.value.params)


def test_who_was_not_told_cannot_take_it(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))
    with pytest.raises(NotFound):
        watch.act(lambda session: acting.take(session, who(watch, "far"), watch.alert("d30").id))


def test_who_cannot_sign_in_stands_in_the_list_of_those_not_reached_and_the_next_rung_is_told(watch: Watch) -> None:
    def close(session: Session) -> None:
        for name in ("holder", "custodian"):
            account = session.query(Account).filter_by(person_id=watch.people[name]).one()
            account.disabled_at = watch.now()
    watch.act(close)
    watch.on(before(61)).on(before(60))
    assert watch.told("d60") == {"holder", "custodian", "hr"}
    with reading(watch.engine) as session:
        missed, total = lists.unreached(session, who(watch, "vice"), limit=10)
        assert total == 2 and {(one.person.id, one.certificates, one.nearest) for one in missed} == {
            (watch.people["holder"], 1, ENDS), (watch.people["custodian"], 1, ENDS)}
        assert lists.unreached(session, who(watch, "far"), limit=10) == ([], 0)


def test_a_rung_without_anybody_is_passed_over(watch: Watch) -> None:
    def leave(session: Session) -> None:
        for name in ("custodian", "hr"):
            for row in session.query(RoleGrant).filter_by(person_id=watch.people[name]):
                revoke(session, row, by=SYSTEM)
        session.get_one(Person, watch.people["holder"]).left_on = D(2027, 1, 1)
    watch.act(leave)
    watch.on(before(61)).on(before(60))
    assert watch.told("d60") == {"vice"}


def test_the_ledger_knows_who_opened_it(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))
    actor = who(watch, "holder")

    def open_(session: Session) -> None:
        notices.read(session, actor, notices.notices(session, actor)[0].id)
    watch.act(open_)
    opened = {each.person_id: each.opened_at for each in watch.alert("d30").told}
    assert opened[watch.people["holder"]] == watch.now() and opened[watch.people["hr"]] is None


def test_every_alert_is_a_fact_in_the_story_of_its_certificate(watch: Watch) -> None:
    watch.on(before(31)).on(before(30)).on(D(2027, 5, 8))
    with reading(watch.engine) as session:
        kinds = [fact.kind for fact in story(session, ("certificate", watch.certificate))]
    assert kinds.count("alert.climbed") == 1 and "alert.raised" in kinds
