"""Who waits where, as it was at the worker's last look: to count a hundred thousand takes too long for a page."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from sqlalchemy import Engine, Text, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from engine.figures.counting import Companies, my_turn
from engine.figures.model import ElementMark, ElementNow, waiting
from engine.model import Instance, Task, Visit
from ledger import clock
from ledger.db import unit
from ledger.failpoints import fp

NOW = "now"
LIVE = ("active", "suspended")
Place = tuple[str, int, int, str]
"""Process, company or group, version, element."""
Counted = dict[Place, tuple[int, dt.datetime]]


def look(engine: Engine, companies: Companies) -> int:
    """Count who waits and keep it, if that has changed; how many rows were written anew."""
    with unit(engine) as session:
        if not my_turn(session):
            return 0
        found = counted(session, companies)
        before = {(row.process_id, row.unit_id, row.definition_id, row.element_id): (row.count, row.since)
                  for row in session.scalars(select(ElementNow))}
        if found != before:
            session.execute(delete(ElementNow), execution_options={"synchronize_session": False})
            session.expunge_all()
            if found:
                session.execute(insert(ElementNow), [
                    {"process_id": process_id, "unit_id": unit_id, "definition_id": definition_id,
                     "element_id": element_id, "count": count, "since": since}
                    for (process_id, unit_id, definition_id, element_id), (count, since) in found.items()])
        session.merge(ElementMark(name=NOW, value=int(clock.now().timestamp())))
        session.flush()
        fp("figures.waiting.before_commit")
    return 0 if found == before else len(found)


def looked_at(session: Session) -> dt.datetime | None:
    """When the worker looked last; None: never."""
    mark = session.get(ElementMark, NOW)
    return dt.datetime.fromtimestamp(mark.value, dt.UTC) if mark else None


def counted(session: Session, companies: Companies) -> Counted:
    """Who waits this moment, once for each company and group that the instance lies in."""
    found: Counted = {}
    for kind, since in ((Visit, Visit.entered_at), (Task, Task.created_at)):
        at: Any = cast(Instance.places, Text)
        keys = (Instance.process_id, Instance.definition_id, kind.element_id, at)
        rows = session.execute(select(*keys, func.count(), func.min(since)).select_from(kind).join(
            Instance, Instance.id == kind.instance_id).where(waiting(kind), Instance.state.in_(LIVE)).group_by(*keys))
        told = [(*row[:3], json.loads(row[3]), *row[4:]) for row in rows]
        kept = frozenset(companies(session, {place for row in told for place in row[3]})) if told else frozenset()
        for process_id, definition_id, element_id, places, count, first in told:
            for place in kept.intersection(places):
                key = (process_id, place, definition_id, element_id)
                known = found.get(key)
                found[key] = (count + known[0], min(first, known[1])) if known else (count, first)
    return found
