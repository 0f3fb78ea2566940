"""What a ledger is read against, gathered once: units by every name, types, what was learned."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from registry.certificates.catalogue import types
from registry.intake.batch.models import Learning
from registry.intake.known import Known, Learned, UnitKnown
from registry.people.identities import former_names
from registry.people.scope import WITHDRAWN
from registry.people.units import Unit

_KEPT = "licet_known"


def gather(session: Session, unit: Unit) -> Known:
    """Everything that judging a ledger of `unit` needs to know; no session is asked after this."""
    return Known(today=clock.today(), types=types(), units=units_of(session, unit.group_id), unit_id=unit.id,
                 learned=learned_by(session, unit.group_id))


def gather_once(session: Session, unit: Unit) -> Known:
    """The same, once for a transaction: settling thousands of findings asks for it each time."""
    kept: dict[int, Known] = session.info.setdefault(_KEPT, {})
    if unit.id not in kept:
        kept[unit.id] = gather(session, unit)
    return kept[unit.id]


def forget(session: Session) -> None:
    """There are further units now: who asks next in this transaction is told of them."""
    session.info.pop(_KEPT, None)


def units_of(session: Session, group_id: int) -> dict[int, UnitKnown]:
    """Every unit of a group, in tree order."""
    former = former_names(session, group_id)
    rows = session.execute(
        select(Unit.id, Unit.parent_id, Unit.kind, Unit.name, Unit.path, Unit.province, Unit.uscc)
        .where(Unit.group_id == group_id).order_by(Unit.path)).all()
    company: dict[int, int | None] = {}
    found: dict[int, UnitKnown] = {}
    for row in rows:
        if row.path.startswith(WITHDRAWN):
            continue
        company[row.id] = row.id if row.kind == "company" else company.get(row.parent_id or 0)
        found[row.id] = UnitKnown(row.id, row.kind, row.name, company[row.id], row.path, row.province, row.uscc or "",
                                  former.get(row.id, ()))
    return found


def learned_by(session: Session, group_id: int) -> Learned:
    """What people of a group have told us before."""
    learned = Learned()
    rows = session.execute(
        select(Learning.kind, Learning.words, Learning.meaning).where(Learning.group_id == group_id))
    for kind, words, meaning in rows:
        if kind == "column":
            learned.columns[words] = meaning
        elif kind == "type":
            learned.types[words] = meaning
        elif kind == "unit":
            learned.units[words] = int(meaning)
        else:
            learned.tables[words] = meaning.encode()
    return learned
