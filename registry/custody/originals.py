"""Originals (正本, 副本, 使用件, 电子件, 印章) and what befell them. Whether one is in, out or lost is computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from ledger.facts import Subject, record
from registry.certificates.models import Certificate
from registry.people.machines import RELOCATED, Machine
from registry.people.persons import MOVED, Person
from registry.people.scope import WITHDRAWN, Belonging, Path, Visible
from registry.people.units import Unit

KINDS: dict[str, str] = {
    "original": "正本", "duplicate": "副本", "working": "使用件", "electronic": "电子件", "seal": "印章",
}
_OPEN = text("ended_at IS NULL")


class Gone(Conflict):
    """这件原件已销毁，不能再办理。"""


class NotHere(Conflict):
    """这件原件现在不在库，不能办理：{state}。"""


class NotAway(Conflict):
    """这件原件没有交给机关。"""


class NotLost(Conflict):
    """这件原件没有报失。"""


STOPS: list[Callable[[Session, Certificate], None]] = []
"""What may forbid that anything of a certificate is lent, reserved or copied: each raises a Conflict."""


def refuse_stopped(session: Session, certificate: Certificate) -> None:
    """The Conflict of whoever has stopped the certificate, if anybody has."""
    for stop in STOPS:
        stop(session, certificate)


class Original(Belonging, Base):
    """One thing in the cabinet: a paper of a certificate, its working copy, its electronic file, a seal.

    `serial` tells several of a kind apart (副本 1, 副本 2).
    """

    __tablename__ = "original"
    __table_args__ = (
        UniqueConstraint("certificate_id", "kind", "serial"),
        CheckConstraint("kind in ('original', 'duplicate', 'working', 'electronic', 'seal')", name="kind"),
        Index("ix_original_unit_path", "unit_path", "id"),
    )
    __visible__ = Visible(action="custody.read", family="family", type="type_code", owner="holder_person_id")

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    unit_path: Mapped[str] = mapped_column(Path)  # its index names the id too
    holder_person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    certificate_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    serial: Mapped[str] = mapped_column(String(40), default="")
    place: Mapped[str] = mapped_column(String(120))
    keeper_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    entered_by: Mapped[int | None] = mapped_column(BigId)
    certificate: Mapped[Certificate] = relationship()
    keeper_unit: Mapped[Unit] = relationship(foreign_keys=[keeper_unit_id])


class Absence(Base):
    """That an original lies with an authority, is reported lost, or was destroyed; `ended_at` when that was over.

    One at a time for each original. `note` names the authority, or where and how it was lost; `due_on` is when the
    authority means to give it back; `suspected` marks a loss concluded from a loan long overdue.
    """

    __tablename__ = "original_absence"
    __table_args__ = (
        CheckConstraint("kind in ('authority', 'lost', 'destroyed')", name="kind"),
        Index("uq_original_absence_open", "original_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_original_absence_original", "original_id"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId, index=True)
    original_id: Mapped[int] = mapped_column(BigId, ForeignKey("original.id"))
    kind: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(200), default="")
    due_on: Mapped[dt.date | None]
    police_report: Mapped[bool] = mapped_column(default=False)
    suspected: Mapped[bool] = mapped_column(default=False)
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(BigId)
    original: Mapped[Original] = relationship()


def repeated(of: Belonging) -> dict[str, Any]:
    """The values of the columns that repeat a certificate's."""
    return {"group_id": of.group_id, "unit_path": of.unit_path, "family": of.family, "type_code": of.type_code}


def enter(
    session: Session, certificate: Certificate, kind: str, *, place: str, keeper: Unit, by: Actor, serial: str = ""
) -> Original:
    """Enter an original into custody. BadAnswer: an unknown kind, no place, a foreign keeper, one already entered."""
    place, serial = " ".join(place.split())[:120], " ".join(serial.split())[:40]
    problems: dict[str, list[Problem]] = {}
    if kind not in KINDS:
        problems["kind"] = [Problem("请选择原件的种类。")]
    if not place:
        problems["place"] = [Problem("请写明存放位置，如“档案室 3 柜 2 层”。")]
    if keeper.group_id != certificate.group_id:
        problems["keeper"] = [Problem("保管单位须是本集团的单位。")]
    session.execute(select(Certificate.id).where(Certificate.id == certificate.id).with_for_update())  # one at a time
    same = select(Original.id).where(
        Original.certificate_id == certificate.id, Original.kind == kind, Original.serial == serial)
    if session.scalar(same) is not None:
        problems["serial"] = [Problem("这件原件已登记，同种的第二件请写不同的序号。")]
    if problems:
        raise BadAnswer(problems)
    made = Original(
        **repeated(certificate), unit_id=certificate.unit_id, holder_person_id=certificate.holder_person_id,
        certificate=certificate, kind=kind, serial=serial, place=place, keeper_unit=keeper, entered_by=by.id)
    session.add(made)
    session.flush()
    note(session, "original.entered", made, by=by, after={"kind": kind, "unit": keeper.id})
    return made


def original_of(session: Session, original_id: int) -> Original:
    """The original with this id, or NotFound."""
    found = session.get(Original, original_id)
    if found is None:
        raise NotFound
    return found


