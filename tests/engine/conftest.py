"""What every engine test starts with: actors, the calendar, and a small world on a real database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engine import catalog, history, instances, state
from engine.messaging import deliveries, messages
from engine.model import Instance, Task
from engine.operations import incidents, repair
from engine.releases import coming
from engine.time import starting, timers
from engine.usertasks import tasks
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import reading, unit
from ledger.workdays import seed

GROUP, COMPANY = 1, 3


def person(number: int, name: str, *roles: str, unit_id: int = COMPANY) -> Actor:
    """Somebody with roles at a unit."""
    return Actor(number, name, GROUP, tuple(Grant(role, unit_id, f"/{GROUP}/{unit_id}/") for role in roles))


ANNA = person(11, "安娜", "applicant")
HAN = person(12, "韩梅", "hr")
LI = person(13, "李雷", "hr")
BOSS = person(14, "王总", "approver")


@dataclass
class World:
    """Short words for tests: every word is one committed transaction."""

    engine: Engine

    def deploy(self, *drawings: bytes, **files: bytes) -> int:
        named = {f"d{number}.bpmn": body for number, body in enumerate(drawings)}
        named |= {key.replace("_", "."): body for key, body in files.items()}
        with unit(self.engine) as session:
            return catalog.deploy(session, named, by=SYSTEM).id

    def start(self, process_id: str = "P", by: Actor = ANNA, **variables: Any) -> int:
        with unit(self.engine) as session:
            return instances.start(session, process_id, by=by, group_id=GROUP, places=[COMPANY, GROUP],
                                   business_key="K-1", title="测试申请", variables=variables).id

    def run(self, *drawings: bytes, by: Actor = ANNA, **variables: Any) -> int:
        """Deploy and start."""
        self.deploy(*drawings)
        return self.start(by=by, **variables)

    def open(self, instance_id: int) -> list[Task]:
        with reading(self.engine) as session:
            wanted = select(Task).where(Task.instance_id == instance_id, Task.state == "open")
            rows = list(session.scalars(wanted.order_by(Task.id)))
            session.expunge_all()
            return rows

    def names(self, instance_id: int) -> list[str]:
        """The element ids of the open tasks, sorted."""
        return sorted(task.element_id for task in self.open(instance_id))

    def do(
        self, instance_id: int, element_id: str, by: Actor = HAN, answers: Mapping[str, Any] | None = None, **more: Any,
    ) -> int:
        """Complete the (first) open task at an element."""
        task_id = next(task.id for task in self.open(instance_id) if task.element_id == element_id)
        with unit(self.engine) as session:
            tasks.complete(session, task_id, by, {**(answers or {}), **more})
        return task_id

    def publish(self, name: str, key: str | None = None, /, **payload: Any) -> None:
        """A message from outside, delivered."""
        with unit(self.engine) as session:
            messages.publish(session, name, key, payload, by=HAN)
        self.sweep()

    def broadcast(self, name: str, /, **payload: Any) -> None:
        """A signal from outside, delivered."""
        with unit(self.engine) as session:
            messages.broadcast(session, name, payload, by=HAN)
        self.sweep()

    def all(self, process_id: str = "P") -> list[int]:
        """Every instance of a process."""
        with reading(self.engine) as session:
            return list(session.scalars(
                select(Instance.id).where(Instance.process_id == process_id).order_by(Instance.id)))

    def send(self, instance_id: int, name: str, **payload: Any) -> None:
        with unit(self.engine) as session:
            messages.send(session, instance_id, name, payload, by=HAN)

    def sweep(self) -> int:
        """Everything that is due: timers, what was thrown, starts by the clock."""
        coming.sweep(self.engine)
        return timers.sweep(self.engine) + deliveries.sweep(self.engine) + starting.sweep(self.engine)

    def incidents(self, instance_id: int) -> list[tuple[str, str]]:
        """The element and the cause of every open incident."""
        with reading(self.engine) as session:
            return [(each.element_id, each.cause) for each in incidents.unresolved(session, instance_id)]

    def retry(self, instance_id: int) -> None:
        """Try the (only) incident of an instance again."""
        with unit(self.engine) as session:
            [found] = incidents.unresolved(session, instance_id)
            repair.retry(session, found.id, by=HAN)

    def state(self, instance_id: int) -> str:
        with reading(self.engine) as session:
            return instances.get(session, instance_id).state

    def row(self, instance_id: int) -> Any:
        with reading(self.engine) as session:
            found = instances.get(session, instance_id)
            session.expunge(found)
            return found

    def variables(self, instance_id: int) -> dict[str, Any]:
        with reading(self.engine) as session:
            return instances.variables(session, instance_id)

    def path(self, instance_id: int) -> list[str]:
        with reading(self.engine) as session:
            return [passage.element_id for passage in history.visits(session, instance_id)]


@pytest.fixture
def world(engine: Engine, clock: Any) -> World:
    with unit(engine) as session:
        seed(session)
    return World(engine)


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every act reads the state from the database: nothing is remembered between acts but what was written."""
    monkeypatch.setattr(state.Shelf, "take", lambda *_: None)
