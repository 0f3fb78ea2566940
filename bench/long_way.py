"""A process of many steps one after the other, come to the last: the longest list of earlier ones to go back to."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.drawn import extended, flows, node, process
from engine import catalog, instances
from engine.model import Task
from engine.usertasks import tasks
from ledger.actor import SYSTEM, Actor


def long_way(session: Session, actor: Actor, steps: int) -> int:
    """The open task behind so many completed ones, all the actor's; its id."""
    names = [f"step{number}" for number in range(steps + 1)]
    mine = extended(f'<zeebe:assignmentDefinition assignee="={actor.id}"/>')
    drawn = process("Long", node("startEvent", "S"), *(node("userTask", name, mine) for name in names),
                    node("endEvent", "E"), flows("S", *names, "E"))
    catalog.deploy(session, {"long.bpmn": drawn.encode()}, by=SYSTEM)
    it = instances.start(session, "Long", by=actor, group_id=1, places=[1], business_key="K-1", title="一步一步",
                         variables={}).id
    wanted = sa.select(Task.id).where(Task.instance_id == it, Task.state == "open")
    for _ in range(steps):
        tasks.complete(session, session.scalars(wanted).one(), actor, {})
    return session.scalars(wanted).one()
