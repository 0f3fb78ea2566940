"""Whether running instances would fit a drawing that is not deployed: the rehearsal of a migration (fitting.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine import expressions, state
from engine.catalog import Plan
from engine.model import Instance
from engine.operations.migration import MOVABLE, UNREADABLE, Verdict, judged, unreadable
from ledger.workdays import calendar

OVER = ("completed", "terminated")


def running(session: Session, process_id: str, *, group_id: int | None = None, after: int = 0,
            limit: int = 200) -> list[int]:
    """The ids of running and suspended instances of a process, whatever their version, in order; of one root company,
    or of all."""
    wanted = select(Instance.id).where(Instance.process_id == process_id, Instance.state.in_(MOVABLE))
    return _some(session, wanted, group_id, after, limit)


def ended(session: Session, process_id: str, since: dt.datetime, *, group_id: int | None = None, after: int = 0,
          limit: int = 100) -> list[int]:
    """The same for those that ended from `since` on."""
    wanted = select(Instance.id).where(
        Instance.process_id == process_id, Instance.state.in_(OVER), Instance.ended_at >= since)
    return _some(session, wanted, group_id, after, limit)


def _some(session: Session, wanted: Select[Any], group_id: int | None, after: int, limit: int) -> list[int]:
    mine = wanted if group_id is None else wanted.where(Instance.group_id == group_id)
    return list(session.scalars(mine.where(Instance.id > after).order_by(Instance.id).limit(limit)))


def against(session: Session, new: Plan, instance_ids: Sequence[int], old: Callable[[int], Plan],
            mapping: Mapping[str, str] | None = None) -> list[Verdict]:
    """What moving these instances to the drawing would do to each, in the order of their ids; nothing is written.

    Those that are over by now are left out. `old` gives the plan of a definition. One statement; every state is
    decided on by itself, so that a few hundred instances are in memory as bytes and one of them as a process.
    """
    wanted = select(Instance.id, Instance.state, Instance.definition_id, Instance.blob).where(
        Instance.id.in_(list(instance_ids)), Instance.state.in_(MOVABLE)).order_by(Instance.id)
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        return [_verdict(row.id, row.state, row.blob, old(row.definition_id), new, mapping or {})
                for row in session.execute(wanted)]


def _verdict(number: int, standing: str, blob: bytes, old: Plan, new: Plan, mapping: Mapping[str, str]) -> Verdict:
    try:
        return judged(number, standing, state.load(old.blueprint, blob), old, new, mapping)
    except UNREADABLE as error:
        return unreadable(number, error)


__all__ = ["OVER", "against", "ended", "running"]
