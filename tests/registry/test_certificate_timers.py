from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger import failpoints, workdays
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.facts import Fact
from registry.alerts import deadlines
from registry.certificates import codes, retiming, timers
from registry.certificates.lifecycle import renew
from registry.certificates.models import Certificate, CertificateTimer
from tests.registry.organisation import Organisation, organisation

D = dt.date


@pytest.fixture
def held(engine: Engine, clock: Fixed) -> Iterator[int]:
    """The id of a committed P02 that ends on 2027-05-31 (window from 2027-02-26)."""
    with unit(engine) as session:
        workdays.seed(session)
        certificate = organisation(session).worker(valid_until=D(2027, 5, 31))
        session.flush()
        number = certificate.id
    yield number
    failpoints.arm(None)


def at(clock: Fixed, day: dt.date, hour: int = 12) -> None:
    clock.move_to(dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.timezone(dt.timedelta(hours=8))))


def told(engine: Engine) -> list[str]:
    with reading(engine) as session:
        kinds = session.scalars(select(Fact.kind).where(Fact.subject_kind == "certificate").order_by(Fact.id))
        return [kind for kind in kinds if kind != "certificate.granted"]


def test_nothing_fires_before_its_day(engine: Engine, clock: Fixed, held: int) -> None:
    at(clock, D(2027, 2, 25), 23)
    assert deadlines.sweep(engine) == 0 and told(engine) == []


def test_each_day_of_a_term_is_told_once_however_often_the_sweep_runs(engine: Engine, clock: Fixed, held: int) -> None:
    at(clock, D(2027, 2, 26), 0)
    assert [deadlines.sweep(engine) for _ in range(3)] == [1, 0, 0]
    at(clock, D(2027, 5, 31), 23)
    deadlines.sweep(engine)
    assert told(engine)[0] == "certificate.window_opened" and "certificate.lapsed" not in told(engine)


def test_at_24_00_of_the_last_day_the_certificate_lapses_by_a_version_of_its_own(
    engine: Engine, clock: Fixed, held: int
) -> None:
    at(clock, D(2027, 6, 1), 0)
    deadlines.sweep(engine)
    assert told(engine)[-1] == "certificate.lapsed" and told(engine).count("certificate.lapsed") == 1
    with reading(engine) as session:
        certificate = session.get_one(Certificate, held)
        assert (certificate.state, certificate.latest.holds_from) == (codes.LAPSED, D(2027, 6, 1))


def test_a_renewed_certificate_does_not_lapse_on_its_old_day(engine: Engine, clock: Fixed, held: int) -> None:
    at(clock, D(2027, 5, 20))
    with unit(engine) as session:
        renew(session, session.get_one(Certificate, held), valid_from=D(2027, 6, 1), valid_until=D(2029, 5, 31),
              issued_on=D(2027, 5, 20), issuer="某省住建厅", by=SYSTEM)
    at(clock, D(2027, 6, 2))
    deadlines.sweep(engine)
    assert "certificate.lapsed" not in told(engine)


def test_a_sweep_that_dies_before_its_commit_fires_again_once(engine: Engine, clock: Fixed, held: int) -> None:
    at(clock, D(2027, 2, 26), 9)
    failpoints.arm("certificate_timer.before_commit=raise")
    deadlines.sweep(engine)
    assert told(engine) == []
    failpoints.arm(None)
    assert deadlines.sweep(engine) == 1
    assert told(engine) == ["certificate.window_opened"]


def test_a_timer_that_fails_does_not_hold_up_the_others(
    engine: Engine, clock: Fixed, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(clock, D(2027, 6, 2))
    with reading(engine) as session:
        due = len(session.scalars(select(CertificateTimer)).all())
    fire = timers.fire

    def failing(session: Session, timer_id: int) -> bool:
        if session.get_one(CertificateTimer, timer_id).kind == "opens":
            raise RuntimeError("broken")
        return fire(session, timer_id)

    monkeypatch.setattr(timers, "fire", failing)
    assert deadlines.sweep(engine) == due - 1


def test_of_many_sweeps_at_once_each_timer_fires_in_one(engine: Engine, clock: Fixed, held: int) -> None:
    at(clock, D(2027, 6, 2))
    with reading(engine) as session:
        due = len(session.scalars(select(CertificateTimer)).all())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: deadlines.sweep(engine), range(4)))
    deadlines.sweep(engine)
    assert len(told(engine)) == len(set(told(engine))) == due


def test_an_unconfirmed_day_moves_when_its_year_is_announced(org: Organisation) -> None:
    card = org.worker(valid_until=D(2027, 5, 31))
    opens = next(timer for timer in card.timers if timer.kind == "opens")
    assert (opens.due_on, opens.confirmed) == (D(2027, 2, 26), False)
    org.session.add(workdays.CalendarDay(day=D(2027, 2, 28), kind="work", name="补班"))
    workdays.touch(org.session, 2027, confirmed=True, source="测试通知")
    org.session.flush()
    assert retiming.retime(org.session, 2027) is None
    assert (opens.due_on, opens.confirmed) == (D(2027, 2, 28), True)
