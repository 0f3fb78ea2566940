"""A certificate is a chain of immutable versions. The columns beside the chain repeat its last version, for lists."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column, relationship

from ledger import clock
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.facts import Subject
from ledger.files import File
from registry.certificates import codes
from registry.certificates.catalogue import type_of
from registry.certificates.kinds import CertificateType
from registry.people import sealing
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.scope import Belonging, Visible
from registry.people.spells import Spell
from registry.people.units import Unit

NUMBER, FIELDS = "certificate.number", "certificate.fields"
_LIVE = text("state IN ('01', '02', '06')")
_WAITING = text("fired_at IS NULL AND cancelled_at IS NULL")
_ONE_HOLDER = " + ".join(
    f"(CASE WHEN holder_{kind}_id IS NULL THEN 0 ELSE 1 END)" for kind in ("person", "unit", "machine")) + " = 1"
Holder = Person | Unit | Machine


def new_token() -> str:
    """128 random bits for the verification page (内部核验): it cannot be guessed or counted through."""
    return secrets.token_urlsafe(16)


class Certificate(Belonging, Base):
    """One certificate of one holder.

    `number` is what is shown; a number that contains an ID number (T + ID of a 特种作业操作证) is masked there, kept
    encrypted in `number_sealed`, and compared by a keyed index in `number_key`. `item` is the 操作项目 or 专业
    where one number covers several. `code` is our own, such as LC-J03-000001. `ends_on` is the last day it may be
    relied on (of the term, or of an earlier review), `due_from` the day from which that is near.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        Index("uq_certificate_live_number", "type_code", "number_key", "item", unique=True, sqlite_where=_LIVE,
              postgresql_where=_LIVE),
        CheckConstraint(_ONE_HOLDER, name="holder"),
        Index("ix_certificate_ends_on", "ends_on", "id"),
        # lists, counts and searches are answered from this index alone (access.register); rows are read for one page
        Index("ix_certificate_seen", "unit_path", "family", "type_code", "holder_person_id", "state", "ends_on",
              "due_from", "version_no", "valid_from", "term", "search", "number_key", "holder_name", "number"),
        Index("ix_certificate_by_holder", "holder_name", "id"),
        Index("ix_certificate_by_number", "number", "id"),
        Index("ix_certificate_by_type", "type_code", "id"),
    )
    __visible__ = Visible(action="certificate.read", family="family", type="type_code", owner="holder_person_id")

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    check_token: Mapped[str] = mapped_column(String(24), unique=True, default=new_token)
    number: Mapped[str] = mapped_column(String(100))
    number_key: Mapped[str] = mapped_column(String(100))
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    item: Mapped[str] = mapped_column(String(80), default="")
    holder_person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    holder_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    holder_machine_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("machine.id"), index=True)
    holder_name: Mapped[str] = mapped_column(String(120))
    search: Mapped[str] = mapped_column(String(400))
    version_no: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(2), default=codes.VALID)
    term: Mapped[str] = mapped_column(String(8), default=codes.DATED)
    valid_from: Mapped[dt.date | None]
    valid_until: Mapped[dt.date | None]
    review_on: Mapped[dt.date | None]
    due_from: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    revision: Mapped[int] = mapped_column(default=1)

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    holder_person: Mapped[Person | None] = relationship(foreign_keys=[holder_person_id])
    holder_unit: Mapped[Unit | None] = relationship(foreign_keys=[holder_unit_id])
    holder_machine: Mapped[Machine | None] = relationship(foreign_keys=[holder_machine_id])
    versions: Mapped[list[Version]] = relationship(back_populates="certificate", order_by="Version.no")
    timers: Mapped[list[CertificateTimer]] = relationship(
        back_populates="certificate", order_by="CertificateTimer.due_at, CertificateTimer.id")
    specialities: Mapped[list[Speciality]] = relationship(back_populates="certificate")

    __mapper_args__ = {"version_id_col": revision}

    @property
    def holder(self) -> Holder:
        """The person, company, project or machine that holds it."""
        held = self.holder_person or self.holder_unit or self.holder_machine
        assert held is not None
        return held

    @property
    def type(self) -> CertificateType:
        """The catalogue's entry, as in force in general."""
        return type_of(self.type_code)

    @property
    def latest(self) -> Version:
        """The last version of the chain."""
        return self.versions[-1]

    @property
    def concerned(self) -> list[Subject]:
        """Whose story a fact about it belongs to, beside its own: the unit it lies with and the person who holds it."""
        person: list[Subject] = [("person", self.holder_person_id)] if self.holder_person_id else []
        return [("unit", self.unit_id), *person]

    @property
    def full_number(self) -> str:
        """The number in clear, for checks and for printing the certificate itself."""
        return sealing.unseal(self.number_sealed, NUMBER) if self.number_sealed else self.number


