"""What somebody or something is called changes: a person's name or ID number, a company's name.

The old ID number stays findable: its keyed index is the key of the fact that records the change.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Problem
from ledger.facts import Fact, record
from ledger.texts import upright
from registry.people import sealing
from registry.people.identity import birth_of, check_id_number, gender_of, mask_id
from registry.people.persons import ID_NUMBER, Person, spelled, with_id_number
from registry.people.units import Unit


class FormerName(Base):
    """What a unit was called until an instant: old papers and old ledgers still say so."""

    __tablename__ = "unit_former_name"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId, index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    until: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)


def identify(
    session: Session, person: Person, *, by: Actor, name: str | None = None, id_number: str | None = None
) -> None:
    """Another name or ID number of the same person (公安机关更正). BadAnswer: wrong, or somebody else's."""
    changed = []
    if (text := "".join((name or "").split())) and text != person.name:
        person.name = text
        person.pinyin, person.initials = spelled(text)
        changed.append("name")
    former = _renumber(session, person, id_number) if id_number else None
    if former is not None:
        changed.append("id_number")
    if not changed:
        return
    session.flush()
    record(session, "person.identified", ("person", person.id), by=by, group_id=person.group_id,
           about=[("unit", person.unit_id)], after={"changed": changed},
           key=_new_key(session, person.group_id, former) if former else None)


def _renumber(session: Session, person: Person, text: str) -> str | None:
    """Give the person another ID number; the index of the old one, None where it is the same."""
    verdict = check_id_number(text)
    if verdict.problem:
        raise BadAnswer({"id_number": [verdict.problem]})
    number, former = verdict.value, person.id_index
    index = sealing.index(number, ID_NUMBER)
    if index == former:
        return None
    if with_id_number(session, person.group_id, number) is not None:
        raise BadAnswer({"id_number": [Problem("该身份证号已登记在册。")]})
    person.id_sealed, person.id_index = sealing.seal(number, ID_NUMBER), index
    person.id_masked, person.birth, person.gender = mask_id(number), birth_of(number), gender_of(number)
    return former or ""


def once_numbered(session: Session, group_id: int, text: str) -> Person | None:
    """The person who has, or once had, exactly this ID number."""
    found = with_id_number(session, group_id, text)
    if found is not None:
        return found
    index = sealing.index(check_id_number(text).value, ID_NUMBER)
    fact = session.scalar(select(Fact).where(Fact.key == _key(group_id, index)))
    return session.get(Person, fact.subject_id) if fact else None


def _new_key(session: Session, group_id: int, index: str) -> str | None:
    """The key under which a former number is found; None when it was somebody's former number already."""
    key = _key(group_id, index)
    return None if session.scalar(select(Fact.id).where(Fact.key == key)) else key


def _key(group_id: int, index: str) -> str:
    return f"person.former:{group_id}:{index}"


def rename_unit(session: Session, unit: Unit, name: str, *, by: Actor) -> None:
    """Another name of the same company; the one it had stays findable."""
    name = " ".join(upright(name).split())
    if name == unit.name:
        return
    session.add(FormerName(group_id=unit.group_id, unit_id=unit.id, name=unit.name, by_id=by.id))
    unit.name = name
    session.flush()
    record(session, "unit.renamed", ("unit", unit.id), by=by, group_id=unit.group_id, after={"code": unit.code})


def former_names(session: Session, group_id: int) -> dict[int, tuple[str, ...]]:
    """The names that units of a group once had, by unit, oldest first."""
    found: dict[int, list[str]] = defaultdict(list)
    query = select(FormerName.unit_id, FormerName.name).where(FormerName.group_id == group_id).order_by(FormerName.id)
    for unit_id, name in session.execute(query):
        found[unit_id].append(name)
    return {unit_id: tuple(names) for unit_id, names in found.items()}
