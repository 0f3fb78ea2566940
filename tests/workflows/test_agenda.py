"""What is due for me, my people and my projects: what stands and what comes, counted as it is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from ledger.clock import Fixed
from ledger.db import reading
from registry.access.accounts import actor_for
from registry.access.grants import grant_role
from registry.alerts import acting
from registry.certificates.lifecycle import renew
from registry.certificates.models import Certificate
from registry.custody import loans, originals
from registry.people.persons import Person
from registry.people.units import Unit
from tests.registry.alerts.watching import ENDS, Watch, watched
from workflows import agenda
from workflows.agenda import Wanted

D = dt.date


@pytest.fixture
def watch(engine: Engine, clock: Fixed) -> Iterator[Watch]:
    with watched(engine, clock) as made:
        yield made


def before(days: int) -> D:
    return ENDS - dt.timedelta(days=days)


def who(watch: Watch, name: str) -> Actor:
    with reading(watch.engine) as session:
        return actor_for(session, session.get_one(Person, watch.people[name]))


def shown(watch: Watch, name: str, view: agenda.View = "mine", **more: object) -> list[tuple[str, D]]:
    with reading(watch.engine) as session:
        found = agenda.listed(session, who(watch, name), Wanted(view, **more), limit=50)  # type: ignore[arg-type]
        wanted = more.get("urgency", "")
        assert found.counts.get(str(wanted), 0) == len(found.rows)
        return [(due.kind, due.day) for due in found.rows]


def held(watch: Watch, ends: D, number: str = "苏A012027000001") -> int:
    """Another certificate of the worker."""
    def act(session: Session) -> int:
        from registry.certificates.lifecycle import grant

        person = session.get_one(Certificate, watch.certificate).holder_person
        assert person is not None
        return grant(session, "P02", person, number=number, issuer="某省住建厅", issued_on=D(2025, 3, 1),
                     valid_until=ends, item="建筑架子工", by=SYSTEM).id
    return watch.act(act)


def test_of_an_end_the_nearest_stage_stands_in_the_list_of_whoever_was_told(watch: Watch) -> None:
    watch.on(before(61)).on(before(60)).on(before(30))
    assert shown(watch, "holder") == [("alert", ENDS)] and shown(watch, "far") == []
    with reading(watch.engine) as session:
        row = agenda.listed(session, who(watch, "holder"), Wanted(), limit=5).rows[0]
        assert row.thing.stage == "d30" and row.certificate is not None and row.certificate.id == watch.certificate


def test_what_fell_silent_stands_no_more_and_what_somebody_sees_to_stays_until_it_is_done(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))
    watch.act(lambda session: acting.take(session, who(watch, "custodian"), watch.alert("d30").id))
    assert shown(watch, "holder") == [("alert", ENDS)]
    watch.act(lambda session: renew(
        session, session.get_one(Certificate, watch.certificate), valid_from=D(2027, 6, 1), valid_until=D(2029, 5, 31),
        issued_on=D(2027, 5, 1), issuer="某省住建厅", by=SYSTEM))
    watch.look()
    assert shown(watch, "holder") == []


def test_an_end_that_nothing_was_told_of_comes_thirty_days_before_and_not_twice(watch: Watch) -> None:
    watch.on(D(2027, 1, 4))
    held(watch, D(2027, 2, 4))  # the stages of a type are told once the days are planned: not yet
    assert ("end", D(2027, 2, 4)) not in shown(watch, "holder")
    watch.now.advance(dt.timedelta(days=1))
    assert ("end", D(2027, 2, 4)) in shown(watch, "holder")
    watch.look()
    assert [row for row in shown(watch, "holder") if row[1] == D(2027, 2, 4)] == [("alert", D(2027, 2, 4))]


def test_my_people_are_those_whose_certificates_i_look_after_and_not_myself(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))
    for name in ("custodian", "hr", "vice"):
        assert shown(watch, name, "people") == [("alert", ENDS)]
    assert shown(watch, "holder", "people") == shown(watch, "far", "people") == []
    assert shown(watch, "legal", "people") == []  # stands on the ladder, but may not read it


def test_my_projects_are_those_i_manage_or_that_lie_below_me(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))
    assert shown(watch, "custodian", "projects") == [("alert", ENDS)] and shown(watch, "far", "projects") == []

    def manage(session: Session) -> None:
        project = session.get_one(Unit, session.get_one(Certificate, watch.certificate).unit_id)
        assert project.kind == "project"
        person = session.get_one(Person, watch.people["far"])
        project.project.manager_id = person.id  # type: ignore[union-attr]
    watch.act(manage)
    assert shown(watch, "far", "projects") == []  # a manager without the role reads nothing of it
    watch.act(lambda session: grant_role(
        session, session.get_one(Person, watch.people["far"]), "project_manager",
        session.get_one(Certificate, watch.certificate).unit, by=SYSTEM))
    assert shown(watch, "far", "projects") == [("alert", ENDS)]


def test_what_is_lent_is_due_for_the_borrower_and_for_whoever_looks_after_it(watch: Watch) -> None:
    watch.on(D(2027, 1, 4))

    def lend(session: Session) -> None:
        certificate = session.get_one(Certificate, watch.certificate)
        paper = originals.enter(session, certificate, "original", place="柜 1", by=SYSTEM, keeper=certificate.unit)
        loans.hand_over(session, paper, borrower=session.get_one(Person, watch.people["holder"]), purpose="bid",
                        until=D(2027, 1, 8), by=SYSTEM)
    watch.act(lend)
    assert shown(watch, "holder") == shown(watch, "custodian", "people") == [("loan", D(2027, 1, 8))]
    watch.on(D(2027, 1, 10))
    assert shown(watch, "holder", urgency="overdue") == [("loan", D(2027, 1, 8))]


def test_filters_narrow_the_rows_and_their_counts_alike(watch: Watch) -> None:
    watch.on(before(31)).on(before(30))
    assert shown(watch, "custodian", family="E") == [] and shown(watch, "custodian", family="P") == [("alert", ENDS)]
    assert shown(watch, "custodian", urgency="week") == []
    assert shown(watch, "custodian", urgency="later") == [("alert", ENDS)]
    assert shown(watch, "custodian", on=ENDS) == [("alert", ENDS)] and shown(watch, "custodian", on=before(1)) == []


def test_a_month_shows_three_rows_of_a_day_and_counts_the_others(watch: Watch) -> None:
    for serial in range(4):
        held(watch, ENDS, f"苏A01202700010{serial}")
    watch.on(before(31)).on(before(30))
    with reading(watch.engine) as session:
        days = agenda.month(session, who(watch, "holder"), Wanted(), D(2027, 5, 1), D(2027, 5, 31))
        assert [(one.day, len(one.rows), one.total) for one in days] == [(ENDS, 3, 5)]
        assert agenda.month(session, who(watch, "holder"), Wanted(), D(2027, 4, 1), D(2027, 4, 30)) == []
        assert agenda.overdue(session, who(watch, "holder"), Wanted()) == 0
    watch.on(ENDS + dt.timedelta(days=1))
    with reading(watch.engine) as session:
        assert agenda.overdue(session, who(watch, "holder"), Wanted()) == 5
