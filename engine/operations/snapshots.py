"""The rows beside an instance's state, as they were: what a change did to them can be taken back exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, cast

from sqlalchemy import Date, Table, and_, delete, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from engine.model import Incident, Subscription, Task, TaskCandidate, TaskExclusion, Timer, Visit
from engine.operations.moved import Renaming
from engine.returns.returning import ReturnCase, ReturnEffect
from engine.returns.surviving import TaskBasis
from engine.time.clocks import Clock, ClockEntry
from engine.usertasks.hands import TaskDelegation, TaskPending, TaskPlan
from engine.usertasks.participation import TaskParticipant
from ledger.db import Instant

Key = tuple[Any, ...]
Image = dict[str, dict[Key, dict[str, Any]]]
"""Table name -> primary key -> the row's columns."""

TABLES: tuple[Table, ...] = tuple(
    cast(Table, kind.__table__)
    for kind in (Task, TaskCandidate, TaskExclusion, Timer, Subscription, Visit, Incident, Renaming, TaskPlan,
                 TaskDelegation, TaskPending, TaskParticipant, TaskBasis, Clock, ClockEntry, ReturnCase, ReturnEffect))


def image(session: Session, instance_id: int, also: Image | None = None) -> Image:
    """The instance's rows that something may still happen to, and those of an earlier image, whatever they are now."""
    session.flush()
    return {table.name: _rows(session, table, instance_id, (also or {}).get(table.name, ())) for table in TABLES}


def _rows(session: Session, table: Table, instance_id: int, also: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    keys = list(table.primary_key.columns)
    wanted = _going_on(table, instance_id)
    known = list(also)
    if known:
        wanted = or_(wanted, tuple_(*keys).in_(known))
    found = session.connection().execute(select(table).where(wanted)).mappings().all()
    return {tuple(row[key.name] for key in keys): dict(row) for row in found}


def _going_on(table: Table, instance_id: int) -> Any:
    column = table.c
    if table.name == "clock_entry":
        return column.clock_id.in_(select(Clock.id).where(Clock.instance_id == instance_id))
    if table.name == "return_effect":
        return column.case_id.in_(select(ReturnCase.id).where(ReturnCase.instance_id == instance_id))
    if "instance_id" not in column:  # what hangs on a task
        open_ = select(Task.id).where(Task.instance_id == instance_id, Task.state == "open")
        return column.task_id.in_(open_)
    mine = column.instance_id == instance_id
    if table.name == "task":
        return and_(mine, column.state == "open")
    if table.name == "timer":
        return and_(mine, column.state.in_(("waiting", "suspended", "failed")))
    if table.name == "visit":
        return and_(mine, column.left_at.is_(None))
    return and_(mine, column.resolved_at.is_(None)) if table.name == "incident" else mine


def difference(before: Image, after: Image) -> dict[str, Any]:
    """What has to be done to the rows to go back, as JSON: {table: {"insert": [], "delete": [], "update": []}}."""
    found: dict[str, Any] = {}
    for name in before:
        old, new = before[name], after[name]
        changed = [(key, _changed(old[key], new[key])) for key in old if key in new and old[key] != new[key]]
        steps = {
            "insert": [_plain(row) for key, row in old.items() if key not in new],
            "delete": [list(key) for key in new if key not in old],
            "update": [[list(key), _plain(columns)] for key, columns in changed],
        }
        if any(steps.values()):
            found[name] = steps
    return found


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in old.items() if value != new[name]}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in row.items()}


def restore(session: Session, steps: Mapping[str, Any]) -> None:
    """Bring the rows back to what they were. Raises IntegrityError when something new hangs on a row to be deleted."""
    for table in reversed(TABLES):
        _apply(session, table, steps.get(table.name, {}))
    for table in TABLES:
        gone = [_typed(table, row) for row in steps.get(table.name, {}).get("insert", ())]
        if gone:
            session.connection().execute(insert(table), gone)
    session.expire_all()


def _apply(session: Session, table: Table, steps: Mapping[str, Any]) -> None:
    for key in steps.get("delete", ()):
        session.connection().execute(delete(table).where(_is(table, key)))
    if table.name == "clock":  # two of them may change their names with each other
        for key, columns in steps.get("update", ()):
            if "element_id" in columns:
                session.connection().execute(update(table).where(_is(table, key)).values(element_id=f" {key[0]}"))
    for key, columns in steps.get("update", ()):
        session.connection().execute(update(table).where(_is(table, key)).values(_typed(table, columns)))


def _is(table: Table, key: Iterable[Any]) -> Any:
    return and_(*(column == value for column, value in zip(table.primary_key.columns, key, strict=True)))


def _typed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _moment(table.c[name].type, value) for name, value in row.items()}


def _moment(kind: object, value: Any) -> Any:
    if value and isinstance(kind, Instant):
        return dt.datetime.fromisoformat(value)
    return dt.date.fromisoformat(value) if value and isinstance(kind, Date) else value
