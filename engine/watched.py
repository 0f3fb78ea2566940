"""What a cockpit looks for: the variables of every instance as rows, and the indexes that its lists are answered from.

Only short scalar variables of the process itself are looked for; what looks like an identity or phone number is never
written here in clear. The rows follow the state: the same transaction, and only what has changed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, bindparam, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import Incident, Instance, Task, Timer, Visit
from ledger.db import Base, BigId
from ledger.sought import holds

if TYPE_CHECKING:
    from engine.run import Act

MOST_NAME, MOST_VALUE = 120, 80  # characters; what is longer is no code that anybody looks for
PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[0-9Xx]|[1-9]\d{14}|1[3-9]\d{9})(?![0-9A-Za-z])")
"""An identity number of 18 or 15 characters, or a mobile phone number, anywhere in a text; a number may be one too."""


class InstanceVariable(Base):
    """A scalar variable of a process as it stands, folded as `spoken` writes it; deleted when the variable is gone."""

    __tablename__ = "instance_variable"
    __table_args__ = (Index("ix_instance_variable_sought", "name", "value", "instance_id"),
                      {"sqlite_with_rowid": False})

    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, primary_key=True,
                                             autoincrement=False)
    name: Mapped[str] = mapped_column(String(MOST_NAME), primary_key=True)
    value: Mapped[str] = mapped_column(String(MOST_VALUE))


OPEN, HERE, UNRESOLVED = "state = 'open'", "left_at IS NULL", "resolved_at IS NULL"
HELD = "state IN ('suspended', 'failed')"


def _where(words: str) -> dict[str, Any]:
    return {"postgresql_where": text(words), "sqlite_where": text(words)}


# lists of instances, their counts and searches are answered from this index alone; rows are read for one page
Index("ix_instance_watched", Instance.id, Instance.unit_path, Instance.process_id, Instance.definition_id,
      Instance.state, Instance.started_at, Instance.business_key, Instance.title)
Index("ix_task_at", Task.element_id, Task.instance_id, **_where(OPEN))
Index("ix_visit_at", Visit.element_id, Visit.instance_id, **_where(HERE))
Index("ix_incident_open", Incident.instance_id, Incident.id, **_where(UNRESOLVED))
Index("ix_timer_held", Timer.state, Timer.due_at, **_where(HELD))


def spoken(value: Any) -> str | None:
    """A scalar as a search writes it: numbers without idle zeros, dates in ISO 8601, letters folded; or None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number(Decimal(str(value)))
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, str) and 0 < len(value) <= MOST_VALUE and not PERSONAL.search(value):
        return value.casefold()[:MOST_VALUE]
    return None


def _number(value: Decimal) -> str | None:
    if not value.is_finite() or abs(value.adjusted()) > MOST_VALUE // 2:
        return None
    plain = format(value.normalize(), "f")
    return plain if len(plain) <= MOST_VALUE and not PERSONAL.search(plain) else None


def told(variables: Mapping[str, Any]) -> dict[str, str]:
    """The rows of a process's variables, {name: value}."""
    found = {}
    for name, value in variables.items():
        kind = type(value)
        if kind is dict or kind is list or value is None or len(name) > MOST_NAME:
            continue
        words = spoken(value)
        if words is not None:
            found[name] = words
    return found


def keep(act: Act, was: Mapping[str, str]) -> None:
    """Bring the rows in line with the variables; `was` is what `told` of them before the act."""
    now = told(act.process.data)
    if now == was:
        return
    here = act.instance.id
    gone = [{"of_instance": here, "of_name": name} for name in was if name not in now]
    if gone:
        act.connection.execute(_DROP, gone)
    changed = [{"instance_id": here, "name": name, "value": value} for name, value in now.items()
               if was.get(name) != value]
    if changed:
        act.connection.execute(_PUT[act.connection.dialect.name], changed if len(changed) > 1 else changed[0])


def _put(insert: Any) -> Any:
    made = insert(InstanceVariable.__table__)
    return made.on_conflict_do_update(index_elements=["instance_id", "name"], set_={"value": made.excluded.value})


_PUT = {"sqlite": _put(insert_sqlite), "postgresql": _put(insert_postgresql)}
_TABLE: Any = InstanceVariable.__table__
_DROP = delete(_TABLE).where(_TABLE.c.instance_id == bindparam("of_instance"), _TABLE.c.name == bindparam("of_name"))


# looking
def with_variable(name: str, value: str) -> ColumnElement[bool]:
    """The instances with a variable of this name and value, as somebody typed it (numbers also as numbers)."""
    wanted = {value.casefold()[:MOST_VALUE], _as_number(value)} - {None}
    return Instance.id.in_(select(InstanceVariable.instance_id).where(
        InstanceVariable.name == name, InstanceVariable.value.in_(sorted(filter(None, wanted)))))


def _as_number(value: str) -> str | None:
    try:
        return _number(Decimal(value))
    except InvalidOperation:
        return None


FEW = 5000


def standing_at(session: Session, element_id: str) -> ColumnElement[bool]:
    """The instances that wait at this element now. Left to itself SQLite gathers all of them before it shows the
    newest: good for few; of many each instance is asked in turn."""
    tasks = select(Task.instance_id).where(text("task.state = 'open'"), Task.element_id == element_id)
    visits = select(Visit.instance_id).where(text("visit.left_at IS NULL"), Visit.element_id == element_id)
    some = session.scalar(select(func.count()).select_from(tasks.union_all(visits).limit(FEW + 1).subquery())) or 0
    if some <= FEW:
        return Instance.id.in_(tasks.union_all(visits))
    here = (one.where(column == Instance.id).correlate(Instance).exists()
            for one, column in ((tasks, Task.instance_id), (visits, Visit.instance_id)))
    return or_(*here)


def troubled() -> ColumnElement[bool]:
    """The instances with an open incident."""
    return Instance.id.in_(select(Incident.instance_id).where(text("incident.resolved_at IS NULL")))


def named(words: str) -> ColumnElement[bool]:
    """The instances whose business key or title holds these words."""
    return holds(func.lower(Instance.business_key + "\n" + Instance.title), words)


def running() -> ColumnElement[bool]:
    """Not over: going on, or held."""
    return Instance.state.in_(("active", "suspended"))


__all__ = ["PERSONAL", "InstanceVariable", "keep", "named", "running", "spoken", "standing_at", "told", "troubled",
           "with_variable"]
