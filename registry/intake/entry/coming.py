"""One certificate on its way into the register, and what every one of a transaction needs and is looked up once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.workdays import Calendar, calendar
from registry.certificates import drafting, windows
from registry.certificates.catalogue import in_force_of
from registry.certificates.kinds import CertificateType
from registry.intake.batch.models import Batch
from registry.intake.entry.drafts import Draft
from registry.intake.matching.chaining import Key
from registry.intake.matching.holders import Held, Holders
from registry.intake.matching.matched import Matched
from registry.people.spelling import spell


@dataclass(slots=True)
class Coming:
    """One certificate on its way in: the rows it comes from, what is there of it, its new versions."""

    places: list[int]
    there: Found[Any] | None
    drafts: list[Draft]
    number: int = 0
    code: str = ""


@dataclass
class Entry:
    """What came of it: for each row its certificate and version; how much of everything."""

    links: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    by_key: dict[Key, int] = field(default_factory=dict)


class Register:
    """The register's side of one transaction: what every row needs and is looked up once."""

    def __init__(self, session: Session, batch: Batch, by: Actor, holders: Holders) -> None:
        self.session, self.batch, self.by, self.holders = session, batch, by, holders
        self.now, self.today = clock.now(), clock.today()
        self.days: Calendar = calendar(session)
        self._kinds: dict[tuple[str, str], CertificateType] = {}
        self._steps: dict[tuple[str, str, dt.date], list[windows.Step]] = {}
        self._spelt: dict[str, tuple[str, ...]] = {}

    def kind(self, code: str, province: str) -> CertificateType:
        """The type as it is in force today in a province."""
        found = self._kinds.get((code, province))
        if found is None:
            found = self._kinds[code, province] = in_force_of(code, self.today, province)
        return found

    def steps(self, kind: CertificateType, province: str, ends_on: dt.date) -> list[windows.Step]:
        """The days of a term."""
        found = self._steps.get((kind.code, province, ends_on))
        if found is None:
            found = self._steps[kind.code, province, ends_on] = windows.steps(kind, ends_on, self.days)
        return found

    def words(self, held: Held) -> tuple[str, ...]:
        """A holder's name and spellings, folded for the search."""
        key = held.name if held.kind == "person" else f"\0{held.name}"
        found = self._spelt.get(key)
        if found is None:
            spelt = held.spelt or (self.holders.spelt(held.name) if held.kind == "person" else
                                   spell(held.name, person=False))
            found = self._spelt[key] = tuple(map(drafting.folded, (held.name, *spelt)))
        return found


def province_of(matched: Matched, coming: Coming) -> str:
    """The province that the certificate lies in."""
    units = matched.holders.known.units
    held = matched.matches[coming.places[0]].held
    if coming.there is not None:
        unit = units.get(coming.there.unit_id)
    else:
        unit = held.unit if held else None
    return unit.province if unit else ""


def type_of_coming(matched: Matched, coming: Coming) -> str:
    """The code of its type."""
    return coming.there.type_code if coming.there is not None else matched.rows[coming.places[0]].type_code
