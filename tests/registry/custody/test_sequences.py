"""Random lending and reserving, against a model of plain sets: the book never promises a day or a paper twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from random import Random

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.clock import Fixed, today
from ledger.errors import BadAnswer, Conflict
from registry.custody import loans, reservations, whereabouts
from registry.custody.days import TakenDay
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.custody.reservations import Reservation
from registry.custody.whereabouts import Place
from registry.people.persons import Person
from tests.registry.organisation import Organisation

STEPS, GAMES = 60, 6
DAY = dt.timedelta(days=1)


@dataclass
class Model:
    """What must be true: whose each day is (a claim's or a loan's id), who has it, until when, extended or not."""

    claims: dict[int, set[dt.date]] = field(default_factory=dict)
    out: set[dt.date] = field(default_factory=set)
    loan: int | None = None
    due: dt.date | None = None
    length: int = 0
    extended: bool = False

    def free(self, wanted: set[dt.date], but: int | None = None) -> bool:
        others = [days for claim, days in self.claims.items() if claim != but]
        return not any(wanted & days for days in [*others, self.out])


@dataclass
class Game:
    org: Organisation
    original: Original
    people: list[Person]
    clock: Fixed
    random: Random
    model: Model = field(default_factory=Model)

    def days(self, first: dt.date) -> set[dt.date]:
        return {first + DAY * step for step in range(self.random.randint(1, 6))}

    def reserve(self) -> None:
        wanted = self.days(today() + DAY * self.random.randint(0, 12))
        allowed = self.model.free(wanted)
        try:
            made = reservations.reserve(self.org.session, self.original, self.random.choice(self.people),
                                        from_on=min(wanted), to_on=max(wanted), by=SYSTEM)
        except Conflict:
            assert not allowed
        else:
            assert allowed
            self.model.claims[made.id] = wanted

    def cancel(self) -> None:
        if self.model.claims:
            claim = self.random.choice(sorted(self.model.claims))
            reservations.cancel_reservation(self.org.session, self.org.session.get_one(Reservation, claim), by=SYSTEM)
            del self.model.claims[claim]

    def lend(self) -> None:
        claim = self.random.choice([None, *sorted(self.model.claims)])
        wanted = self.days(today())
        allowed = self.model.loan is None and self.model.free(wanted, claim)
        reservation = self.org.session.get_one(Reservation, claim) if claim else None
        try:
            made = loans.hand_over(
                self.org.session, self.original, borrower=self.random.choice(self.people), purpose="bid",
                until=max(wanted), by=SYSTEM, reservation=reservation)
        except Conflict:
            assert not allowed
        else:
            assert allowed
            self.model.claims.pop(claim or 0, None)
            self.model.loan, self.model.due, self.model.out = made.id, max(wanted), wanted
            self.model.length, self.model.extended = len(wanted), False

    def extend(self) -> None:
        if (loan := self.loan()) is None or self.model.due is None:
            return
        until = self.model.due + DAY * self.random.randint(1, 7)
        more = {self.model.due + DAY * step for step in range(1, (until - self.model.due).days + 1)}
        allowed = (not self.model.extended and self.model.due >= today() and len(more) <= self.model.length
                   and self.model.free(more))
        try:
            loans.extend(self.org.session, loan, until=until, by=SYSTEM)
        except (Conflict, BadAnswer):
            assert not allowed
        else:
            assert allowed
            self.model.out |= more
            self.model.due, self.model.extended = until, True

    def give_back(self) -> None:
        if (loan := self.loan()) is not None:
            loans.take_back(self.org.session, loan, by=SYSTEM)
            self.model.out, self.model.loan, self.model.due = set(), None, None

    def pass_days(self) -> None:
        self.clock.advance(DAY * self.random.randint(1, 3))

    def loan(self) -> Loan | None:
        return self.org.session.get_one(Loan, self.model.loan) if self.model.loan else None

    def agree(self) -> None:
        book = set(self.org.session.scalars(select(TakenDay.day).where(
            TakenDay.original_id == self.original.id, TakenDay.day >= today())))
        assert book == {day for days in [*self.model.claims.values(), self.model.out] for day in days if day >= today()}
        late = self.model.due is not None and self.model.due < today()
        place = Place.OVERDUE if late else Place.OUT if self.model.loan else Place.IN
        assert whereabouts.whereabouts(self.org.session, self.original).place is place


@pytest.mark.parametrize("seed", range(GAMES))
def test_no_day_and_no_paper_is_promised_twice(org: Organisation, paper: Original, clock: Fixed, seed: int) -> None:
    game = Game(org, paper, [org.person(name=f"人{n}") for n in range(3)], clock, Random(seed))
    moves = [game.reserve, game.reserve, game.cancel, game.lend, game.lend, game.extend, game.give_back, game.pass_days]
    for _ in range(STEPS):
        game.random.choice(moves)()
        game.agree()
        if game.model.due and (today() - game.model.due).days >= 2:
            game.give_back()  # before the borrower is blocked: that has its own test
