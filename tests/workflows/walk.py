"""Takes one request through P-APPLY, each act in a transaction of its own, as people would."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import history, timers
from engine.model import Task
from ledger import clock
from ledger.db import reading, unit
from tests.journeys.company import Company
from workflows import authority, desk, opening
from workflows.requests import Request
from workflows.sample import Case, answer

HOLDERS = {"J03": ("unit", "project"), "E03": ("unit", "company"), "P02": ("person", "worker")}
REVIEWERS = {"J03": ["pm"], "E03": ["legal"], "P02": ["hr", "safety"]}
APPLICANTS = {"J03": "applicant", "E03": "desk", "P02": "applicant"}


class Walk:
    """One request; every method is somebody doing something. `now` is the clock in use."""

    def __init__(self, engine: Engine, company: Company, folder: Path, now: clock.Fixed, code: str = "J03",
                 applicant: str = "") -> None:
        self.engine, self.company, self.now, self.code = engine, company, now, code
        self.case = Case(engine, folder, now)
        self.applicant = applicant or APPLICANTS[code]
        kind, name = HOLDERS[code]
        holder = company.units[name] if kind == "unit" else company.people[name]
        with unit(engine) as session:
            by = company.actor(session, self.applicant)
            self.id = opening.open_request(session, by, code, kind, holder).id
        self.case.request_id = self.id

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

    def submitted(self, **more: Any) -> Walk:
        self.do(self.applicant, "A1_fill", "submit", **more)
        return self

    def reviewed(self, **more: Any) -> Walk:
        self.submitted(**more)
        for reviewer in REVIEWERS[self.code]:
            self.do(reviewer, f"A3_{reviewer}", "pass")
        return self

    def approved(self, **more: Any) -> Walk:
        self.reviewed(**more)
        self.do("approver", "A4_approve", "approve")
        if "A4_second" in self.open():
            self.do("vice", "A4_second", "approve")
        return self

    def filed(self) -> Walk:
        self.approved()
        self.do("custodian", "A5_file", "done")
        return self

    def accepted(self) -> Walk:
        self.filed()
        self.authority("accepted")
        return self

    def granted(self) -> Walk:
        self.accepted()
        self.authority("granted")
        return self

    def later(self, days: float) -> None:
        """Days pass, hour by hour enough for every timer to fire at its time."""
        self.now.advance(dt.timedelta(days=days))
        timers.sweep(self.engine)

    def wait_until(self, moment: dt.datetime) -> None:
        self.now.move_to(moment)
        timers.sweep(self.engine)

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
