"""The steward's queue: what waits, what is alike, who has it, how it shrinks."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM, Actor, Grant
from ledger.errors import NotFound
from registry.intake.batch.models import Flaw
from registry.intake.stewardship import burndown, queue
from registry.intake.stewardship.queue import Wanted
from registry.people import sealing
from registry.people.units import Unit, create_unit
from tests.registry.stewardship import ledgers

DAY = dt.timedelta(days=1)


@pytest.fixture
def group(session: Session, clock: clocks.Fixed) -> Unit:
    sealing.set_key(b"k" * 32)
    return create_unit(session, kind="group", name="江海集团", code="G", by=SYSTEM)


@pytest.fixture
def company(session: Session, group: Unit) -> Unit:
    return create_unit(session, kind="company", name="江海一建", code="C1", parent=group, by=SYSTEM)


def steward(unit: Unit) -> Actor:
    return Actor(id=7, name="管数据的", group_id=unit.group_id,
                 grants=(Grant(role="steward", unit_id=unit.id, path=unit.path),))


def ledger(session: Session, unit: Unit, *cases: str, name: str = "a.xlsx", **more: object) -> list[Flaw]:
    made = ledgers.batch(session, unit, name=name)
    return [ledgers.flaw(session, made, ledgers.row(session, made, place), case=case, **more)  # type: ignore[arg-type]
            for place, case in enumerate(cases)]


def test_similar_cases_lie_together_across_ledgers_and_what_stops_rows_comes_first(
    session: Session, company: Unit
) -> None:
    ledger(session, company, "电工证", "电工证", "安B")
    ledger(session, company, "电工证", name="b.xlsx")
    ledger(session, company, "", name="c.xlsx", kind="no_number", weight="stop")
    found = queue.cases(session, steward(company), Wanted())
    assert [(one.kind, one.case, one.number, one.batches, one.stops) for one in found] == [
        ("no_number", "", 1, 1, 1), ("type_alias", "电工证", 3, 2, 0), ("type_alias", "安B", 1, 1, 0)]
    assert [one.alike for one in found] == [False, True, True]
    assert queue.by_kind(found) == queue.kinds(session, steward(company), Wanted()) == {"type_alias": 4, "no_number": 1}


def test_only_open_doubts_of_committed_ledgers_wait(session: Session, company: Unit) -> None:
    waiting, settled, tidied = ledger(session, company, "a", "b", "c")
    settled.state, tidied.weight = "accepted", "tidied"
    preview = ledgers.batch(session, company, name="b.xlsx", state="ready")
    ledgers.flaw(session, preview, ledgers.row(session, preview))
    session.flush()
    assert list(session.scalars(queue.rows(steward(company), Wanted()))) == [waiting]
    assert queue.count(session, steward(company)) == 1


def test_a_steward_of_another_company_sees_nothing(session: Session, group: Unit, company: Unit) -> None:
    other = create_unit(session, kind="company", name="江海二建", code="C2", parent=group, by=SYSTEM)
    (flaw,) = ledger(session, company, "a")
    assert queue.count(session, steward(other)) == 0 and queue.cases(session, steward(other), Wanted()) == []
    with pytest.raises(NotFound):
        queue.flaw_of(session, steward(other), flaw.id)
    assert queue.take_all(session, Wanted(kind="type_alias"), by=steward(other)) == 0
    assert queue.count(session, steward(group), Wanted(unit=other)) == 0
    assert queue.count(session, steward(group), Wanted(unit=company)) == 1


def test_what_is_taken_is_mine_until_given_back(session: Session, company: Unit) -> None:
    me = steward(company)
    first, second = ledger(session, company, "a", "a")
    queue.take(session, first, by=me, was=None)
    assert queue.count(session, me, Wanted(taken_by=me.id)) == 1
    (case,) = queue.cases(session, me, Wanted())
    assert (case.taken, case.mine) == (1, 1)
    assert queue.take_all(session, Wanted(kind="type_alias", case="a"), by=me) == 1
    queue.give_back(session, first, by=me)
    session.refresh(second)
    assert (first.taken_by, second.taken_by) == (None, me.id)


def test_two_who_take_the_same_at_once_are_told(session: Session, company: Unit) -> None:
    (flaw,) = ledger(session, company, "a")
    queue.take(session, flaw, by=Actor(id=8, name="快的", group_id=company.group_id), was=None)
    with pytest.raises(queue.TakenMeanwhile):
        queue.take(session, flaw, by=steward(company), was=None)
    queue.take(session, flaw, by=steward(company), was=8)
    assert flaw.taken_by == 7


def test_the_chart_counts_what_came_and_went_by_days_of_shanghai(
    session: Session, company: Unit, clock: clocks.Fixed
) -> None:
    first, second, third = ledger(session, company, "a", "a", "a", since=clocks.now() - 5 * DAY)
    clock.advance(dt.timedelta(hours=13, minutes=59))  # 23:59 of the same day
    first.state, first.settled_at = "accepted", clocks.now()
    clock.advance(dt.timedelta(minutes=2))
    second.state, second.settled_at = "moot", clocks.now()
    session.flush()
    days = burndown.days(session, steward(company), Wanted(), number=3, until=clocks.today())
    assert [(day.opened, day.settled, day.left) for day in days] == [(0, 0, 0), (3, 1, 2), (0, 1, 1)]
    settled = queue.rows(steward(company), Wanted(settled=days[1].on))
    assert list(session.scalars(settled)) == [first]
    assert set(session.scalars(queue.rows(steward(company), Wanted(opened=days[1].on)))) == {first, second, third}


def test_what_was_settled_before_the_commit_never_was_in_the_queue(
    session: Session, company: Unit, clock: clocks.Fixed
) -> None:
    early, late = ledger(session, company, "a", "a", since=clocks.now() - 2 * DAY)
    early.state, early.settled_at = "corrected", clocks.now() - DAY
    session.flush()
    (today,) = burndown.days(session, steward(company), Wanted(), number=1, until=clocks.today())
    assert (today.opened, today.settled, today.left) == (1, 0, 1)


def test_a_ledger_undone_takes_its_doubts_along(session: Session, company: Unit, clock: clocks.Fixed) -> None:
    (flaw,) = ledger(session, company, "a")
    clock.advance(DAY)
    flaw.batch.state, flaw.batch.undone_at = "undone", clocks.now()
    session.flush()
    days = burndown.days(session, steward(company), Wanted(), number=2, until=clocks.today())
    assert [(day.opened, day.settled, day.left) for day in days] == [(1, 0, 1), (0, 1, 0)]
    assert queue.count(session, steward(company)) == 0