class Version(Base):
    """How a certificate stands from `holds_from` on, as learnt at `known_from`; never changed, only followed.

    `no` counts from 1 and is shown as 001. `valid_until` is empty for term "long" (长期) and "unknown". `note` says
    what state 99 or a cancellation means (撤回, 废止). `licence_mark` is the 证照标识, `qr` the ministry's code:
    stored, never made. A renewal, change or transfer keeps the mark before it in `previous_mark`, and the number
    before it, if it was another (masked where it names a person), in `previous_number`. `suspended_until` is the last
    day of a 暂扣 that has an end; `duty_on` the next review where missing one does not end the certificate. ID numbers
    in `fields` are masked; the whole is then kept encrypted in `fields_sealed`.
    """

    __tablename__ = "certificate_version"
    __table_args__ = (
        UniqueConstraint("certificate_id", "no"),
        # the register of a past day: which version decided is answered from this index alone (access.lines)
        Index("ix_certificate_version_held", "certificate_id", "no", "holds_from", "known_from", "state"),
    )

    id: Mapped[Id]
    certificate_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate.id"))
    no: Mapped[int]
    previous_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("certificate_version.id"))
    operation: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(2))
    note: Mapped[str] = mapped_column(String(200), default="")
    term: Mapped[str] = mapped_column(String(8), default=codes.DATED)
    valid_from: Mapped[dt.date | None]
    valid_until: Mapped[dt.date | None]
    review_on: Mapped[dt.date | None]
    holds_from: Mapped[dt.date]
    known_from: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    issued_on: Mapped[dt.date | None]
    issuer: Mapped[str] = mapped_column(String(120), default="")
    number_raw: Mapped[str] = mapped_column(String(200), default="")
    licence_mark: Mapped[str] = mapped_column(String(120), default="")
    previous_mark: Mapped[str] = mapped_column(String(120), default="", server_default="")
    previous_number: Mapped[str] = mapped_column(String(200), default="", server_default="")
    suspended_until: Mapped[dt.date | None]
    duty_on: Mapped[dt.date | None]
    qr: Mapped[str] = mapped_column(String(400), default="")
    fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    fields_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80), default="")

    certificate: Mapped[Certificate] = relationship(back_populates="versions")
    previous: Mapped[Version | None] = relationship(remote_side="Version.id")
    scans: Mapped[list[Scan]] = relationship(back_populates="version", order_by="Scan.id")

    @property
    def full_fields(self) -> dict[str, Any]:
        """The fields with ID numbers in clear, for checks and for printing the certificate itself."""
        if self.fields_sealed is None:
            return self.fields
        clear: dict[str, Any] = json.loads(sealing.unseal(self.fields_sealed, FIELDS))
        return clear

    @property
    def label(self) -> str:
        """The version as printed: 001, 002, ... (GB/T 36904)."""
        return f"{self.no:03d}"


class Scan(Base):
    """A file that shows a version: the scanned paper, the OFD, a screenshot of the official query."""

    __tablename__ = "certificate_scan"

    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate_version.id"), index=True)
    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20), default="scan")
    added_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    version: Mapped[Version] = relationship(back_populates="scans")
    file: Mapped[File] = relationship()


class Speciality(Spell, Base):
    """One 专业 of a certificate from a day to a day (None: as long as the certificate), as we knew it."""

    __tablename__ = "speciality"

    id: Mapped[Id]
    certificate_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(20), default="")
    request_id: Mapped[int | None] = mapped_column(BigId)
    by_id: Mapped[int | None] = mapped_column(BigId)
    certificate: Mapped[Certificate] = relationship(back_populates="specialities")


class CertificateTimer(Base):
    """What happens to a version on a day: its window opens, our own hand-in day and the law's
    target day end, the window closes, it lapses; or the last day of a 暂扣 comes (susp_end), or the time to prepare
    a review whose missing does not end the certificate (duty).

    `confirmed` is False where the day was rolled through a year without an official calendar.
    """

    __tablename__ = "certificate_timer"
    __table_args__ = (
        UniqueConstraint("version_id", "kind"),
        Index("ix_certificate_timer_waiting", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[Id]
    certificate_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate.id"), index=True)
    version_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate_version.id"))
    kind: Mapped[str] = mapped_column(String(8))
    due_on: Mapped[dt.date]
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    confirmed: Mapped[bool] = mapped_column(default=True)
    fired_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    cancelled_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    certificate: Mapped[Certificate] = relationship(back_populates="timers")
    version: Mapped[Version] = relationship()


class CertificateCount(Base):
    """The last serial number given to a certificate of each type; its row is the lock that keeps codes unique."""

    __tablename__ = "certificate_count"

    type_code: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


def of_token(session: Session, token: str) -> Certificate | None:
    """The certificate of a verification link, or None."""
    return session.scalar(select(Certificate).where(
        Certificate.check_token == token, Certificate.state != codes.WITHDRAWN))


def _refuse_change(_mapper: Mapper[Version], _connection: Connection, version: Version) -> None:
    state = inspect(version)
    changed = {a.key for a in state.mapper.column_attrs if state.attrs[a.key].history.has_changes()}
    if changed:
        raise TypeError(f"a version is never changed: {sorted(changed)}")


def _refuse_delete(_mapper: Mapper[Version], _connection: Connection, _version: Version) -> None:
    raise TypeError("a version is never deleted")


event.listen(Version, "before_update", _refuse_change)
event.listen(Version, "before_delete", _refuse_delete)

GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER certificate_version_no_{verb} BEFORE {verb} ON certificate_version "
        "BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        "CREATE FUNCTION certificate_version_fixed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a version is never changed'; END $$",
        "CREATE TRIGGER certificate_version_fixed BEFORE UPDATE OR DELETE ON certificate_version "
        "FOR EACH ROW EXECUTE FUNCTION certificate_version_fixed()",
    ),
}
"""The same rule in the database, against other programs; for the tests' tables and the migrations."""


def _guard(target: Table, connection: Connection, **_: Any) -> None:
    for statement in GUARDS.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


event.listen(Version.__table__, "after_create", _guard)
