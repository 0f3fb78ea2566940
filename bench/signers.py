"""Fifty people sign side by side: start, fifty completions each in a transaction of its own, and the join."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import sqlalchemy as sa

from bench import databases
from bench.drawn import extended, flows, node, process
from bench.measure import Figure
from engine import catalog, instances
from engine.model import Instance, Task
from engine.usertasks import tasks
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import open_database, reading, unit
from ledger.workdays import seed

SIGNERS, TIMES = 50, 3
LOOP = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    '<zeebe:loopCharacteristics inputCollection="=people" inputElement="who" outputCollection="votes" '
    'outputElement="=vote"/></bpmn:extensionElements>'
    "</bpmn:multiInstanceLoopCharacteristics>"
)
MAPPED = '<zeebe:ioMapping><zeebe:output source="=vote" target="vote"/></zeebe:ioMapping>'
SIGN = extended('<zeebe:assignmentDefinition assignee="=who"/>' + MAPPED) + LOOP
DRAWN = process(
    "P", node("startEvent", "S"), node("userTask", "sign", SIGN), node("endEvent", "E"), flows("S", "sign", "E"),
).encode()  # fmt: skip


def figures() -> Iterator[Figure]:
    for place, where in ((databases.sqlite, "SQLite"), (databases.postgres, "PostgreSQL")):
        with place() as url:
            engine = open_database(url)
            with unit(engine) as session:
                seed(session)
                catalog.deploy(session, {"p.bpmn": DRAWN}, by=SYSTEM)
            seconds = statistics.median(once(engine) for _ in range(TIMES))
            yield Figure(f"{SIGNERS} signers side by side, whole round, {where}", seconds, "s", 1)
            engine.dispose()


def once(engine: sa.Engine) -> float:
    """Wall seconds."""
    people = [Actor(number, f"人{number}", 1, (Grant("hr", 3, "/1/3/"),)) for number in range(100, 100 + SIGNERS)]
    begun = time.perf_counter()
    with unit(engine) as session:
        it = instances.start(session, "P", by=people[0], group_id=1, places=[3, 1], business_key="K-1", title="会签",
                             variables={"people": [each.id for each in people]}).id
    with reading(engine) as session:
        wanted = sa.select(Task.assignee_id, Task.id).where(Task.instance_id == it)
        numbers = {int(who or 0): number for who, number in session.execute(wanted).tuples()}
    for each in people:
        with unit(engine) as session:
            tasks.complete(session, numbers[each.id or 0], each, {"vote": "同意"})
    seconds = time.perf_counter() - begun
    with reading(engine) as session:
        assert session.get_one(Instance, it).state == "completed"
    return seconds
