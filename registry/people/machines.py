"""Equipment that holds certificates of family Q: cranes, hoists, instruments, vehicles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger.actor import Actor
from ledger.db import Base, BigId, Id
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import record
from registry.people.scope import Path, Visible
from registry.people.spells import Spell, alone, checked, correct
from registry.people.units import Unit


class Scrapped(Conflict):
    """{name} 已报废，不能再办理。"""


RELOCATED: list[Callable[[Session, Machine], None]] = []
"""What follows a machine to another unit in the same transaction; rooms above add themselves (certificates do)."""


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
    scrapped_on: Mapped[dt.date | None]
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
    """Enter that a machine stands on a site from a day on, and who put it up. BadAnswer while it stands elsewhere."""
    alone(session, machine)
    _require_kept(machine)
    checked(from_on, to_on)
    still = or_(Installation.to_on.is_(None), Installation.to_on >= from_on)
    query = select(Installation).where(Installation.machine_id == machine.id, Installation.known_until.is_(None), still)
    other = session.scalar((query.where(Installation.from_on <= to_on) if to_on else query).limit(1))
    if other is not None:
        raise BadAnswer({"from_on": [
            Problem("这台设备 {day} 起已登记安装，请先登记拆卸。", {"day": other.from_on})]})
    row = Installation(machine=machine, unit_id=project.id, company_id=company.id if company else None,
                       from_on=from_on, to_on=to_on)
    session.add(row)
    session.flush()
    record(session, "machine.installed", ("machine", machine.id), by=by, group_id=project.group_id,
           about=[("unit", project.id)], after={"unit": project.id, "from": from_on.isoformat()})
    return row


def take_down(session: Session, row: Installation, *, on: dt.date, by: Actor) -> Installation:
    """The last day of a machine on a site."""
    made: Installation = correct(session, row, to_on=on)
    record(session, "machine.taken_down", ("machine", row.machine_id), by=by, group_id=row.machine.group_id,
           about=[("unit", row.unit_id)], after={"unit": row.unit_id, "to": on.isoformat()})
    return made


def relocate(session: Session, machine: Machine, *, to: Unit, by: Actor) -> None:
    """Another unit answers for the machine; its certificates are seen there."""
    _require_kept(machine)
    before = machine.unit_id
    machine.unit, machine.unit_path, machine.group_id = to, to.path, to.group_id
    session.flush()
    for follow in RELOCATED:
        follow(session, machine)
    record(session, "machine.relocated", ("machine", machine.id), by=by, group_id=machine.group_id,
           about=[("unit", before), ("unit", to.id)], before={"unit": before}, after={"unit": to.id})


def scrap(session: Session, machine: Machine, *, on: dt.date, reason: str, by: Actor) -> None:
    """报废: from the day on it is used no more; it is taken down where it still stands."""
    _require_kept(machine)
    if not reason.strip():
        raise BadAnswer({"reason": [Problem("请说明报废的原因。")]})
    standing = select(Installation).where(
        Installation.machine_id == machine.id, Installation.known_until.is_(None),
        or_(Installation.to_on.is_(None), Installation.to_on > on))
    for row in session.scalars(standing).all():
        take_down(session, row, on=max(on, row.from_on), by=by)
    machine.scrapped_on = on
    session.flush()
    record(session, "machine.scrapped", ("machine", machine.id), by=by, group_id=machine.group_id,
           about=[("unit", machine.unit_id)], after={"on": on.isoformat(), "reason": reason.strip()[:200]})


def _require_kept(machine: Machine) -> None:
    if machine.scrapped_on is not None:
        raise Scrapped(name=machine.name)


def create_machine(
    session: Session, *, unit: Unit, kind: str, name: str, serial: str, by: Actor, model: str = "",
    made_on: dt.date | None = None,
) -> Machine:
    """Enter a machine at a unit; BadAnswer without kind, name or serial, or when the group has that serial already."""
    given = {"kind": kind, "name": name, "serial": serial}
    if empty := [key for key, value in given.items() if not value.strip()]:
        raise BadAnswer({key: [Problem("请填写。")] for key in empty})
    if session.scalar(select(Machine.id).where(Machine.group_id == unit.group_id, Machine.serial == serial)):
        raise BadAnswer({"serial": [Problem("出厂编号 {serial} 已登记。", {"serial": serial})]})
    machine = Machine(unit=unit, group_id=unit.group_id, unit_path=unit.path, kind=kind, name=name, model=model,
                      serial=serial, made_on=made_on)
    session.add(machine)
    session.flush()
    record(session, "machine.created", ("machine", machine.id), by=by, group_id=unit.group_id,
           about=[("unit", unit.id)], after={"kind": kind, "unit": unit.id})
    return machine
