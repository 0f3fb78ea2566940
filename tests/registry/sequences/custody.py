"""Papers in the cabinet while their certificates live: what may be done with one, written from the domain's sentences.

Domain facts 4.7: one open loan for each original, to own people only, one extension of no more days than before,
nothing more for a borrower three days late; a reserved day belongs to one. 4.8: what is lost is neither lent nor
reserved, and its loan is void. What a certificate goes through moves no paper.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from ledger.actor import SYSTEM, Actor
from ledger.errors import Refused
from ledger.facts import story
from registry.custody import loans, originals, reservations, whereabouts
from registry.custody.days import TakenDay
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.custody.reservations import Reservation
from registry.people.persons import Person

if TYPE_CHECKING:
    from tests.registry.sequences.model import Card
    from tests.registry.sequences.play import Play

DAY = dt.timedelta(days=1)
LONGEST, FURTHEST = 92, 366


@dataclass
class Lent:
    """A loan as the book beside the register has it."""

    loan: Loan
    person: Person
    carrier: Person
    first: dt.date
    due: dt.date
    extended: bool = False
    signed: bool = False

    @property
    def longest(self) -> dt.date:
        """The last day that an extension may reach: as many days again."""
        return self.due + (self.due - self.first) + DAY


@dataclass
class Claim:
    """A reservation that was neither cancelled nor handed out."""

    reservation: Reservation
    person: Person
    first: dt.date
    last: dt.date


@dataclass
class Paper:
    """An original and the book kept of it: where it is gone, who has it, all loans there were, whose days are whose."""

    card: Card
    original: Original
    gone: str = ""
    lent: Lent | None = None
    loans: list[Lent] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    settled: list[Claim] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def days(self, but: Claim | None = None) -> Counter[dt.date]:
        """Every day that is spoken for, and how often."""
        ranges = [(claim.first, claim.last) for claim in self.claims if claim is not but]
        ranges += [(self.lent.first, self.lent.due)] if self.lent else []
        return Counter(first + DAY * step for first, last in ranges for step in range((last - first).days + 1))

    def spoken(self, first: dt.date, last: dt.date, but: Claim | None = None) -> bool:
        return any(first <= day <= last for day in self.days(but))

    def place(self, today: dt.date) -> str:
        """The state of custody."""
        if self.gone:
            return {"lost": "遗失", "authority": "已交机关", "destroyed": "已销毁"}[self.gone]
        if self.lent:
            return "逾期未还" if today > self.lent.due else "借出"
        return "电子" if self.original.kind == "electronic" else "在库"


@contextmanager
def only_if(**reasons: object) -> Iterator[None]:
    """What is done has no reason against it; what is refused is refused for one of them."""
    against = {name for name, holds in reasons.items() if holds}
    try:
        yield
    except Refused as refused:
        assert type(refused).__name__ in against, f"refused with {refused!r}, though only {against or 'nothing'} holds"
        raise
    assert not against, f"done in spite of {against}"


def step(play: Play) -> str:
    """One act in the cabinet; nothing but what was done is written down, whatever was refused."""
    play.pass_time((0, 0, 0, 1, 1, 2, 3, 8, 40))
    if not play.papers or play.random.random() < 0.1:
        return play.attempt(lambda: enter(play, play.random.choice(play.cards)), "enter_original")
    paper = play.random.choice(play.papers)
    act = play.random.choice(ACTS)
    said = play.attempt(lambda: act(play, paper), act.__name__)
    agree(play, [paper])
    return said


def enter(play: Play, card: Card) -> None:
    kind = play.random.choice(("original",) * 4 + ("duplicate",) * 3 + ("electronic",))
    serial = play.random.choice("12")
    same = any((paper.card, paper.original.kind, paper.original.serial) == (card, kind, serial)
               for paper in play.papers)
    with only_if(BadAnswer=same):
        made = originals.enter(play.session, card.certificate, kind, place="柜", serial=serial, keeper=play.org.safety,
                               by=SYSTEM)
    play.papers.append(Paper(card, made, told=["original.entered"]))


def not_ours(play: Play, person: Person, *days: dt.date) -> bool:
    """Somebody of another group, or who has left by one of the days."""
    return person.group_id != play.org.group.id or any(person.left_on is not None and person.left_on < day
                                                       for day in days)


def some_days(play: Play) -> dt.timedelta:
    return DAY * play.random.choice((0, 0, 1, 1, 2, 2, 3, 5, 9, 20, 40, play.random.choice((91, 92, -1))))


def somebody(play: Play) -> Person:
    """Mostly one of three colleagues, so that one often has several things; at times one who may have nothing."""
    return play.random.choice(play.holders["staff"][:3 if play.random.random() < 0.85 else None])


def lend(play: Play, paper: Paper) -> None:
    choose, today = play.random.choice, play.today
    until, claim = today + some_days(play), choose([None, *paper.claims, *paper.settled])
    person = claim.person if claim and play.random.random() < 0.9 else somebody(play)
    carrier, outside = choose((person, person, somebody(play))), play.random.random() < 0.1
    agreed = choose((None, 1)) if outside else None
    late = [other.lent for other in play.papers if other.lent and other.lent.person is person]
    with only_if(NotLent=paper.original.kind == "electronic", NotHere=paper.gone, AlreadyOut=paper.lent,
                 NeedsLegal=outside and agreed is None, Settled=claim in paper.settled,
                 BorrowerBlocked=any((today - lent.due).days >= 3 for lent in late),
                 Spoken=until >= today and paper.spoken(today, until, claim),
                 BadAnswer=not 0 <= (until - today).days < LONGEST or not_ours(play, person, today, until)
                 or not_ours(play, carrier, today, until) or claim and claim.person is not person):
        loan = loans.hand_over(
            play.session, paper.original, borrower=person, carrier=carrier, purpose="bid", until=until, by=SYSTEM,
            outside=outside, legal_by=agreed, reservation=claim.reservation if claim else None)
    if claim:
        settle(paper, claim)
    paper.lent = Lent(loan, person, carrier, today, until)
    paper.loans.append(paper.lent)
    paper.told.append("loan.handed_over")


def settle(paper: Paper, claim: Claim) -> None:
    paper.claims.remove(claim)
    paper.settled.append(claim)


def one_loan(play: Play, paper: Paper) -> Lent | None:
    """The one that is open, at times one of before."""
    return play.random.choice(paper.loans) if paper.loans and play.random.random() < 0.2 else paper.lent


def sign(play: Play, paper: Paper) -> None:
    if (lent := one_loan(play, paper)) is None:
        return lend(play, paper)
    by = play.random.choice((lent.carrier, lent.carrier, lent.person))
    with only_if(LoanOver=lent is not paper.lent, NotYours=by is not lent.carrier):
        loans.receive(play.session, lent.loan, by=Actor(by.id, "x", by.group_id, ()))
    paper.told += [] if lent.signed else ["loan.received"]
    lent.signed = True


def extend(play: Play, paper: Paper) -> None:
    if (lent := one_loan(play, paper)) is None:
        return lend(play, paper)
    until = lent.due + some_days(play)
    with only_if(LoanOver=lent is not paper.lent, Spoken=any(claim.first <= until and lent.due < claim.last
                                                             for claim in paper.claims),
                 BadAnswer=lent.extended or play.today > lent.due or not lent.due < until <= lent.longest
                 or not_ours(play, lent.person, until) or not_ours(play, lent.carrier, until)):
        loans.extend(play.session, lent.loan, until=until, by=SYSTEM)
    lent.due, lent.extended = until, True
    paper.told.append("loan.extended")


def take_back(play: Play, paper: Paper) -> None:
    """What is brought back is in the cabinet, also when it had been reported lost."""
    if (lent := one_loan(play, paper)) is None:
        return lend(play, paper)
    condition = play.random.choice(("intact", "intact", "damaged"))
    told = play.random.choice(("", "封面撕裂"))
    with only_if(LoanOver=lent is not paper.lent, BadAnswer=condition == "damaged" and not told):
        loans.take_back(play.session, lent.loan, condition=condition, note_text=told, by=SYSTEM)
    paper.lent = None
    paper.told.append("loan.returned")
    if paper.gone == "lost":
        paper.told.append("original.found")
        paper.gone = ""


def reserve(play: Play, paper: Paper) -> None:
    person = somebody(play)
    first = play.today + DAY * play.random.choice((0, 1, 2, 4, 8, 30, 366, 367, -1))
    last = first + some_days(play)
    with only_if(NotLent=paper.original.kind == "electronic", NotHere=paper.gone in ("lost", "destroyed"),
                 Spoken=paper.spoken(first, last),
                 BadAnswer=not 0 <= (first - play.today).days <= FURTHEST or not 0 <= (last - first).days < LONGEST
                 or not_ours(play, person, first, last)):
        made = reservations.reserve(play.session, paper.original, person, from_on=first, to_on=last, by=SYSTEM)
    paper.claims.append(Claim(made, person, first, last))
    paper.told.append("reservation.made")


def cancel_reservation(play: Play, paper: Paper) -> None:
    if not (known := paper.claims + paper.settled):
        return reserve(play, paper)
    claim = play.random.choice(known)
    with only_if(Settled=claim in paper.settled):
        reservations.cancel_reservation(play.session, claim.reservation, by=SYSTEM)
    settle(paper, claim)
    paper.told.append("reservation.cancelled")


def lose(play: Play, paper: Paper) -> None:
    """Reported; mostly what ran on it is ended at once, as the loss's process does."""
    with only_if(NotHere=paper.gone):
        whereabouts.lost(play.session, paper.original, told="在路上", by=SYSTEM)
    paper.gone = "lost"
    paper.told.append("original.lost")
    if play.random.random() < 0.6:
        whereabouts.void_loans(play.session, paper.original, by=SYSTEM)
        paper.told += ["loan.voided"] if paper.lent else []
        paper.lent = None
        end_claims(play, paper)


