"""Where an original is follows from what was done with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.errors import BadAnswer
from ledger.facts import story
from registry.access.rules import can
from registry.certificates.lifecycle import grant
from registry.custody import loans, originals, reservations, whereabouts
from registry.custody.originals import Gone, NotAway, NotHere, NotLost, Original
from registry.custody.whereabouts import Place
from registry.people.machines import relocate
from registry.people.persons import Person, move_person
from tests.registry.organisation import DAY, Organisation

SOON = DAY + dt.timedelta(days=3)


def place(org: Organisation, original: Original) -> Place:
    return whereabouts.whereabouts(org.session, original).place


def test_an_original_is_in_out_late_and_in_again(org: Organisation, paper: Original, wang: Person,
                                                 clock: Fixed) -> None:
    seen = [place(org, paper)]
    loan = loans.hand_over(org.session, paper, borrower=wang, purpose="bid", until=SOON, by=SYSTEM)
    seen.append(place(org, paper))
    clock.advance(dt.timedelta(days=4))
    seen.append(place(org, paper))
    loans.take_back(org.session, loan, by=SYSTEM)
    assert [*seen, place(org, paper)] == [Place.IN, Place.OUT, Place.OVERDUE, Place.IN]


def test_with_an_authority_it_is_neither_lent_nor_handed_over_twice(org: Organisation, paper: Original,
                                                                    wang: Person) -> None:
    whereabouts.hand_to_authority(org.session, paper, authority="某区住建局", by=SYSTEM)
    assert place(org, paper) is Place.AUTHORITY
    with pytest.raises(NotHere):
        loans.hand_over(org.session, paper, borrower=wang, purpose="bid", until=SOON, by=SYSTEM)
    with pytest.raises(NotHere):
        whereabouts.hand_to_authority(org.session, paper, authority="另一机关", by=SYSTEM)
    originals.back_from_authority(org.session, paper, by=SYSTEM)
    assert place(org, paper) is Place.IN
    with pytest.raises(NotAway):
        originals.back_from_authority(org.session, paper, by=SYSTEM)


def test_what_is_lost_on_loan_may_turn_up_or_be_given_up(org: Organisation, paper: Original, wang: Person) -> None:
    loan = loans.hand_over(org.session, paper, borrower=wang, purpose="bid", until=SOON, by=SYSTEM)
    whereabouts.lost(org.session, paper, told="在公交车上", by=SYSTEM, police_report=True)
    assert place(org, paper) is Place.LOST and loan.open
    originals.found(org.session, paper, by=SYSTEM)
    assert place(org, paper) is Place.OUT
    whereabouts.lost(org.session, paper, told="还是没有", by=SYSTEM)
    assert whereabouts.void_loans(org.session, paper, by=SYSTEM) == [loan]
    assert not loan.open and loans.clear_to_leave(org.session, wang) == []


def test_what_was_reported_lost_and_is_brought_back_is_in(org: Organisation, paper: Original, wang: Person) -> None:
    loan = loans.hand_over(org.session, paper, borrower=wang, purpose="bid", until=SOON, by=SYSTEM)
    whereabouts.lost(org.session, paper, told="在公交车上", by=SYSTEM)
    loans.take_back(org.session, loan, by=SYSTEM)
    assert place(org, paper) is Place.IN


def test_what_was_never_reported_lost_is_not_found(org: Organisation, paper: Original) -> None:
    with pytest.raises(NotLost):
        originals.found(org.session, paper, by=SYSTEM)


def test_what_is_destroyed_stays_destroyed(org: Organisation, paper: Original) -> None:
    whereabouts.destroyed(org.session, paper, reason="已换发新证", by=SYSTEM)
    assert place(org, paper) is Place.DESTROYED
    with pytest.raises(Gone):
        whereabouts.destroyed(org.session, paper, reason="再一次", by=SYSTEM)
    with pytest.raises(Gone):
        originals.move(org.session, paper, place="别处", by=SYSTEM)


def test_of_one_kind_the_second_needs_its_own_serial(org: Organisation, paper: Original) -> None:
    given: dict[str, Any] = {"place": "柜", "keeper": org.safety, "by": SYSTEM}
    with pytest.raises(BadAnswer) as refused:
        originals.enter(org.session, paper.certificate, "original", **given)
    assert set(refused.value.problems) == {"serial"}
    assert originals.enter(org.session, paper.certificate, "duplicate", serial="2", **given).id


@pytest.mark.parametrize("wrong", [{"kind": "paper"}, {"place": " "}])
def test_an_original_needs_a_kind_and_a_place(org: Organisation, wrong: dict[str, str]) -> None:
    given = {"kind": "original", "place": "柜", **wrong}
    with pytest.raises(BadAnswer) as refused:
        originals.enter(org.session, org.licence(), given["kind"], place=given["place"], keeper=org.safety, by=SYSTEM)
    assert set(refused.value.problems) == set(wrong)


def test_a_person_s_original_is_seen_where_the_person_works(org: Organisation) -> None:
    person = org.person()
    kept = originals.enter(org.session, org.worker(person), "original", place="柜", keeper=org.safety, by=SYSTEM)
    keeper_there = org.actor("custodian", at=org.other)
    lent = loans.hand_over(org.session, kept, borrower=person, purpose="bid", until=DAY, by=SYSTEM)
    claim = reservations.reserve(org.session, kept, person, from_on=SOON, to_on=SOON, by=SYSTEM)
    assert not any(can(keeper_there, "custody.read", one) for one in (kept, lent, claim))
    move_person(org.session, person, to=org.far, by=SYSTEM)
    assert all(can(keeper_there, "custody.keep", one) for one in (kept, lent, claim))


def test_a_machine_s_original_is_seen_where_the_machine_stands(org: Organisation) -> None:
    crane = org.machine()
    card = grant(org.session, "Q06", crane, number="FZ2026001", issued_on=DAY, valid_until=dt.date(2027, 11, 21),
                 issuer="某检定院", by=SYSTEM)
    kept = originals.enter(org.session, card, "original", place="柜", keeper=org.safety, by=SYSTEM)
    relocate(org.session, crane, to=org.far, by=SYSTEM)
    assert can(org.actor("custodian", at=org.other), "custody.read", kept)


def test_moving_is_told_without_saying_where_the_cabinet_is(org: Organisation, paper: Original) -> None:
    originals.move(org.session, paper, place="总部保险柜", keeper=org.company, by=SYSTEM)
    told = story(org.session, ("certificate", paper.certificate_id))[-1]
    assert told.kind == "original.moved" and "保险柜" not in str(told.after)
    assert (told.before, told.after) == ({"unit": org.safety.id},
                                         {"code": paper.certificate.code, "original": "original",
                                          "unit": org.company.id})
