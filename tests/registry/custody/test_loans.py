"""Lending: one open loan for each original, own people only, one extension, nothing more for the late."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.errors import BadAnswer
from registry.access.accounts import actor_for
from registry.custody import loans, originals, reservations
from registry.custody.days import Spoken
from registry.custody.loans import AlreadyOut, BorrowerBlocked, Loan, LoanOver, NeedsLegal, NotYours
from registry.custody.originals import Original
from registry.custody.reservations import NotLent, Settled
from registry.people.persons import Person, leave
from registry.rules.lacking import lacking
from tests.registry.organisation import DAY, Organisation


def on(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


def lend(org: Organisation, original: Original, person: Person, days: int = 4, **more: Any) -> Loan:
    """Out today; due after so many days."""
    given = {"purpose": "bid", "until": on(days), "by": SYSTEM, **more}
    return loans.hand_over(org.session, original, borrower=person, **given)


def another(org: Organisation) -> Original:
    return originals.enter(org.session, org.licence(), "original", place="柜", keeper=org.safety, by=SYSTEM)


def test_what_is_out_is_not_given_out_again(org: Organisation, paper: Original, wang: Person, li: Person) -> None:
    lend(org, paper, wang)
    with pytest.raises(AlreadyOut, match="2026-11-26"):
        lend(org, paper, li)


def test_the_carrier_signs_and_nobody_else(org: Organisation, paper: Original, wang: Person, li: Person) -> None:
    loan = lend(org, paper, wang, carrier=li)
    with pytest.raises(NotYours):
        loans.receive(org.session, loan, by=actor_for(org.session, wang))
    loans.receive(org.session, loan, by=actor_for(org.session, li))
    assert loan.taken_at is not None


def test_an_original_goes_to_own_staff_only(org: Organisation, paper: Original, wang: Person, li: Person) -> None:
    leave(org.session, li, on=on(-1), by=SYSTEM)
    for people in ({"borrower": li}, {"borrower": wang, "carrier": li}):
        with pytest.raises(BadAnswer):
            loans.hand_over(org.session, paper, purpose="bid", until=on(1), by=SYSTEM, **people)


def test_nothing_is_lent_beyond_somebody_s_last_day(org: Organisation, paper: Original, wang: Person,
                                                    li: Person) -> None:
    leave(org.session, li, on=on(3), by=SYSTEM)
    for field, people in {"borrower": {"person": li}, "carrier": {"person": wang, "carrier": li}}.items():
        with pytest.raises(BadAnswer) as refused:
            lend(org, paper, days=4, **people)
        assert set(refused.value.problems) == {field}
    loan = lend(org, paper, li, 3)
    with pytest.raises(BadAnswer):
        loans.extend(org.session, loan, until=on(4), by=SYSTEM)


def test_use_outside_needs_legal_and_the_rule_sees_a_carrier_who_has_left(
    org: Organisation, paper: Original, wang: Person, clock: Fixed
) -> None:
    with pytest.raises(NeedsLegal):
        lend(org, paper, wang, outside=True)
    lend(org, paper, wang, outside=True, legal_by=1)
    lend(org, another(org), wang)
    leave(org.session, wang, on=DAY, by=SYSTEM)
    clock.advance(dt.timedelta(days=1))
    found = [line for line in lacking(org.session, org.company).lines if line.rule == "R14"]
    assert [(line.lack, line.about.id, line.severity) for line in found] == [("lent_outside", wang.id, "block")]


def test_an_extension_is_given_once_for_no_more_days_than_before(org: Organisation, paper: Original, wang: Person,
                                                                 clock: Fixed) -> None:
    loan = lend(org, paper, wang, 4)  # five days
    for days in (4, 10):
        with pytest.raises(BadAnswer):
            loans.extend(org.session, loan, until=on(days), by=SYSTEM)
    loans.extend(org.session, loan, until=on(9), by=SYSTEM)
    assert loan.due_on == on(9)
    with pytest.raises(BadAnswer):
        loans.extend(org.session, loan, until=on(10), by=SYSTEM)


def test_what_is_late_is_not_extended(org: Organisation, paper: Original, wang: Person, clock: Fixed) -> None:
    loan = lend(org, paper, wang, 1)
    clock.advance(dt.timedelta(days=2))
    with pytest.raises(BadAnswer):
        loans.extend(org.session, loan, until=on(3), by=SYSTEM)


@pytest.mark.parametrize(("late", "blocked"), [(2, False), (3, True)])
def test_three_days_late_there_is_nothing_more(org: Organisation, paper: Original, wang: Person, li: Person,
                                               clock: Fixed, late: int, blocked: bool) -> None:
    lend(org, paper, wang, 1, carrier=li)
    clock.advance(dt.timedelta(days=1 + late))
    other = another(org)
    assert lend(org, another(org), li, 20).open  # li only took it along
    if not blocked:
        assert lend(org, other, wang, 20).open
        return
    with pytest.raises(BorrowerBlocked, match="逾期 3 天"):
        lend(org, other, wang, 20)


def test_back_is_back_and_damage_is_described(org: Organisation, paper: Original, wang: Person, li: Person) -> None:
    loan = lend(org, paper, wang)
    with pytest.raises(BadAnswer):
        loans.take_back(org.session, loan, by=SYSTEM, condition="damaged")
    loans.take_back(org.session, loan, by=SYSTEM, condition="damaged", note_text="封面撕裂")
    with pytest.raises(LoanOver):
        loans.take_back(org.session, loan, by=SYSTEM)
    assert lend(org, paper, li).open  # on the same day


def test_the_exit_is_clear_only_when_everything_is_back(org: Organisation, paper: Original, wang: Person,
                                                        li: Person) -> None:
    first, second = lend(org, paper, wang), lend(org, another(org), li, carrier=wang)
    assert loans.clear_to_leave(org.session, wang) == [first, second]
    loans.take_back(org.session, first, by=SYSTEM)
    assert loans.clear_to_leave(org.session, wang) == [second] == loans.clear_to_leave(org.session, li)
    loans.take_back(org.session, second, by=SYSTEM)
    assert loans.clear_to_leave(org.session, wang) == []


def test_days_are_promised_once(org: Organisation, paper: Original, wang: Person, li: Person) -> None:
    mine = reservations.reserve(org.session, paper, wang, from_on=on(3), to_on=on(5), by=SYSTEM)
    for first, last in ((3, 3), (1, 3), (5, 9), (0, 9)):
        with pytest.raises(Spoken):
            reservations.reserve(org.session, paper, li, from_on=on(first), to_on=on(last), by=SYSTEM)
    with pytest.raises(Spoken, match="2026-11-25"):
        lend(org, paper, li, 3)
    next_one = reservations.reserve(org.session, paper, li, from_on=on(6), to_on=on(7), by=SYSTEM)
    assert reservations.queue(org.session, paper) == [mine, next_one]
    reservations.cancel_reservation(org.session, mine, by=SYSTEM)
    assert reservations.queue(org.session, paper) == [next_one]
    with pytest.raises(Settled):
        reservations.cancel_reservation(org.session, mine, by=SYSTEM)
    lend(org, paper, li, 3)


def test_whoever_reserved_takes_it_and_the_rest_of_the_days_are_free(
    org: Organisation, paper: Original, wang: Person, li: Person, clock: Fixed
) -> None:
    mine = reservations.reserve(org.session, paper, wang, from_on=on(0), to_on=on(9), by=SYSTEM)
    clock.advance(dt.timedelta(days=1))
    with pytest.raises(BadAnswer):
        lend(org, paper, li, 4, reservation=mine)
    loan = lend(org, paper, wang, 4, reservation=mine)
    reservations.reserve(org.session, paper, li, from_on=on(5), to_on=on(6), by=SYSTEM)
    with pytest.raises(Spoken):
        loans.extend(org.session, loan, until=on(6), by=SYSTEM)
    loans.take_back(org.session, loan, by=SYSTEM)
    assert lend(org, paper, li, 4).open


def test_an_electronic_one_is_copied_not_lent(org: Organisation, paper: Original, wang: Person) -> None:
    mail = originals.enter(org.session, paper.certificate, "electronic", place="文件库", keeper=org.safety, by=SYSTEM)
    with pytest.raises(NotLent):
        lend(org, mail, wang)
    with pytest.raises(NotLent):
        reservations.reserve(org.session, mail, wang, from_on=on(1), to_on=on(1), by=SYSTEM)


@pytest.mark.parametrize(("first", "last"), [(-1, 1), (3, 2), (0, 92), (367, 368)])
def test_impossible_days_are_refused(org: Organisation, paper: Original, wang: Person, first: int, last: int) -> None:
    with pytest.raises(BadAnswer):
        reservations.reserve(org.session, paper, wang, from_on=on(first), to_on=on(last), by=SYSTEM)


def test_what_is_out_is_found_the_most_pressing_first(org: Organisation, paper: Original, wang: Person) -> None:
    later = lend(org, another(org), wang, 9)
    soon = lend(org, paper, wang, 1)
    assert loans.open_loans(org.session, certificate=paper.certificate_id) == [soon]
    assert loans.open_loans(org.session, original=paper) == [soon]
    assert loans.open_loans(org.session, unit=org.company) == [soon, later]
