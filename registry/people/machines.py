"""Equipment that holds certificates of family Q: cranes, hoists, instruments, vehicles."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger.actor import Actor
from ledger.db import Base, BigId, Id
from ledger.facts import record
from registry.people.scope import Path, Visible
from registry.people.spells import Spell, checked
from registry.people.units import Unit


class Machine(Base):
    """One machine, known by its maker's serial number (出厂编号), standing at a unit."""

    __tablename__ = "machine"
    __table_args__ = (UniqueConstraint("group_id", "serial"), Index("ix_machine_unit_path", "unit_path"))
    __visible__ = Visible(action="machine.read")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    unit_path: Mapped[str] = mapped_column(Path)
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(60), default="")
    serial: Mapped[str] = mapped_column(String(60))
    made_on: Mapped[dt.date | None]
    unit: Mapped[Unit] = relationship()


class Installation(Spell, Base):
    """A crane or hoist that stands on a site, put up by a company (None: not told to us)."""

    __tablename__ = "installation"
    __table_args__ = (Index("ix_installation_unit", "unit_id"), Index("ix_installation_machine", "machine_id"))

    id: Mapped[Id]
    machine_id: Mapped[int] = mapped_column(BigId, ForeignKey("machine.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    machine: Mapped[Machine] = relationship()


def install(
    session: Session, machine: Machine, project: Unit, *, from_on: dt.date, by: Actor, company: Unit | None = None,
    to_on: dt.date | None = None,
) -> Installation:
    """Enter that a machine stands on a site from a day on, and who put it up."""
    checked(from_on, to_on)
    row = Installation(machine=machine, unit_id=project.id, company_id=company.id if company else None,
                       from_on=from_on, to_on=to_on)
    session.add(row)
    session.flush()
    record(session, "machine.installed", ("machine", machine.id), by=by, group_id=project.group_id,
           about=[("unit", project.id)], after={"unit": project.id, "from": from_on.isoformat()})
    return row


def create_machine(
    session: Session, *, unit: Unit, kind: str, name: str, serial: str, by: Actor, model: str = "",
    made_on: dt.date | None = None,
) -> Machine:
    """Enter a machine at a unit; the database refuses a second one with the same serial number in the group."""
    machine = Machine(unit=unit, group_id=unit.group_id, unit_path=unit.path, kind=kind, name=name, model=model,
                      serial=serial, made_on=made_on)
    session.add(machine)
    session.flush()
    record(session, "machine.created", ("machine", machine.id), by=by, group_id=unit.group_id,
           about=[("unit", unit.id)], after={"kind": kind, "unit": unit.id})
    return machine
