"""What the rules look at, as plain values: everything that held on a day, as known at an instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from registry.certificates.standing import Standing
from registry.people.machines import Installation
from registry.people.persons import Person
from registry.people.tenure import Assignment
from registry.people.units import Unit
from registry.people.works import Qualification, Works
from registry.rules.tables import SHIPPED, Tables

Key = tuple[str, int]
"""("person", 7), ("unit", 3) or ("machine", 9)."""
CODES = ("employer_code", "company_code")


def employer_on(fields: Mapping[str, Any]) -> str:
    """The credit code of the company in a certificate's fields, or ""."""
    return next((str(fields[key]) for key in CODES if fields.get(key)), "")


@dataclass(frozen=True)
class Paper:
    """A certificate as it stood; `why` is the rule of its standing ("review": overdue for review). `specialities`:
    the 专业 that ran on it, None where none was ever registered."""

    id: int
    code: str
    type: str
    item: str
    standing: Standing
    why: str
    ends_on: dt.date | None
    fields: Mapping[str, Any]
    specialities: frozenset[str] | None = None

    @property
    def usable(self) -> bool:
        return self.standing.usable

    @property
    def employer(self) -> str:
        """The credit code of the company on it, or ""."""
        return employer_on(self.fields)

    def covers(self, speciality: str, on: dt.date) -> str:
        """Whether the 专业 is on it and runs on the day: "yes", "no", or "unknown" where none was registered. Papers
        of an imported book carry theirs among the fields only."""
        if self.specialities is not None:
            return "yes" if speciality in self.specialities else "no"
        rows = self.fields.get("specialities") or []
        if not rows:
            return "unknown"
        return "yes" if any(_runs(row, speciality, on) for row in rows) else "no"


def _runs(row: Mapping[str, Any], speciality: str, on: dt.date) -> bool:
    day, first, last = on.isoformat(), row.get("valid_from"), row.get("valid_until")
    return row.get("speciality") == speciality and (not first or first <= day) and (not last or last >= day)


@dataclass(frozen=True)
class Lent:
    """An original that was out on the day: with one of our own people, for use by ourselves? Had legal agreed?"""

    loan: int
    carrier: Person
    code: str
    family: str
    own_staff: bool
    legal_agreed: bool


@dataclass
class Book:
    """The rows of one question. `contracts` and `insured` hold company ids by person; `sites` the works by project."""

    on: dt.date
    known: dt.datetime
    posts: list[Assignment] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    sites: dict[int, Works] = field(default_factory=dict)
    contracts: dict[int, set[int]] = field(default_factory=dict)
    insured: dict[int, set[int]] = field(default_factory=dict)
    cranes: list[Installation] = field(default_factory=list)
    lines: dict[int, list[Qualification]] = field(default_factory=dict)
    papers: dict[Key, list[Paper]] = field(default_factory=dict)
    lent: list[Lent] = field(default_factory=list)
    tables: Tables = SHIPPED

    def decide(self, decision: str, **given: Any) -> Mapping[str, Any]:
        """The row that the day's table takes."""
        return self.tables.decide(decision, **given)

    def of(self, holder: Key, *types: str) -> list[Paper]:
        """The certificates of these types that a holder may rely on."""
        return [paper for paper in self.papers.get(holder, ()) if paper.type in types and paper.usable]

    def has(self, holder: Key, *types: str) -> bool:
        """Whether a holder may rely on one of these types."""
        return bool(self.of(holder, *types))

    def held(self, *, unit: int | None = None, person: int | None = None, post: str = "") -> list[Assignment]:
        """The posts at a unit, of a person, of a kind."""
        return [
            one for one in self.posts
            if unit in (None, one.unit_id) and person in (None, one.person_id) and post in ("", one.post)
        ]

    def company_of(self, project: int) -> Unit | None:
        """The company that runs a project."""
        return self.units.get(self.units[project].parent_id or 0)

    def under(self, *, kept: Collection[int], gone: Collection[int], left: Collection[int]) -> Book:
        """The same with certificates thought valid, others out of force, and people away."""
        if not (kept or gone or left):
            return self

        def thought(paper: Paper) -> Paper:
            if paper.id in gone and (paper.usable or paper.id in kept):
                return replace(paper, standing=Standing.EXPIRED)
            return replace(paper, standing=Standing.VALID) if paper.id in kept else paper

        def staying(ties: dict[int, set[int]]) -> dict[int, set[int]]:
            return {person: companies for person, companies in ties.items() if person not in left}

        return replace(
            self, posts=[post for post in self.posts if post.person_id not in left],
            contracts=staying(self.contracts), insured=staying(self.insured),
            papers={holder: [thought(paper) for paper in papers] for holder, papers in self.papers.items()
                    if holder[0] != "person" or holder[1] not in left})

    def credit_codes(self, companies: Iterable[int]) -> set[str]:
        """The credit codes of companies, as far as they are entered."""
        return {unit.uscc for each in companies if (unit := self.units.get(each)) and unit.uscc}
