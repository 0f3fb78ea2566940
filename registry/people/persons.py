"""People. An ID number or a phone number is stored encrypted, found by a keyed index, and shown masked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from ledger.facts import record
from ledger.texts import upright
from registry.people import sealing
from registry.people.identity import birth_of, check_id_number, gender_of, mask_id
from registry.people.scope import Path, Visible
from registry.people.spelling import spell
from registry.people.units import Unit

Gender = Literal["1", "2"]  # GB/T 2261.1: 1 male, 2 female
ID_NUMBER, PHONE = "person.id_number", "person.phone"
LONGEST_PINYIN, LONGEST_INITIALS = 120, 30


class Gone(Conflict):
    """{name} 已离职，不能再办理。"""


class Person(Base):
    """An employee. `unit` is where they work now; `company` the employer of the labour contract."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("group_id", "id_index"),
        CheckConstraint("gender in ('1', '2')", name="gender"),
        Index("ix_person_unit_path", "unit_path", "id"),
    )
    __visible__ = Visible(action="person.read", owner="id")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    unit_path: Mapped[str] = mapped_column(Path)
    name: Mapped[str] = mapped_column(String(60), index=True)
    pinyin: Mapped[str] = mapped_column(String(LONGEST_PINYIN), index=True)
    initials: Mapped[str] = mapped_column(String(LONGEST_INITIALS), index=True)
    gender: Mapped[str | None] = mapped_column(String(1))
    birth: Mapped[dt.date | None]
    post: Mapped[str] = mapped_column(String(60), default="")
    id_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    id_index: Mapped[str | None] = mapped_column(String(64))
    id_masked: Mapped[str] = mapped_column(String(18), default="")
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_masked: Mapped[str] = mapped_column(String(20), default="")
    joined_on: Mapped[dt.date | None]
    left_on: Mapped[dt.date | None] = mapped_column(index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    company: Mapped[Unit | None] = relationship(foreign_keys=[company_id])

    @property
    def id_number(self) -> str | None:
        """In clear, for checks and for a form to an authority; to show it to somebody use `unmask`."""
        return sealing.unseal(self.id_sealed, ID_NUMBER) if self.id_sealed else None

    @property
    def phone(self) -> str | None:
        """In clear, for sending; to show it to somebody use `unmask`."""
        return sealing.unseal(self.phone_sealed, PHONE) if self.phone_sealed else None

    def employed(self, on: dt.date) -> bool:
        """Whether they work here on that day; the last day counts."""
        return (self.joined_on is None or self.joined_on <= on) and (self.left_on is None or on <= self.left_on)


LEFT: list[Callable[[Session, Person, dt.date], None]] = []
"""What ends with a person's last day, in the same transaction: contracts and posts (tenure adds itself)."""
MOVED: list[Callable[[Session, Person], None]] = []
"""What follows a person to another unit in the same transaction; rooms above add themselves (certificates do)."""


def mask_phone(number: str) -> str:
    """13800001234 -> 138****1234."""
    return number[:3] + "*" * max(len(number) - 7, 0) + number[-4:]


def create_person(
    session: Session, *, unit: Unit, name: str, by: Actor, id_number: str | None = None, phone: str | None = None,
    post: str = "", gender: Gender | None = None, birth: dt.date | None = None, joined_on: dt.date | None = None,
) -> Person:
    """Enter a person at a unit. Birth and gender are read from the ID number where there is one (GB 11643-1999).

    BadAnswer: no name, a wrong ID number, or one already entered in this group.
    """
    person = drawn_up(unit, name=name, id_number=id_number, phone=phone, post=post, gender=gender, birth=birth,
                      joined_on=joined_on)
    if person.id_index and _taken(session, unit.group_id, person.id_index):
        raise BadAnswer({"id_number": [Problem("该身份证号已登记在册。")]})
    session.add(person)
    session.flush()
    record(session, "person.created", ("person", person.id), by=by, group_id=person.group_id,
           about=[("unit", unit.id)], after={"unit": unit.id, "post": post})
    return person


def drawn_up(
    unit: Unit, *, name: str, id_number: str | None = None, phone: str | None = None, post: str = "",
    gender: Gender | None = None, birth: dt.date | None = None, joined_on: dt.date | None = None,
) -> Person:
    """A checked Person not yet in a session; for create_person and for loading many at once."""
    name = "".join(upright(name).split())
    if not name:
        raise BadAnswer({"name": [Problem("请填写姓名。")]})
    pinyin, initials = spelled(name)
    person = Person(
        name=name, pinyin=pinyin, initials=initials, post=post, gender=gender, birth=birth, joined_on=joined_on,
        unit=unit, unit_path=unit.path, group_id=unit.group_id, company_id=unit.company_id,
    )
    if id_number:
        _set_id_number(person, id_number)
    if phone:
        person.phone_sealed, person.phone_index = sealing.seal(phone, PHONE), sealing.index(phone, PHONE)
        person.phone_masked = mask_phone(phone)
    return person


def spelled(name: str) -> tuple[str, str]:
    """Pinyin and initials, of a very long name as much as is kept."""
    pinyin, initials = spell(name)
    return pinyin[:LONGEST_PINYIN], initials[:LONGEST_INITIALS]


def _set_id_number(person: Person, text: str) -> None:
    verdict = check_id_number(text)
    if verdict.problem:
        raise BadAnswer({"id_number": [verdict.problem]})
    number = verdict.value
    person.id_sealed, person.id_index = sealing.seal(number, ID_NUMBER), sealing.index(number, ID_NUMBER)
    person.id_masked, person.birth, person.gender = mask_id(number), birth_of(number), gender_of(number)


def _taken(session: Session, group_id: int, id_index: str) -> bool:
    return session.scalar(select(Person.id).where(Person.group_id == group_id, Person.id_index == id_index)) is not None


def person_of(session: Session, person_id: int) -> Person:
    """The person with this id, or NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


def with_id_number(session: Session, group_id: int, text: str) -> Person | None:
    """The person of the group with exactly this ID number, by the keyed index."""
    index = sealing.index(check_id_number(text).value, ID_NUMBER)
    return session.scalar(select(Person).where(Person.group_id == group_id, Person.id_index == index))


def move_person(session: Session, person: Person, *, to: Unit, by: Actor, post: str | None = None) -> None:
    """Move to another unit, taking along what belongs to the person; a change of company changes the employer.

    The fact, person.moved, names both companies where the employer changes, and the day (today).
    """
    if person.left_on and person.left_on < clock.today():
        raise Gone(name=person.name)
    left = person.unit_id
    before = {"unit": left, "company": person.company_id, "post": person.post}
    person.unit, person.unit_path, person.group_id = to, to.path, to.group_id
    person.company = session.get(Unit, to.company_id) if to.company_id else None
    person.post = person.post if post is None else post
    session.flush()
    for follow in MOVED:
        follow(session, person)
    session.flush()
    after = {"unit": to.id, "company": person.company_id, "post": person.post, "on": clock.today().isoformat()}
    record(session, "person.moved", ("person", person.id), by=by, group_id=person.group_id, before=before, after=after,
           about=[("unit", left), ("unit", to.id)])


def leave(session: Session, person: Person, *, on: dt.date, by: Actor, reason: str = "") -> None:
    """Set the last day of work; from the day after, the account and every role are dead."""
    if person.left_on is not None:
        raise Gone(name=person.name)
    person.left_on = on
    for follow in LEFT:
        follow(session, person, on)
    record(session, "person.left", ("person", person.id), by=by, group_id=person.group_id,
           about=[("unit", person.unit_id)], after={"on": on.isoformat(), "reason": reason})


def unmask(session: Session, person: Person, *, reason: str, by: Actor) -> tuple[str | None, str | None]:
    """(ID number, phone) in clear, for an actor allowed `person.unmask`; that it was read, and why, is recorded."""
    if not reason.strip():
        raise BadAnswer({"reason": [Problem("请说明查看原因。")]})
    record(session, "person.unmasked", ("person", person.id), by=by, group_id=person.group_id,
           after={"reason": reason.strip()[:200]})
    return person.id_number, person.phone
