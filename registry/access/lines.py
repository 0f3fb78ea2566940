"""The register line by line: of today or of any past day, as it was known then; listed, exported, and compared.

A day's register holds every certificate of which a version holds on that day. Whose a certificate is and what may be
seen of it goes by today's organisation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from registry.access.register import MOST, Filter, conditions, ordered, paged, sort_keys
from registry.access.rules import visible
from registry.access.standing_columns import Stands, deciding, row_stands, version_ends, version_stands
from registry.certificates.catalogue import type_of
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate, Version
from registry.certificates.standing import Standing
from registry.people.units import Unit

CHUNK = 1000


@dataclass(frozen=True)
class Day:
    """Which register: how things stand on `on`, as known at the instant `known` (None: all that is known now)."""

    on: dt.date
    known: dt.datetime | None = None


@dataclass(frozen=True)
class Line:
    """One certificate as it stood. `number` is as shown on pages: an ID number in it is masked."""

    id: int
    code: str
    family: str
    type_code: str
    item: str
    number: str
    holder_name: str
    unit: str
    version: int
    term: str
    valid_from: dt.date | None
    ends_on: dt.date | None
    issued_on: dt.date | None
    issuer: str
    standing: Standing

    @property
    def type(self) -> CertificateType:
        """The catalogue's entry."""
        return type_of(self.type_code)


NAMES = tuple(field.name for field in fields(Line))


@dataclass(frozen=True)
class Lines:
    """One page, and how many lines there are in all."""

    rows: list[Line]
    total: int


@dataclass(frozen=True)
class View:
    """What of a certificate a day shows: which version decides, its standing and its end."""

    version: ColumnElement[bool]
    stands: Stands
    ends_on: Any


def view(day: Day | None) -> View:
    """The columns of a day; None is today as the lists show it, from the columns beside the chains."""
    if day is None:
        last = and_(Version.certificate_id == Certificate.id, Version.no == Certificate.version_no)
        return View(last, row_stands(clock.today()), Certificate.ends_on)
    return View(deciding(day.on, day.known), version_stands(day.on, day.known), version_ends())


def find_lines(
    session: Session, actor: Actor, sought: Filter, day: Day | None, *, order: str = "ends", limit: int = 25,
    offset: int = 0,
) -> Lines:
    """A page of the register of that day; `limit` is at most 200, `order` one of register.SORTS."""
    seen = view(day)
    keys = [key.label(f"k{place}") for place, key in enumerate(sort_keys(order, seen.stands.column, seen.ends_on))]
    query = select(Certificate.id, Version.id.label("version_id"), seen.stands.column.label("standing"), *keys)
    query = visible(query.join(Version, seen.version), actor, model=Certificate)
    hits = query.where(*conditions(sought, seen.stands, seen.ends_on)).cte("hits")
    page = select(hits.c.id, hits.c.version_id, hits.c.standing)
    page = page.order_by(*ordered(order, [hits.c[key.name] for key in keys]))
    found, total = paged(session, page, select(func.count()).select_from(hits), min(limit, MOST), offset)
    lines = lines_of(session, {row[1]: row[2] for row in found})
    return Lines([lines[row[1]] for row in found], total)


def lines_of(session: Session, standings: Mapping[int, str]) -> dict[int, Line]:
    """The lines of versions, given with the standing found out already; what may be seen was asked before."""
    whole = _columns(version_ends(), Version.id).join(Version, Version.certificate_id == Certificate.id)
    read = session.execute(whole.join(Unit, Certificate.unit_id == Unit.id).where(Version.id.in_(standings)))
    return {row[-1]: _line((*row[:-1], standings[row[-1]])) for row in read}


def count_lines(session: Session, actor: Actor, sought: Filter, day: Day | None, *, action: str | None = None) -> int:
    """How many lines that register has for the actor (who may do `action` with them)."""
    seen = view(day)
    query = select(func.count()).select_from(Certificate).join(Version, seen.version)
    query = visible(query, actor, model=Certificate, action=action)
    return session.scalar(query.where(*conditions(sought, seen.stands, seen.ends_on))) or 0


def every_line(
    session: Session, actor: Actor, sought: Filter, day: Day | None, *, order: str, limit: int, action: str,
) -> Iterator[Line]:
    """The whole list in its order, up to `limit`, read in chunks: what the actor may do `action` with."""
    seen = view(day)
    query = _columns(seen.ends_on, seen.stands.column).join(Version, seen.version)
    query = visible(query.join(Unit, Certificate.unit_id == Unit.id), actor, model=Certificate, action=action)
    query = query.where(*conditions(sought, seen.stands, seen.ends_on))
    query = query.order_by(*ordered(order, sort_keys(order, seen.stands.column, seen.ends_on))).limit(limit)
    for row in session.execute(query, execution_options={"yield_per": CHUNK}):
        yield _line(tuple(row))


def _columns(ends_on: Any, last: Any) -> Any:
    """A line's columns in the order of Line; `last` is the standing, or what stands for it."""
    row, version = Certificate, Version
    return select(
        row.id, row.code, row.family, row.type_code, row.item, row.number, row.holder_name, Unit.name, version.no,
        version.term, version.valid_from, ends_on, version.issued_on, version.issuer, last,
    ).select_from(Certificate)


def _line(row: tuple[Any, ...]) -> Line:
    return Line(**dict(zip(NAMES, (*row[:-1], Standing(row[-1])), strict=True)))