def end_claims(play: Play, paper: Paper) -> None:
    """The reservations that still wait are cancelled."""
    for claim in [claim for claim in paper.claims if claim.last >= play.today]:
        settle(paper, claim)
        paper.told.append("reservation.cancelled")


def find(play: Play, paper: Paper) -> None:
    with only_if(NotLost=paper.gone != "lost"):
        originals.found(play.session, paper.original, by=SYSTEM)
    paper.gone = ""
    paper.told.append("original.found")


def to_authority(play: Play, paper: Paper) -> None:
    due = play.random.choice((None, play.today, play.today - DAY))
    with only_if(NotLent=paper.original.kind == "electronic", NotHere=paper.gone, AlreadyOut=paper.lent,
                 BadAnswer=due and due < play.today):
        whereabouts.hand_to_authority(play.session, paper.original, authority="某厅", due_on=due, by=SYSTEM)
    paper.gone = "authority"
    paper.told.append("original.to_authority")


def from_authority(play: Play, paper: Paper) -> None:
    with only_if(NotAway=paper.gone != "authority"):
        originals.back_from_authority(play.session, paper.original, by=SYSTEM)
    paper.gone = ""
    paper.told.append("original.from_authority")


def destroy(play: Play, paper: Paper) -> None:
    with only_if(Gone=paper.gone == "destroyed", AlreadyOut=paper.lent, NotHere=paper.gone in ("lost", "authority")):
        whereabouts.destroyed(play.session, paper.original, reason="已换发", by=SYSTEM)
    end_claims(play, paper)
    paper.gone = "destroyed"
    paper.told.append("original.destroyed")


