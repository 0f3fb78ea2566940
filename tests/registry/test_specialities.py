"""专业 of a registration, each with its own validity, known and standing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.errors import BadAnswer
from registry.certificates import specialities as skills
from registry.certificates.lifecycle import HeldBack, change, grant, suspend
from registry.certificates.models import Certificate
from registry.certificates.specialities import SpecialityTaken, specialities
from registry.certificates.standing import Standing
from registry.people.spells import Superseded
from registry.rules import gathering
from tests.registry.organisation import DAY, Organisation

BUILDING, ROADS = "建筑工程", "市政公用工程"


def constructor(org: Organisation, *rows: dict[str, Any]) -> Certificate:
    org.serial += 1
    return grant(org.session, "P07", org.person(), number=f"苏2322024{org.serial:05d}", issued_on=dt.date(2025, 1, 6),
                 valid_until=dt.date(2028, 1, 5), issuer="某省住建厅", fields={"specialities": list(rows)}, by=SYSTEM)


def row(name: str, first: str = "2025-01-06", last: str = "2028-01-05") -> dict[str, Any]:
    return {"speciality": name, "speciality_code": "07", "valid_from": first, "valid_until": last}


def by_name(card: Certificate, on: dt.date = DAY, known: dt.datetime | None = None) -> dict[str, Standing]:
    return {each.name: each.standing for each in specialities(card, on=on, known=known)}


def test_the_rows_of_a_paper_become_specialities_with_their_own_validity(org: Organisation) -> None:
    card = constructor(org, row(BUILDING), row(ROADS, "2026-01-01", "2026-12-31"))
    assert by_name(card) == {BUILDING: Standing.VALID, ROADS: Standing.DUE}
    assert by_name(card, dt.date(2025, 6, 1)) == {BUILDING: Standing.VALID, ROADS: Standing.FUTURE}
    assert by_name(card, dt.date(2027, 1, 1))[ROADS] is Standing.EXPIRED


def test_a_speciality_stands_no_better_than_its_certificate(org: Organisation) -> None:
    card = constructor(org, row(BUILDING))
    suspend(org.session, card, since=DAY, reason="x", by=SYSTEM)
    assert by_name(card) == {BUILDING: Standing.SUSPENDED}
    with pytest.raises(HeldBack):
        skills.add(org.session, card, ROADS, valid_from=DAY, valid_until=None, by=SYSTEM)


def test_an_addition_has_a_term_and_is_there_once(org: Organisation) -> None:
    card = constructor(org, row(BUILDING))
    skills.add(org.session, card, ROADS, valid_from=DAY, valid_until=dt.date(2028, 1, 5), by=SYSTEM)
    assert by_name(card)[ROADS] is Standing.VALID
    with pytest.raises(SpecialityTaken):
        skills.add(org.session, card, ROADS, valid_from=dt.date(2027, 1, 1), valid_until=None, by=SYSTEM)
    with pytest.raises(BadAnswer):
        skills.add(org.session, card, "水利水电", valid_from=DAY, valid_until=DAY - dt.timedelta(days=1), by=SYSTEM)


def test_a_further_term_follows_without_a_gap_and_is_no_longer_near(org: Organisation) -> None:
    card = constructor(org, row(ROADS, "2026-01-01", "2026-12-31"))
    held = specialities(card)[0]
    skills.renew(org.session, held.row, valid_until=dt.date(2028, 1, 5), by=SYSTEM)
    found = specialities(card)[0]
    assert (found.standing, found.ends_on) == (Standing.VALID, dt.date(2028, 1, 5))


def test_a_dropped_speciality_was_there_as_we_knew_it_before(org: Organisation, clock: Fixed) -> None:
    card = constructor(org, row(BUILDING), row(ROADS))
    before = clock()
    clock.advance(dt.timedelta(days=3))
    dropped = next(each.row for each in specialities(card) if each.name == ROADS)
    skills.drop(org.session, dropped, since=dt.date(2026, 11, 1), by=SYSTEM)
    assert by_name(card)[ROADS] is Standing.EXPIRED
    assert by_name(card, known=before)[ROADS] is Standing.VALID
    with pytest.raises(Superseded):
        skills.drop(org.session, dropped, since=DAY, by=SYSTEM)


def test_a_change_that_lists_them_brings_the_rows_in_line(org: Organisation) -> None:
    card = constructor(org, row(BUILDING), row(ROADS))
    change(org.session, card, since=DAY, by=SYSTEM,
           fields={"specialities": [row(ROADS), row("公路工程", "2026-11-22", "2028-01-05")]})
    assert by_name(card) == {BUILDING: Standing.EXPIRED, ROADS: Standing.VALID, "公路工程": Standing.VALID}
    change(org.session, card, since=DAY, by=SYSTEM, fields={"employer": "华城"})
    assert by_name(card)[ROADS] is Standing.VALID


def test_a_paper_that_lists_other_days_leaves_one_row_for_them(org: Organisation) -> None:
    card = constructor(org, row(ROADS, "2026-01-01", "2026-12-31"))
    skills.renew(org.session, specialities(card)[0].row, valid_until=dt.date(2028, 1, 5), by=SYSTEM)
    change(org.session, card, since=DAY, by=SYSTEM, fields={"specialities": [row(ROADS, "2026-11-22", "2027-06-30")]})
    rows = [each for each in card.specialities if each.known_until is None]
    assert [(each.from_on, each.to_on) for each in rows] == [(dt.date(2026, 1, 1), dt.date(2027, 6, 30))]


def test_the_rules_see_the_specialities_of_the_day_as_known(org: Organisation, clock: Fixed) -> None:
    card = constructor(org, row(BUILDING))
    person, before = card.holder_person, clock()
    assert person
    clock.advance(dt.timedelta(days=1))
    skills.add(org.session, card, ROADS, valid_from=DAY, valid_until=None, by=SYSTEM)
    org.session.flush()

    def covers(on: dt.date, known: dt.datetime) -> str:
        paper = gathering.of_person(org.session, person, on, known).of(("person", person.id), "P07")[0]
        return paper.covers(ROADS, on)

    assert [covers(DAY, clock()), covers(dt.date(2026, 1, 1), clock()), covers(DAY, before)] == ["yes", "no", "no"]
