"""What follows from a loss is kept as rows, once, and lifted when it is restored."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from registry.certificates.lifecycle import cancel, give_back, lapse, suspend
from registry.people.joining import come_back
from registry.people.persons import leave
from registry.people.tenure import assign, employ
from registry.rules.effects import (
    Effect,
    blocked,
    causes_above,
    causes_near,
    flags,
    leavers_at,
    look_again,
    reconsider,
)
from tests.registry.organisation import DAY, Organisation, id_number
from tests.registry.rules.test_dependence import Site


@pytest.fixture
def site(org: Organisation) -> Site:
    return Site(org)


def flagged(session: Session) -> dict[str, str]:
    rows = session.scalars(select(Effect).where(Effect.lifted_at.is_(None), Effect.certificate_id.is_not(None)))
    return {row.certificate.type_code: row.kind for row in rows if row.certificate}


def lacking_at(site: Site, session: Session) -> set[str]:
    return {row.lack for unit in (site.org.project, site.org.company) for row in blocked(session, unit)}


def test_a_suspended_qualification_flags_what_rests_on_it_and_bars_the_company(site: Site, session: Session) -> None:
    suspend(session, site.e02, since=DAY, reason="动态核查不合格", by=SYSTEM)
    reconsider(session, site.e02)
    assert flagged(session) == {"E03": "ground", "J03": "ground", "P07": "lapses", "P04": "review", "P05": "review"}
    assert {"no_e02", "e02_gone"} <= lacking_at(site, session)
    assert flags(session, [site.e03.id])[site.e03.id][0].since == DAY


def test_asked_twice_it_changes_nothing(site: Site, session: Session) -> None:
    suspend(session, site.e02, since=DAY, reason="x", by=SYSTEM)
    first = reconsider(session, site.e02)
    again = reconsider(session, site.e02)
    assert first.opened and not first.lifted and again.opened == again.lifted == ()


def test_given_back_everything_is_lifted(site: Site, session: Session) -> None:
    suspend(session, site.e02, since=DAY, reason="x", by=SYSTEM)
    opened = reconsider(session, site.e02).opened
    give_back(session, site.e02, since=DAY, by=SYSTEM)
    assert set(reconsider(session, site.e02).lifted) == set(opened)
    assert flagged(session) == {} and lacking_at(site, session) == set()


def test_a_new_certificate_of_the_same_holder_stands_in_for_the_lost_one(site: Site, session: Session) -> None:
    cancel(session, site.e02, kind="吊销", since=DAY, reason="x", by=SYSTEM)
    reconsider(session, site.e02)
    fresh = site.paper("E02", site.org.company, "D232099999")
    assert [cause.id for cause in causes_near(session, fresh)] == [site.e02.id]
    assert reconsider(session, site.e02).lifted and flagged(session) == {}


def test_a_lapse_counts_from_the_day_after_the_last(site: Site, session: Session, clock: clocks.Fixed) -> None:
    clock.move_to(clocks.start_of_day(dt.date(2029, 2, 1)))
    lapse(session, site.e03)
    reconsider(session, site.e03)
    assert {row.since for row in session.scalars(select(Effect))} == {dt.date(2029, 1, 1)}


def test_a_leaver_s_gap_is_lifted_when_the_post_is_filled(site: Site, session: Session) -> None:
    leave(session, site.manager, on=DAY - dt.timedelta(days=1), by=SYSTEM)
    reconsider(session, site.manager)
    assert "no_manager" in lacking_at(site, session) and flagged(session) == {"P07": "change", "P04": "change"}
    successor = site.org.person(name="孙经理", id_number=id_number(35, "19850307"))
    assign(session, successor, site.org.project, "project_manager", from_on=DAY, by=SYSTEM)
    for cause in leavers_at(session, [site.org.project.id]):
        reconsider(session, cause)
    assert "no_manager" not in lacking_at(site, session)


def test_what_follows_from_a_last_day_to_come_holds_from_the_day_after(
    site: Site, session: Session, clock: clocks.Fixed
) -> None:
    leave(session, site.manager, on=DAY + dt.timedelta(days=9), by=SYSTEM)
    reconsider(session, site.manager)
    assert lacking_at(site, session) == set() and session.scalars(select(Effect)).first() is not None
    clock.advance(dt.timedelta(days=10))
    reconsider(session, site.manager)
    assert "no_manager" in lacking_at(site, session)


def test_who_comes_back_lifts_what_followed(site: Site, session: Session) -> None:
    leave(session, site.manager, on=DAY - dt.timedelta(days=1), by=SYSTEM)
    reconsider(session, site.manager)
    come_back(session, site.manager, unit=site.org.project, on=DAY, by=SYSTEM)
    assert reconsider(session, site.manager).lifted and flagged(session) == {}


def test_a_gap_that_somebody_else_fills_is_lifted(site: Site, session: Session) -> None:
    suspend(session, site.p05, since=DAY, reason="x", by=SYSTEM)
    reconsider(session, site.p05)
    assert "short_of_officers" in lacking_at(site, session)
    second = site.org.person(name="李安全", id_number=id_number(39, "19850307"))
    site.paper("P05", second, "苏建安C2（2025）0012399", fields={"employer_code": site.org.company.uscc})
    assign(session, second, site.org.project, "safety_officer", from_on=DAY, by=SYSTEM)
    assert [row.lack for row in look_again(session, [site.org.project.id])] == ["short_of_officers"]
    assert "short_of_officers" not in lacking_at(site, session) and look_again(session, [site.org.project.id]) == []


def test_what_comes_new_under_a_lost_certificate_is_flagged_too(site: Site, session: Session) -> None:
    suspend(session, site.e03, since=DAY, reason="x", by=SYSTEM)
    reconsider(session, site.e03)
    third = site.org.person(name="周安全", id_number=id_number(41, "19850307"))
    employ(session, third, site.org.company, "contract", from_on=DAY, by=SYSTEM)
    fresh = site.paper("P05", third, "苏建安C2（2025）0012388")
    assert causes_above(session, fresh) == [site.e03]
    reconsider(session, site.e03)
    assert fresh.id in flags(session, [fresh.id])
