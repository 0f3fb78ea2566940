"""The register as an actor sees it: search, filters, true counts; here, so that no list escapes `visible`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import NotFound
from registry.access.rules import visible
from registry.certificates import codes
from registry.certificates.drafting import folded
from registry.certificates.models import NUMBER, Certificate
from registry.certificates.standing import BY_STATE, Standing
from registry.people import sealing
from registry.people.identity import check_id_number
from registry.people.persons import ID_NUMBER, Person
from registry.people.scope import subtree
from registry.people.units import Unit

ORDERS: Mapping[str, tuple[Any, ...]] = {
    "newest": (Certificate.id.desc(),),
    "ends": (Certificate.ends_on.asc().nulls_last(), Certificate.id),
    "holder": (Certificate.holder_name, Certificate.id),
    "code": (Certificate.code,),
}
S = TypeVar("S", bound=Select[*tuple[Any, ...]])
MOST = 200
WORDS = 6


@dataclass(frozen=True)
class Filter:
    """What is looked for. `text`: fragments of number, our code, name, pinyin or initials, all of which must occur; a
    whole ID number finds its holder's certificates. `ends_from`/`ends_to` bound the last day, both days included."""

    text: str = ""
    types: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    ends_from: dt.date | None = None
    ends_to: dt.date | None = None
    unit: Unit | None = None
    holder_person_id: int | None = None


@dataclass(frozen=True)
class Found:
    """One page, and how many rows the filter finds in all."""

    rows: list[Certificate]
    total: int


def find(
    session: Session, actor: Actor, sought: Filter | None = None, *, order: str = "newest", limit: int = 25,
    offset: int = 0,
) -> Found:
    """The certificates the actor may read and that fit; `limit` is at most 200."""
    sought = sought or Filter()
    limit = min(limit, MOST)
    # the page's ids first: the search then runs over one index, and only the page's rows are read whole
    page = _narrowed(select(Certificate.id), actor, sought).order_by(*ORDERS[order])
    numbers = session.scalars(page.limit(limit).offset(offset)).all()
    rows = session.scalars(select(Certificate).where(Certificate.id.in_(numbers)).order_by(*ORDERS[order]))
    if len(numbers) < limit and (numbers or not offset):
        return Found(list(rows), offset + len(numbers))  # the last page tells the count by itself
    return Found(list(rows), count(session, actor, sought))


def count(session: Session, actor: Actor, sought: Filter | None = None) -> int:
    """How many certificates fit."""
    return session.scalar(_narrowed(select(func.count()).select_from(Certificate), actor, sought or Filter())) or 0


def counts(session: Session, actor: Actor, sought: Filter | None = None) -> dict[Standing, int]:
    """How many fitting certificates stand how today, for the tabs above a list."""
    state = standing_column(clock.today())
    query = select(state, func.count()).select_from(Certificate)
    found = session.execute(_narrowed(query, actor, sought or Filter()).group_by(state))
    return {Standing(key): number for key, number in found}


def certificate_of(session: Session, actor: Actor, certificate_id: int) -> Certificate:
    """One certificate by id; NotFound when there is none or the actor may not read it."""
    found = session.scalar(visible(select(Certificate).where(Certificate.id == certificate_id), actor))
    if found is None:
        raise NotFound
    return found


def standing_column(today: dt.date) -> ColumnElement[str]:
    """Today's standing of a row in SQL: the same decisions in the same order as certificates.standing."""
    row = Certificate
    ended = {codes.CANCELLED, codes.ANNULLED, codes.REVOKED, codes.LAPSED}
    running = {code: found for code, found in BY_STATE.items() if code not in ended}
    return case(
        *((row.state == code, BY_STATE[code].value) for code in sorted(ended)),
        (and_(row.version_no == 1, row.valid_from > today), Standing.FUTURE.value),
        (row.ends_on < today, Standing.EXPIRED.value),
        *((row.state == code, found.value) for code, found in sorted(running.items())),
        (row.due_from <= today, Standing.DUE.value),
        (and_(row.ends_on.is_(None), row.term == codes.UNKNOWN), Standing.UNDATED.value),
        else_=Standing.VALID.value,
    )


def _narrowed(query: S, actor: Actor, sought: Filter) -> S:
    return visible(query, actor, model=Certificate).where(*_conditions(sought))


def _conditions(sought: Filter) -> list[ColumnElement[bool]]:
    row = Certificate
    conditions = [_word(word) for word in sought.text[:100].split()[:WORDS]]
    if sought.types:
        conditions.append(row.type_code.in_(sought.types))
    if sought.families:
        conditions.append(row.family.in_(sought.families))
    if sought.standings:
        conditions.append(standing_column(clock.today()).in_([each.value for each in sought.standings]))
    if sought.ends_from:
        conditions.append(row.ends_on >= sought.ends_from)
    if sought.ends_to:
        conditions.append(row.ends_on <= sought.ends_to)
    if sought.unit:
        low, high = subtree(sought.unit.path)
        conditions.append(and_(row.unit_path >= low, row.unit_path < high))
    if sought.holder_person_id is not None:
        conditions.append(row.holder_person_id == sought.holder_person_id)
    return conditions


def _word(word: str) -> ColumnElement[bool]:
    """A fragment anywhere in the search text; a whole ID number, alone or after its T, by the keyed indexes."""
    verdict = check_id_number(word.removeprefix("T").removeprefix("t"))
    if verdict.ok:
        number = verdict.value
        owner = select(Person.id).where(Person.id_index == sealing.index(number, ID_NUMBER))
        keys = [sealing.index(text, NUMBER) for text in (number, f"T{number}")]
        return or_(Certificate.number_key.in_([*keys, number]), Certificate.holder_person_id.in_(owner))
    return Certificate.search.contains(folded(word), autoescape=True)
