"""The register as an actor sees it: search, filters, true counts; here, so that no list escapes `visible`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true, union_all
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import NotFound
from registry.access.rules import reaches, visible
from registry.access.standing_columns import Stands, row_stands, standing_column
from registry.certificates.drafting import folded
from registry.certificates.models import NUMBER, Certificate
from registry.certificates.standing import Standing
from registry.people import sealing
from registry.people.identity import check_id_number
from registry.people.persons import ID_NUMBER, Person
from registry.people.scope import subtree
from registry.people.units import Unit

RANK = {standing: place for place, standing in enumerate((
    Standing.EXPIRED, Standing.DUE, Standing.SUSPENDED, Standing.UNDATED, Standing.LEAVING, Standing.FUTURE,
    Standing.VALID, Standing.OTHER, Standing.CANCELLED, Standing.ANNULLED, Standing.REVOKED, Standing.UNKNOWN))}
"""The order of a list sorted by state: what needs somebody comes first."""
SORTS = ("newest", "type", "holder", "number", "ends", "state", "code")
"""Every order there is; with "-" before it, turned round. No other text reaches ORDER BY."""
MOST = 200
WORDS = 6
MOST_PARTS = 4


@dataclass(frozen=True)
class Filter:
    """What is looked for. `text`: fragments of number, our code, name, pinyin or initials, all of which must occur; a
    whole ID number finds its holder's certificates. `ends_from`/`ends_to` bound the last day, both days included.
    `among`: a condition on Certificate from a room above that knows of more, such as what a ledger brought in."""

    text: str = ""
    types: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    ends_from: dt.date | None = None
    ends_to: dt.date | None = None
    unit: Unit | None = None
    holder_person_id: int | None = None
    among: ColumnElement[bool] | None = None

    @property
    def reads_all(self) -> bool:
        """Whether finding out how many fit reads every row anyway."""
        return bool(self.text.strip() or self.standings)


@dataclass(frozen=True)
class Found:
    """One page, and how many rows the filter finds in all."""

    rows: list[Certificate]
    total: int


def find(
    session: Session, actor: Actor, sought: Filter | None = None, *, order: str = "newest", limit: int = 25,
    offset: int = 0,
) -> Found:
    """The certificates the actor may read and that fit; `limit` is at most 200, `order` one of SORTS."""
    sought, limit = sought or Filter(), min(limit, MOST)
    numbers, total = _page_of_ids(session, actor, sought, order, limit, offset)
    rows = {row.id: row for row in session.scalars(select(Certificate).where(Certificate.id.in_(numbers)))}
    return Found([rows[number] for number in numbers], total)


def _page_of_ids(
    session: Session, actor: Actor, sought: Filter, order: str, limit: int, offset: int
) -> tuple[list[int], int]:
    """The page's ids first: the search runs over one index, and only the page's rows are read whole."""
    keys = [key.label(f"k{place}") for place, key in enumerate(sort_keys(
        order, standing_column(clock.today()), Certificate.ends_on))]
    seen = [select(Certificate.id, *keys).where(*_today(sought), part) for part in _parts(actor)]
    if not sought.reads_all:
        first = [select(query.order_by(*ordered(order, keys)).limit(limit + offset).subquery()) for query in seen]
        found = union_all(*first).subquery()
        ids = list(session.scalars(
            select(found.c.id).order_by(*ordered(order, [found.c[key.name] for key in keys])).limit(limit)
            .offset(offset)))
        if len(ids) < limit and (ids or not offset):
            return ids, offset + len(ids)  # the last page tells the count by itself
        return ids, count(session, actor, sought)
    hits = union_all(*seen).cte("hits")
    page = select(hits.c.id).order_by(*ordered(order, [hits.c[key.name] for key in keys]))
    return paged(session, page, select(func.count()).select_from(hits), limit, offset)


def _parts(actor: Actor, action: str | None = None) -> list[ColumnElement[bool]]:
    """What the actor may see, cut so that no row lies in two parts: each is read from an index alone, where SQLite
    goes to the row itself for every row of an OR. To stand behind the filter: SQLite takes the first range of two on
    one column, and that of a unit looked for is the narrower."""
    if actor.kind == "system":
        return [true()]
    found = reaches(Certificate, actor, action)
    if len(found) > MOST_PARTS:
        return [or_(*found)]
    return [and_(part, *(~func.coalesce(before, false()) for before in found[:place]))
            for place, part in enumerate(found)] or [false()]


def paged(session: Session, page: Any, total: Any, limit: int, offset: int) -> tuple[list[Any], int]:
    """Rows and number of rows of a common table expression in one statement: what it costs is paid once."""
    found = session.execute(page.add_columns(total.scalar_subquery()).limit(limit).offset(offset)).all()
    if not found:
        return [], session.scalar(total) or 0 if offset else 0
    return [row[0] if len(row) == 2 else row[:-1] for row in found], found[0][-1]


def count(session: Session, actor: Actor, sought: Filter | None = None, *, action: str | None = None) -> int:
    """How many certificates fit; `action` other than reading counts what the actor may do that with."""
    query = select(func.count()).select_from(Certificate)
    parts = [query.where(*_today(sought or Filter()), part) for part in _parts(actor, action)]
    return sum(session.scalars(union_all(*parts)))


def counts(session: Session, actor: Actor, sought: Filter | None = None) -> dict[Standing, int]:
    """How many fitting certificates stand how today, for the tabs above a list."""
    state = standing_column(clock.today())
    query = visible(select(state, func.count()).select_from(Certificate), actor, model=Certificate)
    found = session.execute(query.where(*_today(sought or Filter())).group_by(state))
    return {Standing(key): number for key, number in found}


def certificate_of(session: Session, actor: Actor, certificate_id: int) -> Certificate:
    """One certificate by id; NotFound when there is none or the actor may not read it."""
    found = session.scalar(visible(select(Certificate).where(Certificate.id == certificate_id), actor))
    if found is None:
        raise NotFound
    return found


def sort_keys(order: str, state: ColumnElement[str], ends_on: Any) -> list[Any]:
    """The columns of an order; KeyError for one that is not in SORTS."""
    row = Certificate
    columns: Mapping[str, tuple[Any, ...]] = {
        "newest": (row.id,), "type": (row.type_code, row.id), "holder": (row.holder_name, row.id),
        "number": (row.number, row.id), "ends": (ends_on, row.id), "code": (row.code,),
        "state": (case({each.value: place for each, place in RANK.items()}, value=state), ends_on, row.id),
    }
    return list(columns[order.removeprefix("-")])


def ordered(order: str, keys: list[Any]) -> list[Any]:
    """The columns in their direction; no end at all (长期) is the farthest of all ends."""
    backwards = order.startswith("-") != (order.removeprefix("-") == "newest")
    ending = {"ends": 0, "state": 1}.get(order.removeprefix("-"))
    turned = [key.desc() if backwards else key.asc() for key in keys]
    if ending is not None:
        turned[ending] = turned[ending].nulls_first() if backwards else turned[ending].nulls_last()
    return turned


def _today(sought: Filter) -> list[ColumnElement[bool]]:
    return conditions(sought, row_stands(clock.today()), Certificate.ends_on)


def conditions(sought: Filter, stands: Stands, ends_on: Any) -> list[ColumnElement[bool]]:
    """The filter as conditions, over the standing and the end of the day that is looked at."""
    row = Certificate
    found = [_word(word) for word in sought.text[:100].split()[:WORDS]]
    if sought.types:
        found.append(row.type_code.in_(sought.types))
    if sought.families:
        found.append(row.family.in_(sought.families))
    if sought.standings:
        found.append(stands.among(sought.standings))
    if sought.ends_from:
        found.append(ends_on >= sought.ends_from)
    if sought.ends_to:
        found.append(ends_on <= sought.ends_to)
    if sought.unit:
        low, high = subtree(sought.unit.path)
        found.append(and_(row.unit_path >= low, row.unit_path < high))
    if sought.holder_person_id is not None:
        found.append(row.holder_person_id == sought.holder_person_id)
    if sought.among is not None:
        found.append(sought.among)
    return found


def _word(word: str) -> ColumnElement[bool]:
    """A fragment anywhere in the search text; a whole ID number, alone or after its T, by the keyed indexes."""
    verdict = check_id_number(word.removeprefix("T").removeprefix("t"))
    if verdict.ok:
        number = verdict.value
        owner = select(Person.id).where(Person.id_index == sealing.index(number, ID_NUMBER))
        keys = [sealing.index(text, NUMBER) for text in (number, f"T{number}")]
        return or_(Certificate.number_key.in_([*keys, number]), Certificate.holder_person_id.in_(owner))
    return Certificate.search.contains(folded(word), autoescape=True)