def held(session: Session, original: Original) -> Original:
    """The original, locked: whoever lends, reserves or reports it at the same time waits, and then sees our rows."""
    session.execute(select(Original.id).where(Original.id == original.id).with_for_update())  # no join to lock
    session.refresh(original)
    return original


def move(session: Session, original: Original, *, place: str, by: Actor, keeper: Unit | None = None) -> None:
    """Put it somewhere else, perhaps with another keeper. BadAnswer without a place or with a foreign keeper."""
    place = " ".join(place.split())[:120]
    if not place:
        raise BadAnswer({"place": [Problem("请写明存放位置，如“档案室 3 柜 2 层”。")]})
    if keeper is not None and keeper.group_id != original.group_id:
        raise BadAnswer({"keeper": [Problem("保管单位须是本集团的单位。")]})
    _refuse_destroyed(session, held(session, original))
    before = {"unit": original.keeper_unit_id}
    original.place = place
    if keeper is not None:
        original.keeper_unit = keeper
    session.flush()
    note(session, "original.moved", original, by=by, before=before, after={"unit": original.keeper_unit_id})


def absence(session: Session, original: Original) -> Absence | None:
    """Where it is if it is neither in the cabinet nor lent: the one absence that has not ended."""
    return session.scalar(select(Absence).where(Absence.original_id == original.id, Absence.ended_at.is_(None)))


def begin_absence(session: Session, original: Original, kind: str, *, by: Actor, **more: Any) -> Absence:
    """Write an absence down; NotHere while another runs. The caller has locked the original."""
    if (open_one := absence(session, original)) is not None:
        raise NotHere(state=ABSENCES[open_one.kind])
    made = Absence(group_id=original.group_id, original=original, kind=kind, by_id=by.id, **more)
    session.add(made)
    session.flush()
    due = made.due_on.isoformat() if made.due_on else None
    about: tuple[Subject, ...] = (("request", made.request_id),) if made.request_id else ()
    note(session, FACTS[kind], original, by=by, about=about,
         after={"until": due, "police_report": made.police_report, "suspected": made.suspected})
    return made


ABSENCES: dict[str, str] = {"authority": "已交机关", "lost": "遗失", "destroyed": "已销毁"}
FACTS = {"authority": "original.to_authority", "lost": "original.lost", "destroyed": "original.destroyed"}


def back_from_authority(session: Session, original: Original, *, by: Actor) -> None:
    """The authority gave it back: in the cabinet again. NotAway when it was not there."""
    _end(session, original, "authority", NotAway, "original.from_authority", by)


def found(session: Session, original: Original, *, by: Actor) -> None:
    """What was reported lost has turned up. NotLost when it was not reported."""
    _end(session, original, "lost", NotLost, "original.found", by)


def _end(session: Session, original: Original, kind: str, wrong: type[Conflict], fact: str, by: Actor) -> None:
    running = absence(session, held(session, original))
    if running is None or running.kind != kind:
        raise wrong
    running.ended_at, running.ended_by = clock.now(), by.id
    session.flush()
    note(session, fact, original, by=by)


def _refuse_destroyed(session: Session, original: Original) -> None:
    running = absence(session, original)
    if running is not None and running.kind == "destroyed":
        raise Gone


def note(
    session: Session, kind: str, original: Original, *, by: Actor, about: tuple[Subject, ...] = (),
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, key: str | None = None,
) -> None:
    """Record a fact about an original and its certificate; `key` makes it the only one of its wish."""
    record(session, kind, ("original", original.id), by=by, group_id=original.group_id,
           about=[("certificate", original.certificate_id), *about], before=before,
           after={"code": original.certificate.code, "original": original.kind, **(after or {})}, key=key)


def _go_along(session: Session, holder: Person | Machine) -> None:
    """Originals are seen where the person works or the machine stands; the paper itself stays with its keeper."""
    kept = ~Original.unit_path.startswith(WITHDRAWN)
    for original in session.scalars(select(Original).join(Original.certificate).where(held_by(holder), kept)):
        original.unit_id, original.unit_path, original.group_id = holder.unit_id, holder.unit_path, holder.group_id


MOVED.append(_go_along)
RELOCATED.append(_go_along)


def follow(kind: type[Belonging], whose: Callable[[Person | Machine], ColumnElement[bool]]) -> None:
    """Let rows about a holder's certificates be seen where the person works or the machine stands, too."""
    def go_along(session: Session, holder: Person | Machine) -> None:
        kept = ~kind.unit_path.startswith(WITHDRAWN)
        session.execute(update(kind).where(whose(holder), kept).values(
            unit_path=holder.unit_path, group_id=holder.group_id))

    MOVED.append(go_along)
    RELOCATED.append(go_along)


def held_by(holder: Person | Machine) -> ColumnElement[bool]:
    """Certificates of a person or a machine."""
    mine = Certificate.holder_person_id if isinstance(holder, Person) else Certificate.holder_machine_id
    return mine == holder.id


def of_holder(original_id: InstrumentedAttribute[int]) -> Callable[[Person | Machine], ColumnElement[bool]]:
    """Which rows are about an original of a holder's certificate."""
    return lambda holder: original_id.in_(select(Original.id).join(Original.certificate).where(held_by(holder)))
