"""Two at once: in every order one gives the original out, and no day is promised twice; the database says so too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import workdays
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.errors import BadAnswer
from registry.certificates.models import Certificate
from registry.custody import loans, originals, reservations
from registry.custody.days import Spoken, TakenDay
from registry.custody.loans import AlreadyOut, Loan
from registry.custody.originals import Original
from registry.custody.reservations import Settled
from registry.people.persons import Person
from registry.people.units import Unit
from tests.registry.organisation import DAY, Organisation, organisation
from tests.reliability.stepping import Act, Stage, interleavings, once

Entered = Callable[[], int]


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    made = Stage(database_url, 2)
    yield made
    made.close()


@pytest.fixture
def people(engine: Engine, clock: Fixed) -> list[int]:
    """Two colleagues (person 1 and 2), one licence, one keeper."""
    with unit(engine) as session:
        workdays.seed(session)
        org = organisation(session)
        org.licence()
        return [org.person(name=name).id for name in ("王借用", "李借用")]


@pytest.fixture
def entered(engine: Engine, people: list[int]) -> Entered:
    """Each call enters one more original of the licence."""
    numbers = count()

    def enter() -> int:
        with unit(engine) as session:
            keeper = session.get_one(Unit, 1)
            licence = session.query(Certificate).one()
            return originals.enter(session, licence, "duplicate", serial=str(next(numbers)), place="柜", keeper=keeper,
                                   by=SYSTEM).id

    return enter


def lending(original: int, person: int) -> Act:
    def act(session: Session) -> int:
        return loans.hand_over(session, session.get_one(Original, original), purpose="bid", by=SYSTEM,
                               borrower=session.get_one(Person, person), until=DAY + dt.timedelta(days=3)).id

    return once(act)


def claiming(original: int, person: int, first: int, last: int) -> Act:
    def act(session: Session) -> int:
        return reservations.reserve(session, session.get_one(Original, original), session.get_one(Person, person),
                                    from_on=DAY + dt.timedelta(days=first), to_on=DAY + dt.timedelta(days=last),
                                    by=SYSTEM).id

    return once(act)


def test_of_two_who_give_it_out_at_once_one_does(stage: Stage, entered: Entered, people: list[int]) -> None:
    def prepare() -> list[Act]:
        number = entered()
        return [lending(number, person) for person in people]

    for run in interleavings(stage, prepare):
        assert [type(one) for one in run.refused] == [AlreadyOut], str(run)


def test_of_two_who_enter_the_same_original_at_once_one_does(stage: Stage, people: list[int]) -> None:
    numbers = count()

    def prepare() -> list[Act]:
        serial = str(next(numbers))

        def enter(session: Session) -> int:
            return originals.enter(session, session.query(Certificate).one(), "duplicate", serial=serial, place="柜",
                                   keeper=session.get_one(Unit, 1), by=SYSTEM).id

        return [once(enter), once(enter)]

    for run in interleavings(stage, prepare):
        assert [type(one) for one in run.refused] == [BadAnswer], str(run)


def test_of_two_overlapping_claims_at_once_one_holds(stage: Stage, entered: Entered, people: list[int]) -> None:
    def prepare() -> list[Act]:
        number = entered()
        return [claiming(number, people[0], 2, 5), claiming(number, people[1], 5, 8)]

    for run in interleavings(stage, prepare):
        assert [type(one) for one in run.refused] == [Spoken], str(run)


def test_a_claim_and_a_loan_at_once_do_not_share_a_day(stage: Stage, entered: Entered, people: list[int]) -> None:
    def prepare() -> list[Act]:
        number = entered()
        return [claiming(number, people[0], 1, 2), lending(number, people[1])]

    for run in interleavings(stage, prepare):
        assert [type(one) for one in run.refused] == [Spoken], str(run)


def test_a_claim_is_cancelled_or_handed_out_not_both(engine: Engine, stage: Stage, entered: Entered,
                                                     people: list[int]) -> None:
    def prepare() -> list[Act]:
        number = entered()
        with unit(engine) as session:
            claim = claiming_in(session, number, people[0])

        def give_out(session: Session) -> int:
            reservation = session.get_one(reservations.Reservation, claim)
            return loans.hand_over(session, reservation.original, purpose="bid", by=SYSTEM,
                                   borrower=reservation.person, until=DAY, reservation=reservation).id

        def cancel(session: Session) -> None:
            reservations.cancel_reservation(session, session.get_one(reservations.Reservation, claim), by=SYSTEM)

        return [once(give_out), once(cancel)]

    for run in interleavings(stage, prepare):
        assert [type(one) for one in run.refused] == [Settled], str(run)


def claiming_in(session: Session, original: int, person: int) -> int:
    return reservations.reserve(session, session.get_one(Original, original), session.get_one(Person, person),
                                from_on=DAY, to_on=DAY + dt.timedelta(days=2), by=SYSTEM).id


def test_the_database_itself_keeps_one_open_loan_and_one_claim_a_day(org: Organisation, paper: Original,
                                                                     wang: Person) -> None:
    loan = loans.hand_over(org.session, paper, borrower=wang, purpose="bid", until=DAY, by=SYSTEM)
    row = {c.key: getattr(loan, c.key) for c in Loan.__table__.columns if c.key != "id"}
    for table, values in ((Loan, row), (TakenDay, {"original_id": paper.id, "day": DAY, "loan_id": loan.id})):
        with pytest.raises(IntegrityError), org.session.begin_nested():
            org.session.execute(insert(table), values)
