"""One parked instance as a file: its drawing, its rows, what happens next and how it ends.

Everything is JSON; bytes are base64, moments ISO 8601. Rows are kept as the tables of their time had them and put into
the tables of today, where new columns take their defaults.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, LargeBinary, Table, insert, select

from engine import catalog
from engine.model import (
    DRAWN,
    NEVER,
    Definition,
    Incident,
    Instance,
    Subscription,
    Task,
    TaskAnswer,
    TaskCandidate,
    TaskExclusion,
    Timer,
    Visit,
)
from engine.resources import DefinitionFile, Resource
from engine.time import timers
from feel.values import DaysDuration, Range, YearsMonths
from ledger import clock
from ledger.db import Base, unit
from tests.engine.conftest import HAN, LI, World, person

FOLDER = Path(__file__).parent
KINDS = (Instance, Task, TaskCandidate, TaskExclusion, TaskAnswer, Timer, Subscription, Visit, Incident)
"""The tables of an instance, in the order in which they can be filled."""


HEALED: list[bool] = []
ROUNDS = (HAN, LI, *(person(number, f"第{number}位", "hr") for number in range(20, 30)))
"""Who does which round of a loop: everybody has one voice."""
"""Filled once the step "flaky" succeeds."""


def provide() -> None:
    """The steps that the drawings call."""

    def flaky(_: catalog.Step) -> None:
        if not HEALED:
            raise RuntimeError("the neighbour's system is down")

    HEALED.clear()
    catalog.provide("P", steps={"number": lambda step: {"number": step.variables["c"] + 1}, "flaky": flaky})


def tables() -> list[Table]:
    return [Base.metadata.tables[kind.__tablename__] for kind in KINDS]


def rows_of(engine: Engine, instance_id: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of an instance, by table."""
    found: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as reader:
        numbers = select(Task.id).where(Task.instance_id == instance_id)
        for table in tables():
            if table.name == "instance":
                wanted = table.c.id == instance_id
            elif "instance_id" in table.c:
                wanted = table.c.instance_id == instance_id
            else:
                wanted = table.c.task_id.in_(numbers)
            rows = reader.execute(select(table).where(wanted).order_by(*table.primary_key))
            found[table.name] = [{name: written(value) for name, value in row.items()} for row in rows.mappings()]
    return found


def restore(engine: Engine, kept: Mapping[str, Any]) -> int:
    """Put the drawing and the rows into a fresh database; the instance's number there."""
    with unit(engine) as session:
        old_definition = kept["rows"]["instance"][0]["definition_id"]
        known = {"definition_id": {old_definition: _definition(session, kept["files"])}}
        for table in tables():
            for row in kept["rows"].get(table.name, []):
                given = {name: _read(table, name, value) for name, value in row.items() if name in table.c}
                given = _migrated(table, given)
                given |= {name: numbers[given[name]] for name, numbers in known.items() if given.get(name) is not None}
                old = given.pop("id", None)
                made: Any = session.execute(insert(table).values(given))
                if old is not None:
                    known.setdefault(f"{table.name}_id", {})[old] = int(made.inserted_primary_key[0])
    return next(iter(known["instance_id"].values()))


def _migrated(table: Table, given: dict[str, Any]) -> dict[str, Any]:
    """The columns that a migration fills where a row was written before there were any."""
    added = {"role": DRAWN, "rank_at": given.get("due_at") or NEVER, "search": ""}
    return {**{name: value for name, value in added.items() if table.name != "timer" and name in table.c}, **given}


def _definition(session: Any, files: Mapping[str, str]) -> int:
    """As deployed in its time; the lint of today is not asked."""
    digest = sha256("".join(files.values()).encode()).hexdigest()
    made = Definition(process_id="P", version=1, name="P", digest=digest, deployed_at=clock.now(), deployed_by="-")
    session.add(made)
    session.flush()
    for name, text in files.items():
        resource = Resource(sha256=sha256(text.encode()).hexdigest(), body=text.encode())
        session.add(resource)
        session.flush()
        session.add(DefinitionFile(definition_id=made.id, name=name, resource_id=resource.id, main=name == "d0.bpmn"))
    return int(made.id)


def _read(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return dt.datetime.fromisoformat(value) if kind.__class__.__name__ == "Instant" else value


def written(value: Any) -> Any:
    """A row's value in JSON's terms."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, dt.datetime) else value


def plainly(value: Any) -> Any:
    """A variable in JSON's terms, its type kept."""
    if isinstance(value, Mapping):
        return {name: plainly(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plainly(inner) for inner in value]
    if isinstance(value, Range):
        return {"range": [plainly(value.low), plainly(value.high), value.low_closed, value.high_closed]}
    if isinstance(value, DaysDuration):
        return {"nanoseconds": str(value.nanos)}
    if isinstance(value, YearsMonths):
        return {"months": value.months}
    if isinstance(value, Decimal):
        return {"number": str(value)}
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return {type(value).__name__: value.isoformat()}
    return value


def act(world: World, now: clock.Fixed, instance_id: int, doing: list[Any]) -> None:
    """Do one thing, then everything that is due."""
    kind, *given = doing
    if kind == "do":
        task = next(task for task in world.open(instance_id) if task.element_id == given[0])
        world.do(instance_id, given[0], LI if task.not_by else ROUNDS[task.round or 0], given[1])
    elif kind == "send":
        world.send(instance_id, given[0], **given[1])
    elif kind == "wait":
        now.advance(dt.timedelta(seconds=given[0]))
        timers.sweep(world.engine)
    elif kind == "heal":
        HEALED.append(True)
    else:
        world.retry(instance_id)


def ending(world: World, instance_id: int) -> dict[str, Any]:
    """How it ended."""
    row = world.row(instance_id)
    return {"state": row.state, "outcome": row.outcome, "stage": row.stage, "path": world.path(instance_id),
            "variables": plainly(world.variables(instance_id))}


def kept(number: int) -> list[Path]:
    """The files of a format."""
    return sorted((FOLDER / str(number)).glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
