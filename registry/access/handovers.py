"""What somebody who leaves hands over: each open thing of theirs, and what became of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import Conflict
from ledger.facts import record
from registry.access.accounts import Account
from registry.access.rules import Thing, require
from registry.people.persons import Person
from registry.people.scope import Path, Visible


class StaysHere(Conflict):
    """{name} 还在职，账号也没有停用。请先在人员页登记离职，再办理移交。"""


class Handover(Base):
    """The hand-over of one person's work; `state` is open or done, `unit_path` where the person belongs."""

    __tablename__ = "handover"
    __visible__ = Visible(action="handover.make")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    unit_path: Mapped[str] = mapped_column(Path, index=True)
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    successor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(8), default="open")
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class HandoverItem(Base):
    """One thing handed over: `kind` task, delegation, sign, substitution, draft, notice, role or request; `how` moved,
    ended, refused or gone, `why` in a few words."""

    __tablename__ = "handover_item"
    __table_args__ = (
        UniqueConstraint("handover_id", "kind", "thing_id"), Index("ix_handover_item_to_id", "to_id", "kind"))

    id: Mapped[Id]
    handover_id: Mapped[int] = mapped_column(BigId, ForeignKey("handover.id"))
    kind: Mapped[str] = mapped_column(String(12))
    thing_id: Mapped[int] = mapped_column(BigId)
    to_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[dt.datetime | None] = mapped_column(Instant)
    how: Mapped[str | None] = mapped_column(String(12))
    why: Mapped[str] = mapped_column(String(200), default="")


def of_person(session: Session, person: Person) -> Handover | None:
    """Their last hand-over, open or done."""
    return session.scalar(select(Handover).where(Handover.person_id == person.id).order_by(Handover.id.desc()).limit(1))


def begin(session: Session, person: Person, *, by: Actor) -> Handover:
    """The open hand-over of somebody whose last day is set, or whose account is shut; begun, unless there is one.

    Raises NotAllowed unless `by` may make it, StaysHere for whoever works on: nobody's work is taken away otherwise.
    """
    require(by, "handover.make", Thing(person.unit_path))
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    if person.left_on is None and not shut(session, person):
        raise StaysHere(name=person.name)
    found = of_person(session, person)
    if found is not None and found.state == "open":
        return found
    made = Handover(group_id=person.group_id, person_id=person.id, unit_path=person.unit_path, by_id=by.id,
                    by_name=by.name, at=clock.now(), state="open")
    session.add(made)
    session.flush()
    _note(session, "handover.begun", made, by)
    return made


def shut(session: Session, person: Person) -> bool:
    """Whether their account is shut."""
    account = select(Account.id).where(Account.person_id == person.id, Account.disabled_at.is_not(None))
    return session.scalar(account) is not None


def finish(session: Session, handover: Handover, *, by: Actor) -> None:
    """Everything has gone over; whoever calls has looked (workflows.absence.handover.complete_of)."""
    handover.state, handover.done_at = "done", clock.now()
    _note(session, "handover.done", handover, by)


def note_item(
    session: Session, handover: Handover, kind: str, thing_id: int, how: str, *, to_id: int | None, why: str = ""
) -> HandoverItem:
    """Write down what became of one thing; what was tried again replaces what was written before."""
    item = session.scalar(select(HandoverItem).where(
        HandoverItem.handover_id == handover.id, HandoverItem.kind == kind, HandoverItem.thing_id == thing_id))
    if item is None:
        item = HandoverItem(handover_id=handover.id, kind=kind, thing_id=thing_id)
        session.add(item)
    item.to_id, item.at, item.how, item.why = to_id, clock.now(), how, why[:200]
    session.flush()
    return item


def _note(session: Session, kind: str, handover: Handover, by: Actor) -> None:
    record(session, kind, ("person", handover.person_id), by=by, group_id=handover.group_id,
           after={"handover": handover.id})
