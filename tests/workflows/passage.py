"""Takes one request of any process along, each act in a transaction of its own, as people would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lxml import etree
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

import workflows
from engine import history
from engine.model import Task
from engine.time import timers
from ledger import clock, outbox
from ledger.db import reading, unit
from registry.certificates import timers as certificate_timers
from tests.journeys.company import Company
from workflows import authority, triggers
from workflows.handling import desk
from workflows.requests import Request
from workflows.sample import Case, answer

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
KINDS = (
    "userTask", "serviceTask", "scriptTask", "businessRuleTask", "callActivity", "exclusiveGateway", "parallelGateway",
    "inclusiveGateway", "eventBasedGateway", "startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent",
    "intermediateThrowEvent", "subProcess",
)


def elements(process_id: str) -> set[str]:
    """The ids of everything in the drawing of a process, or of one that a process calls, that can be reached."""
    files = {name: content for process in workflows.CATALOG.values() for name, content in process.files.items()}
    drawn = etree.fromstring(files[f"{process_id}.bpmn"])
    return {str(node.get("id")) for node in drawn.iter(*(BPMN + kind for kind in KINDS))}


class Passage:
    """One request; every method is somebody doing something. `now` is the clock in use."""

    def __init__(self, engine: Engine, company: Company, folder: Path, now: clock.Fixed) -> None:
        self.engine, self.company, self.now = engine, company, now
        self.case = Case(engine, folder, now)
        self.id = 0

    def begin(self, do: Callable[[Session], Request]) -> Passage:
        """Begin the request by calling `do` in a transaction."""
        with unit(self.engine) as session:
            self.id = do(session).id
        self.case.request_id = self.id
        return self

    def open(self) -> list[str]:
        """The elements of the tasks that are open."""
        with reading(self.engine) as session:
            return [task.element_id for task in self._tasks(session)]

    def _tasks(self, session: Session) -> list[Task]:
        request = session.get_one(Request, self.id)
        query = select(Task).where(Task.instance_id == request.instance_id, Task.state == "open").order_by(Task.id)
        return list(session.scalars(query))

    def task_id(self, element_id: str) -> int:
        with reading(self.engine) as session:
            return next(task.id for task in self._tasks(session) if task.element_id == element_id)

    def do(self, login: str, element_id: str, verdict: str, **more: Any) -> None:
        """Somebody hands in a task; what is required is filled in, `more` overrides."""
        number = self.task_id(element_id)
        with unit(self.engine) as session:
            by = self.company.actor(session, login)
            shown = desk.open_task(session, by, number)
            paper = partial(self.case.paper, session, by)
            answers = answer(shown.form, shown.data, verdict, paper, shown.request)
            answers = {key: value for key, value in {**answers, **more}.items() if value is not None}
            desk.complete(session, by, number, answers, version=shown.task.version)

    def authority(self, kind: str, login: str = "custodian", **more: Any) -> None:
        """The custodian records what the authority answered."""
        with unit(self.engine) as session:
            by = self.company.actor(session, login)
            request = session.get_one(Request, self.id)
            form, given = authority.form_for(request, kind)
            answers = answer(form, given, "done", partial(self.case.paper, session, by), request)
            authority.record_answer(session, by, self.id, kind, {**answers, "kind": kind, **more})

    def later(self, days: float) -> None:
        """Days pass, hour by hour enough for every timer to fire at its time."""
        self.wait_until(self.now() + dt.timedelta(days=days))

    def wait_until(self, moment: dt.datetime) -> None:
        self.now.move_to(moment)
        self.work()

    def work(self) -> None:
        """What the worker does, until there is no more: due timers, certificates' days, the outbox."""
        parts = (
            lambda: timers.sweep(self.engine), lambda: certificate_timers.sweep(self.engine),
            lambda: outbox.deliver(self.engine, triggers.HANDLERS),
        )
        while sum(part() for part in parts):
            pass

    def request(self, session: Session) -> Request:
        return session.get_one(Request, self.id)

    def outcome(self) -> str | None:
        with reading(self.engine) as session:
            return self.request(session).instance.outcome

    def stage(self) -> str | None:
        with reading(self.engine) as session:
            return self.request(session).instance.stage

    def visited(self) -> set[str]:
        with reading(self.engine) as session:
            return {visit.element_id for visit in history.visits(session, self.request(session).instance.id)}
