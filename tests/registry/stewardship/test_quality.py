"""The score of the register: where points go, that they add up, and that the list behind a part has what it counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import unit as transaction
from registry.certificates.lifecycle import grant
from registry.certificates.models import Certificate, Version
from registry.intake.batch.models import Flaw
from registry.intake.stewardship import counting
from registry.intake.stewardship.counting import QualityCount, recount, sweep
from registry.intake.stewardship.lacking import lacks, last_version, live
from registry.intake.stewardship.quality import Counts, rules, score
from registry.intake.stewardship.standing import overview
from registry.people import sealing
from registry.people.persons import create_person
from registry.people.units import Unit, create_unit
from tests.registry.stewardship import ledgers

FULL = Counts(live=10, wanted=40, filled=40, scanned=10)
few = st.integers(0, 50)


def counts(live: int, parts: list[int], more: int) -> Counts:
    undated, scanned, expired, numbers, unique, doubted = (min(live, part) for part in parts)
    return Counts(live, live * 3, max(0, live * 3 - more), undated, scanned, expired, numbers, unique, doubted, more)


@given(few, st.lists(few, min_size=6, max_size=6), few)
def test_the_points_lost_add_up_to_what_is_missing(live: int, parts: list[int], more: int) -> None:
    found = score(counts(live, parts, more))
    if found.points is None:
        assert live == 0
    else:
        lost = sum(part.lost for part in found.parts)
        assert 0 <= found.points <= 100 and abs(100 - lost - found.points) <= 1.000001
        assert (found.points == 100) == (lost == 0)


@given(few, st.lists(few, min_size=6, max_size=6), few, st.sampled_from(["undated", "expired", "numbers", "doubted"]))
def test_what_gets_worse_never_scores_more(live: int, parts: list[int], more: int, what: str) -> None:
    before = counts(live, parts, more)
    after = replace(before, **{what: min(live, getattr(before, what) + 1)})
    first, second = score(before).points, score(after).points
    assert first is None or (second is not None and second <= first)


def test_without_a_fault_it_is_a_hundred_and_without_anything_none() -> None:
    assert score(FULL).points == 100 and score(FULL).grade == "good"
    assert score(Counts()).points is None
    assert sum(rule.weight for rule in rules().parts) == 100 and rules().source == "D"


def test_what_cannot_be_asked_does_not_count() -> None:
    found = score(replace(FULL, wanted=0, filled=0, scanned=0))
    scans = next(part for part in found.parts if part.rule.key == "scans")
    assert scans.lost == scans.share == pytest.approx(100 * 15 / 75) and found.points == 80


@pytest.fixture
def company(session: Session, clock: clocks.Fixed) -> Unit:
    sealing.set_key(b"k" * 32)
    group = create_unit(session, kind="group", name="江海集团", code="G", by=SYSTEM, province="苏")
    return create_unit(session, kind="company", name="江海一建", code="C1", parent=group, by=SYSTEM)


def welder(session: Session, unit: Unit, number: int, **more: object) -> Certificate:
    person = create_person(session, unit=unit, name=f"工友{number}", by=SYSTEM)
    said = {"issuer": "某厅", "issued_on": dt.date(2025, 3, 2), "valid_until": dt.date(2027, 3, 1), **more}
    return grant(session, "P02", person, number=f"苏A02202500000{number}", by=SYSTEM, **said)  # type: ignore[arg-type]


def steward(unit: Unit) -> Actor:
    return Actor(id=7, name="管数据的", group_id=unit.group_id, grants=(Grant("steward", unit.id, unit.path),))


def test_what_is_counted_is_what_the_list_behind_it_shows(session: Session, company: Unit) -> None:
    for number in range(3):
        welder(session, company, number)
    welder(session, company, 3, issuer="")
    welder(session, company, 4, valid_until=None, undated=True, issued_on=None)
    recount(session, company)
    found = overview(session, steward(company)).whole
    assert found.counts.live == 5 and found.counts.undated == 1
    for part in found.parts:
        query = select(Certificate).join(Version, last_version()).where(live(), lacks(part.rule.key, clocks.today()))
        listed = session.scalars(query).all()
        if part.rule.key == "complete":
            assert part.bad >= len(listed) > 0
        else:
            assert len(listed) == part.bad, part.rule.key


def test_an_open_doubt_costs_points_at_once_and_gives_them_back(session: Session, company: Unit) -> None:
    first = welder(session, company, 0)
    welder(session, company, 1)
    recount(session, company)
    before = overview(session, steward(company)).whole
    batch = ledgers.batch(session, company)
    row = ledgers.row(session, batch, certificate=first)
    flaw = ledgers.flaw(session, batch, row, "check_digit", field="number")
    stopped = ledgers.row(session, batch, 1)
    ledgers.flaw(session, batch, stopped, "no_number", weight="stop")
    ledgers.flaw(session, batch, stopped, "wrong_date", weight="stop")
    during = overview(session, steward(company)).whole
    assert (during.counts.numbers, during.counts.doubted, during.counts.stopped) == (1, 1, 1)
    assert before.points is not None and during.points is not None and during.points < before.points
    for each in (flaw, *session.scalars(select(Flaw).where(Flaw.row_id == stopped.id))):
        each.state = "accepted"
    session.flush()
    assert overview(session, steward(company)).whole.points == before.points


def test_companies_and_types_are_scored_apart_and_only_where_one_may_look(session: Session, company: Unit) -> None:
    assert company.parent is not None
    other = create_unit(session, kind="company", name="江海二建", code="C2", parent=company.parent, by=SYSTEM)
    site = create_unit(session, kind="project", name="滨江路", code="P1", parent=other, by=SYSTEM)
    welder(session, company, 0)
    welder(session, site, 1, issuer="")
    recount(session, company.parent)
    assert [key for key, _ in overview(session, steward(company.parent)).companies] == [other.id, company.id]
    assert [key for key, _ in overview(session, steward(company)).companies] == [company.id]
    assert overview(session, steward(company.parent), other).whole.counts.live == 1
    assert overview(session, steward(company.parent), type_code="P01").whole.points is None


def test_counts_follow_the_night_and_each_ledger_that_comes_in(engine: Engine, clock: clocks.Fixed) -> None:
    sealing.set_key(b"k" * 32)
    with transaction(engine) as session:
        group = create_unit(session, kind="group", name="江海集团", code="G", by=SYSTEM)
        company = create_unit(session, kind="company", name="江海一建", code="C1", parent=group, by=SYSTEM)
        assert counting._stale(session, group) is False
        welder(session, company, 0)
        number = company.id
    assert (sweep(engine), sweep(engine)) == (1, 0)
    clock.advance(dt.timedelta(minutes=1))
    with transaction(engine) as session:
        ledgers.batch(session, session.get_one(Unit, number))
    assert (sweep(engine), sweep(engine)) == (1, 0)
    clock.advance(dt.timedelta(days=1))
    assert (sweep(engine), sweep(engine)) == (1, 0)
    with Session(engine) as session:
        (row,) = session.scalars(select(QualityCount))
        assert (row.company_id, row.live, row.at) == (number, 1, clocks.now())
