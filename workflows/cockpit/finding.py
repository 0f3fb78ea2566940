"""Instances by process, version, state, age, element and company; by key, title, holder, certificate and variable."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from engine import catalog, watched
from engine.model import Definition, Incident, Instance, Task, Visit
from ledger import clock
from ledger.actor import Actor
from ledger.sought import holds
from ledger.workdays import calendar
from registry.certificates.models import Certificate
from registry.people.units import Unit
from workflows.cockpit import reach
from workflows.requests import Request

COUNT_TO = 1000
"""Further than this no list counts."""
MOST_DAYS = 2000
STATES = ("running", "active", "suspended", "incident", "ended", "all")
OVER = ("completed", "terminated")
VARIABLE = re.compile(r"\s*([^\W\d][\w.-]{0,119})\s*=\s*(.+?)\s*", re.DOTALL)


@dataclass(frozen=True)
class Sought:
    """What a list is narrowed to; empty words and zeros narrow nothing. `older` counts working days since the start.

    `words` is a part of the business key, title, holder's name or certificate number, or "variable = value"; `trouble`
    an element with an open incident, `cause` how that begins.
    """

    process: str = ""
    definition: int = 0
    state: str = "running"
    older: int = 0
    element: str = ""
    unit: int = 0
    words: str = ""
    trouble: str = ""
    cause: str = ""

    def plain(self) -> dict[str, Any]:
        """As a row keeps it."""
        return asdict(self)

    @property
    def variable(self) -> tuple[str, str] | None:
        """The name and value that are looked for, if that is what the words mean."""
        found = VARIABLE.fullmatch(self.words)
        return (found[1], found[2]) if found else None


def sought_of(kept: Mapping[str, Any]) -> Sought:
    """What `plain` made."""
    return Sought(**{each.name: kept[each.name] for each in fields(Sought) if each.name in kept})


class Found(NamedTuple):
    """One page, whether there is more behind it, and how many there are in all, counted up to COUNT_TO."""

    lines: Sequence[Line]
    more: bool
    total: int


@dataclass(frozen=True)
class Line:
    """An instance in a list: `stands` is where it is in the drawing's words, `troubles` counts open incidents."""

    instance: Instance
    name: str
    version: int
    unit: str
    stands: tuple[str, ...]
    troubles: int


def condition(session: Session, actor: Actor, sought: Sought, action: str = reach.READ) -> ColumnElement[bool]:
    """Which instances are meant, of those that the actor may look at (or do `action` to)."""
    found = reach.seen(actor, action)
    for narrower in _narrowed(session, actor, sought):
        found = found & narrower
    return found


def _narrowed(session: Session, actor: Actor, sought: Sought) -> Iterable[ColumnElement[bool]]:
    if sought.process:
        yield Instance.process_id == sought.process
    if sought.definition:
        yield Instance.definition_id == sought.definition
    if sought.state in ("running", "incident"):
        yield watched.running()
    if sought.state == "incident":
        yield watched.troubled()
    if sought.state in ("active", "suspended"):
        yield Instance.state == sought.state
    if sought.state == "ended":
        yield Instance.state.in_(OVER)
    if sought.trouble or sought.cause:
        yield troubled_at(sought.trouble, sought.cause)
    if sought.older:
        yield Instance.started_at < begun_before(session, sought.older)
    if sought.element:
        yield watched.standing_at(session, sought.element)
    if sought.unit:
        home = session.get(Unit, sought.unit)
        yield reach.below(Instance.unit_path, home.path if home else "/withdrawn/")
    if sought.words.strip():
        yield _named(sought)


def begun_before(session: Session, days: int) -> dt.datetime:
    """The moment before which whatever began is more than so many working days old."""
    return clock.start_of_day(calendar(session).before(clock.today(), min(days, MOST_DAYS)))


def troubled_at(element: str, cause: str) -> ColumnElement[bool]:
    """The instances with an open incident at this element, of a cause that begins so."""
    found = select(Incident.instance_id).where(text("incident.resolved_at IS NULL"))
    if element:
        found = found.where(Incident.element_id == element)
    if cause:
        found = found.where(Incident.cause.startswith(cause, autoescape=True))
    return Instance.id.in_(found)


def _named(sought: Sought) -> ColumnElement[bool]:
    if sought.variable:
        return watched.with_variable(*sought.variable)
    words = sought.words.strip()
    by_request = select(Request.instance_id).where(Request.instance_id.is_not(None), holds(Request.search, words))
    return or_(watched.named(words), Instance.id.in_(by_request), *_by_certificate(words))


