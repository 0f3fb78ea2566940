"""The clocks of start events follow what is in force: one set for everybody, one for each unit of a pilot.

A version that takes over keeps the rhythm of its predecessor's clock where the drawing says the same; what its
predecessor owed before that moment stays its own and is started late rather than not at all. What is past when a
version comes into force was never its own - but for the first version of a process, which makes up for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, expressions
from engine.dialect import Blueprint
from engine.dialect.triggers import TimerTrigger
from engine.messaging import start_events
from engine.model import Definition, StartTrigger
from engine.releases.choosing import Candidate, candidates, choose
from engine.releases.model import Release, ReleasePart, ReleaseUnit
from ledger.workdays import calendar

MOST_ROUNDS = 10_000
"""So many missed rounds of a clock are counted; beyond that it begins anew."""
Places = tuple[int, ...]


@dataclass(frozen=True)
class Beat:
    """When a clock comes next (None: no more) and how often still (None: without end)."""

    due_at: dt.datetime | None
    remaining: int | None


@dataclass(frozen=True)
class Moment:
    """From when on the clocks of a process are set anew."""

    session: Session
    process_id: str
    at: dt.datetime

    @property
    def first(self) -> bool:
        """Whether no other version of the process was ever in force."""
        versions = select(ReleasePart.definition_id).join(Release, Release.id == ReleasePart.release_id).where(
            ReleasePart.process_id == self.process_id, Release.from_at.is_not(None))
        return len(set(self.session.scalars(versions))) == 1


def bring_in_line(session: Session, process_id: str, at: dt.datetime) -> None:
    """Set the clocks of a process to what is in force from `at` on; as often as you like. The caller takes turns."""
    wanted = _wanted(session, process_id, at)
    armed: dict[Places, list[StartTrigger]] = {}
    for row in _rows(session, process_id):
        armed.setdefault(tuple(row.places), []).append(row)
    moment = Moment(session, process_id, at)
    for places in sorted(wanted.keys() | armed.keys()):
        _switch(moment, places, wanted.get(places), armed.get(places, []))
    session.flush()


def _rows(session: Session, process_id: str) -> list[StartTrigger]:
    """The clocks that run on, locked: whoever starts by one of them is waited for."""
    query = select(StartTrigger).where(
        StartTrigger.process_id == process_id, StartTrigger.kind == "timer", StartTrigger.until_at.is_(None))
    return list(session.scalars(query.order_by(StartTrigger.id).with_for_update(),
                                execution_options={"populate_existing": True}))


def _wanted(session: Session, process_id: str, at: dt.datetime) -> dict[Places, int]:
    """The definition whose clocks run, by place: at each unit of a pilot that wins there, and once for each group that
    released something itself, else once for the house."""
    groups, units = _where(session, candidates(session, process_id, at))
    roots = {*groups, *(places[-1] for places in units.values())} or {0}
    begun = {root: candidates(session, process_id, at, group_id=root or None) for root in roots | {0}}
    found: dict[Places, int] = {}
    for group in groups or [0]:
        won = choose((one for one in begun[group] if one.unit_id is None), (group,))
        if won is not None:
            found[(group,)] = won.definition_id
    for unit_id, places in units.items():
        won = choose(begun[places[-1]], places)
        if won is not None and won.unit_id == unit_id:
            found[places] = won.definition_id
    return found


def _where(session: Session, begun: Sequence[Candidate]) -> tuple[list[int], dict[int, Places]]:
    """The groups and the units that the releases are for."""
    ids = {one.release_id for one in begun}
    whole = {one.release_id for one in begun if one.unit_id is None}
    groups = session.scalars(select(Release.group_id).where(Release.id.in_(whole), Release.group_id.is_not(None)))
    units = session.scalars(select(ReleaseUnit).where(ReleaseUnit.release_id.in_(ids)))
    return sorted(set(groups)), {unit.unit_id: unit.places for unit in units}  # type: ignore[arg-type]


def _switch(moment: Moment, places: Places, definition_id: int | None, old: list[StartTrigger]) -> None:
    """The clocks at one place, from the moment on."""
    session, at = moment.session, moment.at
    if old and {row.definition_id for row in old} == {definition_id}:
        return
    if definition_id is not None:
        blueprint = catalog.plan(session, definition_id).blueprint
        start_events.know(session, session.get_one(Definition, definition_id), blueprint, places[-1])
        for element_id, trigger in _timers(blueprint):
            same = next((row for row in old if _alike(session, row, element_id, trigger)), None)
            beat = _carried(session, trigger, same, at) if same else _fresh(moment, trigger)
            session.add(StartTrigger(
                definition_id=definition_id, process_id=moment.process_id, element_id=element_id, kind="timer",
                group_id=places[-1], places=list(places), due_at=beat.due_at, remaining=beat.remaining))
    for row in old:
        if row.due_at is not None and row.due_at < at:
            row.until_at = at
        else:
            session.delete(row)


def _timers(blueprint: Blueprint) -> Iterator[tuple[str, TimerTrigger]]:
    for element_id, flow in blueprint.spec.start.entries.items():
        yield from ((element_id, each) for each in flow.target.waits if isinstance(each, TimerTrigger))


def _alike(session: Session, row: StartTrigger, element_id: str, trigger: TimerTrigger) -> bool:
    """Whether the row is the clock of the same element, said in the same words."""
    if row.element_id != element_id:
        return False
    before = dict(_timers(catalog.plan(session, row.definition_id).blueprint)).get(element_id)
    return before is not None and (before.kind, before.text) == (trigger.kind, trigger.text)


def _fresh(moment: Moment, trigger: TimerTrigger) -> Beat:
    """A clock that begins to run at the moment."""
    at = moment.at
    with expressions.at(expressions.Desk(lambda: calendar(moment.session))):
        found = trigger.moment({})
    rounds = expressions.cycle(found, at) if trigger.repeats else None
    due = rounds.first(at) if rounds else None if trigger.repeats else expressions.instant(found, at)
    if due is None:
        return Beat(None, 0)
    times = rounds.times if rounds else 1
    if due >= at or moment.first:
        return Beat(due, times)
    return _onward(rounds, due, times, at) if rounds else Beat(None, 0)


def _carried(session: Session, trigger: TimerTrigger, row: StartTrigger, at: dt.datetime) -> Beat:
    """A clock that runs on: what was due before `at` is left to the row that it takes over from."""
    if row.due_at is None or row.due_at >= at:
        return Beat(row.due_at, row.remaining)
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        rounds = expressions.cycle(trigger.moment({}), at) if trigger.repeats else None
    return Beat(None, 0) if rounds is None else _onward(rounds, row.due_at, row.remaining, at)


def _onward(rounds: expressions.Cycle, due: dt.datetime, remaining: int | None, at: dt.datetime) -> Beat:
    """The first round at or after `at`; those before it are counted, not started."""
    for _ in range(MOST_ROUNDS):
        if remaining == 0:
            return Beat(None, 0)
        if due >= at:
            return Beat(due, remaining)
        due, remaining = rounds.after(due), None if remaining is None else remaining - 1
    return Beat(rounds.after(at), remaining)