def agree(play: Play, papers: list[Paper]) -> None:
    """No two open loans of an original, no day promised twice, and each is where the book says."""
    session, today = play.session, play.today
    by_id = {paper.original.id: paper for paper in papers}
    out = Counter(session.scalars(select(Loan.original_id).where(
        Loan.original_id.in_(by_id), Loan.returned_at.is_(None), Loan.voided_at.is_(None))))
    taken = Counter(session.execute(select(TakenDay.original_id, TakenDay.day).where(
        TakenDay.original_id.in_(by_id), TakenDay.day >= today)).all())
    found = whereabouts.all_whereabouts(session, [paper.original for paper in papers])
    for number, paper in by_id.items():
        assert out[number] == (paper.lent is not None), f"{out[number]} open loans of one original"
        days = Counter({day: times for day, times in paper.days().items() if day >= today})
        assert days == Counter({day: times for (of, day), times in taken.items() if of == number}), "days not kept"
        assert not days or max(days.values()) == 1, "a day promised twice"
        assert found[number].place.label == paper.place(today), (found[number], paper.place(today))


def at_the_end(play: Play) -> None:
    """The certificates' acts have moved no paper; each act was told once; who has something is not clear to leave."""
    agree(play, play.papers)
    for paper in play.papers:
        kinds = [fact.kind for fact in story(play.session, ("original", paper.original.id))]
        assert Counter(kinds) == Counter(paper.told), f"{paper.told} was told as {kinds}"
    for person in play.holders["staff"]:
        mine = {paper.lent.loan.id for paper in play.papers
                if paper.lent and person in (paper.lent.person, paper.lent.carrier)}
        assert {loan.id for loan in loans.clear_to_leave(play.session, person)} == mine


ACTS: tuple[Callable[[Play, Paper], None], ...] = (
    lend, lend, lend, lend, lend, lend, sign, extend, extend, take_back, take_back, take_back, reserve, reserve,
    reserve, cancel_reservation, lose, find, to_authority, from_authority, destroy,
)
