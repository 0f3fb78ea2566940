"""Filling the sums: the worker's part. Small transactions, each exact, whatever is killed in between.

Each completed visit and task is counted once: that it was is said on its own row, in the transaction that counts it, so
nothing hangs on clocks or on the order of commits. What changes afterwards where something was counted - an instance
goes to another version, a past year's working days are edited - makes days stale, and those are counted again from the
rows. A task that a return took back was completed all the same and stays counted, as `history.times` has it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from engine.figures import sketch
from engine.figures.model import DAY, MONTH, ElementDay, ElementMark, ElementStale, Passed, fresh, over
from engine.model import Instance, Task, Visit
from engine.operations.moved import Renaming
from engine.time.worktime import WorkTime
from ledger import clock
from ledger.db import reading, unit
from ledger.failpoints import fp
from ledger.workdays import CalendarYear, calendar

SLICE = 2_000  # rows counted in one transaction
DAYS = 8  # stale days counted again in one
STALE = 500  # instances whose days are looked up in one
TURN = "turn"

Companies = Callable[[Session, Collection[int]], Collection[int]]
"""Which of these places are summed for: companies, groups, projects; the engine does not know one from the other."""
Key = tuple[str, str, dt.date, int, int, str]
Cells = dict[Key, sketch.Sketch]


def sweep(engine: Engine, companies: Companies) -> int:
    """Count what has come since, and stale days again; how many rows that were (0: nothing is left to do).

    Several workers may call it: one at a time counts, the others find nothing to do.
    """
    with reading(engine) as session:
        if not _anything(session):
            return 0
    with unit(engine) as session:
        if not my_turn(session):
            return 0
        done = _edited_years(session) + _days_of_instances(session)
        done += _recount(session, companies) or _count(session, companies)
        session.flush()
        fp("figures.counted.before_commit")
    return done


def behind(session: Session, most: int = 10_000) -> int:
    """How many completed visits and tasks are not counted yet, up to about `most`."""
    return sum(session.scalar(select(func.count()).select_from(
        select(kind.id).where(fresh(kind)).limit(most).subquery())) or 0 for kind in (Visit, Task))


def _anything(session: Session) -> bool:
    waits = [select(kind.id).where(fresh(kind)).limit(1) for kind in (Visit, Task)]
    return any(session.scalar(each) is not None for each in (*waits, select(ElementStale.id).limit(1))) or bool(
        _years(session))


def my_turn(session: Session) -> bool:
    """Only one transaction at a time adds to the sums; nobody waits for it."""
    if session.get(ElementMark, TURN) is None:
        session.add(ElementMark(name=TURN, value=0))
        session.flush()
    locked = select(ElementMark.name).where(ElementMark.name == TURN).with_for_update(skip_locked=True)
    return session.scalar(locked) is not None


# what makes days stale
def _years(session: Session) -> dict[int, int]:
    """Years whose working days were edited since they were last looked at, with their revision."""
    known = {row.name: row.value for row in session.scalars(select(ElementMark).where(
        ElementMark.name.startswith("calendar:")))}
    now = session.execute(select(CalendarYear.year, CalendarYear.revision)).all()
    return {year: revision for year, revision in now if known.get(_mark(year)) != revision}


def _mark(year: int) -> str:
    return f"calendar:{year}"


def _edited_years(session: Session) -> int:
    """An edited year changes how long everything took that ended on its first day or later."""
    changed = _years(session)
    if not changed:
        return 0
    first = dt.date(min(changed), 1, 1)
    days = select(ElementDay.process_id, ElementDay.day).where(
        ElementDay.span == DAY, ElementDay.day >= first).distinct()
    _make_stale(session, {(process_id, day) for process_id, day in session.execute(days)})
    for year, revision in changed.items():
        session.merge(ElementMark(name=_mark(year), value=revision))
    return len(changed)


def _days_of_instances(session: Session) -> int:
    """Instances that were moved or renamed: every day on which something of theirs was counted."""
    rows = session.execute(select(ElementStale.id, ElementStale.instance_id, ElementStale.process_id).where(
        ElementStale.instance_id.is_not(None)).order_by(ElementStale.id).limit(STALE)).all()
    processes = {instance_id: process_id for _, instance_id, process_id in rows}
    found = set()
    for kind, left in ((Visit, Visit.left_at), (Task, Task.completed_at)):
        days = select(kind.instance_id, left).where(
            kind.instance_id.in_(processes), over(kind), kind.counted.is_(True))
        found |= {(processes[instance_id], clock.day_of(at)) for instance_id, at in session.execute(days) if at}
    _make_stale(session, found)
    _drop(session, [row.id for row in rows])
    return len(rows)


def _make_stale(session: Session, days: Iterable[tuple[str, dt.date]]) -> None:
    rows = [{"process_id": process_id, "day": day} for process_id, day in sorted(days)]
    if rows:
        session.execute(insert(ElementStale), rows)


def _drop(session: Session, ids: list[int]) -> None:
    if ids:
        session.execute(delete(ElementStale).where(ElementStale.id.in_(ids)))


# counting
def _recount(session: Session, companies: Companies) -> int:
    """Count some stale days again from their rows; how many rows they have, at least 1 for a day."""
    some = select(ElementStale.process_id, ElementStale.day).where(ElementStale.day.is_not(None)).distinct()
    rows = session.execute(some.order_by(ElementStale.process_id, ElementStale.day).limit(DAYS))
    days = [(process_id, day) for process_id, day in rows if day is not None]
    done = 0
    for process_id, day in days:
        ids = list(session.scalars(select(ElementStale.id).where(
            ElementStale.process_id == process_id, ElementStale.day == day)))
        session.execute(delete(ElementDay).where(
            ElementDay.process_id == process_id, ElementDay.span == DAY, ElementDay.day == day))
        cells: Cells = {}
        for kind in (Visit, Task):
            done += _take(session, kind, _on_day(kind, process_id, day), companies, cells)
        _insert(session, cells)
        _drop(session, ids)
    for process_id, month in sorted({(process_id, day.replace(day=1)) for process_id, day in days}):
        _sum_month(session, process_id, month)
    return done + len(days)


def _on_day(kind: Passed, process_id: str, day: dt.date) -> Any:
    left = Visit.left_at if kind is Visit else Task.completed_at
    return (over(kind) & (left >= clock.start_of_day(day)) & (left < clock.end_of_day(day))
            & (Instance.process_id == process_id))


def _sum_month(session: Session, process_id: str, month: dt.date) -> None:
    """A month is the sum of its days."""
    following = (month + dt.timedelta(days=31)).replace(day=1)
    kept = ElementDay.process_id == process_id
    cells: Cells = {}
    for row in session.execute(select(ElementDay.unit_id, ElementDay.definition_id, ElementDay.element_id,
                                      ElementDay.sketch).where(
            kept, ElementDay.span == DAY, ElementDay.day >= month, ElementDay.day < following)):
        key = (process_id, MONTH, month, row.unit_id, row.definition_id, row.element_id)
        sketch.add(cells.setdefault(key, {}), sketch.read(row.sketch))
    session.execute(delete(ElementDay).where(kept, ElementDay.span == MONTH, ElementDay.day == month))
    _insert(session, cells)


def _count(session: Session, companies: Companies) -> int:
    """Add what was completed and not counted, oldest rows first; how many they were."""
    cells: Cells = {}
    done = sum(_take(session, kind, fresh(kind), companies, cells, SLICE) for kind in (Visit, Task))
    months: Cells = {}
    for key, buckets in cells.items():
        process_id, _, day, *rest = key
        month = (process_id, MONTH, day.replace(day=1), *rest)
        sketch.add(months.setdefault(month, {}), buckets.items())  # type: ignore[arg-type]
    _merge(session, cells | months)
    return done


def _take(session: Session, kind: Passed, which: Any, companies: Companies, cells: Cells,
          limit: int | None = None) -> int:
    """Count these rows into cells of days and say on them that they are counted. A row somebody holds is left for
    later, so that nobody who acts on an instance and the worker ever wait for each other."""
    entered, left = (Visit.entered_at, Visit.left_at) if kind is Visit else (Task.created_at, Task.completed_at)
    query = select(kind.id, kind.counted, kind.instance_id, kind.element_id, entered.label("entered"),
                   left.label("left"), Instance.process_id, Instance.definition_id, Instance.places)
    query = query.join(Instance, Instance.id == kind.instance_id).where(which)
    if limit is not None:
        query = query.order_by(kind.id).limit(limit).with_for_update(of=kind, skip_locked=True)
    rows = session.execute(query).all()
    if not rows:
        return 0
    now = _renamed(session, {row.instance_id for row in rows})
    kept = frozenset(companies(session, {place for row in rows for place in row.places}))
    took = WorkTime(calendar(session))
    for row in rows:
        number = sketch.bucket(took.between(row.entered, row.left))
        element = now.get((row.instance_id, row.element_id), row.element_id)
        for place in kept.intersection(row.places):
            cell = cells.setdefault(
                (row.process_id, DAY, clock.day_of(row.left), place, row.definition_id, element), {})
            cell[number] = cell.get(number, 0) + 1
    _counted(session, kind, [row.id for row in rows if not row.counted])
    return len(rows)


def _renamed(session: Session, instances: Collection[int]) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    numbers = sorted(instances)
    for begin in range(0, len(numbers), SLICE):
        some = select(Renaming.instance_id, Renaming.was, Renaming.now).where(
            Renaming.instance_id.in_(numbers[begin:begin + SLICE]))
        found |= {(instance_id, was): now for instance_id, was, now in session.execute(some)}
    return found


def _counted(session: Session, kind: Passed, ids: list[int]) -> None:
    for begin in range(0, len(ids), SLICE):
        session.execute(update(kind).where(kind.id.in_(ids[begin:begin + SLICE])).values(counted=True),
                        execution_options={"synchronize_session": False})


# writing
def _merge(session: Session, cells: Cells) -> None:
    """Add to the sums that are there, day by day."""
    for process_id, span, day in sorted({key[:3] for key in cells}):
        mine = {key: buckets for key, buckets in cells.items() if key[:3] == (process_id, span, day)}
        where = (ElementDay.process_id == process_id, ElementDay.span == span, ElementDay.day == day)
        changed = []
        for row in session.execute(select(ElementDay.unit_id, ElementDay.definition_id, ElementDay.element_id,
                                          ElementDay.sketch).where(*where)):
            key = (process_id, span, day, row.unit_id, row.definition_id, row.element_id)
            if key in mine:
                sketch.add(mine[key], sketch.read(row.sketch))
                changed.append(key[3:])
        columns = (ElementDay.unit_id, ElementDay.definition_id, ElementDay.element_id)
        for begin in range(0, len(changed), SLICE):
            session.execute(delete(ElementDay).where(*where, tuple_(*columns).in_(changed[begin:begin + SLICE])))
        _insert(session, mine)


def _insert(session: Session, cells: Cells) -> None:
    rows = [
        {"process_id": process_id, "span": span, "day": day, "unit_id": unit_id, "definition_id": definition_id,
         "element_id": element_id, "count": sum(buckets.values()), "sketch": sketch.stored(buckets)}
        for (process_id, span, day, unit_id, definition_id, element_id), buckets in cells.items()
    ]
    if rows:
        session.execute(insert(ElementDay), rows)


__all__ = ["Companies", "behind", "my_turn", "sweep"]
