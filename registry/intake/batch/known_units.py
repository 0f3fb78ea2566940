"""What a ledger is read against, gathered once: units by every name, types, what was learned."""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from registry.certificates.catalogue import types
from registry.intake.batch.models import Learning
from registry.intake.batch.reach import BRINGING, SETTLING, Reach
from registry.intake.known import Known, Learned, UnitKnown
from registry.people.identities import former_names
from registry.people.scope import WITHDRAWN
from registry.people.units import Unit

_KEPT = "licet_known"


def gather(session: Session, unit: Unit, by: Actor, actions: tuple[str, ...] = BRINGING) -> Known:
    """Everything that judging a ledger of `unit` needs to know; no session is asked after this. What was taught of
    units where `by` may do none of `actions` is left out."""
    units = units_of(session, unit.group_id)
    return Known(today=clock.today(), types=types(), units=units, unit_id=unit.id,
                 learned=learned_by(session, unit, units, Reach(by, actions)))


def gather_once(session: Session, unit: Unit, by: Actor) -> Known:
    """The same for a person who settles, once for a transaction: thousands of findings ask for it each time."""
    kept: dict[tuple[int, Actor], Known] = session.info.setdefault(_KEPT, {})
    if (unit.id, by) not in kept:
        kept[unit.id, by] = gather(session, unit, by, SETTLING)
    return kept[unit.id, by]


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


def teaches(unit: Unit) -> int:
    """Whose words those of a ledger of `unit` are: its company's; the group's own where it is in none."""
    return unit.company_id or unit.group_id


def learned_by(session: Session, unit: Unit, units: dict[int, UnitKnown], reach: Reach) -> Learned:
    """What people of the group have told us before, and, before that, those of the unit's own company."""
    learned, own = Learned(), teaches(unit)
    rows = session.execute(
        select(Learning.kind, Learning.words, Learning.meaning).where(Learning.unit_id.in_({own, unit.group_id}))
        .order_by(Learning.unit_id == own))
    for kind, words, meaning in rows:
        if kind == "column":
            learned.columns[words] = meaning
        elif kind == "type":
            learned.types[words] = meaning
        elif kind == "table":
            learned.tables[words] = _within(meaning, units, reach)
        elif _holds(int(meaning), units, reach):
            learned.units[words] = int(meaning)
    return learned


def _holds(number: int | None, units: dict[int, UnitKnown], reach: Reach) -> bool:
    return number in units and reach.holds(units[number].path)


def _within(meaning: str, units: dict[int, UnitKnown], reach: Reach) -> bytes:
    """A table's mapping without units that are out of reach."""
    told = json.loads(meaning)
    for name in ("unit", "holder_unit"):
        if name in told and not _holds(told[name], units, reach):
            del told[name]
    return json.dumps(told).encode()
