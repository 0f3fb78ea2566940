"""What happened, for auditors: the facts of what they watch over, newest first, narrowed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from ledger import clock
from ledger.actor import Actor
from ledger.facts import Fact, FactAbout, Subject
from registry.access.reasons import reach_of
from registry.certificates.models import Certificate
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit

READ = "audit.read"
EXPORTED = "audit.exported"
PERSONAL = ("person.unmasked", "intake.unmasked", "register.exported", "evidence.case_exported", EXPORTED,
            "alerts.proved")
"""Somebody read, or took out, what may tell of people."""
_PLACED: tuple[tuple[str, Any, Any], ...] = (
    ("unit", Unit.id, Unit.path), ("person", Person.id, Person.unit_path), ("machine", Machine.id, Machine.unit_path),
    ("certificate", Certificate.id, Certificate.unit_path))


@dataclass(frozen=True)
class Wanted:
    """Narrowed to days (both included), a family of kinds ("certificate"), who did it (part of a name), things that it
    is about (None: whatever; (): nothing is called so), and to what read personal data."""

    first: dt.date | None = None
    last: dt.date | None = None
    family: str = ""
    by: str = ""
    about: tuple[Subject, ...] | None = None
    personal: bool = False


def facts(actor: Actor, wanted: Wanted, *, before: int | None = None) -> Select[Fact]:
    """What the actor watches over, newest first; `before`: only what came before the fact of this id."""
    found: list[ColumnElement[bool]] = [or_(false(), *_watched(actor))]
    if before is not None:
        found.append(Fact.id < before)
    if wanted.first is not None:
        found.append(Fact.at >= clock.start_of_day(wanted.first))
    if wanted.last is not None:
        found.append(Fact.at < clock.end_of_day(wanted.last))
    if wanted.family:
        found.append(Fact.kind.startswith(wanted.family + ".", autoescape=True))
    if wanted.by:
        found.append(Fact.actor_name.contains(wanted.by, autoescape=True))
    if wanted.personal:
        found.append(Fact.kind.in_(PERSONAL))
    if wanted.about is not None:
        found.append(Fact.id.in_(select(FactAbout.fact_id).where(or_(false(), *(
            and_(FactAbout.kind == kind, FactAbout.subject_id == number) for kind, number in wanted.about)))))
    return select(Fact).where(*found).order_by(Fact.id.desc())


def _watched(actor: Actor) -> Iterator[ColumnElement[bool]]:
    """A whole group; or what is about a unit of a subtree, or about something that lies there now."""
    paths = {grant.unit_id: grant.path for grant in actor.grants}
    for unit_id in {reach.unit_id for reach in reach_of(actor, READ)}:
        path = paths[unit_id]
        if path == f"/{unit_id}/":
            yield Fact.group_id == unit_id
            continue
        low, high = subtree(path)
        yield Fact.id.in_(select(FactAbout.fact_id).where(or_(*(
            and_(FactAbout.kind == kind, FactAbout.subject_id.in_(select(number).where(place >= low, place < high)))
            for kind, number, place in _PLACED))))


__all__ = ["EXPORTED", "PERSONAL", "READ", "Wanted", "facts"]