def _by_certificate(words: str) -> Iterable[ColumnElement[bool]]:
    """Requests about a certificate whose number or code begins so; too short a beginning means too many."""
    if len(words) < 4:
        return
    ends = words[:-1] + chr(ord(words[-1]) + 1)
    for column in (Certificate.number, Certificate.code):
        yield Instance.id.in_(
            select(Request.instance_id).join(Certificate, Request.certificate_id == Certificate.id)
            .where(Request.instance_id.is_not(None), column >= words, column < ends))


def find(session: Session, actor: Actor, sought: Sought, *, after: int | None = None, size: int = 25) -> Found:
    """One page, newest first: those behind the one numbered `after`."""
    first = ids(session, actor, sought, most=COUNT_TO)  # looked through once for both: the page, the count
    page: Sequence[int] = [number for number in first if after is None or number < after][:size + 1]
    if len(page) <= size and len(first) == COUNT_TO:
        page = ids(session, actor, sought, below=after, most=size + 1)
    return Found(lines(session, page[:size]), len(page) > size, len(first))


def ids(session: Session, actor: Actor, sought: Sought, *, most: int, below: int | None = None,
        action: str = reach.READ) -> Sequence[int]:
    """The ids of the newest that fit."""
    if session.get_bind().dialect.name == "postgresql":  # a plan for every filter misses the good one for this
        session.execute(text("set local plan_cache_mode = force_custom_plan"))
    wanted = select(Instance.id).where(condition(session, actor, sought, action))
    if below is not None:
        wanted = wanted.where(Instance.id < below)
    return session.scalars(wanted.order_by(Instance.id.desc()).limit(most)).all()


def count(session: Session, actor: Actor, sought: Sought, action: str = reach.READ) -> int:
    """How many fit, all of them."""
    return session.scalar(select(func.count()).select_from(Instance).where(
        condition(session, actor, sought, action))) or 0


def lines(session: Session, page: Sequence[int]) -> list[Line]:
    """The rows of one page, in a fixed number of statements."""
    if not page:
        return []
    rows = {row.id: row for row in session.scalars(select(Instance).where(Instance.id.in_(page)))}
    versions = {row.id: row for row in session.scalars(
        select(Definition).where(Definition.id.in_({row.definition_id for row in rows.values()})))}
    units = _units(session, rows.values())
    stands, troubles = _stands(session, rows), _troubles(session, page)
    return [Line(row, versions[row.definition_id].name, versions[row.definition_id].version, units.get(row.id, ""),
                 stands.get(row.id, ()), troubles.get(row.id, 0)) for row in map(rows.__getitem__, page)]


def _units(session: Session, rows: Iterable[Instance]) -> dict[int, str]:
    homes = {row.id: row.places[0] for row in rows if row.places}
    names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(set(homes.values())))).all())
    return {number: names.get(home, "") for number, home in homes.items()}


def _stands(session: Session, rows: Mapping[int, Instance]) -> dict[int, tuple[str, ...]]:
    """Where each stands, once for each element, tasks first."""
    tasks = select(Task.instance_id, Task.name).where(
        Task.instance_id.in_(rows), Task.state == "open", Task.parent_id.is_(None)).order_by(Task.id)
    visits = select(Visit.instance_id, Visit.element_id).where(
        Visit.instance_id.in_(rows), Visit.left_at.is_(None)).order_by(Visit.id)
    found: dict[int, dict[str, None]] = {}
    for number, name in session.execute(tasks):
        found.setdefault(number, {})[name] = None
    for number, element in session.execute(visits):
        names = catalog.plan(session, rows[number].definition_id).names()
        found.setdefault(number, {})[names.get(element) or element] = None
    return {number: tuple(names) for number, names in found.items()}


def _troubles(session: Session, page: Sequence[int]) -> dict[int, int]:
    counted = select(Incident.instance_id, func.count()).where(
        Incident.instance_id.in_(page), Incident.resolved_at.is_(None)).group_by(Incident.instance_id)
    return dict(session.execute(counted).all())


# what there is to choose from
def processes(session: Session) -> list[Definition]:
    """The newest version of every process, by name."""
    return catalog.definitions(session)


def versions(session: Session, process_id: str) -> list[Definition]:
    """The versions of a process, newest first."""
    return list(session.scalars(
        select(Definition).where(Definition.process_id == process_id).order_by(Definition.version.desc())))


def elements(session: Session, definition_id: int) -> list[tuple[str, str]]:
    """Where tokens of a version can wait, (id, name), in the drawing's order."""
    return sorted(((key, name) for key, name in catalog.plan(session, definition_id).names().items()),
                  key=lambda pair: pair[0])
