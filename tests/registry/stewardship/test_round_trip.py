"""The register goes out in a company's own columns, is edited, and comes back: the preview shows the edits, no more."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from registry import sample
from registry.access.lines import every_line
from registry.access.register import Filter
from registry.certificates.models import Certificate
from registry.intake.batch.known_units import gather
from registry.intake.batch.reach import Reach
from registry.intake.book import Book, Sheet
from registry.intake.judged import Judged
from registry.intake.mapping import FIELDS
from registry.intake.matching.holders import Place
from registry.intake.matching.matched import Match, match
from registry.intake.preview.in_memory import preview
from registry.intake.stewardship import layouts, outgoing
from registry.people import sealing
from registry.people.persons import Person
from registry.people.units import Unit

LEFT_OUT = (
    "term", "keep", "ignore", "borrower", "returner", "handler", "lent_at", "returned_at", "purpose", "loan_state",
)
OWN = [(f"本单位的{words}", field) for field, words in FIELDS.items() if field not in LEFT_OUT]
"""Headings that no vocabulary knows: what they mean is remembered from the layout."""
Rows = list[list[outgoing.Value]]


@pytest.fixture
def group(session: Session, clock: clocks.Fixed) -> Unit:
    """The demonstration group, smaller; and its layout."""
    sealing.set_key(b"k" * 32)
    made = sample.load(session, companies=2, projects=6, people=110, certificates=600)
    group = session.get_one(Unit, made.group_id)
    layouts.keep(session, group, "全部栏目", OWN, by=SYSTEM)
    return group


def exported(session: Session) -> Rows:
    lines = every_line(session, SYSTEM, Filter(), None, order="code", limit=5000, action="certificate.export")
    return list(outgoing.rows(session, lines, layouts.complete(OWN)))


def back(session: Session, group: Unit, rows: Rows) -> Iterator[tuple[Judged, Match]]:
    """The rows as the preview has them, each with what it comes to."""
    known = gather(session, group, SYSTEM)
    headings: list[Any] = [heading for heading, _ in layouts.complete(OWN)]
    seen = preview(Book("台账.xlsx", "xlsx", [Sheet("台账", [headings, *rows])]), known)  # type: ignore[list-item]
    matched = match(session, group.group_id, known, seen.rows, {0: Place(known.units[group.id], False)},
                    Reach(SYSTEM))
    return zip(seen.rows, matched.matches, strict=True)


def column(field: str) -> int:
    return [name for _, name in OWN].index(field)


def edits(rows: Rows, random_: random.Random) -> dict[int, dict[str, Any]]:
    """Some cells written anew, in place; what each edited row is to be told as: {row: {field: what it gets}}."""
    told: dict[int, dict[str, Any]] = {}
    for place in sorted(random_.sample(range(len(rows)), 60)):
        row, said = rows[place], {}
        for field in random_.sample(("issuer", "valid_until", "issued_on", "review_on"), random_.randint(1, 3)):
            at = column(field)
            before = row[at]
            if field == "issuer":
                row[at] = said[field] = f"改过的机关{place}"
            elif isinstance(before, dt.date):
                days = {"valid_until": 45, "issued_on": -1, "review_on": -9}[field]
                row[at] = changed = before + dt.timedelta(days=days)
                said[field] = changed.isoformat()
        if said:
            told[place] = said
    return told


def test_every_type_comes_back_the_same_and_edits_as_exactly_what_they_are(session: Session, group: Unit) -> None:
    rows = exported(session)
    assert len({row[column("type")] for row in rows}) >= 30
    same = list(back(session, group, rows))
    assert [(one.row, found.outcome, found.changes) for one, found in same if found.outcome != "same"] == []
    assert [finding for one, _ in same for finding in one.findings if finding.weight != "tidied"] == []
    for seed in range(3):
        written = [list(row) for row in rows]
        expected = edits(written, random.Random(seed))
        told = {one.row - 1: {field: change[1] for field, change in (found.changes or {}).items()}
                for one, found in back(session, group, written) if found.outcome != "same"}
        assert told == expected


def test_numbers_go_out_masked_and_one_written_in_full_is_a_change_only_if_it_is_another(
    session: Session, group: Unit
) -> None:
    rows = exported(session)
    numbers = {person.id_number for person in session.scalars(select(Person).limit(40)) if person.id_number}
    cells = [str(value) for row in rows for value in row]
    assert numbers and not any(number in cell for number in numbers for cell in cells)
    codes = [row[column("code")] for row in rows]
    held = session.scalars(select(Certificate).where(Certificate.number_sealed.is_not(None)).limit(1)).one()
    place = codes.index(held.code)
    rows[place][column("number")] = held.full_number
    assert {found.outcome for _, found in back(session, group, rows)} == {"same"}
    free = next(place for place, row in enumerate(rows) if row[column("type")] == "职称证书")
    rows[free][column("number")] = "ZC-改-001"
    changed = [(one.row - 1, found.changes) for one, found in back(session, group, rows) if found.outcome != "same"]
    assert [(place, list(change or {})) for place, change in changed] == [(free, ["number"])]


def test_names_that_slipped_by_a_row_stop_it(session: Session, group: Unit) -> None:
    rows = [row for row in exported(session) if row[column("name")]]
    names = [row[column("name")] for row in rows[:20]]
    for row, name in zip(rows[:20], [names[-1], *names[:-1]], strict=True):
        row[column("name")] = name
    slipped = sum(one != other for one, other in zip(names, [names[-1], *names[:-1]], strict=True))
    stopped = [found for _, found in back(session, group, rows) if found.outcome == "stopped"]
    assert slipped > 0 and len(stopped) == slipped and {one.findings[-1].kind for one in stopped} == {"two_names"}
